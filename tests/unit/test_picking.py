"""Picking on the headless host: the right entity, as it stands now, and nothing for programs that never pick."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerw as lw
from layerw.base.host_port import Running
from layerw.base.mathx import quat_from_euler, quat_rotate
from layerw.hosts.headless import HeadlessHost
from layerw.pointing.picker import Hit
from tests.unit.test_app_contents import glb

DOWN = (0, -1, 0)
ABOVE = np.array((0, 50, 0))


def make(**settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(settings.pop("root", "."))
    return lw.App(host=host, **{"entities_max": 8192, **settings}), host


def hit_of(app: lw.App, origin: Any, direction: Any = DOWN, **settings: Any) -> Hit:
    hit = app.raycast(origin, direction, **settings)
    assert hit is not None
    return hit


def test_a_hit_says_what_where_and_how_it_lies() -> None:
    app, _ = make()
    app.spawn(lw.Mesh.box(), position=(0, -7, 0))
    box = app.spawn(lw.Mesh.box(2, 2, 2), position=(3, 1, 0), rotation=quat_from_euler(y=0.5))
    hit = hit_of(app, (3, 10, 0.25))
    assert hit.entity.first_row == box.first_row and hit.exact
    assert hit.distance == pytest.approx(8) and hit.point == pytest.approx((3, 2, 0.25))
    assert hit.normal == pytest.approx((0, 1, 0), abs=1e-6)
    inside = hit_of(app, (3, 1, 0), (0, 5, 0))
    assert inside.normal == pytest.approx((0, -1, 0), abs=1e-6), "against the ray"
    assert app.raycast((3, 10, 0), DOWN, max_distance=7.9) is None
    assert app.raycast((30, 10, 0), DOWN) is None


def test_an_empty_scene_has_nothing_to_hit() -> None:
    app, _ = make()
    assert app.raycast((0, 1, 0), DOWN) is None
    assert app.pick(5, 5) is None


def test_bad_rays_are_refused() -> None:
    app, _ = make()
    with pytest.raises(lw.ShapeError, match=r"direction is \(0, 0, 0\)"):
        app.raycast((0, 0, 0), (0, 0, 0))
    with pytest.raises(lw.ShapeError, match="takes 3 finite numbers"):
        app.raycast((0, 0), DOWN)


def test_the_pixel_under_the_pointer() -> None:
    app, host = make()
    app.camera.position = np.array((0.0, 0.0, 10.0))
    app.camera.look_at((0, 0, 0))
    left = app.spawn(lw.Mesh.sphere(1), position=(-3, 0, 0))
    right = app.spawn(lw.Mesh.sphere(1), position=(3, 0, 0))
    host.step(app, 2)
    focal = 720 / (2 * np.tan(np.radians(30)))
    across = focal * 3 / 10
    for entity, x in ((left, 540 - across), (right, 540 + across)):
        hit = app.pick(x, 360)
        assert hit is not None and hit.entity.first_row == entity.first_row
        assert hit.distance + np.hypot(0.1, 0.03) == pytest.approx(np.hypot(10, 3) - 1, abs=0.02)
    assert app.pick(540, 360) is None
    host.send("pointer_move", 540.0 + across, 360.0, 0.0, 0.0)
    host.step(app)
    hit = app.pick()
    assert hit is not None and hit.entity.first_row == right.first_row
    origin, direction = app.ray_at(540, 360)
    assert origin == pytest.approx((0, 0, 9.9)) and direction == pytest.approx((0, 0, -1))
    assert app.ray_at(540, 0)[1][1] == pytest.approx(np.sin(np.radians(30)))


def test_entities_are_met_where_they_are_now() -> None:
    app, host = make()
    boxes = app.spawn_many(lw.Mesh.box(), 50, position=np.arange(50)[:, None] * (3, 0, 0))
    assert hit_of(app, (9, 5, 0)).entity.first_row == boxes.first_row + 3
    view = boxes.position
    host.step(app, 3)
    view[3, 2] = 40  # nobody is told, and no frame passes
    assert app.raycast((9, 5, 0), DOWN) is None
    assert hit_of(app, (9, 5, 40)).entity.first_row == boxes.first_row + 3
    view[3, 2] = 0
    del view
    assert hit_of(app, (9, 5, 0)).entity.first_row == boxes.first_row + 3, "the view was written, then died"
    boxes.scale = 0.1
    assert app.raycast((9.4, 5, 0), DOWN) is None
    boxes.scale = 2
    assert hit_of(app, (9.4, 5, 0)).distance == pytest.approx(4)


def test_what_hides_ends_or_comes_is_known_at_once() -> None:
    app, _ = make()
    low, high = app.spawn(lw.Mesh.box()), app.spawn(lw.Mesh.box(), position=(0, 3, 0))
    assert hit_of(app, (0, 9, 0)).entity.first_row == high.first_row
    high.visible = False
    assert hit_of(app, (0, 9, 0)).entity.first_row == low.first_row
    high.visible = True
    app.despawn(high)
    assert hit_of(app, (0, 9, 0)).entity.first_row == low.first_row
    again = app.spawn(lw.Mesh.sphere(), position=(0, 5, 0))
    assert hit_of(app, (0, 9, 0)).entity.first_row == again.first_row
    app.close()
    assert app.raycast((0, 9, 0), DOWN) is None


def test_children_are_met_where_their_parents_carry_them() -> None:
    app, _ = make()
    parent = app.spawn(lw.Mesh.box(), position=(0, 0, 0))
    child = app.spawn(lw.Mesh.box(), position=(0, 0, -10), parent=parent)
    still = app.spawn(lw.Mesh.box(), position=(0, 4, -10), parent=parent, static=True)
    assert hit_of(app, (0, 9, -10)).entity.first_row == still.first_row
    parent.rotate(y=np.pi)
    assert app.raycast((0, 9, -10), DOWN) is None
    assert hit_of(app, (0, 9, 10)).entity.first_row == still.first_row
    still.visible = False
    assert hit_of(app, (0, 9, 10)).entity.first_row == child.first_row


def test_static_entities_and_lods() -> None:
    app, _ = make()
    trees = lw.Lods([(lw.Mesh.box(1, 4, 1), 50), (lw.Mesh.box(3, 3, 3), 500)])
    wood = app.spawn_many(trees, 30, position=np.arange(90).reshape(30, 3) * (4, 0, 4), static=True)
    mover = app.spawn(lw.Mesh.box(), position=(0, 3, 8))
    hit = hit_of(app, (0.4, 9, 8.4))
    assert hit.entity.first_row == mover.first_row
    mover.move(x=1)
    hit = hit_of(app, (0.4, 9, 8.4))
    assert hit.entity.first_row == wood.first_row and hit.distance == pytest.approx(7)
    assert app.raycast((1.4, 9, 9), (0, -1, 0)) is None, "the finest level counts"
    wood.position = wood.position + np.float32(100)
    assert app.raycast((0.4, 9, 8.4), DOWN) is None
    assert hit_of(app, (100.4, 199, 108.4)).entity.first_row == wood.first_row


def test_trees_of_what_stands_still_are_kept() -> None:
    app, _ = make()
    app.spawn_many(lw.Mesh.box(), 2000, position=np.random.default_rng(1).uniform(-99, 99, (2000, 3)), static=True)
    mover = app.spawn(lw.Mesh.box(), position=(0, 900, 0))
    app.raycast((0, 999, 0), DOWN)
    kept = app._engine.pointer.picker._still
    mover.move(x=1)
    app.spawn(lw.Mesh.box(), position=(5, 900, 0))
    assert hit_of(app, (5, 999, 0)).distance == pytest.approx(98.5)
    assert app._engine.pointer.picker._still is kept and kept.built_count == 1


def test_meshes_that_come_and_go_do_not_pile_up() -> None:
    app, _ = make()
    floor = app.spawn(lw.Mesh.plane(40, 40), static=True)
    for turn in range(60):
        box = app.spawn(lw.Mesh.box(1, 1 + turn, 1), position=(turn % 7, 0, 0))
        assert hit_of(app, (turn % 7, 99, 0)).distance == pytest.approx(99 - (1 + turn) / 2)
        assert hit_of(app, (9, 99, 9)).entity.first_row == floor.first_row
        app.despawn(box)
    assert len(app._engine.pointer.picker._shapes) < 25


def test_a_tree_that_got_much_worse_is_built_again() -> None:
    app, _ = make()
    rng = np.random.default_rng(2)
    boxes = app.spawn_many(lw.Mesh.box(), 500, position=rng.uniform(-50, 50, (500, 3)))
    app.raycast((0, 99, 0), DOWN)
    tree = app._engine.pointer.picker._moving
    boxes.position += np.float32(3)
    app.raycast((0, 99, 0), DOWN)
    assert tree.built_count == 1
    boxes.position = rng.permutation(boxes.position)
    app.raycast((0, 99, 0), DOWN)
    assert app._engine.pointer.picker._moving is tree and tree.built_count == 2


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_spheres_anywhere_are_met_first_to_last(seed: int) -> None:
    """Against a formula: rays and spheres with any turn and even scale."""
    rng = np.random.default_rng(seed)
    app, _ = make()
    center, scale = rng.uniform(-20, 20, (12, 3)), rng.uniform(0.5, 4, 12)
    turn = rng.normal(size=(12, 4))
    turn /= np.linalg.norm(turn, axis=1)[:, None]
    app.spawn_many(lw.Mesh.sphere(1, 64), 12, position=center, rotation=turn, scale=scale[:, None])
    origin = rng.uniform(-60, 60, 3)
    direction = center[0] + rng.uniform(-3, 3, 3) - origin
    direction /= np.linalg.norm(direction)
    along = (center - origin) @ direction
    miss = np.linalg.norm(center - origin - along[:, None] * direction, axis=1)
    enter = along - np.sqrt(np.maximum(scale**2 - miss**2, 0))
    clear = np.abs(miss / scale - 1).min() > 0.03 and (np.linalg.norm(center - origin, axis=1) > 1.1 * scale).all()
    enter[(miss > scale) | (along < 0)] = np.inf
    order = np.sort(enter)
    if not clear or not (np.isinf(order[0]) or order[1] - order[0] > 0.3):
        return
    hit = app.raycast(origin, direction)
    if np.isinf(order[0]):
        assert hit is None
    else:
        assert hit is not None and hit.entity.first_row == int(enter.argmin())
        assert hit.distance == pytest.approx(order[0], abs=0.12)
        assert hit.normal @ ((hit.point - center[enter.argmin()]) / scale[enter.argmin()]) > 0.98


def test_uneven_scales_bend_normals_the_right_way() -> None:
    app, _ = make()
    turn = quat_from_euler(z=np.pi / 4)
    app.spawn(lw.Mesh.box(), rotation=turn, scale=(6, 1, 1))
    hit = hit_of(app, (0, 9, 0))
    assert hit.normal == pytest.approx(quat_rotate(turn, np.array((0.0, 1.0, 0.0))), abs=1e-6)
    assert hit.distance == pytest.approx(9 - 0.5 * np.sqrt(2))
    wedge = lw.Mesh([(-1, 0, -1), (1, 1, -1), (1, 1, 1), (-1, 0, 1)], [0, 2, 1, 0, 3, 2])
    app.spawn(wedge, position=(50, 0, 0), scale=(1, 4, 1))
    assert hit_of(app, (50, 9, 0)).normal == pytest.approx(np.array((-2, 1, 0)) / np.sqrt(5))


def test_a_loaded_model_is_met_by_the_boxes_of_its_parts(tmp_path: Path) -> None:
    (tmp_path / "m.glb").write_bytes(glb())
    points = np.random.default_rng(2).random((6, 3))
    app, host = make(root=tmp_path)
    model = app.load("m.glb", position=(5, 0, -5), scale=2)
    middle = np.array((5, 2, -5)) + points.min(0) + points.max(0)  # the leaf stands at (5, 2, -5), twice its size
    assert app.raycast(middle + ABOVE, DOWN) is None, "not here yet"
    host.step(app, 12)
    hit = hit_of(app, middle + ABOVE)
    assert not hit.exact and hit.entity.parent is not None
    assert hit.entity.first_row == model.entities["leaf"].first_row
    assert hit.point[1] == pytest.approx(2 + 2 * points.max(0)[1])
    aside = middle + (points.max(0) - points.min(0)) * (1.01, 0, 0)
    assert app.raycast(aside + ABOVE, DOWN) is None
    model.close()
    assert app.raycast(middle + ABOVE, DOWN) is None


def test_the_trees_are_charged_and_a_budget_without_room_says_so() -> None:
    app, _ = make(entities_max=4096)
    app.spawn_many(lw.Mesh.box(), 4000, position=np.random.default_rng(1).uniform(-99, 99, (4000, 3)))
    before = app._engine.heap_ledger.used_bytes
    app.raycast((0, 1, 0), DOWN)
    held = app._engine.heap_ledger.used_bytes - before
    assert 4000 * 80 < held < 4000 * 300
    app.close()
    assert app._engine.heap_ledger.used_bytes < before + 1000
    app, _ = make(entities_max=4096)
    app.spawn_many(lw.Mesh.box(), 4000)
    app._engine.heap_ledger.budget_bytes = app._engine.heap_ledger.used_bytes + 1000
    for _ in range(2):
        with pytest.raises(lw.BudgetError, match="Picking"):
            app.raycast((0, 1, 0), DOWN)
        assert app._engine.pointer.picker._moving.size_bytes < 100, "nothing that was not charged is kept"
    app._engine.heap_ledger.budget_bytes += 1 << 20
    assert app.raycast((0, 1, 0), DOWN) is not None


def test_a_program_that_never_picks_has_no_picker() -> None:
    code = """
import sys, layerw as lw
app = lw.App()
app.spawn(lw.Mesh.box())
app.frame_step(0.0, 1 / 60, 0, 0)
print([m for m in ("layerw.pointing.picker", "layerw.scene.trees") if m in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_example_runs_headless() -> None:
    program = runpy.run_path(str(Path(__file__).resolve().parents[2] / "examples" / "picking.py"))
    app = Running.app
    host = app.host  # type: ignore[union-attr]
    assert isinstance(host, HeadlessHost)
    host.step(app, 3)
    host.send("pointer_move", 540.0, 360.0, 0.0, 0.0)
    host.send("pointer_button", 0, 1, 540.0, 360.0)
    host.step(app, 2)
    assert host.errors == []
    assert program["State"].over is program["State"].selected
