"""lw.Environment on both APIs: what is seen, what lights and what is mirrored are one picture of light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .worlds import Pixels, pixels

PROGRAM = Path(__file__).parent / "pages" / "surroundings.py"
SIZE = {"width": 96, "height": 96}
BALL, LEFT, RIGHT = np.s_[40:56, 40:56], np.s_[40:56, 2:14], np.s_[40:56, 82:94]
seen: dict[str, list[Pixels]] = {}


def call(running: Running, code: str) -> Pixels:
    running.python(f"import __main__\n__main__.{code}\nNone")
    for _ in range(20):
        running.frames(2)
        if running.python("import __main__\n__main__.app.environment is None or __main__.app.settled"):
            break
    running.frames(2)
    return pixels(running)


def is_of(picture: Pixels, where: tuple[slice, slice], channel: int) -> bool:
    mean = picture[where].reshape(-1, picture.shape[-1])[:, :3].mean(axis=0)
    others = [mean[other] for other in range(3) if other != channel]
    return bool(mean[channel] > 90 and max(others) < 0.55 * mean[channel])


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_a_picture_of_light_lights_is_mirrored_and_is_seen(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.page.set_viewport_size(SIZE)
    running.frames(3)
    sky = pixels(running)
    grey = call(running, "even(0.35)")
    assert grey[..., :3].std() < 3, "a white ball in even light is not seen, nor is the seam behind it"
    bright = call(running, "even(0.7)")
    assert bright.mean() > grey.mean() + 25
    call(running, "mirror(0.0)")
    ahead = call(running, "sided()")
    assert is_of(ahead, LEFT, 2) and is_of(ahead, RIGHT, 0), "ahead is -Z, red to its right"
    back = call(running, "face(0.5)")
    assert is_of(back, LEFT, 0) and is_of(back, RIGHT, 2), "and the other way round behind"
    left_part, right_part = np.s_[40:56, 36:44], np.s_[40:56, 52:60]
    assert is_of(back, left_part, 0) and is_of(back, right_part, 2), "a mirror shows what is behind the camera"
    call(running, "face(0.0)")
    assert np.abs(call(running, "from_file()") - ahead).max() <= 2, "a file of the same pixels is the same light"
    rough = call(running, "mirror(0.5)")
    assert is_of(rough, LEFT, 2) and rough[BALL][:, 7:9].std(axis=0).mean() < 12
    turned = call(running, "app.environment.rotation = 3.14159265")
    assert is_of(turned, LEFT, 0) and is_of(turned, RIGHT, 2), "turned by half"
    again = call(running, "app.environment = None")
    assert np.abs(again - sky)[LEFT].max() <= 3, "the sky is back"
    assert running.report()["errors"] == []
    seen[backend] = [grey, ahead, back, rough, turned]
    if len(seen) == 2:
        for one, other in zip(*seen.values(), strict=True):
            assert (np.abs(one - other).max(axis=-1) > 4).mean() < 0.01
