"""The kernels on WAMR's interpreter: the twins' results, bit for bit. tools/other-hosts.sh --wamr builds it."""

from __future__ import annotations

import ctypes
import dataclasses
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.kernels.gen.api import SIGNATURES
from layerw.kernels.twins.all import NumpyKernels

from .test_build import load
from .vectors import Call, Out, digest, run_on_arrays, standard

LIBRARY = Path(__file__).resolve().parents[2] / ".make" / "wamr" / "libiwasm.so"
# What the interpreter of that version can't: no vectors of 128 bits.
PLAIN = {"-msimd128": "-mno-simd128"}
FOLDERS = "geometry", "lights", "animation", "net"
STACK_BYTES, ROOM_BYTES = 65_536, 4 << 20  # of arrays

pytestmark = pytest.mark.skipif(not LIBRARY.is_file(), reason="tools/other-hosts.sh --wamr builds WAMR")


class Wamr:
    """Calls kernels with numpy arrays, which are copied into the module's memory and back."""

    def __init__(self, module: bytes) -> None:
        lib = self.lib = ctypes.CDLL(str(LIBRARY))
        for name in ("load", "instantiate", "create_exec_env", "lookup_function", "get_exception"):
            getattr(lib, f"wasm_runtime_{name}").restype = ctypes.c_void_p
        lib.wasm_runtime_get_exception.restype = ctypes.c_char_p
        assert lib.wasm_runtime_init()
        why, self._bytes = ctypes.create_string_buffer(200), ctypes.create_string_buffer(module, len(module))
        loaded = lib.wasm_runtime_load(self._bytes, len(module), why, len(why))
        assert loaded, why.value
        made = lib.wasm_runtime_instantiate(ctypes.c_void_p(loaded), STACK_BYTES, 2 * ROOM_BYTES, why, len(why))
        assert made, why.value
        self.instance = ctypes.c_void_p(made)
        self.thread = ctypes.c_void_p(lib.wasm_runtime_create_exec_env(self.instance, STACK_BYTES))
        native = ctypes.c_void_p()
        self.start = lib.wasm_runtime_module_malloc(self.instance, ROOM_BYTES, ctypes.byref(native))
        assert self.start and native.value
        self.native_start = native.value

    def native(self, address: int) -> int:
        """Where it is in this process."""
        return self.native_start + address - self.start

    def call(self, name: str, values: list[Any], kinds: list[str], result: str) -> int:
        """Its result's bits; 0 of none."""
        found = self.lib.wasm_runtime_lookup_function(self.instance, name.encode(), None)
        assert found, name
        formats = {"f32": "<f", "f64": "<d", "u64": "<Q"}
        data = b"".join(struct.pack(formats.get(kind, "<q"), value)[: 8 if kind in ("f64", "u64") else 4]
                        for value, kind in zip(values, kinds, strict=True))  # fmt: skip
        cells = (ctypes.c_uint32 * max(len(data) // 4, 2)).from_buffer_copy(data.ljust(8, b"\0"))
        done = self.lib.wasm_runtime_call_wasm(self.thread, ctypes.c_void_p(found), len(data) // 4, cells)
        assert done, (name, self.lib.wasm_runtime_get_exception(self.instance))
        return 0 if result == "void" else int(cells[0])

    def run(self, call: Call) -> str:
        """Its digest."""
        kinds, result = SIGNATURES[call.name]
        arrays = [arg.array if isinstance(arg, Out) else arg for arg in call.args]
        values, end = list[Any](), self.start
        for array in arrays:
            if isinstance(array, np.ndarray):
                place = (end + 15 & ~15) + call.skew
                ctypes.memmove(self.native(place), array.tobytes(), array.nbytes)
                values.append(place)
                end = place + array.nbytes
            else:
                values.append(array or 0)
        assert end < self.start + ROOM_BYTES
        found = self.call(call.name, values, list(kinds), result)
        outs = [np.frombuffer(ctypes.string_at(self.native(values[number]), arrays[number].nbytes),
                              arrays[number].dtype).reshape(arrays[number].shape)
                for number, arg in enumerate(call.args) if isinstance(arg, Out)]  # fmt: skip
        return digest(call, found, outs)


def test_its_kernels_give_the_twins_results(tmp_path: Path) -> None:
    build = load("build")
    folders = ("base", *sorted({kernel.header.split("/")[0] for kernel in load("headers").read_headers()
                                if not kernel.layer and kernel.header.split("/")[0] in FOLDERS}))  # fmt: skip
    build.COMPILE = tuple(PLAIN.get(flag, flag) for flag in build.COMPILE)
    variant = dataclasses.replace(build.VARIANTS[1], folders=folders, link=(
        "--initial-memory=4194304", "--max-memory=33554432", "--export-memory"))  # fmt: skip
    wamr, twin = Wamr(build.build_variant(variant, tmp_path).read_bytes()), NumpyKernels()
    calls = [call for call in standard() if sum(a.nbytes for a in call.args if isinstance(a, np.ndarray)) < 20_000]
    assert {call.name for call in calls} >= {"lw_cull_lods", "lw_sort_u32", "lw_compose_rows", "lw_mirrored"}
    assert sorted({call.name for call in calls if wamr.run(call) != run_on_arrays(twin, call)}) == []
