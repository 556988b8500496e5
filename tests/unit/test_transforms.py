"""World transforms are exact: shear, mirror images, flat things, any depth, hidden parents, looking at things."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from layerw.base.mathx import matrix_from_quat, quat_from_axis_angle
from layerw.gpu.spec import DRAW_MIRRORED
from layerw.scene.camera import Camera
from layerw.scene.entity import Entity
from layerw.scene.table import FrameColumns, Table
from layerw.visibility.cull import Visibility

SEES_ALL = np.array([[0.0, 0.0, 0.0, 1.0]] * 5)


def spawn(table: Table, parent: Entity | None = None, **values: Any) -> Entity:
    entity = Entity(table, table.spawn(1, mesh=1, material=1, radius=1.0))
    entity.parent = parent
    for name, value in values.items():
        setattr(entity, name, value)
    return entity


def matrix_of(columns: FrameColumns, row: int) -> np.ndarray:
    """The row's 3x3 matrix as shaders, rays and culling read it."""
    (a, b, c), (d, e, f) = columns.scale[row].astype(float), columns.shear[row].astype(float)
    return matrix_from_quat(columns.rotation[row]) @ np.array([[a, d, e], [0, b, f], [0, 0, c]])


def wanted(entity: Entity) -> tuple[np.ndarray, np.ndarray]:
    """(3, 3) and (3,) of the product of all matrices above, in float64."""
    above = entity.parent
    own = matrix_from_quat(entity.rotation) * entity.scale.astype(float)
    if above is None:
        return own, entity.position.astype(float)
    matrix, place = wanted(above)
    return matrix @ own, matrix @ entity.position.astype(float) + place


def check(table: Table, entities: list[Entity], tolerance: float = 2e-6) -> None:
    columns = table.update()
    for entity in entities:
        matrix, place = wanted(entity)
        size = max(float(np.abs(matrix).max()), 1e-30)
        assert matrix_of(columns, entity.first_row) / size == pytest.approx(matrix / size, abs=tolerance)
        reach = max(float(np.abs(place).max()), 1.0)
        assert columns.position[entity.first_row] / reach == pytest.approx(place / reach, abs=tolerance)


@pytest.mark.parametrize("seed", range(6))
def test_world_matrices_are_the_products_of_all_matrices_above(seed: int) -> None:
    rng, table = np.random.default_rng(seed), Table(4096)
    entities = [spawn(table)]
    for _ in range(120):
        turn = rng.normal(size=4)
        scale = rng.uniform(0.3, 2, 3) * rng.choice((-1, 1, 1), 3) * (rng.uniform(size=3) > 0.05)
        entities.append(spawn(table, entities[int(rng.integers(max(0, len(entities) - 9), len(entities)))],
                              position=rng.uniform(-2, 2, 3), rotation=turn / np.linalg.norm(turn), scale=scale))
    check(table, entities, 2e-5)


@pytest.mark.parametrize(("scale", "yaw"), [((4, 1, 1), 90), ((-1, 1, 1), 45), ((1, -2, 1), 30), ((4, 1, 1), 45),
                                            ((0, 1, 1), 30), ((1, 1, 0), 45), ((1e-12, 1, 1e9), 20)])
def test_a_turned_child_of_a_stretched_or_mirrored_parent(scale: tuple[float, ...], yaw: float) -> None:
    table = Table(1024)
    parent = spawn(table, scale=scale, position=(1, 2, 3))
    child = spawn(table, parent, position=(0.5, 0, 0.25))
    child.rotate(y=math.radians(yaw))
    grandchild = spawn(table, child, scale=(1, 3, 1), rotation=quat_from_axis_angle((1, 0, 0), 0.7))
    check(table, [parent, child, grandchild])


