"""Fireflies: a small game on an isle. `layerw run examples/fox`

A fox catches fireflies from noon to night: WASD or the left stick runs, the mouse or the right stick looks, Space
jumps, Shift walks, Escape stops. Fingers have sticks of their own. What was reached is kept from visit to visit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import sounds
from fireflies import Fireflies, Rabbits
from hero import Chase, Fox
from isle import build, height

import layerw as lw


@dataclass(frozen=True)
class Day:
    """One level."""

    name: str
    hour: float
    fireflies: int
    lamps: int
    cover: float  # of clouds
    exposure: float


DAYS = (Day("Noon", 13.0, 12, 0, 0.3, 1.0), Day("Evening", 19.3, 16, 4, 0.45, 1.3), Day("Night", 23.5, 22, 8, 0.2, 1.6))
LATITUDE, DAY = math.radians(46), 190
LOOK = 0.0035  # radians a CSS pixel
LOUDNESS = {"music": 0.6, "sfx": 0.9}  # of a first visit, by bus

app = lw.App(title="Fireflies", pointer_lock=True)
app.camera.fov_y = math.radians(55)
effects = {"leap": sounds.leap(), "step": sounds.rustle(), "catch": sounds.chime(), "done": sounds.fanfare()}
tune = app.music(sounds.music(7))
solid = build(app, 1)  # before any scene, so that it stays
move = app.actions.axis("move", "WASD", "Arrows", "Gamepad.LeftStick", "Touch.LeftStick")
look = app.actions.axis("look", "Mouse.Move")
turn = app.actions.axis("turn", "Gamepad.RightStick", "Touch.RightStick", "IJKL")
jump = app.actions.bind("jump", "Space", "Gamepad.South", "Touch.A")
walk = app.actions.bind("walk", "Shift", "Gamepad.LeftTrigger")
stop = app.actions.bind("stop", "Escape", "Gamepad.Start", "Touch.Y")
for name, first in LOUDNESS.items():
    app.buses[name].gain = app.store.get(name, first)


def show_time(day: Day) -> None:
    """Sun, moon and clouds of a level."""
    app.sun.at(latitude=LATITUDE, day=DAY, hour=day.hour)
    app.clouds.cover = day.cover
    app.view.exposure = day.exposure
    app.fog.density = 0.0006


class Menu(lw.Scene):
    """The isle from the air, and where to begin."""

    def enter(self) -> None:
        show_time(DAYS[1])
        self.angle = 0.0
        app.pointer_lock = False
        app.ui.text("Fireflies", anchor="top", style={"font_size": 44, "font_weight": 700})
        reached = app.store.get("reached", 0)
        for number, day in enumerate(DAYS[: reached + 1]):
            best = app.store.get(f"best {day.name}")
            told = f"{day.name}: {day.fireflies} fireflies" + (f", best {best:.0f} s" if best else "")
            app.ui.button(told, anchor="center")(lambda number=number: go(Level(number)))
        for bus, label in (("music", "music"), ("sfx", "sounds")):
            knob = app.ui.slider(label, 0.0, 1.0, value=app.buses[bus].gain, anchor="bottom")
            knob.on_change(lambda value, bus=bus: set_loudness(bus, value))
        app.ui.text("WASD, mouse, Space, Escape; or a pad, or fingers", anchor="bottom")
        tune.fade(1.0, 0.5)

    def frame(self, dt) -> None:
        self.angle += 0.05 * dt
        app.camera.position = (95 * math.sin(self.angle), 34.0, 95 * math.cos(self.angle))
        app.camera.look_at((0, 4, 0))


def set_loudness(bus, value) -> None:
    """And keeps it."""
    app.buses[bus].gain = app.store[bus] = value


class Level(lw.Scene):
    """One time of the day: catch them all."""

    def __init__(self, number) -> None:
        super().__init__(seed=40 + number)
        self.number, self.day = number, DAYS[number]

    def enter(self) -> None:
        show_time(self.day)
        start = np.array((0.0, float(height(0, 0)), 0.0))
        self.fox = Fox(app, start, solid, effects, self.random)
        self.chase = Chase(app, self.fox)
        self.fireflies = Fireflies(app, self.day.fireflies, self.random, self.day.lamps)
        self.rabbits = Rabbits(app, 24, self.random)
        self.time_s, self.caught = 0.0, 0
        app.pointer_lock, self.was_locked = True, False
        self.score = app.ui.text("", anchor="top left", style={"font_size": 22})
        with app.ui.dialog("Paused", visible=False) as self.menu:
            app.ui.button("Go on")(lambda: self.pause(False))
            app.ui.button("To the menu")(lambda: go(Menu()))
        self.menu.on_dismiss(lambda: self.pause(False))
        self.tell()
        tune.fade(0.6, 0.5)

    def tell(self) -> None:
        self.score.text = f"{self.day.name}: {self.caught} of {self.day.fireflies} · {self.time_s:.0f} s"

    def fixed(self, dt) -> None:
        self.time_s += dt
        self.fox.step(dt, self.chase.turned(move.value), jump.pressed, not walk.held)
        self.fireflies.step(self.time_s, self.fox.place)
        self.rabbits.step(dt, self.fox.place)
        caught = self.fireflies.taken(self.fox.place)
        if caught:
            self.caught += caught
            effects["catch"].play(rate=1.0 + 0.02 * self.caught)
        if self.caught == self.day.fireflies:
            self.done()

    def frame(self, dt) -> None:
        locked = app.input.pointer_locked
        mouse = look.value * LOOK if locked else np.zeros(2)
        self.chase.step(dt, mouse + turn.value * (2.2 * dt))
        self.tell()
        if stop.pressed or (self.was_locked and not locked and not app.paused):  # browsers keep the Escape that unlocks
            self.pause(not app.paused)
        self.was_locked = locked

    def pause(self, stopped) -> None:
        """Stops the time and shows what one can do, or goes on."""
        app.paused = self.menu.visible = stopped
        app.pointer_lock = not stopped

    def done(self) -> None:
        effects["done"].play()
        best = f"best {self.day.name}"
        app.store[best] = min(app.store.get(best, math.inf), self.time_s)
        app.store["reached"] = max(app.store.get("reached", 0), min(self.number + 1, len(DAYS) - 1))
        go(End(self.number, self.time_s))


class End(lw.Scene):
    """What was reached, and on."""

    def __init__(self, number, time_s) -> None:
        super().__init__()
        self.number, self.time_s = number, time_s

    def enter(self) -> None:
        show_time(DAYS[self.number])
        app.pointer_lock = False
        app.camera.position = (60.0, 22.0, 60.0)
        app.camera.look_at((0, 5, 0))
        last = self.number == len(DAYS) - 1
        told = "The night is full of light. You caught them all!" if last else "All caught!"
        app.ui.text(f"{told} {self.time_s:.0f} s", anchor="center", style={"font_size": 28})
        onward = app.ui.button("To the menu" if last else f"On to {DAYS[self.number + 1].name}", anchor="center")
        onward(lambda: go(Menu() if last else Level(self.number + 1)))


def go(scene) -> None:
    """On to a scene, with the time running."""
    app.paused = False
    app.enter(scene)


app.enter(Menu())
