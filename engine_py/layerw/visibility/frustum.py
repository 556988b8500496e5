"""Spheres against the view frustum, in numpy. The seam where wasm kernels take over.

Spheres come as float32 columns relative to the camera. Five planes: the projection has no far plane.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64

Bools = npt.NDArray[np.bool_]


def spheres_in_frustum(centers: F32, radii: F32, planes: F64) -> Bools:
    """Which spheres touch the frustum.

    Args:
        centers: (n, 3) float32, metres, relative to the camera.
        radii: (n,) float32, >= 0.
        planes: (5, 4) float64, inward unit normals and offsets, relative to the camera.

    Returns:
        (n,) bool; conservative near edges and corners (a sphere outside of them may pass).

    Cost: O(n); about 30 passes over n floats. Source: Assarsson and Moeller 2000, basic test.
    """
    if not len(centers):
        return np.zeros(0, np.bool_)
    p = planes.astype(np.float32)
    distance = centers @ p[0, :3]
    reach = radii + p[0, 3]
    inside: Bools = distance >= -reach
    for plane in p[1:]:
        np.matmul(centers, plane[:3], out=distance)
        np.add(radii, plane[3], out=reach)
        np.add(distance, reach, out=distance)
        np.logical_and(inside, distance >= 0, out=inside)
    return inside


def relative_to(points: F32, camera: F64) -> F32:
    """(n, 3) float32 points minus a float64 camera, exact to float32: high part first, then what it lost."""
    high = camera.astype(np.float32)
    low = (camera - high).astype(np.float32)
    relative = points - high
    if low.any():
        relative -= low
    return relative


def largest_scale(scale: F32) -> F32:
    """(n,) largest magnitude over the axes of (n, 3) scales."""
    largest = np.maximum(np.abs(scale[:, 0]), np.abs(scale[:, 1]))
    return np.maximum(largest, np.abs(scale[:, 2]), out=largest)
