"""Shadows of lamps: which lights have tiles of the shadow atlas, and which of those are drawn in a frame.

Owns: cells by light (a spot takes one, a point six, a side of a cube each), and what was drawn into them. A tile is
drawn again when its light or anything of the scene moved, TILES_A_FRAME at most. web/shaders/lights.wgsl looks them up:
both make the same axes of a direction. Limits: LIGHTS_MAX lights, those that shine strongest at the camera, while cells
last.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from layerw.base.log import Log
from layerw.base.mathx import cross3
from layerw.base.ports import F32, F64
from layerw.frame.shadow_atlas import CELL_TEXELS, AtlasLayout
from layerw.scene.light_table import LightTable

LIGHTS_MAX, TILES_A_FRAME = 32, 4
BORDER = CELL_TEXELS / (CELL_TEXELS - 6)  # a tile sees more than its light's part, which the filter reads
NEAR_SHARE = 0.004  # of a light's range: nothing nearer casts
SIDES = np.array(((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)), np.float64)
RANK_FRAMES = 30


class LampTile(NamedTuple):
    """What a cell holds: place and direction in the world, the tangent of half its angle, metres where light ends."""

    cell: int
    place: tuple[float, ...]
    toward: tuple[float, ...]
    slope: float
    reach: float

    def _axes(self) -> tuple[F64, F64, F64]:
        ahead = np.array(self.toward)
        helper = np.array((0.0, 0.0, 1.0)) if abs(ahead[1]) > 0.99 else np.array((0.0, 1.0, 0.0))
        right = cross3(helper, ahead)
        right /= np.linalg.norm(right)
        return right, cross3(ahead, right), ahead

    def matrix(self, camera: F64) -> F32:
        """(4, 4) float32, from places relative to a camera to the tile, times the depth."""
        right, up, ahead = self._axes()
        from_camera = np.array(self.place) - camera
        m = np.zeros((4, 4))
        m[0, :3], m[1, :3], m[3, :3] = (right / self.slope + ahead) / 2, (ahead - up / self.slope) / 2, ahead
        m[:, 3] = -m[:, :3] @ from_camera
        m[2, 3] = NEAR_SHARE * self.reach
        return m.astype(np.float32)

    def planes(self, camera: F64) -> F64:
        """(5, 4) of culling, relative to a camera."""
        right, up, ahead = self._axes()
        from_camera = np.array(self.place) - camera
        sides = [(ahead * self.slope + side) / math.hypot(1, self.slope) for side in (right, -right, up, -up)]
        ends = [-float(side @ from_camera) for side in sides]
        return np.array([*((*side, end) for side, end in zip(sides, ends, strict=True)),
                         (*-ahead, float(ahead @ from_camera) + self.reach)])  # fmt: skip


class LampShadows:
    """`step` once a frame gives what is drawn into its cell now."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told = False
        self._tiles: list[LampTile] = []
        self._drawn: dict[int, tuple[LampTile, int]] = {}  # by cell, with the scene's version
        self._version = self._frame = 0
        self._key: object = None

    def clear(self) -> None:
        """The atlas is empty."""
        self._drawn, self._key = {}, None

    def step(self, lights: LightTable | None, layout: AtlasLayout | None, camera: F64, *,
             moved: bool, spared: bool = False) -> list[LampTile]:  # fmt: skip
        """layout: None while there is no atlas. moved: whether anything in the scene did. spared: without the last
        cell, which something else has (frame/roofs.py)."""
        self._frame += 1
        if lights is None or not (lights.casts.any() or self._tiles):
            return []
        self._version += moved
        key = lights.revision, layout, spared, self._frame // RANK_FRAMES
        if key != self._key:
            self._key = key
            chosen = self._rank(lights, camera) if layout is not None else []
            self._tiles = self._place(lights, chosen, 0 if layout is None else layout.cells - spared)
        due = [tile for tile in self._tiles if self._drawn.get(tile.cell) != (tile, self._version)]
        due.sort(key=lambda tile: self._drawn[tile.cell][1] if tile.cell in self._drawn else -1)
        for tile in due[:TILES_A_FRAME]:
            self._drawn[tile.cell] = tile, self._version
        return due[:TILES_A_FRAME]

    def _rank(self, lights: LightTable, camera: F64) -> list[int]:
        """Those that cast, the strongest at the camera, in the order of their rows."""
        found = lights.found
        casting = np.flatnonzero(lights.casts & (found.spheres[:, 3] > 0))
        square = np.maximum(((found.rows[casting, :3] - camera) ** 2).sum(axis=1), 1.0)
        strongest = np.argsort(-found.power[casting] / square, kind="stable")[:LIGHTS_MAX]
        if len(casting) > LIGHTS_MAX:
            self._tell(len(casting))
        return sorted(casting[strongest].tolist())

    def _place(self, lights: LightTable, chosen: list[int], cells: int) -> list[LampTile]:
        """Gives each its cells, and tells the shaders: see LIGHT_ROW."""
        rows, tiles, used = lights.found.rows, [], 0
        first = np.full(len(rows), -1)
        for light in chosen:
            is_point = rows[light, 11] == 0
            needed = len(SIDES) if is_point else 1
            if used + needed > cells:
                self._tell(len(chosen))
                continue
            first[light] = used
            place = tuple(rows[light, :3].tolist())
            reach = float(1 / np.sqrt(rows[light, 3]))
            ways = SIDES if is_point else lights.directions[light : light + 1].astype(np.float64)
            slope = BORDER
            if not is_point:
                cosine = min(max(float(-rows[light, 7] / rows[light, 11]), 0.05), 0.9999)
                slope *= math.sqrt(1 - cosine * cosine) / cosine
            tiles += [LampTile(used + n, place, tuple((way / np.linalg.norm(way)).tolist()), slope, reach)
                      for n, way in enumerate(ways)]  # fmt: skip
            used += needed
        lights.show_cells(first)
        return tiles

    def _tell(self, count: int) -> None:
        if not self._told:
            self._told = True
            self._log.warning(f"{count} lights cast shadows, and the shadow atlas has no room for all of them; those "
                              f"that shine strongest at the camera do, the others shine through things.")  # fmt: skip
