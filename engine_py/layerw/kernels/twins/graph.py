"""animation/graph.h in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_F = np.float32
ALONG, GIVEN, NODE = 1, 2, 10


def lw_graph_step(layout: Array, states: Array, clips: Array, parameters: Array, members: Array, weights: Array,
                  phase: Array, before: Array, mixed: Array, amounts: Array, seconds: Array) -> None:  # fmt: skip
    """See animation/graph.h."""
    count, kinds, slots, stride, first = (int(word) for word in layout.reshape(-1)[:5])
    words = members.reshape(-1).view(np.uint32).reshape(-1, 4)[:count]
    numbers, passed = words.view(_F), _F(seconds.reshape(-1)[0])
    weights, phase, before = (one.reshape(-1)[: count * kinds].reshape(count, kinds)
                              for one in (weights, phase, before))  # fmt: skip
    mixed = mixed.reshape(-1)[: count * slots].reshape(count, slots)
    out = amounts.reshape(-1)[: 2 * count * stride].reshape(count, stride, 2)[:, first : first + slots]
    clips, every = clips.reshape(-1, 2), states.reshape(-1, 8)[:kinds]
    with np.errstate(all="ignore"):
        _fade(words[:, 0].astype(np.intp), numbers[:, 2], weights, passed)
        before[:] = phase
        for number, state in enumerate(every):
            _state(state, clips, parameters.reshape(-1), weights[:, number], phase[:, number], mixed, passed)
            at = slice(int(state[0]), int(state[0] + state[1]))
            heard = weights[:, number] > 0
            out[:, at, 0] = phase[:, number, None] * clips[at, 0]
            total = (weights[:, number] * numbers[:, 3])[:, None] * mixed[:, at]
            out[:, at, 1] = np.where(heard[:, None], total, _F(0))
        numbers[:, 1] = numbers[:, 1] + passed


def _fade(state: Array, rate: Array, weights: Array, passed: np.float32) -> None:
    own = weights[np.arange(len(state)), state] if len(state) else rate
    fading = np.flatnonzero(own < 1)
    if not len(fading):
        return
    own = own[fading]
    gained = own + rate[fading] * passed
    gained = np.where(gained > 1, _F(1), gained)
    weights[fading] = weights[fading] * ((_F(1) - gained) / (_F(1) - own))[:, None]
    weights[fading, state[fading]] = gained


def _state(state: Array, clips: Array, parameters: Array, weights: Array, phase: Array, mixed: Array,
           passed: np.float32) -> None:  # fmt: skip
    first, size, kind, loops, column = (int(word) for word in state[:5])
    at, heard = slice(first, first + size), np.flatnonzero(weights > 0)
    if len(heard) < len(weights):
        mixed[weights <= 0, at] = 0
        mixed[np.isnan(weights), at] = 0
    if not len(heard):
        return
    if kind == ALONG:
        mixed[heard, at] = along(clips[at, 1], parameters[column : column + len(weights)][heard])
    elif kind != GIVEN:
        mixed[heard, at] = 1
    length = np.zeros(len(heard), _F)
    for slot in range(first, first + size):
        length = length + mixed[heard, slot] * clips[slot, 0]
    step = state[5:6].view(_F)[0] * passed
    now = phase[heard] + np.where(length > 0, step / np.where(length > 0, length, _F(1)), _F(1))
    if loops:
        now = now - np.floor(now)
    else:
        now = np.where(now < 0, _F(0), now)
        now = np.where(now > 1, _F(1), now)
    phase[heard] = now


def along(points: Array, at: Array) -> Array:
    """Of points on a line, rising: the two beside each place share."""
    at = np.where(np.isnan(at), _F(0), at)
    at = np.where(at < points[0], points[0], at)
    at = np.where(at > points[-1], points[-1], at)
    low, found = np.zeros(len(at), np.intp), np.zeros((len(at), len(points)), _F)
    for k in range(1, len(points) - 1):
        low[(low == k - 1) & (points[k] <= at)] = k
    share, rows = (at - points[low]) / (points[low + 1] - points[low]), np.arange(len(at))
    found[rows, low], found[rows, low + 1] = _F(1) - share, share
    return found


def lw_pose_morphs(morphs: Array, count: int, weights: Array, shown: Array, deltas: Array, far: Array, texels: Array,
                   line: Array, changed: Array, reach: Array) -> int:  # fmt: skip
    """See animation/graph.h."""
    lines, flat, deltas = int(line.reshape(-1)[0]), texels.reshape(-1, 4), deltas.reshape(-1)
    table = morphs.reshape(-1, 8)[:count].astype(np.intp)
    reach[:count] = -1
    if not count:
        return 0
    differ = np.flatnonzero(weights.reshape(-1) != shown.reshape(-1))
    ends = table[:, 0] + table[:, 1]
    order = np.argsort(table[:, 0], kind="stable")
    owner = order[np.minimum(np.searchsorted(ends[order], differ, "right"), count - 1)]
    numbers = np.unique(owner[(table[owner, 0] <= differ) & (differ < ends[owner])]).tolist()
    with np.errstate(all="ignore"):
        for number in numbers:
            first, targets, delta, size, texel, fars = table[number, :6].tolist()
            now, moved, most = weights[first : first + targets], np.zeros((size, 3), _F), _F(0)
            shown[first : first + targets] = now
            for k in np.flatnonzero(now).tolist():
                own = deltas[delta + 3 * k * size : delta + 3 * (k + 1) * size].reshape(size, 3)
                moved = moved + now[k] * own
                most = most + np.abs(now[k]) * far[fars + k]
            flat[texel : texel + size, :3] = moved
            reach[number] = most
            if size:
                changed[texel // lines : (texel + size - 1) // lines + 1] = 1
    return len(numbers)


def lw_pose_begin(wholes: Array, count: int, rest: Array, start: Array, goal: Array) -> None:
    """See animation/graph.h."""
    for first, _, floats, anew in wholes.reshape(-1, 4)[:count].tolist():
        if anew:
            start[first : first + floats] = goal[first : first + floats]
            goal[first : first + floats] = rest[first : first + floats]


def lw_pose_between(wholes: Array, shares: Array, count: int, start: Array, goal: Array, pose: Array) -> None:
    """See animation/graph.h."""
    table, shares = wholes.reshape(-1, 4)[:count].astype(np.intp), shares[:count]
    at, run = _floats(table[~(shares < 1)])
    pose[at] = goal[at]
    some = (shares >= 0) & (shares < 1)
    table, t = table[some], shares[some]
    at, run = _floats(table)
    with np.errstate(all="ignore"):
        pose[at] = start[at] + t[run] * (goal[at] - start[at])
        own = at - table[run, 0]
        turns = (own < table[run, 1] * NODE) & (own % NODE == 3)
        fours = at[turns][:, None] + np.arange(4)
        pose[fours] = _turned(start[fours], goal[fours], t[run[turns]])


def _floats(table: Array) -> tuple[Array, Array]:
    """Every float of some wholes, and which whole each is of."""
    run = np.repeat(np.arange(len(table)), table[:, 2])
    within = np.arange(len(run)) - np.repeat(np.cumsum(table[:, 2]) - table[:, 2], table[:, 2])
    return table[run, 0] + within, run


def _turned(a: Array, b: Array, t: Array) -> Array:
    cosine = ((a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1]) + a[:, 2] * b[:, 2]) + a[:, 3] * b[:, 3]
    sign = np.where(cosine < 0, _F(-1), _F(1))[:, None]
    q = (_F(1) - t)[:, None] * (sign * a) + t[:, None] * b
    size = np.sqrt(((q[:, 0] * q[:, 0] + q[:, 1] * q[:, 1]) + q[:, 2] * q[:, 2]) + q[:, 3] * q[:, 3])[:, None]
    found: Array = np.where(size > _F(1e-20), q / np.where(size > _F(1e-20), size, _F(1)), b)
    return found
