"""What a frame looks from, as the culling kernels read it.

Owns: the layout of a view (engine_py/kernels/geometry/cull.h). Five planes (left, right, bottom, top, near): the
projection has no far plane. The camera is float64 in two float32 parts, so that what is relative to it is exact.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layerw.base.ports import F32, F64

VIEW_FLOATS = 28
BY_PLANES = -1.0  # as a reach


class FixedBox(NamedTuple):
    """A part of space, and from where it is culled and its levels of detail are chosen, wherever the camera is.

    eye: (3,) float64, metres from the scene's origin; planes: (5, 4) float64, relative to it.
    """

    eye: F64
    planes: F64

    def planes_from(self, camera: F64) -> F64:
        """The same planes, relative to a camera."""
        moved = self.planes.copy()
        moved[:, 3] += self.planes[:, :3] @ (camera - self.eye)
        return moved


def new_view() -> F32:
    """A view for `write_view`."""
    return np.zeros(VIEW_FLOATS, np.float32)


def write_view(view: F32, camera: F64, planes: F64, reach_m: float = BY_PLANES) -> None:
    """Fills a view.

    Args:
        camera: (3,) float64, metres from the origin of what is culled.
        planes: (5, 4) float64, inward unit normals and offsets, relative to the camera.
        reach_m: >= 0: all that is nearer than this is seen, whatever the planes say.
    """
    high = view[0:3]
    high[:] = camera
    view[4:7] = camera - high
    view[3] = reach_m
    view[8:28] = planes.ravel()


def squared_length(points: F32) -> F32:
    """(n,) squared lengths of (n, 3) vectors, added in the order of the axes: the same bits on every machine."""
    x, y, z = points.T
    total: F32 = (x * x + y * y) + z * z
    return total
