"""Which tiles of a baked world lie behind its own hills, as seen from one place: those need not be drawn.

Owns: the horizon of one view. Only whole tiles are left out, only of a picture (never of shadows or of what is loaded),
and only where every pixel of theirs has drawn ground in front of it: the picture is the same to the bit. It is found
anew for every place that is looked from, so that no cut and no jump shows a hole; where it hides little, as from high
up, it is not looked for in some frames, and all is drawn.

Around the eye lie BINS sectors, and in each arcs at growing distances. Every line of sight of a sector crosses all of
its arcs; where the line is below the lowest ground of an arc, it has gone through the surface before. Of that ground
counts what is drawn: the height grid, lowered by the geometric error of the tiles that are drawn there; where none is,
nothing hides. A tile is left out where in each sector that it reaches into the steepest arc before it rises above its
own highest point.

Limits: worlds with a height grid that is as fine as their finest tiles; an eye above the ground, inside of the world;
perspective. Source: the horizon of terrain by sectors, as in Zaugg and Egbert, "Voxel column culling", 2001; Stewart,
"Hierarchical visibility in terrains", EGRW 1997.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.ports import F64
from layerw.kernels.twins.heightfield import BLOCK, levels_of
from layerw.stream import geo
from layerw.stream.ground import Ground
from layerw.stream.keys import TILE_CELLS, TileKeys, finest_samples
from layerw.stream.streamer import Streamer

BINS = 256
ARC = 2 * math.pi / BINS
GROWTH = 1.06  # from arc to arc
REACH_M = 20_000.0
NEAR_SAMPLES = 2.5  # the nearest arc
MARGIN_M = 0.5
SLOPE_MARGIN = 1e-4
TILES_MIN = 4
PARTS = 2  # along a side of a tile
LEAN = 1 / 256  # of a part's side: skirts lean outwards
WORTH, RESTS = 0.1, 30  # a search that hides a smaller share of the rows is not made again for as many frames
Bools = npt.NDArray[np.bool_]
Revision = tuple[int, int, frozenset[int]]


class _Near(NamedTuple):
    """The lowest of 4 x 4 samples, from (column, row) on."""

    column: int
    row: int
    lowest: npt.NDArray[np.uint16]


class Horizon:
    """Of one world. `hidden` for each view."""

    def __init__(self, streamer: Streamer) -> None:
        self._streamer = streamer
        self.release()

    def release(self) -> None:
        """Lets go of what it found; the world is closed, or comes anew."""
        self._keys: TileKeys | None = None
        self._ground: Ground | None = None
        self._serial = -1
        self._levels: list[npt.NDArray[np.uint16]] = []  # the lowest of 2 x 2 blocks of each level of the pyramid
        self._near: _Near | None = None
        self._own_errors: F64 = np.zeros((0, 0))
        self._errors: F64 = np.zeros((0, 0))  # by finest tile: how far what is drawn there may lie below the grid
        self._revision: Revision = (-1, 0, frozenset())
        self._key: tuple[object, ...] = ()
        self._found: Bools | None = None
        self._rests = 0  # frames without a search: from up here it hid little
        self._parted: tuple[Revision, tuple[F64, F64, npt.NDArray[np.intp]]] | None = None

    def hidden(self, eye: F64, near_m: float, unfit: frozenset[int] = frozenset(), serial: int = 0) -> Bools | None:
        """Which rows of `streamer.draw()` are hidden from a place; None: nothing is known to be.

        Args:
            eye: (3,) world metres.
            near_m: what is nearer to the eye may not be drawn.
            unfit: rows of the tree that are not drawn as the height grid says.
            serial: counts changes of the height grid.
        """
        streamer, ground = self._streamer, self._streamer.ground
        rows = streamer.residency.rows
        if ground is None or len(rows.drawn) < TILES_MIN or not self._is_known(ground):
            return None
        self._look_at_ground(ground, serial)
        revision = rows.revision, serial, unfit
        if revision != self._revision:
            self._errors, self._revision = self._drawn_errors(ground, rows.drawn, unfit), revision
        if not self._is_above(ground, eye):
            return None
        key = (eye.tobytes(), near_m, revision)
        if key != self._key:
            if self._rests:
                self._rests -= 1
                return None
            found = self._look(ground, eye, near_m, distinct(rows.drawn))
            self._key, self._found = key, found
            self._rests = RESTS if found is None or found.mean() < WORTH else 0
        return self._found

    def _look(self, ground: Ground, eye: F64, near_m: float, tiles: npt.NDArray[np.int64]) -> Bools | None:
        low, high, owner = self._parts(ground, tiles)
        first, last, nearest, slope = _spans(low - eye, high - eye)
        start = max(NEAR_SAMPLES * max(ground.spacing_x_m, ground.spacing_z_m), 4 * near_m)
        is_near = np.zeros(len(tiles), np.bool_)
        is_near[owner[nearest <= start]] = True  # a tile that begins here is seen
        asked = np.flatnonzero(~is_near[owner])
        if not len(asked):
            return None
        first, counts = first[asked], (last - first)[asked] + 1
        ends = np.cumsum(counts)
        part = np.repeat(np.arange(len(asked)), counts)
        sector = (np.arange(int(ends[-1])) - np.repeat(ends - counts - first, counts)) % BINS
        reach = min(float(nearest[asked].max()), REACH_M)
        growth: F64 = np.power(GROWTH, np.arange(int(math.log(reach / start) / math.log(GROWTH)) + 1.0))
        arcs = start * growth
        bins = np.flatnonzero(np.bincount(sector, minlength=BINS))
        horizon = np.full((BINS, len(arcs) + 1), -np.inf)
        horizon[bins, 1:] = np.maximum.accumulate(self._slopes(ground, eye, bins, arcs), axis=1)
        before = np.searchsorted(arcs, nearest[asked])  # arcs that are nearer
        covers = horizon[sector, before[part]] > slope[asked][part] + SLOPE_MARGIN
        seen = ~np.logical_and.reduceat(covers, ends - counts)
        found = ~is_near
        found[owner[asked[seen]]] = False
        return found[np.searchsorted(tiles, self._streamer.residency.rows.tiles)]

    def _parts(self, ground: Ground, tiles: npt.NDArray[np.int64]) -> tuple[F64, F64, npt.NDArray[np.intp]]:
        """Boxes (n, 3) low and high that hold the tiles, and which tile each is of: PARTS x PARTS of the ground, or the
        whole of one on which something stands."""
        geometry, tree = self._streamer.tree.geo, self._streamer.tree
        if self._parted is not None and self._parted[0] == self._revision:
            return self._parted[1]
        lows, highs, owners = [], [], []
        keys = self._keys.key_of if self._keys is not None else {}
        pyramid, levels = ground._pyramid[:, 1], levels_of(ground.columns, ground.rows)
        for number, row in enumerate(tiles.tolist()):
            key, box = keys.get(row), geometry[row]
            reach = np.abs(box[3:12].reshape(3, 3)).T @ box[12:15] + box[15]
            low, high = (box[:3] - reach)[None], (box[:3] + reach)[None]
            if key is not None and len(tree.contents[row]) == 1 and row not in self._revision[2]:
                samples = (ground.columns - 1) >> key[0]
                level = (samples // (PARTS * BLOCK)).bit_length() - 1
                begin, wide, _ = levels[level]
                at = np.arange(PARTS)
                x, z = (axis.reshape(-1) for axis in np.meshgrid(key[1] * PARTS + at, key[2] * PARTS + at))
                top = ground.offset_m + ground.scale_m * pyramid[begin + z * wide + x] + box[16] + MARGIN_M
                side = np.array((ground.spacing_x_m, ground.spacing_z_m)) * (samples // PARTS)
                corner = np.stack([x, z], axis=1) * side + (ground.west_m, ground.north_m)
                lean = side * LEAN
                low = np.stack([corner[:, 0] - lean[0], np.full(len(x), low[0, 1]), corner[:, 1] - lean[1]], axis=1)
                high = np.stack([corner[:, 0] + side[0] + lean[0], top, corner[:, 1] + side[1] + lean[1]], axis=1)
            lows.append(low)
            highs.append(high)
            owners.append(np.full(len(low), number))
        found = np.concatenate(lows), np.concatenate(highs), np.concatenate(owners).astype(np.intp)
        self._parted = self._revision, found
        return found

    # -- the ground --------------------------------------------------------------------------------
    def _is_known(self, ground: Ground) -> bool:
        is_as_fine = finest_samples(self._streamer.extras) == ground.columns
        return is_as_fine and np.allclose(self._streamer.tree.place, geo.WORLD_FROM_TILESET)

    def _look_at_ground(self, ground: Ground, serial: int) -> None:
        if ground is self._ground and serial == self._serial:
            return
        self._ground, self._serial, self._near = ground, serial, None
        self._levels = []
        for first, wide, high in levels_of(ground.columns, ground.rows):
            lowest = np.pad(ground._pyramid[first : first + wide * high, 0].reshape(high, wide), 1, mode="edge")
            pair = np.minimum(lowest[:-1], lowest[1:])
            self._levels.append(np.minimum(pair[:, :-1], pair[:, 1:]))

    def _drawn_errors(self, ground: Ground, drawn: npt.NDArray[np.int64], unfit: frozenset[int]) -> F64:
        """(n, n) by finest tile and its neighbours to the east, south and south-east, one more around."""
        if self._keys is None:
            self._keys = TileKeys(self._streamer.tree)
        self._keys.scan()
        count = (ground.columns - 1) // TILE_CELLS
        found = np.full((count, count), -1.0)
        errors = self._streamer.tree.geo[:, 16]
        for row in drawn.tolist():
            key = self._keys.key_of.get(row)
            if key is not None:
                size = count >> key[0]
                part = found[key[2] * size : (key[2] + 1) * size, key[1] * size : (key[1] + 1) * size]
                np.maximum(part, math.inf if row in unfit else errors[row], out=part)
        found[found < 0] = math.inf
        self._own_errors = found
        wide = np.pad(found, 1, mode="edge")
        pair = np.maximum(wide[:-1], wide[1:])
        result: F64 = np.maximum(pair[:, :-1], pair[:, 1:])
        return result

    def _error_at(self, ground: Ground, x: F64, z: F64) -> F64:
        """Of tiles within half a finest tile; x and z in samples."""
        last = len(self._errors) - 1
        column = np.clip(np.floor(x / TILE_CELLS + 0.5), 0, last).astype(np.intp)
        row = np.clip(np.floor(z / TILE_CELLS + 0.5), 0, last).astype(np.intp)
        found: F64 = self._errors[row, column]
        return found

    def _is_above(self, ground: Ground, eye: F64) -> bool:
        x, z = (eye[0] - ground.west_m) / ground.spacing_x_m, (eye[2] - ground.north_m) / ground.spacing_z_m
        if not (0 <= x <= ground.columns - 1 and 0 <= z <= ground.rows - 1):
            return False
        top = ground.offset_m + ground.scale_m * float(ground._pyramid[-1, 1])
        if eye[1] > top:  # from up there little is hidden, and it is not worth the search
            return False
        own = self._own_errors
        error = own[min(int(z) // TILE_CELLS, len(own) - 1), min(int(x) // TILE_CELLS, len(own) - 1)]
        return bool(eye[1] > ground.height(float(eye[0]), float(eye[2])) + error + MARGIN_M / 4)

    def _slopes(self, ground: Ground, eye: F64, bins: npt.NDArray[np.intp], arcs: F64) -> F64:
        """(bins, arcs): how steeply each arc's lowest ground rises above the eye."""
        angle = (bins + 0.5) * ARC
        spacing = min(ground.spacing_x_m, ground.spacing_z_m)
        x = (eye[0] - ground.west_m + np.cos(angle)[:, None] * arcs) / ground.spacing_x_m
        z = (eye[2] - ground.north_m + np.sin(angle)[:, None] * arcs) / ground.spacing_z_m
        inside = (x >= 0) & (x <= ground.columns - 1) & (z >= 0) & (z <= ground.rows - 1)
        codes = np.zeros(x.shape, np.float64)
        near = int(np.searchsorted(arcs, 2 * spacing / ARC))
        codes[:, :near] = self._nearest(ground, eye, x[:, :near], z[:, :near], 2 * spacing / ARC)
        begin = near
        for level, lowest in enumerate(self._levels):
            block = BLOCK << level
            end = int(np.searchsorted(arcs, block * spacing / ARC)) if level < len(self._levels) - 1 else len(arcs)
            if end > begin:
                row = np.clip(np.floor(z[:, begin:end] / block + 0.5), 0, len(lowest) - 1).astype(np.intp)
                column = np.clip(np.floor(x[:, begin:end] / block + 0.5), 0, lowest.shape[1] - 1).astype(np.intp)
                codes[:, begin:end] = lowest[row, column]
                begin = end
        height = ground.offset_m + ground.scale_m * codes - self._error_at(ground, x, z) - MARGIN_M
        found: F64 = np.where(inside, (height - eye[1]) / arcs, -np.inf)
        return found

    def _nearest(self, ground: Ground, eye: F64, x: F64, z: F64, reach_m: float) -> npt.NDArray[np.uint16]:
        """The lowest of the samples within two of each place, all of which lie within reach of the eye."""
        near, more = self._near, 32
        if near is None or (x.size and (x.min() - 1 < near.column or z.min() - 1 < near.row
                                        or x.max() - 1 >= near.column + near.lowest.shape[1]
                                        or z.max() - 1 >= near.row + near.lowest.shape[0])):  # fmt: skip
            reach_x = int(reach_m / ground.spacing_x_m) + more
            reach_z = int(reach_m / ground.spacing_z_m) + more
            column = int((eye[0] - ground.west_m) / ground.spacing_x_m) - reach_x
            row = int((eye[2] - ground.north_m) / ground.spacing_z_m) - reach_z
            rows = np.clip(np.arange(row, row + 2 * reach_z + 4), 0, ground.rows - 1)
            columns = np.clip(np.arange(column, column + 2 * reach_x + 4), 0, ground.columns - 1)
            part = ground.codes[np.ix_(rows, columns)]
            part = np.minimum(part[:-1], part[1:])
            part = np.minimum(part[:-2], part[2:])
            part = np.minimum(part[:, :-1], part[:, 1:])
            near = self._near = _Near(column, row, np.minimum(part[:, :-2], part[:, 2:]))
        row_at = np.floor(z - 1).astype(np.intp) - near.row
        column_at = np.floor(x - 1).astype(np.intp) - near.column
        found: npt.NDArray[np.uint16] = near.lowest[np.clip(row_at, 0, near.lowest.shape[0] - 1),
                                                    np.clip(column_at, 0, near.lowest.shape[1] - 1)]
        return found


