"""What of a scene moved since the last frame, so that shadows which are kept are drawn again only near it.

Owns: a copy of where the table's rows stood, and which tiles were drawn. A row without a mesh counts as a point: it may
be a joint of what has one. Limits: ROWS_MAX rows, of which MOVED_MAX move; of more it is only known that something
moved. What sways or is posed by a shader alone does not move.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, TileDraw
from layerw.scene.rows import BLOCK_ROWS, blocks_of, runs_of
from layerw.scene.table import FrameColumns, Table

ROWS_MAX, MOVED_MAX = 65_536, 2048
NOTHING: F32 = np.zeros((0, 4), np.float32)


class Moving(NamedTuple):
    """spheres: (n, 4), centres in the world and radii, of what moved: where it was and where it is. everything: it is
    not known what moved."""

    spheres: F32 = NOTHING
    everything: bool = False

    def of(self, place: npt.ArrayLike, reach: float) -> F32:
        """The spheres that a light's reach touches."""
        away = self.spheres[:, :3] - np.asarray(place, np.float32)
        near: F32 = self.spheres[(away * away).sum(axis=1) < (reach + self.spheres[:, 3]) ** 2]
        return near


class MovingRows:
    """`step` once a frame."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._structure = -1
        self._place = np.zeros((0, 10), np.float32)  # position, rotation, scale
        self._mesh = np.zeros(0, np.uint32)  # HIDDEN: not shown
        self._radius = np.zeros(0, np.float32)
        self._tiles: tuple[bytes, dict[tuple[float, ...], None]] = b"", {}

    def forget(self) -> None:
        """Frames pass that are not followed."""
        self._place, self._mesh, self._radius = self._place[:0], self._mesh[:0], self._radius[:0]

    def step(self, columns: FrameColumns, tiles: TileDraw, lamps: npt.NDArray[np.intp]) -> Moving:
        """columns: of this frame, in the world; lamps: rows that hide nothing, where they have no mesh. Ask after the
        table's update, before its dirty runs are taken."""
        table, blocks = self._table, self._table.moved_blocks()
        has_changed = table.structure_revision != self._structure
        self._structure = table.structure_revision
        changed_tiles = self._changed_tiles(tiles)
        if table.rows_used > ROWS_MAX:
            self.forget()
            return Moving(everything=bool(blocks) or has_changed or len(changed_tiles) > 0)
        if not len(self._place) and table.rows_used:
            self._grow(table.rows_used)
            self._changed_rows(columns, blocks_of(0, table.rows_used), lamps, has_changed=True)
            return Moving(everything=True)
        if not (blocks or has_changed):
            return Moving(changed_tiles)
        self._grow(table.rows_used)
        moved = self._changed_rows(columns, blocks, lamps, has_changed=has_changed)
        return Moving(everything=True) if moved is None else Moving(np.concatenate([changed_tiles, *moved]))

    def _grow(self, used: int) -> None:
        """Room for rows; those that are used no more are still known."""
        missing = used - len(self._mesh)
        if missing > 0:
            self._place = np.concatenate([self._place, np.zeros((missing, 10), np.float32)])
            self._mesh = np.concatenate([self._mesh, np.full(missing, HIDDEN, np.uint32)])
            self._radius = np.concatenate([self._radius, np.zeros(missing, np.float32)])

    def _changed_rows(self, columns: FrameColumns, blocks: int, lamps: npt.NDArray[np.intp], *,
                      has_changed: bool) -> list[F32] | None:  # fmt: skip
        """Spheres of the rows that differ, before and after, None: of too many; the copies are as they are now."""
        table, count, used = self._table, len(self._mesh), self._table.rows_used
        differ = np.zeros(count, np.bool_)
        if has_changed:
            mesh = np.full(count, HIDDEN, np.uint32)
            mesh[:used] = np.where(table.shown(), table.mesh[:used], HIDDEN)
            differ |= (mesh != self._mesh) | (table.radius[:count] != self._radius)
        for first, rows in runs_of(blocks & ((1 << used // BLOCK_ROWS) - 1)):
            span = slice(first, first + rows)
            for part, column in zip(PARTS, columns, strict=False):
                differ[span] |= (column[span] != self._place[span, part]).any(axis=1)
        differ[lamps] &= self._mesh[lamps] != 0
        moved = np.flatnonzero(differ)
        are_told = len(moved) <= MOVED_MAX
        before = self._spheres(moved) if are_told else NOTHING
        if has_changed:
            self._mesh, self._radius = mesh, table.radius[:count].copy()
        for part, column in zip(PARTS, columns, strict=False):
            self._place[moved, part] = column[moved]
        return [before, self._spheres(moved)] if are_told else None

    def _spheres(self, rows: npt.NDArray[np.intp]) -> F32:
        rows = rows[self._mesh[rows] != HIDDEN]
        place = self._place[rows]
        size = np.abs(place[:, 7:10]).max(axis=1, initial=0) * self._radius[rows] * (self._mesh[rows] != 0)
        found: F32 = np.concatenate([place[:, :3], size[:, None]], axis=1)
        return found

    def _changed_tiles(self, tiles: TileDraw) -> F32:
        """Spheres of tiles that came or went."""
        key = tiles.mesh.tobytes()
        if key == self._tiles[0]:
            return NOTHING
        numbers = np.column_stack([tiles.center, tiles.radius, tiles.mesh])
        now = dict.fromkeys(map(tuple, numbers.tolist()))
        before, self._tiles = self._tiles[1], (key, now)
        changed = list(now.keys() ^ before.keys())
        return np.array(changed, np.float32).reshape(-1, 5)[:, :4]


HIDDEN = 0xFFFFFFFF  # as a mesh
PARTS = (slice(0, 3), slice(3, 7), slice(7, 10))  # of a row's place: position, rotation, scale
