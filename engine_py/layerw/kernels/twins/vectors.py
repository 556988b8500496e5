"""What twins reckon with (n, 3) and (n, 4) arrays, in the order of the kernels' own operations: equal to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def dot(a: Array, b: Array) -> Array:
    """(n,) of (n, 3) each."""
    found: Array = (a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1]) + a[:, 2] * b[:, 2]
    return found


def cross(a: Array, b: Array) -> Array:
    """(n, 3) of (n, 3) each."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)


def rotated(axis: Array, w: Array, v: Array) -> Array:
    """v (n, 3) turned by quaternions, whose first three numbers are axis (n, 3), and the last w (n,)."""
    t = np.float32(2) * cross(axis, v)
    found: Array = (v + w[:, None] * t) + cross(axis, t)
    return found
