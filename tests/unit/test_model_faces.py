"""What programs see of a loaded model: nodes by name, extras, scenes, variants, cameras, materials, instances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_app_contents import glb, make
from test_packed import as_glb

import layerw as lw
from tests.unit.gltf_support import triangle


def loaded(folder: Path, planted: dict[str, Any], **options: Any) -> tuple[Any, Any, lw.App]:
    (folder / "m.glb").write_bytes(glb(planted=planted))
    app, host = make(folder)
    model = app.load("m.glb", **options)
    host.step(app, 20)
    return model, host, app


def test_nodes_by_name_and_extras(tmp_path: Path) -> None:
    nodes = [{"name": "base", "children": [1], "extras": {"hp": 7}}, {"name": "leaf", "mesh": 0}]
    model, _, _ = loaded(tmp_path, {"nodes": nodes, "extras": [1, 2], "extensions": {
        "KHR_xmp_json_ld": {"packets": [{"dc:title": "x"}]}}})  # fmt: skip
    assert model["leaf"] == model.nodes["leaf"] and model.extras == {"": [1, 2], "base": {"hp": 7}}
    assert model.xmp == [{"dc:title": "x"}] and model.warnings == []
    with pytest.raises(KeyError, match=r"Model has no node 'leef'.*leaf"):
        model["leef"]
    model.close()
    assert (model.extras, model.xmp, model.scenes, model.materials, model.cameras) == ({}, [], [], {}, {})


SCENES = {"scenes": [{"name": "one", "nodes": [0]}, {"nodes": [2]}], "nodes": [
    {"name": "base", "children": [1]}, {"name": "leaf", "mesh": 0}, {"name": "alone", "mesh": 0}]}  # fmt: skip


@pytest.mark.parametrize(("scene", "names"), [(None, {"base", "leaf"}), ("one", {"base", "leaf"}), (1, {"alone"})])
def test_a_scene_is_chosen(tmp_path: Path, scene: Any, names: set[str]) -> None:
    model, _, _ = loaded(tmp_path, SCENES, scene=scene)
    assert set(model.nodes) == names and model.scenes == ["one", "scene 1"]


def test_a_scene_that_there_is_not(tmp_path: Path) -> None:
    model, _, app = loaded(tmp_path, SCENES, scene="two")
    assert model.state == "failed" and "m.glb: It has no scene 'two'; its scenes are 'one', 1." in model.error
    with pytest.raises(lw.LayerwError, match=r"app\.load scene is 1\.5"):
        app.load("m.glb", scene=1.5)


def varied() -> dict[str, Any]:
    primitive = {"attributes": {"POSITION": 0}, "material": 0, "extensions": {"KHR_materials_variants": {"mappings": [
        {"material": 1, "variants": [0]}, {"material": 2, "variants": [1]}]}}}  # fmt: skip
    return {"meshes": [{"primitives": [primitive, {"attributes": {"POSITION": 0}}]}],
            "materials": [{"name": "plain"}, {"name": "red"}, {"name": "glass", "alphaMode": "BLEND"}],
            "extensions": {"KHR_materials_variants": {"variants": [{"name": "Red"}, {"name": "Glass"}]}},
            "extensionsUsed": ["KHR_materials_variants"]}  # fmt: skip


def test_variants_change_what_it_wears(tmp_path: Path) -> None:
    model, host, app = loaded(tmp_path, varied())
    table, row = app._engine.table, model["leaf"].first_row
    handles = model._content.content.materials
    assert model.variants == ["Red", "Glass"] and model.variant is None and model.warnings == []
    for variant, name in (("Red", "red"), ("Glass", "glass"), (None, "plain")):
        model.variant = variant
        assert table.material[row] == handles[name]
        host.step(app, 2)
    with pytest.raises(lw.ConfigError, match="Model.variant is 'Rad'; the file has 'Red', 'Glass'"):
        model.variant = "Rad"
    early = app.load("m.glb")
    early.variant = "Red"
    wrong = app.load("m.glb")
    wrong.variant = "Blue"
    host.step(app, 20)
    assert table.material[early["leaf"].first_row] == handles["red"]
    assert wrong.variant is None and "'Blue'" in wrong.warnings[0]
    for each in (model, early, wrong):
        each.close()
    host.step(app, 3)
    assert host.sink.materials.keys() & set(handles.values()) == set() and host.errors == []


def test_materials_are_read_and_written(tmp_path: Path) -> None:
    model, host, app = loaded(tmp_path, varied())
    plain = model.materials["plain"]
    assert (plain.name, plain.color, plain.metallic, plain.roughness) == ("plain", "#ffffff", 1.0, 1.0)
    plain.color, plain.roughness, plain.metallic, plain.emissive_strength = "red", 0.25, 0.5, 2.0
    other = app.load("m.glb")
    host.step(app, 10)
    assert other.materials["plain"].color == "#ff0000" and other.materials["plain"].roughness == 0.25
    with pytest.raises(lw.LayerwError, match=r"ModelMaterial\.roughness is 3"):
        plain.roughness = 3
    with pytest.raises(AttributeError, match="roughness"):
        plain.roughnes = 3
    model.close()
    other.close()
    with pytest.raises(lw.ConfigError, match="gone with its model"):
        _ = plain.color


def test_cameras_stand_where_their_nodes_do(tmp_path: Path) -> None:
    cameras = [{"name": "close", "type": "perspective", "perspective": {"yfov": 0.7, "znear": 0.02}},
               {"type": "orthographic", "orthographic": {"xmag": 2, "ymag": 3, "znear": 0, "zfar": 9}},
               {"type": "perspective", "perspective": {"yfov": 4}}]  # fmt: skip
    nodes = [{"name": "base", "translation": [0, 1, 0], "children": [1, 2]}, {"name": "leaf", "mesh": 0},
             {"name": "eye", "camera": 0, "translation": [3, 0, 0], "rotation": [0, 0.7071068, 0, 0.7071068]},
             {"name": "plan", "camera": 1}, {"name": "bad", "camera": 2}]  # fmt: skip
    model, _, app = loaded(tmp_path, {"cameras": cameras, "nodes": nodes, "scenes": [{"nodes": [0, 3, 4]}]},
                           position=(0, 0, 5))  # fmt: skip
    assert set(model.cameras) == {"close", "plan"} and "yfov is 4" in model.warnings[0]
    close = model.cameras["close"]
    np.testing.assert_allclose(close.position, (3, 1, 5), atol=1e-6)
    assert close.yaw == pytest.approx(np.pi / 2, abs=1e-5) and close.fov_y == 0.7 and close.near == 0.02
    assert model.cameras["plan"].projection.height == 6.0
    app.camera = close


def test_instances_are_rows(tmp_path: Path) -> None:
    """glb() has points at random: the first three of them are translations here."""
    nodes = [{"name": "base", "translation": [0, 1, 0], "children": [1]}, {"name": "leaf", "mesh": 0, "extensions": {
        "EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": 0}}}}]  # fmt: skip
    model, host, app = loaded(tmp_path, {"nodes": nodes, "extensionsRequired": ["EXT_mesh_gpu_instancing"]})
    assert model.state == "ready", model.error
    assert model.warnings == [] and model.animations == []
    points = np.random.default_rng(2).random((6, 3)).astype("<f4")
    table = app._engine.table
    rows = [entity for entity in model._rows if table.mesh[entity.first_row]]
    assert len(rows) == 12, "two primitives, six times each"
    np.testing.assert_allclose([entity.world_position for entity in rows[:6]], points + np.array([0, 1, 0]), atol=1e-6)
    model.close()
    host.step(app, 2)
    assert app.report()["entities"] == 0 and host.errors == []


def test_instances_that_are_not_as_many(tmp_path: Path) -> None:
    node = {"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": {}}}}
    model, _, _ = loaded(tmp_path, {"nodes": [node], "scenes": [{"nodes": [0]}]})
    assert model.state == "ready" and "give [] instances" in model.warnings[0]


# -- metadata ----------------------------------------------------------------------------------------------------
def with_tables() -> tuple[dict[str, Any], bytes]:
    """Three houses: heights, names, flags, kinds, places and floors; and ids of the triangle's vertices."""
    parts = {"height": np.array([1.5, 2.5, 9], "<f4").tobytes(), "name": "ab\u00e9x".encode(),
             "names": bytes([0, 1, 4, 5]), "old": bytes([0b101]), "kind": np.array([1, 0, 1], "<u2").tobytes(),
             "place": np.arange(6, dtype="<i2").tobytes(), "floors": bytes([7, 8, 9]), "ends": bytes([0, 1, 1, 3]),
             "ids": np.array([2, 0, 1], "<f4").tobytes()}  # fmt: skip
    doc = triangle()
    binary = np.array([0, 0, 0, 1, 0, 0, 0, 2, 0], "<f4").tobytes() + np.array([0, 1, 2, 0], "<u2").tobytes()
    views = {}
    for name, data in parts.items():
        views[name] = len(doc["bufferViews"])
        binary += bytes(-len(binary) % 4)
        doc["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
        binary += data
    properties = {"height": {"type": "SCALAR", "componentType": "FLOAT32"}, "name": {"type": "STRING"},
                  "old": {"type": "BOOLEAN"}, "kind": {"type": "ENUM", "enumType": "Kind"},
                  "place": {"type": "VEC2", "componentType": "INT16", "scale": [2, 2], "offset": [1, 0]},
                  "floors": {"type": "SCALAR", "componentType": "UINT8", "array": True}}  # fmt: skip
    table = {name: {"values": views[name]} for name in properties}
    table["name"] |= {"stringOffsets": views["names"], "stringOffsetType": "UINT8"}
    table["floors"] |= {"arrayOffsets": views["ends"], "arrayOffsetType": "UINT8"}
    doc["extensions"] = {"EXT_structural_metadata": {
        "schema": {"id": "s", "classes": {"house": {"properties": properties}}, "enums": {"Kind": {"values": [
            {"name": "Home", "value": 0}, {"name": "Shop", "value": 1}]}}},
        "propertyTables": [{"name": "houses", "class": "house", "count": 3, "properties": table}]}}  # fmt: skip
    doc["accessors"].append({"bufferView": views["ids"], "componentType": 5126, "count": 3, "type": "SCALAR"})
    primitive = doc["meshes"][0]["primitives"][0]
    primitive["attributes"]["_FEATURE_ID_0"] = 2
    primitive["extensions"] = {"EXT_mesh_features": {"featureIds": [
        {"featureCount": 3, "attribute": 0, "propertyTable": 0, "label": "which"}, {"featureCount": 3}]}}  # fmt: skip
    return doc, binary


def test_tables_are_columns_and_features_ids(tmp_path: Path) -> None:
    doc, binary = with_tables()
    (tmp_path / "m.glb").write_bytes(as_glb(doc, binary))
    app, host = make(tmp_path)
    model = app.load("m.glb")
    host.step(app, 20)
    assert (model.state, model.warnings) == ("ready", []), model.error
    houses = model.tables["houses"]
    assert houses["height"].tolist() == [1.5, 2.5, 9] and houses["name"].tolist() == ["a", "b\u00e9", "x"]
    assert houses["old"].tolist() == [True, False, True] and houses["kind"].tolist() == ["Shop", "Home", "Shop"]
    assert houses["place"].tolist() == [[1, 2], [5, 6], [9, 10]]
    assert [floors.tolist() for floors in houses["floors"]] == [[7], [], [8, 9]]
    named, implicit = model.features
    assert (named.label, named.table, named.feature_count, named.ids.tolist()) == ("which", "houses", 3, [2, 0, 1])
    assert implicit.ids.tolist() == [0, 1, 2] and houses["name"][named.ids[0]] == "x"


def test_a_table_that_lies_is_left_out(tmp_path: Path) -> None:
    doc, binary = with_tables()
    table = doc["extensions"]["EXT_structural_metadata"]["propertyTables"][0]
    table["count"] = 40
    table["properties"]["old"] = {}
    (tmp_path / "m.glb").write_bytes(as_glb(doc, binary))
    app, host = make(tmp_path)
    model = app.load("m.glb")
    host.step(app, 20)
    assert model.state == "ready" and model.tables == {"houses": {}} and len(model.warnings) == 6
    assert any("It has 3 values; 40 are needed." in text for text in model.warnings)
