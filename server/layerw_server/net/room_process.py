"""The process of one room: the program and its players' sockets on one event loop.

    python -m layerw_server.net.room_process FD PROGRAM

The node (node.py) starts it, and tells it over the channel FD which room it is, {"begin": name, "kept": file, "door":
see doors.py}: a spare one waits for that with everything imported. It gets connections, and ends with the channel.
Says {"offer": of WebTransport}, {"ready"} or {"failed": why}, {"figures"} each second, {"kept": tick} when the state is
in the file KEPT, {"drained"} at the end.
Owns: the loop, who is connected, and when the state is kept. Limits: CONNECTIONS_MAX.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerw.hosts.headless import HeadlessHost
from layerw.net.keeping import kept, restore
from layerw.net.transport import Transport

from ..http.origins import HostRules, OriginRules
from . import state_files
from .channel import Channel, Message
from .frames import RoomSocket
from .orphans import end_with
from .pace import Pace, log
from .refusal import refuse
from .room import CONNECTIONS_MAX, RoomError, begin

if TYPE_CHECKING:  # it takes half a second, which a room without it does not
    from .quic import QuicDoor, QuicPlayer

FIGURES_S = 1.0
KEPT_S = 0.5  # between two states that are kept
MOVES = "The room moves; connect again."


class RoomProcess:
    """`live()` is all of it."""

    def __init__(self, end: socket.socket, program: Path) -> None:
        self._end, self._program, self._name, self._kept = end, program, "", Path()
        self._begins = asyncio.Event()
        self._pace, self._sockets = Pace(), set[RoomSocket]()
        self._ends = self._drains = False
        self._ended = {"client": 0, "room": 0}
        self._received = 0
        self._tasks = set[asyncio.Task[Any]]()
        self._app: Any = None
        self._told: Message | None = None  # where its door for WebTransport is
        self._door: QuicDoor | None = None
        self._offered: Message = {}

    async def live(self) -> int:
        """Until the node or the program ends it; the exit status."""
        self._channel = Channel(self._end, self._heard, self._stop)
        await self._begins.wait()
        if self._ends:
            return 0
        with suppress(OSError):  # what `ps` shows, on Linux
            Path("/proc/self/comm").write_text(f"room {self._name}")
        host = HeadlessHost(self._program.parent, options={"clock": "real", "server": True, "room": self._name})
        try:
            app = self._app = await begin(self._program, host)
            app.net._room()  # it is there before anyone comes
            self._restore()
        except Exception as error:
            text = str(error) if isinstance(error, RoomError) else f"{type(error).__name__}: {error}"
            self._channel.send({"failed": text})
            return 1
        if self._told is not None:
            self._open_door(self._told)
        self._channel.send({"ready": True})
        gc.freeze()  # what is there now stays: no collection walks it in the middle of a frame
        reporter = asyncio.create_task(self._report())
        keeper = asyncio.create_task(self._keep_on())
        try:
            await self._pace.run(host, app, lambda: self._ends)
            if self._drains:
                self._keep()
                for one in self._players():
                    one.close(MOVES)
                self._channel.send({"drained": True})
        finally:
            reporter.cancel()
            keeper.cancel()
            app.close()
            if self._door is not None:
                self._door.stop()
        await asyncio.sleep(0.05)  # goodbyes go out
        return 0

    # -- the node's --------------------------------------------------------------------------------

    def _heard(self, message: Message, sockets: list[int]) -> None:
        if "connection" in message and not sockets:
            self._channel.send({"took": message["number"]})  # this process has no number left for it
        elif "connection" in message:
            task = asyncio.create_task(self._connect(sockets[0], message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif "begin" in message:
            self._name, self._kept, self._told = message["begin"], Path(message["kept"]), message["door"]
            self._begins.set()
        elif "drain" in message:
            self._drains = True
            self._stop()

    def _stop(self) -> None:
        self._ends = True
        self._begins.set()

    async def _connect(self, number: int, message: Message) -> None:
        connection, request = socket.socket(fileno=number), message["connection"].encode("latin-1")
        if self._connections() >= CONNECTIONS_MAX:
            self._channel.send({"took": message["number"]})
            return await refuse(connection, request, f"{CONNECTIONS_MAX} connections are open.")
        player = RoomSocket(request, lambda: self._left(player))
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: player, connection)
        except OSError:
            return  # it left on the way
        finally:
            self._channel.send({"took": message["number"]})
        self._sockets.add(player)
        self._app.net._accept(player)

    def _connections(self) -> int:
        return len(self._players())

    def _players(self) -> list[RoomSocket | QuicPlayer]:
        return [*self._sockets, *(self._door.connections if self._door else ())]

    def _open_door(self, told: Message) -> None:
        """The room is there by WebTransport as well; where its port can't be had players come by WebSocket alone."""
        from .quic import DoorError, QuicDoor

        loop = asyncio.get_running_loop()

        def left(player: QuicPlayer) -> None:
            with suppress(RuntimeError):  # the room ended, and its loop with it
                loop.call_soon_threadsafe(self._left, player)

        door = QuicDoor(self._accept, told["host"], told["port"], HostRules(told["hosts"]),
                        OriginRules(told["origins"]), self._name, left)  # fmt: skip
        door.page_port = told["page_port"]
        try:
            door.start()
        except DoorError as error:
            return log.error("The room %s is reached by WebSocket alone. %s", self._name, error)
        self._door = door
        self._offer()

    def _accept(self, player: Transport) -> None:
        """Who came by the door, in its thread."""
        if self._ends or self._connections() > CONNECTIONS_MAX:
            return player.close(MOVES if self._ends else f"{CONNECTIONS_MAX} connections are open.")
        self._app.net._accept(player)

    def _offer(self) -> None:
        """Tells the node what pages need for the door; its certificate changes every few days."""
        offer = self._door.offer() if self._door else {}
        if offer != self._offered:
            self._offered = offer
            self._channel.send({"offer": offer})

    def _left(self, player: RoomSocket | QuicPlayer) -> None:
        if isinstance(player, RoomSocket):
            self._sockets.discard(player)
        self._received += player.received_bytes
        self._ended["client" if player.closed == "The client left." else "room"] += 1

    # -- figures and state ---------------------------------------------------------------------------

    async def _report(self) -> None:
        while True:
            self._channel.send({"figures": self._figures()})
            self._offer()
            await asyncio.sleep(FIGURES_S)

    def _figures(self) -> dict[str, Any]:
        room = self._app.net._room()
        return {**self._pace.figures(), "connections": self._connections(), "ended": dict(self._ended),
                "players": len(room.clients), "tick": room.tick, "sent_bytes": room.sent_bytes,
                "snapshots": room.telling.snapshots, "skipped": room.telling.skipped,
                "received_bytes": self._received + sum(one.received_bytes for one in self._players())}  # fmt: skip

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(KEPT_S)
            self._keep()

    def _keep(self) -> None:
        """The state into the file, whole or not at all."""
        try:
            data = self._app.saves.pack(kept(self._app.net._room()))
            state_files.write(self._kept, data)
        except Exception as error:
            log.warning("The state of the room %s could not be kept: %s", self._name, error)
            return
        self._channel.send({"kept": self._app.net._room().tick})

    def _restore(self) -> None:
        if self._kept.exists():
            value = self._app.saves.unpack(self._kept.read_bytes(), f"The state of the room {self._name}")
            restore(self._app.net._room(), value)


def main() -> int:
    """Runs the room that the arguments say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the node's
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    end = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(end.fileno(), False)
    end_with(end)
    room = RoomProcess(end, Path(sys.argv[2]))
    if find_spec("uvloop"):
        import uvloop

        return int(uvloop.run(room.live()))
    return asyncio.run(room.live())


if __name__ == "__main__":
    sys.exit(main())
