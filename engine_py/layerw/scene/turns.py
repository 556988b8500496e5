"""Rotations for those who place things: quaternions of turns about the axes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base import checks, mathx
from layerw.base.errors import ShapeError
from layerw.base.ports import F64

PLAIN = 1e300  # radians; smaller numbers are checked by that alone, as fixed steps turn their things one by one


def turned(x: npt.ArrayLike = 0.0, y: npt.ArrayLike = 0.0, z: npt.ArrayLike = 0.0) -> F64:
    """Quaternions xyzw of things that are turned: `fox.rotation = lw.turned(y=0.5)`, as `fox.rotate(y=0.5)` turns one
    that stands straight.

    Args:
        x, y, z: radians about each axis (yaw y, then pitch x, then roll z); numbers, or arrays for many at once.

    Returns:
        (..., 4) float64 of length 1, for `rotation` of entities, `app.spawn_many` and bodies.

    Raises:
        ShapeError: they are not finite, or their shapes don't go together.
    """
    if all(isinstance(one, (float, int)) and abs(one) < PLAIN for one in (x, y, z)):
        return mathx.quat_from_euler(x, y, z)
    try:
        angles = [np.asarray(one, np.float64) for one in (x, y, z)]
    except checks.NO_NUMBERS:
        raise ShapeError(f"lw.turned got {checks.shown((x, y, z))}; it takes radians, numbers or arrays.") from None
    try:
        np.broadcast_shapes(*(one.shape for one in angles))
    except ValueError:
        raise ShapeError(f"lw.turned got x, y and z of the shapes {', '.join(str(one.shape) for one in angles)}; they "
                         "are numbers or arrays of one shape.") from None  # fmt: skip
    for name, one in zip("xyz", angles, strict=True):
        if not np.isfinite(one).all():
            raise ShapeError(f"lw.turned {name} is {checks.shown(one.tolist())}; it takes finite radians.")
    return mathx.quat_from_euler(*angles)
