"""Rooms of a node by a process that a test holds: what happens where it hangs, or can't be had."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest

if not hasattr(os, "fork"):
    pytest.skip("nodes are of POSIX", allow_module_level=True)

from layerw_server.net import rooms as module
from layerw_server.net.rooms import RunningRoom


class HeldChild:
    """Takes what it is given, and says what the test makes it say."""

    def __init__(self, gone: Any) -> None:
        self.pid, self.killed, self._gone = 1, False, gone

    def send(self, message: dict[str, Any], sockets: list[int] | None = None) -> None:
        for one in sockets or ():
            os.close(one)

    def kill(self) -> None:
        self.killed = True
        self._gone(-9)


def room(folder: Path, made: list[HeldChild]) -> RunningRoom:
    async def process(heard: Any, gone: Any) -> Any:
        made.append(HeldChild(gone))
        return made[-1]

    return RunningRoom("main", process, folder / "main.lw", lambda name: None, lambda name, file: None)


def test_a_process_that_says_nothing_for_long_is_killed_and_another_goes_on(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    async def inside() -> None:
        made: list[HeldChild] = []
        one = room(tmp_path, made)
        await one.start()
        clock[0] += 1000  # a program may take its time to begin
        one.end_hanging()
        assert not made[0].killed
        one._heard({"ready": True}, [])
        for _ in range(3):
            clock[0] += module.HANGS_S - 1
            one._heard({"figures": {"players": 0, "connections": 0}}, [])
            one.end_hanging()
        assert not made[0].killed
        clock[0] += module.HANGS_S + 1
        one.end_hanging()
        assert made[0].killed
        await asyncio.sleep(0)
        await one._starter
        assert len(made) == 2 and not one.failed

    asyncio.run(inside())


def test_connections_that_a_room_does_not_take_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 5)

    async def inside() -> None:
        one, players = room(tmp_path, []), []
        await one.start()
        for ready in (False, True):
            for _ in range(10):
                ours, theirs = socket.socketpair()
                players.append(ours)
                one.connect((theirs.detach(), b""))
            if not ready:
                one._heard({"ready": True}, [])
        assert len(one._handed) == 5 and not one._arrivals
        for number in list(one._handed):
            one._heard({"took": number}, [])
        assert not one._handed
        for player in players:
            player.settimeout(5)
            assert player.recv(1) == b""  # nothing of it stays open here
            player.close()

    asyncio.run(inside())


def test_a_process_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    async def process(heard: Any, gone: Any) -> Any:
        raise OSError("Too many open files")

    async def inside() -> None:
        ended: list[str] = []
        one = RunningRoom("main", process, tmp_path / "main.lw", ended.append, lambda name, file: None)
        await one.start()
        assert ended == ["main"] and "Too many open files" in one.failed

    asyncio.run(inside())


def test_of_rooms_that_ended_so_many_states_are_kept_and_no_more(tmp_path: Path) -> None:
    async def live() -> None:
        rooms = module.Rooms(tmp_path / "main.py", tmp_path, 2)
        rooms.running["now"] = room(tmp_path, [])
        most = module.KEPT_A_ROOM * 2
        for number, name in enumerate(["main", "now", *(f"room-{k}" for k in range(most + 5))]):
            rooms.file(name).write_bytes(b"state")
            os.utime(rooms.file(name), (number, number))
        rooms._end_of("room-20")
        left = {file.stem for file in tmp_path.glob("*.lw")}
        assert left == {"main", "now", *(f"room-{k}" for k in range(5, most + 5))}

    asyncio.run(live())
