"""What lies packed in a glTF file: sparse accessors, meshopt, Draco; planned, unpacked without a page, and refused."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import DracoPy
import numpy as np
import pytest
from test_app_contents import make

from layerw.assets.items import GltfError
from layerw.assets.plan import ContentPlan, make_plan
from layerw.gpu import spec
from layerw.hosts import meshopt
from layerw.hosts.containers import FormatError
from layerw.hosts.unpack import unpack
from tests.unit.gltf_support import Json, payload, triangle


def as_glb(doc: Json, binary: bytes) -> bytes:
    """One file of a document and its buffer."""
    doc["buffers"] = [{"byteLength": len(binary)}]
    text = json.dumps(doc).encode()
    text += b" " * (-len(text) % 4)
    binary += bytes(-len(binary) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def loaded(folder: Path, data: bytes) -> Any:
    (folder / "m.glb").write_bytes(data)
    app, host = make(folder)
    model = app.load("m.glb")
    host.step(app, 40)
    before = app.report()["transfers"]
    assert before == 0 or model.state == "ready"
    return model


def plan(doc: Json) -> ContentPlan:
    from layerw.assets import gltf

    return make_plan(gltf.parse(payload(doc), doc["buffers"][0]["byteLength"]), "m.glb", None)


# -- sparse ------------------------------------------------------------------------------------------------------
def sparse_triangle(index: int = 1, base: bool = True) -> tuple[Json, bytes]:
    """The triangle, whose second position another one replaces."""
    binary = np.array([0, 0, 0, 1, 0, 0, 0, 2, 0], "<f4").tobytes() + np.array([0, 1, 2, 0], "<u2").tobytes()
    binary += struct.pack("<HH3f", index, 0, 5, 6, 7)
    doc = triangle()
    doc["bufferViews"] += [{"buffer": 0, "byteOffset": 44, "byteLength": 2},
                           {"buffer": 0, "byteOffset": 48, "byteLength": 12}]  # fmt: skip
    accessor = doc["accessors"][0]
    accessor["sparse"] = {"count": 1, "indices": {"bufferView": 2, "componentType": 5123}, "values": {"bufferView": 3}}
    if not base:
        del accessor["bufferView"]
    return doc, binary


@pytest.mark.parametrize("base", [True, False])
def test_a_sparse_accessor_replaces_elements(tmp_path: Path, base: bool) -> None:
    doc, binary = sparse_triangle(base=base)
    doc["buffers"] = [{"byteLength": len(binary)}]
    (packed,) = plan(doc).packed.values()
    assert (packed.kind, packed.out_bytes) == ("sparse", 36)
    words = [2, int(base), 0, 36, 36, 12, 12, 1, 1, 44, 2, 1, 48]
    found = np.frombuffer(unpack(words, lambda _: binary), "<f4")
    assert found.tolist() == ([0, 0, 0, 5, 6, 7, 0, 2, 0] if base else [0, 0, 0, 5, 6, 7, 0, 0, 0])
    assert loaded(tmp_path, as_glb(doc, binary)).state == "ready"


def test_a_sparse_accessor_past_its_elements_is_refused(tmp_path: Path) -> None:
    model = loaded(tmp_path, as_glb(*sparse_triangle(index=3)))
    assert model.state == "failed" and "m.glb" in model.error and "replaces element 3 of 3" in model.error


# -- Draco -------------------------------------------------------------------------------------------------------
def draco_square() -> tuple[Json, bytes]:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], np.float32)
    data = DracoPy.encode(points, np.array([[0, 1, 2], [1, 3, 2]], np.uint32), quantization_bits=14)
    doc = triangle()
    doc["accessors"] = [{"componentType": 5126, "count": 4, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]},
                        {"componentType": 5121, "count": 6, "type": "SCALAR"}]  # fmt: skip
    doc["bufferViews"] = [{"buffer": 0, "byteLength": len(data)}]
    doc["meshes"][0]["primitives"][0]["extensions"] = {
        "KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 0}}}  # fmt: skip
    return doc | {"extensionsRequired": ["KHR_draco_mesh_compression"]}, data


def test_draco_is_unpacked(tmp_path: Path) -> None:
    doc, data = draco_square()
    model = loaded(tmp_path, as_glb(doc, data))
    assert model.state == "ready", model.error
    assert plan(doc | {"buffers": [{"byteLength": len(data)}]}).meshes[0].index_count == 6


@pytest.mark.parametrize("change", ["count", "cut", "noise", "faces"])
def test_draco_that_lies_is_refused(tmp_path: Path, change: str) -> None:
    doc, data = draco_square()
    if change == "count":
        doc["accessors"][0]["count"] = 5
    elif change == "faces":
        doc["accessors"][1]["count"] = 9
    data = data[: len(data) // 2] if change == "cut" else data
    data = b"DRACO\2\2\1\1" + bytes(range(9, len(data))) if change == "noise" else data
    doc["bufferViews"][0]["byteLength"] = len(data)
    model = loaded(tmp_path, as_glb(doc, data))
    assert model.state == "failed" and "m.glb" in model.error and "Draco" in model.error


def test_draco_of_strips_is_refused() -> None:
    doc, data = draco_square()
    doc["meshes"][0]["primitives"][0]["mode"] = 5
    with pytest.raises(GltfError, match="list of triangles"):
        plan(doc | {"buffers": [{"byteLength": len(data)}]})


# -- meshopt -----------------------------------------------------------------------------------------------------
# Made by meshoptimizer 1.3.0: of a 9 x 9 grid its triangles, sequence, and positions in both versions of the codec.
PACKED = json.loads((Path(__file__).parent / "packed_meshopt.json").read_text())


@pytest.mark.parametrize("name", sorted(PACKED))
def test_meshopt_is_unpacked_as_the_library_does(name: str) -> None:
    case = PACKED[name]
    packed = base64.b64decode(case["packed"])
    found = meshopt.decode(packed, case["mode"], case["filter"], case["count"], case["stride"])
    plain = base64.b64decode(case["plain"])
    if case["filter"] in ("QUATERNION", "OCTAHEDRAL", "COLOR"):  # the library's SIMD rounds halves in its own way
        kind = "i1" if case["stride"] == 4 else "<i2"
        far = np.abs(np.frombuffer(found, kind).astype(int) - np.frombuffer(plain, kind).astype(int))
        assert int(np.minimum(far, 256 - far if kind == "i1" else far).max()) <= 1
    else:
        assert found == plain
    broken = packed[:-1]
    with pytest.raises(FormatError, match="damaged"):
        meshopt.decode(broken, case["mode"], case["filter"], case["count"], case["stride"])


@pytest.mark.parametrize("extension", ["EXT_meshopt_compression", "KHR_meshopt_compression"])
def test_a_meshopt_view_is_a_buffer_of_its_own(tmp_path: Path, extension: str) -> None:
    points, indices = PACKED["positions"], PACKED["triangles"]
    parts = [base64.b64decode(case["packed"]) for case in (points, indices)]
    doc = triangle()
    doc["accessors"][0] |= {"count": points["count"], "max": [8, 8, 8]}
    doc["accessors"][1] |= {"count": indices["count"], "componentType": 5123}
    start = 0
    for view, case, part in zip(doc["bufferViews"], (points, indices), parts, strict=True):
        view.clear()
        view |= {"buffer": 1, "byteLength": case["count"] * case["stride"], "extensions": {extension: {
            "buffer": 0, "byteOffset": start, "byteLength": len(part), "byteStride": case["stride"],
            "count": case["count"], "mode": case["mode"]}}}  # fmt: skip
        start += len(part)
    whole = doc | {"extensionsRequired": [extension]}
    model = loaded(tmp_path, as_glb(whole, b"".join(parts)))
    assert model.state == "ready", model.error
    doc["bufferViews"][0]["extensions"][extension]["count"] += 400
    doc["bufferViews"][0]["byteLength"] += 400 * points["stride"]
    model = loaded(tmp_path, as_glb(whole, b"".join(parts)))
    assert model.state == "failed" and "damaged" in model.error and "m.glb" in model.error
    doc["bufferViews"][0]["extensions"][extension] |= {"count": 2**24, "byteStride": 256}
    doc["bufferViews"][0]["byteLength"] = 2**32
    model = loaded(tmp_path, as_glb(whole, b"".join(parts)))
    assert model.state == "failed" and "bufferViews[0] has 4294967296 bytes" in model.error


def test_every_order_is_refused_where_it_leaves_its_buffer() -> None:
    with pytest.raises(FormatError, match="ends at byte 40, outside of its buffer of 8 bytes"):
        unpack([spec.UNPACK_KINDS.index("meshopt"), 1, 0, 40, 12, 0, 0, 4], lambda _: bytes(8))
