"""Contacts of a world as arrays, and what its steps began and ended.

Owns: the arrays of this frame, and those of the last step, for programs that ask within the next one. Rows name
entities; -1 is what no entity has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.physics.rigid_world import RigidWorld

CONTACT = np.dtype([("a", "i4"), ("b", "i4"), ("point", "f4", 3), ("normal", "f4", 3), ("impulse", "f4"),
                    ("depth", "f4")])  # fmt: skip
PAIR = np.dtype([("a", "i4"), ("b", "i4")])
BEGAN, ENDED, ENTERED, LEFT = range(4)  # rigid.h
FIRST_ROOM = 256


class Events:
    """`begin`, `take` and `add` in each step, `clear` at the frame's start."""

    def __init__(self, world: RigidWorld) -> None:
        self._world = world
        self._frame: list[npt.NDArray[np.int32]] = []
        self._step: list[npt.NDArray[np.int32]] = []
        self._room = np.zeros((FIRST_ROOM, 3), np.uint32)

    def clear(self) -> None:
        """A frame begins."""
        self._frame.clear()

    def begin(self) -> None:
        """A step begins."""
        self._step.clear()

    def take(self) -> None:
        """What the step that just ran says."""
        kernels, room = self._world.kernels, FIRST_ROOM
        while True:
            found = self._room if room == FIRST_ROOM else np.zeros((room, 3), np.uint32)
            count = kernels.lw_rigid_events(self._world.number, room, found)
            if count <= room:
                break
            room = count
        if count:
            triples = found[:count].astype(np.int32)
            triples[:, 1:] = self._world.bodies.row[triples[:, 1:]]
            self.add(triples)

    def add(self, triples: npt.NDArray[np.int32]) -> None:
        """(n, 3) kind, row, row: more that this step says."""
        self._frame.append(triples)
        self._step.append(triples)

    def of(self, kind: int, *, in_step: bool) -> npt.NDArray[np.void]:
        """Pairs of one kind, in the order of the steps; in_step: of the last one instead of this frame's."""
        parts = self._step if in_step else self._frame
        triples = np.concatenate(parts) if parts else np.zeros((0, 3), np.int32)
        chosen = triples[triples[:, 0] == kind]
        found: Any = np.zeros(len(chosen), PAIR)
        found["a"], found["b"] = chosen[:, 1], chosen[:, 2]
        return found  # type: ignore[no-any-return]

    def contacts(self) -> npt.NDArray[np.void]:
        """Of the last step."""
        world, room = self._world, FIRST_ROOM
        world.forget_dead()
        while True:
            pairs, values = np.zeros((room, 2), np.uint32), np.zeros((room, 8), np.float32)
            count = world.kernels.lw_rigid_contacts(world.number, room, pairs, values)
            if count <= room:
                break
            room = count
        found: Any = np.zeros(count, CONTACT)
        rows = world.bodies.row[pairs[:count]]
        found["a"], found["b"] = rows[:, 0], rows[:, 1]
        found["point"], found["normal"] = values[:count, :3], values[:count, 3:6]
        found["impulse"], found["depth"] = values[:count, 6], values[:count, 7]
        return found  # type: ignore[no-any-return]
