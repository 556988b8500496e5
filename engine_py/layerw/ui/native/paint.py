"""Boxes as quads: what the GPU draws, in the order in which it lies over each other.

Owns: gpu/spec.py's UI_QUADs of boxes, letters, borders, focus, in pixels of the picture. Does not: decide where
anything is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32
from layerw.drawing.elements import layout_dtype
from layerw.drawing.font import font
from layerw.drawing.glyphs import Glyphs
from layerw.gpu import spec
from layerw.ui.native import text
from layerw.ui.native.boxes import BAR, CHECK, CHOICES, MARK, PICTURE, RANGE, ROWS, TEXT, Box, Look, Span
from layerw.ui.native.css import CLEAR, Rgba, faded
from layerw.ui.native.layout import row_height
from layerw.ui.native.theme import Theme

QUAD = layout_dtype("ui")
Quads = npt.NDArray[Any]
Point = tuple[float, float]
Area = tuple[float, float, float, float]  # left, top, right, bottom
FAKE_BOLD_EM = 0.032  # letters drawn twice, so far apart: the font has one weight
# Copies of letters that stand over the picture, in black under them: em to the right, em down, how dark.
HALO = ((-0.07, 0.0, 0.3), (0.09, 0.0, 0.3), (0.01, -0.06, 0.3), (0.01, 0.1, 0.6))
CODE: Rgba = (0, 0, 0, 90)
TRACK: Rgba = (255, 255, 255, 64)
GROOVE: Rgba = (10, 14, 19, 178)
TICK = (*((0.22 + 0.2 * t / 4, 0.52 + 0.2 * t / 4) for t in range(4)),
        *((0.42 + 0.36 * t / 6, 0.72 - 0.42 * t / 6) for t in range(7)))  # of a checkbox, shares of its sides
HOT_ROW: Rgba = (255, 255, 255, 26)


class Part(NamedTuple):
    """Quads that are drawn at once. picture: the number of the widget whose they are, 0: of none."""

    picture: int
    quads: Quads


@dataclass(slots=True)
class State:
    """Who is under the pointer, pressed, and has the keyboard: widgets' numbers and parts."""

    hot: tuple[int, str] = (0, "")
    pressed: int = 0
    focused: int = 0
    hot_row: int = -1
    caret_on: bool = True


class Letters:
    """Glyphs as arrays, kept while a text is shown."""

    def __init__(self, tell_missing: Callable[[set[str]], None]) -> None:
        self.glyphs = Glyphs()
        self._tell = tell_missing
        self._known: dict[int, tuple[text.Shaped, tuple[F32, F32, F32]]] = {}

    def of(self, shaped: text.Shaped) -> tuple[F32, F32, F32]:
        """(n, 2) low, (n, 2) high, (n,) place: em from the left end of its baseline, y up; places in the texture."""
        found = self._known.get(id(shaped))
        if found is not None:
            return found[1]
        if shaped.missing:
            self._tell(set(shaped.missing))
        if len(self._known) > 4096:
            self._known.clear()
        glyphs = self.glyphs.find(shaped.glyphs)
        made = (np.array([one.low for one in glyphs], np.float32).reshape(-1, 2),
                np.array([one.high for one in glyphs], np.float32).reshape(-1, 2),
                np.array([one.place for one in glyphs], np.float32))  # fmt: skip
        self._known[id(shaped)] = shaped, made
        return made


