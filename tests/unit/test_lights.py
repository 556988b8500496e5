"""Lights of a scene: what a program may write, what the GPU gets of it, and what is told where there are too many."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import layerw as lw
from layerw.gpu import spec
from layerw.hosts.headless import HeadlessHost

FRAME_MEMBERS = dict(spec.FRAME_BLOCK)


def make(**budgets: float) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(".", size=(160, 90), options={"width": 160, "height": 90})
    app = lw.App(host=host, budgets=lw.Budgets(**budgets))
    app.camera = lw.Camera((0, 0, 10))
    return app, host


def rows(host: HeadlessHost, view: int = 0) -> np.ndarray:
    return host.sink.lights[view]


def uniform(host: HeadlessHost, name: str) -> np.ndarray:
    member = next(one for one in spec.members(spec.FRAME_BLOCK) if one.name == name)
    return host.sink.block[member.word : member.word + member.words]


def drawn(host: HeadlessHost) -> tuple[int, int]:
    """How many lights the last view's uniforms say: those everywhere, and the others."""
    return int(uniform(host, "light_view")[3]), int(uniform(host, "light_grid")[2])


def listed(host: HeadlessHost) -> set[int]:
    """The rows that any cluster lists."""
    words = host.sink.light_lists[0]
    clusters = spec.CLUSTERS_ACROSS * spec.CLUSTERS_DOWN * spec.CLUSTERS_DEEP
    total = int((words[:clusters] >> 24).sum())
    return set(words[clusters:].view(np.uint16)[:total].tolist())


def test_a_point_light_is_a_row_relative_to_the_camera() -> None:
    app, host = make()
    lamp = app.light("point", position=(0, 2, 0), color="white", intensity=500.0, range=20.0)
    host.step(app, 1)
    assert np.allclose(rows(host), [[0, 2, -10, 1 / 400, 500, 500, 500, 1, 0, 0, 0, 0]])
    assert drawn(host) == (0, 1) and listed(host) == {0}
    assert (lamp.kind, lamp.intensity, lamp.range) == ("point", 500.0, 20.0)
    assert app.report()["lights"] == {"count": 1, "in_view": 1} and app.report()["errors"] == []


def test_everything_of_a_light_can_be_written() -> None:
    app, host = make()
    lamp = app.light("spot", position=(0, 2, 0), direction=(0, -3, 0), inner_angle=0.2, outer_angle=0.5)
    host.step(app, 1)
    cosines = math.cos(0.2), math.cos(0.5)
    scale = 1 / (cosines[0] - cosines[1])
    assert np.allclose(rows(host)[0, 7:], [-cosines[1] * scale, 0, -1, 0, scale], atol=1e-5)
    lamp.position, lamp.color, lamp.intensity, lamp.range = (1, 2, 3), "red", 7.0, 5.0
    lamp.direction, lamp.inner_angle, lamp.outer_angle = (1, 0, 0), 0.1, 0.3
    host.step(app, 1)
    scale = 1 / (math.cos(0.1) - math.cos(0.3))
    assert np.allclose(rows(host)[0], [1, 2, -7, 1 / 25, 7, 0, 0, -math.cos(0.3) * scale, 1, 0, 0, scale], atol=1e-4)
    assert np.allclose(lamp.direction, (1, 0, 0), atol=1e-6)
    lamp.position[1] = 4.0
    lamp[lw.Light].intensity = 9.0
    host.step(app, 1)
    assert rows(host)[0, 1] == 4.0 and rows(host)[0, 4] == 9.0
    lamp.range = None
    host.step(app, 1)
    assert math.isclose(rows(host)[0, 3], 0.01 / 9.0, rel_tol=1e-5), "it ends where it gives 0.01 lux"


