"""WebGPU and WebGL2 show the same picture of whole programs: at most 0.5 % of pixels differ by more than 8/255."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

from layerw_server.tools.shot import take_shot
from layerw_server.tools.shot_result import ShotOptions

from .conftest import ServeProgram
from .worlds import DIFFERENT_MAX, Pixels, copy_world, different

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SIZE = (200, 120)

MATERIALS = """
import numpy as np
import layerw as lw
app = lw.App()
app.fog.density, app.fog.start_m = 0.02, 4.0
app.sea.level = -0.4
app.camera.position = np.array((0.0, 2.6, 7.0))
app.camera.look_at((0.0, 0.3, 0.0))
app.spawn(lw.Mesh.plane(8, 8), lw.Material(color="#6b8e23", roughness=0.9), position=(0, -0.3, 0))
for number in range(6):
    look = lw.Material(color=("#ff6347", "#ffd700", "#87ceeb")[number % 3], metallic=number % 2,
                       roughness=0.15 * number + 0.1)
    app.spawn(lw.Mesh.sphere(), look, position=(1.1 * number - 2.75, 0.4, 0.0))
layers = ({"clearcoat": 1.0, "metallic": 0.6, "clearcoat_roughness": 0.05}, {"ior": 2.4, "specular_color": "gold"},
          {"sheen_color": "white", "sheen_roughness": 0.4, "clearcoat": 0.5, "clearcoat_roughness": 0.5},
          {"specular": 0.0})
for number, layer in enumerate(layers):
    app.spawn(lw.Mesh.sphere(), lw.Material(color="#a01010", **layer), position=(1.1 * number - 2.2, 1.6, 0.0))
app.light("point", position=(1.5, 2.0, 2.5), intensity=8.0)
app.light("spot", position=(-2.0, 3.0, 2.5), direction=(0, -1, -1), intensity=20.0)
app.spawn(lw.Mesh.box(), lw.Material(color=(0.2, 0.4, 1.0, 0.5)), position=(0.5, 0.5, 2.0), scale=1.5)
app.spawn(lw.Mesh.cone(), lw.Material(color="white", emissive=(0.6, 0.2, 0.0)), position=(-2.0, 0.5, 2.0))
app.spawn_many(lw.Mesh.box(0.2, 1.2, 0.2), 40, lw.Material(color="#8b4513"), static=True,
               position=np.random.default_rng(3).uniform((-9, 0, -14), (9, 0.3, -4), (40, 3)))
"""
VIEWS = """
import numpy as np
import layerw as lw
app = lw.App()
screen = lw.Texture.target(96, 96)
spy = lw.Camera()
spy.position = (0, 9, 0.01)
spy.look_at((0, 0, 0))
app.add_view(spy, target=screen)
corner = app.add_view(spy, viewport=(0.7, 0.0, 0.3, 0.5))
corner.tone_map = "neutral"
app.camera.position = (0.0, 2.6, 7.0)
app.camera.look_at((0.0, 0.3, 0.0))
app.spawn(lw.Mesh.plane(8, 8), lw.Material(color="#6b8e23", roughness=0.9), position=(0, -0.3, 0))
app.spawn(lw.Mesh.box(2, 2, 0.1), lw.Material(base_color_texture=screen, unlit=True), position=(-2.2, 1.0, 0))
for number in range(4):
    app.spawn(lw.Mesh.sphere(), lw.Material(color="tomato", metallic=number % 2), position=(1.1 * number - 0.5, 0.4, 0))
app.spawn(lw.Mesh.box(), lw.Material(color=(0.2, 0.4, 1.0, 0.5)), position=(0.5, 0.5, 2.0))
app.spawn(lw.Mesh.sphere(0.3), lw.Material(emissive=(1.0, 1.0, 1.0)), position=(2.0, 1.6, 0.0))
app.view.exposure, app.view.bloom, app.view.tone_map = "auto", 0.2, "agx"
lut = np.stack(np.meshgrid(*[np.linspace(0, 1, 32)] * 3, indexing="ij"), -1)
app.view.lut = lut ** (1.0, 0.9, 1.1)
"""
STILL = """
import numpy as np
import layerw as lw
app = lw.App()
app.camera.position = (0.0, 9.0, 26.0)
app.camera.look_at((0.0, 0.0, 0.0))
rng = np.random.default_rng(2)
app.spawn(lw.Mesh.sphere(), lw.Material(color="tomato"), position=(0, 3, 8))
frames = 0


