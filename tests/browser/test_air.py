"""The sky at several hours, on both APIs: what colours it has, that both agree with each other and with the numpy twin,
and that no number is lost at impossible ones."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from layerw.scene import air
from layerw.scene.environment import Environment

from .conftest import RunProgram

LUMA = np.array((0.2126, 0.7152, 0.0722))
SIZE = (120, 160)  # of the page
PROGRAM = """
import json, math
import numpy as np
import layerw as lw
app = lw.App()
app.quality = "low"
app.clouds.cover = 0.0
app.view.tone_map, app.view.dither, app.sky.exposure = "neutral", 0.0, 0.1
app.view.antialias, app.view.scale = "none", 1.0
app.camera.fov_y = math.radians(120)
app.camera.position = (0, 2, 0)
app.sun.azimuth = math.radians(70)
app.memory  # opening it keeps a proxy for good: before the leak check counts
found = {}

@app.frame
def step(dt):
    next(steps, None)

def picture(name, degrees, height=2.0, exposure=0.1, **settings):
    app.sun.elevation = math.radians(degrees)
    app.camera.position = (0, height, 0)
    app.camera.look_at((0, height + 0.55, -1))
    app.sky.exposure = exposure
    for key, value in settings.items():
        setattr(app.sun, key, value)
    for _ in range(3):
        yield
    shot = app.screenshot()
    while not shot.ready:
        yield
    found[name] = shot.pixels[2::8, 2::8, :3].tolist()
    found["size"] = shot.pixels.shape[:2]

def all_of_them():
    yield from picture("noon", 38, exposure=0.4)
    yield from picture("evening", 3)
    yield from picture("dusk", -5, exposure=0.5)
    yield from picture("night", -25, exposure=0.68)
    yield from picture("space", 40, 3e5)
    yield from picture("deep", -90, -1e3)
    yield from picture("odd", 90, 2.0, 0.1, intensity=1e30)
    yield from picture("dark", 90, 2.0, 0.1, intensity=0.0)
    app.sun.intensity, app.clouds.cover = 10.0, 1.0
    yield from picture("closed", 38, exposure=0.4)
    found["done"] = 1
steps = all_of_them()
"""


def pictures(run_program: RunProgram, backend: str) -> dict[str, np.ndarray]:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    for _ in range(200):
        running.frames(1)
        found: dict[str, Any] = json.loads(str(running.python("import __main__, json\njson.dumps(__main__.found)")))
        if found.pop("done", 0):
            assert found.pop("size") == list(SIZE)
            return {name: np.asarray(pixels, np.int16) for name, pixels in found.items()}
    raise AssertionError(f"It is not done: {running.report()['errors']}.")


def exposed(picture: np.ndarray) -> np.ndarray:
    """The light of pixels (..., 3) that the neutral tone map has not pressed."""
    s = picture / 255
    light = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    low = light.min(axis=-1, keepdims=True)
    result: np.ndarray = light + np.where(low < 0.04, np.sqrt(low / 6.25) - low, 0.04)
    return result


def directions() -> np.ndarray:
    """(h, w, 3) of the pixels that pictures have."""
    height, width = SIZE
    y, x = np.meshgrid(np.arange(2, height, 8) + 0.5, np.arange(2, width, 8) + 0.5, indexing="ij")
    forward = np.array((0, 0.55, -1)) / math.hypot(0.55, 1)
    up = np.array((0, 1, 0.55)) / math.hypot(0.55, 1)
    half = math.tan(math.radians(60))
    d = (forward + up * ((1 - 2 * y / height) * half)[..., None]
         + np.array((1, 0, 0)) * ((2 * x / width - 1) * half * width / height)[..., None])  # fmt: skip
    result: np.ndarray = d / np.linalg.norm(d, axis=-1, keepdims=True)
    return result


def expected(degrees: float, directions: np.ndarray, exposure: float) -> np.ndarray:
    """What the twin says of directions (n, 3) from 200 m above the ground."""
    environment = Environment()
    environment.sun.elevation, environment.sun.azimuth = math.radians(degrees), math.radians(70)
    heaven = environment.heaven()
    ahead = np.array((heaven.sun[0], 0, heaven.sun[2])) / math.hypot(heaven.sun[0], heaven.sun[2])
    turned = np.stack([directions @ ahead, directions[:, 1], directions @ np.cross(ahead, (0, 1, 0))], axis=1)
    light: np.ndarray = air.radiance(turned, float(heaven.sun[1]), 0.2, steps=64) * heaven.sun_light * exposure
    return light


def test_the_sky_at_any_hour(run_program: RunProgram) -> None:
    both = [pictures(run_program, backend) for backend in ("webgpu", "webgl2")]
    for name, picture in both[0].items():
        assert np.abs(picture - both[1][name]).max() <= 2, name
    noon, evening, dusk, night = (both[0][name] for name in ("noon", "evening", "dusk", "night"))
    d = directions()
    sky = (d[..., 1] > 0.05) & (noon.max(axis=-1) < 200)
    seen, wanted = (light @ LUMA for light in (exposed(noon[sky]), expected(38, d[sky], 0.4)))
    assert sky.sum() > 50 and np.median(np.abs(seen / wanted - 1)) < 0.03 and np.abs(seen / wanted - 1).max() < 0.1
    top, bottom = noon[2].mean(axis=0), noon[-2].mean(axis=0)
    assert top[2] > 1.4 * top[0], "a blue zenith"
    assert noon.mean() > night.mean() * 4
    assert evening.max(axis=(0, 1))[0] > evening.max(axis=(0, 1))[2], "the sun is red"
    assert dusk[:, :, 0].max() > 20 and night[..., 2].mean() > night[..., 0].mean()
    closed = both[0]["closed"][d[..., 1] > 0.1].astype(np.float64)
    assert np.abs(closed[:, 2] / closed[:, 0] - 1).max() < 0.25, "clouds that close the sky are grey"
    assert 20 < closed.mean() < 230
    assert both[0]["dark"].max() <= 1 and both[0]["odd"].min() >= 0 and bottom.min() > 0
