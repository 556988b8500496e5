"""Fireflies: a small game on an isle. `layerw run examples/fox`

A fox catches fifty fireflies from noon to night: WASD or the left stick runs, the mouse or the right stick looks, Space
jumps, E goes aboard, Shift walks, Escape stops. Fingers have sticks of their own. Where one was is kept for next time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import sounds
from fireflies import Fireflies, Rabbits
from hero import Chase, Fox
from isle import build, height, places
from play import Player, Trail
from toys import PEN, Boat, Pen

import layerw as lw


@dataclass(frozen=True)
class Day:
    """One level: how many fireflies are in the woods, in the pen and over the sea."""

    name: str
    hour: float
    woods: int
    pen: int
    sea: int
    lamps: int
    cover: float  # of clouds
    exposure: float
    goal: str


DAYS = (Day("Noon", 12.5, 12, 3, 0, 0, 0.3, 1.0, "Catch the fireflies. Some are in a pen: what opens its gate?"),
        Day("Evening", 18.8, 12, 0, 4, 4, 0.45, 1.3, "Catch them all. Some dance over the sea: take the boat."),
        Day("Night", 23.0, 11, 4, 4, 8, 0.2, 1.6, "Woods, pen and sea: light up the night."))  # fmt: skip
LATITUDE, DAY = math.radians(46), 190
LOOK = 0.0035  # radians a CSS pixel
HOURS_A_SECOND = 0.004
LOUDNESS = {"music": 0.6, "sfx": 0.9}  # of a first visit, by bus
ARROWS = "↑↗→↘↓↙←↖"

app = lw.App(title="Fireflies", pointer_lock=True)
app.camera.fov_y = math.radians(55)
query = app.host.options().get("query") or {}
player, trail = Player() if "play" in query else None, Trail(app)  # see play.py
app.time_scale = float(query.get("play", 1))
effects = {"leap": sounds.leap(), "step": sounds.rustle(), "splash": sounds.rustle(0.3, 5), "catch": sounds.chime(),
           "done": sounds.fanfare(), "gate": sounds.rumble()}  # fmt: skip
tune, surf = app.music(sounds.music(7)), sounds.waves()
pen, boat = Pen(app), Boat(app)  # before any scene, so that they stay
build(app, 1, pen.panels)
move = app.actions.axis("move", "WASD", "Arrows", "Gamepad.LeftStick", "Touch.LeftStick")
look = app.actions.axis("look", "Mouse.Move")
turn = app.actions.axis("turn", "Gamepad.RightStick", "Touch.RightStick", "IJKL")
jump = app.actions.bind("jump", "Space", "Gamepad.South", "Touch.A")
use = app.actions.bind("use", "KeyE", "Gamepad.West", "Touch.B")
walk = app.actions.bind("walk", "Shift", "Gamepad.LeftTrigger")
stop = app.actions.bind("stop", "Escape", "Gamepad.Start", "Touch.Y")
app.actions.keep(app.store)
for name, first in LOUDNESS.items():
    app.buses[name].gain = app.store.get(name, first)
if "quality" in app.store:
    app.quality = app.store["quality"]


def show_time(day: Day, hour=None) -> None:
    """Sun, moon and clouds of a level."""
    app.sun.at(latitude=LATITUDE, day=DAY, hour=(hour or day.hour) % 24)
    app.clouds.cover = day.cover
    app.view.exposure = day.exposure
    app.fog.density = 0.0006


def keep(where, name, value) -> None:
    """Sets what an option says, now and at the next visit."""
    app.store[name] = value
    if name == "quality":
        app.quality = value
    else:
        where.gain = value


def key(action) -> str:
    """What one presses for it, in words."""
    return action.sources[0].removeprefix("Key")


def options() -> None:
    """Loudness, quality and keys, in a window of their own."""
    with app.ui.dialog("Options") as window:
        for bus, label in (("music", "Music"), ("sfx", "Sounds")):
            knob = app.ui.slider(label, 0.0, 1.0, value=app.buses[bus].gain)
            knob.on_change(lambda value, bus=bus: keep(app.buses[bus], bus, value))
        chosen = app.ui.select("Quality", ["auto", "low", "medium", "high"], value=app.store.get("quality", "auto"))
        chosen.on_change(lambda value: keep(app, "quality", value))
        for action, label in ((jump, "Jump"), (use, "Use"), (walk, "Walk")):
            button = app.ui.button(f"{label}: {key(action)}")
            button(lambda action=action, label=label, button=button: app.start(rebind(action, label, button)))
        app.ui.button("Back")(window.close)
    window.on_dismiss(window.close)


async def rebind(action, label, button) -> None:
    """The next key or button is the action's."""
    button.text = f"{label}: press a key"
    found = await app.actions.listen()
    if found != "Escape":
        action.sources = (found, *action.sources[1:])
    button.text = f"{label}: {key(action)}"


