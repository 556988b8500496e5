"""Tiers of assets in Layer memory: from the camera's distance, with hysteresis; and what to evict when room is wanted.

Owns: numpy columns of assets (handle, bytes, tier, last use) and the two decisions. Does not free or move anything: the
caller frees what `choose` names, and nothing that stays is touched. Limits: assets are told apart by their row.

    distance   0 ................ far_m ................
    tier       near                 |    far              seen: visible, whatever the distance
                            <-- margin -->                far_m is crossed only by more than the margin
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.errors import ConfigError, ShapeError

PINNED, VISIBLE, NEAR, FAR = range(4)
Rows = npt.NDArray[np.int64]
_NONE = 255  # a row without an asset


class Residents:
    """The assets of one budget."""

    def __init__(self, far_m: float, *, margin: float = 0.1) -> None:
        if not (far_m > 0 and 0 <= margin < 1):
            raise ConfigError(f"far_m is {far_m} and margin {margin}; far_m must be above 0, margin from 0 to below 1.")
        self.far_m, self.margin = far_m, margin
        self.handle = np.zeros(0, np.uint32)
        self.size_bytes = np.zeros(0, np.int64)
        self.tier = np.zeros(0, np.uint8)
        self.used_frame = np.zeros(0, np.int64)
        self._free_rows: list[int] = []

    def add(self, handle: int, size_bytes: int, tier: int, frame: int) -> int:
        """Takes an asset in; returns its row."""
        if handle == 0 or size_bytes < 1 or not 0 <= tier <= FAR:
            raise ShapeError(f"Handle {handle} with {size_bytes} bytes in tier {tier}: the handle must not be 0, bytes "
                             f"1 or more, the tier 0 to {FAR}.")
        if not self._free_rows:
            self._grow(max(16, 2 * len(self.handle)))
        row = self._free_rows.pop()
        self.handle[row], self.size_bytes[row], self.tier[row], self.used_frame[row] = handle, size_bytes, tier, frame
        return row

    def remove(self, row: int) -> int:
        """Forgets an asset; returns its handle, which the caller frees."""
        if not 0 <= row < len(self.handle) or self.tier[row] == _NONE:
            raise ShapeError(f"Row {row} holds no asset; it was removed, or never given out.")
        handle = int(self.handle[row])
        self.handle[row], self.size_bytes[row], self.tier[row] = 0, 0, _NONE
        self._free_rows.append(row)
        return handle

    def update(self, distance_m: npt.NDArray[np.float32], seen: npt.NDArray[np.bool_], frame: int) -> Rows:
        """Sets every tier from one distance and one `seen` a row; returns the rows that changed. O(n), vectorised.

        Pinned assets stay pinned. What is seen is visible and used now.
        """
        count = len(self.tier)
        if distance_m.shape != (count,) or seen.shape != (count,):
            raise ShapeError(f"Distances {distance_m.shape} and seen {seen.shape} are not one a row, ({count},).")
        before = self.tier.copy()
        was_far = before == FAR
        limit_m = np.where(was_far, self.far_m * (1 - self.margin), self.far_m * (1 + self.margin))
        wanted = np.where(seen, VISIBLE, np.where(distance_m > limit_m, FAR, NEAR)).astype(np.uint8)
        moves = (before != PINNED) & (before != _NONE)
        self.tier[moves] = wanted[moves]
        self.used_frame[moves & seen] = frame
        return np.flatnonzero(self.tier != before)

    def choose(self, size_bytes: int) -> Rows:
        """Rows to evict so that at least `size_bytes` come free: far before near, least recently used first.

        Never pinned or visible ones. Empty when all that may go is not enough: then nothing should.
        """
        rows = np.flatnonzero((self.tier == NEAR) | (self.tier == FAR))
        order = rows[np.lexsort((rows, self.used_frame[rows], self.tier[rows] != FAR))]
        sums = np.cumsum(self.size_bytes[order])
        enough = int(np.searchsorted(sums, size_bytes)) + 1
        return order[:enough] if size_bytes > 0 and enough <= len(order) else order[:0]

    def _grow(self, count: int) -> None:
        old = len(self.handle)
        for name, fill in (("handle", 0), ("size_bytes", 0), ("tier", _NONE), ("used_frame", 0)):
            column = getattr(self, name)
            grown = np.full(count, fill, column.dtype)
            grown[:old] = column
            setattr(self, name, grown)
        self._free_rows += range(count - 1, old - 1, -1)
