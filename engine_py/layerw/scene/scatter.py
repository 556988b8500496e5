"""Where things grow: points on the ground chosen by rules of height, slope and patches.

Owns: the choice of points. Deterministic from its seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.base.ports import F32, F64

Heights = Callable[[Any, Any], Any]  # (x, z) arrays in metres -> heights in metres


def scatter(
    heights: Heights,
    count: int,
    *,
    area: tuple[float, float, float, float],
    height: tuple[float, float] = (-math.inf, math.inf),
    slope_max: float = math.radians(35),
    patches_m: float = 0.0,
    sink_m: float = 0.1,
    seed: int = 0,
) -> F32:
    """Choose `count` points on the ground.

    Args:
        heights: vectorised ground height, metres.
        area: x and z of the lower corner, then of the upper one, metres.
        height: lowest and highest ground, metres; thins out over the last tenth towards either end.
        slope_max: steepest ground, radians.
        patches_m: size of woods and clearings; 0 = evenly spread.
        sink_m: how far below the ground the points lie.

    Returns:
        (count, 3) float32 positions.

    Raises:
        ValueError: the rules leave less than 1 in 500 points of the area.
    """
    rng = np.random.default_rng(seed)
    x0, z0, x1, z1 = area
    found: list[F64] = []
    have = tried = 0
    while have < count:
        batch = max(4096, count)
        x, z = rng.uniform(x0, x1, batch), rng.uniform(z0, z1, batch)
        keep = _chance(heights, x, z, height, slope_max, patches_m, seed) > rng.uniform(0, 1, batch)
        points = np.stack([x[keep], np.asarray(heights(x[keep], z[keep])) - sink_m, z[keep]], axis=1)
        found.append(points)
        have, tried = have + len(points), tried + batch
        if tried > 500 * max(have, 1):
            raise ValueError(
                f"The rules (height {height}, slope up to {math.degrees(slope_max):.0f} degrees) leave {have} of "
                f"{tried} tried points; widen them."
            )
    return np.concatenate(found)[:count].astype(np.float32)


def _chance(
    heights: Heights, x: F64, z: F64, height: tuple[float, float], slope: float, patches: float, seed: int
) -> F64:
    y: F64 = np.asarray(heights(x, z), np.float64)
    step = 4.0
    dx = (np.asarray(heights(x + step, z)) - np.asarray(heights(x - step, z))) / (2 * step)
    dz = (np.asarray(heights(x, z + step)) - np.asarray(heights(x, z - step))) / (2 * step)
    low, high = height
    chance: F64 = (np.hypot(dx, dz) < math.tan(slope)).astype(np.float64)
    if math.isfinite(high - low):
        fade = max((high - low) * 0.1, 1e-6)
        chance *= np.clip(np.minimum(y - low, high - y) / fade, 0, 1)
    else:
        chance *= (y >= low) & (y <= high)
    if patches:
        p = (seed % 97) * 1.37
        u, v = x / patches, z / patches
        woods = np.sin(u + 1.7 * np.sin(v * 0.7 + p)) + np.sin(v * 1.2 + 1.3 * np.sin(u * 0.9 - p))
        woods += 0.7 * np.sin(u * 2.3 - v * 1.9 + p)
        chance *= np.clip(woods * 0.5 + 0.55, 0.03, 1)
    return chance
