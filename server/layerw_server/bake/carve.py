"""Heights shaped by what runs over them: beds of rivers, floors of lakes, roads, a band of rows at a time.

Owns: the profiles across a river and a road; the grids `fresh` (metres above the nearest river or lake) and `road`.
Does not: find rivers (waters.py).
Limits: a bed is at least BED_CELLS cells wide, since a narrower one has no corner in it; what lies farther than REACH_M
from water or road stays as it was.

Across a river (half = half its bed's width):    |<-- banks rise by BANK -->|
    ground  \\                                                    /
             \\____ surface ______________________________ ______/
                   \\__ surface - depth * (1 - (d / half)^2) __/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from layerw_server.bake import grids
from layerw_server.bake.errors import BakeError
from layerw_server.bake.fields import FRESH_FAR_M, bilinear
from layerw_server.bake.heightfield import F32, HeightField, Road
from layerw_server.bake.water_tiles import ribbons
from layerw_server.bake.waters import WIDTH, Waters, X, Y, Z, levels

BED_CELLS, BANK, REACH_M, LEVEE_M = 1.6, 0.42, 40.0, 2.5
DEPTH_M, DEPTH_SHARE = 0.35, 0.07  # of a bed: this, and so much of its width more
LAKE_FLOOR_M, LAKE_RIM_M, LAKE_FLAT_M = 1.6, 1.0, 2.0
SHOULDER_M, ROAD_SLOPE, ROAD_STEEP_MAX, ROAD_SOFT_M, CUTTING_M_MAX = 1.0, 0.5, 0.14, 1.5, 60.0
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lines:
    """Points along lines, at most half a cell apart, by grid row: (5, n) row, column, height, half width, depth."""

    points: F64
    reach_m: float  # from a point: what it may change

    @staticmethod
    def of(parts: list[F64], reach_m: float) -> Lines:
        """Joined and sorted by row."""
        points = np.concatenate(parts, axis=1) if parts else np.zeros((5, 0))
        return Lines(points[:, np.argsort(points[0], kind="stable")], reach_m)


class Shaper:
    """Gives bands of shaped rows for a field."""

    def __init__(self, field: HeightField, waters: Waters | None) -> None:
        self.field = field
        self.cell = (field.cell_x_m, field.cell_y_m)
        self.roads = _roads(field.shaping.roads, field)
        rivers = () if waters is None else waters.rivers
        lines = [_dense(river.line, 0.5 * min(self.cell)) for river in rivers]
        halves = [0.5 * np.maximum(line[:, WIDTH], BED_CELLS * max(self.cell)) for line in lines]
        self.rivers = _rivers(lines, halves, field)
        # The mesh needs no more points than the line was found with.
        self.ribbons = ribbons([river.line for river in rivers],
                               [0.5 * np.maximum(river.line[:, WIDTH], BED_CELLS * max(self.cell)) for river in rivers])
        has_lakes = waters is not None and bool(waters.lakes)
        self.lakes = levels(waters) if waters is not None and has_lakes else None
        self.inside = _soft(waters) if waters is not None and has_lakes else None

    def write(self, folder: Path) -> HeightField:
        """Write shaped heights, `fresh` and `road`; returns the field with the heights mapped."""
        n = self.field.heights.shape[0]
        names = ("shaped", "fresh", "road")
        with grids.Writer(folder, names[0], n) as a, grids.Writer(folder, names[1], n) as b, grids.Writer(
                folder, names[2], n) as c:
            for first in range(0, n, grids.BAND_ROWS):
                for writer, rows in zip((a, b, c), self.band(first), strict=True):
                    writer.write(rows)
        return replace(self.field, heights=grids.load(folder, "shaped"))

    def band(self, first: int) -> tuple[F32, F32, F32]:
        """Heights, `fresh` and `road` of the rows from `first`."""
        ground = np.array(self.field.heights[first : first + grids.BAND_ROWS], np.float32)
        fresh, paved = np.full_like(ground, FRESH_FAR_M), np.zeros_like(ground)
        if self.roads.points.size:
            self._road(ground, paved, first)
        if self.lakes is not None:
            self._lake(ground, fresh, self.lakes, first)
        if self.rivers.points.size:
            self._river(ground, fresh, first)
        paved[fresh < 0.0] = 0.0
        return ground, fresh, paved

    def _road(self, ground: F32, paved: F32, first: int) -> None:
        at, far, near = _nearest(self.roads, ground.shape, first, self.cell)
        height, half = near[2], near[3]
        slack = np.maximum(far - half - SHOULDER_M, 0.0) * ROAD_SLOPE
        ground.ravel()[at] = np.clip(ground.ravel()[at], height - slack, height + slack)
        paved.ravel()[at] = np.clip(0.5 + (half - far) / ROAD_SOFT_M, 0.0, 1.0)

    def _lake(self, ground: F32, fresh: F32, lakes: F32, first: int) -> None:
        """Floors sink and flat shores rise a little along one smooth line: else a flat one is a line of noise."""
        assert self.inside is not None
        n = self.field.heights.shape[0]
        stride = (n - 1) / (lakes.shape[0] - 1)
        at = np.arange(first, first + ground.shape[0]) / stride, np.arange(n) / stride
        level = lakes[np.ix_(*(np.rint(a).astype(np.int64) for a in at))]
        known = ~np.isnan(level)
        inside = 2.0 * bilinear(self.inside, *at) - 1.0
        level = np.where(known, level, np.float32(0.0))
        above = ground - level
        floor = np.minimum(above, -LAKE_FLOOR_M * inside)
        rim = np.where(above > -LAKE_FLAT_M, np.maximum(above, -LAKE_RIM_M * inside), above)
        ground[known] = (level + np.where(inside > 0, floor, rim))[known]
        fresh[known] = np.minimum(ground[known] - level[known], FRESH_FAR_M)

    def _river(self, ground: F32, fresh: F32, first: int) -> None:
        at, far, (_, _, surface, half, depth) = _nearest(self.rivers, ground.shape, first, self.cell)
        here = ground.ravel()[at].astype(np.float64)
        bed = surface - depth * (1.0 - (far / half) ** 2)
        bank = surface + 0.1 + BANK * (far - half)
        shaped = np.where(far < half, np.minimum(here, bed), np.minimum(here, bank))
        beside = (far >= half) & (far < 2.2 * half) & (here < surface) & (here > surface - LEVEE_M)
        in_lake = fresh.ravel()[at] < 0.0
        shaped = np.where(beside & ~in_lake, surface + 0.15, shaped)
        ground.ravel()[at] = np.where(in_lake, np.minimum(here, shaped), shaped)
        above = (shaped - surface).astype(np.float32)
        close = far < 2.5 * half + 6.0
        fresh.ravel()[at[close]] = np.minimum(fresh.ravel()[at], np.minimum(above, FRESH_FAR_M))[close]


def _nearest(
    lines: Lines, shape: tuple[int, ...], first: int, cell: tuple[float, float],
) -> tuple[npt.NDArray[np.int64], F64, F64]:
    """Of a band of rows: the corners (flat) within reach of a line, metres to its nearest point, that point."""
    height, width = shape[0], shape[1]
    reach = int(np.ceil(lines.reach_m / min(cell)))
    low, high = np.searchsorted(lines.points[0], (first - reach - 1, first + height + reach))
    points = lines.points[:, low:high]
    far = np.full(height * width, np.inf)
    near = np.zeros(height * width, np.int64)
    row, column = np.rint(points[0]).astype(np.int64) - first, np.rint(points[1]).astype(np.int64)
    numbers = np.arange(points.shape[1])
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if np.hypot(dy * cell[1], dx * cell[0]) > lines.reach_m:
                continue
            r, c = row + dy, column + dx
            good = (r >= 0) & (r < height) & (c >= 0) & (c < width)
            at = r[good] * width + c[good]
            away = np.hypot((r[good] + first - points[0, good]) * cell[1], (c[good] - points[1, good]) * cell[0])
            np.minimum.at(far, at, away)
            won = away == far[at]
            near[at[won]] = numbers[good][won]
    found = np.flatnonzero(np.isfinite(far))
    return found, far[found], points[:, near[found]]


def _rivers(lines: list[F64], halves: list[F64], field: HeightField) -> Lines:
    parts = []
    for line, half in zip(lines, halves, strict=True):
        parts.append(np.stack([line[:, Z] / field.cell_y_m + field.cells / 2, line[:, X] / field.cell_x_m
                               + field.cells / 2, line[:, Y], half, DEPTH_M + DEPTH_SHARE * 2 * half]))
    widest = max((float(half.max()) for half in halves), default=0.0)
    return Lines.of(parts, min(REACH_M, 2.0 * max(field.cell_x_m, field.cell_y_m) + 2.5 * widest))


def _dense(line: F64, step_m: float) -> F64:
    """The same line with points at most `step_m` apart."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(line[:, X]), np.diff(line[:, Z])))])
    at = np.linspace(0.0, along[-1], max(2, int(np.ceil(along[-1] / step_m)) + 1))
    return np.stack([np.interp(at, along, line[:, k]) for k in range(line.shape[1])], axis=1)


