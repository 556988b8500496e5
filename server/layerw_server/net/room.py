"""A room: one program that decides, in a thread of its own (room_process.py: in a process).

Owns: the program's life. Does not own: who is in it (layerw/net).
Limits: one room a process: a program is `__main__` there.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any, Protocol

from starlette.websockets import WebSocket

from layerw.hosts.begin import ProgramFailed
from layerw.hosts.begin import begin as begin_program
from layerw.hosts.headless import HeadlessHost
from layerw.net import wire
from layerw.net.keeping import MAIN_ROOM
from layerw.net.transport import Transport

from . import metrics
from .pace import Pace, log
from .sockets import ServerSocket, short

CONNECTIONS_MAX = 1100


class RoomError(RuntimeError):
    """The program could not begin; the text says why."""


async def begin(program: Path, host: HeadlessHost) -> Any:
    """Runs the program's file and gives its app. Raises RoomError."""
    try:
        return await begin_program(program, host)
    except ProgramFailed as error:
        raise RoomError(str(error)) from error


class Door(Protocol):
    """Another way in: net.quic.QuicDoor."""

    def offer(self) -> dict[str, Any]:
        """What a page needs for it."""


class Room:
    """`start()` runs the program's file; `connect` is the WebSocket's endpoint."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._thread = threading.Thread(target=self._run, name="layerw-room", daemon=True)
        self._ready, self._ends = threading.Event(), threading.Event()
        self._app: Any = None
        self._failed = ""
        self.pace = Pace()
        self.connections = 0
        self.door: Door | None = None  # WebTransport

    def start(self) -> None:
        """Returns when frames run. Raises RoomError."""
        self._thread.start()
        self._ready.wait()
        if self._failed:
            raise RoomError(self._failed)

    def stop(self) -> None:
        """Ends it and says goodbye to everyone."""
        self._ends.set()
        self._thread.join(5)

    async def connect(self, socket: WebSocket, name: str = MAIN_ROOM) -> None:
        """One accepted connection, until it ends."""
        if name != MAIN_ROOM:
            await socket.accept()
            reason = f"This server has one room, and none that is called {name[:32]!r}; it has several with --rooms."
            await socket.send_bytes(wire.value_message(wire.REFUSED, {"reason": reason}))
            return await socket.close(1013, short(reason))
        if self._app is None or self._ends.is_set():
            return await socket.close(1013, "There is no room.")
        if self.connections >= CONNECTIONS_MAX:
            return await socket.close(1013, f"{CONNECTIONS_MAX} connections are open.")
        self.connections += 1
        try:
            await socket.accept()
            transport = ServerSocket(socket)
            self._app.net._accept(transport)
            await transport.run()
        finally:
            self.connections -= 1

    def accept(self, transport: Transport) -> None:
        """A connection that may come in, of any thread."""
        if self._ends.is_set():
            return transport.close("There is no room.")
        self._app.net._accept(transport)

    async def offer(self, name: str) -> dict[str, object]:
        """See http.app.RoomPort."""
        return {} if self.door is None or name != MAIN_ROOM else self.door.offer()

    async def text(self) -> str:
        """Metrics: see http.metrics.MetricsPort."""
        room = self._app.net._room()
        figures = {"connections": self.connections, "players": len(room.clients), "tick": room.tick,
                   "sent_bytes": room.sent_bytes, "snapshots": room.telling.snapshots,
                   "skipped": room.telling.skipped}  # fmt: skip
        return metrics.text({MAIN_ROOM: {**self.pace.figures(), **figures}})

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except RoomError as error:
            self._failed = str(error)
        except Exception as error:
            log.exception("the room ended")
            self._failed = f"{type(error).__name__}: {error}"
        finally:
            self._ends.set()  # nobody is let in where nobody would be heard
            self._ready.set()

    async def _live(self) -> None:
        host = HeadlessHost(self._program.parent, options={"clock": "real", "server": True})
        app = self._app = await begin(self._program, host)
        app.net._room()  # it is there before anyone comes, who may come by another thread
        self._ready.set()
        try:
            await self.pace.run(host, app, self._ends.is_set)
        finally:
            app.close()
