"""The rooms of a node: a process each, begun by the first who comes and ended when nobody has been there for a while.

Owns: which run, who waits for one to begin, and that a room whose process died, or hangs, goes on from the state that
it kept. Does not own: sockets that listen (node.py). Limits: `rooms_max` at a time; FAILURES_MAX deaths in FAILURES_S,
then the room rests for as long; WAITING_MAX connections that a room has not taken.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from layerw.net.keeping import MAIN_ROOM

from .channel import Heard, Message
from .children import Child
from .doors import OFFER_S, Doors
from .refusal import refuse

EMPTY_S = 60.0
HANGS_S = 30.0  # that a process may say nothing: it has something to say each second
FAILURES_MAX, FAILURES_S = 4, 10.0
WAITING_MAX = 1100  # connections, while a room begins or does not take them
REFUSING_MAX = 1000  # connections that are told why; more are closed
log = logging.getLogger("layerw.server")
KEPT_A_ROOM = 8  # states of rooms that ended, for each that may run: whoever makes up names fills no disk
SPARE_S = 1.0  # after which a spare process is made: the room that begins needs the machine first
Arrival = tuple[int, bytes]  # a file descriptor, and the request
MakeProcess = Callable[[Heard, Callable[[int], None]], Awaitable[Child]]


class RunningRoom:
    """One room, through the processes that it has one after the other."""

    def __init__(self, name: str, process: MakeProcess, kept: Path, ended: Callable[[str], None],
                 saved: Callable[[str, Path], None], door: Message | None = None) -> None:  # fmt: skip
        """door: see Door.told; None: there is no WebTransport."""
        self.name, self.figures, self.door = name, dict[str, Any](), door
        self.offer = dict[str, Any]()  # how it is reached by WebTransport, as pages are told
        self._process, self._kept, self._ended, self._saved = process, kept, ended, saved
        self._arrivals: list[Arrival] = []
        self._handed, self._numbers = dict[int, Arrival](), count()  # until the process says that it has them
        self._deaths = deque[float](maxlen=FAILURES_MAX)
        self._child: Child | None = None
        self.ready = asyncio.Event()
        self.failed = ""
        self.drains = False
        self.empty_since = self._heard_s = time.monotonic()

    @property
    def pid(self) -> int | None:
        """Of its process."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Begins a process for it."""
        try:
            self._child = await self._process(self._heard, self._gone)
        except OSError as error:  # no more processes, memory or file descriptors
            self.failed = f"No process can be started: {error}"
            return self._gone(-1)
        self._child.send({"begin": self.name, "kept": str(self._kept), "door": self.door})

    def connect(self, arrival: Arrival) -> None:
        """A connection for it, at once or when it has begun."""
        self.empty_since = time.monotonic()
        if len(self._handed) + len(self._arrivals) >= WAITING_MAX:
            os.close(arrival[0])
        elif self.ready.is_set() and self._child is not None:
            number = next(self._numbers)
            self._handed[number] = arrival
            self._child.send({"connection": arrival[1].decode("latin-1"), "number": number}, [os.dup(arrival[0])])
        else:
            self._arrivals.append(arrival)

    async def end(self) -> None:
        """Keeps its state and says goodbye to everyone."""
        self.drains = True
        if self._child is not None:
            await self._child.end({"drain": True})

    def end_hanging(self) -> None:
        """Kills a process that runs the room and says nothing any more."""
        if self.ready.is_set() and self._child is not None and time.monotonic() - self._heard_s > HANGS_S:
            log.error("The process of the room %s has hung for %.0f s; it is killed.", self.name, HANGS_S)
            self._heard_s = time.monotonic()
            self._child.kill()

    def _heard(self, message: Message, sockets: list[int]) -> None:
        self._heard_s = time.monotonic()
        if "offer" in message:
            self.offer = message["offer"]
        elif "ready" in message:
            self.ready.set()
            waiting, self._arrivals = self._arrivals, []
            for arrival in waiting:
                self.connect(arrival)
        elif "failed" in message:
            self.failed = message["failed"]
        elif "figures" in message:
            self.figures = message["figures"]
            if self.figures["players"] or self.figures["connections"]:
                self.empty_since = time.monotonic()
        elif "took" in message:
            os.close(self._handed.pop(message["took"])[0])
        elif "kept" in message:
            self._saved(self.name, self._kept)

    def _gone(self, status: int) -> None:
        self._child, begun, self.offer = None, self.ready.is_set(), {}
        self.ready.clear()
        self._arrivals += self._handed.values()
        self._handed.clear()
        if self.drains:
            self._refuse_waiting("The room ended; connect again.", retry=True)
            return self._ended(self.name)
        now = time.monotonic()
        if not begun and self.failed:
            log.error("The room %s could not begin: %s", self.name, self.failed)
        else:
            log.error("The process of the room %s ended (%s); it goes on in another one.", self.name, status)
        self._deaths.append(now)
        if not begun or (len(self._deaths) == FAILURES_MAX and now - self._deaths[0] < FAILURES_S):
            self.failed = self.failed or "Its process ended again and again."
            self._refuse_waiting(f"The room {self.name} can't run.")
            return self._ended(self.name)
        self._starter = asyncio.create_task(self.start())

    def _refuse_waiting(self, reason: str, *, retry: bool = False) -> None:
        waiting, self._arrivals = self._arrivals, []
        for number, request in waiting:
            refuse_later(number, request, reason, retry=retry)


