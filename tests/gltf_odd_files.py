"""What exporters write in other shapes than usual: as in gltf_features.py, a square that is green where it is read."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from tests.gltf_features import AWAY, FEATURES, GREEN, RED, SQUARE, File

HALF = math.sqrt(0.5)


def _attribute(made: File, name: str, values: np.ndarray, **more: Any) -> None:
    made.primitive["attributes"][name] = made.add(values, **more)


def _interleaved() -> File:
    """Position, colour and texture coordinates of one vertex beside each other, the view not at the buffer's start."""
    made = File(None)
    made.view(bytes(12))
    rows = np.zeros(4, np.dtype([("uv", "<u2", 2), ("at", "<f4", 3), ("color", "u1", 4)]))
    rows["at"], rows["color"] = SQUARE, (0, 255, 0, 255)
    view = made.view(rows.tobytes())
    made.doc["bufferViews"][view]["byteStride"] = rows.dtype.itemsize
    for name, offset, kind, shape in (("POSITION", 4, 5126, "VEC3"), ("COLOR_0", 16, 5121, "VEC4")):
        made.doc["accessors"].append({"bufferView": view, "byteOffset": offset, "componentType": kind, "count": 4,
                                      "type": shape, "normalized": kind == 5121, "min": [-0.4, -0.4, 0],
                                      "max": [0.4, 0.4, 0]})  # fmt: skip
        made.primitive["attributes"][name] = len(made.doc["accessors"]) - 1
    for name in ("min", "max"):
        del made.doc["accessors"][-1][name]
    made.doc["materials"][0] = made.material([1, 1, 1, 1])
    return made


def _indices(kind: str) -> File:
    made = File()
    component = {"u1": 5121, "<u4": 5125}[kind]
    view = made.view(np.array([0, 1, 2, 0, 2, 3], kind))
    made.doc["accessors"].append({"bufferView": view, "componentType": component, "count": 6, "type": "SCALAR"})
    made.primitive["indices"] = len(made.doc["accessors"]) - 1
    return made


def _plain(mode: int, order: list[int]) -> File:
    made = File(SQUARE[order])
    del made.primitive["indices"]
    made.primitive["mode"] = mode
    return made


def _sparse_from_nothing() -> File:
    """Zeros but for what the sparse part says, with indices of one byte; the first corner is a zero of its own."""
    made = File(None)
    moved = SQUARE - SQUARE[0]
    view = made.view(np.array([1, 2, 3], "u1"))
    sparse = {"count": 3, "indices": {"bufferView": view, "componentType": 5121},
              "values": {"bufferView": made.view(moved[1:].astype("<f4"))}}  # fmt: skip
    made.doc["accessors"].append({"componentType": 5126, "count": 4, "type": "VEC3", "sparse": sparse,
                                  "min": [0, 0, 0], "max": [0.8, 0.8, 0]})  # fmt: skip
    made.primitive["attributes"]["POSITION"] = len(made.doc["accessors"]) - 1
    made.doc["nodes"][0]["translation"] = [-0.4, -0.4, 0]
    return made


def _wide_joints() -> File:
    """Joints of two bytes, weights normalized, a node's own transform that does not count, inverse bind matrices."""
    made = File(SQUARE + AWAY)
    _attribute(made, "JOINTS_0", np.tile(np.array([1, 0, 0, 0], "<u2"), (4, 1)))
    _attribute(made, "WEIGHTS_0", np.tile(np.array([255, 0, 0, 0], "u1"), (4, 1)), normalized=True)
    bind = np.tile(np.eye(4, dtype="<f4"), (2, 1, 1))
    bind[1, 3, :3] = -AWAY  # columns
    made.doc["skins"] = [{"joints": [1, 2], "skeleton": 1, "inverseBindMatrices": made.add(bind.reshape(2, 16))}]
    made.doc["nodes"] = [{"mesh": 0, "skin": 0, "translation": [0, 0, 70]}, {"children": [2]}, {}]
    made.doc["scenes"] = [{"nodes": [0, 1]}]
    return made


