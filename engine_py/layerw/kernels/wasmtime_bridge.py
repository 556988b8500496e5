"""The bridge between two memories under wasmtime: the page's modules, joined to any two kernel modules of one store.

Owns: the choice between bridge.wasm and the fallback, the accessors, and the host's half of the fallback (memmove).
Does not look names up (wasmtime_libraries.py), does not grow a memory. Limits: both ends live in one store; main's
memory is not shared; a bound function belongs to one thread at a time. Counterpart: web/kernels/bridge.js.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import wasmtime

from layerw.kernels.files import path_of
from layerw.kernels.wasmtime_call import bind_fast

COPIES = ("lw_mts_copy", "lw_stm_copy", "lw_mts_function", "lw_stm_function")
Load = Callable[[str], wasmtime.Module]
I32 = wasmtime.ValType.i32


@dataclass(frozen=True)
class End:
    """One module's memory and table."""

    memory: wasmtime.Memory | wasmtime.SharedMemory
    table: wasmtime.Table

    @property
    def suffix(self) -> str:
        """Of the modules that fit this memory."""
        return "_shared" if isinstance(self.memory, wasmtime.SharedMemory) else ""

    def base(self, store: wasmtime.Store) -> int:
        """Where the memory is in this process, now: growing may move it."""
        memory = self.memory
        pointer = memory.data_ptr() if isinstance(memory, wasmtime.SharedMemory) else memory.data_ptr(store)
        return ctypes.cast(pointer, ctypes.c_void_p).value or 0


class Bridge:
    """Copies and function pointers between main and side, as in bridge.h; each returns 1, or 0 for a refusal.

    main and side have no other promise than one store: a kernel module each, or one module twice.
    """

    lw_mts_copy: Callable[[int, int, int], int]
    lw_stm_copy: Callable[[int, int, int], int]
    lw_mts_function: Callable[[int, int], int]
    lw_stm_function: Callable[[int, int], int]

    def __init__(self, store: wasmtime.Store, main: End, side: End, *, multi_memory: bool = True,
                 load: Load | None = None) -> None:
        self.store, self.main, self.side = store, main, side
        self._load = load or (lambda name: wasmtime.Module.from_file(store.engine, str(path_of(name))))
        given: dict[tuple[str, str], Any] = {
            ("main", "memory"): main.memory, ("side", "memory"): side.memory, ("env", "memory"): main.memory,
            ("main", "table"): main.table, ("side", "table"): side.table}
        if not multi_memory:
            accessor = make_accessor(store, side, load=self._load)
            given |= {("side", name): accessor[name] for name in accessor}
            given |= {("host", "mts_bulk"): self._bulk(side, main), ("host", "stm_bulk"): self._bulk(main, side)}
        self.exports = link(store, self._load(f"bridge{side.suffix}" if multi_memory else "bridge_fb"), given)
        for name in COPIES:
            setattr(self, name, bind_fast(store, self.exports[name]))

    def _bulk(self, to: End, source: End) -> wasmtime.Func:
        def copy(at: int, start: int, size_bytes: int) -> None:
            ctypes.memmove(to.base(self.store) + _unsigned(at), source.base(self.store) + _unsigned(start),
                           _unsigned(size_bytes))

        return wasmtime.Func(self.store, wasmtime.FuncType([I32(), I32(), I32()], []), copy)


def make_accessor(store: wasmtime.Store, end: End, *, libraries: dict[str, wasmtime.Func] | None = None,
                  load: Load | None = None) -> dict[str, Any]:
    """Getters and setters on one memory (accessor.wat): the exports by name.

    libraries: what the accessor's lookups call, from `Libraries.imports`; without it they find nothing.
    """
    load = load or (lambda name: wasmtime.Module.from_file(store.engine, str(path_of(name))))
    none = {name: wasmtime.Func(store, wasmtime.FuncType([I32()] * count, [I32()]), lambda *_: 0)
            for name, count in (("library_open", 2), ("library_symbol", 3), ("library_close", 1))}
    given: dict[tuple[str, str], Any] = {("env", "memory"): end.memory}
    given |= {("host", name): function for name, function in (libraries or none).items()}
    return link(store, load(f"accessor{end.suffix}"), given)


def link(store: wasmtime.Store, module: wasmtime.Module, given: dict[tuple[str, str], Any],
         *libraries: dict[str, Any]) -> dict[str, Any]:
    """Instantiates a module: each import is `given`, or, if a function, replaced by the first library's of that name.

    Raises:
        LookupError: an import is in neither.
    """
    linker = wasmtime.Linker(store.engine)
    for wanted in module.imports:
        key = (wanted.module, str(wanted.name))
        found = given.get(key, next((each[key[1]] for each in libraries if key[1] in each), None))
        if found is None:
            raise LookupError(f"{key[0]}.{key[1]} is imported, but neither given nor in one of "
                              f"{len(libraries)} libraries.")
        linker.define(store, *key, found)
    exports = linker.instantiate(store, module).exports(store)
    return {str(export.name): exports[str(export.name)] for export in module.exports}


def _unsigned(value: int) -> int:
    return value & 0xFFFFFFFF
