"""Two pages of examples/fox in one room, as `layerw serve examples/fox` runs it: what one does the other sees."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerw_server.net.room import Room
from tests.unit.test_fox import GAME, OWN

from .conftest import RunProgram
from .rooms import running_room

LOOK = "from layerw.base.host_port import Running; app = Running.app; level = app.scene; foxes = level.foxes; "

STANDS = f"{LOOK}str((level.score.text, {{n: (one.place, one.clip) for n, one in foxes.items()}}, app.net.state))"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    folder = tmp_path / "program"
    shutil.copytree(GAME, folder)
    monkeypatch.syspath_prepend(str(folder))
    with running_room(folder / "main.py") as found:
        yield found
    for name in OWN:
        sys.modules.pop(name, None)


def test_two_foxes_in_two_pages(room: Room, run_program: RunProgram) -> None:
    one, two = (run_program(room._program, serve={"room": room}, backend="null", thread=thread).wait_ready()
                for thread in ("worker", "main"))  # fmt: skip

    def until(page: Any, what: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while page.python(f"{LOOK}str(bool({what}))") != "True":
            assert time.monotonic() < end, (what, [other.python(STANDS) for other in (one, two)])
            one.frames(2)
            two.frames(2)

    for page in (one, two):
        page.page.get_by_role("button", name="Together").click()
    for page in (one, two):
        until(page, "len(foxes) == 2 and level.left == 20 and level.chase")
    own = int(one.python(LOOK + "app.net.player.number"))
    before = float(two.python(f"{LOOK}foxes[{own}].place[2]"))
    one.page.bring_to_front()
    one.page.locator("layer-w").click(position={"x": 90, "y": 90})
    one.page.keyboard.down("w")
    until(two, f"foxes[{own}].place[2] > {before} + 2")
    one.page.keyboard.up("w")
    until(two, f"foxes[{own}].clip == 'Idle'")
    place = one.python(f"{LOOK}str(foxes[{own}].place.round(2).tolist())")
    until(two, f"abs(foxes[{own}].place - {place}).max() < 0.02")
    assert float(one.python(LOOK + "app.net._prediction.largest_m")) < 0.05, "wasm comes to what the server comes to"

    flies = room._app.scene.fireflies
    flies.home[0] = room._app.each(sys.modules["together"].Runner).entities[own - 1].position
    until(two, "level.left == 19")
    assert f"Player {own}: 1" in two.python(LOOK + "level.score.text")
    until(one, "'You: 1' in level.score.text")
    assert one.report()["errors"] == two.report()["errors"] == []
    for page in (one, two):
        page.baseline = None  # it was counted while the room's things came
        page.python(LOOK + "app.close()")
