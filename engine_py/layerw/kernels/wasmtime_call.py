"""Calls into wasmtime without its per-call checks, for kernels that are called often.

Owns: one preallocated row of raw values for each function. Limits: a bound function belongs to one thread at a time;
arguments are numbers of the header's types and are not checked. Raises wasmtime.Trap when the kernel traps.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import wasmtime
from wasmtime import _bindings as bindings
from wasmtime._ffi import dll


def bind_address(store: wasmtime.Store, memory: wasmtime.Memory) -> Callable[[], int]:
    """Where a memory lies in this process; that changes when it grows."""
    ask = dll["wasmtime_memory_data"]  # an object of its own, so that its types may be others
    ask.restype, ask.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p]
    context, raw = ctypes.cast(store._context(), ctypes.c_void_p), ctypes.byref(memory._memory)
    return lambda: ask(context, raw) or 0


def bind_fast(store: wasmtime.Store, function: wasmtime.Func) -> Callable[..., Any]:
    """`function` as a Python callable; i32 results come as unsigned numbers."""
    kind = function.type(store)
    fields = [str(parameter) for parameter in kind.params]
    results = [str(result) for result in kind.results]
    row = (bindings.wasmtime_val_raw_t * max(len(fields), len(results), 1))()
    trap = ctypes.POINTER(bindings.wasm_trap_t)()
    context, raw, trap_address = store._context(), ctypes.byref(function._func), ctypes.byref(trap)
    invoke, size = bindings._wasmtime_func_call_unchecked, len(row)
    kinds: dict[str, Any] = {"i32": ctypes.c_uint32, "i64": ctypes.c_int64, "f32": ctypes.c_float,
                             "f64": ctypes.c_double}
    stride = ctypes.sizeof(bindings.wasmtime_val_raw_t)
    slots = [kinds[field].from_buffer(row, place * stride) for place, field in enumerate(fields)]
    answer: Any = kinds[results[0]].from_buffer(row) if results else None

    def call(*arguments: Any) -> Any:
        for slot, argument in zip(slots, arguments, strict=True):
            slot.value = argument
        error = invoke(context, raw, row, size, trap_address)
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        if trap:
            held = ctypes.cast(trap, ctypes.POINTER(bindings.wasm_trap_t))  # a copy
            ctypes.memset(trap_address, 0, ctypes.sizeof(trap))
            raise wasmtime.Trap._from_ptr(held)
        return answer.value if answer is not None else None

    return call
