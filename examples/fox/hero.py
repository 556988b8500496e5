"""The fox: it runs where the player says, jumps, pushes, swims at the surface and rides the boat; and its camera."""

from __future__ import annotations

import base64
import math
from functools import cache

import numpy as np
from animal import animal_glb  # beside this file
from isle import GROUND, SEABED, SIDE_M, SWIM_M, WALLS
from toys import Boat

import layerw as lw

WALK, RUN, SWIM = 3.0, 7.5, 3.0  # metres a second
REACH_M = 4.0  # of the boat
file = cache(lambda: "data:model/gltf-binary;base64," + base64.b64encode(animal_glb()).decode())  # made once asked for


def stand(app: lw.App, entity) -> lw.Character:
    """What runs and jumps as a fox."""
    return lw.Character(app, entity, height=1.0, radius=0.4, slope=math.radians(52), jump_speed=6.6, strength=500.0)


def chase(app: lw.App, entity) -> lw.ChaseCamera:
    """The camera behind a fox."""
    return lw.ChaseCamera(app, entity, layers=[GROUND, WALLS, SEABED], floor=0.4)


def swims(place) -> bool:
    """Whether a fox whose feet are there does."""
    return bool(place[1] < SWIM_M + 0.2)


def gait(place, turn, wanted, runs, dt):
    """(2,) what is wished for, as far as the sea is not wide; the radians that it turns to; metres a second, and (3,)
    of them; see isle.height for the rounding."""
    wanted = np.array(wanted, np.float64)
    out = place[[0, 2]] / (0.49 * SIDE_M)
    if out @ out > 1 and wanted @ out > 0:
        wanted -= out * (wanted @ out) / (out @ out)
    length = math.hypot(*wanted)
    if length > 0.05:
        off = (math.atan2(wanted[0], wanted[1]) - turn + math.pi) % math.tau - math.pi
        turn += off * min(1.0, 12.0 * dt)
    speed = length * (SWIM if swims(place) else RUN if runs else WALK)
    return wanted, turn, speed, np.round(np.array((math.sin(turn), 0.0, math.cos(turn))) * speed, 3)


def clip_of(speed) -> str:
    """What is played at so many metres a second."""
    return "Run" if speed > 0.7 * RUN else "Walk" if speed > 0.2 else "Idle"


class Fox:
    """`step` once a fixed step; `place` is where its feet are."""

    def __init__(self, app: lw.App, place, sounds, rng) -> None:
        self.app, self.sounds, self.rng = app, sounds, rng
        self.turn, self.clip, self.stride = 0.0, "", 0.0
        self.boat: Boat | None = None
        self.model = app.load(file())
        self.root = self.model.root
        self.root.position, self.root.interpolated = place, True
        self.model.on_ready(lambda: self._play("Idle"))
        self.body = stand(app, self.root)

    @property
    def place(self) -> np.ndarray:
        """(3,) metres."""
        return self.root.position.astype(np.float64)

    @property
    def swims(self) -> bool:
        return self.boat is None and swims(self.place)

    def near(self, boat: Boat) -> bool:
        """Whether it could go aboard."""
        return self.boat is None and float(np.linalg.norm(boat.seat - self.place)) < REACH_M

    def use(self, boat: Boat) -> None:
        """Goes aboard, or ashore: to land that is near, or into the water."""
        if self.near(boat):
            self.boat = boat
            self.body.remove()
            self.sounds["leap"].play(at=tuple(boat.seat))
        elif self.boat is not None:
            land = self.app.navigation.nearest(self.place, reach=(6, 6, 6))
            self.root.position = np.add(self.place, (2.0, 0.6, 0.0)) if land is None else land
            self.boat = None
            self.body = stand(self.app, self.root)

    def step(self, dt, wanted, jump, runs) -> None:
        """wanted: (2,) where to on the ground (x, z), at most 1 long; jump, runs: whether it does."""
        place = self.place
        wanted, self.turn, speed, along = gait(place, self.turn, wanted, runs, dt)
        if self.boat:
            self.boat.steer(wanted, dt)
            self.root.position, self.turn, speed = self.boat.seat, self.boat.turn, 0.0
        else:
            leaps = jump and self.body.on_ground and not self.swims
            self.body.move(along, jump=leaps)
            if leaps:
                self.sounds["leap"].play(at=tuple(place), gain=0.8)
            self._tread(speed * dt)
        self._play(clip_of(speed))
        self.root.rotation = lw.turned(y=self.turn)

    def _play(self, clip) -> None:
        if clip != self.clip and self.model.state == "ready":
            self.model.play(clip, fade=0.2)
            self.clip = clip

    def _tread(self, way) -> None:
        self.stride += way if self.body.on_ground else 0.0
        if self.stride > 1.1:
            self.stride = 0.0
            name = "splash" if self.swims else "step"
            self.sounds[name].play(at=tuple(self.place), gain=0.5, rate=self.rng.uniform(0.9, 1.2))
