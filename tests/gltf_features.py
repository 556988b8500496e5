"""One small glTF file for each feature that no other picture shows: a square that is green where the feature works,
and red, elsewhere or not there where it doesn't. tests/unit/test_gltf_features.py says what shows the others."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

GREEN, RED = [0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0]
SQUARE = np.array([[-0.4, -0.4, 0], [0.4, -0.4, 0], [0.4, 0.4, 0], [-0.4, 0.4, 0]], "<f4")
AWAY = np.array([0, 0, 100], "<f4")  # behind the camera
UNLIT = {"KHR_materials_unlit": {}}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class File:
    """A document and its buffer: an unlit green square, to be changed."""

    def __init__(self, points: np.ndarray | None = SQUARE) -> None:
        self.data = b""
        self.doc: dict[str, Any] = {
            "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
            "bufferViews": [], "accessors": [], "materials": [self.material(GREEN)],
            "extensionsUsed": ["KHR_materials_unlit"]}  # fmt: skip
        indices = self.add(np.array([0, 1, 2, 0, 2, 3], "<u2"))
        attributes = {} if points is None else {"POSITION": self.add(points)}
        self.primitive: dict[str, Any] = {"attributes": attributes, "indices": indices, "material": 0}
        self.doc["meshes"] = [{"primitives": [self.primitive]}]

    @staticmethod
    def material(color: list[float], **more: Any) -> dict[str, Any]:
        return {"pbrMetallicRoughness": {"baseColorFactor": color}, "extensions": UNLIT, **more}

    def view(self, values: np.ndarray | bytes) -> int:
        raw = values if isinstance(values, bytes) else values.tobytes()
        self.data += bytes(-len(self.data) % 4)
        self.doc["bufferViews"].append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(raw)})
        self.data += raw
        return len(self.doc["bufferViews"]) - 1

    def add(self, values: np.ndarray, **more: Any) -> int:
        wide = 1 if values.ndim == 1 else values.shape[1]
        kind = {"float32": 5126, "uint16": 5123, "uint8": 5121, "int16": 5122}[str(values.dtype)]
        accessor = {"bufferView": self.view(values), "componentType": kind, "count": len(values), "type": TYPES[wide],
                    **more}  # fmt: skip
        if kind == 5126 and wide in (1, 3):
            low, high = values.reshape(len(values), -1).min(axis=0), values.reshape(len(values), -1).max(axis=0)
            accessor |= {"min": low.tolist(), "max": high.tolist()}
        self.doc["accessors"].append(accessor)
        return len(self.doc["accessors"]) - 1

    def use(self, *names: str) -> None:
        self.doc["extensionsUsed"] += names

    def image(self, uvs: dict[str, list[float]], **texture: Any) -> None:
        """Red on the left, green on the right; each set of uvs is one place."""
        png = io.BytesIO()
        Image.fromarray(np.array([[(255, 0, 0)] * 4 + [(0, 255, 0)] * 4] * 8, np.uint8)).save(png, "PNG")
        self.doc["images"] = [{"bufferView": self.view(png.getvalue()), "mimeType": "image/png"}]
        self.doc["textures"] = [{"source": 0}]
        self.doc["materials"][0] = self.material([1, 1, 1, 1])
        self.doc["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0, **texture}
        for name, place in uvs.items():
            self.primitive["attributes"][name] = self.add(np.tile(np.array(place, "<f4"), (4, 1)))

    def animate(self, values: np.ndarray, target: dict[str, Any], mode: str = "LINEAR") -> None:
        """From 0 to 1 s; played to its end."""
        sampler = {"input": self.add(np.array([0, 1], "<f4")), "output": self.add(values.astype("<f4")),
                   "interpolation": mode}  # fmt: skip
        self.doc["animations"] = [{"name": "go", "samplers": [sampler], "channels": [{"sampler": 0, "target": target}]}]

    def text(self) -> str:
        uri = "data:application/octet-stream;base64," + base64.b64encode(self.data).decode()
        return json.dumps(self.doc | {"buffers": [{"byteLength": len(self.data), "uri": uri}]})


def _sparse(with_view: bool) -> File:
    made = File(np.tile(AWAY, (4, 1)) if with_view else None)
    sparse = {"count": 4, "indices": {"bufferView": made.view(np.arange(4, dtype="<u2")), "componentType": 5123},
              "values": {"bufferView": made.view(SQUARE)}}  # fmt: skip
    if with_view:
        made.doc["accessors"][1] |= {"sparse": sparse}
    else:
        made.doc["accessors"].append({"componentType": 5126, "count": 4, "type": "VEC3", "sparse": sparse,
                                      "min": [-0.4, -0.4, 0], "max": [0.4, 0.4, 0]})  # fmt: skip
        made.primitive["attributes"]["POSITION"] = 1
    return made


def _morph() -> File:
    made = File(SQUARE + AWAY)
    made.primitive["targets"] = [{"POSITION": made.add(np.tile(-AWAY, (4, 1)))}]
    made.doc["nodes"][0]["weights"] = [1.0]
    return made


def _morph_clip() -> File:
    made = File(SQUARE + AWAY)
    made.primitive["targets"] = [{"POSITION": made.add(np.tile(-AWAY, (4, 1)))}]
    made.animate(np.array([0.0, 1.0]), {"node": 0, "path": "weights"})
    return made


def _skin(sets: int) -> File:
    """The last joint brings it here; of two sets the weak ones don't."""
    made = File(SQUARE + AWAY)
    for number in range(sets):
        own = number == sets - 1
        joints = np.tile(np.array([1, 0, 0, 0] if own else [0, 0, 0, 0], "u1"), (4, 1))
        weights = np.tile(np.array([1, 0, 0, 0] if own else [0, 0, 0, 0], "<f4"), (4, 1))
        made.primitive["attributes"] |= {f"JOINTS_{number}": made.add(joints), f"WEIGHTS_{number}": made.add(weights)}
    made.doc["skins"] = [{"joints": [1, 2]}]
    made.doc["nodes"] = [{"mesh": 0, "skin": 0}, {}, {"translation": (-AWAY).tolist()}]
    made.doc["scenes"] = [{"nodes": [0, 1, 2]}]
    return made


