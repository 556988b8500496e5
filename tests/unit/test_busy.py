"""Where a program is that keeps its thread."""

from __future__ import annotations

import os
import signal
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerw.hosts import busy


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_the_innermost_line_of_the_program_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    busy.watch(told.append, f"{tmp_path}/")
    path = tmp_path / "parts" / "two.py"
    path.parent.mkdir()
    path.write_text(textwrap.dedent("""
        def inner(call):
            call()
        def outer(call):
            inner(call)
        outer(call)
    """))
    exec(compile(path.read_text(), str(path), "exec"), {"call": lambda: os.kill(os.getpid(), signal.SIGUSR1)})
    assert told == ["line 3 of parts/two.py: `call()`"]
    os.kill(os.getpid(), signal.SIGUSR1)
    assert len(told) == 1, "elsewhere than in the program nothing is told"
