"""Modules that stand alone (engine_py/kernels/alone.py): in place where there is Pyodide, under wasmtime elsewhere.

Owns: loading one, and on CPython the copies of arrays into its memory and back, so that callers pass numpy arrays on
every host. Both are compiled from the same sources and give the same bytes. Limits: 2 GiB; one thread.
"""

from __future__ import annotations

import ctypes
import importlib.machinery
import importlib.util
import sys
from typing import TYPE_CHECKING, Any, cast

from layerw.base.errors import BudgetError
from layerw.kernels.files import FOLDER, WASMTIME_MISSING, KernelsMissing, file_of

if TYPE_CHECKING:
    from pathlib import Path

    import wasmtime

Signatures = dict[str, tuple[tuple[str, ...], str]]  # as in gen/
_ALIGNMENT = 16


def is_built(name: str) -> bool:
    """Whether the module is here."""
    return sys.platform == "emscripten" or (FOLDER / name / f"{name}_side.wasm").is_file()


def load(name: str, signatures: Signatures, missing: str) -> object:
    """The module's functions; pointers are C-contiguous arrays of the header's types.

    Raises:
        KernelsMissing: it was not built (`missing` says so), or there is no wasmtime.
    """
    if sys.platform == "emscripten":
        return _in_place(name, missing)
    path = FOLDER / name / f"{name}_side.wasm"
    if not path.is_file():
        raise KernelsMissing(missing)
    return _Side(str(path), signatures)


def _in_place(name: str, missing: str) -> object:
    try:
        path = file_of(f"{name}/{name}")
    except KernelsMissing:
        raise KernelsMissing(missing) from None
    return extension(name, path)


def extension(name: str, path: Path) -> object:
    """A Python extension that is a file."""
    loader = importlib.machinery.ExtensionFileLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, loader.path, loader=loader)
    assert spec is not None
    return importlib.util.module_from_spec(spec)


class _Side:
    """NAME_side.wasm under wasmtime: each function is a method that copies its arrays in and out."""

    def __init__(self, path: str, signatures: Signatures) -> None:
        try:
            import wasmtime

            from layerw.kernels.wasmtime_call import bind_address
        except ImportError as error:
            raise KernelsMissing(WASMTIME_MISSING) from error
        self._store = wasmtime.Store(wasmtime.Engine())
        instance = wasmtime.Instance(self._store, wasmtime.Module.from_file(self._store.engine, path), [])
        self._exports = instance.exports(self._store)
        self._memory = cast("wasmtime.Memory", self._exports["memory"])
        self._base = bind_address(self._store, self._memory)
        self._scratch = self._scratch_end = 0
        for name, (kinds, result) in signatures.items():
            setattr(self, name, self._bind(name, kinds, result))

    def _bind(self, name: str, kinds: tuple[str, ...], result: str) -> Any:
        from layerw.kernels.wasmtime_call import bind_fast

        function = bind_fast(self._store, cast(Any, self._exports[name]))
        is_u64 = result == "u64"  # which come signed
        pointers = [number for number, kind in enumerate(kinds) if kind in ("in", "out")]
        outputs = [(number, at) for at, number in enumerate(pointers) if kinds[number] == "out"]
        if not pointers and not is_u64:
            return function

        def call(*arguments: Any) -> Any:
            given = list(arguments)
            places = self._copy_in([arguments[number] for number in pointers]) if pointers else []
            for number, place in zip(pointers, places, strict=True):
                given[number] = place
            found = function(*given)
            if outputs:
                base = self._base()  # the call may have moved it
                for number, at in outputs:
                    if places[at]:
                        self._copy_out(base + places[at], arguments[number])
            return found & 0xFFFFFFFFFFFFFFFF if is_u64 else found

        return call

    def _copy_in(self, arrays: list[Any]) -> list[int]:
        """Behind each other in memory that only this uses."""
        sizes = [0 if one is None else (one.nbytes + 2 * _ALIGNMENT - 1) & -_ALIGNMENT for one in arrays]
        needed = sum(sizes)
        if needed > self._scratch_end - self._scratch:
            wasm_pages = max(needed + 65535 >> 16, 16)
            self._scratch = self._grow(wasm_pages) << 16
            self._scratch_end = self._scratch + (wasm_pages << 16)
        base, at, places = self._base(), self._scratch, []
        for array, size in zip(arrays, sizes, strict=True):
            places.append(at if size else 0)
            if size:
                ctypes.memmove(base + at, array.ctypes.data, array.nbytes)
            at += size
        return places

    def _grow(self, wasm_pages: int) -> int:
        from wasmtime import WasmtimeError

        try:
            return self._memory.grow(self._store, wasm_pages)
        except WasmtimeError:
            raise BudgetError(f"A call was given {wasm_pages << 16} bytes; a kernel's memory has no room for as many: "
                              "ask in parts.") from None

    @staticmethod
    def _copy_out(address: int, array: Any) -> None:
        if not array.flags.writeable or not array.flags.c_contiguous:
            raise TypeError("The kernel writes into a C-contiguous, writable array.")
        ctypes.memmove(array.ctypes.data, address, array.nbytes)
