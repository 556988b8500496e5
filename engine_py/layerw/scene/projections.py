"""How a camera's space becomes a picture: perspective, orthographic, both also off-centre.

Owns: the settings, checked, and the 4x4 matrices. Depth is reversed: 1 at the near plane; a perspective has no far
plane.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.names import frozen
from layerw.base.ports import F64

FOV_Y_MAX = math.nextafter(math.pi, 0)
SHIFT_MAX = 100.0


@frozen
class Perspective:
    """What an eye sees.

    Args:
        fov_y: vertical field of view, radians, between 0 and pi.
        shift: (2,) how far the picture's middle lies beside the line of sight, in halves of its width and height, to
            the right and up: for tiled pictures, mirrors and walls of screens.
    """

    __slots__ = ("fov_y", "shift")

    def __init__(self, *, fov_y: float = math.radians(60), shift: npt.ArrayLike = (0.0, 0.0)) -> None:
        self.fov_y = checks.number("Perspective fov_y", fov_y, 0, FOV_Y_MAX, above=True)
        self.shift = _checked_shift("Perspective shift", shift)

    def halves(self, width: int, height: int) -> tuple[float, float]:
        """Half the width and height, metres, of a picture of so many pixels, one metre away."""
        tan_y = math.tan(self.fov_y / 2)
        return tan_y * width / height, tan_y

    def matrix(self, width: int, height: int, near: float) -> F64:
        """(4, 4) [row, column], of points to the right, up and behind."""
        half_x, half_y = self.halves(width, height)
        projection = np.zeros((4, 4))
        projection[0, 0], projection[1, 1] = 1 / half_x, 1 / half_y
        projection[0, 2], projection[1, 2] = self.shift
        projection[2, 3], projection[3, 2] = near, -1
        return projection


@frozen
class Orthographic:
    """Parallel: what is far is as large as what is near.

    Args:
        height: metres that the picture shows from its lower to its upper edge, > 0.
        far: metres from the camera to where it ends, > 0.
        shift: as for Perspective.
    """

    __slots__ = ("far", "height", "shift")

    def __init__(self, *, height: float, far: float = 10_000.0, shift: npt.ArrayLike = (0.0, 0.0)) -> None:
        self.height = checks.number("Orthographic height", height, 0, above=True)
        self.far = checks.number("Orthographic far", far, 0, above=True)
        self.shift = _checked_shift("Orthographic shift", shift)

    def halves(self, width: int, height: int) -> tuple[float, float]:
        """Half the width and height of the picture, metres."""
        return self.height / 2 * width / height, self.height / 2

    def matrix(self, width: int, height: int, near: float) -> F64:
        """As Perspective.matrix."""
        half_x, half_y = self.halves(width, height)
        far = max(self.far, near * 2)
        projection = np.zeros((4, 4))
        projection[0, 0], projection[1, 1], projection[3, 3] = 1 / half_x, 1 / half_y, 1
        projection[0, 3], projection[1, 3] = (-part for part in self.shift)
        projection[2, 2], projection[2, 3] = 1 / (far - near), far / (far - near)
        return projection


Projection = Perspective | Orthographic


class Lens(NamedTuple):
    """What follows from a projection and a picture's size alone, in a camera's own axes: right, up, behind."""

    matrix: F64
    inverse: F64
    planes: F64  # (5, 4): inward unit normal, offset; left, right, bottom, top, near


@lru_cache(64)
def lens(projection: Projection, halves: tuple[float, float], size: tuple[int, int], near: float) -> Lens:
    """Kept while a camera only moves and turns.

    Source: Gribb and Hartmann, "Fast Extraction of Viewing Frustum Planes" (2001).
    """
    matrix = projection.matrix(*size, near)
    planes = np.zeros((5, 4))
    planes[:4] = [matrix[3] + matrix[0], matrix[3] - matrix[0], matrix[3] + matrix[1], matrix[3] - matrix[1]]
    planes[:4] /= np.linalg.norm(planes[:4, :3], axis=1)[:, None]
    planes[4] = 0, 0, -1, -near
    return Lens(matrix, np.asarray(np.linalg.inv(matrix), np.float64), planes)


def _checked_shift(name: str, value: npt.ArrayLike) -> tuple[float, float]:
    x, y = checks.vector(name, value, 2).tolist()
    return checks.number(name, x, -SHIFT_MAX, SHIFT_MAX), checks.number(name, y, -SHIFT_MAX, SHIFT_MAX)
