"""What stands on the ground of a baked world: trees and rocks (`--dress`), the houses of a city.

Owns: where they stand, their shapes, which of them a tile shows. A tile that has some gets a second content: one mesh
with colours at its vertices. A coarser tile shows the most important ones of those below it.
Limits: TILE_PROPS_MAX a tile; shapes of 12 to 24 triangles; they don't move in the wind and nothing collides with them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake import streets
from layerw_server.bake.fields import Fields
from layerw_server.bake.heightfield import F32, TILE_CELLS, HeightField
from layerw_server.bake.models.meshes import codes_of, lattice_between
from layerw_server.bake.models.writer import Writer
from layerw_server.bake.quadtree import Node
from layerw_server.bake.tiles import GENERATOR, MESHOPT, container

if TYPE_CHECKING:
    from layerw_server.bake.tilework import World

TILE_PROPS_MAX = 500
SPACING_M_MIN = 7.0
DROPPED_ERROR = 0.25  # of the height of the tallest one that a tile leaves out
X, Y, Z, YAW, WIDE, TALL, DEEP, KIND, TINT = range(9)
CONIFER, BROADLEAF, ROCK, BLOCK, HOUSE = range(5)


@dataclass(frozen=True)
class Shape:
    """A mesh of about 1 x 1 x 1 m on the ground: positions, normals, sRGB colours 0 to 1, indices; tint darkens."""

    positions: F32
    normals: F32
    colours: F32
    indices: npt.NDArray[np.uint32]


def make_props(field: HeightField, fields: Fields, *, dress: bool, seed: int) -> F32:
    """(9, n) float32: a column for each, the most important first."""
    parts = []
    if field.source.get("kind") == "city":
        parts.append(_on_ground(streets.houses(field.size_m, seed), field, sunk_m=1.5))
    if dress:
        parts.append(_plants(field, fields, seed))
    made: F32 = np.concatenate(parts, axis=1).astype(np.float32) if parts else np.zeros((9, 0), np.float32)
    rng = np.random.default_rng([seed, 404])
    weight = made[TALL] * np.where(made[KIND] >= BLOCK, 20.0, 1.0) * (0.4 + rng.random(made.shape[1]))
    return np.ascontiguousarray(made[:, np.argsort(-weight, kind="stable")])


def _on_ground(columns: F32, field: HeightField, sunk_m: float) -> F32:
    """Heights of the ground under each; walls reach into it."""
    columns[Y] = _heights(field, columns[X], columns[Z]) - sunk_m
    columns[TALL] += sunk_m
    return columns


def _heights(field: HeightField, x: F32, z: F32) -> F32:
    row, column = _corner(field, x, z)
    return _at(field.heights, row, column)


def _corner(field: HeightField, x: F32, z: F32) -> tuple[Any, Any]:
    n = field.cells
    return (np.clip(z / field.cell_y_m + n / 2, 0, n - 1e-3), np.clip(x / field.cell_x_m + n / 2, 0, n - 1e-3))


def _at(grid: F32, row: Any, column: Any) -> F32:
    r, c = row.astype(np.int64), column.astype(np.int64)
    ty, tx = (row - r).astype(np.float32), (column - c).astype(np.float32)
    top = grid[r, c] * (1 - tx) + grid[r, c + 1] * tx
    low = grid[r + 1, c] * (1 - tx) + grid[r + 1, c + 1] * tx
    out: F32 = top + ty * (low - top)
    return out


def _plants(field: HeightField, fields: Fields, seed: int) -> F32:
    """Trees where the rules of the colours say woods, rocks where it is steep and bare."""
    rng = np.random.default_rng([seed, 403])
    leaf_m = TILE_CELLS * max(field.cell_x_m, field.cell_y_m)
    spacing = max(SPACING_M_MIN, leaf_m / TILE_PROPS_MAX**0.5)
    across, down = (max(1, int(size / spacing)) for size in field.size_m)
    parts = []
    for first in range(0, down, 256):  # some rows at a time
        rows = np.arange(first, min(first + 256, down))
        v, u = np.meshgrid(rows, np.arange(across), indexing="ij")
        x = ((u + rng.random(u.shape)).ravel() / across - 0.5) * field.size_m[0]
        z = ((v + rng.random(v.shape)).ravel() / down - 0.5) * field.size_m[1]
        parts.append(_planted(field, fields, x.astype(np.float32), z.astype(np.float32), rng))
    return np.concatenate(parts, axis=1)


def _planted(field: HeightField, fields: Fields, x: F32, z: F32, rng: np.random.Generator) -> F32:
    row, column = _corner(field, x, z)
    height = _at(field.heights, row, column)
    r, c = np.minimum(row.astype(np.int64), field.cells - 1), np.minimum(column.astype(np.int64), field.cells - 1)
    east = (field.heights[r, c + 1] - field.heights[r, c]) / field.cell_x_m
    south = (field.heights[r + 1, c] - field.heights[r, c]) / field.cell_y_m
    slope = np.hypot(east, south)
    mottle, flow = (_at(grid, row * s, column * s) for grid in (fields.mottle, fields.flow)
                    for s in ((grid.shape[0] - 1) / field.cells * (1 - 1e-6),))
    tree_line, beach = field.biome["tree_line_m"], field.biome["beach_top_m"]
    wooded = np.clip((mottle * 1.3 + 0.05 * flow + 0.1) / 0.35, 0.03, 1.0)
    wooded = wooded * np.clip((1.02 * tree_line - height) / (0.2 * tree_line), 0, 1) * (slope < 0.8)
    wooded = wooded * (height > beach + 1.0) * (1.0 - float(field.biome.get("arid", 0.0)))
    wooded = wooded * float(field.biome.get("trees", 1.0))
    if field.source.get("kind") == "city":
        wooded = wooded * ~streets.built_up(x, z, field.size_m)
    dry = height > (beach if field.sea_level_m is not None else -np.inf)
    rocky = 0.12 * ((slope > 0.55) & (slope < 1.1)) * dry + 0.01 * dry * float(field.biome.get("arid", 0.0))
    rocky = rocky * float(field.biome.get("rocks", 1.0))
    chance = rng.random(x.size)
    trees, rocks = chance < wooded, (chance > 1.0 - rocky) & (chance >= wooded)
    kind = np.where(rocks, ROCK, np.where(height + 120 * mottle > 0.45 * tree_line, CONIFER, BROADLEAF))
    keep = trees | rocks
    size = np.where(kind == CONIFER, 11.0, np.where(kind == BROADLEAF, 8.0, 1.8)) * (0.7 + 0.6 * rng.random(x.size))
    wide = size * np.where(kind == CONIFER, 0.42, np.where(kind == BROADLEAF, 0.85, 1.2))
    made = np.zeros((9, x.size), np.float32)
    made[X], made[Y], made[Z], made[YAW] = x, height - 0.3 - 0.2 * wide * slope, z, rng.random(x.size) * 2 * np.pi
    made[WIDE], made[TALL], made[DEEP], made[KIND], made[TINT] = wide, size, wide, kind, rng.random(x.size)
    return made[:, keep]


# -- tiles -----------------------------------------------------------------------------------------------------------


def inside(props: F32, node: Node, cells: int, cell_x_m: float, cell_y_m: float) -> npt.NDArray[np.int64]:
    """The numbers of those that stand on a node's square, the most important first."""
    west, north = (node.x * node.size - cells / 2) * cell_x_m, (node.y * node.size - cells / 2) * cell_y_m
    x, z = props[X], props[Z]
    return np.flatnonzero((x >= west) & (x < west + node.size * cell_x_m) & (z >= north)
                          & (z < north + node.size * cell_y_m))


