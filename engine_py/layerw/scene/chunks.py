"""Which of many things a ray may meet, with numpy: chunks of neighbours, and chunks of chunks.

Owns: an order along a space-filling curve and boxes around runs of CHUNK in it. For hosts whose kernels try every item
they are given (kernels/twins): building there takes a sort instead of a tree, a query three short tests.
Limits: a superset of what is met, never less: boxes stand around spheres. float32.
Source: Morton, "A computer oriented geodetic data base and a new technique in file sequencing" (1966).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, U32
from layerw.kernels.twins.rays import intervals, ray_of

CHUNK = 64
BITS = 10  # of the curve on each axis
WORSE = 2.0  # sorted again once the chunks' boxes have this many times the area that they had
Rows = npt.NDArray[np.intp]
_WITHIN = np.arange(CHUNK)


class Chunks:
    """`place(centers, reach)`, then `near(ray)`. `sorted_count`: how often things were brought into order."""

    def __init__(self) -> None:
        self.sorted_count = 0
        self._order: Rows = np.zeros(0, np.intp)
        self._levels: list[tuple[F32, F32]] = []  # low and high of things, of chunks, of chunks of chunks
        self._sorted_size = 0.0

    @property
    def size_bytes(self) -> int:
        """Of its arrays."""
        return self._order.nbytes + sum(low.nbytes + high.nbytes for low, high in self._levels)

    def place(self, centers: F32, reach: F32) -> None:
        """Take (n, 3) places and (n,) radii; one that is not finite is never near."""
        with np.errstate(invalid="ignore", over="ignore"):
            usable = np.isfinite(reach) & np.isfinite(centers).all(axis=1)
        count = int(np.count_nonzero(usable))
        if len(self._order) != count or not usable[self._order].all():
            self._sort(centers, usable)
        self._fit(centers, reach)
        if self._size() > WORSE * self._sorted_size:
            self._sort(centers, usable)
            self._fit(centers, reach)
            self._sorted_size = self._size()

    def near(self, ray: F32) -> Rows:
        """Ascending numbers of what the ray (1, 8) may meet."""
        origin, direction, until = ray[0, 0:3], ray[0, 4:7], ray[0, 7]
        found = ray_of(origin, direction, until)
        if found is None or not len(self._order):
            return self._order[:0]
        with np.errstate(all="ignore"):
            low, high = self._levels[-1]
            places = np.flatnonzero(intervals(found, low, high, found.until)[0])
            for number in range(len(self._levels) - 2, -1, -1):
                low, high = self._levels[number]
                places = (places[:, None] * CHUNK + _WITHIN).reshape(-1)
                places = places[places < len(low)]
                places = places[intervals(found, low[places], high[places], found.until)[0]]
        return np.sort(self._order[places])

    def _sort(self, centers: F32, usable: npt.NDArray[np.bool_]) -> None:
        self._order = np.flatnonzero(usable)
        own = centers[self._order]
        if len(own):
            low = own.min(axis=0)
            scale = ((1 << BITS) - 1) / np.maximum(own.max(axis=0).astype(np.float64) - low, 1e-30)
            x, y, z = ((own - low) * scale.astype(np.float32)).astype(np.uint32).T
            self._order = self._order[np.argsort(_spread(x) | _spread(y) << np.uint32(1) | _spread(z) << np.uint32(2))]
        self.sorted_count += 1
        self._sorted_size = np.inf

    def _fit(self, centers: F32, reach: F32) -> None:
        at, far = centers[self._order], reach[self._order][:, None]
        self._levels = [(at - far, at + far)]
        while len(self._levels[-1][0]) > CHUNK:
            low, high = self._levels[-1]
            begins = np.arange(0, len(low), CHUNK)
            self._levels.append((np.minimum.reduceat(low, begins), np.maximum.reduceat(high, begins)))
        if self._sorted_size == np.inf:
            self._sorted_size = self._size()

    def _size(self) -> float:
        low, high = self._levels[min(1, len(self._levels) - 1)]
        x, y, z = (high.astype(np.float64) - low).T
        return float((x * y + y * z + z * x).sum())


def _spread(bits: U32) -> U32:
    """The lowest BITS bits, each three places apart."""
    for shift, mask in ((16, 0x030000FF), (8, 0x0300F00F), (4, 0x030C30C3), (2, 0x09249249)):
        bits = (bits | bits << np.uint32(shift)) & np.uint32(mask)
    return bits
