"""Draw records of a frame, collected: which instances of which mesh, in the passes' order.

Owns: the visible-row list and the records (spec.DRAW_RECORD) of one frame, written by the culling kernels or by
`add`. Arrays are reused and grow between frames only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64, U32
from layerw.gpu.spec import DRAW_RECORD, DRAW_STILL
from layerw.visibility.frustum import squared_length

RECORD_WORDS = len(DRAW_RECORD)
NO_ROWS: U32 = np.zeros(0, np.uint32)
NO_RECORDS: U32 = np.zeros((0, RECORD_WORDS), np.uint32)


class VisibleSet(NamedTuple):
    """`rows`: (n,) uint32 row numbers; the others: (m, 8) uint32 DRAW_RECORDs that index them, or `still` where
    they have DRAW_STILL; casters: a list for each box of casters. The first `seen_count` rows are in view, the rest
    only cast shadows. `still`: row numbers that stay the same array for many frames."""

    rows: U32
    opaque: U32
    blend: U32
    casters: tuple[U32, ...]
    seen_count: int
    still: U32 = NO_ROWS
    decal: U32 = NO_RECORDS
    splats: U32 = NO_RECORDS
    particles: U32 = NO_RECORDS
    step: U32 = NO_RECORDS  # all of them, whether they are in view or not

    @property
    def lists(self) -> tuple[U32, ...]:
        """All records, by list."""
        return (*(getattr(self, name) for name in LISTS), *self.casters)

    def with_lists(self, lists: Sequence[U32], **others: Any) -> VisibleSet:
        """The same with other records, in the order of `lists`."""
        named: dict[str, Any] = dict(zip(LISTS, lists, strict=False))
        return self._replace(casters=tuple(lists[len(LISTS) :]), **named, **others)

    def seen_rows(self) -> U32:
        """Rows in view."""
        ranges = self.opaque[self.opaque[:, 4] & DRAW_STILL != 0]
        if not len(ranges):
            return self.rows[: self.seen_count]
        return np.concatenate([self.rows[: self.seen_count], *_rows_of(ranges, self.still)])


LISTS = ("opaque", "blend", "decal", "splats", "particles", "step")


class DrawList:
    """`rows`, `records` and `tally` (how much of both is written) go to kernels; passes follow each other."""

    def __init__(self) -> None:
        self.rows: U32 = np.zeros(1024, np.uint32)
        self.records: U32 = np.zeros((64, RECORD_WORDS), np.uint32)
        self.tally: U32 = np.zeros(2, np.uint32)
        self._passes: dict[str, slice] = {}
        self._casters: list[slice] = []
        self._begun = 0
        self._seen_count = 0

    def reset(self, rows_max: int, records_max: int) -> None:
        """Start a new frame, with room for what may be written."""
        if rows_max > len(self.rows):
            self.rows = np.zeros(max(rows_max, 2 * len(self.rows)), np.uint32)
        if records_max > len(self.records):
            self.records = np.zeros((max(records_max, 2 * len(self.records)), RECORD_WORDS), np.uint32)
        self.tally[:] = 0
        self._begun = 0
        self._casters.clear()

    def add(self, mesh: U32, material: U32, rows: npt.NDArray[np.integer],
            flags: npt.NDArray[np.integer]) -> None:  # fmt: skip
        """A record of one instance for each row, in the order given, with its DRAW_* flags."""
        first, number = self.tally.tolist()
        self.rows[first : first + len(rows)] = rows
        records = self.records[number : number + len(rows)]
        records[:, 0], records[:, 1], records[:, 3], records[:, 4:] = mesh, material, 1, 0
        records[:, 2] = np.arange(first, first + len(rows))
        records[:, 4] = flags
        self.tally[:] = first + len(rows), number + len(rows)

    def interleave(self, square: F32, position: F32, camera: F64) -> None:
        """Puts this pass's records back to front: the first have one instance each, at these squared distances; those
        after them have rows at `position`, back to front already. Of equals, the first come first."""
        begin, end = self._begun + len(square), int(self.tally[1])
        if not len(square) or begin == end:
            return
        rest = self.records[begin:end]
        first = int(rest[0, 2])
        single = np.repeat(rest, rest[:, 3].astype(np.intp), axis=0)  # backends join neighbours again
        single[:, 2], single[:, 3] = np.arange(first, first + len(single)), 1
        away = squared_length((position[self.rows[single[:, 2]]] - camera).astype(np.float32))
        records = np.concatenate([self.records[self._begun : begin], single])
        order = np.argsort(-np.concatenate([square, away]), kind="stable")
        self.tally[1] = self._begun + len(records)
        self.records[self._begun : int(self.tally[1])] = records[order]

    def end_pass(self, name: str) -> None:
        """What was written since the last pass ended is this one's."""
        end = int(self.tally[1])
        self._passes[name] = slice(self._begun, end)
        self._begun = end
        if name != "step":  # the last pass
            self._seen_count = int(self.tally[0])

    def end_casters(self) -> None:
        """What was written since then is another box's; these follow all that is seen."""
        end = int(self.tally[1])
        self._casters.append(slice(self._begun, end))
        self._begun = end

    def finish(self, still: U32) -> VisibleSet:
        """This frame's arrays; valid until `reset`. still: what records with DRAW_STILL index."""
        lists = {name: self.records[self._passes[name]] for name in LISTS}
        casters = tuple(self.records[part] for part in self._casters)
        return VisibleSet(self.rows[: int(self.tally[0])], casters=casters, seen_count=self._seen_count, still=still,
                          **lists)  # fmt: skip