def raise_errors(node: Node, props: F32, field: HeightField) -> None:
    """A tile is also wrong by what it leaves out: that raises its error, and its parents'."""
    for child in node.children:
        raise_errors(child, props, field)
    here = inside(props, node, field.cells, field.cell_x_m, field.cell_y_m)
    left_out = here[TILE_PROPS_MAX:]
    if node.children:
        dropped = DROPPED_ERROR * float(props[TALL, left_out].max()) if left_out.size else 0.0
        node.error_m = max(node.error_m, dropped, *(1.001 * child.error_m for child in node.children))


def of_node(
    props: F32, node: Node, world: World, centre: tuple[float, float],
) -> tuple[bytes, F32, F32] | None:
    """What stands on a tile, as tile_glb has it; None where nothing does."""
    numbers = inside(props, node, world.cells, world.cell_x_m, world.cell_y_m)[:TILE_PROPS_MAX]
    if not numbers.size:
        return None
    glb, (low, high) = tile_glb(props, numbers, centre, world.is_packed)
    return glb, low, high


def tile_glb(
    props: F32, numbers: npt.NDArray[np.int64], centre: tuple[float, float], is_packed: bool,
) -> tuple[bytes, tuple[F32, F32]]:
    """A .glb about the tile's own origin, and the corners of what it shows in world metres."""
    positions: list[Any] = []
    normals: list[Any] = []
    colours: list[Any] = []
    indices: list[Any] = []
    start = 0
    for kind, shape in enumerate(shapes()):
        here = props[:, numbers[props[KIND, numbers] == kind]].astype(np.float64)
        count, corners = here.shape[1], len(shape.positions)
        if not count:
            continue
        c, s = np.cos(here[YAW])[:, None], np.sin(here[YAW])[:, None]
        local = shape.positions[None] * here[[WIDE, TALL, DEEP]].T[:, None, :]
        facing = shape.normals[None] / here[[WIDE, TALL, DEEP]].T[:, None, :]
        facing /= np.linalg.norm(facing, axis=-1, keepdims=True)
        for made, into in ((local, positions), (facing, normals)):
            x, y, z = (made[..., axis] for axis in range(3))
            into.append(np.stack([c * x + s * z, y, c * z - s * x], -1).reshape(-1, 3))
        positions[-1] += np.repeat(here[[X, Y, Z]].T - (centre[0], 0.0, centre[1]), corners, axis=0)
        colours.append((shape.colours[None] * (0.72 + 0.42 * here[TINT])[:, None, None]).reshape(-1, 3))
        indices.append((shape.indices[None] + np.uint32(start) + np.arange(count, dtype=np.uint32)[:, None]
                        * np.uint32(corners)).reshape(-1))
        start += count * corners
    points = np.concatenate(positions).astype(np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    shift = np.array([centre[0], 0.0, centre[1]], np.float32)
    data = _glb(points, np.concatenate(normals), np.concatenate(colours), np.concatenate(indices), is_packed)
    return data, (low + shift, high + shift)


def _glb(points: F32, normals: F32, colours: F32, indices: npt.NDArray[np.uint32], is_packed: bool) -> bytes:
    writer = Writer(is_packed)
    lattice = lattice_between(points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64))
    linear = np.clip(colours, 0, 1) ** 2.2
    primitive = {"attributes": {
        "POSITION": writer.vertices(codes_of(points, lattice), bounds=True),
        "NORMAL": writer.vertices(np.rint(normals * 127).astype("i1"), normalized=True),
        "COLOR_0": writer.vertices(np.rint(linear * 65_535).astype("<u2"), normalized=True)},
        "indices": writer.triangles(indices, len(points)), "material": 0}
    names = ["KHR_mesh_quantization", *([MESHOPT] if writer.uses_packing else [])]
    return container({
        "asset": {"version": "2.0", "generator": GENERATOR}, "extensionsUsed": names, "extensionsRequired": names,
        "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": list(lattice.middle), "scale": [lattice.step] * 3}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"pbrMetallicRoughness": {"metallicFactor": 0, "roughnessFactor": 0.95}}],
        "accessors": writer.accessors, "bufferViews": writer.views, "buffers": writer.buffers()}, bytes(writer.blob))


