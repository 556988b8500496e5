"""Rays as programs give them, checked: for everything that is asked where a ray meets it.

Owns: the check and its words. Does not intersect anything.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.base.ports import F64


class CheckedRay(NamedTuple):
    """origin: (3,) world metres; direction: (3,), of length 1; reach_m: how far it goes, may be infinite."""

    origin: F64
    direction: F64
    reach_m: float

    def at(self, distance_m: float) -> F64:
        """The point at a distance, world metres."""
        point: F64 = self.origin + distance_m * self.direction
        return point

    def row(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """(1, 8): as the kernels take it (geometry/bvh.h)."""
        return np.array([[*self.origin, 0.0, *self.direction, self.reach_m]], dtype)


def checked_ray(origin: npt.ArrayLike, direction: npt.ArrayLike, max_distance: float) -> CheckedRay:
    """The ray with a direction of length 1.

    Raises:
        ShapeError: not 3 finite numbers each, a direction of length 0, or a max_distance that is negative or NaN.
    """
    start, towards = (_vector(name, value) for name, value in (("origin", origin), ("direction", direction)))
    largest = float(np.abs(towards).max())
    if largest == 0:
        raise ShapeError("A ray's direction is (0, 0, 0); give it the way to look along, say target - origin.")
    reach_m = _reach(max_distance)
    if not reach_m >= 0:
        raise ShapeError(f"A ray's max_distance is {checks.shown(max_distance)}; it takes metres, 0 or more.")
    towards = towards / largest  # its square neither overflows nor vanishes
    return CheckedRay(start, towards / np.sqrt((towards**2).sum()), reach_m)


def _reach(value: object) -> float:
    """NaN of what is no number; what is too large for a float reaches everything."""
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, int | float | np.integer | np.floating):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else math.nan


def _vector(name: str, value: npt.ArrayLike) -> F64:
    try:
        found = np.array(value, np.float64)
    except checks.NO_NUMBERS:
        found = np.zeros(0)
    if found.shape != (3,) or not np.isfinite(found).all():
        raise ShapeError(f"A ray's {name} is {checks.shown(value)}; it takes 3 finite numbers (x, y, z).")
    return found
