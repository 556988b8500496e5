"""Textures that show the page: a canvas beside the same pixels from numpy, a video, what can't be shown."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .test_exact_pictures import picture

PROGRAM = """
import math
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.camera.position = np.array((0.0, 0.0, 6.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.fov_y = math.radians(40)
quad = lw.Mesh([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [0, 1, 2, 0, 2, 3],
               uvs=[(0, 1), (1, 1), (1, 0), (0, 0)])
tv = lw.Texture.live("tv", filter="nearest", mips=False)
pixels = lw.Texture(np.zeros((4, 4, 4), np.uint8), filter="nearest", wrap="clamp", mips=False)
left = lw.Material(unlit=True, base_color_texture=pixels)
right = lw.Material(unlit=True, base_color_texture=tv)
app.spawn(quad, left, position=(-1.2, 0, 0))
app.spawn(quad, right, position=(1.2, 0, 0))

@app.frame
def update(dt):
    pass
"""
LEFT, RIGHT = (slice(55, 145), slice(65, 145)), (slice(55, 145), slice(175, 255))
# Four quarters: red, green, blue, brown.
PAINT_JS = """([red, size]) => {
  globalThis.canvas ??= Object.assign(document.createElement('canvas'), { width: size, height: size });
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, size, size);
  const half = size / 2;
  for (const [x, y, color] of [[0, 0, `rgb(${red} 40 20)`], [1, 0, 'rgb(10 200 30)'], [0, 1, 'rgb(20 30 220)'],
                               [1, 1, 'rgb(200 120 60)']]) {
    context.fillStyle = color;
    context.fillRect(x * half, y * half, half, half);
  }
  document.querySelector('layer-w').textures.set('tv', canvas);
}"""
SAME_PY = """import __main__ as m
a = m.np.zeros((4, 4, 4), m.np.uint8)
a[:2, :2], a[:2, 2:] = (RED, 40, 20, 255), (10, 200, 30, 255)
a[2:, :2], a[2:, 2:] = (20, 30, 220, 255), (200, 120, 60, 255)
m.pixels.pixels = a
None"""


def ask(running: Running, expression: str) -> Any:
    """What an expression of the program (m) is."""
    return json.loads(running.python(f"import json, __main__ as m\njson.dumps({expression})"))


def wait_state(running: Running, name: str, *states: str) -> str:
    """Wait until a texture of the program is in one of these states; returns its error."""
    for _ in range(200):
        state, error = ask(running, f"[m.{name}.state, m.{name}.error]")
        if state in states:
            return str(error)
        running.frames(1)
    raise AssertionError((state, error))


def halves(running: Running) -> tuple[np.ndarray, np.ndarray]:
    running.frames(4)
    seen = picture(running)
    return seen[LEFT].astype(int), seen[RIGHT].astype(int)


def paint(running: Running, red: int, size: int = 4) -> None:
    """Both squares show four quarters, of which one is so red."""
    running.page.evaluate(PAINT_JS, [red, size])
    running.python(SAME_PY.replace("RED", str(red)))


@pytest.mark.parametrize(("backend", "thread"), [("webgpu", "worker"), ("webgl2", "main")])
def test_a_canvas_of_the_page(run_program: RunProgram, backend: str, thread: str) -> None:
    running = run_program(PROGRAM, backend=backend, thread=thread).wait_ready()
    running.baseline = None  # what the page gives later counts
    running.page.set_viewport_size({"width": 320, "height": 200})
    assert ask(running, "m.tv.state") == "loading"
    for red, size in ((250, 4), (60, 4), (200, 16)):
        paint(running, red, size)
        wait_state(running, "tv", "ready")
        ours, theirs = halves(running)
        assert np.abs(ours - theirs).max() <= 3, "the same pixels, upright, in the same colours"
    assert ours[10, 10, 0] > 100 > ours[10, 10, 2] and theirs[80, 10, 2] > 100, "blue is below"
    assert ask(running, "[m.tv.width, m.tv.height]") == [16, 16]
    if backend == "webgl2":
        running.request("loseDevice")
        for _ in range(100):
            if running.report()["lost"] == 0 and ask(running, "m.tv.state") == "ready":
                break
        ours, theirs = halves(running)
        assert np.abs(ours - theirs).max() <= 3 and theirs[80, 10, 2] > 100, "a new device shows it again"
    running.python("import __main__ as m\nm.tv.destroy()\nNone")
    assert halves(running)[1].min() > 150, "white without it"
    assert running.page.evaluate("document.querySelector('layer-w').errors") == []
