"""Tiers of assets in Layer memory: from the camera's distance, with hysteresis; and what to evict when room is wanted.

Owns: numpy columns of assets (bytes, tier, last use) and the two decisions. Does not free or move anything: the caller
frees what `choose` names, and nothing that stays is touched. Limits: assets are told apart by their row.

    distance   0 ................. far .................
    tier       near                 |    far              seen: visible, whatever the distance
                            <-- margin -->                far is crossed only by more than the margin
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.errors import ConfigError, ShapeError

PINNED, VISIBLE, NEAR, FAR = range(4)
FAR_RADII = 4.0  # an unseen asset further away than so many of its own radii is far: a turn of the camera shows others
Rows = npt.NDArray[np.int64]
_NONE = 255  # a row without an asset
_NO_ROWS: Rows = np.zeros(0, np.int64)


class Residents:
    """The assets of one budget.

    Args:
        far: where far begins, in the unit of the distances that `update` is given.
        margin: a share of `far`, 0 to below 1.
    """

    def __init__(self, far: float, *, margin: float = 0.1) -> None:
        if not (far > 0 and 0 <= margin < 1):
            raise ConfigError(f"far is {far} and margin {margin}; far must be above 0, margin from 0 to below 1.")
        self.far, self.margin = far, margin
        self.size_bytes = np.zeros(0, np.int64)
        self.tier = np.zeros(0, np.uint8)
        self.used_frame = np.zeros(0, np.int64)
        self._free_rows: list[int] = []

    def add(self, tier: int, frame: int, size_bytes: int = 0) -> int:
        """Takes an asset in; returns its row. Its bytes may be counted later (`size_bytes[row] += ...`)."""
        if size_bytes < 0 or not 0 <= tier <= FAR:
            raise ShapeError(f"An asset of {size_bytes} bytes in tier {tier}: bytes must be 0 or more, the tier 0 to "
                             f"{FAR}.")
        if not self._free_rows:
            self._grow(max(16, 2 * len(self.tier)))
        row = self._free_rows.pop()
        self.size_bytes[row], self.tier[row], self.used_frame[row] = size_bytes, tier, frame
        return row

    def remove(self, row: int) -> None:
        """Forgets an asset."""
        if not 0 <= row < len(self.tier) or self.tier[row] == _NONE:
            raise ShapeError(f"Row {row} holds no asset; it was removed, or never given out.")
        self.size_bytes[row], self.tier[row] = 0, _NONE
        self._free_rows.append(row)

    def update(self, rows: Rows, distance: npt.NDArray[np.float64], seen: npt.NDArray[np.bool_], frame: int) -> Rows:
        """Sets the tiers of some rows from a distance and a `seen` each; returns those that changed. O(n), vectorised.

        Pinned assets stay pinned. What is seen is visible and used now.
        """
        if distance.shape != rows.shape or seen.shape != rows.shape:
            raise ShapeError(f"Distances {distance.shape} and seen {seen.shape} are not one a row, {rows.shape}.")
        before = self.tier[rows]
        limit = np.where(before == FAR, self.far * (1 - self.margin), self.far * (1 + self.margin))
        wanted = np.where(seen, VISIBLE, np.where(distance > limit, FAR, NEAR)).astype(np.uint8)
        moves = (before != PINNED) & (before != _NONE)
        self.tier[rows[moves]] = wanted[moves]
        self.used_frame[rows[moves & seen]] = frame
        changed: Rows = rows[moves & (wanted != before)]
        return changed

    def choose(self, size_bytes: int, held_bytes: npt.NDArray[np.int64] | None = None) -> Rows:
        """Rows to evict so that at least `size_bytes` come free: far before near, least recently used first.

        Never pinned or visible ones. Empty when all that may go is not enough: then nothing should.

        Args:
            size_bytes: asked for.
            held_bytes: (rows,) what each would give back; by default all of its bytes.
        """
        held = self.size_bytes if held_bytes is None else held_bytes
        rows = self.evictable(held)
        sums = np.cumsum(held[rows])
        enough = int(np.searchsorted(sums, size_bytes)) + 1
        return rows[:enough] if size_bytes > 0 and enough <= len(rows) else _NO_ROWS

    def evictable(self, held_bytes: npt.NDArray[np.int64]) -> Rows:
        """All rows that may go and hold something, in the order in which they should."""
        rows = np.flatnonzero(((self.tier == NEAR) | (self.tier == FAR)) & (held_bytes[:len(self.tier)] > 0))
        order: Rows = rows[np.lexsort((rows, self.used_frame[rows], self.tier[rows] != FAR))]
        return order

    def _grow(self, count: int) -> None:
        old = len(self.tier)
        for name, fill in (("size_bytes", 0), ("tier", _NONE), ("used_frame", 0)):
            column = getattr(self, name)
            grown = np.full(count, fill, column.dtype)
            grown[:old] = column
            setattr(self, name, grown)
        self._free_rows += range(count - 1, old - 1, -1)
