"""Large textures over several frames: the smallest levels at once, so that they are seen, then level by level, each as
many rows a frame as the upload allowance has room for.

    compressed:  levels of at most TAIL_BYTES | the level above, its rows from above | ... | level 0
    plain:       a small copy (see texture_part) | level 0, its rows; the levels below are made of it at the end

Owns: which rows are next. Does not: decide the allowance (store.py) or hold the bytes (whoever began it).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from layerw.gpu.spec import TEXTURE_BLOCK_BYTES

SPREAD_BYTES_MIN = 1 << 20  # what takes less goes in one
TAIL_BYTES = 64 * 1024


class Part(NamedTuple):
    """As the command texture_part takes it; rows 0: the level and all smaller ones."""

    level: int
    first: int
    rows: int
    size_bytes: int


class Spread:
    """One texture. done: called once all of it was sent."""

    def __init__(self, transfer: int, width: int, height: int, family: int, levels: int,
                 done: Callable[[], None]) -> None:  # fmt: skip
        self.transfer, self.done = transfer, done
        self._sizes = [_level(max(width >> n, 1), max(height >> n, 1), family)
                       for n in range(levels if family else max(width, height).bit_length())]  # fmt: skip
        self._unit = 4 if family else 1  # rows of texels in a row of its bytes
        self.tail = len(self._sizes) - 1
        while self.tail > 0 and sum(a * b for a, b in self._sizes[self.tail - 1 :]) <= TAIL_BYTES:
            self.tail -= 1
        self._level, self._row = (self.tail - 1 if family else 0), 0
        self._height, self._is_first = height, True

    @property
    def first_bytes(self) -> int:
        """Of the smallest levels."""
        return sum(rows * row_bytes for rows, row_bytes in self._sizes[self.tail :])

    @property
    def is_over(self) -> bool:
        return self._level < 0

    def take(self, left_bytes: int) -> Part:
        """What comes next, as much as fits into `left_bytes`, and a row in any case."""
        if self._is_first:
            self._is_first = False
            return Part(self.tail, 0, 0, self.first_bytes)
        level, first = self._level, self._row
        rows, row_bytes = self._sizes[level]
        count = min(max(left_bytes // row_bytes, 1), rows - first)
        self._row += count
        if self._row == rows:
            self._level, self._row = level - 1, 0
        height = max(self._height >> level, 1)
        begin = self._unit * first
        return Part(level, begin, min(self._unit * count, height - begin), count * row_bytes)


def _level(width: int, height: int, family: int) -> tuple[int, int]:
    """Rows of a level as they lie in its bytes, and bytes of one."""
    if family:
        return -(-height // 4), -(-width // 4) * TEXTURE_BLOCK_BYTES[family]
    return height, 4 * width
