"""One navigation mesh of the kernel: its settings, its grid of tiles, and the baking of them one by one.

Owns: the kernel's mesh, which tiles wait to be baked, and the bytes of both, charged to the heap ledger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from layerw.base.errors import BudgetError, ConfigError
from layerw.base.log import Log
from layerw.base.ports import F32, MeshData
from layerw.kernels.gen.navigation import NavigationKernels
from layerw.memory.ledger import HardLedger
from layerw.navigation.sources import TRIANGLE_BYTES, Box, Soup, Sources, ground_triangles

TILE_CELLS = 64
TILES_MAX = 16_384
CELL_BYTES = 160  # of a tile while it is baked; measured
NO_ROOM = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Walker:
    """Who walks: metres, and the steepest slope in radians; the cells that the ground is looked at in."""

    radius: float
    height: float
    climb: float
    slope: float
    cell: float
    least: float  # square metres

    @property
    def cell_height(self) -> float:
        """Metres: a quarter of a cell."""
        return self.cell / 4


class NavMesh:
    """`bake_next` until `waiting` is 0; then `number` is the kernel's mesh, ready for questions."""

    def __init__(self, kernels: NavigationKernels, ledger: HardLedger, log: Log, sources: Sources, walker: Walker,
                 area: Box | None, meshes: dict[int, MeshData]) -> None:  # fmt: skip
        self._kernels, self._ledger, self._log = kernels, ledger, log
        self._sources, self.walker = sources, walker
        self._charged = 0
        self.polygons = 0
        self._counts: dict[tuple[int, int], int] = {}
        self._grounds = sources.grounds()
        self._soup_bytes = sources.count(meshes) * TRIANGLE_BYTES
        ledger.reserve(self._soup_bytes, "app.navigation.bake")
        try:
            self._soup: Soup | None = sources.gather(meshes)
            self._plan(area)
            self.number = self._open()
        except BaseException:
            self._free_soup()
            raise
        self._queue = [(x, z) for z in range(self.tiles_z) for x in range(self.tiles_x)]
        self.tiles = len(self._queue)

    def _plan(self, area: Box | None) -> None:
        assert self._soup is not None
        box, low, high = self._extent(self._soup, area)
        walker, side = self.walker, TILE_CELLS * self.walker.cell
        self._west, self._north = box[0], box[1]
        self.tiles_x = max(math.ceil((box[2] - box[0]) / side), 1)
        self.tiles_z = max(math.ceil((box[3] - box[1]) / side), 1)
        if self.tiles_x * self.tiles_z > TILES_MAX:
            raise BudgetError(f"app.navigation.bake would make {self.tiles_x} x {self.tiles_z} tiles of {side:g} m; it "
                              f"takes at most {TILES_MAX}. Give it area=(west, north, east, south), or a larger "
                              f"cell= than {walker.cell:g} m.")
        self._low, self._high = low, high

    def _extent(self, soup: Soup, area: Box | None) -> tuple[Box, float, float]:
        boxes: list[Box] = []
        heights: list[tuple[float, float]] = []
        if len(soup.corners):
            west, north = soup.boxes[:, :2].min(axis=0).tolist()
            east, south = soup.boxes[:, 2:].max(axis=0).tolist()
            boxes.append((west, north, east, south))
            y = soup.corners[:, 1::3]
            heights.append((float(y.min()), float(y.max())))
        for ground in self._grounds:
            wide, long = (ground.columns - 1) * ground.spacing_x_m, (ground.rows - 1) * ground.spacing_z_m
            boxes.append((ground.west_m, ground.north_m, ground.west_m + wide, ground.north_m + long))
            heights.append((ground.offset_m + float(ground.codes.min()) * ground.scale_m,
                            ground.offset_m + float(ground.codes.max()) * ground.scale_m))
        if not boxes:
            raise ConfigError("app.navigation.bake was given nothing that has a triangle; it needs ground to walk on.")
        west, north = (min(box[axis] for box in boxes) for axis in (0, 1))
        east, south = (max(box[axis] for box in boxes) for axis in (2, 3))
        if area is not None:
            west, north, east, south = (max(west, area[0]), max(north, area[1]),
                                        min(east, area[2]), min(south, area[3]))
        if east <= west or south <= north:
            where = "lies in one line, seen from above" if area is None else f"has nothing in area={area}"
            raise ConfigError(f"app.navigation.bake was given ground that {where}; nobody could walk there.")
        return (west, north, east, south), min(low for low, _ in heights), max(high for _, high in heights)

    def _open(self) -> int:
        walker = self.walker
        config = np.array([self._west, self._low, self._north, self._high + walker.height, walker.cell,
                           walker.cell_height, TILE_CELLS, walker.height, walker.radius, walker.climb,
                           math.cos(walker.slope), walker.least], np.float32)  # fmt: skip
        number = self._kernels.lw_nav_open(config, self.tiles_x, self.tiles_z)
        if not number:
            raise BudgetError("A 33rd navigation mesh was asked for in this process, or there is no memory for one; "
                              "close() an App before.")
        return number

    # -- baking ----------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Tiles that are to be baked."""
        return len(self._queue)

    def bake_next(self) -> None:
        """The next tile; the last one lets the triangles go."""
        x, z = self._queue.pop(0)
        try:
            self._bake(x, z)
        finally:
            if not self._queue:
                self._free_soup()

    def _bake(self, x: int, z: int) -> None:
        corners, walkable = self._triangles(x, z)
        side = TILE_CELLS + 2 * round(self._border / self.walker.cell)
        scratch = CELL_BYTES * side * side + 64 * len(corners)
        if not self._ledger.try_reserve(scratch):
            raise self._ledger.no_room(scratch, "A tile of app.navigation")
        try:
            made = self._kernels.lw_nav_bake(self.number, x, z, corners, walkable, len(corners))
        finally:
            self._ledger.release(scratch)
        if made == NO_ROOM:
            raise BudgetError(f"Tile ({x}, {z}) of app.navigation could not be baked: it has {len(corners)} triangles "
                              "and more corners or polygons than a tile may have, or memory ran out. A larger cell= "
                              "makes fewer.")
        self.polygons += made - self._counts.get((x, z), 0)
        self._counts[x, z] = made

    @property
    def _border(self) -> float:
        return self._kernels.lw_nav_border(self.number)

    def _triangles(self, x: int, z: int) -> tuple[F32, np.ndarray]:
        side, more = TILE_CELLS * self.walker.cell, self._border
        west, north = self._west + x * side, self._north + z * side
        box = (west - more, north - more, west + side + more, north + side + more)
        soup = self._soup
        assert soup is not None
        corners, walkable = soup.within(box)
        if self._grounds:
            ground = ground_triangles(self._grounds, box)
            corners = np.concatenate([corners, ground])
            walkable = np.concatenate([walkable, np.ones(len(ground), np.uint8)])
        return np.ascontiguousarray(corners), np.ascontiguousarray(walkable)

    def again(self, box: Box, meshes: dict[int, MeshData]) -> int:
        """Tiles that a box reaches into are baked anew, from where everything is now; how many."""
        side, more = TILE_CELLS * self.walker.cell, self._border
        first = max(math.floor((box[0] - more - self._west) / side), 0)
        last = min(math.floor((box[2] + more - self._west) / side), self.tiles_x - 1)
        top = max(math.floor((box[1] - more - self._north) / side), 0)
        bottom = min(math.floor((box[3] + more - self._north) / side), self.tiles_z - 1)
        keys = [(x, z) for z in range(top, bottom + 1) for x in range(first, last + 1)]
        if not keys:
            return 0
        needed = self._sources.count(meshes) * TRIANGLE_BYTES
        self._ledger.reserve(needed, "app.navigation.rebake")
        try:
            soup = self._sources.gather(meshes)
        except BaseException:
            self._ledger.release(needed)  # tiles that still wait are made of what was there
            raise
        self._free_soup()
        self._soup, self._soup_bytes = soup, needed
        self._queue += [key for key in keys if key not in set(self._queue)]
        return len(keys)

    def _free_soup(self) -> None:
        self._ledger.release(self._soup_bytes)
        self._soup, self._soup_bytes = None, 0

    def close(self) -> None:
        """Ends it."""
        self._queue.clear()
        self._free_soup()
        self._kernels.lw_nav_close(self.number)

