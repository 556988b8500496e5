"""Tiles of 3D Tiles 1.0: what is drawn of each, and that damaged ones are told in a sentence."""

from __future__ import annotations

import json
import math
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.assets.gltf import parse
from layerw.assets.items import GltfError
from layerw.assets.outer_models import OuterModels
from layerw.assets.plan import make_plan
from layerw.gpu import spec
from layerw.hosts.containers import FormatError, split_model
from layerw.hosts.headless import HeadlessHost
from tests.unit.tile_files import TRIANGLE, b3dm, cmpt, i3dm, pnts, tile

SQUARE = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 0.0)]


def shown(folder: Path, data: bytes, name: str = "a.tile", **tileset: Any) -> tuple[lw.App, Any]:
    """The world of one tile, settled."""
    (folder / name).write_bytes(data)
    root = {"boundingVolume": {"sphere": [0, 0, 0, 20]}, "geometricError": 0, "content": {"uri": name}}
    (folder / "tileset.json").write_text(json.dumps(
        {"asset": {"version": "1.0"}, "geometricError": 1, "root": {**root, **tileset}}))  # fmt: skip
    host = HeadlessHost(folder)
    app = lw.App(host=host)
    app.camera.position = (0.0, 5.0, 40.0)
    app.camera.look_at((0.0, 0.0, 0.0))
    world = app.stream("tileset.json")
    host.step(app, 60)
    assert world.settled and not host.errors, host.errors
    return app, world._streamer.draw()


def test_points_stand_in_the_tiles_own_axes(tmp_path: Path) -> None:
    app, draw = shown(tmp_path, pnts([(1.0, 2.0, 3.0)] * 8, bytes(24), {"RTC_CENTER": [10, 0, 0]}))
    assert len(draw.mesh) == 1
    record = app._engine.store.meshes[int(draw.mesh[0])]
    assert spec.TOPOLOGIES[record.topology] == "discs" and record.vertex_count == 8 and not record.index_count
    app.close()


def test_where_points_are_built() -> None:
    plan = plan_of(pnts([(1.0, 2.0, 3.0)], more={"RTC_CENTER": [10, 0, 0]}))
    (mesh,) = plan.meshes
    assert mesh.matrix is not None
    world = (mesh.matrix @ (1.0, 2.0, 3.0, 1.0))[:3]
    np.testing.assert_allclose(world, (11.0, 3.0, -2.0), atol=1e-12)  # Z up becomes Y up


def plan_of(data: bytes) -> Any:
    text, binary, _ = split_model(data)
    z_up = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    world = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
    return make_plan(parse(text, len(binary)), "a.tile", world @ z_up)


def test_quantised_points_and_constant_colours() -> None:
    data = struct.pack("<6H", 0, 0, 0, 65535, 65535, 65535)
    plan = plan_of(tile(b"pnts", {"POINTS_LENGTH": 2, "POSITION_QUANTIZED": {"byteOffset": 0},
                                  "QUANTIZED_VOLUME_OFFSET": [1, 2, 3], "QUANTIZED_VOLUME_SCALE": [10, 20, 30],
                                  "CONSTANT_RGBA": [255, 0, 0, 128]}, data))  # fmt: skip
    (mesh,) = plan.meshes
    assert mesh.accessors["position"].normalized
    np.testing.assert_allclose((mesh.matrix @ (1, 1, 1, 1))[:3], (11, 33, -22), atol=1e-9)
    (material,) = plan.materials.values()
    assert material.desc.kind == "discs" and material.desc.base_color[:3] == (1.0, 0.0, 0.0)


def test_instances_share_a_mesh_and_stand_turned_and_scaled(tmp_path: Path) -> None:
    up = struct.pack("<12f", 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0)  # two ups, two rights
    scale = struct.pack("<2f", 1.0, 2.0)
    more = {"NORMAL_UP": {"byteOffset": 24}, "NORMAL_RIGHT": {"byteOffset": 48}, "SCALE": {"byteOffset": 72}}
    app, draw = shown(tmp_path, i3dm([(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)], more, up + scale))
    assert len(draw.mesh) == 2 and len(set(draw.mesh.tolist())) == 1
    np.testing.assert_allclose(draw.origin, [(1, 3, -2), (4, 6, -5)], atol=1e-6)
    np.testing.assert_allclose(draw.scale, [(1, 1, 1), (2, 2, 2)], atol=1e-6)
    np.testing.assert_allclose(np.abs(draw.rotation[0]), (0, 0, 0, 1), atol=1e-6)
    assert not np.allclose(np.abs(draw.rotation[1]), (0, 0, 0, 1), atol=1e-3)
    assert draw.radius[1] == pytest.approx(2 * draw.radius[0])
    app.close()


