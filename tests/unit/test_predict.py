"""Prediction: a player's own character moves at once, comes to what the server comes to, and is put right where it does
not; over good lines and bad ones, and against players who cheat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.net import wire
from layerw.net.driving import Driving
from layerw.net.guests import Guest
from layerw.net.input_queue import InputQueue
from layerw.net.inputs import Inputs
from layerw.net.predictor import Predictor
from layerw.net.schema import Schema
from layerw.net.transport import Shaper, pair
from tests.unit.net_scene import Side, Slider, Together, sliders

BAD_LINE = Shaper(loss=0.05, delay_s=0.1, jitter_s=0.03)


@lw.component(shared=True)
class Walker:
    """Who walks."""

    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)
    owner: lw.Player = None  # type: ignore[assignment]


class Wish:
    """What the player of one side does: a walk in curves, over steps and against walls, with leaps."""

    def __init__(self) -> None:
        self.frame, self.still = 0, False

    def __call__(self) -> tuple[tuple[float, float], bool]:
        self.frame += 1
        turn = 2.3 * math.sin(self.frame / 50)
        return ((0.0, 0.0), False) if self.still else ((math.cos(turn), math.sin(turn)), self.frame % 90 == 0)


def walkers(app: lw.App) -> None:
    """Each player gets a character among boxes."""
    app.physics.add(app.spawn(lw.Mesh.box(60, 1, 60), position=(0, -0.5, 0)), "static", shape="box")
    rng = np.random.default_rng(3)
    for _ in range(40):
        x, z = rng.uniform(-8, 8, 2)
        height = rng.choice([0.2, 0.3, 1.5])
        app.physics.add(app.spawn(lw.Mesh.box(1, height, 1), position=(x, height / 2, z)), "static", shape="box")

    @app.predict(Walker, bounds={"move": (-1, 1)})
    def walk(hero: lw.Character, dt: float, move: lw.f32x2, jump: bool) -> None:
        hero.move((4 * move[0], 0, 4 * move[1]), jump=jump)

    @walk.begin
    def begin(entity: Any) -> lw.Character:
        return lw.Character(app, entity)

    walk.input(Wish())

    if app.is_server:

        @app.on_join
        def join(player: lw.Player) -> None:
            app.spawn(lw.Mesh.box(), owner=player, position=(0, 0, 10 + player.number)).add(Walker)


def own(side: Side) -> Any:
    """The player's entity on his side."""
    rows = side.app.each(Walker)
    return rows.entities[int(np.flatnonzero(rows[Walker].owner == side.app.net.player)[0])]


def server_of(room: Together, side: Side) -> Any:
    """The same entity as the server has it."""
    rows = room.server.app.each(Walker)
    return rows.entities[int(np.flatnonzero(rows[Walker].owner == side.app.net.player)[0])]


def settle(room: Together) -> None:
    """Nobody wishes anything until everyone knows."""
    for side in room.clients:
        side.app.net._prediction._input.still = True
    room.step(90)


def test_the_own_character_moves_at_once_and_comes_to_what_the_server_comes_to() -> None:
    room = Together(walkers, 1, Shaper(delay_s=0.2))
    room.step(90)
    side = room.clients[0]
    mine, theirs = own(side).position, server_of(room, side).position
    before = mine.copy(), theirs.copy()
    room.step(1)
    assert np.linalg.norm(mine - before[0]) > 0.04, "a step of 4 m/s"
    for _ in range(60):
        room.step(1)
    settle(room)
    assert np.array_equal(mine, theirs) and np.linalg.norm(mine - before[0]) > 1
    assert side.app.report()["net"]["corrections"] == 0 and room.server.app.report()["net"]["states"] == 0
    assert np.array_equal(mine, own(side)[Walker].position)
    assert room.errors() == []


def test_over_a_bad_line_nothing_is_corrected_by_more_than_5_cm() -> None:
    room = Together(walkers, 2, BAD_LINE)
    room.step(400)
    for side in room.clients:
        found = side.app.report()["net"]
        assert found["largest_m"] < 0.05 and side.client._predictor.number > 300, found
    settle(room)
    for side in room.clients:
        assert np.array_equal(own(side).position, server_of(room, side).position)
    assert room.errors() == []


