"""The program's file as a page runs it, on a loop that runs: top-level await, sys.exit(), mistakes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from layerw.base.host_port import Running
from layerw.hosts.program import run


@pytest.fixture(autouse=True)
def _main(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(Running, "app", None)


def ran(tmp_path: Path, text: str, wait_s: float = 0.2) -> tuple[str, list[str]]:
    """What is shown, and in which order frames were begun and the program ended."""
    path = tmp_path / "main.py"
    path.write_text(text, encoding="utf-8")
    events: list[str] = []

    async def page() -> str:
        found = run(str(path), lambda: events.append("start"))
        shown = found if isinstance(found, str) else await found
        await asyncio.sleep(wait_s)
        return shown

    shown = asyncio.run(page())
    main = __import__("sys").modules["__main__"]
    return shown, [*events, *(["end"] if getattr(main, "ended", False) else [])]


APP = "import layerw as lw\nfrom layerw.hosts.headless import HeadlessHost\napp = lw.App(host=HeadlessHost())\n"


def test_a_plain_program_starts_at_once(tmp_path: Path) -> None:
    assert ran(tmp_path, APP + "ended = True\n", 0) == ("", ["start", "end"])


def test_await_before_and_after_the_app(tmp_path: Path) -> None:
    text = "import asyncio\nawait asyncio.sleep(0.01)\n" + APP + "await asyncio.sleep(0.05)\nended = True\n"
    assert ran(tmp_path, text) == ("", ["start", "end"])


def test_frames_begin_while_the_program_awaits(tmp_path: Path) -> None:
    shown, events = ran(tmp_path, "import asyncio\n" + APP + "while True:\n    await asyncio.sleep(0.01)\n")
    assert (shown, events) == ("", ["start"])


@pytest.mark.parametrize("awaiting", ["", "import asyncio\nawait asyncio.sleep(0)\n"])
def test_a_mistake_is_shown_with_its_line(tmp_path: Path, awaiting: str) -> None:
    shown, events = ran(tmp_path, awaiting + "1 / 0\n")
    line = 1 + awaiting.count("\n")
    assert "ZeroDivisionError" in shown and f'main.py", line {line}' in shown and events == []
    assert "hosts/program.py" not in shown


@pytest.mark.parametrize("awaiting", ["", "import asyncio\nawait asyncio.sleep(0)\n"])
def test_sys_exit_before_the_first_frame_is_a_sentence(tmp_path: Path, awaiting: str) -> None:
    shown, events = ran(tmp_path, awaiting + "import sys\nsys.exit('no licence')\n")
    assert "sys.exit() (no licence)" in shown and "Traceback" not in shown and events == []


def test_a_syntax_error_and_a_byte_order_mark(tmp_path: Path) -> None:
    assert "SyntaxError" in ran(tmp_path, "def f(:\n")[0]
    assert ran(tmp_path, "\ufeff" + APP + "ended = True\r\n", 0) == ("", ["start", "end"])
