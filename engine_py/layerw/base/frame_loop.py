"""An event loop for asyncio that moves once a frame: how `await` works where no page runs a loop of its own.

Owns: what is due, on the clock of the frames: `await asyncio.sleep(1)` takes 60 frames of 1/60 s, on every machine.
Does not: wait, open sockets or start threads. Limits: PASSES_MAX wake-ups of one task a frame.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVarTuple

PASSES_MAX = 32
Given = TypeVarTuple("Given")


class FrameLoop(asyncio.AbstractEventLoop):
    """`step(time_s)` runs what is due. `failed(error)` gets what a task raised and nobody awaited."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self.failed = failed
        self._time_s = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._tickets = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    def step(self, time_s: float) -> None:
        """One frame: timers that are due, then what they and others made ready."""
        self._time_s = time_s
        while self._timers and self._timers[0][0] <= time_s:
            self._ready.append(heapq.heappop(self._timers)[2])
        for _ in range(PASSES_MAX):
            if not self._ready:
                break
            for _ in range(len(self._ready)):
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
        self._tell_failures()

    def _tell_failures(self) -> None:
        """Of ended tasks whose exception nobody has looked at: asyncio itself tells them when they are collected."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            if not task.cancelled() and getattr(task, "_log_traceback", False):
                error = task.exception()
                if error is not None:
                    self.failed(error)

    def rewind(self) -> None:
        """Its clock begins at 0 again, and what waits goes on waiting as long as it had to."""
        self._timers = [(when - self._time_s, ticket, handle) for when, ticket, handle in self._timers]
        self._time_s = 0.0

    def cancel_all(self) -> None:
        """Forgets everything that waits."""
        for task in self._tasks:
            task.cancel()
        self.step(self._time_s)
        self._ready.clear()
        self._timers.clear()

    # -- asyncio.AbstractEventLoop -----------------------------------------------------------------

    def time(self) -> float:
        return self._time_s

    def call_soon(self, callback: Callable[[*Given], object], *args: *Given,
                  context: Context | None = None) -> asyncio.Handle:  # fmt: skip
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(self, callback: Callable[[*Given], object], *args: *Given,
                             context: Context | None = None) -> asyncio.Handle:  # fmt: skip
        return self.call_soon(callback, *args, context=context)  # a deque's append is atomic

    def call_later(self, delay: float, callback: Callable[[*Given], object], *args: *Given,
                   context: Context | None = None) -> asyncio.TimerHandle:  # fmt: skip
        return self.call_at(self._time_s + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[[*Given], object], *args: *Given,
                context: Context | None = None) -> asyncio.TimerHandle:  # fmt: skip
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._tickets += 1
        heapq.heappush(self._timers, (when, self._tickets, handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, Any], **settings: Any) -> asyncio.Task[Any]:  # type: ignore[override]
        task = asyncio.Task(coro, loop=self, **settings)
        self._tasks.add(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.failed(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """asyncio calls it; a cancelled timer is passed over when it is due."""
