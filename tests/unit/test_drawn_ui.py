"""app.ui drawn by the engine, used: what a person's pointer, keys, fingers and pad do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.ui.containers import Container
from layerw.ui.native import text
from tests.unit.drawn_ui import Person, begun, quads, seated

EXAMPLE = Path(__file__).parents[2] / "examples" / "ui.py"


@pytest.fixture
def app() -> Iterator[lw.App]:
    made = begun()
    yield made
    made.close()


@pytest.fixture
def person(app: lw.App) -> Person:
    return seated(app)


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