def _morphed_skin() -> File:
    """Targets of sparse deltas, before the joints' turn."""
    made = File(SQUARE + AWAY)
    sparse = {"count": 4, "indices": {"bufferView": made.view(np.arange(4, dtype="u1")), "componentType": 5121},
              "values": {"bufferView": made.view(np.tile(-AWAY, (4, 1)).astype("<f4"))}}  # fmt: skip
    made.doc["accessors"].append({"componentType": 5126, "count": 4, "type": "VEC3", "sparse": sparse,
                                  "min": [0, 0, -100], "max": [0, 0, 0]})  # fmt: skip
    made.primitive["targets"] = [{"POSITION": len(made.doc["accessors"]) - 1}, {}]
    made.doc["meshes"][0]["weights"] = [1.0, 0.5]
    _attribute(made, "JOINTS_0", np.zeros((4, 4), "u1"))
    _attribute(made, "WEIGHTS_0", np.tile(np.array([1, 0, 0, 0], "<f4"), (4, 1)))
    made.doc["skins"] = [{"joints": [1]}]
    made.doc["nodes"] = [{"mesh": 0, "skin": 0}, {"rotation": [0, 0, 1, 0]}]
    made.doc["scenes"] = [{"nodes": [0, 1]}]
    return made


def _weights(mode: str) -> File:
    made = File(SQUARE + AWAY)
    made.primitive["targets"] = [{"POSITION": made.add(np.tile(-AWAY, (4, 1)))},
                                 {"POSITION": made.add(np.tile(AWAY, (4, 1)))}]  # fmt: skip
    ends = [0.0, 1.0, 1.0, 0.0]  # the second target, then the first one
    values = ends if mode == "STEP" else [0, 0, *ends[:2], 0, 0, 0, 0, *ends[2:], 0, 0]
    made.animate(np.array(values), {"node": 0, "path": "weights"}, mode)
    return made


def _integer_turn() -> File:
    """Keys of a rotation as normalized shorts: the square lies flat at first."""
    made = File()
    made.animate(np.zeros(2), {"node": 0, "path": "rotation"})
    keys = np.array([[HALF, 0, 0, HALF], [0, 0, 0, 1]]) * 32767
    made.doc["animations"][0]["samplers"][0]["output"] = made.add(keys.astype("<i2"), normalized=True)
    made.doc["nodes"][0]["rotation"] = [HALF, 0, 0, HALF]
    return made


def _color(values: np.ndarray) -> File:
    made = File()
    made.doc["materials"][0] = made.material([1, 1, 1, 1])
    _attribute(made, "COLOR_0", values, normalized=values.dtype.kind != "f")
    return made


def _from_behind(double: bool) -> File:
    """Seen from behind: what has two sides is there, and what has one lets the green behind it be seen."""
    made = File()
    made.doc["materials"].append(made.material(GREEN if double else RED, doubleSided=double))
    made.doc["meshes"].append({"primitives": [{**made.primitive, "material": 1}]})
    made.doc["nodes"].append({"mesh": 1, "rotation": [0, 1, 0, 0], "translation": [0, 0, 1]})
    made.doc["scenes"] = [{"nodes": [1] if double else [0, 1]}]
    return made


def _alpha(mode: str) -> File:
    """Red, with alpha of a half, before green: as if it were not there, by its cutoff or as BLEND of nothing."""
    made = File()
    alpha = 0.5 if mode == "MASK" else 0.0
    made.doc["materials"].append(made.material([1, 0, 0, alpha], alphaMode=mode, **(
        {"alphaCutoff": 0.6} if mode == "MASK" else {})))  # fmt: skip
    made.doc["meshes"].append({"primitives": [{**made.primitive, "material": 1}]})
    made.doc["nodes"].append({"mesh": 1, "translation": [0, 0, 1]})
    made.doc["scenes"] = [{"nodes": [0, 1]}]
    return made


def _png(left: tuple[int, ...], right: tuple[int, ...]) -> bytes:
    png = io.BytesIO()
    Image.fromarray(np.array([[left] * 4 + [right] * 4] * 8, np.uint8)).save(png, "PNG")
    return png.getvalue()


def _data_image() -> File:
    """An image in a data URI, looked up beyond 1 where it is mirrored, in texels without a filter."""
    made = File()
    uri = "data:image/png;base64," + base64.b64encode(_png((255, 0, 0), (0, 255, 0))).decode()
    made.image({"TEXCOORD_0": [1.25, 0.5]})
    made.doc["images"] = [{"uri": uri}]
    made.doc["samplers"] = [{"magFilter": 9728, "minFilter": 9984, "wrapS": 33648, "wrapT": 33071}]
    made.doc["textures"][0]["sampler"] = 0
    return made


