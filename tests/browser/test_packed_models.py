"""Packed files in a real page, on both APIs: KTX2 textures look as their texels, meshopt, Draco and sparse meshes are
drawn, what is damaged says so and leaves the decoders working."""

from __future__ import annotations

import base64
import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.unit.gltf_support import triangle

from .conftest import RunProgram
from .harness import Running

UNIT = Path(__file__).parents[1] / "unit"
KTX2 = {name: base64.b64decode(data) for name, data in json.loads((UNIT / "ktx2_files.json").read_text()).items()}
# 32 x 32 texels of the normals of `bumps`, by alktx2 0.1.7.
NORMALS = base64.b64decode(json.loads((UNIT / "ktx2_normals.json").read_text())["uastc"])
MESHOPT = json.loads((UNIT / "packed_meshopt.json").read_text())
# Of a square: made by DracoPy 2.2.0, positions of 14 bits.
DRACO = json.loads((UNIT / "packed_draco.json").read_text())

PROGRAM = """
import numpy as np
import layerw as lw
from layerw.gpu import spec
app = lw.App(overlay=False)
app.camera.position = np.array((0.0, 0.0, 6.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.projection = lw.Orthographic(height=3.6)
app.view.tone_map, app.view.dither, app.view.bloom = "neutral", 0.0, 0.0
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.1, 0.1, 0.1)
app.spawn(lw.Mesh.box(), position=(0.0, 0.0, 50.0))  # the first mesh makes the buffers that stay for reuse
loaded = []

def load_all():
    loaded[:] = [app.load(f"{name}.glb", position=(0.8 * number - 1.6, -0.5, 0.0)) for number, name in
                 enumerate(("plain", "uastc", "uastc zstd", "etc1s", "etc1s alpha"))]
    loaded.extend([
        app.load("draco.glb", position=(-1.6, 0.4, 0.0), scale=0.7),
        app.load("meshopt.glb", position=(-0.4, 0.4, 0.0), scale=0.09),
        app.load("sparse.glb", position=(0.8, 0.4, 0.0), scale=0.7),
        app.load("plain.glb", position=(0.0, -1.3, 0.0)), app.load("glass.glb", position=(0.0, -1.3, 0.2)),
        app.load("film.glb", position=(0.9, -1.3, 0.0)),
        app.load("normals png.glb", position=(-1.6, -1.3, 0.0)),
        app.load("normals ktx2.glb", position=(1.7, -1.3, 0.0)),
        app.load("skin joints.glb", position=(-1.6, 1.3, 0.0)), app.load("skin both.glb", position=(-0.8, 1.3, 0.0)),
        app.load("skin undone.glb", position=(0.0, 1.3, 0.0))])

def families():
    textures = app._engine.store.textures.values()
    return ",".join(sorted({spec.TEXTURE_FAMILIES[one.family] for one in textures if one.width == 32}))

broken = []

def break_things():  # the page tells of them above the picture
    broken[:] = [app.load(f"broken {name}.glb") for name in ("draco", "meshopt", "ktx2")]
"""


