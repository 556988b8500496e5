"""Colours as programs give them: the one parser.

Rule: a colour that a program gives is sRGB: a CSS name, "#rgb", "#rrggbb", "#rrggbbaa", 3 or 4 numbers from 0 to 1, or
uint8 from 0 to 255. Shaders work with linear light; the change happens here. Radiance (the sun's, the sky's, fog's) is
light, not a colour of a surface: its numbers are linear and may pass 1; names and "#rrggbb" are sRGB there too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.checks import NO_NUMBERS, as_array, did_you_mean, shown
from layerw.base.errors import ShapeError
from layerw.base.mathx import linear_from_srgb, srgb_from_linear

Rgb = tuple[float, float, float]
Rgba = tuple[float, float, float, float]
Color = str | npt.ArrayLike

NAMED = {
    "aliceblue": 0xF0F8FF, "antiquewhite": 0xFAEBD7, "aqua": 0x00FFFF, "aquamarine": 0x7FFFD4, "azure": 0xF0FFFF,
    "beige": 0xF5F5DC, "bisque": 0xFFE4C4, "black": 0x000000, "blanchedalmond": 0xFFEBCD, "blue": 0x0000FF,
    "blueviolet": 0x8A2BE2, "brown": 0xA52A2A, "burlywood": 0xDEB887, "cadetblue": 0x5F9EA0, "chartreuse": 0x7FFF00,
    "chocolate": 0xD2691E, "coral": 0xFF7F50, "cornflowerblue": 0x6495ED, "cornsilk": 0xFFF8DC, "crimson": 0xDC143C,
    "cyan": 0x00FFFF, "darkblue": 0x00008B, "darkcyan": 0x008B8B, "darkgoldenrod": 0xB8860B, "darkgray": 0xA9A9A9,
    "darkgreen": 0x006400, "darkgrey": 0xA9A9A9, "darkkhaki": 0xBDB76B, "darkmagenta": 0x8B008B,
    "darkolivegreen": 0x556B2F, "darkorange": 0xFF8C00, "darkorchid": 0x9932CC, "darkred": 0x8B0000,
    "darksalmon": 0xE9967A, "darkseagreen": 0x8FBC8F, "darkslateblue": 0x483D8B, "darkslategray": 0x2F4F4F,
    "darkslategrey": 0x2F4F4F, "darkturquoise": 0x00CED1, "darkviolet": 0x9400D3, "deeppink": 0xFF1493,
    "deepskyblue": 0x00BFFF, "dimgray": 0x696969, "dimgrey": 0x696969, "dodgerblue": 0x1E90FF, "firebrick": 0xB22222,
    "floralwhite": 0xFFFAF0, "forestgreen": 0x228B22, "fuchsia": 0xFF00FF, "gainsboro": 0xDCDCDC,
    "ghostwhite": 0xF8F8FF, "gold": 0xFFD700, "goldenrod": 0xDAA520, "gray": 0x808080, "green": 0x008000,
    "greenyellow": 0xADFF2F, "grey": 0x808080, "honeydew": 0xF0FFF0, "hotpink": 0xFF69B4, "indianred": 0xCD5C5C,
    "indigo": 0x4B0082, "ivory": 0xFFFFF0, "khaki": 0xF0E68C, "lavender": 0xE6E6FA, "lavenderblush": 0xFFF0F5,
    "lawngreen": 0x7CFC00, "lemonchiffon": 0xFFFACD, "lightblue": 0xADD8E6, "lightcoral": 0xF08080,
    "lightcyan": 0xE0FFFF, "lightgoldenrodyellow": 0xFAFAD2, "lightgray": 0xD3D3D3, "lightgreen": 0x90EE90,
    "lightgrey": 0xD3D3D3, "lightpink": 0xFFB6C1, "lightsalmon": 0xFFA07A, "lightseagreen": 0x20B2AA,
    "lightskyblue": 0x87CEFA, "lightslategray": 0x778899, "lightslategrey": 0x778899, "lightsteelblue": 0xB0C4DE,
    "lightyellow": 0xFFFFE0, "lime": 0x00FF00, "limegreen": 0x32CD32, "linen": 0xFAF0E6, "magenta": 0xFF00FF,
    "maroon": 0x800000, "mediumaquamarine": 0x66CDAA, "mediumblue": 0x0000CD, "mediumorchid": 0xBA55D3,
    "mediumpurple": 0x9370DB, "mediumseagreen": 0x3CB371, "mediumslateblue": 0x7B68EE, "mediumspringgreen": 0x00FA9A,
    "mediumturquoise": 0x48D1CC, "mediumvioletred": 0xC71585, "midnightblue": 0x191970, "mintcream": 0xF5FFFA,
    "mistyrose": 0xFFE4E1, "moccasin": 0xFFE4B5, "navajowhite": 0xFFDEAD, "navy": 0x000080, "oldlace": 0xFDF5E6,
    "olive": 0x808000, "olivedrab": 0x6B8E23, "orange": 0xFFA500, "orangered": 0xFF4500, "orchid": 0xDA70D6,
    "palegoldenrod": 0xEEE8AA, "palegreen": 0x98FB98, "paleturquoise": 0xAFEEEE, "palevioletred": 0xDB7093,
    "papayawhip": 0xFFEFD5, "peachpuff": 0xFFDAB9, "peru": 0xCD853F, "pink": 0xFFC0CB, "plum": 0xDDA0DD,
    "powderblue": 0xB0E0E6, "purple": 0x800080, "rebeccapurple": 0x663399, "red": 0xFF0000, "rosybrown": 0xBC8F8F,
    "royalblue": 0x4169E1, "saddlebrown": 0x8B4513, "salmon": 0xFA8072, "sandybrown": 0xF4A460, "seagreen": 0x2E8B57,
    "seashell": 0xFFF5EE, "sienna": 0xA0522D, "silver": 0xC0C0C0, "skyblue": 0x87CEEB, "slateblue": 0x6A5ACD,
    "slategray": 0x708090, "slategrey": 0x708090, "snow": 0xFFFAFA, "springgreen": 0x00FF7F, "steelblue": 0x4682B4,
    "tan": 0xD2B48C, "teal": 0x008080, "thistle": 0xD8BFD8, "tomato": 0xFF6347, "turquoise": 0x40E0D0,
    "violet": 0xEE82EE, "wheat": 0xF5DEB3, "white": 0xFFFFFF, "whitesmoke": 0xF5F5F5, "yellow": 0xFFFF00,
    "yellowgreen": 0x9ACD32,
}  # fmt: skip


def parse_color(color: Color, name: str = "color") -> Rgba:
    """sRGB rgba in [0, 1] of one colour; alpha is 1 unless given.

    Raises:
        ShapeError: the text is no known colour, or the numbers are not 3 or 4 from 0 to 1 (uint8: 0 to 255).
    """
    if isinstance(color, str):
        return _from_text(color, name)
    given = as_array(color)
    if given.dtype.kind not in "iuf" or given.shape not in ((3,), (4,)):
        raise ShapeError(f'{name} is {shown(color)}; it takes a name, "#rrggbb", or 3 or 4 numbers from 0 to 1.')
    values = [float(v) for v in unit_colors(given, name)]
    return values[0], values[1], values[2], values[3] if len(values) == 4 else 1.0


def unit_colors(given: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
    """Colours of any shape as float64 in [0, 1]: uint8 counts to 255, all else to 1. Raises ShapeError."""
    if given.dtype == np.uint8:
        return given / 255.0
    found = given.astype(np.float64)
    if not (np.isfinite(found).all() and found.size and found.min() >= 0 and found.max() <= 1):
        hint = " Bytes from 0 to 255 take dtype uint8: numpy.uint8(...)." if _are_bytes(found) else ""
        raise ShapeError(f"{name} has numbers from {found.min(initial=0):g} to {found.max(initial=0):g}; colours take "
                         f"0 to 1.{hint}")  # fmt: skip
    return found


def linear_byte_colors(value: npt.ArrayLike, count: int, name: str) -> npt.NDArray[np.uint8]:
    """(count, 4) uint8 linear of (count, 3 or 4) sRGB colours: what vertices hold. Raises ShapeError."""
    found = byte_colors(value, count, name)
    given = np.asarray(value)[:, :3] if count else found[:, :3]
    found[:, :3] = np.round(linear_from_srgb(unit_colors(given, name)) * 255)
    return found


def byte_colors(value: npt.ArrayLike, count: int, name: str) -> npt.NDArray[np.uint8]:
    """(count, 4) uint8 sRGB of (count, 3 or 4) colours; alpha is 255 unless given. Raises ShapeError."""
    given = as_array(value)
    if given.dtype.kind not in "iuf" or given.ndim != 2 or given.shape[0] != count or given.shape[1] not in (3, 4):
        raise ShapeError(f"{name} has shape {given.shape} and dtype {given.dtype}; it takes ({count}, 3 or 4) numbers "
                         f"from 0 to 1, or uint8.")  # fmt: skip
    found = np.full((count, 4), 255, np.uint8)
    if count == 0:
        return found
    exact = given.dtype == np.uint8
    found[:, : given.shape[1]] = given if exact else np.round(unit_colors(given, name) * 255)
    return found


def radiance(name: str, value: Color) -> Rgb:
    """Linear light: 3 numbers of at least 0, or a colour by name, which is sRGB. Raises ShapeError."""
    if isinstance(value, str):
        r, g, b = (float(v) for v in linear_from_srgb(_from_text(value, name)[:3]))
        return r, g, b
    try:
        r, g, b = (float(v) for v in value)  # type: ignore[union-attr,arg-type]
    except NO_NUMBERS:
        r = g = b = math.nan
    if not all(math.isfinite(v) and v >= 0 for v in (r, g, b)):
        raise ShapeError(f'{name} is {shown(value)}; it takes 3 numbers of at least 0 (linear light), or a name or '
                         f'"#rrggbb" (sRGB).')  # fmt: skip
    return r, g, b


def linear_rgba(color: Color, name: str = "color") -> Rgba:
    """One colour for a shader: linear rgb, and alpha as it is."""
    r, g, b, a = parse_color(color, name)
    lr, lg, lb = (float(v) for v in linear_from_srgb((r, g, b)))
    return lr, lg, lb, a


def hex_of_linear(color: Rgb) -> str:
    """Linear rgb, each 0 to 1, as "#rrggbb"."""
    return "#" + "".join(f"{round(v * 255):02x}" for v in srgb_from_linear(color).tolist())


def pack_rgba8(color: Color, name: str = "color") -> int:
    """One colour as one little-endian word of four sRGB bytes, red lowest."""
    r, g, b, a = (round(v * 255) for v in parse_color(color, name))
    return r | g << 8 | b << 16 | a << 24


def _from_text(color: str, name: str) -> Rgba:
    text = color.strip().lower()
    if text in NAMED:
        text = f"#{NAMED[text]:06x}"
    digits = text[1:] if text.startswith("#") else ""
    if len(digits) in (3, 4):
        digits = "".join(c * 2 for c in digits)
    if len(digits) not in (6, 8) or any(c not in "0123456789abcdef" for c in digits):
        raise ShapeError(f'{name} is {shown(color)}, which is no known name and no "#rrggbb".'
                         f'{did_you_mean(text, NAMED) or " Write for example #ff6347."}')  # fmt: skip
    values = [int(digits[i : i + 2], 16) / 255 for i in range(0, len(digits), 2)]
    return values[0], values[1], values[2], values[3] if len(values) == 4 else 1.0


def _are_bytes(values: npt.NDArray[np.float64]) -> bool:
    return bool(values.size and values.min() >= 0 and values.max() <= 255 and (values == np.round(values)).all())