def _clip(mode: str) -> File:
    made = File()
    ends = np.array([AWAY, [0, 0, 0]])
    none = [0, 0, 0]
    values = ends if mode != "CUBICSPLINE" else np.array([none, AWAY, none, none, none, none])
    made.animate(values, {"node": 0, "path": "translation"}, mode)
    return made


def _pointer() -> File:
    made = File()
    made.doc["materials"][0] = made.material(RED)
    made.use("KHR_animation_pointer")
    pointer = {"pointer": "/materials/0/pbrMetallicRoughness/baseColorFactor"}
    made.animate(np.array([RED, GREEN]), {"path": "pointer", "extensions": {"KHR_animation_pointer": pointer}})
    return made


def _pointed(pointer: str, values: list[Any], made: File, mode: str = "LINEAR", **more: Any) -> File:
    """From the first value to the last one."""
    made.use("KHR_animation_pointer")
    kept = "u1" if mode == "STEP" else "<f4"
    sampler = {"input": made.add(np.array([0, 0.5], "<f4")), "output": made.add(np.array(values, kept), **more),
               "interpolation": mode}  # fmt: skip
    target = {"path": "pointer", "extensions": {"KHR_animation_pointer": {"pointer": pointer}}}
    made.doc.setdefault("animations", [{"name": "go", "samplers": [], "channels": []}])
    made.doc["animations"][0]["channels"].append({"sampler": len(made.doc["animations"][0]["samplers"]),
                                                  "target": target})  # fmt: skip
    made.doc["animations"][0]["samplers"].append(sampler)
    return made


def _pointed_uv() -> File:
    """The scale of the file stays: without it the place is red again."""
    made = File()
    made.use("KHR_texture_transform")
    made.image({"TEXCOORD_0": [0.5, 0.5]}, extensions={"KHR_texture_transform": {"scale": [0.5, 1.0]}})
    at = "/materials/0/pbrMetallicRoughness/baseColorTexture/extensions/KHR_texture_transform/offset"
    return _pointed(at, [[0.0, 0.0], [0.5, 0.0]], made)