class Painter:
    """Collects the quads of one root after the other."""

    def __init__(self, letters: Letters, theme: Theme, state: State, ratio: float) -> None:
        self.parts: list[Part] = []
        self._letters, self._theme, self._state, self._ratio = letters, theme, state, ratio
        # Since a picture: how many quads, boxes with their numbers, pieces of text with the numbers of their first.
        self._count = 0
        self._rows: list[tuple[Any, ...]] = []
        self._row_numbers: list[int] = []
        self._pieces: list[tuple[F32, F32, F32, F32]] = []  # low, top (n, 2), place, x (n,)
        self._piece_facts: list[tuple[float, ...]] = []  # first number, count, x, y, size, clip (4), colour (4)

    def paint(self, box: Box, clip: Area, opacity: float = 1.0) -> None:
        """A box and what lies in it. clip: pixels of the page."""
        look = box.look
        opacity *= look.opacity
        if opacity <= 0 or box.x >= clip[2] or box.y >= clip[3] or box.x + box.w <= clip[0] or box.y + box.h <= clip[1]:
            return
        self._surface(box, clip, opacity)
        if box.kind == TEXT:
            self._text(box, clip, opacity)
        elif box.kind == ROWS:
            self._list(box, clip, opacity)
        elif box.kind in (RANGE, BAR, CHECK, MARK):
            self._gauge(box, clip, opacity)
        elif box.kind == PICTURE and box.picture:
            self._picture(box, clip, opacity)
        inner = _inside(box, clip) if box.scrolls else clip
        for child in box.shown():
            self.paint(child, inner, opacity)
        if box.scrolls:
            self._bar(box, clip, opacity)
        if box.part and box.part != CHOICES and box.owner == self._state.focused:
            self._outline(box, clip)

    def finish(self) -> list[Part]:
        """All of it."""
        self._close(0)
        return self.parts

    # -- pieces --------------------------------------------------------------------------------

    def _surface(self, box: Box, clip: Area, opacity: float) -> None:
        look = box.look
        fill, line = look.fill, look.line
        if look.hot_fill is not None and self._state.hot[0] == box.owner:
            fill, line = look.hot_fill, look.hot_line or line
        if look.soft:
            self._box((box.x, box.y + look.soft / 3, box.w, box.h), clip, faded((0, 0, 0, 115), opacity), CLEAR,
                      look.radius, look.soft, spec.UI_SHADOW)  # fmt: skip
        if fill[3] or (line[3] and look.line_px):
            self._box((box.x, box.y, box.w, box.h), clip, faded(fill, opacity), faded(line, opacity), look.radius,
                      look.line_px, spec.UI_BOX)  # fmt: skip

    def _box(self, place: Area, clip: Area, fill: Rgba, line: Rgba, radius: float, line_px: float, kind: float) -> None:
        """place: left, top, width, height."""
        k = self._ratio
        x, y, w, h = place
        low = round(x * k), round(y * k)
        high = max(round((x + w) * k), low[0]), max(round((y + h) * k), low[1])
        if kind != spec.UI_SHADOW and line_px:
            line_px = max(round(line_px * k), 1) / k
        self._add(low, high, clip, fill, line, (radius * k, line_px * k, kind))

    def _add(self, low: Point, high: Point, clip: Area, fill: Rgba, line: Rgba, more: tuple[Any, ...]) -> None:
        """low, high: pixels of the picture. more: radius, width of the border, kind."""
        k = self._ratio
        left, top, right, bottom = clip
        self._row_numbers.append(self._count)
        self._count += 1
        self._rows.append((low, high, (left * k, top * k), (right * k, bottom * k), (0, 0), (1, 1), fill, line, *more))

    def _gauge(self, box: Box, clip: Area, opacity: float) -> None:
        """A slider's range, a bar, the square of a checkbox, the mark of a select."""
        x, y, w, h = box.x, box.y, box.w, box.h
        accent, white = faded(self._theme.accent, opacity), faded(self._theme.text, opacity)
        if box.kind == RANGE:
            mid, thumb = y + h / 2, 16.0
            at = x + thumb / 2 + (w - thumb) * box.share
            self._box((x, mid - 2, w, 4), clip, faded(TRACK, opacity), CLEAR, 2, 0, spec.UI_BOX)
            self._box((x, mid - 2, at - x, 4), clip, accent, CLEAR, 2, 0, spec.UI_BOX)
            self._box((at - thumb / 2, mid - thumb / 2, thumb, thumb), clip, white, CLEAR, thumb, 0, spec.UI_BOX)
        elif box.kind == BAR:
            self._box((x, y, w, h), clip, faded(GROOVE, opacity), faded(TRACK, opacity), h / 2, 1, spec.UI_BOX)
            filled = x, y, x + w * box.share, y + h
            inner = clip[0], clip[1], min(clip[2], filled[2]), clip[3]
            self._box((x, y, w, h), inner, accent, CLEAR, h / 2, 0, spec.UI_BOX)
        elif box.kind == MARK:
            for n in range(int(h)):
                inset = n * w / (2 * h)
                self._box((x + inset, y + n, w - 2 * inset, 1), clip, white, CLEAR, 0, 0, spec.UI_BOX)
        else:
            line = accent if box.share else faded(self._theme.muted, opacity)
            self._box((x, y, w, h), clip, accent if box.share else CLEAR, line, 4, 1.5, spec.UI_BOX)
            if box.share:
                mark, side = faded(self._theme.on_accent, opacity), 0.13 * w
                for across, down in TICK:
                    place = x + across * w - side / 2, y + down * h - side / 2, side, side
                    self._dot(place, clip, mark, side / 2)

    def _dot(self, place: Area, clip: Area, fill: Rgba, radius: float) -> None:
        """A box that need not begin with a pixel."""
        k = self._ratio
        x, y, w, h = place
        self._add((x * k, y * k), ((x + w) * k, (y + h) * k), clip, fill, CLEAR, (radius * k, 0, spec.UI_BOX))

    def _outline(self, box: Box, clip: Area) -> None:
        """Around what has the keyboard."""
        far = 3.0
        place = box.x - far, box.y - far, box.w + 2 * far, box.h + 2 * far
        self._box(place, clip, CLEAR, self._theme.accent, box.look.radius + far, 2.0, spec.UI_BOX)

    def _bar(self, box: Box, clip: Area, opacity: float) -> None:
        if box.reach <= box.h + 0.5 or box.h <= 0:
            return
        tall = max(box.h * box.h / box.reach, 16.0)
        y = box.y + (box.h - tall) * box.scroll / max(box.reach - box.h, 1.0)
        self._box((box.x + box.w - 6, y, 4, tall), clip, faded((255, 255, 255, 90), opacity), CLEAR, 2, 0, spec.UI_BOX)

    def _picture(self, box: Box, clip: Area, opacity: float) -> None:
        self._close(0)
        self._box((box.x, box.y, box.w, box.h), clip, (255, 255, 255, round(255 * opacity)), CLEAR, box.look.radius, 0,
                  spec.UI_PICTURE)  # fmt: skip
        self._close(box.picture)

    def _close(self, picture: int) -> None:
        """What was collected is drawn with this picture."""
        if not self._count:
            return
        quads = np.zeros(self._count, QUAD)
        if self._rows:
            quads[self._row_numbers] = np.array(self._rows, QUAD)
        if self._pieces:
            self._put_letters(quads)
        self.parts.append(Part(picture, quads))
        self._count = 0
        for waiting in (self._rows, self._row_numbers, self._pieces, self._piece_facts):
            waiting.clear()

    def _put_letters(self, quads: Quads) -> None:
        """All pieces of text at once."""
        low, top, place, x = (np.concatenate(parts) for parts in zip(*self._pieces, strict=True))
        facts = np.array(self._piece_facts)
        counts = facts[:, 1].astype(np.intp)
        facts[:, 0] -= np.cumsum(counts) - counts
        each = np.repeat(facts, counts, axis=0)
        letters = np.zeros(len(each), QUAD)
        size = each[:, 4]
        left = each[:, 2] + x * size
        letters["low"][:, 0], letters["high"][:, 0] = left + low[:, 0] * size, left + top[:, 0] * size
        letters["low"][:, 1], letters["high"][:, 1] = each[:, 3] - top[:, 1] * size, each[:, 3] - low[:, 1] * size
        letters["clip_low"], letters["clip_high"], letters["color"] = each[:, 5:7], each[:, 7:9], each[:, 9:13]
        letters["inner_low"], letters["inner_high"], letters["place"] = low, top, place
        quads[each[:, 0].astype(np.intp) + np.arange(len(each))] = letters

    # -- words ---------------------------------------------------------------------------------

    def _text(self, box: Box, clip: Area, opacity: float) -> None:
        look = box.look
        room = box.w - look.padding[1] - look.padding[3] - 2 * look.line_px
        left, y = box.x + look.padding[3] + look.line_px, box.y + look.padding[0] + look.line_px
        inner = _inside(box, clip) if not look.breaks else clip
        scroll = box.scroll
        for start, end, width in box.lines:
            free = room - width * look.size
            x = left - scroll + {"center": free / 2, "end": free}.get(look.text_align, 0.0)
            if box.caret is not None:
                self._selection(box, box.caret, (x, y), inner)
            for begin, last, span in _pieces(start, end, box.spans):
                piece = box.text[begin:last]
                width_em = text.ends(piece, look.mono, look.spacing / look.size)[-1]
                self._piece(piece, (x, y), look, span, inner, opacity)
                x += width_em * look.size
            y += look.size * look.leading

    def _piece(self, piece: str, at: tuple[float, float], look: Look, span: str, clip: Area, opacity: float) -> None:
        color = faded({"a": self._theme.accent}.get(span, look.color), opacity)
        size, tall = look.size, look.size * look.leading
        width = text.ends(piece, look.mono, look.spacing / size)[-1] * size
        if span == "code":
            self._box((at[0] - 2, at[1], width + 4, tall), clip, faded(CODE, opacity), CLEAR, 4, 0, spec.UI_BOX)
        if span == "a":
            self._box((at[0], at[1] + 0.82 * tall, width, 1), clip, color, CLEAR, 0, 0, spec.UI_BOX)
        if look.halo:
            for across, down, share in HALO:
                place = at[0] + across * size, at[1] + down * size
                self._glyphs(piece, place, look, faded((0, 0, 0, 255), share * opacity), clip, bold=False)
        self._glyphs(piece, at, look, color, clip, bold=look.bold or span == "b")

    def _glyphs(self, piece: str, at: tuple[float, float], look: Look, color: Rgba, clip: Area, *, bold: bool) -> None:
        k, size = self._ratio, look.size * self._ratio
        shaped = text.shaped(piece, look.mono, look.spacing / look.size)
        up, down = font().ascent, font().descent
        base = at[1] + look.size * (look.leading - (up - down)) / 2 + up * look.size
        for x, tall in shaped.blocks:
            high = 0.9 * tall * look.size
            place = at[0] + x * look.size, base - high, text.MONO_EM * look.size, high
            self._box(place, clip, color, CLEAR, 0, 0, spec.UI_BOX)
        count = len(shaped.glyphs)
        for n in range(1 + bold if count else 0):
            self._pieces.append((*self._letters.of(shaped), shaped.places))
            self._piece_facts.append((self._count, count, at[0] * k + n * FAKE_BOLD_EM * size, round(base * k), size,
                                      clip[0] * k, clip[1] * k, clip[2] * k, clip[3] * k, *color))  # fmt: skip
            self._count += count

    def _selection(self, box: Box, caret: tuple[int, int], at: tuple[float, float], clip: Area) -> None:
        look = box.look
        ends = text.ends(box.text, look.mono, look.spacing / look.size)
        to, begun = (min(one, len(ends) - 1) for one in caret)
        tall = look.size * look.leading
        first, last = sorted((ends[to] * look.size, ends[begun] * look.size))
        if first != last:
            self._box((at[0] + first, at[1], last - first, tall), clip, faded(self._theme.accent, 0.45), CLEAR, 2, 0,
                      spec.UI_BOX)  # fmt: skip
        if self._state.caret_on:
            place = at[0] + ends[to] * look.size - 0.5, at[1] + 0.1 * tall, 1.5, 0.8 * tall
            self._box(place, clip, look.color, CLEAR, 0, 0, spec.UI_BOX)

    def _list(self, box: Box, clip: Area, opacity: float) -> None:
        """Only the rows that are seen."""
        look, tall = box.look, row_height(box.look)
        first = max(int((clip[1] - box.y) / tall), 0)
        aside = 0.6 * look.size
        for number in range(first, min(len(box.rows), int((clip[3] - box.y) / tall) + 1)):
            y = box.y + number * tall
            color = look.color
            if number == box.chosen:
                self._box((box.x, y, box.w, tall), clip, faded(self._theme.accent, opacity), CLEAR, look.radius, 0,
                          spec.UI_BOX)  # fmt: skip
                color = self._theme.on_accent
            elif self._state.hot == (box.owner, box.part) and self._state.hot_row == number:
                self._box((box.x, y, box.w, tall), clip, faded(HOT_ROW, opacity), CLEAR, look.radius, 0, spec.UI_BOX)
            inner = clip[0], clip[1], min(clip[2], box.x + box.w - aside / 2), clip[3]
            words = text.tidy(box.rows[number]).replace("\n", " ")
            self._glyphs(words, (box.x + aside, y + 0.3 * look.size), look, faded(color, opacity), inner, bold=False)


def _inside(box: Box, clip: Area) -> Area:
    edge = box.look.line_px
    return (max(clip[0], box.x + edge), max(clip[1], box.y + edge),
            min(clip[2], box.x + box.w - edge), min(clip[3], box.y + box.h - edge))  # fmt: skip


def _pieces(start: int, end: int, spans: list[Span]) -> list[tuple[int, int, str]]:
    """A line in parts that look the same."""
    found, at = [], start
    for span in spans:
        first, last = max(span.start, start), min(span.end, end)
        if first >= last:
            continue
        if first > at:
            found.append((at, first, ""))
        found.append((first, last, span.kind))
        at = last
    return [*found, (at, end, "")] if at < end else found
