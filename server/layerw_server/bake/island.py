"""Islands of noise, uplift and rivers, deterministic from a seed: one (the demo world), or an archipelago.

Owns: outlines, ranges, coasts and sea bed, and the layers that colour them.
Limits: shaped as 8,192 m a side (6 levels make 4 m cells, peaks of about PEAK_M metres) and stretched to other sizes.
Source: Musgrave 1994 (ridged multifractal), Quilez 2002 (domain warping), erosion.py's list.

The outline is a warped ellipse with bays bitten out and islets added. Ranges rise along an arc away from the middle;
rivers cut them while they rise, on grids of 257, 513 and 1025 corners; then the sea climbs a little, which drowns the
valley mouths into bays. Beaches flatten low coasts, cliffs cut others; detail is added last.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layerw_server.bake.erosion import creep_once, drain, drained_cells, erode, slide
from layerw_server.bake.heightfield import F32, TILE_CELLS, HeightField, check_levels
from layerw_server.bake.noise import Noise
from layerw_server.bake.resample import resample

SIZE_M = 8192.0
PEAK_M = 1080.0
LEVELS_DEFAULT = 6
DROWN_M = 22.0
RISE_M = 9.0  # uplift of the fastest ground in one step of erosion
FLOW_ROUTINGS = 4
BEND = 0.03  # largest sideways shift of the finished ground, in half worlds
LONG, WIDE = 0.94, 0.74  # half axes of the outline, 1 = half the world
BIOME = {"beach_top_m": 4.5, "tree_line_m": 600.0, "snow_line_m": 740.0, "rock_slope": 0.98}
TALLER = 0.6  # heights grow with this power of the size
_GRIDS = ((257, 110), (513, 50), (1025, 20))


Shape = Callable[[int, int], tuple[F32, F32]]  # seed, samples a side -> land potential, uplift


def make_island(
    seed: int, *, levels: int | None = None, progress: object = None, size_m: float = SIZE_M,
    erosion: float = 1.0, roughness: float = 1.0,
) -> HeightField:
    """The whole height field with its `flow` and `hard` layers."""
    return _make("island", _outline, seed, levels, progress, size_m, erosion, roughness)


def make_archipelago(
    seed: int, *, levels: int | None = None, progress: object = None, size_m: float = SIZE_M,
    erosion: float = 1.0, roughness: float = 1.0,
) -> HeightField:
    """A dozen islands of different sizes, in the same way."""
    return _make("archipelago", _scattered, seed, levels, progress, size_m, erosion, roughness)


def _make(
    kind: str, shape: Shape, seed: int, levels: int | None, progress: object, size_m: float, erosion: float,
    roughness: float,
) -> HeightField:
    count = LEVELS_DEFAULT if levels is None else levels
    check_levels(count)
    samples = TILE_CELLS * 2 ** (count - 1) + 1
    report = progress if callable(progress) else lambda step, done, total: None
    heights = _ranges(shape, seed, min(samples, _GRIDS[-1][0]), report, erosion)
    heights, hard, flow = _finish(heights, samples, seed, roughness)
    report("terrain", 10, 10)
    cell, taller = size_m / (samples - 1), (size_m / SIZE_M) ** TALLER
    biome = dict(BIOME)
    if size_m != SIZE_M:
        heights *= np.float32(taller)
        biome |= {key: BIOME[key] * taller for key in ("tree_line_m", "snow_line_m")}
    source = {"kind": kind, "seed": seed} | ({} if size_m == SIZE_M else {"size_m": size_m})
    return HeightField(heights, count, cell, cell, f"{kind}-{seed}", 0.0, {"flow": flow, "hard": hard}, biome, source)


def _scattered(seed: int, samples: int) -> tuple[F32, F32]:
    """Many outlines, and a mountain on each."""
    noise = Noise(seed)
    x, y = axes(samples)
    wx = x + 0.1 * noise.fractal(2.3 * x + 3, 2.3 * y, 4, first=0)
    wy = y + 0.1 * noise.fractal(2.3 * x, 2.3 * y + 7, 4, first=8)
    rng = np.random.default_rng([seed, 78])
    land, raised = np.full_like(x, -1.0), np.zeros_like(x)
    turn = rng.uniform(0, 2 * np.pi)
    for number in range(12):
        radius = np.float32(rng.uniform(0.2, 0.27) if number in (1, 5, 9) else rng.uniform(0.08, 0.17))
        reach = (0.88 - radius) * np.sqrt((number + rng.uniform(0.3, 0.7)) / 12)  # a spiral of golden angles: apart
        angle = turn + 2.39996 * number + rng.uniform(-0.3, 0.3)
        far = np.hypot(wx - np.float32(reach * np.cos(angle)), (wy - np.float32(reach * np.sin(angle)))
                       * np.float32(rng.uniform(0.9, 1.5)))
        land = np.maximum(land, 1.0 - far / radius)
        raised = np.maximum(raised, (radius / 0.27) * np.exp(-((far / (0.5 * radius)) ** 2)))
    land += 0.25 * noise.fractal(4.0 * wx, 4.0 * wy, 5, first=16)
    land -= np.clip((np.maximum(np.abs(x), np.abs(y)) - 0.86) * 4, 0, 0.6)  # the world's edge is sea
    ridges = noise.ridged(3.1 * x + 5, 3.1 * y + 9, 5, first=32)
    uplift = (raised * (0.25 + 0.9 * ridges) + 0.06) * np.clip(land / 0.3, 0.0, 1.0) ** 0.8
    return land.astype(np.float32), uplift.astype(np.float32)


def axes(samples: int) -> tuple[F32, F32]:
    """x and y of a square of samples, -1 to 1."""
    at = np.linspace(-1.0, 1.0, samples, dtype=np.float32)
    x, y = np.meshgrid(at, at)
    return x, y


def _outline(seed: int, samples: int) -> tuple[F32, F32]:
    """Land potential (> 0 is land, about 1 inland) and uplift (0..1)."""
    noise = Noise(seed)
    x, y = axes(samples)
    wx = x + 0.16 * noise.fractal(1.3 * x + 3, 1.3 * y, 4, first=0)
    wy = y + 0.16 * noise.fractal(1.3 * x, 1.3 * y + 7, 4, first=8)
    rng = np.random.default_rng([seed, 77])
    turn = rng.uniform(0, 2 * np.pi)
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u, v = c * wx + s * wy, c * wy - s * wx
    land = 1.0 - np.sqrt((u / LONG) ** 2 + (v / WIDE) ** 2)
    land += 0.20 * noise.fractal(2.4 * wx, 2.4 * wy, 5, first=16)
    for _ in range(3):
        land -= _blob(u, v, rng.uniform(0, 2 * np.pi), rng.uniform(0.72, 0.95), rng.uniform(0.14, 0.24), 0.6)
    for _ in range(5):
        land += _blob(u, v, rng.uniform(0, 2 * np.pi), rng.uniform(0.9, 1.08), rng.uniform(0.04, 0.075), 0.5)
    return land.astype(np.float32), _uplift(noise, land, u, v, x, y)


def _blob(u: F32, v: F32, angle: float, reach: float, radius: float, weight: float) -> F32:
    du = u - np.float32(LONG * reach * np.cos(angle))
    dv = v - np.float32(WIDE * reach * np.sin(angle))
    out: F32 = np.float32(weight) * np.exp(-(du * du + dv * dv) / np.float32(radius * radius))
    return out


def _uplift(noise: Noise, land: F32, u: F32, v: F32, x: F32, y: F32) -> F32:
    """A main range along an arc off the middle, a lower second one, rolling lowland."""
    spine = v - 0.16 + 0.55 * u * u
    main = np.exp(-((spine / 0.27) ** 2)) * np.exp(-(((u + 0.12) / 0.55) ** 2))
    second = 0.45 * np.exp(-(((u - 0.42) / 0.22) ** 2) - ((v + 0.3) / 0.2) ** 2)
    ridges = noise.ridged(2.1 * x + 5, 2.1 * y + 9, 5, first=32)
    rolling = 0.5 + 0.5 * noise.fractal(3.0 * x, 3.0 * y, 4, first=40)
    raised = (main + second) * (0.2 + 1.1 * ridges) + 0.05 + 0.09 * rolling
    out: F32 = (raised * np.clip(land / 0.22, 0.0, 1.0) ** 0.8).astype(np.float32)
    return out


def _ranges(shape: Shape, seed: int, samples_max: int, report: object, erosion: float) -> F32:
    """Uplift and rivers, from coarse to fine; the highest point ends at PEAK_M + DROWN_M."""
    noise = Noise(seed + 1)
    heights: F32 | None = None
    for stage, (samples, steps) in enumerate(_GRIDS):
        if samples > samples_max and stage > 0:
            break
        land, uplift = shape(seed, samples)
        cell = SIZE_M / (samples - 1)
        x, y = axes(samples)
        rough = noise.fractal(x * 2 ** (4 + stage), y * 2 ** (4 + stage), 5, first=4 * stage)
        if heights is None:
            heights = np.where(land > 0, 2.0 + 20 * land, 120 * land) + 8 * rough * (land > 0)
            heights = heights.astype(np.float32)
        else:
            coarse = resample(heights, samples)
            heights = _bend(coarse, coarse, noise, reach=0.012 / stage, scale=7.0 * stage)
            heights += (rough * np.clip(heights / 60, 0.0, 1.0) * (24.0 / 1.6**stage)).astype(np.float32)
        soft = np.exp(0.7 * noise.fractal(3.5 * x, 3.5 * y, 5, first=50)) * np.float32(0.13 * erosion)
        creep = np.clip((0.62 - uplift) * (0.5, 0.8, 0.9)[stage], (0.05, 0.1, 0.12)[stage], 0.85)
        rise = uplift * np.float32(RISE_M)
        heights = erode(heights, rise, creep, cell_m=cell, strength=soft, steps=steps, seed=seed + stage)
        heights = slide(heights, cell_m=cell, talus=0.68, rounds=12)
        if callable(report):
            report("terrain", 3 * (stage + 1), 10)
    assert heights is not None
    above = np.maximum(heights, 0)
    out: F32 = np.where(heights > 0, above * np.float32((PEAK_M + DROWN_M) / max(float(above.max()), 1.0)), heights)
    return out


def _bend(grid: F32, heights: F32, noise: Noise, *, reach: float, scale: float) -> F32:
    """Shift the ground sideways by noise: rivers found on a grid stop following its eight directions.

    `reach` is the largest shift in half worlds; the sea bed stays where it is.
    """
    n = grid.shape[0]
    x, y = axes(n)
    near = np.float32(reach) * np.clip((heights + 15.0) / 20.0, 0.0, 1.0)
    u = x + near * noise.fractal(scale * x, scale * y, 3, first=60)
    v = y + near * noise.fractal(scale * x, scale * y, 3, first=66)
    column, row = (np.clip((a + 1) * np.float32((n - 1) / 2), 0, n - 1.001) for a in (u, v))
    c, r = column.astype(np.int32), row.astype(np.int32)
    tx, ty = column - c, row - r
    top = grid[r, c] * (1 - tx) + grid[r, c + 1] * tx
    low = grid[r + 1, c] * (1 - tx) + grid[r + 1, c + 1] * tx
    out: F32 = (top + ty * (low - top)).astype(np.float32)
    return out


def _finish(heights: F32, samples: int, seed: int, roughness: float) -> tuple[F32, F32, F32]:
    """Drown, shape coasts, add detail; returns heights, hardness and flow on the final grid."""
    heights = heights - np.float32(DROWN_M)
    for _ in range(2):  # single-cell crests would turn into rows of dots below
        creep_once(heights, np.full_like(heights, 0.6))
    bends = Noise(seed + 4)
    flow = _bend(_flow(heights, seed), heights, bends, reach=BEND, scale=6.0)
    heights = _bend(heights, heights, bends, reach=BEND, scale=6.0)
    fine = _coast(resample(heights, samples), seed)
    detailed, hard = _detail(fine, seed, roughness)
    return detailed, hard, resample(flow, samples)


def _flow(heights: F32, seed: int) -> F32:
    """log2 of the drained cells, averaged over random routings: brooks wander instead of following the grid."""
    rng = np.random.default_rng([seed, 999])
    total = np.zeros(heights.size, np.float32)
    for _ in range(FLOW_ROUTINGS):
        drainage = drain(heights, 0.0, rng)
        total[drainage.land] += np.log2(drained_cells(drainage, heights.shape[0])[1:])
    return (total / FLOW_ROUTINGS).reshape(heights.shape)


def _coast(heights: F32, seed: int) -> F32:
    """Ragged shores, then flat beaches on some coasts and cliffs on others, then a sea bed that falls away."""
    noise = Noise(seed + 2)
    x, y = axes(heights.shape[0])
    near = np.exp(-np.abs(heights) / 40.0)
    heights = heights + near * 26.0 * noise.fractal(6 * x, 6 * y, 6, first=0, gain=0.62)
    kind = np.clip(0.5 + 1.6 * noise.fractal(2.2 * x, 2.2 * y, 3, first=8), 0.0, 1.0)  # 0 beach, 1 cliff
    land = np.maximum(heights, 0)
    beach = land * land / (land + (1.0 - kind) * 16.0 + 1e-3) + np.minimum(land, 1.0) * 0.3
    cliff = kind * 16.0 * np.clip(land / 7.0, 0.0, 1.0) ** 2 * np.exp(-land / 160.0)
    depth = np.maximum(-heights, 0)
    bed = 0.16 * depth * depth / (depth + 5.0) + depth * 0.85 * depth / (depth + 22.0)
    out: F32 = np.where(heights > 0, beach + cliff, -bed).astype(np.float32)
    return out


def _detail(heights: F32, seed: int, roughness: float) -> tuple[F32, F32]:
    """Rocks and hummocks, stronger on steep ground; returns heights and hardness (0 soil to 1 bare rock)."""
    noise = Noise(seed + 3)
    x, y = axes(heights.shape[0])
    cell = SIZE_M / (heights.shape[0] - 1)
    south, east = np.gradient(heights, cell)
    slope = np.hypot(east, south)
    steep = np.clip((slope - 0.35) / 0.7, 0.0, 1.0)
    rough = noise.fractal(80 * x, 80 * y, 3, first=0, gain=0.6)
    crags = noise.ridged(55 * x, 55 * y, 3, first=8) - 0.5
    dry = np.clip((heights - 1.5) / 12.0, 0.0, 1.0)
    out = heights + np.float32(roughness) * dry * ((0.6 + 2.2 * steep) * rough + 9.0 * steep * crags)
    hard = np.clip(steep + 0.5 * crags * (steep > 0.1), 0.0, 1.0)
    return out.astype(np.float32), hard.astype(np.float32)
