"""Trees of boxes and their queries: twin, native, wasmtime and Pyodide agree bit for bit, and the twin is right."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.kernels.twins import bvh, bvh_curve, rays

from . import native, vectors_bvh
from .conftest import HERE, PyodideRun
from .test_build import load
from .test_geometry import TWIN, OnWasmtime, differing
from .vectors import SKEWS, Call, Out, Same, empty, run_on_arrays
from .vectors_bvh import MAKERS, make, standard

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed; it brings the sanitizers")
_kept: list[OnWasmtime] = []


def shared() -> OnWasmtime:
    if not _kept:
        _kept.append(OnWasmtime())
    return _kept[0]


@pytest.fixture(scope="module")
def expected() -> list[str]:
    return [run_on_arrays(TWIN, call) for call in standard()]


def test_wasm_equals_the_twin(expected: list[str]) -> None:
    calls = standard()
    assert differing(calls, [shared().run(call) for call in calls], expected) == []


@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 2**32 - 1), st.integers(0, 70),
       st.sampled_from((0.0, 0.1, 0.9)), st.sampled_from(SKEWS))
@settings(deadline=None, max_examples=300)
def test_wasm_equals_the_twin_for_any_size(name: str, seed: int, n: int, poison: float, skew: int) -> None:
    call = make(name, seed, n, poison, skew)
    assert shared().run(call) == run_on_arrays(TWIN, call)


@needs_gcc
@pytest.mark.parametrize("vectors", ["-msse4.2", "-mno-sse4.2"])
def test_native_equals_the_twin_under_sanitizers(tmp_path: Path, expected: list[str], vectors: str) -> None:
    program = native.build(load("headers"), tmp_path, vectors=vectors)
    calls = standard()
    assert differing(calls, native.run(program, calls), expected) == []


@needs_gcc
@pytest.mark.parametrize(("plant", "kernels"), [
    ("LW_PLANT_BVH_TIE", {"lw_bvh_rays", "lw_bvh_rays_instances"}),
    ("LW_PLANT_BVH_PRUNE", {"lw_bvh_rays", "lw_bvh_rays_boxes", "lw_bvh_rays_instances", "lw_bvh_blocked"}),
    ("LW_PLANT_BVH_REFIT", {"lw_bvh_build", "lw_bvh_build_curve", "lw_bvh_refit", "lw_bvh_refit_some"}),
])
def test_planted_faults_are_found(tmp_path: Path, expected: list[str], plant: str, kernels: set[str]) -> None:
    program = native.build(load("headers"), tmp_path, f"-D{plant}")
    calls = standard()
    found = {line.split()[0] for line in differing(calls, native.run(program, calls), expected)}
    assert found and found <= kernels


@needs_gcc
def test_too_little_room_and_overlaps_are_found(tmp_path: Path) -> None:
    program = native.build(load("headers"), tmp_path)
    call = make("lw_bvh_build", 3, 40, 0, 0)
    short = [*call.args[:3], empty((20, 8), np.float32), *call.args[4:]]
    with pytest.raises(AssertionError, match="AddressSanitizer"):
        native.run(program, [call._replace(args=short)])
    with pytest.raises(AssertionError, match="ended with -"):
        native.run(program, [call._replace(args=[*call.args[:5], Same(4), call.args[6]])])


def test_pyodide_in_place_and_its_numpy_equal_the_twin(in_pyodide: PyodideRun) -> None:
    calls = standard(sizes=(0, 1, 5, 64, 333))
    expected = [run_on_arrays(TWIN, call) for call in calls]
    printed = in_pyodide(vectors_in_pyodide("vectors_bvh") + """
from layerw.kernels import geometry
from layerw.kernels.twins.all import NumpyKernels
twin = NumpyKernels()
for call in standard(sizes=(0, 1, 5, 64, 333)):
    print(run_on_arrays(geometry.GEOMETRY, call), run_on_arrays(twin, call))
""")
    lines = [line.split() for line in printed.splitlines()]
    assert differing(calls, [line[0] for line in lines], expected) == []
    assert differing(calls, [line[1] for line in lines], expected) == []


def vectors_in_pyodide(name: str) -> str:
    """Source that makes vectors.py and the named file beside it importable there, and takes their functions in."""
    texts = {part: (HERE / f"{part}.py").read_text("utf-8") for part in ("vectors", name)}
    return f"""
