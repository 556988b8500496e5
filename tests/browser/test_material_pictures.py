"""Pictures of materials on both APIs: two sets of uvs, alpha at the cutoff, textures of layers, unlit colours, a skin,
shadows of mirrored rows, and programs' shaders that must look as the engine's own under every light."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .conftest import RunProgram
from .harness import Running
from .test_exact_pictures import picture as picture_of
from .test_exact_pictures import unlike
from .worlds import Pixels

PROGRAM = '''
import math
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.camera.position = np.array((0.0, 0.0, 6.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.fov_y = math.radians(40)
app.sky.ground = (0.34, 0.36, 0.38)  # a painted sky, which what is white differs from
made = []

def show(*things):
    for thing in made:
        if thing.alive:
            thing.despawn()
    made[:] = things

models = {name: app.load(f"{name}.gltf") for name in ("uvs", "cutoff", "layers", "unlit", "skin")}

def only(shown):
    show()
    for name, model in models.items():
        model.root.visible = name == shown

def uvs(): only("uvs")
def cutoff(): only("cutoff")
def layers(): only("layers")
def nothing(): only("")

def unlit(file):
    # The same colour from a file and from the program, without anything that changes colours but the tone map.
    only("unlit" if file else "")
    app.view.tone_map, app.view.dither, app.sky.exposure = "neutral", 0.0, 1.0
    if not file:
        show(app.spawn(lw.Mesh.box(2, 2, 0.01), lw.Material(color=(128 / 255, 80 / 255, 48 / 255), unlit=True)))

def skin(file):
    # The right edge follows a joint that is one metre higher.
    only("skin" if file else "")
    if not file:
        corners = [(-1, -1, 0), (1, 0, 0), (1, 2, 0), (-1, 1, 0)]
        show(app.spawn(lw.Mesh(corners, [0, 1, 2, 0, 2, 3]), lw.Material(color="red", unlit=True)))

DEFAULT = "fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }"
LIFTS = "fn displace(in: DisplaceIn) -> vec3f { return in.position + vec3f(0.0, params.lift, 0.0); }"
shaders = [lw.Shader(DEFAULT), lw.Shader(f"{DEFAULT} {LIFTS}", params={"lift": 0.0})]

LAYERS = {"clearcoat": 0.8, "clearcoat_roughness": 0.3, "ior": 2.0, "sheen_color": (0.0, 0.0, 1.0)}
COATED = lw.Shader("""fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  s.clearcoat = 0.8;
  s.clearcoat_roughness = 0.3;
  s.ior = 2.0;
  s.sheen_color = vec3f(0.0, 0.0, 1.0);
  return s;
}""")

def coated(layers):
    # The same layers by the material's numbers, by those under a shader that takes them, and by a shader itself.
    ball("point", -1, 0, 0.0)
    looks = {"numbers": LAYERS, "taken": {"shader": shaders[0], **LAYERS}, "shader": {"shader": COATED}, "none": {}}
    made[0].despawn()
    made[0] = app.spawn(lw.Mesh.sphere(0.7), lw.Material(color="tomato", roughness=0.4, **looks[layers]))

def ball(light, shader, height, lift):
    # A sphere that is `lift` higher by its shader, on a ground, under one light.
    nothing()
    own = {} if shader < 0 else {"shader": shaders[shader]}
    app.camera.position = (0, 2, 6)
    app.camera.look_at((0, 0, 0))
    app.shadows.enabled, app.sun.intensity = light == "sun", 3.0 if light == "sun" else 0.0
    app.sun.azimuth, app.sun.elevation = 2.0, math.radians(50)
    shaders[1].params["lift"] = lift
    things = [app.spawn(lw.Mesh.sphere(0.7), lw.Material(color="tomato", metallic=0.4, roughness=0.4, **own),
                        position=(0, height, 0)),
              app.spawn(lw.Mesh.box(6, 0.2, 6), lw.Material(color="white", roughness=0.5,
                        **({"shader": shaders[0]} if own else {})), position=(0, -1.1, 0))]
    where = {"point": {"position": (1, 2, 1)}, "spot": {"position": (0, 3, 1), "direction": (0, -1, -0.3)},
             "directional": {"direction": (-1, -1, -1)}}
    if light != "sun":
        things.append(app.light(light, intensity=2.0 if light == "directional" else 20.0, **where[light]))
    show(*things)

def mirrored(side):
    nothing()
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
'''


def picture(running: Running, scene: str = "") -> np.ndarray:
    """(h, w, 3) after the scene was made: its name, or a call."""
    if "(" not in scene:
        return picture_of(running, scene)
    running.python(f"import __main__\n__main__.{scene}\nNone")
    return picture_of(running)


def quad(folder: Path, name: str, material: dict[str, object], images: list[Any], skinned: bool = False) -> None:
    """A 2 x 2 m square towards +Z whose second uvs run from right to left; images are a row of RGBA pixels, or several.
    skinned: its right edge hangs on a joint that is one metre higher than where it was bound."""
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], np.float32)
    uvs = np.array([(0, 1), (1, 1), (1, 0), (0, 0)], np.float32)
    data = [
        corners,
        np.tile(np.array((0, 0, 1), np.float32), (4, 1)),
        uvs,
        (1, 1) - uvs,
        np.array([0, 1, 2, 0, 2, 3], np.uint16),
    ]
    if skinned:
        data += [np.array([(0, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0)], np.uint16),
                 np.tile(np.array((1, 0, 0, 0), np.float32), (4, 1)), np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))]
    blobs = [
        np.ascontiguousarray(part, part.dtype if part.dtype == np.uint16 else np.float32).tobytes() for part in data
    ]
    starts = np.cumsum([0, *map(len, blobs)]).tolist()
    kinds = [("VEC3", 5126, 4), ("VEC3", 5126, 4), ("VEC2", 5126, 4), ("VEC2", 5126, 4), ("SCALAR", 5123, 6)]
    kinds += [("VEC4", 5123, 4), ("VEC4", 5126, 4), ("MAT4", 5126, 2)] if skinned else []
    accessors = [{"bufferView": i, "componentType": c, "count": n, "type": t} for i, (t, c, n) in enumerate(kinds)]
    accessors[0] |= {"min": [-1, -1, 0], "max": [1, 1, 0]}
    for number, pixels in enumerate(images):
        rows = np.array(pixels, np.uint8)
        Image.fromarray(rows if rows.ndim == 3 else rows[None], "RGBA").save(folder / f"{name}{number}.png")
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
    if skinned:
        attributes |= {"JOINTS_0": 5, "WEIGHTS_0": 6}
        doc["nodes"] = [{"mesh": 0, "skin": 0}, {"children": [2]}, {"translation": [0, 1, 0]}]
        doc["scenes"], doc["skins"] = [{"nodes": [0, 1]}], [{"joints": [1, 2], "inverseBindMatrices": 7}]
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
    _layers(folder)
    unlit = {"KHR_materials_unlit": {}}
    quad(folder, "unlit", {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}, "extensions": unlit},
         [[[128, 80, 48, 255]] * 2])  # fmt: skip
    quad(folder, "skin", {"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}, "extensions": unlit}, [], True)
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    return folder / "main.py"


def _layers(folder: Path) -> None:
    """All textures that a material may have; a clear coat, tinted reflections, sheen and nothing, a quarter each."""
    none, black, white, flat = [0, 0, 0, 0], [0, 0, 0, 255], [255] * 4, [128, 128, 255, 255]
    images = {
        "coat": [[[255, 0, 0, 255], black], [black, black]],
        "specular": [[none, white], [none, none]],
        "tint": [[black, [255, 0, 0, 255]], [black, black]],
        "sheen": [[black, black], [[0, 255, 0, 255], black]],
        "flat": [[flat, flat]], "white": [[white, white]], "black": [[black, black]],
    }  # fmt: skip
    info = {name: {"index": number} for number, name in enumerate(images)}
    quad(
        folder,
        "layers",
        {
            "pbrMetallicRoughness": {"baseColorFactor": [0, 0, 0, 1], "metallicFactor": 0, "roughnessFactor": 0.3,
                                     "baseColorTexture": info["white"], "metallicRoughnessTexture": info["white"]},
            "normalTexture": info["flat"], "occlusionTexture": info["white"], "emissiveTexture": info["black"],
            "emissiveFactor": [1, 1, 1],
            "extensions": {
                "KHR_materials_clearcoat": {
                    "clearcoatFactor": 1, "clearcoatRoughnessFactor": 0.3, "clearcoatTexture": info["coat"],
                    "clearcoatRoughnessTexture": info["white"], "clearcoatNormalTexture": info["flat"]},
                "KHR_materials_ior": {"ior": 0},
                "KHR_materials_specular": {"specularTexture": info["specular"], "specularColorTexture": info["tint"]},
                "KHR_materials_sheen": {
                    "sheenColorFactor": [1, 1, 1], "sheenRoughnessFactor": 1, "sheenColorTexture": info["sheen"],
                    "sheenRoughnessTexture": info["white"]},
            },
        },
        list(images.values()),
    )  # fmt: skip


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_pictures(run_program: RunProgram, backend: str, tmp_path: Path) -> None:
    running = run_program(assets(tmp_path), backend=backend).wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size({"width": 320, "height": 200})
    for _ in range(200):
        if running.python("import __main__\nall(m.state == 'ready' for m in __main__.models.values())"):
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
    seen = picture(running, "layers")
    coat, tint, sheen, nothing = (seen[rows, columns].reshape(-1, 3).mean(axis=0) for rows, columns in (
        (slice(70, 90), left[1]), (slice(70, 90), right[1]), (slice(110, 130), left[1]), (slice(110, 130), right[1])))
    assert nothing.max() < 12, "no layer, no light"
    assert coat.min() > 15 and np.ptp(coat) < 30, "a coat reflects a little, without colour"
    assert tint[0] > 100 > 60 > tint[1:].max(), "what is reflected head-on has a tint"
    assert sheen[1] > 60 > 30 > sheen[[0, 2]].max(), "sheen has its own colour"
    pictures = []
    for side in (-1, 1):
        running.python(f"import __main__\n__main__.mirrored({side})\nNone")
        pictures.append(picture(running))
    assert (np.abs(pictures[0] - pictures[1]).max(axis=2) > 8).mean() < 0.005, "a mirrored row's shadow is its mirror's"
    wall = pictures[0][20:180, 60:260].sum(axis=2)
    assert wall.min() < 0.8 * wall.max(), "there is a shadow"
    skin, bent = picture(running, "skin(True)"), picture(running, "skin(False)")
    assert unlike(skin, bent, 8) < 0.002 and unlike(skin, sky, 8) > 0.05, "a skin is drawn in its pose"
    for file in (True, False):
        seen = picture(running, f"unlit({file})")[100, 160]
        assert np.abs(seen - neutral(128, 80, 48)).max() <= 2, f"an unlit colour is its own after the tone map: {seen}"


def neutral(*code: int) -> Pixels:
    """What the "neutral" tone map makes of an sRGB colour that is not bright: less by a share of the least channel."""
    s = np.array(code) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    least = linear.min()
    linear = linear - (least - 6.25 * least**2 if least < 0.08 else 0.04)
    assert linear.max() < 0.76, "beyond it, it compresses"
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_programs_shaders_are_lit_and_shadowed_as_pbr(run_program: RunProgram, backend: str, tmp_path: Path) -> None:
    running = run_program(assets(tmp_path), backend=backend).wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size({"width": 320, "height": 200})
    for shader in (0, 1):  # until they are compiled
        picture(running, f"ball('sun', {shader}, 0, 0.0)")
        running.frames(20)
    picture(running, "coated('shader')")
    running.frames(20)
    numbers, taken, own, none = (picture(running, f"coated({by!r})") for by in ("numbers", "taken", "shader", "none"))
    assert unlike(taken, numbers, 1) < 0.002 and unlike(own, numbers, 1) < 0.002, "a shader's layers are a material's"
    assert unlike(none, numbers, 8) > 0.03, "layers are seen"
    dark = picture(running, "ball('point', -1, 0, 0.0)")
    for light in ("sun", "point", "spot", "directional"):
        pbr = picture(running, f"ball({light!r}, -1, 0, 0.0)")
        assert light == "point" or unlike(pbr, dark, 8) > 0.1, f"{light} lights another way"
        for shader in (0, 1):
            own = picture(running, f"ball({light!r}, {shader}, 0, 0.0)")
            assert unlike(own, pbr, 1) < 0.002, f"shader {shader} under {light}"
    higher, lifted = picture(running, "ball('sun', -1, 0.5, 0.0)"), picture(running, "ball('sun', 1, 0, 0.5)")
    assert unlike(lifted, higher, 8) < 0.002, "a moved vertex is lit and throws its shadow where it is"
    assert unlike(higher, pbr, 8) > 0.05
    assert running.report()["errors"] == []
