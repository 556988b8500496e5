"""Culling, sorting and transforms: numpy twin, native build, wasmtime and Pyodide in place agree bit for bit."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.kernels.twins.all import NumpyKernels
from layerw.kernels.wasmtime_host import WasmtimeModule

from . import native
from .conftest import HERE, PyodideRun
from .test_build import load
from .vectors import GUARD, LODS_MAX, MAKERS, SKEWS, Call, Out, Same, cull_lods, digest, make, run_on_arrays, standard

TWIN = NumpyKernels()
GUARD_BYTES = 64
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed; it brings the sanitizers")


class OnWasmtime:
    """Runs calls on one instance, each array between guard bytes that must stay as they are."""

    def __init__(self, module: WasmtimeModule | None = None) -> None:
        self.module = module or WasmtimeModule()
        self.size = 0

    def run(self, call: Call) -> str:
        arrays = [arg.array if isinstance(arg, Out) else arg for arg in call.args]
        start = (self.module.heap_base + 15) & ~15
        room = sum(a.nbytes + 2 * GUARD_BYTES + 32 for a in arrays if isinstance(a, np.ndarray)) + GUARD_BYTES
        if room > self.size:
            self.module.grow(-(-room // 65536))
            self.size += -(-room // 65536) * 65536
        memory = self.module.view(start, room, np.uint8)
        memory[:] = GUARD
        args, outs, written, at = [], [], np.ones(room, np.bool_), GUARD_BYTES
        for given_, array in zip(call.args, arrays, strict=True):
            if not isinstance(array, np.ndarray):
                args.append(0 if array is None else array)  # a null pointer
                continue
            place = (at + 15 & ~15) + call.skew
            view = memory[place : place + array.nbytes]
            view[:] = array.reshape(-1).view(np.uint8)
            args.append(start + place)
            if isinstance(given_, Out):
                outs.append((place, array))
            written[place : place + array.nbytes] = False
            at = place + array.nbytes + GUARD_BYTES
        result = getattr(self.module, call.name)(*args)
        assert (memory[written] == GUARD).all(), f"{call.name} wrote outside of its arrays"
        return digest(call, result, [memory[p : p + a.nbytes].copy().view(a.dtype).reshape(a.shape) for p, a in outs])


@pytest.fixture(scope="module")
def wasmtime() -> OnWasmtime:
    return OnWasmtime()


@pytest.fixture(scope="module")
def expected() -> list[str]:
    """The twin's digests of the standard calls."""
    return [run_on_arrays(TWIN, call) for call in standard()]


def differing(calls: list[Call], one: list[str], other: list[str]) -> list[str]:
    return [f"{call.name} of {call.args[4] if call.name == 'lw_cull_lods' else '?'}"
            for call, a, b in zip(calls, one, other, strict=True) if a != b]


def test_wasm_equals_the_twin(wasmtime: OnWasmtime, expected: list[str]) -> None:
    calls = standard()
    assert differing(calls, [wasmtime.run(call) for call in calls], expected) == []


@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 2**32 - 1), st.integers(0, 70),
       st.sampled_from((0.0, 0.02, 0.5)), st.sampled_from(SKEWS))
@settings(deadline=None, max_examples=300)
def test_wasm_equals_the_twin_for_any_size(name: str, seed: int, n: int, poison: float, skew: int) -> None:
    call = make(name, seed, n, poison, skew)
    assert _shared().run(call) == run_on_arrays(TWIN, call)


_kept: list[OnWasmtime] = []


def _shared() -> OnWasmtime:
    if not _kept:
        _kept.append(OnWasmtime())
    return _kept[0]