# -- shapes ----------------------------------------------------------------------------------------------------------


@functools.cache
def shapes() -> tuple[Shape, ...]:
    """By kind."""
    return _conifer(), _broadleaf(), _blob(0.0, 1.0, (0.52, 0.5, 0.46), (0.36, 0.35, 0.33)), _block(), _house()


def _conifer() -> Shape:
    parts = []
    for low, high, radius in ((0.12, 0.62, 0.5), (0.42, 1.0, 0.34)):
        at = np.arange(6) * np.pi / 3 + low
        ring = np.stack([radius * np.cos(at), np.full(6, low), radius * np.sin(at)], -1)
        points = np.concatenate([ring, [[0.0, high, 0.0]]])
        normals = np.concatenate([ring * (1, 0, 1) / radius + (0, 0.5, 0), [[0.0, 1.0, 0.0]]])
        colours = np.array([*[(0.13, 0.24, 0.14)] * 6, (0.24, 0.38, 0.2)])
        faces = [(k, 6, (k + 1) % 6) for k in range(6)]
        parts.append((points, normals, colours, np.array(faces)))
    return _joined([*parts, _trunk(0.2, 0.05)])


def _broadleaf() -> Shape:
    crown = _blob(0.25, 1.0, (0.36, 0.46, 0.2), (0.18, 0.27, 0.12))
    return _joined([(crown.positions, crown.normals, crown.colours, crown.indices.reshape(-1, 3)), _trunk(0.4, 0.05)])


