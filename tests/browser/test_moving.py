"""Temporal antialiasing of what moves, on both APIs: thin things do not flicker, boxes and plants leave no ghosts.

Pictures come from the program itself, each of one frame: how many frames pass between two of them is not the test's.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .test_temporal import linear, psnr

PROGRAM = Path(__file__).parent / "pages" / "moving.py"
LUMA = np.array((0.2126, 0.7152, 0.0722))
ROWS = (slice(32, 60), slice(70, 92))  # of the two boxes, and a little more; the horizon is in neither
PASSED = slice(36, 86)  # columns that they have left for two frames or more
THERE = slice(106, 118)  # and where they are


def taken(running: Running, steps: str) -> np.ndarray:
    """(n, h, w, 3) pictures of a generator of the program."""
    running.python(f"import __main__ as m\nm.begin(m.{steps})\nNone")
    for _ in range(300):
        running.frames(2)
        found = json.loads(str(running.python("import __main__, json\njson.dumps(__main__.found)")))
        if found:
            flat = np.frombuffer(base64.b64decode(found["bytes"]), np.uint8)
            return flat.reshape(found["shape"]).astype(np.int16)
    raise AssertionError(f"{steps} does not end: {running.report()['errors']}.")


def flicker(pictures: np.ndarray) -> float:
    """The mean of how far each pixel's light is from its own mean, squared."""
    return float((linear(pictures) @ LUMA).var(axis=0).mean())


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_what_moves(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.baseline = None  # views and materials stay until the page ends
    none, temporal = (taken(running, f"trembling({how!r})") for how in ("none", "temporal"))
    finest = linear(none).mean(axis=0)  # the camera's places are samples of each pixel
    print("flicker", flicker(none), flicker(temporal), "psnr", psnr(linear(none[-1]), finest),
          psnr(linear(temporal[-1]), finest))  # fmt: skip
    assert flicker(none) > 1e-3 and flicker(temporal) <= flicker(none) / 3
    assert psnr(linear(temporal[-1]), finest) > psnr(linear(none[-1]), finest) + 1, "nor is it only a blur"
    boxes, empty = taken(running, "sliding()")
    for rows in ROWS:
        assert np.abs(boxes - empty)[rows, PASSED].max() <= 2, "where a box was two frames ago it has left nothing"
        assert np.abs(boxes - empty)[rows, THERE].max(axis=(0, 2)).min() > 40, "and it is where it is"
    past, now = taken(running, "swaying(1.0)")
    print("swaying", psnr(linear(past), linear(now)))
    assert psnr(linear(past), linear(now)) > 31, "plants in the wind are where they are, with and without a past"
    assert running.report()["errors"] == []
