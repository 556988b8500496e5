"""Columns of the entity table: one numpy array each, which of their blocks changed, and which rows have views.

Owns: the arrays, the change tracking, and who may still write. Writing to a numpy view tells nobody, so a column gives
users views of further arrays over the same memory, one for each span of blocks: while a view is alive (the reference
count of its array shows it), or one was asked for since the last frame, the span may have changed and is uploaded; and
its rows are not given to anybody else, so that a write through a view of despawned rows goes nowhere (ADR 2).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.scene.rows import BLOCK_ROWS, blocks_of, blocks_of_rows, runs_of


class Span:
    """One array over some blocks of a column, which all views of these blocks count on."""

    __slots__ = ("_flat", "_quiet_count", "array", "blocks", "first", "was_held")

    def __init__(self, column: npt.NDArray[Any], first: int, end: int) -> None:
        self.first, self.blocks = first, blocks_of(first, end - first)
        self._flat = np.frombuffer(column[first:end].data.cast("B"), column.dtype)
        self.array = self._flat.reshape(-1, *column.shape[1:])  # its base, as that of every view, is the flat one
        self.was_held = False
        self._quiet_count = sys.getrefcount(self._flat)

    def is_held(self) -> bool:
        """True while somebody outside holds a view that could be written to."""
        return sys.getrefcount(self._flat) > self._quiet_count


class Column:
    """`array`: (capacity, width) or (capacity,), for the engine. `user_view()`: for everybody else."""

    def __init__(self, capacity: int, width: int, dtype: npt.DTypeLike, fill: float) -> None:
        shape = (capacity, width) if width > 1 else (capacity,)
        self.array: npt.NDArray[Any] = np.full(shape, fill, dtype)
        self.dirty = 0  # a set of blocks
        self.revision = 0  # of touches; what views write is not in it, see `views_alive`
        self._taken = 0  # blocks that were dirty since the last `take_moved`, and are not any more
        self._held = 0  # blocks of views that were alive then
        self._watched: dict[int, Span] = {}  # by first and last block: those with views, now or in the last frame

    def user_view(self, first: int, count: int) -> npt.NDArray[Any]:
        """A writable view of rows; their blocks count as changed as long as it lives."""
        low, high = first // BLOCK_ROWS, (first + count - 1) // BLOCK_ROWS
        span = self._watched.get(low << 32 | high)
        if span is None:
            span = Span(self.array, low * BLOCK_ROWS, (high + 1) * BLOCK_ROWS)
            self._watched[low << 32 | high] = span
        self.dirty |= span.blocks
        self.revision += 1
        first -= span.first
        return span.array[first : first + count]

    def touch(self, first: int, count: int) -> None:
        """Mark rows as changed in this frame."""
        self.dirty |= blocks_of(first, count)
        self.revision += 1

    def touch_rows(self, rows: npt.NDArray[np.intp]) -> None:
        """As `touch`, of any rows."""
        self.touch_blocks(blocks_of_rows(rows))

    def touch_blocks(self, blocks: int) -> None:
        """As `touch`, of a set of blocks: for several columns it is looked up once."""
        self.dirty |= blocks
        self.revision += 1

    def views_alive(self) -> bool:
        """True while somebody outside holds a view that could be written to."""
        return any(span.is_held() for span in self._watched.values())

    def is_held(self, blocks: int) -> bool:
        """Whether a view that is alive reaches one of a set of blocks."""
        return any(span.blocks & blocks and span.is_held() for span in self._watched.values())

    @property
    def may_be_dirty(self) -> bool:
        """False: nobody wrote, and nobody can have."""
        return self.dirty != 0 or bool(self._watched)

    def settle(self) -> bool:
        """Mark what views may have written; returns whether anything is dirty.

        A view that dies between two frames may have been written just before: it counts once more.
        """
        if not self._watched:
            return self.dirty != 0
        for key, span in list(self._watched.items()):
            held = span.is_held()
            if held or span.was_held:
                self.dirty |= span.blocks
            else:
                del self._watched[key]
            span.was_held = held
        return self.dirty != 0

    def take_dirty(self, rows_used: int) -> list[tuple[int, int]]:
        """Runs (first_row, rows) below `rows_used` that may differ from what was taken last time; clears all."""
        self.settle()
        self._taken |= self.dirty
        runs, self.dirty = runs_of(self.dirty & ((1 << rows_used // BLOCK_ROWS) - 1)), 0
        return runs

    def take_moved(self) -> int:
        """The set of blocks that may differ from what they were at the last call; for one asker beside the uploads,
        in the middle of a frame too."""
        held = 0
        for span in self._watched.values():
            if span.is_held():
                held |= span.blocks
        found = self.dirty | self._taken | held | self._held
        self._taken, self._held = 0, held
        return found
