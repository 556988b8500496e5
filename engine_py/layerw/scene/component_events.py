"""Who wants to know that entities got or lost a component.

Owns: the callbacks. They are called once a frame, before the program's frame functions, with what happened since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.base.distinct import distinct
from layerw.scene.components import Declaration
from layerw.scene.entity import Entities
from layerw.scene.table import Table

Callback = Callable[[Any], Any]


class ComponentEvents:
    """`call(function, value)` runs a callback so that a mistake in it stops nothing else."""

    def __init__(self, table: Table, call: Callable[..., object]) -> None:
        self._table, self._call = table, call
        self._added: list[tuple[Declaration, Callback]] = []
        self._removed: list[tuple[Declaration, Callback]] = []

    def on_added(self, declared: Declaration, callback: Callback) -> Callable[[], None]:
        """Calls it with the group of entities that got the component; returns what ends that."""
        return _added(self._added, (declared, callback))

    def on_removed(self, declared: Declaration, callback: Callback) -> Callable[[], None]:
        """Calls it with the rows that lost it, an array of whole numbers: some may be despawned; returns what ends
        that."""
        return _added(self._removed, (declared, callback))

    def clear(self) -> None:
        """Forgets every callback."""
        self._added.clear()
        self._removed.clear()

    def step(self) -> None:
        """Tells what happened since the last step."""
        store = self._table.components
        if not len(store):
            return
        happened = [(one, one.added, one.removed) for one in store.all() if one.added or one.removed]
        for attached, _, _ in happened:
            attached.added, attached.removed = [], []
        for attached, added, removed in happened:
            got = distinct(np.concatenate(added)) if added else np.zeros(0, np.intp)
            got = got[attached.present[got]]
            for declared, callback in self._added:
                if declared is attached.declared and len(got):
                    self._call(callback, Entities.of_rows(self._table, got))
            for declared, callback in self._removed:
                if declared is attached.declared and removed:
                    self._call(callback, distinct(np.concatenate(removed)))


def _added(calls: list[tuple[Declaration, Callback]], one: tuple[Declaration, Callback]) -> Callable[[], None]:
    calls.append(one)
    return lambda: calls.remove(one) if one in calls else None
