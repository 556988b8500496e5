"""The kinds of widgets as boxes: what web/page/subsystems/ui makes elements of, with the looks of its style.js.

Owns: which boxes there are of each kind, and their looks in the theme. Does not: lay out or paint.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layerw.ui.native import boxes, css, text
from layerw.ui.native.boxes import BAR, CHECK, COLUMN, GRID, MARK, PICTURE, RANGE, ROW, ROWS, TEXT, Box, Look, Span
from layerw.ui.native.css import Length, Rgba, mixed
from layerw.ui.native.theme import Theme

if TYPE_CHECKING:
    from layerw.ui.native.items import Item

DARK: Rgba = (15, 19, 25, 220)
BACKDROP: Rgba = (5, 8, 12, 128)
FIELD: Rgba = (0, 0, 0, 90)
PANEL_BUTTON: Rgba = (255, 255, 255, 23)
INHERITED = ("color", "size", "leading", "bold", "mono", "spacing", "transform")
HIDDEN = "\u2022"
LOOKS: dict[str, tuple[float, float, bool]] = {"title": (1.7, 1.2, True), "heading": (1.15, 1.4, True),
                                               "small": (0.86, 1.4, False)}  # size, leading, bold


def build(item: Item, theme: Theme) -> None:
    """Makes its boxes; what lies in it goes into `item.inside`."""
    made = _KINDS[item.kind](item, theme)
    item.box, item.inside = made if isinstance(made, tuple) else (made, None)
    if not item.enabled:
        item.box.look.opacity *= 0.5


def settle(item: Item) -> None:
    """New texts of a select or a list came: what was chosen of the old ones goes, as in a page and in the program."""
    values = item.values
    chosen = values.get("value")
    if item.kind == "select" and chosen not in values["options"]:
        values["value"] = values["options"][0]
    elif item.kind == "list" and chosen is not None and chosen >= len(values["items"]):
        values["value"] = None


def _in_panel(item: Item) -> bool:
    return any(item.within(kind) for kind in ("panel", "dialog"))


def _look(item: Item, theme: Theme, **values: Any) -> Look:
    """values: lengths of `padding` and sizes in em."""
    style = item.get("style")
    em = css.length(style.get("font_size", ""), theme.size, theme.size)
    size = max(em.of(theme.size), boxes.SIZE_MIN) if em is not None else theme.size * values.pop("scale", 1.0)
    values.pop("scale", None)
    for name in ("padding", "margin"):
        if name in values:
            values[name] = tuple(one * size for one in values[name])
    for name in ("width", "width_min", "width_max", "height", "height_min", "height_max"):
        if name in values:
            values[name] = Length(values[name] * size)
    made = Look(**{"color": theme.text, "size": size, "gap": theme.gap, **values})
    made.restyle({name: value for name, value in style.items() if name != "font_size"}, theme.size)
    return made


def _words(words: str, look: Look, **more: Any) -> Box:
    shown = {"uppercase": words.upper(), "lowercase": words.lower(),
             "capitalize": words.title()}.get(look.transform, words)  # fmt: skip
    return Box(TEXT, look, text=text.tidy(shown), **more)


def _part(look: Look, **values: Any) -> Look:
    """The look of words in a box of that look."""
    same: dict[str, Any] = {name: getattr(look, name) for name in INHERITED}
    return Look(**(same | values))


# -- what only shows -------------------------------------------------------------------------------


def _text(item: Item, theme: Theme) -> Box:
    kind, panel = item.get("look"), _in_panel(item)
    scale, leading, bold = LOOKS.get(kind, (1.0, 1.4, False))
    if item.parent is None and kind not in ("title", "small"):
        scale = 1.2
    look = _look(item, theme, scale=scale, leading=leading, bold=bold or not panel, halo=not panel,
                 mono=kind == "mono")  # fmt: skip
    return _words(item.get("text"), look, owner=item.number)


def _bar(item: Item, theme: Theme) -> Box:
    panel = _in_panel(item)
    look = _look(item, theme, width=11.0)
    look.gap = 0.15 * look.size
    name = _words(item.get("text"), _part(look, size=0.9 * look.size, bold=not panel, halo=not panel))
    name.is_shown = item.get("text") != ""
    share = item.values.get("value", 0.0) / (item.values.get("high") or 1.0)
    return Box(COLUMN, look, [name, Box(BAR, Look(height=Length(0.7 * look.size)), share=share)], owner=item.number)


def _image(item: Item, theme: Theme) -> Box:
    look = _look(item, theme, radius=0.6 * theme.radius)
    return Box(PICTURE, look, owner=item.number, picture=item.number, picture_size=item.size)


def _markdown(item: Item, theme: Theme) -> Box:
    look = _surface(item, theme, width_max=34.0, padding=(0.9, 1.0, 1.0, 1.0))
    look.gap = 0.0
    blocks, number = [], 0
    found = item.values.get("text") or []
    for at, (tag, *inlines) in enumerate(found):
        number = number + 1 if tag == "ol" else 0
        made = _block(tag, inlines, look, number)
        before = found[at - 1][0] if at else ""
        if at == 0 or (tag in ("li", "ol") and before == tag):
            made.look.margin = (0.0, 0.0, 0.0, made.look.margin[3])
        blocks.append(made)
    return Box(COLUMN, look, blocks, owner=item.number, takes=True)


def _block(tag: str, inlines: list[Any], look: Look, number: int) -> Box:
    size, margin = look.size, 0.5
    if tag in ("h1", "h2", "h3"):
        size, margin = look.size * {"h1": 1.5, "h2": 1.17, "h3": 1.0}[tag], 0.8
    words, spans = "", []
    for one in inlines:
        kind, piece = ("", one) if isinstance(one, str) else (one[0], one[1])
        piece = text.tidy(piece)
        if kind:
            spans.append(Span(len(words), len(words) + len(piece), kind))
        words += piece
    made = Look(color=look.color, size=size, bold=tag[0] == "h", mono=tag == "pre",
                leading=1.25 if tag[0] == "h" else 1.4, margin=(margin * size, 0.0, 0.0, 0.0))  # fmt: skip
    if tag == "pre":
        made.fill, made.radius, made.padding = FIELD, 4.0, (0.6 * size, 0.8 * size, 0.6 * size, 0.8 * size)
    box = Box(TEXT, made, text=words, spans=spans)
    if tag not in ("li", "ol"):
        return box
    made.grow, made.margin = 1.0, (0.0, 0.0, 0.0, 0.0)
    said = f"{number}." if number else HIDDEN
    mark = Box(TEXT, Look(color=look.color, size=size, width=Length(1.4 * size)), text=said)
    return Box(ROW, Look(size=size, margin=(margin * size, 0.0, 0.0, 0.0), breaks=False), [mark, box])


# -- controls --------------------------------------------------------------------------------------


def _button(item: Item, theme: Theme) -> Box:
    panel = _in_panel(item)
    hot = mixed(theme.accent, DARK, 0.3 if panel else 0.22) if item.enabled else None
    look = _look(item, theme, padding=(0.55, 1.2, 0.55, 1.2), height_min=2.6, bold=True, radius=theme.radius,
                 line_px=1.0, line=theme.line, fill=PANEL_BUTTON if panel else theme.surface, hot_fill=hot,
                 hot_line=theme.accent, justify="center", align="center")  # fmt: skip
    words = _words(item.get("text"), _part(look, text_align="center"))
    return Box(COLUMN, look, [words], owner=item.number, part="button", takes=True)


def _control(item: Item, theme: Theme, *, pad: tuple[float, float] = (0.5, 0.6)) -> Look:
    if _in_panel(item):
        look = _look(item, theme, width_min=13.0, padding=(0.1, 0.0, 0.1, 0.0))
    else:
        look = _look(item, theme, width=15.0, padding=(pad[0], 0.85, pad[1], 0.85), fill=theme.surface, line=theme.line,
                     line_px=1.0, radius=theme.radius)  # fmt: skip
    look.gap = 0.2 * look.size
    return look


def _named(item: Item, theme: Theme, look: Look, *others: Box) -> Box:
    """Its name, and beside it what it is."""
    name = _words(item.get("text"), _part(look, color=theme.muted, grow=1.0))
    line = Look(size=look.size, gap=0.8 * look.size, align="center", breaks=False)
    return Box(ROW, line, [name, *others])


def _slider(item: Item, theme: Theme) -> Box:
    look = _control(item, theme)
    low, high, value, step = (float(item.values.get(name, 0.0)) for name in ("low", "high", "value", "step"))
    shown = _words(rounded(value, step), _part(look))
    span = high - low
    share = min(max((value - low) / span, 0.0), 1.0) if span and math.isfinite(span) else 0.0
    track = Box(RANGE, Look(height=Length(1.5 * look.size), radius=6.0), owner=item.number, part="range", takes=True,
                share=share)  # fmt: skip
    return Box(COLUMN, look, [_named(item, theme, look, shown), track], owner=item.number, takes=True)


def rounded(value: float, step: float) -> str:
    """As many digits as a step has."""
    digits = min(max(math.ceil(-math.log10(step) - 1e-9), 0), 6) if step > 0 else 2
    return f"{value:.{digits}f}"


def _checkbox(item: Item, theme: Theme) -> Box:
    look = _control(item, theme, pad=(0.6, 0.6))
    side = Length(1.25 * look.size)
    square = Box(CHECK, Look(width=side, height=side, radius=4.0), owner=item.number, part="check", takes=True,
                 share=float(bool(item.values.get("value"))))  # fmt: skip
    line = _named(item, theme, look, square)
    return Box(COLUMN, look, [line], owner=item.number, takes=True)


def _field(look: Look, theme: Theme, **more: Any) -> Look:
    em = look.size
    return _part(look, width=Length(9 * em), padding=(0.35 * em, 0.5 * em, 0.35 * em, 0.5 * em), fill=FIELD, bold=False,
                 line=theme.line, line_px=1.0, radius=0.6 * theme.radius, breaks=False, **more)  # fmt: skip


def _select(item: Item, theme: Theme) -> Box:
    look = _control(item, theme)
    words = _words(item.values.get("value", ""), _part(look, grow=1.0, breaks=False))
    mark = Box(MARK, Look(width=Length(9.0), height=Length(5.0)))
    field = Box(ROW, _field(look, theme, align="center"), [words, mark], owner=item.number, part="field", takes=True)
    return Box(COLUMN, look, [_named(item, theme, look, field)], owner=item.number, takes=True)


def _input(item: Item, theme: Theme) -> Box:
    look = _control(item, theme)
    value = item.values.get("value", "")
    words, color = (HIDDEN * len(value) if item.get("secret") else value), look.color
    if not value and item.caret is None:
        words, color = item.get("placeholder"), theme.muted
    made = _field(look, theme)
    made.color = color
    field = Box(TEXT, made, text=words.replace("\n", " "), owner=item.number, part="field", takes=True)
    field.caret, field.scroll = item.caret, item.scroll
    return Box(COLUMN, look, [_named(item, theme, look, field)], owner=item.number, takes=True)


def _list(item: Item, theme: Theme) -> Box:
    look = _control(item, theme)
    radius = 0.6 * theme.radius
    value = item.values.get("value")
    said = tuple(item.values.get("items", ()))
    rows = Box(ROWS, _part(look, radius=radius), owner=item.number, part="rows", rows=said,
               chosen=-1 if value is None else value, takes=True)  # fmt: skip
    view = Box(COLUMN, Look(padding=(2.0, 2.0, 2.0, 2.0), height_max=Length(11 * look.size), radius=radius), [rows],
               owner=item.number, scrolls=True, scroll=item.scroll, takes=True)  # fmt: skip
    name = _words(item.get("text"), _part(look, color=theme.muted))
    name.is_shown = item.get("text") != ""
    return Box(COLUMN, look, [name, view], owner=item.number, takes=True)


# -- containers ------------------------------------------------------------------------------------


def _row(item: Item, theme: Theme) -> tuple[Box, Box]:
    box = Box(ROW, _look(item, theme, align="center"), owner=item.number)
    return box, box


def _column(item: Item, theme: Theme) -> tuple[Box, Box]:
    box = Box(COLUMN, _look(item, theme), owner=item.number)
    return box, box


def _grid(item: Item, theme: Theme) -> tuple[Box, Box]:
    box = Box(GRID, _look(item, theme, columns=item.values.get("columns", 2)), owner=item.number)
    return box, box


def _surface(item: Item, theme: Theme, **values: Any) -> Look:
    if _in_panel(item):  # one in another is no surface of its own
        return _look(item, theme, **(values | {"padding": (0.0, 0.0, 0.0, 0.0)}))
    return _look(item, theme, fill=theme.surface, line=theme.line, line_px=1.0, radius=theme.radius, **values)


def _title(item: Item, look: Look) -> Box:
    title = _words(item.get("title"), look)
    title.is_shown = item.get("title") != ""
    return title


def _panel(item: Item, theme: Theme) -> tuple[Box, Box]:
    look = _surface(item, theme, padding=(0.9, 1.0, 1.0, 1.0))
    gap, look.gap = look.gap, 0.0
    title = _title(item, _part(look, size=1.15 * look.size, bold=True, margin=(0.0, 0.0, 0.6 * look.size, 0.0)))
    inside = Box(COLUMN, Look(gap=gap, grow=1.0, align=look.align, justify=look.justify))
    return Box(COLUMN, look, [title, inside], owner=item.number, takes=True), inside


def _dialog(item: Item, theme: Theme) -> tuple[Box, Box]:
    em = theme.size
    around = _look(item, theme, fill=BACKDROP, align="center", justify="center")
    around.padding = (theme.gap,) * 4
    look = Look(color=around.color, size=around.size, fill=(*theme.surface[:3], max(theme.surface[3], 235)),
                line=theme.line, line_px=1.0, radius=theme.radius, padding=(1.4 * em, 1.5 * em, 1.5 * em, 1.5 * em),
                width_min=Length(18 * em), width_max=Length(36 * em), soft=24.0)  # fmt: skip
    title = _title(item, _part(look, size=1.35 * em, leading=1.2, bold=True, margin=(0.0, 0.0, 0.8 * em, 0.0)))
    inside = Box(COLUMN, Look(gap=1.4 * theme.gap))
    panel = Box(COLUMN, look, [title, inside], owner=item.number, takes=True)
    return Box(COLUMN, around, [panel], owner=item.number, takes=True, scrolls=False), inside


def _at(item: Item, theme: Theme) -> tuple[Box, Box]:
    box = Box(COLUMN, _look(item, theme, align="center", gap=theme.gap / 2), owner=item.number)
    return box, box


_KINDS: dict[str, Callable[[Item, Theme], Box | tuple[Box, Box]]] = {
    "text": _text, "markdown": _markdown, "image": _image, "bar": _bar, "button": _button, "slider": _slider,
    "checkbox": _checkbox, "select": _select, "input": _input, "list": _list, "row": _row, "column": _column,
    "grid": _grid, "panel": _panel, "dialog": _dialog, "at": _at,
}  # fmt: skip
FOCUSABLE = ("button", "slider", "checkbox", "select", "input", "list")
TYPED = ("select", "input")  # which keep the keyboard after a click