def _soft(waters: Waters) -> F32:
    """1 in lakes to 0 outside, 0.5 at the shore, over about two corners of the thin grid."""
    mask = np.zeros((waters.side, waters.side), np.float32)
    for lake in waters.lakes:
        mask.ravel()[lake.cells] = 1.0
    for axis in (0, 1, 0, 1):
        mask = 0.25 * np.roll(mask, 1, axis) + 0.5 * mask + 0.25 * np.roll(mask, -1, axis)
    return mask


# -- roads -----------------------------------------------------------------------------------------------------------


def _roads(roads: tuple[Road, ...], field: HeightField) -> Lines:
    parts, step = [], 0.5 * min(field.cell_x_m, field.cell_y_m)
    for number, road in enumerate(roads, 1):
        line = _dense(_spline(np.array(road.points, np.float64)), step)
        row, column = line[:, Z] / field.cell_y_m + field.cells / 2, line[:, X] / field.cell_x_m + field.cells / 2
        ground = _under(field.heights, row, column)
        height = _graded(ground, step)
        worst = int(np.argmax(np.abs(height - ground)))
        if abs(height[worst] - ground[worst]) > CUTTING_M_MAX:
            raise BakeError(f"Road {number} would have to lie {abs(height[worst] - ground[worst]):.0f} m "
                            f"{'above' if height[worst] > ground[worst] else 'below'} the ground at x = "
                            f"{line[worst, X]:.0f}, z = {line[worst, Z]:.0f} to climb no steeper than "
                            f"{100 * ROAD_STEEP_MAX:.0f} %, but at most {CUTTING_M_MAX:.0f} m are built.")
        half = max(0.5 * road.width_m, 0.5 * BED_CELLS * max(field.cell_x_m, field.cell_y_m))
        parts.append(np.stack([row, column, height, np.full_like(row, half), np.zeros_like(row)]))
    widest = max((float(part[3].max()) for part in parts), default=0.0)
    return Lines.of(parts, min(REACH_M, widest + SHOULDER_M + 24.0))


