"""Temporal antialiasing on both APIs: a still picture nears a supersampled one, a moved camera leaves no ghosts."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .test_golden_passes import PROGRAM, SIZE
from .worlds import Pixels, pixels

PHASES = 6  # pictures that are looked at, of the 32 offsets of samples
FINER = 4  # on each side; with four samples a pixel that is 64


def show(running: Running, name: str, frames: int) -> Pixels:
    running.python(f"import __main__\n__main__.{name}()\nNone")
    running.frames(frames)
    return pixels(running)


def next_picture(running: Running) -> Pixels:
    running.frames(1)
    return pixels(running)


def linear(picture: Pixels) -> np.ndarray:
    s = picture / 255
    return np.asarray(np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4))


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(((a - b) ** 2).mean()))


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_a_still_picture_is_supersampled(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    width, height = SIZE["width"], SIZE["height"]
    running.page.set_viewport_size({"width": width * FINER, "height": height * FINER})
    fine = linear(show(running, "edges", 3))
    finest = fine.reshape(height, FINER, width, FINER, 3).mean(axis=(1, 3))
    running.page.set_viewport_size(SIZE)
    none, msaa, first = (linear(show(running, name, frames)) for name, frames in
                         (("none", 3), ("edges", 3), ("temporal", 64)))  # fmt: skip
    each = [first, *(linear(next_picture(running)) for _ in range(PHASES))]
    running.python("import __main__\n__main__.app.camera.position[0] += 2.0\nNone")
    running.frames(10)
    moved = linear(pixels(running))
    running.python("import __main__\n__main__.app.view.antialias = 'msaa'\nNone")
    running.frames(3)
    there = linear(pixels(running))
    reduced = linear(show(running, "upscaled", 110))
    drawn = [row["name"] for row in running.report()["passes"]]
    print("psnr", [round(psnr(one, finest), 2) for one in (none, msaa, *each, reduced)])
    assert "upscale" in drawn and psnr(reduced, finest) >= 38
    running.python("import __main__\n__main__.app.camera.position[0] += 2.0\nNone")
    running.frames(10)
    assert psnr(linear(pixels(running)), there) > 23, "fewer pixels leave nothing behind either"
    stretched = linear(show(running, "stretched", 3))
    shifts = {(x, y): psnr(np.roll(stretched, (y, x), (0, 1)), finest) for x in (-1, 0, 1) for y in (-1, 0, 1)}
    assert max(shifts, key=shifts.__getitem__) == (0, 0) and shifts[0, 0] > 21, "not beside where it was"
    running.python("import __main__\n__main__.upscaled()\n__main__.slide(32, 0.05)\nNone")
    running.frames(30)  # nearly a pixel each
    slid = linear(pixels(running))
    running.python("import __main__\n__main__.app.view.antialias, __main__.app.view.scale = 'msaa', 1.0\nNone")
    running.frames(3)
    assert psnr(slid, linear(pixels(running))) > 21, "what moves leaves no trail"
    worst = min(psnr(one, finest) for one in each)
    assert worst >= 38 and worst > psnr(msaa, finest) + 0.5 > psnr(none, finest) + 2
    assert psnr(moved, there) > 24 > psnr(first, there) + 8, "the picture has moved, and nothing stayed behind"
    assert running.report()["errors"] == []
