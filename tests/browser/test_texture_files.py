"""Textures from files in the page: each kind of file beside the same pixels, refusals, other origins, a lost device."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .conftest import RunProgram, ServeProgram
from .harness import Running
from .test_exact_pictures import picture
from .test_lost_device import COUNT_LOST_JS, HANG_S

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
pixels = np.zeros((32, 32, 3), np.uint8)
pixels[:16, :16], pixels[:16, 16:], pixels[16:, :16], pixels[16:, 16:] = (
    (220, 40, 20), (10, 200, 30), (20, 30, 220), (200, 120, 60))
kinds = ["png", "jpeg", "webp", "avif"]
shown = [lw.Texture(pixels)] + [lw.Texture.load(f"four.{kind}") for kind in kinds]
for n, texture in enumerate(shown):
    app.spawn(quad, lw.Material(unlit=True, base_color_texture=texture), position=(1.25 * (n - 2), 0, 0), scale=0.6)

def wrong(urls):
    global bad
    bad = [lw.Texture.load(url) for url in urls]
    for one in bad:
        app.spawn(quad, lw.Material(base_color_texture=one), position=(0, 0, 50))
"""
REFUSED = {
    "wide.png": "9000 x 2", "empty.png": "0 bytes", "page.png": "neither PNG nor JPEG", "cut.png": "could not decode",
    "missing.png": "404", "big.png": "layer_mib",
}  # fmt: skip


def write_files(folder: Path) -> None:
    """The four kinds of one picture, and what can't be shown."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:16, :16], pixels[:16, 16:] = (220, 40, 20), (10, 200, 30)
    pixels[16:, :16], pixels[16:, 16:] = (20, 30, 220), (200, 120, 60)
    image = Image.fromarray(pixels)
    for kind in ("png", "jpeg", "webp", "avif"):
        image.save(folder / f"four.{kind}", quality=100, **({"subsampling": 0} if kind == "jpeg" else {}))
    Image.new("L", (9000, 2)).save(folder / "wide.png")
    Image.new("L", (8000, 8000)).save(folder / "big.png")
    (folder / "empty.png").write_bytes(b"")
    (folder / "page.png").write_text("<!doctype html><title>404</title>")
    Image.effect_noise((64, 64), 50).save(folder / "whole.png")
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:200])
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")


def ask(running: Running, expression: str) -> Any:
    """What an expression of the program (m) is."""
    return json.loads(running.python(f"import json, __main__ as m\njson.dumps({expression})"))


def wait_states(running: Running, name: str, *states: str) -> None:
    end = time.monotonic() + HANG_S
    while not set(ask(running, f"[one.state for one in m.{name}]")) <= set(states):
        assert time.monotonic() < end, ask(running, f"[(one.state, one.error) for one in m.{name}]")
        running.frames(2)


def check_squares(running: Running) -> None:
    """Every square shows what the first does, whose pixels the program gave."""
    running.frames(3)
    seen = picture(running).astype(int)
    squares = [seen[75:125, x - 22 : x + 22] for x in (160 + round(57.2 * (n - 2)) for n in range(5))]
    for kind, square in zip(("png", "jpeg", "webp", "avif"), squares[1:], strict=True):
        for rows in (slice(4, 20), slice(30, 46)):
            for columns in (slice(4, 16), slice(28, 40)):
                differs = np.abs(square[rows, columns].mean(axis=(0, 1)) - squares[0][rows, columns].mean(axis=(0, 1)))
                assert differs.max() < 6, (kind, differs)
    assert squares[0][10, 8, 0] > 120 > squares[0][10, 8, 2] and squares[0][40, 8, 2] > 120, "blue is below"


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_files_of_each_kind_and_what_is_refused(run_program: RunProgram, serve_program: ServeProgram, tmp_path: Path,
                                                origin: str, backend: str) -> None:  # fmt: skip
    write_files(tmp_path)
    running = run_program(tmp_path / "main.py", backend=backend).wait_ready()
    running.baseline = None  # what is asked for later counts
    running.page.set_viewport_size({"width": 320, "height": 200})
    wait_states(running, "shown", "ready")
    assert ask(running, "[(one.width, one.height) for one in m.shown]") == [[32, 32]] * 5
    check_squares(running)
    for evicted in (0, 1 << 40):  # from what is kept in Layer memory, then from the server
        running.python(f"import __main__ as m\nm.app._engine.backups.evict({evicted})\nNone")
        running.page.evaluate(COUNT_LOST_JS)
        running.request("loseDevice")
        running.page.wait_for_function("globalThis.backSeen > 0", timeout=1000 * HANG_S)
        wait_states(running, "shown", "ready")
        check_squares(running)
    if backend == "webgpu":
        return
    elsewhere = serve_program(tmp_path / "main.py")
    urls = [*REFUSED, f"{origin}/docs/images/island.jpg", f"{elsewhere}app/four.png"]
    running.python(f"import __main__ as m\nm.wrong({urls!r})")
    wait_states(running, "bad", "ready", "failed")
    *refused, other, allowed = ask(running, "[(one.state, one.error) for one in m.bad]")
    for (url, words), (state, error) in zip(REFUSED.items(), refused, strict=True):
        assert state == "failed" and words in error and url in error, (url, error)
    assert other[0] == "failed" and "island.jpg" in other[1] and "Access-Control-Allow-Origin" in other[1]
    assert allowed == ["ready", ""]
    assert len(running.page.evaluate("document.querySelector('layer-w').errors")) == 7, "each once"
