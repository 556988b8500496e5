"""glTF documents with mistakes planted in them: any JSON value at any path, members gone, elements moved.

`make fuzz` loads 20,000 of them (`python -m tests.unit.gltf_mutations COUNT [FIRST_SEED]`); what fails is printed as a
line for tests/golden/gltf_mutations.jsonl, which test_gltf_fuzz.py loads with every `make test`.
"""

from __future__ import annotations

import base64
import copy
import json
import random
import struct
import sys
import zlib
from typing import Any

import layerw as lw
from layerw.hosts.headless import HeadlessHost

Path_ = list[str | int]
GONE = "<gone>"
VALUES: list[Any] = [
    None, True, False, 0, 1, 2, -1, 3, 7, 255, 2**31, 2**32 - 4, 2**53, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e-320,
    1e30, 1e38, 1e308, -1e308, "", "x", "VEC3", "MAT4", "\ud800", "data:,", "../../x", "http://[", "a" * 5000, [], {},
    [[]], [5126], [0], [0, 0], [-1], [1e308] * 3, [1e308] * 4, [1e30] * 16, [0] * 16, ["x"], [None], [{}], {"x": 1},
    {"index": 0}, {"extensions": []}, {"extensions": {"KHR_texture_transform": 5}}, {"byteLength": 10**12},
    [[[[[[1]]]]]],
]  # fmt: skip
RUNS = 40  # models at a time
FRAMES_MAX = 40


def png() -> bytes:
    """One white pixel."""
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\xff\xff"))
            + chunk(b"IEND", b""))  # fmt: skip


