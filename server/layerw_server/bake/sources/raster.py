"""Elevations in images: 16-bit grey PNG, and TIFF of integers or floats with GeoTIFF's tags.

Owns: which images are elevations, their georeference and missing value.
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
from layerw_server.bake.sources import limits
from layerw_server.bake.sources.place import DEGREES, Georeference

KINDS = {".png": "PNG image", ".tif": "TIFF image", ".tiff": "TIFF image"}
GREY_MODES = ("L", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
BAND_ROWS = 256
PIXEL_SCALE, TIE_POINT, TRANSFORM, GEO_KEYS, NO_DATA = 33550, 33922, 34264, 34735, 42113
MODEL_TYPE, RASTER_TYPE, GEODETIC_CRS, PROJECTED_CRS = 1024, 1025, 2048, 3072
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


def read(path: Path) -> Raster:
    """Read an image of elevations.

    Raises:
        BakeError: it is damaged, too large, or a coloured picture.
    """
    kind = KINDS[path.suffix.lower()]
    try:
        with _opened(path) as image:
            width, height = image.size
            limits.check_shape((height, width), str(path))
            if image.mode not in GREY_MODES:
                raise BakeError(f"{path} is a picture of mode {image.mode}, but elevations are one grey channel of "
                                "whole numbers or floats.")
            limits.check_inflation(path.stat().st_size, width * height * _sample_bytes(image.mode), str(path))
            tags = dict(getattr(image, "tag_v2", {}))
            return Raster(_heights(image), _missing(tags), _reference(tags), image.mode != "F")
    except BakeError:
        raise
    except BROKEN as error:
        raise limits.unreadable(path, kind, error) from None


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # limits.py checks sizes, before any pixel is read
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=("PNG", "TIFF")) as image:
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


def _missing(tags: dict[int, Any]) -> float | None:
    try:
        return float(str(tags[NO_DATA]).strip("\0 "))
    except (KeyError, ValueError):
        return None


def _reference(tags: dict[int, Any]) -> Georeference | None:
    """From scale and tie point; a turned grid (ModelTransformation) is refused."""
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
    middle = 0.0 if keys.get(RASTER_TYPE) == PIXEL_IS_POINT else 0.5  # of the first cell
    west, north = tie[3] + (middle - tie[0]) * dx, tie[4] - (middle - tie[1]) * dy
    return Georeference(_crs(keys, dx), west, north, dx, dy)


def _geo_keys(raw: Any) -> dict[int, int]:
    numbers = [int(v) for v in raw]
    return {numbers[k]: numbers[k + 3] for k in range(4, len(numbers) - 3, 4) if numbers[k + 1] == 0}


def _crs(keys: dict[int, int], dx: float) -> str:
    if keys.get(MODEL_TYPE) == GEOGRAPHIC or (MODEL_TYPE not in keys and dx < 0.1):
        return DEGREES  # every geographic system lies within some hundred metres of WGS 84
    code = keys.get(PROJECTED_CRS, USER_DEFINED)
    return f"EPSG:{code}" if code != USER_DEFINED else ""
