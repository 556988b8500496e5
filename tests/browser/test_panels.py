"""Panels above the canvas in real Chromium: what the page shows is what the kernel drew in Layer memory."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerw.memory import open_native
from layerw.physics import ShallowWater

from .conftest import RunProgram
from .harness import HOST_JS, Running

FLOOD = Path(__file__).resolve().parents[2] / "examples" / "flood.py"
WIDTH, HEIGHT, LEFT, TOP, SCALE = 24, 16, 10, 6, 2
WATER = f"""
import numpy as np
def fill(water):
    z, x = np.mgrid[0:{HEIGHT}, 0:{WIDTH}].astype(np.float32)
    water.ground = 4 * np.sin(x / 3) * np.cos(z / 4) + 0.1 * x
    water.depth = np.maximum(0.8 - water.ground, 0)
    water.add_source(12, 8, radius=3, rate=2)
"""
PROGRAM = WATER + f"""
import layerw as lw
from layerw.physics import ShallowWater
app = lw.App(budgets=lw.Budgets(memory_mib=4))
water = ShallowWater(app.memory, {WIDTH}, {HEIGHT}, cell_m=1)
fill(water)
for _ in range(20):
    water.step(1 / 60)
panel = app.panel({WIDTH}, {HEIGHT}, left={LEFT}, top={TOP}, scale={SCALE})
corner = app.show_image(np.full((4, 6, 3), (9, 120, 250), np.uint8), left=-3, top=-5)
frames = 0
@app.frame
def update(dt):
    global frames
    frames += 1
    if frames > 1:  # the first water grows the memory: the page's views are made anew
        water.paint(panel, low=-4, high=6, deep=2)
        panel.show()
"""
PIXELS_JS = """(number) => {
  const found = HOST.notices.stage.querySelectorAll('canvas.panel')[number];
  if (!found) return null;
  const copy = new OffscreenCanvas(found.width, found.height);
  const context = copy.getContext('2d');
  context.drawImage(found, 0, 0);
  return Array.from(context.getImageData(0, 0, found.width, found.height).data);
}""".replace("HOST", HOST_JS)


def expected() -> np.ndarray:
    """The same water on CPython."""
    space: dict[str, object] = {}
    exec(WATER, space)  # the page runs this text too
    memory = open_native(4 << 20)
    water = ShallowWater(memory, WIDTH, HEIGHT, cell_m=1)
    space["fill"](water)  # type: ignore[operator]
    for _ in range(20):
        water.step(1 / 60)

    class Target:
        width, height, block = WIDTH, HEIGHT, memory.alloc(WIDTH * HEIGHT * 4)
        address = block.address

    water.paint(Target(), low=-4, high=6, deep=2)
    return Target.block.read().reshape(HEIGHT, WIDTH, 4)


def screen(running: Running) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(running.page.screenshot())).convert("RGB"))


@pytest.mark.parametrize(("thread", "isolate"), [("worker", True), ("main", False)])
def test_the_page_shows_what_the_kernel_drew(run_program: RunProgram, thread: str, isolate: bool) -> None:
    running = run_program(PROGRAM, serve={"isolate": isolate}, backend="null", thread=thread).wait_ready()
    assert running.report()["isolated"] is isolate
    wanted = expected()
    assert len(np.unique(wanted.reshape(-1, 4), axis=0)) > 50
    shown = np.array(running.page.evaluate(PIXELS_JS, 1)).reshape(HEIGHT, WIDTH, 4)  # `corner` was shown first
    assert np.array_equal(shown, wanted)
    seen = screen(running)
    large = wanted[..., :3].repeat(SCALE, 0).repeat(SCALE, 1)
    assert np.array_equal(seen[TOP : TOP + HEIGHT * SCALE, LEFT : LEFT + WIDTH * SCALE], large), "at its place"
    height, width, _ = seen.shape
    assert (seen[height - 9 : height - 5, width - 9 : width - 3] == (9, 120, 250)).all(), "from the lower right"
    running.python("import __main__\n__main__.corner.close()\nNone")
    running.frames(2)
    assert running.page.evaluate(PIXELS_JS, 1) is None
    report = running.report()
    assert report["errors"] == []
    assert report["crossings_per_frame"] == {"py_to_js": 1, "js_to_py": 1}


def test_the_flood_example_runs_and_paints(run_program: RunProgram) -> None:
    running = run_program(FLOOD, backend="null").wait_ready()
    running.frames(5)
    code = "import __main__, base64\nbase64.b64encode(__main__.{}.tobytes()).decode()"
    pixels, depth = (base64.b64decode(running.python(code.format(name))) for name in ("panel.read()", "water.depth"))
    assert np.frombuffer(depth, np.float32).max() > 0.1, "the spring runs"
    assert len(np.unique(np.frombuffer(pixels, np.uint32))) > 500
    assert running.report()["errors"] == []