import sys, types
for name, text in {texts!r}.items():
    module = types.ModuleType("calls." + name)
    module.__package__ = "calls"
    sys.modules[module.__name__] = module
    exec(compile(text, name, "exec"), module.__dict__)
sys.modules["calls"] = types.ModuleType("calls")
from calls.vectors import run_on_arrays
from calls.{name} import standard
"""


# -- the tree ------------------------------------------------------------------------------------------------------

def built(boxes: np.ndarray, leaf_items: int = 4) -> tuple[np.ndarray, np.ndarray, float]:
    """Nodes as words, the order and the area, by wasm's equal, the twin."""
    count, area = len(boxes), np.zeros(1, np.float32)
    nodes, order = np.zeros((max(2 * count, 1), 8), np.float32), np.zeros(count, np.uint32)
    used = bvh.lw_bvh_build(boxes, count, leaf_items, nodes, order, order.copy(), area)
    return bvh.node_words(nodes)[:used], order, float(area[0])


def depth(words: np.ndarray) -> int:
    """Levels of a tree; checks that children come after their parent."""
    level = np.zeros(len(words), int)
    for i, word in enumerate(words):
        if word[7] == 0:
            assert word[3] > i
            level[word[3] : word[3] + 2] = level[i] + 1
    return int(level.max(initial=-1)) + 1


@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.integers(1, 6))
@settings(deadline=None, max_examples=60)
def test_a_tree_holds_every_item_once_and_every_box_in_its_parents(seed: int, n: int, leaf_items: int) -> None:
    boxes = vectors_bvh.boxes_of(np.random.default_rng(seed), n, 0.2)
    words, order, _ = built(boxes, leaf_items)
    assert sorted(order) == list(range(n))
    leaves = words[words[:, 7] > 0]
    assert leaves[:, 7].max() <= leaf_items and leaves[:, 7].sum() == n
    fields, valid = words.view(np.float32), bvh.valid_boxes(boxes)
    for i, word in enumerate(words):
        inside = boxes[[k for k in order[word[3] : word[3] + word[7]] if valid[k]]] if word[7] else fields[
            word[3] : word[3] + 2][:, [0, 1, 2, 4, 5, 6]]
        assert (inside[:, :3] >= fields[i, 0:3]).all() and (inside[:, 3:] <= fields[i, 4:7]).all()
    assert depth(words) <= 64


def test_no_tree_is_deeper_than_its_stack() -> None:
    """Centres that halve each time: cuts by cost would take one item at a time."""
    at = np.float32(2.0) ** np.arange(-100, 100)
    boxes = np.repeat(np.repeat(at, 40)[:, None], 6, axis=1).astype(np.float32)
    words, _, _ = built(boxes, 1)
    assert 32 < depth(words) <= 64
    call = Call("lw_bvh_rays_boxes", [words, len(words), built(boxes, 1)[1], boxes, *_diagonal()], 0)
    assert shared().run(call) == run_on_arrays(TWIN, call)


def _diagonal() -> list[object]:
    return [np.array([[0, 0, 0, 0, 1, 1, 1, np.inf]], np.float32), 1, empty(1, np.float32), empty(1, np.uint32)]


def test_equal_centres_are_halved_in_their_order() -> None:
    words, order, _ = built(np.tile(np.array([-1, -1, -1, 1, 1, 1], np.float32), (64, 1)), 1)
    assert order.tolist() == list(range(64))
    assert depth(words) == 7


def test_cutting_by_cost_keeps_what_is_near_together() -> None:
    rng = np.random.default_rng(2)
    low = rng.uniform(-100, 100, (2000, 3)).astype(np.float32)
    boxes = np.concatenate([low, low + np.float32(1)], axis=1)
    words, order, area = built(boxes)
    mixed = np.zeros(1, np.float32)
    bvh.lw_bvh_refit(boxes, rng.permutation(order), words, len(words), mixed)
    assert area < mixed[0] / 20