def test_what_the_server_has_otherwise_is_gone_over_to_in_a_tenth_of_a_second() -> None:
    room = Together(walkers, 1, Shaper(delay_s=0.05))
    side = room.clients[0]
    room.step(60)
    settle(room)
    before = own(side).position.copy()
    server_of(room, side).move(0.5, 0, 0)
    places = []
    for _ in range(40):
        room.step(1)
        places.append(own(side).position[0])
    walk = side.app.net._prediction
    assert walk.corrections == 1 and walk.largest_m == pytest.approx(0.5, abs=1e-3)
    steps = np.diff([before[0], *places])
    went = np.flatnonzero(steps > 1e-5)
    assert steps.min() >= -1e-5 and steps.max() < 0.25, "it never leaps"
    assert np.searchsorted(places, before[0] + 0.45) - went[0] <= 7, "and is nearly there after 0.1 s"
    assert np.array_equal(own(side).position, server_of(room, side).position)


def test_a_leap_of_metres_is_shown_as_one() -> None:
    room = Together(walkers)
    side = room.clients[0]
    room.step(40)
    settle(room)
    server_of(room, side).move(7, 0, 0)
    places = []
    for _ in range(30):
        room.step(1)
        places.append(own(side).position[0])
    assert np.abs(np.diff(places)).max() == pytest.approx(7, abs=1e-3)


def test_what_is_on_the_server_alone_stops_the_character_here_too() -> None:
    room = Together(walkers, 1, BAD_LINE)
    side, app = room.clients[0], room.server.app
    room.step(60)
    wall = app.spawn(lw.Mesh.box(3, 3, 0.2), position=(0, 1, 8))
    app.physics.add(wall, "static", shape="box")
    side.app.net._prediction.input(lambda: ((0.0, -1.0), False))
    room.step(90)
    assert side.app.net._prediction.corrections > 0 and room.server.app.report()["net"]["states"] > 0
    side.app.net._prediction.input(lambda: ((0.0, 0.0), False))
    room.step(60)
    assert own(side).position[2] > 8.4, "0.4 m wide"
    assert np.array_equal(own(side).position, server_of(room, side).position)
    assert room.errors() == []


def test_after_an_outage_both_sides_come_to_the_same() -> None:
    room = Together(walkers, 1, Shaper(delay_s=0.03))
    side = room.clients[0]
    room.step(60)
    hear, room.server.room._driving.hear = room.server.room._driving.hear, lambda guest, data: None
    room.step(60)
    room.server.room._driving.hear = hear
    room.step(60)
    settle(room)
    assert np.array_equal(own(side).position, server_of(room, side).position)
    room.lines[0][1].close("a cable")
    side.app.net._prediction._input.still = False
    room.step(90)
    assert side.app.net.state == "connected"
    settle(room)
    assert np.array_equal(own(side).position, server_of(room, side).position)
    assert room.errors() == []


def test_a_server_that_is_slower_slows_its_players_and_corrects_nothing() -> None:
    room = Together(walkers, 1, Shaper(delay_s=0.03))
    side = room.clients[0]
    room.step(60)
    for _ in range(200):  # a third as quick
        for _ in range(2):
            side.host.step(side.app)
        room.step(1)
    queue = next(iter(room.server.room.clients.values())).inputs
    assert side.client._predictor.number > 220 and len(queue._waiting) <= 40
    assert side.app.net._prediction.corrections == 0, "none was dropped"
    room.step(420)
    assert side.client._predictor.number - queue.applied < 20, "it catches up when the server is quick again"
    settle(room)
    assert side.app.net._prediction.corrections == 0
    assert np.array_equal(own(side).position, server_of(room, side).position)
    assert room.errors() == []


def test_what_is_pressed_while_a_step_waits_counts_in_the_next() -> None:
    room = Together(walkers)
    side = room.clients[0]
    room.step(60)
    settle(room)
    predictor, pressed_once = side.client._predictor, iter([True])
    side.app.net._prediction.input(lambda: ((0.0, 0.0), next(pressed_once, False)))
    predictor._lead.waits = lambda ahead, ping_s: True
    before = predictor.number, own(side).position.copy()
    room.step(5)
    assert predictor.number == before[0] and np.array_equal(own(side).position, before[1])
    del predictor._lead.waits
    room.step(10)
    assert predictor.number == before[0] + 10 and own(side).position[1] > before[1][1] + 0.3, "it leaps"
    settle_height = own(side).position[1]
    room.step(90)
    assert own(side).position[1] < settle_height and own(side).position[1] == pytest.approx(before[1][1], abs=0.02)


