"""Rows sorted into batches: what one draw can draw. Rebuilt only when the structure changes.

Owns: the order of rows that may move, the cells of rows that never do, and the tables that the culling kernels read
(engine_py/kernels/geometry/cull.h has their layouts). A batch is one (material, mesh or LOD set); static batches are
cut into square cells on the ground, so that culling and LOD of a forest cost per cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64, U32
from layerw.gpu.spec import DRAW_MIRRORED
from layerw.kernels.geometry import GEOMETRY
from layerw.visibility.frustum import squared_length
from layerw.visibility.lods import LodTable

STATIC, NO_SHADOW = 4, 8
CELL_ROWS_WANTED = 96
CELL_M_MIN = 32.0
RANGE_ROWS = 256  # as many rows of cells beside each other are drawn as they lie; fewer are copied into one draw
RECORD_WORDS = 8
U64 = npt.NDArray[np.uint64]


class TableView(Protocol):
    """What batches read of the entity table."""

    mesh: U32
    material: U32
    lods: npt.NDArray[np.uint16]
    flags: npt.NDArray[np.uint8]
    parent: npt.NDArray[np.int32]
    radius: F32
    structure_revision: int

    @property
    def rows_used(self) -> int: ...
    def shown(self) -> npt.NDArray[np.bool_]: ...


class Runs(NamedTuple):
    """Batches as tables: `all` and `casters` are (n, 4) start, size, draft, lods; a draft is a record to fill in."""

    all: U32
    casters: U32
    drafts: U32  # (m, 8)
    until_m: F32  # (m,) where the level of a draft ends

    def room(self, rows: int) -> int:
        """Words that one culling of `rows` rows may write."""
        if not len(self.all):
            return 0
        extra = np.maximum(self.all[:, 3].astype(np.int64) - 1, 0) * ((self.all[:, 1].astype(np.int64) + 3) & ~3)
        return rows + int(extra.max()) + 4


class Movers(NamedTuple):
    """Rows that may move, in the order of their batches."""

    rows: U32
    radii: F32  # of the spheres in world space; written when scales change
    mirrored: npt.NDArray[np.uint8]  # 1 where the scales make a mirror image; the same for all rows of a batch
    runs: Runs
    room: int


class Cells(NamedTuple):
    """Static rows in the order of their cells; runs count cells."""

    rows: U32
    positions: F32  # (n, 3) of `rows`
    spans: U32  # (c, 2) start and size of each cell in `rows`
    centers: F32  # (c, 3)
    radii: F32  # (c,)
    boxes: F64  # (c, 6) low and high corners
    levels: npt.NDArray[np.uint8]  # (c,) which need not be seen; then scratch
    runs: Runs
    room: int
    records: int  # at most, of one pass


class Batches(NamedTuple):
    """Columns over batches: rows start .. start + size share the rest."""

    start: npt.NDArray[np.intp]
    size: npt.NDArray[np.intp]
    mesh: U32
    material: U32
    lods: npt.NDArray[np.uint16]
    casts: npt.NDArray[np.bool_]
    mirrored: npt.NDArray[np.uint8]


def sort_rows(table: TableView, rows: npt.NDArray[np.intp], scale: F32) -> tuple[U32, Batches]:
    """Order rows by (has LODs, material, mesh, LOD set, casts, mirrored); stable, so rows stay ascending in a batch."""
    mesh, material, lods = (column[rows].astype(np.uint64) for column in (table.mesh, table.material, table.lods))
    casts = (table.flags[rows] & NO_SHADOW == 0).astype(np.uint64)
    mirrored = np.zeros(len(rows), np.uint8)
    GEOMETRY.lw_mirrored(scale, rows.astype(np.uint32), len(rows), mirrored)
    minor: U64 = mesh << np.uint64(18) | lods << np.uint64(2) | casts << np.uint64(1) | mirrored
    major: U64 = (lods > 0).astype(np.uint64) << np.uint64(32) | material
    order = np.arange(len(rows), dtype=np.uint32)
    _sort(minor.copy(), order)
    _sort(major[order], order)
    rows32, minor, major = rows.astype(np.uint32)[order], minor[order], major[order]
    change = np.ones(len(rows), np.bool_)
    change[1:] = (major[1:] != major[:-1]) | (minor[1:] != minor[:-1])
    start = np.flatnonzero(change)
    first = rows32[start]
    return rows32, Batches(
        start, np.diff(start, append=len(rows)), table.mesh[first], table.material[first], table.lods[first],
        table.flags[first] & NO_SHADOW == 0, mirrored[order[start]],
    )  # fmt: skip


def _sort(keys: U64, order: U32) -> None:
    """Sorts keys, and `order` with them."""
    GEOMETRY.lw_sort_u64(keys, order, np.empty_like(keys), np.empty_like(order), len(order))


def build_runs(batches: Batches, lod_table: LodTable) -> Runs:
    """The kernels' tables of batches."""
    chains = [lod_table.sets[number] for number in batches.lods]
    levels = np.array([len(chain.meshes) for chain in chains], np.intp)
    drafts_each = np.maximum(levels, 1)
    draft = np.cumsum(drafts_each) - drafts_each
    of = np.repeat(np.arange(len(draft)), drafts_each)
    drafts = np.zeros((len(of), RECORD_WORDS), np.uint32)
    drafts[:, 0], drafts[:, 1] = batches.mesh[of], batches.material[of]
    drafts[:, 4] = np.where(batches.mirrored[of], DRAW_MIRRORED, 0)
    until_m = np.full(len(of), np.inf, np.float32)
    for number in np.flatnonzero(levels):
        own = slice(int(draft[number]), int(draft[number] + levels[number]))
        drafts[own, 0], until_m[own] = chains[number].meshes, chains[number].until_m
    runs = np.stack([batches.start, batches.size, draft, levels], axis=1).astype(np.uint32).reshape(-1, 4)
    return Runs(runs, runs[batches.casts], drafts, until_m)


