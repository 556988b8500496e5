"""What a page prints, repeated in the terminal: print(), warnings and tracebacks of the program.

Owns: reading the page's messages, and how much of them a terminal gets.
Does not: trust them. A page is a program that somebody wrote: control characters are shown as escapes, so that it can't
move the cursor or retitle the window.
Limits: LINES_PER_S lines a second with bursts of LINES_BURST, TEXT_MAX characters a message; the rest is counted.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

LINES_PER_S, LINES_BURST = 200.0, 400
TEXT_MAX = 10_000
PRINT, WARNING, ERROR, EXCEPTION = 0, 1, 2, 3
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
Sink = Callable[[int, str], None]


class PageLog:
    """Takes messages of pages and hands lines to `sink(level, text)`; level 0 is print(), 1 a warning, 2 an error."""

    def __init__(self, sink: Sink, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink, self._clock = sink, clock
        self._left, self._then = float(LINES_BURST), clock()
        self._dropped = 0

    def take(self, message: str) -> None:
        """One WebSocket message; anything but `{"type": "log", "lines": [[level, text], ...]}` is ignored."""
        try:
            raw: Any = json.loads(message)
            lines = raw["lines"] if raw["type"] == "log" else []
            dropped = int(raw.get("dropped", 0))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        for line in lines if isinstance(lines, list) else []:
            match line:
                case [int(level), str(text)] if PRINT <= level <= EXCEPTION:
                    self._say(level, text)
        self._dropped += min(max(dropped, 0), 1_000_000)

    def _say(self, level: int, text: str) -> None:
        now = self._clock()
        self._left = min(LINES_BURST, self._left + (now - self._then) * LINES_PER_S)
        self._then = now
        shown = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"),
                             text[:TEXT_MAX].replace("\r\n", "\n"))
        count = shown.count("\n") + 1
        if self._left < count:
            self._dropped += count
            return
        self._left -= count
        if self._dropped:
            self._sink(WARNING, f"({self._dropped} more lines of the page were left out)")
            self._dropped = 0
        self._sink(level, shown)