@given(st.integers(0, 2**32 - 1), st.integers(0, 300), st.integers(0, 70))
@settings(deadline=None, max_examples=60)
def test_culling_in_chunks_equals_culling_at_once(seed: int, n: int, grain: int) -> None:
    args = cull_lods(np.random.default_rng(seed), n, 0.02)
    wanted = run_on_arrays(TWIN, Call("lw_cull_lods", args, 0))
    step = max((grain + 3) & ~3, 4)
    chunks = -(-n // step)
    out = Out(np.zeros(max(args[6], 1) * chunks * step, np.uint32))
    scratch = Out(np.zeros(chunks * LODS_MAX, np.uint32))
    call = Call("lw_cull_lods_threaded", [*args[:7], out, args[8], grain, scratch], 0)
    assert _shared().run(call) == wanted


@needs_gcc
@pytest.mark.parametrize("vectors", ["-msse4.2", "-mno-sse4.2"])
def test_native_equals_the_twin_under_sanitizers(tmp_path: Path, expected: list[str], vectors: str) -> None:
    program = native.build(load("headers"), tmp_path, vectors=vectors)
    calls = standard()
    assert differing(calls, native.run(program, calls), expected) == []


@needs_gcc
@pytest.mark.parametrize(("plant", "kernels"), [
    ("LW_PLANT_CULL", {"lw_cull_lods", "lw_cull_runs", "lw_cull_sorted", "lw_cull_cells"}),
    ("LW_PLANT_SORT", {"lw_sort_u32", "lw_sort_u64", "lw_cull_sorted"}),
    ("LW_PLANT_TRANSFORM", {"lw_compose_rows"}),
])
def test_planted_faults_are_found(tmp_path: Path, expected: list[str], plant: str, kernels: set[str]) -> None:
    program = native.build(load("headers"), tmp_path, f"-D{plant}")
    calls = [*standard(), on_a_plane()]
    wanted = [*expected, run_on_arrays(TWIN, calls[-1])]
    found = {line.split()[0] for line in differing(calls, native.run(program, calls), wanted)}
    assert found and found <= kernels


def on_a_plane() -> Call:
    """A sphere that just touches the first plane, and is seen."""
    args = cull_lods(np.random.default_rng(1), 1, 0)
    args[0][:] = 0
    args[0][3] = -1
    args[0][8] = 1
    args[1][:] = (-2, 0, 0)
    args[2][:] = 2
    args[3][:] = 0
    args[6] = 0
    return Call("lw_cull_lods", args, 0)


@pytest.fixture(scope="module")
def debug(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The native program, built once."""
    return native.build(load("headers"), tmp_path_factory.mktemp("native"))


@needs_gcc
def test_an_output_that_is_too_short_is_found(debug: Path) -> None:
    call = on_a_plane()
    short = [*call.args]
    short[7] = Out(np.zeros(0, np.uint32))
    with pytest.raises(AssertionError, match="AddressSanitizer"):
        native.run(debug, [call._replace(args=short)])


@needs_gcc
@pytest.mark.parametrize(("name", "argument", "same"), [
    ("lw_cull_lods", 7, 3), ("lw_cull_lods", 7, 2), ("lw_sort_u32", 2, 0), ("lw_sort_u64", 3, 1),
    ("lw_compose_rows", 6, 3), ("lw_compose_rows", 8, 5),
])
def test_a_debug_build_refuses_arrays_that_overlap(debug: Path, name: str, argument: int, same: int) -> None:
    call = make(name, 3, 8, 0, 0)
    native.run(debug, [call])
    with pytest.raises(AssertionError, match=f"ended with -{signal.SIGILL.value}:"):
        native.run(debug, [call._replace(args=[*call.args[:argument], Same(same), *call.args[argument + 1 :]])])


def test_guards_find_a_write_outside(wasmtime: OnWasmtime) -> None:
    call = on_a_plane()
    short = [*call.args]
    short[7] = Out(np.zeros(0, np.uint32))
    with pytest.raises(AssertionError, match="wrote outside"):
        wasmtime.run(call._replace(args=short))


def test_pyodide_in_place_and_its_numpy_equal_the_twin(in_pyodide: PyodideRun, expected: list[str]) -> None:
    printed = in_pyodide((HERE / "vectors.py").read_text("utf-8") + """
from layerw.kernels import geometry
assert type(geometry.GEOMETRY).__name__ == "module", geometry.GEOMETRY
from layerw.kernels.twins.all import NumpyKernels
twin = NumpyKernels()
for call in standard():
    print(run_on_arrays(geometry.GEOMETRY, call), run_on_arrays(twin, call))
""")
    lines = [line.split() for line in printed.splitlines()]
    calls = standard()
    assert differing(calls, [line[0] for line in lines], expected) == []
    assert differing(calls, [line[1] for line in lines], expected) == []
