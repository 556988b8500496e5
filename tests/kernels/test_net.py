"""Words of the network: numpy twin, native build, wasmtime and Pyodide agree bit for bit; hostile bytes are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.kernels.net import DAMAGED
from layerw.kernels.twins.net import NumpyNetKernels

from . import native
from .conftest import PyodideRun
from .test_build import load
from .test_bvh import needs_gcc, shared, vectors_in_pyodide
from .test_geometry import differing
from .vectors import Call, run_on_arrays
from .vectors_net import MAKERS, make, standard, unpack, words

TWIN = NumpyNetKernels()


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return [run_on_arrays(TWIN, call) for call in standard()]


def test_wasm_equals_the_twin(expected: list[str]) -> None:
    calls = standard()
    assert differing(calls, [shared().run(call) for call in calls], expected) == []


@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 2**32 - 1), st.integers(0, 90),
       st.sampled_from((0.0, 0.05, 0.5)), st.sampled_from((0, 8)))
@settings(deadline=None, max_examples=150)
def test_wasm_equals_the_twin_for_any_size(name: str, seed: int, n: int, poison: float, skew: int) -> None:
    call = make(name, seed, n, poison, skew)
    assert shared().run(call) == run_on_arrays(TWIN, call)


@needs_gcc
def test_native_equals_the_twin_under_sanitizers(tmp_path: Path, expected: list[str]) -> None:
    calls = standard() + [Call("lw_net_unpack", unpack(np.random.default_rng(seed), 40, seed % 2), 0)
                          for seed in range(40)]  # fmt: skip
    found = native.run(native.build(load("headers"), tmp_path), calls)
    assert differing(calls[: len(expected)], found[: len(expected)], expected) == []


def test_pyodide_in_place_and_its_numpy_equal_the_twin(in_pyodide: PyodideRun, expected: list[str]) -> None:
    printed = in_pyodide(vectors_in_pyodide("vectors_net") + """
from layerw.kernels import net
from layerw.kernels.twins.net import NumpyNetKernels
twin = NumpyNetKernels()
for call in standard():
    print(run_on_arrays(net.NET, call), run_on_arrays(twin, call))
""")
    lines = [line.split() for line in printed.splitlines()]
    assert differing(standard(), [line[0] for line in lines], expected) == []
    assert differing(standard(), [line[1] for line in lines], expected) == []


def packed(values: np.ndarray) -> bytes:
    out, ends = np.empty(6 * len(values), np.uint8), np.zeros(1, np.uint32)
    size = TWIN.lw_net_pack(values, np.array([len(values)], np.uint32), 1, out, ends)
    return out[:size].tobytes()


def unpacked(data: bytes, room: int) -> np.ndarray | None:
    """By the twin and by wasmtime, which agree; None: damaged."""
    given = np.frombuffer(data, np.uint8)
    found = np.zeros(room, np.uint32)
    count = TWIN.lw_net_unpack(given, len(given), found, room)
    module: Any = shared().module
    at = (module.heap_base + 15) & ~15
    module.grow(1)
    view = module.view(at, len(data) + 16 + 4 * room + 64, np.uint8)
    view[:] = 0xA5
    view[: len(data)] = given
    start = len(data) + 15 & ~15
    assert module.lw_net_unpack(at, len(data), at + start, room) == count
    assert (view[start + 4 * room :] == 0xA5).all(), "it wrote beyond its room"
    if count == DAMAGED:
        return None
    assert view[start : start + 4 * count].tobytes() == found[:count].tobytes()
    return found[:count]


@given(st.integers(0, 2**32 - 1), st.integers(0, 200))
@settings(deadline=None, max_examples=80)
def test_what_is_packed_comes_back(seed: int, n: int) -> None:
    given = words(np.random.default_rng(seed), n)
    assert np.array_equal(unpacked(packed(given), n), given)
    assert n == 0 or unpacked(packed(given), n - 1) is None, "no room"


@given(st.binary(max_size=60), st.integers(0, 80))
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_a_block_or_told(data: bytes, room: int) -> None:
    unpacked(data, room)


def test_golden_bytes() -> None:
    given = np.array([0, 0, 0, 1, 127, 128, 0, 2**32 - 1, 300], np.uint32)
    assert packed(given).hex(" ") == "00 03 01 7f 80 01 00 01 ff ff ff ff 0f ac 02"
    for text in ("00", "00 00", "80", "ff ff ff ff 1f", "ff ff ff ff ff 01", "00 ff ff ff ff 0f", "01 00"):
        assert unpacked(bytes.fromhex(text), 1000) is None, text


def test_steps_small_and_large_come_back() -> None:
    rng = np.random.default_rng(3)
    one, other = words(rng, 500), words(rng, 500)
    delta, back = np.empty(500, np.uint32), np.empty(500, np.uint32)
    TWIN.lw_net_delta(one, other, 500, delta)
    TWIN.lw_net_undelta(delta, other, 500, back)
    assert np.array_equal(back, one)
    small = np.empty(2, np.uint32)
    TWIN.lw_net_delta(np.array([9, 11], np.uint32), np.array([10, 10], np.uint32), 2, small)
    assert small.tolist() == [1, 2]
