"""Where the program stands, and what is asked of it then. Commands and their answers are those of the Debug Adapter
Protocol, for one thread, with paths relative to the program's folder; server and page hand them on.

Owns: the one stop at a time. While Python stands it waits in `port.wait()`, which keeps its whole thread: no frame, no
timer and no callback runs. Does not: speak with an editor (layerw_server/debugging does) or show anything.
Limits: ANSWER_CHARS_MAX of an answer. Source: the Debug Adapter Protocol 1.71.
"""

from __future__ import annotations

import json
import linecache
import sys
import traceback
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any, Protocol

from layerw.base.stopped import ProgramStopped

from . import stepping
from .breakpoints import Breakpoints, Refused
from .console import Nothing, completions, evaluate
from .frames import Stack
from .monitoring import Watch, monitoring
from .stepping import Step
from .variables import SHOWN_MAX, Variables, assign_local

ROOT = "/app/"
ANSWER_CHARS_MAX = 60_000  # the development server takes 64 KiB a message
UNCAUGHT, RAISED = "uncaught", "raised"
_NO_ERRORS = (StopIteration, StopAsyncIteration, GeneratorExit, ProgramStopped, SystemExit)
Arguments = Mapping[str, Any]


class Port(Protocol):
    """The way to the page (web/engine/debugging.js)."""

    def send(self, text: str) -> None: ...
    def wait(self) -> str:
        """The next command, '' where none came for a while; keeps the thread."""
        ...

    def take(self) -> str:
        """The next command if there is one, else ''."""
        ...


class _Stop:
    """One."""

    def __init__(self, stack: Stack, error: BaseException | None) -> None:
        self.stack, self.error = stack, error
        self.variables = Variables()
        self.ended = False
        self.step: Step | None = None  # how it goes on
        self.kills = False  # the callback that stands is given up


