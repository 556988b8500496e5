"""Memory outside of Python's heap, for programs that want it: blocks by purpose and lifetime, with hard budgets.

`app.memory` opens it in a running program, `open_native` on CPython under wasmtime. Nothing here is needed to use the
engine. See docs/memory.md.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

from layerw.memory.errors import LayerMemoryError
from layerw.memory.layer import Block, LayerMemory
from layerw.memory.ports import BridgePort, ViewPort
from layerw.memory.statistics import MemoryStatistics, RegionStatistics, RingStatistics
from layerw.memory.threads import NativeThreads, ThreadPort

if TYPE_CHECKING:
    from layerw.kernels.gen.api import LayerKernels

__all__ = ["Block", "LayerMemory", "LayerMemoryError", "MemoryStatistics", "RegionStatistics", "RingStatistics",
           "open_linked", "open_native"]


def open_linked(kernels: LayerKernels, threads: ThreadPort | None = None) -> LayerMemory:
    """Over kernels that the page linked; see App.memory."""
    return LayerMemory(kernels, BridgePort(kernels), threads)


def open_native(budget_bytes: int, *, threads: int = 1) -> LayerMemory:
    """On CPython; needs `pip install layerw[headless]`.

    Args:
        budget_bytes: 2 MiB or more; the memory never takes more.
        threads: that work on kernels at a time, the caller's among them; see LayerMemory.threads, which may lower
            it or raise it again later. With 1 the memory is not shared, and it stays 1.

    Raises:
        ModuleNotFoundError: wasmtime is not installed.
        OutOfBudget: the budget is smaller than what the kernels themselves take.
    """
    try:
        if threads > 1:
            return _open_shared(budget_bytes, threads)
        from layerw.kernels.wasmtime_host import WasmtimeModule
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("Layer memory on CPython needs wasmtime: pip install layerw[headless]") from error
    module = WasmtimeModule(wasm_pages_max=min(max(budget_bytes >> 16, 32), 65_535))
    memory = LayerMemory(cast("LayerKernels", module), ViewPort(module))
    if not module.lw_memory_start(budget_bytes):
        raise memory.error()
    return memory


def _open_shared(budget_bytes: int, threads: int) -> LayerMemory:
    from layerw.kernels.wasmtime_threads import ThreadedModule

    def warn(text: str) -> None:
        warnings.warn(f"A kernel failed on a thread of Layer memory; its result is not whole: {text}", RuntimeWarning,
                      stacklevel=2)

    module = ThreadedModule(memory_bytes_max=max(budget_bytes, 2 << 20), budget_bytes=budget_bytes, fail=warn)
    memory = LayerMemory(cast("LayerKernels", module), ViewPort(module), NativeThreads(module, threads))
    memory.threads = threads
    return memory
