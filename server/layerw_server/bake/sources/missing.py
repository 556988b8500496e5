"""Samples without a height: found, cut off where they frame the data, and filled inside of it.

Does not: invent relief; a filled hole is as smooth as its rim.
Source: the pull-push scheme of Gortler et al. 1996 (The Lumigraph), section 3.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import F32
from layerw_server.bake.sources.limits import SIDE_MIN

HEIGHT_LIMIT_M = 20_000.0
COMMON_MARK = -9999.0  # what most tools write where they know nothing
BAND_ROWS = 256
Mask = npt.NDArray[np.bool_]


def find(heights: F32, mark: float | None, what: str) -> Mask:
    """Where heights are known; everything else is set to 0 in `heights`.

    Missing are NaN, infinities, `mark`, -9999, and one value each beyond the limits above and below.

    Raises:
        BakeError: nothing is known, or several values lie beyond the limit (then it is the unit that is wrong).
    """
    known = np.empty(heights.shape, bool)
    beyond: dict[bool, float] = {}
    for first in range(0, heights.shape[0], BAND_ROWS):
        band, good = heights[first : first + BAND_ROWS], known[first : first + BAND_ROWS]
        np.isfinite(band, out=good)
        good &= band != np.float32(COMMON_MARK)
        if mark is not None and np.isfinite(mark):
            good &= band != np.float32(mark)
        far = good & (np.abs(band) > HEIGHT_LIMIT_M)
        _one_mark_only(band[far], beyond, what)
        good &= ~far
        band[~good] = 0.0
    if not known.any():
        raise BakeError(f"{what} holds no height: all {known.size:,} samples are NaN, infinite or marked as missing.")
    return known


def _one_mark_only(values: F32, beyond: dict[bool, float], what: str) -> None:
    for above in (False, True):
        side = values[(values > 0) == above]
        if not side.size:
            continue
        first = beyond.setdefault(above, float(side[0]))
        if (side != np.float32(first)).any():
            worst = float(side[np.argmax(np.abs(side))])
            raise BakeError(f"{what} has heights such as {worst:g} m, beyond the limit of {HEIGHT_LIMIT_M:g} m; "
                            "heights must be metres.")


def frame(known: Mask) -> tuple[slice, slice]:
    """The rows and columns that hold every known sample, at least SIDE_MIN of each."""
    return _span(np.any(known, axis=1)), _span(np.any(known, axis=0))


def _span(used: npt.NDArray[np.bool_]) -> slice:
    at = np.flatnonzero(used)
    first, last = int(at[0]), int(at[-1]) + 1
    if last - first < SIDE_MIN:
        return slice(0, len(used))
    return slice(first, last)


def fill(heights: F32, known: Mask) -> None:
    """Give every unknown sample a smooth height from the known ones around it, in place."""
    if known.all():
        return
    coarse, coarse_known = _pull(heights, known)
    if heights.size > 1:
        fill(coarse, coarse_known)
    for first in range(0, heights.shape[0], BAND_ROWS):
        rows, columns = np.nonzero(~known[first : first + BAND_ROWS])
        if rows.size:
            heights[rows + first, columns] = _sample(coarse, rows + first, columns)


def _pull(heights: F32, known: Mask) -> tuple[F32, Mask]:
    """Half the resolution: the mean of what is known of each 2 x 2 samples."""
    shape = (heights.shape[0] + 1) // 2, (heights.shape[1] + 1) // 2
    total, count = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    for dy in (0, 1):
        for dx in (0, 1):
            part, there = heights[dy::2, dx::2], known[dy::2, dx::2]
            target = np.s_[: part.shape[0], : part.shape[1]]
            np.add(total[target], part, out=total[target], where=there)
            count[target] += there
    np.divide(total, count, out=total, where=count > 0)
    return total, count > 0


def _sample(coarse: F32, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> F32:
    y = np.clip((rows - 0.5) / 2, 0, coarse.shape[0] - 1)
    x = np.clip((columns - 0.5) / 2, 0, coarse.shape[1] - 1)
    top, left = y.astype(np.int64), x.astype(np.int64)
    below, right = np.minimum(top + 1, coarse.shape[0] - 1), np.minimum(left + 1, coarse.shape[1] - 1)
    ty, tx = (y - top).astype(np.float32), (x - left).astype(np.float32)
    upper = coarse[top, left] * (1 - tx) + coarse[top, right] * tx
    lower = coarse[below, left] * (1 - tx) + coarse[below, right] * tx
    out: F32 = upper * (1 - ty) + lower * ty
    return out