@pytest.mark.parametrize("loses", [True, False])
def test_inputs_are_said_again_where_lines_lose_only(loses: bool) -> None:
    room = Together(walkers, 1, Shaper(delay_s=0.1))
    line, side = room.lines[0][0], room.clients[0]
    line.loses = loses  # type: ignore[misc]
    room.step(90)
    said: list[list[bytes]] = []
    send = line.send

    def note(data: bytes, *, reliable: bool) -> None:
        if data[0] == wire.INPUTS:
            said.append(wire.read_inputs(data, 9).inputs)
        send(data, reliable=reliable)

    line.send = note  # type: ignore[method-assign]
    room.step(60)
    assert {len(one) for one in said} == ({12} if loses else {2})
    assert side.app.net._prediction.corrections == 0 and room.server.app.report()["net"]["states"] == 0
    settle(room)
    assert np.array_equal(own(side).position, server_of(room, side).position)


def test_a_single_input_may_come_as_it_is_or_in_a_tuple() -> None:
    def walk(hero: Any, dt: float, wish: lw.f32x2) -> None: ...

    inputs = Inputs(walk, {})
    wanted = np.float32([0.5, 0.25]).tobytes()
    assert [inputs.pack(given) for given in (np.float32([0.5, 0.25]), (0.5, 0.25), ((0.5, 0.25),))] == [wanted] * 3
    with pytest.raises(lw.LayerwError, match="wish has shape"):
        inputs.pack(((0.5, 0.25), (1, 1)))


def test_inputs_that_were_dropped_are_not_waited_for() -> None:
    inputs = Inputs(lambda hero, dt: None, {})
    queue = InputQueue()
    for newest in range(2, 102, 2):
        queue.hear(wire.InputRun(newest, (0, 0), 0.0, [b"", b""]))
    assert len(queue._waiting) == 64 and queue.applied == 36
    assert len(queue.due(inputs)) == 2 and queue.applied == 38


# -- who cheats ----------------------------------------------------------------------------------


def greet(room: Together) -> Any:
    """A line whose client is a test."""
    line = room.line()
    line.send(wire.value_message(wire.HELLO, {"schema": room.server.room.schema.hash, "token": ""}), reliable=True)
    room.step(2)
    return line


def pressed(x: float) -> bytes:
    return np.array([x, 0], np.float32).tobytes() + b"\0"


def run_of(newest: int, *inputs: bytes) -> bytes:
    return wire.inputs_message(wire.InputRun(newest, (0, 0), 0.0, list(inputs)))


@pytest.mark.parametrize(("each", "least"), [(1, 3.7), (2, 3.7), (10, 0.5)])
def test_more_inputs_than_steps_make_nobody_quicker(each: int, least: float) -> None:
    room = Together(walkers, 0)
    line = greet(room)
    ship = room.server.app.each(Walker).entities[0]
    ship.position = (-20, 0, 20)
    for k in range(60):
        line.send(run_of(each * (k + 1), *[pressed(1e9)] * each), reliable=True)
        room.step(1)
    assert least < ship.position[0] + 20 < 4 * 1.55, "1 s, and half a second that was left over, at 4 m/s"
    assert not line.closed


def test_who_says_nothing_falls_and_who_wishes_once_stops() -> None:
    room = Together(walkers, 0)
    line = greet(room)
    ship = room.server.app.each(Walker).entities[0]
    ship.position = (0, 3, 10)
    room.step(75)
    assert ship.position[1] == pytest.approx(0, abs=0.02)
    line.send(run_of(1, pressed(1)), reliable=True)
    room.step(60)
    assert ship.position[0] == pytest.approx(4 / 60, abs=0.01)


@pytest.mark.parametrize(("data", "why"), [
    (bytes([wire.INPUTS]), "cut"),
    (run_of(3, pressed(1))[:-1], "runs of"),
    (run_of(3, b"123"), "runs of"),
    (run_of(0, pressed(1)), "number 0"),
    (run_of(70, *[pressed(1)] * 65), "65 inputs"),
    (run_of(1), "runs of|0 inputs"),
    (run_of(1, pressed(math.nan)), "not finite"),
    (run_of(1, pressed(-math.inf)), "not finite"),
    (wire.state_message(1, 1, {}), "begins with"),
])  # fmt: skip
def test_inputs_that_are_none_end_the_connection_with_a_reason(data: bytes, why: str) -> None:
    room = Together(walkers, 0)
    line = greet(room)
    line.send(data, reliable=True)
    room.step(2)
    assert line.closed
    with pytest.raises(lw.LayerwError, match=why):
        wire.read_inputs(data, 9) if data[0] == wire.INPUTS and "finite" not in why else _hear(room, data)


