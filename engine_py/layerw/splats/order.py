"""The order of splats: from the farthest to the nearest, renewed where the eye or the cloud has moved.

Owns: the keys (16 bits of distance, by its logarithm), and the order where the GPU makes none: a counting sort in
slices, whose every step is short. What is shown meanwhile is the order before, whole. web/shaders/splats_sort.wgsl does
the same, and kernels/threads/splat_sort.c to the bit. Limits: splats of one cloud are in order, clouds that reach into
each other only as wholes; the order is that of the main view's eye, for all views.
Source: Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", section 8.2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64
from layerw.gpu.spec import NO_SPLAT, SPLATS_EACH

SLICE = 1 << 16  # splats of a step
ALLOWANCE = 2 * SLICE  # that all clouds may work on in a frame; each is counted for its key and for its place
BYTES_EACH = 2 + 4  # key, and its place in the next order
KEY_MAX = 65535
NEAREST = 2.0**-16  # of the farthest distance, that keys tell apart
MOVED = 0.02  # of the distance to the nearest that may be gone before a thread renews the order
_LOWEST = np.float32(1e-12)
_SQRT_HALF_BITS = 0x3F3504F3
_SERIES = np.array([2 / np.log(2) / n for n in (1, 3, 5, 7)], np.float32)  # of log2, by atanh
_BLOCK, _DIGITS = 4096, 256  # of the GPU's sort


def sort_bytes(count: int) -> int:
    """What the GPU takes to sort so many, beside their order (web/backends/webgpu/sorts.js)."""
    return 12 * count + 4 * _DIGITS * (-(-count // _BLOCK) + 1)


def squares_of(position: F32, told: F32) -> F32:
    """Of the distances, in an order of operations that other compilers keep as well."""
    x, y, z = np.ascontiguousarray(position.T)
    squares: F32 = np.zeros(len(position), np.float32)
    for a, b, c, d in told[:12].reshape(3, 4):
        away = x * a + y * b + z * c + d
        squares += np.multiply(away, away, out=away)
    np.fmax(squares, _LOWEST, out=squares)
    return squares


def log2_of(values: F32) -> F32:
    """The same bits everywhere, to 1e-7 of what it should be or of 1: x = m * 2^e, and atanh's series for m around 1.
    values: normal numbers, or infinite (128 or more then)."""
    bits = values.view(np.int32)
    powers = (bits - np.int32(_SQRT_HALF_BITS)) >> np.int32(23)
    m = (bits - (powers << np.int32(23))).view(np.float32)
    one = np.float32(1)
    t = (m - one) / (m + one)
    s = t * t
    logs: F32 = s * _SERIES[3]
    for factor in _SERIES[2:0:-1]:
        logs += factor
        logs *= s
    logs += _SERIES[0]
    logs *= t
    logs += powers.astype(np.float32)
    return logs


class DepthOrder:
    """position: (n, 3), in the cloud's own axes; a view that stays."""

    def __init__(self, position: F32) -> None:
        self.position = position
        # As a thread made it, and as elements of a mesh have it.
        self.elements = np.full(-(-len(position) // SPLATS_EACH) * SPLATS_EACH, NO_SPLAT, np.uint32)
        self.order = self.elements[: len(position)]
        self.order[:] = np.arange(len(position), dtype=np.uint32)
        low, high = position.min(axis=0).astype(np.float64), position.max(axis=0).astype(np.float64)
        self._middle, self._reach = 0.5 * (low + high), 0.5 * float(np.linalg.norm(high - low))
        self._keys: npt.NDArray[np.uint16] | None = None
        self._next = self.order
        self._sorted: tuple[F64, F64] | None = None  # matrix and offset of the last sort
        self._near = 0.0  # metres to the nearest then
        self.sorts = 0

    def forget(self) -> None:
        """The order that was made is gone."""
        self._sorted = None

    def is_stale(self, matrix: F64, offset: F64, *, on_gpu: bool = False) -> bool:
        """Whether it should be renewed. matrix (3, 3), offset (3,): from the cloud's axes to metres from the eye."""
        if self._sorted is None:
            return True
        before, was_at = self._sorted
        if on_gpu:
            return not (np.array_equal(matrix, before) and np.array_equal(offset, was_at))
        moved = float(np.linalg.norm(offset - was_at))
        return not np.allclose(matrix, before, rtol=1e-3, atol=1e-9) or moved > MOVED * self._near

    def told(self, matrix: F64, offset: F64) -> F32:
        """What the GPU sorts by (gpu/spec.py: splats_sort)."""
        self.sorts += 1
        return self.begun(matrix, offset)

    def begun(self, matrix: F64, offset: F64) -> F32:
        """As told, of a sort that counts once `came` is called."""
        self._sorted = matrix.copy(), offset.copy()
        rows = np.concatenate([matrix, offset[:, None]], axis=1).reshape(-1)
        return np.concatenate([rows, self._range(matrix, offset)]).astype(np.float32)

    def came(self, nearest: float) -> None:
        """`order` was written. nearest: the square of the distance to that one."""
        self._near = nearest**0.5
        self.sorts += 1

    def _range(self, matrix: F64, offset: F64) -> tuple[float, float]:
        """log2 of the farthest distance, squared, that there may be; steps of keys an octave of that."""
        middle = float(np.linalg.norm(matrix @ self._middle + offset))
        reach = self._reach * float(np.linalg.norm(matrix, 2))
        far = max(middle + reach, 1e-5)
        near = max(middle - reach, far * NEAREST)
        high, low = 2 * np.log2(far), 2 * np.log2(near)
        return float(high), KEY_MAX / max(float(high - low), 1e-6)

    def renew(self, matrix: F64, offset: F64) -> Iterator[int]:
        """Sorts; yields before each step how many it will work on, and ends with `order` as it should be."""
        told = self.begun(matrix, offset)
        count = len(self.position)
        if self._keys is None:
            self._keys, self._next = np.empty(count, np.uint16), np.empty_like(self.order)
        keys = self._keys
        nearest, places = np.inf, np.zeros(KEY_MAX + 1, np.int64)
        for start in range(0, count, SLICE):
            yield min(SLICE, count - start)
            squares = squares_of(self.position[start : start + SLICE], told)
            nearest = min(nearest, float(squares.min()))
            logs = (told[12] - log2_of(squares)) * told[13]
            some = keys[start : start + SLICE]
            some[:] = np.clip(logs, 0, KEY_MAX, out=logs)
            places += np.bincount(some, minlength=KEY_MAX + 1)
        places = np.cumsum(places) - places  # of the next one with each key
        for start in range(0, count, SLICE):
            yield min(SLICE, count - start)
            self._place(keys[start : start + SLICE], start, places)
        self.order[:] = self._next
        self.came(nearest)

    def _place(self, keys: npt.NDArray[np.uint16], start: int, places: npt.NDArray[np.int64]) -> None:
        """Puts a slice where it belongs; equal keys keep their order."""
        local = np.argsort(keys, kind="stable")
        in_order = keys[local]
        counts = np.bincount(keys, minlength=KEY_MAX + 1)
        before = places - (np.cumsum(counts) - counts)  # what an element's place is farther on than in the slice
        self._next[before[in_order] + np.arange(len(keys))] = local + start
        places += counts
