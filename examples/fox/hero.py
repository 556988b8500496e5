"""The fox: it runs where the player says, keeps its feet on the ground, jumps, and swims at the surface."""

from __future__ import annotations

import base64
import math

import numpy as np
from animal import animal_glb  # beside this file
from isle import SIDE_M, height, normal, upright

import layerw as lw

WALK, RUN, SWIM = 3.0, 7.5, 2.2  # metres a second
JUMP, FALL = 6.2, 16.0  # metres a second, and a second squared
BODY_M = 0.45
FILE = "data:model/gltf-binary;base64," + base64.b64encode(animal_glb()).decode()


class Fox:
    """`step` once a fixed step; `place` is where its feet are."""

    def __init__(self, app: lw.App, place, solid, sounds, rng) -> None:
        self.solid, self.sounds, self.rng = solid, sounds, rng
        self.place, self.turn, self.up_speed = np.array(place, np.float64), 0.0, 0.0
        self.on_ground, self.clip, self.stride = True, "", 0.0
        self.model = app.load(FILE)
        self.model.on_ready(self._ready)

    def _ready(self) -> None:
        self.model.root.interpolated = True
        self._play("Idle")

    def _play(self, clip) -> None:
        if clip != self.clip and self.model.state == "ready":
            self.model.play(clip, fade=0.2)
            self.clip = clip

    def step(self, dt, wanted, jump, runs) -> None:
        """wanted: (2,) where to on the ground (x, z), at most 1 long; jump, runs: whether it does."""
        length = math.hypot(*wanted)
        swims = self.place[1] < -0.1 and self.on_ground
        speed = length * (SWIM if swims else RUN if runs else WALK)
        if length > 0.05:
            aim = math.atan2(wanted[0], wanted[1])
            off = (aim - self.turn + math.pi) % math.tau - math.pi
            self.turn += off * min(1.0, 12.0 * dt)
            along = np.array((math.sin(self.turn), math.cos(self.turn)))
            climb = normal(self.place[0], self.place[2])
            steep = max(0.0, -(climb[0] * along[0] + climb[2] * along[1]))
            self._walk(along * (speed * dt * max(0.15, 1.0 - 1.1 * steep)))
        if jump and self.on_ground:
            self.up_speed, self.on_ground = JUMP, False
            self.sounds["leap"].play(at=tuple(self.place), gain=0.8)
        self._stand(dt)
        self._play("Run" if speed > 0.7 * RUN else "Walk" if speed > 0.2 else "Idle")
        self._tread(speed * dt)
        if self.model.state == "ready":
            self.model.root.position = self.place
            self.model.root.rotation = upright(self.turn)

    def _walk(self, by) -> None:
        """Moves on the ground, round what is solid and not out to sea."""
        x, z = self.place[0] + by[0], self.place[2] + by[1]
        far = np.hypot(self.solid[:, 0] - x, self.solid[:, 1] - z) - self.solid[:, 2] - BODY_M
        for tree in np.flatnonzero(far < 0):
            away = np.array((x, z)) - self.solid[tree, :2]
            away /= max(np.linalg.norm(away), 1e-6)
            x, z = np.array((x, z)) - away * far[tree]
        out = math.hypot(x, z) / (0.49 * SIDE_M)
        self.place[0], self.place[2] = x / max(out, 1.0), z / max(out, 1.0)

    def _stand(self, dt) -> None:
        floor = max(float(height(self.place[0], self.place[2])), -0.45)
        self.up_speed -= FALL * dt
        self.place[1] += self.up_speed * dt
        if self.on_ground or self.place[1] <= floor:
            self.place[1], self.up_speed, self.on_ground = floor, 0.0, True

    def _tread(self, way) -> None:
        self.stride += way if self.on_ground and self.place[1] > 0 else 0.0
        if self.stride > 1.1:
            self.stride = 0.0
            self.sounds["step"].play(at=tuple(self.place), gain=0.5, rate=self.rng.uniform(0.9, 1.2))


class Chase:
    """A camera behind the fox that looks where the player looks, and never into the ground."""

    def __init__(self, app: lw.App, fox: Fox) -> None:
        self.app, self.fox = app, fox
        self.yaw, self.pitch, self.far = 0.0, 0.22, 6.0
        self.eye = np.add(fox.place, (0.0, 2.0, -self.far))

    def turned(self, move) -> np.ndarray:
        """(2,) right and up of the player's stick, as x, z on the ground."""
        sine, cosine = math.sin(self.yaw), math.cos(self.yaw)
        return np.array((move[1] * sine - move[0] * cosine, move[1] * cosine + move[0] * sine))

    def step(self, dt, look) -> None:
        """look: (2,) radians to the right and up."""
        self.yaw -= look[0]
        self.pitch = float(np.clip(self.pitch - look[1], -0.1, 1.1))
        target = np.add(self.fox.place, (0.0, 1.0, 0.0))
        back = np.array((-math.sin(self.yaw) * math.cos(self.pitch), math.sin(self.pitch),
                         -math.cos(self.yaw) * math.cos(self.pitch)))  # fmt: skip
        eye = target + back * self.far
        eye[1] = max(eye[1], float(height(eye[0], eye[2])) + 0.5, 0.4)
        self.eye += (eye - self.eye) * min(1.0, 10.0 * dt)
        self.app.camera.position = self.eye
        self.app.camera.look_at(target)
