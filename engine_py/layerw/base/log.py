"""Messages for the person at the screen: kept until the frame's submit carries them to the page.

Owns: the messages of this frame and the count of errors. Does not decide where they are shown.
Limits: 64 messages a frame (the rest are counted; exceptions always go), 16 KiB a message.
"""

from __future__ import annotations

from typing import NamedTuple

INFO, WARNING, ERROR, EXCEPTION, NOTE = 0, 1, 2, 3, 4
MESSAGES_PER_FRAME_MAX = 64
MESSAGE_CHARS_MAX = 16 * 1024


class Message(NamedTuple):
    """One log line: `level` as in the `log` command."""

    level: int
    text: str


class Log:
    """Collects messages; `take()` empties it once a frame."""

    def __init__(self) -> None:
        self.errors: list[str] = []  # for the report; at most MESSAGES_PER_FRAME_MAX are kept
        self.error_count = 0
        self.dropped_count = 0
        self._waiting: list[Message] = []

    def info(self, text: str) -> None:
        self._add(INFO, text)

    def warning(self, text: str) -> None:
        self._add(WARNING, text)

    def note(self, text: str) -> None:
        """An info that the page shows for some seconds."""
        self._add(NOTE, text)

    def error(self, text: str) -> None:
        self._count(text)
        self._add(ERROR, text)

    def exception(self, text: str) -> None:
        """A traceback, which the page shows whole."""
        self._count(text)
        self._add(EXCEPTION, text)

    def _count(self, text: str) -> None:
        self.error_count += 1
        if len(self.errors) < MESSAGES_PER_FRAME_MAX:
            self.errors.append(text[:MESSAGE_CHARS_MAX])

    def _add(self, level: int, text: str) -> None:
        if len(self._waiting) >= MESSAGES_PER_FRAME_MAX and level != EXCEPTION:
            self.dropped_count += 1
            return
        self._waiting.append(Message(level, text[:MESSAGE_CHARS_MAX]))

    def take(self) -> list[Message]:
        """The messages since the last call."""
        messages, self._waiting = self._waiting, []
        return messages
