"""What there is to collect, and the rabbits that roam about and flee."""

from __future__ import annotations

import math

import numpy as np

import layerw as lw

REACH_M = 1.3


@lw.component(shared=True)
class Firefly:
    """Columns of the scene, so that saves have them, and other players (together.py)."""

    left: lw.flag = True
    position: lw.f32x3 = lw.field(precision=1 / 64, interpolate=True)  # the entity's own


class Fireflies:
    """Glowing things that sway about their homes, (n, 3); `taken(place)` gives how many a fox there catches."""

    def __init__(self, app: lw.App, home, kind, rng, lit) -> None:
        self.home, self.kind, self.place = home, kind, home.copy()
        self.phase = rng.uniform(0, math.tau, len(home))
        glow = lw.Material(color="black", emissive="#ffb92b", emissive_strength=9.0)
        self.group = app.spawn_many(lw.Mesh.sphere(0.11), len(home), glow, position=home)
        self.group.add(Firefly)
        self.lamps = [app.light("point", color="#ffd070", intensity=14.0, range=7.0) for _ in range(lit)]

    @property
    def left(self) -> np.ndarray:
        """(n,) bool, which are still to be caught."""
        return self.group[Firefly].left

    def step(self, time_s, near) -> None:
        """Sways; the lamps light those that are nearest to `near`."""
        swing, left = time_s * 0.9 + self.phase, self.left
        sway = np.stack((np.sin(swing), 0.4 * np.sin(2.3 * swing), np.cos(0.8 * swing)), axis=1)
        self.place = np.round(self.home + 0.35 * sway, 3)
        self.group.position[:] = self.place
        far = np.where(left, np.linalg.norm(self.place - near, axis=1), np.inf)
        for lamp, which in zip(self.lamps, np.argsort(far), strict=False):
            lamp.position, lamp.visible = self.place[which], bool(left[which])

    def taken(self, place) -> int:
        """Catches what is in reach of a fox at a place."""
        middle = np.add(place, (0.0, 0.6, 0.0))
        caught = np.flatnonzero(self.left & (np.linalg.norm(self.place - middle, axis=1) < REACH_M))
        self.group[caught][Firefly].left = False
        self.group[caught].visible = False
        return len(caught)


class Rabbits:
    """They roam over the isle by its navigation mesh, and flee from the fox."""

    def __init__(self, app: lw.App, count, seed) -> None:
        self.app, self.count, self.seed, self.steps = app, count, seed, 0
        fur = lw.Material(color="white", roughness=0.95)
        ear = lw.Mesh.box(0.05, 0.2, 0.03)
        body = lw.Mesh.merge([
            (lw.Mesh.sphere(0.22), "white", (0, 0, 0)), (lw.Mesh.sphere(0.13), "white", (0, 0.16, -0.2)),
            (lw.Mesh.sphere(0.07), "white", (0, 0.04, 0.22)), (ear, "#caa", (0.06, 0.35, -0.16)),
            (ear, "#caa", (-0.06, 0.35, -0.16))])
        shade = np.linspace(0.35, 0.8, count)[:, None] * np.array((1.0, 0.9, 0.75))
        place = np.add(app.navigation.random(count, seed=seed), (0, 0.2, 0))
        self.group = app.spawn_many(lw.Mesh.sphere(0.02), count, fur, position=place)  # what walks; the fur on it hops
        self.group.interpolated = True
        self.furs = app.spawn_many(body, count, fur, color=shade)
        for fur, walker in zip(self.furs, self.group, strict=True):
            fur.parent = walker
        self.agents = app.navigation.add(self.group, feet=0.2, radius=0.3, height=0.6, speed=1.5, acceleration=20.0)

    def step(self, fox) -> None:
        """They hop; every half second some choose where to."""
        self.steps += 1
        speed = np.linalg.norm(self.agents.velocity, axis=1)
        hop = np.abs(np.sin(0.15 * self.steps + np.arange(self.count))) * np.minimum(speed, 2.0) * 0.2
        self.furs.position[:] = hop[:, None] * (0.0, 1.0, 0.0)
        if self.steps % 30 != 1:
            return
        away = self.group.position - fox
        flees = np.hypot(away[:, 0], away[:, 2]) < 9.0
        self.agents.speed = np.where(flees, 6.5, 1.5)
        chosen = flees | (np.arange(self.count) % 8 == self.steps // 30 % 8)
        target = self.app.navigation.random(self.count, seed=self.seed + self.steps)
        run = self.group.position + away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 0.1) * 12
        target[flees] = self.app.navigation.nearests(run[flees], reach=(6, 8, 6)) if flees.any() else target[flees]
        target = np.where(np.isfinite(target), target, self.group.position)
        self.app.navigation.agents(self.group[chosen]).target = target[chosen]
