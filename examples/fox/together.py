"""The isle for several players: `layerw serve examples/fox`, then Together in each page's menu.

The server has the fireflies, and says who caught which. A fox runs at once where its player is: `run` moves it there,
and with the same inputs on the server. Models are every page's own: each hangs one on every fox that it is told of.
"""

from __future__ import annotations

import math

import numpy as np
import sounds
from fireflies import Fireflies, Firefly
from hero import chase, clip_of, file, gait, stand, swims
from isle import heading, height, places

import layerw as lw

COUNT, CELL_M, CELLS = 20, 64.0, 4  # fireflies a day; everyone is told of the whole isle


@lw.component(shared=True)
class Runner:
    """A player's fox: all of it is predicted where its player is."""

    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)  # the entity's own, as the next
    rotation: lw.f32x4 = lw.field((0, 0, 0, 1), precision=1 / 1024, interpolate=True)
    owner: lw.Player = None


@lw.component(shared=True)
class Basket:
    """What the server alone counts."""

    caught: lw.u16 = 0


@lw.component(shared=True)
class Sky:
    """Which day it is, for everyone."""

    day: lw.u8 = 0


def share(app: lw.App, wish) -> None:
    """How foxes come and run, on both sides. wish(): where to, whether to leap and to run, where somebody plays."""

    @app.predict(Runner, bounds={"to": (-1, 1)})
    def run(fox, dt, to: lw.f32x2, leaps: bool, runs: bool) -> None:
        place = fox.entity.position
        _, turn, _, along = gait(place, heading(fox.entity.rotation), to, runs, dt)
        fox.move(along, jump=leaps and not swims(place))
        fox.entity.rotation = np.round(lw.turned(y=turn), 3)

    run.begin(lambda entity: stand(app, entity))
    run.input(wish)
    if app.is_server:

        @app.on_join
        def join(player) -> None:
            x = 1.5 * (player.number % 7) - 4.5
            app.spawn(lw.Mesh.box(0.01), position=(x, height(x, 0), 0), owner=player).add(Runner).add(Basket)


class Room(lw.Scene):
    """The server's: fireflies, day after day."""

    def __init__(self, days) -> None:
        super().__init__(seed=3)
        self.days, self.time_s = days, 0.0

    def enter(self) -> None:
        net = self.app.net
        net.cell_m, net.radius = CELL_M, CELLS
        self.sky = self.app.spawn(lw.Mesh.box(0.01), position=(0, -9, 0)).add(Sky)
        self.begin()

    def begin(self) -> None:
        """A day's fireflies."""
        home = np.add(places(COUNT, self.random, reach=0.4), (0, 1, 0))
        self.fireflies = Fireflies(self.app, home, np.repeat("woods", COUNT), self.random, 0)

    def fixed(self, dt) -> None:
        self.time_s += dt
        self.fireflies.step(self.time_s, (0, 0, 0))
        for fox in self.app.each(Basket).entities:
            fox[Basket].caught += self.fireflies.taken(fox.position)
        if not self.fireflies.left.any():
            self.fireflies.group.despawn()
            self.sky[Sky].day = (self.sky[Sky].day + 1) % self.days
            self.begin()


class Seen:
    """A fox as a page shows it: a model on what the server tells."""

    def __init__(self, app: lw.App, entity) -> None:
        self.app, self.entity, self.clip, self.speed = app, entity, "", 0.0
        self.model = app.load(file())
        self.model.root.parent = entity
        self.before = self.place

    @property
    def place(self) -> np.ndarray:
        """(3,) metres."""
        return self.entity.position.astype(np.float64)

    def frame(self, dt) -> None:
        """Plays what it does."""
        way = math.hypot(*(self.place - self.before)[[0, 2]])
        self.speed += (way / max(dt, 1e-3) - self.speed) * min(1.0, 10 * dt)
        self.before, clip = self.place, clip_of(self.speed)
        if clip != self.clip and self.model.state == "ready":
            self.model.play(clip, fade=0.2)
            self.clip = clip


class Visit(lw.Scene):
    """A page's: everyone's foxes, and a camera behind one's own."""

    def __init__(self, days, show_time, glance, back) -> None:
        super().__init__()
        self.days, self.show_time, self.glance, self.back = days, show_time, glance, back

    def enter(self) -> None:
        app = self.app
        self.foxes, self.chase, self.day, self.left = {}, None, None, 0
        self.effects = sounds.effects()
        self.score = app.ui.text("", anchor="top", style={"font_size": 22, "text_align": "center"})
        app.pointer_lock, app.actions.context = True, "play"
        app.connect()

    def turned(self, move) -> np.ndarray:
        """(2,) where to, of the player's stick."""
        return self.chase.ahead(move) if self.chase else np.zeros(2)

    def frame(self, dt) -> None:
        app = self.app
        self.look(app.each(Runner, Basket).entities, dt)
        flies = app.each(Firefly)
        flies.entities[np.flatnonzero(~flies[Firefly].left)].visible = False
        left = int(flies[Firefly].left.sum())
        if left < self.left:
            self.effects["catch"].play()
        self.left = left
        for sky in app.each(Sky).entities:
            if sky[Sky].day != self.day:
                self.day = int(sky[Sky].day)
                self.show_time(self.days[self.day])
        if app.actions["stop"].pressed:
            self.back()

    def look(self, entities, dt) -> None:
        """What there is of foxes, and how they stand."""
        app, told = self.app, []
        for number in [number for number, seen in self.foxes.items() if not seen.entity.alive]:
            self.foxes.pop(number).model.close()
        for fox in entities:
            number = int(fox[Runner].owner)
            if number not in self.foxes:
                self.foxes[number] = Seen(app, fox)
            self.foxes[number].frame(dt)
            mine = number == app.net.player
            told.append(f"{'You' if mine else f'Player {number}'}: {fox[Basket].caught}")
            if mine:
                self.chase = self.chase or chase(app, fox)
                self.chase.target = fox
                self.chase.update(dt, self.glance(dt))
        lost = "No room is here: it takes `layerw serve examples/fox`." if app.net.state == "lost" else app.net.reason
        self.score.text = "   ".join(told) or lost or "Looking for the others"

    def leave(self) -> None:
        self.app.disconnect()
        self.app.pointer_lock, self.app.actions.context = False, None
