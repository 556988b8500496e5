"""Small vector mathematics on numpy arrays: quaternions (xyzw), rotations, the sRGB curve.

Right-handed, +Y up, column vectors, metres, radians (glTF's conventions). Every function takes and
gives arrays whose last axis is the vector; leading axes broadcast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

STRAIGHT = 1e-9  # a direction with less than this of its length beside an axis goes along it


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


def quat_between(start: Array, end: Array, share: float) -> Array:
    """From one unit quaternion to another, the short way, at an even speed. Source: Shoemake, "Animating rotation with
    quaternion curves" (1985)."""
    dot = (start * end).sum(axis=-1, keepdims=True)
    near = np.where(dot < 0, -end, end)
    angle = np.arccos(np.clip(np.abs(dot), 0, 1))
    sine = np.sin(angle)
    is_small = sine < 1e-4
    safe = np.where(is_small, 1, sine)
    a = np.where(is_small, 1 - share, np.sin((1 - share) * angle) / safe)
    b = np.where(is_small, share, np.sin(share * angle) / safe)
    mixed = a * start + b * near
    length = np.linalg.norm(mixed, axis=-1, keepdims=True)
    found: Array = mixed / np.where(length > 0, length, 1)
    return found


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


def quat_rotate3(q: Array, v: Array) -> Array:
    """One vector turned by one unit quaternion: quat_rotate's own numbers, without numpy's general cross product."""
    axis, w = q[:3], q[3]
    t: Array = 2.0 * cross3(axis, v)
    turned: Array = v + w * t + cross3(axis, t)
    return turned


def quat_from_euler(x: npt.ArrayLike = 0.0, y: npt.ArrayLike = 0.0, z: npt.ArrayLike = 0.0) -> Array:
    """Intrinsic YXZ (yaw, pitch, roll): the order of a camera on a tripod. Of arrays (..., 4)."""
    halves = [np.multiply(angle, 0.5, dtype=np.float64) for angle in (x, y, z)]
    (sx, sy, sz), (cx, cy, cz) = map(np.sin, halves), map(np.cos, halves)
    found: Array = np.stack([cy * sx * cz + sy * cx * sz, sy * cx * cz - cy * sx * sz,
                             cy * cx * sz - sy * sx * cz, cy * cx * cz + sy * sx * sz], axis=-1)  # fmt: skip
    return found + 0.0  # no zero is negative: hashes of states are of bits


def turned_by(q: Sequence[float], x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """The quaternion q after quat_from_euler(x, y, z), of length 1; plain numbers, five times faster than arrays."""
    ax, ay, az, aw = q
    for axis, angle in ((1, y), (0, x), (2, z)):
        if angle:
            s, c = math.sin(angle / 2), math.cos(angle / 2)
            if axis == 0:
                ax, ay, az, aw = ax * c + aw * s, ay * c + az * s, az * c - ay * s, aw * c - ax * s
            elif axis == 1:
                ax, ay, az, aw = ax * c - az * s, ay * c + aw * s, az * c + ax * s, aw * c - ay * s
            else:
                ax, ay, az, aw = ax * c + ay * s, ay * c - ax * s, az * c + aw * s, aw * c - az * s
    length = math.sqrt(ax * ax + ay * ay + az * az + aw * aw) or 1.0
    return ax / length, ay / length, az / length, aw / length


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


def quats_from_matrices(m: Array) -> Array:
    """Quaternions (n, 4) of rotation matrices (n, 3, 3), as quat_from_matrix."""
    xx, yy, zz = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    trace = xx + yy + zz
    a, b, c = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    xy, xz, yz = m[:, 1, 0] + m[:, 0, 1], m[:, 2, 0] + m[:, 0, 2], m[:, 2, 1] + m[:, 1, 2]
    choices = np.stack([
        np.stack([1.0 - trace + 2.0 * xx, xy, xz, a], axis=1), np.stack([xy, 1.0 - trace + 2.0 * yy, yz, b], axis=1),
        np.stack([xz, yz, 1.0 - trace + 2.0 * zz, c], axis=1), np.stack([a, b, c, 1.0 + trace], axis=1)])  # fmt: skip
    which = np.argmax(np.stack([xx, yy, zz, trace], axis=1), axis=1)
    q = choices[which, np.arange(len(m))]
    return q / np.linalg.norm(q, axis=1, keepdims=True)  # type: ignore[no-any-return]


def matrix_from_quat(q: Array) -> Array:
    """The 3x3 rotation matrix of a quaternion of any length; the identity for a zero one."""
    x, y, z, w = (float(v) for v in q)
    size = x * x + y * y + z * z + w * w
    s = 2.0 / size if size > 0 else 0.0
    return np.array([
        [1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w)],
        [s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w)],
        [s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y)],
    ])


def facing(forward: Array, up: Array, before: Array) -> Array:
    """The 3x3 rotation whose -Z points along `forward` and whose +Y is towards `up`.

    Where both are parallel, its heading is that of the rotation `before`: the limit of looking almost straight up or
    down without turning about `up`.
    """
    forward, up = (v / np.sqrt((v * v).sum()) for v in (forward, up))
    right = np.cross(forward, up)
    if (right * right).sum() < STRAIGHT * STRAIGHT:
        right = np.cross(before @ (0.0, 0.0, -1.0), up)
        if (right * right).sum() < STRAIGHT * STRAIGHT:  # it looked straight up or down before, too
            right = before @ (1.0, 0.0, 0.0)
    right = right / np.sqrt((right * right).sum())
    above = np.cross(right, forward)
    return np.stack([right, above / np.sqrt((above * above).sum()), -forward], axis=1)


def cofactors(scale: Array, shear: Array) -> Array:
    """(3, 3): what turns normals where the triangle of scale and shear (xy, xz, yz) turns points."""
    (a, b, c), (d, e, f) = scale, shear
    return np.array([[b * c, 0.0, 0.0], [-d * c, a * c, 0.0], [d * f - e * b, -a * f, a * b]])


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


def srgb_from_linear(value: npt.ArrayLike) -> Array:
    """The sRGB transfer function, values in [0, 1]."""
    v = np.asarray(value, np.float64)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def uv_matrix(ox: float, oy: float, angle: float, sx: float,
              sy: float) -> tuple[float, float, float, float, float, float]:  # fmt: skip
    """(2, 3) row by row: translation * rotation * scale of uvs, as KHR_texture_transform writes it."""
    c, s = math.cos(angle), math.sin(angle)
    return c * sx, s * sy, ox, -s * sx, c * sy, oy
