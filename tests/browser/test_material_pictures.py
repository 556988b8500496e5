"""Pictures of materials on both APIs: two sets of uvs, alpha at the cutoff, shadows of mirrored rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import RunProgram
from .test_exact_pictures import picture

PROGRAM = """
import math
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.camera.position = np.array((0.0, 0.0, 6.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.fov_y = math.radians(40)
made = []

def show(*things):
    for thing in made:
        if thing.alive:
            thing.despawn()
    made[:] = things

models = [app.load("uvs.gltf"), app.load("cutoff.gltf")]

def uvs():
    show()
    models[0].root.visible, models[1].root.visible = True, False

def nothing():
    models[0].root.visible = models[1].root.visible = False

def cutoff():
    models[0].root.visible, models[1].root.visible = False, True

def mirrored(side):
    models[1].root.visible = False
    app.shadows.enabled = True
    app.sun.azimuth, app.sun.elevation = math.pi, math.radians(60)
    wall = app.spawn(lw.Mesh.box(6, 6, 0.1), lw.Material(color="white"), position=(0, 0, -1.5))
    # A wedge that casts its shadow through one side only.
    wedge = lw.Mesh([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 0.4)], [0, 2, 1, 0, 1, 3, 1, 2, 3, 2, 0, 3])
    turned = lw.Mesh(wedge.data.positions * (-1, 1, 1), wedge.data.indices[::-1].copy())
    mesh, scale = (wedge, (-1, 1, 1)) if side < 0 else (turned, (1, 1, 1))
    show(wall, app.spawn(mesh, lw.Material(color="orange"), scale=scale))

@app.frame
def update(dt):
    pass
"""


def quad(folder: Path, name: str, material: dict[str, object], images: list[list[list[int]]]) -> None:
    """A 2 x 2 m square towards +Z whose second uvs run from right to left; images are rows of RGBA pixels."""
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], np.float32)
    uvs = np.array([(0, 1), (1, 1), (1, 0), (0, 0)], np.float32)
    data = [
        corners,
        np.tile(np.array((0, 0, 1), np.float32), (4, 1)),
        uvs,
        (1, 1) - uvs,
        np.array([0, 1, 2, 0, 2, 3], np.uint16),
    ]
    blobs = [
        np.ascontiguousarray(part, part.dtype if part.dtype == np.uint16 else np.float32).tobytes() for part in data
    ]
    starts = np.cumsum([0, *map(len, blobs)]).tolist()
    kinds = [("VEC3", 5126, 4), ("VEC3", 5126, 4), ("VEC2", 5126, 4), ("VEC2", 5126, 4), ("SCALAR", 5123, 6)]
    accessors = [{"bufferView": i, "componentType": c, "count": n, "type": t} for i, (t, c, n) in enumerate(kinds)]
    accessors[0] |= {"min": [-1, -1, 0], "max": [1, 1, 0]}
    for number, pixels in enumerate(images):
        Image.fromarray(np.array([pixels], np.uint8), "RGBA").save(folder / f"{name}{number}.png")
    attributes = {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2, "TEXCOORD_1": 3}
    doc = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 4, "material": 0}]}], "materials": [material],
        "accessors": accessors, "buffers": [{"uri": f"{name}.bin", "byteLength": starts[-1]}],
        "bufferViews": [{"buffer": 0, "byteOffset": a, "byteLength": b - a}
                        for a, b in zip(starts, starts[1:], strict=False)],
        "samplers": [{"magFilter": 9728, "wrapS": 33071, "wrapT": 33071}],
        "images": [{"uri": f"{name}{i}.png"} for i in range(len(images))],
        "textures": [{"source": i, "sampler": 0} for i in range(len(images))],
    }  # fmt: skip
    (folder / f"{name}.gltf").write_text(json.dumps(doc))
    (folder / f"{name}.bin").write_bytes(b"".join(blobs))


def assets(folder: Path) -> Path:
    """The program and its files."""
    black, green, white = [0, 0, 0, 255], [0, 255, 0, 255], [255, 255, 255, 255]
    quad(
        folder,
        "uvs",
        {
            "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0, "roughnessFactor": 1},
            "emissiveTexture": {"index": 1, "texCoord": 1},
            "emissiveFactor": [1, 1, 1],
        },
        [[black, black], [green, black]],
    )
    quad(
        folder,
        "cutoff",
        {
            "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 0.5], "baseColorTexture": {"index": 0}},
            "alphaMode": "MASK",
            "alphaCutoff": 0.5,
            "extensions": {"KHR_materials_unlit": {}},
        },
        [[white, [255, 255, 255, 253]]],
    )
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    return folder / "main.py"


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_pictures(run_program: RunProgram, backend: str, tmp_path: Path) -> None:
    running = run_program(assets(tmp_path), backend=backend).wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size({"width": 320, "height": 200})
    for _ in range(200):
        if running.python("import __main__\nall(m.state == 'ready' for m in __main__.models)"):
            break
        running.frames(1)
    left, right = (slice(80, 120), slice(125, 150)), (slice(80, 120), slice(170, 195))
    seen = picture(running, "uvs")
    assert seen[right][..., 1].min() > 150 > 60 > seen[left][..., 1].max(), "the emission lies on the second uvs"
    seen = picture(running, "cutoff")
    sky = picture(running, "nothing")
    assert seen[left].min() > 200, "alpha equal to the cutoff is opaque, without holes"
    assert np.abs(seen[right] - sky[right]).max() < 20 < np.abs(seen[left] - sky[left]).max(axis=2).min(), (
        "below the cutoff is a hole: the sky is seen")
    pictures = []
    for side in (-1, 1):
        running.python(f"import __main__\n__main__.mirrored({side})\nNone")
        pictures.append(picture(running))
    assert (np.abs(pictures[0] - pictures[1]).max(axis=2) > 8).mean() < 0.005, "a mirrored row's shadow is its mirror's"
    wall = pictures[0][20:180, 60:260].sum(axis=2)
    assert wall.min() < 0.8 * wall.max(), "there is a shadow"
