"""The entity table: rows, generations, change tracking, hierarchy, shapes and camera."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.base.colors import parse_color
from layerw.base.errors import BudgetError, HandleError, ShapeError
from layerw.base.mathx import decompose, quat_from_euler, quat_rotate
from layerw.scene.camera import Camera
from layerw.scene.entity import Entities, Entity
from layerw.scene.environment import NOON, sh_basis, sky_irradiance, sky_radiance
from layerw.scene.material import Material
from layerw.scene.rows import BLOCK_ROWS, DYNAMIC, STATIC, RowAllocator
from layerw.scene.shapes import Lods, Mesh
from layerw.scene.table import Table


def make_entities(table: Table, count: int = 3, *, static: bool = False) -> Entities:
    first = table.spawn(count, mesh=1, material=1, radius=1, static=static)
    return Entity(table, first) if count == 1 else Entities(table, first, count)


@given(st.lists(st.tuples(st.integers(1, 2500), st.sampled_from([DYNAMIC, STATIC]), st.booleans()), max_size=40))
@settings(deadline=None)
def test_rows_never_overlap_and_blocks_keep_their_kind(steps: list[tuple[int, int, bool]]) -> None:
    rows = RowAllocator(16 * BLOCK_ROWS)
    taken: dict[int, tuple[int, int]] = {}
    kind_of_block: dict[int, int] = {}
    for count, kind, release in steps:
        if release and taken:
            first, (size, own) = taken.popitem()
            rows.free(first, size, own)
            for block in [block for block in kind_of_block if block * BLOCK_ROWS >= rows.high_water]:
                del kind_of_block[block]  # of no kind again
            continue
        first = rows.try_alloc(count, kind)
        if first is None:
            continue
        for other, (size, _) in taken.items():
            assert first + count <= other or other + size <= first
        for block in range(first // BLOCK_ROWS, (first + count - 1) // BLOCK_ROWS + 1):
            assert kind_of_block.setdefault(block, kind) == kind
        taken[first] = (count, kind)
        assert first + count <= rows.capacity
    assert rows.free_rows() == rows.capacity - sum(size for size, _ in taken.values())


def test_writing_a_view_moves_the_rows_and_is_uploaded() -> None:
    table = Table(4096)
    cubes = make_entities(table)
    table.dirty_runs()
    assert table.dirty_runs() == []
    cubes.position[1] = (4, 5, 6)
    assert table.update().position[cubes.first_row + 1].tolist() == [4, 5, 6]
    assert table.dirty_runs() == [(0, 0, 1024)]


def test_tile_rows_are_uploaded_with_their_colors() -> None:
    table = Table(4096)
    make_entities(table)
    table.dirty_runs()
    first = table.reserve_transient(10)
    assert [(column, row) for column, row, _ in table.dirty_runs()] == [(k, first) for k in range(4)]


def test_a_view_that_is_kept_is_uploaded_each_frame_and_once_after_it_died() -> None:
    table = Table(4096)
    view = make_entities(table).rotation
    table.dirty_runs()
    assert table.dirty_runs() == [(1, 0, 1024)]
    view[0] = (0, 1, 0, 0)
    del view
    assert table.dirty_runs() == [(1, 0, 1024)]
    assert table.dirty_runs() == []


def test_static_rows_are_read_only_and_share_no_block_with_moving_ones() -> None:
    table = Table(8192)
    trees = make_entities(table, 10, static=True)
    cube = make_entities(table, 1)
    assert trees.first_row // BLOCK_ROWS != cube.first_row // BLOCK_ROWS
    with pytest.raises(ValueError, match="read-only"):
        trees.position[0] = 1
    trees.position = np.ones((10, 3))
    assert table.position[trees.first_row].tolist() == [1, 1, 1]


def test_a_stale_handle_is_an_error_not_somebody_elses_row() -> None:
    table = Table(1024)
    old = make_entities(table, 1)
    row = old.first_row
    old.despawn()
    new = make_entities(table, 1)
    assert new.first_row == row
    with pytest.raises(HandleError, match="was despawned"):
        old.position[:] = 1
    with pytest.raises(HandleError):
        old.despawn()
    assert not old.alive and new.alive and table.alive_count == 1


def test_capacity_is_a_clear_error_and_nothing_is_lost() -> None:
    table = Table(1024)
    make_entities(table, 1000)
    with pytest.raises(BudgetError, match="100 more entities do not fit: 1000 of 1024"):
        make_entities(table, 100)
    assert table.alive_count == 1000
    make_entities(table, 24)


def test_children_move_with_their_parents_and_end_with_them() -> None:
    table = Table(1024)
    root, arm, hand = (make_entities(table, 1) for _ in range(3))
    arm.parent, hand.parent = root, arm
    root.position = (10, 0, 0)
    root.rotation = quat_from_euler(y=math.pi / 2)
    root.scale = 2
    arm.position = hand.position = (1, 0, 0)
    world = table.update()
    assert world.position[hand.first_row] == pytest.approx([10, 0, -4], abs=1e-5)
    assert world.scale[hand.first_row].tolist() == [2, 2, 2]
    with pytest.raises(ValueError, match="cycle"):
        root.parent = hand
    root.despawn()
    assert table.alive_count == 0 and not hand.alive


def test_a_long_chain_grows_in_a_moment_and_a_ring_of_it_is_refused() -> None:
    table = Table(16_384)
    chain = make_entities(table, 8_000)
    begin = time.process_time()
    for above, below in zip(chain[:-1], chain[1:], strict=True):
        below.parent = above
    assert time.process_time() - begin < 2.0  # 0.3 s; walked up each time, it took almost four
    with pytest.raises(ValueError, match="cycle"):
        chain[0].parent = chain[7_999]
    with pytest.raises(ValueError, match="cycle"):
        chain[10].parent = chain[10]
    extra = make_entities(table, 1)
    chain[7_000].parent = extra
    chain[0].parent = chain[7_999]  # its other end is free now: no ring


def test_moving_a_parent_uploads_its_children() -> None:
    table = Table(8192)
    parent = make_entities(table, 1)
    make_entities(table, 1023)
    child = make_entities(table, 1)
    child.parent = parent
    table.update()
    table.dirty_runs()
    parent.move(x=1)
    table.update()
    assert (0, 0, 2048) in table.dirty_runs()


def test_a_hierarchy_that_rests_costs_no_upload() -> None:
    table = Table(4096)
    parent, child = make_entities(table, 1), make_entities(table, 1)
    child.parent = parent
    table.update()
    table.dirty_runs()
    table.update()
    assert table.dirty_runs() == []
    parent.position = (0, 7, 0)
    assert table.update().position[child.first_row].tolist() == [0, 7, 0]
    assert (0, 0, 1024) in table.dirty_runs()


@pytest.mark.parametrize("value", [np.zeros((4, 3)), np.zeros(4), [1, 2], [math.nan, 0, 0]])
def test_wrong_shapes_are_refused(value: object) -> None:
    with pytest.raises(ShapeError, match="position takes"):
        make_entities(Table(1024)).position = value  # type: ignore[assignment]


def test_colors() -> None:
    cubes = make_entities(Table(1024))
    cubes.color = "#ff8000"
    assert cubes.color[2].tolist() == [255, 128, 0, 255]
    cubes.color = np.full((3, 3), 0.5)
    assert cubes.color[0].tolist() == [128, 128, 128, 255]
    cubes.color[1] = (1, 2, 3, 4)
    assert cubes.color[1].tolist() == [1, 2, 3, 4]
    for bad in ("tomatoe", "#12", (1, 2, 3), (0.5, 0.5)):
        with pytest.raises(ValueError, match="color"):
            parse_color(bad)


@pytest.mark.parametrize("mesh", [Mesh.box(1, 2, 3), Mesh.sphere(), Mesh.cone(), Mesh.cylinder(), Mesh.plane(cells=3),
                                  Mesh.capsule(0.4, 1.8), Mesh.capsule(0.5, 1.0, 3)])
def test_shapes_face_outwards(mesh: Mesh) -> None:
    data = mesh.data
    corners = data.positions[data.indices].reshape(-1, 3, 3)
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = np.einsum("ij,ij->i", face, data.normals[data.indices].reshape(-1, 3, 3).mean(axis=1))
    assert (facing[np.linalg.norm(face, axis=1) > 1e-9] > 0).all()


def test_a_capsule_is_as_high_as_it_is_told() -> None:
    data = Mesh.capsule(0.4, 1.8).data
    assert np.abs(data.positions).max(axis=0) == pytest.approx([0.4, 0.9, 0.4], abs=1e-6)
    caps = data.positions - np.sign(data.positions[:, 1:2]) * (0, 0.5, 0)
    assert np.linalg.norm(caps, axis=1) == pytest.approx(0.4, abs=1e-6) and data.radius == pytest.approx(0.9)


def test_bad_meshes_and_lods_are_refused() -> None:
    with pytest.raises(ShapeError, match="index 3 is outside of the 3 positions"):
        Mesh(np.eye(3), [0, 1, 3])
    with pytest.raises(ShapeError, match="finite"):
        Mesh(np.full((3, 3), np.nan), [0, 1, 2])
    with pytest.raises(ShapeError, match="multiple of 3"):
        Mesh(np.eye(3), [0, 1])
    with pytest.raises(ShapeError, match="Mesh uvs has shape"):
        Mesh(np.eye(3), [0, 1, 2], uvs=np.zeros((2, 2)))
    with pytest.raises(ValueError, match="rising"):
        Lods([(Mesh.box(), 100), (Mesh.box(), 50)])


def test_merge_keeps_every_part_and_its_color() -> None:
    tree = Mesh.merge([(Mesh.box(), "white", (0, 0, 0)), (Mesh.box(), "black", (0, 5, 0))])
    assert len(tree.data.positions) == 48 and tree.data.indices.max() == 47
    assert tree.data.colors is not None
    assert tree.data.colors[0].tolist() == [255, 255, 255, 255] and tree.data.colors[30].tolist() == [0, 0, 0, 255]
    assert Material(color="#ffffff80").blend and not Material(color="tomato").blend


def test_camera_matrices_planes_and_reversed_depth() -> None:
    camera = Camera()
    assert camera.position.tolist() == [0, 2, 5] and camera.fov_y == pytest.approx(math.radians(60))
    frame = camera.frame(1080, 720)

    def project(point: tuple[float, float, float]) -> np.ndarray:
        clip = frame.view_projection.astype(np.float64) @ np.append(np.array(point) - frame.position, 1)
        return clip / clip[3]

    assert project((0, 0, 0))[:2] == pytest.approx([0, 0], abs=1e-6)
    assert 0 < project((0, 0, 0))[2] < project((0, 1, 2.5))[2] < 1
    assert project(tuple(frame.position + frame.forward * camera.near))[2] == pytest.approx(1)
    for corner in ((-1, -1), (1, 1)):
        ray = frame.inverse_view_projection.astype(np.float64) @ (*corner, 0.5, 1)
        distances = frame.planes[:4, :3] @ (ray[:3] / ray[3])
        assert np.abs(distances).min() == pytest.approx(0, abs=1e-5)
    with pytest.raises(ValueError, match="own position"):
        camera.look_at(camera.position)
    with pytest.raises(ValueError, match="fov_y"):
        camera.fov_y = 4


def test_irradiance_of_the_sky_equals_the_integral() -> None:
    sh = sky_irradiance(*NOON).astype(np.float64)
    rng = np.random.default_rng(3)
    d = rng.normal(size=(200_000, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    radiance = sky_radiance(*NOON, 0.5, d)
    for normal in ((0, 1, 0), (0.6, 0.0, 0.8), (0, -1, 0)):
        cosine = np.maximum(d @ np.array(normal, float), 0)[:, None]
        exact = (radiance * cosine).mean(axis=0) * 4  # divided by pi
        assert sh_basis(np.array([normal], float))[0] @ sh == pytest.approx(exact, rel=0.08)


def test_decompose_finds_translation_rotation_scale() -> None:
    q = quat_from_euler(0.3, 1.1, -0.7)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([quat_rotate(q, axis) for axis in np.eye(3)], axis=1) * (2, 3, 4)
    matrix[:3, 3] = (7, 8, 9)
    translation, rotation, scale = decompose(matrix)
    assert translation.tolist() == [7, 8, 9] and scale == pytest.approx([2, 3, 4])
    assert abs(rotation @ q) == pytest.approx(1)
