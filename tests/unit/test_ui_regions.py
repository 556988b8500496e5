"""Where the nine regions of app.ui lie: none over another, whatever the canvas, the words and the font's size."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.ui.native.boxes import TEXT
from layerw.ui.native.regions import Place, arrange
from layerw.ui.values import ANCHORS
from tests.unit.drawn_ui import Person, seated

CASES = Path(__file__).parents[1] / "web/regions.json"  # which the page's half is held to as well
LONG = "Incomprehensibilities of the Donaudampfschifffahrtsgesellschaft"


def crossing(one: Place, other: Place) -> bool:
    return one.crosses(other) and one.top < other.bottom - 0.01 and other.top < one.bottom - 0.01


def drawn_cases() -> list[dict[str, Any]]:
    random, cases = np.random.default_rng(11), []
    for _ in range(60):
        width, height = random.integers(150, 900), random.integers(100, 700)
        chosen = random.random(9) < random.uniform(0.2, 0.9)
        sizes = {anchor: [int(random.integers(20, width + 1)), int(random.integers(15, 0.5 * height))]
                 for anchor, there in zip(ANCHORS, chosen, strict=True) if there}  # fmt: skip
        if not sizes:
            continue
        places, reach = arrange(sizes, int(width), int(height))  # type: ignore[arg-type]
        cases.append({"width": int(width), "height": int(height), "sizes": sizes, "reach": reach,
                      "places": {anchor: [place.top, place.bottom] for anchor, place in places.items()}})
    return cases


def test_none_lies_over_another() -> None:
    pages = 0
    for case in drawn_cases():
        places, reach = arrange(case["sizes"], case["width"], case["height"])
        assert not any(crossing(one, other) for one, other in itertools.combinations(places.values(), 2)), case
        assert max(one.bottom for one in places.values()) <= reach + 0.01
        assert min(one.top for one in places.values()) >= 0
        pages += reach > case["height"]
    assert 5 < pages < 55, "both kinds are tried"


def test_the_page_has_the_same_cases() -> None:
    assert json.loads(CASES.read_text(encoding="utf-8")) == json.loads(json.dumps(drawn_cases()))


def test_what_has_room_lies_at_its_anchor() -> None:
    sizes = {"top": (200.0, 40.0), "center": (100.0, 60.0), "bottom right": (50.0, 20.0)}
    places, reach = arrange(sizes, 400, 300)
    assert reach == 300 and [(places[one].left, places[one].top) for one in sizes] == [(100, 0), (150, 120), (350, 280)]
    sizes["top right"] = (80.0, 500.0)
    tall = arrange(sizes, 400, 300)[0]["top right"]
    assert (tall.top, tall.bottom) == (0, 280), "as high as there is room above what lies below"
    assert arrange({"top": (10.0, 40.0), "center": (10.0, 200.0)}, 400, 300)[0]["center"].top == 50
    assert arrange({"top": (10.0, 140.0), "center": (10.0, 100.0)}, 400, 300)[0]["center"].top == 140, "it makes room"


@pytest.mark.parametrize(("size", "font"), [((320, 214), 14), ((640, 430), 30), ((200, 600), 20)])
def test_a_menu_on_a_small_canvas_or_in_large_letters_scrolls_as_one(size: tuple[int, int], font: int) -> None:
    host = HeadlessHost(options={"ui": "drawn"}, size=size)
    app = lw.App(host=host)
    app.ui.theme(size=font)
    made: list[Any] = [app.ui.text("Fireflies", look="title", anchor="top", style={"font_size": 44}),
                       app.ui.text("Fifty of them got lost on the isle. Find them.", look="small", anchor="top")]
    with app.ui.column(anchor="center"):
        made += [app.ui.button(text) for text in ("Noon: 15 fireflies", LONG, "Together", "Options")]
    made.append(app.ui.text("WASD, mouse, Space, E, Escape; or a pad, or fingers", look="small", anchor="bottom"))
    made.append(app.ui.button(LONG, anchor="top right"))
    person: Person = seated(app)
    boxes = [person.box(one) for one in made]
    for one, other in itertools.combinations(boxes, 2):
        apart = (one.x >= other.x + other.w - 0.1 or other.x >= one.x + one.w - 0.1
                 or one.y >= other.y + other.h - 0.1 or other.y >= one.y + one.h - 0.1)  # fmt: skip
        assert apart, (one.text, other.text)
    assert all(box.x >= 0 and box.x + box.w <= size[0] + 0.1 for box in boxes if box.kind != TEXT)
    last, clicked = made[5], []
    last(lambda: clicked.append(1))
    for _ in range(40):  # by the wheel, over what is there
        y = person.middle(last)[1]
        if 0 < y < size[1]:
            break
        over = next(person.middle(one) for one in made[2:6] + made[7:] if 0 < person.middle(one)[1] < size[1])
        host.send("pointer_move", *over, 0.0, 0.0)
        host.send("wheel", 0.0, 20.0)
        person.frames()
    person.click(last)
    assert clicked == [1], "one comes to all of it"
    for _ in range(5):
        person.key("Tab")
        person.frames()
        reached = person.drawn.box(person.drawn.items.by_number[person.focused])
        assert -0.1 <= reached.y <= size[1] - min(reached.h, size[1]) + 0.1, "and so does the keyboard"