def test_a_light_moves_with_its_parent_is_hidden_with_it_and_ends_with_it() -> None:
    app, host = make()
    car = app.spawn(lw.Mesh.box(), position=(1, 0, 0))
    lamp = app.light("spot", position=(0, 0, -1), parent=car)
    host.step(app, 1)
    assert np.allclose(rows(host)[0, :3], (1, 0, -11)) and np.allclose(rows(host)[0, 8:11], (0, 0, -1))
    car.rotate(y=math.pi / 2)
    car.scale = (1, 1, -1)
    host.step(app, 1)
    assert np.allclose(rows(host)[0, :3], (2, 0, -10), atol=1e-5), "mirrored along the car's own z"
    assert np.allclose(rows(host)[0, 8:11], (1, 0, 0), atol=1e-6)
    car.visible = False
    host.step(app, 1)
    assert drawn(host) == (0, 0) and app.report()["lights"] == {"count": 0, "in_view": 0}
    car.visible = True
    host.step(app, 1)
    assert drawn(host) == (0, 1)
    car.despawn()
    host.step(app, 1)
    assert drawn(host) == (0, 0) and not lamp.alive
    with pytest.raises(lw.HandleError):
        lamp.intensity = 1.0


def test_directional_lights_come_first_and_are_in_no_cluster() -> None:
    app, host = make()
    app.light("point", position=(0, 1, 0))
    app.light("directional", direction=(0, -1, 0), intensity=4.0, color="#00ff00")
    host.step(app, 1)
    assert drawn(host) == (1, 1) and listed(host) == {1}
    assert np.allclose(rows(host)[0, 3:11], [-1, 0, 4, 0, 0, 0, -1, 0], atol=1e-6)


def test_any_entity_can_shine_and_groups_of_lights_are_arrays() -> None:
    app, host = make()
    crowd = app.spawn_many(lw.Mesh.box(), 40, position=np.random.default_rng(1).uniform(-3, 3, (40, 3)))
    crowd.add(lw.Light, intensity=20.0, range=4.0)
    host.step(app, 1)
    assert drawn(host) == (0, 40)
    app.each(lw.Light)[lw.Light].intensity[:] = 5.0
    host.step(app, 1)
    assert (rows(host)[:, 4] == 5.0).all()
    crowd[:30].remove(lw.Light)
    host.step(app, 1)
    assert drawn(host) == (0, 10)
    crowd[30:][lw.Light].intensity = np.full(10, -1.0)
    host.step(app, 1)
    assert drawn(host) == (0, 0), "what is no intensity does not shine"


def test_nothing_is_sent_while_nothing_moves_and_nothing_at_all_without_lights() -> None:
    app, host = make()
    host.step(app, 2)
    assert "view_lights" not in host.sink.commands
    lamp = app.light("point")
    host.step(app, 3)
    assert host.sink.commands["view_lights"] == 1
    lamp.move(x=1)
    host.step(app, 1)
    app.camera.yaw += 0.1
    host.step(app, 1)
    assert host.sink.commands["view_lights"] == 3
    host.lose_device()
    host.step(app, 2)
    assert host.sink.commands["view_lights"] == 4 and len(rows(host)) == 1, "a new device gets them again"
    assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes


def test_each_view_has_its_own_lights_and_parallel_ones_too() -> None:
    app, host = make()
    app.light("point", position=(0, 0, 0), range=3.0)
    app.light("point", position=(100, 0, 0), range=3.0)
    away = lw.Camera((100, 0, 9), projection=lw.Orthographic(height=4.0))
    away.look_at((100, 0, 0))
    app.add_view(away, viewport=(0, 0, 0.5, 0.5))
    host.step(app, 2)
    assert np.allclose(rows(host, 0)[:, :3], [(0, 0, -10)]) and np.allclose(rows(host, 1)[:, :3], [(0, 0, -9)])
    assert app.report()["errors"] == []


def test_more_lights_than_fit_are_told_once_and_the_strongest_are_drawn() -> None:
    app, host = make()
    many = app.spawn_many(lw.Mesh.box(0.1), 1100, position=np.random.default_rng(2).uniform(-4, 4, (1100, 3)))
    many.add(lw.Light, intensity=np.arange(1100.0) + 1, range=1.0)
    host.step(app, 3)
    many.position += 0.1
    host.step(app, 2)
    told = [text for _, text in host.logs if "1100 lights are in a view" in text]
    assert len(told) == 1 and "1024 are drawn" in told[0]
    assert drawn(host) == (0, 1024)
    assert rows(host)[:, 4].min() > 1, "the weakest are left out"


