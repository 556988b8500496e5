"""WebSockets as transports (layerw/net/transport.py): a server's, on its event loop; a client's, in a thread.

Owns: what waits in both directions. A frame takes and sends without waiting; the loop or the thread does the rest.
Limits: INCOMING_MAX messages that a room has not taken yet; a server's message has MESSAGE_BYTES_MAX at most.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

INCOMING_MAX = 1000
OUTGOING_BYTES_MAX = 8 * 1024 * 1024  # of a client that takes nothing: it is disconnected
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
CLOSE_REASON_BYTES = 120  # RFC 6455 allows 123


class ServerSocket:
    """A room's end of one WebSocket. `run()` is its life on the event loop; the rest is called by the room's thread."""

    loses = False

    def __init__(self, socket: WebSocket) -> None:
        self.closed = ""
        self.waiting_bytes = 0
        self._socket, self._loop = socket, asyncio.get_running_loop()
        self._come: deque[bytes] = deque()
        self._going: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._lock = threading.Lock()

    async def run(self) -> None:
        """Until either side ends it."""
        sender = asyncio.create_task(self._send_all())
        receiver = asyncio.create_task(self._receive_all())
        done, pending = await asyncio.wait((sender, receiver), return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        for task in done:
            with suppress(WebSocketDisconnect, RuntimeError, OSError):
                task.result()
        self.closed = self.closed or "The client left."
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            await self._socket.close(1000, short(self.closed))

    async def _send_all(self) -> None:
        while (data := await self._going.get()) is not None:
            await self._socket.send_bytes(data)
            self._count(-len(data))

    async def _receive_all(self) -> None:
        while (message := await self._socket.receive())["type"] != "websocket.disconnect":
            data = message.get("bytes")
            if data is None:
                self.closed = self.closed or "It sent text; messages are binary."
                return
            if len(self._come) >= INCOMING_MAX:
                self.closed = self.closed or f"It sent {INCOMING_MAX} messages that the room has not taken yet."
                return
            self._come.append(data)

    def send(self, data: bytes, *, reliable: bool) -> None:
        """See Transport."""
        if self.closed:
            return
        if self.waiting_bytes > OUTGOING_BYTES_MAX:
            return self.close(f"It left {self.waiting_bytes} bytes waiting.")
        self._count(len(data))
        self._put(data)

    def take(self) -> list[bytes]:
        """See Transport."""
        return [self._come.popleft() for _ in range(len(self._come))]

    def close(self, reason: str = "") -> None:
        """See Transport."""
        self.closed = self.closed or reason or "The room closed it."
        self._put(None)

    def _put(self, data: bytes | None) -> None:
        with suppress(RuntimeError):  # the server ended, and its loop with it
            self._loop.call_soon_threadsafe(self._going.put_nowait, data)

    def _count(self, size: int) -> None:
        with self._lock:
            self.waiting_bytes += size


class ClientSocket:
    """A client's end, for programs without a page: `connector(url)` makes them."""

    loses = False

    def __init__(self, url: str) -> None:
        self.closed = ""
        self.waiting_bytes = 0
        self._url = url
        self._come: deque[bytes] = deque()
        self._going: deque[bytes] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except Exception as error:
            self.closed = self.closed or f"{type(error).__name__}: {error}"

    async def _live(self) -> None:
        from websockets.asyncio.client import connect

        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        parts = urlsplit(self._url)
        origin = f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
        async with connect(self._url, origin=origin, max_size=MESSAGE_BYTES_MAX, compression=None) as socket:  # type: ignore[arg-type]

            async def receive() -> None:
                async for data in socket:
                    if isinstance(data, bytes):
                        self._come.append(data)

            receiver = asyncio.create_task(receive())
            assert self._wake is not None
            while not receiver.done() and not (self.closed and not self._going):
                while self._going:
                    await socket.send(self._going.popleft())
                self._wake.clear()
                waiter = asyncio.create_task(self._wake.wait())
                await asyncio.wait((receiver, waiter), return_when=asyncio.FIRST_COMPLETED)
                waiter.cancel()
            receiver.cancel()
            self.closed = self.closed or socket.close_reason or "The server closed it."

    def send(self, data: bytes, *, reliable: bool) -> None:
        """See Transport."""
        if not self.closed:
            self._going.append(data)
            self._stir()

    def take(self) -> list[bytes]:
        """See Transport."""
        return [self._come.popleft() for _ in range(len(self._come))]

    def close(self, reason: str = "") -> None:
        """See Transport."""
        self.closed = self.closed or reason or "It was closed here."
        self._stir()

    def _stir(self) -> None:
        if self._loop is not None and self._wake is not None:
            with suppress(RuntimeError):  # it ended meanwhile
                self._loop.call_soon_threadsafe(self._wake.set)


def connector(url: str) -> Callable[[str | None], ClientSocket]:
    """How a headless host connects: to this address, unless the program names another, or another room of it."""
    return lambda given: ClientSocket(urljoin(url, given) if given else url)


def short(text: str) -> str:
    """As much of it as the reason of a close takes."""
    return text.encode()[:CLOSE_REASON_BYTES].decode(errors="ignore")
