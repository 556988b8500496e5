"""Shadows of lamps: tiles of the shadow atlas (a spot takes one, a point six, a side of a cube each), and which of them
are drawn in a frame.

Owns: what was drawn into the cells that frame/shadow_cells.py gives. A tile is drawn again when its light moved, or
something in its reach did: TILES_A_FRAME at most, those that wait long and are large first. Shaders are told of a
lamp's cells once all of them are drawn; so long it has those that it had. web/shaders/lights.wgsl looks them up: both
make the same axes of a direction.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from layerw.base.log import Log
from layerw.base.mathx import cross3
from layerw.base.ports import F32, F64
from layerw.frame.moving import Moving
from layerw.frame.shadow_atlas import BLOCK_TEXELS, ROOF_LEVEL, AtlasLayout, Square
from layerw.frame.shadow_cells import COARSEST, LAMPS_MAX, Cells, ShadowCells, Wish, sizes_px, units_of
from layerw.scene.camera import CameraFrame
from layerw.scene.light_table import LightTable

TILES_A_FRAME = 4
BORDER_TEXELS = 3  # a tile sees more than its light's part, which the filter reads
NEAR_SHARE = 0.004  # of a light's range: nothing nearer casts
SIDES = np.array(((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)), np.float64)
RANK_FRAMES = 10


class LampTile(NamedTuple):
    """What a cell of a level holds: whose light, its place and direction in the world, the tangent of half its angle,
    metres where light ends."""

    lamp: int
    level: int
    cell: int
    place: tuple[float, ...]
    toward: tuple[float, ...]
    slope: float
    reach: float

    @property
    def units(self) -> slice:
        """The smallest cells that it covers."""
        return Cells(self.level, self.cell, 1).units

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


class _Lamp(NamedTuple):
    """One that has cells: what its tiles were made of, the sphere that it shines in, and the tiles."""

    made_of: bytes
    center: F32
    reach: float
    tiles: list[LampTile]


class LampShadows:
    """`step` once a frame gives what is drawn into its cell now."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told = False
        self._cells = ShadowCells()
        self._lamps: dict[int, _Lamp] = {}
        self._drawn: dict[tuple[int, int], tuple[LampTile, int]] = {}  # by level and cell: what, and in which frame
        self._stale: set[tuple[int, int]] = set()  # something moved there since
        self._ready: dict[int, Cells] = {}  # by lamp: what the shaders look at
        self._frame = 0
        self._layout: AtlasLayout | None = None
        self._asked: object = None

    def clear(self) -> None:
        """The atlas is empty."""
        self._drawn, self._ready, self._asked = {}, {}, None

    @property
    def shown(self) -> list[tuple[int, Cells]]:
        """Lamps, by their entities' rows, whose shadows are in the picture, and their cells."""
        return list(self._ready.items())

    def step(self, lights: LightTable | None, layout: AtlasLayout | None, camera: CameraFrame, moving: Moving, *,
             spared: bool = False) -> list[LampTile]:  # fmt: skip
        """layout: None while there is no atlas. spared: without the last cell of ROOF_LEVEL, which something else has
        (frame/roofs.py)."""
        self._frame += 1
        if lights is None or not (lights.casts.any() or self._lamps):
            return []
        if layout is not self._layout:
            self._layout = layout
            self._cells.clear()
            self.clear()
        numbers = dict(zip(lights.entities.tolist(), range(len(lights.entities)), strict=True))
        asked = lights.entities[lights.casts].tobytes(), spared
        if asked != self._asked or self._frame % RANK_FRAMES == 0:
            self._asked = asked
            self._choose(lights, layout, camera, spared=spared)
        self._follow(lights, numbers, moving)
        due = self._due()
        for tile in due:
            self._draw(tile)
        self._show(lights, numbers)
        return due

    def _choose(self, lights: LightTable, layout: AtlasLayout | None, camera: CameraFrame, *, spared: bool) -> None:
        found = lights.found
        casting = np.flatnonzero(lights.casts & (found.spheres[:, 3] > 0))
        spheres = found.spheres[casting].astype(np.float64)
        spheres[:, :3] -= camera.position
        sizes = sizes_px(spheres, camera.planes, camera.focal_px, is_parallel=camera.is_parallel)
        rows = found.rows[casting]
        wishes = [Wish(lamp, size, 1 if cone else len(SIDES), _slope(offset, cone))
                  for lamp, size, (offset, cone) in zip(lights.entities[casting].tolist(), sizes.tolist(),
                                                        rows[:, (7, 11)].tolist(), strict=True)]  # fmt: skip
        room = 0 if layout is None else layout.cells(COARSEST) - spared * units_of(ROOF_LEVEL, 1)
        without = self._cells.choose(wishes, room)
        if layout is not None and (without or len(wishes) > LAMPS_MAX):
            self._tell(len(wishes), min(len(wishes), LAMPS_MAX) - without)

    def _follow(self, lights: LightTable, numbers: dict[int, int], moving: Moving) -> None:
        """The tiles as their lamps are now, and those that something moved in."""
        before, self._lamps = self._lamps, {}
        for lamp, cells in self._cells.of.items():
            number = numbers.get(lamp)
            if number is None:
                continue
            row, sphere = lights.found.rows[number], lights.found.spheres[number]
            ahead = lights.directions[number]
            made_of = b"".join((row[:4].tobytes(), row[7].tobytes(), row[11].tobytes(), ahead.tobytes(),
                                bytes((cells.level,)), cells.first.to_bytes(4, "little")))  # fmt: skip
            known = before.get(lamp)
            if known is None or known.made_of != made_of:
                tiles = _tiles(lamp, cells, row, ahead)
                known = _Lamp(made_of, sphere[:3].copy(), float(sphere[3]), tiles)
            self._lamps[lamp] = known
        if moving.everything:
            self._stale.update(self._drawn)
        elif len(moving.spheres):
            for known in self._lamps.values():
                if self._stale.issuperset((tile.level, tile.cell) for tile in known.tiles):
                    continue  # it waits to be drawn as it is
                near = moving.of(known.center, known.reach)
                if len(near):
                    self._stale.update((tile.level, tile.cell) for tile in _touched(known.tiles, near))

    def _due(self) -> list[LampTile]:
        waiting = []
        for known in self._lamps.values():
            for tile in known.tiles:
                key = tile.level, tile.cell
                drawn = self._drawn.get(key)
                if drawn is None or drawn[0].lamp != tile.lamp:
                    waiting.append((math.inf, tile))
                elif drawn[0] != tile or key in self._stale:
                    waiting.append((float((self._frame - drawn[1]) << (COARSEST - tile.level)), tile))
        waiting.sort(key=lambda pair: -pair[0])
        return [tile for _, tile in waiting[:TILES_A_FRAME]]

    def _draw(self, tile: LampTile) -> None:
        """What lay there is no more."""
        key = tile.level, tile.cell
        self._stale.discard(key)
        before = self._drawn.get(key)
        if before is not None and before[0].lamp == tile.lamp:
            self._drawn[key] = tile, self._frame
            return
        units = tile.units
        for other in [one for one, (old, _) in self._drawn.items() if one != key and _meet(old.units, units)]:
            del self._drawn[other]
        for lamp, cells in list(self._ready.items()):
            if _meet(cells.units, units) and not (lamp == tile.lamp and cells == self._cells.of.get(lamp)):
                del self._ready[lamp]
        self._drawn[key] = tile, self._frame

    def _show(self, lights: LightTable, numbers: dict[int, int]) -> None:
        """Tells the shaders: see LIGHT_ROW."""
        self._ready = {lamp: cells for lamp, cells in self._ready.items() if lamp in self._lamps}
        for lamp, known in self._lamps.items():
            if self._ready.get(lamp) == self._cells.of[lamp]:
                continue
            drawn = (self._drawn.get((tile.level, tile.cell)) for tile in known.tiles)
            if all(one is not None and one[0].lamp == lamp for one in drawn):
                self._ready[lamp] = self._cells.of[lamp]
        codes = np.full(len(lights.entities), -1)
        for lamp, cells in self._ready.items():
            codes[numbers[lamp]] = 4 * cells.first + cells.level
        lights.show_cells(codes)

    def _tell(self, count: int, drawn: int) -> None:
        if not self._told:
            self._told = True
            self._log.warning(f"{count} lights cast shadows, and {drawn} of them are drawn: those whose light is "
                              f"largest on the screen (at most {LAMPS_MAX}). The others shine through things; give "
                              f"lights a smaller range, or let fewer cast.")  # fmt: skip


