"""Boxes of the drawn app.ui: where they lie, styles, and lines that are typed."""

from __future__ import annotations

from typing import Any

import pytest

from layerw.ui.native import css, editing, text
from layerw.ui.native.boxes import COLUMN, GRID, ROW, TEXT, Box, Look
from layerw.ui.native.css import Length
from layerw.ui.native.layout import measure, place
from tests.unit.drawn_ui import where


def words(said: str, **look: Any) -> Box:
    return Box(TEXT, Look(**({"size": 10.0} | look)), text=said)


def block(width: float, height: float, **look: Any) -> Box:
    return Box(COLUMN, Look(width=Length(width), height=Length(height), **look))


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
