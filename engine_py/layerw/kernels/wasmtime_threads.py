"""worker.wasm under wasmtime: one shared memory, an instance a thread, jobs on Python threads.

Owns: the shared memory, the threads and their ends. A kernel runs without the interpreter's lock (ctypes), so threads
run in parallel. A thread that traps reports its job and is replaced. Limits: `stop` waits for running chunks; while
threads run, the memory stays alive.
"""

from __future__ import annotations

import atexit
import ctypes
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.kernels.files import WASMTIME_MISSING, path_of

try:
    import wasmtime
    from wasmtime import _bindings as bindings
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(WASMTIME_MISSING) from error

from layerw.kernels.wasmtime_call import bind_fast

STACK_BYTES = 256 * 1024
STOP_S_MAX = 10.0
WASM_PAGE_BYTES = 65536
_EXTERN_SHARED_MEMORY = ctypes.c_uint8(4)  # WASMTIME_EXTERN_SHAREDMEMORY of its C header


class SharedMemory(wasmtime.SharedMemory):
    """wasmtime's own, whose `_as_extern` and `size` hand over the pointer's copy where its address is wanted (50.0)."""

    def size(self) -> int:
        """Wasm pages."""
        return int(bindings.wasmtime_sharedmemory_size(self.ptr()))

    def _as_extern(self) -> Any:
        union = bindings.wasmtime_extern_union(sharedmemory=self.ptr())
        return bindings.wasmtime_extern_t(_EXTERN_SHARED_MEMORY, union)


class _Instance:
    """One thread's instance; every export is an attribute, bound on first use."""

    def __init__(self, owner: ThreadedModule) -> None:
        self.store = owner._new_store()
        linker = wasmtime.Linker(owner.engine)
        linker.define(self.store, "env", "memory", owner.memory)
        self.exports = linker.instantiate(self.store, owner.module).exports(self.store)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self.bound(name)

    def bound(self, name: str) -> Callable[..., Any]:
        """An export as a function."""
        function = self.exports.get(name)
        if not isinstance(function, wasmtime.Func):
            raise AttributeError(f"worker.wasm exports no kernel {name!r}.")
        bound = bind_fast(self.store, function)
        setattr(self, name, bound)
        return bound

    def set_stack(self, address: int) -> None:
        """Where this instance's stack starts, growing down."""
        pointer = self.exports["__stack_pointer"]
        assert isinstance(pointer, wasmtime.Global)
        pointer.set_value(self.store, address if address < 2**31 else address - 2**32)


