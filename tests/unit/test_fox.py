"""examples/fox, played to its end by a script with keys and clicks, without a page."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost

GAME = Path(__file__).resolve().parents[2] / "examples/fox"
OWN = ("animal", "fireflies", "hero", "isle", "sounds")
STEPS_MAX = 5000  # of a level
LEFT = 2  # fireflies, the nearest, so that the test is quick
MOVES = {"KeyW": (0, 1), "KeyS": (0, -1), "KeyD": (1, 0), "KeyA": (-1, 0)}


class Player:
    """Holds the keys that lead to the nearest firefly."""

    def __init__(self, host: HeadlessHost, app: lw.App) -> None:
        self.host, self.app, self.held = host, app, set[str]()
        self.before, self.since, self.is_stuck = np.zeros(3), 0, False

    def hold(self, wanted: set[str]) -> None:
        for code in wanted ^ self.held:
            self.host.key(code, code in wanted)
        self.held = wanted

    def step(self, level: Any) -> None:
        fox, flies = level.fox.place, level.fireflies
        far = np.linalg.norm((flies.place - fox)[:, [0, 2]], axis=1)
        way = flies.place[np.argmin(np.where(flies.left, far, np.inf))] - fox
        here = np.array([level.chase.turned(move) @ way[[0, 2]] for move in MOVES.values()])
        if self.app.frame_number - self.since > 90:
            self.is_stuck = bool(np.linalg.norm(fox - self.before) < 3.0) and not self.is_stuck
            self.before, self.since = fox.copy(), self.app.frame_number
        if self.is_stuck:  # round what it stands before
            here = here[[2, 3, 1, 0]]
        wanted = {code for code, along in zip(MOVES, here, strict=True) if along > 0.35 * np.abs(here).max()}
        if way[1] > 1.4 and np.hypot(way[0], way[2]) < 1.6 and self.app.frame_number % 20 < 10:
            wanted.add("Space")
        self.hold(wanted)
        self.host.step(self.app)


@pytest.fixture
def game(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[HeadlessHost, dict[str, Any]]]:
    host = HeadlessHost(GAME, size=(320, 200))
    monkeypatch.setattr("layerw.app.default_host", lambda: host)
    monkeypatch.syspath_prepend(str(GAME))
    yield host, runpy.run_path(str(GAME / "main.py"))
    for name in OWN:
        sys.modules.pop(name, None)


def test_escape_holds_it_and_what_is_chosen_is_kept(game: tuple[HeadlessHost, dict[str, Any]]) -> None:
    host, names = game
    app = names["app"]
    host.step(app, 2)
    assert app.buses["sfx"].gain == 0.9
    names["set_loudness"]("sfx", 0.2)
    assert app.buses["sfx"].gain == app.store["sfx"] == 0.2
    before = app.report()["entities"]
    names["go"](names["Level"](0))
    host.step(app, 2)
    level = app.scene
    host.key("Escape")
    host.step(app, 2)
    assert app.paused and level.menu.visible and not app.pointer_lock
    level.menu.dismiss()
    host.step(app, 2)
    assert not app.paused and not level.menu.visible and app.pointer_lock and app.scene is level
    names["go"](names["Menu"]())
    host.step(app, 5)
    assert app.report()["errors"] == [] and app.report()["entities"] == before
    app.close()


def test_it_is_played_to_its_end(game: tuple[HeadlessHost, dict[str, Any]]) -> None:
    host, names = game
    app = names["app"]
    host.step(app, 10)
    names["go"](names["Level"](0))
    for number, day in enumerate(names["DAYS"]):
        host.step(app, 5)
        level = app.scene
        assert isinstance(level, names["Level"]) and level.number == number
        far = np.linalg.norm(level.fireflies.place - level.fox.place, axis=1)
        level.fireflies.left[np.argsort(far)[LEFT:]] = False
        level.caught = day.fireflies - LEFT
        player, steps = Player(host, app), 0
        while app.scene is level and steps < STEPS_MAX:
            player.step(level)
            steps += 1
        player.hold(set())
        assert app.scene is not level, f"{day.name}: {level.caught} of {day.fireflies} in {steps} steps"
        assert app.store.get(f"best {day.name}") == pytest.approx(level.time_s)
        entities = app.report()["entities"]
        names["go"](names["Menu"]() if number == 2 else names["Level"](number + 1))
    host.step(app, 5)
    assert isinstance(app.scene, names["Menu"]) and app.store["reached"] == 2
    assert app.report()["errors"] == [] and entities < 1000
    app.close()
