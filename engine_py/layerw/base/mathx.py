"""Small vector mathematics on numpy arrays: quaternions (xyzw), rotations, colours.

Right-handed, +Y up, column vectors, metres, radians (glTF's conventions). Every function takes and
gives arrays whose last axis is the vector; leading axes broadcast.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_NAMED = {
    "black": 0x000000, "white": 0xFFFFFF, "red": 0xFF0000, "lime": 0x00FF00, "blue": 0x0000FF, "yellow": 0xFFFF00,
    "cyan": 0x00FFFF, "magenta": 0xFF00FF, "gray": 0x808080, "grey": 0x808080, "silver": 0xC0C0C0, "green": 0x008000,
    "navy": 0x000080, "teal": 0x008080, "olive": 0x808000, "maroon": 0x800000, "purple": 0x800080, "orange": 0xFFA500,
    "gold": 0xFFD700, "pink": 0xFFC0CB, "tomato": 0xFF6347, "coral": 0xFF7F50, "salmon": 0xFA8072, "crimson": 0xDC143C,
    "brown": 0xA52A2A, "chocolate": 0xD2691E, "tan": 0xD2B48C, "beige": 0xF5F5DC, "ivory": 0xFFFFF0, "khaki": 0xF0E68C,
    "skyblue": 0x87CEEB, "steelblue": 0x4682B4, "royalblue": 0x4169E1, "dodgerblue": 0x1E90FF, "indigo": 0x4B0082,
    "violet": 0xEE82EE, "orchid": 0xDA70D6, "turquoise": 0x40E0D0, "seagreen": 0x2E8B57, "forestgreen": 0x228B22,
    "limegreen": 0x32CD32, "slategray": 0x708090, "dimgray": 0x696969, "lightgray": 0xD3D3D3, "whitesmoke": 0xF5F5F5,
}  # fmt: skip


def quat_from_axis_angle(axis: npt.ArrayLike, angle: npt.ArrayLike) -> Array:
    """Rotation by `angle` radians about a unit `axis`."""
    half = np.asarray(angle, np.float64)[..., None] * 0.5
    return np.concatenate([np.asarray(axis, np.float64) * np.sin(half), np.cos(half)], axis=-1)


def quat_multiply(a: Array, b: Array) -> Array:
    """The rotation that applies `b` first, then `a`."""
    ax, ay, az, aw = a[..., 0], a[..., 1], a[..., 2], a[..., 3]
    bx, by, bz, bw = b[..., 0], b[..., 1], b[..., 2], b[..., 3]
    return np.stack(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ],
        axis=-1,
    )


def quat_rotate(q: Array, v: Array) -> Array:
    """Rotate vectors by unit quaternions."""
    axis, w = q[..., :3], q[..., 3:]
    t = 2.0 * np.cross(axis, v)
    return v + w * t + np.cross(axis, t)


def cross3(a: Array, b: Array) -> Array:
    """The cross product of two 3-vectors; 10 times faster than numpy's general one, and used every frame."""
    ax, ay, az = a.tolist()
    bx, by, bz = b.tolist()
    return np.array((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx))


def quat_from_euler(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Array:
    """Intrinsic YXZ (yaw, pitch, roll): the order of a camera on a tripod."""
    qx = quat_from_axis_angle((1, 0, 0), x)
    qy = quat_from_axis_angle((0, 1, 0), y)
    qz = quat_from_axis_angle((0, 0, 1), z)
    return quat_multiply(quat_multiply(qy, qx), qz)


def quat_from_matrix(m: Array) -> Array:
    """Quaternion of a 3x3 rotation matrix (Shepperd's method: the largest component first)."""
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    choices = np.array([m[0, 0], m[1, 1], m[2, 2], trace])
    i = int(np.argmax(choices))
    if i == 3:
        q = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1.0 + trace])
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        q = np.empty(4)
        q[i] = 1.0 - trace + 2.0 * m[i, i]
        q[j] = m[j, i] + m[i, j]
        q[k] = m[k, i] + m[i, k]
        q[3] = m[k, j] - m[j, k]
    return q / np.linalg.norm(q)  # type: ignore[no-any-return]


def decompose(matrix: Array) -> tuple[Array, Array, Array]:
    """Translation, rotation (xyzw) and scale of an affine 4x4 matrix; shear is dropped, a mirror goes to scale x."""
    m = np.asarray(matrix, np.float64)
    scale = np.linalg.norm(m[:3, :3], axis=0)
    if np.linalg.det(m[:3, :3]) < 0:
        scale[0] = -scale[0]
    rotation = m[:3, :3] / np.where(scale == 0, 1.0, scale)
    return m[:3, 3].copy(), quat_from_matrix(rotation), scale


def linear_from_srgb(value: npt.ArrayLike) -> Array:
    """The sRGB transfer function's inverse (IEC 61966-2-1), values in [0, 1]."""
    v = np.asarray(value, np.float64)
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def parse_color(color: str | tuple[float, ...] | Array) -> tuple[float, float, float, float]:
    """sRGB rgba in [0, 1] from a CSS name, "#rgb", "#rrggbb", "#rrggbbaa", or 3 or 4 numbers in [0, 1].

    Raises:
        ValueError: the text is no known colour, or a number lies outside of [0, 1].
    """
    if isinstance(color, str):
        text = color.strip().lower()
        if text in _NAMED:
            text = f"#{_NAMED[text]:06x}"
        digits = text[1:] if text.startswith("#") else ""
        if len(digits) in (3, 4):
            digits = "".join(c * 2 for c in digits)
        if len(digits) not in (6, 8) or any(c not in "0123456789abcdef" for c in digits):
            raise ValueError(f'The color "{color}" is not a known name or "#rrggbb"; write for example "#ff6347".')
        values = [int(digits[i : i + 2], 16) / 255 for i in range(0, len(digits), 2)]
    else:
        values = [float(v) for v in color]
        if len(values) not in (3, 4) or not all(math.isfinite(v) and 0 <= v <= 1 for v in values):
            raise ValueError(f"A color has 3 or 4 numbers from 0 to 1; {color!r} does not.")
    r, g, b = values[:3]
    return r, g, b, values[3] if len(values) == 4 else 1.0


def pack_rgba8(color: str | tuple[float, ...] | Array) -> int:
    """A colour as one little-endian word of four sRGB bytes, red lowest."""
    r, g, b, a = (round(v * 255) for v in parse_color(color))
    return r | g << 8 | b << 16 | a << 24
