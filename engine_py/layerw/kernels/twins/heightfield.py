"""geometry/heightfield.h in numpy.

Limits: a ray goes down the pyramid level by level and looks at every cell that it passes, also behind the first hit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
BLOCK = 4
NO_TRIANGLE = 0xFFFFFFFF
FAR_FACTOR = 1 + 3 * 2.0**-52


def levels_of(columns: int, rows: int) -> list[tuple[int, int, int]]:
    """Of a pyramid, from the finest: the first block's number, blocks along x, blocks along z."""
    wide, high, first = (columns - 2) // BLOCK + 1, (rows - 2) // BLOCK + 1, 0
    found = [(first, wide, high)]
    while wide > 1 or high > 1:
        first += wide * high
        wide, high = (wide + 1) // 2, (high + 1) // 2
        found.append((first, wide, high))
    return found


def pyramid_blocks(columns: int, rows: int) -> int:
    """How many blocks a pyramid has; each takes two uint16."""
    first, wide, high = levels_of(columns, rows)[-1]
    return first + wide * high


def _along(place: Array, samples: int) -> tuple[npt.NDArray[np.intp], Array]:
    last = samples - 1.0
    at = np.where(place < 0, 0.0, np.where(place > last, last, place))
    cell = np.minimum(np.where(np.isnan(at), 0.0, at).astype(np.intp), samples - 2)
    return cell, at - cell


def lw_field_unpack(packed: Array, columns: int, rows: int, codes: Array) -> None:
    """See geometry/heightfield.h."""
    low, high = packed[: 2 * columns * rows].reshape(2, rows, columns)
    found = codes[: columns * rows].reshape(rows, columns)
    found[:] = high
    found <<= 8
    found |= low
    sign = found & 1
    found >>= 1
    found ^= np.negative(sign, out=sign)
    np.add.accumulate(found, axis=0, out=found)
    np.add.accumulate(found, axis=1, out=found)


def lw_field_heights(codes: Array, columns: int, rows: int, grid: Array, x: Array, z: Array, count: int, smooth: int,
                     heights: Array, normals: Array | None) -> None:
    """See geometry/heightfield.h."""
    west, north, spacing_x, spacing_z, offset, scale = grid.tolist()
    with np.errstate(all="ignore"):
        column, tx = _along((x[:count] - west) / spacing_x, columns)
        row, tz = _along((z[:count] - north) / spacing_z, rows)
        first = row * columns + column
        corners = (first, first + 1, first + columns, first + columns + 1)
        nw, ne, sw, se = (offset + codes[at].astype(np.float64) * scale for at in corners)
        if smooth:
            up, down = nw * (1.0 - tx) + ne * tx, sw * (1.0 - tx) + se * tx
            heights[:count] = up * (1.0 - tz) + down * tz
            by_x, by_z = (ne - nw) * (1.0 - tz) + (se - sw) * tz, down - up
        else:
            east = tx >= tz
            corner, most, least = np.where(east, ne, sw), np.where(east, tx, tz), np.where(east, tz, tx)
            one, other = corner - nw, se - corner
            heights[:count] = (nw + most * one) + least * other
            by_x, by_z = np.where(east, one, other), np.where(east, other, one)
        if normals is None:
            return
        slope_x, slope_z = by_x / spacing_x, by_z / spacing_z
        length = np.sqrt((slope_x * slope_x + slope_z * slope_z) + 1.0)
        normals.reshape(-1, 3)[:count] = np.stack([-slope_x / length, 1.0 / length, -slope_z / length], axis=1)


def lw_field_pyramid(codes: Array, columns: int, rows: int, pyramid: Array) -> None:
    """See geometry/heightfield.h."""
    samples = codes[: columns * rows].reshape(rows, columns)
    out = pyramid.reshape(-1, 2)
    (first, wide, high), *coarser = levels_of(columns, rows)
    # A block has one sample more than cells along each side: its last are the next block's first.
    right = np.minimum(np.arange(BLOCK * wide + 1), columns - 1)
    padded = samples[np.minimum(np.arange(BLOCK * high + 1), rows - 1)][:, right]
    for k, least in enumerate((np.minimum, np.maximum)):
        parts = [padded[i : i + BLOCK * high : BLOCK, j : j + BLOCK * wide : BLOCK]
                 for i in range(BLOCK + 1) for j in range(BLOCK + 1)]
        level = least.reduce(parts)
        out[: wide * high, k] = level.reshape(-1)
        for first, own_wide, own_high in coarser:
            z = np.minimum(np.arange(2 * own_high), level.shape[0] - 1)
            x = np.minimum(np.arange(2 * own_wide), level.shape[1] - 1)
            quads = level[z][:, x].reshape(own_high, 2, own_wide, 2)
            level = least.reduce(least.reduce(quads, axis=3), axis=1)
            out[first : first + own_wide * own_high, k] = level.reshape(-1)


class Field(NamedTuple):
    """Samples (rows, columns) as heights' codes, and the grid's numbers."""

    codes: Array
    west: float
    north: float
    spacing_x: float
    spacing_z: float
    offset: float
    scale: float

    def y(self, codes: Array) -> Array:
        """Heights of codes."""
        return self.offset + codes.astype(np.float64) * self.scale

    def boxes(self, begin: Array, end: Array, low: Array, high: Array) -> tuple[Array, Array]:
        """Low and high corners (n, 3) of cells (column, row) from `begin` up to `end`."""
        y0, y1 = self.y(low), self.y(high)
        origin, spacing = np.array((self.west, self.north)), np.array((self.spacing_x, self.spacing_z))
        near, far = origin + begin * spacing, origin + end * spacing
        return (np.stack([near[:, 0], np.where(y0 < y1, y0, y1), near[:, 1]], axis=1),
                np.stack([far[:, 0], np.where(y0 < y1, y1, y0), far[:, 1]], axis=1))


