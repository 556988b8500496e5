"""Where the program is while it keeps its thread: told on a signal that web/engine/busy.js gives.

Owns: the handler of SIGUSR1 in the page. It tells, and under a development server takes what was asked meanwhile (to
stop there, say); else the program goes on. Limits: CPython calls it between two instructions, so nothing is told inside
of one long call of C.
"""

from __future__ import annotations

import linecache
import signal
from collections.abc import Callable
from types import FrameType

PROGRAM = "/app/"


def watch(tell: Callable[[str], object], folder: str = PROGRAM, take: Callable[[], None] = lambda: None) -> None:
    """Calls `tell` with the innermost line of the program's own files, as "line 3 of main.py: `while True:`"; where it
    gives True, `take()` is called, which may raise."""

    def told(_number: int, frame: FrameType | None) -> None:
        where = _where(frame, folder)
        if tell(where) if where else False:
            take()

    signal.signal(signal.SIGUSR1, told)


def _where(frame: FrameType | None, folder: str) -> str:
    while frame is not None and not frame.f_code.co_filename.startswith(folder):
        frame = frame.f_back
    if frame is None:
        return ""
    path, line = frame.f_code.co_filename, frame.f_lineno
    return f"line {line} of {path.removeprefix(folder)}: `{linecache.getline(path, line).strip()}`"
