"""The program's own callbacks and coroutines, called so that a mistake in one never stops the picture.

Owns: which callbacks run. One that raises is told with its line and called again in the next frame; one that raises
in FAILURES_MAX frames running is not called any more. `async def` callbacks run one at a time: a frame callback that
still runs is not started again. `sys.exit()` ends the program: nothing of it is called from then on, the picture stays.
One that somebody stopped, as it never came back, is not called again until its file is saved anew.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerw.base.failures import Failures
from layerw.base.log import Log
from layerw.base.program_clock import FIXED_S, FIXED_STEPS_MAX, ProgramClock
from layerw.base.stopped import ProgramStopped
from layerw.base.tasks import Tasks

if TYPE_CHECKING:
    from layerw.base.tweens import Tweens

FAILURES_MAX = 60


@dataclass(slots=True, eq=False)
class _Frame:
    """A frame callback."""

    callback: Callable[[float], Any]
    failures: int = 0  # frames running
    waited_s: float = 0.0  # since it was called last
    running: asyncio.Future[Any] | None = None  # of an `async def`


class UserCode:
    """Calls into the program."""

    def __init__(self, failures: Failures, log: Log) -> None:
        self.ended = ""  # why the program ended itself
        self._stopped = False  # somebody stopped the callback that ran last
        self._failures, self._log = failures, log
        self._tasks = Tasks(self._failed)
        self._frames: list[_Frame] = []
        self._fixed: list[_Frame] = []
        self._paused: list[tuple[_Frame, list[_Frame]]] = []  # that raised too often, and where they were
        self.clock = ProgramClock()
        self.step, self.in_step = 0, False  # how many fixed steps have begun, and whether one runs now
        self.before_step: Callable[[], object] = lambda: None
        self.after_step: Callable[[float], bool] = lambda dt: False  # of what steps with the program; whether any does
        self._tweens: Tweens | None = None

    @property
    def tweens(self) -> Tweens:
        """A program without them imports nothing of it."""
        if self._tweens is None:
            from layerw.base.tweens import Tweens

            self._tweens = Tweens(self._failed)
        return self._tweens

    def add_fixed(self, callback: Callable[[float], Any]) -> Callable[[], None]:
        """Calls it FIXED_STEPS_MAX times a frame at most, each time for FIXED_S seconds of the program's time; returns
        what ends that."""
        return _added(self._fixed, callback)

    def start(self, awaitable: Awaitable[Any]) -> asyncio.Future[Any]:
        """Runs a coroutine from now on."""
        return self._tasks.start(awaitable)

    def wait(self, seconds: float) -> asyncio.Future[None]:
        """Done after so many seconds of the program's time."""
        future = self._tasks.future()
        self.clock.add(lambda: None if future.done() else future.set_result(None), seconds)
        return future

    def add_frame(self, callback: Callable[[float], Any]) -> Callable[[], None]:
        """Calls it each frame with the seconds since the last call; returns what ends that."""
        return _added(self._frames, callback)

    def future(self) -> asyncio.Future[Any]:
        """What the program can await."""
        return self._tasks.future()

    def clear(self) -> None:
        """Forgets every callback and task, and what was told."""
        for calls in (self._frames, self._fixed, self._paused):
            calls.clear()
        self.clock.clear()
        if self._tweens:
            self._tweens.clear()
        self._tasks.close()
        self._failures.clear()

    def run_frames(self, dt: float, time_s: float) -> float:
        """Timers, tasks, fixed steps and tweens that are due, then one call to each frame callback; returns the seconds
        of the program's time."""
        if self.ended:
            self._tasks.close()
            return 0.0
        passed = self.clock.advance(dt)
        for timer in self.clock.due():
            self.call(timer.callback)
        self._tasks.step(time_s)
        self._run_fixed()
        if self._tweens:
            self._tweens.step(passed)
        for frame in list(self._frames):
            self._run(frame, passed)
        return passed

    def _run_fixed(self) -> None:
        dropped_s, stepped = self.clock.dropped_s, bool(self._fixed)
        for _ in range(self.clock.steps()):
            self.before_step()
            self.step, self.in_step = self.step + 1, True
            for step in list(self._fixed):
                self._run(step, FIXED_S)
            stepped = self.after_step(FIXED_S) or stepped
            self.in_step = False
        if stepped and dropped_s == 0 < self.clock.dropped_s:
            self._log.warning(f"A frame took longer than {FIXED_STEPS_MAX} fixed steps of {FIXED_S * 1e3:.1f} ms: the "
                              'rest is dropped, and the steps fall behind; app.report()["dropped_s"] adds it up.')

    def call(self, callback: Callable[..., Any], *values: Any) -> bool:
        """False where it raised; the traceback was shown then."""
        called, result = self._call(callback, *values)
        if called and inspect.isawaitable(result):
            self._tasks.start(result)
        return called

    def ask(self, callback: Callable[..., Any], *values: Any) -> tuple[bool, Any]:
        """Whether it came back, and with what; the traceback was shown where it raised."""
        return self._call(callback, *values)

    def show_exception(self, error: BaseException) -> None:
        """Shows a traceback, once: the same error every frame is one message."""
        self._failures.tell(error)

    def _run(self, frame: _Frame, dt: float) -> None:
        frame.waited_s += dt
        if frame.running is not None:
            if not frame.running.done():
                return
            task, frame.running = frame.running, None
            error = _error_of(task)
            if error is not None:
                self._failed(error)
            self._count(frame, error is None)
        if self.ended or not (frame in self._frames or frame in self._fixed):
            return
        waited, frame.waited_s, self._stopped = frame.waited_s, 0.0, False
        called, result = self._call(frame.callback, waited)
        if called and inspect.isawaitable(result):
            frame.running = self._tasks.start(result)
        else:
            self._count(frame, called)

    def resume(self) -> None:
        """The program's code changed: what raised too often is called again, and mistakes are told anew."""
        for frame, calls in self._paused:
            calls.append(frame)
            frame.failures = 0
        self._paused.clear()
        self._failures.clear()

    def _count(self, frame: _Frame, good: bool) -> None:
        """Pauses a callback that never works."""
        frame.failures = 0 if good else frame.failures + 1
        stopped = self._stopped and not good
        if stopped or frame.failures >= FAILURES_MAX:
            for calls in (self._frames, self._fixed):
                if frame in calls:
                    calls.remove(frame)
                    self._paused.append((frame, calls))
        if frame.failures >= FAILURES_MAX:
            self._log.error(f"{_name(frame.callback)} raised in {FAILURES_MAX} frames running and is not called any "
                            "more; mend it and reload.")

    def _call(self, callback: Callable[..., Any], *values: Any) -> tuple[bool, Any]:
        """Whether it came back, and with what."""
        if self.ended:
            return True, None
        with self._tasks.running() if asyncio._get_running_loop() is None else nullcontext():
            try:
                return True, callback(*values)
            except KeyboardInterrupt:  # of who runs the program
                raise
            except BaseException as error:
                self._failed(error)
                return False, None

    def _failed(self, error: BaseException) -> None:
        """An exception that reached the top of the program's code."""
        if isinstance(error, SystemExit):
            self._end(error)
        elif isinstance(error, ProgramStopped):
            self._stopped = True
            self._log.warning(f"The program was stopped in {error}. A callback of each frame is not called again until "
                              "its file is saved anew; everything else goes on.")
        else:
            self._failures.tell(error)

    def _end(self, error: SystemExit) -> None:
        if self.ended:
            return
        reason = "" if error.code in (None, 0) else f" ({error.code})"
        self.ended = (f"The program ended itself with sys.exit(){reason}; its last picture stays. "
                      "Reload to start it again.")
        self._frames.clear()
        self._fixed.clear()
        self.clock.clear()
        self._log.note(self.ended)


def _added(calls: list[_Frame], callback: Callable[[float], Any]) -> Callable[[], None]:
    frame = _Frame(callback)
    calls.append(frame)

    def end() -> None:
        if frame in calls:
            calls.remove(frame)
        if frame.running is not None:
            frame.running.cancel()

    return end


def _error_of(task: asyncio.Future[Any]) -> BaseException | None:
    """Of a callback that has ended; one that was cancelled has not done what it should."""
    try:
        return task.exception()
    except asyncio.CancelledError as error:
        return error


def _name(callback: Callable[..., Any]) -> str:
    code = getattr(callback, "__code__", None)
    name = getattr(callback, "__qualname__", type(callback).__name__)
    return f"{name} ({code.co_filename}, line {code.co_firstlineno})" if code is not None else name
