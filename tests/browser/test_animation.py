"""A skinned, morphing animal in a real page: the same picture on both APIs, and it is where numpy says."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

from layerw_server.tools.shot import take_shot
from layerw_server.tools.shot_result import ShotOptions
from tests.unit.test_animation import expected

from .conftest import ServeProgram
from .worlds import DIFFERENT_MAX, Pixels, different

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SIZE, HEIGHT_M = (160, 120), 1.6
PROGRAM = """
import base64
import layerw as lw
from animal import animal_glb
app = lw.App()
app.shadows.enabled = False
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.0, 0.0, 1.0)
app.camera.projection = lw.Orthographic(height=1.6)
app.camera.position = (4.0, 0.5, 0.0)
app.camera.look_at((0.0, 0.5, 0.0))
model = app.load("data:model/gltf-binary;base64," + base64.b64encode(animal_glb()).decode())
@model.on_ready
def ready():
    model.play("POSE", speed=0.0).time = 0.3
"""


def picture(folder: Path, program: str, backend: str, serve_program: ServeProgram, context: BrowserContext) -> Pixels:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "animal.py").write_text((EXAMPLES / "fox" / "animal.py").read_text("utf-8"), "utf-8")
    (folder / "main.py").write_text(program, "utf-8")
    taken = take_shot(context, serve_program(folder / "main.py"), ShotOptions(backend, SIZE, 8, True))
    assert taken.errors == [] and taken.png is not None and taken.report["backend"] == backend
    return np.asarray(Image.open(io.BytesIO(taken.png)).convert("RGB")).astype(np.int16)


@pytest.mark.parametrize("pose", ["Run", "Idle"])
def test_an_animal_is_where_numpy_says_on_both_apis(pose: str, tmp_path: Path, serve_program: ServeProgram,
                                                    context: BrowserContext) -> None:
    taken = [picture(tmp_path / backend, PROGRAM.replace("POSE", pose), backend, serve_program, context)
             for backend in ("webgpu", "webgl2")]
    assert different(*taken) <= DIFFERENT_MAX
    y, x = np.nonzero(np.abs(taken[0] - taken[0][0, 0]).max(axis=2) > 24)  # the sky is blue all over
    at, scale = expected(0.3, pose), SIZE[1] / HEIGHT_M
    across, down = SIZE[0] / 2 - scale * at[:, 2], SIZE[1] / 2 - scale * (at[:, 1] - 0.5)
    box = [x.min(), x.max() + 1, y.min(), y.max() + 1]
    assert np.allclose(box, [across.min(), across.max(), down.min(), down.max()], atol=1.6)


CROWD = """
import base64
import layerw as lw
from animal import animal_glb
app = lw.App()
app.shadows.enabled = False
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.0, 0.0, 1.0)
app.camera.projection = lw.Orthographic(height=3.2)
app.camera.position = (4.0, 1.3, 0.0)
app.camera.look_at((0.0, 1.3, 0.0))
herd = lw.crowd(app, "data:model/gltf-binary;base64," + base64.b64encode(animal_glb()).decode(), 2)
herd.position[1] = (0.0, 1.5, 0.0)
herd.clip, herd.speed, herd.time = "Run", 0.0, 0.3
herd.previous, herd.blend = 0, (1.0, 0.4)
"""


def test_a_crowd_is_where_numpy_says_and_fades_alike_on_both_apis(tmp_path: Path, serve_program: ServeProgram,
                                                                  context: BrowserContext) -> None:
    taken = [picture(tmp_path / backend, CROWD, backend, serve_program, context) for backend in ("webgpu", "webgl2")]
    assert different(*taken) <= DIFFERENT_MAX
    y, x = np.nonzero(np.abs(taken[0][SIZE[1] // 2 :] - taken[0][0, 0]).max(axis=2) > 24)  # the lower one of the two
    at, scale = expected(0.3, "Run"), SIZE[1] / 3.2
    across, down = SIZE[0] / 2 - scale * at[:, 2], -scale * (at[:, 1] - 1.3)
    box = [x.min(), x.max() + 1, y.min(), y.max() + 1]
    assert np.allclose(box, [across.min(), across.max(), down.min(), down.max()], atol=1.6)
    upper = np.abs(taken[0][: SIZE[1] // 2] - taken[0][0, 0]).max(axis=2) > 24
    assert 0.5 * len(x) < upper.sum() < 2 * len(x), "the one that fades is there, too"
