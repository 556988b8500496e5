"""Where a failure ends: it is told once, and whoever stands behind the one that failed goes on.

Owns: which failures were told. Does not decide what is shown instead; the caller keeps its last good result.
Limits: a place in the code tells at most TOLD_PER_PLACE different texts, PLACES_MAX places tell at all.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from types import TracebackType

ENGINE_FOLDER = __file__.rsplit("/", 2)[0] + "/"
TOLD_PER_PLACE = 3
PLACES_MAX = 64

Place = tuple[type[BaseException], tuple[tuple[str, int], ...]]


class Failures:
    """`tell(text)` gets each failure with its traceback."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: dict[Place, set[str]] = {}

    def alone(self, what: str) -> Alone:
        """`with failures.alone("the sea"):` an exception in the block ends there and is told."""
        return Alone(self, what)

    def tell(self, error: BaseException, what: str = "") -> None:
        """Tells an exception, once: the same every frame is one message. `what` failed, where it is the engine's."""
        place = type(error), _lines(error.__traceback__)
        if place not in self._told and len(self._told) >= PLACES_MAX:
            return
        told = self._told.setdefault(place, set())
        if str(error) in told or len(told) >= TOLD_PER_PLACE:
            return
        told.add(str(error))
        head = f"{what} failed; its last result is shown and the rest goes on.\n" if what else ""
        self._tell(head + format_exception(error))

    def clear(self) -> None:
        """Everything may be told again."""
        self._told.clear()


class Alone:
    """One guarded block. What is no Exception (a key press in the terminal, the end of the process) passes."""

    __slots__ = ("_failures", "_what", "failed")

    def __init__(self, failures: Failures, what: str) -> None:
        self._failures, self._what = failures, what
        self.failed = False

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> bool:  # fmt: skip
        if not isinstance(error, Exception):
            return False
        self.failed = True
        self._failures.tell(error, self._what)
        return True


def _lines(trace: TracebackType | None) -> tuple[tuple[str, int], ...]:
    """Where a traceback passed, outermost first."""
    found = []
    while trace is not None:
        found.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    return tuple(found)


def format_exception(error: BaseException) -> str:
    """The traceback without the engine's outermost lines, so that it starts in the program's own file."""
    trace = error.__traceback__
    first = trace
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ENGINE_FOLDER):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or first))
