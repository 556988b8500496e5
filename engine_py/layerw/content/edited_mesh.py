"""The mesh of a tile whose ground was edited, made of the world's height grid as `layerw bake` makes it of the source.

Owns: vertices and indices: a grid, and a skirt around it that reaches below every polyline that a neighbour of any
level may draw along the same edge. Does not: know what was edited. Limits: grids of 2^n + 1 samples a side,
SAMPLES_MAX at most, so that no neighbour's cell is longer than a tile's side.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F64
from layerw.gpu.packing import SMALL_INDEX_VERTICES_MAX, VERTEX_DTYPE, octahedral
from layerw.stream.ground import Ground
from layerw.stream.keys import TILE_CELLS

SAMPLES_MAX = 2049
LEAF_CELLS_MAX = 128  # along a side; leaves under the sea are large
SKIRT_FACTOR, SKIRT_MARGIN_M = 1.05, 0.5
FLARE = 1 / 8192  # of a tile's side: skirts lean outwards, which closes hairlines
Vertices = npt.NDArray[Any]  # of VERTEX_DTYPE
I64 = npt.NDArray[np.int64]


class TileGrid(NamedTuple):
    """Which samples a tile has: `cells` cells of `stride` samples from (column, row) on."""

    column: int
    row: int
    stride: int
    cells: int

    @property
    def size(self) -> int:
        """Samples from one edge to the other."""
        return self.stride * self.cells


def tile_grid(level: int, x: int, y: int, samples: int, *, is_leaf: bool) -> TileGrid:
    """Of the tile (x from the west, y from the north) of a level, 0 is the root."""
    size = (samples - 1) >> level
    cells = min(size, LEAF_CELLS_MAX if is_leaf else TILE_CELLS)
    return TileGrid(x * size, y * size, size // cells, cells)


@cache
def _ring(cells: int) -> I64:
    """Numbers of the edge's vertices, clockwise seen from above, from the north-west corner."""
    at = np.arange((cells + 1) ** 2).reshape(cells + 1, -1)
    return np.concatenate([at[0, :-1], at[:-1, -1], at[-1, :0:-1], at[:0:-1, 0]])


@cache
def indices_of(cells: int) -> npt.NDArray[np.uint8]:
    """Triangles of the grid and its skirt, as mesh indices' bytes."""
    n = cells + 1
    at = np.arange(n * n).reshape(n, n)
    nw, ne, sw, se = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    ring = _ring(cells)
    low = n * n + np.arange(len(ring))
    after, low_after = np.roll(ring, -1), np.roll(low, -1)
    found = np.concatenate([np.stack([nw, sw, se, nw, se, ne], axis=-1).reshape(-1),
                            np.stack([ring, after, low_after, ring, low_after, low], axis=-1).reshape(-1)])
    assert len(found) % 2 == 0 and n * n + len(ring) <= SMALL_INDEX_VERTICES_MAX
    return found.astype("<u2").view(np.uint8)


def vertices_of(ground: Ground, grid: TileGrid, origin: F64, texels: int) -> Vertices:
    """All vertices, of which `shape` still has to give the heights.

    Args:
        origin: (3,) what positions are relative to, world metres.
        texels: of the tile's texture, whose outermost texel centres lie on its edges.
    """
    n = grid.cells + 1
    found = np.zeros(n * n + len(_ring(grid.cells)), VERTEX_DTYPE)
    at = np.arange(n) * grid.stride
    across = ground.west_m + (grid.column + at) * ground.spacing_x_m - origin[0]
    along = ground.north_m + (grid.row + at) * ground.spacing_z_m - origin[2]
    uv = (0.5 + np.arange(n) / grid.cells * (texels - 1)) / texels
    top = found[: n * n].reshape(n, n)
    top["position"][..., 0], top["position"][..., 2] = across[None, :], along[:, None]
    top["uv"][..., 0], top["uv"][..., 1] = uv[None, :], uv[:, None]
    found["color"] = 255
    skirt = found[n * n :]
    skirt[:] = found[_ring(grid.cells)]
    for axis, places in ((0, across), (2, along)):
        place = skirt["position"][:, axis]
        lean = (places[-1] - places[0]) * FLARE
        skirt["position"][:, axis] += lean * ((place >= np.float32(places[-1])).astype(float)
                                              - (place <= np.float32(places[0])))  # fmt: skip
    return found


