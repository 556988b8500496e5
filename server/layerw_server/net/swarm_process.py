"""Some of a swarm's players, on one event loop: sockets that acknowledge what comes and call what they are told to.

    python -m layerw_server.net.swarm_process CHANNEL      the task comes over the channel, the figures go back

Owns: the sockets and their clocks. A player here shows nothing: the frames of a WebSocket and the head of a snapshot
are all that it reads, so that one process is hundreds of them.
"""

from __future__ import annotations

import asyncio
import math
import os
import random
import socket
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from layerw.net import wire

from .channel import Channel, Message
from .frames import BINARY, CLOSE, PING, PONG, frame
from .orphans import end_with

JOIN_S = 30.0  # that one may take to come in: a room begins with its first, on a busy machine in 10 s
AT_A_TIME = 32  # that come in together
PINGS = b"swarm"


@dataclass(slots=True)
class Figures:
    """Of all players here."""

    joined: int = 0
    refused: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    received_bytes: int = 0
    snapshots: int = 0
    gaps_s: list[float] = field(default_factory=list)  # from one snapshot to the next
    trips_s: list[float] = field(default_factory=list)  # there and back, through the room's event loop


class SwarmPlayer(asyncio.Protocol):
    """One connection."""

    _transport: asyncio.Transport

    def __init__(self, host: str, origin: str, path: str, hello: bytes, figures: Figures) -> None:
        self._request = (f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: c3dhcm1zd2FybXN3YXJtMQ==\r\n\r\n").encode()  # fmt: skip
        self._hello, self._figures = hello, figures
        self._buffer = bytearray()
        self._open = False
        self.joined = asyncio.get_running_loop().create_future()
        self.closes = False
        self.measures = False
        self._last_s, self._pinged_s = 0.0, 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's, always
        """Asks to come in."""
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """The room, or this, ended it."""
        if not self.joined.done():
            self.joined.set_result(False)
            self._figures.refused.append("The connection ended before the room answered.")
        elif not self.closes:
            self._figures.lost.append(str(exc or "The room closed it."))

    def data_received(self, data: bytes) -> None:
        """Frames of the room."""
        self._buffer += data
        if not self._open:
            head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._figures.refused.append(head.partition(b"\r\n")[0].decode("latin-1"))
                self.joined.set_result(False)
                return self._transport.abort()
            self._open, self._buffer = True, bytearray(rest)
            self.send(self._hello)
        if self.measures:
            self._figures.received_bytes += len(data)
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size > 125:
                start = at + (4 if size == 126 else 10)
                if len(buffer) < start:
                    break
                size = int.from_bytes(buffer[at + 2 : start], "big")
            if len(buffer) < start + size:
                break
            self._frame(buffer[at] & 15, buffer[start : start + size])
            at = start + size
        del buffer[:at]

    def _frame(self, opcode: int, data: bytearray) -> None:
        if opcode == BINARY:
            if data[0] == wire.SNAPSHOT:
                self._snapshot(data)
            elif data[0] == wire.WELCOME and not self.joined.done():
                self._figures.joined += 1
                self.joined.set_result(True)
            elif data[0] == wire.REFUSED and not self.joined.done():
                value: Any = wire.read_value(bytes(data))[1]
                self._figures.refused.append(str(value.get("reason")))
                self.joined.set_result(False)
        elif opcode == PING:
            self._transport.write(masked(PONG, bytes(data)))
        elif opcode == PONG and data == PINGS:
            self._figures.trips_s.append(time.perf_counter() - self._pinged_s)
        elif opcode == CLOSE and not self.closes:
            self.closes = True
            self._figures.lost.append(data[2:].decode(errors="replace"))
            self._transport.close()

    def _snapshot(self, data: bytearray) -> None:
        tick = int.from_bytes(data[1:5], "little")
        self.send(wire.ack_message(tick, float(tick)))
        if self.measures:
            now = time.perf_counter()
            if self._last_s:
                self._figures.gaps_s.append(now - self._last_s)
            self._last_s = now
            self._figures.snapshots += 1

    def send(self, data: bytes) -> None:
        """One message."""
        self._transport.write(masked(BINARY, data))

    def ping(self) -> None:
        """Measures the way there and back."""
        self._pinged_s = time.perf_counter()
        self._transport.write(masked(PING, PINGS))

    def close(self) -> None:
        """Leaves."""
        self.closes = True
        self._transport.write(masked(CLOSE, b"\x03\xe8"))
        self._transport.close()


def masked(opcode: int, data: bytes) -> bytes:
    """A client's frame, masked with nothing: the mask is against caches, of which there are none."""
    whole = frame(opcode, data)
    start = len(whole) - len(data)
    return whole[:1] + bytes([whole[1] | 0x80]) + whole[2:start] + bytes(4) + data


class SwarmProcess:
    """`live()` is all of it."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._task = end, asyncio.Event()
        self._message: Message = {}

    async def live(self) -> None:
        """Takes a task, and says what came of it."""
        channel = Channel(self._end, self._heard, lambda: os._exit(1))
        await self._task.wait()
        figures = await swarm(**self._message, tell=lambda joined: channel.send({"joined": joined}))
        channel.send({"figures": figures})
        await asyncio.sleep(0.2)
        channel.close()

    def _heard(self, message: Message, sockets: list[int]) -> None:
        self._message = message
        self._task.set()


async def swarm(url: str, schema: str, clients: int, seconds: float, rooms: list[str], calls: list[list[Any]],
                rate: float, seed: int, tell: Any) -> dict[str, Any]:  # fmt: skip
    """rooms: names, which clients are shared out among; "": the main one. calls: name and how many floats it takes."""
    parts = urlsplit(url)
    loop, figures, dice = asyncio.get_running_loop(), Figures(), random.Random(seed)
    hello = wire.value_message(wire.HELLO, {"schema": schema, "token": ""})
    safe = parts.scheme == "wss"
    origin = f"{'https' if safe else 'http'}://{parts.netloc}"
    gate, players = asyncio.Semaphore(AT_A_TIME), list[SwarmPlayer]()

    async def join(number: int) -> None:
        room = rooms[number % len(rooms)]
        path = parts.path.rstrip("/") + (f"/{room}" if room else "")
        async with gate:
            try:
                _, player = await loop.create_connection(
                    lambda: SwarmPlayer(parts.netloc, origin, path, hello, figures), parts.hostname or "",
                    parts.port or (443 if safe else 80), ssl=safe or None)  # fmt: skip
                if await asyncio.wait_for(player.joined, JOIN_S):
                    players.append(player)
            except (OSError, TimeoutError) as error:
                figures.refused.append(str(error) or f"The room did not answer for {JOIN_S:.0f} s.")

    await asyncio.gather(*(join(number) for number in range(clients)))
    tell(figures.joined)
    if not players:
        seconds = 0.0
    await asyncio.sleep(1.5 if players else 0.0)  # what they are told whole comes first
    for player in players:
        player.measures = True
    begun = time.perf_counter()
    while (now := time.perf_counter() - begun) < seconds:
        for number, player in enumerate(players):
            if player.closes:
                continue
            for name, width in calls:
                angle = dice.uniform(0, 2 * math.pi)
                values = [math.cos(angle), math.sin(angle), *(dice.uniform(-1, 1) for _ in range(width))][:width]
                player.send(wire.value_message(wire.CALL, {"call": name, "values": values}))
            if number % 10 == int(now) % 10:
                player.ping()
            if number % 16 == 15:
                await asyncio.sleep(0)
        await asyncio.sleep(max(1 / rate, 0.05))
    took = time.perf_counter() - begun
    for player in players:
        player.measures = False
        if not player.closes:
            player.close()
    return {"joined": figures.joined, "refused": figures.refused[:5], "refusals": len(figures.refused),
            "lost": figures.lost[:5], "losses": len(figures.lost), "received_bytes": figures.received_bytes,
            "snapshots": figures.snapshots, "seconds": took,
            "gaps_ms": percentiles(figures.gaps_s), "trips_ms": percentiles(figures.trips_s)}  # fmt: skip


def percentiles(values: list[float]) -> list[float]:
    """1,000 of them, milliseconds: as many of each process, which are merged."""
    ordered, steps = sorted(values), 1000
    return [1e3 * ordered[len(ordered) * one // steps] for one in range(steps)] if ordered else []


def merged(parts: list[list[float]], share: float) -> float:
    """A percentile of several processes' together, milliseconds."""
    ordered = sorted(value for part in parts for value in part)
    assert all(one <= other for one, other in pairwise(ordered))
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def main() -> None:
    """Runs the players that the channel asks for."""
    end = socket.socket(fileno=int(sys.argv[1]))
    end_with(end)
    try:
        import uvloop
    except ImportError:
        asyncio.run(SwarmProcess(end).live())
    else:
        uvloop.run(SwarmProcess(end).live())


if __name__ == "__main__":
    main()