@app.frame
def grow(dt):  # the buffer of row numbers grows while it is in use
    global frames
    frames += 1
    if frames in (1, 3, 5):
        app.spawn_many(lw.Mesh.box(0.2, 0.8, 0.2), 700 * frames, lw.Material(color="#8b4513"), static=STATIC,
                       position=rng.uniform((-20, 0, -30), (20, 1, 12), (700 * frames, 3)))
"""
WORLD = """
import numpy as np
import layerw as lw
app = lw.App(screen_error_px=0.5)
world = app.stream("world")
app.fog.density = 0.002
app.camera.position = np.array((30.0, 40.0, 80.0))
app.camera.look_at((0.0, 18.0, 0.0))


@world.on_ready
def edit():
    world.dig((0, 0, 0), 22, 12)
    world.raise_((30, 0, -20), 18, 14)
    world.paint((0, 0, 0), 16, "sand")
"""


def pictures(context: BrowserContext, address: str, frames: int, *, settled: bool = False) -> list[Pixels]:
    """The same program on both backends."""
    found = []
    for backend in ("webgpu", "webgl2"):
        taken = take_shot(context, address, ShotOptions(backend, SIZE, frames, settled))
        assert taken.errors == [] and taken.png is not None
        assert {"opaque", "sky", "tone"} <= {row["name"] for row in taken.report["passes"]}
        assert taken.report["backend"] == backend
        found.append(np.asarray(Image.open(io.BytesIO(taken.png)).convert("RGB")).astype(np.int16))
    return found


def assert_same(name: str, taken: list[Pixels], colors_min: int) -> None:
    share = different(*taken)
    print(f"{name}: {share:.3%} of the pixels differ between webgpu and webgl2.")
    assert len(np.unique(taken[0].reshape(-1, 3), axis=0)) >= colors_min, "the picture is not empty"
    assert share <= DIFFERENT_MAX


def hello(tmp_path: Path) -> Path:
    return EXAMPLES / "hello.py"


def materials(tmp_path: Path) -> Path:
    path = tmp_path / "materials.py"
    path.write_text(MATERIALS, encoding="utf-8")
    return path


def views(tmp_path: Path) -> Path:
    """A texture that a view draws, a corner of the picture, and everything that turns light into a picture."""
    path = tmp_path / "views.py"
    path.write_text(VIEWS, encoding="utf-8")
    return path


@pytest.mark.parametrize(("program", "frames"), [(hello, 20), (materials, 8), (views, 8)])
def test_same_picture_of_a_scene(tmp_path: Path, context: BrowserContext, serve_program: ServeProgram,
                                 program: Callable[[Path], Path], frames: int) -> None:
    assert_same(program.__name__, pictures(context, serve_program(program(tmp_path)), frames), 200)


def test_rows_that_stand_still_draw_as_others_do(tmp_path: Path, context: BrowserContext,
                                                 serve_program: ServeProgram) -> None:
    taken = []
    for static in (True, False):
        path = tmp_path / f"{static}.py"
        path.write_text(STILL.replace("STATIC", str(static)), encoding="utf-8")
        taken.append(pictures(context, serve_program(path), 8))
    assert_same("still", taken[0], 200)
    for one, other in zip(*taken, strict=True):
        assert np.array_equal(one, other)


def test_same_picture_of_a_streamed_world(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
                                          context: BrowserContext, serve_program: ServeProgram) -> None:
    copy_world(tmp_path_factory, tmp_path)
    (tmp_path / "main.py").write_text(WORLD, encoding="utf-8")
    taken = pictures(context, serve_program(tmp_path / "main.py"), 5, settled=True)
    assert_same("world", taken, 1000)