def test_only_what_shears_has_shear() -> None:
    table = Table(1024)
    parent = spawn(table, scale=(4, 1, 1))
    child = spawn(table, parent)
    columns = table.update()
    assert not columns.shear.any() and not table.sheared
    child.rotate(y=math.pi / 2)
    columns = table.update()
    assert not columns.shear.any() and columns.scale[child.first_row] == pytest.approx((1, 1, 4), abs=1e-6)
    table.dirty_runs()
    child.rotate(y=math.pi / 4)
    columns = table.update()
    assert columns.shear[child.first_row].any() and table.sheared
    assert (4, 0, 1024) in table.dirty_runs()
    child.parent = None
    assert not table.update().shear.any() and not table.sheared


def test_rows_of_what_had_shear_are_straight_for_who_gets_them() -> None:
    table = Table(1024)
    parent = spawn(table, scale=(4, 1, 1))
    child = spawn(table, parent)
    child.rotate(y=0.5)
    other = spawn(table, parent)
    other.rotate(y=0.5)
    table.update()
    table.dirty_runs()
    row = child.first_row
    child.despawn()
    fresh = spawn(table)
    assert fresh.first_row == row
    columns = table.update()
    assert not columns.shear[row].any() and table.sheared
    assert (4, 0, 1024) in table.dirty_runs()


def test_a_chain_of_a_thousand_links_is_placed_hidden_and_despawned() -> None:
    table = Table(4096)
    chain = [spawn(table)]
    for _ in range(1000):
        chain.append(spawn(table, chain[-1], position=(1, 0, 0)))
    chain[1].rotation = quat_from_axis_angle((0, 0, 1), math.pi / 2)
    unrelated = spawn(table, position=(0, 5, 0))
    child = spawn(table, unrelated, position=(1, 0, 0))
    columns = table.update()
    assert columns.position[chain[1000].first_row] == pytest.approx((1, 999, 0), abs=0.01)
    assert columns.position[child.first_row] == pytest.approx((1, 5, 0))
    chain[0].visible = False
    assert table.shown()[[unrelated.first_row, child.first_row]].all()
    assert not table.shown()[[link.first_row for link in chain]].any()
    assert chain[500].visible, "visible is each entity's own"
    chain[0].despawn()
    assert table.alive_count == 2 and not chain[1000].alive and child.alive


def test_a_row_that_is_not_finite_harms_only_what_hangs_on_it() -> None:
    table = Table(1024)
    good, bad = spawn(table, position=(1, 0, 0)), spawn(table, scale=(2, 1, 1))
    of_good, of_bad = spawn(table, good, position=(0, 1, 0)), spawn(table, bad)
    table.position[bad.first_row] = np.nan
    table.rotation[of_bad.first_row] = np.nan
    columns = table.update()
    assert columns.position[of_good.first_row].tolist() == [1, 1, 0]
    assert np.isnan(columns.position[of_bad.first_row]).all()


def shown_rows(visibility: Visibility, table: Table) -> dict[int, int]:
    """Draw flags by row."""
    columns = table.update()
    found = visibility.frame(np.zeros(3), SEES_ALL, columns.position, columns.rotation, columns.scale,
                             scale_changed=table.scale_changed(), shear=columns.shear if table.sheared else None)
    return {int(row): int(record[4]) for record in found.opaque for row in found.rows[record[2]: record[2] + record[3]]}


def test_hidden_parents_hide_their_children_and_show_them_again() -> None:
    table = Table(1024)
    visibility = Visibility(table)
    parent = spawn(table)
    child = spawn(table, parent)
    parent.visible = False
    assert shown_rows(visibility, table) == {}
    parent.visible = True
    assert set(shown_rows(visibility, table)) == {parent.first_row, child.first_row}
    child.visible = False
    assert set(shown_rows(visibility, table)) == {parent.first_row}