def test_more_lights_than_a_cluster_holds_are_told_once() -> None:
    app, host = make()
    many = app.spawn_many(lw.Mesh.box(0.1), 100)
    many.add(lw.Light, intensity=np.arange(100.0) + 1, range=30.0)
    host.step(app, 2)
    many.position += 0.1
    host.step(app, 2)
    told = [text for _, text in host.logs if "same part of a view" in text]
    assert len(told) == 1 and "100 lights" in told[0] and "64 are drawn" in told[0]
    assert listed(host) == set(range(64)) and rows(host)[63, 4] == 37.0


def test_a_budget_without_room_draws_without_lights_and_says_so_once() -> None:
    app, host = make()
    store = app._engine.store
    assert store.try_charge(store.left_bytes - 1000)
    app.light("point")
    host.step(app, 3)
    told = [text for _, text in host.logs if "drawn without" in text]
    assert len(told) == 1 and "505344 bytes" in told[0] and "view_lights" not in host.sink.commands


@pytest.mark.parametrize(("kind", "given", "error", "says"), [
    ("pont", {}, lw.ConfigError, "Did you mean 'point'"),
    (3, {}, lw.KindError, "point, spot, directional"),
    ("point", {"intensity": float("nan")}, lw.ConfigError, "Lamp intensity is nan"),
    ("point", {"intensity": -1.0}, lw.ConfigError, "-1.0"),
    ("point", {"intensity": "bright"}, lw.KindError, "Lamp intensity"),
    ("point", {"range": 0.0}, lw.ConfigError, "Lamp range"),
    ("point", {"outer_angle": 0.4}, lw.ConfigError, "A point light has no outer_angle; spot lights do"),
    ("directional", {"range": 4.0}, lw.ConfigError, "point and spot lights do"),
    ("spot", {"inner_angle": 0.5, "outer_angle": 0.4}, lw.ConfigError, "the inner one takes less"),
    ("spot", {"outer_angle": 45.0}, lw.ConfigError, "Lamp outer_angle is 45.0"),
    ("spot", {"direction": (0, 0, 0)}, lw.ShapeError, "no direction"),
    ("spot", {"position": (0, float("inf"), 0)}, lw.ShapeError, "position"),
])
def test_what_cannot_be_is_refused_at_its_line(kind: str, given: dict, error: type, says: str) -> None:
    app, _ = make()
    with pytest.raises(error, match=says):
        app.light(kind, **given)
    assert app.report()["entities"] == 0, "nothing is left behind"


@pytest.mark.parametrize(("name", "value", "error"), [
    ("intensity", float("nan"), lw.ConfigError), ("intensity", -1.0, lw.ConfigError), ("range", 0.0, lw.ConfigError),
    ("range", "far", lw.KindError), ("inner_angle", 1.5, lw.ConfigError), ("outer_angle", 45.0, lw.ConfigError),
    ("direction", (0, 0, 0), lw.ShapeError), ("position", (0, float("nan"), 0), lw.ShapeError),
    ("kind", "point", lw.AttributeMissing), ("intensty", 1.0, lw.AttributeMissing),
    ("casts_shadow", 1, lw.KindError), ("shadows", "yes", lw.KindError),
])
def test_what_cannot_be_written_raises_and_nothing_changes(name: str, value: object, error: type) -> None:
    app, _ = make()
    lamp = app.light("spot")
    with pytest.raises(error, match=name):
        setattr(lamp, name, value)
    assert (lamp.intensity, lamp.range, lamp.inner_angle, lamp.kind) == (100.0, None, 0.0, "spot")
    sun = app.light("directional")
    with pytest.raises(lw.ConfigError, match="A directional light has no range"):
        sun.range = 3.0
    sun.casts_shadow = False
    assert not sun.casts_shadow


