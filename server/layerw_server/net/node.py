"""`layerw serve --workers N --rooms M`: one machine's processes, which files and rooms are shared out among.

    node ── listens, starts and watches ──> worker processes (files; hand the sockets of players on)
      └────────────── sockets ───────────> room processes (a program each)

Owns: the sockets that listen, the workers, and the end: SIGTERM and Ctrl-C drain it. No byte of a player goes through
it: a worker checks a connection, and the room's process gets the socket itself. Limits: POSIX.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from layerw.net.keeping import MAIN_ROOM

from ..http.serve import bind, page_address
from . import metrics
from .bus import BusError, bus_of
from .channel import Message
from .children import Child
from .cluster import Cluster
from .doors import Doors, PortsError
from .rooms import Rooms
from .worker_process import Files

WORKERS_MAX = 64
FILES_MAX = 65_536
SOON_S, TRIES = 5.0, 5  # a worker that dies as often within that time is not started again
log = logging.getLogger("layerw.server")


class NodeError(RuntimeError):
    """It can't begin; the text says why."""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """kept: folder of the rooms' states, which a next start goes on with; None: they end with the node. bus: nats://…
    or redis://…, where nodes find each other's rooms; address: host:port where they reach this one."""

    files: Files
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    rooms: int = 1
    kept: Path | None = None
    bus: str = ""
    address: str = ""


class Node:
    """`run()` is all of it."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._workers: dict[int, Child] = {}
        self._deaths: dict[int, list[float]] = {}
        self._ready = asyncio.Event()
        self._ends = asyncio.Event()
        self._failed = ""
        self._cluster: Cluster | None = None
        self._has_main = True

    async def run(self, on_ready: Callable[[str], None]) -> None:
        """Until SIGTERM or SIGINT. Raises NodeError, ServeError."""
        settings = self._settings
        for one in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(one, self._ends.set)
        allow_files()
        self._listeners = listeners(settings.host, settings.port, settings.workers)
        with tempfile.TemporaryDirectory(prefix="layerw-rooms-") as temporary:
            folder = settings.kept or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            self.rooms = Rooms(settings.files.program, folder, settings.rooms, self._doors())
            try:
                await self._join()
                await self._begin()
                if not self._ends.is_set():
                    on_ready(page_address(settings.host, self._listeners[0].getsockname()[1]))
                while not self._ends.is_set():
                    await self._wait(self._ends, 1.0)
                    self.rooms.look_after()
            finally:
                await self._drain()
        if self._failed:
            raise NodeError(self._failed)

    def _doors(self) -> Doors | None:
        settings, files = self._settings, self._settings.files
        if not files.webtransport:
            return None
        doors = Doors(settings.host, self._listeners[0].getsockname()[1], settings.rooms, files.allow_hosts,
                      files.allow_origins)  # fmt: skip
        try:
            doors.check()
        except PortsError as error:
            raise NodeError(str(error)) from None
        return doors

    async def _join(self) -> None:
        """Becomes one of the bus's nodes."""
        settings = self._settings
        if not settings.bus:
            return
        address = settings.address or f"{settings.host}:{self._listeners[0].getsockname()[1]}"
        try:
            bus = bus_of(settings.bus, name_on_bus(settings.files.program))
            await bus.open()
            cluster = Cluster(bus, f"{secrets.token_hex(4)}@{address}", self.rooms)
            self._has_main = await cluster.take(MAIN_ROOM) == cluster.owner
        except BusError as error:
            raise NodeError(str(error)) from None
        self.rooms.saved, self.rooms.ended = cluster.saved, cluster.ended
        self._cluster = cluster
        self._renewing = asyncio.create_task(cluster.run())

    async def _begin(self) -> None:
        """The main room first, so that a program that can't begin is told at once."""
        main = self.rooms.begin(MAIN_ROOM) if self._has_main else None
        if main is None:
            self.rooms.prepare()
        while main is not None and not main.ready.is_set() and not self._ends.is_set():
            if main.failed and MAIN_ROOM not in self.rooms.running:
                raise NodeError(main.failed)
            await self._wait(main.ready, 0.05)
        for number in range(self._settings.workers):
            await self._start_worker(number)
        while not self._ready.is_set() and not self._ends.is_set():
            await self._wait(self._ready, 0.2)

    async def _wait(self, event: asyncio.Event, timeout_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout_s)

    async def _drain(self) -> None:
        """No new connections, then the rooms keep what they have and say goodbye."""
        self._ends.set()
        for listener in self._listeners:
            listener.close()
        for worker in self._workers.values():
            worker.send({"drain": True})
        if self._cluster is None:
            await self.rooms.end()
        else:
            await self._cluster.drain()
            self._renewing.cancel()
        await asyncio.gather(*(worker.end() for worker in list(self._workers.values())))

    # -- workers -----------------------------------------------------------------------------------

    async def _start_worker(self, number: int) -> None:
        def heard(message: Message, sockets: list[int]) -> None:
            self._heard(number, message, sockets)

        self._workers[number] = await Child.start(
            "worker_process", [self._settings.files.text()], heard, lambda status: self._gone(number, status),
            (self._listeners[number],))  # fmt: skip

    def _heard(self, number: int, message: Message, sockets: list[int]) -> None:
        if "ready" in message:
            self._ready.set()
        elif "connect" in message and sockets:
            arrival = (sockets[0], message["request"].encode("latin-1"))
            (self._cluster or self.rooms).connect(message["connect"], arrival)
        elif "metrics" in message:
            said = metrics.text(self.rooms.figures(), [("layerw_workers", "Processes that serve files.",
                                                        len(self._workers))])  # fmt: skip
            self._workers[number].send({"answer": message["metrics"], "value": said})
        elif "offer" in message:
            self.rooms.keep(self._offer(self._workers[number], message["offer"], message["room"]))

    async def _offer(self, worker: Child, number: int, room: str) -> None:
        worker.send({"answer": number, "value": await self.rooms.offer(room)})

    def _gone(self, number: int, status: int) -> None:
        self._workers.pop(number, None)
        if self._ends.is_set():
            return
        now = time.monotonic()
        deaths = self._deaths[number] = [one for one in self._deaths.get(number, []) if now - one < SOON_S] + [now]
        if len(deaths) >= TRIES:
            self._failed = f"A process that serves files ended {TRIES} times in {SOON_S:.0f} s (status {status})."
            return self._ends.set()
        log.warning("A process that serves files ended (%s); another one takes its place.", status)
        self.rooms.keep(self._start_worker(number))


def name_on_bus(program: Path) -> str:
    """What a program's rooms go by there: its file, or the folder of a main.py, which many programs have."""
    program = program.resolve()
    return re.sub(r"[^A-Za-z0-9_-]", "_", program.parent.name if program.stem == "main" else program.stem) or "main"


def allow_files() -> None:
    """As many open files as the system lets this process, and those that it starts, have: each player is one."""
    import resource  # POSIX's

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, FILES_MAX) if hard != resource.RLIM_INFINITY else FILES_MAX
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listeners(host: str, port: int, count: int) -> list[socket.socket]:
    """So many sockets that listen on one port: the system shares connections out among them. Raises ServeError."""
    first = bind(host, port, shared=count > 1)
    return [first, *(bind(host, first.getsockname()[1], shared=True) for _ in range(count - 1))]
