"""Fireflies: a small game on an isle. `layerw run examples/fox`

A fox catches fifty fireflies from noon to night: WASD or the left stick runs, the mouse or the right stick looks, Space
jumps, E goes aboard, Shift walks, Escape stops. Fingers have sticks of their own. Where one was is kept for next time.
Several play together where `layerw serve examples/fox` runs: see together.py.

The game is main, hero, isle, toys, fireflies and sounds: less than 800 lines. Not counted is what stands beside it:
what makes the fox's model (animal), what plays it for tests (play), and several players (together).
"""

from __future__ import annotations

import math
from collections import namedtuple
from functools import partial

import numpy as np
import sounds
from fireflies import Fireflies, Rabbits
from hero import Fox, chase, file
from isle import build, heading, height, places
from play import Player, Trail
from together import Room, Visit, share
from toys import PEN, Boat, Pen, fence

import layerw as lw

# Levels: their hour, how many fireflies are in the woods, in the pen and over the sea, how many of them light what is
# near, the clouds' share of the sky, the camera's exposure.
Day = namedtuple("Day", "name hour woods pen sea lamps cover exposure goal")
DAYS = (Day("Noon", 12.5, 12, 3, 0, 0, 0.3, 1.0, "Catch the fireflies. Some are in a pen: what opens its gate?"),
        Day("Evening", 18.8, 12, 0, 4, 4, 0.45, 1.3, "Catch them all. Some dance over the sea: take the boat."),
        Day("Night", 23.0, 11, 4, 4, 8, 0.2, 4.5, "Woods, pen and sea: light up the night."))  # fmt: skip
LOOK, HOURS_A_SECOND = 0.0035, 0.004  # radians a CSS pixel of the mouse; how the sun moves
FULL_MOON = 200  # day of the year: it stands high enough at night
WHERE = ("ahead", "ahead right", "right", "behind right", "behind", "behind left", "left", "ahead left")

app = lw.App(title="Fireflies", pointer_lock=True)
app.camera.fov_y = math.radians(55)
query = app.host.options().get("query") or {}
player, trail = Player(app) if "play" in query else None, Trail(app)  # see play.py
app.time_scale = float(query.get("play", 1))
build(app, 1, fence(app))  # before any scene, so that it stays
move = app.actions.axis("move", "WASD", "Arrows", "Gamepad.LeftStick", "Touch.LeftStick", context="play")
look = app.actions.axis("look", "Mouse.Move", context="play")
turn = app.actions.axis("turn", "Gamepad.RightStick", "Touch.RightStick", "IJKL", context="play")
jump = app.actions.bind("jump", "Space", "Gamepad.South", "Touch.A", context="play")
use = app.actions.bind("use", "KeyE", "Gamepad.West", "Touch.B", context="play")
walk = app.actions.bind("walk", "Shift", "Gamepad.LeftTrigger", context="play")
stop = app.actions.bind("stop", "Escape", "Gamepad.Start", "Touch.Y", context="play")
app.actions.keep(app.store)
app.buses["music"].gain, app.buses["sfx"].gain = app.store.get("music", 0.6), app.store.get("sfx", 0.9)
app.quality = app.store.get("quality", app.quality)


def show_time(day: Day, hour=None) -> None:
    """Sun, moon and clouds of a level."""
    days, hour = divmod(hour or day.hour, 24)
    app.sun.at(latitude=0.8, day=FULL_MOON + int(days), hour=hour)
    app.clouds.cover = day.cover
    app.view.exposure = day.exposure
    app.fog.density = 0.0006


def choose(name, value) -> None:
    """Sets an option, now and at the next visit."""
    app.store[name] = value
    if name == "quality":
        app.quality = value
    else:
        app.buses[name].gain = value


def glance(dt) -> np.ndarray:
    """(2,) radians that the player turns to the right and up."""
    return (LOOK if app.input.pointer_locked else 0.0) * look.value + 2.2 * dt * turn.value


def options() -> None:
    """Loudness, quality and keys, in a window of their own."""
    with app.ui.dialog("Options") as window:
        for bus, label in (("music", "Music"), ("sfx", "Sounds")):
            app.ui.slider(label, 0.0, 1.0, value=app.buses[bus].gain).on_change(partial(choose, bus))
        quality = app.ui.select("Quality", ["auto", "low", "medium", "high"], value=app.quality)
        quality.on_change(partial(choose, "quality"))
        for action, label in ((jump, "Jump"), (use, "Use"), (walk, "Walk")):
            button = app.ui.button(f"{label}: {action.key}")
            button(partial(rebind, action, label, button))
        app.ui.button("Back")(window.close)
    window.on_dismiss(window.close)


