"""Boxes: what a widget is made of to layout and paint.

Owns: what a box is and how it looks. Does not: know kinds of widgets; kinds.py makes boxes of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from layerw.ui.native import css
from layerw.ui.native.css import CLEAR, Length, Rgba, Sides

NO_SIDES: Sides = (0.0, 0.0, 0.0, 0.0)
COLUMN, ROW, GRID, TEXT, PICTURE, ROWS = "column", "row", "grid", "text", "picture", "rows"
RANGE, BAR, CHECK, MARK = "range", "bar", "check", "mark"
CHOICES = "choices"  # the part of a select that opens
SIZE_MIN = 0.1  # of letters, pixels
_ALIGNS = {"flex-start": "start", "left": "start", "flex-end": "end", "right": "end"}


@dataclass(slots=True)
class Look:
    """How a box looks and how it lies; pixels of the page."""

    color: Rgba = (243, 246, 249, 255)
    size: float = 14.0  # of its letters
    leading: float = 1.4  # from line to line, times their size
    bold: bool = False
    mono: bool = False
    halo: bool = False  # words stand over the picture
    spacing: float = 0.0  # more between letters
    transform: str = ""
    text_align: str = "start"
    breaks: bool = True  # lines where there is no room
    padding: Sides = NO_SIDES
    margin: Sides = NO_SIDES
    gap: float = 0.0
    fill: Rgba = CLEAR
    line: Rgba = CLEAR
    line_px: float = 0.0
    radius: float = 0.0
    soft: float = 0.0  # of a shadow under it
    opacity: float = 1.0
    hot_fill: Rgba | None = None  # under the pointer
    hot_line: Rgba | None = None
    width: Length | None = None
    height: Length | None = None
    width_min: Length | None = None
    width_max: Length | None = None
    height_min: Length | None = None
    height_max: Length | None = None
    grow: float = 0.0
    align: str = "stretch"  # of what lies in it, across
    align_self: str = ""
    justify: str = "start"  # of what lies in it, along
    columns: int = 2  # of a grid

    def restyle(self, style: Mapping[str, str], root: float) -> None:
        """A program's style over it; root: pixels of the theme's letters."""
        if "font_size" in style:
            found = css.length(style["font_size"], self.size, root)
            if found is not None:
                self.size = max(found.of(self.size), SIZE_MIN)
        for name, text in style.items():
            self._set(name, text, root)

    def _set(self, name: str, text: str, root: float) -> None:
        plain = text.strip()
        if name in ("width", "height"):
            setattr(self, name, css.length(plain, self.size, root))
        elif name[:4] in ("min_", "max_"):
            setattr(self, f"{name[4:]}_{name[:3]}", css.length(plain, self.size, root))
        elif name in ("padding", "margin"):
            setattr(self, name, css.sides(plain, self.size, root) or getattr(self, name))
        elif name in ("color", "background"):
            shade = css.color(plain)
            if shade is not None:
                setattr(self, "color" if name == "color" else "fill", shade)
        elif name == "border":
            self.line_px, self.line = css.border(plain, self.size, root) or (self.line_px, self.line)
        elif name in ("border_radius", "gap", "letter_spacing"):
            found = css.length(plain, self.size, root)
            if found is not None:
                setattr(self, {"border_radius": "radius", "gap": "gap"}.get(name, "spacing"), found.px)
        elif name in ("opacity", "flex", "line_height"):
            self._set_number(name, plain, root)
        elif name in ("align_items", "align_self", "justify_self", "justify_content"):
            place = _ALIGNS.get(plain, plain)
            setattr(self, {"align_items": "align", "justify_content": "justify"}.get(name, "align_self"), place)
        elif name == "text_align":
            self.text_align = _ALIGNS.get(plain, plain)
        elif name == "text_transform":
            self.transform = plain
        elif name == "white_space":
            self.breaks = plain not in ("nowrap", "pre")
        elif name == "font_weight":
            self.bold = plain in ("bold", "bolder") or (plain.isdigit() and int(plain) >= 600)
        elif name == "font_family":
            self.mono = "mono" in plain

    def _set_number(self, name: str, text: str, root: float) -> None:
        found = css.length(text.split()[0] if text else "", self.size, root)
        if found is None:
            return
        number = found.of(1.0)
        if name == "opacity":
            self.opacity = min(max(number, 0.0), 1.0)
        elif name == "flex":
            self.grow = max(number, 0.0)
        else:
            self.leading = number / self.size if text.endswith(("px", "em")) else number


@dataclass(slots=True)
class Span:
    """A part of a text that looks otherwise: "b", "i", "code" or "a"."""

    start: int
    end: int
    kind: str


@dataclass(slots=True, eq=False)
class Box:
    """A piece of what is shown. After layout x, y, w and h say where."""

    kind: str
    look: Look
    children: list[Box] = field(default_factory=list)
    text: str = ""
    spans: list[Span] = field(default_factory=list)
    owner: int = 0  # the widget's number
    part: str = ""  # what of the widget it is, to those who press it
    takes: bool = False  # the pointer; else it goes through to what lies behind
    picture: int = 0  # of PICTURE: the widget whose it is
    picture_size: tuple[float, float] = (0.0, 0.0)
    share: float = 0.0  # of RANGE and BAR, how full they are; of CHECK, 1: it is set
    scrolls: bool = False
    scroll: float = 0.0  # pixels that what lies in it is moved up
    reach: float = 0.0  # how high what lies in it is
    rows: tuple[str, ...] = ()
    chosen: int = -1  # of ROWS
    caret: tuple[int, int] | None = None  # of a field that is typed into: where, and where the selection began
    is_shown: bool = True
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0
    lines: list[tuple[int, int, float]] = field(default_factory=list)  # of TEXT: from, to, how wide
    measured: dict[float, tuple[float, float]] = field(default_factory=dict)  # by the width that there is

    def shown(self) -> Iterator[Box]:
        """Its children that are there."""
        return (child for child in self.children if child.is_shown)

    def has(self, x: float, y: float) -> bool:
        """Whether a place is in it."""
        return self.x <= x < self.x + self.w and self.y <= y < self.y + self.h

    def all(self) -> Iterator[Box]:
        """It and what lies in it, as far as it is shown."""
        yield self
        for child in self.shown():
            yield from child.all()
