"""geometry/cull.h in numpy. Every array has the header's flat or (n, k) layout, C-contiguous.

Limits: allocates temporary arrays, about 60 bytes a row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_NONE = np.intp(-1)
_SPLIT = np.intp(-2)


def ranges(starts: Array, counts: Array) -> npt.NDArray[np.intp]:
    """Concatenate arange(start, start + count) of every pair."""
    counts = counts.astype(np.intp)
    ends = np.cumsum(counts)
    if not len(ends) or not ends[-1]:
        return np.zeros(0, np.intp)
    return np.repeat(starts.astype(np.intp) - (ends - counts), counts) + np.arange(ends[-1])


def relative(view: Array, points: Array) -> tuple[Array, Array, Array]:
    x, y, z = ((points[:, axis] - view[axis]) - view[4 + axis] for axis in range(3))
    return x, y, z


def squared(axes: tuple[Array, Array, Array]) -> Array:
    x, y, z = axes
    total: Array = (x * x + y * y) + z * z
    return total


def sees(view: Array, axes: tuple[Array, Array, Array], radii: Array) -> npt.NDArray[np.bool_]:
    if view[3] >= 0:
        reach = radii + view[3]
        near: npt.NDArray[np.bool_] = squared(axes) < reach * reach
        return near
    x, y, z = axes
    seen = np.ones(len(radii), np.bool_)
    for a, b, c, d in view[8:28].reshape(5, 4):
        seen &= (((x * a + y * b) + z * c) + d) + radii >= 0
    return seen


def _levels(distance: Array, draft: Array, lods: Array, until_m: Array) -> npt.NDArray[np.intp]:
    """The draft of each row's distance: base + level, or _NONE. lods 0 takes every distance."""
    found = np.where(lods == 0, draft, _NONE)
    near = np.zeros(len(distance), np.float32)
    for k in range(int(lods.max(initial=0))):
        far = until_m[np.minimum(draft + k, len(until_m) - 1)]
        found = np.where((k < lods) & (found == _NONE) & (distance >= near) & (distance < far), draft + k, found)
        near = far
    return found


class _Runs:
    """The columns of a run table, and the rows of all runs."""

    def __init__(self, runs: Array, run_count: int) -> None:
        table = runs.reshape(-1, 4)[:run_count].astype(np.intp)
        self.start, self.size, self.draft, self.lods = table.T
        self.of = np.repeat(np.arange(run_count), self.size)
        self.index = ranges(self.start, self.size)


def _append(draft: Array, rows: Array, drafts: Array, visible: Array, records: Array, tally: Array) -> None:
    """One record for each stretch of rows with the same draft."""
    starts = np.flatnonzero(np.diff(draft, prepend=_NONE))
    first = int(tally[0])
    visible[first : first + len(rows)] = rows
    tally[0] += len(rows)
    _record(draft[starts], starts + first, np.diff(starts, append=len(rows))[: len(starts)], drafts, records, tally)


def _record(draft: Array, first: Array, count: Array, drafts: Array, records: Array, tally: Array) -> Array:
    """Appends records; returns them."""
    number = int(tally[1])
    out: Array = records.reshape(-1, 8)[number : number + len(draft)]
    out[:] = drafts.reshape(-1, 8)[draft]
    out[:, 2], out[:, 3] = first, count
    tally[1] += len(draft)
    return out


def _classify(view: Array, positions: Array, radii: Array, rows: Array, runs: _Runs, until_m: Array) -> tuple[
    Array, Array, Array]:
    """What is seen: draft, row number and squared distance, in the order of the runs."""
    with np.errstate(all="ignore"):
        numbers = rows[runs.index]
        axes = relative(view, positions.reshape(-1, 3)[numbers])
        seen = np.flatnonzero(sees(view, axes, radii[runs.index]))
        square = squared(axes)[seen]
        of = runs.of[seen]
        draft = _levels(np.sqrt(square), runs.draft[of], runs.lods[of], until_m)
    kept = draft != _NONE
    return draft[kept], numbers[seen][kept], square[kept]


def lw_cull_lods(view: Array, positions: Array, radii: Array, rows: Array, count: int, until_m: Array, lods: int,
                 out: Array, counts: Array) -> int:
    """See geometry/cull.h."""
    runs = _Runs(np.array([0, count, 0, lods]), 1)
    until = until_m[: max(lods, 1)] if lods else np.zeros(1, np.float32)
    draft, numbers, _ = _classify(view, positions, radii, rows, runs, until)
    order = np.argsort(draft, kind="stable")
    out[: len(order)] = numbers[order]
    counts[: max(lods, 1)] = np.bincount(draft, minlength=max(lods, 1))
    return len(order)


