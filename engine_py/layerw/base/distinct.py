"""Distinct values of small arrays. numpy.unique without indices or counts, and numpy.isin, import numpy.ma (from 2.3
on), which takes a page some 50 ms in the frame that first asks."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)


def distinct(values: npt.NDArray[T]) -> npt.NDArray[T]:
    """The distinct values, rising: as np.unique(values)."""
    found: npt.NDArray[T] = np.unique(values, return_counts=True)[0]
    return found


def among(values: npt.NDArray[T], those: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which values are some of `those`: as np.isin(values, those)."""
    ordered = np.sort(np.asarray(those, values.dtype).reshape(-1))
    if not len(ordered):
        return np.zeros(values.shape, np.bool_)
    found: npt.NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return found
