"""The order of splats: from the farthest to the nearest, renewed where the eye has moved far enough.

Owns: the keys (16 bits of distance, by its logarithm) and the order. Keys, and rows put in order, are made in slices;
the sort between them (kernels/geometry/sort.h) is one step, for which a large cloud has a frame to itself. What is
shown meanwhile is the order before, whole.
Limits: the frame with the sort waits for it (1,048,576: about 0.1 s natively); splats of one App.splats are in order,
clouds that reach into each other only as wholes; the order is that of the main view's eye, for all views.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerw.base.ports import F32, F64
from layerw.kernels.geometry import GEOMETRY

SLICE = 1 << 17  # splats of a step
ALLOWANCE = 3 * SLICE  # that all clouds may work on in a frame; each is counted for its key, its sort and its row
BYTES_EACH = 3 * 4  # keys, and the scratch of them and of the order
KEY_MAX = 65535
MOVED = 0.02  # of the distance to the nearest that may be gone before the order is renewed
_LOWEST = 1e-12


class DepthOrder:
    """position: (n, 3), in the cloud's own axes; a view that stays."""

    def __init__(self, position: F32) -> None:
        self._position = position
        count = len(position)
        self.order = np.arange(count, dtype=np.uint32)
        self._keys = np.empty(count, np.uint32)
        self._spare, self._spare_keys = np.empty_like(self.order), np.empty_like(self._keys)
        self._sorted: tuple[F64, F64] | None = None  # matrix and offset of the last sort
        self._near = 0.0  # metres to the nearest then
        self.sorts = 0

    def is_stale(self, matrix: F64, offset: F64) -> bool:
        """Whether it should be renewed. matrix (3, 3), offset (3,): from the cloud's axes to metres from the eye."""
        if self._sorted is None:
            return True
        before, was_at = self._sorted
        moved = float(np.linalg.norm(offset - was_at))
        return not np.allclose(matrix, before, rtol=1e-3, atol=1e-9) or moved > MOVED * self._near

    def renew(self, matrix: F64, offset: F64) -> Iterator[int]:
        """Sorts; yields before each step how many it will work on, and ends with `order` as it should be."""
        self._sorted = matrix.copy(), offset.copy()
        count = len(self._position)
        logs = self._spare.view(np.float32)
        turn, shift = matrix.T.astype(np.float32), offset.astype(np.float32)
        for start in range(0, count, SLICE):
            yield min(SLICE, count - start)
            some = self._position[start : start + SLICE] @ turn + shift
            logs[start : start + SLICE] = np.log2(np.maximum((some * some).sum(axis=1), _LOWEST))
        yield count
        low, high = float(logs.min()), float(logs.max())
        self._near = 2.0 ** (0.5 * low)
        np.multiply(np.subtract(high, logs, out=logs), KEY_MAX / max(high - low, 1e-9), out=logs)
        np.minimum(logs, KEY_MAX, out=self._keys, casting="unsafe")
        self.order[:] = np.arange(count, dtype=np.uint32)
        GEOMETRY.lw_sort_u32(self._keys, self.order, self._spare_keys, self._spare, count)
        self.sorts += 1
