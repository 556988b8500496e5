"""Layers: which views draw what, down the hierarchy, of static and moving things alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost


def make() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(".", size=(64, 64), options={"width": 64, "height": 64})
    app = lw.App(host=host)
    app.camera.position = np.array((0.0, 0.0, 20.0))
    app.camera.look_at((0, 0, 0))
    return app, host


def seen(app: lw.App, entities: lw.Entities) -> list[int]:
    return np.asarray(app.seen(entities)).tolist()


@pytest.mark.parametrize("static", [False, True])
def test_a_view_draws_the_layers_it_names(static: bool) -> None:
    app, host = make()
    boxes = app.spawn_many(lw.Mesh.box(0.1), 8, static=static, position=np.linspace((-2, 0, 0), (2, 0, 0), 8))
    boxes.layer = np.arange(8) % 4
    host.step(app, 2)
    assert seen(app, boxes) == list(range(8)) and app.view.layers is None
    app.view.layers = (0, 3)
    host.step(app, 1)
    assert seen(app, boxes) == [0, 3, 4, 7] and app.view.layers == {0, 3}
    app.view.layers = 31
    host.step(app, 1)
    assert seen(app, boxes) == [] and app.report()["errors"] == []
    app.view.layers = None
    host.step(app, 1)
    assert seen(app, boxes) == list(range(8))


def test_each_view_has_its_own() -> None:
    app, host = make()
    marks = app.spawn_many(lw.Mesh.box(0.1), 5)
    marks.layer = 2
    camera = lw.Camera(position=(0, 0, 20))
    host.step(app, 2)
    before = host.sink.instances
    other = app.add_view(camera, viewport=(0.5, 0.5, 0.5, 0.5))
    app.view.layers, other.layers = 0, 2
    host.step(app, 2)
    assert seen(app, marks) == [] and host.sink.instances == before, "the five boxes are in the small view alone"


def test_children_are_in_their_parents_layer_unless_they_have_their_own() -> None:
    app, host = make()
    root, child, own, below = (app.spawn(lw.Mesh.box(0.1)) for _ in range(4))
    child.parent, own.parent, below.parent = root, root, own
    root.layer, own.layer = 4, 5
    app.view.layers = 4
    host.step(app, 2)
    assert [len(seen(app, one)) for one in (root, child, own, below)] == [1, 1, 0, 0]
    own.layer = 0
    host.step(app, 1)
    assert [len(seen(app, one)) for one in (root, child, own, below)] == [1, 1, 1, 1]
    child.parent = None
    host.step(app, 1)
    assert child.layer == 0 and [len(seen(app, one)) for one in (root, child)] == [1, 0]


def test_a_new_entity_is_in_layer_0_whatever_had_its_row() -> None:
    app, host = make()
    group = app.spawn_many(lw.Mesh.box(0.1), 4)
    group.layer = 7
    assert group.layer.tolist() == [7, 7, 7, 7] and group[1].layer == 7
    group.despawn()
    assert app.spawn_many(lw.Mesh.box(0.1), 4).layer.tolist() == [0, 0, 0, 0]


def test_rows_that_come_without_entities_are_in_layer_0() -> None:
    app, host = make()
    box = app.spawn(lw.Mesh.box(0.1))
    box.layer = 3
    app.view.layers = 3
    host.step(app, 1)
    table = app._engine.table
    first = table.reserve_transient(4096)  # as tiles do
    bits = table.layers.bits(table)
    assert bits is not None and bits[first + 4095] == 1 and bits[box.first_row] == 1 << 3


@pytest.mark.parametrize("value", [32, -1, 1.5, "front", [0, 1, 2], None, True, [0, 99]])
def test_what_is_no_layer_is_refused_at_its_line(value: Any) -> None:
    app, _ = make()
    pair = app.spawn_many(lw.Mesh.box(0.1), 2)
    with pytest.raises(lw.LayerwError):
        pair.layer = value
    assert pair.layer.tolist() == [0, 0]
    if value is not None and value != [0, 1, 2]:
        with pytest.raises(lw.LayerwError):
            app.view.layers = value
        assert app.view.layers is None
