"""Libraries under wasmtime: functions that a module calls through its table, found by name; their slots come back.

Owns: which slots of a table are ours and free, and the open libraries. Does not touch the slots that the table's
module made. Limits: a table never shrinks, so slots are used again. Counterpart: web/kernels/{slots,libraries}.js.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import wasmtime

from layerw.base.errors import HandleError
from layerw.kernels.wasmtime_bridge import I32, End


class TableSlots:
    """Slots of a growable function table, taken and given back; slot 0 means none and is never given out."""

    def __init__(self, store: wasmtime.Store, table: wasmtime.Table) -> None:
        self.store, self.table = store, table
        self._free: list[int] = []
        if table.size(store) == 0:
            table.grow(store, 1, None)

    def take(self, function: wasmtime.Func | None) -> int:
        """Puts a function into a slot (None leaves it for a bridge to fill); returns the slot."""
        if not self._free:
            return self.table.grow(self.store, 1, function)
        slot = self._free.pop()
        self.table.set(self.store, slot, function)
        return slot

    def give(self, slot: int) -> None:
        """Empties a slot, which is then used again."""
        self.table.set(self.store, slot, None)
        self._free.append(slot)


@dataclass
class _Open:
    name: str
    exports: dict[str, Any]
    slots: dict[str, int] = field(default_factory=dict)


class Libraries:
    """The libraries that one module's table may call."""

    def __init__(self, store: wasmtime.Store, end: End) -> None:
        self.end = end
        self.slots = TableSlots(store, end.table)
        self._known: dict[str, dict[str, Any]] = {}
        self._open: dict[int, _Open] = {}
        self._next = 1

    def add(self, name: str, exports: dict[str, Any]) -> None:
        """Makes a library known, so that wasm may open it by name."""
        self._known[name] = exports

    def open(self, name: str, exports: dict[str, Any]) -> int:
        """A handle, never used again."""
        handle, self._next = self._next, self._next + 1
        self._open[handle] = _Open(name, exports)
        return handle

    def symbol(self, library: int, name: str) -> int:
        """The table slot of a library's function; the same one every time.

        Raises:
            HandleError: the library is not open. LookupError: it exports no such function.
        """
        own = self._library(library)
        if name not in own.slots:
            function = own.exports.get(name)
            if not isinstance(function, wasmtime.Func):
                raise LookupError(f"The library {own.name} exports no function {name}; it has {len(own.exports)} "
                                  "others.")
            own.slots[name] = self.slots.take(function)
        return own.slots[name]

    def close(self, library: int) -> None:
        """Ends a library and gives its slots back."""
        for slot in self._library(library).slots.values():
            self.slots.give(slot)
        del self._open[library]

    def hand_over(self, init: Any, library: int, accessor: dict[str, Any]) -> int:
        """Linking by handle: calls `init(library, slot of library_symbol)`, which returns 1 or 0.

        Returns:
            The lookup's slot; give it back when the module ends.

        Raises:
            LookupError: init said 0, the module misses something.
        """
        name = self._library(library).name
        lookup = self.slots.take(accessor["library_symbol"])
        if init(self.slots.store, library, lookup) == 0:
            self.slots.give(lookup)
            raise LookupError(f"The module refused the library {name}: its init found not all that it needs.")
        return lookup

    def imports(self) -> dict[str, wasmtime.Func]:
        """What an accessor on the end's memory imports as "host"; nothing raises into wasm, 0 says no."""
        def open_named(at: int, size: int) -> int:
            name = self._text(at, size)
            return self.open(name, self._known[name]) if name in self._known else 0

        def symbol(library: int, at: int, size: int) -> int:
            try:
                return self.symbol(library, self._text(at, size))
            except LookupError:  # also HandleError
                return 0

        def close(library: int) -> int:
            if library not in self._open:
                return 0
            self.close(library)
            return 1

        store = self.slots.store
        return {name: wasmtime.Func(store, wasmtime.FuncType([I32()] * count, [I32()]), call) for name, count, call in
                (("library_open", 2, open_named), ("library_symbol", 3, symbol), ("library_close", 1, close))}

    def _text(self, at: int, size: int) -> str:
        start = self.end.base(self.slots.store) + (at & 0xFFFFFFFF)
        return ctypes.string_at(start, size & 0xFFFFFFFF).decode("utf-8", "replace")

    def _library(self, library: int) -> _Open:
        if library not in self._open:
            raise HandleError(f"The library handle {library} is not open; it was closed or never given out.")
        return self._open[library]
