"""app.seen: which entities the last frame had in view; casters of shadows behind the camera are not."""

from __future__ import annotations

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost

RADIUS = np.sqrt(3) / 2  # of a box's sphere


def make() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(size=(100, 100))
    app = lw.App(host=host)
    app.camera.position = np.zeros(3)
    app.camera.look_at((0.0, 0.0, -1.0))
    app.sun.elevation = 0.8
    return app, host


@pytest.mark.parametrize("static", [False, True])
def test_seen_are_those_whose_spheres_touch_the_view(static: bool) -> None:
    app, host = make()
    app.spawn(lw.Mesh.sphere(), position=(0, 0, -5))  # another row in front of them
    places = np.random.default_rng(4).uniform(-40, 40, (300, 3)).astype(np.float32)
    boxes = app.spawn_many(lw.Mesh.box(), 300, position=places, static=static)
    glass = app.spawn_many(lw.Mesh.box(), 300, lw.Material(color=(1, 1, 1, 0.5)), position=places, static=static)
    assert len(app.seen(boxes)) == 0, "nothing was drawn yet"
    host.step(app, 3)
    slope = np.tan(app.camera.fov_y / 2)
    x, y, z = places.astype(np.float64).T
    edge = RADIUS * np.hypot(1, slope)  # a sphere touches a plane of the view
    inside = (np.abs(x) <= -z * slope + edge) & (np.abs(y) <= -z * slope + edge) & (-z >= -RADIUS)
    assert 10 < inside.sum() < 150
    if static:  # by cells: some beside the view are drawn too
        assert set(app.seen(boxes)) >= set(np.flatnonzero(inside))
    else:
        assert np.array_equal(app.seen(boxes), np.flatnonzero(inside))
    assert np.array_equal(app.seen(glass), np.flatnonzero(inside))
    assert host.sink.cast_instances > inside.sum() + 1, "casters of shadows are drawn besides"
    assert host.request_report(app)["seen"] == 1 + len(app.seen(boxes)) + inside.sum()


def test_hidden_and_despawned_ones_are_not_seen_and_the_answer_is_a_copy() -> None:
    app, host = make()
    boxes = app.spawn_many(lw.Mesh.box(), 3, position=[(-1, 0, -6), (0, 0, -6), (1, 0, -6)])
    one = app.spawn(lw.Mesh.box(), position=(0, 1, -6))
    host.step(app, 2)
    first = app.seen(boxes)
    assert first.tolist() == [0, 1, 2] and app.seen(one).tolist() == [0]
    boxes.position[1] = (0, 0, 6)
    host.step(app)
    assert app.seen(boxes).tolist() == [0, 2] and first.tolist() == [0, 1, 2]
    boxes.despawn()
    with pytest.raises(lw.HandleError):
        app.seen(boxes)
    host.step(app)
    assert app.seen(one).tolist() == [0]


@pytest.mark.parametrize("static", [False, True])
def test_moving_turning_and_looking_are_as_assignments_are(static: bool) -> None:
    app, host = make()
    far, named = ((0.0, 0.0, 900.0), {"static": static})
    one, other = (app.spawn(lw.Mesh.box(1, 1, 9), position=far, **named) for _ in range(2))
    host.step(app, 3)
    assert not len(app.seen(one)) and app.raycast((5, 0, -9), (-1, 0, 0)) is None
    one.move(x=-4.0, z=-909.0)
    one.rotate(y=np.pi / 2)
    other.position, other.rotation = (-4.0, 0.0, -9.0), (0.0, np.sqrt(0.5), 0.0, np.sqrt(0.5))
    assert one.position.tolist() == other.position.tolist() and np.allclose(one.rotation, other.rotation)
    host.step(app, 2)
    assert len(app.seen(one)) == len(app.seen(other)) == 1
    columns = host.sink.columns  # what the GPU has
    assert np.array_equal(columns[0][one.first_row], columns[0][other.first_row])
    assert np.array_equal(columns[1][one.first_row], one.rotation) and one.rotation[1] > 0.7
    hit = app.raycast((5, 0, -9), (-1, 0, 0))
    assert hit is not None and hit.distance == pytest.approx(4.5)
    one.look_at((-4.0, 0.0, 30.0))
    other.look_at((-4.0, 0.0, 30.0))
    host.step(app, 2)
    hit = app.raycast((5, 0, -9), (-1, 0, 0))
    assert hit is not None and hit.distance == pytest.approx(8.5) and abs(one.rotation[1]) == pytest.approx(1)
    one.move(x=3.0e38)
    with pytest.raises(lw.LayerwError, match="finite"):
        one.move(x=3.0e38)
    assert np.isfinite(one.position).all()
