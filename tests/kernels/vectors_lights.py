"""Calls of the kernels of lights/clusters.h with random inputs, as vectors.py has them for the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from .vectors import SKEWS, Call, empty, floats, view

SIZES = (0, 1, 2, 5, 64, 333)


def lights_seen(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_lights_seen; some lights are everywhere."""
    spheres = floats(rng, (n, 4), 60, poison)
    spheres[:, 3] = np.where(rng.uniform(0, 1, n) < 0.2, -1, np.abs(spheres[:, 3]) / 4)
    power = rng.uniform(0, 900, n).astype(np.float32)
    return [view(rng, False), spheres, power, n, empty(n, np.uint32), empty(n, np.uint32), empty(2, np.uint32)]


def light_lists(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_light_lists: any grid, a turned camera, parallel or not, off-centre; NaN is no place."""
    across, down, deep, room = (int(v) for v in (rng.integers(1, 17), rng.integers(1, 10), rng.integers(1, 25),
                                                 rng.integers(1, 80)))
    frame = np.zeros(20, np.float32)
    camera = rng.uniform(-40, 40, 3)
    frame[0:3], frame[3] = camera, rng.uniform() < 0.3
    frame[4:7] = camera - frame[0:3]
    turn = np.linalg.qr(rng.uniform(-1, 1, (3, 3)))[0]
    for at, axis in zip((8, 12, 16), turn, strict=True):
        frame[at:at + 3] = axis
    spread = 30 if frame[3] else 1
    edges = np.concatenate([np.linspace(-1, 1, across + 1) * spread + rng.uniform(-2, 2), np.linspace(-1, 1, down + 1)
                            * spread, [0], np.cumsum(rng.uniform(1, 9, deep))]).astype(np.float32)
    spheres = floats(rng, (n, 4), 50, 0)
    spheres[:, 3] = np.abs(spheres[:, 3]) / 2 if rng.uniform() < 0.8 else 500
    clusters = across * down * deep
    grid = np.array([across, down, deep, room], np.uint32)
    return [frame, edges, grid, floats(rng, (n, 12), 50, poison), spheres, rng.permutation(n).astype(np.uint32), n,
            int(rng.integers(0, n + 1)) // 4, empty((n, 12), np.float32), empty(clusters * room, np.uint16),
            empty(clusters + clusters * room // 2 + 1, np.uint32), empty(2, np.uint32)]


MAKERS = {"lw_lights_seen": lights_seen, "lw_light_lists": light_lists}


def make(name: str, seed: int, n: int, poison: float, skew: int) -> Call:
    """One call."""
    with np.errstate(all="ignore"):
        return Call(name, MAKERS[name](np.random.default_rng([seed, n]), n, poison), skew)


def standard(seed: int = 11, sizes: tuple[int, ...] = SIZES) -> list[Call]:
    """Every kernel with every size, with and without poison."""
    return [make(name, seed + k, n, poison, SKEWS[(k + n) % 4])
            for name in MAKERS for k, n in enumerate(sizes) for poison in (0.0, 0.05)]
