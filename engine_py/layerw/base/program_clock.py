"""The program's time: what is due in it, and how many fixed steps a frame takes.

Owns: how far it lies behind the frames' time, since it stands while it is paused and runs at its own scale; timers; the
part of a step that is left over. Calls nothing: UserCode asks for what is due. Limits: FIXED_STEPS_MAX a frame; what
it took longer is dropped, so that slow steps don't pile up more of them; a repeating timer is due once a frame at most.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from layerw.base.names import named

FIXED_S = 1 / 60
FIXED_STEPS_MAX = 4
ROUNDING = 1e-6  # of a step: 60 frames of 1/60 s are 60 steps


@named
class Timer:
    """What `app.after` and `app.every` give where they are handed a function. `cancel()` ends it; `active`: whether it
    is still to be called."""

    __slots__ = ("_due_s", "_every_s", "active", "callback")

    def __init__(self, callback: Callable[[], Any], due_s: float, every_s: float) -> None:
        self.callback, self.active = callback, True
        self._due_s, self._every_s = due_s, every_s

    def __repr__(self) -> str:
        return f"<Timer of {getattr(self.callback, '__qualname__', self.callback)!s}{'' if self.active else ', over'}>"

    def cancel(self) -> None:
        """Not called any more; nothing where it is over."""
        self.active = False


class ProgramClock:
    """`advance` once a frame, then `due()` and `steps()` say what is to be called."""

    def __init__(self) -> None:
        self.paused, self.scale = False, 1.0
        self.behind_s = 0.0  # behind the frames' time
        self.dropped_s = 0.0  # that fixed steps did not make up for
        self._time_s = 0.0
        self._left_s = 0.0  # of a step
        self._timers: list[tuple[float, int, Timer]] = []
        self._tickets = 0

    def advance(self, dt_s: float) -> float:
        """Returns the seconds that pass for the program."""
        passed = 0.0 if self.paused else dt_s * self.scale
        self.behind_s += dt_s - passed
        self._time_s += passed
        self._left_s += passed
        return passed

    def steps(self) -> int:
        """How many fixed steps this frame has."""
        due = int(self._left_s / FIXED_S + ROUNDING)
        taken = min(due, FIXED_STEPS_MAX)
        self._left_s = max(0.0, self._left_s - due * FIXED_S)
        self.dropped_s += (due - taken) * FIXED_S
        return taken

    @property
    def step_share(self) -> float:
        """How much of the next step has passed, 0 to 1."""
        return min(self._left_s / FIXED_S, 1.0)

    def add(self, callback: Callable[[], Any], after_s: float, *, every_s: float = 0.0) -> Timer:
        """every_s: 0 = once."""
        timer = Timer(callback, self._time_s + after_s, every_s)
        self._push(timer)
        return timer

    def due(self) -> list[Timer]:
        """Timers whose time has come, the earliest first; those that repeat wait for their next time from now on."""
        found = []
        while self._timers and self._timers[0][0] <= self._time_s + ROUNDING * FIXED_S:
            timer = heapq.heappop(self._timers)[2]
            if timer.active:
                found.append(timer)
        for timer in found:
            timer.active = timer._every_s > 0
            if timer.active:
                timer._due_s = max(timer._due_s + timer._every_s, self._time_s)
                self._push(timer)
        return found

    def _push(self, timer: Timer) -> None:
        self._tickets += 1
        heapq.heappush(self._timers, (timer._due_s, self._tickets, timer))

    def clear(self) -> None:
        """No timer is called any more."""
        for _, _, timer in self._timers:
            timer.cancel()
        self._timers.clear()
