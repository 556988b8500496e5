"""The same modules on CPython, run by wasmtime (`pip install layerw[headless]`).

Owns: one instance of side.wasm with its memory, and zero-copy numpy views of it. Does not manage what lies in the
memory. Limits: a view is of the memory as it was; growing may move it, so derive views again after a call that grows.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt
import wasmtime

from layerw.kernels.files import path_of
from layerw.kernels.gen.api import SIGNATURES

WASM_PAGES_FIRST = 32  # static data and stack, as in the page


class WasmtimeModule:
    """side.wasm: each exported kernel is a method, called with numbers (addresses are offsets in `memory`)."""

    def __init__(self, name: str = "side", *, wasm_pages_max: int = 65_535,
                 store: wasmtime.Store | None = None) -> None:
        """store: of another module, so that a bridge may join the two (wasmtime_bridge.py)."""
        self.store = store or wasmtime.Store(wasmtime.Engine())
        self.engine = self.store.engine
        module = wasmtime.Module.from_file(self.engine, str(path_of(name)))
        limits = wasmtime.Limits(WASM_PAGES_FIRST, wasm_pages_max)
        self.memory = wasmtime.Memory(self.store, wasmtime.MemoryType(limits))
        self._exports = wasmtime.Instance(self.store, module, [self.memory]).exports(self.store)
        heap_base, table = self._exports["__heap_base"], self._exports["__indirect_function_table"]
        assert isinstance(heap_base, wasmtime.Global) and isinstance(table, wasmtime.Table)
        self.table = table
        self.heap_base = int(heap_base.value(self.store))
        for kernel in SIGNATURES:
            if kernel in self._exports:
                setattr(self, kernel, self._bind(kernel))

    def _bind(self, name: str) -> Any:
        function, store = self._exports[name], self.store
        unsigned = SIGNATURES[name][1] == "u32"

        def call(*arguments: int | float) -> Any:
            result = function(store, *arguments)  # type: ignore[operator]
            return result & 0xFFFFFFFF if unsigned and result is not None else result

        return call

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"side.wasm exports no kernel {name!r}; it has {', '.join(SIGNATURES)}.")

    def grow(self, wasm_pages: int) -> None:
        """More memory, in 64 KiB wasm pages; views from before may point at the old place."""
        self.memory.grow(self.store, wasm_pages)

    def view(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """`count` elements at an address, zero-copy and writable."""
        kind = np.dtype(dtype)
        size_bytes = self.memory.data_len(self.store)
        if not 0 <= address <= size_bytes - count * kind.itemsize:
            raise IndexError(f"A view of {count * kind.itemsize} bytes at {address} leaves the memory, which has "
                             f"{size_bytes} bytes.")
        base = ctypes.cast(self.memory.data_ptr(self.store), ctypes.c_void_p).value or 0
        raw = (ctypes.c_uint8 * (count * kind.itemsize)).from_address(base + address)
        array: npt.NDArray[Any] = np.frombuffer(memoryview(raw), kind)
        return array
