"""geometry/transform.h in numpy.

Limits: the header's one loop over rows is here a loop over generations: rows whose parents are composed already. A
chain costs about 0.1 ms of numpy a link.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.mathx import quat_rotate
from layerw.kernels.twins.vectors import cross, dot

Array = npt.NDArray[Any]
LEFT_OVER = np.float32(1e-6)
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)


def lw_compose_rows(parents: Array, rows: Array, count: int, position: Array, rotation: Array, scale: Array,
                    world_position: Array, world_rotation: Array, world_scale: Array, world_shear: Array) -> int:
    """See geometry/transform.h."""
    rows = rows[:count]
    place = np.full(len(parents), -1, np.intp)
    place[rows] = np.arange(len(rows))
    above = place[parents[rows]]  # where the parent is in `rows`, or -1
    first = 0
    with np.errstate(all="ignore"):
        while first < len(rows):
            late = np.flatnonzero(above[first:] >= first)  # its parent is not composed yet
            end = first + int(late[0]) if len(late) else len(rows)
            _compose(rows[first:end], parents, (position, rotation, scale),
                     (world_position, world_rotation, world_scale, world_shear))
            first = end
    return int((world_shear[rows] != 0).any(axis=1).sum())


def _compose(rows: Array, parents: Array, local: tuple[Array, Array, Array],
             world: tuple[Array, Array, Array, Array]) -> None:
    up = parents[rows]
    position, rotation, scale, shear = (column[up] for column in world)
    world[0][rows] = position + quat_rotate(rotation, stretched(scale, shear, local[0][rows]))
    turned, world[2][rows], world[3][rows] = _stretch_below(scale, shear, local[1][rows], local[2][rows])
    world[1][rows] = _turn(rotation, turned)


def stretched(scale: Array, shear: Array, v: Array) -> Array:
    """T * v, (n, 3) each."""
    x, y, z = v.T
    return np.stack([(scale[:, 0] * x + shear[:, 0] * y) + shear[:, 1] * z, scale[:, 1] * y + shear[:, 2] * z,
                     scale[:, 2] * z], axis=1)


def _turn(a: Array, b: Array) -> Array:
    """The product over its length."""
    (ax, ay, az, aw), (bx, by, bz, bw) = a.T, b.T
    x = ((aw * bx + ax * bw) + ay * bz) - az * by
    y = ((aw * by - ax * bz) + ay * bw) + az * bx
    z = ((aw * bz + ax * by) - ay * bx) + az * bw
    w = ((aw * bw - ax * bx) - ay * by) - az * bz
    size = np.sqrt(((x * x + y * y) + z * z) + w * w)
    found: Array = np.stack([x, y, z, w], axis=1) / np.where(size > 0, size, _ONE)[:, None]
    return found


def _stretch_below(scale: Array, shear: Array, q: Array, s: Array) -> tuple[Array, Array, Array]:
    """What the parents' rotations are multiplied by, and the rows' own scales and shears."""
    even = (shear == 0).all(axis=1) & (scale[:, 0] == scale[:, 1]) & (scale[:, 1] == scale[:, 2])
    unturned = (q[:, :3] == 0).all(axis=1)
    turned = np.where(even[:, None], q, np.array([0, 0, 0, 1], np.float32))
    own_scale = scale * s
    own_shear = np.where(even[:, None], _ZERO, shear * s[:, (1, 2, 2)])
    rest = np.flatnonzero(~(even | unturned))
    if len(rest):
        columns = _columns(scale[rest], shear[rest], q[rest], s[rest])
        turned[rest], own_scale[rest], own_shear[rest] = _take_apart(columns)
    return turned, own_scale, own_shear


def _columns(scale: Array, shear: Array, q: Array, s: Array) -> list[Array]:
    qx, qy, qz, qw = q.T
    size = ((qx * qx + qy * qy) + qz * qz) + qw * qw
    two = np.where(size > 0, _TWO / size, _ZERO)
    x, y, z = two * qx, two * qy, two * qz
    xx, yy, zz, xy, xz, yz = x * qx, y * qy, z * qz, x * qy, x * qz, y * qz
    xw, yw, zw = x * qw, y * qw, z * qw
    turned = ((_ONE - (yy + zz), xy + zw, xz - yw), (xy - zw, _ONE - (xx + zz), yz + xw),
              (xz + yw, yz - xw, _ONE - (xx + yy)))
    return [stretched(scale, shear, np.stack(column, axis=1) * s[:, k, None]) for k, column in enumerate(turned)]


def _take_apart(columns: list[Array]) -> tuple[Array, Array, Array]:
    """Quaternions of the axes, scales and shears."""
    count = len(columns[0])
    largest = np.zeros(count, np.float32)
    for column in columns:
        for part in np.abs(column).T:
            largest = np.where(part > largest, part, largest)
    axis = np.zeros((2, count, 3), np.float32)
    axes = np.zeros(count, np.intp)
    t = np.zeros((3, 3, count), np.float32)
    for k, column in enumerate(columns):
        rest = column / largest[:, None]
        whole = np.sqrt(dot(rest, rest))
        for i in (0, 1, 0, 1):
            along = dot(axis[i], rest)
            rest = rest - along[:, None] * axis[i]
            t[i, k] = t[i, k] + along
        _new_axis(k, rest, whole, axis, axes, t)
        for i in range(min(k, 2)):
            t[i, k] = np.where(np.abs(t[i, k]) <= LEFT_OVER * whole, _ZERO, t[i, k])
    lone = axes < 2
    axis[1] = np.where(lone[:, None], _beside(axis[0]), axis[1])
    turned = _quaternions(axis[0], axis[1], cross(axis[0], axis[1]))
    scale = np.stack([t[0, 0] * largest, t[1, 1] * largest, t[2, 2] * largest], axis=1)
    shear = np.stack([t[0, 1] * largest, t[0, 2] * largest, t[1, 2] * largest], axis=1)
    nothing = (largest == 0)[:, None]
    return (np.where(nothing, np.array([0, 0, 0, 1], np.float32), turned), np.where(nothing, _ZERO, scale),
            np.where(nothing, _ZERO, shear))


def _new_axis(k: int, rest: Array, whole: Array, axis: Array, axes: Array, t: Array) -> None:
    """What is left of column k becomes the next axis, or is measured along the third."""
    left = np.sqrt(dot(rest, rest))
    new = left > LEFT_OVER * whole
    for i in (0, 1):
        own = new & (axes == i)
        axis[i] = np.where(own[:, None], rest / left[:, None], axis[i])
        t[i, k] = np.where(own, t[i, k] + left, t[i, k])
    t[2, k] = np.where(new & (axes == 2), dot(cross(axis[0], axis[1]), rest), t[2, k])
    axes += new


def _beside(a: Array) -> Array:
    x, y, z = np.abs(a).T
    first, second = (x <= y) & (x <= z), y <= z
    flattest = np.where(first[:, None], np.eye(3, dtype=np.float32)[0],
                        np.where(second[:, None], np.eye(3, dtype=np.float32)[1], np.eye(3, dtype=np.float32)[2]))
    found = cross(a, flattest)
    beside: Array = found / np.sqrt(dot(found, found))[:, None]
    return beside


def _quaternions(a: Array, b: Array, c: Array) -> Array:
    xx, yy, zz = a[:, 0], b[:, 1], c[:, 2]
    trace = (xx + yy) + zz
    by_w = np.stack([b[:, 2] - c[:, 1], c[:, 0] - a[:, 2], a[:, 1] - b[:, 0], _ONE + trace], axis=1)
    by_x = np.stack([((_ONE + xx) - yy) - zz, b[:, 0] + a[:, 1], c[:, 0] + a[:, 2], b[:, 2] - c[:, 1]], axis=1)
    by_y = np.stack([b[:, 0] + a[:, 1], ((_ONE + yy) - xx) - zz, c[:, 1] + b[:, 2], c[:, 0] - a[:, 2]], axis=1)
    by_z = np.stack([c[:, 0] + a[:, 2], c[:, 1] + b[:, 2], ((_ONE + zz) - xx) - yy, a[:, 1] - b[:, 0]], axis=1)
    w = ((trace >= xx) & (trace >= yy) & (trace >= zz))[:, None]
    x = ((xx >= yy) & (xx >= zz))[:, None]
    return np.where(w, by_w, np.where(x, by_x, np.where((yy >= zz)[:, None], by_y, by_z)))


def lw_mirrored(scale: Array, rows: Array, count: int, mirrored: Array) -> int:
    """See geometry/transform.h."""
    own = scale.reshape(-1, 3)[rows[:count]]
    below = own < 0
    now = ((below[:, 0] != below[:, 1]) != below[:, 2]) & (below | (own > 0)).all(axis=1)
    changed = int((mirrored[:count] != now).sum())
    mirrored[:count] = now
    return changed


def lw_scatter_poses(slots: Array, count: int, poses: Array, rows: Array, kept: Array, position: Array,
                     rotation: Array, blocks: Array) -> int:  # fmt: skip
    """See geometry/transform.h."""
    slots, poses = slots[:count], poses[:count]
    to = rows[slots]
    if count and to.min() < 0:
        owned = to >= 0
        slots, poses, to = slots[owned], poses[owned], to[owned]
    kept[slots], position[to], rotation[to] = poses, poses[:, :3], poses[:, 3:]
    for block in np.flatnonzero(np.bincount(to >> 10)).tolist():
        blocks[block >> 5] |= np.uint32(1 << (block & 31))
    return len(to)


def lw_not_finite(values: Array, count: int) -> int:
    """See geometry/transform.h."""
    flat = values.reshape(-1)[:count]
    with np.errstate(all="ignore"):
        if np.isfinite(np.dot(flat, flat)):  # a third of the time; squares of large numbers overflow, and are counted
            return 0
    return count - int(np.count_nonzero(np.isfinite(flat)))