class Menu(lw.Scene):
    """The isle from the air, and where to begin."""

    def enter(self) -> None:
        show_time(DAYS[1])
        self.angle = 0.0
        app.pointer_lock = False
        app.ui.text("Fireflies", look="title", anchor="top", style={"font_size": 44})
        app.ui.text("Fifty of them got lost on the isle. Find them before the morning.", look="small", anchor="top")
        with app.ui.column(anchor="center"):
            going = app.store.get("going")
            if going:
                app.ui.button(f"Go on: {DAYS[going['number']].name}")(lambda: go(Level(going["number"], going)))
            for number, day in enumerate(DAYS[: app.store.get("reached", 0) + 1]):
                best = app.store.get(f"best {day.name}")
                told = f", best {best:.0f} s" if best else ""
                button = app.ui.button(f"{day.name}: {day.woods + day.pen + day.sea} fireflies{told}")
                button(lambda number=number: go(Level(number)))
            app.ui.button("Options")(options)
        app.ui.text("WASD, mouse, Space, E, Escape; or a pad, or fingers", look="small", anchor="bottom")
        tune.fade(1.0, 0.5)
        if player:
            app.after(0.5, lambda: go(Level(0)))

    def frame(self, dt) -> None:
        self.angle += 0.05 * dt
        app.camera.position = (95 * math.sin(self.angle), 34.0, 95 * math.cos(self.angle))
        app.camera.look_at((0, 4, 0))


