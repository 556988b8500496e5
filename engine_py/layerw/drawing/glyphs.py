"""The curves of glyphs as the GPU reads them: one texture of numbers, which grows with the characters that are shown.

A glyph, from its place on, a texel (two numbers of 16 bits) each; places are counted from the glyph's:
    BANDS texels, and BANDS more | where a band's list begins, how many curves it has: from below; then from the left
    a list's texels              | where a curve's first point stands, 0
    a contour's points           | x, y: (em + ASIDE) * UNIT; start, control, start, control ..., the first start

Limits: TEXELS x LINES texels, which all of the font fits in. web/shaders/glyphs.wgsl reads it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32
from layerw.drawing.font import font
from layerw.scene.textures import Texture

TEXELS, LINES = 512, 512
BANDS = 8
UNIT, ASIDE = 16384, 1.0
SLACK = 1e-4  # em: curves that touch a band are in it


class Glyph(NamedTuple):
    """Where it stands, and its box, em."""

    place: int
    low: F32
    high: F32


class Glyphs:
    """Those that were shown."""

    def __init__(self) -> None:
        self.texture = Texture(np.zeros((LINES, TEXELS, 4), np.uint8), filter="nearest", srgb=False, mips=False)
        self._numbers = np.zeros((LINES * TEXELS, 2), np.uint16)
        self._used = 0
        self._found: dict[int, Glyph] = {}

    def find(self, numbers: npt.NDArray[np.intp]) -> list[Glyph]:
        """Of each number of the font; new ones go to the texture."""
        new = [number for number in dict.fromkeys(numbers.tolist()) if number not in self._found]
        if new:
            begin = self._used
            for number in new:
                self._found[number] = self._add(font().contours(number))
            first, last = begin // TEXELS, -(-self._used // TEXELS)
            rows = self._numbers[first * TEXELS : last * TEXELS].astype("<u2", copy=False)
            self.texture.update(0, first, rows.view(np.uint8).reshape(last - first, TEXELS, 4))
        return [self._found[number] for number in numbers.tolist()]

    def _add(self, contours: list[F32]) -> Glyph:
        points = np.concatenate(contours)
        starts, at = [], 0
        for chain in contours:
            starts.append(np.arange(at, at + len(chain) - 1, 2))
            at += len(chain)
        curves = np.concatenate(starts)
        ends = np.stack([points[curves], points[curves + 1], points[curves + 2]])  # (3, curves, 2)
        low, high = points.min(0), points.max(0)
        lists = [self._band(ends[..., axis], float(low[axis]), float(high[axis]), band)
                 for axis in (1, 0) for band in range(BANDS)]  # fmt: skip
        counts = np.array([len(one) for one in lists])
        head = 2 * BANDS
        after = head + int(counts.sum())
        texels = np.zeros((after + len(points), 2), np.uint16)
        texels[:head, 0], texels[:head, 1] = head + np.cumsum(counts) - counts, counts
        texels[head:after, 0] = after + curves[np.concatenate(lists)]
        texels[after:] = np.round((points + ASIDE) * UNIT)
        place, self._used = self._used, self._used + len(texels)
        self._numbers[place : self._used] = texels
        return Glyph(place, low, high)

    @staticmethod
    def _band(ends: F32, low: float, high: float, band: int) -> npt.NDArray[np.intp]:
        """Numbers of the curves that lie in a band."""
        bottom, top = low + (high - low) * band / BANDS - SLACK, low + (high - low) * (band + 1) / BANDS + SLACK
        return np.flatnonzero((ends.max(0) >= bottom) & (ends.min(0) <= top))
