"""Lights of tiles shine where they stand, while their tile is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from layerw.assets.gltf import parse
from layerw.assets.nodes import TILE_LIGHTS_MAX
from layerw.assets.plan import make_plan
from layerw.hosts.containers import split_model
from tests.unit.test_tile_formats import shown
from tests.unit.test_transfers import glb
from tests.unit.tile_files import TRIANGLE, i3dm

SPOT = {"type": "spot", "color": [1, 0, 0], "intensity": 40, "range": 9, "spot": {"outerConeAngle": 0.4}}


def lit(lights: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> bytes:
    """The triangle, with lamps beside it."""
    text, binary, _ = split_model(TRIANGLE)
    document = json.loads(text)
    document["extensionsUsed"] = ["KHR_lights_punctual"]
    document["extensions"] = {"KHR_lights_punctual": {"lights": lights}}
    first = len(document["nodes"])
    document["nodes"] += nodes
    document["scenes"][0]["nodes"] += range(first, len(document["nodes"]))
    return glb(document, binary)


def lamp(number: int, **node: Any) -> dict[str, Any]:
    return {"extensions": {"KHR_lights_punctual": {"light": number}}, **node}


def test_a_tile_shines_while_it_is_drawn(tmp_path: Path) -> None:
    data = lit([SPOT], [lamp(0, translation=[0, 3, 0], rotation=[-(0.5**0.5), 0, 0, 0.5**0.5])])
    app, _ = shown(tmp_path, data, "a.glb", transform=[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 7, 2, 1])
    host: Any = app._engine.host
    (found,) = app._engine.contents.worlds[0]._lights._lit.values()
    (light,) = found[1]
    np.testing.assert_allclose(light.position, (5.0, 5.0, -7.0), atol=1e-5)
    assert (light.kind, light.intensity, light.range) == ("spot", 40.0, 9.0)
    np.testing.assert_allclose(np.abs(light.rotation), (0.5**0.5, 0, 0, 0.5**0.5), atol=1e-6)
    host.step(app, 2)
    assert app.report()["lights"]["count"] == 1 and not host.errors
    host.lose_device()
    host.step(app, 60)
    assert app.report()["lights"]["count"] == 1, "and again after the device was lost, once"
    app.camera.look_at((0.0, 5.0, 900.0))
    host.step(app, 5)
    assert app.report()["lights"]["count"] == 0, "its tile is not seen"
    app.camera.look_at((0.0, 0.0, 0.0))
    host.step(app, 30)
    assert app.report()["lights"]["count"] == 1
    app._engine.contents.worlds[0].close()
    host.step(app, 3)
    assert app.report()["lights"]["count"] == 0
    app.close()


def test_a_lamp_that_the_program_took_away_hurts_nobody(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, lit([SPOT], [lamp(0), lamp(0)]), "a.glb")
    host: Any = app._engine.host
    (world,) = app._engine.contents.worlds
    ((_, (light, other)),) = world._lights._lit.values()
    light.despawn()
    app.camera.look_at((0.0, 5.0, 900.0))
    host.step(app, 5)
    assert not host.errors and not other.alive
    app.camera.look_at((0.0, 0.0, 0.0))
    host.step(app, 30)
    ((_, (light, _)),) = world._lights._lit.values()
    light.despawn()
    world.close()
    host.step(app, 3)
    assert app.report()["lights"]["count"] == 0 and not host.errors
    app.close()


def test_what_is_not_a_light_is_left_out() -> None:
    def plan_of(data: bytes) -> Any:
        text, binary, _ = split_model(data)
        return make_plan(parse(text, len(binary)), "a.glb", np.eye(4))

    wrong = plan_of(lit([{"type": "lava"}], [lamp(0), lamp(9)]))
    assert wrong.nodes == [] and len(wrong.warnings) == 2 and len(wrong.meshes) == 1
    many = plan_of(lit([SPOT], [lamp(0)] * (TILE_LIGHTS_MAX + 3)))
    assert len(many.nodes) == TILE_LIGHTS_MAX and "3 lights are left out" in many.warnings[-1]
    assert plan_of(lit([SPOT], [])).nodes == []


def test_lights_of_instances_shine_where_each_stands(tmp_path: Path) -> None:
    places = [(0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (0.0, 4.0, 1.0)]
    model = lit([SPOT], [lamp(0, translation=[0, 2, 0], rotation=[-(0.5**0.5), 0, 0, 0.5**0.5])])
    app, draw = shown(tmp_path, i3dm(places, model=model), "a.i3dm")
    host: Any = app._engine.host
    (found,) = app._engine.contents.worlds[0]._lights._lit.values()
    # Z up in the tile's places, Y up in the scene
    np.testing.assert_allclose([light.position for light in found[1]], [(0, 2, 0), (3, 2, 0), (0, 3, -4)], atol=1e-5)
    assert all(light.kind == "spot" for light in found[1]) and len(draw.mesh) == 3
    np.testing.assert_allclose(np.abs(found[1][2].rotation), (0.5**0.5, 0, 0, 0.5**0.5), atol=1e-6)
    host.step(app, 2)
    assert app.report()["lights"]["count"] == 3 and not host.errors
    app.close()


def test_more_lights_of_instances_than_a_tile_has_are_left_out_and_told(tmp_path: Path) -> None:
    places = [(0.1 * number, 0.0, 0.0) for number in range(TILE_LIGHTS_MAX + 5)]
    app, _ = shown(tmp_path, i3dm(places, model=lit([SPOT], [lamp(0)])), "a.i3dm")
    (found,) = app._engine.contents.worlds[0]._lights._lit.values()
    assert len(found[1]) == TILE_LIGHTS_MAX
    assert found[0][0].warnings == [f"5 lights of instances are left out: a tile has at most {TILE_LIGHTS_MAX}."]
    app.close()
