"""The isle: its ground, woods and rocks, all made from numbers."""

from __future__ import annotations

import math

import numpy as np

import layerw as lw

SIDE_M, CELLS = 220.0, 150
SHORE_M = 0.6  # the sea is at 0
WAVES = ((0.021, 0.6, 5.0), (0.047, 2.1, 2.2), (0.083, 4.4, 1.0), (0.17, 1.3, 0.35))  # turns a metre, phase, metres


def height(x, z):
    """Metres above the sea; x, z: numbers or arrays, metres."""
    x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
    hills = sum(high * np.sin(often * math.tau * (x * math.cos(turn) + z * math.sin(turn)) + turn)
                for often, turn, high in WAVES)  # fmt: skip
    out = np.hypot(x, z) / (SIDE_M / 2) + 0.06 * np.sin(5 * np.arctan2(z, x))
    inland = np.clip((0.86 - out) / 0.5, 0.0, 1.0)
    inland = inland * inland * (3 - 2 * inland)
    return inland * (9.0 + hills) - 4.5 * (1 - inland)


def normal(x, z):
    """(..., 3) of the ground."""
    slope_x = (height(x + 0.5, z) - height(x - 0.5, z))[..., None]
    slope_z = (height(x, z + 0.5) - height(x, z - 0.5))[..., None]
    up = np.concatenate((-slope_x, np.ones_like(slope_x), -slope_z), axis=-1)
    return up / np.linalg.norm(up, axis=-1, keepdims=True)


def upright(turn):
    """(..., 4) quaternions of what stands and is turned about +Y by these radians."""
    half = np.asarray(turn) / 2
    none = np.zeros_like(half)
    return np.stack((none, np.sin(half), none, np.cos(half)), axis=-1)


def ground() -> lw.Mesh:
    """The isle as one mesh, coloured by height and slope."""
    line = np.linspace(-SIDE_M / 2, SIDE_M / 2, CELLS + 1)
    x, z = (one.ravel() for one in np.meshgrid(line, line))
    y, up = height(x, z), normal(x, z)
    sand, grass, moss, stone = (np.array(color) for color in
                                ((0.84, 0.76, 0.56), (0.36, 0.47, 0.18), (0.22, 0.34, 0.13), (0.46, 0.43, 0.39)))
    patches = 0.5 + 0.5 * np.sin(0.21 * x + 1.7 * np.sin(0.13 * z))
    color = grass + (moss - grass) * patches[:, None]
    color = sand + (color - sand) * np.clip((y - SHORE_M) / 1.2, 0, 1)[:, None]
    color = stone + (color - stone) * np.clip((up[:, 1] - 0.72) / 0.14, 0, 1)[:, None]
    corner = (np.arange(CELLS)[:, None] * (CELLS + 1) + np.arange(CELLS)).ravel()
    cells = np.stack((corner, corner + CELLS + 1, corner + 1, corner + 1, corner + CELLS + 1, corner + CELLS + 2))
    return lw.Mesh(np.stack((x, y, z), axis=1), cells.T.ravel(), normals=up, colors=color)


def places(count, rng, low=SHORE_M + 0.8, reach=0.8, slope=0.8):
    """(count, 3) points on dry ground that is not steep."""
    found = np.zeros((0, 3))
    while len(found) < count:
        x, z = rng.uniform(-SIDE_M / 2 * reach, SIDE_M / 2 * reach, (2, 4 * count))
        y = height(x, z)
        good = (y > low) & (normal(x, z)[:, 1] > slope)
        found = np.concatenate((found, np.stack((x, y, z), axis=1)[good]))
    return found[:count]


def build(app: lw.App, seed: int) -> np.ndarray:
    """Spawns the isle; returns (n, 3): x, z and radius of what nobody walks through."""
    rng = np.random.default_rng(seed)
    app.sea.level = 0.0
    app.spawn(ground(), lw.Material(color="white", roughness=0.95), static=True)
    leaves, stone = lw.Material(roughness=0.9, wind=0.3), lw.Material(roughness=0.95)
    kinds = ((lw.flora.conifer(seed=1), 260, leaves, 0.5), (lw.flora.broadleaf(seed=2), 90, leaves, 0.5),
             (lw.flora.rock(seed=3), 60, stone, 0.9))  # fmt: skip
    solid = []
    for shape, count, look, radius in kinds:
        place = places(count, rng, low=SHORE_M + 1.2)
        size = rng.uniform(0.5, 1.0, count)
        app.spawn_many(shape, count, look, position=place, rotation=upright(rng.uniform(0, math.tau, count)),
                       scale=np.repeat(size[:, None], 3, axis=1), static=True)  # fmt: skip
        solid.append(np.stack((place[:, 0], place[:, 2], radius * size), axis=1))
    return np.concatenate(solid)
