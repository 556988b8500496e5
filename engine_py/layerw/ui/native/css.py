"""Styles and themes as numbers: the part of CSS that values.py lets through and that the engine can draw.

Owns: lengths, sides, colours. What it can't read is left out, as a browser does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from layerw.base.colors import parse_color
from layerw.base.errors import LayerwError

Rgba = tuple[int, int, int, int]  # sRGB bytes
Sides = tuple[float, float, float, float]  # top, right, bottom, left
CLEAR: Rgba = (0, 0, 0, 0)
_NUMBER = r"(?:\d+\.?\d*|\.\d+)"
_LENGTH = re.compile(rf"([+-]?{_NUMBER})(px|em|rem|%|)")
_RGB = re.compile(rf"rgba?\(\s*({_NUMBER})[\s,]+({_NUMBER})[\s,]+({_NUMBER})\s*(?:[,/]\s*({_NUMBER})(%?)\s*)?\)")
_FAR = 1e7  # what is said beyond is that, as in browsers: quads are of 32-bit floats


class Length(NamedTuple):
    """Pixels of the page, and a share of what there is."""

    px: float
    share: float = 0.0

    def of(self, whole: float) -> float:
        """Pixels."""
        return self.px + self.share * whole


@lru_cache(4096)
def length(text: str, em: float, root: float) -> Length | None:
    """A length; em: pixels of the font's size, root: of the theme's. None: "auto", or nothing that is known."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        return None
    number = min(max(float(found[1]), -_FAR), _FAR)
    if found[2] == "%":
        return Length(0.0, number / 100)
    return Length(number * {"em": em, "rem": root}.get(found[2], 1.0))


@lru_cache(1024)
def sides(text: str, em: float, root: float) -> Sides | None:
    """Of `padding` and `margin`: one to four lengths."""
    found = [length(one, em, root) for one in text.split()]
    if not 1 <= len(found) <= 4 or None in found:
        return None
    px = [one.px for one in found if one is not None]
    top = px[0]
    right = px[1] if len(px) > 1 else top
    return top, right, px[2] if len(px) > 2 else top, px[3] if len(px) > 3 else right


@lru_cache(1024)
def color(text: str) -> Rgba | None:
    """A colour by name, "#rrggbb" or rgb(...)."""
    words = text.strip().lower()
    if words in ("transparent", "none"):
        return CLEAR
    found = _RGB.fullmatch(words)
    if found is not None:
        alpha = float(found[4] or 1) / (100 if found[5] else 1)
        red, green, blue = (round(min(float(found[n]), 255)) for n in (1, 2, 3))
        return red, green, blue, min(round(255 * alpha), 255)
    try:
        red, green, blue, alpha_byte = (round(255 * one) for one in parse_color(words))
    except LayerwError:
        return None
    return red, green, blue, alpha_byte


@lru_cache(1024)
def border(text: str, em: float, root: float) -> tuple[float, Rgba] | None:
    """Of `border`: how wide it is, and its colour."""
    if text.strip() in ("none", "0", "0px"):
        return 0.0, CLEAR
    width, shade = 0.0, None
    for word in re.findall(r"[^\s(]+\([^)]*\)|\S+", text):
        size = length(word, em, root)
        if size is not None:
            width = size.px
        else:
            shade = color(word) or shade
    return (width, shade) if shade is not None else None


def mixed(one: Rgba, other: Rgba, share: float) -> Rgba:
    """So much of the one in the other."""
    red, green, blue, alpha = (round(a * share + b * (1 - share)) for a, b in zip(one, other, strict=True))
    return red, green, blue, alpha


def faded(shade: Rgba, opacity: float) -> Rgba:
    """With less alpha."""
    return (*shade[:3], round(shade[3] * opacity))
