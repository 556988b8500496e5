"""examples/fox, played to its end by its own script, without a page; and what its menus keep."""

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

pytestmark = pytest.mark.skipif(not (rigid.is_built() and navigation.is_built()), reason="built without")
GAME = Path(__file__).resolve().parents[2] / "examples/fox"
OWN = ("animal", "fireflies", "hero", "isle", "play", "sounds", "together", "toys")
FRAMES_MAX = 2500
HASH = "b60f447f3f5a7407"  # of the played game, on every host
Game = tuple[HeadlessHost, dict[str, Any]]
Start = Callable[..., Game]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Start]:
    monkeypatch.setenv("LAYERW_STORE", str(tmp_path))
    monkeypatch.syspath_prepend(str(GAME))
    apps = []

    def begin(**query: str) -> Game:
        host = HeadlessHost(GAME, size=(320, 200), options={"query": query})
        monkeypatch.setattr("layerw.app.default_host", lambda: host)
        names = runpy.run_path(str(GAME / "main.py"))
        apps.append(names["app"])
        return host, names

    yield begin
    for app in apps:
        app.close()
    for name in OWN:
        sys.modules.pop(name, None)


def test_it_is_as_short_as_it_says() -> None:
    """The parts that its docstring counts; the others stand there by name."""
    files = {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in GAME.glob("*.py")}
    said = (GAME / "main.py").read_text(encoding="utf-8").split('"""')[1]
    assert all(name in said for name in files)
    assert sum(lines for name, lines in files.items() if name not in ("animal", "play", "together")) <= 790


def test_escape_holds_it_and_what_is_chosen_is_kept(start: Start) -> None:
    host, names = start()
    app = names["app"]
    host.step(app, 2)
    assert app.buses["sfx"].gain == 0.9
    names["choose"]("sfx", 0.2)
    assert app.buses["sfx"].gain == app.store["sfx"] == 0.2
    names["options"]()
    app.start(names["rebind"](names["jump"], "Jump", app.ui.button("Jump")))
    host.step(app, 2)
    host.key("KeyK")
    host.step(app, 2)
    assert names["jump"].sources[0] == "KeyK"
    host.key("KeyK", False)
    app.enter(names["Menu"]())
    host.step(app, 2)
    before = app.report()["entities"]
    app.enter(names["Level"](0))
    host.step(app, 40)
    level = app.scene
    host.key("Escape")
    host.step(app, 2)
    assert app.paused and level.menu.visible and not app.pointer_lock
    level.menu.dismiss()
    host.step(app, 2)
    assert not app.paused and not level.menu.visible and app.pointer_lock and app.scene is level
    assert level.fox.body.on_ground
    assert level.fireflies.taken(level.fireflies.place[3]) == 1
    level.pen.crate.position += (1.0, 0.0, 0.5)
    level.fox.body.teleport(level.boat.seat)
    host.step(app, 1)
    level.fox.use(level.boat)
    level.boat.hull.position += (-3.0, 0.0, -3.0)
    host.step(app, 60)
    there = [thing.position.copy() for thing in (level.pen.crate, level.boat.hull, level.rabbits.group)]
    time_s, left = level.time_s, level.fireflies.left.copy()
    level.give_up()
    host.step(app, 5)
    assert app.report()["errors"] == [] and app.report()["entities"] == before and "Noon" in app.saves
    assert app.scene.onward.text.endswith("go on")
    app.scene.onward.click()
    host.step(app, 1)
    level = app.scene
    assert 0 < level.time_s - time_s < 0.1 and np.array_equal(level.fireflies.left, left) and not left[3]
    assert level.fox.boat is level.boat
    for thing, place in zip((level.pen.crate, level.boat.hull, level.rabbits.group), there, strict=True):
        assert np.abs(thing.position - place).max() < 0.3
    assert [one.visible for one in level.fireflies.group] == list(left)
    level.begin(names["Level"](0))
    host.step(app, 5)
    assert app.scene.fireflies.left.all() and "Noon" not in app.saves
    assert app.report()["errors"] == [] and not any("restored without" in text for _, text in host.logs)


def test_the_fox_swims_and_the_crate_opens_the_gate(start: Start) -> None:
    host, names = start()
    app = names["app"]
    app.enter(names["Level"](0))
    host.step(app, 3)
    fox, pen, boat = app.scene.fox, app.scene.pen, app.scene.boat
    fox.body.teleport(np.add(boat.home, (8.0, 0.5, -8.0)))
    host.step(app, 90)
    assert fox.swims and abs(fox.place[1] + 0.45) < 0.1
    assert abs(boat.seat[1]) < 0.5  # it floats
    assert not pen.open
    pen.crate.position = np.add(pen.plate.position, (0.2, 0.7, 0.1))
    host.step(app, 150)
    assert pen.pressed and pen.open
    pen.crate.position += (3.0, 0.0, 0.0)
    host.step(app, 150)
    assert not pen.open and app.report()["errors"] == []


def test_it_is_played_to_its_end(start: Start) -> None:
    host, names = start(play="4", fireflies="1")
    app, seen = names["app"], set()
    for _ in range(FRAMES_MAX):
        host.step(app)
        seen.add((type(app.scene).__name__, getattr(app.scene, "number", None)))
        if isinstance(app.scene, names["End"]) and app.scene.number == 2:
            break
    assert app.report()["errors"] == []
    assert seen == {("Menu", None), *((kind, number) for kind in ("Level", "End") for number in range(3))}
    assert app.report(state_hash=True)["states"]["game"] == HASH
    assert app.store["reached"] == 2 and all(app.store[f"best {day.name}"] > 5 for day in names["DAYS"])
