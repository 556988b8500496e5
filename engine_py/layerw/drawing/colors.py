"""Colours of points and lines: sRGB bytes, which the shaders read as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import byte_colors, parse_color


def mark_colors(name: str, value: Any, count: int) -> npt.NDArray[np.uint8]:
    """(4,) of one colour, or (count, 4) of an array of them, uint8 sRGB. Raises ShapeError."""
    if isinstance(value, str) or checks.as_array(value).shape in ((3,), (4,)):
        return np.round(np.array(parse_color(value, name)) * 255).astype(np.uint8)
    return byte_colors(value, count, name)
