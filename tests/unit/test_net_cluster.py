"""A node among others, by a bus that a test holds up: what it claims, and what it must not begin. No process."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

if not hasattr(os, "fork"):
    pytest.skip("nodes are of POSIX", allow_module_level=True)

from layerw_server.net.bus import BusError
from layerw_server.net.cluster import Cluster
from layerw_server.net.rooms import Rooms

REQUEST = b"GET /room HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
OWNER = "one@127.0.0.1:1"


class HeldBus:
    """In memory; `gate` holds states up."""

    def __init__(self) -> None:
        self.leases: dict[str, str] = {}
        self.states: dict[str, bytes] = {}
        self.gate = asyncio.Event()
        self.broken = False

    async def open(self) -> None: ...

    async def claim(self, room: str, owner: str) -> str:
        await asyncio.sleep(0)
        return self.leases.setdefault(room, owner)

    async def release(self, room: str, owner: str) -> None:
        if self.leases.get(room) == owner:
            del self.leases[room]

    async def orphans(self) -> set[str]:
        return set(self.states) - set(self.leases)

    async def put(self, room: str, state: bytes) -> None:
        self.states[room] = state

    async def get(self, room: str) -> bytes | None:
        await self.gate.wait()
        if self.broken:
            raise BusError("no answer")
        return self.states.get(room)

    async def forget(self, room: str) -> None:
        self.states.pop(room, None)

    async def close(self) -> None: ...


class NoRooms(Rooms):
    """Rooms that begin without a process; what they found of a state is in `begun`."""

    def __init__(self, folder: Path, rooms_max: int) -> None:
        super().__init__(folder / "p.py", folder, rooms_max)
        self.begun: list[tuple[str, bytes | None]] = []

    def begin(self, name: str) -> Any:
        file = self.file(name)
        self.begun.append((name, file.read_bytes() if file.exists() else None))
        self.running[name] = room = Silent()  # type: ignore[assignment]
        return room


class Silent:
    """Takes connections and says nothing."""

    def connect(self, arrival: tuple[int, bytes]) -> None:
        os.close(arrival[0])


def run(test: Callable[[Cluster, HeldBus, NoRooms], Coroutine[Any, Any, None]], folder: Path, rooms: int = 1) -> None:
    async def inside() -> None:
        bus, found = HeldBus(), NoRooms(folder, rooms)
        await test(Cluster(bus, OWNER, found), bus, found)

    asyncio.run(inside())


def arrival() -> tuple[socket.socket, tuple[int, bytes]]:
    """A player's end, and what the node is given."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    return ours, (theirs.detach(), REQUEST)


async def done(cluster: Cluster) -> None:
    while cluster._tasks:
        await asyncio.sleep(0.001)


def test_names_that_cannot_begin_here_keep_no_lease(tmp_path: Path) -> None:
    async def test(cluster: Cluster, bus: HeldBus, rooms: NoRooms) -> None:
        bus.gate.set()
        players = []
        for number in range(20):
            player, given = arrival()
            players.append(player)
            cluster.connect(f"room{number}", given)
            await done(cluster)
        assert bus.leases == {"room0": OWNER} and cluster._owned == {"room0"} and len(rooms.begun) == 1
        for player in players:
            player.close()

    run(test, tmp_path)


def test_who_comes_while_a_state_is_fetched_does_not_begin_the_room_without_it(tmp_path: Path) -> None:
    async def test(cluster: Cluster, bus: HeldBus, rooms: NoRooms) -> None:
        bus.states["a"] = b"all"
        for _ in range(3):
            player, given = arrival()
            cluster.connect("a", given)
            player.close()
            await asyncio.sleep(0.01)
        assert not rooms.begun
        bus.gate.set()
        await done(cluster)
        assert rooms.begun == [("a", b"all")]

    run(test, tmp_path)


def test_a_room_whose_state_cannot_be_fetched_does_not_begin_with_nothing(tmp_path: Path) -> None:
    async def test(cluster: Cluster, bus: HeldBus, rooms: NoRooms) -> None:
        bus.states["a"], bus.broken = b"all", True
        bus.gate.set()
        for broken in (True, True, False):
            bus.broken = broken
            player, given = arrival()
            cluster.connect("a", given)
            player.close()
            await done(cluster)
            assert bool(rooms.begun) is not broken
        assert rooms.begun == [("a", b"all")]

    run(test, tmp_path)


def test_names_of_a_bus_that_are_no_rooms_become_no_files(tmp_path: Path) -> None:
    async def test(cluster: Cluster, bus: HeldBus, rooms: NoRooms) -> None:
        bus.gate.set()
        bus.states = {"../evil": b"x", "good": b"y"}
        await cluster._take_over()
        assert [name for name, _ in rooms.begun] == ["good"] and not (tmp_path.parent / "evil.lw").exists()

    run(test, tmp_path)
