"""Visibility: from the entity table and the streamed tiles to this frame's draw lists.

Owns: batches and their rebuild, frustum culling, LOD choice, pass lists. Does not move or load anything.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64, U32, TileDraw
from layerw.gpu.spec import DRAW_CAMERA_RELATIVE
from layerw.visibility.batches import (
    ALIVE,
    HIDDEN,
    STATIC,
    Batch,
    Cells,
    Dynamic,
    TableView,
    build_cells,
    build_dynamic,
    ranges,
)
from layerw.visibility.draws import DrawList, VisibleSet
from layerw.visibility.frustum import (
    largest_scale,
    relative_to,
    spheres_in_frustum,
    spheres_seen,
    squared_length,
)
from layerw.visibility.lods import LodTable


class Visibility:
    """`frame` gives the draw lists. Materials that blend are registered with `set_blend`."""

    def __init__(self, table: TableView) -> None:
        self.table = table
        self.lod_table = LodTable()
        self._blend: set[int] = set()
        self._draws = DrawList()
        self._revision = -1
        self._dynamic: Dynamic
        self._glass: Dynamic
        self._radii: dict[int, F32] = {}  # world-space radii by id() of the group, while no scale changes
        self._cells: Cells

    def set_blend(self, material: int, blend: bool) -> None:
        """Say whether a material is drawn in the blend pass (back to front, no shadow)."""
        (self._blend.add if blend else self._blend.discard)(material)
        self._revision = -1

    def frame(
        self,
        camera: F64,
        planes: F64,
        position: F32,
        rotation: F32,
        scale: F32,
        *,
        tiles: TileDraw | None = None,
        tile_row: int = 0,
        shadow_m: float = 0.0,
        scale_changed: bool = True,
    ) -> VisibleSet:
        """Cull everything and build the lists.

        Args:
            camera: (3,) float64, metres from the scene's origin.
            planes: (5, 4) float64, relative to the camera.
            position, rotation, scale: world-space columns; tile rows are written to them.
            tiles, tile_row: streamed tiles and the first of the rows reserved for them.
            shadow_m: casters within this distance of the camera go to the shadow pass; 0 = none.
            scale_changed: False promises that no scale differs from the last call's.
        """
        if scale_changed:
            self._radii.clear()
        self._refresh(position, scale)
        self._draws.reset()
        if tiles is not None and len(tiles.mesh):
            self._tiles(tiles, tile_row, camera, planes, (position, rotation, scale), shadow_m)
        self._movers(camera, planes, position, scale, shadow_m)
        self._forest(camera, planes, shadow_m)
        self._see_through(camera, planes, position, scale)
        return self._draws.finish()

    def _refresh(self, position: F32, scale: F32) -> None:
        if self._revision == self.table.structure_revision:
            return
        self._revision = self.table.structure_revision
        self._radii.clear()
        used = self.table.rows_used
        flags = self.table.flags[:used]
        shown = (flags & (ALIVE | HIDDEN) == ALIVE) & ((self.table.mesh[:used] != 0) | (self.table.lods[:used] != 0))
        glass = np.isin(self.table.material[:used], list(self._blend)) if self._blend else np.zeros(used, np.bool_)
        static = flags & STATIC != 0
        self._dynamic = build_dynamic(self.table, np.flatnonzero(shown & ~glass & ~static))
        self._glass = build_dynamic(self.table, np.flatnonzero(shown & glass))
        self._cells = build_cells(self.table, np.flatnonzero(shown & ~glass & static), position, scale)

    def _spheres(self, group: Dynamic, camera: F64, position: F32, scale: F32) -> tuple[F32, F32]:
        rows = group.contiguous if group.contiguous is not None else group.order
        radii = self._radii.get(id(group))
        if radii is None:
            radii = self._radii[id(group)] = group.radius * largest_scale(scale[rows])
        return relative_to(position[rows], camera), radii

    def _movers(self, camera: F64, planes: F64, position: F32, scale: F32, shadow_m: float) -> None:
        group = self._dynamic
        if not len(group.order):
            return
        centers, radii = self._spheres(group, camera, position, scale)
        self._draw_masked(group, spheres_seen(centers, radii, planes), centers, "opaque")
        if shadow_m > 0:
            near = squared_length(centers) < np.square(radii + np.float32(shadow_m))
            self._draw_masked(group, near, centers, "shadow")

    def _draw_masked(self, group: Dynamic, mask: npt.NDArray[np.bool_], centers: F32, pass_name: str) -> None:
        end = group.batches[group.plain].start if group.plain < len(group.batches) else len(group.order)
        if group.plain:
            counts = _counts(mask[:end], group.starts)
            if pass_name == "shadow" and not group.casts.all():
                counts[~group.casts] = 0  # their rows stay in the list, undrawn
                skip = np.repeat(group.casts, np.diff(group.starts, append=end))
                mask = mask.copy()
                mask[:end] &= skip
            first = self._draws.add_rows(_chosen(group, mask[:end]))
            firsts = (np.cumsum(counts) - counts + first).astype(np.uint32)
            self._draws.draw_runs(pass_name, group.mesh, group.material, firsts, counts)
        for batch in group.batches[group.plain :]:
            rows = slice(batch.start, batch.start + batch.size)
            kept = np.flatnonzero(mask[rows]) + batch.start
            if pass_name != "shadow" or batch.casts:
                self._by_distance(pass_name, batch, group.order[kept], np.sqrt(squared_length(centers[:, kept])))

    def _by_distance(self, pass_name: str, batch: Batch, rows: npt.NDArray[np.intp], distance: F32) -> None:
        lods = self.lod_table.sets[batch.lods]
        near = 0.0
        for mesh, until in zip(lods.meshes, lods.until_m, strict=True):
            self._draws.draw(pass_name, mesh, batch.material, rows[(distance >= near) & (distance < until)])
            near = until

    def _forest(self, camera: F64, planes: F64, shadow_m: float) -> None:
        cells = self._cells
        if not cells.batches:
            return
        centers = relative_to(cells.center, camera)
        distance = np.sqrt(squared_length(centers))
        seen = spheres_seen(centers, cells.radius, planes)
        near, far = distance - cells.radius, distance + cells.radius
        for batch in cells.batches:
            own = slice(batch.start, batch.start + batch.size)
            kept = np.flatnonzero(seen[own]) + batch.start
            self._draw_cells("opaque", batch, kept, near[kept], far[kept], camera)
            if shadow_m > 0 and batch.casts:
                casting = np.flatnonzero(near[own] < shadow_m) + batch.start
                self._draw_cells("shadow", batch, casting, near[casting], far[casting], camera)

    def _draw_cells(
        self, pass_name: str, batch: Batch, kept: npt.NDArray[np.intp], near: F32, far: F32, camera: F64
    ) -> None:
        cells = self._cells
        if not batch.lods:
            rows = cells.order[ranges(cells.start[kept], cells.size[kept])]
            self._draws.draw(pass_name, batch.mesh, batch.material, rows)
            return
        lods = self.lod_table.sets[batch.lods]
        whole = np.full(len(kept), -1)
        begin = 0.0
        for level, until in enumerate(lods.until_m):
            whole[(near >= begin) & (far < until)] = level
            begin = until
        mixed = (whole < 0) & (near < begin)
        split = ranges(cells.start[kept[mixed]], cells.size[kept[mixed]])
        distance = np.sqrt(squared_length(relative_to(cells.position[split], camera)))
        begin = 0.0
        for level, (mesh, until) in enumerate(zip(lods.meshes, lods.until_m, strict=True)):
            full = kept[whole == level]
            rows = cells.order[ranges(cells.start[full], cells.size[full])]
            part = cells.order[split[(distance >= begin) & (distance < until)]]
            self._draws.draw(pass_name, mesh, batch.material, np.concatenate([rows, part]) if len(part) else rows)
            begin = until

    def _see_through(self, camera: F64, planes: F64, position: F32, scale: F32) -> None:
        group = self._glass
        if not len(group.order):
            return
        centers, radii = self._spheres(group, camera, position, scale)
        seen = np.flatnonzero(spheres_seen(centers, radii, planes))
        depth = squared_length(centers[:, seen])
        seen = seen[np.argsort(-depth, kind="stable")]
        batch = np.searchsorted([b.start for b in group.batches], seen, side="right") - 1
        edges = np.flatnonzero(np.diff(batch, prepend=-1))
        for start, end in zip(edges, [*edges[1:], len(seen)], strict=True):
            of = group.batches[int(batch[start])]
            rows = group.order[seen[start:end]]
            if of.lods:
                distance = np.sqrt(squared_length(centers[:, seen[start:end]]))
                self._by_distance("blend", of, rows, distance)
            else:
                self._draws.draw("blend", of.mesh, of.material, rows)

    def _tiles(
        self, tiles: TileDraw, row: int, camera: F64, planes: F64, columns: tuple[F32, F32, F32], shadow_m: float
    ) -> None:
        count = len(tiles.mesh)
        rows = slice(row, row + count)
        columns[0][rows] = tiles.origin - camera
        columns[1][rows] = tiles.rotation
        columns[2][rows] = tiles.scale
        centers = (tiles.center - camera).astype(np.float32)
        seen = spheres_in_frustum(centers, tiles.radius, planes)
        distance = np.einsum("ij,ij->i", centers, centers)
        numbers = np.arange(row, row + count)
        front = np.argsort(distance, kind="stable")  # near first: less overdraw
        opaque = front[seen[front] & ~tiles.blend[front]]
        back = front[::-1]
        blend = back[seen[back] & tiles.blend[back]]
        self._tile_draws("opaque", tiles, numbers, opaque)
        self._tile_draws("blend", tiles, numbers, blend)
        if shadow_m > 0:
            near = distance < (tiles.radius + shadow_m) ** 2
            self._tile_draws("shadow", tiles, numbers, np.flatnonzero(near & ~tiles.blend))

    def _tile_draws(
        self, pass_name: str, tiles: TileDraw, numbers: npt.NDArray[np.intp], which: npt.NDArray[np.intp]
    ) -> None:
        first = self._draws.add_rows(numbers[which])
        firsts: U32 = np.arange(first, first + len(which), dtype=np.uint32)
        ones = np.ones(len(which), np.uint32)
        self._draws.draw_runs(pass_name, tiles.mesh[which], tiles.material[which], firsts, ones, DRAW_CAMERA_RELATIVE)


def _counts(mask: npt.NDArray[np.bool_], starts: npt.NDArray[np.intp]) -> U32:
    """How many are set in each of the runs that begin at `starts`."""
    if len(starts) == 1:
        return np.array([np.count_nonzero(mask)], np.uint32)
    return np.add.reduceat(mask, starts, dtype=np.uint32)


def _chosen(group: Dynamic, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.integer]:
    """The rows of a group's first len(mask) that are set; cheap where all are, or where the rows are one run."""
    if mask.all():
        return group.order32[: len(mask)]
    if group.contiguous is None:
        return group.order32[: len(mask)][mask]
    chosen = np.flatnonzero(mask)
    chosen += group.contiguous.start
    return chosen
