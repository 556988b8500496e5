"""What there is to collect, and the rabbits that hop about and flee."""

from __future__ import annotations

import math

import numpy as np
from isle import height, places, upright

import layerw as lw

REACH_M = 1.3
HOP_S = 0.45


class Fireflies:
    """Glowing things that sway over the ground; `taken(place)` gives how many a fox there catches."""

    def __init__(self, app: lw.App, count, rng, lit) -> None:
        self.home = places(count, rng)
        self.home[:, 1] += rng.uniform(0.5, 1.5, count)
        self.home[rng.random(count) < 0.15, 1] += 1.0  # some want a jump
        self.phase = rng.uniform(0, math.tau, count)
        self.left = np.ones(count, bool)
        glow = lw.Material(color="black", emissive="#ffb92b", emissive_strength=9.0)
        self.group = app.spawn_many(lw.Mesh.sphere(0.11), count, glow, position=self.home)
        self.place = self.home.copy()
        self.lamps = [app.light("point", color="#ffd070", intensity=14.0, range=7.0) for _ in range(lit)]

    def step(self, time_s, near) -> None:
        """Sways; the lamps light those that are nearest to `near`."""
        swing = time_s * 0.9 + self.phase
        sway = np.stack((np.sin(swing), 0.4 * np.sin(2.3 * swing), np.cos(0.8 * swing)), axis=1)
        self.place = self.home + 0.35 * sway
        self.group.position[:] = self.place
        far = np.where(self.left, np.linalg.norm(self.place - near, axis=1), np.inf)
        for lamp, which in zip(self.lamps, np.argsort(far), strict=False):
            lamp.position = self.place[which]
            lamp.visible = bool(self.left[which])

    def taken(self, place) -> int:
        """Catches what is in reach of a fox at a place."""
        middle = np.add(place, (0.0, 0.6, 0.0))
        caught = np.flatnonzero(self.left & (np.linalg.norm(self.place - middle, axis=1) < REACH_M))
        self.left[caught] = False
        self.group[caught].visible = False
        return len(caught)


class Rabbits:
    """They hop to and fro by numpy alone, all at once, and away from the fox."""

    def __init__(self, app: lw.App, count, rng) -> None:
        self.rng = rng
        self.place = places(count, rng)
        self.turn = rng.uniform(0, math.tau, count)
        self.since = rng.uniform(0, 3.0, count)
        fur = lw.Material(color="white", roughness=0.95)
        ear = lw.Mesh.box(0.05, 0.2, 0.03)
        body = lw.Mesh.merge([
            (lw.Mesh.sphere(0.22), "white", (0, 0, 0)), (lw.Mesh.sphere(0.13), "white", (0, 0.16, 0.2)),
            (lw.Mesh.sphere(0.07), "white", (0, 0.04, -0.22)), (ear, "#caa", (0.06, 0.35, 0.16)),
            (ear, "#caa", (-0.06, 0.35, 0.16))])
        shade = rng.uniform(0.35, 0.8, (count, 1)) * np.array((1.0, 0.9, 0.75))
        self.group = app.spawn_many(body, count, fur, position=self.place, color=shade)

    def step(self, dt, fox) -> None:
        self.since += dt
        away = self.place - fox
        near = np.linalg.norm(away, axis=1) < 9.0
        rests = self.since > np.where(near, HOP_S, 2.0 + 2.0 * np.sin(self.turn * 7))
        self.since[rests] = 0.0
        self.turn[rests] += self.rng.uniform(-1.2, 1.2, rests.sum())
        flees = rests & near
        self.turn[flees] = np.arctan2(away[flees, 0], away[flees, 2]) + self.rng.uniform(-0.4, 0.4, flees.sum())
        hops = self.since < HOP_S
        along = np.stack((np.sin(self.turn), np.zeros_like(self.turn), np.cos(self.turn)), axis=1)
        then = self.place + along * (np.where(hops, np.where(near, 6.0, 2.0), 0.0) * dt)[:, None]
        dry = height(then[:, 0], then[:, 2]) > 0.5
        self.place[dry] = then[dry]
        self.turn[~dry] += math.pi
        lift = np.where(hops, 0.35 * np.sin(np.pi * self.since / HOP_S), 0.0)
        self.place[:, 1] = height(self.place[:, 0], self.place[:, 2]) + 0.18
        self.group.position[:] = self.place + np.outer(lift, (0, 1, 0))
        self.group.rotation[:] = upright(self.turn)
