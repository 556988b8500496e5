"""A room's end of a WebSocket, on the event loop that runs the room's frames: no thread, no queue between them.

Owns: the handshake's answer, RFC 6455's frames, pings to whoever is silent. The request was checked by the process that
accepted it (http/origins.py). What breaks the protocol is told and disconnected. Limits: binary messages of
MESSAGE_BYTES_MAX, INCOMING_MAX that the room has not taken yet, OUTGOING_BYTES_MAX that the client has not taken.
Source: RFC 6455 sections 4.2, 5, 7.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable

from .sockets import INCOMING_MAX, OUTGOING_BYTES_MAX, short

MESSAGE_BYTES_MAX = 64 * 1024
PING_S = 20.0  # of silence; after as much again the connection is lost
PARTS_MAX = 64  # of one message
CONTROLS_MAX = 100  # pings and the like, between two looks of the room
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = re.compile(rb"\r\nsec-websocket-key: *([A-Za-z0-9+/]{22}==) *\r\n", re.IGNORECASE)
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NORMAL, WRONG, NOT_TAKEN, TOO_LARGE, LATER = 1000, 1002, 1003, 1009, 1013


class FrameError(Exception):
    """A client breaks the protocol: the code that closes the connection, and why."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class RoomSocket(asyncio.Protocol):
    """See layerw.net.transport.Transport. request: as it came, headers and all; ended: called once, when it is over."""

    _transport: asyncio.Transport
    loses = False

    def __init__(self, request: bytes, ended: Callable[[], None] = lambda: None) -> None:
        self.closed = ""
        self.received_bytes = 0
        self._request, self._ended = request, ended
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._parts_bytes = self._controls = 0
        self._come: list[bytes] = []
        self._pinged = False
        self._silence: asyncio.TimerHandle | None = None

    # -- the event loop's --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's, always
        """Answers the handshake."""
        self._transport = transport
        transport.set_write_buffer_limits(OUTGOING_BYTES_MAX)
        key = _KEY.search(self._request)
        if key is None:
            self.closed = "It is no WebSocket."
            transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            return transport.close()
        accept = base64.b64encode(hashlib.sha1(key[1] + _MAGIC).digest())
        transport.write(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                        b"sec-websocket-accept: " + accept + b"\r\n\r\n")  # fmt: skip
        self._listen()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, from either side."""
        self.closed = self.closed or "The client left."
        if self._silence is not None:
            self._silence.cancel()
        self._ended()

    def data_received(self, data: bytes) -> None:
        """Some bytes: none, one or several frames."""
        if self.closed:
            return
        self.received_bytes += len(data)
        self._pinged = False
        self._buffer += data
        try:
            while self._take_frame():
                pass
        except FrameError as error:
            self._end(error.code, str(error))

    # -- frames ------------------------------------------------------------------------------------

    def _take_frame(self) -> bool:
        """Takes one frame out of the buffer; False: it is not whole yet."""
        buffer = self._buffer
        if len(buffer) < 2 or self.closed:
            return False
        first, size, at = buffer[0], buffer[1] & 0x7F, 2
        opcode = first & 0x0F
        if first & 0x70 or not buffer[1] & 0x80:
            raise FrameError(WRONG, "A frame has reserved bits, or no mask.")
        if opcode & 8 and (size > 125 or not first & 0x80):
            raise FrameError(WRONG, "A control frame is too long, or comes in parts.")
        if size > 125:
            at = 4 if size == 126 else 10
            if len(buffer) < at:
                return False
            size = int.from_bytes(buffer[2:at], "big")
        if size + self._parts_bytes > MESSAGE_BYTES_MAX:
            raise FrameError(TOO_LARGE, f"A message has more than {MESSAGE_BYTES_MAX} bytes.")
        if len(buffer) < at + 4 + size:
            return False
        data = unmasked(bytes(buffer[at + 4 : at + 4 + size]), bytes(buffer[at : at + 4]))
        del buffer[: at + 4 + size]
        self._frame(opcode, bool(first & 0x80), data)
        return True

    def _frame(self, opcode: int, last: bool, data: bytes) -> None:
        if opcode & 8:
            self._controls += 1
            if self._controls > CONTROLS_MAX:
                raise FrameError(LATER, f"It sent more than {CONTROLS_MAX} control frames at once.")
        if opcode == PING:
            self._answer(data)
        elif opcode == CLOSE:
            self._end(NORMAL, "The client left.")
        elif opcode in (BINARY, CONTINUATION):
            if (opcode == CONTINUATION) != bool(self._parts):
                raise FrameError(WRONG, "The parts of a message are out of order.")
            if last and not self._parts:
                self._come.append(data)
            else:
                self._parts.append(data)
                self._parts_bytes += len(data)
                if last:
                    self._come.append(b"".join(self._parts))
                    self._parts.clear()
                    self._parts_bytes = 0
                elif len(self._parts) >= PARTS_MAX:
                    raise FrameError(WRONG, f"A message comes in more than {PARTS_MAX} parts.")
            if len(self._come) > INCOMING_MAX:
                raise FrameError(LATER, f"It sent {INCOMING_MAX} messages that the room has not taken yet.")
        elif opcode == TEXT:
            raise FrameError(NOT_TAKEN, "It sent text; messages are binary.")
        elif opcode != PONG:
            raise FrameError(WRONG, f"Frames of kind {opcode} are none.")

    def _answer(self, data: bytes) -> None:
        """To a ping, unless whoever sends it leaves the answers waiting."""
        if self.waiting_bytes > OUTGOING_BYTES_MAX:
            raise FrameError(LATER, f"It left {self.waiting_bytes} bytes waiting, and sends more pings.")
        self._transport.write(frame(PONG, data))

    def _listen(self) -> None:
        """Whoever says nothing is asked; who does not answer that is gone."""
        self._silence = asyncio.get_running_loop().call_later(PING_S, self._silent)

    def _silent(self) -> None:
        if self._pinged:
            return self._end(LATER, f"It was silent for {2 * PING_S:.0f} s.")
        self._pinged = True
        self._transport.write(frame(PING, b""))
        self._listen()

    def _end(self, code: int, reason: str) -> None:
        self.closed = self.closed or reason
        if not self._transport.is_closing():
            self._transport.write(frame(CLOSE, code.to_bytes(2, "big") + short(self.closed).encode()))
            self._transport.close()
            # What it left waiting goes first, but nobody waits for that for ever.
            asyncio.get_running_loop().call_later(PING_S, self._transport.abort)

    # -- the room's --------------------------------------------------------------------------------

    @property
    def waiting_bytes(self) -> int:
        """See Transport."""
        return 0 if self.closed else self._transport.get_write_buffer_size()

    def send(self, data: bytes, *, reliable: bool) -> None:
        """See Transport."""
        if self.closed:
            return
        waiting = self.waiting_bytes
        if waiting > OUTGOING_BYTES_MAX:
            self.closed = f"It left {waiting} bytes waiting."
            return self._transport.abort()
        self._transport.write(frame(BINARY, data))

    def take(self) -> list[bytes]:
        """See Transport."""
        come, self._come, self._controls = self._come, [], 0
        return come

    def close(self, reason: str = "") -> None:
        """See Transport."""
        if not self.closed:
            self._end(NORMAL, reason or "The room closed it.")


def frame(opcode: int, data: bytes) -> bytes:
    """One whole frame of a server."""
    size = len(data)
    if size < 126:
        return bytes((0x80 | opcode, size)) + data
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + data
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + data


def unmasked(data: bytes, key: bytes) -> bytes:
    """What a client sent, of any length, as one number against the repeated key."""
    size = len(data)
    if not size:
        return data
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(mask, "little")).to_bytes(size, "little")