def test_refitted_boxes_answer_as_a_new_tree_does() -> None:
    rng = np.random.default_rng(5)
    boxes = vectors_bvh.boxes_of(rng, 300, 0)
    words, order, area = built(boxes)
    moved = boxes + np.repeat(rng.uniform(-30, 30, (300, 3)), 2, axis=0).reshape(300, 6)[:, [0, 1, 2, 0, 1, 2]].astype(
        np.float32)
    larger = np.zeros(1, np.float32)
    bvh.lw_bvh_refit(moved, order, words, len(words), larger)
    assert larger[0] > 2 * area, "and the area says that building again would pay"
    fresh, fresh_order, _ = built(moved)
    own = vectors_bvh.rays_of(rng, 0, 200)
    answers = []
    for nodes, places in ((words, order), (fresh, fresh_order)):
        args = [nodes, len(nodes), places, moved, own, 200, empty(200, np.float32), empty(200, np.uint32)]
        answers.append(shared().run(Call("lw_bvh_rays_boxes", args, 0)))
    assert answers[0] == answers[1]


# -- the queries ---------------------------------------------------------------------------------------------------

def cast(positions: object, triangles: object, origin: object, direction: object,
         until: float = np.inf) -> tuple[float, int, list[float]]:
    """One ray by wasm: t, the triangle or -1, and the weights."""
    points, corners = np.array(positions, np.float32), np.array(triangles, np.uint32)
    boxes = np.zeros((len(corners), 6), np.float32)
    bvh.lw_bvh_triangle_boxes(points, corners, len(corners), boxes)
    words, order, _ = built(boxes)
    ray = np.array([[*origin, 0, *direction, until]], np.float32)  # type: ignore[misc]
    t, item, weights = np.zeros(1, np.float32), np.zeros(1, np.uint32), np.zeros(2, np.float32)
    rays.lw_bvh_rays(words, len(words), order, points, corners, ray, 1, t, item, weights)
    call = Call("lw_bvh_rays", [words, len(words), order, points, corners.reshape(-1), ray, 1, empty(1, np.float32),
                                empty(1, np.uint32), empty(2, np.float32)], 0)
    assert shared().run(call) == run_on_arrays(TWIN, call)
    return float(t[0]), int(np.int32(item.view(np.int32)[0])), weights.tolist()


SQUARE = ([(-1, 0, -1), (1, 0, -1), (1, 0, 1), (-1, 0, 1)], [(0, 2, 1), (0, 3, 2)])
MISS = (np.inf, -1, [0.0, 0.0])


def test_a_ray_hits_where_it_should() -> None:
    assert cast(*SQUARE, (0.5, 2, -0.25), (0, -1, 0)) == (2.0, 0, [0.375, 0.375])
    assert cast(*SQUARE, (0.5, -2, -0.25), (0, 4, 0)) == (0.5, 0, [0.375, 0.375]), "from below, in units of the ray"
    assert cast(*SQUARE, (-0.5, 2, 0.25), (0, -1, 0))[:2] == (2.0, 1)
    assert cast(*SQUARE, (0.5, 2, -0.25), (0, 1, 0)) == MISS, "behind"
    assert cast(*SQUARE, (1.5, 2, -0.25), (0, -1, 0)) == MISS, "beside"
    assert cast(*SQUARE, (0.5, 2, -0.25), (0, -1, 0), 2.0)[0] == 2.0, "at its very end"
    assert cast(*SQUARE, (0.5, 2, -0.25), (0, -1, 0), np.nextafter(np.float32(2), np.float32(0))) == MISS


def test_edges_corners_and_planes() -> None:
    assert cast(*SQUARE, (0.5, 1, 0.5), (0, -1, 0))[:2] == (1.0, 0), "the shared edge belongs to the lower number"
    assert cast(*SQUARE, (1, 1, 1), (0, -1, 0))[:2] == (1.0, 0), "a corner is hit"
    assert cast(*SQUARE, (-3, 0, 0.5), (1, 0, 0)) == MISS, "a ray in the plane sees no area"
    assert cast(*SQUARE, (0.5, 0, -0.25), (0, -1, 0))[:2] == (0.0, 0), "from the surface itself"