def data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def whole() -> dict[str, Any]:
    """A document that uses all that layerw reads, and is ready when it is loaded."""
    numbers = struct.pack("<9f9f6f12f", *[0, 0, 0, 1, 0, 0, 0, 1, 0], *[0, 0, 1] * 3, *[0, 0, 1, 0, 0, 1],
                          *[1, 0, 0, 1] * 3) + struct.pack("<3H2x3f", 0, 1, 2, 0, 0.5, 2)  # fmt: skip
    sizes = ((0, 36), (36, 36), (72, 24), (96, 48), (144, 6), (152, 12))
    views = [{"buffer": 0, "byteOffset": start, "byteLength": size} for start, size in sizes]
    kinds = (("VEC3", 5126), ("VEC3", 5126), ("VEC2", 5126), ("VEC4", 5126), ("SCALAR", 5123), ("SCALAR", 5126))
    accessors: list[dict[str, Any]] = [{"bufferView": i, "type": kind, "componentType": number, "count": 3}
                                       for i, (kind, number) in enumerate(kinds)]  # fmt: skip
    accessors[0] |= {"min": [0, 0, 0], "max": [1, 1, 0], "byteOffset": 0, "normalized": False}
    moved = {"offset": [0, 0], "scale": [2, 2], "rotation": 0.5, "texCoord": 0}
    use = {"index": 0, "texCoord": 0, "extensions": {"KHR_texture_transform": moved}}
    attributes = {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2, "TANGENT": 3}
    return {
        "asset": {"version": "2.0", "minVersion": "2.0", "generator": "tests"}, "scene": 0,
        "extensionsUsed": ["KHR_texture_transform", "KHR_materials_emissive_strength", "KHR_materials_unlit",
                           "KHR_materials_clearcoat", "KHR_materials_specular", "KHR_materials_ior",
                           "KHR_materials_sheen", "KHR_materials_transmission", "KHR_materials_volume",
                           "KHR_materials_dispersion", "KHR_materials_anisotropy", "KHR_materials_iridescence"],
        "extensionsRequired": ["KHR_texture_transform"], "scenes": [{"nodes": [0, 3], "name": "scene"}],
        "nodes": [
            {"name": "root", "children": [1, 2], "translation": [0, 1, 0], "rotation": [0, 0, 0, 1],
             "scale": [1, 1, 1]},
            {"name": "one", "mesh": 0, "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]},
            {"name": "two", "mesh": 0, "scale": [-1, 1, 1], "weights": [0]}, {"name": "rigged", "mesh": 1, "skin": 0}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 4, "material": 0, "mode": 4,
                                    "targets": [{"POSITION": 0, "NORMAL": 1}]}], "weights": [0]},
                   {"primitives": [{"attributes": {"POSITION": 0, "COLOR_0": 3}, "material": 1},
                                   {"attributes": {"POSITION": 0}, "mode": 1},
                                   {"attributes": attributes, "material": 2}]}],
        "materials": [
            {"name": "wood", "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 1], "metallicFactor": 1,
                                                      "roughnessFactor": 1, "baseColorTexture": use,
                                                      "metallicRoughnessTexture": {"index": 0}},
             "normalTexture": {"index": 1, "scale": 1}, "occlusionTexture": {"index": 0, "strength": 1},
             "emissiveTexture": {"index": 0}, "emissiveFactor": [1, 1, 1], "alphaMode": "MASK", "alphaCutoff": 0.5,
             "doubleSided": True, "extensions": {
                 "KHR_materials_emissive_strength": {"emissiveStrength": 2}, "KHR_materials_ior": {"ior": 1.4},
                 "KHR_materials_clearcoat": {
                     "clearcoatFactor": 1, "clearcoatRoughnessFactor": 0.5, "clearcoatTexture": {"index": 0},
                     "clearcoatRoughnessTexture": {"index": 0}, "clearcoatNormalTexture": {"index": 1, "scale": 1}},
                 "KHR_materials_specular": {
                     "specularFactor": 0.5, "specularColorFactor": [1, 1, 1], "specularTexture": {"index": 0},
                     "specularColorTexture": {"index": 0}},
                 "KHR_materials_sheen": {
                     "sheenColorFactor": [1, 1, 1], "sheenRoughnessFactor": 0.5, "sheenColorTexture": {"index": 0},
                     "sheenRoughnessTexture": {"index": 0}}},
             "extras": {"layerw": {"terrain": {"detailStrength": 1, "detailScale": 2}}}},
            {"extensions": {"KHR_materials_unlit": {}}, "alphaMode": "BLEND"},
            {"extensions": {
                "KHR_materials_transmission": {"transmissionFactor": 1, "transmissionTexture": {"index": 0}},
                "KHR_materials_volume": {"thicknessFactor": 1, "thicknessTexture": {"index": 0},
                                         "attenuationColor": [1, 0.5, 1], "attenuationDistance": 2},
                "KHR_materials_dispersion": {"dispersion": 0.5},
                "KHR_materials_anisotropy": {"anisotropyStrength": 1, "anisotropyRotation": 1,
                                             "anisotropyTexture": {"index": 1}},
                "KHR_materials_iridescence": {
                    "iridescenceFactor": 1, "iridescenceIor": 1.3, "iridescenceTexture": {"index": 0},
                    "iridescenceThicknessMinimum": 100, "iridescenceThicknessMaximum": 400,
                    "iridescenceThicknessTexture": {"index": 0}}}}],
        "textures": [{"source": 0, "sampler": 0}, {"source": 1}],
        "images": [{"uri": data_uri("image/png", png()), "mimeType": "image/png", "name": "white"},
                   {"uri": data_uri("image/png", png())}],
        "samplers": [{"wrapS": 10497, "wrapT": 33071, "magFilter": 9728, "minFilter": 9987}],
        "accessors": accessors, "bufferViews": views, "skins": [{"joints": [0], "inverseBindMatrices": 0}],
        "buffers": [{"byteLength": len(numbers), "uri": data_uri("application/octet-stream", numbers)}],
        "animations": [{"name": "walk", "samplers": [{"input": 5, "output": 0, "interpolation": "LINEAR"},
                                                     {"input": 5, "output": 5}],
                        "channels": [{"sampler": 0, "target": {"node": 0, "path": "translation"}},
                                     {"sampler": 1, "target": {"node": 2, "path": "weights"}}]}],
    }  # fmt: skip


