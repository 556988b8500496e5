"""glTF documents: what is read, what is refused, and with which words."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.assets import gltf
from layerw.assets.accessors import resolve_accessor
from layerw.assets.built import result_sphere
from layerw.assets.items import GltfError, Item
from layerw.assets.jobs import scaled_size
from layerw.assets.materials import read_material
from layerw.assets.nodes import _compose, build_tree
from layerw.assets.plan import MAIN, ContentPlan, make_plan
from layerw.assets.primitives import descriptor, list_count
from layerw.assets.uris import resolve_uri
from layerw.gpu import spec
from tests.unit.gltf_support import Json, payload, triangle

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside this repository")


def test_a_baked_tile_asks_for_the_terrain_material() -> None:
    doc = triangle()
    doc["materials"] = [{"extras": {"layerw": {"terrain": {"detailStrength": 9, "detailScale": 3.0}}}}, {"extras": [1]}]
    found = read_material(document(doc), 0).desc
    assert (found.kind, found.detail_strength, found.detail_scale_m) == ("terrain", 2.0, 3.0)
    assert read_material(document(doc), 1).desc.kind == "pbr"


def document(doc: Json) -> gltf.Document:
    return gltf.parse(payload(doc), doc["buffers"][0]["byteLength"] if doc.get("buffers") else -1)


def plan(doc: Json, flatten: np.ndarray[Any, np.dtype[np.float64]] | None = None) -> ContentPlan:
    return make_plan(document(doc), "models/m.glb", flatten)


def edited(path: str, value: Any, **kwargs: Any) -> Json:
    """The triangle with one member replaced, for example accessors.0.count."""
    doc = triangle(**kwargs)
    keys = [int(key) if key.isdigit() else key for key in path.split(".")]
    target: Any = doc
    for key in keys[:-1]:
        target = target[key]
    target[keys[-1]] = value
    return doc


# -- documents -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("text", "message"), [
    (b"{", "can't be read"), (b"\xff\xfe{}", "can't be read"), (b"[1]", "is no object"), (b"{}", "no asset.version"),
    (b'{"asset":{"version":"1.0"}}', "is glTF 1.0; only 2.0"),
    (b'{"asset":{"version":"2.1","minVersion":"2.2"}}', "is glTF 2.2"),
    (b'{"asset":{"version":"2.0"},"extensionsRequired":["KHR_b","EXT_a"]}', "requires EXT_a, KHR_b, which layerw"),
    (b'{"asset":{"version":"2.0"},"x":NaN}', "holds NaN"),
    (b'{"asset":{"version":"2.0"},"x":' + b"[" * 200_000, "nested too deeply|can't be read"),
])  # fmt: skip
def test_broken_documents(text: bytes, message: str) -> None:
    with pytest.raises(GltfError, match=message):
        gltf.parse(text)


@pytest.mark.parametrize(("path", "value", "message"), [
    ("accessors.0.count", 2**62, "count is 4611686018427387904; it must be"),
    ("accessors.0.count", 4, r"accessors\[0\] needs 48 bytes of its buffer view, which has 36"),
    ("accessors.0.byteOffset", 2**32 - 4, r"needs 4294967328 bytes of its buffer view"),
    ("accessors.0.byteOffset", 2, "both must be multiples of 4"),
    ("accessors.0.byteOffset", -4, r"accessors\[0\].byteOffset is -4; it must be an integer of 0 or more"),
    ("accessors.0.count", 0, "count is 0; it must be an integer of 1 or more"),
    ("accessors.0.count", 1.5, "count is 1.5"),
    ("accessors.0.count", True, "count is True"),
    ("accessors.0.type", "VEC2", "is 'VEC2' of component type 5126; as position it must be VEC3"),
    ("accessors.0.componentType", 5125, "component type 5125"),
    ("accessors.0.sparse", {}, r"accessors\[0\].sparse.count is None; it must be an integer of 1 or more"),
    ("accessors.1.componentType", 5126, "as index it must be SCALAR of 5121, 5123, 5125"),
    ("bufferViews.0.byteLength", 45, "ends at byte 45, outside of buffers.0., which has 44"),
    ("bufferViews.0.byteOffset", 2**63, "byteOffset is 9223372036854775808"),
    ("bufferViews.0.byteOffset", 2**40, "outside of buffers.0."),
    ("bufferViews.0.byteStride", 8, "stride of 8; both must be multiples of 4, and the stride at least 12"),
    ("bufferViews.0.byteStride", 256, "stride of 256 bytes; at most 252"),
    ("bufferViews.0.buffer", 5, r"bufferViews\[0\].buffer is 5, but buffers has 1 items"),
    ("bufferViews.0", 3, r"bufferViews\[0\] is 3; it must be a JSON object"),
    ("buffers.0.byteLength", 2**31, "has 2147483648 bytes; at most 1073741824"),
    ("buffers.0.uri", "ftp://x/y", "must be relative, http, https or a data URI"),
    ("buffers.0.uri", 7, r"buffers\[0\].uri is 7; it must be a text"),
    ("nodes.0.mesh", 9, r"nodes\[0\].mesh is 9, but meshes has 1 items"),
    ("nodes.0.children", [0], r"nodes\[0\] is reached twice"),
    ("nodes.0.matrix", [1, 2], "it must be 16 finite numbers"),
    ("nodes.0.scale", [1, 1, 1e999], "can't be read|holds|3 finite numbers"),
    ("meshes.0.primitives.0.mode", 7, "has mode 7; the modes are 0 to 6"),
    ("meshes.0.primitives.0.material", 4, r"meshes\[0\].primitives\[0\].material is 4, but materials has 1 items"),
    ("meshes.0.primitives.0.indices", "x", r"primitives\[0\].indices is 'x'; it must be an integer"),
    ("materials.0.alphaMode", "GLASS", "alphaMode is 'GLASS'; it must be one of OPAQUE"),
    ("materials.0.alphaCutoff", "x", "alphaCutoff is 'x'; it must be a number"),
    ("materials.0.emissiveFactor", [1, 2], "3 finite numbers"),
    ("scene", 3, "scene is 3, but scenes has 1 items"),
    ("meshes", {}, "meshes is {}; it must be an array"),
])  # fmt: skip
def test_broken_models_say_value_and_limit(path: str, value: Any, message: str) -> None:
    with pytest.raises(GltfError, match=message):
        plan(edited(path, value))


def test_a_buffer_larger_than_the_binary_chunk() -> None:
    with pytest.raises(GltfError, match=r"buffers\[0\] declares 44 bytes, but the binary chunk has 40"):
        make_plan(gltf.parse(payload(triangle()), 40), "m.glb", None)
    with pytest.raises(GltfError, match="no uri and the file has no binary chunk"):
        make_plan(gltf.parse(payload(triangle())), "m.gltf", None)


def test_what_draco_packed_beside_plain_data_is_passed_over() -> None:
    doc = edited("meshes.0.primitives.0.extensions", {"KHR_draco_mesh_compression": {"bufferView": 0}})
    assert plan(doc).packed == {}, "the plain data are read"


def test_attribute_counts_must_agree() -> None:
    doc = triangle()
    doc["accessors"].append({"bufferView": 0, "componentType": 5126, "count": 2, "type": "VEC3"})
    doc["meshes"][0]["primitives"][0]["attributes"]["NORMAL"] = 2
    with pytest.raises(GltfError, match="has 3 positions but 2 elements of normal"):
        plan(doc)


@settings(max_examples=300, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
                    | st.text(max_size=8), lambda inner: st.lists(inner, max_size=4)
                    | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=8),
       st.sampled_from(["accessors.0", "accessors.0.count", "accessors.0.byteOffset", "accessors.0.min", "nodes.0",
                        "nodes.0.children", "nodes.0.matrix", "nodes.0.rotation", "nodes.0.skin", "bufferViews.0",
                        "bufferViews.1.byteOffset", "buffers.0", "materials.0", "materials.0.pbrMetallicRoughness",
                        "materials.0.extensions", "materials.0.normalTexture", "scenes.0.nodes", "scenes.0", "scenes",
                        "meshes.0", "meshes.0.primitives", "meshes.0.primitives.0.attributes", "scene", "images",
                        "materials.0.emissiveTexture", "extensions"]))  # fmt: skip
def test_any_json_anywhere_is_read_or_refused(value: Any, path: str) -> None:
    """No other exception than GltfError may come out of a broken file."""
    doc = edited(path, value)
    try:
        root = gltf.parse(json.dumps(doc).encode(), 44)
        made = make_plan(root, "m.glb", None)
        for mesh in made.meshes:
            descriptor(mesh, {0: 1})
            result_sphere(mesh, b"")
    except GltfError:
        pass


# -- accessors -------------------------------------------------------------------------------------------------------
def test_integer_bounds_are_real_numbers() -> None:
    doc = triangle()
    doc["accessors"][0] |= {"componentType": 5122, "normalized": True, "min": [-32767, 0, 0], "max": [32767, 0, 0]}
    doc["bufferViews"][0]["byteStride"] = 8
    found = resolve_accessor(document(doc), 0, "position", "The test")
    assert found.low == (-1, 0, 0) and found.high == (1, 0, 0) and found.normalized
    assert (found.byte_stride, found.components, found.component_type) == (8, 3, 5122)


# -- nodes -----------------------------------------------------------------------------------------------------------
def test_nodes_come_after_their_parents_and_trs_agrees_with_a_matrix() -> None:
    doc = triangle()
    half = math.sqrt(0.5)
    doc["scenes"][0]["nodes"] = [2]
    doc["nodes"] = [
        {"mesh": 0, "name": "leaf", "matrix": [0, 0, -2, 0, 0, 2, 0, 0, 2, 0, 0, 0, 1, 2, 3, 1]},
        {"mesh": 0, "name": "twin", "translation": [1, 2, 3], "rotation": [0, half, 0, half], "scale": [2, 2, 2]},
        {"name": "root", "translation": [10, 0, 0], "children": [0, 1]},
    ]
    tree = build_tree(document(doc))
    assert [node.name for node in tree.nodes] == ["root", "leaf", "twin"]
    assert [node.parent for node in tree.nodes] == [-1, 0, 0]
    assert np.allclose(tree.worlds[1], tree.worlds[2])
    assert np.allclose(tree.nodes[1].rotation, tree.nodes[2].rotation, atol=1e-6)
    assert np.allclose(tree.nodes[1].scale, (2, 2, 2))
    assert np.allclose(tree.worlds[1][:3, 3], (11, 2, 3))
    made = plan(doc)
    assert len(made.meshes) == 1 and made.meshes[0].nodes == [1, 2]  # one build, two nodes


def test_a_sheared_matrix_becomes_two_nodes_and_a_deep_cycle_is_an_error() -> None:
    for matrix in ([1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 7, 8, 9, 1], [-1, 0, 0, 0, 1, 2, 0, 0, 0, 3, 1, 0, 7, 8, 9, 1]):
        made = plan(edited("nodes.0.matrix", matrix))
        outer, inner = (_compose(*map(np.array, (node.translation, node.rotation, node.scale))) for node in made.nodes)
        assert made.meshes[0].nodes == [1] and made.nodes[1].parent == 0 and made.nodes[1].name == "tri"
        assert np.allclose(outer @ inner, np.array(matrix, float).reshape(4, 4).T, atol=1e-9)
        assert made.warnings == []
    doc = triangle()
    doc["nodes"] = [{"children": [1]}, {"children": [2]}, {"children": [0]}]
    with pytest.raises(GltfError, match="reached twice"):
        plan(doc)
    doc["nodes"] = [{"children": [i + 1]} for i in range(2000)] + [{"mesh": 0}]
    assert plan(doc).meshes[0].nodes == [2000], "nodes may be as deep as they like"


def test_a_mirrored_node_shares_its_build() -> None:
    doc = triangle()
    doc["nodes"] = [{"mesh": 0}, {"mesh": 0, "scale": [-1, 1, 1]}]
    doc["scenes"][0]["nodes"] = [0, 1]
    assert [mesh.nodes for mesh in plan(doc).meshes] == [[0, 1]], "rows turn front faces by the sign of their scales"


def test_flatten_combines_in_float64_and_keeps_no_nodes() -> None:
    far = np.eye(4)
    far[:3, 3] = (-6.4e6, 0, 0)
    made = plan(edited("nodes.0.translation", [6.4e6 + 0.25, 1, 2]), far)
    mesh = made.meshes[0]
    assert made.nodes == [] and mesh.nodes == [-1] and mesh.flags & spec.MESH_BUILD_TRANSFORM
    words = descriptor(mesh, {0: 7})
    matrix = words[8:20].view(np.float32).reshape(3, 4)
    assert np.array_equal(matrix, np.array([[1, 0, 0, 0.25], [0, 1, 0, 1], [0, 0, 1, 2]], np.float32))
    center, radius = result_sphere(mesh, b"")
    assert np.allclose(center, (0.75, 2, 2)) and math.isclose(radius, math.hypot(0.5, 1))


def test_rtc_center_is_the_root() -> None:
    doc = triangle() | {"extensions": {"CESIUM_RTC": {"center": [1, 2, 3]}}}
    assert np.allclose(build_tree(document(doc)).worlds[1][:3, 3], (1, 3, -2))


# -- materials -------------------------------------------------------------------------------------------------------
def test_defaults_are_gltfs() -> None:
    desc = read_material(document(triangle()), -1).desc
    assert (desc.kind, desc.base_color, desc.metallic, desc.roughness) == ("pbr", (1, 1, 1, 1), 1, 1)


def test_a_full_material() -> None:
    doc = triangle(textures=5)
    doc["samplers"] = [{"wrapS": 33071, "wrapT": 33648, "magFilter": 9728}]
    doc["textures"][0]["sampler"] = 0
    doc["materials"] = [{
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicRoughnessTexture": {"index": 1},
                                 "baseColorFactor": [0.1, 0.2, 0.3, 0.4], "metallicFactor": 0.5},
        "normalTexture": {"index": 2, "scale": 0.7}, "occlusionTexture": {"index": 1, "strength": 0.6},
        "emissiveTexture": {"index": 4}, "emissiveFactor": [1, 0.5, 0], "alphaMode": "MASK", "alphaCutoff": 0.25,
        "doubleSided": True, "extensions": {"KHR_materials_emissive_strength": {"emissiveStrength": 4}},
    }]  # fmt: skip
    found = read_material(document(doc), 0)
    desc = found.desc
    assert desc.base_color == (0.1, 0.2, 0.3, 0.4) and desc.emissive == (1, 0.5, 0) and desc.metallic == 0.5
    assert desc.emissive_strength == 4
    assert (desc.normal_scale, desc.occlusion_strength, desc.alpha_cutoff) == (0.7, 0.6, 0.25)
    assert desc.flags == spec.MATERIAL_MASK | spec.MATERIAL_DOUBLE_SIDED
    assert found.textures["base_color"].srgb and not found.textures["normal"].srgb
    assert found.textures["base_color"].sampler == (
        spec.SAMPLER_CLAMP_S | spec.SAMPLER_MIRROR_T | spec.SAMPLER_NEAREST)  # fmt: skip
    assert found.textures["occlusion"] == found.textures["metallic_roughness"]  # one texture on the GPU


def test_layers_of_a_material() -> None:
    doc = triangle(textures=7)
    info = [{"index": i} for i in range(7)]
    doc["materials"] = [{"extensions": {
        "KHR_materials_clearcoat": {
            "clearcoatFactor": 0.5, "clearcoatRoughnessFactor": 0.25, "clearcoatTexture": info[0],
            "clearcoatRoughnessTexture": info[1], "clearcoatNormalTexture": {**info[2], "scale": 0.5}},
        "KHR_materials_specular": {"specularFactor": 0.75, "specularColorFactor": [1, 0.5, 2],
                                   "specularTexture": info[3], "specularColorTexture": info[4]},
        "KHR_materials_ior": {"ior": 1.25},
        "KHR_materials_sheen": {"sheenColorFactor": [0, 0.5, 1], "sheenRoughnessFactor": 0.125,
                                "sheenColorTexture": info[5], "sheenRoughnessTexture": info[6]},
    }}]  # fmt: skip
    doc["extensionsUsed"] = list(doc["materials"][0]["extensions"])
    parsed = document(doc)
    found = read_material(parsed, 0)
    desc = found.desc
    assert parsed.warnings == [] and desc.kind == "layered"
    assert (desc.clearcoat, desc.clearcoat_roughness, desc.clearcoat_normal_scale) == (0.5, 0.25, 0.5)
    assert (desc.specular, desc.specular_color, desc.ior) == (0.75, (1, 0.5, 2), 1.25)
    assert (desc.sheen_color, desc.sheen_roughness) == ((0, 0.5, 1), 0.125)
    assert {name: texture.image for name, texture in found.textures.items()} == {
        "clearcoat": 0, "clearcoat_roughness": 1, "clearcoat_normal": 2, "specular": 3, "specular_color": 4,
        "sheen_color": 5, "sheen_roughness": 6}  # fmt: skip
    assert {name for name, texture in found.textures.items() if texture.srgb} == {"specular_color", "sheen_color"}


@pytest.mark.parametrize("extension", [
    {"KHR_materials_clearcoat": {"clearcoatFactor": 0.0}}, {"KHR_materials_ior": {}},
    {"KHR_materials_clearcoat": {"clearcoatFactor": 1.0}, "KHR_materials_unlit": {}}])
def test_layers_that_change_nothing_cost_nothing(extension: Json) -> None:
    doc = triangle(textures=1)
    doc["materials"][0]["extensions"] = extension
    assert read_material(document(doc), 0).desc.kind in ("pbr", "unlit")


def test_unlit_keeps_only_the_base_colour() -> None:
    doc = triangle(textures=2)
    doc["materials"][0] |= {"normalTexture": {"index": 1}, "extensions": {"KHR_materials_unlit": {}}}
    found = read_material(document(doc), 0)
    assert found.desc.kind == "unlit" and list(found.textures) == ["base_color"]


def test_the_texture_transform_goes_into_the_uvs() -> None:
    doc = triangle(textures=1)
    doc["accessors"].append({"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC2"})
    attributes = doc["meshes"][0]["primitives"][0]["attributes"]
    attributes["TEXCOORD_1"] = 2
    doc["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = {
        "KHR_texture_transform": {"offset": [0.5, 0.25], "scale": [2, 3], "rotation": math.pi / 2, "texCoord": 1}}
    mesh = plan(doc).meshes[0]
    assert mesh.accessors["uv"].components == 2 and mesh.flags & spec.MESH_BUILD_UV_TRANSFORM
    matrix = descriptor(mesh, {0: 1})[-6:].view(np.float32)
    # counter-clockwise on screen: u of 1 goes up, which is towards smaller v
    assert np.allclose(matrix, [0, 3, 0.5, -2, 0, 0.25], atol=1e-6)


# -- primitives ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("mode", "count", "expected"), [
    (0, 5, 5), (1, 5, 4), (2, 4, 8), (3, 4, 6), (4, 7, 6), (5, 5, 9), (6, 5, 9), (5, 2, 0), (3, 1, 0), (2, 1, 0),
])  # fmt: skip
def test_list_counts(mode: int, count: int, expected: int) -> None:
    assert list_count(mode, count) == expected


def test_missing_normals_are_made_flat_and_the_size_is_exact() -> None:
    mesh = plan(triangle(vertices=4)).meshes[0]
    assert mesh.flags == spec.MESH_BUILD_FLAT_NORMALS and (mesh.vertex_count, mesh.index_count) == (3, 3)
    assert mesh.out_bytes == 3 * 32 + 8
    words = descriptor(mesh, {0: 9})
    assert words[:5].tolist() == [1, 3, 3, 1, 4]
    assert words[20:28].tolist() == [0, 9, 48, 0, 5123, 1, 0, 3]
    assert words[28:].tolist() == [1, 9, 0, 0, 5126, 3, 0, 4]


def test_the_builders_bounds_win() -> None:
    mesh = plan(triangle()).meshes[0]
    assert result_sphere(mesh, struct.pack("<7f", 0, 0, 0, 2, 4, 6, 5)) == ((1, 2, 3), 5)
    assert result_sphere(mesh, b"")[0] == (0.5, 1, 0)


@pytest.mark.parametrize(("uri", "expected"), [
    ("a.bin", "models/a.bin"), ("../t/a%20b.png", "t/a%20b.png"), ("http://h/x.bin", "http://h/x.bin"),
    ("data:;base64,AAAA", "data:;base64,AAAA"), ("dir/ä b.png", "models/dir/ä b.png"),
])  # fmt: skip
def test_uris_are_relative_to_the_file(uri: str, expected: str) -> None:
    assert resolve_uri("models/m.gltf", Item({"uri": uri}, "images[0]")) == expected


def test_scaled_sizes_agree_with_the_decoder() -> None:
    assert scaled_size(3, 4096, 1024) == (1, 1024) and scaled_size(512, 256, 1024) == (512, 256)
    assert scaled_size(2000, 1000, 1024) == (1024, 512) and scaled_size(9000, 1, 0) == (9000, 1)


# -- real files ------------------------------------------------------------------------------------------------------
@needs_shared
def test_flight_helmet() -> None:
    made = make_plan(gltf.parse((SHARED / "models/FlightHelmet/FlightHelmet.gltf").read_bytes()), "h/h.gltf", None)
    assert len(made.meshes) == 6 and len(made.images) == 15 and len(made.materials) == 6
    assert made.sources[("buffer", 0)].size_bytes == 3227148
    assert all(set(mesh.accessors) == {"position", "normal", "tangent", "uv", "index"} for mesh in made.meshes)


@needs_shared
def test_fox_and_every_sample_tile() -> None:
    tiles = sorted((SHARED / "tilesets/SparseImplicitQuadtree/content").glob("*.glb"))
    assert tiles
    for path in [SHARED / "models/Fox.glb", *tiles]:
        data = path.read_bytes()
        length = struct.unpack_from("<I", data, 12)[0]
        made = make_plan(gltf.parse(data[20 : 20 + length], len(data) - 28 - length), path.name, np.eye(4))
        assert len(made.meshes) == 1 and all(image.source == MAIN for image in made.images)
