"""Spheres against the view frustum, in numpy. The seam where wasm kernels take over.

Centres come as float32 `axes`, (3, n): a row for each of x, y, z relative to the camera. In wasm a pass over
contiguous floats costs a tenth of one over (n, 3), so what is culled each frame is turned once and then stays so.
Five planes (left, right, bottom, top, near): the projection has no far plane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64

Bools = npt.NDArray[np.bool_]
_MAGNITUDE = np.int32(0x7FFFFFFF)
_PARALLEL = 1e-9


class _Side(NamedTuple):
    """Two mirrored side planes as one: a point is inside of both where along * depth >= |across . point|."""

    across: F32
    along: np.float32


def spheres_in_frustum(centers: F32, radii: F32, planes: F64) -> Bools:
    """As `spheres_seen`, for (n, 3) centres."""
    return spheres_seen(np.ascontiguousarray(centers.T), radii, planes)


def spheres_seen(axes: F32, radii: F32, planes: F64) -> Bools:
    """Which spheres touch the frustum.

    Args:
        axes: (3, n) float32, metres, relative to the camera.
        radii: (n,) float32, >= 0.
        planes: (5, 4) float64, inward unit normals and offsets, relative to the camera.

    Returns:
        (n,) bool; conservative near edges and corners (a sphere outside of them may pass).

    Cost: O(n); about 20 passes over n floats, 30 where the planes do not mirror each other.
    Source: Assarsson and Moeller 2000, basic test.
    """
    if not axes.shape[1]:
        return np.zeros(0, np.bool_)
    sides = _mirrored(planes)
    return _by_planes(axes, radii, planes) if sides is None else _by_sides(axes, radii, planes[4], sides)


def _by_planes(axes: F32, radii: F32, planes: F64) -> Bools:
    # The sign bit of `outside` collects: one comparison for all planes.
    outside = np.zeros(len(radii), np.int32)
    for plane in planes.astype(np.float32):
        distance = plane[:3] @ axes
        distance += plane[3]
        distance += radii
        outside |= distance.view(np.int32)
    return outside >= 0


def _by_sides(axes: F32, radii: F32, near: F64, sides: list[_Side]) -> Bools:
    depth = near[:3].astype(np.float32) @ axes
    inside = depth + np.float32(near[3])
    inside += radii
    outside = inside.view(np.int32)
    for side in sides:
        across = side.across @ axes
        bits = across.view(np.int32)
        bits &= _MAGNITUDE  # np.abs is ten times slower in wasm
        distance = depth * side.along
        distance += radii
        distance -= across
        outside |= distance.view(np.int32)
    return outside >= 0


def _mirrored(planes: F64) -> list[_Side] | None:
    """The side planes as two pairs, or None where they do not mirror each other about the near plane's normal."""
    forward, sides = planes[4, :3], []
    for one, other in ((planes[0], planes[1]), (planes[2], planes[3])):
        middle = (one[:3] + other[:3]) / 2
        along = float(middle @ forward)
        if one[3] or other[3] or np.abs(middle - along * forward).max() > _PARALLEL:
            return None
        sides.append(_Side(((one[:3] - other[:3]) / 2).astype(np.float32), np.float32(along)))
    return sides


def relative_to(points: F32, camera: F64) -> F32:
    """(3, n) axes of (n, 3) float32 points minus a float64 camera, exact to float32: high part, then what it lost."""
    high = camera.astype(np.float32)
    low = (camera - high).astype(np.float32)
    axes = np.empty((3, len(points)), np.float32)
    for axis in range(3):
        np.subtract(points[:, axis], high[axis], out=axes[axis])
        if low[axis]:
            axes[axis] -= low[axis]
    return axes


def squared_length(axes: F32) -> F32:
    """(n,) squared distances of (3, n) axes."""
    total: F32 = axes[0] * axes[0]
    total += axes[1] * axes[1]
    total += axes[2] * axes[2]
    return total


def largest_scale(scale: F32) -> F32:
    """(n,) largest magnitude over the axes of (n, 3) scales."""
    largest = np.maximum(np.abs(scale[:, 0]), np.abs(scale[:, 1]))
    return np.maximum(largest, np.abs(scale[:, 2]), out=largest)
