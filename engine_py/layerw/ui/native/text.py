"""Texts as glyphs and lines: how wide they are, where they break, which quads draw them.

Owns: what was worked out for a text, kept while it is asked for. The font is that of lw.Label (drawing/font.py): one
weight, letters alone.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32
from layerw.drawing.font import MISSING, font, visual

MONO_EM = 0.62  # of a letter where all are as wide
BLOCKS = "▁▂▃▄▅▆▇█"  # drawn as boxes: the plot of app.debug.ui
Lines = tuple[tuple[int, int, float], ...]  # from, to, how wide (em)


class Shaped(NamedTuple):
    """A piece of a line: glyphs and where their origins are, em from its left end; and boxes in place of blocks."""

    glyphs: npt.NDArray[np.intp]
    places: F32  # (n,)
    blocks: tuple[tuple[float, float], ...]  # x, height
    width: float
    missing: frozenset[str]


def tidy(text: str) -> str:
    """As it is drawn: composed, without tabs."""
    return unicodedata.normalize("NFC", text).replace("\t", "    ").replace("\r", "")


def _number(character: str) -> int | None:
    return font().numbers.get(ord(character))


@lru_cache(8192)
def _advance(character: str, mono: bool) -> float:
    if mono or character in BLOCKS:
        return MONO_EM
    found = _number(character)
    if found is None:
        found = font().numbers.get(MISSING, font().numbers[ord("?")])
    return float(font().advances[found])


@lru_cache(2048)
def ends(text: str, mono: bool = False, spacing: float = 0.0) -> tuple[float, ...]:
    """Where each character of a line ends, em from its begin; the first is 0."""
    return (0.0, *accumulate(_advance(one, mono) + spacing for one in text))


@lru_cache(2048)
def shaped(text: str, mono: bool = False, spacing: float = 0.0) -> Shaped:
    """A piece of a line."""
    line = visual(text)
    at = ends(line, mono, spacing)
    numbers, places, blocks, missing = [], [], [], set()
    table = font().numbers
    for character, x in zip(line, at, strict=False):
        if character in BLOCKS:
            blocks.append((x, (BLOCKS.index(character) + 1) / len(BLOCKS)))
            continue
        number = table.get(ord(character))
        if number is None:
            missing.add(character)
            number = table.get(MISSING, table[ord("?")])
        if font().first[number + 1] > font().first[number]:  # no blank
            aside = (MONO_EM - float(font().advances[number])) / 2 if mono else 0.0
            numbers.append(number)
            places.append(x + aside)
    return Shaped(np.array(numbers, np.intp), np.array(places, np.float32), tuple(blocks), at[-1], frozenset(missing))


@lru_cache(2048)
def broken(text: str, width: float, mono: bool = False, spacing: float = 0.0) -> Lines:
    """Lines no wider than `width` em: at blanks, and in words where nothing else helps."""
    found: list[tuple[int, int, float]] = []
    begin = 0
    for line in text.split("\n"):
        at = ends(line, mono, spacing)
        found += [(begin + first, begin + last, at[last] - at[first]) for first, last in _fitting(line, at, width)]
        begin += len(line) + 1
    return tuple(found)


def _fitting(line: str, at: tuple[float, ...], width: float) -> list[tuple[int, int]]:
    """Parts of a line that fit; blanks at breaks are left out."""
    parts, first = [], 0
    while at[-1] - at[first] > width + 1e-3:
        last, blank = first + 1, 0
        while last < len(line) and at[last + 1] - at[first] <= width + 1e-3:
            last += 1
        if last >= len(line):
            break
        blank = line.rfind(" ", first, last + 1)
        if blank > first:
            parts.append((first, blank))
            first = blank + 1
        else:
            parts.append((first, last))
            first = last
    return [*parts, (first, len(line))]
