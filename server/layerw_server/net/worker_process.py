"""A process that serves files, and hands the sockets of players on to the node.

    python -m layerw_server.net.worker_process CHANNEL LISTENER SETTINGS

CHANNEL, LISTENER: file descriptors; SETTINGS: JSON, see Files. Owns: uvicorn on a socket that its node listens on: who
waits there when a process dies is taken by the next one. It ends with its node.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
from starlette.websockets import WebSocket

from ..http.app import LayerwServer, create_app
from ..http.serve import uvicorn_config
from ..runtime.packages import PageWheel, PageWheels
from .channel import Channel, Message
from .doors import OFFER_S
from .orphans import end_with

ANSWER_S = 2.0  # a node that takes longer is busy with worse
ASKED_MAX = 1000  # questions that the node has not answered


@dataclass(frozen=True, slots=True)
class Files:
    """What a worker serves: arguments of http.app.create_app. webtransport: pages are told of the rooms' UDP ports."""

    program: Path
    runtime: Path
    web: Path
    wheels: PageWheels
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    metrics_token: str = ""
    webtransport: bool = False

    def text(self) -> str:
        """JSON."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def read(cls, text: str) -> Files:
        """From JSON."""
        value: dict[str, Any] = json.loads(text)
        wheels = value["wheels"]
        return cls(Path(value["program"]), Path(value["runtime"]), Path(value["web"]),
                   PageWheels(Path(wheels["folder"]), tuple(PageWheel(**one) for one in wheels["wheels"])),
                   tuple(value["allow_hosts"]), tuple(value["allow_origins"]), value["metrics_token"],
                   value["webtransport"])  # fmt: skip


class Worker(uvicorn.Server):
    """uvicorn with the channel to its node, which is there as long as it serves."""

    def __init__(self, end: socket.socket, files: Files) -> None:
        app = create_app(program=files.program, runtime=files.runtime, web=files.web, wheels=files.wheels,
                         allow_hosts=files.allow_hosts, allow_origins=files.allow_origins, dev=False, room=self,
                         metrics=self, metrics_token=files.metrics_token)  # fmt: skip
        super().__init__(uvicorn_config(app))
        assert isinstance(app, LayerwServer)
        app.handover = self
        self._end, self._files = end, files
        self._numbers, self._asked = count(1), dict[int, asyncio.Future[Any]]()
        self._channel: Channel

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says when it serves."""
        await super().startup(sockets)
        self._channel = Channel(self._end, self._heard, self._leave)
        self._channel.send({"ready": True})

    def take(self, room: str, connection: int, request: bytes) -> None:
        """See HandoverPort."""
        self._channel.send({"connect": room, "request": request.decode("latin-1")}, [connection])

    async def connect(self, socket: WebSocket, name: str) -> None:
        """See RoomPort: of who may come in, only a room's name that is none comes here."""
        await socket.close(1008, "There is no such room.")

    async def offer(self, name: str) -> dict[str, object]:
        """See RoomPort: the process of a room has a UDP port of its own."""
        if not self._files.webtransport:
            return {}
        try:
            found: dict[str, object] = await self._ask("offer", OFFER_S + ANSWER_S, {"room": name})
        except TimeoutError:
            return {}
        return found

    async def text(self) -> str:
        """See MetricsPort. Raises TimeoutError."""
        return str(await self._ask("metrics", ANSWER_S, {}))

    async def _ask(self, what: str, seconds: float, more: Message) -> Any:
        """The node's answer. Raises TimeoutError, at once where it owes too many."""
        if len(self._asked) >= ASKED_MAX:
            raise TimeoutError
        number = next(self._numbers)
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        self._channel.send({what: number, **more})
        try:
            return await asyncio.wait_for(future, seconds)
        finally:
            del self._asked[number]

    def _heard(self, message: Message, sockets: list[int]) -> None:
        if "answer" in message and message["answer"] in self._asked:
            asked = self._asked[message["answer"]]
            if not asked.done():
                asked.set_result(message["value"])
        elif "drain" in message:
            self._leave()

    def _leave(self) -> None:
        self.should_exit = True


def main() -> None:
    """Serves until the node is gone."""
    end, listener = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    end_with(end)
    Worker(end, Files.read(sys.argv[3])).run(sockets=[listener])


if __name__ == "__main__":
    main()