def square(layout: AtlasLayout, tile: LampTile) -> Square:
    """Where it lies in the atlas."""
    return layout.cell(tile.level, tile.cell)


def border(level: int) -> float:
    """How much wider a tile is than its light's part."""
    side = BLOCK_TEXELS >> level
    return side / (side - 2 * BORDER_TEXELS)


def _slope(offset: float, cone: float) -> float:
    """The tangent of half the angle of a light's tile, from its LIGHT_ROW."""
    if not cone:
        return 1.0
    cosine = min(max(-offset / cone, 0.05), 0.9999)
    return math.sqrt(1 - cosine * cosine) / cosine


def _tiles(lamp: int, cells: Cells, row: F32, ahead: F32) -> list[LampTile]:
    place = tuple(row[:3].tolist())
    reach = float(1 / np.sqrt(row[3]))
    ways = SIDES if row[11] == 0 else ahead[None].astype(np.float64)
    slope = _slope(float(row[7]), float(row[11])) * border(cells.level)
    units = (tuple((way / np.linalg.norm(way)).tolist()) for way in ways)
    return [LampTile(lamp, cells.level, cells.first + n, place, way, slope, reach) for n, way in enumerate(units)]


def _touched(tiles: list[LampTile], spheres: F32) -> list[LampTile]:
    """Those of a lamp's tiles that spheres within its reach may be seen in."""
    if len(tiles) == 1:
        return tiles
    away = spheres[:, :3] - np.array(tiles[0].place, np.float32)
    slope = tiles[0].slope
    room = spheres[:, 3] * math.hypot(1.0, slope)
    size = np.abs(away)
    beside = np.stack([size[:, (1, 2)].max(axis=1), size[:, (0, 2)].max(axis=1), size[:, (0, 1)].max(axis=1)])
    hit = [(sign * slope * away[:, axis] - beside[axis] > -room).any() for axis in range(3) for sign in (1, -1)]
    return [tile for tile, touched in zip(tiles, hit, strict=True) if touched]


def _meet(one: slice, other: slice) -> bool:
    return bool(one.start < other.stop and other.start < one.stop)
