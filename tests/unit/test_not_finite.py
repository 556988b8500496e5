"""NaN and infinity that a program writes through a view: told once, that row alone is not drawn, until it is finite."""

from __future__ import annotations

import math

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost

BAD = [math.nan, math.inf, -math.inf]


def make() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(size=(100, 100))
    app = lw.App(host=host)
    app.camera.position = np.array((0.0, 0.0, 20.0))
    return app, host


def told(host: HeadlessHost) -> list[str]:
    return [text for level, text in host.logs if level == 1]


def drawn(app: lw.App) -> set[int]:
    """Rows that the last frame drew, shadows too."""
    found = app._engine.shown.drawn
    return set(found.rows.tolist()) | set(found.seen_rows().tolist())


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("name", ["position", "rotation", "scale"])
@pytest.mark.parametrize("one", [True, False])
def test_it_is_told_once_and_nothing_else_suffers(name: str, value: float, one: bool) -> None:
    app, host = make()
    group = app.spawn_many(lw.Mesh.box(), 9, position=np.linspace((-4, 0, 0), (4, 0, 0), 9))
    host.step(app, 2)
    rows = set(range(group.first_row, group.first_row + 9))
    assert drawn(app) == rows
    bad, entity = group.first_row + 3, group[3]
    before = getattr(entity, name).copy()
    if one:
        getattr(entity, name)[1] = value
    else:
        getattr(group, name)[3, 1] = value
    for _ in range(3):
        host.step(app, 1)
        assert drawn(app) == rows - {bad} and host.errors == []
        assert set(app.seen(group).tolist()) == set(range(9)) - {3}
    (text,) = told(host)
    assert f"Entity {bad} is not drawn: its {name} is (" in text and f"{value:g}" in text
    assert app.raycast((-1, 0, 20), (0, 0, -1)) is None
    hit = app.raycast((-2, 0, 20), (0, 0, -1))
    assert hit is not None and hit.entity == group[2] and hit.distance == pytest.approx(19.5)
    getattr(entity, name)[:] = before
    host.step(app, 1)
    assert drawn(app) == rows
    hit = app.raycast((-1, 0, 20), (0, 0, -1))
    assert hit is not None and hit.entity == entity
    getattr(entity, name)[:] = value
    host.step(app, 2)
    assert drawn(app) == rows - {bad} and len(told(host)) == 1, "once an entity"


def test_children_follow_and_come_back() -> None:
    app, host = make()
    parent = app.spawn(lw.Mesh.box())
    children = [app.spawn(lw.Mesh.box(), parent=parent, position=(x, 0, 0)) for x in (1, 2)]
    other = app.spawn(lw.Mesh.box(), position=(-3, 0, 0))
    host.step(app, 2)
    rows = {one.first_row for one in (parent, *children, other)}
    parent.position[0] = math.nan
    host.step(app, 2)
    assert drawn(app) == {other.first_row} and host.errors == []
    (text,) = told(host)
    assert f"Entity {parent.first_row} (and 2 more) is not drawn: its position is (nan, 0, 0)" in text
    parent.position[0] = 0
    host.step(app, 2)
    assert drawn(app) == rows
    child = app.spawn(lw.Mesh.box(), parent=parent, scale=1e30)
    parent.scale = 1e30
    host.step(app, 1)
    assert child.first_row not in drawn(app) and other.first_row in drawn(app) and host.errors == []
    assert len(told(host)) == 2 and f"Entity {child.first_row}" in told(host)[1] and "moves with" in told(host)[1]


def test_one_that_is_gone_is_no_longer_looked_at() -> None:
    app, host = make()
    group = app.spawn_many(lw.Mesh.box(), 4)
    entity = app.spawn(lw.Mesh.box())
    entity.position[:] = math.nan
    host.step(app, 2)
    entity.despawn()
    host.step(app, 2)
    group.position[:, 0] += 1
    host.step(app, 2)
    finite = app._engine._rows.finite
    assert len(finite.rows) == 0 and np.isfinite(app._engine.table.position).all() and len(told(host)) == 1
    again = app.spawn(lw.Mesh.box())
    host.step(app, 1)
    assert again.first_row in drawn(app)
    again.position[:] = math.inf
    host.step(app, 1)
    assert again.first_row not in drawn(app) and len(told(host)) == 2, "another entity"


def test_every_frame_another_one_is_not_a_flood() -> None:
    app, host = make()
    group = app.spawn_many(lw.Mesh.box(), 300)
    for number in range(100):
        group.position[number] = math.nan
        host.step(app, 1)
    assert len(told(host)) == 16 and len(drawn(app)) == 200
    group.position[:] = 0
    host.step(app, 1)
    assert len(drawn(app)) == 300


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("name", ["position", "rotation", "scale"])
def test_lamps_points_lines_and_views(name: str, value: float) -> None:
    app, host = make()
    good = app.light("point", position=(0, 3, 0))
    lamp = app.light("spot", position=(1, 3, 0), direction=(0, -1, 0))
    points, lines = app.points(np.zeros((4, 3))), app.lines(np.zeros((4, 3)))
    app.add_view(lw.Camera(position=(0, 0, 9)), viewport=(0, 0, 0.5, 0.5))
    app.spawn(lw.Mesh.box())
    host.step(app, 2)
    for entity in (lamp, points.entity, lines.entity):
        getattr(entity, name)[:] = value
    host.step(app, 3)
    assert host.errors == [] and app.report()["lights"]["count"] == 1 and good.alive
    assert drawn(app).isdisjoint({points.entity.first_row, lines.entity.first_row})
    assert host.sink.draws >= 2


def test_large_numbers_are_numbers() -> None:
    app, host = make()
    box = app.spawn(lw.Mesh.box(), position=(1e30, 0, 0))
    near = app.spawn(lw.Mesh.box())
    host.step(app, 3)
    assert told(host) == [] and near.first_row in drawn(app) and box.alive and host.errors == []


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_moving_turning_and_looking_from_nowhere_fail_at_that_line(value: float, number: int) -> None:
    app, _ = make()
    parent = app.spawn(lw.Mesh.box())
    entity = app.spawn(lw.Mesh.box(), parent=parent)
    entity.position[number] = value
    with pytest.raises(lw.ShapeError, match="assign its position"):
        entity.move(x=1)
    with pytest.raises(lw.ShapeError, match="not finite"):
        entity.look_at((1, 2, 3))
    entity.rotation[number] = value
    with pytest.raises(lw.ShapeError, match="assign its rotation"):
        entity.rotate(y=1)
    entity.position = (0, 0, 0)
    entity.look_at((1, 2, 3))
    assert np.isfinite(entity.rotation).all()
    parent.scale[number] = value
    with pytest.raises(lw.ShapeError, match="not finite"):
        entity.look_at((1, 2, 3))