def model(tmp_path: Path, lights: list[dict], nodes: list[dict]) -> Path:
    """A glTF file of nodes; `light` of a node is the extension's number."""
    for node in nodes:
        if "light" in node:
            node["extensions"] = {"KHR_lights_punctual": {"light": node.pop("light")}}
    document = {"asset": {"version": "2.0"}, "extensionsUsed": ["KHR_lights_punctual"], "nodes": nodes,
                "extensions": {"KHR_lights_punctual": {"lights": lights}}}  # fmt: skip
    path = tmp_path / "lamps.gltf"
    path.write_text(json.dumps(document))
    return path


def test_each_instance_of_a_model_has_the_lights_of_its_nodes(tmp_path: Path) -> None:
    path = model(tmp_path, [
        {"type": "spot", "color": [1, 0.5, 0], "intensity": 40, "range": 9,
         "spot": {"innerConeAngle": 0.1, "outerConeAngle": 0.4}},
        {"type": "directional", "intensity": 2},
    ], [{"name": "arm", "translation": [0, 3, 0], "rotation": [-(0.5**0.5), 0, 0, 0.5**0.5], "light": 0,
         "children": [1]}, {"light": 1}])  # fmt: skip
    app, host = make()
    one, two = app.load(path), app.load(path, position=(5, 0, 0))
    host.step(app, 8)
    assert one.state == two.state == "ready" and one.warnings == []
    assert [lamp.kind for lamp in one.lights] == ["spot", "directional"]
    lamp = two.lights[0]
    assert (lamp.intensity, lamp.range) == (40.0, 9.0) and math.isclose(lamp.outer_angle, 0.4, rel_tol=1e-6)
    assert app.report()["lights"]["count"] == 4
    spots = rows(host)[rows(host)[:, 3] > 0]
    assert sorted(spots[:, 0]) == [0, 5] and np.allclose(spots[:, 1:3], (3, -10))
    assert np.allclose(spots[:, 8:11], (0, -1, 0), atol=1e-6), "it shines along the node's -Z"
    assert np.allclose(spots[:, 4:7], (40, 20, 0), rtol=0.01)
    lamp.intensity = 1.0
    two.root.visible = False
    host.step(app, 1)
    assert app.report()["lights"]["count"] == 2 and rows(host)[1, 4] == 40.0
    one.close()
    two.close()
    host.step(app, 2)
    assert app.report()["lights"]["count"] == 0 and app.report()["errors"] == []


@pytest.mark.parametrize(("lights", "used", "says"), [
    ([], 0, "has 0 items"), ([{"type": "area"}], 0, "area"), ([{"type": "point", "intensity": "much"}], 0, "intensity"),
    ([{"type": "spot", "spot": 3}], 0, "spot"), ([{"type": "point", "color": [1, 2]}], 0, "color"),
    ([{"type": "point"}], "none", "light"), ([3], 0, "JSON object"),
])
def test_a_broken_light_of_a_file_is_left_out_and_the_model_stays(tmp_path: Path, lights: list, used: object,
                                                                  says: str) -> None:
    app, host = make()
    found = app.load(model(tmp_path, lights, [{"name": "a", "light": used}]))
    host.step(app, 8)
    assert found.state == "ready" and found.lights == [] and len(found.warnings) == 1 and says in found.warnings[0]


def test_odd_numbers_of_a_file_become_a_light_that_can_be(tmp_path: Path) -> None:
    app, host = make()
    found = app.load(model(tmp_path, [{"type": "spot", "intensity": -4, "range": -1, "color": [-1, 9, 0.5],
                                       "spot": {"innerConeAngle": 2, "outerConeAngle": 3}}], [{"light": 0}]))
    host.step(app, 8)
    [lamp] = found.lights
    assert (lamp.intensity, lamp.range) == (0.0, None) and lamp.inner_angle < lamp.outer_angle <= math.pi / 2 + 1e-6
