"""Calls of the kernels of geometry/heightfield.h with random inputs, as vectors.py has them for the others.

Heights are few different ones in half of the calls, and rays start, end and run on the grid's lines in half.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.kernels.twins import heightfield

from .vectors import Call, empty

SIZES = ((2, 2), (3, 2), (2, 9), (5, 5), (6, 17), (33, 32), (70, 41))
RAYS = 12
_BAD = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7e308])


def poisoned(rng: np.random.Generator, values: np.ndarray, poison: float) -> np.ndarray:
    """Some of the values replaced by bad ones."""
    at = rng.uniform(0, 1, values.shape) < poison
    return np.where(at, _BAD[rng.integers(0, len(_BAD), values.shape)], values)


def ground(rng: np.random.Generator, columns: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes and the grid."""
    steps = int(rng.choice((2, 5, 65536)))
    codes = (rng.integers(0, steps, columns * rows) * (65535 // (steps - 1))).astype(np.uint16)
    grid = np.array([rng.integers(-9, 9) * 4.0, rng.uniform(-40, 40), 4.0, rng.choice((4.0, 2.7)),
                     rng.uniform(-100, 100), 20 / 65535 * rng.choice((1, 1, 1, -1, 0))])
    return codes, grid


def heights(rng: np.random.Generator, columns: int, rows: int, poison: float) -> list[Any]:
    """The arguments of lw_field_heights: points on samples, between them and outside."""
    codes, grid = ground(rng, columns, rows)
    n = 50
    at = rng.uniform(-3, max(columns, rows) + 3, (2, n))
    at = np.where(rng.uniform(0, 1, n) < 0.4, np.round(at), at)
    x, z = poisoned(rng, np.stack([grid[0] + at[0] * grid[2], grid[1] + at[1] * grid[3]]), poison)
    smooth = int(rng.integers(0, 2))
    return [codes, columns, rows, grid, x, z, n, smooth, empty(n, np.float64), empty((n, 3), np.float64)]


def pyramid(rng: np.random.Generator, columns: int, rows: int, poison: float) -> list[Any]:
    """The arguments of lw_field_pyramid."""
    return [ground(rng, columns, rows)[0], columns, rows,
            empty((heightfield.pyramid_blocks(columns, rows), 2), np.uint16)]


def unpack(rng: np.random.Generator, columns: int, rows: int, poison: float) -> list[Any]:
    """The arguments of lw_field_unpack: any bytes are a grid."""
    packed = rng.integers(0, 256, 2 * columns * rows).astype(np.uint8)
    packed[columns * rows:][rng.uniform(0, 1, columns * rows) < 0.7] = 0
    return [packed, columns, rows, empty(columns * rows, np.uint16)]


def rays_of(rng: np.random.Generator, columns: int, rows: int, grid: np.ndarray, poison: float) -> np.ndarray:
    """Rays from around the ground to points on it; straight down, level and along lines too."""
    def points() -> np.ndarray:
        at = rng.uniform(-0.3, 1.3, (RAYS, 2)) * (columns - 1, rows - 1)
        at = np.where(rng.uniform(0, 1, (RAYS, 1)) < 0.5, np.round(at), at)
        y = grid[4] + grid[5] * 65535 * rng.uniform(-1, 2, RAYS)
        return np.stack([grid[0] + at[:, 0] * grid[2], y, grid[1] + at[:, 1] * grid[3]], axis=1)

    origin, target = points(), points()
    level = rng.uniform(0, 1, (RAYS, 3)) < 0.25
    origin = np.where(level, target, origin)
    found = np.zeros((RAYS, 8))
    found[:, 0:3], found[:, 4:7] = origin, (target - origin) * rng.uniform(0.1, 2, (RAYS, 1))
    found[:, 7] = np.where(rng.uniform(0, 1, RAYS) < 0.7, np.inf, rng.uniform(0, 2, RAYS))
    return poisoned(rng, found, poison)


def field_rays(rng: np.random.Generator, columns: int, rows: int, poison: float) -> list[Any]:
    """The arguments of lw_field_rays."""
    codes, grid = ground(rng, columns, rows)
    blocks = np.zeros((heightfield.pyramid_blocks(columns, rows), 2), np.uint16)
    heightfield.lw_field_pyramid(codes, columns, rows, blocks)
    return [codes, columns, rows, grid, blocks, rays_of(rng, columns, rows, grid, poison), RAYS,
            empty(RAYS, np.float64), empty(RAYS, np.uint32)]


MAKERS: dict[str, Callable[[np.random.Generator, int, int, float], list[Any]]] = {
    "lw_field_unpack": unpack,
    "lw_field_heights": heights, "lw_field_pyramid": pyramid, "lw_field_rays": field_rays,
}


def make(name: str, seed: int, columns: int, rows: int, poison: float, skew: int) -> Call:
    """One call; doubles keep their own alignment."""
    rng = np.random.default_rng([seed, columns, rows])
    return Call(name, MAKERS[name](rng, columns, rows, poison), skew & 8)


def standard(seed: int = 5) -> list[Call]:
    """Every kernel with every size, with and without poison."""
    return [make(name, seed + k, *size, poison, 8 * (k % 2))
            for name in MAKERS for k, size in enumerate(SIZES * 3) for poison in (0.0, 0.05)]
