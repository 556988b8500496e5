"""Rooms where something is wrong: hostile tokens, full rooms, stalls, cells and looks that are too large at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import layerw as lw
from layerw.net import wire
from layerw.scene.components import BY_NAME
from tests.unit.net_scene import Together
from tests.unit.test_net import crafts


@contextmanager
def component(name: str) -> Iterator[None]:
    """A component of that name is declared inside, and none afterwards."""
    try:
        yield
    finally:
        BY_NAME.pop(name, None)


def greet(room: Together, token: object = "") -> Any:
    """The far end of a new connection that says hello."""
    line = room.line()
    line.send(wire.value_message(wire.HELLO, {"schema": room.server.room.schema.hash, "token": token}), reliable=True)
    return line


def values(line: Any, kind: int) -> list[Any]:
    """What came of that kind."""
    return [wire.read_value(data)[1] for data in line.take() if data[0] == kind]


def test_two_components_have_fields_of_the_same_name() -> None:
    with component("Balloon"), component("Kite"):

        @lw.component(shared=True)
        class Balloon:
            wind: lw.f32x3 = (0, 0, 0)

        @lw.component(shared=True)
        class Kite:
            wind: lw.f32x3 = (0, 0, 0)

        room = Together(crafts)
        app, seen = room.server.app, room.clients[0].app
        app.spawn(lw.Mesh.box()).add(Balloon, wind=(1, 2, 3)).add(Kite, wind=(4, 5, 6))
        room.step(20)
        assert seen.each(Balloon)[Balloon].wind.tolist() == [[1, 2, 3]]
        assert seen.each(Kite)[Kite].wind.tolist() == [[4, 5, 6]] and room.errors() == []


@pytest.mark.parametrize("token", ["1.\ud800", "\ud800", "١.00", "1" * 100])
def test_tokens_that_are_none_make_a_new_player_and_no_error(token: str) -> None:
    room = Together(crafts)
    room.step(5)
    line = greet(room, token)
    room.step(2)
    assert values(line, wire.WELCOME)[0]["player"] == 2 and room.errors() == [] and not room.lines[0][1].closed


def test_a_fault_with_one_connection_ends_that_one_and_everyone_else_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Together(crafts, 2)
    room.step(10)
    heard = []

    def read_ack(data: bytes) -> tuple[int, float]:
        if data[-1] == 255:
            raise ZeroDivisionError("a fault of ours")
        heard.append(data)
        return 0, 0.0

    monkeypatch.setattr(wire, "read_ack", read_ack)
    room.lines[0][0].send(bytes([wire.ACK, 255]), reliable=True)
    room.lines[1][0].send(bytes([wire.ACK, 7]), reliable=True)
    room.step(1)
    assert room.lines[0][1].closed and not room.lines[1][1].closed and bytes([wire.ACK, 7]) in heard
    assert any("a fault of ours" in text for _, text in room.server.host.logs) and room.server.host.errors == []
    room.step(2)
    assert [one.connected for one in room.server.app.net.players] == [False, True]
