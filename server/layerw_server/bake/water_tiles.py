"""The surfaces of rivers and lakes on a tile: flat pieces and ribbons in a .glb of their own.

Owns: which of them a tile shows, their meshes and their material. Does not: find them (waters.py).
Limits: the shore is where the ground cuts the surface; a ribbon is left out on tiles whose cells are much wider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw_server.bake.fields import Fields
from layerw_server.bake.heightfield import F32
from layerw_server.bake.models.meshes import codes_of, lattice_between
from layerw_server.bake.models.writer import Writer
from layerw_server.bake.quadtree import Node
from layerw_server.bake.tiles import GENERATOR, MESHOPT, container

if TYPE_CHECKING:
    from layerw_server.bake.tilework import World

X, Z, Y, HALF, RIGHT_X, RIGHT_Z, NUMBER = range(7)  # rows of `rivers`: a point, half its width, across, which river
RIBBON_CELLS_MIN = 0.3  # of a tile's cell: what is narrower is left out
COLOUR, ROUGHNESS, CLARITY_M = (0.012, 0.05, 0.055, 0.9), 0.08, 2.5
F64 = npt.NDArray[np.float64]


def of_node(fields: Fields, node: Node, world: World, centre: tuple[float, float]) -> tuple[bytes, F32, F32] | None:
    """A .glb about the tile's own origin and the corners of what it shows in world metres; None without any."""
    parts = [part for part in (_lakes(fields, node, world), _rivers(fields, node, world)) if part is not None]
    if not parts:
        return None
    points = np.concatenate([part[0] for part in parts])
    starts = np.cumsum([0, *(len(part[0]) for part in parts[:-1])])
    faces = np.concatenate([part[1] + start for part, start in zip(parts, starts, strict=True)])
    local = points - (centre[0], 0.0, centre[1])
    return (_glb(local, faces, world.is_packed), points.min(axis=0).astype(np.float32),
            points.max(axis=0).astype(np.float32))


def _lakes(fields: Fields, node: Node, world: World) -> tuple[F64, npt.NDArray[np.int64]] | None:
    """Runs of cells along rows that have a corner under a lake's surface."""
    if fields.lakes is None:
        return None
    top, left, step = node.y * node.size, node.x * node.size, node.stride
    heights = np.asarray(fields.heights[top : top + node.size + 1 : step, left : left + node.size + 1 : step])
    lowest = np.minimum(np.minimum(heights[:-1, :-1], heights[1:, :-1]), np.minimum(heights[:-1, 1:], heights[1:, 1:]))
    ratio = world.cells / (fields.lakes.shape[0] - 1)
    n = lowest.shape[0]
    middle = (np.arange(n) + 0.5) * step
    level = fields.lakes[np.ix_(np.rint((middle + top) / ratio).astype(np.int64),
                                np.rint((middle + left) / ratio).astype(np.int64))]
    level = np.where(lowest < level, level, np.nan)  # not where it is NaN either
    wet = ~np.isnan(level)
    if not wet.any():
        return None
    starts = wet.copy()
    starts[:, 1:] &= ~(wet[:, :-1] & (level[:, 1:] == level[:, :-1]))
    ends = wet.copy()
    ends[:, :-1] &= ~(wet[:, 1:] & (level[:, 1:] == level[:, :-1]))
    row, first = np.nonzero(starts)
    last = np.nonzero(ends)[1] + 1
    west, east = ((left + c * step - world.cells / 2) * world.cell_x_m for c in (first, last))
    north, south = ((top + r * step - world.cells / 2) * world.cell_y_m for r in (row, row + 1))
    y = level[row, first].astype(np.float64)
    corners = np.stack([np.stack([a, y, b], -1) for a, b in ((west, north), (west, south), (east, south),
                                                            (east, north))], axis=1)
    return corners.reshape(-1, 3), _quads(len(y))


def _quads(count: int) -> npt.NDArray[np.int64]:
    faces: npt.NDArray[np.int64] = (4 * np.arange(count)[:, None] + (0, 1, 2, 0, 2, 3)).ravel()
    return faces


def _rivers(fields: Fields, node: Node, world: World) -> tuple[F64, npt.NDArray[np.int64]] | None:
    """A quad for each stretch between two points whose middle lies on the tile; neighbours share the corners."""
    if fields.rivers is None:
        return None
    a, b = fields.rivers[:, :-1], fields.rivers[:, 1:]
    x, z = 0.5 * (a[X] + b[X]), 0.5 * (a[Z] + b[Z])
    west, north = ((at * node.size - world.cells / 2) * cell for at, cell in (
        (node.x, world.cell_x_m), (node.y, world.cell_y_m)))
    wide = 2.0 * np.minimum(a[HALF], b[HALF]) >= RIBBON_CELLS_MIN * node.stride * min(world.cell_x_m, world.cell_y_m)
    here = np.flatnonzero((a[NUMBER] == b[NUMBER]) & wide & (x >= west) & (x < west + node.size * world.cell_x_m)
                          & (z >= north) & (z < north + node.size * world.cell_y_m))
    if not here.size:
        return None
    corners = []
    for point, side in ((here, -1.0), (here, 1.0), (here + 1, 1.0), (here + 1, -1.0)):
        p = fields.rivers[:, point]
        corners.append(np.stack([p[X] + side * p[HALF] * p[RIGHT_X], p[Y], p[Z] + side * p[HALF] * p[RIGHT_Z]], -1))
    return np.stack(corners, axis=1).reshape(-1, 3), _quads(here.size)


def ribbons(lines: list[F64], half_m: list[F64]) -> F64:
    """(7, n) of all rivers: points (x, z, y, ...) with what lies across them, to the right of where they run."""
    made = []
    for number, (line, half) in enumerate(zip(lines, half_m, strict=True)):
        along = np.gradient(line[:, :2], axis=0)
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        made.append(np.stack([line[:, 0], line[:, 1], line[:, 2], half, -along[:, 1], along[:, 0],
                              np.full(len(line), float(number))]))
    return np.concatenate(made, axis=1) if made else np.zeros((7, 0))


def _glb(points: F64, faces: npt.NDArray[np.int64], is_packed: bool) -> bytes:
    writer = Writer(is_packed)
    lattice = lattice_between(points.min(axis=0), points.max(axis=0))
    up = np.tile(np.array([[0, 127, 0]], "i1"), (len(points), 1))
    primitive = {"attributes": {"POSITION": writer.vertices(codes_of(points, lattice), bounds=True),
                                "NORMAL": writer.vertices(up, normalized=True)},
                 "indices": writer.triangles(faces.astype(np.uint32), len(points)), "material": 0}
    names = ["KHR_mesh_quantization", *([MESHOPT] if writer.uses_packing else [])]
    return container({
        "asset": {"version": "2.0", "generator": GENERATOR}, "extensionsUsed": names, "extensionsRequired": names,
        "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": list(lattice.middle), "scale": [lattice.step] * 3}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"name": "water", "alphaMode": "BLEND",
                       "pbrMetallicRoughness": {"baseColorFactor": list(COLOUR), "metallicFactor": 0,
                                                "roughnessFactor": ROUGHNESS},
                       "extras": {"layerw": {"water": {"clarity": CLARITY_M}}}}],
        "accessors": writer.accessors, "bufferViews": writer.views, "buffers": writer.buffers()}, bytes(writer.blob))
