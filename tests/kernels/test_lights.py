"""Lights in clusters: numpy twin, native build, wasmtime and Pyodide agree bit for bit, and with what a list means."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.kernels.twins.lights import NumpyLightKernels
from layerw.kernels.twins.sort import lw_sort_u32

from . import native
from .conftest import PyodideRun
from .test_build import load
from .test_bvh import vectors_in_pyodide
from .test_geometry import OnWasmtime, differing
from .test_geometry import _shared as shared
from .vectors import SKEWS, run_on_arrays
from .vectors_lights import MAKERS, light_lists, make, standard

TWIN = NumpyLightKernels()
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed; it brings the sanitizers")


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return [run_on_arrays(TWIN, call) for call in standard()]


@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 2**32 - 1), st.integers(0, 70),
       st.sampled_from((0.0, 0.02, 0.5)), st.sampled_from(SKEWS))
@settings(deadline=None, max_examples=80)
def test_wasm_equals_the_twin_for_any_size(name: str, seed: int, n: int, poison: float, skew: int) -> None:
    call = make(name, seed, n, poison, skew)
    assert shared().run(call) == run_on_arrays(TWIN, call)


def test_wasm_equals_the_twin(expected: list[str]) -> None:
    calls, host = standard(), OnWasmtime()
    assert differing(calls, [host.run(call) for call in calls], expected) == []


@needs_gcc
def test_native_equals_the_twin_under_sanitizers(tmp_path: Path, expected: list[str]) -> None:
    program = native.build(load("headers"), tmp_path)
    assert differing(standard(), native.run(program, standard()), expected) == []


def test_pyodide_in_place_and_its_numpy_equal_the_twin(in_pyodide: PyodideRun) -> None:
    calls = standard(sizes=(0, 1, 20))
    expected = [run_on_arrays(TWIN, call) for call in calls]
    printed = in_pyodide(vectors_in_pyodide("vectors_lights") + """
from layerw.kernels import lights
from layerw.kernels.twins.lights import NumpyLightKernels
twin = NumpyLightKernels()
for call in standard(sizes=(0, 1, 20)):
    print(run_on_arrays(lights.LIGHTS, call), run_on_arrays(twin, call))
""")
    lines = [line.split() for line in printed.splitlines()]
    assert differing(calls, [line[0] for line in lines], expected) == []
    assert differing(calls, [line[1] for line in lines], expected) == []


def lists_of(args: list) -> list[list[int]]:
    """What the twin lists for each cluster."""
    args = [getattr(arg, "array", arg) for arg in args]
    TWIN.lw_light_lists(*args)
    heads = args[10][: int(np.prod(args[2][:3]))]
    numbers = args[10][len(heads):].view(np.uint16)
    return [numbers[(head & 0xFFFFFF):(head & 0xFFFFFF) + (head >> 24)].tolist() for head in heads.tolist()]


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_every_point_finds_the_lights_that_reach_it(seed: int) -> None:
    """A point of the view in a sphere has that light in its cluster's list, found as the shader finds it."""
    rng = np.random.default_rng(seed)
    args = light_lists(rng, 30, 0)
    args[2][3] = 64
    args[9] = np.zeros(int(np.prod(args[2])), np.uint16)
    args[10] = np.zeros(int(np.prod(args[2][:3])) * 33, np.uint32)
    found = lists_of(args)
    frame, edges, (across, down, deep, _), everywhere = args[0], args[1].astype(float), args[2].tolist(), args[7]
    sides, heights, depths = np.split(edges, [across + 1, across + down + 2])
    depth = rng.uniform(0.01, depths[-1], 400)
    wide = np.ones(400) if frame[3] else depth
    side = rng.uniform(sides[0], sides[-1], 400)
    height = rng.uniform(heights[0], heights[-1], 400)
    places = np.stack([side * wide, height * wide, depth], axis=1) @ frame[8:20].reshape(3, 4)[:, :3].astype(float)
    tile = [np.clip(np.searchsorted(line, at, "right") - 1, 0, count - 1)
            for line, at, count in ((sides, side, across), (heights, height, down), (depths, depth, deep))]
    camera = frame[:3].astype(float) + frame[4:7]
    spheres = args[4][args[5]].astype(float)
    for place, x, y, z in zip(places, *tile, strict=True):
        distance = np.sqrt(((spheres[:, :3] - camera - place) ** 2).sum(axis=1))
        inside = {int(i) for i in np.flatnonzero(distance < spheres[:, 3] * 0.999) if i >= everywhere}
        assert inside <= set(found[(z * down + y) * across + x])


def test_what_shines_strongest_at_the_camera_comes_first() -> None:
    view = np.zeros(28, np.float32)
    view[3] = -1
    view[8:28].reshape(5, 4)[:, 3] = 1  # planes that see everything
    spheres = np.array([(0, 0, -9, 20), (0, 0, 0, -1), (0, 0, -2, 20), (0, 0, 0, -1), (0, 0, -9, 20)], np.float32)
    power = np.array((100, 1, 100, 5, 900), np.float32)
    keys, order, found = np.zeros(5, np.uint32), np.zeros(5, np.uint32), np.zeros(2, np.uint32)
    seen = TWIN.lw_lights_seen(view, spheres, power, 5, keys, order, found)
    lw_sort_u32(keys, order, keys.copy(), order.copy(), seen)
    assert order.tolist() == [3, 1, 2, 4, 0] and found[0] == 2
