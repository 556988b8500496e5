"""Which line a step ends on: over, in, out, or the next one of the program at all.

Owns: that decision. A step past the end of a callback ends on the next line of the program that runs, perhaps in the
next frame; one over an `await` ends behind it, whatever runs meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE
from types import FrameType

OVER, IN, OUT = "next", "stepIn", "stepOut"  # as DAP names them
ANYWHERE = "pause"


@dataclass(frozen=True)
class Step:
    """From one frame on."""

    kind: str
    frame: FrameType | None = None

    def ends(self, now: FrameType) -> bool:
        """Whether on this line, of the program's own code."""
        start = self.frame
        if self.kind in (IN, ANYWHERE) or start is None:
            return True
        if now is start:
            return self.kind == OVER
        return not (_is_below(now, start) or _waits(start))


def _is_below(now: FrameType, start: FrameType) -> bool:
    frame = now.f_back
    while frame is not None:
        if frame is start:
            return True
        frame = frame.f_back
    return False


def _waits(frame: FrameType) -> bool:
    """Whether it is a coroutine's that stands at an `await`: it goes on later."""
    if not frame.f_code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR):
        return False
    made = getattr(frame, "f_generator", None)  # Python 3.14
    return made is not None and (getattr(made, "cr_frame", None) or getattr(made, "ag_frame", None)) is not None
