"""Pictures of lights on both APIs: exact radiance of a plane and of a clear coat under a lamp, cones, ranges, several
views, many lamps; and WebGL2 and WebGPU draw the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from .conftest import RunProgram
from .harness import Running
from .worlds import DIFFERENT_MAX, different

WIDTH, HEIGHT = 240, 160
HALF = 3.0  # metres that the upright picture of the plane shows above and below its middle
PROGRAM = """
import math
import numpy as np
import layerw as lw
app = lw.App()
app.shadows.enabled = False
app.sky.zenith = app.sky.horizon = app.sky.ground = (0, 0, 0)
app.sky.exposure, app.sky.twilight = 1.0, False
app.sun.intensity = 0.0
app.view.tone_map, app.view.dither = "neutral", 0.0
white = lw.Material(color="white", roughness=1.0)
floor = app.spawn(lw.Mesh.plane(40, 40), white)
app.camera = lw.Camera((0, 6, 0), projection=lw.Orthographic(height=6.0))
app.camera.pitch = -math.pi / 2
made = []

def again(*things):
    floor.visible = True
    while made:
        made.pop().despawn()
    made.extend(things)

def dark():
    again()

def point():
    again(app.light("point", position=(0, 2, 0), intensity=8.0, range=1000.0))

def ranged():
    again(app.light("point", position=(0, 2, 0), intensity=8.0, range=3.0))

def spot():
    again(app.light("spot", position=(0, 2, 0), direction=(0, -1, 0), intensity=8.0, range=1000.0, inner_angle=0.3,
                    outer_angle=0.8))

def directional():
    again(app.light("directional", direction=(0, -1, -1), intensity=2.0))

def coated():
    black = lw.Material(color="black", roughness=1.0, specular=0.0, clearcoat=1.0, clearcoat_roughness=0.5)
    again(app.spawn(lw.Mesh.plane(40, 40), black),
          app.light("point", position=(0, 2, 0), intensity=20.0, range=1000.0))
    floor.visible = False

def carried():
    arm = app.spawn(lw.Mesh.box(0.01), position=(1, 0, 0))
    arm.rotate(y=math.pi)
    again(arm, app.light("spot", position=(-1, 2, 1), direction=(0, -1, 0), intensity=9.0, outer_angle=0.3, parent=arm))
    made.reverse()
    made.pop(0)

def hidden():
    carried()
    made[0].visible = False

def far_away():
    # The same picture 200 km from the origin, where float32 has steps of 16 mm.
    floor.position = (200_000, 0, 0)
    app.camera.position = (200_000, 6, 0)
    again(app.light("point", position=(200_000, 2, 0), intensity=8.0, range=1000.0))

def many():
    floor.position = (0, 0, 0)
    app.camera = lw.Camera((0, 2.5, 14))
    app.camera.look_at((0, 0, 0))
    rng = np.random.default_rng(5)
    lamps = app.spawn_many(lw.Mesh.sphere(0.05), 160, lw.Material(unlit=True, color="gray"),
                           position=rng.uniform((-9, 0.2, -12), (9, 1.2, 10), (160, 3)),
                           color=rng.uniform(0, 1, (160, 3)))
    lamps.add(lw.Light, intensity=0.5, range=2.5)
    spots = lamps[80:]
    spots[lw.Light].kind, spots[lw.Light].outer_angle, spots[lw.Light].intensity = 1, 0.7, 2.0
    spots.rotation = (-0.5 ** 0.5, 0, 0, 0.5 ** 0.5)
    boxes = app.spawn_many(lw.Mesh.box(), 30, lw.Material(roughness=0.4),
                           position=rng.uniform((-8, 0, -20), (8, 0.5, 8), (30, 3)))
    sheet = app.spawn(lw.Mesh.box(1.5, 3, 0.1), lw.Material(color=(0.5, 0.7, 1, 0.5)), position=(2, 0.8, 7))
    app.sea.level = -0.2
    floor.rotate(z=0.02)
    screen = lw.Texture.target(48, 48)
    above = lw.Camera((0, 30, 0.01), projection=lw.Orthographic(height=30.0, shift=(0.2, 0.1)))
    above.look_at((0, 0, 0))
    app.add_view(above, target=screen)
    app.add_view(above, viewport=(0.75, 0.0, 0.25, 0.25))
    again(lamps, boxes, sheet, app.spawn(lw.Mesh.box(2.5, 2.5, 0.1), lw.Material(base_color_texture=screen, unlit=True),
                                         position=(-3.2, 1.3, 6)))