def _hear(room: Together, data: bytes) -> None:
    guest = next(iter(room.server.room.clients.values()))
    room.server.room._take(guest, data, 0.0)


def test_numbers_that_leap_and_go_back_hurt_nobody() -> None:
    room = Together(walkers, 0)
    line = greet(room)
    rng = np.random.default_rng(5)
    for _ in range(200):
        newest = int(rng.choice([1, 5, 60, 1 << 20, (1 << 32) - 1]))
        line.send(run_of(newest, *[pressed(float(rng.uniform(-1, 1)))] * min(newest, 5)), reliable=True)
        room.step(1)
        guest = next(iter(room.server.room.clients.values()))
        assert len(guest.inputs._waiting) <= 64 and len(guest.inputs.checks) <= 128
    assert not line.closed and room.errors() == []


def test_states_that_lie_are_left_out() -> None:
    room = Together(walkers)
    side = room.clients[0]
    room.step(40)
    number, predictor = side.client._predictor.number, side.client._predictor
    serial = predictor.serials[0]
    before = own(side).position.copy()
    for data in (b"", b"12", bytes(500)):
        room.lines[0][1].send(wire.state_message(1, number, {serial: data}), reliable=True)
    room.lines[0][1].send(wire.state_message(1, number, {serial: b""})[:-2], reliable=True)
    room.lines[0][1].send(wire.state_message(1, 1 << 31, {serial: bytes(112)}), reliable=True)
    room.lines[0][1].send(wire.state_message(1, number, {999: bytes(112)}), reliable=True)
    settle(room)
    assert side.client.damaged == 4 and np.linalg.norm(own(side).position - before) < 1
    assert np.array_equal(own(side).position, server_of(room, side).position)


# -- without physics, and what programs get wrong ------------------------------------------------


def test_a_field_that_only_the_steps_know_is_predicted_without_physics() -> None:
    room = Together(sliders, 2, BAD_LINE)
    room.step(200)
    for side in room.clients:
        rows = side.app.each(Slider)
        mine = rows.entities[int(np.flatnonzero(rows[Slider].owner == side.app.net.player)[0])]
        assert np.abs(mine[Slider].speed).max() > 0 and side.app.net._prediction.largest_m < 0.05
    assert room.errors() == []
    assert room.clients[0].app._engine.subsystems.find("physics") is None


@pytest.mark.parametrize(("act", "error"), [
    (lambda app: app.predict(int), "no component"),
    (lambda app: app.predict(lw.Position), "whose it is"),
    (lambda app: app.predict(Walker, bounds=3), "app.predict bounds"),
    (lambda app: app.predict(Walker)(3), "app.predict's function"),
    (lambda app: app.predict(Walker)(lambda hero: 0), "takes what is moved"),
    (lambda app: app.predict(Walker)(lambda hero, dt, x: 0), "annotated"),
    (lambda app: app.predict(Walker, bounds={"mov": (0, 1)})(step_of), "move"),
    (lambda app: app.predict(Walker, bounds={"move": (1, 0)})(step_of), "the lower one"),
    (lambda app: app.predict(Walker, bounds={"move": 1})(step_of), "bounds of move"),
    (lambda app: (app.predict(Walker)(step_of), app.predict(Walker)), "a program has one"),
    (lambda app: app.predict(Walker)(text_of), "texts go by app.rpc"),
    (lambda app: app.predict(Walker)(step_of).begin(3), "Prediction.begin"),
    (lambda app: app.predict(Walker)(step_of).input(lambda x: 0), "Prediction.input"),
    (lambda app: setattr(app.predict(Walker)(step_of), "replays", True), "cannot be assigned"),
    (lambda app: setattr(app.predict(Walker)(step_of), "begins", 3), "begin"),
])  # fmt: skip
def test_what_cannot_be_is_refused_where_it_is_said(act: Any, error: str) -> None:
    with pytest.raises(lw.LayerwError, match=error):
        act(lw.App())


def step_of(hero: Any, dt: float, move: lw.f32x2) -> None:
    """A predicted function."""


def text_of(hero: Any, dt: float, name: str) -> None:
    """None."""


def test_an_input_that_is_none_is_told_once_and_the_last_one_stays() -> None:
    def program(app: lw.App) -> None:
        walkers(app)
        app.net._prediction._input = lambda: (1.0, 2.0, 3.0)

    room = Together(program)
    room.step(60)
    errors = room.clients[0].host.errors
    assert len(errors) == 1 and "has 3 values" in errors[0]
    assert room.server.host.errors == []


