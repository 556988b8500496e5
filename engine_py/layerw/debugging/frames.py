"""The stack of a program that stands: frames of its own files, and what of the engine is between them.

Owns: the order, innermost first, and how a frame is named. Engine frames beneath the program's outermost are left out.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from types import FrameType
from typing import Any

EXCERPT_LINES = 4  # before and after


class Stack:
    """Frames with the line that each is on."""

    def __init__(self, frames: list[tuple[FrameType, int]], is_own: Callable[[str], bool]) -> None:
        last = max((i for i, (frame, _) in enumerate(frames) if is_own(frame.f_code.co_filename)), default=-1)
        self.frames = frames[: last + 1] or frames
        self.is_own = is_own

    @classmethod
    def of_frame(cls, frame: FrameType | None, is_own: Callable[[str], bool]) -> Stack:
        """As it runs."""
        frames: list[tuple[FrameType, int]] = []
        while frame is not None:
            frames.append((frame, frame.f_lineno))
            frame = frame.f_back
        return cls(frames, is_own)

    @classmethod
    def of_error(cls, error: BaseException, is_own: Callable[[str], bool]) -> Stack:
        """Where an exception was raised, though the functions have ended."""
        frames, trace = [], error.__traceback__
        while trace is not None:
            frames.append((trace.tb_frame, trace.tb_lineno))
            trace = trace.tb_next
        return cls(frames[::-1], is_own)

    def described(self, root: str, start: int = 0, count: int = 0) -> list[dict[str, Any]]:
        """As DAP has stack frames; `source.path` is relative to the program's folder, absent for other code."""
        end = len(self.frames) if count <= 0 else start + count
        found = []
        for number, (frame, line) in list(enumerate(self.frames))[start:end]:
            code = frame.f_code
            own = self.is_own(code.co_filename)
            name = code.co_filename.removeprefix(root) if own else _short(code.co_filename)
            source: dict[str, Any] = {"name": name.rpartition("/")[2]}
            source |= {"path": name} if own else {"origin": name}
            found.append({"id": number + 1, "name": code.co_qualname, "line": line, "column": 1, "source": source,
                          **({} if own else {"presentationHint": "subtle"})})
        return found

    def excerpt(self) -> dict[str, Any]:
        """The lines around the one where it stands."""
        frame, line = self.frames[0]
        first = max(1, line - EXCERPT_LINES)
        numbers = range(first, line + EXCERPT_LINES + 1)
        lines = [linecache.getline(frame.f_code.co_filename, number).rstrip("\n") for number in numbers]
        return {"first": first, "lines": lines}


def _short(path: str) -> str:
    """Of an installed package, from its name on."""
    for mark in ("site-packages/", ".whl/", "python314.zip/"):
        if mark in path:
            return path.rpartition(mark)[2]
    return path
