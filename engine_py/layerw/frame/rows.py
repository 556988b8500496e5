"""The GPU's instance columns: a copy of the entity table's rows.

Owns: how many rows there is room for, charged to the GPU budget. Where the table outgrows it, what streams is asked
to make room; until then the rows that have none are left out of the picture, and all else is drawn.
Limits: columns shrink where they are SHRINK_FACTOR times too large.
"""

from __future__ import annotations

from layerw.base.distinct import among
from layerw.base.log import Log
from layerw.frame.finite import FiniteRows
from layerw.frame.resources import COLUMN_BYTES_PER_ROW, Resources
from layerw.gpu.spec import ROWS_STEP
from layerw.gpu.submission import Submission
from layerw.scene.table import FrameColumns, Table
from layerw.visibility.draws import VisibleSet, only

ROWS_MIN = 4096
SHRINK_FACTOR = 4
PATIENCE_FRAMES = 120  # for tiles to make room, before it is told


class RowColumns:
    """`claim` before content plans, `upload` once a frame."""

    def __init__(self, table: Table, resources: Resources, submission: Submission, log: Log) -> None:
        self._table, self._resources, self._submission, self._log = table, resources, submission, log
        self.finite = FiniteRows(table, log)
        self.capacity = 0  # rows that the GPU has room for
        self._used = -1  # rows of the table, when the capacity was looked at
        self._waited_frames = 0

    def device_lost(self) -> None:
        """The new device has none; what they cost stays charged."""
        self.capacity, self._used = 0, -1

    def claim(self) -> None:
        """Asks what is streamed to leave room for rows that have none, and for the holes in the buffers behind it."""
        if self._waited_frames:
            store = self._resources.store
            holes = store.ledger.left_bytes - store.committed.left_bytes
            store.ledger.claimed_bytes += max(self._missing_bytes() + max(holes, 0), 0)

    def upload(self, columns: FrameColumns) -> None:
        """Grows and shrinks with the table where there is room, then uploads what changed."""
        used = self._table.rows_used
        if used > self.capacity or used != self._used:
            self._used = used
            paid = self._resources.charged("columns") // COLUMN_BYTES_PER_ROW  # for a lost device's as well
            if used > self.capacity or self._rows_for(used) * SHRINK_FACTOR <= paid != self._rows_for(used):
                self._size(used)
        runs = [(column, first, min(rows, self.capacity - first))
                for column, first, rows in self._table.dirty_runs() if first < self.capacity]  # fmt: skip
        self.finite.check(columns, runs)
        self._submission.rows(columns, runs)

    def _rows_for(self, used: int) -> int:
        return min(max(ROWS_MIN, 1 << (used - 1).bit_length()), self._table.capacity) if used else 0

    def _size(self, used: int) -> None:
        for rows in (self._rows_for(used), used):
            if self._resources.try_charge("columns", rows * COLUMN_BYTES_PER_ROW):
                self._submission.encoder.rows_capacity(rows or ROWS_STEP)  # what the backends begin with
                self.capacity, self._waited_frames = rows, 0
                self._table.touch_all()
                return
        paid = self._resources.charged("columns") // COLUMN_BYTES_PER_ROW
        if self.capacity < paid:  # a new device has none yet
            self._submission.encoder.rows_capacity(paid)
            self.capacity = paid
            self._table.touch_all()
        self._waited_frames += 1
        if self._waited_frames == PATIENCE_FRAMES:
            self._tell(used)

    def _missing_bytes(self) -> int:
        return self._table.rows_used * COLUMN_BYTES_PER_ROW - self._resources.charged("columns")

    def _tell(self, used: int) -> None:
        store = self._resources.store
        ledger, left = store.ledger, min(store.ledger.left_bytes, store.committed.left_bytes)
        self._log.error(
            f"{used - self.capacity} of {used} rows of entities and tiles are not drawn: they need "
            f"{self._missing_bytes()} bytes more, but the GPU budget of {ledger.budget_bytes} bytes has "
            f"{left} left; despawn some, or raise it with lw.App(budgets=lw.Budgets(gpu_mib=...)).")

    def fitting(self, found: VisibleSet) -> VisibleSet:
        """What of a frame's draws the columns have rows for, all of whose numbers are finite."""
        bad = self.finite.rows
        if self._table.rows_used <= self.capacity and not len(bad):
            return found
        return only(found, lambda rows: (rows < self.capacity) & ~among(rows, bad))
