"""animation/crowd.h in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_F = np.float32
CLIP, TIME, SPEED, BEFORE, BEFORE_TIME, SHARE, GAIN, LOOPS = range(8)


def lw_crowd_step(members: Array, count: int, clips: Array, clip_count: int, seconds: Array) -> None:
    """See animation/crowd.h."""
    if not clip_count:
        return
    words = members.reshape(-1).view(np.uint32).reshape(-1, 8)[:count]
    numbers, passed = words.view(_F), seconds.reshape(-1)[0]
    with np.errstate(all="ignore"):
        _advance(words, CLIP, TIME, clips, clip_count, passed)
        numbers[:, SHARE] = share = _share(numbers[:, SHARE])
        fading = np.flatnonzero(share < 1)
        if len(fading):
            some = words[fading]
            _advance(some, BEFORE, BEFORE_TIME, clips, clip_count, passed)
            faded = some.view(_F)
            faded[:, SHARE] = _share(faded[:, SHARE] + faded[:, GAIN] * passed)
            words[fading] = some


def lw_crowd_heads(members: Array, count: int, clips: Array, clip_count: int, layout: Array, heads: Array,
                   fades: Array) -> int:  # fmt: skip
    """See animation/crowd.h."""
    if not clip_count:
        return 0
    words = members.reshape(-1).view(np.uint32).reshape(-1, 8)[:count]
    texels, first = _F(layout.reshape(-1)[0]), int(layout.reshape(-1)[1])
    share = _share(words.view(_F)[:, SHARE])
    new = np.zeros((count, 4), _F)
    new[:, :3] = _poses(words, CLIP, TIME, clips, clip_count, texels)
    fading = np.flatnonzero(share < 1)
    new[fading, 3] = -(first + fading).astype(_F)
    old_fades = np.zeros((len(fading), 4), _F)
    old_fades[:, :3] = _poses(words[fading], BEFORE, BEFORE_TIME, clips, clip_count, texels)
    old_fades[:, 3] = _F(1) - share[fading]
    return _put(fades, fading, old_fades) + _put(heads, np.arange(count), new)


def _put(into: Array, which: Array, values: Array) -> int:
    rows = into.reshape(-1).view(np.uint32).reshape(-1, 4)
    differ = (rows[which] != values.view(np.uint32)).any(axis=1)
    rows[which] = values.view(np.uint32)
    return int(differ.sum())


def _share(share: Array) -> Array:
    return np.where(share < 1, np.where(share > 0, share, _F(0)), _F(1))


def _clips(words: Array, column: int, clips: Array, clip_count: int) -> Array:
    number = np.clip(words.view(np.int32)[:, column], 0, clip_count - 1)
    found: Array = clips.reshape(-1)[: 4 * clip_count].reshape(-1, 4)[number]
    return found


def _within(time: Array, length: Array, loops: Array) -> Array:
    out = (loops != 0) & ((time < 0) | (time > length))
    time = np.where(out, time - np.floor(time / length) * length, time)
    time = np.where(time >= 0, time, _F(0))
    return np.where(time > length, length, time)


def _advance(words: Array, clip: int, time: int, clips: Array, clip_count: int, passed: Any) -> None:
    numbers = words.view(_F)
    length = _clips(words, clip, clips, clip_count)[:, 3]
    now = numbers[:, time] + numbers[:, SPEED] * passed
    numbers[:, time] = _within(now, length, words[:, LOOPS])


def _poses(words: Array, clip: int, time: int, clips: Array, clip_count: int, texels: Any) -> Array:
    found = _clips(words, clip, clips, clip_count)
    with np.errstate(all="ignore"):
        at = _within(words.view(_F)[:, time], found[:, 3], words[:, LOOPS]) * found[:, 2]
        whole = np.floor(at)
        whole = np.where(whole > found[:, 1], found[:, 1], whole)
        next_ = np.where(whole + _F(1) > found[:, 1], whole, whole + _F(1))
        share = np.where(next_ > whole, at - whole, _F(0))
        return np.stack([found[:, 0] + whole * texels, found[:, 0] + next_ * texels, share], axis=1)
