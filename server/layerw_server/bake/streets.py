"""The plan of the procedural city: streets, blocks, and what is built on them.

Owns: one grid of streets that houses and colours share. Does not: make meshes (props.py) or colours (paint.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw_server.bake.heightfield import F32

BLOCK_X_M, BLOCK_Z_M, STREET_M = 96.0, 72.0, 14.0
CENTRE, SUBURB, END = 0.28, 0.5, 0.8  # of half the world's size: towers, blocks of flats, houses; fields after that
PARK_SHARE = 0.07
LOTS = (3, 2)
TOWER_M = 150.0


def _far(x: F32, z: F32, size_m: tuple[float, float]) -> F32:
    out: F32 = np.hypot(x / (0.5 * size_m[0]), z / (0.5 * size_m[1]))
    return out


def _is_park(column: npt.NDArray[np.int64], row: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """The same blocks for houses and colours, of any seed."""
    mixed = (column * 73_856_093) ^ (row * 19_349_663)
    return (mixed % 1000) < 1000 * PARK_SHARE


def block_of(x: F32, z: F32) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Column and row of the block at a place."""
    return np.floor(x / BLOCK_X_M).astype(np.int64), np.floor(z / BLOCK_Z_M).astype(np.int64)


def built_up(x: F32, z: F32, size_m: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Where no trees grow by themselves: blocks, but no parks."""
    return (_far(x, z, size_m) < END) & ~_is_park(*block_of(x, z))


def ground_kind(x: F32, z: F32, size_m: tuple[float, float]) -> tuple[F32, F32]:
    """How much a place is street, and how much paved yard, 0 to 1."""
    inside = _far(x, z, size_m) < END
    to_x = np.abs((x + 0.5 * BLOCK_X_M) % BLOCK_X_M - 0.5 * BLOCK_X_M)
    to_z = np.abs((z + 0.5 * BLOCK_Z_M) % BLOCK_Z_M - 0.5 * BLOCK_Z_M)
    edge = np.minimum(to_x, to_z) - 0.5 * STREET_M
    street = np.clip(0.5 - edge / 2.0, 0, 1) * inside
    yard = (_far(x, z, size_m) < SUBURB) * ~_is_park(*block_of(x, z)) * inside
    return street.astype(np.float32), yard.astype(np.float32)


def houses(size_m: tuple[float, float], seed: int) -> F32:
    """(9, n) as props.py has them, heights still from the ground."""
    from layerw_server.bake.props import BLOCK, DEEP, HOUSE, KIND, TALL, TINT, WIDE, YAW, X, Z

    rng = np.random.default_rng([seed, 41])
    reach = [int(0.5 * size * END / block) + 1 for size, block in zip(size_m, (BLOCK_X_M, BLOCK_Z_M), strict=True)]
    column, row, lot_x, lot_z = (a.ravel() for a in np.meshgrid(
        np.arange(-reach[0], reach[0]), np.arange(-reach[1], reach[1]), np.arange(LOTS[0]), np.arange(LOTS[1])))
    lot_wide, lot_deep = (BLOCK_X_M - STREET_M) / LOTS[0], (BLOCK_Z_M - STREET_M) / LOTS[1]
    x = column * BLOCK_X_M + 0.5 * STREET_M + (lot_x + 0.5) * lot_wide
    z = row * BLOCK_Z_M + 0.5 * STREET_M + (lot_z + 0.5) * lot_deep
    far = _far(x, z, size_m) + rng.normal(0, 0.02, x.size)
    keep = (far < END) & ~_is_park(column, row) & (rng.random(x.size) < np.where(far < SUBURB, 0.94, 0.8))
    x, z, far = x[keep], z[keep], far[keep]
    n = x.size
    luck = rng.random(n)
    suburb = far >= SUBURB
    tall = 9.0 + 14.0 * luck + (far < CENTRE) * TOWER_M * luck**5 * (1 - far / CENTRE) + 18.0 * np.exp(-4 * far)
    made = np.zeros((9, n), np.float32)
    made[X], made[Z] = x + suburb * rng.uniform(-3, 3, n), z + suburb * rng.uniform(-3, 3, n)
    made[YAW] = np.where(suburb, rng.integers(0, 4, n) * np.pi / 2 + rng.normal(0, 0.05, n), 0.0)
    made[WIDE] = np.where(suburb, rng.uniform(10, 14, n), lot_wide * rng.uniform(0.72, 0.97, n))
    made[DEEP] = np.where(suburb, rng.uniform(8, 11, n), lot_deep * rng.uniform(0.72, 0.97, n))
    made[TALL] = np.where(suburb, rng.uniform(6.5, 9.5, n), tall)
    made[KIND], made[TINT] = np.where(suburb, HOUSE, BLOCK), rng.random(n)
    return made
