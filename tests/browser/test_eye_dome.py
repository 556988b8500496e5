"""Eye-dome lighting of points: a square of them before a wall of the same colour is told from it, on both APIs."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import RunProgram
from .worlds import pixels

PROGRAM = """
import numpy as np
import layerw as lw
app = lw.App()
app.fog.density = app.clouds.cover = 0.0
app.view.dither = 0.0
app.camera.position = (0.0, 0.0, 20.0)
app.camera.look_at((0.0, 0.0, 0.0))
def wall(half, z):
    side = np.arange(-half, half + 0.01, 0.25)
    x, y = (part.ravel() for part in np.meshgrid(side, side))
    return np.stack([x, y, np.full(len(x), z)], axis=1)
app.points(np.concatenate([wall(8.0, -1.0), wall(2.0, 1.0)]), color="#808080", size=0.5, unit="m")
"""


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_what_lies_behind_is_darker_at_the_edge(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.page.set_viewport_size({"width": 160, "height": 120})
    running.frames(2)
    plain = pixels(running).astype(int)
    running.python("import __main__\n__main__.app.view.eye_dome = 1.0")
    seen = pixels(running).astype(int)
    points = (np.abs(plain - 128) <= 2).all(axis=2)
    middle = tuple(np.array(points.shape) // 2)
    assert points[middle] and points.mean() > 0.3
    darker = (plain - seen).max(axis=2)
    assert (seen <= plain + 2).all(), "nothing gets lighter"
    assert darker[middle] == 0 and np.median(darker[~points]) == 0, "what is flat stays, and so does the sky"
    edge = darker[middle[0], middle[1] :]
    assert edge.max() > 30, "behind the square's edge"
    assert 0 < np.flatnonzero(edge > 30).min() < len(edge) // 2 and (darker > 10).mean() < 0.1, "and only there"
    running.python("import __main__\n__main__.app.view.eye_dome = 0.0")
    assert np.abs(pixels(running).astype(int) - plain).max() <= 1
