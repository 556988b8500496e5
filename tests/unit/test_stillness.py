"""When temporal antialiasing may take the mean of all frames: while nothing that is drawn can differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import layerw as lw
from layerw.frame.temporal import SHARE, SPREAD, STILL_FIRST, STILL_LAST
from layerw.hosts.headless import HeadlessHost


def make() -> tuple[lw.App, HeadlessHost, lw.Entity, lw.Material]:
    host = HeadlessHost(".", size=(64, 48), options={"width": 64, "height": 48})
    app = lw.App(host=host)
    look = lw.Material(color="red")
    box = app.spawn(lw.Mesh.box(), look)
    app.view.antialias = "temporal"
    host.step(app, 8)
    return app, host, box, look


def share(app: lw.App) -> tuple[float, float]:
    """Of this frame in the mean; how far the past may be away (0: as it is)."""
    z, w = app._engine._view.block.read("temporal")[2:].tolist()
    return round(z, 6), w


def test_each_frame_counts_as_the_others_while_nothing_moves() -> None:
    app, host, *_ = make()
    first = share(app)
    host.step(app, 1)
    second = share(app)
    assert first[1] == second[1] == 0 and 1 / second[0] == pytest.approx(1 / first[0] + 1, rel=1e-4)
    host.step(app, STILL_LAST)
    assert share(app)[0] == pytest.approx(1 / STILL_LAST, abs=1e-6) and app.report()["errors"] == []


CHANGES: dict[str, Callable[[lw.App, Any, lw.Material], object]] = {
    "camera": lambda app, box, look: setattr(app.camera, "yaw", 0.1),
    "entity": lambda app, box, look: setattr(box, "position", (0.1, 0, 0)),
    "material": lambda app, box, look: setattr(look, "color", "blue"),
    "spawn": lambda app, box, look: app.spawn(lw.Mesh.sphere()),
    "hidden": lambda app, box, look: setattr(box, "visible", False),
    "sun": lambda app, box, look: setattr(app.sun, "elevation", 0.3),
    "lamp": lambda app, box, look: app.light("point", position=(0, 2, 0)),
    "exposure": lambda app, box, look: setattr(app.view, "exposure", 2.0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_begins_anew(name: str) -> None:
    app, host, box, look = make()
    CHANGES[name](app, box, look)
    host.step(app, 1)
    assert share(app) == (round(SHARE, 6), SPREAD), name
    host.step(app, 4)
    z, w = share(app)
    assert w == 0 and 1 / z <= STILL_FIRST + 4.01, "and then counts again"


@pytest.mark.parametrize("look", [lw.Material(wind=0.5)], ids=["wind"])
def test_what_moves_by_itself_is_never_still(look: lw.Material) -> None:
    app, host, *_ = make()
    app.spawn(lw.Mesh.box(), look)
    host.step(app, 6)
    assert share(app) == (round(SHARE, 6), SPREAD)


def test_waves_are_never_still() -> None:
    app, host, *_ = make()
    app.sea.level = -1.0
    host.step(app, 6)
    assert share(app) == (round(SHARE, 6), SPREAD)
