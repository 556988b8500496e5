"""examples/visitors.py, the island for several, in one process: a server and two sides over flat ground."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.host_port import Running
from tests.server.live import own_components
from tests.unit.net_scene import Side, Together

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GROUND_M, START = 10.0, (0.0, 40.0, 0.0)


def flat() -> Any:
    """An island as far as visitors ask."""
    def raycast(origin: Any, direction: Any, *, max_distance: float) -> Any:
        origin, direction = np.asarray(origin), np.asarray(direction)
        far = (GROUND_M - origin[1]) / direction[1] if direction[1] < 0 else np.inf
        return SimpleNamespace(point=origin + far * direction) if far < max_distance else None

    return SimpleNamespace(state="ready", view_from=START, height=lambda x, z: GROUND_M, raycast=raycast)


@pytest.fixture
def visitors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    sys.modules.pop("visitors", None)  # of a test that ran the island: its components are others
    with own_components():
        yield importlib.import_module("visitors")
    sys.modules.pop("visitors", None)


@pytest.fixture
def room(visitors: Any) -> Together:
    """Two who pressed T."""
    def program(app: lw.App) -> None:
        fly = lw.FlyCamera(app, speed=60, floor=1.5)
        app.camera.position = START
        others = visitors.Visitors(app, flat(), fly)

        @app.frame
        def update(dt: float) -> None:
            Running.app = app  # which labels go by
            fly.update(dt)
            others.update(dt)

    room = Together(program, 0)
    for _ in range(2):
        side = Side(program)
        side.host.connector = room.line  # type: ignore[attr-defined]
        room.clients.append(side)
    return room


def step(room: Together, until: Callable[[], Any], frames: int = 300) -> None:
    for _ in range(frames):
        room.step(1)
        if until():
            return
    raise AssertionError(f"After {frames} frames it was not so: {room.errors()}")


def tap(room: Together, side: Side, key: str) -> None:
    side.host.key(key)
    room.step(2)
    side.host.key(key, False)
    room.step(1)


def test_two_fly_over_one_island_and_light_beacons(room: Together, visitors: Any) -> None:
    one, two = room.clients
    room.step(10)
    assert one.app.net.state == two.app.net.state == "alone", "nobody is asked for before T"
    for side in (one, two):
        tap(room, side, "KeyT")

    def kites(side: Side) -> dict[int, Any]:
        return {int(kite[visitors.Visitor].owner): kite for kite in side.app.each(visitors.Visitor).entities}

    step(room, lambda: all(len(kites(side)) == 2 for side in (one, two)))
    me = one.app.net.player.number
    one.host.key("KeyW")
    step(room, lambda: kites(two)[me].position[2] < -20)
    one.host.key("KeyW", False)
    step(room, lambda: np.allclose(kites(two)[me].position, one.app.camera.position, atol=0.05))
    assert not kites(one)[me].visible and kites(two)[me].visible
    assert one.app.net._prediction.corrections == 0

    one.app.camera.position = (0, 40, -5000)  # as nobody can fly
    room.step(60)
    assert -20 - 1.2 * visitors.SPEED_MAX < kites(two)[me].position[2] < -200
    one.app.camera.position = (0, -500, -300)
    step(room, lambda: abs(kites(two)[me].position[2] + 300) < 0.1)
    assert kites(two)[me].position[1] == pytest.approx(GROUND_M + 1, abs=0.02), "the server's ground counts"

    def beacons(side: Side) -> list[Any]:
        return side.app.each(visitors.Beacon).entities

    one.app.camera.position = (0, 60, -300)
    one.app.camera.look_at((0, 0, -400))
    step(room, lambda: kites(two)[me].position[1] > 50)
    tap(room, one, "KeyB")
    step(room, lambda: len(beacons(one)) == len(beacons(two)) == 1)
    assert beacons(two)[0].position[1] == pytest.approx(GROUND_M + 6, abs=0.02)
    room.step(60)
    one.app.camera.position = (30_000, 60, 0)  # the kite is far from there still
    tap(room, one, "KeyB")
    room.step(60)
    assert len(beacons(two)) == 1, "the server asks where the player is"

    tap(room, one, "KeyT")
    step(room, lambda: list(kites(two)) == [two.app.net.player.number] and not kites(one))
    assert room.errors() == []
