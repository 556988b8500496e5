"""lw_bvh_build_curve of geometry/bvh.h in numpy: a tree along the Morton curve, level by level."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.kernels.twins.bvh import level_by_level, lw_bvh_refit, node_words, valid_boxes
from layerw.kernels.twins.cull import ranges

Array = npt.NDArray[Any]
CELLS, NEVER_HIT = 1024, 1 << 30
_INFINITY, _FINITE_MAX = np.float32(np.inf), np.finfo(np.float32).max


def lw_bvh_build_curve(boxes: Array, count: int, leaf_items: int, nodes: Array, order: Array, scratch: Array,
                       area: Array) -> int:
    """See geometry/bvh.h; the scratch is not needed here."""
    table, boxes = node_words(nodes), boxes.reshape(-1, 6)[:count]
    valid = valid_boxes(boxes)
    with np.errstate(all="ignore"):
        centers = boxes[:, :3] + boxes[:, 3:]
    order[:count], keys = np.arange(count), np.zeros(count, np.uint32)

    def along_the_curve(first: Array, size: Array, left: Array) -> None:
        one_cell = keys[first] == keys[first + size - 1]
        _number(centers, valid, order, keys, first[one_cell], size[one_cell])
        cut = keys[first] != keys[first + size - 1]
        left[cut] = _lower_parts(keys, first[cut], size[cut])

    used = level_by_level(table, count, leaf_items, along_the_curve)
    lw_bvh_refit(boxes, order, nodes, used, area)
    return used


def _lower_parts(keys: Array, first: Array, size: Array) -> Array:
    """How many keys of each run come before the highest bit that its ends don't share."""
    last = keys[first + size - 1]
    bit = np.frexp((keys[first] ^ last).astype(np.float64))[1].astype(np.uint32) - np.uint32(1)
    own = np.repeat(np.arange(len(first)), size)
    below = keys[ranges(first, size)] < (last >> bit << bit)[own]
    found: Array = np.bincount(own[below], minlength=len(first))
    return found


def _number(centers: Array, valid: Array, order: Array, keys: Array, first: Array, size: Array) -> None:
    """Number the items of several runs along the curve, each in a cube of its own, and sort them."""
    if not len(first):
        return
    place, starts = ranges(first, size), np.cumsum(size) - size
    of = np.repeat(np.arange(len(first)), size)
    items = order[place].astype(np.intp)
    own, hit = centers[items], valid[items]
    with np.errstate(all="ignore"):
        low = np.minimum.reduceat(np.where(hit[:, None], own, _INFINITY), starts, axis=0)
        high = np.maximum.reduceat(np.where(hit[:, None], own, -_INFINITY), starts, axis=0)
        extent = (high - low).max(axis=1)
        scale = np.float32(CELLS) / extent
        scale = np.where((extent > 0) & (scale <= _FINITE_MAX), scale, np.float32(0))
        cell = np.where(hit[:, None], (own - low[of]) * scale[of][:, None], np.float32(0)).astype(np.uint32)
    x, y, z = spread(np.minimum(cell, np.uint32(CELLS - 1))).T
    key = np.where(hit, x | y << np.uint32(1) | z << np.uint32(2), np.uint32(NEVER_HIT))
    by_key = np.argsort(of.astype(np.uint64) << np.uint64(32) | key, kind="stable")
    order[place], keys[place] = order[place][by_key], key[by_key]


def spread(bits: Array) -> Array:
    """The ten lowest bits, each three places apart."""
    for shift, mask in ((16, 0x030000FF), (8, 0x0300F00F), (4, 0x030C30C3), (2, 0x09249249)):
        bits = (bits | bits << np.uint32(shift)) & np.uint32(mask)
    return bits
