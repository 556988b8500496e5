"""The quadtree: which tiles there are, how coarse each is, and by how much it is wrong.

Owns: tile addresses, grid strides, measured errors, skirt depths, the quantisation steps.
Does not: write files.
Limits: x counts from the west, y from the NORTH; level 0 is the root (coarsest).

A tile of level l covers `cells >> l` cells of the full grid with every `stride`-th sample, so tiles of one
level share their edge vertices exactly. Every cell is split along the diagonal from its north-west to its
south-east corner. Because strides are powers of two, each coarse triangle is a union of fine ones, and the
largest vertical difference lies at a grid corner: the errors measured here are exact, not estimates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from layerw_server.bake.heightfield import F32, TILE_CELLS, HeightField

SEA_LEAF_DEPTH_M = 5.0  # a tile wholly deeper than this may end early...
SEA_LEAF_ERROR = 0.09  # ...where it is this close to the full grid, a share of its depth (the sea hides the rest)
SEA_LEAF_ERROR_M_MAX = 1.5
SEA_DIM_DEPTH_M = 22.0  # deeper than this nobody sees detail: small textures
SHORT_STRIDE = 8
SKIRT_FACTOR, SKIRT_MARGIN_M = 1.05, 0.25


@dataclass(slots=True)
class Node:
    """One tile: address, size in full-grid cells, grid stride, and what was measured."""

    level: int
    x: int
    y: int
    size: int
    stride: int
    error_m: float
    skirt_m: float
    depth_m: float = 0.0  # of the tile's highest point under the sea; 0 where it rises above or there is no sea
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The readable part of the tile's file name."""
        return f"{self.level}-{self.x}-{self.y}"

    def walk(self) -> list[Node]:
        """This node and everything below it, parents first."""
        found = [self]
        for child in self.children:
            found.extend(child.walk())
        return found


@dataclass(frozen=True)
class Plan:
    """All tiles of a world and the quantisation step (metres, a power of two) of each level."""

    root: Node
    steps_m: tuple[float, ...]


def quantisation_steps(field_: HeightField) -> tuple[float, ...]:
    """The step of each level in metres: a power of two that 65,000 of span the level's tallest or widest tile."""
    lowest, highest = _relief(field_.heights, TILE_CELLS)
    steps = []
    for level in range(field_.levels):
        size = field_.cells >> level
        relief = float((_merged(highest, size, np.maximum) - _merged(lowest, size, np.minimum)).max())
        side = max(size * field_.cell_x_m, size * field_.cell_y_m)
        steps.append(2.0 ** math.ceil(math.log2(max(side, 2.0 * relief + 1.0) / 65_000)))
    for level in range(field_.levels - 2, -1, -1):
        steps[level] = max(steps[level], steps[level + 1])
    return tuple(steps)


def _relief(heights: F32, size: int) -> tuple[F32, F32]:
    """Lowest and highest height of each square of `size` cells, borders included."""
    bands = [heights[y : y + size + 1] for y in range(0, heights.shape[0] - 1, size)]
    return (np.array([_folded(b, size, np.minimum) for b in bands]),
            np.array([_folded(b, size, np.maximum) for b in bands]))


def _folded(band: F32, size: int, fold: np.ufunc) -> F32:
    """One number for each square of a band of rows: `fold` over its corners, its right border included."""
    line = fold.reduce(band, axis=0)
    blocks = fold.reduce(line[:-1].reshape(-1, size), axis=1)
    out: F32 = fold(blocks, line[size::size])
    return out


def _merged(blocks: F32, size: int, fold: np.ufunc) -> F32:
    """The same for squares of `size` cells, from those of TILE_CELLS."""
    k = size // TILE_CELLS
    n = blocks.shape[0] // k
    out: F32 = fold.reduce(blocks.reshape(n, k, n, k), axis=(1, 3))
    return out


def surface_errors(heights: F32, stride: int, step_m: float) -> F32:
    """The largest |coarse - full| in each square of TILE_CELLS cells, for the triangles of one stride."""
    size = max(stride, TILE_CELLS)
    rows = []
    for y in range(0, heights.shape[0] - 1, size):
        error = surface_error(heights[y : y + size + 1], stride, step_m)
        rows += [_folded(error[top : top + TILE_CELLS + 1], TILE_CELLS, np.maximum)
                 for top in range(0, size, TILE_CELLS)]
    return np.array(rows)


def surface_error(heights: F32, stride: int, step_m: float) -> F32:
    """|coarse - full| at every corner of a band of the full grid, for the triangles of one stride."""
    if stride == 1:
        return np.zeros_like(heights)
    step = np.float32(step_m)
    coarse = np.rint(heights[::stride, ::stride] / step) * step
    padded = np.pad(coarse, ((0, 1), (0, 1)), mode="edge")
    corners = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    out = np.empty_like(heights)
    for fy in range(stride):
        rows = out[fy::stride]
        _planes([c[: rows.shape[0]] for c in corners], fy, stride, rows)
    out -= heights
    return np.abs(out, out=out)


