"""What a page prints, in the terminal: whole, harmless, and never a flood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layerw_server.http.page_log import LINES_BURST, LINES_PER_S, TEXT_MAX, PageLog


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _log() -> tuple[PageLog, list[tuple[int, str]], Clock]:
    said: list[tuple[int, str]] = []
    clock = Clock()
    return PageLog(lambda level, text: said.append((level, text)), clock), said, clock


def _message(*lines: object, dropped: int = 0) -> str:
    return json.dumps({"type": "log", "lines": list(lines), "dropped": dropped})


def test_lines_come_with_their_level() -> None:
    log, said, _ = _log()
    log.take(_message([0, "grüße 世界 🎲\ttab"], [1, "warned"], [3, "Traceback:\n  line\nE"]))
    assert said == [(0, "grüße 世界 🎲\ttab"), (1, "warned"), (3, "Traceback:\n  line\nE")]


def test_control_characters_are_shown_not_obeyed() -> None:
    log, said, _ = _log()
    log.take(_message([0, "\x1b]0;title\x07\x1b[2J\rback\u202e\x9b1m"]))
    assert said == [(0, "\\x1b]0;title\\x07\\x1b[2J\\rback\\u202e\\x9b1m")]


@pytest.mark.parametrize("message", [
    "", "[]", "null", "{", "[" * 5000, '{"type": "log"}', '{"type": "log", "lines": 3}', '{"type": "x", "lines": []}',
    _message(3, [0], [0, 1], [9, "x"], [-1, "x"], [0.5, "x"], ["0", "x"], {"0": "x"}), '{"type": "log", "dropped": ""}',
])
def test_anything_else_is_ignored(message: str) -> None:
    log, said, _ = _log()
    log.take(message)
    assert said == []


def test_a_flood_is_cut_and_counted() -> None:
    log, said, clock = _log()
    for _ in range(10):
        log.take(_message(*[[0, "line"]] * 200, dropped=5))
    assert sum(level == 0 for level, _ in said) == LINES_BURST
    clock.now += 10 / LINES_PER_S
    log.take(_message([0, "late"]))
    assert said[-2:] == [(1, f"({2000 - LINES_BURST + 45} more lines of the page were left out)"), (0, "late")]
    log.take(_message([0, "x" * 50_000]))
    assert len(said[-1][1]) == TEXT_MAX


def test_the_page_and_the_server_agree_on_sizes() -> None:
    """What the page sends at most in one message fits into what the server takes, also where all of it is escaped."""
    from layerw_server.http.serve import WEBSOCKET_BYTES_MAX

    source = (Path(__file__).parents[2] / "web/page/reload.js").read_text("utf-8")
    characters = int(next(line for line in source.splitlines() if line.startswith("const BYTES_MAX")).split()[3]
                     .rstrip(";").replace("_", ""))
    assert characters * len("\\u0000") + 200 * len('[0,""],') < WEBSOCKET_BYTES_MAX
