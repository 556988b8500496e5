"""Who is there, whose clock it is, and what a player saw: presence, ping, `app.net.rewind`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerw as lw
from layerw.net import wire
from layerw.net.clock import ServerClock
from layerw.net.past import _distances
from layerw.net.presence import cleaned
from layerw.net.transport import Shaper
from tests.unit.net_scene import Craft, Together


def crafts(app: lw.App) -> None:
    if app.is_server:

        @app.on_join
        def join(player: lw.Player) -> None:
            app.spawn(lw.Mesh.box(), owner=player, position=(0, 0, 5 * player.number)).add(Craft)


def test_everyone_knows_names_and_how_long_messages_take() -> None:
    room = Together(crafts, 2, Shaper(delay_s=0.1))
    room.clients[0].app.net.name = "Ada"
    room.step(200)
    for side in (room.server, *room.clients):
        assert [one.name for one in side.app.net.players] == ["Ada", "Player 2"]
        assert all(0.19 < one.ping_s < 0.27 for one in side.app.net.players), [one.ping_s for one in
                                                                               side.app.net.players]
    room.server.app.net.players[1].name = "Bob"
    room.clients[0].app.net.name = "A\u202eda\n  L."
    room.step(60)
    assert [one.name for one in room.clients[1].app.net.players] == ["Ada L.", "Bob"]
    assert room.clients[0].app.net.player.name == "Ada L."
    assert room.errors() == []


def test_who_comes_back_is_called_as_before() -> None:
    room = Together(crafts, 1)
    room.clients[0].app.net.name = "Ada"
    room.step(30)
    room.lines[0][1].close("a cable")
    room.step(60)
    assert room.server.app.net.players[0].name == "Ada" and room.clients[0].app.net.state == "connected"


def test_the_servers_clock_is_known_by_the_quickest_of_the_last_messages() -> None:
    room = Together(crafts, 1, Shaper(delay_s=0.05, jitter_s=0.1))
    room.step(77)
    room.add()
    room.step(120)
    server, late = room.server.app.net, room.clients[1].app.net
    assert abs(late.server_s - server.server_s) < 0.06 and late._port.now_s() < server.server_s - 1
    assert 0.1 <= late.ping_s < 0.2 and server.ping_s == 0


def test_a_clock_that_lies_is_not_believed() -> None:
    clock = ServerClock()
    assert clock.ping_s == 0 and clock.server_s(3.0) == 3.0
    for asked, server in ((math.nan, 1.0), (1.0, math.inf), (9.0, 1.0), (-1e9, 1.0)):
        clock.heard(asked, server, 5.0)
    assert clock.ping_s == 0
    clock.heard(4.8, 100.0, 5.0)
    clock.heard(4.9, 200.0, 5.0)
    assert clock.ping_s == pytest.approx(0.1) and clock.server_s(6.0) == pytest.approx(201.05)


def greet(room: Together) -> Any:
    line = room.line()
    line.send(wire.value_message(wire.HELLO, {"schema": room.server.room.schema.hash, "token": ""}), reliable=True)
    room.step(2)
    return line


@pytest.mark.parametrize("data", [bytes([wire.PING]), bytes([wire.PING]) + bytes(9),
                                  *[wire.value_message(wire.NAME, {"name": "x"})] * 1])  # fmt: skip
def test_what_is_no_ping_ends_the_connection_and_names_now_and_then_do_not(data: bytes) -> None:
    room = Together(crafts, 0)
    line = greet(room)
    line.send(data, reliable=True)
    room.step(2)
    assert bool(line.closed) == (data[0] == wire.PING)


def test_who_changes_his_name_all_the_time_is_not_heard_and_then_disconnected() -> None:
    room = Together(crafts, 0)
    line = greet(room)
    for number in range(40):
        line.send(wire.value_message(wire.NAME, {"name": f"name {number}"}), reliable=True)
    room.step(1)
    assert not line.closed and room.server.app.net.players[0].name == "name 2"
    for value in (*[{"name": "x"}] * 60, {"name": 3}, 3):
        line.send(wire.value_message(wire.NAME, value), reliable=True)
    room.step(2)
    assert line.closed and "another name" in line.closed


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_names_are_one_line_and_nothing_turns_round(text: str) -> None:
    found = cleaned(text, 32)
    assert len(found) <= 32 and found == cleaned(found, 32)
    assert not set(found) & set("\n\r\t\x00\u202e\u2066\u2028") and found == found.strip()


def test_a_player_hits_what_he_saw() -> None:
    """It moves 6 m/s across; who sees it 0.3 s late hits it where he sees it, and not where it is."""
    hits: list[tuple[float, Any, Any]] = []

    def program(app: lw.App) -> None:
        crafts(app)

        @app.rpc(to="server", rate=60.0)
        def shoot(player: lw.Player, origin: lw.f32x3, direction: lw.f32x3) -> None:
            seen = app.net.rewind(player)
            hits.append((seen.ago_s, seen.ray(origin, direction, radius=0.2),
                         app.each(Craft).entities[1].position[0] - seen.position(app.each(Craft).entities[1])[0]))

        app._engine.shoot = shoot  # type: ignore[attr-defined]

    room = Together(program, 2, Shaper(delay_s=0.08, jitter_s=0.02))
    room.step(60)
    target = room.server.app.each(Craft).entities[1]
    side = room.clients[0]
    for k in range(90):
        target.move(0.1, 0, 0)
        room.step(1)
        if k > 40 and k % 3 == 0:
            seen = side.app.each(Craft).entities[1].position.copy()
            side.app._engine.shoot(tuple(seen + np.float32((0, 0, 30))), (0.0, 0.0, -1.0))  # type: ignore[attr-defined]
    room.step(10)
    assert len(hits) >= 15
    for ago, hit, behind in hits:
        assert hit is not None and hit.entity == target and hit.distance == pytest.approx(29.8, abs=0.05)
        assert 0.1 < ago < 0.5 and 0.5 < behind < 3
    assert room.errors() == []


def test_what_is_claimed_to_be_seen_is_within_a_second_and_what_is_gone_is_not_there() -> None:
    room = Together(crafts, 2)
    room.step(60)
    app = room.server.app
    target = app.each(Craft).entities[1]
    for _ in range(120):
        target.move(0.1, 0, 0)
        room.step(1)
    guest, player = room.server.room.clients[1], app.net.players[0]
    for shown, ago in ((-5.0, 1.0), (0.0, 1.0), (1e9, 0.0), (room.server.room.tick - 10.5, 10.5 / 20)):
        guest.shown = shown
        seen = app.net.rewind(player)
        assert seen.ago_s == pytest.approx(ago, abs=0.051)
        assert target.position[0] - seen.position(target)[0] == pytest.approx(6 * seen.ago_s, abs=0.21)
    assert len(seen.entities) == 2 and seen.positions.shape == (2, 3)
    assert seen.ray((0, 0, 30), (0, 0, -1), radius=3) is None, "his own is in between, and not met"
    target.despawn()
    assert len(app.net.rewind(player).entities) == 1
    with pytest.raises(lw.HandleError):
        app.net.rewind(player).position(app.spawn(lw.Mesh.box()))
    assert len(app.net.rewind(lw.Player(9)).entities) == 1, "who is not here saw what there is"


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_rays_meet_capsules_where_marching_along_them_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    to = rng.uniform(-4, 4, (1, 3))
    way = rng.normal(size=3)
    way /= np.linalg.norm(way)
    radius, length = float(rng.uniform(0.1, 1)), float(rng.uniform(0, 2))
    found = float(_distances(to, way, radius, length, True)[0])
    along = np.linspace(0, 12, 6001)[:, None] * way
    low, high = to[0, 1] + radius, to[0, 1] + radius + length
    near = np.column_stack([np.full(len(along), to[0, 0]), np.clip(along[:, 1], low, high),
                            np.full(len(along), to[0, 2])])  # fmt: skip
    away = np.linalg.norm(along - near, axis=1) - radius
    inside = np.flatnonzero(away <= 0)
    if len(inside):
        assert found == pytest.approx(inside[0] * 0.002, abs=0.0021)
    else:
        assert found == math.inf or found > 12 or away.min() < 1e-3


@pytest.mark.parametrize("rate", [5, 10])
def test_few_ticks_a_second_are_blended_without_standing_still(rate: int) -> None:
    def program(app: lw.App) -> None:
        app.net.tick_rate = rate
        crafts(app)

    room = Together(program, 1, Shaper(delay_s=0.02, jitter_s=0.03))
    room.step(90)
    ship, seen = room.server.app.each(Craft).entities[0], room.clients[0].app.each(Craft).entities[0]
    places = []
    for _ in range(150):
        ship.move(0.1, 0, 0)
        room.step(1)
        places.append(seen.position[0])
    steps = np.diff(places[60:])
    assert np.abs(steps - 0.1).max() < 0.02, steps
    assert ship.position[0] - places[-1] < 6 * (2 / rate + 1 / rate + 0.1)


def test_calls_to_all_are_checked_and_counted_on_the_server() -> None:
    heard: list[int] = []

    def program(app: lw.App) -> None:
        @app.rpc(to="all", rate=3.0)
        def wave(player: lw.Player, number: lw.u8) -> None:
            heard.append(number)

        @app.rpc(to="owner", rate=3.0)
        def whisper(player: lw.Player, text: str) -> None:
            heard.append(-1)

    room = Together(program, 1)
    room.step(10)
    for number in (1, 300, -1, "x", None, [1], 2, 3, 4, 5):
        room.lines[0][0].send(wire.value_message(wire.CALL, {"call": "wave", "values": [number]}), reliable=True)
    for _ in range(5):
        room.lines[0][0].send(wire.value_message(wire.CALL, {"call": "whisper", "values": ["me"]}), reliable=True)
    room.step(5)
    assert heard == [1, 2, 3] and not room.lines[0][1].closed


@pytest.mark.parametrize(("act", "error"), [
    (lambda app: setattr(app.net, "name", 3), "app.net.name"),
    (lambda app: setattr(app.net, "name", "x" * 33), "33 characters"),
    (lambda app: setattr(lw.Player(1), "name", ""), "Player.name"),
    (lambda app: setattr(lw.Player(1), "name", "x" * 33), "33 characters"),
    (lambda app: app.net.rewind(3), "app.net.rewind player"),
    (lambda app: app.net.rewind(lw.Player(1)), "is the server's"),
    (lambda app: rewound(app).ray((0, 0), (0, 0, 1)), "ray origin"),
    (lambda app: rewound(app).ray((0, 0, 0), (0, 0, 0)), "has no length"),
    (lambda app: rewound(app).ray((0, 0, 0), (0, 0, 1), radius=0), "ray radius"),
    (lambda app: rewound(app).ray((0, 0, 0), (0, 0, 1), height=-1), "ray height"),
    (lambda app: rewound(app).ray((0, 0, 0), (0, 0, 1), max_distance=-1), "ray max_distance"),
    (lambda app: rewound(app).position(3), "Rewound.position entity"),
    (lambda app: setattr(rewound(app), "tick", 3), "cannot be assigned"),
])  # fmt: skip
def test_what_cannot_be_is_refused_where_it_is_said(act: Any, error: str) -> None:
    with pytest.raises(lw.LayerwError, match=error):
        act(lw.App())


def rewound(app: lw.App) -> Any:
    from layerw.net.past import Past

    return Past(app._engine.table).at(0.0, 20, 1)
