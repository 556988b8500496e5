"""app.ui drawn by the engine: where boxes lie, what a person's pointer, keys and pad do, and what the GPU is told."""

from __future__ import annotations

import json
import random
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
from layerw.ui.containers import Container
from layerw.ui.native import css, editing, kinds, text
from layerw.ui.native.boxes import COLUMN, GRID, ROW, TEXT, Box, Look
from layerw.ui.native.css import Length
from layerw.ui.native.layout import measure, place
from layerw.ui.native.screen import Drawn

EXAMPLE = Path(__file__).parents[2] / "examples" / "ui.py"


class Person:
    """Who looks at the screen and uses it."""

    def __init__(self, app: lw.App) -> None:
        self.app, self.host = app, app.host

    @property
    def drawn(self) -> Drawn:
        found: Any = self.app._engine.subsystems.find("ui")
        assert found is not None
        made: Drawn = found._drawn
        return made

    def frames(self, count: int = 1) -> None:
        self.host.step(self.app, count)
        assert self.app.report()["errors"] == []

    def box(self, widget: Any, part: str = "") -> Box:
        """Where a widget is, or a part of it."""
        whole = self.drawn.box(self.drawn.items.by_number[widget._id])
        return next(box for box in whole.all() if box.part == part) if part else whole

    def middle(self, widget: Any, part: str = "") -> tuple[float, float]:
        box = self.box(widget, part)
        return box.x + box.w / 2, box.y + box.h / 2

    def press(self, x: float, y: float, down: bool = True) -> None:
        self.host.send("pointer_button", 0, int(down), x, y)

    def click(self, widget: Any, part: str = "") -> None:
        x, y = self.middle(widget, part)
        self.click_at(x, y)

    def click_at(self, x: float, y: float) -> None:
        self.host.send("pointer_move", x, y, 0.0, 0.0)
        self.press(x, y)
        self.press(x, y, down=False)
        self.frames()

    def key(self, *codes: str) -> None:
        """Presses keys, those before a "+" held."""
        for code in codes:
            *held, last = code.split("+")
            for one in (*held, last):
                self.host.key(one)
            for one in (last, *held):
                self.host.key(one, down=False)
        self.frames()

    def type(self, words: str) -> None:
        self.host.send("typed", words)
        self.frames()

    @property
    def focused(self) -> int:
        return self.drawn.state.focused


@pytest.fixture
def app() -> Iterator[lw.App]:
    made = lw.App(host=HeadlessHost(options={"ui": "drawn"}, size=(800, 600)))
    yield made
    made.close()


@pytest.fixture
def person(app: lw.App) -> Person:
    found = Person(app)
    found.frames(2)  # the second one knows the canvas
    return found


def quads(app: lw.App) -> Any:
    """What is drawn, all of it."""
    drawn: Any = Person(app).drawn
    return np.concatenate([part.quads for root in drawn._shown for part in root.parts or ()])


# -- layout -----------------------------------------------------------------------------------------


def words(said: str, **look: Any) -> Box:
    return Box(TEXT, Look(**({"size": 10.0} | look)), text=said)


def block(width: float, height: float, **look: Any) -> Box:
    return Box(COLUMN, Look(width=Length(width), height=Length(height), **look))


def where(box: Box) -> tuple[float, ...]:
    return box.x, box.y, box.w, box.h


def test_a_column_stretches_and_a_row_stands_in_the_middle() -> None:
    one, two = block(30, 10), Box(COLUMN, Look(height=Length(20)))
    column = Box(COLUMN, Look(gap=5, padding=(1, 2, 3, 4), line_px=1), [one, two])
    assert measure(column, 500) == (30 + 6 + 2, 10 + 20 + 5 + 4 + 2)
    place(column, 100, 100, 50, 41)
    assert where(one) == (105, 102, 30, 10) and where(two) == (105, 117, 42, 20), "what has no width is stretched"
    row = Box(ROW, Look(gap=4, align="center"), [block(10, 10), block(10, 30)])
    place(row, 0, 0, *measure(row, 500))
    assert [where(child) for child in row.children] == [(0, 10, 10, 10), (14, 0, 10, 30)]


