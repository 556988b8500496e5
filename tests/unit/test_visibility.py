"""Culling, LODs, passes and streamed tiles against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.base.ports import TileDraw
from layerw.gpu.spec import DRAW_CAMERA_RELATIVE, DRAW_STILL
from layerw.kernels.twins.cull import ranges
from layerw.scene.camera import Camera
from layerw.scene.table import HIDDEN, NO_SHADOW, Table
from layerw.visibility.batches import RANGE_ROWS
from layerw.visibility.cull import Visibility
from layerw.visibility.draws import VisibleSet, expanded, only
from layerw.visibility.frustum import FixedBox


def box_around(reach_m: float) -> np.ndarray:
    """The planes of casters within a column around the camera."""
    sides = ((1, 0, 0), (-1, 0, 0), (0, 0, 1), (0, 0, -1), (0, 1, 0))
    return np.array([(*side, reach_m) for side in sides], np.float64)


def frame(table: Table, view: Visibility, *, shadow_m: float = 0.0) -> VisibleSet:
    world = table.update()
    camera = Camera().frame(320, 200)
    casters = (box_around(shadow_m),) if shadow_m else ()
    return view.frame(camera.position, camera.planes, *world[:3], casters=casters)


def lists_of(seen: VisibleSet) -> tuple[np.ndarray, np.ndarray]:
    """What is seen, and what casts."""
    return seen.opaque, seen.casters[0]


def drawn(seen: VisibleSet, records: np.ndarray) -> dict[tuple[int, int], set[int]]:
    found: dict[tuple[int, int], set[int]] = {}
    for mesh, material, first, count, flags, *_ in records.tolist():
        rows = (seen.still if flags & DRAW_STILL else seen.rows)[first : first + count].tolist()
        assert len(set(rows)) == count
        target = found.setdefault((mesh, material), set())
        assert not target & set(rows)
        target.update(rows)
    return found


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(deadline=None, max_examples=30)
def test_what_touches_the_frustum_is_drawn_once(seed: int, static: bool) -> None:
    rng = np.random.default_rng(seed)
    table = Table(4096)
    view = Visibility(table)
    expected: dict[tuple[int, int], set[int]] = {}
    camera = Camera().frame(320, 200)
    for mesh, material in ((1, 1), (2, 1), (1, 3)):
        count = int(rng.integers(1, 300))
        first = table.spawn(count, mesh=mesh, material=material, radius=0.5, static=static)
        table.position[first : first + count] = rng.uniform(-30, 30, (count, 3))
        table.scale[first : first + count] = rng.uniform(0.1, 4, (count, 3))
        for row in range(first, first + count):
            relative = table.position[row].astype(np.float64) - camera.position
            reach = 0.5 * float(table.scale[row].max())
            if (camera.planes[:, :3] @ relative + camera.planes[:, 3] >= -reach + 1e-4).all():
                expected.setdefault((mesh, material), set()).add(row)
    seen = frame(table, view)
    found = drawn(seen, seen.opaque)
    for key, rows in expected.items():
        assert rows <= found.get(key, set())
    if not static:  # cells are culled whole, so static rows may be drawn beside the view
        for key, rows in found.items():
            for row in rows - expected.get(key, set()):
                relative = table.position[row].astype(np.float64) - camera.position
                reach = 0.5 * float(table.scale[row].max()) + 1e-3
                assert (camera.planes[:, :3] @ relative + camera.planes[:, 3] >= -reach).all()


def field(table: Table, count: int, lods: int = 0) -> None:
    """Still rows on a plane around the camera."""
    first = table.spawn(count, mesh=7, material=5, radius=1, lods=lods, static=True)
    rng = np.random.default_rng(5)
    table.position[first : first + count] = rng.uniform((-300, 0, -300), (300, 2, 300), (count, 3))


@pytest.mark.parametrize("has_lods", [False, True])
def test_still_rows_are_drawn_as_they_lie_where_they_are_many(has_lods: bool) -> None:
    table = Table(32_768)
    view = Visibility(table)
    field(table, 20_000, view.lod_table.add((7, 8), (150.0, 400.0)) if has_lods else 0)
    seen = frame(table, view, shadow_m=200.0)
    for records in lists_of(seen):
        ranges = records[records[:, 4] & DRAW_STILL != 0]
        assert ranges[:, 3].min() >= RANGE_ROWS and ranges[:, 3].sum() > 1000
    assert seen.seen_count < seen.opaque[:, 3].sum() / 2, "few of them are copied"
    again = frame(table, view, shadow_m=200.0)
    assert again.still is seen.still, "the GPU keeps them"
    plain = expanded(seen)
    assert len(plain.still) == 0 and not any(records[:, 4].any() for records in lists_of(plain))
    for bare, records in zip(lists_of(plain), lists_of(seen), strict=True):
        assert drawn(plain, bare) == drawn(seen, records)
    assert set(plain.rows[: plain.seen_count].tolist()) == set(seen.seen_rows().tolist())
    even = only(seen, lambda rows: rows % 2 == 0)
    for some, records in zip(lists_of(even), lists_of(seen), strict=True):
        left = {key: {row for row in rows if row % 2 == 0} for key, rows in drawn(seen, records).items()}
        assert drawn(even, some) == left
    assert even.seen_count == len([row for row in seen.seen_rows().tolist() if row % 2 == 0])


def test_from_the_same_place_nothing_is_culled_again_until_something_moves() -> None:
    table = Table(2048)
    view = Visibility(table)
    first = table.spawn(3, mesh=1, material=1, radius=1)
    camera = Camera().frame(320, 200)

    def look() -> VisibleSet:
        world = table.update()
        found = view.frame(camera.position, camera.planes, *world[:3], scale_changed=table.scale_changed(),
                           moved=table.moved())  # fmt: skip
        table.dirty_runs()
        return found

    look()
    seen = look()
    assert look() is seen and seen.seen_count == 3
    table.columns["position"].user_view(first, 1)[:] = (0, 0, 100)
    assert look().seen_count == 2
    table.set_flag(slice(first + 1, first + 2), HIDDEN, True)
    assert look().seen_count == 1
    view.set_blend(1, True)
    assert len(look().blend) == 1


@pytest.mark.parametrize("static", [False, True])
def test_each_row_gets_the_lod_of_its_distance(static: bool) -> None:
    table = Table(8192)
    view = Visibility(table)
    lods = view.lod_table.add((11, 12, 13), (20.0, 60.0, 100.0))
    first = table.spawn(4000, mesh=0, material=5, radius=1, lods=lods, static=static)
    rng = np.random.default_rng(8)
    table.position[first : first + 4000] = rng.uniform((-100, 0, -140), (100, 2, 0), (4000, 3))
    seen = frame(table, view)
    found = drawn(seen, seen.opaque)
    camera = Camera().frame(320, 200).position
    for mesh, near, far in ((11, 0, 20), (12, 20, 60), (13, 60, 100)):
        rows = np.array(sorted(found[mesh, 5]))
        distance = np.linalg.norm(table.position[rows] - camera, axis=1)
        assert (distance >= near - 1e-3).all() and (distance < far + 1e-3).all()
    assert sum(len(rows) for rows in found.values()) > 300


def test_hidden_despawned_and_meshless_rows_are_not_drawn() -> None:
    table = Table(1024)
    view = Visibility(table)
    first = table.spawn(3, mesh=1, material=1, radius=1)
    table.spawn(1, mesh=0, material=0, radius=1)
    seen = frame(table, view)
    assert drawn(seen, seen.opaque) == {(1, 1): {first, first + 1, first + 2}}
    table.set_flag(slice(first, first + 1), HIDDEN, True)
    table.despawn(first + 1, 1)
    seen = frame(table, view)
    assert drawn(seen, seen.opaque) == {(1, 1): {first + 2}}


def test_blended_rows_come_back_to_front_and_cast_no_shadow() -> None:
    table = Table(1024)
    view = Visibility(table)
    view.set_blend(9, True)
    first = table.spawn(5, mesh=1, material=9, radius=1)
    table.position[first : first + 5, 2] = (0, -4, -2, -8, -6)
    solid = table.spawn(2, mesh=1, material=1, radius=1)
    table.set_flag(slice(solid, solid + 1), NO_SHADOW, True)
    seen = frame(table, view, shadow_m=50)
    order = [row for _, _, start, count, *_ in seen.blend.tolist() for row in seen.rows[start : start + count].tolist()]
    assert order == [first + k for k in (3, 4, 1, 2, 0)]
    assert drawn(seen, seen.casters[0]) == {(1, 1): {solid + 1}}


def test_casters_behind_the_camera_still_cast() -> None:
    table = Table(1024)
    first = table.spawn(2, mesh=1, material=1, radius=1)
    table.position[first] = (0, 2, 15)
    table.position[first + 1] = (0, 2, 500)
    seen = frame(table, Visibility(table), shadow_m=50)
    assert drawn(seen, seen.opaque) == {}
    assert drawn(seen, seen.casters[0]) == {(1, 1): {first}}


def test_tiles_are_camera_relative_from_float64_origins() -> None:
    table = Table(2048)
    row = table.reserve_transient(2)
    far = 6_371_000.0
    tiles = TileDraw(
        mesh=np.array([3, 4], np.uint32), material=np.array([1, 2], np.uint32), blend=np.array([False, True]),
        origin=np.array([[far, 0, 0.25], [far, 0, -5]]), rotation=np.tile(np.float32([0, 0, 0, 1]), (2, 1)),
        scale=np.ones((2, 3), np.float32), center=np.array([[far, 0, 0.25], [far, 0, -5]]),
        radius=np.ones(2, np.float32),
    )  # fmt: skip
    camera = Camera()
    camera.position = np.array((far + 0.001, 0.0, 10.0))
    camera.yaw = camera.pitch = 0
    at = camera.frame(320, 200)
    world = table.update()
    seen = Visibility(table).frame(at.position, at.planes, *world[:3], tiles=tiles, tile_row=row)
    assert world.position[row] == pytest.approx([-0.001, 0, -9.75], abs=1e-8)
    assert seen.opaque[0, :2].tolist() == [3, 1] and seen.blend[0, :2].tolist() == [4, 2]
    assert seen.opaque[0, 4] == DRAW_CAMERA_RELATIVE and seen.rows[seen.opaque[0, 2]] == row


def test_tiles_behind_hills_are_not_drawn_but_cast_shadows() -> None:
    table = Table(2048)
    row = table.reserve_transient(2)
    at = np.array([[0.0, 2, 0], [0, 2, -5]])
    tiles = TileDraw(
        mesh=np.array([3, 4], np.uint32), material=np.array([1, 1], np.uint32), blend=np.zeros(2, np.bool_), origin=at,
        rotation=np.tile(np.float32([0, 0, 0, 1]), (2, 1)), scale=np.ones((2, 3), np.float32), center=at,
        radius=np.ones(2, np.float32),
    )  # fmt: skip
    camera, world = Camera().frame(320, 200), table.update()
    seen = Visibility(table).frame(camera.position, camera.planes, *world[:3], tiles=tiles, tile_row=row,
                                   casters=(box_around(50),), hidden=np.array([False, True]))  # fmt: skip
    assert drawn(seen, seen.opaque) == {(3, 1): {row}}
    assert drawn(seen, seen.casters[0]) == {(3, 1): {row}, (4, 1): {row + 1}}


def test_ranges_concatenate() -> None:
    assert ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert not len(ranges(np.zeros(0, np.intp), np.zeros(0, np.intp)))


def test_blended_tiles_and_rows_are_drawn_back_to_front_together() -> None:
    table = Table(4096)
    row = table.reserve_transient(3)
    glass = [table.spawn(1, mesh=2, material=9, radius=0.5) for _ in range(4)]
    for at, z in zip(glass, (0.0, -4.0, -2.0, -10.0), strict=True):
        table.position[at] = (0, 0, z)
    places = np.array([(0.0, 0.0, -3.0), (0.0, 0.0, -7.0), (0.0, 0.0, -2.0)])
    tiles = TileDraw(
        mesh=np.array([5, 6, 7], np.uint32), material=np.array([1, 1, 1], np.uint32), blend=np.ones(3, np.bool_),
        origin=places, rotation=np.tile(np.float32([0, 0, 0, 1]), (3, 1)), scale=np.ones((3, 3), np.float32),
        center=places, radius=np.ones(3, np.float32),
    )  # fmt: skip
    view = Visibility(table)
    view.set_blend(9, True)
    camera = Camera()
    camera.position = np.array((0.0, 0.0, 10.0))
    camera.yaw = camera.pitch = 0
    at = camera.frame(320, 200)
    world = table.update()
    seen = view.frame(at.position, at.planes, *world[:3], tiles=tiles, tile_row=row)
    drawn = [number for _, _, start, count, *_ in seen.blend.tolist() for number in seen.rows[start : start + count]]
    assert drawn == [glass[3], row + 1, glass[1], row, row + 2, glass[2], glass[0]]
    alone = view.frame(at.position, at.planes, *world[:3])
    assert len(alone.blend) == 1, "rows that follow each other stay one draw"


def test_a_fixed_box_is_the_same_space_from_every_camera() -> None:
    rng = np.random.default_rng(6)
    planes = rng.normal(size=(5, 4))
    eye, camera, place = (rng.uniform(-50, 50, 3) for _ in range(3))
    seen = [one[:, :3] @ (place - at) + one[:, 3] for one, at in
            ((planes, eye), (FixedBox(eye, planes).planes_from(camera), camera))]  # fmt: skip
    assert np.allclose(*seen)


def test_cells_of_what_stands_still_are_cut_anew_only_where_it_changed() -> None:
    table = Table(2048)
    trees = table.spawn(300, mesh=1, material=1, radius=1, static=True)
    grass = table.spawn(40, mesh=2, material=1, radius=1)
    table.columns["position"].array[:340] = np.random.default_rng(1).uniform(-20, 20, (340, 3))
    table.columns["scale"].array[:340] = 1.0
    table.radius[:340] = 1.0
    visibility, camera = Visibility(table), Camera().frame(320, 200)

    def cells() -> object:
        visibility.frame(camera.position, camera.planes, *table.update()[:3])
        return visibility._cells

    before = cells()
    table.set_flag(np.arange(grass, grass + 20), HIDDEN, on=True)
    assert cells() is before, "grass that comes and goes"
    table.spawn(5, mesh=2, material=1, radius=1)
    assert cells() is before
    table.columns["position"].array[trees] = (500.0, 0, 0)
    table.columns["position"].touch(trees, 1)
    table.structure_revision += 1
    moved = cells()
    assert moved is not before
    table.set_flag(np.arange(trees, trees + 1), HIDDEN, on=True)
    hidden = cells()
    assert hidden is not moved and len(hidden.rows) == 299
    table.set_material(trees + 5, 7)
    assert cells() is not hidden
