"""Occlusion of the sky's light on both APIs: none in the open, soft in corners, and none of the sun's light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .worlds import Pixels, pixels

PROGRAM = Path(__file__).parent / "pages" / "ambient.py"
SIZE = {"width": 160, "height": 100}
GROUND = np.s_[70:, :]  # below the horizon and the walls' feet
seen: dict[str, list[Pixels]] = {}


def show(running: Running, call: str) -> Pixels:
    running.python(f"import __main__\n__main__.show({call})\nNone")
    running.frames(3)
    return pixels(running)


def sea(running: Running, *, on: bool) -> Pixels:
    running.python(f"import __main__\n__main__.sea({on})\nNone")
    running.frames(4)
    return pixels(running)


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_what_stands_around_hides_the_sky(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.baseline = None  # the sea's mesh and material stay until the page ends
    running.page.set_viewport_size(SIZE)
    running.frames(3)
    bare, open_plane = show(running, "False, 0.0"), show(running, "False, 1.0")
    assert np.abs(open_plane - bare)[GROUND].max() <= 3, "a plane hides nothing of the sky from itself"
    plain, corner = show(running, "True, 0.0"), show(running, "True, 1.0")
    darker = (plain - corner).mean(axis=-1)
    foot = darker[52:60, 60:90].max()  # where the wall stands on the floor
    assert foot > 12 and darker[90:, :60].max() <= 2 and darker.min() >= -2, "soft, near and nowhere brighter"
    lit, unchanged = show(running, "True, 0.0, sky=False"), show(running, "True, 1.0, sky=False")
    assert np.abs(lit - unchanged).max() <= 4, "of the sun's light nothing is taken, but of its glow"
    apart, touching = (show(running, f"True, 0.0, contact={on}, sky=False, near=True") for on in (False, True))
    assert (apart - touching).max() > 20, "what touches the ground throws a fine shadow"
    sky_alone, mirrored = sea(running, on=False), sea(running, on=True)
    redder = (mirrored - sky_alone)[..., 0] - (mirrored - sky_alone)[..., 2]
    assert redder[62:85, 50:110].mean() > 3 and np.abs(mirrored - sky_alone)[:45].max() <= 1, "below the wall alone"
    seen[backend] = [corner, touching]  # waves go by the time, which is not the same in both
    if len(seen) == 2:
        for one, other in zip(*seen.values(), strict=True):
            assert (np.abs(one - other).max(axis=-1) > 2).mean() < 0.002
    running.python("import __main__\n__main__.app.quality = 'low'\nNone")
    running.frames(3)
    assert "ambient" not in [row["name"] for row in running.report()["passes"]]
    assert running.report()["errors"] == []
