"""Everything that is derived from the heights once and then read by every tile: gradients and occlusion.

Owns: the gradient pyramid (for normals that are right at every level), horizon occlusion, drained area.
Does not: pick colours (paint.py).
Limits: grids of 2**k + 1 samples a side; they live in files that every process maps, so a world that is larger than
        memory is only slow.
Source: Max 1988 (horizon shading); Freeman 1991 (drainage along steepest descent).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake import grids
from layerw_server.bake.heightfield import F32, HeightField
from layerw_server.bake.noise import Noise

OCCLUSION_SAMPLES_MAX = 1025
GRIDS = ("sky", "flow", "hard", "mottle", "wet", "curve", "fresh", "road")
FRESH_FAR_M = 8.0  # `fresh` where no river or lake is near
CURVE_M = 30.0
_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
_REACH = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Fields:
    """Grids of a world, most of them mapped from files.

    `heights` has n + 1 corners a side. `east[k - 1]`, `south[k - 1]` are slopes averaged over 2**k cells at every
    2**k-th corner; those of k = 0 are computed when asked for. The others cover the same square with any
    2**k-th part of the corners.
    """

    heights: F32
    cell_x_m: float
    cell_y_m: float
    east: tuple[F32, ...]
    south: tuple[F32, ...]
    sky: F32  # 0 (in a pit) to 1 (open sky)
    flow: F32
    hard: F32
    mottle: F32  # slow noise, about -1 to 1
    wet: F32  # 0 (dry crest) to 1 (bog)
    curve: F32  # -1 (hollow) to 1 (crest)
    fresh: F32  # metres above the nearest river or lake, negative under it, at most FRESH_FAR_M
    road: F32  # 0 to 1 (on it)
    photo: npt.NDArray[np.uint8] | None = None  # (h, w, 4), see sources/photo.py
    props: F32 | None = None  # (9, n), see props.py
    lakes: F32 | None = None  # levels, NaN where there is none
    rivers: F32 | None = None  # (7, n), see water_tiles.py

    def slopes(self, k: int, rows: slice, columns: slice) -> tuple[F32, F32]:
        """Slopes eastwards and southwards at a window of every 2**k-th corner."""
        if k > 0:
            return self.east[k - 1][rows, columns], self.south[k - 1][rows, columns]
        n = self.heights.shape[0]
        top, left = max(rows.start - 1, 0), max(columns.start - 1, 0)  # one corner more: differences are central
        window = self.heights[top : min(rows.stop + 1, n), left : min(columns.stop + 1, n)]
        inner = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        east, south = gradient(window, self.cell_x_m, self.cell_y_m)
        return east[inner], south[inner]

    @staticmethod
    def load(folder: Path) -> Fields:
        """Map what `derive` wrote, read-only."""
        count = len(list(folder.glob("east*.npy")))
        easts = tuple(grids.load(folder, f"east{k}") for k in range(1, count + 1))
        souths = tuple(grids.load(folder, f"south{k}") for k in range(1, count + 1))
        cells = np.load(folder / "cells.npy")
        own: dict[str, Any] = {name: grids.load(folder, name) for name in ("heights", *GRIDS)}
        more: dict[str, Any] = {name: np.load(folder / f"{name}.npy", mmap_mode="r")
                                for name in ("photo", "props", "lakes", "rivers") if (folder / f"{name}.npy").is_file()}
        return Fields(cell_x_m=float(cells[0]), cell_y_m=float(cells[1]), east=easts, south=souths, **own, **more)


def _bare(heights: F32, cell_x_m: float, cell_y_m: float, east: tuple[F32, ...], south: tuple[F32, ...]) -> Fields:
    """Enough for slopes."""
    same: dict[str, Any] = dict.fromkeys(GRIDS, heights)
    return Fields(heights, cell_x_m, cell_y_m, east, south, **same)


def snap(field: HeightField, step_m: float, folder: Path) -> HeightField:
    """Write the heights, rounded to a lattice of `step_m`, into `folder`; returns the field with these, mapped."""
    grids.save(folder, "heights", field.heights, lambda rows: snapped(rows, step_m))
    return replace(field, heights=grids.load(folder, "heights"))


def derive(field: HeightField, folder: Path, seed: int = 0) -> Fields:
    """Write what follows from the heights that `snap` wrote into the same `folder`, and map all of it.

    `fresh` and `road` are there already where carve.py shaped the heights.

    Cost: O(n) with bands of some rows in memory at a time, and grids of OCCLUSION_SAMPLES_MAX corners.
    """
    np.save(folder / "cells.npy", np.array([field.cell_x_m, field.cell_y_m]))
    heights = field.heights
    fields = _bare(heights, field.cell_x_m, field.cell_y_m, (), ())
    _pyramid(fields, field.levels, folder)
    none = np.zeros((2, 2), np.float32)
    grids.save(folder, "sky", sky_visibility(heights, field.cell_x_m, field.cell_y_m))
    flow = field.layers.get("flow", none)
    grids.save(folder, "flow", flow)
    grids.save(folder, "hard", field.layers.get("hard", none))
    grids.save(folder, "mottle", _mottle(field, seed))
    if not (folder / "fresh.npy").is_file():
        grids.save(folder, "fresh", none + np.float32(FRESH_FAR_M))
        grids.save(folder, "road", none)
    grids.save(folder, "wet", _wetness(field, grids.load(folder, "fresh")))
    grids.save(folder, "curve", _convexity(field))
    return Fields.load(folder)


def snapped(heights: F32, step_m: float) -> F32:
    """Heights rounded to a lattice of `step_m`, so that the finest tiles hold them exactly."""
    step = np.float32(step_m)
    out: F32 = np.rint(heights / step) * step
    return out


def _pyramid(fields: Fields, levels: int, folder: Path) -> None:
    """Slopes of every level but the finest, each from the one before, a band of rows at a time."""
    finer = fields.slopes
    samples = fields.heights.shape[0]
    for k in range(1, levels):
        samples = (samples - 1) // 2 + 1
        with grids.Writer(folder, f"east{k}", samples) as east, grids.Writer(folder, f"south{k}", samples) as south:
            for first in range(0, samples, grids.BAND_ROWS):
                last = min(first + grids.BAND_ROWS, samples)
                low, high = max(first - 1, 0), min(last + 1, samples)  # one row more on each side, dropped again
                whole = slice(0, 2 * samples - 1)
                pair = finer(k - 1, slice(2 * low, 2 * high - 1), whole)
                for writer, slopes in zip((east, south), pair, strict=True):
                    writer.write(decimate(slopes)[first - low : last - low])
        finer = _bare(fields.heights, fields.cell_x_m, fields.cell_y_m,
                      tuple(grids.load(folder, f"east{j}") for j in range(1, k + 1)),
                      tuple(grids.load(folder, f"south{j}") for j in range(1, k + 1))).slopes


def _mottle(field: HeightField, seed: int) -> F32:
    """Slow noise; a source that knows where its woods are gives them as the layer `woods`, and noise only blurs it."""
    at = np.linspace(0.0, 1.0, min(field.heights.shape[0], OCCLUSION_SAMPLES_MAX), dtype=np.float32)
    x, y = np.meshgrid(at, at)
    slow = Noise(seed + 9).fractal(26 * x, 26 * y, 5, gain=0.65)
    woods = field.layers.get("woods")
    if woods is None:
        return slow
    return woods + np.float32(0.25) * (slow if slow.shape == woods.shape else enlarge(slow, woods.shape[0]))


def _thin(grid: F32, samples: int) -> F32:
    at = np.linspace(0.0, grid.shape[0] - 1.0, samples)
    return bilinear(grid, at, at)


def _wetness(field: HeightField, fresh: F32) -> F32:
    """The topographic wetness index, and what lies beside water. Source: Beven and Kirkby 1979."""
    side = min(field.heights.shape[0], OCCLUSION_SAMPLES_MAX)
    flow = field.layers.get("flow", np.zeros((2, 2), np.float32))
    cell_x, cell_y = (size / (side - 1) for size in field.size_m)
    south, east = np.gradient(_thin(field.heights, side), cell_y, cell_x)
    index = np.log(np.float32(2.0)) * _thin(flow, side) + np.log(np.float32(field.cell_x_m)) - np.log(
        np.hypot(east, south) + np.float32(0.02))
    wet = np.clip((index - 4.0) / 9.0, 0.0, 1.0)
    out: F32 = np.maximum(wet, np.clip(1.0 - _thin(fresh, side) / 3.0, 0.0, 1.0)).astype(np.float32)
    return out


def _convexity(field: HeightField) -> F32:
    """Over about CURVE_M metres."""
    side = min(field.heights.shape[0], OCCLUSION_SAMPLES_MAX)
    grid = _thin(field.heights, side)
    step_m = max(field.size_m) / (side - 1)
    k = max(1, min(round(CURVE_M / step_m), (side - 1) // 2))
    wide = np.pad(grid, k, mode="edge")
    around = 0.25 * (wide[2 * k :, k:-k] + wide[: -2 * k, k:-k] + wide[k:-k, 2 * k :] + wide[k:-k, : -2 * k])
    out: F32 = np.tanh((grid - around) / np.float32(0.12 * k * step_m)).astype(np.float32)
    return out


def gradient(heights: F32, cell_x_m: float, cell_y_m: float) -> tuple[F32, F32]:
    """Slope eastwards and southwards by central differences (one-sided at the border)."""
    east, south = np.empty_like(heights), np.empty_like(heights)
    east[:, 1:-1] = (heights[:, 2:] - heights[:, :-2]) * np.float32(0.5 / cell_x_m)
    east[:, 0] = (heights[:, 1] - heights[:, 0]) / np.float32(cell_x_m)
    east[:, -1] = (heights[:, -1] - heights[:, -2]) / np.float32(cell_x_m)
    south[1:-1] = (heights[2:] - heights[:-2]) * np.float32(0.5 / cell_y_m)
    south[0] = (heights[1] - heights[0]) / np.float32(cell_y_m)
    south[-1] = (heights[-1] - heights[-2]) / np.float32(cell_y_m)
    return east, south


def decimate(grid: F32) -> F32:
    """Every second corner of a [1 2 1] x [1 2 1] smoothed grid; borders are smoothed along themselves only."""
    rows = grid[::2].copy()
    rows[1:-1] = 0.5 * rows[1:-1] + 0.25 * (grid[1:-2:2] + grid[3::2])
    out = rows[:, ::2].copy()
    out[:, 1:-1] = 0.5 * out[:, 1:-1] + 0.25 * (rows[:, 1:-2:2] + rows[:, 3::2])
    return out


def sky_visibility(heights: F32, cell_x_m: float, cell_y_m: float) -> F32:
    """The share of the sky that every 2**k-th corner sees, from the horizon in eight directions."""
    stride = max(1, (heights.shape[0] - 1) // (OCCLUSION_SAMPLES_MAX - 1))
    coarse = np.ascontiguousarray(heights[::stride, ::stride])
    open_sky = np.zeros_like(coarse)
    for dy, dx in _DIRECTIONS:
        step_m = float(np.hypot(dx * cell_x_m, dy * cell_y_m)) * stride
        tangent = np.zeros_like(coarse)
        for reach in _REACH:
            if reach < coarse.shape[0]:
                there, here = _shifted(coarse, dy * reach, dx * reach)
                rise = (coarse[there] - coarse[here]) * np.float32(1.0 / (reach * step_m))
                np.maximum(tangent[here], rise, out=tangent[here])
        open_sky += 1.0 / (1.0 + tangent * tangent)  # cos^2 of the horizon's elevation
    open_sky /= len(_DIRECTIONS)
    return open_sky


def _shifted(grid: F32, dy: int, dx: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    n = grid.shape[0]
    there = tuple(slice(max(d, 0), n + min(d, 0)) for d in (dy, dx))
    here = tuple(slice(max(-d, 0), n + min(-d, 0)) for d in (dy, dx))
    return (there[0], there[1]), (here[0], here[1])


def enlarge(grid: F32, samples: int) -> F32:
    """Bilinear stretch onto (samples, samples) corners."""
    at = np.linspace(0.0, grid.shape[0] - 1, samples)
    return bilinear(grid, at, at)


def bilinear(grid: F32, rows: F32, columns: F32) -> F32:
    """Values at fractional rows x columns (ascending float64 vectors inside the grid)."""
    r = np.minimum(rows.astype(np.int64), grid.shape[0] - 2)
    c = np.minimum(columns.astype(np.int64), grid.shape[1] - 2)
    ty = (rows - r).astype(np.float32)[:, None]
    tx = (columns - c).astype(np.float32)[None, :]
    first, last = int(c[0]), int(c[-1]) + 2  # only the columns in use: grids are much wider than a tile
    c = c - first
    top, bottom = grid[r, first:last], grid[r + 1, first:last]
    band = top + ty * (bottom - top)
    left = band[:, c]
    out: F32 = left + tx * (band[:, c + 1] - left)
    return out
