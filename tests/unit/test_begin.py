"""Programs that commands begin and step as quick as frames go: their coroutines go on with the frames."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from layerw.base.frame_loop import FrameLoop
from layerw.base.host_port import Running
from layerw.hosts.begin import ProgramFailed, begin_stepped
from layerw.hosts.headless import HeadlessHost

STORY = """
import asyncio
import layerw as lw
app = lw.App()
seen = []

async def story(name):
    await app.seconds(0.25)
    seen.append((name, round(app.time_s, 2)))
    await asyncio.sleep(0.25)
    seen.append((name, round(app.time_s, 2)))

app.start(story("top"))

@app.after(0.5)
async def later():
    await story("later")
"""


def seen(path: Path, source: str, frames: int = 90) -> list[tuple[str, float]]:
    Running.app = None  # as in a process of its own
    program = path / "program.py"
    program.write_text(source)
    host = HeadlessHost(path)
    app = begin_stepped(program, host)
    host.step(app, frames)
    assert host.errors == []
    app.close()
    return sys.modules["__main__"].seen


@pytest.fixture(autouse=True)
def main(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(Running, "app", None)


def test_coroutines_go_on_with_the_frames_by_their_clock(tmp_path: Path) -> None:
    """At the top level, in callbacks and in what they await; twice the same."""
    found = seen(tmp_path, STORY)
    assert [name for name, _ in found] == ["top", "top", "later", "later"]
    assert found[0][1] == pytest.approx(0.25, abs=0.04) and found[1][1] == pytest.approx(0.5, abs=0.04)
    assert found[2][1] == pytest.approx(0.75, abs=0.06) and found[3][1] == pytest.approx(1.0, abs=0.06)
    assert seen(tmp_path, STORY) == found


def test_a_top_level_that_awaits_goes_on_as_well(tmp_path: Path) -> None:
    """Before there is an App, and beside its frames."""
    found = seen(tmp_path, """
import asyncio
import layerw as lw
seen = []
await asyncio.sleep(0.3)
app = lw.App()
await asyncio.sleep(0.2)
seen.append(("slept", round(app.time_s, 2)))
await app.seconds(0.2)
seen.append(("waited", round(app.time_s, 2)))
""")
    assert [name for name, _ in found] == ["slept", "waited"]
    assert found[0][1] == pytest.approx(0.2, abs=0.04) and found[1][1] == pytest.approx(0.4, abs=0.06)


def test_what_a_coroutine_raises_is_told(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(STORY.replace("seen.append((name, round(app.time_s, 2)))", "raise ValueError(name)", 1))
    host = HeadlessHost(tmp_path)
    app = begin_stepped(program, host)
    host.step(app, 60)
    assert any("ValueError: top" in text for text in host.errors)
    app.close()
    Running.app = None
    program.write_text("import asyncio\nawait asyncio.sleep(0.1)\nraise ValueError('early')\n")
    with pytest.raises(ProgramFailed, match="ValueError: early"):
        begin_stepped(program, HeadlessHost(tmp_path))


def test_the_clock_of_a_loop_begins_anew_and_waits_stay_as_long() -> None:
    loop, told = FrameLoop(lambda error: None), io.StringIO()
    loop.step(3.0)
    loop.call_later(1.0, told.write, "now")
    loop.step(3.5)
    loop.rewind()
    loop.step(0.4)
    assert told.getvalue() == ""
    loop.step(0.6)
    assert told.getvalue() == "now"
