"""Bounding volumes of tiles as rounded oriented boxes: centre, unit axes, half extents, and a rounding radius.

Owns: box, sphere and region (3D Tiles 1.1) to one shape that serves distance and frustum tests alike:
a sphere is a box without extent and its radius as rounding. Everything in float64 world metres.
Limits: a box that a transform has sheared becomes its axis-aligned hull (larger, never smaller).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layerw.base.ports import F64
from layerw.stream import geo

GEO_COLUMNS = 17  # centre 0:3, axes (rows are unit axes) 3:12, half 12:15, rounding 15, geometric error 16
_SAMPLES = 9


class Volume(NamedTuple):
    """A volume as the tileset states it: kind "box" (12 numbers), "sphere" (4) or "region" (6)."""

    kind: str
    values: tuple[float, ...]


class Shape(NamedTuple):
    """A rounded oriented box."""

    center: F64
    axes: F64  # (3, 3), rows
    half: F64
    rounding: float


def largest_scale(matrix: F64) -> float:
    """The factor by which a transform stretches lengths at most along an axis (3D Tiles: of geometric error)."""
    return float(np.sqrt((matrix[:3, :3] ** 2).sum(axis=0).max()))


def shape_of(volume: Volume, transform: F64, place: F64) -> Shape:
    """The world shape of a volume.

    Args:
        volume: as stated.
        transform: 4x4, tile -> world (boxes and spheres).
        place: 4x4, Earth-centred -> world (regions, which a tile's own transform does not move).
    """
    if volume.kind == "region":
        return _region(np.asarray(volume.values, np.float64), place)
    values = np.asarray(volume.values, np.float64)
    center = transform[:3, :3] @ values[:3] + transform[:3, 3]
    if volume.kind == "sphere":
        return Shape(center, np.eye(3), np.zeros(3), float(values[3]) * largest_scale(transform))
    axes, half = fit_axes(values[3:].reshape(3, 3) @ transform[:3, :3].T)
    return Shape(center, axes, half, 0.0)


def fit_axes(half_axes: F64) -> tuple[F64, F64]:
    """Unit axes and half lengths of a box given its three half-axis vectors (rows)."""
    half = np.linalg.norm(half_axes, axis=1)
    order = np.argsort(-half, kind="stable")
    axes = np.zeros((3, 3))
    for index in order:
        axes[index] = half_axes[index] / half[index] if half[index] > 0 else _perpendicular(axes)
    if np.abs(axes @ axes.T - np.eye(3)).max() > 1e-3:  # sheared: take the hull along the world's axes
        return np.eye(3), np.abs(half_axes).sum(axis=0)
    return axes, half


def _perpendicular(axes: F64) -> F64:
    """A unit vector perpendicular to the rows that are not zero."""
    for candidate in np.eye(3)[::-1]:
        rest = candidate - axes.T @ (axes @ candidate)
        length = float(np.linalg.norm(rest))
        if length > 0.5:
            return np.asarray(rest / length)
    rest = np.cross(*axes[np.abs(axes).sum(axis=1) > 0][:2])
    return np.asarray(rest / np.linalg.norm(rest))


def _region(values: F64, place: F64) -> Shape:
    """A box in the east-north-up frame at the region's middle, wide enough for the bulge between samples."""
    west, south, east, north, low, high = values
    if east < west:
        east += 2 * np.pi
    lon, lat, height = np.meshgrid(np.linspace(west, east, _SAMPLES), np.linspace(south, north, _SAMPLES),
                                   np.array([low, high]))
    points = geo.earth_point(lon, lat, height).reshape(-1, 3)
    middle = geo.earth_point(np.array((west + east) / 2), np.array((south + north) / 2), np.array((low + high) / 2))
    frame = geo.east_north_up(middle)
    local = (points - middle) @ frame[:3, :3]
    step = max(east - west, north - south) / (_SAMPLES - 1)
    bulge = (geo.WGS84_A_M + abs(high)) * (1 - np.cos(min(step, np.pi) / 2)) * 2.0
    least, most = local.min(axis=0) - bulge, local.max(axis=0) + bulge
    center = middle + frame[:3, :3] @ ((least + most) / 2)
    axes, half = fit_axes(((frame[:3, :3] * ((most - least) / 2)).T) @ place[:3, :3].T)
    return Shape(place[:3, :3] @ center + place[:3, 3], axes, half, 0.0)


def box_rows(values: F64, transforms: F64) -> F64:
    """Geometry rows (n, GEO_COLUMNS) of many boxes (n, 12), each with its transform (n, 4, 4); errors are left 0."""
    rows = np.zeros((len(values), GEO_COLUMNS))
    linear = transforms[:, :3, :3]
    rows[:, :3] = np.einsum("nij,nj->ni", linear, values[:, :3]) + transforms[:, :3, 3]
    half_axes = np.einsum("nkj,nij->nki", values[:, 3:].reshape(-1, 3, 3), linear)
    half = np.sqrt(np.einsum("nki,nki->nk", half_axes, half_axes))
    axes = half_axes / np.where(half > 0, half, 1.0)[:, :, None]
    off = np.abs(np.einsum("nki,nli->nkl", axes, axes) - np.eye(3)).max(axis=(1, 2), initial=0.0)
    for row in np.flatnonzero((half <= 0).any(axis=1) | (off > 1e-3)).tolist():  # flat, or sheared
        axes[row], half[row] = fit_axes(half_axes[row])
    rows[:, 3:12], rows[:, 12:15] = axes.reshape(-1, 9), half
    return rows


def pack(shape: Shape, geometric_error_m: float) -> F64:
    """One row of the tree's geometry matrix."""
    row = np.empty(GEO_COLUMNS)
    row[0:3], row[3:12], row[12:15] = shape.center, shape.axes.ravel(), shape.half
    row[15], row[16] = shape.rounding, geometric_error_m
    return row
