"""What glTF says beyond plain triangles: skins in their rest pose, accessors of zeros, unlit materials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from layerw.assets.gltf import parse
from layerw.assets.items import GltfError
from layerw.assets.plan import ContentPlan, make_plan
from layerw.assets.primitives import descriptor
from layerw.gpu import spec
from layerw.gpu.kinds import MATERIAL_BLOCK, slots
from layerw.gpu.packing import pack_material
from layerw.gpu.spec import members
from tests.unit.gltf_support import Json, payload, triangle


def plan(doc: Json, flatten: np.ndarray[Any, np.dtype[np.float64]] | None = None) -> ContentPlan:
    return make_plan(parse(payload(doc), 10_000), "models/m.glb", flatten)


def edited(path: str, value: Any, doc: Json | None = None) -> Json:
    """A document (a triangle) with one member replaced, for example accessors.0.count."""
    doc = doc or triangle()
    keys = [int(key) if key.isdigit() else key for key in path.split(".")]
    target: Any = doc
    for key in keys[:-1]:
        target = target[key]
    target[keys[-1]] = value
    return doc


def skinned() -> Json:
    """A triangle that follows one joint below a turned and scaled armature, as exporters write them."""
    doc = triangle()
    half = math.sqrt(0.5)
    doc["nodes"] = [{"name": "armature", "children": [1, 2], "rotation": [-half, 0, 0, half], "scale": [0.01] * 3},
                    {"name": "joint", "translation": [0, 100, 0]}, {"mesh": 0, "skin": 0, "translation": [5, 0, 0]}]
    doc["skins"] = [{"joints": [1], "inverseBindMatrices": 4}]
    doc["accessors"] += [{"componentType": 5121, "count": 3, "type": "VEC4"},
                         {"componentType": 5126, "count": 3, "type": "VEC4"},
                         {"componentType": 5126, "count": 1, "type": "MAT4"}]
    doc["meshes"][0]["primitives"][0]["attributes"] |= {"JOINTS_0": 2, "WEIGHTS_0": 3}
    return doc


def test_a_skinned_mesh_ignores_its_node_and_is_posed_by_its_joints() -> None:
    made = plan(skinned())
    mesh = made.meshes[0]
    row = mesh.nodes[0]
    assert made.nodes[row].parent == -1 and made.nodes[row].translation == (0, 0, 0)
    assert mesh.flags == spec.MESH_BUILD_POSED | spec.MESH_BUILD_FLAT_NORMALS
    words = descriptor(mesh, {0: 7})
    assert words[5] == 1 and (mesh.skin, made.rig.skins[0].joints) == (0, [1])
    tile = plan(skinned(), np.eye(4)).meshes[0]  # nothing moves it: it is posed once
    assert tile.flags == spec.MESH_BUILD_SKIN | spec.MESH_BUILD_FLAT_NORMALS
    wanted = [[0.01, 0, 0, 0], [0, 0, 0.01, 0], [0, -0.01, 0, -1]]
    assert np.allclose(descriptor(tile, {0: 7})[-12:].view(np.float32).reshape(3, 4), wanted, atol=1e-6)
    far = np.eye(4)
    far[:3, 3] = (3, 2, 1)
    words = descriptor(plan(skinned(), far).meshes[0], {0: 7})
    assert np.allclose(words[-12:].view(np.float32).reshape(3, 4)[:, 3], (3, 2, 0), atol=1e-6)
    assert not words[3] & spec.MESH_BUILD_TRANSFORM, "the joints have it already"


@pytest.mark.parametrize(("path", "value", "message"), [
    ("skins.0.joints", [], "has 0 joints"), ("skins.0.joints", [9], "nodes has 3 items"),
    ("skins.0.joints", [1, 1], "2 joints, but 1 inverse"), ("accessors.4.type", "MAT3", "as inverse_bind"),
])
def test_broken_skins_are_told(path: str, value: object, message: str) -> None:
    made = plan(edited(path, value, skinned()))
    assert made.meshes[0].skin == -1 and any(message in text for text in made.warnings)
    made = plan(edited(path, value, skinned()), np.eye(4))
    assert made.meshes[0].pose is None and any(message in text for text in made.warnings)


def test_an_accessor_without_a_view_is_zeros() -> None:
    doc = triangle()
    doc["accessors"].append({"componentType": 5126, "count": 3, "type": "VEC4"})
    doc["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"] = 2
    mesh = plan(doc).meshes[0]
    words = descriptor(mesh, {0: 7})
    assert mesh.buffers == {0} and words[-8:].tolist() == [5, 0, 0, 0, 5126, 4, 0, 3]
    with pytest.raises(GltfError, match="no bufferView"):
        plan(edited("accessors.1", {"componentType": 5123, "count": 3, "type": "SCALAR"}))


def test_unlit_is_the_base_colour_only_and_lines_without_normals_are_unlit() -> None:
    doc = edited("materials.0", {"emissiveFactor": [1, 1, 1], "extensions": {"KHR_materials_unlit": {}},
                                 "pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.1, 0.05, 1]}})
    desc = plan(doc).materials[0, False].desc
    assert desc.kind == "unlit" and desc.emissive == (0, 0, 0) and desc.base_color == (0.8, 0.1, 0.05, 1)
    for mode, kind in ((0, "unlit"), (2, "unlit"), (4, "pbr")):
        made = plan(edited("meshes.0.primitives.0.mode", mode))
        assert made.materials[made.meshes[0].material].desc.kind == kind


def test_each_texture_has_its_own_transform() -> None:
    doc = triangle(textures=2)
    transform = {"KHR_texture_transform": {"offset": [0.5, 0.25], "scale": [2, 4], "rotation": math.pi / 2}}
    doc["materials"][0] = {
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 0, "extensions": transform}},
        "normalTexture": {"index": 1}, "emissiveTexture": {"index": 1, "extensions": transform},
    }
    material = plan(doc).materials[0, False]
    assert material.uv_matrix[2] == 0.5 and not any("uvs" in text for text in plan(doc).warnings)
    baked = np.vstack([np.reshape(material.uv_matrix, (2, 3)), (0, 0, 1)])
    assert set(material.desc.uv_transforms) == {"normal"}, "the others have that of the vertices"
    normal = np.reshape(material.desc.uv_transforms["normal"], (2, 3))
    assert (normal @ baked) == pytest.approx(np.eye(3)[:2], abs=1e-6), "it has none: the vertices' own is undone"
    place = next(one for one in members(MATERIAL_BLOCK) if one.name == "uv")
    rows = pack_material(material.desc)[place.word :][: place.words].reshape(-1, 2, 4)[:, :, :3]
    slot = slots("pbr").index("normal")
    assert rows[slot] == pytest.approx(normal)
    assert [row.tolist() for row in np.delete(rows, slot, 0)] == [np.eye(3)[:2].tolist()] * (len(rows) - 1)
