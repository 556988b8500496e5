"""app.pick_drawn in real Chromium: what is asked is what the GPU has drawn there, on both APIs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import RunProgram
from .harness import SIZE, Running

PROGRAM = Path(__file__).parent / "pages" / "picks.py"
WAIT_FRAMES = 60
BACK = -4.5
# Metres of the picture's plane, and what is seen there: name, row of it, x, y, z.
EXPECTED: tuple[tuple[float, float, list[Any] | None], ...] = (
    (-6.0, 3.0, ["box", 0, -6.0, 3.0, 1.0]),
    (-3.0, 3.0, ["ball", 0, -3.0, 3.0, 1.0]),
    (-2.2, 3.8, ["back", 0, -2.2, 3.8, BACK]),  # beside the ball, inside of its box
    (-0.5, 3.5, ["back", 0, -0.5, 3.5, BACK]),  # through the hole
    (0.5, 3.5, ["cut", 0, 0.5, 3.5, 0.1]),
    (-0.5, 2.5, ["cut", 0, -0.5, 2.5, 0.1]),
    (3.0, 3.0, ["glass", 0, 3.0, 3.0, 0.1]),
    (5.0, 3.0, ["back", 0, 5.0, 3.0, BACK]),  # nothing of the left half is opaque at all
    (6.0, 3.0, ["fade", 0, 6.0, 3.0, 0.1]),
    (-6.0, -3.0, ["back", 0, -6.0, -3.0, BACK]),  # the box there is hidden
    (0.0, -3.0, ["crowd", 11, 0.0, -3.0, 0.51]),
    (0.0, 0.5, ["lifted", 0, 0.0, 0.5, 0.5]),
    (0.0, -1.3, ["back", 0, 0.0, -1.3, BACK]),  # where it is lifted from
    (4.3, -3.0, ["dots", 0, 4.3, -3.0, 0.0]),
    (4.4, -2.6, ["back", 0, 4.4, -2.6, BACK]),  # the corner of its square
    (5.0, 0.15, ["line", 0, 5.0, 0.15, 0.0]),
    (5.0, 0.4, ["back", 0, 5.0, 0.4, BACK]),
    (90.0, 0.0, None),
)
PIXEL_M = 10 / SIZE["height"]


def answers(running: Running, points: list[tuple[float, float]]) -> list[Any]:
    running.python(f"import __main__\n__main__.ask({points})\nNone")
    return waited(running, len(points))


def waited(running: Running, count: int) -> list[Any]:
    for _ in range(WAIT_FRAMES):
        running.frames(1)
        found = json.loads(running.python("import json, __main__\njson.dumps(__main__.answers)"))
        if len(found) == count:
            return [found[str(number)] for number in range(count)]
    raise AssertionError(f"{found} came of {count} answers.")


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_what_is_drawn_is_what_is_picked(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.baseline = None  # the scene stays until the page ends
    running.frames(3)
    found = answers(running, [(x, y) for x, y, _ in EXPECTED])
    for (x, y, wanted), hit in zip(EXPECTED, found, strict=True):
        if wanted is None or hit is None:
            assert hit == wanted, (x, y)
            continue
        assert hit[:2] == wanted[:2], (x, y)
        assert hit[2:4] == pytest.approx(wanted[2:4], abs=PIXEL_M)
        assert hit[4] == pytest.approx(wanted[4], abs=0.02), (x, y)
    running.python("import __main__\n__main__.close_up()\nNone")
    running.frames(2)
    corner = answers(running, [(5.8, -4.3)])[0]
    assert corner[0] == "box", "the view that lies there answers"
    assert corner[2:4] == pytest.approx([-5.68, 2.78], abs=0.04)
    running.python("import __main__\n__main__.at_sea()\nNone")
    running.frames(4)
    water, sky = answers(running, [(0.0, 0.0), (0.0, 4.9)])
    assert water[:2] == ["ground", 0] and water[3] == pytest.approx(-8.0, abs=0.05) and sky is None
    assert water[2] == pytest.approx(0.0, abs=0.3) and water[4] == pytest.approx(-40, abs=1.0)
    running.python("import __main__\n__main__.ask([(0.0, 0.0)])\nNone")
    running.request("loseDevice")
    lost = waited(running, 1)[0]
    told = isinstance(lost, str) and ("GPU was lost" in lost or "could not be read back" in lost)  # who hears it first
    assert lost is None or lost[0] == "ground" or told, f"answered or told: {lost}"
    for _ in range(WAIT_FRAMES):
        answer = answers(running, [(0.0, 0.0)])[0]
        if not isinstance(answer, str):
            break
        print(answer)
        running.frames(10)
    assert answer[:2] == ["ground", 0], "of the new device"
    assert running.report()["errors"] == []
