"""Begins a program on a host of this Python: what commands do that run one without a page."""

from __future__ import annotations

import asyncio
import inspect
import sys
import traceback
from pathlib import Path
from typing import Any

from layerw.base.errors import LayerwError
from layerw.base.frame_loop import FrameLoop
from layerw.base.host_port import MemoryHost, Running
from layerw.hosts import drive_with
from layerw.hosts.program import POLL_S, run


class ProgramFailed(LayerwError):
    """The program could not begin; the text says why."""


async def begin(program: Path, host: MemoryHost) -> Any:
    """Runs the program's file and gives its app. Raises ProgramFailed."""
    sys.path.insert(0, str(program.parent))
    with drive_with(host):
        result = run(str(program), lambda: None)
        failed = await result if inspect.isawaitable(result) else result
    app: Any = Running.app
    if failed or app is None or app.host is not host:
        raise ProgramFailed(f"{program} could not begin:\n{failed or 'It made no lw.App().'}")
    return app


def begin_stepped(program: Path, host: MemoryHost) -> Any:
    """As `begin`, where nothing but the host's own steps moves the program: its coroutines go on with the frames, by
    their clock, so each run of it is the same. Raises ProgramFailed."""
    loop = FrameLoop(traceback.print_exception)  # type: ignore[abstract]  # the rest raises NotImplementedError
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        begun = asyncio.Task(begin(program, host), loop=loop)
        polls = 0
        while not begun.done():
            loop.step(polls * POLL_S)
            polls += 1
    finally:
        asyncio._set_running_loop(before)
    loop.rewind()
    return begun.result()
