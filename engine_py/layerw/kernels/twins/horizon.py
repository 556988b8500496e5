"""horizon/horizon.h in numpy.

Limits: builds every sector that a box in view reaches into, also where the first one shows that it is seen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.kernels.twins.cull import ranges

Array = npt.NDArray[Any]
FACE, CELL, ARCS_MAX = 64, 64, 255
SECTORS = 4 * FACE
SEEN, HIDDEN, OUTSIDE = 0, 1, 2
_STEP, _SLACK, _MARGIN = 2.0 / FACE, 1e-6, 1e-4


class _Face(NamedTuple):
    """The grid as one face sees it: (lines, samples) and (cells, cells, 4)."""

    codes: Array
    drawn: Array
    sign: float
    eye: tuple[float, float]
    spacing: tuple[float, float]


class _Lines(NamedTuple):
    """Segments of lines: the sector's index among those asked for, the arc's, and what of the samples counts."""

    sector: Array
    arc: Array
    line: Array
    first: Array
    last: Array
    step: Array
    away: Array


def _face(codes: Array, grid: Array, drawn: Array, eye: Array, face: int) -> _Face:
    east, south = float((eye[0] - grid[0]) / grid[2]), float((eye[2] - grid[1]) / grid[3])
    sign, spacing = -1.0 if face & 1 else 1.0, (float(grid[2]), float(grid[3]))
    if face < 2:
        return _Face(codes.T, drawn.transpose(1, 0, 2), sign, (east, south), spacing)
    return _Face(codes, drawn, sign, (south, east), spacing[::-1])


def _lines(f: _Face, eye: Array, a: Array, b: Array, arcs: Array) -> _Lines:
    count_u, count_v = f.codes.shape
    u = np.broadcast_to(f.eye[0] + f.sign * (arcs * (1 / f.spacing[0])), (len(a), len(arcs)))
    v = f.eye[1] + ((a + b) * 0.5)[:, None] * (arcs * (1 / f.spacing[1]))
    sector, arc = np.nonzero((u >= 0) & (u < count_u - 1) & (v >= 0) & (v < count_v - 1))
    u, v, a, b = u[sector, arc], v[sector, arc], a[sector], b[sector]
    cell_u, cell_v = u.astype(np.intp) // CELL, v.astype(np.intp) // CELL
    finest, coarsest, _, _ = f.drawn[cell_u, cell_v].T.astype(np.intp)
    align = np.ldexp(2.0, coarsest.astype(np.intc))
    line = (np.floor(u / align) if f.sign > 0 else np.ceil(u / align)) * align
    away = f.sign * (line - f.eye[0]) * f.spacing[0]
    begin, end = f.eye[1] + a * (away * (1 / f.spacing[1])), f.eye[1] + b * (away * (1 / f.spacing[1]))
    first, last = np.floor(begin / align) * align, np.ceil(end / align) * align
    low_u, low_v = (cell_u - 1.0) * CELL, (cell_v - 1.0) * CELL
    kept = np.flatnonzero(
        (away >= eye[3]) & (line > low_u) & (line < low_u + 3 * CELL)
        & (line > 0) & (line < count_u - 1)
        & (first > low_v) & (last < low_v + 3 * CELL) & (first >= 0) & (last <= count_v - 1))
    before = (line[kept] - 1 if f.sign > 0 else line[kept]).astype(np.intp) // CELL
    begin_cell, end_cell = (np.minimum(place[kept].astype(np.intp) // CELL, len(f.drawn[0]) - 1)
                            for place in (begin, end))
    for cell in range(3):  # none reaches into more
        kept_cell = np.minimum(begin_cell + cell, end_cell)
        before = np.where((before >= 0) & (f.drawn[before, kept_cell, 2] != 0), before, -1)
    kept = kept[before >= 0]
    step = np.left_shift(np.intp(1), finest)
    return _Lines(sector[kept], arc[kept], line[kept].astype(np.intp), first[kept].astype(np.intp),
                  last[kept].astype(np.intp), step[kept], away[kept])  # fmt: skip


def _build(f: _Face, grid: Array, eye: Array, arcs: Array, sectors: Array) -> Array:
    """(sectors, arcs)"""
    found = np.full((len(sectors), len(arcs)), -np.inf)
    lines = _lines(f, eye, sectors * _STEP - 1.0, (sectors + 1) * _STEP - 1.0, arcs)
    if len(lines.sector):
        counts = (lines.last - lines.first) // lines.step + 1
        begins = np.cumsum(counts) - counts
        of = np.repeat(np.arange(len(counts)), counts)
        sample = lines.first[of] + (np.arange(len(of)) - begins[of]) * lines.step[of]
        lowest = np.minimum.reduceat(f.codes[lines.line[of], sample], begins)
        height = grid[4] + lowest.astype(np.float64) * grid[5]
        found[lines.sector, lines.arc] = ((height - eye[4]) - eye[1]) / lines.away
    return np.maximum.accumulate(found, axis=1)


class _Parts(NamedTuple):
    """Boxes as a face sees them: which, their part in the face, and the sectors that each reaches into."""

    box: Array
    near: Array
    far: Array
    low: Array
    high: Array
    first: Array
    last: Array


def _clamped(value: Array, low: float, high: float) -> Array:
    found: Array = np.where(value > low, np.where(value < high, value, high), low).astype(np.intp)
    return found


def _parts(boxes: Array, asked: Array, eye: Array, face: int) -> _Parts:
    axis = 0 if face < 2 else 2
    other = 2 - axis
    own = boxes[asked]
    low, high = own[:, axis] - eye[axis], own[:, 3 + axis] - eye[axis]
    near, far = (-high, -low) if face & 1 else (low, high)
    low_v, high_v = own[:, other] - eye[other], own[:, 3 + other] - eye[other]
    near = np.where(low_v > near, low_v, near)
    near = np.where(-high_v > near, -high_v, near)
    kept = np.flatnonzero((near > 0) & (near <= far))
    near, far, low_v, high_v = near[kept], far[kept], low_v[kept], high_v[kept]
    a, b = low_v / np.where(low_v < 0, near, far), high_v / np.where(high_v > 0, near, far)
    return _Parts(asked[kept], near, far, low_v, high_v, _clamped((a + 1) * (FACE / 2) - _SLACK, 0, FACE - 1),
                  _clamped((b + 1) * (FACE / 2) + _SLACK, 0, FACE - 1))  # fmt: skip


def _hides(p: _Parts, part: Array, sector: Array, top: Array, arcs: Array, horizon: Array) -> Array:
    """Whether each of some sectors hides a part that reaches into it."""
    a, b = sector * _STEP - 1.0, (sector + 1) * _STEP - 1.0
    near, far, low, high = p.near[part], p.far[part], p.low[part], p.high[part]
    by_b, by_a = low / b, high / a
    near = np.where((low > 0) & (b > 0) & (by_b > near), by_b, near)
    near = np.where((high < 0) & (a < 0) & (by_a > near), by_a, near)
    far = np.where((a > 0) & (by_a < far), by_a, far)
    far = np.where((b < 0) & (by_b < far), by_b, far)
    before = np.searchsorted(arcs, near, side="right")
    found: Array = (before > 0) & (horizon[sector, np.maximum(before - 1, 0)]
                                   > top / np.where(top > 0, near, far) + _MARGIN)  # fmt: skip
    return found


def lw_horizon_boxes(codes: Array, columns: int, rows: int, grid: Array, drawn: Array, eye: Array, arcs: Array,
                     arc_count: int, planes: Array, boxes: Array, count: int, built: Array, horizon: Array,
                     found: Array) -> None:
    """See horizon/horizon.h."""
    samples, boxes, arcs = codes.reshape(rows, columns), boxes.reshape(-1, 6)[:count], arcs[:arc_count]
    strides = drawn.reshape((rows - 1) // CELL, (columns - 1) // CELL, 4)
    lines = horizon.reshape(4, FACE, arc_count)
    with np.errstate(all="ignore"):
        relative = boxes - eye[[0, 1, 2, 0, 1, 2]]
        outside = np.zeros(count, np.bool_)
        for a, b, c, d in planes.reshape(5, 4).tolist():
            x, y, z = (relative[:, axis + 3 if along > 0 else axis] for axis, along in enumerate((a, b, c)))
            outside |= ((x * a + y * b) + z * c) + d < 0
        gap = np.zeros(count)
        for beside in (relative[:, 0], -relative[:, 3], relative[:, 2], -relative[:, 5]):
            gap = np.where(beside > gap, beside, gap)
        found[:count] = np.where(outside, OUTSIDE, np.where(gap > eye[3], HIDDEN, SEEN))
        asked = np.flatnonzero(found[:count] == HIDDEN)
        for face in range(4):
            p = _parts(boxes, asked, eye, face)
            part = np.repeat(np.arange(len(p.box)), p.last - p.first + 1)
            sector = ranges(p.first, p.last - p.first + 1)
            wanted = np.flatnonzero(np.bincount(sector, minlength=FACE))
            own = built[face * FACE : (face + 1) * FACE]
            new = wanted[own[wanted] == 0]
            if len(new):
                lines[face, new] = _build(_face(samples, grid, strides, eye, face), grid, eye, arcs, new)
                own[new] = arc_count
            top = boxes[p.box, 4] - eye[1]
            hides = _hides(p, part, sector, top[part], arcs, lines[face])
            found[p.box[part[~hides]]] = SEEN
            asked = asked[found[asked] == HIDDEN]
