"""Clips blended, skins placed: twin, native build, wasmtime and Pyodide agree bit for bit, and with closed forms."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.kernels.twins.animation import NumpyAnimationKernels

from . import native
from .conftest import PyodideRun
from .test_build import load
from .test_bvh import vectors_in_pyodide
from .test_geometry import OnWasmtime, differing
from .test_geometry import _shared as shared
from .vectors import SKEWS, run_on_arrays
from .vectors_animation import MAKERS, graph_of, make, standard

TWIN = NumpyAnimationKernels()
NO_MASK = 0xFFFFFFFF
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed; it brings the sanitizers")


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return [run_on_arrays(TWIN, call) for call in standard()]


@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 2**32 - 1), st.integers(0, 40),
       st.sampled_from((0.0, 0.02, 0.5)), st.sampled_from(SKEWS))
@settings(deadline=None, max_examples=150)
def test_wasm_equals_the_twin_for_any_size(name: str, seed: int, n: int, poison: float, skew: int) -> None:
    call = make(name, seed, n, poison, skew)
    assert shared().run(call) == run_on_arrays(TWIN, call)


def test_wasm_equals_the_twin(expected: list[str]) -> None:
    calls, host = standard(), OnWasmtime()
    assert differing(calls, [host.run(call) for call in calls], expected) == []


@pytest.mark.parametrize("block", range(4))
def test_a_thousand_random_graphs_equal_the_twin(block: int) -> None:
    host = shared()
    for seed in range(250 * block, 250 * (block + 1)):
        with np.errstate(all="ignore"):
            calls = graph_of(TWIN, seed)
        assert differing(calls, [host.run(call) for call in calls], [run_on_arrays(TWIN, call) for call in calls]) == []


@needs_gcc
def test_native_equals_the_twin_under_sanitizers(tmp_path: Path, expected: list[str]) -> None:
    program = native.build(load("headers"), tmp_path)
    assert differing(standard(), native.run(program, standard()), expected) == []


def test_pyodide_in_place_and_its_numpy_equal_the_twin(in_pyodide: PyodideRun) -> None:
    calls = standard(sizes=(0, 1, 20))
    expected = [run_on_arrays(TWIN, call) for call in calls]
    printed = in_pyodide(vectors_in_pyodide("vectors_animation") + """
from layerw.kernels import animation
from layerw.kernels.twins.animation import NumpyAnimationKernels
twin = NumpyAnimationKernels()
for call in standard(sizes=(0, 1, 20)):
    print(run_on_arrays(animation.ANIMATION, call), run_on_arrays(twin, call))