class Rooms:
    """Those of this node, by name."""

    def __init__(self, program: Path, folder: Path, rooms_max: int, doors: Doors | None = None) -> None:
        """doors: where rooms are reached by WebTransport."""
        self._program, self._folder, self._rooms_max, self._doors = program, folder, rooms_max, doors
        self.running: dict[str, RunningRoom] = {}
        self._rests: dict[str, float] = {}
        self._tasks = set[asyncio.Task[Any]]()
        self._spare: Child | None = None
        self._ends = False
        self.saved: Callable[[str, Path], None] = lambda name, file: None  # a room kept its state
        self.ended: Callable[[str, bool], None] = lambda name, failed: None  # it has no process any more

    def connect(self, name: str, arrival: Arrival) -> None:
        """A connection for the room of that name."""
        room = self.running.get(name)
        if room is None:
            reason = self.refusal(name)
            if reason:
                return refuse_later(*arrival, reason)
            room = self.begin(name)
        room.connect(arrival)

    def begin(self, name: str) -> RunningRoom:
        """Begins a room."""
        door = self._doors.free([room.door for room in self.running.values()]) if self._doors else None
        room = self.running[name] = RunningRoom(name, self._take_process, self.file(name), self._end_of, self.saved,
                                                door)  # fmt: skip
        self.keep(room.start())
        return room

    async def offer(self, name: str) -> dict[str, Any]:
        """How a room is reached by WebTransport, as pages are told; it begins where it does not run. Empty: it is
        reached by WebSocket alone, or by nothing, which a WebSocket is told."""
        room = self.running.get(name)
        if self._doors is None or self._ends or (room is None and self.refusal(name)):
            return {}
        room = room or self.begin(name)
        room.empty_since = time.monotonic()
        with suppress(TimeoutError):
            await asyncio.wait_for(room.ready.wait(), OFFER_S)
        return room.offer

    def file(self, name: str) -> Path:
        """Where a room's state is kept."""
        return self._folder / f"{name}.lw"

    def keep(self, work: Any) -> None:
        """Runs a coroutine beside."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def look_after(self) -> None:
        """Ends those where nobody has been for EMPTY_S, but for the main one; and processes that hang."""
        now = time.monotonic()
        for room in list(self.running.values()):
            room.end_hanging()
            if room.name != MAIN_ROOM and not room.drains and now - room.empty_since > EMPTY_S:
                room.drains = True
                self.keep(room.end())

    def _tidy(self) -> None:
        """Of the states of rooms that ended, those that were kept last stay."""
        found = [(file.stat().st_mtime, file) for file in self._folder.glob("*.lw")
                 if file.stem not in self.running and file.stem != MAIN_ROOM]  # fmt: skip
        for _, file in sorted(found)[: max(len(found) - KEPT_A_ROOM * self._rooms_max, 0)]:
            file.unlink(missing_ok=True)

    async def end(self) -> None:
        """Ends all of them."""
        self._ends = True
        await asyncio.gather(*(room.end() for room in list(self.running.values())))
        if self._spare is not None:
            self._spare.kill()

    async def _take_process(self, heard: Heard, gone: Callable[[int], None]) -> Child:
        """The spare one, which has imported everything; another takes its place."""
        spare, self._spare = self._spare, None
        self.keep(self._make_spare())
        if spare is None or spare.has_ended:
            return await Child.start("room_process", [str(self._program)], heard, gone)
        spare.give(heard, gone)
        return spare

    def prepare(self) -> None:
        """Makes the spare process, where no room has begun that would: the first one may be another node's."""
        self.keep(self._make_spare())

    async def _make_spare(self) -> None:
        await asyncio.sleep(SPARE_S)
        if self._spare is None and not self._ends:
            self._spare = await Child.start("room_process", [str(self._program)], _unheard, _unmissed)

    def is_full(self) -> bool:
        """Whether no other may begin."""
        return len(self.running) >= self._rooms_max

    def figures(self) -> dict[str, dict[str, Any]]:
        """By name."""
        return {name: room.figures for name, room in self.running.items()}

    def refusal(self, name: str) -> str:
        """Why the room of that name, which does not run, can't begin; "": it can."""
        if time.monotonic() < self._rests.get(name, 0.0):
            return f"The room {name} can't run; the server's log says why. Try again in some seconds."
        if self.is_full():
            return f"This server has {self._rooms_max} rooms already, and {name} is none of them."
        return ""

    def _end_of(self, name: str) -> None:
        room = self.running.pop(name, None)
        if room is not None and room.failed:
            self._rests[name] = time.monotonic() + FAILURES_S
        self._tidy()
        self.ended(name, room is not None and bool(room.failed))


def _unheard(message: Message, sockets: list[int]) -> None:
    """A spare process says nothing."""


def _unmissed(status: int) -> None:
    """Who takes a spare one looks whether it is there."""


def refuse_later(number: int, request: bytes, reason: str, *, retry: bool = False) -> None:
    """Tells a connection why it is not let in."""
    if len(_REFUSING) >= REFUSING_MAX:
        return os.close(number)
    task = asyncio.get_running_loop().create_task(refuse(socket.socket(fileno=number), request, reason, retry=retry))
    _REFUSING.add(task)
    task.add_done_callback(_REFUSING.discard)


_REFUSING: set[asyncio.Task[None]] = set()
