"""Decals, particles and weather on both APIs: what a decal covers and what its box leaves out, where a particle is by
the closed form, all 262,144 of them, what falls and what gets wet, nothing left; WebGL2 and WebGPU draw the same."""

from __future__ import annotations

import math

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .worlds import DIFFERENT_MAX, different

WIDTH, HEIGHT = 192, 128
METRES = 6.0  # that the picture is high
PROGRAM = """
import math
import numpy as np
import layerw as lw
app = lw.App()
app.shadows.enabled = False
app.sky.zenith = app.sky.horizon = app.sky.ground = (0, 0, 0)
app.sky.twilight = False
app.view.dither = 0.0
app.sun.intensity = 0.0
above = lw.Camera((0, 8, 0), projection=lw.Orthographic(height=6.0))
above.pitch = -math.pi / 2
ahead = lw.Camera((0, 0, 8), projection=lw.Orthographic(height=6.0))
blue = lw.Material(unlit=True, color=(0, 0, 0.5))
made, state = [], {"age": 0.0, "stop": None, "frames": 0}

def empty():
    while made:
        made.pop().despawn()

def decal():
    app.camera = above
    made.append(app.spawn(lw.Mesh.plane(40, 40), blue))
    made.append(app.spawn(lw.Mesh.box(1, 0.4, 1), blue, position=(0.5, 0.2, 0.5)))   # a step inside of the box
    made.append(app.spawn(lw.Mesh.box(0.5, 3, 0.5), blue, position=(-0.6, 1.5, -0.6)))  # higher than the box
    made.append(app.decal(lw.Material(unlit=True, color="red"), size=(2, 2, 2)))
    made.append(app.decal(lw.Material(unlit=True, color=(0, 1, 0)), size=(1, 0.5, 2), position=(2.5, 0, 1.25),
                          opacity=0.5))

def fly(seconds):
    app.camera = ahead
    for color, drag, x in (("red", 0.0, 0.0), ((0, 1, 0), 2.0, -2.0)):
        one = app.emitter(rate=0, burst=1, count=64, lifetime=60.0, speed=3.0, spread=0.0, direction=(1, 0, 0),
                          drag=drag, gravity=4.0, size=0.4, size_variation=0.0, color=color, fade=0.0,
                          position=(x, 1, 0))
        made.append(one)
    state.update(age=0.0, stop=seconds)

def crowd(count, seconds):
    app.camera = ahead
    app.paused = False
    made.append(app.emitter(rate=0, burst=count, count=count, lifetime=60.0, speed=(0, 4), spread=math.pi, size=0.1))
    state.update(age=0.0, stop=seconds)

def all_of_them():  # for two frames: a software rasteriser takes seconds for each
    crowd(262_144, 1e9)
    state["frames"] = 2

def weather(rain, snow, wetness):
    empty()
    app.paused = True
    app.camera = ahead
    app.camera.position = (0, 2, 8)
    app.sky.zenith = app.sky.horizon = (0.3, 0.3, 0.3)
    made.append(app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="#806040", roughness=0.9)))
    made.append(app.spawn(lw.Mesh.box(40, 12, 0.1), lw.Material(color="#806040", roughness=0.9), position=(0, 6, -1)))
    app.weather.rain, app.weather.snow, app.weather.wetness = rain, snow, wetness

@app.frame
def step(dt):
    if state["frames"]:
        state["frames"] -= 1
        if not state["frames"]:
            empty()
    if state["stop"] is not None and made:
        state["age"] += dt
        if state["age"] >= state["stop"]:
            app.paused = True
            state["stop"] = None
"""


def shown(running: Running, call: str, frames: int = 4) -> np.ndarray:
    running.python(f"import __main__\n__main__.{call}\nNone")
    running.frames(frames)
    return running.picture()


def stood_still(running: Running) -> float:
    """How old the particles are, once the program's time stands."""
    for _ in range(200):
        running.frames(2)
        if running.python("import __main__\n__main__.state['stop'] is None"):
            running.frames(2)
            return float(running.python("__main__.state['age']"))
    raise AssertionError("the program's time never stood")


