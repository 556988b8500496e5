"""Random numbers of places: the same place has the same numbers, whoever asks, in whatever order.

Owns: the mixing. Nothing is kept: a cell that comes back looks as it did.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F64

_ODD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # of splitmix64, as its shifts
_TO_UNIT = 2.0**-53


def numbers_of(cells: npt.NDArray[np.int64], count: int, channels: int, seed: int) -> F64:
    """(channels, n, count) from 0 to below 1.

    Args:
        cells: (n, 2) whole numbers, of any sign.
        count: things in a cell.
        channels: numbers of each thing.
    """
    wrapped = cells.astype(np.uint64)  # two's complement: cell -1 is another cell than 1
    seeds = np.full(1, seed, np.uint64)  # a number that is no array would warn of wrapping
    own = wrapped[:, 0] * _ODD[0] + wrapped[:, 1] * _ODD[1] + seeds * _ODD[2]
    things = np.arange(count * channels, dtype=np.uint64).reshape(channels, 1, count) * _ODD[0]
    mixed: npt.NDArray[Any] = _mixed(_mixed(own)[None, :, None] + things)
    found: F64 = (mixed >> np.uint64(11)).astype(np.float64) * _TO_UNIT
    return found


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * _MIX[0]
    values = (values ^ (values >> np.uint64(27))) * _MIX[1]
    return values ^ (values >> np.uint64(31))
