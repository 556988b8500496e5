"""Poses between two fixed steps: what is drawn moves evenly at any rate of frames.

Owns: which rows are meant, and their poses before the last step. A frame is drawn with the poses between those and the
present ones, by the share of a step that has passed since; programs always see the present ones, as these are put back
once the frame is encoded. What moves outside of steps is drawn there at the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.errors import ConfigError
from layerw.base.mathx import quat_between
from layerw.base.ports import F32
from layerw.scene.table import STATIC_FLAG

if TYPE_CHECKING:
    from layerw.scene.table import Table

TRANSFORMS = ("position", "rotation", "scale")
Rows = npt.NDArray[np.intp]


class Interpolation:
    """`remember` before each fixed step, `show(share)` before a frame is drawn, `put_back` after."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows: Rows = np.zeros(0, np.intp)
        self._births = np.zeros(0, np.uint32)
        self._before: list[F32] = [table.columns[name].array[:0] for name in TRANSFORMS]
        self._present: list[tuple[str, Rows, F32]] = []

    def has(self, rows: slice | Rows) -> bool:
        """Whether all of these rows are meant."""
        return bool(np.isin(_numbers(rows), self._living()).all())

    def choose(self, rows: slice | Rows, on: bool) -> None:
        """Rows are meant from now on, or no more; those that were begin anew where they stand."""
        chosen = _numbers(rows)
        if on and (self._table.flags[chosen] & STATIC_FLAG).any():
            raise ConfigError("Static entities hardly ever move: they can't be interpolated.")
        self._keep(np.setdiff1d(self._living(), chosen))
        if on:
            present = [self._table.columns[name].array[chosen] for name in TRANSFORMS]
            self._before = [np.concatenate(both) for both in zip(self._before, present, strict=True)]
            self._rows = np.concatenate([self._rows, chosen])
            self._births = self._table.birth[self._rows]

    def remember(self) -> None:
        """A step comes: what stands now is what was before it."""
        self._keep(self._living())
        self._before = [self._table.columns[name].array[self._rows] for name in TRANSFORMS]

    def show(self, share: float) -> None:
        """Puts the poses of this moment into the columns. share: of a step that has passed since the last one."""
        self._keep(self._living())
        for name, before in zip(TRANSFORMS, self._before, strict=True):
            column = self._table.columns[name]
            now = column.array[self._rows]
            moved = (now != before).any(axis=1)
            if moved.any():
                rows, a, b = self._rows[moved], before[moved], now[moved]
                self._present.append((name, rows, b))
                turns = name == "rotation"
                column.array[rows] = quat_between(a, b, share) if turns else a + (b - a) * np.float32(share)
                column.touch_rows(rows)

    def put_back(self) -> None:
        """The present poses again."""
        for name, rows, values in self._present:
            self._table.columns[name].array[rows] = values
            self._table.columns[name].touch_rows(rows)
        self._present.clear()

    def _living(self) -> Rows:
        living: Rows = self._rows[self._table.birth[self._rows] == self._births]
        return living

    def _keep(self, rows: Rows) -> None:
        """Only these of those that were meant still are."""
        if len(rows) == len(self._rows):
            return
        places = np.isin(self._rows, rows)
        self._rows, self._births = self._rows[places], self._births[places]
        self._before = [before[places] for before in self._before]


def _numbers(rows: slice | Rows) -> Rows:
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else distinct(rows)