def place_of(picture: np.ndarray, channel: int) -> tuple[float, float]:
    """Metres right and up of the middle of what is bright in a channel."""
    weight = np.clip(picture[:, :, channel] - 40.0, 0, None)
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    metres = METRES / HEIGHT
    return (float(((x * weight).sum() / weight.sum() - WIDTH / 2) * metres),
            float((HEIGHT / 2 - (y * weight).sum() / weight.sum()) * metres))  # fmt: skip


def check_decal(picture: np.ndarray) -> None:
    def at(x: float, z: float) -> list[int]:
        scale = HEIGHT / METRES
        return [int(c) for c in picture[int(HEIGHT / 2 + z * scale), int(WIDTH / 2 + x * scale)]]

    plain = at(-3, 2)
    assert plain[2] > 80 and plain[0] < 10
    for x, z in ((0.9, -0.9), (-0.9, 0.9), (0.5, 0.5), (0.0, 0.0)):  # floor, and the step
        assert at(x, z)[0] > 180 and at(x, z)[2] < 40, (x, z, at(x, z))
    for x, z in ((1.1, 0), (0, -1.1), (-0.6, -0.6)):  # beside it, and the top of what reaches out of it
        assert at(x, z) == plain, (x, z)
    half = at(2.5, 1.25)
    assert 60 < half[1] < 240 and half[2] > 30, "one sees through half of it"
    assert at(2.5, 1.6) == plain and at(2.9, 1.25)[1] > 60, "its width and height"


def check_flight(picture: np.ndarray, age: float) -> None:
    x, y = place_of(picture, 0)
    assert (x, y) == pytest.approx((3 * age, 1 - 2 * age * age), abs=0.03)
    left, k = math.exp(-2 * age), 2.0
    down = 4.0 / k  # metres a second at the end
    wanted = (-2 + 3 * (1 - left) / k, 1 - down * age + down * (1 - left) / k)
    assert place_of(picture, 1) == pytest.approx(wanted, abs=0.03)


def check_weather(pictures: dict[str, np.ndarray]) -> None:
    wall = slice(10, HEIGHT // 2)
    dry, wet = pictures["dry"][wall].mean(), pictures["wet"][wall].mean()
    assert 0.5 * dry < wet < 0.95 * dry, "wet walls are darker"
    for name in ("rain", "snow"):
        changed = (np.abs(pictures[name] - pictures["dry"]).max(axis=2) > 6).mean()
        assert 0.002 < changed < 0.5, f"{name}: {changed:.4f}"


def test_decals_and_particles(run_program: RunProgram) -> None:
    taken = {}
    for backend in ("webgpu", "webgl2"):
        running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
        running.baseline = None
        running.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        pictures = {"decal": shown(running, "decal()")}
        dark = shown(running, "empty()")
        running.python("__main__.fly(0.5)\nNone")
        age = stood_still(running)
        pictures["flight"] = running.picture()
        shown(running, "empty()")
        running.python("__main__.crowd(2_000, 0.5)\nNone")
        stood_still(running)
        pictures["crowd"] = running.picture()
        shown(running, "empty()")
        shown(running, "all_of_them()")
        assert (shown(running, "empty()") == dark).all(), "nothing is left"
        for name, values in (("dry", (0, 0, 0)), ("wet", (0, 0, 1)), ("rain", (1, 0, 0)), ("snow", (0, 1, 0))):
            pictures[name] = shown(running, f"weather{values}", 6)
        assert running.report()["errors"] == []
        check_weather(pictures)
        check_decal(pictures["decal"])
        check_flight(pictures["flight"], age)
        assert pictures["crowd"].mean() > 8
        taken[backend] = pictures
        running.check_gpu()
        running.page.close()
    for scene in ("decal", "crowd", "wet", "rain", "snow"):
        share = different(taken["webgpu"][scene], taken["webgl2"][scene])
        assert share < DIFFERENT_MAX * (10 if scene in ("crowd", "rain", "snow") else 1), f"{scene}: {share:.4f}"
