"""Wire shapes as segments: (n, 2, 3) float32, each from a start to an end."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32

CIRCLE = 32  # segments
HEAD = 0.2  # of an arrow's length
AXES = np.array([((0, 0, 0), (1, 0, 0)), ((0, 0, 0), (0, 1, 0)), ((0, 0, 0), (0, 0, 1))], np.float32)
AXIS_COLORS = np.array([(230, 60, 60, 255), (80, 190, 60, 255), (60, 120, 240, 255)], np.uint8)


@cache
def unit_box() -> F32:
    """The 12 edges of a box of side 1 around the origin."""
    corners = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
    pairs = [(a, a | bit) for bit in (1, 2, 4) for a in range(8) if not a & bit]
    edges: F32 = corners[np.array(pairs)]
    return edges


@cache
def unit_sphere() -> F32:
    """Three circles of radius 1 around the origin."""
    angle = np.linspace(0, 2 * math.pi, CIRCLE + 1)
    flat = np.stack([np.cos(angle), np.sin(angle), np.zeros(CIRCLE + 1)], axis=1)
    circles = [np.stack([ring[:-1], ring[1:]], axis=1) for ring in (np.roll(flat, turn, axis=1) for turn in range(3))]
    return np.concatenate(circles).astype(np.float32)


def arrow(start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> F32:
    """A line with four barbs at its end."""
    along = end - start
    length = float(np.sqrt((along * along).sum()))
    aside = np.cross(along, (0.0, 1.0, 0.0) if abs(along[1]) < 0.9 * length else (1.0, 0.0, 0.0))
    size = float(np.sqrt((aside * aside).sum()))
    parts = [(start, end)]
    if size > 0:
        aside = aside / size * (0.5 * HEAD * length)
        up = np.cross(aside, along) / length
        parts += [(end - HEAD * along + barb, end) for barb in (aside, -aside, up, -up)]
    return np.array(parts, np.float32)


def grid(size: float, step: float) -> F32:
    """Level lines `step` apart on a square of side `size` around the origin."""
    half = size / 2
    count = round(half / step + 1e-6 - 0.5) if half >= step else 0
    at = np.arange(-count, count + 1) * step
    parts = []
    for place in at:
        parts.append(((place, 0, -half), (place, 0, half)))
        parts.append(((-half, 0, place), (half, 0, place)))
    return np.array(parts, np.float32)