"""


def picture(running: Running, scene: str) -> np.ndarray:
    """(h, w, 3) after the scene was made."""
    running.python(f"import __main__\n__main__.{scene}()\nNone")
    running.frames(2)
    return running.picture()


def codes(radiance: np.ndarray) -> np.ndarray:
    """What the "neutral" tone map makes of grey light: 8-bit sRGB."""
    shown = radiance - np.where(radiance < 0.08, radiance - 6.25 * radiance**2, 0.04)
    assert shown.max() < 0.76, "beyond it, it compresses"
    return 255 * np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)


def plane(intensity: float, reach: float = 1000.0, cone: tuple[float, float] | None = None) -> np.ndarray:
    """(h, w) radiance of the white plane under a light 2 m above its middle, seen from straight above: Lambert's, and
    that of GGX with roughness 1, as glTF's appendix B has it."""
    y, x = ((np.arange(n) + 0.5 - n / 2) * (2 * HALF / HEIGHT) for n in (HEIGHT, WIDTH))
    square = x[None, :] ** 2 + y[:, None] ** 2 + 4.0
    cosine = 2.0 / np.sqrt(square)
    irradiance = intensity / square * np.clip(1 - (square / reach**2) ** 2, 0, None) ** 2 * cosine
    if cone:
        inner, outer = (math.cos(angle) for angle in cone)
        irradiance *= np.clip((cosine - outer) / (inner - outer), 0, 1) ** 2
    half = np.sqrt((1 + cosine) / 2)  # the view is along the normal: it halves the angle to the light
    visibility = 0.5 / (cosine + 1)  # of roughness 1
    specular = visibility / math.pi * (0.04 + 0.96 * (1 - half) ** 5)
    radiance: np.ndarray = irradiance * (1 / math.pi + specular)
    return radiance


def coat(intensity: float, roughness: float) -> np.ndarray:
    """(h, w) radiance of a black plane under a clear coat and that light, towards an eye 6 m above its middle: GGX by
    glTF's appendix B, with the Fresnel term of KHR_materials_clearcoat."""
    y, x = ((np.arange(n) + 0.5 - n / 2) * (2 * HALF / HEIGHT) for n in (HEIGHT, WIDTH))
    ground = np.stack(np.broadcast_arrays(x[None, :], 0.0, y[:, None]), -1)
    ways = [np.array((0.0, height, 0.0)) - ground for height in (2.0, 6.0)]
    light, eye = (way / np.linalg.norm(way, axis=-1, keepdims=True) for way in ways)
    half = (light + eye) / np.linalg.norm(light + eye, axis=-1, keepdims=True)
    nl, nv, nh, square = light[..., 1], eye[..., 1], half[..., 1], (ways[0] ** 2).sum(axis=-1)
    a2 = roughness**4
    distribution = a2 / (math.pi * (nh**2 * (a2 - 1) + 1) ** 2)
    visibility = 0.5 / (nl * np.sqrt(nv**2 * (1 - a2) + a2) + nv * np.sqrt(nl**2 * (1 - a2) + a2))
    fresnel = 0.04 + 0.96 * (1 - (eye * half).sum(axis=-1)) ** 5
    radiance: np.ndarray = intensity / square * nl * distribution * visibility * fresnel
    return radiance


def assert_radiance(name: str, seen: np.ndarray, wanted: np.ndarray) -> None:
    apart = np.abs(seen - codes(wanted)[:, :, None])
    assert apart.max() <= 3 and apart.mean() < 0.7, f"{name}: off by {apart.max():.1f}, {apart.mean():.2f} on average"


def check(seen: dict[str, np.ndarray]) -> None:
    """What each picture must show."""
    assert seen["dark"].max() == 0
    assert_radiance("point", seen["point"], plane(8.0))
    assert_radiance("ranged", seen["ranged"], plane(8.0, 3.0))
    assert_radiance("spot", seen["spot"], plane(8.0, cone=(0.3, 0.8)))
    assert_radiance("far away", seen["far_away"], plane(8.0))
    assert_radiance("coated", seen["coated"], coat(20.0, 0.5))
    lit = seen["directional"][HEIGHT // 2, WIDTH // 2, 0]
    cosine = 0.5**0.5
    half = math.cos(math.pi / 8)
    radiance = 2.0 * cosine * (1 / math.pi + 0.5 / (cosine + 1) / math.pi * (0.04 + 0.96 * (1 - half) ** 5))
    assert abs(lit - codes(np.array([radiance]))[0]) <= 2 and np.ptp(seen["directional"]) <= 2, "the same everywhere"
    rows, columns = np.nonzero(seen["carried"][:, :, 0] > 60)
    middle = np.array((columns.mean() + 0.5 - WIDTH / 2, rows.mean() + 0.5 - HEIGHT / 2)) * (2 * HALF / HEIGHT)
    assert np.allclose(middle, (2, -1), atol=0.05), "turned about its parent"
    assert seen["hidden"].max() <= 60, "hidden with its parent"
    assert len(np.unique(seen["many"].reshape(-1, 3), axis=0)) > 1000


SCENES = ("dark", "point", "ranged", "spot", "directional", "coated", "carried", "hidden", "far_away", "many")


def test_pictures(run_program: RunProgram, tmp_path_factory: pytest.TempPathFactory) -> None:
    taken = {}
    for backend in ("webgpu", "webgl2"):
        running = run_program(PROGRAM, backend=backend).wait_ready()
        running.baseline = None  # the scenes' meshes stay until the page ends
        running.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        running.page.add_style_tag(content="layer-w::part(note) { display: none }")  # the backend's, for some seconds
        running.frames(2)
        taken[backend] = {scene: picture(running, scene) for scene in SCENES}
        assert running.report()["lights"]["count"] == 160 and running.report()["errors"] == []
        running.page.close()
    folder = tmp_path_factory.mktemp("lights")
    for backend, pictures in taken.items():
        for scene, pixels in pictures.items():
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{backend}-{scene}.png")
    for pictures in taken.values():
        check(pictures)
    for scene in SCENES:
        share = different(taken["webgpu"][scene], taken["webgl2"][scene])
        print(f"{scene}: {share:.3%} of the pixels differ between webgpu and webgl2.")
        assert share <= DIFFERENT_MAX, scene
