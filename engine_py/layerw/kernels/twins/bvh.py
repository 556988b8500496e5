"""geometry/bvh.h in numpy: building and refitting. The queries are in rays.py.

Nodes are (n, 8) float32 or flat, with the header's words in them. Limits: works level by level, about 400 bytes an
item; 100,000 items take half a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.kernels.twins.cull import ranges

Array = npt.NDArray[Any]
BINS, FEW, BINS_FEW, COST_LEVELS = 16, 32, 8, 32
BOX_LIMIT = np.float32(1e37)
_FINITE_MAX = np.finfo(np.float32).max
_INFINITY = np.float32(np.inf)


def node_words(nodes: Array) -> Array:
    """(n, 8) uint32: the same bytes."""
    words: Array = nodes.reshape(-1).view(np.uint32).reshape(-1, 8)
    return words


def valid_boxes(boxes: Array) -> npt.NDArray[np.bool_]:
    """Which of (n, 6) boxes can be hit."""
    low, high = boxes[:, :3], boxes[:, 3:]
    fits = (low >= -BOX_LIMIT) & (low <= high) & (high <= BOX_LIMIT)
    return fits[:, 0] & fits[:, 1] & fits[:, 2]


def triangle_boxes(a: Array, b: Array, c: Array) -> Array:
    """(n, 6) boxes of corners (n, 3); one with a NaN is inside out."""
    low, high = np.where(b < a, b, a), np.where(b > a, b, a)
    low, high = np.where(c < low, c, low), np.where(c > high, c, high)
    nan = np.isnan(a) | np.isnan(b) | np.isnan(c)
    return np.concatenate([np.where(nan, _INFINITY, low), np.where(nan, -_INFINITY, high)], axis=1)


def lw_bvh_triangle_boxes(positions: Array, indices: Array, count: int, boxes: Array) -> None:
    """See geometry/bvh.h."""
    corners = positions.reshape(-1, 3)[indices.reshape(-1)[: 3 * count].reshape(-1, 3)]
    boxes.reshape(-1, 6)[:count] = triangle_boxes(corners[:, 0], corners[:, 1], corners[:, 2])


def level_by_level(table: Array, count: int, leaf_items: int, divide: Callable[[Array, Array, Array], None]) -> int:
    """Writes a tree's nodes without their boxes; returns how many. divide(first, size, left) sets how many items of
    each run go left, where that is not to be a half; it is asked on the levels that are worth it."""
    used, begin, level = min(count, 1), 0, 0
    table[:used, 3], table[:used, 7] = 0, count
    while begin < used:
        own = begin + np.flatnonzero(table[begin:used, 7] > max(leaf_items, 1))
        first, size = table[own, 3].astype(np.intp), table[own, 7].astype(np.intp)
        begin, left = used, size // 2
        if level < COST_LEVELS:
            divide(first, size, left)
        child = used + 2 * np.arange(len(own))
        table[child, 3], table[child, 7] = first, left
        table[child + 1, 3], table[child + 1, 7] = first + left, size - left
        table[own, 3], table[own, 7] = child, 0
        used += 2 * len(own)
        level += 1
    return used


def lw_bvh_build(boxes: Array, count: int, leaf_items: int, nodes: Array, order: Array, scratch: Array,
                 area: Array) -> int:
    """See geometry/bvh.h; the scratch is not needed here."""
    table, boxes = node_words(nodes), boxes.reshape(-1, 6)[:count]
    valid = valid_boxes(boxes)
    with np.errstate(all="ignore"):
        centers = np.where(valid[:, None], boxes[:, :3] + boxes[:, 3:], np.float32(0))
    order[:count] = np.arange(count)

    def cheapest(first: Array, size: Array, left: Array) -> None:
        for few in (False, True):
            some = np.flatnonzero((size < FEW) == few)
            bins = BINS_FEW if few else BINS
            if len(some):
                left[some] = _split(boxes, centers, valid, order, first[some], size[some], bins)

    used = level_by_level(table, count, leaf_items, cheapest)
    lw_bvh_refit(boxes, order, nodes, used, area)
    return used


def _split(boxes: Array, centers: Array, valid: Array, order: Array, first: Array, size: Array, bins: int) -> Array:
    """Sort the items of several nodes into two sides each; returns how many go left."""
    place = ranges(first, size)
    of = np.repeat(np.arange(len(first)), size)
    items = order[place].astype(np.intp)
    own = centers[items]
    starts = np.cumsum(size) - size
    low = np.minimum.reduceat(own, starts, axis=0)
    with np.errstate(all="ignore"):
        extent = np.maximum.reduceat(own, starts, axis=0) - low
        scale = np.float32(bins) / extent
        scale = np.where((extent > 0) & (scale <= _FINITE_MAX), scale, np.float32(0))
        bin_of = np.minimum(((own - low[of]) * scale[of]).astype(np.int32), bins - 1)
        cost = _costs(boxes[items], valid[items], of, bin_of, len(first), bins)
    cost[np.broadcast_to((scale == 0)[:, :, None], cost.shape)] = _INFINITY
    flat = cost.reshape(len(first), -1)
    best = flat.argmin(axis=1)
    axis, cut = best // (bins - 1), best % (bins - 1) + 1
    right = bin_of[np.arange(len(of)), axis[of]] >= cut[of]
    halves = ~(flat[np.arange(len(first)), best] < _INFINITY)  # no cut is better than none
    right = np.where(halves[of], np.arange(len(of)) - starts[of] >= (size // 2)[of], right)
    order[place] = order[place][np.argsort(2 * of + right, kind="stable")]
    left: Array = np.bincount(of[~right], minlength=len(first))
    return left


def _costs(boxes: Array, valid: Array, of: Array, bin_of: Array, count: int, bins: int) -> Array:
    """(nodes, 3, bins - 1) float32: what cutting before bin 1, 2, ... of each axis costs."""
    low: Array = np.full((count * 3 * bins, 3), _INFINITY)
    high: Array = np.full((count * 3 * bins, 3), -_INFINITY)
    number: Array = np.zeros(count * 3 * bins, np.intp)
    for axis in range(3):
        key = (of * 3 + axis) * bins + bin_of[:, axis]
        number += np.bincount(key, minlength=len(number))
        key = key[valid]
        by_key = np.argsort(key, kind="stable")
        keys, begins = np.unique(key[by_key], return_index=True)
        if len(keys):
            low[keys] = np.minimum.reduceat(boxes[valid][by_key, :3], begins, axis=0)
            high[keys] = np.maximum.reduceat(boxes[valid][by_key, 3:], begins, axis=0)
    low, high, number = low.reshape(count, 3, bins, 3), high.reshape(count, 3, bins, 3), number.reshape(count, 3, bins)
    below = half_areas(np.minimum.accumulate(low, axis=2), np.maximum.accumulate(high, axis=2))[:, :, :-1]
    above = half_areas(np.minimum.accumulate(low[:, :, ::-1], axis=2)[:, :, ::-1],
                       np.maximum.accumulate(high[:, :, ::-1], axis=2)[:, :, ::-1])[:, :, 1:]
    left = np.cumsum(number, axis=2)[:, :, :-1]
    right = number.sum(axis=2)[:, :, None] - left
    cost = below * left.astype(np.float32) + above * right.astype(np.float32)
    return np.where((left > 0) & (right > 0), cost, _INFINITY)


def half_areas(low: Array, high: Array) -> Array:
    """Half the surface of boxes (..., 3); 0 for boxes of nothing."""
    with np.errstate(all="ignore"):
        x, y, z = (high[..., axis] - low[..., axis] for axis in range(3))
        found: Array = np.where(low[..., 0] <= high[..., 0], (x * y + y * z) + z * x, np.float32(0))
    return found


def lw_bvh_refit(boxes: Array, order: Array, nodes: Array, node_count: int, area: Array) -> None:
    """See geometry/bvh.h."""
    words = node_words(nodes)[:node_count]
    fields = words.view(np.float32)
    boxes = boxes.reshape(-1, 6)
    first, count = words[:, 3].astype(np.intp), words[:, 7].astype(np.intp)
    leaves = np.flatnonzero(count)
    if len(leaves):
        own = boxes[order[ranges(first[leaves], count[leaves])]]
        own = np.where(valid_boxes(own)[:, None], own, np.repeat(np.array([np.inf, -np.inf], np.float32), 3))
        starts = np.cumsum(count[leaves]) - count[leaves]
        fields[leaves, 0:3] = np.minimum.reduceat(own[:, :3], starts, axis=0) + np.float32(0)
        fields[leaves, 4:7] = np.maximum.reduceat(own[:, 3:], starts, axis=0) + np.float32(0)
    for inner in _inner_levels(first, count)[::-1]:
        one, other = first[inner], first[inner] + 1
        fields[inner, 0:3] = np.minimum(fields[one, 0:3], fields[other, 0:3]) + np.float32(0)
        fields[inner, 4:7] = np.maximum(fields[one, 4:7], fields[other, 4:7]) + np.float32(0)
    areas = half_areas(fields[::-1, 0:3], fields[::-1, 4:7]).astype(np.float64)
    with np.errstate(all="ignore"):
        area[0] = np.float32(np.cumsum(areas)[-1]) if len(areas) else 0


def _inner_levels(first: Array, count: Array) -> list[Array]:
    """The nodes with children, by level; a level's nodes follow each other."""
    levels: list[Array] = []
    begin, end = 0, min(len(first), 1)
    while begin < end:
        inner = begin + np.flatnonzero(count[begin:end] == 0)
        if len(inner):
            levels.append(inner)
        begin, end = end, end + 2 * len(inner)
    return levels


def lw_bvh_links(nodes: Array, node_count: int, order: Array, leaves: Array, parents: Array) -> None:
    """See geometry/bvh.h."""
    words = node_words(nodes)[:node_count]
    first, count = words[:, 3].astype(np.intp), words[:, 7].astype(np.intp)
    inner, leaf = np.flatnonzero(count == 0), np.flatnonzero(count)
    parents[: min(node_count, 1)] = 0xFFFFFFFF
    parents[first[inner]] = parents[first[inner] + 1] = inner
    leaves[order[ranges(first[leaf], count[leaf])]] = np.repeat(leaf, count[leaf])


def lw_bvh_refit_some(boxes: Array, order: Array, leaves: Array, parents: Array, items: Array, item_count: int,
                      nodes: Array) -> None:
    """See geometry/bvh.h; fits all of them."""
    if item_count:
        lw_bvh_refit(boxes, order, nodes, len(parents), np.zeros(1, np.float32))
