"""Which rows of the table are taken: runs of rows, in 1024-row blocks of one kind each.

Owns: row numbers, generations. Does not know columns. A block holds rows of a single kind, so that the
static rows of a forest never share an upload block with something that moves.
Limits: `capacity` rows, fixed for the table's life, so that array views given to users never go stale.
"""

from __future__ import annotations

from bisect import bisect_left, insort

BLOCK_ROWS = 1024
DYNAMIC, STATIC, TRANSIENT = 0, 1, 2


class RowAllocator:
    """First-fit runs of rows; freed runs coalesce with their neighbours of the same kind."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.high_water = 0  # rows below it belong to a kind
        self._free: dict[int, list[tuple[int, int]]] = {DYNAMIC: [], STATIC: [], TRANSIENT: []}

    def try_alloc(self, count: int, kind: int) -> int | None:
        """Take `count` consecutive rows; returns the first, or None when the capacity does not hold them."""
        runs = self._free[kind]
        for i, (first, size) in enumerate(runs):
            if size >= count:
                del runs[i]
                if size > count:
                    insort(runs, (first + count, size - count))
                return first
        blocks = -(-count // BLOCK_ROWS)
        first = self.high_water
        if first + blocks * BLOCK_ROWS > self.capacity:
            return None
        self.high_water = first + blocks * BLOCK_ROWS
        self.free(first, blocks * BLOCK_ROWS, kind)
        return self.try_alloc(count, kind)

    def free(self, first: int, count: int, kind: int) -> None:
        """Give rows back. The caller checks that they were taken (generations do)."""
        runs = self._free[kind]
        i = bisect_left(runs, (first, 0))
        if i < len(runs) and runs[i][0] == first + count:
            count += runs.pop(i)[1]
        if i > 0 and runs[i - 1][0] + runs[i - 1][1] == first:
            first, size = runs.pop(i - 1)
            count += size
        insort(runs, (first, count))

    def free_rows(self) -> int:
        """Rows that are not taken, of any kind and beyond the high-water mark."""
        return self.capacity - self.high_water + sum(n for runs in self._free.values() for _, n in runs)