def _pointed_glow() -> File:
    made = _strong()
    made.doc["materials"][0]["extensions"]["KHR_materials_emissive_strength"]["emissiveStrength"] = 0.0
    return _pointed("/materials/0/extensions/KHR_materials_emissive_strength/emissiveStrength", [0.0, 8.0], made)


def _pointed_lamp() -> File:
    made = _lamp()
    made.doc["extensions"]["KHR_lights_punctual"]["lights"][0] |= {"intensity": 0.0}
    return _pointed("/extensions/KHR_lights_punctual/lights/0/intensity", [0.0, 5.0], made)


def _hidden() -> File:
    """A red square before it, below a node that is not shown."""
    made = File()
    made.use("KHR_node_visibility")
    made.doc["materials"].append(made.material(RED))
    made.doc["meshes"].append({"primitives": [{**made.primitive, "material": 1}]})
    made.doc["nodes"] += [{"children": [2], "extensions": {"KHR_node_visibility": {"visible": False}}},
                          {"mesh": 1, "translation": [0, 0, 1]}]  # fmt: skip
    made.doc["scenes"] = [{"nodes": [0, 1]}]
    return made


def _pointed_shown() -> File:
    made = _hidden()
    del made.doc["nodes"][1]["extensions"]
    made.doc["nodes"][0]["extensions"] = {"KHR_node_visibility": {"visible": False}}
    _pointed("/nodes/1/extensions/KHR_node_visibility/visible", [1, 0], made, "STEP")
    return _pointed("/nodes/0/extensions/KHR_node_visibility/visible", [0, 1], made, "STEP")


def _pointed_weight() -> File:
    made = _morph()
    del made.doc["nodes"][0]["weights"]
    return _pointed("/meshes/0/weights/0", [0.0, 1.0], made)


def _scenes() -> File:
    made = File(SQUARE)
    made.doc["materials"].append(made.material(RED))
    made.doc["meshes"].append({"primitives": [{**made.primitive, "material": 1}]})
    made.doc["nodes"].append({"mesh": 1})
    made.doc["scenes"] = [{"name": "red", "nodes": [1]}, {"name": "green", "nodes": [0]}]
    return made


def _variants() -> File:
    made = File()
    made.use("KHR_materials_variants")
    made.doc["materials"].append(made.material(RED))
    mapping = {"mappings": [{"material": 0, "variants": [0]}]}
    made.primitive |= {"material": 1, "extensions": {"KHR_materials_variants": mapping}}
    made.doc["extensions"] = {"KHR_materials_variants": {"variants": [{"name": "Green"}]}}
    return made


def _instances() -> File:
    made = File(SQUARE + AWAY)
    made.use("EXT_mesh_gpu_instancing")
    places = made.add(np.array([-AWAY, AWAY], "<f4"))
    made.doc["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": places}}}
    return made


def _quantized() -> File:
    made = File(None)
    made.use("KHR_mesh_quantization")
    made.doc["extensionsRequired"] = ["KHR_mesh_quantization"]
    values = np.zeros((4, 4), "<i2")
    values[:, :3] = np.sign(SQUARE) * 32767
    made.doc["accessors"].append({"bufferView": made.view(values), "componentType": 5122, "normalized": True,
                                  "count": 4, "type": "VEC3", "min": [-32767, -32767, 0],
                                  "max": [32767, 32767, 0]})  # fmt: skip
    made.doc["bufferViews"][-1]["byteStride"] = 8
    made.primitive["attributes"]["POSITION"] = 1
    made.doc["nodes"][0]["scale"] = [0.4, 0.4, 0.4]
    return made


def _transformed() -> File:
    made = File()
    made.use("KHR_texture_transform")
    made.image({"TEXCOORD_0": [0.25, 0.5]}, extensions={"KHR_texture_transform": {"offset": [0.5, 0.0]}})
    return made


def _second_uv() -> File:
    made = File()
    made.image({"TEXCOORD_0": [0.25, 0.5], "TEXCOORD_1": [0.75, 0.5]}, texCoord=1)
    return made