class Debugger:
    """Of the page's program."""

    _of_page: Debugger | None = None

    def __init__(self, port: Port, lacks: str = "", root: str = ROOT, say: Callable[[str], None] = print) -> None:
        """lacks: why the program can't stand here, '' where it can. root: its folder, ends with a slash."""
        self._port, self._lacks, self._root, self._say = port, lacks, root, say
        self._breakpoints, self._filters = Breakpoints(), frozenset[str]()
        self._step: Step | None = None
        self._stop: _Stop | None = None
        self._seen_error: BaseException | None = None
        parts = monitoring()
        self._watch = Watch(parts, self._line, self._unwound, self._raised) if parts else None
        self._told: set[str] = set()

    @classmethod
    def of_page(cls) -> Debugger:
        """The one that there is."""
        if cls._of_page is None:
            from layerw.hosts.browser import debugger_port, note

            cls._of_page = cls(*debugger_port(), say=note)
        return cls._of_page

    # -- where it may stop -----------------------------------------------------------------------

    def here(self, frame: FrameType) -> None:
        """`breakpoint()` in this frame."""
        if self._lacks:
            where = f"line {frame.f_lineno} of {frame.f_code.co_filename.removeprefix(self._root)}"
            if where not in self._told:
                self._told.add(where)
                self._say(f"breakpoint() on {where} was passed over: {self._lacks}")
        elif self._stop is None:
            self._stand("breakpoint", Stack.of_frame(frame, self._is_own), "breakpoint()")

    def poll(self) -> None:
        """Takes what was asked, between two frames or in the midst of the program."""
        while self._stop is None and (text := self._port.take()):
            self._answer(text)

    def _line(self, code: CodeType, line: int) -> object:
        assert self._watch is not None
        if not self._is_own(code.co_filename):
            return self._watch.disable
        if self._stop is not None:
            return None
        step = self._step
        frame = sys._getframe(1)
        says, numbers = "", []
        for one in self._breakpoints.at(code.co_filename, line):
            outcome = one.passed(frame)
            if outcome.stops:
                numbers.append(one.number)
                says = outcome.says
            elif outcome.says:
                self._event("output", {"category": "console", "output": outcome.says + "\n"})
        if numbers:
            self._stand("breakpoint", Stack.of_frame(frame, self._is_own), says, numbers=numbers)
        elif step is not None and step.ends(frame):
            self._stand("pause" if step.kind == stepping.ANYWHERE else "step", Stack.of_frame(frame, self._is_own))
        elif step is None and not self._breakpoints.at(code.co_filename, line):
            return self._watch.disable
        return None

    def _raised(self, error: BaseException) -> None:
        frame = sys._getframe(2)
        trace = error.__traceback__
        if trace is not None and trace.tb_next is not None:
            return  # of a function that it passes
        if self._stop is None and self._is_own(frame.f_code.co_filename) and self._is_news(error):
            self._stand("exception", Stack.of_frame(frame, self._is_own), f"{type(error).__name__}: {error}", error)

    def _unwound(self, error: BaseException) -> None:
        """It leaves a function: where none of the program is above, nobody of the program catches it."""
        frame = sys._getframe(2)
        if self._stop is not None or not self._is_own(frame.f_code.co_filename):
            return
        above = frame.f_back
        while above is not None:
            if self._is_own(above.f_code.co_filename):
                return
            above = above.f_back
        if self._is_news(error):
            self._stand("exception", Stack.of_error(error, self._is_own), f"{type(error).__name__}: {error}", error)

    def _is_news(self, error: BaseException) -> bool:
        if isinstance(error, _NO_ERRORS) or error is self._seen_error or type(error).__name__ == "CancelledError":
            return False
        if len(self._filters) > 1:  # it would be told twice
            self._seen_error = error
        return True

    def _is_own(self, path: str) -> bool:
        return path.startswith(self._root)

    # -- standing --------------------------------------------------------------------------------

    def _stand(self, reason: str, stack: Stack, text: str = "", error: BaseException | None = None,
               numbers: list[int] | None = None) -> None:
        """Until somebody lets it go on."""
        stop = self._stop = _Stop(stack, error)
        self._step = None
        frames = stack.described(self._root)
        body = {"reason": reason, "text": text, "hitBreakpointIds": numbers or [], "frames": frames[:20],
                "excerpt": stack.excerpt(), "variables": self._locals(stop, 0)}
        try:
            self._event("stopped", body)
            while not stop.ended:
                if command := self._port.wait():
                    self._answer(command)
        finally:
            self._stop, self._step = None, stop.step
            self._event("continued", {})
            self._arm()
        if stop.kills:
            raise ProgramStopped(_where(stack, self._root))

    def _locals(self, stop: _Stop, number: int) -> list[dict[str, Any]]:
        frame = stop.stack.frames[number][0]
        return stop.variables.list(self._scope(stop, frame, "locals"))

    def _scope(self, stop: _Stop, frame: FrameType, which: str) -> int:
        if which == "globals":
            return stop.variables.add_names(lambda: frame.f_globals, frame.f_globals.__setitem__)
        return stop.variables.add_names(lambda: frame.f_locals, lambda name, value: assign_local(frame, name, value))

    def _arm(self) -> None:
        """What is watched follows from what is wanted."""
        if self._watch is None:
            return
        self._watch.set(self._breakpoints.paths if self._breakpoints else (), every_line=self._step is not None,
                        unwound=UNCAUGHT in self._filters, raised=RAISED in self._filters)
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            self._watch.tell_lines(frame.f_code)
            frame = frame.f_back

    # -- commands --------------------------------------------------------------------------------

    def _answer(self, text: str) -> None:
        try:
            asked = json.loads(text)
            number, command, arguments = asked.get("id"), asked["command"], asked.get("arguments") or {}
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # the page sends whole commands only
        try:
            call = _COMMANDS.get(command)
            if call is None:
                raise Refused(f"There is no command {command!r}.")
            answer = json.dumps({"id": number, "body": call(self, arguments)})
            if len(answer) > ANSWER_CHARS_MAX:
                raise Refused(f"The answer has {len(answer)} characters; the limit is {ANSWER_CHARS_MAX}.")
        except ProgramStopped:
            raise
        except Refused as refused:
            answer = json.dumps({"id": number, "error": str(refused)})
        except (KeyError, TypeError, ValueError) as error:
            wrong = f"The arguments of {command} are not what it takes ({error!r})."
            answer = json.dumps({"id": number, "error": wrong})
        self._port.send(answer)

    def _event(self, name: str, body: dict[str, Any]) -> None:
        text = json.dumps({"event": name, "body": body})
        if len(text) > ANSWER_CHARS_MAX:
            body = {key: value for key, value in body.items() if key != "variables"} | {"variables": []}
            text = json.dumps({"event": name, "body": body})
        self._port.send(text)

    def _standing(self) -> _Stop:
        if self._stop is None:
            raise Refused("The program runs; stop it first.")
        return self._stop

    def _frame(self, arguments: Arguments) -> tuple[_Stop, FrameType]:
        stop = self._standing()
        number = int(arguments.get("frameId") or 1)
        if not 1 <= number <= len(stop.stack.frames):
            raise Refused(f"There is no frame {number}; the stack has {len(stop.stack.frames)}.")
        return stop, stop.stack.frames[number - 1][0]

    def _set_breakpoints(self, arguments: Arguments) -> dict[str, Any]:
        if self._lacks or self._watch is None:
            raise Refused(f"The program can't stop here: {self._lacks or 'this Python is older than 3.12'}.")
        path = self._root + str(arguments["source"]["path"])
        said = self._breakpoints.set(path, list(arguments.get("breakpoints") or ()))
        self._arm()
        return {"breakpoints": said}

    def _set_filters(self, arguments: Arguments) -> dict[str, Any]:
        self._filters = frozenset(map(str, arguments.get("filters") or ()))
        self._arm()
        return {}

    def _go_on(self, step: Step | None) -> dict[str, Any]:
        stop = self._standing()
        stop.step, stop.ended = step, True
        return {"allThreadsContinued": True}

    def _step_of(self, kind: str) -> dict[str, Any]:
        if self._watch is None:
            raise Refused("This Python is older than 3.12: it goes on, but not by steps.")
        stop = self._standing()
        # After an exception its functions have ended: the next line that runs at all.
        return self._go_on(Step(kind if stop.error is None else stepping.ANYWHERE, stop.stack.frames[0][0]))

    def _pause(self, _arguments: Arguments) -> dict[str, Any]:
        if self._stop is None:
            self._step = Step(stepping.ANYWHERE)
            self._arm()
        return {}

    def _stack_trace(self, arguments: Arguments) -> dict[str, Any]:
        stack = self._standing().stack
        start, count = int(arguments.get("startFrame") or 0), int(arguments.get("levels") or 0)
        return {"stackFrames": stack.described(self._root, start, count), "totalFrames": len(stack.frames)}

    def _scopes(self, arguments: Arguments) -> dict[str, Any]:
        stop, frame = self._frame(arguments)
        is_module = frame.f_locals is frame.f_globals or frame.f_code.co_name == "<module>"
        names = [("Globals", "globals")] if is_module else [("Locals", "locals"), ("Globals", "globals")]
        return {"scopes": [{"name": name, "presentationHint": which, "expensive": which == "globals" and not is_module,
                            "variablesReference": self._scope(stop, frame, which)} for name, which in names]}

    def _variables(self, arguments: Arguments) -> dict[str, Any]:
        variables = self._standing().variables
        return {"variables": variables.list(
            int(arguments["variablesReference"]), max(0, int(arguments.get("start") or 0)),
            int(arguments.get("count") or SHOWN_MAX), str(arguments.get("filter") or ""))}

    def _evaluate(self, arguments: Arguments) -> dict[str, Any]:
        stop, frame = self._frame(arguments)
        value = self._value(str(arguments["expression"]), frame, statements=arguments.get("context") == "repl")
        if value is Nothing:
            return {"result": "", "variablesReference": 0}
        found = stop.variables.described("", value)
        return {"result": found.pop("value")} | {key: one for key, one in found.items() if key != "name"}

    def _set_variable(self, arguments: Arguments) -> dict[str, Any]:
        stop, frame = self._frame({})
        name, value = str(arguments["name"]), self._value(str(arguments["value"]), frame, statements=False)
        try:
            stop.variables.put(int(arguments["variablesReference"]), name, value)
        except Refused:
            raise
        except Exception as error:
            raise Refused(_told(error)) from None
        found = stop.variables.described(name, value)
        return {key: one for key, one in found.items() if key != "name"}

    def _value(self, text: str, frame: FrameType, *, statements: bool) -> object:
        try:
            return evaluate(text, frame, statements=statements)
        except BaseException as error:
            raise Refused(_told(error)) from None

    def _completions(self, arguments: Arguments) -> dict[str, Any]:
        text = str(arguments["text"])[: max(0, int(arguments.get("column") or 1) - 1)]
        return {"targets": [{"label": name} for name in completions(text, self._frame(arguments)[1])]}

    def _exception_info(self, _arguments: Arguments) -> dict[str, Any]:
        error = self._standing().error
        if error is None:
            raise Refused("The program does not stand at an exception.")
        told = "".join(traceback.format_exception(error))[-8000:]
        return {"exceptionId": type(error).__name__, "description": str(error), "breakMode": "unhandled",
                "details": {"message": str(error), "typeName": type(error).__name__, "stackTrace": told}}

    def _source(self, arguments: Arguments) -> dict[str, Any]:
        _, frame = self._frame(arguments)
        lines = linecache.getlines(frame.f_code.co_filename)
        return {"content": "".join(lines)[:ANSWER_CHARS_MAX // 2] or "(the source is not here)"}

    def _leave(self, _arguments: Arguments) -> dict[str, Any]:
        """The editor has gone: nothing of it stays, and the program goes on."""
        self._breakpoints.clear()
        self._filters, self._step = frozenset(), None
        if self._stop is not None:
            self._go_on(None)
        self._arm()
        return {}

    def _kill(self, _arguments: Arguments) -> dict[str, Any]:
        """Gives up the callback that runs or stands; everything else stays."""
        if self._stop is not None:
            self._stop.kills = True
            return self._go_on(None)
        stack = Stack.of_frame(sys._getframe(), self._is_own)
        if not any(self._is_own(one.f_code.co_filename) for one, _ in stack.frames):
            return {}
        raise ProgramStopped(_where(stack, self._root))


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


def _where(stack: Stack, root: str) -> str:
    frame, line = next((one for one in stack.frames if stack.is_own(one[0].f_code.co_filename)), stack.frames[0])
    return f"line {line} of {frame.f_code.co_filename.removeprefix(root)}"


_COMMANDS: dict[str, Callable[[Debugger, Arguments], dict[str, Any]]] = {
    "setBreakpoints": Debugger._set_breakpoints, "setExceptionBreakpoints": Debugger._set_filters,
    "continue": lambda self, arguments: self._go_on(None),
    "next": lambda self, arguments: self._step_of(stepping.OVER),
    "stepIn": lambda self, arguments: self._step_of(stepping.IN),
    "stepOut": lambda self, arguments: self._step_of(stepping.OUT),
    "pause": Debugger._pause, "stackTrace": Debugger._stack_trace, "scopes": Debugger._scopes,
    "variables": Debugger._variables, "evaluate": Debugger._evaluate, "setVariable": Debugger._set_variable,
    "completions": Debugger._completions, "exceptionInfo": Debugger._exception_info, "source": Debugger._source,
    "leave": Debugger._leave, "kill": Debugger._kill,
}
