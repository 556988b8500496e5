"""Several players in one process: what one side says the others show, over good lines and bad ones, and nothing hostile
gets through."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerw as lw
from layerw.net import wire
from layerw.net.packing import CellRows, Damaged, pack_cells, unpack_cell
from layerw.net.schema import Schema
from layerw.net.snapshots import Snapshot, nothing
from layerw.net.transport import Shaper
from tests.unit.net_scene import Craft, Together


def crafts(app: lw.App) -> None:
    """Each player gets one."""
    if app.is_server:

        @app.on_join
        def join(player: lw.Player) -> None:
            app.spawn(lw.Mesh.box(), lw.Material(color="tomato"), owner=player,
                      position=(player.number, 0, 0)).add(Craft, hp=player.number)  # fmt: skip


def test_everyone_sees_everyone_as_the_server_has_them() -> None:
    room = Together(crafts, 3)
    room.step(30)
    for number, side in enumerate(room.clients, 1):
        assert side.app.net.state == "connected" and side.app.net.player == number
        assert [one.number for one in side.app.net.players] == [1, 2, 3]
        rows = side.app.each(Craft)
        assert np.allclose(rows[lw.Position], [[1, 0, 0], [2, 0, 0], [3, 0, 0]])
        assert rows[Craft].owner.tolist() == [1, 2, 3] and rows[Craft].hp.tolist() == [1, 2, 3]
        assert side.app.report()["entities"] == 3
    assert room.server.app.net.state == "server" and len(room.server.app.net.players) == 3
    assert room.errors() == []


def test_values_come_to_their_precision_and_whole_ones_to_the_bit() -> None:
    room = Together(crafts)
    room.step(20)
    ship = room.server.app.each(Craft).entities[0]
    ship.position = (1.23456, -7.7, 3.003)
    ship.rotation = (0, np.sin(0.3), 0, np.cos(0.3))
    ship[Craft].far, ship[Craft].fuel, ship[Craft].hp = 1e-300, 0.1, 255
    room.step(20)
    seen = room.clients[0].app.each(Craft).entities[0]
    assert np.abs(seen.position - ship.position).max() <= 1 / 256 and (seen[Craft].position == seen.position).all()
    assert np.abs(seen.rotation - ship.rotation).max() < 1 / 2048
    assert seen[Craft].far == 1e-300 and seen[Craft].fuel == np.float32(0.1) and seen[Craft].hp == 255


def test_what_looks_so_looks_so_there_and_goes_when_it_goes() -> None:
    room = Together(crafts)
    room.step(20)
    app, seen = room.server.app, room.clients[0].app
    tower = app.spawn(lw.Mesh.cylinder(1, 4), lw.Material(color="gold", roughness=0.2), position=(5, 0, 5)).add(Craft)
    room.step(20)
    table, engine = seen._engine.table, seen._engine
    assert len(seen.each(Craft)) == 2
    row = seen.each(Craft).entities[1].first_row
    data = engine.resources.mesh_data()[int(table.mesh[row])]
    assert np.array_equal(data.positions, lw.Mesh.cylinder(1, 4).data.positions)
    look = engine.resources.looks.materials.by_handle[int(table.material[row])].value
    assert look.values._numbers["roughness"] == 0.2
    tower.despawn()
    room.step(20)
    assert len(seen.each(Craft)) == 1 and room.errors() == []


def test_a_component_taken_away_is_taken_away_there() -> None:
    room = Together(crafts)
    room.step(20)
    room.server.app.each(Craft).entities.remove(Craft)
    room.step(20)
    assert len(room.clients[0].app.each(Craft)) == 0


def test_between_snapshots_it_is_blended_and_never_jumps() -> None:
    room = Together(crafts)
    room.step(30)
    ship, seen = room.server.app.each(Craft).entities[0], room.clients[0].app.each(Craft).entities[0]
    places = []
    for _ in range(60):
        ship.move(0.1, 0, 0)
        room.step(1)
        places.append(seen.position[0])
    steps = np.diff(places[15:])
    assert np.abs(steps - 0.1).max() < 0.02, steps
    assert 0.5 < ship.position[0] - places[-1] < 1.2  # 0.1 s and a tick behind, 6 m/s


def test_a_bad_line_loses_nothing_that_counts() -> None:
    room = Together(crafts, 2, Shaper(loss=0.3, delay_s=0.1, jitter_s=0.03))
    room.step(120)
    ship = room.server.app.each(Craft).entities[0]
    for k in range(120):
        ship.position = (k * 0.05, 0, 0)
        room.server.app.each(Craft)[Craft].hp = k
        room.step(1)
    room.step(60)
    for side in room.clients:
        assert np.allclose(side.app.each(Craft)[lw.Position][0], [119 * 0.05, 0, 0], atol=1 / 128)
        assert side.app.each(Craft)[Craft].hp.tolist() == [119, 119] and side.client.damaged == 0
    assert room.errors() == []


def test_what_stands_still_takes_next_to_nothing_and_a_difference_less_than_the_whole() -> None:
    room = Together(crafts)
    places = np.random.default_rng(1).uniform(-20, 20, (200, 3))
    things = room.server.app.spawn_many(lw.Mesh.box(), 200, position=places)
    things.add(Craft)
    room.step(30)
    server = room.server.room
    before = server.sent_bytes
    room.step(60)
    still = (server.sent_bytes - before) / 20
    rng = np.random.default_rng(2)
    before = server.sent_bytes
    for _ in range(60):
        things.position += rng.uniform(-0.1, 0.1, (200, 3)).astype(np.float32)
        room.step(1)
    moving = (server.sent_bytes - before) / 20
    room.step(6)
    now = server.telling.ring.find(server.tick)
    whole = sum(map(len, pack_cells(now, nothing(server.schema.width)).values()))
    assert still <= 20 and moving < whole / 2, (still, moving, whole)


def test_far_things_are_not_told_until_the_player_is_near() -> None:
    room = Together(crafts)
    app, seen = room.server.app, room.clients[0].app
    app.spawn(lw.Mesh.box(), position=(500, 0, 0)).add(Craft)
    room.step(30)
    assert len(seen.each(Craft)) == 1
    next(one for one in app.each(Craft).entities if one[Craft].owner == 1).position = (480, 0, 0)
    room.step(30)
    assert sorted(seen.each(Craft)[lw.Position][:, 0].tolist()) == [480, 500]
    app.net.players[0].position = (0, 0, 0)
    room.step(30)
    assert len(seen.each(Craft)) == 0


def test_who_comes_back_is_the_same_and_who_does_not_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerw.net.authority.KEPT_S", 1.5)
    joined: list[int] = []
    left: list[int] = []

    def program(app: lw.App) -> None:
        crafts(app)
        if app.is_server:
            app.on_join(lambda player: joined.append(player.number))
            app.on_leave(lambda player: left.append(player.number))

    room = Together(program, 2)
    room.step(30)
    room.lines[0][1].close("a cable")
    room.step(2)
    assert room.clients[0].app.net.state == "lost" and room.clients[0].app.net.reason == "a cable"
    assert not room.server.app.net.players[0].connected
    room.step(60)
    assert room.clients[0].app.net.state == "connected" and room.clients[0].app.net.player == 1
    assert joined == [1, 2] and len(room.clients[0].app.each(Craft)) == 2
    gone = room.clients.pop()
    gone.app.close()
    room.step(120)
    assert left == [2] and len(room.server.app.each(Craft)) == 1 and len(room.clients[0].app.each(Craft)) == 1
    assert [one.number for one in room.clients[0].app.net.players] == [1]


def test_a_program_that_shares_other_things_is_refused_with_a_sentence() -> None:
    room = Together(crafts)
    room.step(5)
    stranger = room.line()
    stranger.send(wire.value_message(wire.HELLO, {"schema": "older", "token": ""}), reliable=True)
    room.step(2)
    kind, *rest = stranger.take()[0], stranger.closed
    assert kind[0] == wire.REFUSED and "shares other components" in rest[0] and "Reload" in rest[0]


def test_a_full_room_refuses_and_tokens_of_others_are_none() -> None:
    room = Together(crafts)
    room.server.app.net.players_max = 1
    room.step(5)
    second = room.add()
    room.step(5)
    assert second.app.net.state == "refused" and "full" in second.app.net.reason
    for token in ("1.00", "1", "1." + "é" * 8, "2.ff", 7, None, "1" * 400):
        line = room.line()
        line.send(wire.value_message(wire.HELLO, {"schema": room.server.room.schema.hash, "token": token}),
                  reliable=True)  # fmt: skip
        room.step(3)
        assert "full" in line.closed, token
    assert room.clients[0].app.net.state == "connected"


def test_calls_go_where_they_belong() -> None:
    heard: list[Any] = []
    calls: dict[lw.App, Any] = {}

    def program(app: lw.App) -> None:
        crafts(app)
        where = "server" if app.is_server else "client"

        @app.rpc(to="server", rate=5.0)
        def shoot(player: lw.Player, direction: lw.f32x3, hard: bool) -> None:
            heard.append((where, "shoot", player.number, list(direction), hard))
            hit(player, 3)

        @app.rpc(to="owner")
        def hit(player: lw.Player, hp: int) -> None:
            heard.append((where, "hit", player.number, hp))

        @app.rpc(to="all")
        def chat(player: lw.Player, text: str) -> None:
            heard.append((where, "chat", player and player.number, text))

        calls[app] = shoot, hit, chat

    room = Together(program, 2)
    room.step(20)
    one, two = (side.app for side in room.clients)
    assert calls[one][0]((0, 0, -1), True)
    room.step(3)
    assert heard == [("server", "shoot", 1, [0, 0, -1], True), ("client", "hit", 1, 3)]
    heard.clear()
    assert calls[two][2]("hi")
    assert calls[room.server.app][2]("all")
    room.step(3)
    assert sorted(heard, key=str) == sorted([("client", "chat", 2, "hi"), ("client", "chat", None, "all")] * 2, key=str)
    with pytest.raises(lw.ConfigError, match="shape"):
        calls[one][0]((0, 0), True)
    with pytest.raises(lw.KindError, match="shoot hard"):
        calls[one][0]((0, 0, 0), "yes")
    with pytest.raises(lw.ConfigError, match="only the server"):
        calls[one][1](one.net.player, 3)
    with pytest.raises(lw.ConfigError, match="takes 2"):
        calls[one][0]((0, 0, 0))
    sent = [calls[one][0]((0, 0, 0), False) for _ in range(50)]
    assert 0 < sum(sent) <= 5, "the rate"


@pytest.mark.parametrize("data", [
    b"", b"\x00", bytes([wire.ACK]), bytes([wire.ACK]) + bytes(20), bytes([wire.SNAPSHOT]) + bytes(40), b"\xff" * 100,
    bytes(wire.CLIENT_BYTES_MAX + 1), bytes([wire.HELLO]) + b"{}", bytes([wire.WELCOME]),
])  # fmt: skip
def test_who_breaks_the_rules_is_told_and_disconnected_alone(data: bytes) -> None:
    room = Together(crafts, 2)
    room.step(10)
    room.lines[0][0].send(data, reliable=True)
    room.step(1)
    assert room.lines[0][1].closed and room.server.app.net.players[1].connected
    assert any("Player 1 was disconnected" in text for _, text in room.server.host.logs) and not room.server.host.errors


def test_calls_that_are_none_are_not_heard_and_too_many_end_the_connection() -> None:
    room = Together(crafts)
    room.step(10)
    line = room.lines[0]
    for bad in ({"call": "nothing", "values": []}, {"call": 3, "values": []}, [], None, {"call": "x", "values": {}}):
        line[0].send(wire.value_message(wire.CALL, bad), reliable=True)
    line[0].send(bytes([wire.CALL]) + struct.pack("<I", 4_000_000_000) + b"{", reliable=True)
    room.step(2)
    assert not line[1].closed
    for _ in range(60):
        line[0].send(wire.value_message(wire.CALL, None), reliable=True)
    room.step(2)
    assert "calls were refused" in line[1].closed


def test_a_flood_ends_the_connection() -> None:
    room = Together(crafts)
    room.step(10)
    for _ in range(500):
        room.lines[0][0].send(wire.ack_message(0, 0), reliable=True)
    room.step(2)
    assert "messages a second" in room.lines[0][1].closed


def test_a_client_leaves_out_what_it_cannot_read_and_goes_on() -> None:
    room = Together(crafts)
    room.step(20)
    rng = np.random.default_rng(5)
    good = wire.snapshot_message(wire.SnapshotHead(900, 0, 0), [wire.CellBlock(5, wire.WHOLE, b"\x00\x01\x01\x05\x07")])
    for _ in range(300):
        data = bytearray(good)
        for at in rng.integers(1, len(data), 3):
            data[at] = rng.integers(0, 256)
        room.lines[0][1].send(bytes(data[: int(rng.integers(1, len(data) + 1))]), reliable=True)
    room.step(3)
    client = room.clients[0]
    assert client.client.damaged > 100 and client.host.errors == []
    told = [text for _, text in client.host.logs if "left out" in text]
    assert len(told) == 1


def random_snapshot(rng: np.random.Generator, tick: int, width: int) -> Snapshot:
    count = int(rng.integers(0, 60))
    ids = np.sort(rng.choice(200, count, replace=False)).astype(np.uint64)
    keys = np.sort(rng.integers(0, 5, count).astype(np.uint64) << np.uint64(32) | ids)
    values = rng.integers(0, 2**32, (count, width)).astype(np.uint32)
    return Snapshot(tick, keys, values)


def cell_rows(snapshot: Snapshot, cell: int) -> CellRows:
    which = snapshot.cells == cell
    return CellRows((snapshot.keys[which] & np.uint64(0xFFFFFFFF)).astype(np.uint32), snapshot.words[which])


def test_any_two_snapshots_differ_by_blocks_that_lead_from_one_to_the_other() -> None:
    rng, scratch = np.random.default_rng(7), np.empty(4096, np.uint32)
    for _ in range(200):
        base, now = random_snapshot(rng, 1, 4), random_snapshot(rng, 2, 4)
        both = np.intersect1d(base.keys, now.keys)
        now.words[np.isin(now.keys, both)] = base.words[np.isin(base.keys, both)]
        blocks = pack_cells(now, base)
        for cell in range(5):
            before, after = cell_rows(base, cell), cell_rows(now, cell)
            found = unpack_cell(blocks[cell], before, 4, scratch) if cell in blocks else before
            assert np.array_equal(found.ids, after.ids) and np.array_equal(found.words, after.words)


def test_blocks_that_lie_are_found_out() -> None:
    rng, scratch = np.random.default_rng(8), np.empty(4096, np.uint32)
    refused = 0
    for _ in range(400):
        base, now = random_snapshot(rng, 1, 3), random_snapshot(rng, 2, 3)
        for cell, block in pack_cells(now, base).items():
            data = bytearray(block)
            data[rng.integers(0, len(data))] ^= int(rng.integers(1, 256))
            before = cell_rows(base, cell)
            try:
                found = unpack_cell(bytes(data), before, 3, scratch)
                assert len(found.ids) == len(found.words) and (np.diff(found.ids.astype(np.int64)) > 0).all()
            except Damaged:
                refused += 1
    assert refused > 100


def test_the_schema_knows_every_type_and_what_differs() -> None:
    schema = Schema()
    assert schema.hash == Schema().hash
    before = schema.hash

    @lw.component(shared=True)
    class Extra:
        a: lw.f64x3 = lw.field(precision=0.5)
        b: lw.f64x3 = (0, 0, 0)
        c: bool = True
        d: lw.i32 = -5

    try:
        newer = Schema()
        assert newer.hash != before
        values = {"a": np.array([[1.5, -2e6, 3]]), "b": np.array([[1e-9, 2, 3]]), "c": np.array([True]),
                  "d": np.array([-7], np.int32)}  # fmt: skip
        for one, part in newer.parts():
            if one.declared.name == "Extra":
                words = part.words_of(values[part.field.name])
                assert words.shape == (1, part.last - part.first)
                assert np.array_equal(part.values_of(words), values[part.field.name])
    finally:
        from layerw.scene.components import BY_NAME

        BY_NAME.pop("Extra")


def test_who_leaves_is_gone_at_once_and_may_come_again() -> None:
    left: list[int] = []

    def program(app: lw.App) -> None:
        crafts(app)
        if app.is_server:
            app.on_leave(lambda player: left.append(player.number))

    room = Together(program, 2)
    room.step(20)
    one, two = (side.app for side in room.clients)
    assert len(one.each(Craft)) == len(two.each(Craft)) == 2
    line = room.lines[0][0]
    one.disconnect()
    assert one.net.state == "alone" and one.net.player is None and len(one.each(Craft)) == 0
    line.send(wire.value_message(wire.SAY, {"text": "still here"}), reliable=True)
    room.step(20)
    assert left == [1] and len(two.each(Craft)) == 1 and not room.server.app.net.chat.lines
    one.disconnect()
    one.connect()
    room.step(20)
    assert one.net.player == 3 and len(one.each(Craft)) == 2 and room.errors() == []


def test_leaving_in_the_middle_of_a_call_shows_nothing_after_it() -> None:
    over: list[Any] = []

    def program(app: lw.App) -> None:
        crafts(app)

        @app.rpc(to="all")
        def end(player: object) -> None:
            app.disconnect()

        if app.is_server:
            over.append(end)

    room = Together(program, 2)
    room.step(20)
    over[0]()
    room.step(20)
    assert room.server.app.net.players == [] and room.errors() == []
    assert all(side.app.net.state == "alone" and not len(side.app.each(Craft)) for side in room.clients)


def test_alone_it_says_so_and_calls_go_nowhere() -> None:
    app = lw.App()
    app.connect()
    ping = app.rpc(to="server")(lambda player: None)
    assert app.net.state == "alone" and app.net.player is None and app.net.players == [] and not app.is_server
    assert ping() is False


@pytest.mark.parametrize(("act", "error"), [
    (lambda app: app.connect(3), "app.connect url"),
    (lambda app: app.on_join(3), "on_join"),
    (lambda app: app.on_leave(lambda: 0), "on_leave"),
    (lambda app: app.rpc(to="servr"), "app.rpc to"),
    (lambda app: app.rpc(rate=0), "app.rpc rate"),
    (lambda app: app.rpc()(3), "app.rpc"),
    (lambda app: app.rpc()(lambda: 0), "takes the player"),
    (lambda app: app.rpc()(lambda player, *more: 0), "takes the player"),
    (lambda app: app.rpc()(lambda player, x: 0), "annotated"),
    (lambda app: app.spawn(lw.Mesh.box(), owner=1), "spawn owner"),
    (lambda app: setattr(app.net, "tick_rate", 7), "one of 5"),
    (lambda app: setattr(app.net, "cell_m", 0), "cell_m"),
    (lambda app: setattr(app.net, "radius", 17), "radius"),
    (lambda app: setattr(app.net, "players_max", 0), "players_max"),
    (lambda app: setattr(app.net, "tickrate", 20), "tick_rate"),
    (lambda app: setattr(lw.Player(1), "position", (1, 2)), "Player.position"),
    (lambda app: lw.Player(0), "Player number"),
])  # fmt: skip
def test_what_cannot_be_is_refused_where_it_is_said(act: Any, error: str) -> None:
    with pytest.raises(lw.LayerwError, match=error):
        act(lw.App())


def test_a_program_alone_imports_nothing_of_it() -> None:
    code = """