def test_mirror_images_are_drawn_with_turned_front_faces_from_the_frame_on_that_makes_them() -> None:
    table = Table(1024)
    visibility = Visibility(table)
    entities = [spawn(table, scale=scale) for scale in ((1, 1, 1), (-1, 1, 1), (-1, -1, 1), (-1, -2, -3), (-1, 0, 1))]
    child = spawn(table, entities[1])
    child.rotate(y=0.3)
    flags = shown_rows(visibility, table)
    assert [flags[e.first_row] for e in (*entities, child)] == [0, DRAW_MIRRORED, 0, DRAW_MIRRORED, 0, DRAW_MIRRORED]
    entities[0].scale[1] = -1
    child.scale = (1, 1, -1)
    flags = shown_rows(visibility, table)
    assert flags[entities[0].first_row] == DRAW_MIRRORED and flags[child.first_row] == 0


def test_spheres_of_sheared_rows_hold_what_is_drawn() -> None:
    table = Table(1024)
    visibility = Visibility(table)
    parent = spawn(table, scale=(9, 1, 1))
    child = spawn(table, parent)
    child.rotate(y=0.6)
    planes = SEES_ALL.copy()
    planes[0] = (-1, 0, 0, -5.5)  # x < -5.5: only the far end of the child reaches there
    columns = table.update()
    visibility.frame(np.zeros(3), planes, columns.position, columns.rotation, columns.scale, shear=columns.shear)
    largest = np.linalg.svd(matrix_of(columns, child.first_row), compute_uv=False)[0]
    group = visibility._movers
    assert group.radii[group.rows == child.first_row][0] >= largest * (1 - 1e-6)


# -- looking at things ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("scale", [(1, 1, 1), (-1, 1, 1), (2, 2, 2), (1, -1, 1), (4, 1, 1)])
def test_a_child_looks_at_a_point_of_the_world(scale: tuple[float, ...]) -> None:
    table = Table(1024)
    parent = spawn(table, position=(5, 1, -2), scale=scale)
    parent.rotate(x=0.4, y=1.1)
    child = spawn(table, parent, position=(1, 2, 3))
    target = np.array((-3.0, 7.0, 2.0))
    child.look_at(target)
    matrix, place = wanted(child)
    forward, wish = matrix @ (0, 0, -1), target - place
    assert forward / np.linalg.norm(forward) == pytest.approx(wish / np.linalg.norm(wish), abs=1e-6)
    assert abs(np.linalg.norm(child.rotation) - 1) < 1e-6
    child.look_at(target, front="+Z")
    face = wanted(child)[0] @ (0, 0, 1)
    assert face / np.linalg.norm(face) == pytest.approx(wish / np.linalg.norm(wish), abs=1e-6)


@pytest.mark.parametrize("yaw", [0.0, 0.7, -2.5])
@pytest.mark.parametrize("up", [1, -1])
def test_looking_straight_up_or_down_is_the_limit_of_looking_almost_there(yaw: float, up: int) -> None:
    camera, almost = Camera(), Camera()
    camera.yaw = yaw
    camera.position = np.array((0.0, 0.0, 0.0))
    camera.look_at((0.0, 10.0 * up, 0.0))
    almost.position = np.array((0.0, 0.0, 0.0))
    almost.look_at((-1e-6 * math.sin(yaw), 10.0 * up, -1e-6 * math.cos(yaw)))
    assert camera.yaw == pytest.approx(yaw) and camera.pitch == pytest.approx(up * math.pi / 2)
    assert camera.right == pytest.approx(almost.right, abs=1e-6)
    entity = spawn(Table(1024))
    entity.rotate(y=yaw)
    entity.look_at((0.0, 10.0 * up, 0.0))
    entity.look_at((0.0, 20.0 * up, 0.0))
    assert matrix_from_quat(entity.rotation) @ (1, 0, 0) == pytest.approx(almost.right, abs=1e-5)


def test_nothing_looks_at_where_it_stands() -> None:
    entity = spawn(Table(1024), position=(1, 2, 3))
    with pytest.raises(ValueError, match="its own position"):
        entity.look_at((1, 2, 3))