async def rebind(action, label, button) -> None:
    """The next key or button is the action's."""
    button.text = f"{label}: press a key"
    await action.rebind()
    button.text = f"{label}: {action.key}"


class Menu(lw.Scene):
    """The isle from the air, and where to begin."""

    def enter(self) -> None:
        show_time(DAYS[1])
        self.angle = 0.0
        app.ui.text("Fireflies", look="title", anchor="top", style={"font_size": 44})
        app.ui.text("Fifty of them got lost on the isle. Find them before the morning.", look="small", anchor="top")
        with app.ui.column(anchor="center"):
            for number, day in enumerate(DAYS[: app.store.get("reached", 0) + 1]):
                best = app.store.get(f"best {day.name}")
                told = ", go on" if day.name in app.saves else f", best {best:.0f} s" if best else ""
                self.onward = app.ui.button(f"{day.name}: {day.woods + day.pen + day.sea} fireflies{told}")
                self.onward(partial(app.enter, Level(number)))
            app.ui.button("Together")(lambda: app.enter(Visit(DAYS, show_time, glance, lambda: app.enter(Menu()))))
            app.ui.button("Options")(options)
        app.ui.text("WASD, mouse, Space, E, Escape; or a pad, or fingers", look="small", anchor="bottom")

    def frame(self, dt) -> None:
        self.angle += 0.05 * dt
        app.camera.position = (95 * math.sin(self.angle), 34.0, 95 * math.cos(self.angle))
        app.camera.look_at((0, 4, 0))