def _trunk(top: float, radius: float) -> tuple[Any, Any, Any, Any]:
    at = np.arange(3) * 2 * np.pi / 3
    low = np.stack([radius * np.cos(at), np.zeros(3), radius * np.sin(at)], -1)
    high = low + np.array((0, top, 0))
    faces = [face for k in range(3) for face in ((k, k + 3, (k + 1) % 3), ((k + 1) % 3, k + 3, (k + 1) % 3 + 3))]
    return np.concatenate([low, high]), np.concatenate([low, low]), np.full((6, 3), (0.27, 0.2, 0.14)), np.array(faces)


def _blob(low: float, high: float, light: tuple[float, ...], dark: tuple[float, ...]) -> Shape:
    """An icosahedron between two heights."""
    g = (1 + 5**0.5) / 2
    points = np.array([(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g), (0, -1, -g), (0, 1, -g),
                       (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]) / (1 + g * g) ** 0.5
    faces = np.array([(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2),
                      (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5),
                      (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)])
    t = (0.5 + 0.5 * points[:, 1:2])
    return _joined([(points * 0.5 * (1, high - low, 1) + (0, 0.5 * (low + high), 0), points,
                     np.array(dark) + t * (np.array(light) - np.array(dark)), faces)])


def _walls(top: float, colour: tuple[float, ...]) -> list[tuple[Any, Any, Any, Any]]:
    parts = []
    for k in range(4):
        c, s = (1, 0, -1, 0)[k], (0, 1, 0, -1)[k]
        corners = np.array([(-0.5, 0, 0.5), (0.5, 0, 0.5), (0.5, top, 0.5), (-0.5, top, 0.5)])
        turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        shade = np.array(colour)[None] * np.array([0.78, 0.78, 1.0, 1.0])[:, None]
        parts.append((corners @ turn.T, np.tile(turn @ (0, 0, 1), (4, 1)), shade, np.array([(0, 1, 2), (0, 2, 3)])))
    return parts


def _block() -> Shape:
    roof = np.array([(-0.5, 1, 0.5), (0.5, 1, 0.5), (0.5, 1, -0.5), (-0.5, 1, -0.5)])
    return _joined([*_walls(1.0, (0.66, 0.64, 0.61)),
                    (roof, np.tile((0.0, 1.0, 0.0), (4, 1)), np.full((4, 3), 0.42), np.array([(0, 1, 2), (0, 2, 3)]))])


def _house() -> Shape:
    red = np.full((4, 3), (0.5, 0.26, 0.2))
    parts = _walls(0.62, (0.86, 0.82, 0.74))
    for side in (1.0, -1.0):
        slope = np.array([(-0.56, 0.58, 0.56 * side), (0.56, 0.58, 0.56 * side), (0.56, 1.0, 0.0), (-0.56, 1.0, 0.0)])
        faces = np.array([(0, 1, 2), (0, 2, 3)]) if side > 0 else np.array([(0, 2, 1), (0, 3, 2)])
        parts.append((slope, np.tile((0.0, 0.8, 0.6 * side), (4, 1)), red, faces))
    for side in (1.0, -1.0):
        gable = np.array([(0.5 * side, 0.62, 0.5), (0.5 * side, 0.62, -0.5), (0.5 * side, 0.98, 0.0)])
        parts.append((gable, np.tile((side, 0.0, 0.0), (3, 1)), np.full((3, 3), (0.8, 0.76, 0.68)),
                      np.array([(0, 1, 2)] if side > 0 else [(0, 2, 1)])))
    return _joined(parts)


def _joined(parts: list[tuple[Any, Any, Any, Any]]) -> Shape:
    starts = np.cumsum([0, *(len(part[0]) for part in parts)])
    normals = np.concatenate([part[1] for part in parts]).astype(np.float64)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    indices = np.concatenate([part[3] + start for part, start in zip(parts, starts, strict=False)])
    return Shape(np.concatenate([part[0] for part in parts]).astype(np.float32), normals.astype(np.float32),
                 np.concatenate([part[2] for part in parts]).astype(np.float32),
                 indices.astype(np.uint32).reshape(-1))
