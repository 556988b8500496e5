"""Where water runs once every hollow is full: basins, the level at which each spills over, and where it then goes.

Owns: filled surfaces and drained areas of a whole grid. Does not: know which of that is a river or a lake (waters.py).
Limits: a grid of a few million corners; its border and the sea take all water.
Source: Barnes, Lehman and Mulla 2014 (priority flood) on the graph of basins of Cordonnier, Bovy and Braun 2019, whose
edges are the lowest passes between basins: the flood visits basins, not corners.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layerw_server.bake.erosion import Drainage, drain, drained_cells
from layerw_server.bake.heightfield import F32

I64 = npt.NDArray[np.int64]
_HALF = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class Flow:
    """Of a square grid, flat: `receiver` (the corner that each drains to, itself where water leaves), `cells` that
    drain through it (itself included), `filled` heights, `pool` (a number for each body of standing water, or -1).
    """

    receiver: I64
    cells: F32
    filled: F32
    pool: I64


def route(heights: F32, sea_m: float | None, rng: np.random.Generator | None = None) -> Flow:
    """Steepest descent; from the bottom of a hollow over its lowest pass."""
    side = heights.shape[0]
    base = float(heights.min()) - 1.0 if sea_m is None else sea_m
    found = drain(heights, base, rng)
    flat = heights.ravel()
    root = _roots(found.receiver)
    corner_of = np.concatenate([np.full(1, -1, np.int64), found.land.astype(np.int64)])
    label = np.zeros(flat.size, np.int64)
    label[found.land] = root[1:]
    level, outlet, pool_of = _flood(label.reshape(side, side), heights, root.size)
    number = np.zeros(flat.size, np.int64)
    number[found.land] = np.arange(1, found.land.size + 1)
    joined = found.receiver.astype(np.int64)
    pits = np.flatnonzero(outlet >= 0)
    joined[pits] = number[outlet[pits]]
    area = drained_cells(Drainage(found.land, joined.astype(np.int32), found.distance), 8 * side)
    receiver = np.arange(flat.size)
    direct = corner_of[found.receiver[1:]]
    receiver[found.land] = np.where(direct >= 0, direct, found.land)
    receiver[corner_of[pits]] = outlet[pits]
    _to_sea(receiver, found.land[found.receiver[1:] == 0], found.land, flat, side)
    filled = np.maximum(flat, level[label])
    cells = np.zeros(flat.size, np.float32)
    cells[found.land] = area[1:]
    return Flow(receiver, cells, filled.astype(np.float32), np.where(filled > flat, pool_of[label], -1))


def _roots(receiver: npt.NDArray[np.int32]) -> I64:
    root = receiver.astype(np.int64)
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root
        root = further


def _to_sea(
    receiver: I64, ends: npt.NDArray[np.int32], land: npt.NDArray[np.int32], flat: F32, side: int,
) -> None:
    """Corners whose water leaves drain to their lowest neighbour in the sea or on the border: a river ends there."""
    at = ends.astype(np.int64)
    is_land = np.zeros(flat.size, bool)
    is_land[land] = True
    best, lowest = at.copy(), np.full(at.size, np.inf, np.float32)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            there = at + dy * side + dx
            better = (flat[there] < lowest) & ~is_land[there]
            best, lowest = np.where(better, there, best), np.where(better, flat[there], lowest)
    receiver[at] = best


def _flood(label: I64, heights: F32, count: int) -> tuple[F32, I64, I64]:
    """By basin: the level at which it spills, the corner that it spills to (-1: nowhere), the number of its pool."""
    inner, outer, passes, a, b = _passes(label, heights)
    level = np.full(count, -np.inf, np.float32)
    outlet, pool = np.full(count, -1, np.int64), np.arange(count)
    order = np.argsort(np.concatenate([a, b]), kind="stable")
    first = np.searchsorted(np.concatenate([a, b])[order], np.arange(count + 1))
    edges = len(a)
    done = np.zeros(count, bool)
    queue: list[tuple[float, int, int, int]] = [(-np.inf, 0, -1, 0)]
    while queue:
        height, basin, edge, parent = heapq.heappop(queue)
        if done[basin]:
            continue
        done[basin] = True
        if edge >= 0:
            level[basin] = max(height, level[parent])
            outlet[basin] = outer[edge] if label.ravel()[inner[edge]] == basin else inner[edge]
            if height <= level[parent]:
                pool[basin] = pool[parent]  # the water of one stands over the pass to the other
        for k in order[first[basin] : first[basin + 1]]:
            number = int(k % edges)
            other = int(b[number] if k < edges else a[number])
            if not done[other]:
                heapq.heappush(queue, (float(passes[number]), other, number, basin))
    return level, outlet, pool


def _passes(label: I64, heights: F32) -> tuple[I64, I64, F32, I64, I64]:
    """The lowest pass between each two basins that touch: corners on both sides, height, the two basins."""
    n = label.shape[0]
    at = np.arange(n * n).reshape(n, n)
    parts = []
    for dy, dx in _HALF:
        here = np.s_[: n - dy, max(-dx, 0) : n - max(dx, 0)]
        there = np.s_[dy:, max(dx, 0) : n + min(dx, 0)]
        apart = label[here] != label[there]
        parts.append((at[here][apart], at[there][apart]))
    inner, outer = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    flat, names = heights.ravel(), label.ravel()
    height = np.maximum(flat[inner], flat[outer])
    low, high = np.minimum(names[inner], names[outer]), np.maximum(names[inner], names[outer])
    order = np.lexsort((inner, height, high, low))
    low, high = low[order], high[order]
    new = np.ones(low.size, bool)
    new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    pick = order[new]
    return inner[pick], outer[pick], height[pick], low[new], high[new]
