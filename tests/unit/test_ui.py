"""app.ui without a page: what widgets hold, what is sent, what a person's events do, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.messages.codec import encode_own
from layerw.ui.tree import WIDGETS_MAX

UI = "layerw-ui"


class Page:
    """What the page would have."""

    def __init__(self, app: lw.App) -> None:
        self.app, self.seen = app, 0

    def patches(self, frames: int = 1) -> list[dict[str, Any]]:
        """Those of the next frames."""
        self.app.host.step(self.app, frames)
        sent = self.app.host.page_sent[self.seen :]
        self.seen += len(sent)
        return [json.loads(value) for name, value in sent if name == UI]

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
    ("slider", ("a", 0, 1), {"step": 0}, "above 0"), ("theme", (), {"accnt": "red"}, "'accent'"),
    ("theme", (), {"accent": "url(x)"}, "without url"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "options", "says"), BAD)
def test_what_it_does_not_take_is_refused(app: lw.App, page: Page, name: str, values: tuple[Any, ...],
                                          options: dict[str, Any], says: str) -> None:  # fmt: skip
    with pytest.raises(lw.LayerwError, match=says.replace("(", r"\(")) as caught:
        getattr(app.ui, name)(*values, **options)
    assert str(caught.value).endswith((".", "?"))
    assert page.patches() == [], "nothing is left behind"


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
