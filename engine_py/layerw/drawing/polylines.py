"""From polylines to segments, with what joins at each end.

Owns: how lists of points are understood, and the index arrays. Limits: a polyline has at least two points, a closed one
three; two points in one place make no direction, so nothing joins there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.base.ports import F32

Index = npt.NDArray[np.intp]
TAKES = "it takes (n, 3) points, or a list of such arrays, a polyline each"


class Segments(NamedTuple):
    """Numbers of points: segment i goes from start[i] to end[i]; without a neighbour, its own end stands there."""

    previous: Index
    start: Index
    end: Index
    next: Index
    first: Index  # number of the first segment of its polyline


def points_of(name: str, value: Any) -> tuple[F32, list[int]]:
    """(n, 3) float32 points of all polylines, and how many each has. Raises ShapeError."""
    if _is_one(value):
        points = checks.array(name, value, np.float32, (3,))
        return points, [len(points)]
    several = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
    if not several or getattr(value, "ndim", 1) == 0 or not len(value):
        raise ShapeError(f"{name} is {checks.shown(value)}; {TAKES}.")
    parts = [checks.array(f"{name}[{number}]", part, np.float32, (3,)) for number, part in enumerate(value)]
    return np.concatenate(parts), [len(part) for part in parts]


def _is_one(value: Any) -> bool:
    """Whether it is one polyline, not several."""
    try:
        return np.ndim(value) < 3 and np.asarray(value).dtype.kind != "O" and np.ndim(value) > 0
    except ValueError:  # ragged: polylines of different lengths
        return False


def segments_of(name: str, counts: list[int], closed: bool) -> Segments:
    """The segments of polylines with these numbers of points, which follow each other. Raises ShapeError."""
    least = 3 if closed else 2
    if min(counts) < least:
        raise ShapeError(f"{name} has a polyline of {min(counts)} points; {'a closed one' if closed else 'it'} takes "
                         f"at least {least}.")
    count = np.array(counts, np.intp)
    begin = np.cumsum(count) - count
    head, tail = np.repeat(begin, count), np.repeat(begin + count - 1, count)
    number = np.arange(int(count.sum()))
    if closed:
        end = np.where(number == tail, head, number + 1)
        return Segments(np.where(number == head, tail, number - 1), number, end, end[end], np.repeat(begin, count))
    start = number[number != tail]
    end = start + 1
    size = count - 1
    first = np.repeat(np.cumsum(size) - size, size)
    return Segments(np.where(start == head[start], start, start - 1), start, end,
                    np.where(end == tail[start], end, end + 1), first)  # fmt: skip


def along_of(points: F32, segments: Segments) -> F32:
    """(segments, 2) metres along its polyline at the start and end of each segment."""
    step = points[segments.end].astype(np.float64) - points[segments.start]
    length = np.sqrt((step * step).sum(axis=1))
    end = np.cumsum(length)
    start = end - length
    before = start[segments.first]
    return np.stack([start - before, end - before], axis=1).astype(np.float32)