""")
    lines = [line.split() for line in printed.splitlines()]
    assert differing(calls, [line[0] for line in lines], expected) == []
    assert differing(calls, [line[1] for line in lines], expected) == []


# -- closed forms ----------------------------------------------------------------------------------------------------
def blended(tracks: list[list[int]], times: Any, values: Any, plays: list[tuple[float, float, int, int]],
            pose: np.ndarray, masks: Any = (), mask: int = NO_MASK) -> np.ndarray:
    """One character of one node; plays: seconds, weight, layer, additive. All tracks are one clip."""
    rows = np.array([[0, 1, len(pose), 0, len(tracks), layer, additive, mask] for _, _, layer, additive in plays])
    out = pose.astype(np.float32)
    TWIN.lw_pose_blend(rows.astype(np.uint32), np.array([play[:2] for play in plays], np.float32), len(plays),
                       np.array(tracks, np.uint32), np.array(times, np.float32), np.array(values, np.float32),
                       np.array(masks, np.float32), out, np.zeros(0, np.float32))
    return out


REST = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1], np.float32)


def about_y(angle: float) -> list[float]:
    return [0, math.sin(angle / 2), 0, math.cos(angle / 2)]


@pytest.mark.parametrize("angle", [0.0, 0.01, 0.5, 1.5, 3.0, 3.14, -2.0, 4.5])
def test_a_linear_rotation_is_spherical_along_the_shorter_arc(angle: float) -> None:
    tracks = [[3, 4, 4, 0, 0, 2, 0, 0]]
    for t in np.linspace(0, 1, 11):
        found = blended(tracks, [1.0, 3.0], [*about_y(0), *about_y(angle)], [(1 + 2 * t, 1, 0, 0)], REST)[3:7]
        short = angle - 2 * math.pi if angle > math.pi else angle
        assert np.allclose(found, about_y(short * t), atol=1e-5)


def test_translations_run_straight_or_jump_and_stay_at_their_ends() -> None:
    for mode, expected in ((0, [(0, 0), (1, 0), (1.5, 5), (2, 10), (9, 10)]), (1, [(1.99, 0), (2, 10)])):
        for time, x in expected:
            found = blended([[0, 3, mode, 0, 0, 2, 0, 0]], [1.0, 2.0], [0, 0, 0, 10, 20, 30], [(time, 1, 0, 0)], REST)
            assert np.allclose(found[:3], (x, 2 * x, 3 * x), atol=1e-5)


def test_a_cubic_spline_is_the_hermite_polynomial() -> None:
    """The keys of t^3 - t: the value and the slope at 0 and 2 say all of it."""
    keys = [0, 0, 0, *[0] * 3, -1, -1, -1, *[11] * 3, 6, 6, 6, 0, 0, 0]  # in, value, out at 0; in, value, out at 2
    for time in np.linspace(0, 2, 9):
        found = blended([[0, 3, 2, 0, 0, 2, 0, 0]], [0.0, 2.0], keys, [(time, 1, 0, 0)], REST)
        assert np.allclose(found[:3], time**3 - time, atol=1e-5)


def test_weights_are_shares_of_a_layer_and_layers_lie_on_each_other() -> None:
    tracks, times, values = [[0, 3, 0, 0, 0, 2, 0, 0]], [0.0, 1.0], [0, 0, 0, 8, 8, 8]

    def x(*plays: tuple[float, float, int, int], **more: Any) -> float:
        return float(blended(tracks, times, values, list(plays), REST, **more)[0])

    assert x((1, 0.25, 0, 0)) == 2  # the rest is what lies below
    assert x((1, 1, 0, 0), (0.5, 1, 0, 0)) == 6
    assert x((1, 0.25, 0, 0), (0.5, 0.25, 0, 0)) == 3
    assert x((1, 1, 0, 0), (0.5, 0.5, 1, 0)) == 6  # half of the upper layer covers half
    assert x((1, 1, 0, 0), (0.5, 1, 0, 1)) == 12  # what it moved since its first key is added
    assert x((1, 1, 0, 0), masks=[0.5], mask=0) == 4


def test_an_additive_turn_is_put_behind_what_lies_below() -> None:
    tracks, times = [[3, 4, 4, 0, 0, 2, 0, 0]], [0.0, 1.0]
    below = REST.copy()
    below[3:7] = about_y(0.3)
    found = blended(tracks, times, [*about_y(0.2), *about_y(1.2)], [(1, 0.5, 0, 1)], below)
    assert np.allclose(found[3:7], about_y(0.8), atol=1e-5)


def test_joint_matrices_are_those_of_glTF() -> None:
    rng = np.random.default_rng(3)
    position, rotation = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(4, 4)).astype(np.float32)
    rotation /= np.linalg.norm(rotation, axis=1, keepdims=True)
    scale = rng.uniform(0.5, 2, (4, 3)).astype(np.float32)
    rows, parents = np.array([2, 0, 3], np.uint32), np.array([-1, 0, 1], np.int32)
    models = np.zeros((3, 12), np.float32)
    TWIN.lw_pose_models(rows, parents, 3, position, rotation, scale, models)
    world = np.eye(4)
    for row, found in zip(rows, models, strict=True):
        x, y, z, w = rotation[row].astype(float)
        turn = np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                         [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                         [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])
        own = np.eye(4)
        own[:3, :3], own[:3, 3] = turn * scale[row], position[row]
        world = world @ own
        assert np.allclose(found.reshape(3, 4), world[:3], atol=1e-5)
    inverse = rng.normal(size=(1, 12)).astype(np.float32)
    texels, spheres = np.zeros((1, 12), np.float32), np.zeros(1, np.float32)
    TWIN.lw_pose_joints(np.array([[2, 0]], np.uint32), np.array([0.5], np.float32), np.zeros(1, np.uint32), 1, models,
                        inverse, texels, spheres)
    whole = world @ np.vstack([inverse.reshape(3, 4).astype(float), [0, 0, 0, 1]])
    assert np.allclose(texels.reshape(3, 4), whole[:3], atol=1e-4)
    assert spheres[0] >= np.linalg.norm(world[:3, 3]) + 0.5 * np.linalg.norm(world[:3, :3], 2)
