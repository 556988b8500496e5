"""examples/fox for several players, in one process: the server's isle, and two sides that play on it."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layerw.hosts.headless import HeadlessHost
from layerw.kernels import navigation, rigid
from layerw.net.transport import Transport, pair
from tests.server.live import own_components
from tests.unit.test_fox import GAME, OWN

pytestmark = pytest.mark.skipif(not (rigid.is_built() and navigation.is_built()), reason="built without")
Sides = dict[str, tuple[HeadlessHost, dict[str, Any]]]


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sides]:
    """"server", "one" and "two", which are in the menu."""
    monkeypatch.setenv("LAYERW_STORE", str(tmp_path))
    monkeypatch.syspath_prepend(str(GAME))
    found: Sides = {}

    def line(url: str | None = None) -> Transport:
        host, names = found["server"]
        ends = pair(lambda: host.frame / 60)
        names["app"].net._accept(ends[1])
        return ends[0]

    with own_components():
        for name in ("server", "one", "two"):
            host = HeadlessHost(GAME, size=(320, 200), options={"server": name == "server"})
            host.connector = line  # type: ignore[attr-defined]
            monkeypatch.setattr("layerw.app.default_host", lambda host=host: host)
            found[name] = host, runpy.run_path(str(GAME / "main.py"))
        yield found
        for _, names in found.values():
            names["app"].close()
    for name in OWN:
        sys.modules.pop(name, None)


def step(sides: Sides, until: Callable[[], bool], frames: int = 300) -> None:
    for _ in range(frames):
        for host, names in sides.values():
            host.step(names["app"])
        if until():
            return
    raise AssertionError(f"After {frames} frames it was not so: {[host.errors for host, _ in sides.values()]}")


def test_two_foxes_run_and_share_what_there_is_to_catch(sides: Sides) -> None:
    app, one, two = (names["app"] for _, names in sides.values())
    for name in ("one", "two"):
        _, names = sides[name]
        names["app"].enter(names["Visit"](names["DAYS"], names["show_time"], names["glance"],
                                          lambda names=names: names["app"].enter(names["Menu"]())))  # fmt: skip
    seen = [one.scene.foxes, two.scene.foxes]
    step(sides, lambda: all(len(foxes) == 2 for foxes in seen))
    own = one.net.player.number
    before = seen[1][own].place
    sides["one"][0].key("KeyW")
    step(sides, lambda: bool(np.linalg.norm(seen[1][own].place - before) > 3))
    sides["one"][0].key("KeyW", False)
    step(sides, lambda: seen[1][own].clip == "Idle" and np.allclose(seen[0][own].place, seen[1][own].place, atol=0.01))
    walk = sides["one"][1]["app"].net._prediction
    assert walk.corrections == 0

    flies = app.scene.fireflies
    fly = np.flatnonzero(flies.left)[0]
    flies.home[fly] = np.add(seen[0][own].place, (0, 0.6, 0))
    step(sides, lambda: one.scene.left == two.scene.left == 19)
    assert f"Player {own}: 1" in two.scene.score.text and "You: 1" in one.scene.score.text
    flies.home[:] = np.add(seen[0][own].place, (0, 0.6, 0))
    step(sides, lambda: one.scene.day == two.scene.day == 1)
    assert one.scene.left == 20, "another day has fireflies of its own"

    one.scene.back()
    step(sides, lambda: len(seen[1]) == 1)
    assert len(one.net.players) == 0 and len(app.net.players) == 1 and len(one.each(lw_runner(sides))) == 0
    assert all(host.errors == [] for host, _ in sides.values())


def lw_runner(sides: Sides) -> Any:
    return sides["one"][1]["share"].__globals__["Runner"]
