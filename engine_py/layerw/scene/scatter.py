"""Where things grow: points on the ground chosen by rules of height, slope and patches.

Owns: the rules, and the choice of points. Deterministic from its seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.errors import ConfigError, ShapeError
from layerw.base.ports import F32, F64

COUNT_MAX = 50_000_000
SLOPE_STEP_M = 4.0
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
        KindError, ConfigError, ShapeError: an argument is not what it should be.
        ConfigError: the rules leave less than 1 in 500 points of the area.
    """
    rules = Rules("scatter", heights, height, slope_max, patches_m, sink_m, seed)
    count = checks.whole("scatter count", count, 0, COUNT_MAX)
    x0, z0, x1, z1 = checks.vector("scatter area", area, 4)
    if not (x0 < x1 and z0 < z1):
        raise ShapeError(f"scatter area is {area}; it takes (x, z) of the lower corner, then of the upper one.")
    if count == 0:
        return np.zeros((0, 3), np.float32)
    rng = np.random.default_rng(seed)
    found: list[F64] = []
    have = tried = 0
    while have < count:
        batch = max(4096, count)
        x, z = rng.uniform(x0, x1, batch), rng.uniform(z0, z1, batch)
        keep = rules.chance(x, z) > rng.uniform(0, 1, batch)
        points = np.stack([x[keep], rules.ground(x[keep], z[keep]), z[keep]], axis=1)
        found.append(points)
        have, tried = have + len(points), tried + batch
        if tried > 500 * max(have, 1):
            raise ConfigError(
                f"The rules (height {height}, slope up to {math.degrees(slope_max):.0f} degrees) leave {have} of "
                f"{tried} tried points; widen them."
            )
    return np.concatenate(found)[:count].astype(np.float32)


class Rules:
    """Where something grows: see `scatter` for what its arguments mean; `name` is whose they are, in what it raises."""

    def __init__(self, name: str, heights: Heights, height: tuple[float, float], slope_max: float, patches_m: float,
                 sink_m: float, seed: int, fade_m_max: float = math.inf) -> None:  # fmt: skip
        self.name, self.fade_m_max = name, fade_m_max
        self.heights: Heights = checks.callback(f"{name} heights", heights, "x", "z")
        spans = isinstance(height, Sequence) and len(height) == 2 and all(map(_is_number, height))
        if not (spans and height[0] < height[1]):
            raise ShapeError(f"{name} height is {checks.shown(height)}; it takes the lowest and the highest ground.")
        self.height = height
        self.slope_max = checks.number(f"{name} slope_max", slope_max, 0, math.pi / 2)
        self.patches_m = checks.number(f"{name} patches_m", patches_m, 0)
        self.sink_m = checks.number(f"{name} sink_m", sink_m)
        self.seed = checks.whole(f"{name} seed", seed, 0)

    def ground(self, x: F64, z: F64) -> F64:
        """Heights of what grows there, metres."""
        found: F64 = self._heights(x, z) - self.sink_m
        return found

    def chance(self, x: F64, z: F64) -> F64:
        """From 0 to 1, of the same shape: how likely something grows there."""
        y, step = self._heights(x, z), SLOPE_STEP_M
        dx = (self._heights(x + step, z) - self._heights(x - step, z)) / (2 * step)
        dz = (self._heights(x, z + step) - self._heights(x, z - step)) / (2 * step)
        low, high = self.height
        chance: F64 = (np.hypot(dx, dz) < math.tan(self.slope_max)).astype(np.float64)
        if math.isfinite(high - low):
            fade = min(max((high - low) * 0.1, 1e-6), self.fade_m_max)
            chance *= np.clip(np.minimum(y - low, high - y) / fade, 0, 1)
        else:
            chance *= (y >= low) & (y <= high)
        return chance * self._patches(x, z) if self.patches_m else chance

    def _heights(self, x: F64, z: F64) -> F64:
        given = self.heights(x, z)
        try:
            if given is None:
                raise ValueError  # numpy takes it for NaN: a place without ground
            found: F64 = np.broadcast_to(np.asarray(given, np.float64), x.shape)
        except checks.NO_NUMBERS:
            raise ShapeError(f"{self.name} heights gave {checks.shown(given)} for places of shape {x.shape}; it gives "
                             f"one number for each.") from None  # fmt: skip
        return found

    def _patches(self, x: F64, z: F64) -> F64:
        """Woods and clearings."""
        p = (self.seed % 97) * 1.37
        u, v = x / self.patches_m, z / self.patches_m
        woods = np.sin(u + 1.7 * np.sin(v * 0.7 + p)) + np.sin(v * 1.2 + 1.3 * np.sin(u * 0.9 - p))
        woods += 0.7 * np.sin(u * 2.3 - v * 1.9 + p)
        found: F64 = np.clip(woods * 0.5 + 0.55, 0.03, 1)
        return found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)