def _lamp() -> File:
    """White, lit by a green light of the file alone."""
    made = File()
    made.use("KHR_lights_punctual")
    made.doc["materials"] = [{"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 1.0}}]
    made.primitive["attributes"]["NORMAL"] = made.add(np.tile(np.array([0, 0, 1], "<f4"), (4, 1)))
    lights = [{"type": "point", "color": [0, 1, 0], "intensity": 5.0, "range": 1.6}]
    made.doc["extensions"] = {"KHR_lights_punctual": {"lights": lights}}
    made.doc["nodes"].append({"translation": [0, 0, 0.8], "extensions": {"KHR_lights_punctual": {"light": 0}}})
    made.doc["scenes"] = [{"nodes": [0, 1]}]
    return made


def _strong() -> File:
    made = File()
    made.use("KHR_materials_emissive_strength")
    strength = {"KHR_materials_emissive_strength": {"emissiveStrength": 8.0}}
    made.doc["materials"] = [{"pbrMetallicRoughness": {"baseColorFactor": [0, 0, 0, 1]},
                              "emissiveFactor": [0, 0.1, 0], "extensions": strength}]  # fmt: skip
    return made


def _chalk(side: int) -> File:
    """Lit by a green lamp: from before (1), where it scatters light, or from behind (-1), where light passes."""
    made = _lamp()
    made.use("KHR_materials_specular", "KHR_materials_diffuse_transmission")
    passing = {"diffuseTransmissionFactor": 1.0, "diffuseTransmissionColorFactor": [0.8, 0.8, 0.8]}
    looks = {"KHR_materials_specular": {"specularFactor": 0.0}}
    made.doc["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = [0.8, 0.8, 0.8, 1] if side > 0 else RED
    made.doc["materials"][0]["extensions"] = looks | (
        {"KHR_materials_diffuse_transmission": passing} if side < 0 else {})  # fmt: skip
    made.doc["nodes"][1]["translation"] = [0, 0, 0.8 * side]
    return made


def _mirrored() -> File:
    """One-sided: what is mirrored still shows its face."""
    made = File()
    made.doc["nodes"][0]["scale"] = [-1, 1, 1]
    return made


def _colors() -> File:
    made = File()
    made.doc["materials"][0] = made.material([1, 1, 1, 1])
    made.primitive["attributes"]["COLOR_0"] = made.add(np.tile(np.array(GREEN, "<f4"), (4, 1)))
    return made


def _strip() -> File:
    made = File(SQUARE[[0, 1, 3, 2]])
    del made.primitive["indices"]
    made.primitive["mode"] = 5
    return made


FEATURES: dict[str, Callable[[], File]] = {
    "sparse accessor": lambda: _sparse(True), "accessor without a view": lambda: _sparse(False), "morph target": _morph,
    "clip of morph weights": _morph_clip, "skin": lambda: _skin(1), "JOINTS_1": lambda: _skin(2),
    "clip STEP": lambda: _clip("STEP"), "clip LINEAR": lambda: _clip("LINEAR"),
    "clip CUBICSPLINE": lambda: _clip("CUBICSPLINE"), "KHR_animation_pointer": _pointer, "several scenes": _scenes,
    "pointer to a texture transform": _pointed_uv, "pointer to emissive strength": _pointed_glow,
    "pointer to a light": _pointed_lamp, "KHR_node_visibility": _hidden, "pointer to visible": _pointed_shown,
    "pointer to a mesh's weight": _pointed_weight,
    "KHR_materials_variants": _variants, "EXT_mesh_gpu_instancing": _instances, "KHR_mesh_quantization": _quantized,
    "KHR_texture_transform": _transformed, "second uv set": _second_uv, "KHR_lights_punctual": _lamp,
    "KHR_materials_emissive_strength": _strong, "mirrored node": _mirrored, "vertex colors": _colors,
    "triangle strip": _strip, "as chalk": lambda: _chalk(1),
    "KHR_materials_diffuse_transmission": lambda: _chalk(-1),
}  # fmt: skip
