"""Grounds as grids: twin, native, wasmtime and Pyodide agree bit for bit, and the pyramid changes no answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.kernels.twins import heightfield
from layerw.stream.ground import Ground

from . import native
from .conftest import PyodideRun
from .test_build import load
from .test_bvh import needs_gcc, shared, vectors_in_pyodide
from .test_geometry import TWIN, differing
from .vectors import Call, Out, run_on_arrays
from .vectors_field import MAKERS, make, standard


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return [run_on_arrays(TWIN, call) for call in standard()]


def test_wasm_equals_the_twin(expected: list[str]) -> None:
    calls = standard()
    assert differing(calls, [shared().run(call) for call in calls], expected) == []


@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(2, 40),
       st.sampled_from((0.0, 0.05, 0.5)))
@settings(deadline=None, max_examples=200)
def test_wasm_equals_the_twin_for_any_size(name: str, seed: int, columns: int, rows: int, poison: float) -> None:
    call = make(name, seed, columns, rows, poison, 8 * (seed & 1))
    assert shared().run(call) == run_on_arrays(TWIN, call)


@needs_gcc
def test_native_equals_the_twin_under_sanitizers_and_a_fault_is_found(tmp_path: Path, expected: list[str]) -> None:
    calls = standard()
    found = native.run(native.build(load("headers"), tmp_path), calls)
    assert differing(calls, found, expected) == []
    found = native.run(native.build(load("headers"), tmp_path, "-DLW_PLANT_FIELD"), calls)
    assert {line.split()[0] for line in differing(calls, found, expected)} == {"lw_field_rays"}


def test_pyodide_in_place_and_its_numpy_equal_the_twin(in_pyodide: PyodideRun, expected: list[str]) -> None:
    printed = in_pyodide(vectors_in_pyodide("vectors_field") + """
from layerw.kernels import geometry
from layerw.kernels.twins.all import NumpyKernels
twin = NumpyKernels()
for call in standard():
    print(run_on_arrays(geometry.GEOMETRY, call), run_on_arrays(twin, call))
