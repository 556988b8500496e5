"""Occlusion: what is behind something sounds quieter and dull.

Owns: how much each voice is covered, found by a few rays a frame from the listener, in turns. Does not: cast; the
picker does. Limits: RAYS a frame; one ray to the middle of each; the ground of streamed worlds covers nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from layerw.audio.places import Places
from layerw.base.ports import F64
from layerw.base.rays import CheckedRay
from layerw.frame.subsystems import Met
from layerw.scene.entity import Entities, Entity
from layerw.scene.table import Table

RAYS = 4
PASS_S = 0.15  # how long a voice takes to be covered
QUIETER = 0.5  # of what is covered, beside being dull
NEAR_M = 0.05  # nothing is behind what is so near
THROUGH = 4  # things that a ray passes which cover nothing
PAST_M = 0.01
Nearest = Callable[[CheckedRay], Met | None]


class Occlusion:
    """nearest(ray): what it meets first. covers: the entities that count; None: all of them."""

    def __init__(self, nearest: Nearest, table: Table, capacity: int, covers: Entities | None) -> None:
        self._nearest, self._table, self.covers = nearest, table, covers
        self.covered = np.zeros(capacity)  # 0 free, 1 behind something
        self._goal = np.zeros(capacity)
        self._next = 0

    def step(self, dt: float, ear: F64, places: Places, slots: npt.NDArray[np.intp]) -> F64:
        """How much each is covered now; slots: those that are heard from a place."""
        if len(slots):
            first = self._next % len(slots)
            for slot in np.roll(slots, -first)[:RAYS].tolist():
                self._goal[slot] = self._is_covered(ear, places, slot)
            self._next = first + RAYS
        step = dt / PASS_S
        self.covered += np.minimum(np.maximum(self._goal - self.covered, -step), step)
        return self.covered

    def ask(self, ear: F64, places: Places, slot: int) -> float:
        """Of one that begins to be heard: at once, so that it does not begin in the open."""
        found = self._is_covered(ear, places, slot) if places.is_spatial(slot) else 0.0
        self._goal[slot] = self.covered[slot] = found
        return found

    def _is_covered(self, ear: F64, places: Places, slot: int) -> float:
        way = places.xyz[slot] - ear
        far, start = float(np.sqrt(way @ way)), 0.0
        root = self._root(int(places.row[slot]))
        for _ in range(THROUGH):
            if far - start <= NEAR_M:
                return 0.0
            hit = self._nearest(CheckedRay(ear + way * (start / far), way / far, far - start - NEAR_M))
            if hit is None:
                return 0.0
            if self._counts(hit.entity, root):
                return 1.0
            start += hit.distance + PAST_M
        return 0.0

    def _counts(self, met: Entity, root: int) -> bool:
        """What belongs to the emitter itself covers nothing."""
        if root >= 0 and self._root(met.first_row) == root:
            return False
        return self.covers is None or met.first_row in self.covers._numbers()

    def _root(self, row: int) -> int:
        while row >= 0 and self._table.parent[row] >= 0:
            row = int(self._table.parent[row])
        return row
