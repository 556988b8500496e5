"""The scene as lines of a list: groups of entities with the same components, opened or not.

Owns: which line is what, for the part of the list that the page shows; thousands of entities cost as much as those.
Does not: hold entities.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.engine import Engine
from layerw.scene.entity import Entity
from layerw.scene.table import HIDDEN

from .naming import Named, named

LINES_MAX = 200
Rows = npt.NDArray[np.intp]


class Tree:
    """Of one engine."""

    def __init__(self, engine: Engine, root: str) -> None:
        self._engine, self._root = engine, root
        self._names: list[Named] = []

    def lines(self, start: int, count: int, opened: list[str], find: str) -> dict[str, Any]:
        """`count` lines from `start`: of the groups, and of the entities in those that are opened (all, while something
        is searched for)."""
        self._names = named(self._root)
        total, lines, shown = 0, [], 0
        for key, rows in self._groups().items():
            if find:
                rows = self._matching(key, rows, find)
                if not len(rows):
                    continue
            is_open = bool(find) or key in opened
            shown += len(rows)
            if start <= total < start + count:
                lines.append({"kind": "group", "name": key, "count": len(rows), "open": is_open, "at": total})
            total += 1
            if is_open:
                first, last = max(start - total, 0), min(start + count - total, len(rows))
                lines += [self._line(int(rows[i]), total + i, i + 1, len(rows)) for i in range(first, last)]
                total += len(rows)
        return {"total": total, "entities": shown, "lines": lines[:LINES_MAX]}

    def place(self, row: int) -> tuple[str, int]:
        """The group that a row is in, and the how-manieth it is there."""
        for key, rows in self._groups().items():
            at = int(np.searchsorted(rows, row))
            if at < len(rows) and rows[at] == row:
                return key, at
        return "", 0

    def name(self, row: int) -> tuple[str, str]:
        """What the program calls it, and the file of that variable; "" where it has no name."""
        for one in self._names or named(self._root):
            places = np.flatnonzero(one.rows == row)
            if len(places):
                return one.of(int(places[0])), one.module
        return "", ""

    def row(self, name: str) -> int | None:
        """Of what the program calls exactly so; None: nothing."""
        return next((int(row) for one in named(self._root) if name.startswith(one.name)
                     for i, row in enumerate(one.rows) if one.of(i) == name), None)

    def _line(self, row: int, at: int, number: int, size: int) -> dict[str, Any]:
        table = self._engine.table
        name = self.name(row)[0] or f"entity {row}"
        return {"kind": "entity", "row": row, "birth": int(table.birth[row]), "name": name, "at": at, "number": number,
                "size": size, "hidden": bool(table.flags[row] & HIDDEN)}

    def _groups(self) -> dict[str, Rows]:
        """Rows that live, ascending, by what they have."""
        table = self._engine.table
        rows: Rows = np.flatnonzero(table.birth[: table.rows_used])
        kinds = np.zeros(len(rows), np.int64)
        attached = table.components.all()[:60]
        for bit, one in enumerate(attached):
            kinds |= one.present[rows].astype(np.int64) << bit
        own = table.serial[rows] > 0
        found: dict[str, Rows] = {}
        for kind in np.unique(kinds):
            has = [one.declared.name for bit, one in enumerate(attached) if kind >> bit & 1]
            for is_own, label in ((True, "Without components"), (False, "Made by the engine")):
                part = rows[(kinds == kind) & (own == is_own)]
                if len(part):
                    key = " + ".join(has) or label
                    found[key] = np.union1d(found[key], part) if key in found else part
        return found

    def _matching(self, key: str, rows: Rows, find: str) -> Rows:
        """Of a group: all where its name has the text, else those whose own name or number does."""
        text = find.casefold()
        if text in key.casefold():
            return rows
        found = [one.rows if text in one.name.casefold() else
                 one.rows[[text in one.of(i).casefold() for i in range(len(one.rows))]]
                 for one in self._names]  # fmt: skip
        if text.isdigit():
            found.append(np.array([int(text)]))
        return np.intersect1d(rows, np.concatenate(found)) if found else rows[:0]


def entity_of(engine: Engine, row: int, birth: int) -> Entity:
    """A living one. Raises LookupError with a sentence."""
    table = engine.table
    if not 0 <= row < table.rows_used or int(table.birth[row]) != birth or birth == 0:
        raise LookupError(f"Entity {row} was despawned.")
    return Entity(table, row)
