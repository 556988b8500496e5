"""Elevations in images: 16-bit grey PNG, and TIFF of integers or floats with GeoTIFF's tags.

Owns: which images are elevations, which of a TIFF's overviews serves, their georeference and missing value.
Does not: reproject. A GeoTIFF in metres (UTM and others) keeps its coordinates as they are.
Source: OGC 19-008r4 (GeoTIFF 1.1): ModelPixelScale, ModelTiepoint, GeoKeyDirectory; GDAL's tag 42113 for no-data.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import F32
from layerw_server.bake.sources import limits, missing
from layerw_server.bake.sources.place import DEGREES, Georeference

KINDS = {".png": "PNG image", ".tif": "TIFF image", ".tiff": "TIFF image"}
FORMATS = ("PNG", "TIFF", "JPEG", "WEBP")
GREY_MODES = ("L", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
BAND_ROWS = 256
PIXEL_SCALE, TIE_POINT, TRANSFORM, GEO_KEYS, NO_DATA = 33550, 33922, 34264, 34735, 42113
SUBFILE, SUBFILE_REDUCED = 254, 1  # the tag of pages, and the one value of overviews (masks have another bit)
MODEL_TYPE, RASTER_TYPE, PROJECTED_CRS, LINEAR_UNIT, VERTICAL_UNIT = 1024, 1025, 3072, 3076, 4099
FEET_M = {9002: 0.3048, 9003: 1200 / 3937}  # the foot, and that of the U.S. survey
GEOGRAPHIC, PIXEL_IS_POINT, USER_DEFINED = 2, 2, 32_767
BROKEN = (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError, MemoryError,
          ZeroDivisionError, struct.error, zlib.error, UnidentifiedImageError, Image.DecompressionBombError)


@dataclass(frozen=True)
class Raster:
    """What an image holds: raw heights, the value that marks missing ones, where it lies, whether it counts metres."""

    heights: F32
    missing: float | None
    reference: Georeference | None
    whole_numbers: bool  # a grey picture, whose numbers may be metres or just shades
    notes: tuple[str, ...] = ()


def read(path: Path, samples: int = 0) -> Raster:
    """Read an image of elevations; of a TIFF with overviews the coarsest with `samples` a side (0: the finest).

    Raises:
        BakeError: it is damaged, too large, or a coloured picture.
    """
    kind = KINDS[path.suffix.lower()]
    try:
        with opened(path) as image:
            full = image.size
            tags = dict(getattr(image, "tag_v2", {}))
            notes = _choose(image, path, samples)
            width, height = image.size
            limits.check_shape((height, width), str(path))
            if image.mode not in GREY_MODES:
                raise BakeError(f"{path} is a picture of mode {image.mode}, but elevations are one grey channel of "
                                "whole numbers or floats.")
            limits.check_inflation(path.stat().st_size, width * height * _sample_bytes(image.mode), str(path))
            reference = reference_of(tags, (full[0] / width, full[1] / height))
            heights, mark = _heights(image), missing_mark(tags)
            unit = FEET_M.get(_geo_keys(tags.get(GEO_KEYS, ())).get(VERTICAL_UNIT, 0))
            if unit is not None:
                _to_metres(heights, mark, unit)
            return Raster(heights, mark, reference, image.mode != "F", notes)
    except BakeError:
        raise
    except BROKEN as error:
        raise limits.unreadable(path, kind, error) from None


def _choose(image: Image.Image, path: Path, samples: int) -> tuple[str, ...]:
    """Go to the overview that is fine enough, or to the finest that fits into memory."""
    full = image.size
    sizes = {0: full, **overviews(image)}
    fine = [n for n, size in sizes.items() if samples and min(size) > samples]
    fits = [n for n, size in sizes.items() if limits.fits((size[1], size[0]))]
    number = max(fine, default=0)
    if number not in fits and fits:
        number = min(fits)
    image.seek(number)
    if number == 0:
        return ()
    return (f"{path.name} has {full[0]} x {full[1]} samples; its overview of {image.size[0]} x {image.size[1]} is "
            "read, which is as fine as the world" + (" can be." if samples == 0 else "."),)


def overviews(image: Image.Image) -> dict[int, tuple[int, int]]:
    """Width and height of a TIFF's overviews by page number, from fine to coarse."""
    found = {}
    if image.format == "TIFF":
        for number in range(1, getattr(image, "n_frames", 1)):
            image.seek(number)
            tags: Any = getattr(image, "tag_v2", {})
            if tags.get(SUBFILE, 0) == SUBFILE_REDUCED:
                found[number] = image.size
        image.seek(0)
    return dict(sorted(found.items(), key=lambda pair: -pair[1][0]))


