"""sys.monitoring (PEP 669), as far as the debugger needs it: it costs nothing where nothing is watched.

Owns: the tool, and which code objects tell their lines. Lines of code objects are told one by one and turned off where
they are passed for nothing, so that a loop beside a breakpoint runs at its own speed. Does not: decide where to stop.
Limits: Python 3.12; Pyodide has 3.14. Source: PEP 669, the standard library's bdb.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container
from types import CodeType
from typing import Any, Protocol, cast

NAME = "layerw"


class _Events(Protocol):
    LINE: int
    PY_START: int
    PY_RESUME: int
    PY_UNWIND: int
    RAISE: int


class Monitoring(Protocol):
    """The part of sys.monitoring that is used here; older Pythons have none."""

    DEBUGGER_ID: int
    DISABLE: object
    events: _Events

    def use_tool_id(self, tool: int, name: str, /) -> None: ...
    def free_tool_id(self, tool: int, /) -> None: ...
    def register_callback(self, tool: int, event: int, call: Callable[..., Any] | None, /) -> object: ...
    def set_events(self, tool: int, events: int, /) -> None: ...
    def set_local_events(self, tool: int, code: CodeType, events: int, /) -> None: ...
    def restart_events(self) -> None: ...


def monitoring() -> Monitoring | None:
    """That of this Python, if it has one."""
    return cast("Monitoring | None", getattr(sys, "monitoring", None))


class Watch:
    """What the interpreter tells, once it is asked for."""

    def __init__(self, parts: Monitoring, line: Callable[[CodeType, int], object],
                 unwound: Callable[[BaseException], None], raised: Callable[[BaseException], None]) -> None:
        """line: told lines; returns DISABLE where that one need not be told again. unwound: an exception leaves a
        function. raised: one was raised."""
        self._parts = parts
        self._tool = parts.DEBUGGER_ID
        events = parts.events
        self._calls: dict[int, Callable[..., Any]] = {
            events.LINE: line, events.PY_START: self._entered, events.PY_RESUME: self._entered,
            events.PY_UNWIND: lambda code, offset, error: unwound(error),
            events.RAISE: lambda code, offset, error: raised(error),
        }  # fmt: skip
        self.disable = parts.DISABLE
        self.is_on = False
        self._paths: Container[str] = ()
        self._codes: dict[int, CodeType] = {}  # that tell their lines, by id

    def set(self, paths: Container[str], *, every_line: bool, unwound: bool, raised: bool) -> None:
        """paths: files whose code tells its lines; every_line: all other code does so too."""
        events = self._parts.events
        wanted = (events.PY_START | events.PY_RESUME if paths else 0) | (events.LINE if every_line else 0)
        wanted |= (events.PY_UNWIND if unwound else 0) | (events.RAISE if raised else 0)
        self._paths = paths
        if not wanted:
            return self.end()
        if not self.is_on:
            self._parts.use_tool_id(self._tool, NAME)
            for event, call in self._calls.items():
                self._parts.register_callback(self._tool, event, call)
            self.is_on = True
        for code in [code for code in self._codes.values() if code.co_filename not in paths]:
            del self._codes[id(code)]
            self._parts.set_local_events(self._tool, code, 0)
        self._parts.set_events(self._tool, wanted)
        self._parts.restart_events()

    def tell_lines(self, code: CodeType) -> None:
        """Of code that runs already: it was entered before anybody asked."""
        if self.is_on and code.co_filename in self._paths and id(code) not in self._codes:
            self._codes[id(code)] = code
            self._parts.set_local_events(self._tool, code, self._parts.events.LINE)

    def end(self) -> None:
        """Nothing is told any more, and the tool is free for others."""
        if not self.is_on:
            return
        self.is_on = False
        for code in self._codes.values():
            self._parts.set_local_events(self._tool, code, 0)
        self._codes.clear()
        self._parts.set_events(self._tool, 0)
        for event in self._calls:
            self._parts.register_callback(self._tool, event, None)
        self._parts.free_tool_id(self._tool)

    def _entered(self, code: CodeType, _offset: int) -> object:
        self.tell_lines(code)
        return self.disable
