"""WebTransport: players by QUIC, whose snapshots and inputs come as datagrams: a lost one holds nothing up.

    a session at /room, or /room/NAME    one stream of the client: u32 bytes | message, both ways: what is reliable,
                                         or long; datagrams: a message each

Little-endian. Owns: the UDP port, in a thread of its own, and what a connection may cost. Who may come in is decided by
the rules of the HTTP server. Needs aioquic, of the extra layerw[net]. Limits: BEFORE_BYTES_MAX that are no messages,
messages of MESSAGE_BYTES_MAX, INCOMING_MAX that the room has not taken yet, OUTGOING_BYTES_MAX that the client has not
taken; CONNECTIONS_MAX; a port has one room.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, DataReceived, H3Event, HeadersReceived, WebTransportStreamDataReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, ProtocolNegotiated, QuicEvent, StreamDataReceived

from layerw.net.keeping import MAIN_ROOM
from layerw.net.transport import Transport

from ..http.origins import HostRules, OriginRules, may_connect
from . import certificate
from .frames import MESSAGE_BYTES_MAX
from .room import CONNECTIONS_MAX
from .sockets import INCOMING_MAX, OUTGOING_BYTES_MAX, short

BEFORE_BYTES_MAX = 64 * 1024  # of headers, settings and streams that are none of ours
DATAGRAM_BYTES_MAX = 1100  # that any path takes
DATAGRAMS_WAITING_MAX = 64
SILENT_S, ASKS_S, ENDS_S = 30.0, 5.0, 1.0
_SIZE = struct.Struct("<I")
_CLOSE = b"\x68\x43"  # the type of the capsule that closes a session
log = logging.getLogger("layerw.server")


class DoorError(RuntimeError):
    """The port can't be had; the text says why."""


