"""examples/platformer.py, climbed to its bell by a script with keys, without a page."""

from __future__ import annotations

import math
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.hosts.headless import HeadlessHost

PROGRAM = Path(__file__).resolve().parents[2] / "examples/platformer.py"
MOVES = {"KeyW": (0, 1), "KeyS": (0, -1), "KeyD": (1, 0), "KeyA": (-1, 0)}


@pytest.fixture
def game(monkeypatch: pytest.MonkeyPatch) -> tuple[HeadlessHost, dict[str, Any]]:
    host = HeadlessHost(PROGRAM.parent, size=(320, 200))
    monkeypatch.setattr("layerw.app.default_host", lambda: host)
    return host, runpy.run_path(str(PROGRAM))


def hold(host: HeadlessHost, names: dict[str, Any], target: np.ndarray, jump: bool) -> None:
    """The keys that lead towards a place."""
    way = target - names["hero_shape"].position
    look = names["State"].look
    c, s = math.cos(look), math.sin(look)
    local = np.array((s * way[0] - c * way[2], -c * way[0] - s * way[2]))
    for code, (x, y) in MOVES.items():
        along = local @ (x, y)
        host.key(code, bool(along > 0.12 and along > 0.3 * np.abs(local).max()))
    host.key("Space", jump)


def climb(host: HeadlessHost, names: dict[str, Any], target: np.ndarray, frames: int = 400) -> bool:
    """Runs and jumps to a place; whether it stands there."""
    hero, shape, app = names["hero"], names["hero_shape"], names["app"]
    for _ in range(frames):
        way = target - (shape.position - np.array((0, 0.75, 0)))
        flat = math.hypot(way[0], way[2])
        if flat < 0.35 and abs(way[1]) < 0.3 and hero.on_ground:
            hold(host, names, shape.position, False)
            return True
        hold(host, names, target, way[1] > 0.3 and hero.on_ground and flat < 2.6)
        host.step(app)
    return False


def test_it_is_climbed_to_the_bell(game: tuple[HeadlessHost, dict[str, Any]]) -> None:
    host, names = game
    app, state = names["app"], names["State"]
    for _ in range(10):
        host.step(app)
    for number in range(1, 16):
        turn = math.pi / 2 - number * 0.42
        target = np.array((6.2 * math.cos(turn), number * 0.62, 6.2 * math.sin(turn)))
        assert climb(host, names, target), (number, names["hero_shape"].position, state.flag)
    assert state.flag == len(names["flags"]) - 1
    lift, roof = names["lift"], names["roof"]
    for _ in range(600):  # waits for the lift, rides it up
        if abs(lift.position[1] + 0.2 - names["top"][1]) < 0.12:
            break
        host.step(app)
    assert climb(host, names, np.array((lift.position[0], names["top"][1], lift.position[2])), 60)
    for _ in range(400):
        hold(host, names, lift.position, False)
        host.step(app)
        if lift.position[1] > roof[1] - 0.35:
            break
    assert names["hero"].ground == lift
    for _ in range(400):
        hold(host, names, names["bell"].position, False)
        host.step(app)
        if state.won:
            break
    assert state.won, (names["hero_shape"].position, roof)
    assert app.report()["errors"] == []


def test_who_falls_is_set_back(game: tuple[HeadlessHost, dict[str, Any]]) -> None:
    host, names = game
    app, hero = names["app"], names["hero_shape"]
    host.step(app)
    names["hero"].teleport((30, 2, 30))
    for _ in range(120):
        host.step(app)
    assert np.linalg.norm(hero.position - np.array(names["flags"][0])) < 2.0