class Level(lw.Scene):
    """One time of the day: catch them all."""

    def __init__(self, number, going=None) -> None:
        super().__init__(seed=40 + number)
        self.number, self.day, self.going = number, DAYS[number], going or {}

    def enter(self) -> None:
        show_time(self.day)
        pen.reset()
        boat.reset()
        self.pen, self.boat, self.player = pen, boat, player
        start = self.going.get("place", np.array((0.0, float(height(0, 0)), 0.0)))
        self.fox = Fox(app, start, effects, self.random)
        self.chase = Chase(app, self.fox)
        self.fireflies = Fireflies(app, *self.homes(), self.random, self.day.lamps)
        self.rabbits = Rabbits(app, 24, 9 * self.number)
        left = self.going.get("left")
        if left is not None:
            self.fireflies.keep(left)
        self.all, self.time_s, self.was_open = len(self.fireflies.left), self.going.get("time_s", 0.0), False
        surf.play(at=boat.home, gain=0.8, loop=True)
        app.pointer_lock, self.was_locked = not player, False
        with app.ui.row(anchor="top left"):
            self.score = app.ui.text("", style={"font_size": 22})
            self.arrow = app.ui.text("", style={"font_size": 22})
        self.prompt = app.ui.text(self.day.goal, live=True, anchor="bottom", style={"font_size": 20})
        with app.ui.dialog("Paused", visible=False) as self.menu:
            app.ui.button("Go on")(lambda: self.pause(False))
            app.ui.button("Options")(options)
            app.ui.button("To the menu")(self.give_up)
        self.menu.on_dismiss(lambda: self.pause(False))
        tune.fade(0.6, 0.5)
        app.every(1.0, lambda: show_time(self.day, self.day.hour + self.time_s * HOURS_A_SECOND))

    def homes(self):
        """(n, 3) places, and (n,) what each is: woods, pen, sea."""
        day, rng = self.day, self.random
        woods = places(int(query.get("fireflies", day.woods)), rng, reach=0.3 if "fireflies" in query else 0.8)
        woods += np.stack([np.zeros(len(woods)), rng.uniform(0.5, 1.4, len(woods)), np.zeros(len(woods))], axis=1)
        inside = PEN + np.array([(2.4 * x, 1.0, 2.4 * z) for x in (-1, 1) for z in (-1, 1)])
        out = boat.home * (1, 0, 1) + np.array([(8.0 * k - 6, 1.75, -14.0 - 5 * (k % 2)) for k in range(4)])
        kinds = np.repeat(["woods", "pen", "sea"], (len(woods), day.pen, day.sea))
        return np.concatenate((woods, inside[: day.pen], out[: day.sea])), kinds

    def fixed(self, dt) -> None:
        self.time_s += dt
        wish, jumps, uses = self.chase.turned(move.value), jump.pressed, use.pressed
        if player:
            wish, jumps, uses = player.step(self)
        if uses:
            self.fox.use(boat)
        self.fox.step(dt, wish, jumps, not walk.held)
        self.fireflies.step(self.time_s, self.fox.place)
        self.rabbits.step(self.fox.place)
        pen.step()
        if pen.open and not self.was_open:
            effects["gate"].play(at=pen.gate)
        self.was_open = pen.open
        if self.fireflies.taken(self.fox.place):
            effects["catch"].play(rate=1.0 + 0.02 * (self.all - self.fireflies.left.sum()))
            app.actions.rumble(weak=0.4, seconds=0.1)
        if not self.fireflies.left.any():
            self.done()

    def frame(self, dt) -> None:
        locked = app.input.pointer_locked
        mouse = look.value * LOOK if locked else np.zeros(2)
        self.chase.step(dt, mouse + turn.value * (2.2 * dt))
        if app.frame_number % 10 == 0:
            self.tell()
        if stop.pressed or (self.was_locked and not locked and not app.paused):  # browsers keep the Escape that unlocks
            self.pause(not app.paused)
        self.was_locked = locked

    def tell(self) -> None:
        """What one sees of how it stands, and what can be done here."""
        flies, place = self.fireflies, self.fox.place
        self.score.text = f"{self.day.name}: {self.all - flies.left.sum()} of {self.all}"
        far = np.linalg.norm(flies.place - place, axis=1)
        way = (flies.place - place)[np.argmin(np.where(flies.left, far, np.inf))]
        angle = self.chase.yaw - math.atan2(way[0], way[2])
        self.arrow.text = f"{ARROWS[round(angle / (math.tau / 8)) % 8]} {np.hypot(way[0], way[2]):.0f} m"
        if self.fox.boat:
            self.prompt.text = f"{key(use)}: ashore"
        elif self.fox.near(boat):
            self.prompt.text = f"{key(use)}: take the boat"
        elif self.day.pen and not pen.pressed and np.linalg.norm(pen.crate.position - place) < 9:
            self.prompt.text = "Push the crate onto the golden plate"
        elif self.time_s > 8:
            self.prompt.text = ""

    def pause(self, stopped) -> None:
        """Stops the time and shows what one can do, or goes on."""
        app.paused = self.menu.visible = stopped
        app.pointer_lock = not stopped

    def give_up(self) -> None:
        """To the menu, from where one can go on here."""
        app.store["going"] = {"number": self.number, "left": self.fireflies.left, "place": self.fox.place,
                              "time_s": self.time_s}  # fmt: skip
        go(Menu())

    def done(self) -> None:
        effects["done"].play()
        trail.add(self.state())
        best = f"best {self.day.name}"
        app.store[best] = min(app.store.get(best, math.inf), self.time_s)
        app.store["reached"] = max(app.store.get("reached", 0), min(self.number + 1, len(DAYS) - 1))
        app.store["going"] = None
        go(End(self.number, self.time_s))

    def state(self) -> bytes:
        """What must be the same wherever it is played."""
        return (self.fox.place.tobytes() + self.fireflies.left.tobytes() + self.rabbits.group.position.tobytes()
                + app.physics.state_hash().encode())  # fmt: skip


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
        with app.ui.column(anchor="center"):
            app.ui.text("The night is full of light: all fifty are home!" if last else "All caught!", look="title")
            app.ui.text(f"{self.time_s:.0f} seconds")
            onward = app.ui.button("To the menu" if last else f"On to {DAYS[self.number + 1].name}")
            onward(lambda: go(Menu() if last else Level(self.number + 1)))
        if player and not last:
            app.after(0.5, onward.click)


def go(scene) -> None:
    """On to a scene, with the time running."""
    app.paused = False
    app.enter(scene)


app.enter(Menu())
