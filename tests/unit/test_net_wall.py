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
