"""Columns of the entity table: one numpy array each, and which of their blocks changed.

Owns: the arrays and the change tracking. Writing to a numpy view tells nobody, so a column gives users
views of a second array over the same memory: while one of those is alive (its base's reference count
shows it), or one was asked for since the last frame, its rows may have changed and are uploaded.
A set of blocks is an int, bit k for block k: a few hundred blocks cost less so than as an array, every frame.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.scene.rows import BLOCK_ROWS


def blocks_of(first: int, count: int) -> int:
    """The set of blocks that rows first .. first + count lie in."""
    low, high = first // BLOCK_ROWS, (first + count - 1) // BLOCK_ROWS + 1
    return (1 << high) - (1 << low)


def runs_of(blocks: int) -> list[tuple[int, int]]:
    """Runs (first_row, rows) of a set of blocks, ascending."""
    runs = []
    at = 0
    while blocks:
        skip = (blocks & -blocks).bit_length() - 1
        blocks >>= skip
        size = (~blocks & -~blocks).bit_length() - 1  # how many ones are lowest
        runs.append(((at + skip) * BLOCK_ROWS, size * BLOCK_ROWS))
        blocks >>= size
        at += skip + size
    return runs


class Column:
    """`array`: (capacity, width) or (capacity,), for the engine. `user_view()`: for everybody else."""

    def __init__(self, capacity: int, width: int, dtype: npt.DTypeLike, fill: float) -> None:
        shape = (capacity, width) if width > 1 else (capacity,)
        self.array: npt.NDArray[Any] = np.full(shape, fill, dtype)
        # A separate owner of the same memory: views of it count on it, never on `array`.
        self._user = np.frombuffer(self.array.data.cast("B"), self.array.dtype).reshape(shape)
        self._owner = self._user if self._user.base is None else self._user.base
        self._quiet_count = sys.getrefcount(self._owner)
        self.dirty = 0  # a set of blocks
        self.revision = 0  # of touches; what views write is not in it, see `views_alive`
        self._held = False

    def user_view(self, first: int, count: int) -> npt.NDArray[Any]:
        """A writable view of rows; the rows count as changed as long as it lives."""
        self.touch(first, count)
        return self._user[first : first + count]

    def touch(self, first: int, count: int) -> None:
        """Mark rows as changed in this frame."""
        self.dirty |= blocks_of(first, count)
        self.revision += 1

    def views_alive(self) -> bool:
        """True while somebody outside holds a view that could be written to."""
        return sys.getrefcount(self._owner) > self._quiet_count

    def settle(self, dynamic_blocks: int) -> bool:
        """Mark what views may have written; returns whether anything is dirty.

        A view that dies between two frames may have been written just before: it counts once more.
        """
        alive = self.views_alive()
        if alive or self._held:
            self.dirty |= dynamic_blocks
        self._held = alive
        return self.dirty != 0

    def take_dirty(self, dynamic_blocks: int) -> list[tuple[int, int]]:
        """Runs (first_row, rows) that may differ from what was taken last time; clears them."""
        self.settle(dynamic_blocks)
        runs, self.dirty = runs_of(self.dirty), 0
        return runs
