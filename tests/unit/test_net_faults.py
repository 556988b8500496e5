"""Rooms where something is wrong: hostile tokens, full rooms, stalls, cells and looks that are too large at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.net import wire
from layerw.scene.components import BY_NAME
from tests.unit.net_scene import Craft, Together
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


def test_numbers_begin_again_at_those_that_nobody_has_and_old_tokens_are_none() -> None:
    room = Together(lambda app: None)
    room.step(5)
    line = greet(room)
    room.step(2)
    token = values(line, wire.WELCOME)[0]["token"]
    assert token.startswith("2.")
    line.close()
    room.step(2)
    server = room.server.room
    server._leave(server.clients[2])
    server._guests._number = 65_534
    lines = [greet(room) for _ in range(2)]
    room.step(2)
    assert [values(one, wire.WELCOME)[0]["player"] for one in lines] == [65_535, 2], "1 is here"
    assert [one.number for one in room.server.app.net.players] == [1, 2, 65_535]
    again = greet(room, token)
    room.step(2)
    assert values(again, wire.WELCOME)[0]["player"] == 3 and not lines[1].closed and room.errors() == []


def test_where_a_room_is_full_of_who_was_lost_the_longest_lost_leaves() -> None:
    left: list[int] = []

    def program(app: lw.App) -> None:
        crafts(app)
        if app.is_server:
            app.on_leave(lambda player: left.append(player.number))

    room = Together(program)
    room.server.app.net.players_max = 3
    room.step(5)
    lines = [greet(room), greet(room)]
    room.step(5)
    for line in reversed(lines):
        line.close()
        room.step(5)
    newcomer = greet(room)
    room.step(2)
    assert values(newcomer, wire.WELCOME)[0]["player"] == 4 and left == [3]
    assert [one.number for one in room.server.app.net.players] == [1, 2, 4]
    greet(room)
    room.step(2)
    last = greet(room)
    room.step(2)
    assert left == [3, 2] and "full" in last.closed and room.lines[0][1].closed == ""


def test_a_cell_that_is_too_large_at_a_tick_comes_again_when_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BLOCK_BYTES_MAX", 400)
    room = Together(crafts)
    room.step(20)
    app, side = room.server.app, room.clients[0]
    places = np.random.default_rng(1).uniform(1, 30, (100, 3))
    for _ in range(2):
        things = app.spawn_many(lw.Mesh.box(), 100, position=places)
        things.add(Craft)
        room.step(30)
        assert len(side.app.each(Craft)) == 0, "the cell is not told"
        assert any("cell_m" in text for _, text in room.server.host.logs)
        things.despawn()
        room.step(30)
        assert side.app.each(Craft)[Craft].owner.tolist() == [1] and side.client.damaged == 0
    assert room.errors() == []


def test_looks_are_packed_once_and_told_some_a_tick_before_what_looks_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerw.net.telling.LOOK_BYTES_A_TICK", 1)
    packed: list[int] = []
    value_message = wire.value_message
    monkeypatch.setattr(wire, "value_message", lambda kind, value: packed.append(kind) or value_message(kind, value))
    room = Together(lambda app: None, 0)
    for k in range(10):
        room.server.app.spawn(lw.Mesh.box(), lw.Material(roughness=k / 10)).add(Craft)
    lines = [greet(room), greet(room)]
    kinds: list[list[int]] = [[], []]
    for _ in range(45):
        room.step(1)
        for line, come in zip(lines, kinds, strict=True):
            new = [data[0] for data in line.take() if data[0] in (wire.LOOKS, wire.SNAPSHOT)]
            assert len(new) <= 2
            come += new
    assert kinds[0] == kinds[1] == [wire.LOOKS] * 10 + [wire.SNAPSHOT] and packed.count(wire.LOOKS) == 10
    room.add()
    room.step(60)
    assert len(room.clients[0].app.each(Craft)) == 10 and room.errors() == []


def test_who_acknowledges_nothing_gets_everything_once_a_second_and_is_not_remembered_for_long() -> None:
    room = Together(crafts, 0)
    line = greet(room)
    room.step(300)
    ticks = [wire.read_snapshot(data)[0].tick for data in line.take() if data[0] == wire.SNAPSHOT]
    assert 4 <= len(ticks) <= 6 and min(np.diff(ticks)) >= 20
    assert len(room.server.room.clients[1].told) <= 2


def test_what_was_told_is_forgotten_though_not_every_tick_told_something() -> None:
    room = Together(crafts)
    room.step(30)
    end, client = room.lines[0][1], room.server.room.clients[1]
    room.lines[0][0].send = lambda data, reliable: None  # type: ignore[method-assign]  # nothing is acknowledged
    room.step(45)
    assert len(client.told) > 10
    end.waiting_bytes = 1  # type: ignore[misc]
    room.step(105)
    end.waiting_bytes = 0  # type: ignore[misc]
    room.step(3)
    assert len(client.told) == 1


def test_refused_calls_count_anew_with_each_connection_and_one_a_second_is_forgiven() -> None:
    room = Together(crafts)
    room.step(10)

    def refused(count: int) -> None:
        for _ in range(count):
            room.lines[-1][0].send(wire.value_message(wire.CALL, None), reliable=True)
        room.step(2)

    refused(45)
    room.step(600)
    refused(14)
    assert not room.lines[-1][1].closed
    room.lines[-1][1].close("a cable")
    room.step(60)
    assert len(room.lines) == 2
    refused(45)
    assert not room.lines[-1][1].closed
    refused(10)
    assert "calls were refused" in room.lines[-1][1].closed


def test_who_comes_back_makes_no_looks_anew() -> None:
    room = Together(crafts)
    room.step(20)
    looks = room.clients[0].client._looks
    before = dict(looks._handles), len(looks._finders)
    room.lines[0][1].close("a cable")
    room.step(60)
    assert room.clients[0].app.net.state == "connected" and len(room.lines) == 2
    assert (looks._handles, len(looks._finders)) == before


def test_a_room_without_anyone_ticks_and_looks_at_nothing() -> None:
    room = Together(crafts)
    room.step(10)
    server, ship = room.server.room, room.server.app.each(Craft).entities[0]
    room.clients[0].app.close()
    room.step(10)
    tick = server.tick
    room.step(30)
    assert server.tick == tick + 10 and server.telling.ring.find(server.tick) is None
    ship[Craft].owner = 0
    room.step(6)
    assert ship[Craft].owner == 1, "an owner is written for the program, which runs on"


def blended(room: Together, frames: int, of: int) -> tuple[float, float]:
    """Steps of what is shown while it moves 0.1 m a frame of the server, which runs all but one frame in `of`: the
    share of frames in which it moves, and the largest step, metres."""
    ship, seen = room.server.app.each(Craft).entities[0], room.clients[0].app.each(Craft).entities[0]
    places = []
    for k in range(frames):
        if not of or k % of:
            ship.move(0.1, 0, 0)
            room.server.host.step(room.server.app)
        room.clients[0].host.step(room.clients[0].app)
        places.append(seen.position[0])
    steps = np.diff(places[frames // 2 :])
    return float((steps > 0.01).mean()), float(steps.max())


def test_after_the_server_stood_still_it_is_blended_again() -> None:
    room = Together(crafts)
    room.step(30)
    for _ in range(90):
        room.clients[0].host.step(room.clients[0].app)
    moves, most = blended(room, 60, 0)
    assert moves > 0.95 and most < 0.15


@pytest.mark.parametrize("of", [3, 5])
def test_a_server_that_is_slow_is_blended(of: int) -> None:
    room = Together(crafts)
    room.step(30)
    moves, most = blended(room, 240, of)
    assert moves > 0.9 and most < 0.25, (moves, most)


def test_the_server_hears_no_more_calls_than_the_rate_whatever_the_client_sends() -> None:
    heard: list[int] = []

    def program(app: lw.App) -> None:
        @app.rpc(to="server", rate=5.0)
        def ping(player: lw.Player, number: int) -> None:
            heard.append(number)

    room = Together(program)
    room.step(10)
    for number in range(30):
        call = wire.value_message(wire.CALL, {"call": "ping", "values": [number]})
        room.lines[0][0].send(call, reliable=True)
    room.step(2)
    assert heard == [0, 1, 2, 3, 4] and not room.lines[0][1].closed
    room.step(60)
    room.lines[0][0].send(wire.value_message(wire.CALL, {"call": "ping", "values": [99]}), reliable=True)
    room.step(2)
    assert heard[5:] == [99]


def test_a_call_of_a_players_is_taken_up_to_its_size() -> None:
    room = Together(crafts, 2)
    room.step(10)
    for line, size in zip(room.lines, (wire.CLIENT_BYTES_MAX, wire.CLIENT_BYTES_MAX + 1), strict=True):
        line[0].send(bytes([wire.CALL]) + bytes(size - 1), reliable=True)
    room.step(2)
    assert not room.lines[0][1].closed and "at most 16384 are taken" in room.lines[1][1].closed