def outside(model: bytes, *, count: int = 2) -> bytes:
    """An i3dm whose model lies in another file."""
    places = struct.pack(f"<{3 * count}f", *range(3 * count))
    feature = {"INSTANCES_LENGTH": count, "POSITION": {"byteOffset": 0}}
    return tile(b"i3dm", feature, places, model=model, model_format=0)


def test_instances_of_a_model_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tree.glb").write_bytes(TRIANGLE)
    both = cmpt(outside(b"models/tree.glb  "), outside(b"models/tree.glb", count=3), i3dm([(9.0, 9.0, 9.0)]))
    app, draw = shown(tmp_path, both)
    inside, plain = shown(tmp_path, cmpt(i3dm([(0.0, 1.0, 2.0)]), TRIANGLE))
    assert len(draw.mesh) == 6 and not app.report()["errors"]
    np.testing.assert_allclose(draw.origin[:2], [(0, 2, -1), (3, 5, -4)], atol=1e-6)
    assert set(draw.radius.tolist()) == {plain.radius[0]}
    for one in (app, inside):
        one.close()
    assert app.report()["layer_bytes"] == app.report()["layer_fixed_bytes"]


def test_a_gltf_beside_a_tile_finds_what_lies_beside_itself(tmp_path: Path) -> None:
    text, binary, _ = split_model(TRIANGLE)
    document = json.loads(text)
    document["buffers"][0]["uri"] = "tree.bin"
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tree.gltf").write_text(json.dumps(document))
    (tmp_path / "models" / "tree.bin").write_bytes(binary)
    app, draw = shown(tmp_path, outside(b"models/tree.gltf"))
    assert len(draw.mesh) == 2
    app.close()


@pytest.mark.parametrize("changed", [
    {"buffers": None}, {"buffers": 5}, {"buffers": [None]}, {"buffers": [{"uri": "http://[", "byteLength": 36}]},
    {"images": 5}, {"images": ["x"]}, {"images": [{"uri": "http://["}]}])  # fmt: skip
def test_a_model_outside_whose_members_are_wrong_is_told_with_them(changed: dict[str, Any]) -> None:
    text, _, _ = split_model(outside(b"tree.glb"))
    document = {**json.loads(split_model(TRIANGLE)[0]), **changed}
    outer = OuterModels("w/a.i3dm", text, 1)
    outer.take(outer.sources["w/tree.glb"], json.dumps(document).encode())
    with pytest.raises(GltfError, match=r"The model 'w/tree.glb': .*(array|JSON object|no URL)"):
        outer.documents()


def test_a_tile_can_not_name_a_model_outside_until_memory_ends() -> None:
    text, _, _ = split_model(cmpt(*(outside(b"tree.glb") for _ in range(100))))
    model = split_model(TRIANGLE)[0]
    outer = OuterModels("w/a.cmpt", text, 1)
    outer.take(outer.sources["w/tree.glb"], model)
    assert list(outer.documents()) == ["tree.glb"]
    outer.take(outer.sources["w/tree.glb"], model.replace(b"}", b" " * 100_000 + b"}", 1))
    with pytest.raises(GltfError, match="1 models in other files 100 times"):
        outer.documents()


@pytest.mark.parametrize(("file", "message"), [
    (None, "models/tree.glb is not a file"), (b"no model", "tree.glb"), (i3dm([(0.0, 0.0, 0.0)]), "is a tile"),
    (TRIANGLE[:-8], "tree.glb")])
