"""The font of labels: outlines and widths of Inter and Noto Sans Hebrew, from font_data.py (tools/font.py made it).

Owns: which glyph a character has, and where the glyphs of a text stand. Limits: one weight; letters stand alone (no
kerning, no ligatures, no joined Arabic); a text of right-to-left letters runs that way, numbers in it as they are read.
"""

from __future__ import annotations

import base64
import unicodedata
import zlib
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32
from layerw.drawing import font_data

MISSING = 0xFFFD
LINE_EM = 1.25  # from line to line
ALIGNS = {"left": 0.0, "center": 0.5, "right": 1.0}


class Font(NamedTuple):
    """Of all glyphs, by number; em is the unit of everything."""

    numbers: dict[int, int]  # by character
    advances: F32
    first: npt.NDArray[np.intp]  # contour of each glyph, and one behind the last
    start: npt.NDArray[np.intp]  # segment of each contour, and one behind the last
    segments: F32  # (n, 4): start and control of each curve; it ends where the next one of its contour starts
    ascent: float
    descent: float

    def contours(self, glyph: int) -> list[F32]:
        """Closed chains of points: start, control, start, control ..., and the first start again."""
        found = []
        for contour in range(self.first[glyph], self.first[glyph + 1]):
            chain = self.segments[self.start[contour] : self.start[contour + 1]].reshape(-1, 2)
            found.append(np.concatenate([chain, chain[:1]]))
        return found


class Line(NamedTuple):
    """Glyphs that are drawn, and where their origins are: em from the text's middle."""

    glyphs: npt.NDArray[np.intp]
    places: F32  # (n, 2)


@cache
def font() -> Font:
    """Read once, by the first label."""
    data = zlib.decompress(base64.b64decode(font_data.DATA))
    glyphs, contours, segments = (int(count) for count in np.frombuffer(data, "<u4", 3))
    at = 12
    parts = []
    for kind, count in (("<u4", glyphs), ("<u2", glyphs), ("<u2", glyphs), ("<u2", contours), ("<i2", 4 * segments)):
        parts.append(np.frombuffer(data, kind, count, at))
        at += parts[-1].nbytes
    codes, advances, counts, lengths, deltas = parts
    points = np.cumsum(deltas.reshape(-1, 4).astype(np.int64), axis=0) / font_data.EM
    zero = np.zeros(1, np.intp)
    return Font({int(code): number for number, code in enumerate(codes)}, (advances / font_data.EM).astype(np.float32),
                np.concatenate([zero, np.cumsum(counts.astype(np.intp))]),
                np.concatenate([zero, np.cumsum(lengths.astype(np.intp))]), points.astype(np.float32),
                font_data.ASCENT / font_data.EM, font_data.DESCENT / font_data.EM)  # fmt: skip


def lay_out(text: str, align: str) -> tuple[Line, set[str]]:
    """All glyphs of a text, and the characters that the font has not (a mark stands for them)."""
    found = font()
    missing: set[str] = set()
    numbers: list[int] = []
    places: list[tuple[float, float]] = []
    lines = [visual(line) for line in text.split("\n")]
    widths = []
    top = (len(lines) - 1) / 2 * LINE_EM - (found.ascent + found.descent) / 2
    for row, line in enumerate(lines):
        x, begin = 0.0, len(places)
        for character in line:
            number = found.numbers.get(ord(character))
            if number is None:
                missing.add(character)
                number = found.numbers.get(MISSING, found.numbers[ord("?")])
            numbers.append(number)
            places.append((x, top - row * LINE_EM))
            x += float(found.advances[number])
        widths.append((begin, x))
    glyphs, where = np.array(numbers, np.intp), np.array(places, np.float32).reshape(-1, 2)
    widest = max(width for _, width in widths)
    for (begin, width), (end, _) in zip(widths, [*widths[1:], (len(numbers), 0.0)], strict=True):
        where[begin:end, 0] += ALIGNS[align] * (widest - width) - widest / 2
    drawn = found.first[glyphs + 1] > found.first[glyphs] if len(glyphs) else np.zeros(0, bool)  # not blanks
    return Line(glyphs[drawn], where[drawn]), missing


def visual(line: str) -> str:
    """The characters from left to right: runs of right-to-left letters are turned round, and their order where the line
    begins with one (the first strong letter says how it runs)."""
    line = unicodedata.normalize("NFC", line)
    kinds = [unicodedata.bidirectional(character) for character in line]
    if not any(kind in ("R", "AL") for kind in kinds):
        return line
    strong = [{"R": "R", "AL": "R", "L": "L", "EN": "N"}.get(kind, "") for kind in kinds]
    base = next(one for one in strong if one in ("L", "R"))
    for at in range(len(strong)):  # what is neutral goes with both its sides, or with the line
        if not strong[at]:
            before = next((one for one in reversed(strong[:at]) if one), base)
            after = next((one for one in strong[at:] if one), base)
            strong[at] = before if before == after else base
    runs: list[tuple[str, str]] = []
    for character, kind in zip(line, strong, strict=True):
        if runs and runs[-1][0] == kind:
            runs[-1] = kind, runs[-1][1] + character
        else:
            runs.append((kind, character))
    mirror = str.maketrans("()[]{}<>", ")(][}{><")
    shown = [text[::-1].translate(mirror) if kind == "R" else text for kind, text in runs]
    return "".join(reversed(shown) if base == "R" else shown)