def _planes(corners: list[F32], fy: int, stride: int, rows: F32) -> None:
    """Heights of the coarse triangles along rows that lie `fy` corners below their upper edges."""
    a, b, d, e = corners
    ty = np.float32(fy / stride)
    if stride <= SHORT_STRIDE:  # long runs for numpy's inner loop, whichever axis has them
        for fx in range(stride):
            tx = np.float32(fx / stride)
            plane = a + tx * (b - a) + ty * (e - b) if fx >= fy else a + ty * (d - a) + tx * (e - d)
            columns = rows[:, fx::stride]
            columns[:] = plane[:, : columns.shape[1]]
        return
    tx_all = (np.arange(stride) / stride).astype(np.float32)
    plane = np.empty((*a.shape, stride), np.float32)
    plane[..., fy:] = a[..., None] + tx_all[fy:] * (b - a)[..., None] + (ty * (e - b))[..., None]
    plane[..., :fy] = (a + ty * (d - a))[..., None] + tx_all[:fy] * (e - d)[..., None]
    rows[:] = plane.reshape(a.shape[0], -1)[:, : rows.shape[1]]


def make_plan(
    field_: HeightField, steps_m: tuple[float, ...],
    progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Plan:
    """Measure errors and decide the tiles of a (snapped) height field."""
    heights = field_.heights
    strides = [(field_.cells >> level) // TILE_CELLS for level in range(field_.levels)]
    errors = {}
    for level, stride in enumerate(strides):
        progress("measure", level, field_.levels)
        errors[stride] = surface_errors(heights, stride, steps_m[level])
    highest = _relief(heights, TILE_CELLS)[1]
    root = _Maker(field_, steps_m, strides, errors, highest).node(0, 0, 0)
    progress("measure", field_.levels, field_.levels)
    return Plan(root, steps_m)


class _Maker:
    def __init__(
        self, field_: HeightField, steps_m: tuple[float, ...], strides: list[int], errors: dict[int, F32],
        highest: F32,
    ) -> None:
        self.field, self.steps_m, self.strides, self.errors, self.highest = field_, steps_m, strides, errors, highest

    def node(self, level: int, x: int, y: int) -> Node:
        size = self.field.cells >> level
        k = size // TILE_CELLS
        window = np.s_[y * k : (y + 1) * k, x * k : (x + 1) * k]
        highest = float(self.highest[window].max())
        sea = self.field.sea_level_m
        depth = max(0.0, sea - highest) if sea is not None else 0.0
        stride = self.strides[level]
        error = float(self.errors[stride][window].max())
        leaf = level == self.field.levels - 1
        allowed = min(SEA_LEAF_ERROR * depth, SEA_LEAF_ERROR_M_MAX)
        if depth > SEA_LEAF_DEPTH_M and level > 0 and error < allowed:
            leaf = True
            stride, error = self._coarsest(window, size, stride, error, allowed)
        node = Node(level, x, y, size, stride, error, 0.0, depth)
        if not leaf:
            node.children = [self.node(level + 1, 2 * x + i, 2 * y + j) for j in (0, 1) for i in (0, 1)]
            node.error_m = max([error, *(1.001 * c.error_m for c in node.children)])
        node.skirt_m = SKIRT_FACTOR * self._largest_gap(node) + SKIRT_MARGIN_M + self.steps_m[0]
        return node

    def _coarsest(
        self, window: tuple[slice, slice], size: int, stride: int, error: float, allowed: float,
    ) -> tuple[int, float]:
        for wider in sorted(self.strides):
            if stride < wider <= size // 4:
                wider_error = float(self.errors[wider][window].max())
                if wider_error < allowed:
                    stride, error = wider, wider_error
        return stride, error

    def _largest_gap(self, node: Node) -> float:
        """The largest vertical distance to any polyline that a neighbour may draw along the same edge."""
        size, heights = node.size, self.field.heights
        last = self.field.cells
        gap = 0.0
        for line, at, start in (
            (heights[node.y * size], node.y * size, node.x * size),
            (heights[(node.y + 1) * size], (node.y + 1) * size, node.x * size),
            (heights[:, node.x * size], node.x * size, node.y * size),
            (heights[:, (node.x + 1) * size], (node.x + 1) * size, node.y * size),
        ):
            if 0 < at < last:
                gap = max(gap, self._edge_gap(line, at, start, node))
        return gap

    def _edge_gap(self, line: F32, at: int, start: int, node: Node) -> float:
        where = np.arange(start, start + node.size + 1)
        own = _polyline(line, where, node.stride)
        gap = 0.0
        for level, stride in enumerate(self.strides):
            if at % (self.field.cells >> level) == 0:  # a tile of this level can end here
                other = _polyline(line, where, stride)
                gap = max(gap, float(np.abs(own - other).max()))
        for stride in self.strides:  # tiles under the deep sea may be coarser than their level
            if stride <= node.size // 4:
                gap = max(gap, float(np.abs(own - _polyline(line, where, stride)).max()))
        return gap


def _polyline(line: F32, where: np.ndarray[tuple[int], np.dtype[np.int64]], stride: int) -> F32:
    if stride == 1:
        return line[where]
    low = where // stride * stride
    high = np.minimum(low + stride, line.shape[0] - 1)
    t = ((where - low) / stride).astype(np.float32)
    out: F32 = line[low] + t * (line[high] - line[low])
    return out
