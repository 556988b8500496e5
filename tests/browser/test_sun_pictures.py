"""The sun's shadows on both APIs: in fog, where walls throw them, and none without; edges as wide as it makes them."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .test_golden_passes import PROGRAM, SIZE
from .worlds import Pixels, pixels


def show(running: Running, name: str) -> tuple[Pixels, bool]:
    """The picture, and whether shafts were drawn."""
    running.python(f"import __main__\n__main__.{name}()\nNone")
    running.frames(3)
    return pixels(running), "shafts" in [row["name"] for row in running.report()["passes"]]


def edges(running: Running, name: str) -> list[float]:
    """How wide the edge of the low and of the high plate's shadow is, pixels: its left one, without what it ends in."""
    running.python(f"import __main__\n__main__.{name}()\nNone")
    running.frames(3)
    picture, found = pixels(running).mean(axis=2), []
    for middle in (25, 75):
        light = picture[middle - 6 : middle + 7, :70].mean(axis=0)  # the plates are right of their shadows
        depth = (light[:40].max() - light) / (light[:40].max() - light.min())
        found.append(float(((depth > 0.1) & (depth < 0.9)).sum()))
    return found


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_the_sun_throws_shadows(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size(SIZE)
    (shafts, drawn), (plain, undrawn) = show(running, "shafts"), show(running, "no_shafts")
    (alone, _), (clear, without) = show(running, "fog_alone"), show(running, "shadow")
    running.python("import __main__\n__main__.fog_alone()\n__main__.app.fog.shafts = 0.0\nNone")
    running.frames(3)
    lit = pixels(running)
    assert drawn and not undrawn and not without, "no pass without fog, or where nobody wants it"
    assert np.abs(alone - lit).max() <= 2, "where nothing casts, nothing is darker"
    row = slice(60, 80)  # the ground before the wall
    darker = (plain - shafts)[row].mean(axis=(0, 2))
    assert (plain - shafts).min() >= -2 and darker.max() > 8 and darker.max() > 1.5 * darker.min() + 2, "bright between"
    assert len(np.unique(clear)) > 1
    low, high = edges(running, "soft")
    assert low <= 2 and 4 <= high <= 9, "0.7 m of 0.08 m a pixel, two thirds of it; below the low one a sixth"
    assert max(edges(running, "sharp")) <= 2, "as sharp as texels are"
    assert running.report()["errors"] == []
