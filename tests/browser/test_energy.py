"""Light is neither made nor lost: exposure, automatic exposure, bloom and a furnace against their closed forms."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from .conftest import RunProgram

# The neutral tone map takes 0.04 off greys from 0.08 to 0.76 and nothing else: pictures can be turned back to light.
PROGRAM = """
import json
import numpy as np
import layerw as lw
app = lw.App()
app.camera.projection = lw.Orthographic(height=2.0)
app.camera.position = (0, 0, 5)
app.camera.look_at((0, 0, 0))
app.fog.density, app.sun.intensity = 0.0, 0.0
view = app.view
view.tone_map, view.dither = "neutral", 0.0
found, dts = {}, []
app.memory  # opening it keeps a proxy for good: before the leak check counts

def grey(linear):
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055).item()

def wall(linear, size=20.0, z=0.0):
    return app.spawn(lw.Mesh.box(size, size, 0.01), lw.Material(color=(grey(linear),) * 3, unlit=True),
                     position=(0, 0, z))

@app.frame
def step(dt):
    dts.append(dt)
    next(steps, None)

def light(name):
    for _ in range(3):  # what a setting needs is reserved in its first frame, and drawn from the second on
        yield
    shot = app.screenshot()
    time = sum(dts[:-1])  # a frame shows the exposure that the one before it left
    while not shot.ready:
        yield
    s = shot.pixels[..., :3].astype(np.float64) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4) + 0.04
    middle = linear[linear.shape[0] // 2, linear.shape[1] // 2]
    found[name] = {"middle": middle.mean(), "sum": linear.sum(), "max": linear.max(), "time": time}

def measure():
    global back
    for exposure in (1.0, 2.0, 3.5):
        view.exposure = exposure
        yield from light(f"exposure {exposure}")
    view.exposure = "auto"
    yield from light("auto")
    back.despawn()
    back = wall(0.4)
    for step in range(4):
        yield from light(f"brighter {step}")
        for _ in range(4):
            yield
    view.exposure = 1.0
    back.despawn()
    back = wall(0.15)
    front = wall(0.7, 0.5, 1.0)
    yield from light("sharp")
    view.bloom = 0.8
    yield from light("bloom")
    view.bloom = 0.0
    back.despawn()
    front.despawn()
    app.sky.zenith = app.sky.horizon = app.sky.ground = "white"
    view.exposure = 0.5
    yield from light("sky")
    for look in ({"roughness": 1.0}, {"roughness": 0.3}, {"metallic": 1, "roughness": 1.0},
                 {"metallic": 1, "roughness": 0.3}, {"clearcoat": 1.0}, {"clearcoat": 0.7, "clearcoat_roughness": 0.6},
                 {"sheen_color": "white", "sheen_roughness": 0.3}, {"ior": 2.4, "clearcoat": 1.0},
                 {"specular": 0.0, "sheen_color": "white", "sheen_roughness": 1.0}):
        ball = app.spawn(lw.Mesh.sphere(0.45), lw.Material(color="white", **look), position=(0, 0, 2))
        yield from light(f"furnace {look}")
        ball.despawn()
    back = wall(0.2)
    found["done"] = 1
back = wall(0.2)
steps = measure()
"""


LIGHT = 0.2 * 0.677  # of the first wall: app.sky.exposure is 0.677
CODE = 0.015  # a step of 8 bits, of what these pictures hold


def measure(run_program: RunProgram, backend: str) -> dict[str, Any]:
    """What each picture shows, by name."""
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    for _ in range(400):
        running.frames(1)
        found = json.loads(str(running.python("import __main__, json\njson.dumps(__main__.found)")))
        if "done" in found:
            return dict(found)
    raise AssertionError(f"It is not done: {list(found)}, {running.report()['errors']}.")


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_light_is_neither_made_nor_lost(run_program: RunProgram, backend: str) -> None:
    found = measure(run_program, backend)
    for exposure in (1.0, 2.0, 3.5):
        assert found[f"exposure {exposure}"]["middle"] == pytest.approx(exposure * LIGHT, rel=CODE)
    assert_adapts(found)
    assert found["sharp"]["middle"] == pytest.approx(0.7 / 0.2 * LIGHT, rel=CODE), "what was adapted is left behind"
    assert found["bloom"]["middle"] < 0.95 * found["sharp"]["middle"]
    assert found["bloom"]["sum"] == pytest.approx(found["sharp"]["sum"], rel=0.02), "bloom moves light, no more"
    sky = found["sky"]["middle"]
    for name, ball in found.items():
        if name.startswith("furnace"):
            assert ball["middle"] == pytest.approx(sky, rel=2 * CODE), f"{name} eats light"
            assert ball["max"] <= sky * (1 + 2 * CODE), f"{name} glows"


def assert_adapts(found: dict[str, Any]) -> None:
    """At first at once to a middle grey, then by 1 - exp(-t) of what is left, EV a second downwards."""
    assert found["auto"]["middle"] == pytest.approx(0.18, rel=CODE)
    wanted_ev = np.log2(0.18 / (2 * LIGHT))
    steps = [found[f"brighter {step}"] for step in range(4)]
    left = [np.log2(step["middle"] / (2 * LIGHT)) - wanted_ev for step in steps]
    assert left[0] > 0.5
    for step, ev in zip(steps[1:], left[1:], strict=True):
        expected = left[0] * np.exp(-(step["time"] - steps[0]["time"]))
        assert ev == pytest.approx(expected, abs=0.04)
