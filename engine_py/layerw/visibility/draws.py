"""Draw records of a frame, collected: which instances of which mesh, in the passes' order.

Owns: the visible-row list and the records (spec.DRAW_RECORD) of one frame, written by the culling kernels or by
`add`. Arrays are reused and grow between frames only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import U32
from layerw.gpu.spec import DRAW_RECORD

RECORD_WORDS = len(DRAW_RECORD)


class VisibleSet(NamedTuple):
    """`rows`: (n,) uint32 row numbers; the others (m, 8) uint32 DRAW_RECORDs that index them. The first `seen_count`
    rows are in view, the rest only cast shadows."""

    rows: U32
    opaque: U32
    blend: U32
    shadow: U32
    seen_count: int


_LISTS = ("opaque", "blend", "shadow")


class DrawList:
    """`rows`, `records` and `tally` (how much of both is written) go to kernels; passes follow each other."""

    def __init__(self) -> None:
        self.rows: U32 = np.zeros(1024, np.uint32)
        self.records: U32 = np.zeros((64, RECORD_WORDS), np.uint32)
        self.tally: U32 = np.zeros(2, np.uint32)
        self._passes: dict[str, slice] = {}
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

    def add(self, mesh: U32, material: U32, rows: npt.NDArray[np.integer], flags: int) -> None:
        """A record of one instance for each row, in the order given."""
        first, number = self.tally.tolist()
        self.rows[first : first + len(rows)] = rows
        records = self.records[number : number + len(rows)]
        records[:, 0], records[:, 1], records[:, 3], records[:, 4:] = mesh, material, 1, 0
        records[:, 2] = np.arange(first, first + len(rows))
        records[:, 4] = flags
        self.tally[:] = first + len(rows), number + len(rows)

    def end_pass(self, name: str) -> None:
        """What was written since the last pass ended is this one's."""
        end = int(self.tally[1])
        self._passes[name] = slice(self._begun, end)
        self._begun = end
        if name != "shadow":  # the last pass
            self._seen_count = int(self.tally[0])

    def finish(self) -> VisibleSet:
        """This frame's arrays; valid until `reset`."""
        passes = self._passes
        return VisibleSet(self.rows[: int(self.tally[0])], self.records[passes["opaque"]],
                          self.records[passes["blend"]], self.records[passes["shadow"]], self._seen_count)  # fmt: skip


def only(found: VisibleSet, kept: npt.NDArray[np.bool_]) -> VisibleSet:
    """The draws of some of the visible rows: kept, (n,), says of which. Shares nothing with `found`."""
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])  # how many are left before each
    lists = {name: _shifted(getattr(found, name), before) for name in _LISTS}
    return found._replace(rows=found.rows[kept], seen_count=int(before[found.seen_count]), **lists)


def _shifted(records: U32, before: npt.NDArray[np.int64]) -> U32:
    first, count = records[:, 2].astype(np.int64), records[:, 3].astype(np.int64)
    moved = records.copy()
    moved[:, 2] = before[first]
    moved[:, 3] = before[first + count] - before[first]
    return moved[moved[:, 3] > 0]
