"""Rows sorted into batches: what one draw can draw. Rebuilt only when the structure changes.

Owns: the order of dynamic rows, and the cells of static rows. A batch is one (material, mesh or LOD set).
Static batches are cut into square cells on the ground, so that culling and LOD of a forest cost per cell.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, U32
from layerw.visibility.frustum import largest_scale

ALIVE, HIDDEN, STATIC, NO_SHADOW = 1, 2, 4, 8
CELL_ROWS_WANTED = 96
CELL_M_MIN = 32.0


class TableView(Protocol):
    """What batches read of the entity table."""

    mesh: U32
    material: U32
    lods: npt.NDArray[np.uint16]
    flags: npt.NDArray[np.uint8]
    radius: F32
    structure_revision: int

    @property
    def rows_used(self) -> int: ...


class Batch(NamedTuple):
    """Rows order[start : start + size] share a mesh (or a LOD set) and a material."""

    mesh: int
    lods: int
    material: int
    casts: bool
    start: int
    size: int


class Cells(NamedTuple):
    """Static rows by cell, all batches concatenated: order[start[i] : start[i] + size[i]] is cell i."""

    order: npt.NDArray[np.intp]
    position: F32  # of the rows in `order`
    batches: list[Batch]  # start and size index the cell arrays here
    center: F32
    radius: F32
    start: npt.NDArray[np.intp]
    size: npt.NDArray[np.intp]


class Dynamic(NamedTuple):
    """Rows that may move, sorted by batch; batches without LODs first."""

    order: npt.NDArray[np.intp]
    order32: U32  # the same, as the GPU reads it
    radius: F32
    batches: list[Batch]
    plain: int  # number of leading batches without LODs
    starts: npt.NDArray[np.intp]  # of the plain ones
    mesh: U32
    material: U32
    casts: npt.NDArray[np.bool_]
    contiguous: slice | None  # the rows as a slice where the order allows it


def sort_rows(table: TableView, rows: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], list[Batch]]:
    """Order rows by (has LODs, material, mesh, LOD set, casts); stable, so rows stay ascending in a batch."""
    lods, mesh, material = table.lods[rows], table.mesh[rows], table.material[rows]
    casts = table.flags[rows] & NO_SHADOW == 0
    order = np.lexsort((casts, lods, mesh, material, lods > 0))
    rows, lods, mesh, material, casts = rows[order], lods[order], mesh[order], material[order], casts[order]
    if not len(rows):
        return rows, []
    change = np.ones(len(rows), np.bool_)
    change[1:] = (lods[1:] != lods[:-1]) | (mesh[1:] != mesh[:-1]) | (material[1:] != material[:-1])
    change[1:] |= casts[1:] != casts[:-1]
    starts = np.flatnonzero(change)
    counts = np.diff(starts, append=len(rows))
    batches = [
        Batch(int(mesh[s]), int(lods[s]), int(material[s]), bool(casts[s]), int(s), int(n))
        for s, n in zip(starts, counts, strict=True)
    ]
    return rows, batches


def build_dynamic(table: TableView, rows: npt.NDArray[np.intp]) -> Dynamic:
    """Batches of rows that may move each frame."""
    order, batches = sort_rows(table, rows)
    plain = sum(b.lods == 0 for b in batches)
    contiguous = None
    if len(order) and (np.diff(order) == 1).all():
        contiguous = slice(int(order[0]), int(order[-1]) + 1)
    return Dynamic(
        order, order.astype(np.uint32), table.radius[order], batches, plain,
        np.array([b.start for b in batches[:plain]], np.intp),
        np.array([b.mesh for b in batches[:plain]], np.uint32),
        np.array([b.material for b in batches[:plain]], np.uint32),
        np.array([b.casts for b in batches[:plain]], np.bool_),
        contiguous,
    )  # fmt: skip


def build_cells(table: TableView, rows: npt.NDArray[np.intp], position: F32, scale: F32) -> Cells:
    """Cut static batches into cells with bounding spheres."""
    rows, batches = sort_rows(table, rows)
    orders, centers, radii, starts, counts, cut = [], [], [], [], [], []
    base = cells = 0
    for batch in batches:
        own = rows[batch.start : batch.start + batch.size]
        reach = table.radius[own] * largest_scale(scale[own])
        order, first, number = _cut(position[own])
        own, reach = own[order], reach[order]
        low = np.minimum.reduceat(position[own] - reach[:, None], first)
        high = np.maximum.reduceat(position[own] + reach[:, None], first)
        orders.append(own)
        centers.append((low + high) / 2)
        radii.append(np.linalg.norm(high - low, axis=1) / 2)
        starts.append(first + base)
        counts.append(number)
        cut.append(batch._replace(start=cells, size=len(first)))
        base += len(own)
        cells += len(first)
    if not batches:
        none = np.zeros(0, np.intp)
        empty = np.zeros((0, 3), np.float32)
        return Cells(none, empty, [], empty, np.zeros(0, np.float32), none, none)
    order = np.concatenate(orders)
    return Cells(
        order, position[order], cut, np.concatenate(centers).astype(np.float32),
        np.concatenate(radii).astype(np.float32), np.concatenate(starts), np.concatenate(counts),
    )  # fmt: skip


def _cut(position: F32) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Order of rows by cell, first index and size of each cell."""
    low = position[:, (0, 2)].min(axis=0)
    extent = np.maximum(position[:, (0, 2)].max(axis=0) - low, 1e-3)
    cell_m = max(float(np.sqrt(extent[0] * extent[1] * CELL_ROWS_WANTED / len(position))), CELL_M_MIN)
    cell = ((position[:, (0, 2)] - low) / cell_m).astype(np.int64)
    key = cell[:, 0] << 32 | cell[:, 1]
    order = np.argsort(key, kind="stable")
    _, first, number = np.unique(key[order], return_index=True, return_counts=True)
    return order, first, number


def ranges(starts: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Concatenate arange(start, start + count) of every pair."""
    ends = np.cumsum(counts)
    if not len(ends) or not ends[-1]:
        return np.zeros(0, np.intp)
    return np.repeat(starts - (ends - counts), counts) + np.arange(ends[-1])
