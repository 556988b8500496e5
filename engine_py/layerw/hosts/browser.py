"""The browser host: the only module that imports JavaScript (`layerw_glue`).

Owns: the one call a frame in each direction. `glue.start` keeps one proxy of the frame method; `submit` is one
JavaScript function that is looked up once. Limits: needs Pyodide.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import layerw_glue as glue  # registered by web/engine/boot.js

from layerw.base.errors import LayerwError
from layerw.base.host_port import AnyArray, Running
from layerw.hosts import busy
from layerw.kernels.link import link
from layerw.memory import LayerMemory, open_linked
from layerw.memory.threads import PageThreads

Frame = Callable[[float, float, int, int], None]


class BrowserHost:
    """See base.host_port.HostPort."""

    name = "browser"

    def __init__(self) -> None:
        self.submit = glue.submit
        self._set_threads = glue.setThreads  # held from the start: what Python holds of JavaScript never grows
        self._open_far, self._set_far_threads = glue.openFar, glue.setFarThreads
        self._options: dict[str, Any] | None = None

    def address(self, array: AnyArray) -> int:
        """Where the array's bytes are in the wasm heap."""
        return int(array.__array_interface__["data"][0])

    def open_layer(self, budget_bytes: int) -> LayerMemory:
        """Layer memory; the one crossing that it ever needs, beside one for each time that its threads are set."""
        found = json.loads(glue.openLayer(budget_bytes))
        return open_linked(link(found["indices"]), PageThreads(found["threads_max"], self._set_threads))

    def open_far(self, module: AnyArray, names: list[str]) -> tuple[list[int], PageThreads] | None:
        """Table indices of a module on memory that threads share (kernels/far.py), and its threads; None: without."""
        found = json.loads(self._open_far(self.address(module), module.nbytes, json.dumps(names)))
        return found and (found["indices"], PageThreads(found["threads_max"], self._set_far_threads))

    def options(self, *, again: bool = False) -> dict[str, Any]:
        """What the page asked for; read once, or again."""
        if self._options is None or again:
            self._options = dict(json.loads(glue.options()))
        return self._options


def watch_busy() -> None:
    """Called by boot.js before the program runs. `breakpoint()` imports what it needs when it is called; where no
    development server is there it does nothing."""
    try:
        import layerw_debugger  # noqa: F401 - registered by web/engine/debugging.js
    except ImportError:
        os.environ["PYTHONBREAKPOINT"] = "0"
        busy.watch(glue.busy)
    else:
        os.environ["PYTHONBREAKPOINT"] = "layerw.debugging.here"
        busy.watch(glue.busy, take=_take_commands)


def _take_commands() -> None:
    from layerw.debugging import Debugger

    Debugger.of_page().poll()


def debugger_port() -> tuple[Any, str]:
    """The way of the debugger to the page, and why the program can't stand here ('': it can)."""
    import layerw_debugger as port

    return port, str(port.lacks())


def note(text: str) -> None:
    """Shown on the page for a moment, and in the terminal."""
    app = Running.app
    print(text) if app is None else app._engine.log.note(text)  # type: ignore[attr-defined]


def start() -> None:
    """Called by boot.js after the program ran: hands the frame method of its App to JavaScript."""
    app = Running.app
    if app is None:
        raise LayerwError("The program made no lw.App(), so there is nothing to draw; add `app = lw.App()` to it.")
    try:
        glue.start(_flushing(app.frame_step))
    except Exception:
        glue.fail(traceback.format_exc())
        raise


def _flushing(frame_step: Frame) -> Frame:
    """Hands JavaScript at the end of each frame what was printed without a newline."""

    def frame(time_s: float, dt_s: float, inbox_bytes: int, inbox_needed_bytes: int) -> None:
        frame_step(time_s, dt_s, inbox_bytes, inbox_needed_bytes)
        sys.stdout.flush()

    return frame
