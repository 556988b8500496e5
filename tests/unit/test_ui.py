"""app.ui without a page: what widgets hold, what is sent, what a person's events do, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.messages.codec import encode_own
from layerw.ui.markdown import blocks
from layerw.ui.tree import WIDGETS_MAX

UI = "layerw-ui"


class Page:
    """What the page would have."""

    def __init__(self, app: lw.App) -> None:
        self.app, self.seen = app, 0

    def patches(self, frames: int = 1) -> list[dict[str, Any]]:
        """Those of the next frames."""
        return [json.loads(value) for value in self.sent(frames)]

    def sent(self, frames: int = 1) -> list[Any]:
        """What else is sent in them, too."""
        self.app.host.step(self.app, frames)
        found = self.app.host.page_sent[self.seen :]
        self.seen += len(found)
        return [value for name, value in found if name == UI]

    def does(self, number: int, event: str, value: object = None) -> None:
        """A person does something with a widget."""
        self.app._engine.page._receive(encode_own("ui", {"id": number, "event": event, "value": value}))

    def errors(self) -> list[str]:
        return list(self.app.report()["errors"])


@pytest.fixture
def app() -> Iterator[lw.App]:
    made = lw.App(host=HeadlessHost())
    yield made
    made.close()


@pytest.fixture
def page(app: lw.App) -> Page:
    return Page(app)


def test_a_frame_sends_what_is_new_and_nothing_else(app: lw.App, page: Page) -> None:
    label = app.ui.text("<b>Score</b> 0", anchor="left top")
    knob = app.ui.slider("speed", 0.0, 10.0, value=1.0)
    label.text = "Score 1"
    (patch,) = page.patches()
    assert patch == {"make": [
        [1, "text", 0, {"anchor": "top left", "text": "Score 1"}],
        [2, "slider", 0, {"anchor": "top right", "text": "speed", "low": 0, "high": 10, "step": 0.1, "value": 1}]]}
    assert page.patches(3) == []
    label.text, knob.value, knob.visible = "Score 2", 2, False
    label.text = "Score 3"
    assert page.patches() == [{"set": {"1": {"text": "Score 3"}, "2": {"value": 2, "visible": False}}}]
    label.text = "Score 3"
    assert page.patches() == [], "it says that already"
    label.close()
    label.close()
    passing = app.ui.text("never seen")
    passing.close()
    assert page.patches() == [{"drop": [1]}]
    assert app.report()["ui"] == {"widgets": 1, "patches": 3}


def test_what_a_person_does_arrives(app: lw.App, page: Page) -> None:
    calls: list[Any] = []

    @app.ui.button("Start", anchor="center")
    def start() -> None:
        calls.append("start")

    plain = app.ui.button("Stop")
    knob = app.ui.slider("speed", 0.0, 10.0, value=1.0)
    knob.on_change(calls.append)
    seen: list[bool] = []
    app.frame(lambda dt: seen.append(plain.clicked))
    page.patches()
    page.does(1, "click")
    page.does(2, "click")
    page.does(3, "value", 3.5)
    assert page.patches(2) == [], "what a person did is not sent back"
    assert calls == ["start", 3.5] and knob.value == 3.5 and seen == [False, True, False]
    page.does(3, "value", 1e9)
    assert knob.value == 10.0
    plain.enabled = False
    page.does(2, "click")
    assert not plain.clicked
    plain.enabled = True
    plain.click()
    assert plain.clicked
    page.does(99, "click")  # it was closed meanwhile
    assert page.errors() == []
    page.does(3, "value", "much")
    assert len(page.errors()) == 1 and knob.value == 10.0


def test_a_mistake_in_a_callback_is_told_and_ends_nothing(app: lw.App, page: Page) -> None:
    bad = app.ui.button("Bad")
    bad(lambda: 1 / 0)
    bad.click()
    assert page.patches()
    assert "division by zero" in page.errors()[0] and app.frame_number == 1


def test_a_scene_ends_its_widgets(app: lw.App, page: Page) -> None:
    stays = app.ui.text("stays")

    class Menu(lw.Scene):
        def enter(self) -> None:
            self.app.ui.button("Play")

    app.enter(Menu())
    assert len(page.patches()[0]["make"]) == 2
    app.enter(None)
    assert page.patches() == [{"drop": [2]}] and not stays.closed


NAN = float("nan")
BAD: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("text", (3,), {}, "it takes a text"), ("text", (None,), {}, "it takes a text"),
    ("text", ("x" * 70_000,), {}, "70000 characters"), ("text", ("a",), {"anchor": "top lef"}, "'top left'"),
    ("text", ("a",), {"anchor": 3}, "it is one of"), ("text", ("a",), {"style": {"colour": "red"}}, "'color'"),
    ("text", ("a",), {"style": {"position": "fixed"}}, "one of"), ("text", ("a",), {"style": "red"}, "a dict"),
    ("text", ("a",), {"style": {"background": "url(http://x/y.png)"}}, "without url"),
    ("text", ("a",), {"style": {"color": "red;display:none"}}, "plain characters"),
    ("text", ("a",), {"style": {"width": NAN}}, "a number"), ("button", (None,), {}, "it takes a text"),
    ("slider", ("a", 1, 1), {}, "above 1"), ("slider", ("a", "0", 1), {}, "a number"),
    ("slider", ("a", 0, NAN), {}, "a number"), ("slider", ("a", 0, 1), {"value": 2}, "from 0 to 1"),
    ("slider", ("a", 0, 1), {"step": 0}, "above 0"), ("text", ("a",), {"look": "titel"}, "'title'"),
    ("text", ("a",), {"live": 1}, "True or False"),
    ("checkbox", ("a",), {"value": 1}, "True or False"), ("select", ("a", "bc"), {}, "a list of texts"),
    ("select", ("a", []), {}, "at least one text"), ("select", ("a", ["b", "b"]), {}, "none of them twice"),
    ("select", ("a", ["bee", "cow"]), {"value": "be"}, "'bee'"), ("select", ("a", [1]), {}, r"options\[0\] is 1"),
    ("input", ("a",), {"value": "four", "length_max": 3}, "at most 3"), ("input", ("a",), {"length_max": 0}, "from 1"),
    ("input", ("a",), {"secret": None}, "True or False"), ("input", ("a",), {"placeholder": 1}, "a text"),
    ("list", ("a", ["b"]), {"value": 1}, "from 0 to 0"), ("list", ("a", ["b"] * 10_001), {}, "at most 10000"),
    ("bar", ("a",), {"value": 2}, "from 0 to 1"), ("bar", ("a",), {"high": 0}, "above 0"),
    ("image", ("javascript:alert(1)", "a"), {}, "program's folder"), ("image", (3, "a"), {}, "uint8"),
    ("image", (np.zeros((2, 2)), "a"), {}, "uint8"), ("image", (np.zeros((1, 5000, 3), np.uint8), "a"), {}, "4096"),
    ("image", ("a.png", None), {}, "a text"), ("markdown", (3,), {}, "a text"), ("grid", (0,), {}, "from 1"),
    ("grid", (1.5,), {}, "whole number"), ("panel", (3,), {}, "a text"), ("dialog", ("a",), {"visible": 1}, "True"),
    ("at", (3,), {}, "an Entity"), ("row", (), {"anchor": "nowhere"}, "one of"),
    ("column", (), {"style": {"gap": "a;b"}}, "plain characters"),

    ("theme", (), {"accnt": "red"}, "'accent'"),
    ("theme", (), {"accent": "url(x)"}, "without url"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "options", "says"), BAD)
def test_what_it_does_not_take_is_refused(app: lw.App, page: Page, name: str, values: tuple[Any, ...],
                                          options: dict[str, Any], says: str) -> None:  # fmt: skip
    with pytest.raises(lw.LayerwError, match=says) as caught:
        getattr(app.ui, name)(*values, **options)
    assert str(caught.value).endswith((".", "?"))
    assert page.patches() == [], "nothing is left behind"


def test_controls_keep_what_a_person_gives(app: lw.App, page: Page) -> None:
    calls: list[Any] = []
    box, choice = app.ui.checkbox("sound"), app.ui.select("level", ["easy", "hard"])
    name, rows = app.ui.input("name", length_max=5), app.ui.list("saves", (f"save {n}" for n in range(3)))
    for control in (box, choice, name, rows):
        control.on_change(calls.append)
    name.on_enter(lambda value: calls.append(f"enter {value}"))
    page.patches()
    for number, value in ((1, True), (2, "hard"), (3, "日本語<b>x"), (4, 2)):
        page.does(number, "value", value)
    page.does(3, "enter")
    assert page.patches() == []
    assert calls == [True, "hard", "日本語<b", 2, "enter 日本語<b"]
    assert (box.value, choice.value, name.value, rows.value) == (True, "hard", "日本語<b", 2)
    choice.options = ["low", "high"]
    rows.items = ["one"]
    assert choice.value == "low" and rows.value is None, "what is not there is not chosen"
    assert page.patches() == [{"set": {"2": {"options": ["low", "high"]}, "4": {"items": ["one"]}}}]
    for number, value in ((1, 1), (2, "easy"), (4, 1)):  # a page that is out of step, or lies
        page.does(number, "value", value)
    assert len(page.errors()) == 3 and (box.value, choice.value, rows.value) == (True, "low", None)


def test_what_is_made_in_a_block_lies_in_it_and_ends_with_it(app: lw.App, page: Page) -> None:
    with app.ui.panel("Wind") as panel, app.ui.row():
        inner = app.ui.button("Calm")
    outer = app.ui.text("free")
    (patch,) = page.patches()
    assert [(number, kind, parent) for number, kind, parent, _ in patch["make"]] == [
        (1, "panel", 0), (2, "row", 1), (3, "button", 2), (4, "text", 0)]
    inner.focus()
    assert page.patches() == [{"focus": 3}]
    panel.close()
    assert page.patches() == [{"drop": [1]}] and inner.closed and not outer.closed
    with pytest.raises(lw.LayerwError, match="was closed"), panel:
        pass
    with pytest.raises(lw.LayerwError, match="was closed"):
        inner.focus()
    with app.ui.column() as column:
        column.close()
        with pytest.raises(lw.LayerwError, match="block was closed"):
            app.ui.text("nowhere")
    assert app.ui.text("again").anchor == "top left" and page.patches()


def test_a_dialog_is_dismissed_only_where_that_is_heard(app: lw.App, page: Page) -> None:
    calls: list[str] = []
    dialog = app.ui.dialog("Paused")
    page.patches()
    page.does(1, "dismiss")
    assert dialog.visible
    dialog.on_dismiss(lambda: calls.append("on"))
    page.does(1, "dismiss")
    dialog.dismiss()
    assert calls == ["on"] and page.patches() == [{"set": {"1": {"visible": False}}}]


def test_a_place_follows_its_entity(app: lw.App, page: Page) -> None:
    app.camera.position = (0, 0, 10)
    app.camera.look_at((0, 0, 0))
    app.host.step(app, 2)  # the canvas has a size
    parent = app.spawn(lw.Mesh.box(), position=(0, 0, -2))
    box = app.spawn(lw.Mesh.box(), position=(0, 0, 2), parent=parent)
    with app.ui.at(box, offset=(0, 1, 0)) as place:
        app.ui.text("fox")
    (patch,) = page.patches()
    x, y = patch["make"][0][3]["place"]
    expected = 360 - 360 / np.tan(app.camera.projection.fov_y / 2) / 10  # a metre up, ten metres away, of 720 pixels
    assert x == 540 and abs(y - expected) <= 0.25
    assert page.patches(3) == []
    parent.position = (1e-6, 0, -2)
    assert page.patches() == [], "it moved by less than it shows"
    parent.position = (0, 0, 50)
    assert page.patches() == [{"set": {"1": {"place": None}}}], "behind the camera"
    box.despawn()
    assert page.patches() == [{"drop": [1]}] and place.closed
    assert page.errors() == []


def test_pictures_are_addresses_or_pixels(app: lw.App, page: Page) -> None:
    app.ui.image("art/50% off.png", "a sale")
    pixels = np.zeros((2, 3, 3), np.uint8)
    shown = app.ui.image(pixels, "nothing")
    patch, (numbered,) = page.sent()
    assert [values["source"] for _, _, _, values in json.loads(patch)["make"]] == ["art/50%25 off.png", ""]
    assert numbered[0] == 2 and numbered[1].shape == (2, 3, 4) and (numbered[1][..., 3] == 255).all()
    shown.update(np.full((1, 1, 4), 7, np.uint8))
    ((again,),) = page.sent()
    assert again[1].tolist() == [[[7, 7, 7, 7]]]
    with pytest.raises(lw.ShapeError, match="uint8"):
        shown.update(pixels[0])


def test_markdown_makes_no_markup() -> None:
    text = ("# A *b*\nword\nnext `c` **d**\n\n- one <b>\n1. two\n```\n<i>\n# no\n```\n"
            "[ok](a.html) [bad](javascript:x) [bad](//x) a_b_c")
    assert blocks(text) == [
        ["h1", "A ", ["i", "b"]], ["p", "word next ", ["code", "c"], " ", ["b", "d"]], ["li", "one <b>"], ["ol", "two"],
        ["pre", "<i>\n# no"], ["p", ["a", "ok", "a.html"], " [bad](javascript:x) [bad](//x) a_b_c"]]
    assert blocks("```\nopen") == [["pre", "open"]] and blocks("") == []


def test_a_style_is_written_as_a_whole(app: lw.App, page: Page) -> None:
    label = app.ui.text("a", style={"color": "red", "font_size": 20, "opacity": 0.5})
    assert label.style == {"color": "red", "font_size": "20px", "opacity": "0.5"}
    with pytest.raises(lw.KindError, match="write all of it"):
        label.style["color"] = "blue"
    page.patches()
    label.style = {**label.style, "color": "blue"}
    (patch,) = page.patches()
    assert patch["set"]["1"]["style"] == {"color": "blue", "font_size": "20px", "opacity": "0.5"}


def test_what_is_written_later_is_checked_too(app: lw.App) -> None:
    knob, button = app.ui.slider("a", 0, 1), app.ui.button("b")
    for name, value in (("value", 2), ("value", "1"), ("text", 3), ("visible", 1), ("anchor", "no"), ("low", None)):
        with pytest.raises(lw.LayerwError, match=rf"^Slider\.{name} is "):
            setattr(knob, name, value)
    with pytest.raises(lw.AttributeMissing, match="'value'"):
        knob.vlaue = 1
    for function in (3, lambda a: a):
        with pytest.raises(lw.KindError, match="Button's function"):
            button(function)
    button.close()
    with pytest.raises(lw.LayerwError, match="was closed"):
        button.text = "c"


def test_a_change_by_a_test_is_heard_and_an_assignment_is_not(app: lw.App) -> None:
    heard: list[Any] = []
    speed, kind = app.ui.slider("speed", 0, 10), app.ui.select("kind", ["calm", "storm"])
    speed.on_change(heard.append)
    kind.on_change(heard.append)
    speed.value = 3
    speed.change(4)
    kind.change("storm")
    assert heard == [4.0, "storm"] and kind.value == "storm"
    with pytest.raises(lw.LayerwError):
        kind.change("strom")
    kind.enabled = False
    kind.change("calm")
    assert heard == [4.0, "storm"]


def test_there_is_a_most_of_them(app: lw.App, page: Page) -> None:
    for _ in range(WIDGETS_MAX):
        app.ui.text("a")
    with pytest.raises(lw.LayerwError, match=str(WIDGETS_MAX)):
        app.ui.text("one more")
    (patch,) = page.patches()
    assert len(patch["make"]) == WIDGETS_MAX and page.errors() == []


def test_a_program_without_widgets_imports_none() -> None:
    code = ("import sys, layerw as lw; app = lw.App(); app.frame_step(0.0, 1 / 60, 0, 0);"
            "print([m for m in sys.modules if m.startswith('layerw.ui')])")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