def build_movers(table: TableView, rows: npt.NDArray[np.intp], scale: F32, lod_table: LodTable) -> Movers:
    """Batches of rows that may move each frame."""
    order, batches = sort_rows(table, rows, scale)
    runs = build_runs(batches, lod_table)
    return Movers(order, np.zeros(len(order), np.float32), np.repeat(batches.mirrored, batches.size), runs,
                  runs.room(len(order)))  # fmt: skip


def in_order(movers: Movers, order: Mapping[int, int]) -> Movers:
    """The same with its batches, none of which has LODs, in the order that a mapping gives materials."""
    runs = movers.runs
    if len(runs.all) < 2:
        return movers
    place = np.array([order[int(material)] for material in runs.drafts[runs.all[:, 2], 1]])
    sorted_runs = runs.all[np.argsort(place, kind="stable")]
    of = np.concatenate([np.arange(start, start + size) for start, size in sorted_runs[:, :2].tolist()])
    drafts = runs.drafts[sorted_runs[:, 2]]
    sorted_runs[:, 0] = np.cumsum(sorted_runs[:, 1]) - sorted_runs[:, 1]
    sorted_runs[:, 2] = np.arange(len(sorted_runs))
    return movers._replace(rows=movers.rows[of], mirrored=movers.mirrored[of],
                           runs=runs._replace(all=sorted_runs, drafts=drafts))  # fmt: skip


def build_cells(table: TableView, rows: npt.NDArray[np.intp], position: F32, scale: F32, lod_table: LodTable) -> Cells:
    """Cut static batches into cells with bounding spheres."""
    order, batches = sort_rows(table, rows, scale)
    reach = np.empty(len(order), np.float32)
    GEOMETRY.lw_sphere_radii(table.radius, scale, order, len(order), reach)
    orders, spans, cells_each = [order[:0]], [np.zeros((0, 2), np.uint32)], []
    centers: list[F32] = [np.zeros((0, 3), np.float32)]
    radii: list[F32] = [np.zeros(0, np.float32)]
    boxes: list[F32] = [np.zeros((0, 6), np.float32)]
    half = np.float32(0.5)
    for start, size in zip(batches.start, batches.size, strict=True):
        own = slice(int(start), int(start + size))
        inner, first, number = _cut(position[order[own]])
        at, span = position[order[own][inner]], reach[own][inner][:, None]
        low = np.minimum.reduceat(at - span, first)
        high = np.maximum.reduceat(at + span, first)
        orders.append(order[own][inner])
        centers.append((low + high) * half)
        boxes.append(np.concatenate([low, high], axis=1))
        radii.append(np.sqrt(squared_length(high - low)) * half)
        spans.append(np.stack([first + start, number], axis=1).astype(np.uint32))
        cells_each.append(len(first))
    size = np.array(cells_each, np.intp)
    runs = build_runs(batches._replace(start=np.cumsum(size) - size, size=size), lod_table)
    rows32 = np.concatenate(orders)
    return Cells(
        rows32, position[rows32], np.concatenate(spans), np.concatenate(centers),
        np.concatenate(radii), np.concatenate(boxes).astype(np.float64), np.zeros(int(size.sum()), np.uint8), runs,
        len(rows32) + 4, len(runs.drafts) + len(rows32) // RANGE_ROWS,
    )  # fmt: skip


def cells_are_made_of(table: TableView, rows: npt.NDArray[np.intp], position: F32,
                      scale: F32) -> tuple[npt.NDArray[Any], ...]:  # fmt: skip
    """Copies of all that `build_cells` reads but the LOD sets: where they are equal, its cells are."""
    columns = (table.mesh, table.material, table.lods, table.flags, table.radius, position, scale)
    return rows, *(column[rows] for column in columns)


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
