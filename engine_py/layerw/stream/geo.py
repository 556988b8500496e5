"""Earth and axes: WGS84, the east-north-up frame, and the turn from Z-up tilesets to our Y-up world.

Owns: constants and small matrices in float64. Does not know tiles.
Conventions: 4x4 matrices act on column vectors and are indexed [row, column].
Source: 3D Tiles 1.1 (coordinate system), WGS84 (EPSG 4978); geodetic up = gradient of the ellipsoid.
"""

from __future__ import annotations

import numpy as np

from layerw.base.ports import F64

WGS84_A_M = 6378137.0
WGS84_B_M = 6356752.314245179
FAR_FROM_ORIGIN_M = 100_000.0

WORLD_FROM_TILESET: F64 = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], np.float64)
TILESET_FROM_WORLD: F64 = np.ascontiguousarray(WORLD_FROM_TILESET.T)
Z_UP_FROM_Y_UP: F64 = TILESET_FROM_WORLD  # glTF content: +90 degrees about X
_AXES_M2 = np.array([WGS84_A_M**2, WGS84_A_M**2, WGS84_B_M**2])


def earth_point(longitude: F64, latitude: F64, height_m: F64) -> F64:
    """Earth-centred positions (..., 3) of longitudes and latitudes in radians."""
    cos_lat = np.cos(latitude)
    normal = np.stack([cos_lat * np.cos(longitude), cos_lat * np.sin(longitude), np.sin(latitude)], axis=-1)
    surface = normal * _AXES_M2
    gamma = np.sqrt(np.sum(normal * surface, axis=-1, keepdims=True))
    result: F64 = surface / gamma + normal * np.asarray(height_m)[..., None]
    return result


def east_north_up(earth: F64) -> F64:
    """The 4x4 frame at an Earth-centred point (Z-up axes): columns east, north, up, origin."""
    point = np.asarray(earth, np.float64)
    up = point / _AXES_M2
    up = up / np.linalg.norm(up)
    east = np.array([-up[1], up[0], 0.0])
    length = float(np.linalg.norm(east))
    east = east / length if length > 1e-12 else np.array([0.0, 1.0, 0.0])
    frame = np.eye(4)
    frame[:3, 0], frame[:3, 1], frame[:3, 2], frame[:3, 3] = east, np.cross(up, east), up, point
    return frame


def local_frame(world_point: F64) -> F64:
    """The 4x4 frame of a person at a point of a world that is as is geocentric: columns east, up, south, origin.

    In it a camera can use our usual axes: +X east, +Y up, -Z north.
    """
    frame = WORLD_FROM_TILESET @ east_north_up(TILESET_FROM_WORLD[:3, :3] @ np.asarray(world_point, np.float64))
    result: F64 = frame @ TILESET_FROM_WORLD
    return result


def rigid_inverse(matrix: F64) -> F64:
    """Inverse of a rotation and translation, without the loss of a general inverse."""
    out = np.eye(4)
    out[:3, :3] = matrix[:3, :3].T
    out[:3, 3] = -(matrix[:3, :3].T @ matrix[:3, 3])
    return out
