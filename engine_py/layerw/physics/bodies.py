"""Which entity has which body: slots of the kernel's world and rows of the entity table, as arrays.

Owns: both directions and the births of the rows, so that the body of a despawned entity ends and no other row gets its
pose. Does not step or make bodies.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.ports import U32
from layerw.scene.table import Table

Rows = npt.NDArray[np.intp]
NONE = -1


class Bodies:
    """Columns by slot (`row`, `birth`, `kind`, `sensor`) and `slot_of_row`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.row = np.full(256, NONE, np.int32)
        self.birth = np.zeros(256, np.uint32)
        self.kind = np.zeros(256, np.uint8)
        self.sensor = np.zeros(256, np.bool_)
        self.slot_of_row = np.full(0, NONE, np.int32)
        self.count = 0
        self.high = 0  # slots below this were given out

    @property
    def size_bytes(self) -> int:
        """What the columns take of the heap."""
        return self.row.nbytes + self.birth.nbytes + self.kind.nbytes + self.sensor.nbytes + self.slot_of_row.nbytes

    def add(self, slots: U32, rows: Rows, kind: int, sensor: bool = False) -> None:
        """Bodies of these rows are in these slots; `rows` -1: of nobody."""
        self._reserve(int(slots.max()) + 1, self._table.rows_used)
        self.row[slots], self.kind[slots], self.sensor[slots] = rows, kind, sensor
        owned = rows >= 0
        self.birth[slots[owned]] = self._table.birth[rows[owned]]
        self.slot_of_row[rows[owned]] = slots[owned]
        self.count += len(slots)
        self.high = max(self.high, int(slots.max()) + 1)

    def remove(self, slots: U32) -> None:
        """These slots hold nothing any more."""
        rows = self.row[slots]
        mine = rows[rows >= 0]
        own = self.slot_of_row[mine]
        self.slot_of_row[mine[np.isin(own, slots)]] = NONE
        self.row[slots], self.birth[slots], self.kind[slots], self.sensor[slots] = NONE, 0, 0, False
        self.count -= len(slots)

    def _reserve(self, slots: int, rows: int) -> None:
        if slots > len(self.row):
            room = 1 << (slots - 1).bit_length()
            more = room - len(self.row)
            self.row = np.concatenate([self.row, np.full(more, NONE, np.int32)])
            self.birth = np.concatenate([self.birth, np.zeros(more, np.uint32)])
            self.kind = np.concatenate([self.kind, np.zeros(more, np.uint8)])
            self.sensor = np.concatenate([self.sensor, np.zeros(more, np.bool_)])
        if rows > len(self.slot_of_row):
            more = rows - len(self.slot_of_row)
            self.slot_of_row = np.concatenate([self.slot_of_row, np.full(more, NONE, np.int32)])

    def living(self) -> U32:
        """Slots with a body of an entity, ascending."""
        return np.flatnonzero(self.row[: self.high] >= 0).astype(np.uint32)

    def slots(self, rows: Rows) -> npt.NDArray[np.int32]:
        """Of rows, NONE where one has no body (of this life)."""
        found = np.full(len(rows), NONE, np.int32)
        near = rows < len(self.slot_of_row)
        found[near] = self.slot_of_row[rows[near]]
        held = found >= 0
        dead = self.birth[found[held]] != self._table.birth[rows[held]]
        found[np.flatnonzero(held)[dead]] = NONE
        return found

    def orphans(self) -> U32:
        """Slots whose entity was despawned."""
        slots = self.living()
        gone: U32 = slots[self._table.birth[self.row[slots]] != self.birth[slots]]
        return gone
