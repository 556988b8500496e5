"""examples/balance.py as an environment that is trained in: episodes, equal seeds, many worlds, and a controller."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def balance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    sys.modules.pop("balance", None)
    import balance  # type: ignore[import-not-found]

    yield balance
    sys.modules.pop("balance", None)


def test_a_controller_holds_the_ball_and_equal_seeds_are_equal_worlds(balance: Any) -> None:
    worlds = balance.Training(), balance.Training()
    seen = [world.reset(seed=5)[0] for world in worlds]
    first = seen[0]
    assert first.shape == balance.Training.observation_shape and first.dtype == np.float32
    for frame in range(1, balance.FRAMES_MAX + 1):
        answers = [world.step(balance.controller(here)) for world, here in zip(worlds, seen, strict=True)]
        seen = [answer[0] for answer in answers]
        assert np.array_equal(*seen)
        _, reward, fallen, over, info = answers[0]
        assert 0 < reward <= 1 and not fallen and over == (frame == balance.FRAMES_MAX) and info == {}
    assert np.hypot(*seen[0][:2]) < 0.2 * np.hypot(*first[:2])
    for world in worlds:
        world.close()


def test_an_episode_ends_where_the_ball_falls_and_the_next_one_begins_anew(balance: Any) -> None:
    world = balance.Training()
    first, _ = world.reset(seed=1)
    for _ in range(balance.FRAMES_MAX):
        seen, reward, fallen, _, _ = world.step((0.0, 1.0))
        if fallen:
            break
    assert fallen and reward == 0.0 and seen[0] < -2
    again, _ = world.reset(seed=1)
    assert np.array_equal(again, first) and np.array_equal(world.step((0.0, 0.0))[0][2:], (0, 0, 0, 0))
    assert world.app.report()["errors"] == []