def test_a_model_outside_that_is_none_fails_its_tile(tmp_path: Path, file: bytes | None, message: str) -> None:
    (tmp_path / "models").mkdir()
    if file is not None:
        (tmp_path / "models" / "tree.glb").write_bytes(file)
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    model = app.load("a.i3dm")
    (tmp_path / "a.i3dm").write_bytes(outside(b"models/tree.glb"))
    host.step(app, 40)
    assert model.state == "failed" and message in model.error, model.error
    app.close()


def test_instancing_of_gltf_in_tiles(tmp_path: Path) -> None:
    text, binary, _ = split_model(TRIANGLE)
    document = json.loads(text)
    start = len(binary) + -len(binary) % 4
    places = struct.pack("<6f", 0, 0, 0, 0, 5, 0)
    document["buffers"][0]["byteLength"] = start + len(places)
    document["bufferViews"].append({"buffer": 0, "byteOffset": start, "byteLength": len(places)})
    document["accessors"].append({"bufferView": len(document["bufferViews"]) - 1, "componentType": 5126, "count": 2,
                                  "type": "VEC3"})  # fmt: skip
    number = len(document["accessors"]) - 1
    document["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": number}}}
    document["extensionsUsed"] = ["EXT_mesh_gpu_instancing"]
    from tests.unit.test_transfers import glb

    app, draw = shown(tmp_path, glb(document, binary.ljust(start, b"\0") + places), "a.glb")
    np.testing.assert_allclose(draw.origin[1] - draw.origin[0], (0, 5, 0), atol=1e-6)
    app.close()


def test_a_composite_shows_all_of_its_parts(tmp_path: Path) -> None:
    inner = cmpt(b3dm({"BATCH_LENGTH": 0, "RTC_CENTER": [1, 2, 3]}), TRIANGLE)
    app, draw = shown(tmp_path, cmpt(pnts(SQUARE), inner, i3dm([(0.0, 0.0, 0.0), (1.0, 1.0, 1.0)])))
    assert len(draw.mesh) == 5 and len(set(draw.mesh.tolist())) == 4
    app.close()