def _integer_uvs(kind: str, normalized: bool) -> File:
    made = File()
    made.use("KHR_mesh_quantization")
    made.image({"TEXCOORD_0": [0.75, 0.5]})
    most = {"u1": 255, "<u2": 65535, "i1": 1}[kind]
    values = np.tile(np.array([0.75 * most, 0.5 * most]) if normalized else np.array([3, 3]), (4, 1))
    if not normalized:  # whole numbers, brought into the picture by the texture's transform
        made.use("KHR_texture_transform")
        made.doc["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = {
            "KHR_texture_transform": {"scale": [0.25, 0.25]}}  # fmt: skip
    padded = np.zeros((4, 4), kind)  # four bytes apart at least
    padded[:, :2] = values
    view = made.view(padded.tobytes())
    made.doc["bufferViews"][view]["byteStride"] = padded.strides[0]
    component = {"u1": 5121, "<u2": 5123, "i1": 5120}[kind]
    made.doc["accessors"].append({"bufferView": view, "componentType": component, "count": 4, "type": "VEC2",
                                  "normalized": normalized})  # fmt: skip
    made.primitive["attributes"]["TEXCOORD_0"] = len(made.doc["accessors"]) - 1
    return made


def _emissive_uv() -> File:
    """Each slot has a transform of its own, and the second set of uvs by the extension's texCoord."""
    made = File()
    made.use("KHR_texture_transform")
    made.image({"TEXCOORD_0": [0.25, 0.5], "TEXCOORD_1": [0.5, 0.25]})
    turned = {"KHR_texture_transform": {"rotation": math.pi / 2, "offset": [0.5, 1.0], "texCoord": 1}}
    made.doc["materials"][0] = {
        "pbrMetallicRoughness": {"baseColorFactor": [0, 0, 0, 1], "metallicFactor": 0.0,
                                 "baseColorTexture": {"index": 0}},
        "emissiveFactor": [1, 1, 1], "emissiveTexture": {"index": 0, "extensions": turned}}  # fmt: skip
    return made


def _mirrored_blend() -> File:
    """A matrix that mirrors and shears."""
    made = File()
    made.doc["nodes"][0]["matrix"] = [-1, 0, 0, 0, 0.1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    return made


def _no_material() -> File:
    """The default material, which is a metal, under a green lamp that shines no farther than this square."""
    made = FEATURES["KHR_lights_punctual"]()
    del made.primitive["material"], made.doc["materials"]
    return made


def _turned_instance() -> File:
    """Instances with normalized turns and scales, the first elsewhere."""
    made = File(SQUARE)
    made.use("EXT_mesh_gpu_instancing")
    turns = np.array([[127, 0, 0, 0], [0, 0, 0, 127]], "i1")
    view = made.view(turns)
    made.doc["accessors"].append({"bufferView": view, "componentType": 5120, "count": 2, "type": "VEC4",
                                  "normalized": True})  # fmt: skip
    attributes = {"ROTATION": len(made.doc["accessors"]) - 1, "SCALE": made.add(np.ones((2, 3), "<f4")),
                  "TRANSLATION": made.add(np.array([AWAY, [0, 0, 0]], "<f4"))}  # fmt: skip
    made.doc["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}
    return made


ODD_FILES: dict[str, Callable[[], File]] = {
    "interleaved": _interleaved, "indices of a byte": lambda: _indices("u1"),
    "indices of four bytes": lambda: _indices("<u4"),
    "triangles without indices": lambda: _plain(4, [0, 1, 2, 0, 2, 3]),
    "triangle fan": lambda: _plain(6, [0, 1, 2, 3]), "sparse from nothing": _sparse_from_nothing,
    "joints of two bytes": _wide_joints, "morphs and joints": _morphed_skin, "weights STEP": lambda: _weights("STEP"),
    "weights CUBICSPLINE": lambda: _weights("CUBICSPLINE"), "keys of shorts": _integer_turn,
    "colours of two bytes": lambda: _color(np.tile(np.array([0, 65535, 0], "<u2"), (4, 1))),
    "colours of floats": lambda: _color(np.tile(np.array([0, 1, 0], "<f4"), (4, 1))),
    "two sides": lambda: _from_behind(True), "one side": lambda: _from_behind(False), "MASK": lambda: _alpha("MASK"),
    "BLEND": lambda: _alpha("BLEND"), "image in a data URI, mirrored": _data_image,
    "uvs of a byte": lambda: _integer_uvs("u1", True), "uvs of two bytes": lambda: _integer_uvs("<u2", True),
    "uvs that are no shares": lambda: _integer_uvs("i1", False), "a transform for each slot": _emissive_uv,
    "sheared and mirrored": _mirrored_blend, "no material": _no_material, "turned instances": _turned_instance,
}  # fmt: skip