def test_rows_break_grow_and_end() -> None:
    row = Box(ROW, Look(gap=4), [block(40, 10), block(40, 10), block(40, 10)])
    assert measure(row, 100) == (84, 24)
    place(row, 0, 0, 100, 24)
    assert [where(child)[:2] for child in row.children] == [(0, 0), (44, 0), (0, 14)]
    ended = Box(ROW, Look(justify="end"), [block(10, 10)])
    place(ended, 0, 0, 100, 10)
    assert ended.children[0].x == 90
    grown = Box(ROW, Look(breaks=False, gap=10), [words("many words that need two lines", grow=1.0), block(50, 5)])
    place(grown, 0, 0, 160, measure(grown, 160)[1])
    name, fixed = grown.children
    assert (name.w, fixed.x) == (100, 110) and len(name.lines) == 2, "what grows has what the others leave"


def test_a_grid_has_columns_of_equal_width() -> None:
    grid = Box(GRID, Look(columns=2, gap=6), [block(10, 10), block(40, 20), block(20, 5)])
    assert measure(grid, 500) == (86, 31)
    assert measure(grid, 50) == (50, 31), "no wider than there is room"
    place(grid, 0, 0, 86, 31)
    assert [where(child)[:2] for child in grid.children] == [(0, 0), (46, 0), (0, 26)]


def test_limits_and_shares() -> None:
    box = Box(COLUMN, Look(width=Length(0, 0.5), width_max=Length(80), height_min=Length(33)), [block(10, 10)])
    assert measure(box, 100) == (50, 33) and measure(box, 400) == (80, 33)


def test_lines_break_at_blanks_and_in_words_that_are_too_long() -> None:
    def lines(said: str, width: float) -> list[str]:
        return [said[first:last] for first, last, _ in text.broken(said, width)]

    assert lines("one two", 100) == ["one two"] and lines("one\n\ntwo", 100) == ["one", "", "two"]
    assert lines("one two three", text.ends("one two")[-1]) == ["one two", "three"]
    assert "".join(lines("incomprehensibilities", 3)) == "incomprehensibilities"
    assert all(width <= 3.001 for _, _, width in text.broken("incomprehensibilities are long", 3))
    assert lines("", 5) == [""] and lines("W", 0.1) == ["W"], "one letter always fits"


@pytest.mark.parametrize(("said", "found"), [
    ("12px", Length(12)), ("2em", Length(28)), ("50%", Length(0, 0.5)), ("3", Length(3)), ("auto", None),
    ("calc(1px)", None), (".5em", Length(7)), ("1.2.3px", None), ("9" * 150, Length(1e7)),
    (f"-{'9' * 150}px", Length(-1e7))])  # fmt: skip
def test_lengths(said: str, found: Length | None) -> None:
    assert css.length(said, 14.0, 14.0) == found


@pytest.mark.parametrize(("said", "found"), [
    ("tomato", (255, 99, 71, 255)), ("#12345680", (0x12, 0x34, 0x56, 0x80)), ("rgb(1 2 3 / .5)", (1, 2, 3, 128)),
    ("rgba(1, 2, 3, 50%)", (1, 2, 3, 128)), ("transparent", (0, 0, 0, 0)), ("hsl(1 2 3)", None),
    ("rgb(1.2.3, 4, 5)", None), ("rgb(1, 2, 3, 1..2)", None), (f"rgb({'9' * 150} 0 0)", (255, 0, 0, 255))])  # fmt: skip
def test_colours(said: str, found: tuple[int, ...] | None) -> None:
    assert css.color(said) == found


def test_styles_are_read() -> None:
    look = Look()
    look.restyle({"font_size": "2em", "padding": "1em 3px", "border": "2px solid rgb(9 8 7)", "width": "50%",
                  "opacity": "0.5", "line_height": "35px", "justify_content": "flex-end", "flex": "1 1 auto",
                  "max_width": "10px", "color": "no colour"}, 14.0)  # fmt: skip
    assert (look.size, look.padding, look.line_px, look.line) == (28.0, (28.0, 3.0, 28.0, 3.0), 2.0, (9, 8, 7, 255))
    assert (look.width, look.width_max, look.opacity, look.leading) == (Length(0, 0.5), Length(10), 0.5, 1.25)
    assert (look.justify, look.grow, look.color) == ("end", 1.0, Look().color)


