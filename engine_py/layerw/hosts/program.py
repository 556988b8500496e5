"""The program's own file: run once in the page, `await` at its top level included, before its frames begin.

Owns: `__main__`. Frames begin when the file has ended, or, once it has an App, while it awaits something: a loop of its
own with `await` in it runs beside them. Limits: needs an event loop that runs (Pyodide's).
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import traceback
import types
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable, Coroutine
from typing import Any

from layerw.base.host_port import Running
from layerw.base.stopped import ProgramStopped

POLL_S = 0.02


def run(path: str, start: Callable[[], None]) -> str | Coroutine[Any, Any, str]:
    """Runs the file and calls `start()` when frames may begin; gives "" or what to show, now or when it is awaited."""
    main = types.ModuleType("__main__")
    main.__file__ = path
    sys.modules["__main__"] = main
    try:
        result = eval(_compiled(path), main.__dict__)
        if inspect.iscoroutine(result):
            return _awaited(result, start)
        start()
    except ProgramStopped as stopped:
        return _stopped(stopped, start)
    except BaseException as error:
        return _told(error)
    return ""


def _stopped(stopped: ProgramStopped, start: Callable[[], None]) -> str:
    """Somebody did that, as its top level never came back: what it has made until then runs."""
    if Running.app is None:
        return f"The program was stopped in {stopped} before it made its lw.App(), so nothing is drawn."
    print(f"The program was stopped in {stopped}; what it had made until then goes on.", file=sys.stderr)
    start()
    return ""


def _compiled(path: str) -> types.CodeType:
    with open(path, "rb") as file:
        source = file.read()
    code: types.CodeType = compile(source, path, "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return code


async def _awaited(program: Coroutine[Any, Any, None], start: Callable[[], None]) -> str:
    """Until the program has an App or has ended; what it raises later is told as that of any task."""
    try:
        task = asyncio.ensure_future(_whole(program))
        while not task.done() and Running.app is None:
            await asyncio.sleep(POLL_S)
        if task.done():
            task.result()
        start()
    except ProgramStopped as stopped:
        return _stopped(stopped, start)
    except BaseException as error:
        return _told(error)
    return ""


async def _whole(program: Coroutine[Any, Any, None]) -> None:
    try:
        await program
    except SystemExit as error:  # it would end the loop and not only the task
        raise _Ended(error.code) from error


class _Ended(Exception):
    """The program called sys.exit()."""


def _told(error: BaseException) -> str:
    if isinstance(error, (SystemExit, _Ended)):
        code = error.code if isinstance(error, SystemExit) else error.args[0]
        reason = "" if code in (None, 0) else f" ({code})"
        return f"The program ended itself with sys.exit(){reason} before its first frame, so nothing is drawn."
    trace = error.__traceback__
    first = trace
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or first))