def paths(value: Any, here: Path_ | None = None) -> list[Path_]:
    """Every path below a JSON value."""
    here = here or []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[Path_] = [here] if here else []
    for key, child in children:
        found += paths(child, [*here, key])
    return found


def edits(seed: int) -> list[tuple[Path_, Any]]:
    """One to three mistakes: paths with what stands there, `GONE` for nothing."""
    chance = random.Random(seed)
    base = whole()
    everywhere = paths(base)
    made: list[tuple[Path_, Any]] = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        path = chance.choice(everywhere)
        kind = chance.random()
        if kind < 0.15:
            value: Any = GONE
        elif kind < 0.3:
            value = copy.deepcopy(at(base, chance.choice(everywhere)))  # something of the document at a wrong place
        else:
            value = chance.choice(VALUES)
        made.append((path, value))
    return made


def at(value: Any, path: Path_) -> Any:
    for key in path:
        value = value[key]
    return value


def edited(mistakes: list[tuple[Path_, Any]]) -> bytes:
    """The document's bytes with the mistakes; a path that an earlier mistake took away is passed over."""
    doc: Any = whole()
    for path, value in mistakes:
        try:
            holder = at(doc, path[:-1])
            if value == GONE:
                del holder[path[-1]]
            else:
                holder[path[-1]] = copy.deepcopy(value)
        except (LookupError, TypeError):
            continue
    return json.dumps(doc).encode()


class Loading:
    """One App that loads documents, some at a time, beside a box that must be drawn in every frame."""

    def __init__(self) -> None:
        self.host = HeadlessHost(size=(64, 64), lanes=RUNS)
        self.app = lw.App(host=self.host)
        self.app.spawn(lw.Mesh.box(), position=(0, 1, 0))
        self.host.step(self.app, 2)
        self._live = self.host.sink.live_handles

    def outcomes(self, documents: list[bytes]) -> list[str]:
        """What is wrong with how each was taken, "" for nothing. They share their frames."""
        models = [self.app.load(data_uri("model/gltf+json", text)) for text in documents]
        wrong = [""] * len(models)
        for _ in range(FRAMES_MAX):
            self.host.step(self.app)
            if all(model.state != "loading" for model in models):
                break
        self.host.step(self.app, 2)
        if not self.host.sink.draws or self.host.errors:
            wrong[0] = f"the frame failed: {self.host.errors}"
            self.host.errors.clear()
        for number, model in enumerate(models):
            told = [model.error] if model.state == "failed" else model.warnings
            if model.state not in ("ready", "failed") or not all(text.rstrip().endswith(".") for text in told):
                wrong[number] = f"{model.state}: {told}"
            if "could not read it" in model.error:
                wrong[number] = model.error
            model.close()
        self.host.step(self.app, 2)
        if self.app.report()["entities"] != 1 or self.app.report()["transfers"]:
            wrong[0] = wrong[0] or "something is left behind"
        return wrong


def main(count: int, first: int) -> int:
    """Loads `count` mutations; prints each that was not taken well. Returns how many those are."""
    loading, bad = Loading(), 0
    for start in range(first, first + count, RUNS):
        seeds = range(start, min(start + RUNS, first + count))
        outcomes = loading.outcomes([edited(edits(seed)) for seed in seeds])
        if any(outcomes):  # which one? each alone
            for seed in seeds:
                loading = Loading()
                (outcome,) = loading.outcomes([edited(edits(seed))])
                if outcome:
                    bad += 1
                    print(json.dumps(edits(seed)), "\n   ", outcome[:600], flush=True)
            loading = Loading()
    print(f"{count} documents, {bad} of them not taken well")
    return bad


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0), 1))