class Level(lw.Scene):
    """One time of the day: catch them all."""

    def __init__(self, number) -> None:
        super().__init__(seed=40 + number)
        self.number, self.day, self.time_s = number, DAYS[number], 0.0

    def enter(self) -> None:
        show_time(self.day)
        app.navigation.finish()
        self.pen, self.boat = Pen(app), Boat(app)
        self.effects = sounds.effects()
        self.fox = Fox(app, (0, height(0, 0), 0), self.effects, self.random)
        self.fireflies = Fireflies(app, *self.homes(), self.random, self.day.lamps)
        self.rabbits = Rabbits(app, 24, 9 * self.number)
        if self.day.name in app.saves:
            self.go_on()
        self.chase = chase(app, self.fox.root)
        self.all, self.was_open = len(self.fireflies.left), self.pen.open
        sounds.waves().play(at=self.boat.home, gain=0.8, loop=True)
        app.pointer_lock, self.was_locked, app.actions.context = not player, False, "play"
        self.score = app.ui.text("", anchor="top", style={"font_size": 22})
        centered = {"font_size": 20, "text_align": "center"}
        self.prompt = app.ui.text(self.day.goal, live=True, anchor="top", style=centered)
        with app.ui.dialog("Paused", visible=False) as self.menu:
            app.ui.button("Go on")(partial(self.pause, False))
            app.ui.button("Options")(options)
            app.ui.button("Begin again")(lambda: self.begin(Level(self.number)))
            app.ui.button("To the menu")(self.give_up)
        self.menu.on_dismiss(partial(self.pause, False))
        app.every(1.0, lambda: show_time(self.day, self.day.hour + self.time_s * HOURS_A_SECOND))

    def homes(self):
        """(n, 3) places, and (n,) what each is: woods, pen, sea."""
        day, rng = self.day, self.random
        woods = places(int(query.get("fireflies", day.woods)), rng, reach=0.3 if "fireflies" in query else 0.8)
        woods[:, 1] += rng.uniform(0.5, 1.4, len(woods))
        inside = PEN + np.array([(2.4 * x, 1.0, 2.4 * z) for x in (-1, 1) for z in (-1, 1)])
        out = self.boat.home * (1, 0, 1) + np.array([(8.0 * k - 6, 1.75, -14.0 - 5 * (k % 2)) for k in range(4)])
        kinds = np.repeat(["woods", "pen", "sea"], (len(woods), day.pen, day.sea))
        return np.concatenate((woods, inside[: day.pen], out[: day.sea])), kinds

    def fixed(self, dt) -> None:
        self.time_s += dt
        thumbs = self.chase.ahead(move.value), jump.pressed, use.pressed
        wish, jumps, uses = player.step(self) if player else thumbs
        if uses:
            self.fox.use(self.boat)
        self.fox.step(dt, wish, jumps, not walk.held)
        self.fireflies.step(self.time_s, self.fox.place)
        self.rabbits.step(self.fox.place)
        self.pen.step()
        if self.pen.open and not self.was_open:
            self.effects["gate"].play(at=self.pen.gate)
        self.was_open = self.pen.open
        if self.fireflies.taken(self.fox.place):
            self.effects["catch"].play(rate=1.0 + 0.02 * (self.all - self.fireflies.left.sum()))
            app.actions.rumble(weak=0.4, seconds=0.1)
        if not self.fireflies.left.any():
            self.done()

    def frame(self, dt) -> None:
        locked = app.input.pointer_locked
        self.chase.update(dt, glance(dt))
        if app.frame_number % 10 == 0:
            self.tell()
        if stop.pressed or (self.was_locked and not locked and not app.paused):  # browsers keep the Escape that unlocks
            self.pause(not app.paused)
        self.was_locked = locked

    def tell(self) -> None:
        """What one sees of how it stands, and what can be done here."""
        place, left = self.fox.place, self.fireflies.left
        x, _, z = min(self.fireflies.place[left] - place, key=np.linalg.norm)  # to the nearest
        where = WHERE[round((self.chase.yaw - math.atan2(x, z)) / (math.tau / 8)) % 8]
        caught = f"{self.day.name}: {self.all - left.sum()} of {self.all}"
        self.score.text = f"{caught}, next: {math.hypot(x, z):.0f} m {where}"
        if self.fox.boat:
            self.prompt.text = f"Use ({use.key}): go ashore"
        elif self.fox.near(self.boat):
            self.prompt.text = f"Use ({use.key}): take the boat"
        elif self.day.pen and not self.pen.pressed and np.linalg.norm(self.pen.crate.position - place) < 9:
            self.prompt.text = "Push the crate onto the golden plate"
        elif self.time_s > 8:
            self.prompt.text = ""

    def pause(self, stopped) -> None:
        """Stops the time and shows what one can do, or goes on."""
        app.paused = self.menu.visible = stopped
        app.pointer_lock = not stopped

    def give_up(self) -> None:
        """To the menu, from where one can go on here: a save has all that was spawned, and what is put beside it."""
        app.save(self.day.name, {"time_s": self.time_s, "sails": self.fox.boat is not None})
        app.enter(Menu())

    def go_on(self) -> None:
        """From where one gave up: what `enter` spawned goes there."""
        kept = app.restore(self.day.name)
        self.time_s = kept["time_s"]
        self.fox.turn, self.boat.turn = heading(self.fox.root.rotation), heading(self.boat.hull.rotation)
        if kept["sails"]:
            self.fox.use(self.boat)

    def begin(self, scene) -> None:
        """Another scene; nobody goes on here."""
        if self.day.name in app.saves:
            app.saves.delete(self.day.name)
        app.enter(scene)

    def done(self) -> None:
        """All are caught."""
        self.effects["done"].play()
        trail.add(trail.state(self))
        best = f"best {self.day.name}"
        app.store[best] = min(app.store.get(best, math.inf), self.time_s)
        app.store["reached"] = max(app.store.get("reached", 0), min(self.number + 1, len(DAYS) - 1))
        self.begin(End(self.number, self.time_s))

    def leave(self) -> None:
        app.paused = app.pointer_lock = False
        app.actions.context = None


class End(lw.Scene):
    """What was reached, and on."""

    def __init__(self, number, time_s) -> None:
        super().__init__()
        self.number, self.time_s = number, time_s

    def enter(self) -> None:
        show_time(DAYS[self.number])
        app.camera.position = (60.0, 22.0, 60.0)
        app.camera.look_at((0, 5, 0))
        last = self.number == len(DAYS) - 1
        with app.ui.column(anchor="center"):
            app.ui.text("The night is full of light: all fifty are home!" if last else "All caught!", look="title")
            app.ui.text(f"{self.time_s:.0f} seconds")
            self.onward = app.ui.button("To the menu" if last else f"On to {DAYS[self.number + 1].name}")
            self.onward(partial(app.enter, Menu() if last else Level(self.number + 1)))


share(app, lambda: (app.scene.turned(move.value), jump.pressed, not walk.held))
if app.is_server:
    app.enter(Room(len(DAYS)))
else:
    for number, make in enumerate((lambda: app.music(sounds.music(7), gain=0.8), sounds.effects, sounds.waves, file)):
        app.after(0.3 * number + 0.3, make)  # the menu shows without them
    app.enter(Menu())