@pytest.mark.parametrize("ray", [(np.nan, 0, 0, 0, -1, 0), (0, 1, 0, 0, np.inf, 0), (0, 1, 0, 0, 0, 0),
                                 (0, np.inf, 0, 0, -1, 0)])
def test_a_ray_that_is_none_hits_nothing(ray: tuple[float, ...]) -> None:
    assert cast(*SQUARE, ray[:3], ray[3:]) == MISS


def test_triangles_without_area_or_with_bad_corners_are_passed_over() -> None:
    points, triangles = SQUARE
    points = [*points, (np.nan, 0, 0), (np.inf, 0, 0)]
    bad = [(0, 0, 1), (0, 1, 4), (5, 1, 2), *triangles]
    assert cast(points, bad, (0.5, 2, -0.25), (0, -1, 0))[:2] == (2.0, 3)
    assert cast(points[:1], [(0, 0, 0)], (-1, 2, -1), (0, -1, 0)) == MISS


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_a_closed_surface_has_no_gaps(seed: int) -> None:
    """Rays from inside of a bumpy ball, aimed at its corners and edges exactly, always hit it."""
    rng = np.random.default_rng(seed)
    around, down = 12, 6
    theta, phi = np.meshgrid(np.linspace(0, np.pi, down + 1), 2 * np.pi * np.arange(around) / around, indexing="ij")
    ball = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta), np.sin(theta) * np.sin(phi)], -1)
    points = (ball * rng.uniform(1, 3, theta.shape)[..., None]).astype(np.float32)
    points[0], points[-1] = points[0, 0], points[-1, 0]
    q = np.arange(theta.size).reshape(theta.shape)
    a, b = q[:-1], q[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    points = points.reshape(-1, 3)
    aims = np.concatenate([points[triangles[:, 0]], (points[triangles[:, 0]] + points[triangles[:, 2]]) / 2])
    own = np.zeros((len(aims), 8), np.float32)
    own[:, 0:3] = rng.uniform(-0.2, 0.2, 3)
    own[:, 4:7], own[:, 7] = aims - own[:, 0:3], np.inf
    blocked = np.zeros(len(own), np.uint32)
    rays.lw_bvh_blocked(np.zeros(8), 1, np.zeros(0), points, triangles.astype(np.uint32), own, len(own), blocked)
    assert blocked.all()


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_the_twin_agrees_with_float64_textbook_arithmetic(seed: int) -> None:
    """Moeller and Trumbore (1997) in float64, for triangles that are not seen edge-on."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-5, 5, (40, 3, 3)).astype(np.float32)
    origin, direction = rng.uniform(-9, 9, 3).astype(np.float32), rng.uniform(-1, 1, 3).astype(np.float32)
    ray = rays.ray_of(origin, direction, np.float32(np.inf))
    assert ray is not None
    found = rays.triangle_hits(ray, corners.reshape(-1, 3), np.arange(120).reshape(-1, 3))
    a, b, c = corners.astype(np.float64).transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    towards = normal @ direction.astype(np.float64)
    t = ((a - origin) * normal).sum(axis=1) / towards
    point = origin + t[:, None] * direction.astype(np.float64)
    sides = np.stack([(np.cross(q - p, point - p) * normal).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))])
    sides /= (normal**2).sum(axis=1)
    clear = (np.abs(towards) > 0.05 * np.linalg.norm(normal, axis=1)) & (np.abs(sides).min(axis=0) > 1e-3)
    hit = clear & (sides > 0).all(axis=0) & (t > 0)
    assert set(np.flatnonzero(hit)) == {n for n in found.number if clear[n]}
    for number, distance, v in zip(found.number, found.t, found.v, strict=True):
        if clear[number]:
            assert distance == pytest.approx(t[number], rel=1e-4, abs=1e-4)
            assert v == pytest.approx(sides[2, number], abs=1e-3)


def test_spheres_find_what_they_touch() -> None:
    boxes = np.array([[k, 0, 0, k + 0.5, 1, 1] for k in range(50)], np.float32)
    words, order, _ = built(boxes)
    found, ends = np.zeros(100, np.uint32), np.zeros(3, np.uint32)
    balls = np.array([[10, 0.5, 0.5, 1.0], [4, 9, 0, 7.9], [7.75, 0.5, 0.5, 0.25]], np.float32)
    assert rays.lw_bvh_spheres(words, len(words), order, boxes, balls, 3, found, 100, ends) == 5
    assert ends.tolist() == [3, 3, 5]
    assert sorted(found[:3]) == [9, 10, 11] and sorted(found[3:5]) == [7, 8]


def test_instances_are_hit_where_they_stand() -> None:
    points, triangles = (np.array(part) for part in SQUARE)
    boxes = np.zeros((2, 6), np.float32)
    bvh.lw_bvh_triangle_boxes(points.astype(np.float32), triangles.astype(np.uint32), 2, boxes)
    mesh, mesh_order, _ = built(boxes)
    turned = np.sqrt(0.5)  # a quarter about z: the square faces -x
    places = np.zeros((2, rays.INSTANCE_FLOATS), np.float32)
    places[:, :10] = [[5, 0, 0, 0, 0, turned, turned, 1, 1, 1], [9, 0, 0, 0, 0, turned, turned, 2, 1, 2]]
    table, of = np.array([[0, len(mesh), 0, 2]], np.uint32), np.zeros(2, np.uint32)
    around = np.zeros((2, 6), np.float32)
    rays.lw_bvh_instance_boxes(places, of, table, mesh, 2, around)
    words, order, _ = built(around)
    own = np.array([[0, 0.5, 0, 0, 2, 0, 0, np.inf], [0, 1.5, 0, 0, 1, 0, 0, np.inf], [0, 3, 0, 0, 1, 0, 0, np.inf]],
                   np.float32)
    t, instance, triangle = Out(np.zeros(3, np.float32)), Out(np.zeros(3, np.uint32)), Out(np.zeros(3, np.uint32))
    args = [words, len(words), order, around, places, of, table, mesh, mesh_order, points.astype(np.float32),
            triangles.astype(np.uint32).reshape(-1), own, 3, t, instance, triangle]
    call = Call("lw_bvh_rays_instances", args, 0)
    assert shared().run(call) == run_on_arrays(TWIN, call)
    rays.lw_bvh_rays_instances(*(arg.array if isinstance(arg, Out) else arg for arg in args))
    assert instance.array.tolist() == [0, 1, 0xFFFFFFFF]
    assert t.array[:2] == pytest.approx([2.5, 9], rel=1e-5) and np.isinf(t.array[2])


def along_curve(boxes: np.ndarray, leaf_items: int = 4) -> tuple[np.ndarray, np.ndarray, float]:
    """As `built`, by the other builder."""
    count, area = len(boxes), np.zeros(1, np.float32)
    nodes, order = np.zeros((max(2 * count, 1), 8), np.float32), np.zeros(count, np.uint32)
    used = bvh_curve.lw_bvh_build_curve(boxes, count, leaf_items, nodes, order, np.zeros(0, np.uint32), area)
    return bvh.node_words(nodes)[:used], order, float(area[0])


@pytest.mark.parametrize("far", [False, True])
def test_a_tree_along_the_curve_is_nearly_as_good_wherever_one_item_is(far: bool) -> None:
    low = np.random.default_rng(2).uniform(-100, 100, (2000, 3)).astype(np.float32)
    boxes = np.concatenate([low, low + np.float32(1)], axis=1)
    if far:
        boxes[7] = 1e30
        boxes[8] = np.nan
    words, order, _ = along_curve(boxes)
    assert sorted(order) == list(range(2000)) and depth(words) < 40
    leaves = words[words[:, 7] > 0]
    assert leaves[:, 7].max() <= 4 and leaves[:, 7].sum() == 2000

    def area_without(tree: np.ndarray) -> float:
        fields = tree.view(np.float32)
        own = bvh.half_areas(fields[:, 0:3], fields[:, 4:7])
        return float(own[own < 1e6].astype(np.float64).sum())

    assert area_without(words) < 1.6 * area_without(built(boxes)[0])


def test_no_tree_along_the_curve_is_deeper_than_its_stack() -> None:
    at = np.float32(2.0) ** np.arange(-100, 100)
    boxes = np.repeat(np.repeat(at, 40)[:, None], 6, axis=1).astype(np.float32)
    assert 32 < depth(along_curve(boxes, 1)[0]) <= 64
