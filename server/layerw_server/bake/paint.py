"""The colours of the land: rules over height, slope, drained area, horizon and noise.

Owns: every colour of a baked world. Values are sRGB 0..255, meant as albedo (the engine adds the sun).
Limits: the texels of a tile's border are computed from shared grid corners only, so neighbours agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerw_server.bake import banks, streets
from layerw_server.bake.fields import Fields, bilinear
from layerw_server.bake.heightfield import F32
from layerw_server.bake.noise import sheet
from layerw_server.bake.quadtree import Node
from layerw_server.bake.textures import U8

SHEET_TEXELS = 1024
MEADOW_DRY, MEADOW_LUSH, FOREST = (126, 122, 66), (78, 100, 42), (52, 66, 31)
HEATH, ROCK_DARK, ROCK_LIGHT, SCREE = (108, 104, 68), (92, 87, 82), (150, 141, 128), (134, 128, 119)
SNOW, SAND, SAND_WET, SHORE_ROCK = (238, 242, 248), (212, 194, 154), (158, 137, 103), (70, 66, 61)
DUNE_LOW, DUNE_HIGH, GRAVEL, RED_DARK, RED_LIGHT = (
    (186, 138, 88), (222, 184, 132), (150, 126, 102), (118, 66, 46), (176, 112, 78))
SEA_SAND, SEA_ROCK, SEA_DEEP = (190, 182, 148), (84, 88, 74), (10, 42, 58)
ABSORPTION_PER_M = (0.2, 0.06, 0.045)  # red goes first


@dataclass(frozen=True)
class Look:
    """What the rules need besides the fields."""

    sea_level_m: float | None
    biome: dict[str, float]
    texels_per_cell: float
    seed: int
    cell_m: tuple[float, float] = (1.0, 1.0)
    is_city: bool = False


@dataclass(frozen=True)
class _Ground:
    height: F32
    slope: F32
    sky: F32
    flow: F32
    hard: F32
    mottle: F32
    grain: F32  # fine noise, deviation 1
    clump: F32  # coarser noise, deviation 1
    fresh: F32
    road: F32


def paint(fields: Fields, node: Node, texels: int, *, look: Look) -> U8:
    """The colours of one tile, straight from the full-resolution fields."""
    ground = _sample(fields, node, texels, look)
    colour = _land(ground, look)
    banks.paint(colour, ground.fresh, ground.road, ground.grain)
    if look.is_city:
        _pave(colour, ground, fields, node, texels, look)
    if look.sea_level_m is not None and float(ground.height.min()) < look.sea_level_m + 8.0:
        colour = _shore(colour, ground, look.sea_level_m, look.biome["beach_top_m"] - look.sea_level_m)
    shade = 0.5 + 0.5 * ground.sky**1.4
    colour *= shade[..., None]
    if look.sea_level_m is not None and float(ground.height.min()) < look.sea_level_m:
        colour = _under_water(colour, ground, look.sea_level_m)
    painted: U8 = np.clip(colour + 0.5, 0, 255).astype(np.uint8)
    return painted


def _sample(fields: Fields, node: Node, texels: int, look: Look) -> _Ground:
    at = np.linspace(0.0, node.size, texels)
    rows, columns = at + node.y * node.size, at + node.x * node.size

    def get(grid: F32) -> F32:
        stride = (fields.heights.shape[0] - 1) / (grid.shape[0] - 1)
        return bilinear(grid, rows / stride, columns / stride)

    row, column = (np.rint(a * look.texels_per_cell).astype(np.int64) % SHEET_TEXELS for a in (rows, columns))
    window = np.ix_(row, column)
    grain = sheet(look.seed, 0, SHEET_TEXELS, 128, 2)[window]
    clump = sheet(look.seed, 1, SHEET_TEXELS, 16, 4)[window]
    top, left = node.y * node.size, node.x * node.size
    n = fields.heights.shape[0]
    reach = node.size + 2  # a corner beyond the border, so that the border itself is read exactly as the neighbour does
    slopes = fields.slopes(0, slice(top, min(top + reach, n)), slice(left, min(left + reach, n)))
    east, south = (bilinear(slope, at, at) for slope in slopes)
    return _Ground(get(fields.heights), np.sqrt(east * east + south * south), get(fields.sky), get(fields.flow),
                   get(fields.hard), get(fields.mottle), grain, clump, get(fields.fresh), get(fields.road))


def _step(value: F32, low: float, high: float) -> F32:
    t = np.clip((value - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0)
    out: F32 = t * t * (3 - 2 * t)
    return out


def _mix(colour: F32, to: tuple[int, int, int] | F32, amount: F32) -> F32:
    target = np.asarray(to, np.float32)
    colour += amount[..., None] * (target - colour)
    return colour


def _between(a: tuple[int, int, int], b: tuple[int, int, int], t: F32) -> F32:
    low = np.asarray(a, np.float32)
    out: F32 = low + t[..., None] * (np.asarray(b, np.float32) - low)
    return out


def _land(g: _Ground, look: Look) -> F32:
    tree, snow, steep = look.biome["tree_line_m"], look.biome["snow_line_m"], look.biome["rock_slope"]
    height = g.height + 45.0 * g.mottle + 6.0 * g.clump
    moist = 0.9 * g.mottle + 0.08 * (g.flow - 4.0) + 0.12 * g.clump - 0.5 * (g.height / tree - 0.5)
    wet = _step(moist, -0.55, 0.75)
    arid = np.float32(look.biome.get("arid", 0.0))
    if arid > 0:
        return _desert(g, steep)
    colour = _between(MEADOW_DRY, MEADOW_LUSH, wet)
    woods = _step(g.mottle * 1.3 + 0.25 * g.clump + 0.05 * g.flow, -0.05, 0.3)
    woods *= 1 - _step(height, 0.8 * tree, 1.05 * tree)
    _mix(colour, FOREST, 0.8 * woods * (1 - _step(g.slope, 0.75, 1.0)))
    _mix(colour, HEATH, 0.9 * _step(height, 0.72 * tree, 1.1 * tree))
    _mix(colour, SCREE, _step(height, 0.95 * tree, 1.35 * tree) * _step(g.slope, 0.3, 0.6) * np.float32(0.85))
    _mix(colour, (96, 96, 66), 0.5 * _step(g.flow, 8.5, 12.0) * (1 - _step(g.slope, 0.5, 0.9)))
    colour *= (1 + 0.07 * g.grain + 0.05 * g.clump)[..., None]
    bare = _step(g.slope + 0.12 * g.clump + 0.16 * g.hard + 0.1 * g.mottle, steep - 0.06, steep + 0.2)
    _mix(colour, _rock(g, tree), bare)
    flat = 1 - _step(g.slope + 0.05 * g.grain + 0.08 * g.clump, 0.95, 1.4)
    _mix(colour, SNOW, _step(height + 12.0 * g.grain, snow - 20.0, snow + 70.0) * flat)
    return colour


def _pave(colour: F32, g: _Ground, fields: Fields, node: Node, texels: int, look: Look) -> None:
    """Streets, and the yards between houses."""
    at = np.linspace(0.0, node.size, texels)
    middle = (fields.heights.shape[0] - 1) / 2
    x, z = np.meshgrid((at + node.x * node.size - middle) * look.cell_m[0],
                       (at + node.y * node.size - middle) * look.cell_m[1])
    size = 2 * middle * look.cell_m[0], 2 * middle * look.cell_m[1]
    street, yard = streets.ground_kind(x, z, size)
    _mix(colour, (118, 116, 106), 0.7 * yard * np.clip(0.8 + 0.2 * g.clump, 0, 1))
    _mix(colour, (74, 74, 77), street * np.clip(0.95 + 0.03 * g.grain, 0, 1))


def _desert(g: _Ground, steep: float) -> F32:
    """Sand that is paler on crests, stony flats, red rock in layers where it is bare or steep."""
    colour = _between(DUNE_LOW, DUNE_HIGH, _step(g.sky + 0.03 * g.clump, 0.82, 1.0))
    _mix(colour, GRAVEL, 0.55 * _step(g.mottle + 0.15 * g.clump, 0.15, 0.55) * (1 - _step(g.slope, 0.08, 0.25)))
    colour *= (1 + 0.03 * g.grain + 0.03 * g.clump)[..., None]
    layers = np.sin(0.35 * g.height + 2.0 * g.mottle) * 0.5 + 0.25 * np.sin(1.3 * g.height + g.clump)
    rock = _between(RED_DARK, RED_LIGHT, np.clip(0.5 + 0.35 * layers + 0.14 * g.grain, 0.0, 1.0))
    return _mix(colour, rock, np.maximum(_step(g.slope + 0.1 * g.clump, steep - 0.1, steep + 0.15),
                                         0.85 * _step(g.hard + 0.1 * g.clump, 0.3, 0.6)))


def _rock(g: _Ground, tree_line_m: float) -> F32:
    layers = np.sin(0.21 * g.height + 5.0 * g.mottle + 0.6 * g.clump)
    tone = np.clip(0.45 + 0.08 * layers + 0.16 * g.grain + 0.12 * g.clump, 0.0, 1.0)
    rock = _between(ROCK_DARK, ROCK_LIGHT, tone)
    moss = 0.35 * (1 - _step(g.height, 0.3 * tree_line_m, 0.9 * tree_line_m)) * _step(g.clump, -0.4, 0.9)
    return _mix(rock, (84, 92, 56), moss)


def _shore(colour: F32, g: _Ground, sea_m: float, beach_m: float) -> F32:
    above = g.height - np.float32(sea_m)
    gentle = 1 - _step(g.slope + 0.04 * g.clump, 0.2, 0.42)
    ragged = above + 0.7 * g.mottle + 0.25 * g.clump
    dry_sand = _between(SAND_WET, SAND, _step(above + 0.06 * g.grain, 0.25, 1.1))
    dry_sand *= (1 + 0.025 * g.grain + 0.02 * g.clump)[..., None]
    _mix(colour, dry_sand, gentle * (1 - _step(ragged, 0.7 * beach_m, 1.1 * beach_m)))
    splash = (1 - gentle) * (1 - _step(above + 0.5 * g.clump, 1.5, 4.0))
    return _mix(colour, SHORE_ROCK, 0.75 * splash)


def _under_water(colour: F32, g: _Ground, sea_m: float) -> F32:
    depth = np.maximum(np.float32(sea_m) - g.height, 0.0)
    stony = _step(g.slope + 0.25 * g.mottle + 0.1 * g.clump, 0.2, 0.45)
    bed = _between(SEA_SAND, SEA_ROCK, stony) * (1 + 0.05 * g.grain + 0.06 * g.clump)[..., None]
    _mix(colour, bed, _step(depth, 0.0, 1.2))
    clear = np.exp(-depth[..., None] * np.asarray(ABSORPTION_PER_M, np.float32))
    deep = np.asarray(SEA_DEEP, np.float32)
    out: F32 = colour * clear + deep * (1 - clear)
    return out
