"""lights/clusters.h in numpy. Every array has the header's flat or (n, k) layout, C-contiguous.

Limits: allocates a byte for each pair of a light and a cluster.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.kernels.twins.cull import relative, sees, squared

Array = npt.NDArray[Any]
_FORWARD = 4  # the plane whose normal is the line of sight


def _strong_first(values: Array) -> Array:
    return ~values.view(np.uint32)


def lw_lights_seen(view: Array, spheres: Array, power: Array, count: int, keys: Array, order: Array,
                   found: Array) -> int:  # fmt: skip
    """See lights/clusters.h."""
    spheres, power = spheres.reshape(-1, 4)[:count], power[:count]
    radii = spheres[:, 3]
    everywhere = radii < 0
    with np.errstate(all="ignore"):
        at = relative(view, spheres)
        seen = everywhere | sees(view, at, radii)
        square = squared(at)
        a, b, c, _ = view[8:28].reshape(5, 4)[_FORWARD]
        depth = ((at[0] * a + at[1] * b) + at[2] * c) + radii
        shine = power / np.where(square > 1, square, np.float32(1))
    number = np.flatnonzero(seen)
    near = ~everywhere[number]
    keys[:len(number)] = np.where(near, _strong_first(shine[number]) | np.uint32(0x80000000),
                                  _strong_first(power[number]) & np.uint32(0x7FFFFFFF))
    order[:len(number)] = number
    found[0] = int(np.count_nonzero(everywhere))
    deep = depth[number[near]]
    found[1:2] = np.array([max(deep[deep > 0], default=0)], np.float32).view(np.uint32)
    return len(number)


def _gaps(at: Array, low: Array, high: Array) -> Array:
    gap = np.where(at < low, low - at, np.where(at > high, at - high, np.float32(0)))
    square: Array = gap * gap
    return square


def _tile_gaps(at: Array, edges: Array, near: Array, far: Array) -> Array:
    """(lights, deep, tiles) squared gaps."""
    low, high = edges[:-1], edges[1:]
    begin = low * np.where(low < 0, far[:, None], near[:, None])
    end = high * np.where(high < 0, near[:, None], far[:, None])
    return _gaps(at[:, None, None], begin, end)


def _along(axis: Array, at: tuple[Array, Array, Array]) -> Array:
    total: Array = (at[0] * axis[0] + at[1] * axis[1]) + at[2] * axis[2]
    return total


def _reached(frame: Array, edges: Array, grid: Array, spheres: Array) -> Array:
    """(lights, deep, down, across) which clusters each sphere meets."""
    across, down, deep = (int(sides) for sides in grid[:3])
    sides, heights, depths = np.split(edges[:across + down + deep + 3], [across + 1, across + down + 2])
    at = relative(frame, spheres)
    side, height, depth = (_along(frame[start:start + 3], at) for start in (8, 12, 16))
    near, far = depths[:-1], depths[1:]
    left = (spheres[:, 3] * spheres[:, 3])[:, None] - _gaps(depth[:, None], near, far)
    if frame[3] != 0:
        near = far = np.ones(deep, np.float32)
    rest = left[:, :, None] - _tile_gaps(height, heights, near, far)
    inside = (left[:, :, None] >= 0) & (rest >= 0)
    met: Array = inside[..., None] & (rest[..., None] >= _tile_gaps(side, sides, near, far)[:, :, None, :])
    return met


def lw_light_lists(frame: Array, edges: Array, grid: Array, lights: Array, spheres: Array, order: Array, count: int,
                   everywhere: int, rows: Array, table: Array, lists: Array, found: Array) -> None:  # fmt: skip
    """See lights/clusters.h."""
    order, rows = order[:count], rows.reshape(-1, 12)
    rows[:count] = lights.reshape(-1, 12)[order]
    near = slice(min(everywhere, count), count)
    rows[near, :3] = (rows[near, :3] - frame[:3]) - frame[4:7]
    clusters, room = int(grid[0] * grid[1] * grid[2]), int(grid[3])
    met = _reached(frame, edges, grid, spheres.reshape(-1, 4)[order[near]]).reshape(-1, clusters)
    cluster, light = np.nonzero(met.T)
    wanted = np.bincount(cluster, minlength=clusters)
    place = np.arange(len(cluster)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    length = np.minimum(wanted, room)
    lists[:clusters] = (np.cumsum(length) - length) | length << 24
    used = int(length.sum())
    numbers = lists[clusters:].view(np.uint16)
    numbers[:used] = light[place < room] + near.start
    numbers[used:used + used % 2] = 0
    found[0], found[1] = clusters + (used + 1) // 2, int(wanted.max(initial=0))


class NumpyLightKernels:
    """The twins, under the kernels' names."""

    lw_lights_seen = staticmethod(lw_lights_seen)
    lw_light_lists = staticmethod(lw_light_lists)
