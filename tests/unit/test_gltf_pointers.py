"""KHR_animation_pointer at every place that layerw draws, and KHR_node_visibility: the numbers halfway are known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.assets.gltf import parse
from layerw.assets.pointers import _NUMBERS, TEXTURES, painted
from layerw.base.material_desc import MaterialDesc
from layerw.base.mathx import uv_matrix
from layerw.content.models import Model
from layerw.gpu import kinds
from layerw.hosts.headless import HeadlessHost
from tests.gltf_features import File


def point(made: File, pointer: str, values: list[Any], mode: str = "LINEAR", kind: str = "<f4", **more: Any) -> None:
    """One more channel of its only animation, from 0 to 1 s."""
    target = {"path": "pointer", "extensions": {"KHR_animation_pointer": {"pointer": pointer}}}
    animation = made.doc.setdefault("animations", [{"name": "go", "samplers": [], "channels": []}])[0]
    animation["channels"].append({"sampler": len(animation["samplers"]), "target": target})
    animation["samplers"].append({"input": made.add(np.array([0, 1], "<f4")), "interpolation": mode,
                                  "output": made.add(np.array(values, kind), **more)})  # fmt: skip


def play(made: File, folder: Path, time: float) -> tuple[lw.App, HeadlessHost, Model]:
    (folder / "a.gltf").write_text(made.text(), "utf-8")
    host = HeadlessHost(folder)
    app = lw.App(host=host)
    model = app.load("a.gltf")
    for _ in range(50):
        host.step(app, 2)
        if model.state != "loading":
            break
    assert (model.state, model.error, model.warnings) == ("ready", "", [])
    playing = model.play("go", fade=0.0, loop=False)
    playing.time, playing.speed = time, 0.0
    host.step(app, 2)
    assert app.report()["errors"] == []
    return app, host, model


def desc_of(app: lw.App, model: Model) -> MaterialDesc:
    (handle,) = model._content.content.materials.values()  # type: ignore[union-attr]
    return app._engine.store.materials[handle].desc


def test_every_number_of_a_material(tmp_path: Path) -> None:
    """One material each."""
    made = File()
    made.doc["materials"] = [{} for _ in _NUMBERS]
    made.doc["meshes"][0]["primitives"] = [made.primitive | {"material": number} for number in range(len(_NUMBERS))]
    for number, (path, (_, width)) in enumerate(_NUMBERS.items()):
        point(made, f"/materials/{number}/{path}", [[0.25] * width, [0.75] * width] if width > 1 else [0.25, 0.75])
    app, _, model = play(made, tmp_path, 0.5)
    layered = {row.name for row in kinds.PARAMETERS if row.layer}
    for number, (name, _) in enumerate(_NUMBERS.values()):
        (handle,) = model._content.content.material_numbers[number]  # type: ignore[union-attr]
        desc = app._engine.store.materials[handle].desc
        assert np.allclose(getattr(desc, name), 0.5, atol=1e-6), name
        expected = "glass" if name == "transmission" else "layered" if name in layered else "pbr"
        assert desc.kind == expected, f"{name}: drawn as what has such a number"


def test_every_parameter_of_a_file_has_a_pointer() -> None:
    """What read_material reads can move as well."""
    of_files = {row.name for row in kinds.PARAMETERS} - {
        "uv_scale", "wind", "water_clarity_m", "detail_strength", "detail_scale_m", "lit"}  # fmt: skip
    assert {name for name, _ in _NUMBERS.values()} == of_files
    assert set(TEXTURES.values()) == {slot.name for slot in kinds.TEXTURES}


def test_a_texture_transform_keeps_what_no_clip_moves(tmp_path: Path) -> None:
    made = File()
    made.image({"TEXCOORD_0": [0.5, 0.5]},
               extensions={"KHR_texture_transform": {"offset": [0.1, 0.2], "rotation": 0.5, "scale": [2, 3]}})
    use = "/materials/0/pbrMetallicRoughness/baseColorTexture/extensions/KHR_texture_transform"
    point(made, f"{use}/rotation", [-1.0, 1.0])
    point(made, f"{use}/scale", [[2, 3], [-2, 3]])
    app, _, model = play(made, tmp_path, 0.25)
    assert np.allclose(desc_of(app, model).uv_transforms["base_color"], uv_matrix(0.1, 0.2, -0.5, 1.0, 3.0), atol=1e-6)
    plan = painted(parse(made.text().encode()))
    assert plan == {0: {"uvs"}}


def test_lights_and_cameras_and_what_is_shown(tmp_path: Path) -> None:
    made = File()
    light, eye = "/extensions/KHR_lights_punctual/lights/0", "/cameras"
    made.doc["extensions"] = {"KHR_lights_punctual": {"lights": [{"type": "spot", "intensity": 1.0, "range": 2.0}]}}
    made.doc["cameras"] = [{"type": "perspective", "name": "eye", "perspective": {"yfov": 1.0, "znear": 0.1}},
                           {"type": "orthographic", "name": "plan",
                            "orthographic": {"xmag": 1, "ymag": 1, "znear": 0.1, "zfar": 9}}]  # fmt: skip
    made.doc["nodes"] += [{"name": "lamp", "extensions": {"KHR_lights_punctual": {"light": 0}}}, {"camera": 0},
                          {"camera": 1}]  # fmt: skip
    made.doc["nodes"][0] |= {"name": "square"}
    made.doc["scenes"] = [{"nodes": [0, 1, 2, 3]}]
    point(made, f"{light}/intensity", [0.0, 10.0])
    point(made, f"{light}/color", [[0, 0, 0], [2, 1, 0]])
    point(made, f"{light}/range", [2.0, 6.0])
    point(made, f"{light}/spot/outerConeAngle", [0.2, 0.4])
    point(made, f"{light}/spot/innerConeAngle", [0.0, 0.9])
    point(made, f"{eye}/0/perspective/yfov", [0.5, 1.5])
    point(made, f"{eye}/0/perspective/znear", [0.1, 0.3])
    point(made, f"{eye}/1/orthographic/ymag", [1.0, 3.0])
    point(made, f"{eye}/1/orthographic/xmag", [1.0, 3.0])
    point(made, "/nodes/0/extensions/KHR_node_visibility/visible", [1, 0], "STEP", "u1")
    app, host, model = play(made, tmp_path, 0.5)
    (lamp,) = model.lights
    assert (lamp.intensity, lamp.range) == (5.0, 4.0)
    assert lamp.color.tolist() == [[255, 188, 0, 255]], "linear (1, 0.5, 0)"
    assert lamp.outer_angle == pytest.approx(0.3) and lamp.inner_angle == pytest.approx(0.299)
    assert model.cameras["eye"].projection.fov_y == 1.0 and model.cameras["eye"].near == pytest.approx(0.2)
    assert model.cameras["plan"].projection.height == 4.0
    assert model["square"].visible
    model.play("go", fade=0.0, loop=False)
    host.step(app, 80)
    assert not model["square"].visible, "at its end"


def test_weights_of_a_mesh_and_one_of_them(tmp_path: Path) -> None:
    made = File()
    made.primitive["targets"] = [{"POSITION": made.add(np.full((4, 3), n, "<f4"))} for n in range(3)]
    made.doc["nodes"] = [{"mesh": 0, "name": "a"}, {"mesh": 0, "name": "b", "weights": [1, 1, 1]}]
    made.doc["scenes"] = [{"nodes": [0, 1]}]
    point(made, "/meshes/0/weights", [0, 0, 0, 1, 2, 3])
    point(made, "/nodes/1/weights/2", [0.0, 0.5])
    _, _, model = play(made, tmp_path, 0.5)
    assert np.allclose(model.weights["a"], [0.5, 1.0, 1.5]) and np.allclose(model.weights["b"], [1, 1, 0.25])


def test_a_hidden_skin_is_hidden_with_its_node_and_tiles_leave_it_out(tmp_path: Path) -> None:
    made = File()
    made.primitive["attributes"] |= {"JOINTS_0": made.add(np.zeros((4, 4), "u1")),
                                     "WEIGHTS_0": made.add(np.tile(np.array([1, 0, 0, 0], "<f4"), (4, 1)))}
    made.doc["skins"] = [{"joints": [1]}]
    made.doc["nodes"] = [{"mesh": 0, "skin": 0, "name": "skinned"}, {"name": "joint"}, {"children": [0, 1]}]
    made.doc["nodes"][2]["extensions"] = {"KHR_node_visibility": {"visible": False}}
    made.doc["scenes"] = [{"nodes": [2]}]
    point(made, "/nodes/2/extensions/KHR_node_visibility/visible", [0, 1], "STEP", "u1")
    app, host, model = play(made, tmp_path, 0.5)
    drawn = [entity for entity in model._nodes if app._engine.table.mesh[entity.first_row]]
    assert len(drawn) == 1 and not drawn[0].visible
    model.play("go", fade=0.0, loop=False)
    host.step(app, 80)
    assert drawn[0].visible
    from layerw.assets.plan import make_plan

    crowd = lw.crowd(app, "a.gltf", 3)
    host.step(app, 40)
    first = crowd.entities._first
    assert crowd.state == "ready" and not app._engine.table.mesh[first : first + 3].any()
    assert len(make_plan(parse(made.text().encode()), "a.gltf", np.eye(4)).meshes) == 1, "its clip may show it"
    del made.doc["animations"]
    assert make_plan(parse(made.text().encode()), "a.gltf", np.eye(4)).meshes == []


@pytest.mark.parametrize("pointer", [
    "/nodes/0/mesh", "/materials/0/pbrMetallicRoughness/x", "/materials/9/alphaCutoff", "/extensions/KHR_x/0", "",
    "/materials/0/normalTexture/extensions/KHR_texture_transform/texCoord", "nodes/0/scale", "/nodes/0/weights",
])  # fmt: skip
def test_other_pointers_are_lines_and_the_rest_plays(pointer: str, tmp_path: Path) -> None:
    made = File()
    point(made, pointer, [0.0, 1.0])
    point(made, "/nodes/0/translation", [[0, 0, 0], [2, 0, 0]])
    (tmp_path / "a.gltf").write_text(made.text(), "utf-8")
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    model = app.load("a.gltf")
    host.step(app, 40)
    assert model.state == "ready" and len(model.warnings) == 1 and "That channel is left out." in model.warnings[0]
    model.play("go", fade=0.0, loop=False).time = 0.5
    host.step(app, 1)
    assert math.isclose(model["node 0"].position[0, 0] if model["node 0"].position.ndim > 1 else
                        model["node 0"].position[0], 1.0, abs_tol=0.05)  # fmt: skip