""")
    lines = [line.split() for line in printed.splitlines()]
    calls = standard()
    assert differing(calls, [line[0] for line in lines], expected) == []
    assert differing(calls, [line[1] for line in lines], expected) == []


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(2, 40))
@settings(deadline=None, max_examples=60)
def test_the_pyramid_changes_no_answer(seed: int, columns: int, rows: int) -> None:
    codes, _, _, grid, _, own, count, *_ = make("lw_field_rays", seed, columns, rows, 0, 0).args
    call = make("lw_field_rays", seed, columns, rows, 0, 0)
    t, triangle = np.zeros(count), np.zeros(count, np.uint32)
    heightfield.lw_field_rays(*call.args[:7], t, triangle)
    field = heightfield.Field(codes.reshape(rows, columns), *grid.tolist())
    every = np.stack(np.meshgrid(np.arange(columns - 1), np.arange(rows - 1)), axis=-1).reshape(-1, 2)
    for i, ray in enumerate(own):
        if not ray[4:7].any():
            continue
        with np.errstate(all="ignore"):
            near, number = heightfield.cell_hits(field, ray, every)
        if np.isfinite(near).any():
            assert t[i] == near.min() and triangle[i] == number[near == near.min()].min()
        else:
            assert np.isinf(t[i]) and triangle[i] == heightfield.NO_TRIANGLE


def spec(samples: int, **changes: float) -> dict[str, object]:
    return {"uri": "ground.bin", "samples": samples, "scale_m": 0.01, "offset_m": -20.0, "spacing_x_m": 4.0,
            "spacing_z_m": 4.0, "west_m": -100.0, "north_m": -60.0, **changes}


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_rays_straight_down_find_the_height(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 65536, (21, 21)).astype("<u2")
    ground = Ground(spec(21), codes.tobytes())
    x, z = rng.uniform(-100, -20, 30), rng.uniform(-60, 20, 30)
    x[:9], z[:9] = np.round(x[:9] / 4) * 4, np.round(z[:9] / 4) * 4
    own = np.zeros((30, 8))
    own[:, 0], own[:, 1], own[:, 2], own[:, 5], own[:, 7] = x, 1000, z, -1, np.inf
    pyramid = np.zeros(2 * heightfield.pyramid_blocks(21, 21), np.uint16)
    heightfield.lw_field_pyramid(codes.reshape(-1), 21, 21, pyramid)
    grid = np.array([-100.0, -60.0, 4.0, 4.0, -20.0, 0.01])
    t, triangle = Out(np.zeros(30)), Out(np.zeros(30, np.uint32))
    args = [codes.reshape(-1), 21, 21, grid, pyramid, own, 30, t, triangle]
    assert shared().run(Call("lw_field_rays", args, 0)) == run_on_arrays(TWIN, Call("lw_field_rays", args, 0))
    heightfield.lw_field_rays(*args[:7], t.array, triangle.array)
    assert 1000 - t.array == pytest.approx(ground.heights(x, z), abs=1e-9)


GROUND = '''
import numpy as np
from layerw.base.rays import checked_ray
from layerw.stream.ground import Ground

codes = np.random.default_rng(3).integers(0, 65536, (33, 33)).astype("<u2")
ground = Ground({"uri": "g", "samples": 33, "scale_m": 0.001, "offset_m": -20.0, "spacing_x_m": 4.0, "spacing_z_m": 4.0,
                 "west_m": -64.0, "north_m": -64.0}, codes.tobytes())
places = np.random.default_rng(4).uniform(-70, 70, (2, 40))
found = [ground.heights(*places).tolist(), ground.height(1, 2)]
for x, z in places.T[:9]:
    hit = ground.raycast(checked_ray((x, 90, z), (-x / 200, -1, -z / 300), 400.0))
    found.append(hit and (float(hit.distance), hit.point.tolist(), hit.normal.tolist()))
'''


def test_a_worlds_ground_is_the_same_in_pyodide(in_pyodide: PyodideRun) -> None:
    here: dict[str, list[object]] = {}
    exec(GROUND, here)
    assert sum(hit is not None for hit in here["found"][2:]) > 4
    assert in_pyodide(GROUND + "print(repr(found))").strip() == repr(here["found"])


def test_bilinear_heights_and_normals_of_a_plane_and_a_saddle() -> None:
    codes = (np.arange(9) % 3 * 100 + np.arange(9) // 3 * 200).astype(np.uint16)  # 1 m a cell east, 2 m south
    grid = np.array([0.0, 0.0, 2.0, 2.0, 5.0, 0.01])
    x, z = np.array([0.0, 1.3, 3.9, 99.0]), np.array([0.0, 2.1, 0.2, -5.0])
    for smooth in (0, 1):
        heights, normals = np.zeros(4), np.zeros((4, 3))
        heightfield.lw_field_heights(codes, 3, 3, grid, x, z, 4, smooth, heights, normals)
        assert heights == pytest.approx([5, 5 + 0.65 + 2.1, 5 + 1.95 + 0.2, 7])
        assert normals == pytest.approx(np.tile(np.array([-0.5, 1, -1]) / 1.5, (4, 1)))
    saddle, half = np.array([0, 100, 100, 0], np.uint16), np.array([1.0])
    heights = np.zeros(1)
    for smooth, wanted in ((0, 0.0), (1, 0.5)):
        grid = np.array([0, 0, 2.0, 2, 0, 0.01])
        heightfield.lw_field_heights(saddle, 2, 2, grid, half, half, 1, smooth, heights, None)
        assert heights[0] == wanted


def test_normals_may_be_left_out() -> None:
    call = make("lw_field_heights", 3, 6, 6, 0, 0)
    null, none = (call._replace(args=[*call.args[:9], nothing]) for nothing in (0, None))
    assert shared().run(null) == run_on_arrays(TWIN, none) != run_on_arrays(TWIN, call)
