"""Memory outside of Python's heap, for programs that want it: blocks by purpose and lifetime, with hard budgets.

`app.memory` opens it in a running program, `open_native` on CPython under wasmtime. Nothing here is needed to use the
engine. See docs/memory.md.
"""

from __future__ import annotations

from typing import cast

from layerw.kernels.gen.api import LayerKernels
from layerw.memory.errors import LayerMemoryError
from layerw.memory.layer import Block, LayerMemory
from layerw.memory.ports import BridgePort, ViewPort
from layerw.memory.statistics import MemoryStatistics, RegionStatistics, RingStatistics

__all__ = ["Block", "LayerMemory", "LayerMemoryError", "MemoryStatistics", "RegionStatistics", "RingStatistics",
           "open_linked", "open_native"]


def open_linked(kernels: LayerKernels) -> LayerMemory:
    """Over kernels that the page linked; see App.memory."""
    return LayerMemory(kernels, BridgePort(kernels))


def open_native(budget_bytes: int) -> LayerMemory:
    """On CPython; needs `pip install layerw[headless]`.

    Raises:
        ModuleNotFoundError: wasmtime is not installed.
        OutOfBudget: the budget is smaller than what the kernels themselves take.
    """
    try:
        from layerw.kernels.wasmtime_host import WasmtimeModule
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("Layer memory on CPython needs wasmtime: pip install layerw[headless]") from error
    module = WasmtimeModule(wasm_pages_max=min(max(budget_bytes >> 16, 32), 65_535))
    memory = LayerMemory(cast("LayerKernels", module), ViewPort(module))
    if not module.lw_memory_start(budget_bytes):
        raise memory.error()
    return memory