def _spans(low: F64, high: F64) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], F64, F64]:
    """Of boxes (n, 3), relative to the eye: the first and last sector that each reaches into, metres to its nearest
    point on the map (0: the eye is above it), and how steep its highest point is at most."""
    outside = np.maximum(np.maximum(low, -high), 0.0)
    nearest = np.sqrt(outside[:, 0] ** 2 + outside[:, 2] ** 2)
    far = np.maximum(np.abs(low), np.abs(high))
    farthest = np.sqrt(far[:, 0] ** 2 + far[:, 2] ** 2)
    center = np.arctan2(low[:, 2] + high[:, 2], low[:, 0] + high[:, 0])
    corners = np.stack([np.arctan2(z, x) for x in (low[:, 0], high[:, 0]) for z in (low[:, 2], high[:, 2])], axis=1)
    away = (corners - center[:, None] + math.pi) % (2 * math.pi) - math.pi
    # intp: repeat and bincount refuse int64 on wasm32
    first = np.floor((center + away.min(axis=1)) / ARC - 1e-6).astype(np.intp)
    last = np.floor((center + away.max(axis=1)) / ARC + 1e-6).astype(np.intp)
    slope = high[:, 1] / np.where(high[:, 1] > 0, np.maximum(nearest, 1e-9), farthest)
    return first, last, nearest, slope
