"""Models that move: clips, skins and morphs of files, against numpy; hostile files; what programs say."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.gpu.spec import POSE_LINE
from layerw.hosts.headless import HeadlessHost

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "models"
sys.path.append(str(ROOT / "examples" / "fox"))

from animal import BONES, NUMBER, animal_glb, clips, mesh  # noqa: E402


def uri(data: bytes) -> str:
    return "data:model/gltf-binary;base64," + base64.b64encode(data).decode()


def loaded(data: bytes) -> tuple[lw.App, HeadlessHost, lw.Model]:
    host = HeadlessHost()
    app = lw.App(host=host)
    model = app.load(uri(data))
    host.step(app, 8)
    return app, host, model


def document(data: bytes) -> tuple[dict[str, Any], bytes]:
    size = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20 : 20 + size]), data[28 + size :]


def glb(doc: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(doc).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sIIII", b"glTF", 2, 28 + len(text) + len(body), len(text), 0x4E4F534A)
    return head + text + struct.pack("<II", len(body), 0x004E4942) + body


def edited(path: str, value: Any) -> bytes:
    """The animal with one member replaced, for example animations.0.samplers.0.input; None: taken away."""
    doc, body = document(animal_glb())
    keys = [int(key) if key.isdigit() else key for key in path.split(".")]
    target: Any = doc
    for key in keys[:-1]:
        target = target[key]
    if value is None:
        del target[keys[-1]]
    else:
        target[keys[-1]] = value
    return glb(doc, body)


def posed(host: HeadlessHost, row: int) -> tuple[np.ndarray, np.ndarray]:
    """What the GPU's vertex stage reads for a row, as shaders/posed.wgsl does: joints (n, 3, 4), and morphs' texels."""
    texels = host.sink.pose_lines.reshape(-1, 4)
    table, rows = int(texels[0, 0]), int(texels[0, 1])
    assert row < rows
    head = texels[int(texels[table + row // 4, row % 4])]
    joints = texels[int(head[0]) : int(head[0]) + 3 * len(BONES)].reshape(-1, 3, 4)
    return joints, texels[int(head[3]) :]


def vertices(host: HeadlessHost, row: int) -> np.ndarray:
    """(n, 3): where the GPU draws the animal's vertices, with its full weights."""
    joints, morphs = posed(host, row)
    parts = mesh()
    at = np.concatenate([parts["position"] + morphs[: 3 * len(parts["position"]) : 3, :3],
                         np.ones((len(parts["position"]), 1))], axis=1)  # fmt: skip
    each = np.einsum("vkij,vj->vki", joints.astype(float)[parts["joints"]], at)
    return (each * parts["weights"][:, :, None]).sum(axis=1)


def expected(time: float, name: str) -> np.ndarray:
    """The same from the clips' formulas: keys, spherical interpolation about one axis is interpolation of the angle."""
    seconds, angles = clips()[name]
    now = {bone: float(np.interp(time % seconds[-1], seconds, values)) for bone, values in angles.items()}
    worlds: list[np.ndarray] = []
    for bone, parent, start, *_ in BONES:
        local = np.eye(4)
        local[:3, 3] = np.subtract(start, BONES[NUMBER[parent]][2]) if parent else start
        if not parent:
            local[1, 3] += now.get("lift", 0.0)
        c, s = np.cos(now.get(bone, 0.0)), np.sin(now.get(bone, 0.0))
        local[1:3, 1:3] = [[c, -s], [s, c]]
        worlds.append(worlds[NUMBER[parent]] @ local if parent else local)
    bind = np.tile(np.eye(4), (len(BONES), 1, 1))
    bind[:, :3, 3] = [np.negative(bone[2]) for bone in BONES]
    parts = mesh()
    at = np.concatenate([parts["position"] + now.get("breath", 0.0) * parts["breath"],
                         np.ones((len(parts["position"]), 1))], axis=1)  # fmt: skip
    each = np.einsum("vkij,vj->vki", (np.array(worlds) @ bind)[parts["joints"]], at)[:, :, :3]
    return (each * parts["weights"][:, :, None]).sum(axis=1)


def row_of(model: lw.Model) -> int:
    character = model._character
    assert character is not None
    return character.parts[0][0]


