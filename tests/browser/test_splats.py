"""Gaussian splats in pixels: a small cloud against numpy's own projection, colours and blending, on both APIs."""

from __future__ import annotations

import json
import math

import numpy as np
import numpy.typing as npt

from .conftest import RunProgram

Picture = npt.NDArray[np.float64]
SIZE = (160, 120)
EYE = np.array((0.0, 0.0, 6.0))
FOV = 1.0
COUNT = 5000  # more than a workgroup of the GPU's sort has
CLOUD = f"""
COUNT = {COUNT}
import math
import numpy as np
rng = np.random.default_rng(5)
places = rng.uniform((-2.5, -1.6, -1.5), (2.5, 1.6, 1.5), (COUNT, 3)).astype(np.float32)
sizes = rng.uniform(0.02, 0.12, (COUNT, 3)).astype(np.float32)
turns = rng.normal(size=(COUNT, 4))
turns = (turns / np.linalg.norm(turns, axis=1, keepdims=True)).astype(np.float32)
colors = rng.integers(30, 240, (COUNT, 4)).astype(np.uint8)
shine = rng.normal(0, 0.15, (COUNT, 15, 3))
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
wall = app.spawn(lw.Mesh.box(2, 2, 0.02), lw.Material(color="#557733", unlit=True), position=(-1, 0, -0.01))
wall.visible = False
# Turned by half a turn and moved there, so that the entity's place counts; the camera then walks around it.
# Harmonics that are odd in x and z change sign.
odd = np.array((0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1))
turned = shine * (1 - 2 * odd)[:, None]
cloud = app.splats(places * (-1, 1, -1) - (0, 0.5, 0), scale=sizes, color=colors, harmonics=turned,
                   rotation=np.stack([-turns[:, 2], -turns[:, 3], turns[:, 0], turns[:, 1]], axis=1))
cloud.entity.rotate(y=math.pi)
cloud.entity.position = (0, 0.5, 0)

def turn_around():
    app.camera.position = np.array((0.0, 0.0, 6.0))
    app.camera.look_at((0.0, 0.0, 0.0))
    wall.visible, cloud.visible = True, False
"""


def expected(before: Picture) -> tuple[Picture, npt.NDArray[np.bool_]]:
    """(h, w, 3), 0 to 255, and where the wall is. before: what is there without them. Each splat's covariance by the
    Jacobian of the projection, blended as numbers of the screen."""
    found: dict[str, npt.NDArray[np.float64]] = {}
    exec(CLOUD, found)
    width, height = SIZE
    focal = height / 2 / math.tan(FOV / 2)
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    picture = before / 255
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
        reach, at = 3.4 * np.sqrt(np.linalg.eigvalsh(flat)[1]), (height / 2 + focal * y / z, width / 2 - focal * x / z)
        near = tuple(slice(max(int(one - reach), 0), max(int(one + reach) + 2, 0)) for one in at)
        u, v = columns[near] - (width / 2 - focal * x / z), rows[near] - (height / 2 + focal * y / z)
        inverse = np.linalg.inv(flat)
        power = inverse[0, 0] * u * u + 2 * inverse[0, 1] * u * v + inverse[1, 1] * v * v
        alpha = found["colors"][i, 3] / 255 * np.exp(-0.5 * power)
        alpha[alpha < 1 / 255] = 0
        if found["places"][i, 2] < 0:
            alpha[inside[near]] = 0  # the wall stands before it
        away = np.array((x, y, z)) / np.sqrt(x * x + y * y + z * z)
        color = found["colors"][i, :3] / 255 + harmonics(*away) @ found["shine"][i]
        picture[near] += alpha[..., None] * (np.maximum(color, 0) - picture[near])
    return 255 * np.clip(picture, 0, 1), inside


def harmonics(x: float, y: float, z: float) -> npt.NDArray[np.float64]:
    """Of degrees 1 to 3, as the paper's own renderer has them."""
    xx, yy, zz = x * x, y * y, z * z
    one = 0.4886025119029199 * np.array((-y, z, -x))
    two = (1.0925484305920792 * x * y, -1.0925484305920792 * y * z, 0.31539156525252005 * (2 * zz - xx - yy),
           -1.0925484305920792 * x * z, 0.5462742152960396 * (xx - yy))  # fmt: skip
    three = (-0.5900435899266435 * y * (3 * xx - yy), 2.890611442640554 * x * y * z,
             -0.4570457994644658 * y * (4 * zz - xx - yy), 0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy),
             -0.4570457994644658 * x * (4 * zz - xx - yy), 1.445305721320277 * z * (xx - yy),
             -0.5900435899266435 * x * (xx - 3 * yy))  # fmt: skip
    return np.array((*one, *two, *three))


def test_the_picture_is_numpys(run_program: RunProgram) -> None:
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
        running.frames(2)
        wanted, inside = expected(running.picture().astype(float))
        running.python("__main__.cloud.visible = True\nNone")
        running.frames(2)
        found = running.picture().astype(float)
        assert running.errors.texts == []
        report = running.python("import __main__, json\njson.dumps(__main__.app.report()['splats'])")
        assert json.loads(report)["on_gpu"] == (backend == "webgpu"), report
        apart = np.abs(found - wanted).max(axis=2)
        free, wall = apart[~edges & ~inside], apart[~edges & inside]
        assert np.mean(free > 3) < 0.005 and free.mean() < 0.7, (backend, np.mean(free > 3), free.mean())
        assert np.mean(wall > 16) < 0.005, (backend, np.mean(wall > 16))
        taken.append(found)
    assert (np.abs(taken[0] - taken[1]).max(axis=2) > 6).mean() < 0.005
