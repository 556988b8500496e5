"""The program's coroutines: which loop runs them, and where their failures go.

Owns: the choice of the loop: the one that already runs (a page's, a notebook's), else a FrameLoop; a FrameLoop moves
once a frame. Limits: in a page failures of tasks come from Pyodide's loop, which tells those that nobody awaits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from layerw.base.frame_loop import FrameLoop

Failed = Callable[[BaseException], None]


class Tasks:
    """`failed(error)` gets each exception that ends a task unseen, SystemExit too."""

    def __init__(self, failed: Failed) -> None:
        self._failed = failed
        self._own: FrameLoop | None = None
        found = asyncio._get_running_loop()
        if isinstance(found, FrameLoop):  # hosts.begin has begun the program on it
            self._own = found
            found.failed = failed
        elif found is None:
            self._own = FrameLoop(failed)  # type: ignore[abstract]  # the rest raises NotImplementedError
            asyncio.set_event_loop(self._own)  # for asyncio.ensure_future at the program's top level
        else:
            _adopt(found, failed)

    def start(self, awaitable: Awaitable[Any]) -> asyncio.Future[Any]:
        """Runs it from now on, as a task."""
        with self.running():
            return asyncio.ensure_future(awaitable)

    def future(self) -> asyncio.Future[Any]:
        """What a task can await, for somebody to end."""
        return (asyncio._get_running_loop() or self._own or asyncio.get_event_loop()).create_future()

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the program's code runs, its loop is the running one: `asyncio.create_task` works in a callback."""
        before = asyncio._get_running_loop()
        if self._own is None or before is not None:
            yield
            return
        asyncio._set_running_loop(self._own)
        try:
            yield
        finally:
            asyncio._set_running_loop(before)

    def step(self, time_s: float) -> None:
        """Once a frame."""
        if self._own is None:
            return
        with self.running():
            try:
                self._own.step(time_s)
            except SystemExit as error:
                self._failed(error)

    def close(self) -> None:
        """Ends those that the frames move."""
        if self._own is not None:
            with self.running():
                self._own.cancel_all()


def _adopt(loop: asyncio.AbstractEventLoop, failed: Failed) -> None:
    """Failures of a loop that is not ours come here; SystemExit passes Pyodide's loop by a door of its own."""

    def handle(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        failed(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    loop.set_exception_handler(handle)
    if hasattr(loop, "_system_exit_handler"):
        loop._system_exit_handler = lambda code: failed(SystemExit(code))