def _passed(ray: Array, low: Array, high: Array) -> tuple[Array, Array, Array]:
    near, far, passed = np.zeros(len(low)), np.full(len(low), np.inf), np.ones(len(low), np.bool_)
    for axis in range(3):
        o, inverse = ray[axis], np.float64(1) / ray[4 + axis]
        if not np.isfinite(inverse):
            passed &= (low[:, axis] <= o) & (o <= high[:, axis])
            continue
        front, back = (high, low) if inverse < 0 else (low, high)
        t0, t1 = (front[:, axis] - o) * inverse, ((back[:, axis] - o) * inverse) * FAR_FACTOR
        near, far = np.where(t0 > near, t0, near), np.where(t1 < far, t1, far)
    return passed & (near <= far) & (near <= ray[7]), near, far


def _triangle(ray: Array, a: Array, b: Array, c: Array, near: Array, far: Array) -> Array:
    """t of each triangle, infinity where the ray passes it by."""
    kz = int(np.abs(ray[4:7]).argmax())
    along = ray[4 + kz]
    kx, ky = ((kz + 2) % 3, (kz + 1) % 3) if along < 0 else ((kz + 1) % 3, (kz + 2) % 3)
    shear_x, shear_y, shear_z = ray[4 + kx] / along, ray[4 + ky] / along, 1.0 / along
    a, b, c = (corner - ray[0:3] for corner in (a, b, c))
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (
        (p[:, kx] - shear_x * p[:, kz], p[:, ky] - shear_y * p[:, kz], p[:, kz]) for p in (a, b, c))
    u, v, w = cx * by - cy * bx, ax * cy - ay * cx, bx * ay - by * ax
    mixed = ((u < 0) | (v < 0) | (w < 0)) & ((u > 0) | (v > 0) | (w > 0))
    total = (u + v) + w
    t = ((u * (shear_z * az) + v * (shear_z * bz)) + w * (shear_z * cz)) / total
    hit = ~mixed & (total != 0) & (t >= 0) & (t <= ray[7])
    t = np.where(t < near, near, t)
    return np.where(hit, np.where(t > far, far, t), np.inf)


def cell_hits(field: Field, ray: Array, cells: Array) -> tuple[Array, Array]:
    """t and number of both triangles of each cell (n, 2: column, row)."""
    column, row = cells.T
    nw, ne = field.codes[row, column], field.codes[row, column + 1]
    sw, se = field.codes[row + 1, column], field.codes[row + 1, column + 1]
    low, high = field.boxes(cells, cells + 1, np.minimum(np.minimum(nw, ne), np.minimum(sw, se)),
                            np.maximum(np.maximum(nw, ne), np.maximum(sw, se)))
    passed, near, far = _passed(ray, low, high)
    low, high, near, far = low[passed], high[passed], near[passed], far[passed]
    a, b, c, d = (np.stack([x[:, 0], field.y(code[passed]), z[:, 2]], axis=1)
                  for x, z, code in ((low, low, nw), (high, low, ne), (high, high, se), (low, high, sw)))
    number = 2 * (row * (field.codes.shape[1] - 1) + column)[passed]
    t = np.concatenate([_triangle(ray, a, b, c, near, far), _triangle(ray, a, c, d, near, far)])
    return t, np.concatenate([number, number + 1])


def _cells(field: Field, ray: Array, pyramid: Array) -> Array:
    """The cells (n, 2) in blocks that the ray passes."""
    rows, columns = field.codes.shape
    levels, cells_end = levels_of(columns, rows), np.array((columns - 1, rows - 1))
    blocks = np.zeros((1, 2), np.intp)
    children = np.array([(k & 1, k >> 1) for k in range(4)])
    for number in range(len(levels) - 1, -1, -1):
        first, wide, high = levels[number]
        blocks = blocks[(blocks[:, 0] < wide) & (blocks[:, 1] < high)]
        span, size = pyramid.reshape(-1, 2)[first + blocks[:, 1] * wide + blocks[:, 0]], BLOCK << number
        low, top = field.boxes(blocks * size, np.minimum((blocks + 1) * size, cells_end), span[:, 0], span[:, 1])
        blocks = blocks[_passed(ray, low, top)[0]]
        if number:
            blocks = (2 * blocks[:, None] + children).reshape(-1, 2)
    inside = np.array([(k % BLOCK, k // BLOCK) for k in range(BLOCK * BLOCK)])
    cells: Array = (BLOCK * blocks[:, None] + inside).reshape(-1, 2)
    return cells[(cells < cells_end).all(axis=1)]


def lw_field_rays(codes: Array, columns: int, rows: int, grid: Array, pyramid: Array, rays: Array, ray_count: int,
                  distance: Array, triangle: Array) -> None:
    """See geometry/heightfield.h."""
    field = Field(codes[: columns * rows].reshape(rows, columns), *grid.tolist())
    with np.errstate(all="ignore"):
        for i, ray in enumerate(rays.reshape(-1, 8)[:ray_count]):
            distance[i], triangle[i] = np.inf, NO_TRIANGLE
            if not (np.isfinite(ray[0:3]).all() and np.isfinite(ray[4:7]).all() and ray[4:7].any() and ray[7] >= 0):
                continue
            t, number = cell_hits(field, ray, _cells(field, ray, pyramid))
            if len(t) and np.isfinite(t.min()):
                distance[i] = t.min()
                triangle[i] = number[t == distance[i]].min()