@pytest.mark.parametrize("name", ["Idle", "Walk", "Run"])
def test_vertices_are_where_the_clip_says(name: str) -> None:
    app, host, model = loaded(animal_glb())
    assert model.state == "ready" and model.warnings == [] and set(model.animations) == {"Idle", "Walk", "Run"}
    assert np.allclose(vertices(host, row_of(model)), expected(0, "none") if name == "none" else mesh()["position"],
                       atol=1e-5)  # fmt: skip
    play = model.play(name, fade=0.0)
    for time in (0.0, 0.13, 0.4, 0.777):
        play.time, play.speed = time, 0.0
        host.step(app, 2)
        assert np.allclose(vertices(host, row_of(model)), expected(time, name), atol=1e-5)
    assert app.report()["errors"] == []


def test_a_clip_follows_the_programs_clock() -> None:
    app, host, model = loaded(animal_glb())
    play = model.play("Walk")
    host.step(app, 31)
    before = play.time
    assert 0.45 < before < 0.52
    app.paused = True
    host.step(app, 10)
    paused = play.time
    host.step(app, 10)
    assert play.time == pytest.approx(paused)
    app.paused, app.time_scale = False, 0.5
    host.step(app, 31)
    assert play.time - paused == pytest.approx(0.25, abs=0.02)


def test_clips_fade_into_each_other_and_to_rest() -> None:
    app, host, model = loaded(animal_glb())
    first = model.play("Walk", speed=0.0)
    host.step(app, 2)
    second = model.play("Run", fade=1.0, speed=0.0)
    host.step(app, 31)
    assert first.active and second.active
    leg = model.nodes["arm left"].rotation
    angles = [2 * np.arcsin(float(q)) for q in (leg[0],)]
    ends = [float(clips()[name][1]["arm left"][0]) for name in ("Walk", "Run")]
    assert min(ends) - 1e-6 <= angles[0] <= max(ends) + 1e-6
    host.step(app, 40)
    assert not first.active and second.active
    with pytest.raises(lw.LayerwError, match="is over"):
        _ = first.time
    model.stop(fade=0.2)
    host.step(app, 20)
    assert not second.active and np.allclose(vertices(host, row_of(model)), mesh()["position"], atol=1e-5)


def test_a_mask_moves_what_lies_below_its_nodes() -> None:
    app, host, model = loaded(animal_glb())
    model.play("Run", mask=["chest"], speed=0.0).time = 0.2
    host.step(app, 2)
    rest = [0, 0, 0, 1]
    assert np.allclose(model.nodes["thigh left"].rotation, rest)
    assert not np.allclose(model.nodes["arm left"].rotation, rest, atol=0.01)


def test_a_play_that_does_not_loop_stands_at_its_end() -> None:
    app, host, model = loaded(animal_glb())
    play = model.play("Walk", loop=False)
    host.step(app, 90)
    assert play.ended and play.active and play.time == pytest.approx(play.duration)


def test_a_program_moves_nodes_after_the_clip() -> None:
    app, host, model = loaded(animal_glb())
    model.play("Walk", speed=0.0)

    @app.frame
    def turn(dt: float) -> None:
        model.nodes["head"].rotation = (0, 0.6, 0, 0.8)

    host.step(app, 3)
    assert np.allclose(model.nodes["head"].rotation, (0, 0.6, 0, 0.8))
    joints, _ = posed(host, row_of(model))
    assert joints[NUMBER["head"], 0, 2] == pytest.approx(0.96, abs=0.02)


def test_morph_weights_are_the_programs_where_no_clip_moves_them() -> None:
    app, host, model = loaded(animal_glb())
    model.weights["animal"][0] = 0.5
    host.step(app, 2)
    parts = mesh()
    assert np.allclose(vertices(host, row_of(model)), parts["position"] + 0.5 * parts["breath"], atol=1e-6)


@pytest.mark.parametrize(("call", "message"), [
    (lambda m: m.play("Rum"), "'Walk', 'Run', 'Idle'. Did you mean 'Run'"), (lambda m: m.play(3), "name"),
    (lambda m: m.play("Run", fade=-1), "fade"), (lambda m: m.play("Run", weight=2), "weight"),
    (lambda m: m.play("Run", layer=-1), "layer"), (lambda m: m.play("Run", mask=["hed"]), "Did you mean 'head'"),
    (lambda m: m.stop(fade="a"), "fade"),
])
def test_mistakes_are_told(call: Any, message: str) -> None:
    _, _, model = loaded(animal_glb())
    model.play("Walk")
    with pytest.raises(lw.LayerwError, match=message):
        call(model)