# -- typing -----------------------------------------------------------------------------------------


def edit(line: editing.Line, *codes: str) -> editing.Line:
    for code in codes:
        *held, last = code.split("+")
        line = editing.edited(line, last, shift="Shift" in held, control="Control" in held)
    return line


def test_a_line_is_edited_as_in_a_page() -> None:
    line = editing.Line("one two three", 13, 13)
    assert edit(line, "Backspace") == ("one two thre", 12, 12)
    assert edit(line, "Control+Backspace") == ("one two ", 8, 8)
    assert edit(line, "Home", "Delete") == ("ne two three", 0, 0)
    assert edit(line, "Home", "Control+ArrowRight", "Control+Delete") == ("one three", 4, 4)
    picked = edit(line, "Control+Shift+ArrowLeft")
    assert picked.picked == "three" and edit(picked, "Delete") == ("one two ", 8, 8)
    assert edit(picked, "ArrowLeft") == ("one two three", 8, 8) and edit(picked, "ArrowRight").to == 13
    assert editing.inserted(edit(line, "Control+KeyA"), "new\tline\n") == ("newline", 7, 7), "no control characters"
    assert editing.cut(editing.Line("abcdef", 6, 0), 3) == ("abc", 3, 0)
    assert edit(line, "Home", "ArrowLeft", "Backspace", "F5") == ("one two three", 0, 0)


# -- a person ---------------------------------------------------------------------------------------


def test_the_example_is_used_as_in_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    """By pointer, keys and pad, to the same callbacks."""
    host = HeadlessHost(options={"ui": "drawn"}, size=(960, 600))
    source = EXAMPLE.read_text("utf-8").replace("lw.App(title=", "lw.App(host=host, title=")
    names: dict[str, Any] = {"host": host, "__name__": "example"}
    exec(compile(source, str(EXAMPLE), "exec"), names)
    app = names["app"]
    person = Person(app)
    person.frames(2)
    track = person.box(names["speed"], "range")
    person.press(track.x + 8, track.y + 5)
    host.send("pointer_move", track.x + track.w + 50, 400.0, 0.0, 0.0)  # a drag goes on beside it
    person.press(track.x + track.w + 50, 400, down=False)
    person.frames()
    assert names["speed"].value == 10.0
    person.click(names["named"])
    assert names["named"].value is False and names["tag"].visible is False
    rows = person.box(names["colors"], "rows")
    person.click_at(rows.x + 20, rows.y + rows.h / 5 * 1.5)
    assert names["colors"].value == 1 and names["skin"].color == "gold"
    person.click(names["shape"], "field")
    popup = person.drawn.hands.popup
    assert popup is not None
    person.click_at(popup.x + 20, popup.y + popup.h * 0.5)
    assert names["shape"].value == "ball" and person.drawn.hands.popup is None
    person.click(names["name"], "field")
    person.type("Ada ")
    person.key("Space")
    assert not app.input.key("Space")
    person.type("B")
    person.key("ArrowLeft", "Backspace")
    assert names["name"].value == "AdaB" and names["tag"].text == "AdaB"
    person.click(names["about"])
    assert names["info"].visible and person.focused == names["understood"]._id, "a dialog takes the keyboard"
    person.click(names["pause"])
    assert not names["menu"].visible, "nothing behind it can be used"
    person.key("Escape")
    assert not names["info"].visible and app.input.pressed("Escape") is False
    person.click(names["pause"])
    assert app.paused and names["menu"].visible
    host.send("gamepad_button", 0, 15, 1.0)  # to the right
    person.frames()
    assert person.focused == names["calm"]._id
    host.send("gamepad_button", 0, 15, 0.0)
    host.send("gamepad_button", 0, 0, 1.0)
    person.frames()
    assert not app.paused and names["speed"].value == 0.2
    app.close()


