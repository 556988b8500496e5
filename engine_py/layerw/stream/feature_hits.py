"""Which feature of a tile a ray meets, and its row. Does not: load tiles (features.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from layerw.base.names import frozen
from layerw.base.ports import F64, I64, IdTexels, Surface
from layerw.gpu import spec

_PARALLEL = 1e-12
Hit = tuple[float, int, I64, F64]  # distance, the first of its vertices, all of them, what each weighs there


@frozen
class Feature(NamedTuple):
    """What a ray meets in a tile: a house, a tree, a point."""

    id: int  # its row in the tile's table; -1: the tile says of no feature there
    row: dict[str, Any]  # its values by column; empty where there is no table
    tile: str  # the address of its file
    distance: float  # metres from the ray's origin
    point: F64  # (3,) world metres


class Met(NamedTuple):
    """The nearest of a tile."""

    distance: float
    id: int
    columns: Mapping[str, Any]


def nearest(surfaces: list[Surface], start: F64, direction: F64, until: float) -> Met | None:
    """The nearest feature on a ray (direction: unit) in the tile's frame, nearer than `until`."""
    best: Met | None = None
    for surface in surfaces:
        for points, number in _placed(surface, start, direction):
            hit = (_point if surface.is_points else _triangle)(points, surface.corners, start, direction)
            if hit is not None and hit[0] < (until if best is None else best.distance):
                vertex = hit[1]
                feature = number if number >= 0 else -1 if surface.ids is None else int(surface.ids[vertex])
                if surface.id_texels is not None and number < 0:
                    feature = _id_at(surface.id_texels, hit[3] @ surface.id_texels.uvs[hit[2]])
                if surface.ids is None and number < 0 and surface.columns and surface.is_points:
                    feature = vertex  # a batch table without ids: a row a point
                best = Met(hit[0], feature, surface.columns)
    return best


def row_of(columns: Mapping[str, Any], feature: int) -> dict[str, Any]:
    """A row of a table, in plain values where they are such."""
    found = {}
    for name, values in columns.items():
        if 0 <= feature < len(values):
            value = values[feature]
            found[name] = value.item() if isinstance(value, np.generic) else value
    return found


def _placed(surface: Surface, start: F64, direction: F64) -> Iterator[tuple[F64, int]]:
    """The vertices at each place that the ray comes near, with the feature that stands there (-1: vertices say)."""
    points = surface.points
    if surface.matrices is None or surface.instance_ids is None:
        yield points, -1
        return
    low, high = points.min(axis=0), points.max(axis=0)
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
    linear = surface.matrices[:, :3, :3]
    centers = linear @ middle + surface.matrices[:, :3, 3]
    reach = radius * np.linalg.norm(linear, axis=(1, 2))
    away = np.linalg.norm(np.cross(centers - start, direction), axis=1)
    for at in np.flatnonzero(away <= reach).tolist():
        yield points @ linear[at].T + surface.matrices[at, :3, 3], int(surface.instance_ids[at])


def _id_at(texels: IdTexels, uv: F64) -> int:
    """Of the texel there; -1: it says of none."""
    if not np.isfinite(uv).all():
        return -1
    height, width = texels.ids.shape
    clamps = (spec.SAMPLER_CLAMP_S, spec.SAMPLER_CLAMP_T)
    mirrors = (spec.SAMPLER_MIRROR_S, spec.SAMPLER_MIRROR_T)
    places = []
    for value, side, clamp, mirror in zip(uv.tolist(), (width, height), clamps, mirrors, strict=True):
        if texels.sampler & clamp:
            inside = min(max(value, 0.0), 1.0)
        else:
            inside = value % 1.0
            if texels.sampler & mirror and value % 2.0 >= 1.0:
                inside = 1.0 - inside
        places.append(min(int(inside * side), side - 1))
    found = int(texels.ids[places[1], places[0]])
    return -1 if found == texels.null_id else found


def _triangle(points: F64, corners: I64, start: F64, direction: F64) -> Hit | None:
    """The nearest triangle, from either side (Moeller & Trumbore 1997)."""
    a, b, c = (points[corners[at::3]] for at in range(3))
    e1, e2 = b - a, c - a
    p = np.cross(direction, e2)
    det = np.einsum("ij,ij->i", e1, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = start - a
        u = np.einsum("ij,ij->i", s, p) / det
        q = np.cross(s, e1)
        v = q @ direction / det
        t = np.einsum("ij,ij->i", e2, q) / det
        scale = np.einsum("ij,ij->i", e1, e1) + np.einsum("ij,ij->i", e2, e2)
        hit = (np.abs(det) > _PARALLEL * scale) & (u >= 0) & (v >= 0) & (u + v <= 1) & (t >= 0)
    if not hit.any():
        return None
    t[~hit] = np.inf
    at = int(np.argmin(t))
    weights = np.array((1.0 - u[at] - v[at], u[at], v[at]))
    return float(t[at]), int(corners[3 * at]), corners[3 * at : 3 * at + 3], weights


def _point(points: F64, corners: I64, start: F64, direction: F64) -> Hit | None:
    """The nearest point whose spot the ray meets, as large as points of tiles are drawn."""
    if not len(corners):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    sides = np.sort(high - low)
    radius = 0.5 * np.sqrt(2.0 * max(sides[2] * sides[1], 1e-12) / len(corners))
    offset = points[corners] - start
    along = offset @ direction
    away = np.linalg.norm(offset - along[:, None] * direction, axis=1)
    near = np.where((away <= radius) & (along >= 0), along, np.inf)
    at = int(np.argmin(near))
    return None if np.isinf(near[at]) else (float(near[at]), int(corners[at]), corners[at : at + 1], np.ones(1))
