"""Rows of what is drawn: every resident tile's primitives in columns, gathered when the drawn set changes.

Owns: the columns and the TileDraw that the app reads. Its arrays stay the same objects while nothing changes.
Limits: none but memory; slots of removed tiles are used again by tiles with as many primitives.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64, U32, Placements, Primitive, TileDraw
from layerw.gpu.spec import FADE_LEAVES

I64 = npt.NDArray[np.int64]


class DrawRows:
    """Primitive rows by tile; `revision` counts changes of `draw`."""

    def __init__(self) -> None:
        self.draw = TileDraw()
        self.revision = 0
        self.drawn: I64 = np.zeros(0, np.int64)
        self.tiles: I64 = np.zeros(0, np.int64)  # of each row of `draw`
        self._fades: npt.NDArray[np.uint8] | None = None
        self._first: I64 = np.zeros(64, np.int64)
        self._count: I64 = np.zeros(64, np.int64)
        self._free: dict[int, list[int]] = {}
        self._used = 0
        self._mesh: U32 = np.zeros(0, np.uint32)
        self._material: U32 = np.zeros(0, np.uint32)
        self._blend: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._origin: F64 = np.zeros((0, 3))
        self._center: F64 = np.zeros((0, 3))
        self._radius: F32 = np.zeros(0, np.float32)
        self._rotation: F32 = np.zeros((0, 4), np.float32)
        self._scale: F32 = np.ones((0, 3), np.float32)
        self._grow(256)

    def _grow(self, capacity: int) -> None:
        for name in ("_mesh", "_material", "_blend", "_origin", "_center", "_radius", "_rotation", "_scale"):
            old = getattr(self, name)
            column = np.zeros((capacity, *old.shape[1:]), old.dtype)
            column[:len(old)] = old
            setattr(self, name, column)

    def add(self, tile: int, origin: F64, primitives: list[Primitive]) -> None:
        """Store a tile's primitives; their spheres and places are relative to `origin`."""
        count = sum(1 if item.places is None else len(item.places.translation) for item in primitives)
        if tile >= len(self._first):
            self._first, self._count = (np.resize(column, 2 * tile + 2) for column in (self._first, self._count))
        free = self._free.get(count)
        first = free.pop() if free else self._used
        self._used = max(self._used, first + count)
        if self._used > len(self._mesh):
            self._grow(2 * self._used)
        self._first[tile], self._count[tile] = first, count
        for primitive in primitives:
            places = primitive.places
            rows = slice(first, first + (1 if places is None else len(places.translation)))
            first = rows.stop
            self._mesh[rows], self._material[rows] = primitive.mesh, primitive.material
            self._blend[rows], self._radius[rows] = primitive.blend, primitive.radius
            self._origin[rows] = origin
            self._center[rows] = origin + primitive.center
            self._rotation[rows], self._scale[rows] = (0, 0, 0, 1), 1
            if places is not None:
                self._place(rows, places, primitive)

    def _place(self, rows: slice, places: Placements, primitive: Primitive) -> None:
        rotation, scale = places.rotation.astype(np.float64), places.scale.astype(np.float64)
        self._origin[rows] += places.translation
        self._rotation[rows], self._scale[rows] = places.rotation, places.scale
        self._radius[rows] *= np.abs(scale).max(axis=1)
        middle = scale * np.array(primitive.center)
        turned = 2.0 * np.cross(rotation[:, :3], middle)
        self._center[rows] = self._origin[rows] + middle + rotation[:, 3:] * turned + np.cross(rotation[:, :3], turned)

    def remove(self, tile: int) -> None:
        """Forget a tile's primitives."""
        count = int(self._count[tile])
        if count:
            self._free.setdefault(count, []).append(int(self._first[tile]))
            self._count[tile] = 0

    def show(self, tiles: I64, fades: npt.NDArray[np.uint8] | None = None) -> None:
        """Make `draw` hold the primitives of these tiles (all of which were added). fades: their codes (fades.py);
        what blends does not fade."""
        if fades is None and self._fades is None and np.array_equal(tiles, self.drawn):
            return
        self.drawn, self._fades = tiles, fades
        self._gather()

    @property
    def staying(self) -> I64:
        """The tiles that are drawn, but for those that fade out."""
        return self.drawn if self._fades is None else self.drawn[self._fades < FADE_LEAVES]

    def paint(self, tile: int, primitives: list[Primitive], instead: Mapping[int, int]) -> None:
        """A tile, added with these primitives, is drawn with other materials where `instead` has any; see `repaint`."""
        first = int(self._first[tile])
        for primitive in primitives:
            rows = slice(first, first + (1 if primitive.places is None else len(primitive.places.translation)))
            self._material[rows] = instead.get(primitive.material, primitive.material)
            first = rows.stop

    def reshape(self, tile: int, number: int, mesh: int, center: F64, radius: float) -> None:
        """One of an added tile's primitives is drawn with another mesh; center: (3,) world metres. See `repaint`."""
        row = int(self._first[tile]) + number
        self._mesh[row], self._center[row], self._radius[row] = mesh, center, radius

    def repaint(self) -> None:
        """Make `draw` anew with what was painted and reshaped."""
        self._gather()

    def _gather(self) -> None:
        tiles, fades = self.drawn, self._fades
        counts = self._count[tiles].astype(np.intp)  # np.repeat refuses int64 on wasm32
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        rows = np.arange(total) + np.repeat(self._first[tiles] - (ends - counts), counts)
        fade = np.zeros(total, np.uint8) if fades is None else np.repeat(fades, counts)
        if fades is not None:
            stays = ~(self._blend[rows] & (fade >= FADE_LEAVES))
            rows, fade = rows[stays], np.where(self._blend[rows], 0, fade)[stays].astype(np.uint8)
        self.tiles = np.repeat(tiles, counts) if fades is None else np.repeat(tiles, counts)[stays]
        draw = self.draw
        draw.fade = fade
        draw.mesh, draw.material, draw.blend = self._mesh[rows], self._material[rows], self._blend[rows]
        draw.origin, draw.center, draw.radius = self._origin[rows], self._center[rows], self._radius[rows]
        draw.rotation, draw.scale = self._rotation[rows], self._scale[rows]
        self.revision += 1