def _to_metres(heights: F32, mark: float | None, unit_m: float) -> None:
    for first in range(0, heights.shape[0], BAND_ROWS):
        band = heights[first : first + BAND_ROWS]
        known = np.isfinite(band) & (np.abs(band) < 1e6)
        known &= band != np.float32(missing.COMMON_MARK)
        if mark is not None:
            known &= band != np.float32(mark)
        np.multiply(band, np.float32(unit_m), out=band, where=known)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # limits.py checks sizes, before any pixel is read
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                yield image
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _sample_bytes(mode: str) -> int:
    return {"L": 1, "I": 4, "F": 4}.get(mode, 2)


def _heights(image: Image.Image) -> F32:
    width, height = image.size
    out = np.empty((height, width), np.float32)
    for first in range(0, height, BAND_ROWS):
        last = min(first + BAND_ROWS, height)
        out[first:last] = np.asarray(image.crop((0, first, width, last)))
    return out


def missing_mark(tags: dict[int, Any]) -> float | None:
    """What GDAL's tag says."""
    try:
        return float(str(tags[NO_DATA]).strip("\0 "))
    except (KeyError, ValueError):
        return None


def reference_of(tags: dict[int, Any], coarser: tuple[float, float] = (1.0, 1.0)) -> Georeference | None:
    """From scale and tie point, for pixels that are so many times wider and taller; turned grids are refused."""
    if TRANSFORM in tags:
        a, b, _, x, d, e, _, y = (float(v) for v in tags[TRANSFORM][:8])
        if b or d or a <= 0 or e >= 0:
            raise BakeError("The image's grid is turned or mirrored (ModelTransformation); warp it to north-up first.")
        scale, tie = [a, -e], [0.0, 0.0, 0.0, x, y]
    elif PIXEL_SCALE in tags and TIE_POINT in tags:
        scale = [float(v) for v in tags[PIXEL_SCALE][:2]]
        tie = [float(v) for v in tags[TIE_POINT][:5]]
    else:
        return None
    keys = _geo_keys(tags.get(GEO_KEYS, ()))
    dx, dy = abs(scale[0]), abs(scale[1])
    corner = 0.5 if keys.get(RASTER_TYPE) == PIXEL_IS_POINT else 0.0  # of the first cell, outwards from the tie point
    west, north = tie[3] - (corner + tie[0]) * dx, tie[4] + (corner + tie[1]) * dy
    dx, dy = dx * coarser[0], dy * coarser[1]
    unit_m = FEET_M.get(keys.get(LINEAR_UNIT, 0), 1.0)
    return Georeference(_crs(keys, dx), west + 0.5 * dx, north - 0.5 * dy, dx, dy, unit_m)


def _geo_keys(raw: Any) -> dict[int, int]:
    numbers = [int(v) for v in raw]
    return {numbers[k]: numbers[k + 3] for k in range(4, len(numbers) - 3, 4) if numbers[k + 1] == 0}


def _crs(keys: dict[int, int], dx: float) -> str:
    if keys.get(MODEL_TYPE) == GEOGRAPHIC or (MODEL_TYPE not in keys and dx < 0.1):
        return DEGREES  # every geographic system lies within some hundred metres of WGS 84
    code = keys.get(PROJECTED_CRS, USER_DEFINED)
    return f"EPSG:{code}" if code != USER_DEFINED else ""