class ThreadedModule(_Instance):
    """Layer memory with workers: call kernels on it as attributes; `start` and `stop` its threads.

    Args:
        path: of a build of worker.wasm; None: the package's own.
        memory_bytes_max: that the memory is declared with.
        budget_bytes: that the allocator may take of it.
        fail: told, on the thread where it was, why a job failed; None: `errors` collects it.
    """

    def __init__(self, path: Path | None = None, memory_bytes_max: int = 2**32 - WASM_PAGE_BYTES,
                 budget_bytes: int = 256 * 2**20, fail: Callable[[str], None] | None = None) -> None:
        self.engine = wasmtime.Engine(self._config())
        self.module = wasmtime.Module.from_file(self.engine, str(path or path_of("worker")))
        wanted = self.module.imports[0].type
        assert isinstance(wanted, wasmtime.MemoryType)
        pages_max = memory_bytes_max // WASM_PAGE_BYTES
        self.memory = SharedMemory(self.engine, wasmtime.MemoryType(
            wasmtime.Limits(wanted.limits.min, pages_max), shared=True))
        super().__init__(self)
        self.lw_threads_main_waits(1)
        self.errors: list[str] = []
        self._fail = fail or self.errors.append
        self.replaced_count = 0
        self._threads: dict[int, threading.Thread] = {}
        self._tops: dict[int, int] = {}
        self._lock = threading.Lock()
        if not self.lw_memory_start(budget_bytes):
            raise MemoryError(f"Layer memory refused a budget of {budget_bytes} bytes; it is too small.")

    def _config(self) -> wasmtime.Config:
        config = wasmtime.Config()
        config.wasm_simd = config.wasm_threads = config.shared_memory = True
        return config

    def _new_store(self) -> wasmtime.Store:
        return wasmtime.Store(self.engine)

    def start(self, count: int, stack_bytes: int = STACK_BYTES) -> None:
        """Start `count` more threads; each takes jobs as soon as it is up. They end with `stop`, or with Python."""
        atexit.unregister(self.stop)
        atexit.register(self.stop)
        for _ in range(count):
            self._start_one(stack_bytes)

    def _start_one(self, stack_bytes: int) -> None:
        slot = self.lw_thread_new(stack_bytes)
        if not slot:
            raise MemoryError(f"No thread with a stack of {stack_bytes} bytes: error {self.lw_error_code()}; stacks "
                              "are 4 KiB to 16 MiB, and at most 32 threads run.")
        instance = _Instance(self)
        self._tops[slot] = self.lw_thread_stack(slot)
        instance.set_stack(self._tops[slot])
        instance.bound("__wasm_init_tls")(self.lw_thread_tls(slot))
        thread = threading.Thread(target=self._run, args=(instance, slot), name=f"layerw-{slot}", daemon=True)
        self._threads[slot] = thread
        thread.start()

    def _run(self, instance: _Instance, slot: int) -> None:
        try:
            code = instance.lw_worker_run(slot)
            text = f"a job needed more stack than thread {slot} has"
        except (wasmtime.Trap, wasmtime.WasmtimeError) as trap:
            instance.set_stack(self._tops[slot])
            instance.lw_thread_trapped(slot, 0)
            code, text = 11, str(trap)
        if code:
            with self._lock:
                self.replaced_count += 1
            self._fail(text)

    def tend(self) -> int:
        """Replace threads that ended by themselves (a trap, a stack); call it now and then. Returns how many."""
        dead = [slot for slot, thread in self._threads.items() if not thread.is_alive()]
        for slot in dead:
            self._threads.pop(slot).join()
            self.lw_thread_free(slot)
            self._start_one(STACK_BYTES)
        return len(dead)

    def want(self, count: int) -> None:
        """Start or end threads until `count` run beside the caller's."""
        self.tend()
        running = list(self._threads)
        for slot in running[count:]:
            self._stop_one(slot, STOP_S_MAX)
        self.start(max(count - len(running), 0))

    def stop(self, timeout_s: float = STOP_S_MAX) -> None:
        """End all threads and give their memory back.

        Raises:
            TimeoutError: a chunk is still running.
        """
        atexit.unregister(self.stop)
        self.lw_thread_stop(0)
        for slot in list(self._threads):
            self._stop_one(slot, timeout_s)

    def _stop_one(self, slot: int, timeout_s: float) -> None:
        self.lw_thread_stop(slot)
        self._threads[slot].join(timeout_s)
        if self._threads[slot].is_alive():
            raise TimeoutError(f"Thread {slot} still runs its chunk after {timeout_s} s.")
        self.lw_thread_free(slot)
        del self._threads[slot]

    def view(self, address: int, count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """`count` elements at an address, zero-copy and writable; shared memory never moves."""
        kind = np.dtype(dtype)
        size_bytes = self.memory.data_len()
        if not 0 <= address <= size_bytes - count * kind.itemsize:
            raise IndexError(f"A view of {count * kind.itemsize} bytes at {address} leaves the memory, which has "
                             f"{size_bytes} bytes.")
        base = ctypes.cast(self.memory.data_ptr(), ctypes.c_void_p).value or 0
        raw = (ctypes.c_uint8 * (count * kind.itemsize)).from_address(base + address)
        array: npt.NDArray[Any] = np.frombuffer(memoryview(raw), kind)
        return array
