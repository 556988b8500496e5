"""Everything that is derived from the heights once and then read by every tile: gradients and occlusion.

Owns: the gradient pyramid (for normals that are right at every level), horizon occlusion, drained area,
and storing these arrays so that worker processes map them instead of copying.
Does not: pick colours (textures.py).
Limits: grids of 2**k + 1 samples a side.
Source: Max 1988 (horizon shading); Freeman 1991 (drainage along steepest descent).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from layerw_server.bake.heightfield import F32, HeightField
from layerw_server.bake.noise import Noise

OCCLUSION_SAMPLES_MAX = 1025
_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
_REACH = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Fields:
    """Grids of a world; `east[k]`, `south[k]` are slopes averaged over 2**k cells at every 2**k-th corner."""

    heights: F32
    east: tuple[F32, ...]
    south: tuple[F32, ...]
    sky: F32  # 0 (in a pit) to 1 (open sky)
    flow: F32
    hard: F32
    mottle: F32  # slow noise, about -1 to 1

    def save(self, folder: Path) -> None:
        """Write every grid as .npy into `folder`."""
        for name in ("heights", "sky", "flow", "hard", "mottle"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        for k, (east, south) in enumerate(zip(self.east, self.south, strict=True)):
            np.save(folder / f"east{k}.npy", east)
            np.save(folder / f"south{k}.npy", south)

    @staticmethod
    def load(folder: Path) -> Fields:
        """Map what `save` wrote, read-only."""
        def grid(name: str) -> F32:
            mapped: F32 = np.load(folder / f"{name}.npy", mmap_mode="r")
            return mapped

        count = len(list(folder.glob("east*.npy")))
        easts = tuple(grid(f"east{k}") for k in range(count))
        souths = tuple(grid(f"south{k}") for k in range(count))
        return Fields(grid("heights"), easts, souths, grid("sky"), grid("flow"), grid("hard"), grid("mottle"))


def derive(field: HeightField, seed: int = 0) -> Fields:
    """Compute the fields of a (snapped) height field."""
    heights = field.heights
    east, south = gradient(heights, field.cell_x_m, field.cell_y_m)
    easts, souths = [east], [south]
    for _ in range(field.levels - 1):
        easts.append(decimate(easts[-1]))
        souths.append(decimate(souths[-1]))
    flow = field.layers.get("flow")
    hard = field.layers.get("hard")
    zero = np.zeros_like(heights)
    return Fields(heights, tuple(easts), tuple(souths), sky_visibility(heights, field.cell_x_m, field.cell_y_m),
                  zero if flow is None else flow, zero if hard is None else hard, _mottle(field, seed))


def _mottle(field: HeightField, seed: int) -> F32:
    """Slow noise; a source that knows where its woods are gives them as the layer `woods`, and noise only blurs it."""
    samples = field.heights.shape[0]
    at = np.linspace(0.0, 1.0, min(samples, OCCLUSION_SAMPLES_MAX), dtype=np.float32)
    x, y = np.meshgrid(at, at)
    slow = Noise(seed + 9).fractal(26 * x, 26 * y, 5, gain=0.65)
    noise = slow if slow.shape[0] == samples else enlarge(slow, samples)
    woods = field.layers.get("woods")
    return noise if woods is None else woods + np.float32(0.25) * noise


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
    """The share of the sky that each corner sees, from the horizon in eight directions."""
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
    return open_sky if stride == 1 else enlarge(open_sky, heights.shape[0])


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
