"""What goes by the clock on the wall: a player's own in frames that are long, and rates in a room that is behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from tests.unit.net_scene import Side, Slider, Together, sliders


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that a test sets."""
    found = [100.0]
    monkeypatch.setattr("layerw.net.wall.time.monotonic", lambda: found[0])
    return found


def with_client(program: Any) -> tuple[Together, Side]:
    """A client whose frames go by the wall."""
    room = Together(program, 0)
    side = Side(program, clock="real")
    side.host.connector = room.line  # type: ignore[attr-defined]
    side.app.connect()
    room.clients.append(side)
    return room, side


@pytest.mark.parametrize("took_s", [0.2, 0.4])
def test_a_players_own_goes_on_through_a_frame_that_is_long(wall: list[float], took_s: float) -> None:
    room, side = with_client(sliders)

    def step(frames: int) -> None:
        for _ in range(frames):
            wall[0] += 1 / 60
            room.step(1)

    step(90)
    predictor = side.client._predictor
    server = room.server.app.each(Slider).entities[0]
    for turn in range(2):
        number, frame = predictor.number, side.host.frame
        room.clients.clear()  # the page loads something
        for _ in range(round(60 * took_s)):
            room.step(1)
        room.clients.append(side)
        wall[0] += took_s
        side.host.advance(side.app, side.host.frame / 60, 0.1)  # as far as a page tells its program
        assert side.host.frame == frame + 1
        if turn == 0:  # then it waits a step now and then, while the server makes up for them
            assert predictor.number - number == round(60 * took_s), "each step has its input"
        step(60)
    assert room.errors() == []
    assert side.app.net._prediction.corrections == 0, "the server made up for all of it"
    assert np.allclose(server.position, side.app.each(Slider).entities[0].position, atol=0.5)


def test_steps_that_are_slow_are_not_made_up_for(wall: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    room, side = with_client(sliders)
    for _ in range(90):
        wall[0] += 1 / 60
        room.step(1)
    predictor = side.client._predictor
    known = predictor._advance

    def slow(*given: Any) -> None:
        wall[0] += 0.05
        known(*given)

    monkeypatch.setattr(predictor, "_advance", slow)
    number = predictor.number
    wall[0] += 0.5
    side.host.advance(side.app, 2.0, 0.1)
    assert 4 < predictor.number - number < 9


def test_a_room_that_is_behind_takes_calls_by_the_wall(wall: list[float]) -> None:
    heard: list[lw.Player] = []
    pokes: list[Any] = []

    def counted(app: lw.App) -> None:
        @app.rpc(to="server", rate=2.0)
        def poke(player: lw.Player) -> None:
            heard.append(player)

        pokes.append(poke)

    room = Together(counted, 0)
    room.server = Side(counted, server=True, clock="real")
    room.add()
    room.step(10)
    for _ in range(100):  # one call a second, of a room whose frames take as long
        wall[0] += 1.0
        room.clients[0].client._buckets.clear()
        assert pokes[-1]()
        room.step(3)
    assert len(heard) == 100 and room.lines[-1][1].closed == ""


def test_a_line_that_may_lose_and_says_nothing_is_lost_and_one_that_stood_still_with_the_page_is_not(
        wall: list[float]) -> None:  # fmt: skip
    room, side = with_client(sliders)

    def step(frames: int, seconds: float, *, server: bool) -> None:
        for _ in range(frames):
            wall[0] += seconds
            if server:
                room.server.host.step(room.server.app)
            side.host.step(side.app)

    step(30, 1 / 60, server=True)
    step(15, 5.0, server=False)  # a page that loads for long: what came is read in the frames after it
    assert side.app.net.state == "connected"
    step(2, 1 / 60, server=True)
    step(118, 1 / 60, server=False)
    assert side.app.net.state == "connected"
    step(4, 1 / 60, server=False)
    assert side.app.net.state == "lost" and side.app.net.reason == "The room said nothing for 2 s."
    step(60, 1 / 60, server=True)
    assert side.app.net.state == "connected" and side.app.net.player.number == 1
    for one, _ in room.lines:
        one.loses = False  # as a WebSocket, of which the system says when it ends
    step(200, 1 / 60, server=False)
    assert side.app.net.state == "connected" and room.errors() == []


def test_inputs_that_wait_after_a_long_frame_of_the_server_are_soon_taken_each_time(wall: list[float]) -> None:
    def program(app: lw.App) -> None:
        sliders(app)

    room = Together(program, 0)
    room.server = Side(program, server=True, clock="real")
    side = room.add()

    def step(frames: int, *, server: bool = True) -> None:
        for _ in range(frames):
            wall[0] += 1 / 60
            if server:
                room.server.host.step(room.server.app)
            side.host.step(side.app)

    step(90)
    queue = next(iter(room.server.room.clients.values())).inputs
    waiting = len(queue._waiting)
    for _ in range(4):  # half a second each: what the room makes up for by itself is not in it
        step(27, server=False)
        step(1)
        assert len(queue._waiting) > 20
        step(36)
        assert len(queue._waiting) <= waiting + 2, "old inputs are not what is seen from then on"
    assert side.app.net._prediction.corrections == 0, "none was dropped"
    assert room.errors() == []
