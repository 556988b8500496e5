"""Visibility: from the entity table and the streamed tiles to this frame's draw lists.

Owns: batches and their rebuild, frustum culling, LOD choice, pass lists. Does not move or load anything; the work is
done by kernels (layerw.kernels.geometry), which are the same in the browser and on CPython to the bit.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import among
from layerw.base.ports import F32, F64, U32, Behind, TileDraw
from layerw.gpu.spec import DRAW_CAMERA_RELATIVE, DRAW_FADES, DRAW_STILL, FADE_LEAVES
from layerw.kernels.geometry import GEOMETRY
from layerw.visibility.batches import (
    RANGE_ROWS,
    STATIC,
    Cells,
    Movers,
    TableView,
    build_cells,
    build_movers,
    cells_are_made_of,
    in_order,
)
from layerw.visibility.draws import DrawList, VisibleSet
from layerw.visibility.frustum import FixedBox, new_view, squared_length, write_view
from layerw.visibility.lods import LodTable

_ORIGIN = np.zeros(3)
OWN_LISTS = ("decal", "splats", "particles", "step")


class _Tiles(NamedTuple):
    """Tiles by pass, as indices, in drawing order."""

    opaque: npt.NDArray[np.intp]
    blend: npt.NDArray[np.intp]
    casters: list[npt.NDArray[np.intp]]  # of each box of casters
    square: F32  # of distances to those of `blend`
    splats: npt.NDArray[np.intp]
    splats_square: F32


class _Last(NamedTuple):
    """What was seen without tiles, and from where."""

    camera: F64
    planes: F64
    casters: tuple[F64, ...]
    kept: tuple[FixedBox, ...]
    found: VisibleSet


class Visibility:
    """`frame` gives the draw lists. Materials that blend are registered with `set_blend`."""

    def __init__(self, table: TableView) -> None:
        self.table = table
        self.lod_table = LodTable()
        self._blend: dict[int, int] = {}  # how many said so
        self._late: set[int] = set()
        self._listed: dict[int, tuple[str, int]] = {}  # materials with a draw list of their own, and the order there
        self._draws, self._spare = DrawList(), DrawList()  # a frame that fails leaves the last one's whole
        self._revision = (-1, -1)
        self._still_key = (0, 0)
        self._cells_made_of: tuple[npt.NDArray[Any], ...] = ()
        self._lods_revision = -1
        self._last: _Last | None = None
        self._movers: Movers
        self._glass: Movers
        self._marks: Movers
        self._own: dict[str, Movers] = {}  # by list
        self._cells: Cells
        self._view, self._near_view, self._tile_view = new_view(), new_view(), new_view()

    def set_blend(self, material: int, blend: bool) -> None:
        """Say whether a material is drawn in the blend pass (back to front, no shadow)."""
        before, now = material in self._blend, self._blend.get(material, 0) + (1 if blend else -1)
        self._blend[material] = now
        if now <= 0:
            del self._blend[material]
        if before == (now > 0):
            return
        self._revision = (-1, -1)

    @property
    def still_key(self) -> object:
        """Equal while the same rows stand still, as of the last frame."""
        return self._still_key

    def set_last(self, material: int) -> None:
        """Say that a material is drawn after all else of the opaque pass."""
        self._late.add(material)
        self._revision = (-1, -1)

    def set_list(self, material: int, place: tuple[str, int] | None) -> None:
        """Say that a material has a draw list of its own (of OWN_LISTS) and its order there; None: no more."""
        self._listed.pop(material, None)
        if place is not None:
            self._listed[material] = place
        self._revision = (-1, -1)

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
        casters: tuple[F64, ...] = (),
        kept: tuple[FixedBox, ...] = (),
        scale_changed: bool = True,
        shear: F32 | None = None,
        places_tiles: bool = True,
        moved: bool = True,
        hidden: npt.NDArray[np.bool_] | None = None,
        behind: Behind | None = None,
    ) -> VisibleSet:
        """Cull everything and build the lists.

        Args:
            camera: (3,) float64, metres from the scene's origin.
            planes: (5, 4) float64, relative to the camera.
            position, rotation, scale: world-space columns, C-contiguous; tile rows are written to them.
            tiles, tile_row: streamed tiles and the first of the rows reserved for them.
            casters: (5, 4) float64 each, as planes: boxes of what casts shadows, a list for each.
            kept: boxes of what stands still and casts; their lists follow.
            scale_changed: False promises that no scale differs from the last call's, nor any shear.
            shear: (n, 3) as in FrameColumns, where any row has some.
            places_tiles: whether the tiles' rows are to be relative to this camera; of several views one's are.
            moved: False promises that no position or scale differs from the last call's: seen from the same place, the
                same rows are seen, and the last call's lists are given again.
            hidden: which tiles need not be seen from here, though they may cast shadows (stream/horizon.py).
            behind: the same for cells of rows that stand still.
        """
        shown = tiles if tiles is not None and len(tiles.mesh) else None
        rebuilt = self._refresh(position, scale, scale_changed)
        last = self._last
        if last is not None and last.camera is camera and last.planes is planes and (
                last.casters is casters and last.kept is kept) and (
                shown is None and not (moved or scale_changed or rebuilt)):  # fmt: skip
            return last.found
        if rebuilt or scale_changed:
            for group in self._groups():
                self._measure(group, scale, shear)
        write_view(self._view, camera, planes)
        self._reset(0 if shown is None else len(shown.mesh), len(casters) + len(kept))
        order = None
        if shown is not None:
            columns = (position, rotation, scale) if places_tiles else None
            boxes = casters + tuple(box.planes_from(camera) for box in kept)
            order = self._place_tiles(shown, tile_row, camera, planes, columns, boxes, hidden)
        self._opaque(position, shown, tile_row, order, behind)
        self._see_through(camera, position, shown, tile_row, order)
        self._cull_movers(self._own["decal"], self._view, position, self._own["decal"].runs.all)
        self._draws.end_pass("decal")
        self._splats(camera, position, shown, tile_row, order)
        self._cull_sorted(self._own["particles"], position)
        self._draws.end_pass("particles")
        looks = [(camera, box) for box in casters] + list(kept)
        for number, (eye, box) in enumerate(looks):
            write_view(self._near_view, eye, box)
            self._shadow(position, shown, tile_row, None if order is None else order.casters[number],
                         moves=number < len(casters))  # fmt: skip
            self._draws.end_casters()
        self._cull_movers(self._own["step"], self._view, position, self._own["step"].runs.all)
        self._draws.end_pass("step")
        self._draws, self._spare = self._spare, self._draws
        found = self._spare.finish(self._cells.rows)
        self._last = None if shown is not None else _Last(camera, planes, casters, kept, found)
        return found

    def _groups(self) -> tuple[Movers, ...]:
        return self._movers, self._glass, self._marks, *self._own.values()

    def _measure(self, group: Movers, scale: F32, shear: F32 | None) -> None:
        """The radii of a group's spheres in the world."""
        GEOMETRY.lw_sphere_radii(self.table.radius, scale, group.rows, len(group.rows), group.radii)
        if shear is None:
            return
        bent = np.flatnonzero((shear[group.rows] != 0).any(axis=1))
        rows = group.rows[bent]
        # Frobenius' norm: at least as large as what the matrix stretches most.
        group.radii[bent] = self.table.radius[rows] * np.sqrt(squared_length(scale[rows]) + squared_length(shear[rows]))

    def _turned_inside_out(self, scale: F32) -> bool:
        """Whether some row became a mirror image or ceased to be one: its batch draws the other side then."""
        return any(GEOMETRY.lw_mirrored(scale, group.rows, len(group.rows), group.mirrored)
                   for group in self._groups())  # fmt: skip

    def _refresh(self, position: F32, scale: F32, scale_changed: bool) -> bool:
        """Sorts rows into batches again where rows, their looks or LOD sets changed; returns whether they had."""
        revision = (self.table.structure_revision, self.lod_table.revision)
        if self._revision == revision and not (scale_changed and self._turned_inside_out(scale)):
            return False
        used = self.table.rows_used
        flags = self.table.flags[:used]
        shown = self.table.shown() & ((self.table.mesh[:used] != 0) | (self.table.lods[:used] != 0))
        glass = among(self.table.material[:used], list(self._blend)) if self._blend else np.zeros(used, np.bool_)
        marks = among(self.table.material[:used], list(self._late)) if self._late else np.zeros(used, np.bool_)
        self._marks = build_movers(self.table, np.flatnonzero(shown & marks), scale, self.lod_table)
        shown &= ~marks
        for name in OWN_LISTS:
            order = {material: place for material, (own, place) in self._listed.items() if own == name}
            listed = among(self.table.material[:used], list(order)) if order else np.zeros(used, np.bool_)
            rows = np.flatnonzero(shown & listed)
            self._own[name] = in_order(build_movers(self.table, rows, scale, self.lod_table), order)
            shown &= ~listed
        static = (flags & STATIC != 0) & (self.table.parent[:used] < 0)  # one with a parent may move with it
        self._movers = build_movers(self.table, np.flatnonzero(shown & ~glass & ~static), scale, self.lod_table)
        self._glass = build_movers(self.table, np.flatnonzero(shown & glass), scale, self.lod_table)
        self._cut_cells(np.flatnonzero(shown & ~glass & static), position, scale, revision[1])
        sorted_rows = max(len(self._glass.rows), *(len(self._own[name].rows) for name in ("splats", "particles")))
        self._sort_scratch = np.zeros(6 * sorted_rows, np.uint32)
        self._revision = revision
        return True

    def _cut_cells(self, rows: npt.NDArray[np.intp], position: F32, scale: F32, lods_revision: int) -> None:
        """Where what stands still is as it was, its cells are too: 40 ms for 100,000 rows in a page, and grass around a
        camera comes and goes in most frames."""
        made_of = cells_are_made_of(self.table, rows, position, scale)
        if self._lods_revision == lods_revision and all(map(np.array_equal, made_of, self._cells_made_of)):
            return
        self._cells_made_of, self._lods_revision = made_of, lods_revision
        self._cells = build_cells(self.table, rows, position, scale, self.lod_table)
        self._still_key = len(self._cells.rows), zlib.crc32(self._cells.rows.tobytes())

    def _reset(self, tiles: int, boxes: int) -> None:
        """Room for all that this frame may write."""
        movers, cells, glass, marks, own = self._movers, self._cells, self._glass, self._marks, self._own.values()
        passes = 1 + boxes
        self._draws.reset(
            passes * (movers.room + cells.room + tiles) + glass.room + marks.room + tiles
            + sum(group.room for group in own),
            passes * (len(movers.runs.drafts) + cells.records + tiles) + len(glass.rows)
            + len(marks.runs.drafts) + tiles + sum(len(group.runs.drafts) + len(group.rows) for group in own),
        )

    # -- passes ------------------------------------------------------------------------------------

    def _opaque(self, position: F32, tiles: TileDraw | None, row: int, order: _Tiles | None,
                behind: Behind | None) -> None:  # fmt: skip
        if tiles is not None and order is not None:
            self._tile_draws(tiles, row, order.opaque)
        self._cull_movers(self._movers, self._view, position, self._movers.runs.all)
        self._cull_cells(self._view, self._cells.runs.all, behind)
        self._cull_movers(self._marks, self._view, position, self._marks.runs.all)
        self._draws.end_pass("opaque")

    def _shadow(self, position: F32, tiles: TileDraw | None, row: int, order: npt.NDArray[np.intp] | None, *,
                moves: bool) -> None:  # fmt: skip
        if tiles is not None and order is not None:
            self._tile_draws(tiles, row, order)
        if moves:
            self._cull_movers(self._movers, self._near_view, position, self._movers.runs.casters)
        self._cull_cells(self._near_view, self._cells.runs.casters, None)

    def _see_through(self, camera: F64, position: F32, tiles: TileDraw | None, row: int,
                     order: _Tiles | None) -> None:  # fmt: skip
        if tiles is not None and order is not None:
            self._tile_draws(tiles, row, order.blend)
        self._cull_sorted(self._glass, position)
        if order is not None:
            self._draws.interleave(order.square, position, camera)
        self._draws.end_pass("blend")

    def _splats(self, camera: F64, position: F32, tiles: TileDraw | None, row: int, order: _Tiles | None) -> None:
        if tiles is not None and order is not None:
            self._tile_draws(tiles, row, order.splats)
        self._cull_sorted(self._own["splats"], position)
        if order is not None:
            self._draws.interleave(order.splats_square, position, camera)
        self._draws.end_pass("splats")

    def _cull_sorted(self, group: Movers, position: F32) -> None:
        draws = self._draws
        if len(group.rows):
            GEOMETRY.lw_cull_sorted(self._view, position, group.radii, group.rows, group.runs.all, len(group.runs.all),
                                    group.runs.until_m, group.runs.drafts, self._sort_scratch, draws.rows,
                                    draws.records, draws.tally)  # fmt: skip

    def _cull_movers(self, group: Movers, view: F32, position: F32, runs: U32) -> None:
        draws = self._draws
        if len(runs):
            GEOMETRY.lw_cull_runs(view, position, group.radii, group.rows, runs, len(runs), group.runs.until_m,
                                  group.runs.drafts, draws.rows, draws.records, draws.tally)  # fmt: skip

    def _cull_cells(self, view: F32, runs: U32, behind: Behind | None) -> None:
        cells, draws = self._cells, self._draws
        if len(runs):
            cells.levels[:] = 0 if behind is None else behind(cells.boxes)
            GEOMETRY.lw_cull_cells(view, cells.centers, cells.radii, cells.spans, cells.positions, cells.rows, runs,
                                   len(runs), cells.runs.until_m, cells.runs.drafts, cells.levels, RANGE_ROWS,
                                   DRAW_STILL, draws.rows, draws.records, draws.tally)  # fmt: skip

    # -- tiles -------------------------------------------------------------------------------------

    def _place_tiles(
        self, tiles: TileDraw, row: int, camera: F64, planes: F64, columns: tuple[F32, F32, F32] | None,
        casters: tuple[F64, ...], hidden: npt.NDArray[np.bool_] | None,
    ) -> _Tiles:
        """Writes the tiles' rows (where columns are given) and chooses and orders what is drawn."""
        if columns is not None:
            rows = slice(row, row + len(tiles.mesh))
            columns[0][rows] = tiles.origin - camera
            columns[1][rows] = tiles.rotation
            columns[2][rows] = tiles.scale
        centers = (tiles.center - camera).astype(np.float32)
        seen = self._tiles_seen(centers, tiles.radius, planes)
        if hidden is not None:
            seen &= ~hidden
        square = squared_length(centers)
        front = np.argsort(square, kind="stable")  # near first: less overdraw
        back = front[::-1]
        stays = ~tiles.blend & (tiles.fade < FADE_LEAVES)
        cast = [np.flatnonzero(self._tiles_seen(centers, tiles.radius, box) & stays) for box in casters]
        glass = back[seen[back] & tiles.blend[back]]
        own = among(tiles.material[glass], list(self._listed))
        splats, glass = glass[own], glass[~own]
        return _Tiles(front[seen[front] & ~tiles.blend[front]], glass, cast, square[glass], splats, square[splats])

    def _tiles_seen(self, centers: F32, radii: F32, planes: F64) -> npt.NDArray[np.bool_]:
        count = len(radii)
        numbers = np.arange(count, dtype=np.uint32)
        kept, counts = np.empty(count + 4, np.uint32), np.zeros(1, np.uint32)
        write_view(self._tile_view, _ORIGIN, planes)
        GEOMETRY.lw_cull_lods(self._tile_view, centers, np.ascontiguousarray(radii), numbers, count,
                              np.zeros(1, np.float32), 0, kept, counts)  # fmt: skip
        seen = np.zeros(count, np.bool_)
        seen[kept[: counts[0]]] = True
        return seen

    def _tile_draws(self, tiles: TileDraw, row: int, which: npt.NDArray[np.intp]) -> None:
        if len(which):
            fades = tiles.fade[which] != 0
            flags = np.where(fades, DRAW_CAMERA_RELATIVE | DRAW_FADES, DRAW_CAMERA_RELATIVE)
            self._draws.add(tiles.mesh[which], tiles.material[which], which + row, flags)