def lw_cull_runs(view: Array, positions: Array, radii: Array, rows: Array, runs: Array, run_count: int,
                 until_m: Array, drafts: Array, visible: Array, records: Array, tally: Array) -> None:
    """See geometry/cull.h."""
    draft, numbers, _ = _classify(view, positions, radii, rows, _Runs(runs, run_count), until_m)
    order = np.argsort(draft, kind="stable")
    _append(draft[order], numbers[order], drafts, visible, records, tally)


def lw_cull_sorted(view: Array, positions: Array, radii: Array, rows: Array, runs: Array, run_count: int,
                   until_m: Array, drafts: Array, scratch: Array, visible: Array, records: Array,
                   tally: Array) -> None:
    """See geometry/cull.h; the scratch is not needed here."""
    draft, numbers, square = _classify(view, positions, radii, rows, _Runs(runs, run_count), until_m)
    order = np.argsort(~square.view(np.uint32), kind="stable")
    _append(draft[order], numbers[order], drafts, visible, records, tally)


def lw_cull_cells(view: Array, centers: Array, radii: Array, cells: Array, positions: Array, rows: Array, runs: Array,
                  run_count: int, until_m: Array, drafts: Array, levels: Array, range_rows: int, range_flag: int,
                  visible: Array, records: Array, tally: Array) -> None:
    """See geometry/cull.h; leaves `levels` as they are."""
    table = _Runs(runs, run_count)
    span = cells.reshape(-1, 2)[table.index].astype(np.intp)
    with np.errstate(all="ignore"):
        whole = _cell_levels(view, centers.reshape(-1, 3)[table.index], radii[table.index], table, until_m)
        whole = np.where(levels[table.index] != 0, _NONE, whole)
        ranged, range_draft, range_first, range_count = _ranges_of(whole, span, range_rows)
        kept = (whole != _NONE) & ~ranged
        index = ranges(span[kept, 0], span[kept, 1])
        draft = np.repeat(whole[kept], span[kept, 1])
        split = np.flatnonzero(draft == _SPLIT)
        of = np.repeat(table.of[kept], span[kept, 1])[split]
        distance = np.sqrt(squared(relative(view, positions.reshape(-1, 3)[index[split]])))
        draft[split] = _levels(distance, table.draft[of], table.lods[of], until_m)
    order = np.argsort(draft, kind="stable")
    order = order[np.searchsorted(draft[order], 0) :]
    number = int(tally[1])
    _record(range_draft, range_first, range_count, drafts, records, tally)[:, 4] |= np.uint32(range_flag)
    _append(draft[order], rows[index[order]], drafts, visible, records, tally)
    own = records.reshape(-1, 8)[number : int(tally[1])]
    by_draft = np.concatenate([range_draft, np.unique(draft[order])])  # ranges first where the draft is the same
    own[:] = own[np.argsort(by_draft, kind="stable")]


def _ranges_of(whole: Array, span: Array, range_rows: int) -> tuple[Array, Array, Array, Array]:
    """Which cells lie in a stretch that is not copied; draft, first row and rows of each such stretch."""
    begins = np.flatnonzero(np.diff(whole, prepend=_NONE - 9))
    cells = np.diff(begins, append=len(whole))[: len(begins)]
    count = np.add.reduceat(span[:, 1], begins) if len(begins) else np.zeros(0, np.intp)
    draft = whole[begins]
    many = (draft >= 0) & (count >= range_rows)
    return np.repeat(many, cells), draft[many], span[begins[many], 0], count[many]


def _cell_levels(view: Array, centers: Array, radii: Array, runs: _Runs, until_m: Array) -> Array:
    """The draft of each cell, _SPLIT where it crosses levels, or _NONE."""
    axes = relative(view, centers)
    distance = np.sqrt(squared(axes))
    near, far = distance - radii, distance + radii
    lods, draft = runs.lods[runs.of], runs.draft[runs.of]
    found = np.where(lods == 0, draft, _NONE)
    begin = np.zeros(len(radii), np.float32)
    for k in range(int(lods.max(initial=0))):
        end = until_m[np.minimum(draft + k, len(until_m) - 1)]
        own = k < lods
        found = np.where(own & (found == _NONE) & (near >= begin) & (far < end), draft + k, found)
        begin = np.where(own, end, begin)
    found = np.where((found == _NONE) & (near < begin), _SPLIT, found)
    return np.where(sees(view, axes, radii), found, _NONE)


def lw_sphere_radii(radius: Array, scale: Array, rows: Array, count: int, out: Array) -> None:
    """See geometry/cull.h."""
    own = rows[:count]
    x, y, z = np.abs(scale.reshape(-1, 3)[own]).T
    with np.errstate(all="ignore"):
        largest = np.where(y > x, y, x)
        largest = np.where(z > largest, z, largest)
        np.multiply(radius[own], largest, out=out[:count])