def shape(ground: Ground, grid: TileGrid, origin: F64, found: Vertices, rows: slice, columns: slice) -> None:
    """Heights and normals of some of the grid's vertices, from the ground; the whole skirt."""
    n = grid.cells + 1
    z = grid.row + np.arange(n)[rows] * grid.stride
    x = grid.column + np.arange(n)[columns] * grid.stride
    top = found[: n * n].reshape(n, n)[rows, columns]
    top["position"][..., 1] = _heights(ground, z, x) - origin[1]
    normals = _normals(ground, z, x, grid.stride).astype(np.float32)
    top["normal"] = octahedral(normals.reshape(-1, 3)).reshape(*top.shape, 2)
    skirt, ring = found[n * n :], found[_ring(grid.cells)]
    skirt["position"][:, 1] = ring["position"][:, 1] - skirt_m(ground, grid)
    skirt["normal"] = ring["normal"]


def _heights(ground: Ground, z: I64, x: I64) -> F64:
    codes = ground.codes[np.ix_(z, x)].astype(np.float64)
    return ground.offset_m + codes * ground.scale_m


def _normals(ground: Ground, z: I64, x: I64, stride: int) -> F64:
    """(rows, columns, 3), averaged over the ground that each vertex stands for: a difference is the mean slope between
    its ends, here on three lines."""
    reach = max(stride // 2, 1)
    slopes = []
    for axis, spacing in ((1, ground.spacing_x_m), (0, ground.spacing_z_m)):
        last = (ground.rows if axis == 0 else ground.columns) - 1
        other_last = (ground.columns if axis == 0 else ground.rows) - 1
        along, across = (z, x) if axis == 0 else (x, z)
        low, high = np.maximum(along - reach, 0), np.minimum(along + reach, last)
        mean = np.zeros((len(z), len(x)))
        for offset, weight in ((-reach, 0.25), (0, 0.5), (reach, 0.25)) if stride > 1 else ((0, 1.0),):
            line = np.clip(across + offset, 0, other_last)
            ends = [_heights(ground, at, line) if axis == 0 else _heights(ground, line, at) for at in (low, high)]
            mean += weight * (ends[1] - ends[0])
        slopes.append(mean / ((high - low) * spacing)[(slice(None), None) if axis == 0 else (None, slice(None))])
    normal = np.stack([-slopes[0], np.ones_like(slopes[0]), -slopes[1]], axis=-1)
    found: F64 = normal / np.sqrt((normal * normal).sum(axis=-1, keepdims=True))
    return found


def skirt_m(ground: Ground, grid: TileGrid) -> float:
    """How far down a skirt has to reach."""
    gap, size, codes = 0.0, grid.size, ground.codes
    columns, rows = slice(grid.column, grid.column + size + 1), slice(grid.row, grid.row + size + 1)
    for line in (codes[grid.row, columns], codes[grid.row + size, columns], codes[rows, grid.column],
                 codes[rows, grid.column + size]):
        gap = max(gap, _edge_gap(line.astype(np.float64), grid.stride))
    return SKIRT_FACTOR * gap * ground.scale_m + SKIRT_MARGIN_M


def _edge_gap(line: F64, stride: int) -> float:
    """The largest distance to what tiles draw along this line with any stride that divides it."""
    own, gap, other = _polyline(line, stride), 0.0, 1
    while other < len(line):
        gap = max(gap, float(np.abs(own - _polyline(line, other)).max()))
        other *= 2
    return gap


def _polyline(line: F64, stride: int) -> F64:
    if stride == 1:
        return line
    at = np.arange(len(line))
    return np.interp(at, at[::stride], line[::stride])


def error_m(ground: Ground, grid: TileGrid, window: tuple[int, int, int, int]) -> float:
    """How far the tile's triangles lie from the ground at most, among the samples (x0, z0, x1, z1) of a window."""
    s = grid.stride
    x0, z0 = (max((low - first) // s, 0) * s + first for low, first in zip(window[:2], grid[:2], strict=True))
    x1, z1 = (min(-(-(high - first) // s), grid.cells) * s + first
              for high, first in zip(window[2:], grid[:2], strict=True))
    if s == 1 or x1 <= x0 or z1 <= z0:
        return 0.0
    full = ground.codes[z0 : z1 + 1, x0 : x1 + 1].astype(np.float64)
    corners = full[::s, ::s]
    nw, ne, sw, se = corners[:-1, :-1], corners[:-1, 1:], corners[1:, :-1], corners[1:, 1:]
    t = np.arange(s) / s
    tx, tz = t[None, None, None, :], t[None, :, None, None]
    nw, ne, sw, se = (part[:, None, :, None] for part in (nw, ne, sw, se))
    plane = np.where(tx >= tz, nw + tx * (ne - nw) + tz * (se - ne), nw + tz * (sw - nw) + tx * (se - sw))
    inner = full[:-1, :-1].reshape(plane.shape[0], s, plane.shape[2], s)
    return float(np.abs(plane - inner).max()) * ground.scale_m
