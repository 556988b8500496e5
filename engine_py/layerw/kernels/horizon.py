"""The horizon's kernel: in place where there is Pyodide, under wasmtime on CPython where that is installed, else numpy.

Owns: the choice, and what the kernel keeps between calls for one grid of heights and one eye. All three give the same
answers. The contract is in engine_py/kernels/horizon/horizon.h.
"""

from __future__ import annotations

import atexit
import ctypes
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F64
from layerw.kernels import inplace
from layerw.kernels.files import KernelsMissing, path_of
from layerw.kernels.twins.horizon import SECTORS, lw_horizon_boxes

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
_WASM_PAGE = 65_536


class Sight:
    """`over` a grid, `stand` at a place, `sort` boxes."""

    def over(self, codes: U16, grid: F64, arcs: F64) -> None:
        """Other heights, which it may keep a copy of. codes: (rows, columns); grid and arcs: as the header has them."""
        self._codes, self._grid, self._arcs = codes, grid, arcs
        self._built, self._horizon = np.zeros(SECTORS, np.uint8), np.zeros(SECTORS * len(arcs))

    def stand(self, eye: F64, drawn: U8) -> None:
        """Another eye, or other tiles: what was built is void."""
        self._eye, self._drawn = eye, drawn
        self._built[:] = 0

    def sort(self, planes: F64, boxes: F64) -> U8:
        """Boxes (n, 6) as SEEN, HIDDEN or OUTSIDE."""
        kernels: Any = inplace.load()
        call, found = kernels.lw_horizon_boxes if kernels else lw_horizon_boxes, np.empty(len(boxes), np.uint8)
        rows, columns = self._codes.shape
        call(self._codes, columns, rows, self._grid, self._drawn, self._eye, self._arcs, len(self._arcs), planes, boxes,
             len(boxes), self._built, self._horizon, found)  # fmt: skip
        return found


class _SightOnWasmtime(Sight):
    """Heights and horizon stay in the module's memory; boxes go in and answers come out."""

    def __init__(self, module: Any) -> None:
        import wasmtime

        from layerw.kernels.wasmtime_call import bind_address, bind_fast

        self._store = wasmtime.Store(module.engine)
        self._memory = wasmtime.Memory(self._store, wasmtime.MemoryType(wasmtime.Limits(2, 65_535)))
        exports = wasmtime.Instance(self._store, module.code, [self._memory]).exports(self._store)
        self._call = bind_fast(self._store, exports["lw_horizon_boxes"])  # type: ignore[arg-type]
        self._base = bind_address(self._store, self._memory)
        self._first = 2 * _WASM_PAGE  # behind its stack
        self._at: dict[str, int] = {}

    def over(self, codes: U16, grid: F64, arcs: F64) -> None:
        self._shape, self._arc_count = codes.shape, len(arcs)
        self._end = self._first
        for name, array in (("codes", codes), ("grid", grid), ("arcs", arcs)):
            self._put(name, array)
        for name, size in (("built", SECTORS), ("horizon", 8 * SECTORS * len(arcs)), ("eye", 40), ("planes", 160)):
            self._room(name, size)
        self._kept_end = self._end

    def stand(self, eye: F64, drawn: U8) -> None:
        ctypes.memmove(self._base() + self._at["eye"], eye.ctypes.data, eye.nbytes)
        ctypes.memset(self._base() + self._at["built"], 0, SECTORS)
        self._drawn = drawn

    def sort(self, planes: F64, boxes: F64) -> U8:
        found = np.empty(len(boxes), np.uint8)
        self._end = self._kept_end
        self._put("drawn", self._drawn)
        self._put("boxes", boxes)
        self._room("found", len(boxes))
        at, (rows, columns) = self._at, self._shape
        ctypes.memmove(self._base() + at["planes"], planes.ctypes.data, planes.nbytes)
        self._call(at["codes"], columns, rows, at["grid"], at["drawn"], at["eye"], at["arcs"], self._arc_count,
                   at["planes"], at["boxes"], len(boxes), at["built"], at["horizon"], at["found"])  # fmt: skip
        ctypes.memmove(found.ctypes.data, self._base() + at["found"], len(boxes))
        return found

    def _put(self, name: str, array: npt.NDArray[Any]) -> None:
        self._room(name, array.nbytes)
        ctypes.memmove(self._base() + self._at[name], array.ctypes.data, array.nbytes)

    def _room(self, name: str, size_bytes: int) -> None:
        self._at[name], self._end = self._end, (self._end + size_bytes + 15) & ~15
        short = self._end - self._memory.data_len(self._store)
        if short > 0:
            self._memory.grow(self._store, -(-short // _WASM_PAGE))


class _Module:
    def __init__(self) -> None:
        import wasmtime

        self.engine = wasmtime.Engine()
        self.code = wasmtime.Module.from_file(self.engine, str(path_of("horizon")))


@cache
def _module() -> _Module | None:
    try:
        return _Module()
    except (ImportError, KernelsMissing):
        return None


atexit.register(_module.cache_clear)  # wasmtime can't end its things once the interpreter has ended modules


def new_sight() -> Sight:
    """The quickest that there is."""
    module = _module() if inplace.load() is None else None
    return Sight() if module is None else _SightOnWasmtime(module)