def test_who_hears_what(app: lw.App, person: Person) -> None:
    knob = app.ui.slider("speed", 0.0, 10.0, value=1.0, anchor="top left")
    button = app.ui.button("Start", anchor="bottom")
    label = app.ui.text("words let the pointer through", anchor="left")
    clicks: list[int] = []
    button(lambda: clicks.append(1))
    heard: list[str] = []

    @app.frame
    def watch(dt: float) -> None:
        heard.extend(key for key in ("KeyW", "ArrowRight", "Tab", "Space") if app.input.pressed(key))
        heard.extend(["press"] * app.input.clicked(0))

    person.frames()
    person.click_at(700, 300)
    person.click(label)
    person.key("KeyW")
    assert heard == ["press", "press", "KeyW"]
    person.key("Tab")
    assert person.focused == knob._id
    person.key("ArrowRight", "Tab")
    assert knob.value == 1.1 and person.focused == button._id
    person.key("Space", "Enter")
    person.key("Tab")
    assert person.focused == 0, "after the last one comes the picture"
    person.key("ShiftLeft+Tab")
    assert person.focused == button._id
    person.key("Escape")
    assert person.focused == 0
    person.click(button)
    assert person.focused == 0, "a click leaves the keyboard where it was"
    person.key("KeyW")
    assert len(clicks) == 3 and heard == ["press", "press", "KeyW", "KeyW"]
    button.enabled = False
    person.frames()
    person.click(button)
    assert len(clicks) == 3 and heard[-1] == "KeyW", "it hears the click, and does nothing"


def test_keys_that_are_held_repeat(app: lw.App, person: Person) -> None:
    knob = app.ui.slider("n", 0, 100, step=1)
    knob.focus()
    person.frames(2)
    person.host.key("ArrowRight")
    person.frames(60)
    assert 8 <= knob.value <= 16
    person.host.key("ArrowRight", down=False)
    person.frames(2)
    held = knob.value
    person.frames(60)
    assert knob.value == held
    person.key("End", "PageDown", "ArrowUp")
    assert knob.value == 91


def test_a_field_has_a_caret_a_selection_and_a_limit(app: lw.App, person: Person) -> None:
    field = app.ui.input("name", value="hello", length_max=8, anchor="left")
    entered: list[str] = []
    field.on_enter(entered.append)
    person.frames()
    box = person.box(field, "field")
    at = box.x + box.look.padding[3] + 1 + text.ends("hel")[-1] * box.look.size
    person.click_at(at, box.y + 5)
    person.type("LL")
    assert field.value == "helLLlo"
    person.key("ControlLeft+KeyA", "ControlLeft+KeyX")
    assert field.value == ""
    person.key("ControlLeft+KeyV", "ControlLeft+KeyV", "Enter")
    assert field.value == "helLLloh" and entered == ["helLLloh"]
    field.value = "x"
    person.frames()
    person.key("Backspace")
    assert field.value == ""
    person.type("W" * 8)
    item = person.drawn.items.by_number[field._id]
    assert item.scroll > 0, "the caret stays in sight"
    person.click_at(700, 500)
    assert person.focused == 0
    person.type("lost")
    assert field.value == "W" * 8
    secret = app.ui.input("secret", value="abc", secret=True)
    person.frames()
    assert person.box(secret, "field").text == "\u2022" * 3


def test_a_long_list_scrolls_and_is_painted_where_it_is_seen(app: lw.App, person: Person) -> None:
    names = [f"row {n}" for n in range(5_000)]
    shown = app.ui.list("many", names, anchor="left")
    person.frames()
    few = len(quads(app))
    assert few < 200
    x, y = person.middle(shown)
    person.host.send("pointer_move", x, y, 0.0, 0.0)
    person.host.send("wheel", 0.0, 30_000.0)
    person.frames()
    assert person.drawn.items.by_number[shown._id].scroll == 30_000 and len(quads(app)) < few + 60
    person.click_at(x, y)
    assert 1000 < shown.value < 1100
    shown.focus()
    person.frames()
    person.key("End")
    assert shown.value == 4_999 and person.drawn.items.by_number[shown._id].scroll > 100_000
    person.key("Home", "ArrowDown")
    assert shown.value == 1 and person.drawn.items.by_number[shown._id].scroll < 100