def expanded(found: VisibleSet) -> VisibleSet:
    """The same draws over `rows` alone, for what picks single rows. What blends has no ranges."""
    seen_ranges = found.opaque[:, 4] & DRAW_STILL != 0
    cast_ranges = [records[:, 4] & DRAW_STILL != 0 for records in found.casters]
    if not (seen_ranges.any() or any(ranges.any() for ranges in cast_ranges)):
        return found
    seen, end = found.seen_count, len(found.rows)
    more = int(found.opaque[seen_ranges, 3].sum())
    rows = [found.rows[:seen], *_rows_of(found.opaque[seen_ranges], found.still), found.rows[seen:]]
    end += more
    casters = []
    for records, ranges in zip(found.casters, cast_ranges, strict=True):
        moved = records.copy()
        moved[~ranges, 2] += np.uint32(more)
        rows += _rows_of(records[ranges], found.still)
        casters.append(_placed(moved, ranges, end))
        end += int(records[ranges, 3].sum())
    return found._replace(
        rows=np.concatenate(rows), opaque=_placed(found.opaque.copy(), seen_ranges, seen), seen_count=seen + more,
        still=NO_ROWS, casters=tuple(casters))  # fmt: skip


def _placed(records: U32, ranged: npt.NDArray[np.bool_], first: int) -> U32:
    """Ranges as records over the visible rows, one after the other from `first` on."""
    count = records[ranged, 3]
    records[ranged, 2] = first + np.cumsum(count) - count
    records[ranged, 4] &= np.uint32(0xFFFFFFFF ^ DRAW_STILL)
    return records


def _rows_of(ranges: U32, still: U32) -> list[U32]:
    return [still[first : first + count] for first, count in ranges[:, 2:4].tolist()]


def only(found: VisibleSet, keep: Callable[[U32], npt.NDArray[np.bool_]]) -> VisibleSet:
    """The draws of some of the visible rows: keep(rows) says of which. Shares nothing with `found`."""
    found = expanded(found)
    kept = keep(found.rows)
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])  # how many are left before each
    return found.with_lists([_shifted(records, before) for records in found.lists], rows=found.rows[kept],
                            seen_count=int(before[found.seen_count]), still=NO_ROWS)  # fmt: skip


def _shifted(records: U32, before: npt.NDArray[np.int64]) -> U32:
    first, count = records[:, 2].astype(np.int64), records[:, 3].astype(np.int64)
    moved = records.copy()
    moved[:, 2] = before[first]
    moved[:, 3] = before[first + count] - before[first]
    return moved[moved[:, 3] > 0]
