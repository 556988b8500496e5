"""animation/blend.h and animation/skins.h in numpy, and the names of all twins of animation/.

Limits: the header's loop over plays is here a loop over the first plays of all characters, the second ones, and so on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.kernels.twins import crowd, graph, reach

Array = npt.NDArray[Any]
_F = np.float32
NODE, LINEAR, STEP, SPLINE, ROTATION, NO_MASK = 10, 0, 1, 2, 4, -1
_END = _F(1.85298109240830)
U = np.array([_F(1) / _F(n) for n in (3, 10, 21, 36, 55, 78, 105)] + [_END / _F(136)], _F)
V = np.array([_F(1) / _F(3), _F(2) / _F(5), _F(3) / _F(7), _F(4) / _F(9), _F(5) / _F(11), _F(6) / _F(13),
              _F(7) / _F(15), _END * _F(8) / _F(17)], _F)  # fmt: skip


def lw_pose_blend(plays: Array, amounts: Array, count: int, tracks: Array, times: Array, values: Array, masks: Array,
                  pose: Array, scratch: Array) -> None:
    """See animation/blend.h; `scratch` is left as it is."""
    plays = plays.reshape(-1)[: 8 * count].reshape(-1, 8).view(np.int32).astype(np.intp)
    amounts = amounts.reshape(-1, 2)[:count]
    if not count:
        return
    begins = np.concatenate([[True], plays[1:, 0] != plays[:-1, 0]])
    first = np.flatnonzero(begins)
    rank = np.arange(count) - first[np.cumsum(begins) - 1]
    flat = pose.reshape(-1)
    sums, weights = np.zeros_like(flat), np.zeros_like(flat)
    with np.errstate(all="ignore"):
        for k in range(int(rank.max()) + 1):
            now = np.flatnonzero(rank == k)
            if k:
                late = now[(plays[now, 5] != plays[now - 1, 5]) | (plays[now, 6] != 0)]
                _settle(plays[late], flat, sums, weights)
            _play(plays[now], amounts[now], tracks.reshape(-1, 8), (times, values, masks), flat, sums, weights)
        _settle(plays[first], flat, sums, weights)


def lw_pose_rows(pose: Array, floats: Array, rows: Array, count: int, position: Array, rotation: Array,
                 scale: Array) -> None:  # fmt: skip
    """See animation/blend.h."""
    flat, at, rows = pose.reshape(-1), floats[:count, None].astype(np.intp), rows[:count]
    position.reshape(-1, 3)[rows] = flat[at + np.arange(3)]
    rotation.reshape(-1, 4)[rows] = flat[at + np.arange(3, 7)]
    scale.reshape(-1, 3)[rows] = flat[at + np.arange(7, 10)]


def _ranges(start: Array, size: Array) -> tuple[Array, Array]:
    """Every number of runs, and which run each is of."""
    run = np.repeat(np.arange(len(size)), size)
    within = np.arange(len(run)) - np.repeat(np.cumsum(size) - size, size)
    return start[run] + within, run


def _settle(plays: Array, pose: Array, sums: Array, weights: Array) -> None:
    at, run = _ranges(plays[:, 0], plays[:, 2])
    w = weights[at]
    used = w > 0
    at, run, w = at[used], run[used], w[used]
    pose[at] = np.where(w >= 1, sums[at] / w, sums[at] + (_F(1) - w) * pose[at])
    sums[at] = weights[at] = 0
    own = at - plays[run, 0]
    ends = at[(own < plays[run, 1] * NODE) & (own % NODE == 6)]
    fours = ends[:, None] + np.arange(-3, 1)
    pose[fours] = _unit(pose[fours])


def _play(plays: Array, amounts: Array, tracks: Array, data: tuple[Array, Array, Array], pose: Array, sums: Array,
          weights: Array) -> None:  # fmt: skip
    number, play = _ranges(plays[:, 3], plays[:, 4])
    times, values, masks = data
    track = tracks[number].astype(np.intp)
    share = amounts[play, 1]
    masked = plays[play, 7] != NO_MASK
    if masked.any():
        share = np.where(masked, share * masks[np.where(masked, plays[play, 7] + track[:, 3], 0)], share)
    kept = share > 0
    track, play, share = track[kept], play[kept], share[kept]
    part, pair = _ranges(np.zeros(len(track), np.intp), -(-track[:, 1] // 4))
    track, play, share, part = track[pair], play[pair], share[pair], 4 * part
    width = np.minimum(track[:, 1] - part, 4)
    at = plays[play, 0] + track[:, 0] + part
    now = _sample(track, times, values, amounts[play, 0], part)
    on_top = plays[play, 6] != 0
    _add(track[~on_top], share[~on_top], now[~on_top], at[~on_top], width[~on_top], (pose, sums, weights))
    if on_top.any():
        begin = times[track[on_top, 4]]
        start = _sample(track[on_top], times, values, begin, part[on_top])
        _put_on_top(track[on_top], share[on_top], now[on_top], start, at[on_top], width[on_top], pose)


def _add(track: Array, share: Array, now: Array, at: Array, width: Array, into: tuple[Array, Array, Array]) -> None:
    pose, sums, weights = into
    sign = np.ones(len(at), _F)
    turns = np.flatnonzero(track[:, 2] & ROTATION)
    sign[turns[_dot(now[turns], pose[at[turns, None] + np.arange(4)]) < 0]] = -1
    for i in range(4):
        there = i < width
        where, part = at[there] + i, share[there]
        sums[where] = sums[where] + part * (sign[there] * now[there, i])
        weights[where] = weights[where] + part


def _put_on_top(track: Array, share: Array, now: Array, first: Array, at: Array, width: Array, pose: Array) -> None:
    is_turn = (track[:, 2] & ROTATION) != 0
    for i in range(4):
        there = ~is_turn & (i < width)
        where = at[there] + i
        pose[where] = pose[where] + share[there] * (now[there, i] - first[there, i])
    fours = at[is_turn][:, None] + np.arange(4)
    (fx, fy, fz, fw), (x, y, z, w) = first[is_turn].T, now[is_turn].T
    turn = np.stack([((fw * x - fx * w) - fy * z) + fz * y, ((fw * y + fx * z) - fy * w) - fz * x,
                     ((fw * z - fx * y) + fy * x) - fz * w, ((fw * w + fx * x) + fy * y) + fz * z], axis=1)  # fmt: skip
    none = np.zeros_like(turn)
    none[:, 3] = 1
    (px, py, pz, pw), (qx, qy, qz, qw) = _slerp(none, turn, share[is_turn]).T, pose[fours].T
    pose[fours] = _unit(np.stack([
        ((qw * px + qx * pw) + qy * pz) - qz * py, ((qw * py - qx * pz) + qy * pw) + qz * px,
        ((qw * pz + qx * py) - qy * px) + qz * pw, ((qw * pw - qx * px) - qy * py) - qz * pz], axis=1))  # fmt: skip


def _sample(track: Array, times: Array, values: Array, time: Array, part: Array) -> Array:
    """(n, 4): what tracks say, from float `part` on."""
    whole, mode, start, keys = track[:, 1], track[:, 2] & 3, track[:, 4], track[:, 5]
    is_turn = (track[:, 2] & ROTATION) != 0
    low, high = np.zeros_like(keys), keys.copy()
    while len(open_ := np.flatnonzero(high - low > 1)):
        middle = (low[open_] + high[open_]) // 2
        before = times[start[open_] + middle] <= time[open_]
        low[open_] = np.where(before, middle, low[open_])
        high[open_] = np.where(before, high[open_], middle)
    each = np.where(mode == SPLINE, 3 * whole, whole)
    here_at = track[:, 6] + part + low * each + np.where(mode == SPLINE, whole, 0)
    last = len(values) - 1
    lanes = np.arange(4)

    def value(at: Array) -> Array:
        return values[np.clip(at[:, None] + lanes, 0, last)]

    here = value(here_at)
    at = times[start + low]
    span = np.where(low + 1 < keys, times[np.minimum(start + low + 1, len(times) - 1)] - at, _F(0))
    still = (mode == STEP) | ~(span > 0) | ~(time > at)
    t = np.where(still, _F(0), (time - at) / np.where(still, _F(1), span))
    next_ = value(here_at + each)
    found = here.copy()
    straight = np.flatnonzero(~still & (mode == LINEAR) & ~is_turn)
    found[straight] = here[straight] + t[straight, None] * (next_[straight] - here[straight])
    turned = np.flatnonzero(~still & (mode == LINEAR) & is_turn)
    found[turned] = _slerp(here[turned], next_[turned], t[turned])
    curved = np.flatnonzero(~still & (mode == SPLINE))
    if len(curved):
        leaves, comes = value(here_at + whole)[curved], value(here_at + each - whole)[curved]
        found[curved] = _hermite(here[curved], leaves, next_[curved], comes, t[curved, None], span[curved, None])
    units = np.flatnonzero(is_turn & (still | (mode != LINEAR)))
    found[units] = _unit(found[units])
    return found


def _hermite(here: Array, leaves: Array, there: Array, comes: Array, t: Array, span: Array) -> Array:
    tt = t * t
    ttt = tt * t
    b, c, d = (ttt - _F(2) * tt) + t, _F(3) * tt - _F(2) * ttt, ttt - tt
    a = _F(1) - c
    found: Array = ((a * here + (b * span) * leaves) + c * there) + (d * span) * comes
    return found


def _dot(a: Array, b: Array) -> Array:
    found: Array = ((a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1]) + a[:, 2] * b[:, 2]) + a[:, 3] * b[:, 3]
    return found


def _unit(q: Array) -> Array:
    size = np.sqrt(_dot(q, q))
    good = size > _F(1e-20)
    return np.where(good[:, None], q / np.where(good, size, _F(1))[:, None], np.array([0, 0, 0, 1], _F))


def _arc(t: Array, x: Array) -> Array:
    square, total = t * t, np.ones_like(t)
    for i in range(7, -1, -1):
        total = _F(1) + ((U[i] * square - V[i]) * x) * total
    return t * total


def _slerp(a: Array, b: Array, t: Array) -> Array:
    cosine = _dot(a, b)
    sign = np.where(cosine < 0, _F(-1), _F(1))
    x = sign * cosine - _F(1)
    x = np.where(x > 0, _F(0), x)
    far, near = sign * _arc(t, x), _arc(_F(1) - t, x)
    return _unit(near[:, None] * a + far[:, None] * b)


def lw_pose_models(rows: Array, parents: Array, count: int, position: Array, rotation: Array, scale: Array,
                   matrices: Array) -> None:
    """See animation/skins.h; a loop over generations."""
    rows, parents = rows[:count], parents[:count]
    out = matrices.reshape(-1)[: 12 * count].reshape(-1, 3, 4)
    if not count:
        return
    p, q, s = position.reshape(-1, 3)[rows], rotation.reshape(-1, 4)[rows], scale.reshape(-1, 3)[rows]
    with np.errstate(all="ignore"):
        size = _dot(q, q)
        two = np.where(size > 0, _F(2) / np.where(size > 0, size, _F(1)), _F(0))
        (qx, qy, qz, qw), (x, y, z) = q.T, (two[:, None] * q[:, :3]).T
        xx, yy, zz, xy, xz, yz = x * qx, y * qy, z * qz, x * qy, x * qz, y * qz
        xw, yw, zw = x * qw, y * qw, z * qw
        one = _F(1)
        own = np.stack([(one - (yy + zz)) * s[:, 0], (xy - zw) * s[:, 1], (xz + yw) * s[:, 2], p[:, 0],
                        (xy + zw) * s[:, 0], (one - (xx + zz)) * s[:, 1], (yz - xw) * s[:, 2], p[:, 1],
                        (xz - yw) * s[:, 0], (yz + xw) * s[:, 1], (one - (xx + yy)) * s[:, 2], p[:, 2]],
                       axis=1).reshape(-1, 3, 4)  # fmt: skip
        roots = parents < 0
        out[roots] = own[roots]
        done = roots.copy()
        while not done.all():
            now = np.flatnonzero(~done & done[np.maximum(parents, 0)])
            out[now] = _times(out[parents[now]], own[now])
            done[now] = True


def lw_pose_joints(joints: Array, reach: Array, mesh: Array, count: int, matrices: Array, inverse: Array, texels: Array,
                   spheres: Array) -> None:
    """See animation/skins.h."""
    joints = joints.reshape(-1, 2)[:count]
    m = matrices.reshape(-1, 3, 4)[joints[:, 0]]
    with np.errstate(all="ignore"):
        texels.reshape(-1)[: 12 * count].reshape(-1, 3, 4)[:] = _times(m, inverse.reshape(-1, 3, 4)[joints[:, 1]])
        x, y, z = m[:, 0, 3], m[:, 1, 3], m[:, 2, 3]
        away = np.sqrt((x * x + y * y) + z * z)
        square = m * m
        sides = np.sqrt((square[:, 0, :3] + square[:, 1, :3]) + square[:, 2, :3])
        far = away + reach[:count] * ((sides[:, 0] + sides[:, 1]) + sides[:, 2])
        counted = (reach[:count] >= 0) & ~np.isnan(far)
        np.maximum.at(spheres, mesh[:count][counted], far[counted])


def _times(a: Array, b: Array) -> Array:
    out: Array = (a[:, :, :1] * b[:, None, 0] + a[:, :, 1:2] * b[:, None, 1]) + a[:, :, 2:3] * b[:, None, 2]
    out[:, :, 3] = out[:, :, 3] + a[:, :, 3]
    return out


class NumpyAnimationKernels:
    """The twins, under the kernels' names."""

    lw_pose_blend = staticmethod(lw_pose_blend)
    lw_pose_rows = staticmethod(lw_pose_rows)
    lw_pose_models = staticmethod(lw_pose_models)
    lw_pose_joints = staticmethod(lw_pose_joints)
    lw_crowd_step = staticmethod(crowd.lw_crowd_step)
    lw_crowd_heads = staticmethod(crowd.lw_crowd_heads)
    lw_pose_reach = staticmethod(reach.lw_pose_reach)
    lw_pose_look = staticmethod(reach.lw_pose_look)
    lw_graph_step = staticmethod(graph.lw_graph_step)
    lw_pose_morphs = staticmethod(graph.lw_pose_morphs)
    lw_pose_begin = staticmethod(graph.lw_pose_begin)
    lw_pose_between = staticmethod(graph.lw_pose_between)
