"""Splats as the GPU reads them: texels of four words each in a texture, SPLAT_LINE a line (web/shaders/splats.wgsl).

    texel 0  | x, y, z as float32          | red 13 bits, green 13, the lower 6 of blue
    texel 1  | rotation xy, zw: 16 bits +- | scale x, y | scale z 16 bits, alpha 8, the upper 7 of blue
    then 0 to 3 texels of harmonics, by their degree: a byte a coefficient, red, green and blue of each

A colour's code is (value + 3.5) * 1024, so that harmonics may take it out of 0 to 1 and back; a scale's is
(log2(metres) + 32) * 1024, and 0 for none.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, U32
from layerw.gpu.spec import SPLAT_LINE
from layerw.splats.files import Arrays

TEXELS = (2, 3, 4, 5)  # of a splat, by the degree of its harmonics
TEXEL_BYTES = 16
COLOR_STEP, COLOR_LOW = 1 / 1024, -3.5
SCALE_STEP, SCALE_LOW = 1 / 1024, -32.0  # of log2


def size_bytes(count: int, degree: int) -> int:
    """Of the texture."""
    return -(-count * TEXELS[degree] // SPLAT_LINE) * SPLAT_LINE * TEXEL_BYTES


def new_words(count: int, degree: int) -> U32:
    """(lines, SPLAT_LINE, 4) zeros."""
    lines = -(-count * TEXELS[degree] // SPLAT_LINE)
    return np.zeros((lines, SPLAT_LINE, 4), np.uint32)


def rows_of(words: U32, count: int, degree: int) -> U32:
    """(count, words of a splat): a view."""
    width = 4 * TEXELS[degree]
    return words.reshape(-1)[: count * width].reshape(count, width)


def positions_of(words: U32, count: int, degree: int) -> F32:
    """(count, 3): a view."""
    return rows_of(words, count, degree).view(np.float32)[:, :3]


def pack(arrays: Arrays, words: U32, slice_count: int) -> Iterator[int]:
    """Fills `words`; yields before each slice how many it has."""
    count, degree = len(arrays.position), arrays.harmonics.degree
    rows = rows_of(words, count, degree)
    for start in range(0, count, slice_count):
        yield min(slice_count, count - start)
        _pack(arrays, slice(start, start + slice_count), rows[start : start + slice_count])


def _pack(arrays: Arrays, some: slice, rows: U32) -> None:
    rows[:, :3] = np.ascontiguousarray(arrays.position[some]).view(np.uint32)
    shown = np.clip(arrays.color[some, :3], COLOR_LOW, -COLOR_LOW + 8)  # far colours times 1024 are infinite
    shown = (shown - np.float32(COLOR_LOW)) / np.float32(COLOR_STEP)
    red, green, blue = np.clip(np.rint(shown), 0, 8191).astype(np.uint32).T
    alpha = np.rint(np.clip(arrays.color[some, 3], 0, 1) * 255).astype(np.uint32)
    rows[:, 3] = red | green << 13 | (blue & 63) << 26
    rows[:, 4:6] = np.ascontiguousarray(np.rint(arrays.rotation[some] * 32767).astype(np.int16)).view(np.uint32)
    x, y, z = scale_codes(arrays.scale[some]).T
    rows[:, 6] = x | y << 16
    rows[:, 7] = z | alpha << 16 | (blue >> 6) << 24
    codes = arrays.harmonics.codes[some]
    if codes.shape[1]:
        rows.view(np.uint8)[:, 32 : 32 + 3 * codes.shape[1]] = codes.reshape(len(codes), -1)


def scale_codes(scale: F32) -> npt.NDArray[np.uint32]:
    """16 bits of each."""
    with np.errstate(divide="ignore"):
        logs = (np.log2(scale) - np.float32(SCALE_LOW)) / np.float32(SCALE_STEP)
    return np.where(scale > 0, np.clip(np.rint(logs), 1, 65535), 0).astype(np.uint32)
