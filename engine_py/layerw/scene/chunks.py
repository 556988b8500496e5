"""Where many entities are, with numpy: chunks of neighbours, and chunks of chunks.

Owns: an order along a space-filling curve and boxes around runs of CHUNK in it. For hosts whose kernels try every item
they are given (kernels/twins): building there takes a sort instead of a tree, a query three short tests.
Limits: a superset of what is met, never less: boxes stand around spheres. float32.
Source: Morton, "A computer oriented geodetic data base and a new technique in file sequencing" (1966).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.ports import F32
from layerw.kernels.twins.bvh_curve import spread
from layerw.kernels.twins.rays import FAR_FACTOR, Ray, intervals, ray_of

CHUNK = 64
CELLS = 1024  # of the curve on each axis
SAMPLES = 4096  # of places, to see where most are
WORSE = 2.0  # sorted again once the chunks' boxes have this many times the area that they had
Rows = npt.NDArray[np.intp]
_WITHIN = np.arange(CHUNK)


class Chunks:
    """`place` all, `move` some, then `near(ray)`. `sorted_count`: how often things were brought into order."""

    def __init__(self) -> None:
        self.sorted_count = 0
        self._order: Rows = np.zeros(0, np.intp)
        self._at: F32 = np.zeros((3, 0), np.float32)  # in this order, padded to whole chunks
        self._far: F32 = np.zeros(0, np.float32)
        self._place: Rows = np.zeros(0, np.intp)  # of each thing in the order, -1 for none
        self._levels: list[tuple[F32, F32]] = []  # (3, n) low and high of chunks, of chunks of chunks, ...
        self._sorted_size = 0.0

    @property
    def size_bytes(self) -> int:
        """Of its arrays."""
        own = sum(array.nbytes for array in (self._order, self._at, self._far, self._place))
        return own + sum(low.nbytes + high.nbytes for low, high in self._levels)

    def place(self, centers: F32, reach: F32) -> None:
        """Take (n, 3) places and (n,) radii; one that is not finite is never near."""
        usable = _usable(centers, reach)
        if len(self._place) != len(reach) or not np.array_equal(self._place >= 0, usable):
            self._sort(centers, reach, usable)
            return
        self._fill(centers, reach)
        if self._size() > WORSE * self._sorted_size:
            self._sort(centers, reach, usable)

    def move(self, which: Rows, centers: F32, reach: F32) -> bool:
        """Take the places of some again; False where they can't stay in their order: `place` all."""
        place = self._place[which]
        if not np.array_equal(place >= 0, _usable(centers, reach)):
            return False
        place, centers, reach = place[place >= 0], centers[place >= 0], reach[place >= 0]
        if len(place):
            self._at[:, place], self._far[place] = centers.T, reach
            chunks = distinct(place // CHUNK)
            inside = (chunks[:, None] * CHUNK + _WITHIN).reshape(-1)
            low, high = self._levels[0]
            at, far = self._at[:, inside].reshape(3, -1, CHUNK), self._far[inside].reshape(-1, CHUNK)
            low[:, chunks], high[:, chunks] = (at - far).min(axis=2), (at + far).max(axis=2)
            self._levels[1:] = _above(low, high)
        return self._size() <= WORSE * self._sorted_size

    def near(self, ray: F32) -> Rows:
        """Ascending numbers of what the ray (1, 8) may meet."""
        found = ray_of(ray[0, 0:3], ray[0, 4:7], ray[0, 7])
        if found is None or not len(self._order):
            return self._order[:0]
        with np.errstate(all="ignore"):
            low, high = self._levels[-1]
            places = np.flatnonzero(_passed(found, low, high))
            for low, high in self._levels[-2::-1]:
                places = (places[:, None] * CHUNK + _WITHIN).reshape(-1)
                places = places[places < low.shape[1]]
                places = places[_passed(found, low[:, places], high[:, places])]
            places = (places[:, None] * CHUNK + _WITHIN).reshape(-1)
            places = places[places < len(self._order)]
            at, far = self._at[:, places], self._far[places]
            places = places[_passed(found, at - far, at + far)]
        return np.sort(self._order[places])

    def _sort(self, centers: F32, reach: F32, usable: npt.NDArray[np.bool_]) -> None:
        self._order = np.flatnonzero(usable)
        own = centers if usable.all() else centers[self._order]
        if len(own):
            self._order = self._order[np.argsort(_along_curve(own))]
        self._place = np.full(len(reach), -1, np.intp)
        self._place[self._order] = np.arange(len(self._order))
        self.sorted_count += 1
        self._fill(centers, reach)
        self._sorted_size = self._size()

    def _fill(self, centers: F32, reach: F32) -> None:
        count = len(self._order)
        room = -(-count // CHUNK) * CHUNK
        self._at, self._far = np.empty((3, room), np.float32), np.empty(room, np.float32)
        for axis in range(3):
            self._at[axis, :count] = centers[:, axis][self._order]
        self._far[:count] = reach[self._order]
        self._at[:, count:], self._far[count:] = self._at[:, count - 1 : count], self._far[count - 1 : count]
        low, high = (self._at - self._far).reshape(3, -1, CHUNK), (self._at + self._far).reshape(3, -1, CHUNK)
        first = low.min(axis=2), high.max(axis=2)
        self._levels = [first, *_above(*first)]

    def _size(self) -> float:
        low, high = self._levels[0]
        x, y, z = high.astype(np.float64) - low
        return float((x * y + y * z + z * x).sum())


def _usable(centers: F32, reach: F32) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = np.isfinite(reach)
    for axis in range(3):
        found &= np.isfinite(centers[:, axis])
    return found


def _passed(ray: Ray, low: F32, high: F32) -> npt.NDArray[np.bool_]:
    """Which of the boxes (3, n) the ray may pass: as `intervals`, whose arithmetic it has, in fewer steps."""
    origin, inverse = ray.origin[:, None], np.float32(1) / ray.direction[:, None]
    if not np.isfinite(inverse).all():
        return intervals(ray, low.T, high.T, ray.until)[0]
    one, other = (low - origin) * inverse, (high - origin) * inverse
    near = np.minimum(one, other).max(axis=0)
    far = np.maximum(one, other, out=one).min(axis=0) * FAR_FACTOR
    found: npt.NDArray[np.bool_] = (near <= far) & (far >= 0) & (near <= ray.until)
    return found


def _along_curve(centers: F32) -> npt.NDArray[np.uint32]:
    """Numbers along the curve, in a cube around most of the centres: what is far from the others makes no cell wide."""
    some = np.sort(centers[:: max(len(centers) // SAMPLES, 1)], axis=0).astype(np.float64)
    low, high = some[len(some) // 32], some[len(some) - 1 - len(some) // 32]
    widest = max(float((high - low).max()), 1e-30)
    found = np.zeros(len(centers), np.uint32)
    with np.errstate(over="ignore"):
        for axis in range(3):
            middle, scale = np.float32((low[axis] + high[axis]) / 2), np.float32(CELLS / (1.5 * widest))
            cell = (centers[:, axis] - middle) * scale + np.float32(CELLS / 2)
            found |= spread(np.clip(cell, 0, CELLS - 1).astype(np.uint32)) << np.uint32(axis)
    return found


def _above(low: F32, high: F32) -> list[tuple[F32, F32]]:
    """The boxes around runs of boxes, up to few. The last run may be short."""
    levels = []
    while low.shape[1] > CHUNK:
        room = -low.shape[1] % CHUNK
        low = np.pad(low, ((0, 0), (0, room)), constant_values=np.inf).reshape(3, -1, CHUNK).min(axis=2)
        high = np.pad(high, ((0, 0), (0, room)), constant_values=-np.inf).reshape(3, -1, CHUNK).max(axis=2)
        levels.append((low, high))
    return levels
