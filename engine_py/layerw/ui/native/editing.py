"""A line that is typed into: what keys make of it. Nothing here knows a screen."""

from __future__ import annotations

import re
from typing import NamedTuple

from layerw.ui.native import text
from layerw.ui.native.boxes import Box
from layerw.ui.native.kinds import HIDDEN
from layerw.ui.native.layout import edges

_WORD = re.compile(r"\w+\s*|\W")


class Line(NamedTuple):
    """Its text, where the caret is, and where the selection began (there, where nothing is selected)."""

    value: str
    to: int
    begun: int

    @property
    def picked(self) -> str:
        """What is selected."""
        first, last = sorted((self.to, self.begun))
        return self.value[first:last]


def inserted(line: Line, words: str) -> Line:
    """In place of what is selected."""
    plain = "".join(one for one in words if one.isprintable())
    first, last = sorted((line.to, line.begun))
    at = first + len(plain)
    return Line(line.value[:first] + plain + line.value[last:], at, at)


def cut(line: Line, most: int) -> Line:
    """No longer than `most` characters."""
    return Line(line.value[:most], min(line.to, most), min(line.begun, most))


def edited(line: Line, code: str, *, shift: bool, control: bool) -> Line:
    """By a key that is no letter."""
    if control and code == "KeyA":
        return Line(line.value, len(line.value), 0)
    if code in ("Backspace", "Delete"):
        if line.picked:
            return inserted(line, "")
        to = _moved(line, "ArrowLeft" if code == "Backspace" else "ArrowRight", control=control)
        return inserted(Line(line.value, to, line.to), "")
    if code not in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"):
        return line
    if line.picked and not shift and code in ("ArrowLeft", "ArrowRight"):
        at = (min if code == "ArrowLeft" else max)(line.to, line.begun)
        return Line(line.value, at, at)
    to = _moved(line, code, control=control)
    return Line(line.value, to, line.begun if shift else to)


def _moved(line: Line, code: str, *, control: bool) -> int:
    """Where the caret goes."""
    if code in ("Home", "ArrowUp"):
        return 0
    if code in ("End", "ArrowDown"):
        return len(line.value)
    if not control:
        return min(max(line.to + (1 if code == "ArrowRight" else -1), 0), len(line.value))
    stops = [0, *(found.end() for found in _WORD.finditer(line.value))]
    if code == "ArrowRight":
        return next((stop for stop in stops if stop > line.to), len(line.value))
    return max((stop for stop in stops if stop < line.to), default=0)


def _ends(field: Box, value: str, secret: bool) -> tuple[float, ...]:
    shown = HIDDEN * len(value) if secret else value
    return text.ends(text.tidy(shown).replace("\n", " "), field.look.mono, field.look.spacing / field.look.size)


def nearest(field: Box, value: str, x: float, *, secret: bool) -> int:
    """The place in the text that is nearest to one in the picture, pixels of the page."""
    look = field.look
    at = (x - field.x - look.padding[3] - look.line_px + field.scroll) / look.size
    ends = _ends(field, value, secret)
    return min(range(min(len(ends), len(value) + 1)), key=lambda n: abs(ends[n] - at))


def scrolled(field: Box, line: Line, scroll: float, *, secret: bool) -> float:
    """How far the text is moved to the left so that the caret is seen, pixels."""
    ends = _ends(field, line.value, secret)
    look = field.look
    room = max((field.w or (look.width.px if look.width is not None else 0.0)) - edges(look)[0], 1.0)
    at = ends[min(line.to, len(ends) - 1)] * look.size
    most = max(ends[-1] * look.size - room + 2, 0.0)
    return min(max(min(scroll, at), at - room + 2, 0.0), most)
