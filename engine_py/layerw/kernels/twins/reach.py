"""animation/reach.h in numpy. Limbs that share nodes are turned one after another, as the kernel does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.kernels.twins.vectors import cross, dot, rotated

Array = npt.NDArray[Any]
_F = np.float32
SMALL, DEPTH_MAX = _F(1e-9), 65536


def lw_pose_reach(limbs: Array, goals: Array, poles: Array, count: int, parents: Array, position: Array,
                  rotation: Array, scale: Array) -> None:  # fmt: skip
    """See animation/reach.h."""
    limbs, goals, poles = (part.reshape(-1)[: 4 * count].reshape(-1, 4) for part in (limbs, goals, poles))
    _apart(limbs[:, :3], parents, lambda at: _reach(limbs[at], goals[at], poles[at], parents.reshape(-1),
                                                    position, rotation, scale))  # fmt: skip


def lw_pose_look(rows: Array, goals: Array, gazes: Array, count: int, parents: Array, position: Array, rotation: Array,
                 scale: Array) -> None:  # fmt: skip
    """See animation/reach.h."""
    rows = rows.reshape(-1)[:count]
    goals, gazes = (part.reshape(-1)[: 4 * count].reshape(-1, 4) for part in (goals, gazes))
    _apart(rows[:, None], parents, lambda at: _look(rows[at], goals[at], gazes[at], parents.reshape(-1), position,
                                                    rotation, scale))  # fmt: skip


def _apart(rows: Array, parents: Array, solve: Callable[[Array], None]) -> None:
    """Solves runs whose rows hang on no other of the same run: those follow in the next one."""
    first, turned = 0, set[int]()
    for number in range(len(rows)):
        chain, up = set(rows[number].tolist()), int(rows[number, 0])
        for row in rows[number].tolist():
            up = int(parents.reshape(-1)[row])
            while up >= 0 and up not in chain:
                chain.add(up)
                up = int(parents.reshape(-1)[up])
        if chain & turned:
            solve(np.arange(first, number))
            first, turned = number, set()
        turned |= set(rows[number].tolist())
    if first < len(rows):
        solve(np.arange(first, len(rows)))


def _unit(q: Array) -> Array:
    size = np.sqrt(((q[:, 0] * q[:, 0] + q[:, 1] * q[:, 1]) + q[:, 2] * q[:, 2]) + q[:, 3] * q[:, 3])
    good = (size > SMALL)[:, None]
    return np.where(good, q / np.where(good, size[:, None], _F(1)), np.array([0, 0, 0, 1], _F))


def _times(a: Array, b: Array) -> Array:
    (ax, ay, az, aw), (bx, by, bz, bw) = a.T, b.T
    return np.stack([((aw * bx + ax * bw) + ay * bz) - az * by, ((aw * by - ax * bz) + ay * bw) + az * bx,
                     ((aw * bz + ax * by) - ay * bx) + az * bw, ((aw * bw - ax * bx) - ay * by) - az * bz],
                    axis=1)  # fmt: skip


def _between(a: Array, b: Array, axis: Array) -> Array:
    sizes = np.sqrt(dot(a, a)) * np.sqrt(dot(b, b))
    found = np.concatenate([cross(a, b), (sizes + dot(a, b))[:, None]], axis=1)
    apart = ~(found[:, 3] > _F(1e-6) * sizes)
    found[apart, :3], found[apart, 3] = np.broadcast_to(axis, (len(a), 3))[apart], 0
    return _unit(found)


def _find(rows: Array, parents: Array, position: Array, rotation: Array, scale: Array) -> tuple[Array, Array, Array]:
    position, rotation, scale = position.reshape(-1, 3), rotation.reshape(-1, 4), scale.reshape(-1, 3)
    place, own = position[rows].copy(), _unit(rotation[rows])
    above = np.tile(np.array([0, 0, 0, 1], _F), (len(rows), 1))
    up = parents[rows].copy()
    for _ in range(DEPTH_MAX):
        on = np.flatnonzero(up >= 0)
        if not len(on):
            break
        q = _unit(rotation[up[on]])
        place[on] = position[up[on]] + rotated(q[:, :3], q[:, 3], scale[up[on]] * place[on])
        above[on] = _times(q, above[on])
        up[on] = parents[up[on]]
    above = _unit(above)
    return place, _times(above, own), above


def _put(rows: Array, above: Array, wanted: Array, weight: Array, rotation: Array) -> None:
    columns = rotation.reshape(-1, 4)
    next_, q = _unit(_times(above * np.array([-1, -1, -1, 1], _F), wanted)), _unit(columns[rows])
    cosine = ((q[:, 0] * next_[:, 0] + q[:, 1] * next_[:, 1]) + q[:, 2] * next_[:, 2]) + q[:, 3] * next_[:, 3]
    sign = np.where(cosine < 0, _F(-1), _F(1))
    columns[rows] = _unit((_F(1) - weight)[:, None] * q + (weight * sign)[:, None] * next_)


def _clamped(value: Array, low: Any, high: Any) -> Array:
    return np.where(value < low, low, np.where(value > high, high, value)).astype(_F)


def _usable(squared: Array) -> Array:
    found: Array = (squared > SMALL * SMALL) & (squared < _F(1e30))
    return found


def _reach(limbs: Array, goals: Array, poles: Array, parents: Array, position: Array, rotation: Array,
           scale: Array) -> None:  # fmt: skip
    with np.errstate(all="ignore"):
        weight = _clamped(goals[:, 3], _F(0), _F(1))
        rows = limbs.astype(np.intp)
        (a, qa, above_a), (b, qb, _), (c, _, _) = (_find(rows[:, k], parents, position, rotation, scale)
                                                   for k in range(3))  # fmt: skip
        ba, bc, way, ac, pa = a - b, c - b, goals[:, :3] - a, c - a, poles[:, :3] - a
        ba2, bc2, way2, pole2 = dot(ba, ba), dot(bc, bc), dot(way, way), dot(pa, pa)
        on = np.flatnonzero((weight > 0) & _usable(ba2) & _usable(bc2) & _usable(way2))
        if not len(on):
            return
        a, ba, bc, way, ac, pa, qa, qb, above_a = (part[on] for part in (a, ba, bc, way, ac, pa, qa, qb, above_a))
        ba2, bc2, way2, pole2, weight, rows = (part[on] for part in (ba2, bc2, way2, pole2, weight, rows))
        upper, lower = np.sqrt(ba2), np.sqrt(bc2)
        least = np.where(upper > lower, upper - lower, lower - upper)
        far = _clamped(np.sqrt(way2), _F(1.0001) * least, _F(0.9999) * (upper + lower))
        cos0 = _clamped(dot(ba, bc) / (upper * lower), _F(-1), _F(1))
        cos1 = _clamped(((ba2 + bc2) - far * far) / (_F(2) * (upper * lower)), _F(-1), _F(1))
        sin0, sin1 = np.sqrt(_F(1) - cos0 * cos0), np.sqrt(_F(1) - cos1 * cos1)
        is_aimed = (limbs[on, 3] != 0) & _usable(pole2)
        axis = _axis(ba, bc, ac, pa, is_aimed, upper, _F(1e-8) * (ba2 * bc2))
        cosd, sind = cos1 * cos0 + sin1 * sin0, sin1 * cos0 - cos1 * sin0
        half = np.sqrt(_clamped((_F(1) - cosd) * _F(0.5), _F(0), _F(1)))
        sine = np.where(sind < 0, -half, half)[:, None]
        cosine = np.sqrt(_clamped((_F(1) + cosd) * _F(0.5), _F(0), _F(1)))[:, None]
        bend = _unit(np.concatenate([axis * sine, cosine], axis=1))
        swing = _between(rotated(bend[:, :3], bend[:, 3], bc) - ba, way, axis)
        aimed = np.flatnonzero(is_aimed)
        if len(aimed):
            swing[aimed] = _twisted(swing[aimed], way[aimed], way2[aimed], ba[aimed], ba2[aimed], pa[aimed],
                                    pole2[aimed])  # fmt: skip
        _put(rows[:, 1], qa, _times(bend, qb), weight, rotation)
        _put(rows[:, 0], above_a, _times(swing, qa), weight, rotation)


def _axis(ba: Array, bc: Array, ac: Array, pa: Array, is_aimed: Array, upper: Array, flat: Array) -> Array:
    axis = cross(ba, bc)
    axis2 = dot(axis, axis)
    by_pole = ~(axis2 > flat) & is_aimed
    axis[by_pole] = cross(ac, pa)[by_pole]
    axis2 = dot(axis, axis)
    any_ = ~(axis2 > flat)
    along = np.where(ba[:, 0] < 0, -ba[:, 0], ba[:, 0]) > _F(0.9) * upper
    side = np.where(along[:, None], np.array([0, 1, 0], _F), np.array([1, 0, 0], _F))
    axis[any_] = cross(ba, side)[any_]
    found: Array = axis / np.sqrt(dot(axis, axis))[:, None]
    return found


def _twisted(swing: Array, way: Array, way2: Array, ba: Array, ba2: Array, pa: Array, pole2: Array) -> Array:
    straight = way / np.sqrt(way2)[:, None]
    elbow = rotated(swing[:, :3], swing[:, 3], -ba)
    from_ = elbow - dot(elbow, straight)[:, None] * straight
    to = pa - dot(pa, straight)[:, None] * straight
    good = (dot(from_, from_) > _F(1e-8) * ba2) & (dot(to, to) > _F(1e-8) * pole2)
    return np.where(good[:, None], _times(_between(from_, to, straight), swing), swing)


def _look(rows: Array, goals: Array, gazes: Array, parents: Array, position: Array, rotation: Array,
          scale: Array) -> None:  # fmt: skip
    with np.errstate(all="ignore"):
        weight, rows = _clamped(goals[:, 3], _F(0), _F(1)), rows.astype(np.intp)
        place, turned, above = _find(rows, parents, position, rotation, scale)
        forward, way = rotated(turned[:, :3], turned[:, 3], gazes[:, :3]), goals[:, :3] - place
        on = np.flatnonzero((weight > 0) & _usable(dot(forward, forward)) & _usable(dot(way, way)))
        forward, way, turned, above, weight, rows = (part[on] for part in (forward, way, turned, above, weight, rows))
        most = gazes[on, 3]
        turn = _between(forward, way, np.array([0, 1, 0], _F))
        too_far = turn[:, 3] < most
        sine = np.sqrt(_clamped(_F(1) - most * most, _F(0), _F(1)))
        less = turn.copy()
        less[:, :3] = turn[:, :3] / np.sqrt(dot(turn, turn))[:, None] * sine[:, None]
        less[:, 3] = most
        turn = np.where(too_far[:, None], _unit(less), turn)
        _put(rows, above, _times(turn, turned), weight, rotation)