class QuicPlayer(QuicConnectionProtocol):
    """One connection; see layerw.net.transport.Transport, which the room's thread calls."""

    loses = True

    def __init__(self, *arguments: Any, door: QuicDoor, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.closed = ""
        self.received_bytes = 0
        self._door = door
        self._http: H3Connection | None = None
        self._session: int | None = None
        self._stream: int | None = None
        self._before_bytes, self._buffer = 0, bytearray()
        self._come = deque[bytes]()
        self._going, self._stirred = deque[tuple[bytes, bool]](), False
        self._unsent_bytes = 0
        door.connections.add(self)
        self._loop.call_later(ASKS_S, self._asks)

    # -- the room's --------------------------------------------------------------------------------

    @property
    def waiting_bytes(self) -> int:
        """See Transport."""
        return 0 if self.closed else self._unsent_bytes + sum(len(data) for data, _ in list(self._going))

    def send(self, data: bytes, *, reliable: bool) -> None:
        """See Transport."""
        if not self.closed:
            self._going.append((data, reliable))
            self._stir(self._write)

    def take(self) -> list[bytes]:
        """See Transport."""
        return [self._come.popleft() for _ in range(len(self._come))]

    def close(self, reason: str = "") -> None:  # type: ignore[override]  # aioquic's is for its own server's end
        """See Transport."""
        if not self.closed:
            self.closed = reason or "The room closed it."
            self._stir(self._end)

    def _stir(self, what: Callable[[], None]) -> None:
        if what == self._write and self._stirred:
            return
        self._stirred = True
        with suppress(RuntimeError):  # the server ended, and its loop with it
            self._loop.call_soon_threadsafe(what)

    # -- the event loop's --------------------------------------------------------------------------

    def _asks(self) -> None:
        if self._session is None:
            self._fail("It asked for no session.")

    def _write(self) -> None:
        self._stirred = False
        http, session, stream = self._http, self._session, self._stream
        while self._going:
            data, reliable = self._going.popleft()
            if http is None or session is None or stream is None:
                continue
            if reliable or len(data) > DATAGRAM_BYTES_MAX:
                self._quic.send_stream_data(stream, _SIZE.pack(len(data)) + data)
            elif len(self._quic._datagrams_pending) < DATAGRAMS_WAITING_MAX:
                http.send_datagram(session, data)
        self.transmit()
        self._count()

    def _count(self) -> None:
        """What the client has not taken; aioquic has no name for that."""
        found = self._quic._streams.get(self._stream) if self._stream is not None else None
        if found is None:
            return
        self._unsent_bytes = sum(len(one) for one in found.sender._pending)
        if len(found.sender._buffer) > OUTGOING_BYTES_MAX and not self.closed:
            self._fail(f"It left {len(found.sender._buffer)} bytes waiting.")

    def _end(self) -> None:
        """Says what is left to say, and why it ends; then the connection goes."""
        self._write()
        if self._http is not None and self._session is not None:
            said = short(self.closed).encode()
            capsule = _CLOSE + (0x4000 | 4 + len(said)).to_bytes(2, "big") + bytes(4) + said
            with suppress(Exception):  # the client closed it meanwhile
                self._http.send_data(self._session, capsule, end_stream=True)
        self.transmit()
        self._loop.call_later(ENDS_S, self._gone)

    def _gone(self) -> None:
        self._quic.close()
        self.transmit()

    def _fail(self, reason: str) -> None:
        self.closed = self.closed or reason
        self._end()

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        """A packet. Whatever a client sends, only its own connection ends."""
        self.received_bytes += len(data)
        try:
            super().datagram_received(data, addr)
            self._count()
        except Exception as error:
            log.warning("A WebTransport connection was ended, it sent what can't be read: %r", error)
            self._fail("It sent what can't be read.")

    def quic_event_received(self, event: QuicEvent) -> None:
        """What aioquic made of it."""
        if isinstance(event, ProtocolNegotiated):
            self._http = H3Connection(self._quic, enable_webtransport=True)
        elif isinstance(event, ConnectionTerminated):
            self.closed = self.closed or event.reason_phrase or "The client left."
            self._door.end_of(self)
        elif isinstance(event, StreamDataReceived) and event.stream_id != self._stream:
            self._before_bytes += len(event.data)
            if self._before_bytes > BEFORE_BYTES_MAX:
                return self._fail(f"It sent more than {BEFORE_BYTES_MAX} bytes that are no messages.")
        if self._http is not None and not self.closed:
            for one in self._http.handle_event(event):
                self._heard(one)

    def _heard(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived) and self._session is None:
            self._asked(event.stream_id, dict(event.headers))
        elif isinstance(event, WebTransportStreamDataReceived):
            if self._stream is None and event.session_id == self._session and event.stream_id % 4 == 0:
                self._stream = event.stream_id
            if event.stream_id != self._stream:
                return self._fail("It opened another stream.")
            self._buffer += event.data
            self._read()
            if event.stream_ended:
                self._fail("The client left.")
        elif isinstance(event, DatagramReceived) and self._stream is not None:
            self._put(event.data)
        elif isinstance(event, DataReceived) and event.stream_ended and event.stream_id == self._session:
            self._fail("The client left.")

    def _asked(self, stream: int, headers: dict[bytes, bytes]) -> None:
        assert self._http is not None
        rules = {b"host": headers.get(b":authority", b""), b"origin": headers.get(b"origin", b"")}
        asks = (headers.get(b":method"), headers.get(b":protocol"))
        status = b"200"
        if asks != (b"CONNECT", b"webtransport") or headers.get(b":path") not in self._door.paths:
            status = b"404"
        elif not self._door.may_connect(rules):
            status = b"403"
        elif len(self._door.connections) > CONNECTIONS_MAX:
            status = b"503"
        found = [(b":status", status), (b"sec-webtransport-http3-draft", b"draft02")]
        self._http.send_headers(stream, found, end_stream=status != b"200")
        self.transmit()
        if status != b"200":
            return self._fail("It may not come in.")
        self._session = stream
        self._door.accept(self)

    def _read(self) -> None:
        buffer = self._buffer
        while len(buffer) >= _SIZE.size and not self.closed:
            (size,) = _SIZE.unpack_from(buffer)
            if size > MESSAGE_BYTES_MAX:
                return self._fail(f"A message has {size} bytes; at most {MESSAGE_BYTES_MAX} are taken.")
            if len(buffer) < _SIZE.size + size:
                return
            self._put(bytes(buffer[_SIZE.size : _SIZE.size + size]))
            del buffer[: _SIZE.size + size]

    def _put(self, data: bytes) -> None:
        self._come.append(data)
        if len(self._come) > INCOMING_MAX:
            self._come.clear()
            self._fail(f"It sent {INCOMING_MAX} messages that the room has not taken yet.")


class QuicDoor:
    """`start()` listens; `offer()` is what a page needs to come in."""

    def __init__(self, accept: Callable[[Transport], None], host: str, port: int, hosts: HostRules,
                 origins: OriginRules, room: str = MAIN_ROOM, left: Callable[[QuicPlayer], None] | None = None) -> None:
        """accept, left: called in the door's thread, for each who came in and whose connection ended."""
        self.accept, self._left, self._host, self.port = accept, left, host, port
        self.paths = {f"/room/{room}".encode()} | ({b"/room"} if room == MAIN_ROOM else set())
        self.page_port = port  # of the HTTP server, which Host and Origin say
        self._hosts, self._origins = hosts, origins
        self.connections = set[QuicPlayer]()
        self._certificate = certificate.make()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: QuicServer
        self._settings = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN, max_datagram_frame_size=65_536,
                                           max_data=2**20, max_stream_data=2**18, idle_timeout=SILENT_S)  # fmt: skip

    def start(self) -> None:
        """Returns when it listens. Raises DoorError."""
        self._show_certificate()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="layerw-quic", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        except OSError as error:
            self._end_loop(self._loop)
            raise DoorError(f"WebTransport can't listen on UDP port {self.port}: {error}") from error

    async def _listen(self) -> None:
        def player(*arguments: Any, **more: Any) -> QuicPlayer:
            return QuicPlayer(*arguments, door=self, **more)

        self._server = await serve(self._host, self.port, configuration=self._settings, create_protocol=player,
                                   retry=True)  # fmt: skip
        assert self._server._transport is not None
        self.port = self._server._transport.get_extra_info("sockname")[1]

    def _show_certificate(self) -> None:
        self._settings.certificate = self._certificate.certificate
        self._settings.private_key = self._certificate.key

    def offer(self) -> dict[str, Any]:
        """JSON: the UDP port, and the hash of the certificate that is shown there."""
        if self._certificate.is_old:
            self._certificate = certificate.make()
            self._show_certificate()
        return {"webtransport": {"port": self.port, "hash": self._certificate.hash.hex()}}

    def end_of(self, player: QuicPlayer) -> None:
        """A connection is over."""
        if player in self.connections:
            self.connections.discard(player)
            if self._left is not None:
                self._left(player)

    def may_connect(self, headers: dict[bytes, bytes]) -> bool:
        """By the rules of WebSockets."""
        name = headers[b"host"].removesuffix(b":%d" % self.port)
        asked = ({**headers, b"host": host} for host in (name + b":%d" % self.page_port, name))
        return any(may_connect(self._hosts, self._origins, one, self.page_port) for one in asked)

    def stop(self) -> None:
        """Ends all connections."""

        loop = self._loop
        if loop is None:
            return

        async def end() -> None:
            for one in list(self.connections):
                one._gone()
            self._server.close()
            await asyncio.sleep(0.05)  # goodbyes go out

        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(end(), loop).result(2)
        self._end_loop(loop)

    def _end_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = None
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(2)
        if not self._thread.is_alive():
            loop.close()
