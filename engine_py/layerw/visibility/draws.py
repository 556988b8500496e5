"""Draw records of a frame, collected: which instances of which mesh, in the passes' order.

Owns: the visible-row list and the records (spec.DRAW_RECORD) of one frame. Arrays are reused.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import U32
from layerw.gpu.spec import DRAW_RECORD

RECORD_WORDS = len(DRAW_RECORD)


class VisibleSet(NamedTuple):
    """`rows`: (n,) uint32 row numbers; the others (m, 8) uint32 DRAW_RECORDs that index them."""

    rows: U32
    opaque: U32
    blend: U32
    shadow: U32


class DrawList:
    """Appends chunks of rows and the records that draw them."""

    def __init__(self) -> None:
        self._rows = np.zeros(1024, np.uint32)
        self.row_count = 0
        self._records: dict[str, list[U32]] = {"opaque": [], "blend": [], "shadow": []}

    def reset(self) -> None:
        """Start a new frame."""
        self.row_count = 0
        for records in self._records.values():
            records.clear()

    def add_rows(self, rows: npt.NDArray[np.integer]) -> int:
        """Append row numbers; returns the instance number of the first."""
        first, count = self.row_count, len(rows)
        if first + count > len(self._rows):
            grown = np.zeros(max(first + count, 2 * len(self._rows)), np.uint32)
            grown[:first] = self._rows[:first]
            self._rows = grown
        self._rows[first : first + count] = rows
        self.row_count = first + count
        return first

    def draw(self, pass_name: str, mesh: int, material: int, rows: npt.NDArray[np.integer], flags: int = 0) -> None:
        """One draw of `rows`; nothing when there are none."""
        if len(rows):
            first = self.add_rows(rows)
            self._records[pass_name].append(np.array([[mesh, material, first, len(rows), flags, 0, 0, 0]], np.uint32))

    def draw_runs(self, pass_name: str, mesh: U32, material: U32, firsts: U32, counts: U32, flags: int = 0) -> None:
        """Many draws over rows that were added before; draws of no instances are dropped."""
        some = np.flatnonzero(counts)
        if not len(some):
            return
        records = np.zeros((len(some), RECORD_WORDS), np.uint32)
        for word, column in enumerate((mesh, material, firsts, counts)):
            records[:, word] = column[some]
        records[:, 4] = flags
        self._records[pass_name].append(records)

    def finish(self) -> VisibleSet:
        """This frame's arrays; valid until `reset`."""
        empty = np.zeros((0, RECORD_WORDS), np.uint32)
        opaque, blend, shadow = (
            np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else empty
            for parts in (self._records["opaque"], self._records["blend"], self._records["shadow"])
        )
        return VisibleSet(self._rows[: self.row_count], opaque, blend, shadow)
