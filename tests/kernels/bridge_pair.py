"""Two memories of plain bytes with a bridge between them under wasmtime, for the tests of the bridge."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import wasmtime
from wasmtime import _bindings as bindings

from layerw.kernels import files
from layerw.kernels.wasmtime_bridge import Bridge, End, Load, make_accessor
from layerw.kernels.wasmtime_call import bind_fast
from layerw.kernels.wasmtime_libraries import Libraries
from layerw.kernels.wasmtime_threads import SharedMemory

from .conftest import ROOT

WASM_PAGE_BYTES = 65536
SOURCES = ROOT / "engine_py" / "kernels" / "bridge"
ENGINE_CONFIG = wasmtime.Config()
ENGINE_CONFIG.wasm_threads = ENGINE_CONFIG.shared_memory = True
# wasmtime 50 ends the process when an access faults on shared memory; with checks in the code it is a trap.
bindings.wasmtime_config_signals_based_traps_set(ENGINE_CONFIG.ptr(), False)
ENGINE = wasmtime.Engine(ENGINE_CONFIG)
_MODULES: dict[tuple[str, bytes], wasmtime.Module] = {}
Edit = tuple[str, str, str]  # a .wat file of bridge/, what is there, what takes its place
FORMATS = {"u8": "<B", "i8": "<b", "u16": "<H", "i16": "<h", "u32": "<I", "u64": "<Q", "f32": "<f", "f64": "<d"}


def installed(name: str) -> wasmtime.Module:
    """A module as it was built; compiled once a test run."""
    return _compiled(name, files.path_of(name).read_bytes())


def _compiled(name: str, data: bytes) -> wasmtime.Module:
    if (name, data) not in _MODULES:
        _MODULES[name, data] = wasmtime.Module(ENGINE, data)
    return _MODULES[name, data]


def planted(edit: Edit) -> Load:
    """Loads modules built from the sources with one edit."""
    file, old, new = edit

    def load(name: str) -> wasmtime.Module:
        stem, _, shared = name.partition("_shared")
        if stem != file:
            return installed(name)
        text = (SOURCES / f"{stem}.wat").read_text("utf-8")
        assert old in text, f"{file}.wat no longer has {old!r}: plant the fault elsewhere"
        limits = "65535 shared" if name.endswith("_shared") else ""
        return _compiled(name, bytes(wasmtime.wat2wasm(text.replace(old, new).replace("@SHARED@", limits))))

    return load


@dataclass
class Pair:
    """main and side, an accessor on each, libraries for main's table, and the bridge."""

    store: wasmtime.Store
    main: End
    side: End
    bridge: Bridge
    libraries: Libraries
    get: dict[str, dict[str, Callable[..., Any]]]
    accessors: dict[str, dict[str, Any]]

    def bytes_of(self, name: str) -> np.ndarray:
        """All bytes of "main" or "side", as they are now."""
        end = getattr(self, name)
        return view(self.store, end)

    def called(self, name: str, slot: int, *arguments: int) -> Any:
        """Calls the function in a table's slot."""
        function = getattr(self, name).table.get(self.store, slot)
        assert isinstance(function, wasmtime.Func), f"slot {slot} of {name} is empty"
        return function(self.store, *arguments)

    def is_empty(self, name: str, slot: int) -> bool:
        """Whether a table's slot has no function."""
        return not isinstance(getattr(self, name).table.get(self.store, slot), wasmtime.Func)


def view(store: wasmtime.Store, end: End) -> np.ndarray:
    """The bytes of a memory, zero-copy."""
    memory = end.memory
    shared = isinstance(memory, wasmtime.SharedMemory)
    size = memory.size() * WASM_PAGE_BYTES if shared else memory.data_len(store)
    return np.frombuffer((ctypes.c_uint8 * size).from_address(end.base(store)), np.uint8)


def make_pair(*, multi_memory: bool, shared: bool = False, one_memory: bool = False, pages: tuple[int, int] = (1, 1),
              load: Load = installed) -> Pair:
    """one_memory: main and side are the same memory, so that spans may overlap."""
    store = wasmtime.Store(ENGINE)
    funcref = wasmtime.TableType(wasmtime.ValType.funcref(), wasmtime.Limits(1, None))
    tables = [wasmtime.Table(store, funcref, None) for _ in range(2)]
    main = End(wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(pages[0], 65_535))), tables[0])
    memory = main.memory if one_memory else _memory(store, pages[1], shared)
    side = End(memory, tables[1])
    bridge = Bridge(store, main, side, multi_memory=multi_memory, load=load)
    libraries = Libraries(store, main)
    accessors = {"main": make_accessor(store, main, libraries=libraries.imports(), load=load),
                 "side": make_accessor(store, side, load=load)}
    bound = {end: {name: bind_fast(store, function) for name, function in exports.items()}
             for end, exports in accessors.items()}
    return Pair(store, main, side, bridge, libraries, bound, accessors)


def _memory(store: wasmtime.Store, pages: int, shared: bool) -> Any:
    if shared:
        return SharedMemory(ENGINE, wasmtime.MemoryType(wasmtime.Limits(pages, 65_535), shared=True))
    return wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(pages, 65_535)))
