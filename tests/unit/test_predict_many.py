"""Prediction of more things of one player than a message of corrections holds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from layerw.net import driving
from tests.unit.net_scene import Slider, Together, sliders

COUNT = 2 * driving.STATES_MAX + 3


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many states each correction had."""
    told: list[int] = []
    made = driving.wire.state_message

    def state_message(tick: int, newest: int, some: dict[int, bytes]) -> bytes:
        told.append(len(some))
        return made(tick, newest, some)

    monkeypatch.setattr(driving.wire, "state_message", state_message)
    return told


def heights(side: Any) -> list[float]:
    return sorted(float(one.position[1]) for one in side.app.each(Slider).entities)


def test_nothing_is_corrected_where_nothing_is_otherwise(states: list[int]) -> None:
    room = Together(partial(sliders, count=COUNT), 1)
    room.step(120)
    assert len(heights(room.clients[0])) == COUNT and states == [] and room.errors() == []


@pytest.mark.parametrize("moved", [[COUNT - 1], [0, COUNT // 2, COUNT - 1]])
def test_each_of_them_is_corrected(moved: list[int], states: list[int]) -> None:
    room = Together(partial(sliders, count=COUNT), 1)
    room.step(60)
    rows = room.server.app.each(Slider)
    for number in moved:
        rows.entities[number].move(0, 2 + number, 0)
    room.step(60)
    assert np.allclose(heights(room.clients[0]), [0] * (COUNT - len(moved)) + [2 + number for number in moved])
    assert states and max(states) == driving.STATES_MAX and len(states) < 60, "and then it is over"
    sent = len(states)
    room.step(60)
    assert len(states) == sent and room.errors() == []
