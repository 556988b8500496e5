"""How long each stage of the frame takes, and recordings of it all for Perfetto.

Owns: the engine's list of stages while somebody looks: each is timed. A recording adds the program's own functions
(sys.monitoring, PEP 669), GPU passes and transfers. Source: the Trace Event Format of Chrome; ui.perfetto.dev reads it.
Limits: EVENTS_MAX events, then it ends by itself; a pass's GPU time is known without its start, so passes lie one after
the other behind their frame's submit. Python older than 3.12 records no functions.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import CodeType
from typing import Any

import layerw.engine as engine_module
from layerw.engine import Engine

EVENTS_MAX = 400_000
SHARE = 0.1  # of a new time in the shown mean
_PYTHON, _STAGES, _GPU = 1, 2, 3  # threads of a recording
Event = dict[str, Any]


class Stages:
    """`begin()` times them, `end()` leaves all as it was."""

    def __init__(self, engine: Engine, root: str, each_frame: Callable[[], None]) -> None:
        self._engine, self._root, self._each_frame = engine, root, each_frame
        self._before: Any = None
        self.means_ms: dict[str, float] = {}
        self._frame_ms: dict[str, float] = {}
        self._events: list[Event] | None = None
        self._until_s = 0.0
        self._open_transfers: dict[int, float] = {}
        self._tool = -1
        self.recorded: list[Event] | None = None  # the last recording, whole

    def begin(self) -> None:
        """Times the stages from the next frame on."""
        self._before = engine_module.STAGES
        timed = [(what, self._timed(what, stage)) for what, stage in self._before]
        engine_module.STAGES = (*timed, ("The inspector", lambda engine: self._frame_ended()))

    def end(self) -> None:
        """As before `begin`."""
        self._finish()
        if self._before is not None:
            engine_module.STAGES = self._before
            self._before = None

    @property
    def is_recording(self) -> bool:
        """Whether a recording goes on."""
        return self._events is not None

    def record(self, seconds: float) -> str:
        """Begins a recording; returns what it lacks, '' where nothing."""
        if self._events is not None:
            raise LookupError("A recording goes on already.")
        self._events, self.recorded = [], None
        self._until_s = time.perf_counter() + min(max(seconds, 0.1), 30.0)
        self._open_transfers = dict.fromkeys(self._engine.transfers._waiting, time.perf_counter())
        return self._watch_functions()

    def _timed(self, what: str, stage: Callable[[Engine], object]) -> Callable[[Engine], object]:
        def timed(engine: Engine) -> None:
            if engine is not self._engine:
                stage(engine)
                return
            start = time.perf_counter()
            try:
                stage(engine)
            finally:
                took = time.perf_counter() - start
                self._frame_ms[what] = self._frame_ms.get(what, 0.0) + 1e3 * took
                if self._events is not None:
                    self._events.append(_complete(what, "stage", _STAGES, start, took))

        return timed

    def _frame_ended(self) -> None:
        for what, ms in self._frame_ms.items():
            before = self.means_ms.get(what, ms)
            self.means_ms[what] = before + SHARE * (ms - before)
        self._frame_ms = {}
        if self._events is not None:
            self._note_gpu()
            self._note_transfers()
            if time.perf_counter() > self._until_s or len(self._events) > EVENTS_MAX:
                self._finish()
        self._each_frame()

    def _note_gpu(self) -> None:
        assert self._events is not None
        at = time.perf_counter()
        for name, ms in self._engine.pass_times.items():
            if ms > 0:
                self._events.append(_complete(name, "pass", _GPU, at, ms / 1e3))
                at += ms / 1e3

    def _note_transfers(self) -> None:
        """Those that came or ended since the last frame."""
        assert self._events is not None
        now, waiting = time.perf_counter(), self._engine.transfers._waiting
        for transfer in [one for one in self._open_transfers if one not in waiting]:
            self._add_transfer(transfer, self._open_transfers.pop(transfer), now)
        for transfer in waiting:
            self._open_transfers.setdefault(transfer, now)

    def _add_transfer(self, transfer: int, start: float, end: float) -> None:
        assert self._events is not None
        common = {"cat": "transfer", "name": f"transfer {transfer:#x}", "id": transfer, "pid": 1, "tid": _STAGES}
        self._events += [{**common, "ph": "b", "ts": start * 1e6}, {**common, "ph": "e", "ts": end * 1e6}]

    def _finish(self) -> None:
        if self._events is None:
            return
        for transfer, start in self._open_transfers.items():
            self._add_transfer(transfer, start, time.perf_counter())
        self._unwatch()
        names = ((_PYTHON, "Python: the program"), (_STAGES, "Stages of the frame"), (_GPU, "GPU passes"))
        heads: list[Event] = [{"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "layerw"}}]
        heads += [{"ph": "M", "name": "thread_name", "pid": 1, "tid": number, "args": {"name": name}}
                  for number, name in names]
        self.recorded, self._events = heads + self._events, None

    # -- functions -------------------------------------------------------------------------------

    def _watch_functions(self) -> str:
        parts: Any = getattr(sys, "monitoring", None)
        if parts is None:
            return "This Python is older than 3.12: functions are not recorded."
        if parts.get_tool(parts.PROFILER_ID) is not None:
            return "Another profiler runs: functions are not recorded."
        self._tool = parts.PROFILER_ID
        parts.use_tool_id(self._tool, "layerw inspector")
        events = parts.events
        open_calls: list[tuple[CodeType, float]] = []

        def started(code: CodeType, _offset: int) -> object:
            if not code.co_filename.startswith(self._root):
                return parts.DISABLE
            open_calls.append((code, time.perf_counter()))
            return None

        def ended(code: CodeType, _offset: int, _value: object) -> object:
            if not code.co_filename.startswith(self._root):
                return parts.DISABLE
            while open_calls:
                found, start = open_calls.pop()
                if found is code:
                    if self._events is not None:
                        event = _complete(code.co_qualname, "function", _PYTHON, start, time.perf_counter() - start)
                        where = f"{code.co_filename[len(self._root):]}:{code.co_firstlineno}"
                        self._events.append({**event, "args": {"where": where}})
                    break
            return None

        def unwound(code: CodeType, offset: int, error: BaseException) -> None:  # this event can't be turned off
            if code.co_filename.startswith(self._root):
                ended(code, offset, error)

        calls = {events.PY_START: started, events.PY_RESUME: started, events.PY_RETURN: ended, events.PY_YIELD: ended,
                 events.PY_UNWIND: unwound}  # fmt: skip
        for event, call in calls.items():
            parts.register_callback(self._tool, event, call)
        parts.set_events(self._tool, sum(calls))
        parts.restart_events()  # what an earlier recording turned off
        return ""

    def _unwatch(self) -> None:
        if self._tool < 0:
            return
        parts: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
        parts.set_events(self._tool, 0)
        for event in (parts.events.PY_START, parts.events.PY_RESUME, parts.events.PY_RETURN, parts.events.PY_YIELD,
                      parts.events.PY_UNWIND):  # fmt: skip
            parts.register_callback(self._tool, event, None)
        parts.free_tool_id(self._tool)
        self._tool = -1


def _complete(name: str, kind: str, thread: int, start_s: float, took_s: float) -> Event:
    return {"ph": "X", "name": name, "cat": kind, "pid": 1, "tid": thread, "ts": round(start_s * 1e6, 1),
            "dur": round(took_s * 1e6, 1)}  # fmt: skip
