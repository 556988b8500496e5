"""Pictures of light all around (.hdr, .exr, KTX2 cubes, arrays) as one panorama of half floats, a few rows at a time.

Owns: the checks of a file's size before anything is allocated, and the reduction to what is kept. The formats are in
radiance.py, exr.py and cubes.py: each gives its size, then rows. Limits: SIDE_MAX a side of the file; what is no finite
light from 0 to HALF_MAX is cut off there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.errors import ConfigError
from layerw.base.ports import F32

SIDE_MAX = 16_384
WIDE_MAX = 2048  # of what is kept: a texel is 0.18 degrees
HALF_MAX = 65_504.0
F16 = npt.NDArray[np.float16]
Rows = Iterator[tuple[int, F32]]  # the number of the first, and (rows, width, 3) linear radiance


class Picture(NamedTuple):
    """One on its way: rows of it come in any order, each once."""

    width: int
    height: int
    rows: Rows


def open_picture(data: bytes) -> Picture:
    """What a file holds, by its first bytes. Raises ConfigError with what is wrong, in words."""
    if data.startswith(b"#?"):
        from layerw.assets.radiance import read_radiance

        return checked(read_radiance(data))
    if data.startswith(b"\x76\x2f\x31\x01"):
        from layerw.assets.exr import read_exr

        return checked(read_exr(data))
    if data.startswith(b"\xabKTX 20\xbb\r\n\x1a\n"):
        from layerw.assets.cubes import read_cube

        return checked(read_cube(data))
    raise ConfigError(f"It begins with {data[:8]!r}, which is neither Radiance (.hdr), OpenEXR (.exr) nor KTX2.")


def checked(picture: Picture) -> Picture:
    """Itself. Raises ConfigError: no picture of a whole sphere, or too large."""
    width, height = picture.width, picture.height
    if not (2 <= height <= SIDE_MAX and 2 <= width <= SIDE_MAX):
        raise ConfigError(f"It has {width} x {height} pixels; a picture of light takes 2 to {SIDE_MAX} a side.")
    if width != 2 * height:
        raise ConfigError(f"It has {width} x {height} pixels; a picture of all around is twice as wide as high.")
    return picture


def of_array(pixels: F32) -> Picture:
    """Of (height, width, 3)."""
    height, width = pixels.shape[:2]
    return checked(Picture(width, height, ((row, pixels[row : row + 64]) for row in range(0, height, 64))))


def kept_size(picture: Picture) -> tuple[int, int]:
    """Width and height of what is kept: halved until it is WIDE_MAX wide."""
    factor = _factor(picture)
    return picture.width // factor, picture.height // factor


def _factor(picture: Picture) -> int:
    factor = 1
    while picture.width // factor > WIDE_MAX:
        factor *= 2
    return factor


def panorama(picture: Picture) -> Iterator[F16 | None]:
    """Goes through the rows: None after some of them, at last (height, width, 4) float16, alpha 1.

    Raises ConfigError where a row says that the file is broken.
    """
    factor = _factor(picture)
    width, height = kept_size(picture)
    sums = np.zeros((height, width, 3), np.float32)
    for first, rows in picture.rows:
        light = np.nan_to_num(rows, nan=0.0, posinf=HALF_MAX, neginf=0.0).clip(0.0, HALF_MAX)
        if factor == 1:
            sums[first : first + len(light)] = light
        else:
            light = light[:, : width * factor].reshape(len(light), width, factor, 3).mean(axis=2)
            at = np.arange(first, first + len(light)) // factor
            inside = at < height
            np.add.at(sums, at[inside], light[inside] / np.float32(factor))
        yield None
    whole = np.ones((height, width, 4), np.float16)
    whole[..., :3] = sums
    yield whole


def small(pixels: F16, wide: int = 64) -> F32:
    """(wide / 2, wide, 3), the means of its parts: what irradiance is worked out from."""
    height, width = pixels.shape[:2]
    rows = np.linspace(0, height, min(wide // 2, height), endpoint=False).astype(int)
    columns = np.linspace(0, width, min(wide, width), endpoint=False).astype(int)
    light = pixels[..., :3].astype(np.float32)
    summed = np.add.reduceat(np.add.reduceat(light, rows, axis=0), columns, axis=1)
    counts = np.diff(rows, append=height)[:, None, None] * np.diff(columns, append=width)[None, :, None]
    result: F32 = (summed / counts).astype(np.float32)
    return result
