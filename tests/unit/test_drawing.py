"""Points, lines and debug drawing on the headless host: what is uploaded when, what ends, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.drawing.polylines import along_of, points_of, segments_of
from layerw.hosts.headless import HeadlessHost

CORNER = [(0, 0, 0), (1, 0, 0), (1, 1, 0)]


def make(**settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    app = lw.App(host=host, **settings)
    app.camera.position = np.array((0.0, 1.0, 20.0))
    app.camera.look_at((0, 0, 0))
    return app, host


def uploads(app: lw.App, host: HeadlessHost, frames: int = 1) -> int:
    """Buffer writes in these frames."""
    before = host.sink.commands.get("buffer_write", 0)
    host.step(app, frames)
    assert app.report()["errors"] == []
    return host.sink.commands.get("buffer_write", 0) - before


def test_500_000_points_are_one_upload_and_one_draw() -> None:
    app, host = make()
    host.step(app, 2)
    empty = host.sink.draws
    places = np.zeros((500_000, 3), np.float32)
    points = app.points(places, color=np.zeros((500_000, 3), np.uint8), size=3.0, unit="px")
    assert uploads(app, host) == 1 and len(points) == 500_000
    assert host.sink.draws == empty + 1 and uploads(app, host, 3) == 0
    assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes
    places[:] = 7
    assert (points.position == 0).all(), "the program's own array stays its own"


def test_what_is_written_is_uploaded_once() -> None:
    app, host = make()
    points = app.points(np.zeros((10, 3)), color="red", size=2.0)
    host.step(app, 2)
    points.position[3] = (1, 2, 3)
    assert uploads(app, host) == 1
    uploads(app, host)
    assert uploads(app, host, 3) == 0
    points.color[:, 1], points.size = 255, np.arange(10.0)
    assert uploads(app, host, 1) == 1
    uploads(app, host)
    kept = points.color
    assert uploads(app, host, 3) == 3, "who keeps a view may write through it"
    kept[0] = 0
    del kept
    assert uploads(app, host) == 1 and uploads(app, host, 2) == 0
    assert points.position[3].tolist() == [1, 2, 3] and points.size.tolist() == list(range(10))
    assert points.color[1].tolist() == [255, 255, 0, 255] and points.color[0].tolist() == [0, 0, 0, 0]


def test_lines_follow_their_points() -> None:
    app, host = make()
    lines = app.lines(CORNER, color="yellow", width=2.0, unit="px", closed=True)
    host.step(app, 2)
    lines.position[1] = (5, 0, 0)
    assert uploads(app, host) == 1
    stroke = lines._elements.data
    assert stroke["start"].tolist() == [[0, 0, 0], [5, 0, 0], [1, 1, 0]]
    assert stroke["previous"].tolist() == [[1, 1, 0], [0, 0, 0], [5, 0, 0]]
    assert stroke["next"].tolist() == [[1, 1, 0], [0, 0, 0], [5, 0, 0]]
    lines.color, lines.width = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1)]), 5.0
    host.step(app, 1)
    assert stroke["end_color"][:, :3].tolist() == [[0, 255, 0], [0, 0, 255], [255, 0, 0]]
    assert set(stroke["width"].tolist()) == {5.0} and lines.width == 5.0


def test_several_polylines_join_only_within_themselves() -> None:
    points, counts = points_of("x", [CORNER, [(9, 0, 0), (9, 3, 0)]])
    open_ones = segments_of("x", counts, False)
    assert open_ones.start.tolist() == [0, 1, 3] and open_ones.end.tolist() == [1, 2, 4]
    assert open_ones.previous.tolist() == [0, 0, 3] and open_ones.next.tolist() == [2, 2, 4]
    assert along_of(points, open_ones).tolist() == [[0, 1], [1, 2], [0, 3]], "metres begin anew with each"
    closed = segments_of("x", [3, 3], True)
    assert closed.end.tolist() == [1, 2, 0, 4, 5, 3] and closed.previous.tolist() == [2, 0, 1, 5, 3, 4]
    assert points_of("x", np.zeros((4, 5, 3)))[1] == [5, 5, 5, 5]


def test_they_end_with_destroy_and_with_their_entity() -> None:
    app, host = make()
    host.step(app, 2)
    handles, room = host.sink.live_handles, app._engine.gpu_ledger.used_bytes
    points, lines = app.points(np.zeros((4, 3))), app.lines(CORNER)
    ship = app.spawn(lw.Mesh.box())
    lines.entity.parent = ship
    host.step(app, 2)
    assert points.alive and lines.alive and points.visible
    points.visible = False
    draws = host.sink.draws
    host.step(app, 1)
    assert host.sink.draws == draws - 1 and not points.visible
    points.destroy()
    points.destroy()
    ship.despawn()
    host.step(app, 2)
    assert not points.alive and not lines.alive
    with pytest.raises(lw.HandleError):
        _ = lines.visible
    app.close()
    host.step(app, 1)
    assert host.sink.live_handles <= handles and app._engine.gpu_ledger.used_bytes <= room
    assert app._engine.heap_ledger.used_bytes > 0


def test_see_through_ones_are_blended() -> None:
    app, host = make()
    points = app.points(np.zeros((4, 3)), color=(1, 0, 0, 0.5))
    host.step(app, 1)
    assert len(app._engine.shown.found.blend) == 1 and len(app._engine.shown.found.opaque) == 0
    points.color = "red"
    host.step(app, 1)
    assert len(app._engine.shown.found.blend) == 0 and len(app._engine.shown.found.opaque) == 1


def test_they_come_after_what_is_solid() -> None:
    app, host = make()
    points = app.points(np.zeros((4, 3)))
    app.spawn(lw.Mesh.box())
    host.step(app, 2)
    assert app._engine.shown.found.opaque[:, 0].tolist()[-1] == points._elements.mesh
    near, *_ = app._engine.shown.found.casters
    assert len(near) == 1, "the box's"


def test_a_lost_device_gets_them_back() -> None:
    app, host = make()
    app.points(np.zeros((4, 3)))
    app.lines(CORNER)
    app.debug.box((0, 0, 0), duration=100.0)
    host.step(app, 2)
    draws = host.sink.draws
    host.lose_device()
    host.step(app, 2)
    assert host.sink.draws == draws and host.sink.skipped == 0 and app.report()["errors"] == []


def test_debug_drawing_lasts_a_picture_or_some_seconds() -> None:
    app, host = make()
    app.debug.box((0, 0, 0))
    app.debug.sphere((0, 0, 0), 2.0, "red", duration=0.05)
    host.step(app, 1)
    assert app.debug.count == 12 + 96
    host.step(app, 1)
    assert app.debug.count == 96, "the box was there for one picture"
    host.step(app, 5)
    assert app.debug.count == 0 and uploads(app, host, 3) == 0
    app.debug.line((0, 0, 0), (1, 0, 0))
    app.debug.arrow((0, 0, 0), (0, 2, 0))
    app.debug.axes()
    app.debug.point((1, 1, 1))
    app.debug.path(CORNER, closed=True)
    assert uploads(app, host) == 1 and app.debug.count == 1 + 5 + 3 + 1 + 3
    app.debug.line((0, 0, 0), (1, 0, 0), duration=9.0)
    app.debug.clear()
    host.step(app, 1)
    assert app.debug.count == 0


def test_debug_drawing_grows_and_says_where_it_ends() -> None:
    app, host = make()
    for number in range(3000):
        app.debug.sphere((number, 0, 0))
    host.step(app, 1)
    assert app.debug.count == 65_536 // 96 * 96
    assert any("65536" in text for _, text in host.logs)
    host.step(app, 1)
    assert app.debug.count == 0


def test_grid_and_axes() -> None:
    app, host = make()
    grid, axes = app.grid(10.0, 1.0), app.axes(2.0)
    host.step(app, 1)
    assert len(grid._elements.data) == 2 * 11 and len(axes._elements.data) == 3
    assert grid.position.min() == -5 and grid.position.max() == 5 and axes.position.max() == 2
    assert app.grid(1.0, 0.5).position.max() == 0.5


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda app: app.points([(0, 0, np.nan)]), lw.ShapeError, "NaN"),
    (lambda app: app.points(np.zeros((4, 2))), lw.ShapeError, r"\(4, 2\)"),
    (lambda app: app.points(np.zeros((0, 3))), lw.ShapeError, "no row"),
    (lambda app: app.points(np.zeros((4, 3)), color=np.zeros((3, 3))), lw.ShapeError, "color"),
    (lambda app: app.points(np.zeros((4, 3)), size=-1.0), lw.ConfigError, "-1"),
    (lambda app: app.points(np.zeros((4, 3)), size=[1, 2, 3, -4]), lw.ConfigError, "-4"),
    (lambda app: app.points(np.zeros((4, 3)), unit="pixels"), lw.ConfigError, "px"),
    (lambda app: app.points(np.zeros((4, 3)), fog=1), lw.KindError, "fog"),
    (lambda app: app.lines([(0, 0, 0)]), lw.ShapeError, "1 points"),
    (lambda app: app.lines(CORNER[:2], closed=True), lw.ShapeError, "at least 3"),
    (lambda app: app.lines(CORNER, width=-2), lw.ConfigError, "-2"),
    (lambda app: app.lines(CORNER, width=np.nan), lw.ConfigError, "nan"),
    (lambda app: app.lines(CORNER, unit="cm"), lw.ConfigError, "cm"),
    (lambda app: app.lines(CORNER, dash=(0, 1)), lw.ConfigError, "drawn"),
    (lambda app: app.lines(CORNER, dash=1.0), lw.ShapeError, "dash"),
    (lambda app: app.lines([CORNER, [(0, 0)]]), lw.ShapeError, r"\[1\]"),
    (lambda app: app.lines("abc"), lw.ShapeError, "abc"),
    (lambda app: app.lines([]), lw.ShapeError, "shape"),
    (lambda app: app.grid(10, 0), lw.ConfigError, "step"),
    (lambda app: app.grid(10_000, 0.1), lw.ConfigError, "2048"),
    (lambda app: app.axes(-1), lw.ConfigError, "-1"),
    (lambda app: app.debug.line((0, 0), (1, 1, 1)), lw.ShapeError, "start"),
    (lambda app: app.debug.box((0, 0, 0), size=-1), lw.ConfigError, "size"),
    (lambda app: app.debug.sphere((0, 0, np.nan)), lw.ShapeError, "center"),
    (lambda app: app.debug.point((0, 0, 0), duration=-1), lw.ConfigError, "duration"),
    (lambda app: app.debug.line((0, 0, 0), (1, 1, 1), "reddish"), lw.ShapeError, "red"),
])
def test_what_can_not_be_drawn_is_refused(call: Any, error: type[Exception], words: str) -> None:
    app, host = make()
    with pytest.raises(error, match=words):
        call(app)
    host.step(app, 1)
    assert app.report()["entities"] == 0 and app.report()["errors"] == []


def test_a_wrong_attribute_says_the_right_one() -> None:
    app, _ = make()
    points = app.points(np.zeros((4, 3)))
    with pytest.raises(lw.AttributeMissing, match="position"):
        points.positions = 1
    with pytest.raises(lw.ShapeError):
        points.position = np.zeros((5, 3))
    with pytest.raises(lw.ConfigError):
        points.size = -1


def test_debug_drawing_without_room_is_told_once_and_comes_back() -> None:
    app, host = make(budgets=lw.Budgets(gpu_mib=19))
    app.debug.box((0, 0, 0))
    host.step(app, 2)
    for _ in range(3):
        for _ in range(5000):
            app.debug.box((0, 0, 0))
        host.step(app)
        assert app.debug.count == 0
    app.debug.box((0, 0, 0))
    host.step(app)
    assert app.debug.count == 12 and host.errors == []
    (text,) = [text for level, text in host.logs if level == 1 and "mesh" in text]
    assert "gpu_mib" in text and "Debug drawing is left out" in text
    app.close()
    host.step(app)
    assert host.sink.live_handles == 0