def with_numbers(index: int, values: np.ndarray) -> bytes:
    """The animal with other float32 numbers in an accessor."""
    doc, body = document(animal_glb())
    start = doc["bufferViews"][doc["accessors"][index]["bufferView"]]["byteOffset"]
    data = values.astype("<f4").tobytes()
    return glb(doc, body[:start] + data + body[start + len(data) :])


FALLING = np.array((0, 1, 0.5), np.float32)
BROKEN = [
    (lambda doc: edited("animations.0.channels.0.target.node", None), "names no node"),
    (lambda doc: edited("animations.0.channels.0.target.node", 900), "items"),
    (lambda doc: edited("animations.0.channels.0.target.path", "pointer"), "pointer"),
    (lambda doc: edited("animations.0.channels.0.sampler", 99), "sampler 99"),
    (lambda doc: edited("animations.0.samplers.0.interpolation", "CURVED"), "LINEAR"),
    (lambda doc: edited(f"accessors.{doc['animations'][0]['samplers'][0]['output']}.count", 3), "keys"),
    (lambda doc: edited("animations.0.samplers.0.input", 0), "as keys"),
    (lambda doc: edited("animations", [{}]), "no channel"), (lambda doc: edited("animations", [3]), "JSON object"),
    (lambda doc: with_numbers(doc["animations"][0]["samplers"][0]["input"], FALLING), "keys must rise"),
    (lambda doc: with_numbers(doc["animations"][0]["samplers"][0]["input"], FALLING + np.nan), "no time"),
    (lambda doc: with_numbers(doc["animations"][0]["samplers"][0]["output"], FALLING + np.inf), "no number"),
    (lambda doc: edited("skins.0.joints", []), "0 joints"), (lambda doc: edited("skins.0.joints", [900]), "nodes has"),
    (lambda doc: edited("meshes.0.primitives.0.targets", [{"POSITION": 2}]), "morph targets"),
    (lambda doc: edited("meshes.0.primitives.0.attributes.JOINTS_0", None), "no JOINTS_0"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BROKEN)
def test_what_is_wrong_with_a_file_is_a_line(make: Any, message: str) -> None:
    """It is shown, and what is right of it plays."""
    app, host, model = loaded(make(document(animal_glb())[0]))
    assert model.state == "ready", model.error
    assert any(message in text for text in model.warnings), model.warnings
    for name in model.animations:
        model.play(name)
    host.step(app, 5)
    assert np.isfinite(host.sink.pose_lines).all() and app.report()["errors"] == []


def test_nodes_in_a_circle_fail_the_model() -> None:
    _, _, model = loaded(edited("nodes.1.children", [0]))
    assert model.state == "failed" and "cycles" in model.error


def test_sparse_accessors_and_normalized_keys() -> None:
    """The walk's first rotation as int16, of which a sparse accessor replaces one key."""
    doc, body = document(animal_glb())
    track = next(c for c in doc["animations"][0]["channels"] if c["target"]["path"] == "rotation")
    output = doc["animations"][0]["samplers"][track["sampler"]]["output"]
    count = doc["accessors"][output]["count"]
    keys = np.tile(np.array((0, 0, 0, 32767), "<i2"), (count, 1)).tobytes()
    index, value = np.array([0], "<u2").tobytes() + b"\0\0", np.array((32767, 0, 0, 0), "<i2").tobytes()
    for part in (keys, index, value):
        doc["bufferViews"].append({"buffer": 0, "byteOffset": len(body), "byteLength": len(part)})
        body += part
    first = len(doc["bufferViews"]) - 3
    doc["buffers"][0]["byteLength"] = len(body)
    doc["accessors"][output] = {"bufferView": first, "componentType": 5122, "normalized": True, "type": "VEC4",
                                "count": count, "sparse": {"count": 1, "values": {"bufferView": first + 2}, "indices": {
                                    "bufferView": first + 1, "componentType": 5123}}}  # fmt: skip
    app, host, model = loaded(glb(doc, body))
    assert model.warnings == []
    model.play(doc["animations"][0]["name"], speed=0.0)
    host.step(app, 2)
    node = model.nodes[doc["nodes"][track["target"]["node"]]["name"]]
    assert np.allclose(node.rotation, (1, 0, 0, 0), atol=1e-6)


def test_what_is_gone_takes_nothing_and_others_go_on() -> None:
    app, host, model = loaded(animal_glb())
    other = app.load(uri(animal_glb()), position=(3, 0, 0))
    host.step(app, 8)
    model.play("Run")
    other.play("Walk")
    host.step(app, 5)
    assert len(app._engine._animator._rigs) == 1, "two models of one file share its keys"
    model.close()
    host.step(app, 5)
    assert np.isfinite(vertices(host, row_of(other))).all()
    other.nodes["tail"].despawn()
    host.step(app, 3)
    other.close()
    host.step(app, 3)
    assert len(host.sink.pose_lines) == 0 and app.report()["errors"] == []


def test_a_lost_device_gets_the_poses_again() -> None:
    app, host, model = loaded(animal_glb())
    model.play("Walk", speed=0.0).time = 0.3
    host.step(app, 3)
    before = vertices(host, row_of(model))
    host.lose_device()
    host.step(app, 30)
    assert model.state == "ready" and app.report()["errors"] == []
    if model._character is not None and np.array_equal(host.sink.pose_lines.shape[1:], (4 * POSE_LINE,)):
        assert vertices(host, row_of(model)).shape == before.shape


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside this repository")
def test_fox_runs() -> None:
    host = HeadlessHost(SHARED)
    app = lw.App(host=host)
    fox = app.load("Fox.glb")
    host.step(app, 10)
    assert fox.animations == ["Survey", "Walk", "Run"] and fox.warnings == []
    fox.play("Run")
    start = fox.nodes["b_Head_05"].world_position
    host.step(app, 20)
    assert not np.allclose(fox.nodes["b_Head_05"].world_position, start, atol=0.5)


def test_a_program_without_animated_models_imports_nothing_of_it() -> None:
    code = ("import sys, layerw as lw\nfrom layerw.hosts.headless import HeadlessHost\nhost = HeadlessHost()\n"
            "app = lw.App(host=host)\napp.spawn(lw.Mesh.box())\nhost.step(app, 3)\n"
            "print([name for name in sys.modules if 'animation' in name and name.startswith('layerw')])")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_a_pointer_to_a_node_is_a_target() -> None:
    """KHR_animation_pointer of a node's translation, rotation, scale or weights; other pointers are told."""
    doc, body = document(animal_glb())
    for animation in doc["animations"]:
        for channel in animation["channels"]:
            target = channel["target"]
            pointer = f"/nodes/{target.pop('node')}/{target['path']}"
            channel["target"] = {"path": "pointer", "extensions": {"KHR_animation_pointer": {"pointer": pointer}}}
    app, host, model = loaded(glb(doc | {"extensionsRequired": ["KHR_animation_pointer"]}, body))
    assert model.state == "ready" and model.warnings == []
    play = model.play("Walk", fade=0.0)
    play.time, play.speed = 0.4, 0.0
    host.step(app, 2)
    assert np.allclose(vertices(host, row_of(model)), expected(0.4, "Walk"), atol=1e-5)
    doc["animations"][0]["channels"][0]["target"]["extensions"]["KHR_animation_pointer"]["pointer"] = "/materials/0/x"
    _, _, model = loaded(glb(doc, body))
    assert "points at '/materials/0/x'" in model.warnings[0]


@pytest.mark.parametrize(("mode", "at_quarter"), [("LINEAR", 0.25), ("STEP", 0.0), ("CUBICSPLINE", 0.15625)])
def test_a_pointer_to_a_material_paints_it(mode: str, at_quarter: float) -> None:
    """Its roughness goes from 0 to 1 within a second; the material is that of all models of the file."""
    doc, body = document(animal_glb())
    body += bytes(-len(body) % 4)
    values = [0, 1] if mode != "CUBICSPLINE" else [0, 0, 0, 0, 1, 0]
    data = np.array([0, 1, *values], "<f4").tobytes()
    view, first = len(doc["bufferViews"]), len(doc["accessors"])
    doc["bufferViews"].append({"buffer": 0, "byteOffset": len(body), "byteLength": len(data)})
    doc["buffers"][0]["byteLength"] = len(body) + len(data)
    doc["accessors"] += [{"bufferView": view, "componentType": 5126, "count": 2, "type": "SCALAR"},
                         {"bufferView": view, "byteOffset": 8, "componentType": 5126, "count": len(values),
                          "type": "SCALAR"}]  # fmt: skip
    doc.setdefault("materials", [{}])
    for mesh_ in doc["meshes"]:
        for primitive in mesh_["primitives"]:
            primitive["material"] = 0
    pointer = {"pointer": "/materials/0/pbrMetallicRoughness/roughnessFactor"}
    samplers = [{"input": first, "output": first + 1, "interpolation": mode}]
    target = {"path": "pointer", "extensions": {"KHR_animation_pointer": pointer}}
    doc["animations"].append({"name": "Wear", "samplers": samplers, "channels": [{"sampler": 0, "target": target}]})
    app, host, model = loaded(glb(doc, body + data))
    assert model.state == "ready" and model.warnings == [], (model.error, model.warnings)
    play = model.play("Wear", fade=0.0, loop=False)
    (material,) = model.materials.values()
    for time, expected_ in ((0.0, 0.0), (0.25, at_quarter), (1.0, 1.0)):
        play.time, play.speed = time, 0.0
        host.step(app, 2)
        assert material.roughness == pytest.approx(expected_, abs=1e-6)
    assert app.report()["errors"] == []


def test_joints_that_a_skin_has_not_are_told_and_the_rest_is_shown() -> None:
    described, body = document(animal_glb())
    described["skins"][0]["joints"].pop()
    described["skins"][0].pop("inverseBindMatrices", None)
    _, host, model = loaded(glb(described, body))
    assert model.state == "ready" and host.sink.draws > 0, model.error
    assert [text.partition(";")[0] for text in model.warnings] == [
        "meshes[0].primitives[0]: vertex 256 follows joint 16, but its skin has 16 joints, as 15 others do such joints"]


@pytest.mark.parametrize(("sets", "told"), [(1, ""), (2, "the strongest four move it"),
                                            (3, "the strongest four of the first eight move it")])  # fmt: skip
def test_of_more_than_four_joints_the_strongest_move_a_vertex(sets: int, told: str) -> None:
    """Which are chosen: tests/web/skin.test.mjs."""
    import base64

    from layerw.assets.gltf import parse
    from layerw.assets.plan import make_plan

    place, joints, weights = np.zeros((3, 3), "<f4"), np.arange(12, dtype="u1") % 8, np.full((3, 4), 0.125, "<f4")
    place[1, 0] = place[2, 1] = 1
    data = place.tobytes() + joints.tobytes() + weights.tobytes()
    views = [{"buffer": 0, "byteOffset": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 12},
             {"buffer": 0, "byteOffset": 48, "byteLength": 48}]  # fmt: skip
    kinds = [("VEC3", 5126), ("VEC4", 5121), ("VEC4", 5126)]
    own = (("JOINTS", 1), ("WEIGHTS", 2))
    attributes = {"POSITION": 0} | {f"{name}_{n}": at for n in range(sets) for name, at in own}
    described = {
        "asset": {"version": "2.0"}, "scenes": [{"nodes": list(range(9))}], "scene": 0,
        "nodes": [{"mesh": 0, "skin": 0}, *({"name": f"joint {n}"} for n in range(8))],
        "skins": [{"joints": list(range(1, 9))}], "meshes": [{"primitives": [{"attributes": attributes}]}],
        "accessors": [{"bufferView": n, "componentType": kind, "type": shape, "count": 3, "min": [0, 0, 0],
                       "max": [1, 1, 1]} for n, (shape, kind) in enumerate(kinds)],
        "bufferViews": views,
        "buffers": [{"byteLength": len(data), "uri": "data:application/octet-stream;base64,"
                     + base64.b64encode(data).decode()}],
    }  # fmt: skip
    plan = make_plan(parse(json.dumps(described).encode()), "a.gltf", None)
    assert ("joints1" in plan.meshes[0].accessors) == ("weights1" in plan.meshes[0].accessors) == (sets > 1)
    assert [text for text in plan.warnings if "joints a vertex" in text] == [
        text for text in plan.warnings if told and told in text]  # fmt: skip
    assert bool(told) == any(told in text for text in plan.warnings if told)