def as_glb(doc: dict[str, Any], binary: bytes) -> bytes:
    """One file of a document and its buffer, lit by nothing where its material does not say so."""
    doc["buffers"] = [{"byteLength": len(binary)}]
    for material in doc["materials"]:
        material.setdefault("doubleSided", True)
        material.setdefault("extensions", {"KHR_materials_unlit": {}})
    text = json.dumps(doc).encode()
    text += b" " * (-len(text) % 4)
    binary += bytes(-len(binary) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def plain() -> bytes:
    """The texels that the KTX2 files were made of."""
    y, x = np.mgrid[:16, :16]
    texels = np.stack([16 * x, 16 * y, np.where((x ^ y) & 4, 200, 40)], axis=2).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(texels).save(out, "png")
    return out.getvalue()


def bumps() -> bytes:
    """A normal map."""
    y, x = np.mgrid[:32, :32] * (np.pi / 8)
    x, y = 0.6 * np.sin(x), 0.6 * np.sin(y)
    out = io.BytesIO()
    normals = np.stack([x, y, np.sqrt(1 - x * x - y * y)], axis=2)
    Image.fromarray(np.rint((normals + 1) * 127.5).astype(np.uint8)).save(out, "png")
    return out.getvalue()


def textured(image: bytes, material: dict[str, Any] | None = None) -> bytes:
    """A square of 0.8 metres that shows it, or has another material."""
    corners = np.array([(-0.4, -0.4, 0), (0.4, -0.4, 0), (0.4, 0.4, 0), (-0.4, 0.4, 0)], "<f4")
    parts = [corners.tobytes(), np.array([(0, 1), (1, 1), (1, 0), (0, 0)], "<f4").tobytes(),
             np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes(), image]  # fmt: skip
    doc = triangle()
    starts = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    doc["bufferViews"] = [{"buffer": 0, "byteOffset": start, "byteLength": len(part)}
                          for start, part in zip(starts, parts, strict=False)]  # fmt: skip
    doc["accessors"] = [{"bufferView": view, "componentType": kind, "count": count, "type": type_}
                        for view, kind, count, type_ in ((0, 5126, 4, "VEC3"), (2, 5123, 6, "SCALAR"),
                                                         (1, 5126, 4, "VEC2"))]  # fmt: skip
    doc["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = 2
    is_png = image[1:4] == b"PNG"
    doc["images"] = [{"bufferView": 3, "mimeType": "image/png" if is_png else "image/ktx2"}]
    doc["textures"] = [{"source": 0} if is_png else {"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    doc["materials"] = [material or {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    return as_glb(doc, b"".join(parts))


def skinned(mirrored: str) -> bytes:
    """A square seen from its front alone that one joint mirrors: "joints" is all that does so, "both" its node too, or
    "undone" by the inverse bind matrix."""
    corners = np.array([(-0.3, -0.3, 0), (0.3, -0.3, 0), (0.3, 0.3, 0), (-0.3, 0.3, 0)], "<f4")
    inverse = np.diag([-1.0 if mirrored == "undone" else 1.0, 1, 1, 1]).astype("<f4")
    parts = [corners.tobytes(), np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes(), bytes(16),
             np.tile([1, 0, 0, 0], (4, 1)).astype("<f4").tobytes(), inverse.tobytes()]  # fmt: skip
    starts = np.cumsum([0, *(len(part) + -len(part) % 4 for part in parts)]).tolist()
    doc = triangle()
    doc["bufferViews"] = [{"buffer": 0, "byteOffset": start, "byteLength": len(part)}
                          for start, part in zip(starts, parts, strict=False)]  # fmt: skip
    doc["accessors"] = [{"bufferView": view, "componentType": kind, "count": count, "type": type_}
                        for view, kind, count, type_ in (
                            (0, 5126, 4, "VEC3"), (1, 5123, 6, "SCALAR"), (2, 5121, 4, "VEC4"), (3, 5126, 4, "VEC4"),
                            (4, 5126, 1, "MAT4"))]  # fmt: skip
    doc["meshes"][0]["primitives"][0] |= {"attributes": {"POSITION": 0, "JOINTS_0": 2, "WEIGHTS_0": 3}, "material": 0}
    doc["materials"] = [{"doubleSided": False}]
    doc["skins"] = [{"joints": [2], "inverseBindMatrices": 4}]
    doc["nodes"] = [{"mesh": 0, "skin": 0}, {"scale": [-1, 1, 1], "children": [2]}, {"name": "joint"}]
    doc["scenes"] = [{"nodes": [0, 1]}]
    if mirrored == "both":
        doc["nodes"][1]["children"], doc["scenes"] = [0, 2], [{"nodes": [1]}]
    return as_glb(doc, b"".join(part + bytes(-len(part) % 4) for part in parts))


def draco(data: bytes) -> bytes:
    doc = triangle()
    doc["accessors"] = [{"componentType": 5126, "count": 4, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]},
                        {"componentType": 5121, "count": 6, "type": "SCALAR"}]  # fmt: skip
    doc["bufferViews"] = [{"buffer": 0, "byteLength": len(data)}]
    doc["meshes"][0]["primitives"][0]["extensions"] = {
        "KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 0}}}  # fmt: skip
    return as_glb(doc, data)


def meshopt(points: bytes) -> bytes:
    cases = [MESHOPT["positions"], MESHOPT["triangles"]]
    parts = [points, base64.b64decode(cases[1]["packed"])]
    doc = triangle()
    doc["accessors"][0] |= {"count": cases[0]["count"], "min": [0, 0, -1], "max": [8, 8, 1]}
    doc["accessors"][1] |= {"count": cases[1]["count"]}
    start = 0
    for number, (case, part) in enumerate(zip(cases, parts, strict=True)):
        doc["bufferViews"][number] = {"buffer": 0, "byteLength": case["count"] * case["stride"], "extensions": {
            "EXT_meshopt_compression": {"buffer": 0, "byteOffset": start, "byteLength": len(part),
                                        "byteStride": case["stride"], "count": case["count"],
                                        "mode": case["mode"]}}}  # fmt: skip
        start += len(part)
    return as_glb(doc, b"".join(parts))


def sparse() -> bytes:
    binary = np.array([0, 0, 0, 1, 0, 0, 0, 1, 0], "<f4").tobytes() + np.array([0, 1, 2, 0], "<u2").tobytes()
    binary += struct.pack("<HH3f", 1, 0, 2, 0, 0)
    doc = triangle()
    doc["bufferViews"] += [{"buffer": 0, "byteOffset": 44, "byteLength": 2},
                           {"buffer": 0, "byteOffset": 48, "byteLength": 12}]  # fmt: skip
    doc["accessors"][0]["sparse"] = {"count": 1, "indices": {"bufferView": 2, "componentType": 5123},
                                     "values": {"bufferView": 3}}  # fmt: skip
    return as_glb(doc, binary)


def write_files(folder: Path) -> None:
    points = base64.b64decode(MESHOPT["positions"]["packed"])
    packed = base64.b64decode(DRACO["square"])
    files = {"plain": textured(plain())} | {name: textured(data) for name, data in KTX2.items()}
    glass = {"extensions": {"KHR_materials_transmission": {"transmissionFactor": 1.0}},
             "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.1}}  # fmt: skip
    film = {"extensions": {"KHR_materials_iridescence": {"iridescenceFactor": 1.0}},
            "pbrMetallicRoughness": {"baseColorFactor": [0.2, 0.2, 0.2, 1], "metallicFactor": 1.0,
                                     "roughnessFactor": 0.3}}  # fmt: skip
    files |= {"glass": textured(plain(), glass), "film": textured(plain(), film)}
    bumpy = {"normalTexture": {"index": 0}, "extensions": {},
             "pbrMetallicRoughness": {"metallicFactor": 0.0, "baseColorFactor": [0.2, 0.2, 0.2, 1.0]}}  # fmt: skip
    files |= {"normals png": textured(bumps(), bumpy), "normals ktx2": textured(NORMALS, bumpy)}
    files |= {f"skin {name}": skinned(name) for name in ("joints", "both", "undone")}
    files |= {"draco": draco(packed), "meshopt": meshopt(points), "sparse": sparse(),
              "broken draco": draco(packed[:12] + bytes(range(len(packed) - 12))),
              "broken meshopt": meshopt(points[:-9]), "broken ktx2": textured(KTX2["uastc"][:-200])}  # fmt: skip
    for name, data in files.items():
        (folder / f"{name}.glb").write_bytes(data)
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")


def outcome(running: Running, models: str, states: list[str]) -> list[str]:
    """Waits until they are what they will be; their errors and warnings."""
    for _ in range(300):
        found = running.python(f"','.join(m.state for m in {models})").split(",")
        if "loading" not in found:
            break
        running.frames(1)
    told = json.loads(running.python(f"import json; json.dumps([m.error or '|'.join(m.warnings) for m in {models}])"))
    assert found == states, told
    return list(told)


TAKES_BC5 = {
    "webgpu": "async () => (await navigator.gpu.requestAdapter()).features.has('texture-compression-bc')",
    "webgl2": "() => document.createElement('canvas').getContext('webgl2')"
              ".getExtension('EXT_texture_compression_rgtc') !== null",
}  # fmt: skip


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_packed_files_are_drawn(backend: str, tmp_path: Path, run_program: RunProgram) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    write_files(folder)
    running = run_program(folder / "main.py", backend=backend).wait_ready()
    running.python("from __main__ import break_things, broken, families, load_all, loaded\nload_all()")
    errors = outcome(running, "loaded", ["ready"] * 16)
    assert errors == [""] * 16
    running.frames(3)
    shown = running.picture()[..., :3].astype(int)
    Image.fromarray(shown.astype(np.uint8)).save(tmp_path / "shown.png")
    side = shown.shape[0] / 3.6  # pixels of a metre
    middle = shown.shape[1] // 2

    def cell(x: float, y: float, size: float) -> np.ndarray:
        left, top = middle + int((x - size / 2) * side), int((1.8 - y - size / 2) * side)
        return shown[top : top + int(size * side), left : left + int(size * side)]

    reference = cell(-1.6, -0.5, 0.7)
    assert reference.std() > 40, "the plain square shows its texels"
    for number in range(4):
        other = cell(0.8 * number - 0.8, -0.5, 0.7)
        assert np.abs(other - reference).mean() < 12, (list(KTX2)[number], np.abs(other - reference).mean())
    for x, y in ((-1.3, 0.7), (0.0, 0.75), (1.1, 0.55)):
        assert cell(x, y, 0.1).mean() > 190, (x, y, cell(x, y, 0.1).mean())
    behind = cell(0.0, -1.3, 0.35)
    assert behind.std() > 25, f"what is behind glass is seen through it: {behind.std()}"
    assert np.ptp(cell(0.9, -1.3, 0.3).mean(axis=(0, 1))) > 3, "a film has colours"
    for x in (-1.6, -0.8, 0.0):
        assert cell(x, 1.3, 0.3).mean() > 190, f"a mirrored skin shows its front: {x}"
    flat, packed = cell(-1.6, -1.3, 0.7), cell(1.7, -1.3, 0.7)
    assert flat.std() > 8, "the bumps are seen"
    assert np.abs(packed - flat).mean() < 3, f"z is found again: {np.abs(packed - flat).mean()}"
    takes_bc5 = running.page.evaluate(TAKES_BC5[backend])
    assert running.python("families()") in (["bc5,rgba8"] if takes_bc5 else ["astc,rgba8", "eac_rg11,rgba8"])
    running.python("break_things()")
    draco_error, meshopt_error, ktx2_error = outcome(running, "broken", ["failed", "failed", "ready"])
    assert "broken draco.glb" in draco_error and "Draco" in draco_error
    assert "broken meshopt.glb" in meshopt_error and "meshopt data at byte 0 (525 bytes, ATTRIBUTES)" in meshopt_error
    assert "images[0]" in ktx2_error and "Level 0 of the KTX2 file lies at byte" in ktx2_error
    running.python("for m in [*loaded, *broken]: m.close()")
    running.frames(3)
