"""Gaussian splats in pixels: a small cloud against numpy's own projection and blending; the same on both APIs."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .conftest import RunProgram

SIZE = (160, 120)
EYE = np.array((0.0, 0.0, 6.0))
FOV = 1.0
CLOUD = """
import math
import numpy as np
rng = np.random.default_rng(5)
places = rng.uniform((-2.5, -1.6, -1.5), (2.5, 1.6, 1.5), (60, 3)).astype(np.float32)
sizes = rng.uniform(0.03, 0.5, (60, 3)).astype(np.float32)
turns = rng.normal(size=(60, 4))
turns = (turns / np.linalg.norm(turns, axis=1, keepdims=True)).astype(np.float32)
colors = rng.integers(30, 240, (60, 4)).astype(np.uint8)
"""
PROGRAM = f"""
import layerw as lw
{CLOUD}
app = lw.App()
app.fog.density = app.sun.intensity = 0.0
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.0, 0.0, 0.0)
app.view.dither = 0.0
app.camera.position = np.array((0.0, 0.0, -6.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.projection = lw.Perspective(fov_y={FOV})
wall = app.spawn(lw.Mesh.box(2, 2, 0.02), lw.Material(color="black", unlit=True), position=(-1, 0, -0.01))
wall.visible = False
# What is half covered is half under the view's tone map: all of it lies before something that is shown as given.
app.points([(0, 0, -30), (0, 0, 30)], color="black", size=80.0, unit="m", fog=False)
# Turned by half a turn and moved there, so that the entity's place counts; the camera then walks around it.
cloud = app.splats(places * (-1, 1, -1) - (0, 0.5, 0), scale=sizes, color=colors,
                   rotation=np.stack([-turns[:, 2], -turns[:, 3], turns[:, 0], turns[:, 1]], axis=1))
cloud.entity.rotate(y=math.pi)
cloud.entity.position = (0, 0.5, 0)

def turn_around():
    app.camera.position = np.array((0.0, 0.0, 6.0))
    app.camera.look_at((0.0, 0.0, 0.0))
    wall.visible = True
"""


def expected() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """(h, w, 3), 0 to 255, and where the wall is. Each splat's covariance by the Jacobian of the projection, blended in
    linear light."""
    found: dict[str, npt.NDArray[np.float64]] = {}
    exec(CLOUD, found)
    width, height = SIZE
    focal = height / 2 / math.tan(FOV / 2)
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    picture = np.zeros((height, width, 3))
    corner = focal / EYE[2]  # pixels a metre at z = 0
    inside = ((columns > width / 2 - 2 * corner) & (columns < width / 2) & (rows > height / 2 - corner)
              & (rows < height / 2 + corner))  # fmt: skip
    for i in np.argsort(-np.linalg.norm(found["places"] - EYE, axis=1)):
        x, y, z = found["places"][i] - EYE
        a, b, c, d = found["turns"][i].astype(float)
        turn = np.array(((1 - 2 * (b * b + c * c), 2 * (a * b - d * c), 2 * (a * c + d * b)),
                         (2 * (a * b + d * c), 1 - 2 * (a * a + c * c), 2 * (b * c - d * a)),
                         (2 * (a * c - d * b), 2 * (b * c + d * a), 1 - 2 * (a * a + b * b))))  # fmt: skip
        space = turn @ np.diag(found["sizes"][i].astype(float) ** 2) @ turn.T
        slope = focal / -z * np.array(((1, 0, -x / z), (0, -1, y / z)))
        flat = slope @ space @ slope.T + 0.3 * np.eye(2)
        u, v = columns - (width / 2 - focal * x / z), rows - (height / 2 + focal * y / z)
        inverse = np.linalg.inv(flat)
        power = inverse[0, 0] * u * u + 2 * inverse[0, 1] * u * v + inverse[1, 1] * v * v
        alpha = found["colors"][i, 3] / 255 * np.exp(-0.5 * power)
        alpha[alpha < 1 / 255] = 0
        if found["places"][i, 2] < 0:
            alpha[inside] = 0  # the wall stands before it
        picture += alpha[..., None] * (linear(found["colors"][i, :3] / 255) - picture)
    shown = np.clip(picture, 0, 1)
    return 255 * np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055), inside


def linear(c: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def test_the_picture_is_numpys(run_program: RunProgram) -> None:
    wanted, inside = expected()
    width, height = SIZE
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    corner = height / 2 / math.tan(FOV / 2) / EYE[2]
    edges = (np.abs(columns - width / 2) < 2) | (np.abs(columns - (width / 2 - 2 * corner)) < 2)
    edges |= np.abs(np.abs(rows - height / 2 + 0.5) - corner) < 2
    taken = []
    for backend in ("webgpu", "webgl2"):
        running = run_program(PROGRAM, backend=backend).wait_ready()
        running.baseline = None  # what is drawn stays until the page ends
        running.frames(2)
        running.python("import __main__\n__main__.turn_around()\nNone")
        running.frames(3)
        found = running.picture().astype(float)
        assert running.errors.texts == []
        apart = np.abs(found - wanted).max(axis=2)
        free, wall = apart[~edges & ~inside], apart[~edges & inside]
        assert np.mean(free > 3) < 0.005 and free.mean() < 0.7, (backend, np.mean(free > 3), free.mean())
        assert np.mean(wall > 16) < 0.005, (backend, np.mean(wall > 16))
        taken.append(found)
    assert (np.abs(taken[0] - taken[1]).max(axis=2) > 6).mean() < 0.005
