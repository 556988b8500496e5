"""The program's own callbacks, called so that a mistake in one never stops the picture.

Owns: which callbacks run. One that raises is reported once, with its traceback, and is not called again.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

ENGINE_FOLDER = __file__.rsplit("/", 2)[0] + "/"


class UserCode:
    """Calls into the program. `show(text)` gets each traceback."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._frames: list[Callable[[float], Any]] = []
        self._shown: set[str] = set()

    def add_frame(self, callback: Callable[[float], Any]) -> None:
        """Calls it each frame with the seconds since the last."""
        self._frames.append(callback)

    def clear(self) -> None:
        """Forgets every callback, and what was shown."""
        self._frames.clear()
        self._shown.clear()

    def run_frames(self, dt: float) -> None:
        """One call to each frame callback that has not failed."""
        for callback in list(self._frames):
            if not self.call(callback, dt):
                self._frames.remove(callback)

    def call(self, callback: Callable[..., Any], *values: Any) -> bool:
        """False where it raised; the traceback was shown then."""
        try:
            callback(*values)
        except Exception as error:
            self.show_exception(error)
            return False
        return True

    def show_exception(self, error: BaseException) -> None:
        """Shows a traceback, once: the same error every frame is one message."""
        text = format_exception(error)
        if text not in self._shown and len(self._shown) < 64:
            self._shown.add(text)
            self._show(text)


def format_exception(error: BaseException) -> str:
    """The traceback without the engine's outermost lines, so that it starts in the program's own file."""
    trace = error.__traceback__
    first = trace
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ENGINE_FOLDER):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or first))
