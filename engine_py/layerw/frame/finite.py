"""Rows whose place, turn or size is NaN or infinite: found, told, and left out of the picture until they are finite.

Owns: which rows these are. What a program assigns is checked where it does so, but writing to a view tells nobody; so
what is to be uploaded is counted by a kernel, and looked at closely only where that found something.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.log import Log
from layerw.kernels.geometry import GEOMETRY
from layerw.scene.table import ALIVE, FrameColumns, Table

NAMES = ("position", "rotation", "scale")  # of the first columns in spec.COLUMNS
MESSAGES_MAX = 16
Rows = npt.NDArray[np.intp]
Run = tuple[int, int, int]  # column, first row, rows


class FiniteRows:
    """`rows`: those that are left out, ascending."""

    def __init__(self, table: Table, log: Log) -> None:
        self._table, self._log = table, log
        self.rows: Rows = np.zeros(0, np.intp)
        self._told: npt.NDArray[np.uint32] | None = None  # number of the spawn of those that were told, by row
        self._messages = 0

    def check(self, columns: FrameColumns, runs: Sequence[Run]) -> None:
        """Looks at what is uploaded: runs of rows of the world-space columns."""
        numbers = [run for run in runs if run[0] < len(NAMES)]
        wrong = [run for run in numbers if _not_finite(columns, run)]
        if len(self.rows):
            wrong = numbers  # what was left out may be finite again
            self.rows = self.rows[self._table.flags[self.rows] & ALIVE != 0]
        if wrong:
            self._look(columns, distinct(np.concatenate([np.arange(first, first + count)
                                                          for _, first, count in wrong])))  # fmt: skip

    def _look(self, columns: FrameColumns, rows: Rows) -> None:
        parts = [getattr(columns, name)[rows] for name in NAMES]
        bad = rows[~np.logical_and.reduce([np.isfinite(part).all(axis=1) for part in parts])]
        alive = self._table.flags[bad] & ALIVE != 0
        self._forget(columns, bad[~alive])
        before, bad = self.rows, bad[alive]
        self.rows = distinct(np.concatenate([np.setdiff1d(before, rows, assume_unique=True), bad]))
        news = np.setdiff1d(bad, before, assume_unique=True)
        if len(news):
            self._tell(columns, news)

    def _forget(self, columns: FrameColumns, dead: Rows) -> None:
        """What rows of nobody hold: it would be found again whenever their neighbours change."""
        for name in NAMES:
            for array in (getattr(columns, name), self._table.columns[name].array):
                values = array[dead]
                array[dead] = np.where(np.isfinite(values), values, 0)

    def _tell(self, columns: FrameColumns, rows: Rows) -> None:
        """Once for each entity; of some together, about one that holds such a number itself: others may only follow."""
        birth = self._table.birth
        if self._told is None:
            self._told = np.zeros(len(birth), birth.dtype)
        rows = rows[self._told[rows] != birth[rows]]
        self._told[rows] = birth[rows]
        if not len(rows) or self._messages >= MESSAGES_MAX:
            return
        self._messages += 1
        row, why = self._reason(columns, rows)
        others = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        self._log.warning(f"Entity {row}{others} is not drawn: {why}. It is drawn again once all of it is finite.")

    def _reason(self, columns: FrameColumns, rows: Rows) -> tuple[int, str]:
        for name in NAMES:
            own = self._table.columns[name].array[rows]
            wrong = np.flatnonzero(~np.isfinite(own).all(axis=1))
            if len(wrong):
                return int(rows[wrong[0]]), f"its {name} is {_shown(own[wrong[0]])}, written through a view"
        place = _shown(columns.position[rows[0]])
        return int(rows[0]), f"with the entities that it moves with it comes to {place}, or to such a turn or size"


def _shown(values: npt.NDArray[np.float32]) -> str:
    return f"({', '.join(f'{value:g}' for value in values.tolist())})"


def _not_finite(columns: FrameColumns, run: Run) -> bool:
    column, first, count = run
    part = getattr(columns, NAMES[column])[first : first + count]
    return GEOMETRY.lw_not_finite(part, part.size) > 0
