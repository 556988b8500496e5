"""Worlds that are made instead of read, by name: island, archipelago, alps, desert, city.

Owns: the names, sizes and how fine a world is; the alps, the desert and the ground of the city. Does not: shape islands
(island.py) or put things on the ground (props.py).
Limits: SIZE_KM_MIN to SIZE_KM_MAX kilometres a side; cells of about 8 m, or as --levels says.
Source: erosion.py's list; Bagnold 1941 (the profile of dunes), Musgrave 1994 (ridged multifractal).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from layerw_server.bake import island
from layerw_server.bake.drainage import route
from layerw_server.bake.erosion import erode, slide
from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import F32, LEVELS_MAX, TILE_CELLS, HeightField, Shaping, check_levels
from layerw_server.bake.noise import Noise
from layerw_server.bake.resample import resample
from layerw_server.bake.rivers import flow, woods

SIZE_KM_MIN, SIZE_KM_MAX = 1.0, 128.0
CELL_M = 8.0
EROSION_SAMPLES = 769
EROSION_STEPS = 90
SHOWN = 0.84  # of the eroded square; its rim, where all rivers end, is cut off
Progress = Callable[[str, int, int], None]
DEFAULT_KM = {"island": 8.192, "archipelago": 8.192, "alps": 16.384, "desert": 8.192, "city": 4.096}
NAMES = tuple(DEFAULT_KM)
WATERED = ("island", "archipelago", "alps")  # where rivers run
RIVER_KM2_PER_KM, LAKES, LAKE_DEPTH_M = 0.1, 24, 2.0  # a wider world shows larger rivers


@dataclass(frozen=True)
class Nature:
    """How much rivers cut and how rough the ground is, 1 as usual; for the kinds that are eroded."""

    erosion: float = 1.0
    roughness: float = 1.0


def make_world(
    name: str, seed: int, *, size_km: float | None = None, levels: int | None = None,
    progress: Progress = lambda step, done, total: None, nature: Nature = Nature(),
) -> HeightField:
    """The height field of a named world.

    Raises:
        BakeError: there is no such world, or the size is out of its range.
    """
    if name not in DEFAULT_KM:
        raise BakeError(f"There is no procedural world {name!r}; those there are, are {', '.join(NAMES)}.")
    km = DEFAULT_KM[name] if size_km is None else size_km
    if not SIZE_KM_MIN <= km <= SIZE_KM_MAX:
        raise BakeError(f"The size is {km:g} km, but must lie between {SIZE_KM_MIN:g} and {SIZE_KM_MAX:g} km.")
    if levels is not None:
        check_levels(levels)
    size_m = 1000.0 * km
    count = _levels(size_m) if levels is None else levels
    if name == "island":
        field = island.make_island(seed, levels=count, progress=progress, size_m=size_m, erosion=nature.erosion,
                                   roughness=nature.roughness)
    elif name == "archipelago":
        field = island.make_archipelago(seed, levels=count, progress=progress, size_m=size_m, erosion=nature.erosion,
                                        roughness=nature.roughness)
    elif name == "alps":
        field = _alps(seed, size_m, count, progress, nature)
    else:
        field = {"desert": _desert, "city": _city}[name](seed, size_m, count, progress)
    return replace(field, shaping=Shaping(RIVER_KM2_PER_KM * km, LAKES, LAKE_DEPTH_M) if name in WATERED else Shaping())


def _levels(size_m: float) -> int:
    """Cells of about CELL_M, but never fewer than 6 levels have."""
    return min(LEVELS_MAX, max(6, math.ceil(math.log2(size_m / TILE_CELLS / CELL_M) - 0.1) + 1))


def _alps(seed: int, size_m: float, levels: int, progress: Progress, nature: Nature) -> HeightField:
    """Ranges that rise everywhere, cut by rivers that leave over the rim; then the rim is cut off."""
    noise = Noise(seed + 20)
    whole_m, n = size_m / SHOWN, EROSION_SAMPLES
    peaks_m = 1900.0 * (size_m / 16_384.0) ** 0.6
    rounds = (193, 385, n)
    heights: F32 = np.zeros((2, 2), np.float32)
    for stage, samples in enumerate(rounds):
        x, y = island.axes(samples)
        cell = whole_m / (samples - 1)
        wx, wy = (a + 0.12 * noise.fractal(1.7 * x + 4 * k, 1.7 * y, 3, first=4 * k) for k, a in enumerate((x, y)))
        ranges = noise.ridged(1.6 * wx + 3, 1.6 * wy + 8, 4, first=16)
        uplift = (0.18 + 0.95 * ranges) * np.clip(4.0 * (1.0 - np.maximum(np.abs(x), np.abs(y))), 0.0, 1.0)
        rough = noise.fractal(x * 2 ** (4 + stage), y * 2 ** (4 + stage), 4, first=24 + 4 * stage)
        if stage == 0:
            heights = (30 + 60 * uplift + 12 * rough).astype(np.float32)
        else:
            heights = resample(heights, samples) + (rough * 22.0 / stage).astype(np.float32)
        strength = np.exp(0.6 * noise.fractal(3.2 * x, 3.2 * y, 4, first=50)) * np.float32(0.1 * nature.erosion)
        creep = np.clip(0.55 - uplift * 0.45, 0.06, 0.6)
        heights = erode(heights, (uplift * (peaks_m / 150.0)).astype(np.float32), creep.astype(np.float32), cell_m=cell,
                        strength=strength, steps=(EROSION_STEPS, 40, 16)[stage], seed=seed + stage, settle=_settled)
        heights = slide(heights, cell_m=cell, talus=1.0, rounds=10)
        progress("terrain", 3 * (stage + 1), 10)
    rim = round(0.5 * (1.0 - SHOWN) * (n - 1))
    shown = np.ascontiguousarray(heights[rim : n - rim, rim : n - rim])
    low, high = np.quantile(shown, (0.001, 0.9995))
    shown = 420.0 + (shown - np.float32(low)) * np.float32(peaks_m / max(float(high - low), 1.0))
    out = _with_rocks(resample(shown.astype(np.float32), _samples(levels)), size_m, seed, nature.roughness)
    tree = 420.0 + 0.52 * peaks_m
    biome = {"beach_top_m": -1000.0, "tree_line_m": tree, "snow_line_m": tree + 0.2 * peaks_m, "rock_slope": 0.85}
    progress("terrain", 10, 10)
    return _field("alps", seed, out, size_m, levels, biome, woods_on_slopes=True)


def _settled(heights: F32) -> F32:
    """Hollows filled with gravel, up to where they spill over."""
    filled = route(heights, 0.0).filled.reshape(heights.shape)
    return filled


def _with_rocks(heights: F32, size_m: float, seed: int, roughness: float) -> F32:
    """Crags and hummocks that the eroded grid is too coarse for, stronger where it is steep."""
    noise = Noise(seed + 23)
    x, y = island.axes(heights.shape[0])
    south, east = np.gradient(heights, size_m / (heights.shape[0] - 1))
    steep = np.clip((np.hypot(east, south) - 0.3) / 0.8, 0.0, 1.0)
    fine = np.float32(size_m / 100.0)
    crags = noise.ridged(fine * x, fine * y, 4, first=0) - 0.5
    rough = noise.fractal(1.7 * fine * x, 1.7 * fine * y, 3, first=8, gain=0.6)
    added = (0.7 + 3.0 * steep) * rough + 26.0 * steep * crags
    out: F32 = (heights + np.float32(roughness) * added).astype(np.float32)
    return out


def _desert(seed: int, size_m: float, levels: int, progress: Progress) -> HeightField:
    """Dunes across one wind: gentle to windward, steep to leeward; table mountains stand in them."""
    noise = Noise(seed + 30)
    x, y = island.axes(_samples(levels))
    half = np.float32(size_m / 2)
    turn = np.random.default_rng([seed, 31]).uniform(0, 2 * np.pi)
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    along, across = (c * x + s * y) * half, (c * y - s * x) * half
    sand = np.clip(0.55 + 0.9 * noise.fractal(1.5 * x, 1.5 * y, 4, first=0), 0.0, 1.0)
    progress("terrain", 2, 10)
    dunes = np.zeros_like(x)
    for k, (length, height) in enumerate(((420.0, 58.0), (150.0, 18.0), (34.0, 1.6))):
        bend = length * (1.1 * noise.fractal(across / (3.2 * length), along / (9.0 * length), 3, first=10 + 4 * k)
                         + 0.5 * noise.fractal(along / (2.0 * length), across / (2.0 * length), 2, first=30 + 4 * k))
        dunes += np.float32(height) * _dune((along + bend) / np.float32(length)) * (
            0.45 + 0.55 * np.clip(0.5 + noise.fractal(along / (4 * length), across / (4 * length), 2, first=50 + 2 * k),
                                  0, 1.2))
        progress("terrain", 4 + k, 10)
    plain = 60.0 * noise.fractal(1.1 * x + 5, 1.1 * y + 2, 3, first=60)
    mesa = noise.fractal(2.6 * x + 9, 2.6 * y, 5, first=66)
    steps = np.clip((mesa - 0.24) / 0.035, 0.0, 1.0) + 0.6 * np.clip((mesa - 0.36) / 0.03, 0.0, 1.0)
    rock = np.clip(steps, 0.0, 1.0)
    heights = 340.0 + plain + sand * dunes * (1 - 0.92 * rock) + 110.0 * steps + rock * 5.0 * noise.fractal(
        half / 60 * x, half / 60 * y, 3, first=74)
    biome = {"beach_top_m": -1000.0, "tree_line_m": 5000.0, "snow_line_m": 6000.0, "rock_slope": 0.82, "arid": 1.0}
    progress("terrain", 10, 10)
    hard = np.clip(rock - 0.15, 0.0, 1.0).astype(np.float32)
    return _field("desert", seed, heights.astype(np.float32), size_m, levels, biome, hard=hard)


def _dune(phase: F32) -> F32:
    """0 to 1 with period 1: three quarters up, one quarter down, rounded at the crest."""
    t = phase - np.floor(phase)
    rise = np.where(t < 0.72, t / 0.72, (1.0 - t) / 0.28)
    out: F32 = (rise * rise * (3 - 2 * rise)).astype(np.float32)
    return out


def _city(seed: int, size_m: float, levels: int, progress: Progress) -> HeightField:
    """Gentle ground with hills at its rim; the houses come from props.py."""
    noise = Noise(seed + 40)
    x, y = island.axes(_samples(levels))
    far = np.hypot(x, y)
    hills = np.clip((far - 0.75) / 0.6, 0.0, 1.0) ** 1.5
    heights = 40.0 + 7.0 * noise.fractal(1.2 * x, 1.2 * y, 3, first=0) + hills * (
        90.0 + 130.0 * noise.fractal(3.1 * x, 3.1 * y, 5, first=8))
    progress("terrain", 10, 10)
    biome = {"beach_top_m": -1000.0, "tree_line_m": 1900.0, "snow_line_m": 2300.0, "rock_slope": 0.9}
    return _field("city", seed, heights.astype(np.float32), size_m, levels, biome, woods_on_slopes=True)


def _samples(levels: int) -> int:
    return (TILE_CELLS << (levels - 1)) + 1


def _field(
    name: str, seed: int, heights: F32, size_m: float, levels: int, biome: dict[str, float], *,
    hard: F32 | None = None, woods_on_slopes: bool = False,
) -> HeightField:
    cell = size_m / (heights.shape[0] - 1)
    layers = {"flow": flow(heights)}
    if hard is not None:
        layers["hard"] = hard
    if woods_on_slopes:
        layers["woods"] = woods(heights, cell, cell)
    return HeightField(heights, levels, cell, cell, f"{name}-{seed}", None, layers, biome,
                       {"kind": name, "seed": seed, "size_m": size_m})