# -- whatever the line does ----------------------------------------------------------------------


@lw.component(shared=True)
class Counter:
    """Adds its inputs up, in whole numbers: two sides that took the same inputs have the same."""

    position: lw.f32x3 = lw.field(precision=1 / 64)
    sum: lw.i32 = 0
    steps: lw.u32 = 0
    owner: lw.Player = None  # type: ignore[assignment]


class Line:
    """What goes one way: some of it is lost, late or comes twice."""

    def __init__(self, rng: np.random.Generator, loss: float, late: int) -> None:
        self.rng, self.loss, self.late = rng, loss, late
        self.going: list[tuple[int, bytes]] = []

    def send(self, data: bytes, frame: int) -> None:
        for _ in range(1 + int(self.rng.random() < 0.1)):
            if self.rng.random() >= self.loss:
                self.going.append((frame + int(self.rng.integers(0, self.late + 1)), data))

    def take(self, frame: int) -> list[bytes]:
        come = [data for when, data in self.going if when <= frame]
        self.going = [one for one in self.going if one[0] > frame]
        return come


@given(st.integers(0, 10_000), st.floats(0, 0.5), st.integers(0, 20), st.booleans())
@settings(max_examples=25, deadline=None)
def test_both_sides_come_to_the_same_whatever_the_line_does(seed: int, loss: float, late: int, meddles: bool) -> None:
    """Messages are lost, late, twice and out of order, the server's program changes things meanwhile: when all is still
    both sides have the same, and without meddling and outages every input was taken once."""
    rng = np.random.default_rng(seed)
    there, back = Line(rng, loss, late), Line(rng, loss, late)
    apps = [lw.App(), lw.App(host=HeadlessHost())]
    wish = [0]

    def predicted(app: lw.App) -> Any:
        @app.predict(Counter)
        def add(entity: Any, dt: float, number: lw.i32) -> None:
            entity[Counter].sum += number
            entity[Counter].steps += 1

        add.input(lambda: wish[0])
        return app.net._prediction

    entities = [app.spawn(lw.Mesh.box()).add(Counter) for app in apps]
    for entity in entities:
        entity[Counter].owner = 1
    schema = Schema()
    guest = Guest(lw.Player(1), pair()[0], 1)
    server, client = (app._engine._subsystem_port(lambda value: None) for app in apps)
    driving = Driving(server, predicted(apps[0]), schema, {1: guest}, lambda rows: np.zeros(len(rows), np.uint16))
    predictor = Predictor(client, predicted(apps[1]), schema)
    said: list[bytes] = []
    guest.transport = Told(said)
    for frame in range(240):
        wish[0] = int(rng.integers(-5, 6)) if frame < 120 else 0
        for data in there.take(frame):
            driving.hear(guest, data)
        driving.step(1 / 60)
        if meddles and frame < 120 and rng.random() < 0.05:
            entities[0][Counter].sum += 1000
        if frame % 3 == 0:
            driving.tell(frame)
            said.append(wire.packed_snapshot(wire.SnapshotHead(frame, 0, guest.inputs.applied), []))
        for data in said:
            back.send(data, frame)
        said.clear()
        if frame == 100:
            there.loss = back.loss = 0.0
        for data in back.take(frame):
            if data[0] == wire.STATE:
                predictor.correct(data)
            else:
                predictor.acknowledge(wire.read_snapshot(data)[0].inputs)
        predictor.claim(lw.Player(1), lambda rows: server.table.serial[[entities[0].first_row]])
        predictor.show(1 / 60)
        predictor.step(1 / 60, 0.0, 0.0, lambda data, frame=frame: there.send(data, frame),  # type: ignore[misc]
                       loses=True)  # fmt: skip
    one, two = (entity[Counter] for entity in entities)
    waiting = predictor.number - guest.inputs.applied
    assert 0 <= waiting <= 40 and one.sum == two.sum, (one.sum, two.sum)
    assert two.steps - one.steps == waiting, "what was not taken yet"
    for app in apps:
        app.close()


class Told:
    """A connection that keeps what it is sent."""

    closed, waiting_bytes, loses = "", 0, True

    def __init__(self, said: list[bytes]) -> None:
        self._said = said

    def send(self, data: bytes, *, reliable: bool) -> None:
        self._said.append(data)

    def take(self) -> list[bytes]:
        return []

    def close(self, reason: str = "") -> None:
        """It stays."""