def test_new_texts_take_the_choice_of_old_ones(app: lw.App, person: Person) -> None:
    size, rows = app.ui.select("Size", ("small", "large")), app.ui.list("Rows", ("a", "b", "c"))
    size.value, rows.value = "large", 2
    person.frames()
    person.click(size, "field")
    assert person.drawn.hands.popup is not None
    size.options, rows.items = ("one", "two", "three"), ("a",)
    person.frames()
    assert person.drawn.hands.popup is None, "those that were open are no more"
    assert (size.value, rows.value) == ("one", None)
    size.focus()
    person.frames()
    person.key("ArrowDown")
    rows.focus()
    person.frames()
    person.key("ArrowDown")
    assert (size.value, rows.value) == ("two", 0)


def test_a_finger_scrolls_taps_and_slides(app: lw.App, person: Person) -> None:
    shown = app.ui.list("many", [str(n) for n in range(100)], anchor="left")
    knob = app.ui.slider("n", 0, 1)
    person.frames()
    x, y = person.middle(shown)
    for phase, at in ((0, y), (1, y - 40), (1, y - 90), (2, y - 90)):
        person.host.send("touch", 7, phase, x, at)
    person.frames()
    assert shown.value is None and person.drawn.items.by_number[shown._id].scroll == 90
    assert not app.input.touches, "it was no business of the program's"
    for phase in (0, 2):
        person.host.send("touch", 8, phase, x, y)
    person.frames()
    assert shown.value is not None
    track = person.box(knob, "range")
    for phase, at in ((0, track.x), (1, track.x + track.w), (2, track.x + track.w)):
        person.host.send("touch", 9, phase, at, track.y + 8)
    person.frames()
    assert knob.value == 1.0
    person.host.send("touch", 10, 0, 790.0, 590.0)
    person.frames()
    assert list(app.input.touches) == [10]


def test_a_dialog_gives_the_keyboard_back(app: lw.App, person: Person) -> None:
    first = app.ui.button("first")
    with app.ui.dialog("Sure?", visible=False) as sure:
        yes = app.ui.button("Yes")
        no = app.ui.button("No")
    first.focus()
    person.frames()
    assert person.focused == first._id
    sure.visible = True
    person.frames()
    assert person.focused == yes._id
    person.key("Tab")
    assert person.focused == no._id
    person.key("Tab")
    assert person.focused == yes._id, "Tab stays in it"
    no.close()
    yes.close()
    person.frames()
    person.key("KeyQ")
    assert not app.input.pressed("KeyQ"), "it keeps the keyboard, whatever lies in it"
    sure.visible = False
    person.frames()
    assert person.focused == first._id
    sure.close()
    first.close()
    person.frames()
    assert person.focused == 0


def test_what_is_closed_while_it_is_used_ends_quietly(app: lw.App, person: Person) -> None:
    pick = app.ui.select("pick", ["a", "b"])
    with app.ui.panel("P", anchor="left") as panel:
        knob = app.ui.slider("n", 0, 1)
        with app.ui.dialog("inner", visible=False) as inner:
            app.ui.text("x")
    person.frames()
    person.click(pick, "field")
    assert person.drawn.hands.popup is not None
    pick.close()
    person.frames()
    assert person.drawn.hands.popup is None
    track = person.box(knob, "range")
    person.press(track.x + 3, track.y + 3)
    person.frames()
    panel.close()
    person.host.send("pointer_move", track.x + 9, track.y, 0.0, 0.0)
    person.press(track.x + 9, track.y, down=False)
    person.frames(2)
    assert inner.closed and person.drawn.items.by_number == {} and person.drawn.items.roots == []


# -- what is drawn ----------------------------------------------------------------------------------


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


