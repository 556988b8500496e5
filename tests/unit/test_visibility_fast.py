"""The short ways of culling give what the long ways give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.kernels.geometry import GEOMETRY
from layerw.scene.camera import Camera
from layerw.scene.columns import Column
from layerw.scene.rows import BLOCK_ROWS
from layerw.scene.table import Table
from layerw.visibility.cull import Visibility
from layerw.visibility.draws import VisibleSet
from layerw.visibility.frustum import new_view, write_view


def looking(yaw: float, pitch: float) -> Camera:
    camera = Camera()
    camera.position = np.array((3.0, -2.0, 7.5))
    camera.yaw, camera.pitch = yaw, pitch
    return camera


def seen(
    points: np.ndarray, radii: np.ndarray, camera: np.ndarray, planes: np.ndarray, reach_m: float = -1
) -> list[int]:
    view, out, counts = new_view(), np.zeros(len(points) + 4, np.uint32), np.zeros(1, np.uint32)
    write_view(view, camera, planes, reach_m)
    rows = np.arange(len(points), dtype=np.uint32)
    count = GEOMETRY.lw_cull_lods(view, points, radii, rows, len(rows), np.zeros(1, np.float32), 0, out, counts)
    return out[:count].tolist()


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3), st.floats(-1.5, 1.5))
@settings(deadline=None, max_examples=50)
def test_what_all_planes_have_inside_is_seen(seed: int, yaw: float, pitch: float) -> None:
    rng = np.random.default_rng(seed)
    camera = looking(yaw, pitch).frame(320, 200)
    points = (rng.uniform(-50, 50, (500, 3)) + camera.position).astype(np.float32)
    radii = rng.uniform(0, 5, 500).astype(np.float32)
    relative = points.astype(np.float64) - camera.position
    exact = (camera.planes[:, :3] @ relative.T + camera.planes[:, 3:] + radii).min(axis=0)
    found = np.isin(np.arange(500), seen(points, radii, camera.position, camera.planes))
    clear = np.abs(exact) > 1e-3
    np.testing.assert_array_equal(found[clear], exact[clear] >= 0)
    near = np.isin(np.arange(500), seen(points, radii, camera.position, camera.planes, 20))
    exact = 20 + radii - np.sqrt((relative**2).sum(axis=1))
    clear = np.abs(exact) > 1e-3
    np.testing.assert_array_equal(near[clear], exact[clear] > 0)


def test_the_camera_is_exact_far_from_the_origin() -> None:
    camera = np.array((6_378_137.123, -0.1, 1e7 + 0.25))
    points = (camera + np.array(((1.0, 2.0, 3.0), (-4.0, 5.0, -6.0)))).astype(np.float32)
    reach = float(np.sqrt(((points[1] - camera) ** 2).sum()))
    radii = np.zeros(2, np.float32)
    assert seen(points, radii, camera, np.zeros((5, 4)), reach * (1 + 1e-6)) == [0, 1]
    assert seen(points, radii, camera, np.zeros((5, 4)), reach * (1 - 1e-6)) == [0]


def seen_by(table: Table, view: Visibility) -> VisibleSet:
    world = table.update()
    at = Camera().frame(320, 200)
    changed = table.scale_changed()
    table.dirty_runs()
    return view.frame(at.position, at.planes, *world[:3], scale_changed=changed)


def test_a_scale_that_changes_later_changes_what_is_seen() -> None:
    table = Table(4096)
    view = Visibility(table)
    first = table.spawn(3, mesh=1, material=1, radius=0.5)
    table.position[first : first + 3] = (0, 0, 30)  # behind the camera
    assert len(seen_by(table, view).rows) == 0
    assert len(seen_by(table, view).rows) == 0
    assert not table.scale_changed()
    table.columns["scale"].user_view(first + 1, 1)[:] = 200
    assert seen_by(table, view).rows.tolist() == [first + 1]
    kept = table.columns["scale"].user_view(first, 1)
    seen_by(table, view)
    kept[:] = 200  # through a view from an earlier frame
    assert seen_by(table, view).rows.tolist() == [first, first + 1]
    table.columns["scale"].array[first : first + 3] = 1
    table.despawn(first + 1, 1)  # the structure changes, and radii with it
    assert len(seen_by(table, view).rows) == 0


@pytest.mark.parametrize("hole", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_rows_of_one_run_and_of_several_are_chosen_alike(hole: bool, apart: bool) -> None:
    table = Table(4096)
    view = Visibility(table)
    first = table.spawn(10, mesh=1, material=1, radius=0.5)
    if apart:
        table.despawn(first + 4, 1)
    if hole:
        table.position[first + 6] = (0, 0, 1000)
    expected = [first + k for k in range(10) if not (apart and k == 4) and not (hole and k == 6)]
    seen = seen_by(table, view)
    assert seen.rows.tolist() == expected
    assert seen.opaque.tolist() == [[1, 1, 0, len(expected), 0, 0, 0, 0]]


def test_several_runs_of_changed_blocks_are_taken_apart() -> None:
    column = Column(16 * BLOCK_ROWS, 3, np.float32, 0)
    for block in (0, 1, 5, 9, 10, 11):
        column.touch(block * BLOCK_ROWS + 7, 3)
    wanted = [(0, 2), (5, 1), (9, 3)]
    assert column.take_dirty(16 * BLOCK_ROWS) == [(a * BLOCK_ROWS, n * BLOCK_ROWS) for a, n in wanted]
    assert column.take_dirty(16 * BLOCK_ROWS) == []
    column.touch(15 * BLOCK_ROWS, BLOCK_ROWS)
    assert column.take_dirty(16 * BLOCK_ROWS) == [(15 * BLOCK_ROWS, BLOCK_ROWS)]
