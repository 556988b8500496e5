"""Entity and Entities: indexing, masks, equality, handles that outlive their rows, views that do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost

BOX = lw.Mesh.box()


def make() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    return lw.App(host=host, entities_max=8192), host


def row_of(x: float, count: int = 100) -> np.ndarray:
    return np.stack([np.arange(count) + x, np.zeros(count), np.zeros(count)], axis=1).astype(np.float32)


def test_a_group_moves_and_turns_as_each_of_it_would() -> None:
    app, _ = make()
    crowd, alone = app.spawn_many(BOX, 100, position=row_of(0)), app.spawn(BOX, position=(4, 0, 0))
    for group in (crowd, crowd[1::3], crowd[:0]):
        group.rotate(y=0.5, x=0.2)
        group.move(x=1, z=-2)
    for _ in range(2):
        alone.rotate(y=0.5, x=0.2)
        alone.move(x=1, z=-2)
    assert crowd[4].position.tolist() == alone.position.tolist()
    assert crowd[4].rotation == pytest.approx(alone.rotation, abs=1e-6)
    assert crowd[5].position.tolist() == [6, 0, -2]
    for call in (lambda: crowd.move(x="far"), lambda: crowd.rotate(y=float("nan")), lambda: crowd.move(x=1e39)):
        with pytest.raises(lw.LayerwError):
            call()
    crowd[3].despawn()
    with pytest.raises(lw.HandleError):
        crowd.rotate(y=1)


# -- which -------------------------------------------------------------------------------------------------------

def test_an_index_is_an_entity_and_slices_are_groups_with_plain_views() -> None:
    app, _ = make()
    crowd = app.spawn_many(BOX, 100, position=row_of(0))
    assert isinstance(crowd[5], lw.Entity) and crowd[5].position.tolist() == [5, 0, 0]
    assert crowd[-1].position[0] == 99 and crowd[np.int64(7)].position[0] == 7
    part = crowd[10:20]
    assert len(part) == 10 and part.position.shape == (10, 3) and type(part.position) is np.ndarray
    part.position[:, 1] = 4
    assert crowd.position[:, 1].sum() == 40
    assert [entity.position[0] for entity in part] == list(range(10, 20))
    assert part[3] == crowd[13] and part[2:4] == crowd[12:14]


@pytest.mark.parametrize("which", [100, -101])
def test_an_index_outside_is_an_index_error(which: int) -> None:
    app, _ = make()
    crowd = app.spawn_many(BOX, 100)
    with pytest.raises(IndexError, match=r"Entity -?10\d was asked for; the group has 100") as found:
        crowd[which]
    assert isinstance(found.value, lw.LayerwError)
    with pytest.raises(IndexError):
        crowd[[3, which]]


@pytest.mark.parametrize("which", ["a", 1.5, [0.5], np.ones(99, bool), np.ones((100, 1), bool), None, True])
def test_what_chooses_nothing_is_refused(which: Any) -> None:
    app, _ = make()
    with pytest.raises(lw.ShapeError, match="a mask of shape"):
        app.spawn_many(BOX, 100)[which]


EVEN = [np.arange(100) % 2 == 0, np.arange(0, 100, 2), list(range(0, 100, 2)), slice(None, None, 2)]


@pytest.mark.parametrize("which", EVEN)
def test_rows_apart_are_read_as_copies_and_written_back(which: Any) -> None:
    app, _ = make()
    crowd = app.spawn_many(BOX, 100, position=row_of(0))
    even = crowd[which]
    assert len(even) == 50 and even.position[:, 0].tolist() == list(range(0, 100, 2))
    even.position = (0, 1, 0)
    assert crowd.position[:, 1].tolist() == [1, 0] * 50
    even.position[:] = (0, 2, 0)
    even.position[3] = (0, 3, 0)
    even.position[:, 2] += 5
    even.position += (0, 10, 0)
    kept = even.position
    kept *= 2
    np.add(kept, 1, out=kept)
    expected = np.full((50, 3), (1, 25, 11))
    expected[3, 1] = 27
    assert np.array_equal(crowd.position[::2], expected)
    assert np.array_equal(crowd.position[1::2, 1:], np.zeros((50, 2)))
    assert type(kept + 1) is np.ndarray
    with pytest.raises(ValueError, match="read-only"):
        kept.sort()  # what numpy can't tell us about is refused, never lost


def test_a_late_write_to_rows_apart_keeps_what_others_wrote_meanwhile() -> None:
    app, _ = make()
    crowd = app.spawn_many(BOX, 10, position=row_of(0, 10))
    even = crowd[::2].position
    crowd.position[:, 2] = 7
    even[0] = (1, 2, 3)
    assert crowd.position[0].tolist() == [1, 2, 3] and crowd.position[1:, 2].tolist() == [7] * 9
    crowd.despawn()
    with pytest.raises(lw.HandleError):
        even[0] = (0, 0, 0)


def test_colours_scales_and_flags_of_masks() -> None:
    app, host = make()
    app.shadows.enabled = False
    crowd = app.spawn_many(BOX, 100)
    mask = np.arange(100) < 30
    mask[50] = True
    crowd[mask].color = "red"
    assert crowd.color[50].tolist() == [255, 0, 0, 255] and crowd.color[49].tolist() == [255, 255, 255, 255]
    crowd[mask].color[:, 3] = 9
    assert crowd[50].color.tolist() == [[255, 0, 0, 9]] and crowd.color[49, 3] == 255
    crowd[mask].scale = 2
    assert crowd.scale.sum() == 3 * (31 * 2 + 69)
    crowd[mask].visible = False
    assert not crowd[50].visible and crowd[51].visible and crowd.visible and not crowd[mask].visible
    host.step(app)
    assert app.report()["seen"] == 69


def test_groups_are_parented_and_despawned_by_parts() -> None:
    app, host = make()
    root = app.spawn(BOX, position=(0, 5, 0))
    crowd = app.spawn_many(BOX, 100, position=row_of(0))
    crowd[::3].parent = root
    assert crowd[3].parent == root and crowd[4].parent is None and crowd[::3].parent == root
    host.step(app)
    assert app._engine.table.update().position[crowd[3].first_row].tolist() == [3, 5, 0]
    crowd[10:20].despawn()
    crowd[np.arange(100) > 90].despawn()
    assert app.report()["entities"] == 101 - 19
    assert crowd.alive_mask.sum() == 81 and not crowd.alive
    left = crowd[crowd.alive_mask]
    left.position[:, 1] = 3
    assert crowd[5].position[1] == 3
    root.despawn()
    assert [entity.alive for entity in crowd][:8] == [False, True, True, False, True, True, False, True]


def test_a_parent_below_a_group_is_a_cycle() -> None:
    app, _ = make()
    crowd = app.spawn_many(BOX, 3)
    crowd[1].parent = crowd[0]
    with pytest.raises(ValueError, match="cycle"):
        crowd[0::2].parent = crowd[1]
    with pytest.raises(lw.LayerwError, match="an Entity or None"):
        crowd[0].parent = crowd[1:2]  # type: ignore[assignment]


def test_a_group_of_none_does_nothing_everywhere() -> None:
    app, host = make()
    none = app.spawn_many(BOX, 0, position=np.zeros((0, 3)), color=np.zeros((0, 3)))
    assert len(none) == 0 and list(none) == [] and not none and none.alive
    assert none.position.shape == (0, 3) and none.color.shape == (0, 4)
    none.position = np.zeros((0, 3))
    none.visible = False
    none.parent = None
    crowd = app.spawn_many(BOX, 3)
    crowd[np.zeros(3, bool)].despawn()
    app.despawn(none)
    host.step(app)
    assert len(crowd[3:]) == 0 and crowd.alive and host.errors == []


# -- equality, names ----------------------------------------------------------------------------------------------

def test_handles_of_one_entity_are_equal_and_work_as_keys() -> None:
    app, _ = make()
    a = app.spawn(BOX)
    b = app.spawn(BOX, parent=a)
    assert b.parent == a and {a: "a"}[b.parent] == "a" and a in [b.parent] and a != b and a != 3
    row = a.first_row
    a.despawn()
    again = app.spawn(BOX)
    assert again.first_row == row and again != a, "the row is used again, but it is somebody else"
    other, _ = make()
    assert other.spawn(BOX) != app.spawn(BOX)


@pytest.mark.parametrize(("name", "says"), [
    ("positon", "'position'"), ("colour", "'color'"), ("postion", "'position'"), ("visable", "'visible'"),
    ("mesh", "chosen when it is spawned"), ("material", "chosen when it is spawned"), ("alive", "cannot be assigned"),
    ("opacity", "It has"),
])  # fmt: skip
def test_attributes_that_there_are_not_raise_with_the_nearest_name(name: str, says: str) -> None:
    app, _ = make()
    for thing in (app.spawn(BOX), app.spawn_many(BOX, 3), app.spawn_many(BOX, 4)[::2]):
        with pytest.raises(AttributeError, match=says) as found:
            setattr(thing, name, 1)
        assert isinstance(found.value, lw.LayerwError)
        if name != "alive":
            with pytest.raises(AttributeError, match=says):
                getattr(thing, name)
    with pytest.raises(AttributeError, match="'position'"):
        app.camera.positon = (0, 0, 0)  # type: ignore[attr-defined]


def test_the_camera_copies_what_it_is_given() -> None:
    app, _ = make()
    entity = app.spawn(BOX, position=(1, 2, 3))
    app.camera.position = entity.position
    entity.move(x=5)
    app.camera.position[1] += 1
    assert app.camera.position.tolist() == [1, 3, 3] and entity.position.tolist() == [6, 2, 3]


@pytest.mark.parametrize(("name", "value"), [("fov_y", 0), ("fov_y", np.pi), ("near", 0), ("yaw", np.nan),
                                             ("pitch", "up")])  # fmt: skip
def test_the_camera_refuses_at_the_line(name: str, value: Any) -> None:
    app, _ = make()
    with pytest.raises(lw.LayerwError, match=f"camera.{name} is"):
        setattr(app.camera, name, value)


def test_rotations_are_brought_to_length_one_and_none_is_refused() -> None:
    app, _ = make()
    crowd = app.spawn_many(BOX, 3)
    crowd.rotation = (0, 2, 0, 2)
    assert crowd.rotation[2].tolist() == pytest.approx([0, 0.5**0.5, 0, 0.5**0.5])
    with pytest.raises(lw.ShapeError, match="length 0"):
        crowd.rotation = (0, 0, 0, 0)
    with pytest.raises(lw.ShapeError, match="position takes shape"):
        crowd.position = 5


# -- handles and views that outlive their rows -----------------------------------------------------------------------

USES: list[tuple[str, Any]] = [
    ("position", lambda e: e.position), ("rotation", lambda e: e.rotation), ("scale", lambda e: e.scale),
    ("color", lambda e: e.color), ("visible", lambda e: e.visible), ("casts_shadow", lambda e: e.casts_shadow),
    ("parent", lambda e: e.parent), ("first_row", lambda e: e.first_row), ("despawn", lambda e: e.despawn()),
    ("set position", lambda e: setattr(e, "position", (1, 1, 1))), ("set color", lambda e: setattr(e, "color", "red")),
    ("set visible", lambda e: setattr(e, "visible", False)), ("set parent", lambda e: setattr(e, "parent", None)),
    ("set shadow", lambda e: setattr(e, "casts_shadow", False)), ("part", lambda e: e[0]), ("slice", lambda e: e[0:2]),
]  # fmt: skip


@pytest.mark.parametrize("use", [use for _, use in USES], ids=[name for name, _ in USES])
@pytest.mark.parametrize("reused", [False, True])
def test_every_access_after_a_despawn_raises_and_touches_nobody(use: Any, reused: bool) -> None:
    app, _ = make()
    group, apart, one = app.spawn_many(BOX, 4), app.spawn_many(BOX, 8)[::2], app.spawn(BOX)
    for handle in (group, apart, one):
        assert handle.alive
    rows = [group.first_row, one.first_row]
    for handle in (group, apart, one):
        handle.despawn()
    others = [app.spawn(BOX) for _ in range(30)] if reused else []
    assert not reused or set(rows) <= {other.first_row for other in others}
    for handle in (group, apart, one):
        assert not handle.alive
        with pytest.raises(lw.HandleError, match="despawned"):
            use(handle)
    for other in others:
        assert not other.position.any() and other.visible and (other.color == 255).all()


def test_one_of_a_group_that_is_gone_makes_the_group_raise_and_leaves_the_others() -> None:
    app, _ = make()
    crowd = app.spawn_many(BOX, 5, position=row_of(0, 5))
    crowd[2].despawn()
    with pytest.raises(lw.HandleError, match=r"1 of the 5 .*alive_mask"):
        crowd.position  # noqa: B018
    with pytest.raises(lw.HandleError):
        crowd[2]
    assert crowd[3].position[0] == 3 and [e.alive for e in crowd] == [True, True, False, True, True]


@pytest.mark.parametrize("apart", [False, True])
def test_a_view_that_outlives_its_rows_moves_nobody(apart: bool) -> None:
    app, _ = make()
    held = app.spawn(BOX) if not apart else app.spawn_many(BOX, 2100)[3:2050]
    view = held.position
    row = held.first_row
    held.despawn()
    new = [app.spawn(BOX) for _ in range(30)]
    view[:] = 99
    assert row not in [entity.first_row for entity in new]
    assert all(entity.position.tolist() == [0, 0, 0] for entity in new)
    before = app._engine.table.rows_used
    del view
    app._engine.table._rows.reclaim()
    many = app.spawn_many(BOX, 900)
    assert app._engine.table.rows_used == before and many.alive, "the rows came back once the view was gone"


def test_churn_beside_a_view_that_is_kept_takes_no_more_rows_than_its_block() -> None:
    app, _ = make()
    cube = app.spawn(BOX)
    kept = cube.position
    for _ in range(5000):
        app.spawn(BOX).despawn()
    assert app._engine.table.rows_used <= 2048 and kept.tolist() == [0, 0, 0]


def test_a_view_marks_only_its_own_blocks() -> None:
    app, host = make()
    crowd = app.spawn_many(BOX, 4096)
    host.step(app, 3)
    kept = crowd[5].position
    host.step(app, 3)
    before = app._engine.submission.rows_uploaded
    host.step(app)
    assert app._engine.submission.rows_uploaded in (1024, before + 1024) and kept is not None