WORDS = ("", "a", "long " * 40, "x" * 300, "\u05e9\u05dc\u05d5\u05dd (1)", "two\nlines\n\n", "a\tb\r\n")
STYLES: tuple[dict[str, Any], ...] = (
    {"width": 0}, {"height": "50%"}, {"font_size": 0}, {"padding": "400px"}, {"margin": "-3em"}, {"opacity": 0},
    {"flex": 1, "align_self": "center"}, {"min_height": 1e4}, {"line_height": 0}, {"white_space": "nowrap"},
    {"gap": 900}, {"justify_content": "space-between", "width": "100%"}, {"letter_spacing": -20})  # fmt: skip


def make(app: lw.App, dice: random.Random, depth: int = 0) -> list[Any]:
    """Some widget with what lies in it."""
    ui, said, style = app.ui, dice.choice(WORDS), dice.choice((None, *STYLES))
    look: dict[str, Any] = {"anchor": dice.choice(("top", "left", "center", "bottom right")), "style": style}
    pixels = np.zeros((dice.randint(1, 40), dice.randint(1, 900), 3), np.uint8)
    made = dice.choice((
        lambda: ui.text(said, **look), lambda: ui.button(said, **look), lambda: ui.slider(said, -1, 1e300, **look),
        lambda: ui.checkbox(said, **look), lambda: ui.select(said, ["a", said + "z"], **look),
        lambda: ui.input(said, value=said[:20], secret=dice.random() < 0.3, **look),
        lambda: ui.list(said, [said] * dice.choice((0, 1, 99)), **look), lambda: ui.bar(said, value=0.4, **look),
        lambda: ui.image(pixels, said, **look), lambda: ui.markdown(f"# {said}\n- **b** `c`\n```\n{said}", **look),
        lambda: ui.row(**look), lambda: ui.grid(3, **look), lambda: ui.panel(said, **look),
        lambda: ui.dialog(said, visible=dice.random() < 0.5, style=style)))()  # fmt: skip
    found = [made]
    if depth < 3 and isinstance(made, Container):
        with made:
            for _ in range(dice.randrange(4)):
                found += make(app, dice, depth + 1)
    return found


def does_anything(host: Any, dice: random.Random) -> None:
    """Of what a person can do, in any order."""
    x, y = dice.uniform(-20, 820), dice.uniform(-20, 620)
    keys = ("Tab", "Space", "Enter", "Escape", "ArrowLeft", "ArrowDown", "Home", "Backspace", "ShiftLeft", "KeyV")
    dice.choice((
        lambda: host.send("pointer_move", x, y, 0.0, 0.0),
        lambda: host.send("pointer_button", dice.choice((0, 0, 2)), dice.randrange(2), x, y),
        lambda: host.send("wheel", 0.0, dice.choice((-500.0, 30.0, 1e6))),
        lambda: host.send("touch", dice.randrange(3), dice.randrange(4), x, y),
        lambda: host.key(dice.choice(keys), dice.random() < 0.6), lambda: host.send("typed", dice.choice(WORDS)),
        lambda: host.send("gamepad_button", 0, dice.choice((0, 1, 12, 13, 14, 15)), float(dice.randrange(2)))))()


@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_a_program_and_a_person_do_breaks_it(app: lw.App, person: Person, seed: int) -> None:
    dice, made = random.Random(seed), list[Any]()
    for frame in range(50):
        made += make(app, dice)
        for _ in range(dice.randrange(10)):
            does_anything(person.host, dice)
        one = dice.choice(made)
        if not one.closed:
            dice.choice((one.close, one.focus, lambda one=one: setattr(one, "visible", not one.visible),
                         lambda one=one: setattr(one, "style", dice.choice(STYLES))))()  # fmt: skip
        if frame % 16 == 9:
            person.host.send("resize", dice.randint(1, 900), dice.randint(1, 700), dice.choice((0.5, 1.0, 2.0)))
            app.ui.theme(size=dice.choice((1, 14, 60)), gap=dice.choice((0, 90)))
        person.frames()
    assert [*person.drawn.items.by_number] == [*app._engine.subsystems.find("ui")._tree.nodes]  # type: ignore[union-attr]
    app._engine.store.check_invariants()
