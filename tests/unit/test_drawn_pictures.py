"""app.ui drawn by the engine: what the GPU is told, when, and what is drawn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.gpu import spec
from layerw.gpu.passes import flag
from layerw.hosts.headless import HeadlessHost
from layerw.ui.native import kinds
from layerw.ui.native.boxes import Box
from tests.unit.drawn_ui import Person, begun, quads, seated, where


@pytest.fixture
def app() -> Iterator[lw.App]:
    made = begun()
    yield made
    made.close()


@pytest.fixture
def person(app: lw.App) -> Person:
    return seated(app)


def test_the_gpu_is_told_one_view_and_few_draws(app: lw.App, person: Person) -> None:
    app.ui.text("only words, and nothing in the scene")
    person.frames()
    sink: Any = person.host.sink
    assert [view.flags for view in list(sink.views.values())[1:]] == [flag("ui")], "after all others"
    assert len(app._engine.overlay.records) == 1
    app.ui.image(np.zeros((4, 6, 3), np.uint8), "black")
    app.ui.text("behind it")
    person.frames()
    assert len(app._engine.overlay.records) == 3, "letters, the picture, letters"
    over = app.add_view(lw.Camera(), viewport=(0.5, 0.5, 0.5, 0.5))
    person.frames(2)
    assert [view.flags & flag("ui") for view in sink.views.values()] == [0, 0, flag("ui")]
    over.close()
    assert app.report()["errors"] == [] and "ui" in {one["name"] for one in app.report()["passes"]}


def test_a_picture_from_a_file_is_there_once_it_is_read(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (30, 20), "red").save(tmp_path / "red.png")
    made = lw.App(host=HeadlessHost(tmp_path, options={"ui": "drawn"}, size=(800, 600)))
    picture, lost = made.ui.image("red.png", "red", anchor="left"), made.ui.image("lost.png", "", anchor="left")
    person = Person(made)
    person.host.step(made, 12)
    assert where(person.box(picture))[2:] == (30, 20) and where(person.box(lost))[2:] == (0, 0)
    assert len(made._engine.overlay.records) == 1
    assert [words for _, words in made.host.logs if "lost.png" in words], "which one, is told"
    picture.update(np.zeros((5, 7, 3), np.uint8))
    person.host.step(made, 2)
    assert where(person.box(picture))[2:] == (7, 5)
    late = made.ui.image("red.png?late", "red", anchor="right")
    person.host.step(made)
    late.update(np.zeros((5, 7, 3), np.uint8))
    person.host.step(made, 12)
    assert where(person.box(late))[2:] == (7, 5), "a file that comes later is not what is shown"
    made.close()


def test_what_changes_asks_no_neighbours(app: lw.App, person: Person) -> None:
    def calls(neighbours: int) -> int:
        with app.ui.panel("Many", anchor="top"):
            texts = [app.ui.text(str(number)) for number in range(neighbours)]
        person.frames()
        items = person.drawn.items
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        items.touch(items.by_number[texts[0]._id])
        sys.setprofile(None)
        return counted

    assert calls(100) == calls(2)


def test_what_stands_still_costs_nothing(app: lw.App, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    label = app.ui.text("Score 0")
    with app.ui.panel("P"):
        for n in range(20):
            app.ui.slider(f"knob {n}", 0, 1)
    person.frames()
    painted: list[int] = []
    from layerw.ui.native import screen

    whole = screen.Painter.paint

    def paint(self: Any, box: Box, clip: Any, opacity: float = 1.0) -> None:
        painted.append(box.owner)
        whole(self, box, clip, opacity)

    monkeypatch.setattr(screen.Painter, "paint", paint)
    person.frames(10)
    assert painted == []
    label.text = "Score 1"
    person.frames()
    assert painted == [label._id], "only what changed"


def test_quads_are_pixels_of_the_picture_at_any_ratio(app: lw.App, person: Person) -> None:
    app.ui.button("B", anchor="top left")
    person.frames()
    once = quads(app)
    person.host.send("resize", 1600, 1200, 2.0)
    person.frames(2)
    twice = quads(app)
    surface = [one[one["place"] == spec.UI_BOX][0] for one in (once, twice)]
    assert np.allclose(surface[1]["high"] - surface[1]["low"], 2 * (surface[0]["high"] - surface[0]["low"]), atol=1)
    assert (surface[1]["low"] == np.round(surface[1]["low"])).all(), "edges lie on pixels"
    letter = [one[one["place"] >= 0][0] for one in (once, twice)]
    assert np.allclose(letter[1]["high"] - letter[1]["low"], 2 * (letter[0]["high"] - letter[0]["low"]), rtol=1e-3)


def test_a_lost_device_gets_it_again(app: lw.App, person: Person) -> None:
    app.ui.text("words")
    app.ui.image(np.zeros((4, 6, 3), np.uint8), "black")
    person.frames()
    person.host.lose_device()
    person.frames(3)
    assert len(app._engine.overlay.records) == 2
    app._engine.store.check_invariants()
    app.close()
    person.host.step(app, 2)
    assert len(app._engine.overlay.records) == 0


def test_the_page_and_the_drawn_one_have_the_same_tree(app: lw.App) -> None:
    def used(made: lw.App) -> str:
        with made.ui.panel("P"):
            knob = made.ui.slider("n", 0, 1)
            made.ui.markdown("# a\n- b **c**")
        box = made.spawn(lw.Mesh.box())
        with made.ui.at(box):
            made.ui.bar("health", value=0.5)
        made.host.step(made, 2)
        knob.change(0.25)
        made.host.step(made, 2)
        found = made._engine.report(state_hash=True)
        return json.dumps([found["state_hash"], found["ui"], knob.value, found["entities"]])

    other = lw.App(host=HeadlessHost(size=(800, 600)))
    assert used(app) == used(other)
    other.close()


def test_knobs_are_drawn(app: lw.App, person: Person) -> None:
    values: list[float] = []

    @app.frame
    def look(dt: float) -> None:
        ui = app.debug.ui
        values.append(ui.slider("speed", values[-1] if values else 1.0, 0.0, 10.0))
        ui.plot("frame", len(values))

    person.frames(3)
    blocks = quads(app)
    assert (blocks["place"] == spec.UI_BOX).sum() >= 3
    person.key("Tab", "End")
    person.frames()
    assert values[-1] == 10.0
    assert not [words for _, words in person.host.logs if "font" in words], "the plot's columns are boxes"


def test_one_that_fails_is_told_and_the_others_are_shown(
        app: lw.App, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def fails(*_: object) -> None:
        raise ValueError("planted")

    monkeypatch.setitem(kinds._KINDS, "bar", fails)
    app.ui.bar("breaks")
    button = app.ui.button("works", anchor="top left")
    clicks: list[int] = []
    button(lambda: clicks.append(1))
    person.host.step(app, 3)
    (error,) = [text for text in app.report()["errors"] if "planted" in text][:1]
    assert "The widget bar" in error and (quads(app)["place"] >= 0).sum() >= len("works")
    person.press(*person.middle(button))
    person.press(*person.middle(button), down=False)
    person.host.step(app)
    assert clicks == [1]


def test_letters_that_the_font_has_not_are_told_once(app: lw.App, person: Person) -> None:
    label = app.ui.text("\u6f22")
    person.frames()
    label.text = "\u6f22 again"
    person.frames()
    assert len([words for _, words in person.host.logs if "U+6F22" in words]) == 1


def test_a_program_in_a_page_imports_nothing_of_it() -> None:
    code = ("import sys, layerw as lw\nfrom layerw.hosts.headless import HeadlessHost\n"
            "app = lw.App(host=HeadlessHost()); app.ui.text('x'); app.host.step(app, 2)\n"
            "print([name for name in sys.modules if 'ui.native' in name])")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
