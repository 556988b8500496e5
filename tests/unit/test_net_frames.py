"""Frames of a room's WebSocket: what a client may send, and what it is told where it may not. No socket."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest

from layerw_server.net.channel import Channel
from layerw_server.net.frames import RoomSocket, frame, unmasked
from layerw_server.net.sockets import OUTGOING_BYTES_MAX

REQUEST = b"GET /room HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"


class Line:
    """Stands in for a transport."""

    def __init__(self) -> None:
        self.sent, self.waiting, self.closes = b"", 0, False

    def write(self, data: bytes) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.closes

    def close(self) -> None:
        self.closes = True

    abort = close

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def set_write_buffer_limits(self, high: int) -> None: ...


def sent(opcode: int, data: bytes, *, last: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """A client's frame."""
    key, size = b"\x01\x02\x03\x04", len(data)
    length = (bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big") if size < 65536
              else b"\x7f" + size.to_bytes(8, "big"))  # fmt: skip
    length = bytes([length[0] | (0x80 if masked else 0)]) + length[1:]
    head = bytes([(0x80 if last else 0) | reserved | opcode]) + length
    return head + (key + unmasked(data, key) if masked else data)


def run(test: Callable[[RoomSocket, Line], Any]) -> None:
    async def inside() -> None:
        line = Line()
        room = RoomSocket(REQUEST)
        room.connection_made(line)  # type: ignore[arg-type]
        test(room, line)
        room.connection_lost(None)

    asyncio.run(inside())


def test_the_handshake_is_that_of_the_standard() -> None:
    def test(room: RoomSocket, line: Line) -> None:
        assert b"\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in line.sent  # RFC 6455, section 1.3

    run(test)


@pytest.mark.parametrize("size", [0, 1, 3, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_messages_of_any_length_come_however_they_are_cut(size: int, step: int) -> None:
    data = os.urandom(size)

    def test(room: RoomSocket, line: Line) -> None:
        come = sent(2, data) + sent(9, b"ping") + sent(2, b"next")
        step_now = max(step, len(come) // 1000)
        for at in range(0, len(come), step_now):
            room.data_received(come[at : at + step_now])
        assert room.take() == [data, b"next"] and not room.closed and frame(10, b"ping") in line.sent

    run(test)


def test_parts_are_joined_also_with_a_ping_between() -> None:
    def test(room: RoomSocket, line: Line) -> None:
        room.data_received(sent(2, b"a", last=False) + sent(9, b"") + sent(0, b"b", last=False) + sent(0, b"c"))
        assert room.take() == [b"abc"]

    run(test)


@pytest.mark.parametrize(("data", "told"), [
    (sent(2, b"x", masked=False), "no mask"), (sent(2, b"x", reserved=0x40), "reserved bits"),
    (sent(1, b"x"), "messages are binary"), (sent(9, b"x" * 126), "too long"), (sent(9, b"", last=False), "in parts"),
    (sent(3, b""), "kind 3"), (sent(0, b"x"), "out of order"),
    (sent(2, b"", last=False) + sent(2, b""), "out of order"),
    (b"\x82\xff" + (1 << 62).to_bytes(8, "big"), "more than 65536 bytes"),
    (sent(2, b"x" * 60_000, last=False) + sent(0, b"x" * 60_000), "more than 65536 bytes"),
    (sent(2, b"") * 1002, "has not taken yet"),
    (sent(2, b"x", last=False) + sent(0, b"", last=False) * 64, "64 parts"),
    (sent(10, b"") * 101, "100 control frames"),
    (sent(8, b"\x03\xe8"), "The client left"),
])  # fmt: skip
def test_what_breaks_the_rules_is_told_and_ends_the_connection(data: bytes, told: str) -> None:
    def test(room: RoomSocket, line: Line) -> None:
        room.data_received(data)
        assert told in room.closed and line.closes and told.encode() in line.sent
        taken, written = room.take(), line.sent
        room.data_received(sent(2, b"more"))
        room.send(b"more", reliable=True)
        assert line.sent == written and b"more" not in taken + room.take()

    run(test)


def test_who_takes_nothing_and_who_says_nothing_is_gone() -> None:
    def test(room: RoomSocket, line: Line) -> None:
        room._silent()
        assert frame(9, b"") in line.sent and not room.closed
        room.data_received(sent(10, b""))
        room._silent()
        assert not room.closed
        room._silent()
        assert "silent" in room.closed

    run(test)

    def slow(room: RoomSocket, line: Line) -> None:
        line.waiting = 1 << 24
        room.send(b"x", reliable=False)
        assert "bytes waiting" in room.closed and line.closes

    run(slow)


def test_what_asks_without_a_key_is_refused() -> None:
    async def inside() -> None:
        line, room = Line(), RoomSocket(b"GET /room HTTP/1.1\r\n\r\n")
        room.connection_made(line)  # type: ignore[arg-type]
        assert line.sent.startswith(b"HTTP/1.1 400") and line.closes and room.closed

    asyncio.run(inside())


def test_pings_without_end_and_without_ears_end_the_connection() -> None:
    def test(room: RoomSocket, line: Line) -> None:
        for _ in range(5):
            room.data_received(sent(9, b"x") * 100)
            assert not room.closed and not room.take()  # the room looks each frame
        line.waiting = OUTGOING_BYTES_MAX + 1  # and no snapshot is sent to whoever takes none
        room.data_received(sent(9, b"x"))
        assert "bytes waiting" in room.closed and line.closes

    run(test)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="sockets are handed on between processes of POSIX")
def test_a_channel_hands_sockets_on_in_order_and_nobody_waits_for_who_hangs() -> None:
    async def inside() -> None:
        ours, theirs = socket.socketpair()
        heard: list[tuple[int, bytes]] = []

        def take(message: dict[str, Any], sockets: list[int]) -> None:
            heard.append((message["number"], b"".join(os.read(one, 10) for one in sockets)))
            for one in sockets:
                os.close(one)

        ended: list[bool] = []
        one = Channel(ours, take, lambda: None)
        for number in range(2000):  # more than a socket holds: they wait here
            reads, writes = os.pipe()
            os.write(writes, b"%d" % number)
            os.close(writes)
            if number % 3:
                os.close(reads)
            one.send({"number": number, "text": "x" * 300}, [] if number % 3 else [reads])
        other = Channel(theirs, take, lambda: ended.append(True))
        for _ in range(2000):
            await asyncio.sleep(0.001)
            if len(heard) == 2000:
                break
        assert heard == [(number, b"" if number % 3 else b"%d" % number) for number in range(2000)]
        one.close()
        await asyncio.sleep(0.05)
        assert ended == [True] and other.closed

    asyncio.run(inside())
