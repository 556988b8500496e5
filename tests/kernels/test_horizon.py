"""The horizon: twin, native, wasmtime and Pyodide agree, and what is kept between calls changes no answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.kernels import horizon
from layerw.kernels.twins.horizon import HIDDEN, OUTSIDE, SEEN, lw_horizon_boxes

from . import native
from .conftest import PyodideRun
from .test_build import load
from .test_bvh import needs_gcc, shared, vectors_in_pyodide
from .test_geometry import differing
from .vectors import run_on_arrays
from .vectors_horizon import make, standard

TWIN = SimpleNamespace(lw_horizon_boxes=lw_horizon_boxes)


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return [run_on_arrays(TWIN, call) for call in standard()]


def test_wasm_equals_the_twin(expected: list[str]) -> None:
    calls = standard()
    assert differing(calls, [shared().run(call) for call in calls], expected) == []


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
@settings(deadline=None, max_examples=120)
def test_wasm_equals_the_twin_for_any_ground(seed: int, n: int) -> None:
    call = make(seed, n)
    assert shared().run(call) == run_on_arrays(TWIN, call)


@needs_gcc
def test_native_equals_the_twin_under_sanitizers(tmp_path: Path, expected: list[str]) -> None:
    calls = standard()
    assert differing(calls, native.run(native.build(load("headers"), tmp_path), calls), expected) == []


def test_pyodide_in_place_equals_the_twin(in_pyodide: PyodideRun, expected: list[str]) -> None:
    printed = in_pyodide(vectors_in_pyodide("vectors_horizon") + """
from layerw.kernels import inplace
for call in standard():
    print(run_on_arrays(inplace.load(), call))
""")
    assert differing(standard(), printed.split(), expected) == []


def test_a_sight_answers_as_the_twin_from_place_to_place() -> None:
    sight, all_found = horizon.new_sight(), []
    assert type(sight) is not horizon.Sight, "wasmtime is here"
    for seed in range(30):
        codes, columns, rows, grid, drawn, eye, arcs, count, planes, boxes, n, *_ = make(seed, 80).args
        sight.over(codes, grid, arcs)
        for step in range(3):
            eye = np.add(eye, (3.0 * step, 0.5 * step, -2.0 * step, 0, 0))
            sight.stand(eye, drawn)
            wanted = np.zeros(n, np.uint8)
            lw_horizon_boxes(codes, columns, rows, grid, drawn, eye, arcs, count, planes, boxes, n,
                             np.zeros(256, np.uint8), np.zeros((256, count)), wanted)  # fmt: skip
            for part in (slice(40, n), slice(0, n)):  # the second call finds what the first one built
                assert (sight.sort(planes, np.ascontiguousarray(boxes[part])) == wanted[part]).all()
            all_found.append(wanted)
    counts = np.bincount(np.concatenate(all_found), minlength=3)
    assert counts[SEEN] > 100 and counts[HIDDEN] > 100 and counts[OUTSIDE] > 100, counts


def test_a_wall_hides_what_is_lower_behind_it_and_nothing_else() -> None:
    codes = np.zeros((65, 65), np.uint16)
    codes[:, 34:36] = 100  # 10 m high, from 34 to 35 m
    grid, arcs = np.array([0.0, 0, 1, 1, 0, 0.1]), np.arange(3.0, 60)
    drawn = np.zeros((1, 1, 4), np.uint8)
    drawn[..., 2] = 1
    planes = np.tile((0.0, 0, 0, 1), (5, 1))
    eye = np.array([14.0, 2, 32, 3, 0.0])

    def found(x: float, top: float, eye: np.ndarray = eye, drawn: np.ndarray = drawn) -> int:
        out = np.zeros(1, np.uint8)
        box = np.array([[x, 0, 30, x + 2, top, 34.0]])
        lw_horizon_boxes(codes, 65, 65, grid, drawn, eye, arcs, len(arcs), planes, box, 1, np.zeros(256, np.uint8),
                         np.zeros((256, len(arcs))), out)  # fmt: skip
        return int(out[0])

    assert found(50, 9) == HIDDEN and found(50, 13) == HIDDEN, "8 m over 20 m are 14.4 over 36"
    assert found(50, 18) == SEEN and found(30, 1) == SEEN, "above it, and before it"
    assert found(2, 0) == SEEN, "on the other side"
    assert found(50, 9, eye=np.add(eye, (0, 12, 0, 0, 0))) == SEEN, "from above the wall"
    assert found(50, 9, drawn=np.zeros((1, 1, 4), np.uint8)) == SEEN, "where nothing is drawn"