def test_parts_do_not_reach_into_each_other() -> None:
    text, binary, _ = split_model(TRIANGLE)
    document = json.loads(text)
    document["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = 3
    from tests.unit.test_transfers import glb

    with pytest.raises(GltfError, match="accessors"):
        plan_of(cmpt(glb(document, binary), TRIANGLE))


@pytest.mark.parametrize(("data", "message"), [
    (tile(b"pnts", {"POINTS_LENGTH": 1}), "neither POSITION nor"),
    (tile(b"pnts", {"POINTS_LENGTH": 2, "POSITION": {"byteOffset": 0}}, bytes(16)), "takes 24 bytes from byte 0"),
    (tile(b"pnts", {"POINTS_LENGTH": 1 << 40, "POSITION": {"byteOffset": 0}}, bytes(16)), "its table has 16"),
    (tile(b"pnts", {"POINTS_LENGTH": "many"}), "POINTS_LENGTH"),
    (i3dm([(0.0, 0.0, 0.0)], {"INSTANCES_LENGTH": 1 << 33}), "its table has"),
    (tile(b"i3dm", {"INSTANCES_LENGTH": 1, "POSITION": {"byteOffset": 0}}, bytes(16), model=b"a/b.glb",
          model_format=0), "by the URI 'a/b.glb', which was not fetched"),
    (tile(b"i3dm", {"INSTANCES_LENGTH": 1}, bytes(16), model=TRIANGLE, model_format=1), "neither POSITION"),
])  # fmt: skip
def test_what_tables_say_is_checked(data: bytes, message: str) -> None:
    with pytest.raises(GltfError, match=message):
        plan_of(data)


@pytest.mark.parametrize(("data", "message"), [
    (cmpt()[:12] + struct.pack("<I", 5), "has 5 parts, but its bytes end at part 0"),
    (cmpt(b"glTF" + struct.pack("<5I", 2, 24, 4, 7, 0)), "not JSON"),
    (cmpt(b"none" + struct.pack("<3I", 1, 16, 0)), "which is no tile"),
    (i3dm([(0.0, 0.0, 0.0)])[:-4], "cut off"),
    (tile(b"i3dm", {"INSTANCES_LENGTH": 1}, model_format=7), "format 7"),
])  # fmt: skip
def test_damaged_containers(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        split_model(data)


def test_composites_in_composites_end() -> None:
    data = b""
    for _ in range(20):
        data = cmpt(data) if data else cmpt()
    with pytest.raises(FormatError, match="more than 8 deep"):
        split_model(data)


def test_any_damage_is_a_sentence() -> None:
    """1,200 files with some bytes changed: each can be used, or is refused; nothing else comes out."""
    chance = random.Random(5)
    batch = {"height": [1, 2, 3, 4]}
    files = [pnts(SQUARE, bytes(12)), i3dm(SQUARE), cmpt(pnts(SQUARE), b3dm(batch=batch)),
             b3dm({"BATCH_LENGTH": 4}, batch)]  # fmt: skip
    ends = {"used": 0, "refused": 0}
    for number in range(1200):
        data = bytearray(files[number % len(files)])
        for _ in range(chance.choice((1, 1, 2, 8))):
            data[chance.randrange(min(len(data), 400))] = chance.choice((0, 1, 0x22, 0x7B, 0x39, 0x2D, 0xFF))
        try:
            plan = plan_of(bytes(data))
            assert sum(mesh.out_bytes for mesh in plan.meshes) < 1 << 26
            ends["used"] += 1
        except (FormatError, GltfError) as error:
            assert 10 < len(str(error)) < 900 and not math.isnan(len(str(error)))
            ends["refused"] += 1
    assert ends["used"] > 50 and ends["refused"] > 300


def test_no_tile_multiplies_without_end() -> None:
    """Instances that take no bytes (accessors without a view) count all the same."""
    text, binary, _ = split_model(TRIANGLE)
    document = json.loads(text)
    document["accessors"].append({"componentType": 5126, "count": 1 << 19, "type": "VEC3"})
    held = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": len(document["accessors"]) - 1}}}
    document["nodes"] = [{"mesh": 0, "extensions": held} for _ in range(3)]
    document["scenes"] = [{"nodes": [0, 1, 2]}]
    from tests.unit.test_transfers import glb

    with pytest.raises(GltfError, match="1572864 times or more; at most 1048576"):
        plan_of(glb(document, binary))


def test_a_tile_larger_than_the_budget_is_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    """A cloud of 48 MB of discs under 24 MiB: its parent stays, nothing is ever over, the world settles."""
    count = 2_400_000
    (tmp_path / "coarse.pnts").write_bytes(pnts(SQUARE))
    quantised = {"POINTS_LENGTH": count, "POSITION_QUANTIZED": {"byteOffset": 0},
                 "QUANTIZED_VOLUME_OFFSET": [-5, -5, -5], "QUANTIZED_VOLUME_SCALE": [10, 10, 10]}  # fmt: skip
    (tmp_path / "fine.pnts").write_bytes(tile(b"pnts", quantised, bytes(6 * count)))
    child = {"boundingVolume": {"sphere": [0, 0, 0, 20]}, "geometricError": 0, "content": {"uri": "fine.pnts"}}
    (tmp_path / "tileset.json").write_text(json.dumps({"asset": {"version": "1.0"}, "geometricError": 1, "root": {
        "boundingVolume": {"sphere": [0, 0, 0, 20]}, "geometricError": 50, "refine": "REPLACE",
        "content": {"uri": "coarse.pnts"}, "children": [child]}}))  # fmt: skip
    host = HeadlessHost(tmp_path, size=(128, 96))
    app = lw.App(host=host, budgets=lw.Budgets(gpu_mib=24, layer_mib=256))
    app.camera.position = (0.0, 5.0, 40.0)
    app.camera.look_at((0.0, 0.0, 0.0))
    world = app.stream("tileset.json")
    for _ in range(60):
        host.step(app, 10)
        assert app._engine.gpu_ledger.used_bytes <= app._engine.gpu_ledger.budget_bytes
        assert app._engine.layer_ledger.used_bytes <= app._engine.layer_ledger.budget_bytes
    assert len(world._streamer.draw().mesh) == 1 and world.settled
    record = app._engine.store.meshes[int(world._streamer.draw().mesh[0])]
    assert record.vertex_count == len(SQUARE)
    app.close()
