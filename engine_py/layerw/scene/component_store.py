"""The values of components: columns over the entity table's rows, and who has which.

Owns: one set of columns for each component that was ever added, and what was added and removed since it was last
asked. Columns are made when a component is first added, for the table's whole capacity, so that views never go stale.
Limits: memory is charged for every row, whether it has the component or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import HandleError
from layerw.scene.columns import Column
from layerw.scene.components import Declaration, row_value

Rows = slice | npt.NDArray[np.intp]


class Attached:
    """One component's columns."""

    def __init__(self, declared: Declaration, capacity: int) -> None:
        self.declared = declared
        self.present = np.zeros(capacity, np.bool_)
        self.columns = {name: Column(capacity, field.type.width, field.type.dtype, 0)
                        for name, field in declared.fields.items()}  # fmt: skip
        self.revision = 0  # of who has it
        self.added: list[npt.NDArray[np.intp]] = []
        self.removed: list[npt.NDArray[np.intp]] = []
        self.changed = 0  # the blocks that differ from the frame before
        self._rows: tuple[int, npt.NDArray[np.intp]] = (-1, np.zeros(0, np.intp))

    def rows(self) -> npt.NDArray[np.intp]:
        """Who has it, ascending; kept until that changes."""
        if self._rows[0] != self.revision:
            self._rows = (self.revision, np.flatnonzero(self.present))
        return self._rows[1]


class ComponentStore:
    """`charge(bytes, what)` reserves memory or raises BudgetError; `learn(column)` hears of new columns."""

    def __init__(self, capacity: int, charge: Callable[[int, str], None], learn: Callable[[Column], None]) -> None:
        self._capacity, self._charge, self._learn = capacity, charge, learn
        self._attached: dict[int, Attached] = {}  # by the declaration's identity: names may come twice
        self._declared: list[Declaration] = []  # keeps those identities

    def __len__(self) -> int:
        return len(self._attached)

    def find(self, declared: Declaration) -> Attached | None:
        """The columns, if anybody ever had it."""
        return self._attached.get(id(declared))

    def all(self) -> list[Attached]:
        """In the order in which they were first added."""
        return list(self._attached.values())

    def add(self, rows: Rows, declared: Declaration, values: dict[str, Any], count: int) -> None:
        """Give rows a component: the values named, defaults for the rest. Nothing changes where one is refused."""
        checked = {name: row_value(f"{declared.name}.{name}", declared.fields[name].type, value, count)
                   for name, value in values.items()}  # fmt: skip
        attached = self._ensure(declared)
        for name, field in declared.fields.items():
            attached.columns[name].array[rows] = checked.get(name, field.default)
            touch(attached.columns[name], rows)
        numbers = rows_of(rows)
        attached.added.append(numbers[~attached.present[numbers]])
        attached.present[rows] = True
        attached.revision += 1

    def remove(self, rows: Rows, declared: Declaration) -> None:
        """Take a component away from rows; those without it stay as they are."""
        attached = self.find(declared)
        if attached is not None:
            self._take(attached, rows)

    def forget(self, rows: Rows) -> None:
        """The rows' entities are gone."""
        for attached in self._attached.values():
            self._take(attached, rows)

    def end_frame(self) -> None:
        """What views and writes changed in this frame is what `changed` tells in the next."""
        for attached in self._attached.values():
            attached.changed = 0
            for column in attached.columns.values():
                column.settle()
                attached.changed |= column.dirty
                column.dirty = 0

    def check(self, rows: Rows, declared: Declaration) -> Attached:
        """The columns of rows that all have it. Raises HandleError."""
        attached = self.find(declared)
        if attached is None and not len(rows_of(rows)):
            return Attached(declared, 0)  # nobody ever had it, and nobody is asked for
        if attached is None or not attached.present[rows].all():
            have = 0 if attached is None else int(np.count_nonzero(attached.present[rows]))
            raise HandleError(f"{len(rows_of(rows)) - have} of the {len(rows_of(rows))} entities have no "
                              f"{declared.name}; add({declared.name}) gives it to them.")  # fmt: skip
        return attached

    def hashed(self) -> list[npt.NDArray[Any]]:
        """Rows and values of every component, by name: for the state hash."""
        found: list[npt.NDArray[Any]] = []
        for attached in sorted(self._attached.values(), key=lambda one: one.declared.name):
            rows = attached.rows()
            values = [attached.columns[name].array[rows] for name in sorted(attached.columns)]
            found += [rows.astype(np.uint32), *values]
        return found

    def _ensure(self, declared: Declaration) -> Attached:
        attached = self._attached.get(id(declared))
        if attached is None:
            self._charge(declared.row_bytes * self._capacity, f"The columns of the component {declared.name}")
            attached = self._attached[id(declared)] = Attached(declared, self._capacity)
            self._declared.append(declared)
            for column in attached.columns.values():
                self._learn(column)
        return attached

    def _take(self, attached: Attached, rows: Rows) -> None:
        numbers = rows_of(rows)
        had = numbers[attached.present[numbers]]
        if len(had):
            attached.removed.append(had)
            attached.present[had] = False
            attached.revision += 1


def rows_of(rows: Rows) -> npt.NDArray[np.intp]:
    """Row numbers of a slice or of an index."""
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows


def touch(column: Column, rows: Rows) -> None:
    """Mark rows of a column as changed."""
    if isinstance(rows, slice):
        column.touch(rows.start, rows.stop - rows.start)
    else:
        column.touch_rows(rows)