def _spline(points: F64) -> F64:
    """Catmull-Rom through the points, 16 pieces a stretch."""
    p = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0.0, 1.0, 17)[None, :, None]
    a, b, c, d = (p[k : len(p) - 3 + k, None, :] for k in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * (b - c) + d - a) * t**3)
    return np.concatenate([curve[0], *curve[1:, 1:]])


def _under(heights: F32, row: F64, column: F64) -> F64:
    r = np.clip(row.astype(np.int64), 0, heights.shape[0] - 2)
    c = np.clip(column.astype(np.int64), 0, heights.shape[1] - 2)
    ty, tx = row - r, column - c
    top = heights[r, c] * (1 - tx) + heights[r, c + 1] * tx
    return np.asarray(top + ty * (heights[r + 1, c] * (1 - tx) + heights[r + 1, c + 1] * tx - top), np.float64)


def _graded(height: F64, step_m: float) -> F64:
    """Never steeper than ROAD_STEEP_MAX: halfway between the highest such line below and the lowest above."""
    climb = ROAD_STEEP_MAX * step_m * np.arange(len(height))

    def above(values: F64) -> F64:
        ahead = np.maximum.accumulate(values + climb) - climb
        back = (np.maximum.accumulate((values - climb)[::-1]))[::-1] + climb
        out: F64 = np.maximum(ahead, back)
        return out

    return 0.5 * (above(height) - above(-height))