import sys, layerw as lw
app = lw.App()
app.spawn(lw.Mesh.box())
app.is_server
app.frame_step(0.0, 1 / 60, 0, 0)
print([m for m in sys.modules if m.startswith("layerw.net") or m == "layerw.kernels.net"])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_many_players_are_told_in_turns_that_are_through_before_the_next_tick() -> None:
    room = Together(crafts, 0)
    room.server.app.net.players_max = 200
    lines = [room.line() for _ in range(150)]
    hello = wire.value_message(wire.HELLO, {"schema": room.server.room.schema.hash, "token": ""})
    for line in lines:
        line.send(hello, reliable=True)
    room.step(60)
    counts = []
    for line in lines:
        line.take()
    room.server.room._frames = 0
    ticks: list[set[int]] = [set() for _ in lines]
    for _ in range(12):
        room.step(1)
        counts.append(0)
        for line, told in zip(lines, ticks, strict=True):
            for data in line.take():
                if data[0] == wire.SNAPSHOT:
                    counts[-1] += 1
                    told.add(wire.read_snapshot(data)[0].tick)
                    line.send(wire.ack_message(max(told), 0.0), reliable=False)
    assert max(counts) <= 64 and room.errors() == []
    assert all(len(told) >= 3 for told in ticks), "each is told of every tick"


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0, 1))
def test_zeros_at_the_end_of_a_block_are_left_out_and_come_back(seed: int, count: int, share: float) -> None:
    dice = np.random.default_rng(seed)
    width = 7

    def snapshot(tick: int, words: Any) -> Snapshot:
        keys = (np.arange(count, dtype=np.uint64) // np.uint64(5) << np.uint64(32)) | np.arange(count, dtype=np.uint64)
        return Snapshot(tick, keys, words)

    before = dice.integers(0, 2**32, (count, width), dtype=np.uint32)
    others = dice.integers(0, 2**32, (count, width), dtype=np.uint32)
    after = np.where(dice.random((count, width)) < share, others, before)
    blocks = pack_cells(snapshot(2, after), snapshot(1, before))
    scratch = np.empty(1000, np.uint32)
    for cell in range(-(-count // 5)):
        rows = slice(5 * cell, min(5 * cell + 5, count))
        known = CellRows(np.arange(count, dtype=np.uint32)[rows], before[rows])
        found = unpack_cell(blocks[cell], known, width, scratch).words if cell in blocks else before[rows]
        assert np.array_equal(found, after[rows])
    changed = (after != before).any(axis=1)
    assert set(blocks) == {one // 5 for one in np.flatnonzero(changed).tolist()}
