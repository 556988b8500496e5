"""The physics module (engine_py/kernels/rigid): in place where there is Pyodide, under wasmtime elsewhere.

Owns: loading it, and on CPython the copies of arrays into its memory and back, so that callers pass numpy arrays on
every host. Both are compiled from the same sources and give the same bytes. Limits: 2 GiB; one thread.
"""

from __future__ import annotations

import ctypes
import importlib.machinery
import importlib.util
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from layerw.kernels.files import FOLDER, WASMTIME_MISSING, KernelsMissing, file_of
from layerw.kernels.gen.rigid import SIGNATURES

if TYPE_CHECKING:
    from layerw.kernels.gen.rigid import RigidKernels

_NAME, _SIDE = "rigid", "rigid_side"
_ALIGNMENT = 16
_MISSING = ("Physics was not built: Box3D's sources were not to be had when layerw was installed. In a checkout `make "
            "physics` fetches and builds it; elsewhere install layerw again with a network that reaches PyPI. A page "
            "fetches it for programs whose own files say physics, Body or Character.")


def is_built() -> bool:
    """Whether there is physics here."""
    return sys.platform == "emscripten" or (FOLDER / _NAME / f"{_SIDE}.wasm").is_file()


@cache
def load() -> RigidKernels:
    """The module's functions; pointers are C-contiguous arrays of the header's types.

    Raises:
        KernelsMissing: it was not built, or there is no wasmtime.
    """
    if sys.platform == "emscripten":
        return _in_place()
    path = FOLDER / _NAME / f"{_SIDE}.wasm"
    if not path.is_file():
        raise KernelsMissing(_MISSING)
    return cast("RigidKernels", _Side(str(path)))


def _in_place() -> RigidKernels:
    try:
        path = file_of(f"{_NAME}/{_NAME}")
    except KernelsMissing:
        raise KernelsMissing(_MISSING) from None
    loader = importlib.machinery.ExtensionFileLoader(_NAME, str(path))
    spec = importlib.util.spec_from_file_location(_NAME, loader.path, loader=loader)
    assert spec is not None
    return cast("RigidKernels", importlib.util.module_from_spec(spec))


class _Side:
    """rigid_side.wasm under wasmtime: each function is a method that copies its arrays in and out."""

    def __init__(self, path: str) -> None:
        try:
            import wasmtime
        except ImportError as error:
            raise KernelsMissing(WASMTIME_MISSING) from error
        self._store = wasmtime.Store(wasmtime.Engine())
        instance = wasmtime.Instance(self._store, wasmtime.Module.from_file(self._store.engine, path), [])
        self._exports = instance.exports(self._store)
        self._memory = cast("wasmtime.Memory", self._exports["memory"])
        self._scratch = self._scratch_end = 0
        for name, (kinds, result) in SIGNATURES.items():
            setattr(self, name, self._bind(name, kinds, result))

    def _bind(self, name: str, kinds: tuple[str, ...], result: str) -> Any:
        from layerw.kernels.wasmtime_call import bind_fast

        function = bind_fast(self._store, cast(Any, self._exports[name]))
        bits = {"u32": 0xFFFFFFFF, "u64": 0xFFFFFFFFFFFFFFFF}.get(result)
        pointers = [number for number, kind in enumerate(kinds) if kind in ("in", "out")]

        def call(*arguments: Any) -> Any:
            given = list(arguments)
            places = self._copy_in([arguments[number] for number in pointers])
            for number, place in zip(pointers, places, strict=True):
                given[number] = place
            found = function(*given)
            for number, place in zip(pointers, places, strict=True):
                if kinds[number] == "out" and place:
                    self._copy_out(place, arguments[number])
            return found & bits if bits is not None and found is not None else found

        return call

    def _copy_in(self, arrays: list[Any]) -> list[int]:
        """Behind each other in memory that only this uses."""
        sizes = [0 if one is None else (one.nbytes + 2 * _ALIGNMENT - 1) & -_ALIGNMENT for one in arrays]
        needed = sum(sizes)
        if needed > self._scratch_end - self._scratch:
            wasm_pages = max(needed + 65535 >> 16, 16)
            self._scratch = self._memory.grow(self._store, wasm_pages) << 16
            self._scratch_end = self._scratch + (wasm_pages << 16)
        at, places = self._scratch, []
        for array, size in zip(arrays, sizes, strict=True):
            places.append(at if size else 0)
            if size:
                ctypes.memmove(self._base() + at, array.ctypes.data, array.nbytes)
            at += size
        return places

    def _copy_out(self, place: int, array: Any) -> None:
        if not array.flags.writeable or not array.flags.c_contiguous:
            raise TypeError("The kernel writes into a C-contiguous, writable array.")
        ctypes.memmove(array.ctypes.data, self._base() + place, array.nbytes)

    def _base(self) -> int:
        return ctypes.cast(self._memory.data_ptr(self._store), ctypes.c_void_p).value or 0


def pose_array(count: int) -> Any:
    """(count, 7) float32 of bodies at the origin."""
    poses = np.zeros((count, 7), np.float32)
    poses[:, 6] = 1
    return poses
