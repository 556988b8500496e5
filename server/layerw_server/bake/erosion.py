"""Erosion: rivers that cut valleys while the land rises, and slopes that slide when they are too steep.

Owns: drainage (receivers, drained area), the implicit stream-power step, talus.
Does not: know what an island is.
Limits: square grids; cells at or below the sea are base level and don't erode.
Source: Braun and Willett 2013 (implicit stream power, n = 1); Cordonnier et al. 2016 (uplift as the artist's
        brush); Hillis and Steele 1986 (pointer doubling, which makes both passes plain array operations).

Along every river the new height is linear in that of its receiver, h = a + b * h[receiver]. Composing this map with
itself k times reaches 2**k cells downstream, so a grid of n cells a side needs about log2(4 n) passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layerw_server.bake.heightfield import F32

_NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
SETTLE_STEPS = 4
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Drainage:
    """Land cells as a forest: `land` flat grid indices; `receiver`, `distance` per land cell, with cell 0 = the sea."""

    land: I32
    receiver: I32
    distance: F32  # cells to the receiver; 0 for a pit


def drain(heights: F32, sea_m: float, rng: np.random.Generator | None = None) -> Drainage:
    """Steepest descent among eight neighbours; pits are their own receivers; the border is sea.

    With `rng` the choice is a little random, which hides the grid's eight directions.
    """
    n = heights.shape[0]
    is_land = heights > sea_m
    is_land[0] = is_land[-1] = False
    is_land[:, 0] = is_land[:, -1] = False
    land = np.flatnonzero(is_land).astype(np.int32)
    flat = np.maximum(heights, np.float32(sea_m)).ravel()
    here = flat[land]
    best, receiver = np.zeros_like(here), land.copy()
    distance = np.zeros_like(here)
    for dy, dx in _NEIGHBOURS:
        length = np.float32(math.hypot(dy, dx))
        there = land + np.int32(dy * n + dx)
        drop = (here - flat[there]) / length
        if rng is not None:
            drop *= rng.random(here.size, dtype=np.float32) + np.float32(0.5)
        better = drop > best
        best = np.where(better, drop, best)
        receiver = np.where(better, there, receiver)
        distance = np.where(better, length, distance)
    number = np.zeros(n * n, np.int32)
    number[land] = np.arange(1, land.size + 1, dtype=np.int32)
    receivers = np.concatenate([np.zeros(1, np.int32), number[receiver]])
    return Drainage(land, receivers, np.concatenate([np.ones(1, np.float32), distance]))


def _passes(side: int) -> int:
    return math.ceil(math.log2(3 * side))


def drained_cells(drainage: Drainage, side: int) -> F32:
    """How many cells flow through each land cell (itself included); entry 0 is the sea's and means nothing."""
    count = drainage.receiver.size
    area = np.ones(count)
    target = np.where(drainage.receiver == np.arange(count), 0, drainage.receiver)  # roots drop out through the sea
    for _ in range(_passes(side)):
        area[0] = 0.0
        area += np.bincount(target, weights=area, minlength=count)
        target = target[target]
        if not target.any():
            break
    area[0] = 1.0
    return area.astype(np.float32)


def erode(
    heights: F32, uplift_m: F32, creep: F32, *, cell_m: float, strength: F32, steps: int, seed: int, sea_m: float = 0.0,
    area_power: float = 0.4, settle: Callable[[F32], F32] | None = None,
) -> F32:
    """`steps` rounds of uplift (metres a step) and implicit stream-power erosion.

    `settle` takes the heights now and then and gives them back with their hollows filled, as gravel does: else a hollow
    that stays while the land around it rises becomes a valley without a way out.

    `strength`: metres of cut a step at slope 1 and one square metre drained; grows with area_m2**area_power.
    `creep`: 0..1, the share by which soil evens out each step.
    """
    heights = heights.copy()
    side = heights.shape[0]
    flat, rise = heights.ravel(), uplift_m.ravel()
    rng = np.random.default_rng([seed, 555])
    for step in range(steps):
        if settle is not None and step % SETTLE_STEPS == 0:
            flat[:] = settle(heights).ravel()
        drainage = drain(heights, sea_m, rng)
        if not drainage.land.size:
            break
        area = drained_cells(drainage, side) * np.float32(cell_m * cell_m)
        pit = drainage.distance == 0
        length_m = np.float32(cell_m) * np.maximum(drainage.distance, 1)
        rate = _with_sea(strength.ravel()[drainage.land]) * area ** np.float32(area_power) / length_m
        rate[pit] = 0.0
        start = np.concatenate([np.full(1, sea_m, np.float32), flat[drainage.land] + rise[drainage.land]])
        start[1:][pit[1:]] += np.float32(0.02 * cell_m)  # pits silt up until they drain
        rate[0] = 0.0
        flat[drainage.land] = _solve(start / (1 + rate), rate / (1 + rate), drainage.receiver, side)[1:]
        creep_once(heights, creep)
    return heights


def _with_sea(values: F32) -> F32:
    return np.concatenate([np.zeros(1, np.float32), values])


def creep_once(heights: F32, share: F32) -> None:
    """Diffuse soil downhill: move every inner corner towards the mean of its four neighbours, in place."""
    inner = heights[1:-1, 1:-1]
    mean = 0.25 * (heights[:-2, 1:-1] + heights[2:, 1:-1] + heights[1:-1, :-2] + heights[1:-1, 2:])
    inner += share[1:-1, 1:-1] * (mean - inner)


def _solve(a: F32, b: F32, receiver: I32, side: int) -> F32:
    target = receiver
    for _ in range(_passes(side)):
        a = a + b * a[target]
        b = b * b[target]
        if not b.any():
            break
        target = target[target]
    return a


def slide(heights: F32, *, cell_m: float, talus: float, rounds: int) -> F32:
    """Even out ground that is steeper than `talus` (metres a metre), the more the steeper; crests stay sharp."""
    heights = heights.copy()
    share = np.zeros_like(heights)
    scale = np.float32(0.5 / cell_m)
    for _ in range(rounds):
        east = (heights[1:-1, 2:] - heights[1:-1, :-2]) * scale
        south = (heights[2:, 1:-1] - heights[:-2, 1:-1]) * scale
        steep = np.sqrt(east * east + south * south)
        share[1:-1, 1:-1] = np.clip((steep - np.float32(talus)) / np.float32(talus), 0.0, 0.8)
        creep_once(heights, share)
    return heights
