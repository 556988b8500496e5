"""Which rows of the table are taken: runs of rows, in 1024-row blocks of one kind each.

Owns: row numbers. Does not know columns. A block holds rows of a single kind, so that the static rows of a forest
never share an upload block with something that moves. Freed rows that a view may still write to wait until it is gone.
A set of blocks is an int, bit k for block k: a few hundred blocks cost less so than as an array, every frame.
Limits: `capacity` rows, fixed for the table's life, so that array views given to users never go stale.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

BLOCK_ROWS = 1024
DYNAMIC, STATIC, TRANSIENT = 0, 1, 2


def blocks_of(first: int, count: int) -> int:
    """The set of blocks that rows first .. first + count lie in."""
    low, high = first // BLOCK_ROWS, (first + count - 1) // BLOCK_ROWS + 1
    return (1 << high) - (1 << low)


def blocks_of_rows(rows: npt.NDArray[np.intp]) -> int:
    """The set of blocks that some rows lie in."""
    found = 0
    for block in np.flatnonzero(np.bincount(rows // BLOCK_ROWS)).tolist():
        found |= 1 << block
    return found


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


class Viewed(Protocol):
    """Arrays over rows, which programs may have views of."""

    def is_held(self, blocks: int) -> bool: ...


class RowAllocator:
    """First-fit runs of rows; freed runs coalesce with their neighbours of the same kind."""

    def __init__(self, capacity: int, columns: Sequence[Viewed] = ()) -> None:
        self.capacity = capacity
        self.high_water = 0  # rows below it belong to a kind
        self._free: dict[int, list[tuple[int, int]]] = {DYNAMIC: [], STATIC: [], TRANSIENT: []}
        self._columns = columns
        self._waiting: dict[int, list[tuple[int, int, int]]] = {}  # by set of blocks: (first, count, kind)

    def try_alloc(self, count: int, kind: int) -> int | None:
        """Take `count` consecutive rows; returns the first, or None when the capacity does not hold them."""
        first = self._try_take(count, kind)
        if first is None and self._waiting:
            self.reclaim()
            first = self._try_take(count, kind)
        return first if first is not None else self._try_extend(count, kind)

    def _try_take(self, count: int, kind: int) -> int | None:
        runs = self._free[kind]
        for i, (first, size) in enumerate(runs):
            if size >= count:
                if size > count:
                    runs[i] = (first + count, size - count)
                else:
                    del runs[i]
                return first
        return None

    def _try_extend(self, count: int, kind: int) -> int | None:
        blocks = -(-count // BLOCK_ROWS)
        first = self.high_water
        if first + blocks * BLOCK_ROWS > self.capacity:
            return None
        self.high_water = first + blocks * BLOCK_ROWS
        if count < blocks * BLOCK_ROWS:
            self._give(first + count, blocks * BLOCK_ROWS - count, kind)
        return first

    def free(self, first: int, count: int, kind: int) -> None:
        """Give rows back; they wait while a view reaches their blocks. The caller checks that they were taken."""
        blocks = blocks_of(first, count)
        if self._is_held(blocks):
            self._waiting.setdefault(blocks, []).append((first, count, kind))
        else:
            self._give(first, count, kind)

    def reclaim(self) -> None:
        """Give back what waited for views that are gone."""
        for blocks in [blocks for blocks in self._waiting if not self._is_held(blocks)]:
            for run in self._waiting.pop(blocks):
                self._give(*run)

    def _is_held(self, blocks: int) -> bool:
        return any(column.is_held(blocks) for column in self._columns)

    def _give(self, first: int, count: int, kind: int) -> None:
        runs = self._free[kind]
        i = bisect_left(runs, (first, 0))
        if i < len(runs) and runs[i][0] == first + count:
            count += runs.pop(i)[1]
        if i > 0 and runs[i - 1][0] + runs[i - 1][1] == first:
            first, size = runs.pop(i - 1)
            count += size
        insort(runs, (first, count))
        if first + count == self.high_water:
            self._trim()

    def _trim(self) -> None:
        """Blocks at the end that nobody has are of no kind again."""
        while ends := [runs for runs in self._free.values() if runs and sum(runs[-1]) == self.high_water]:
            first, _ = ends[0].pop()
            high_water = -(-first // BLOCK_ROWS) * BLOCK_ROWS
            if high_water > first:
                ends[0].append((first, high_water - first))
            if high_water == self.high_water:
                return
            self.high_water = high_water

    def free_rows(self) -> int:
        """Rows that are not taken, of any kind and beyond the high-water mark; without those that wait."""
        return self.capacity - self.high_water + sum(n for runs in self._free.values() for _, n in runs)
