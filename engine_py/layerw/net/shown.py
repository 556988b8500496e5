"""The rows of a client that show what the server told.

Owns: which row is which of the server's entities. Fields that are blended are written each frame, others where a newer
snapshot begins to show. Whoever left the snapshot is despawned; whatever the program despawns here comes again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.net.packing import Ids
from layerw.net.schema import LOOK, MASK, Part, Schema, Words
from layerw.net.seen import KnownLooks
from layerw.scene.columns import Column
from layerw.scene.component_store import touch
from layerw.scene.components import PLAYER, Declaration
from layerw.scene.table import Table

Rows = npt.NDArray[np.intp]
UNTURNED = np.array([0, 0, 0, 1], np.float32)


class ShownRows:
    """`show` makes the table as two snapshots and a share between them say."""

    def __init__(self, table: Table, schema: Schema, looks: KnownLooks) -> None:
        self._table, self._schema, self._looks = table, schema, looks
        self._ids: Ids = np.zeros(0, np.uint32)
        self._rows: Rows = np.zeros(0, np.intp)
        self._births: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._tick = -1
        self.held: tuple[Declaration, Ids] | None = None  # a component that snapshots don't set, and whose

    def numbers(self, rows: Rows) -> Ids:
        """The server's numbers of rows that show something; 0 for others."""
        order = np.argsort(self._rows)
        at = np.minimum(np.searchsorted(self._rows[order], rows), max(len(order) - 1, 0))
        if not len(order):
            return np.zeros(len(rows), np.uint32)
        return np.where(self._rows[order][at] == rows, self._ids[order][at], np.uint32(0))

    def clear(self) -> None:
        """Everything goes."""
        alive = self._rows[self._table.birth[self._rows] == self._births]
        if len(alive):
            self._table.despawn_rows(alive)
        self._ids, self._rows = np.zeros(0, np.uint32), np.zeros(0, np.intp)
        self._births, self._tick = np.zeros(0, np.uint32), -1

    def show(self, one: tuple[Ids, Words, int], other: tuple[Ids, Words], share: float) -> None:
        """one: ids, words and tick of the snapshot that begins; other: of the next."""
        ids, words, tick = one
        if tick != self._tick or (self._table.birth[self._rows] != self._births).any():
            self._match(ids, words)
            self._tick = tick
        self._blend(words, other, share)

    def _match(self, ids: Ids, words: Words) -> None:
        table = self._table
        alive = table.birth[self._rows] == self._births
        stays = alive & np.isin(self._ids, ids)
        gone = self._rows[alive & ~stays]
        if len(gone):
            table.despawn_rows(gone)
        rows = np.full(len(ids), -1, np.intp)
        rows[np.searchsorted(ids, self._ids[stays])] = self._rows[stays]
        for look in np.unique(words[rows < 0, LOOK]).tolist():
            which = np.flatnonzero((rows < 0) & (words[:, LOOK] == look))
            first = self._looks.spawn(table, look, len(which))
            rows[which] = np.arange(first, first + len(which))
        self._ids, self._rows, self._births = ids, rows, table.birth[rows].copy()
        if len(rows):
            self._write(words)

    def _write(self, words: Words) -> None:
        store = self._table.components
        for one in self._schema.components:
            has = words[:, MASK] & np.uint32(one.bit) != 0
            attached = store.find(one.declared)
            present = attached.present[self._rows] if attached is not None else np.zeros(len(self._rows), np.bool_)
            if (present & ~has).any():
                store.remove(self._rows[present & ~has], one.declared)
            new = has & ~present
            if new.any():
                store.add(self._rows[new], one.declared, {}, int(new.sum()))
            if not has.any():
                continue
            for part in one.parts:
                self._put(one.declared, part, has, part.values_of(words[has, part.first : part.last]))

    def _blend(self, words: Words, other: tuple[Ids, Words], share: float) -> None:
        """Fields that are blended, of whoever is in both snapshots."""
        ids, later = other
        if not len(self._ids) or not len(ids):
            return
        at = np.minimum(np.searchsorted(ids, self._ids), len(ids) - 1)
        both = ids[at] == self._ids
        for one, part in self._schema.parts():
            kind = np.dtype(part.field.type.dtype).kind
            if not part.field.options.interpolate or kind != "f":
                continue
            has = both & (words[:, MASK] & later[at, MASK] & np.uint32(one.bit) != 0)
            if not has.any():
                continue
            before = part.values_of(words[has, part.first : part.last])
            after = part.values_of(later[at[has], part.first : part.last])
            if part.own and part.field.name == "rotation":
                after = np.where((before * after).sum(axis=1, keepdims=True) < 0, -after, after)
            self._put(one.declared, part, has, (before + (after - before) * share).astype(before.dtype))

    def _put(self, declared: Declaration, part: Part, has: npt.NDArray[np.bool_],
             values: npt.NDArray[np.float32]) -> None:  # fmt: skip
        """Into the component's column, and the entity's own where it is that; of those that are held, only whose."""
        if self.held is not None and self.held[0] is declared and part.field.type is not PLAYER:
            free = ~np.isin(self._ids[has], self.held[1])
            values, has = values[free], _kept(has, free)
        rows, table = self._rows[has], self._table
        if part.own and part.field.name == "rotation":
            length = np.sqrt((values * values).sum(axis=1, keepdims=True))
            values = np.where(length > 0, values / np.where(length > 0, length, 1), UNTURNED)
        attached = table.components.find(declared)
        into: list[Column] = [table.columns[part.field.name]] if part.own else []
        if attached is not None:
            into.append(attached.columns[part.field.name])
        for column in into:
            column.array[rows] = values
            touch(column, rows)


def _kept(has: npt.NDArray[np.bool_], free: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of those that have it, the free ones."""
    found = has.copy()
    found[np.flatnonzero(has)[~free]] = False
    return found
