"""Two pages and a room, as `layerw serve examples/together.py` runs them: what one does the other sees, the own figure
moves at once and as the server has it, and what is written is read."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw_server.net.room import Room

from .conftest import RunProgram
from .rooms import running_room

EXAMPLE = Path(__file__).parents[2] / "examples" / "together.py"
FIGURES = """
import __main__, json
rows = __main__.app.each(__main__.Hero)
json.dumps({int(one[__main__.Hero].owner): [round(float(x), 4) for x in one.position] for one in rows.entities})
"""
STATE = "import __main__\nstr((__main__.app.report()['net'], __main__.move.value))"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    folder = tmp_path / "program"
    folder.mkdir()
    shutil.copy(EXAMPLE, folder / "main.py")
    with running_room(folder / "main.py") as found:
        yield found


def test_what_one_does_the_other_sees(room: Room, run_program: RunProgram) -> None:
    one, two = (run_program(room._program, serve={"room": room}, backend="null", thread=thread).wait_ready()
                for thread in ("worker", "main"))  # fmt: skip

    def until(what: Any, seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, [(page.python(FIGURES), page.python(STATE)) for page in (one, two)]
            one.frames(2)
            two.frames(2)

    def figures(page: Any) -> dict[str, list[float]]:
        found: dict[str, list[float]] = json.loads(page.python(FIGURES))
        return found

    until(lambda: len(figures(one)) == 2 == len(figures(two)))
    own = str(one.python("import __main__\n__main__.app.net.player.number"))
    before = figures(one)[own]
    one.page.bring_to_front()
    one.page.locator("layer-w").click(position={"x": 150, "y": 60})
    one.page.keyboard.down("KeyD")
    until(lambda: figures(one)[own][0] > before[0] + 1)
    one.page.keyboard.press("Space")
    until(lambda: figures(two)[own][0] > before[0] + 1.5)
    one.page.keyboard.up("KeyD")
    time.sleep(1)
    until(lambda: np.allclose(figures(one)[own], figures(two)[own], atol=0.01))  # others see steps of 1/128 m
    for page in (one, two):
        assert page.python("import __main__\n__main__.walk.largest_m") < 0.05, "wasm comes to what the server comes to"

    field = one.page.locator("layer-w input.field")
    field.fill("hello <b>you</b>")
    field.press("Enter")
    reads = two.page.locator("layer-w p.text", has_text="hello <b>you</b>")
    until(lambda: reads.count() == 1)
    assert reads.get_attribute("aria-live") == "polite" and field.input_value() == ""
    for page in (one, two):
        page.baseline = None  # it was counted while the room's things came
        page.python("import __main__\n__main__.app.close()")
