"""What lies behind the hills of a baked world, as seen from one place: that need not be drawn.

Owns: the horizon of one view. What is hidden is left out of a picture alone (never of shadows or of what is loaded),
and only where all of it has drawn ground in front of it: the picture is the same to the bit. It is found anew for
every place that is looked from, so that no cut and no jump shows a hole. horizon/horizon.h says how; here stands what
of the ground is drawn, and in which boxes the tiles' rows lie.

Limits: worlds with a height grid that is as fine as their finest tiles; an eye above the ground, inside of the world;
perspective; under the sea, where tiles may be coarser than their level says, nothing hides.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F64, Behind
from layerw.kernels.horizon import Sight, new_sight
from layerw.kernels.twins.heightfield import BLOCK, levels_of
from layerw.kernels.twins.horizon import ARCS_MAX, HIDDEN, SEEN
from layerw.stream import geo
from layerw.stream.ground import Ground
from layerw.stream.keys import TILE_CELLS, Key, TileKeys, finest_samples
from layerw.stream.streamer import Streamer

GROWTH = 1.08  # from arc to arc, where that is more than two samples
REACH_M = 20_000.0
NEAR_SAMPLES = 2.5  # the nearest arc
MARGIN_M = 0.25
STEPS = 65_000  # heights of a tile are whole steps, of which as many span it
TILES_MIN = 4
PARTS = 8  # along a side of a tile
LEAN = 1 / 256  # of a part's side: skirts lean outwards
Bools = npt.NDArray[np.bool_]
U8 = npt.NDArray[np.uint8]
Revision = tuple[int, int, frozenset[int]]


class Horizon:
    """Of one world: `look` from a place, then ask."""

    def __init__(self, streamer: Streamer) -> None:
        self._streamer = streamer
        self.release()

    def release(self) -> None:
        """Lets go of what it found; the world is closed, or comes anew."""
        self._keys: TileKeys | None = None
        self._ground: Ground | None = None
        self._serial = -1
        self._revision: Revision = (-1, 0, frozenset())
        self._drawn: U8 = np.zeros((0, 0, 4), np.uint8)
        self._own_errors: F64 = np.zeros((0, 0))  # by finest tile: how far what is drawn may lie above the grid
        self._tops: dict[int, F64] = {}  # by row of the tree: the boxes of its parts
        self._parts: F64 = np.zeros((0, PARTS * PARTS, 6))  # of rows that are a tile's ground
        self._boxes: F64 = np.zeros((0, 6))  # of those rows, then of the others
        self._rows: npt.NDArray[np.intp] = np.zeros(0, np.intp)  # of `draw`, which they are
        self._place: object = None
        self._is_in_place = False
        self._sight: Sight | None = None
        self._key: tuple[object, ...] = ()
        self._may_hide = False

    def look(self, eye: F64, near_m: float, unfit: frozenset[int] = frozenset(), serial: int = 0) -> bool:
        """Whether anything may be hidden from a place; only then ask.

        Args:
            eye: (3,) world metres.
            near_m: what is nearer to the eye may not be drawn.
            unfit: rows of the tree that are not drawn as the height grid says.
            serial: counts changes of the height grid.
        """
        streamer, ground = self._streamer, self._streamer.ground
        rows = streamer.residency.rows
        if ground is None or len(rows.drawn) < TILES_MIN or not self._is_known(ground):
            return False
        revision = rows.revision, serial, unfit
        if ground is not self._ground or serial != self._serial:
            self._ground, self._serial = ground, serial
            self._tops.clear()
            self._sight = self._sight or new_sight()
            self._sight.over(ground.codes, ground._grid, _arcs_of(ground))
        if revision != self._revision:
            self._look_at_tiles(ground, unfit)
            self._revision = revision
        key = (eye.tobytes(), near_m, revision)
        if key != self._key:
            self._key, self._may_hide = key, self._is_above(ground, eye)
            assert self._sight is not None
            start, drop = max(_start_m(ground), 4 * near_m), MARGIN_M + _extent_m(ground) / STEPS
            self._sight.stand(np.array((*eye, start, drop)), self._drawn)
        return self._may_hide

    def hidden(self, planes: F64) -> Bools:
        """Which rows of `streamer.draw()` need not be drawn: no part of theirs in view is seen. After `look`.

        Args:
            planes: (5, 4), relative to the eye.
        """
        hides = self.sorted(self._boxes, planes) != SEEN
        cut = np.flatnonzero(~hides[: len(self._parts)])  # some of such a box is seen, but is any ground there?
        if len(cut):
            parts = self.sorted(self._parts[cut].reshape(-1, 6), planes)
            hides[cut] = (parts != SEEN).reshape(len(cut), -1).all(axis=1)
        hidden = np.empty(len(hides), np.bool_)
        hidden[self._rows] = hides
        return hidden

    def sorted(self, boxes: F64, planes: F64) -> U8:
        """Boxes (n, 6), low and high corners in world metres, as SEEN, HIDDEN or OUTSIDE of the view. After `look`."""
        assert self._sight is not None
        return self._sight.sort(np.ascontiguousarray(planes), boxes)

    # -- the ground --------------------------------------------------------------------------------
    def _is_known(self, ground: Ground) -> bool:
        is_as_fine = finest_samples(self._streamer.extras) == ground.columns == ground.rows and ground.scale_m >= 0
        place = self._streamer.tree.place
        if place is not self._place:
            self._place, self._is_in_place = place, np.allclose(place, geo.WORLD_FROM_TILESET)
        return is_as_fine and self._is_in_place

    def _is_above(self, ground: Ground, eye: F64) -> bool:
        x, z = (eye[0] - ground.west_m) / ground.spacing_x_m, (eye[2] - ground.north_m) / ground.spacing_z_m
        if not (0 <= x <= ground.columns - 1 and 0 <= z <= ground.rows - 1):
            return False
        if eye[1] > ground.offset_m + ground.scale_m * float(ground._pyramid[-1, 1]):
            return False  # from up there little is hidden, and it is not worth the search
        own = self._own_errors
        error = own[min(int(z) // TILE_CELLS, len(own) - 1), min(int(x) // TILE_CELLS, len(own) - 1)]
        return bool(eye[1] > ground.height(float(eye[0]), float(eye[2])) + error + MARGIN_M / 4)

    # -- what is drawn -----------------------------------------------------------------------------
    def _look_at_tiles(self, ground: Ground, unfit: frozenset[int]) -> None:
        if self._keys is None:
            self._keys = TileKeys(self._streamer.tree)
        self._keys.scan()
        self._see_strides(ground, unfit)
        rows, draw = self._streamer.residency.rows, self._streamer.residency.rows.draw
        first = np.flatnonzero(np.diff(rows.tiles, prepend=-1))
        lone = {int(tile): number for tile, number in zip(rows.tiles[first].tolist(), first.tolist(), strict=True)
                if tile not in unfit and self._has_ground(tile)}  # fmt: skip
        grounds = np.fromiter(lone.values(), np.intp, len(lone))
        self._parts = np.array([self._parts_of(ground, tile) for tile in lone]).reshape(-1, PARTS * PARTS, 6)
        wholes = np.concatenate([self._parts[..., :3].min(axis=1), self._parts[..., 3:].max(axis=1)], axis=1)
        others = np.setdiff1d(np.arange(len(rows.tiles)), grounds)
        reach = np.repeat(draw.radius[others, None].astype(np.float64), 3, axis=1)
        spheres = np.concatenate([draw.center[others] - reach, draw.center[others] + reach], axis=1)
        self._boxes, self._rows = np.concatenate([wholes, spheres]), np.concatenate([grounds, others])

    def _has_ground(self, tile: int) -> bool:
        """Its first row is its ground, in one mesh."""
        assert self._keys is not None
        contents = self._streamer.residency.contents_of(tile) or []
        return tile in self._keys.key_of and bool(contents) and len(contents[0].primitives) == 1

    def _see_strides(self, ground: Ground, unfit: frozenset[int]) -> None:
        """`drawn` as the kernel reads it, and how wrong tiles are."""
        assert self._keys is not None
        tree, count = self._streamer.tree, (ground.columns - 1) // TILE_CELLS
        finest, coarsest = np.full((count, count), 255, np.uint8), np.zeros((count, count), np.uint8)
        errors, is_bad = np.full((count, count), math.inf), np.zeros((count, count), np.bool_)
        deepest = count.bit_length() - 1
        for row in self._streamer.residency.rows.drawn.tolist():
            key = self._keys.key_of.get(row)
            if key is None:
                continue
            at, stride = _cells(key, count), deepest - key[0]
            if row in unfit or (stride and not tree.child_count[row]):
                is_bad[at] = True
                errors[at] = math.inf
                continue
            finest[at], coarsest[at] = np.minimum(finest[at], stride), np.maximum(coarsest[at], stride)
            errors[at] = np.where(np.isinf(errors[at]), tree.geo[row, 16], np.maximum(errors[at], tree.geo[row, 16]))
        errors[is_bad] = math.inf
        drawn = np.zeros((count, count, 4), np.uint8)
        drawn[..., 0], drawn[..., 1] = _beside(finest, np.minimum, 255), _beside(coarsest, np.maximum, 0)
        drawn[..., 2] = (finest < 255) & ~is_bad
        self._drawn, self._own_errors = drawn, errors

    def _parts_of(self, ground: Ground, tile: int) -> F64:
        """(PARTS * PARTS, 6) boxes of a tile's ground, with its skirt."""
        found = self._tops.get(tile)
        if found is None:
            assert self._keys is not None
            level, x, y = self._keys.key_of[tile]
            samples = (ground.columns - 1) >> level
            own, wide, _ = levels_of(ground.columns, ground.rows)[(samples // (PARTS * BLOCK)).bit_length() - 1]
            at = np.arange(PARTS)
            column, row = (axis.reshape(-1) for axis in np.meshgrid(x * PARTS + at, y * PARTS + at))
            code = ground._pyramid[own + row * wide + column, 1].astype(np.float64)
            side_x, side_z = (spacing * (samples // PARTS) for spacing in (ground.spacing_x_m, ground.spacing_z_m))
            west, north = ground.west_m + column * side_x, ground.north_m + row * side_z
            top = ground.offset_m + ground.scale_m * code + MARGIN_M + _extent_m(ground) / STEPS
            low = np.full(PARTS * PARTS, ground.offset_m - 1.0)  # only tops count
            found = self._tops[tile] = np.stack(
                [west - LEAN * side_x, low, north - LEAN * side_z, west + (1 + LEAN) * side_x, top,
                 north + (1 + LEAN) * side_z], axis=1)  # fmt: skip
        return found


def behind(horizon: Horizon, planes: F64) -> Behind:
    """What `look` saw, for stages that do not know of worlds."""
    return lambda boxes: horizon.sorted(boxes, planes) >= HIDDEN


def _start_m(ground: Ground) -> float:
    return NEAR_SAMPLES * max(ground.spacing_x_m, ground.spacing_z_m)


def _arcs_of(ground: Ground) -> F64:
    reach, arcs = min(_extent_m(ground), REACH_M), [_start_m(ground)]
    while arcs[-1] < reach and len(arcs) < ARCS_MAX:
        arcs.append(max(arcs[-1] * GROWTH, arcs[-1] + 2 * min(ground.spacing_x_m, ground.spacing_z_m)))
    return np.array(arcs)


def _extent_m(ground: Ground) -> float:
    """The longest way along an axis."""
    return max((ground.columns - 1) * ground.spacing_x_m, (ground.rows - 1) * ground.spacing_z_m,
               2 * 65_535 * ground.scale_m)  # fmt: skip


def _cells(key: Key, count: int) -> tuple[slice, slice]:
    """Which of count x count finest tiles one covers."""
    size = count >> key[0]
    return slice(key[2] * size, (key[2] + 1) * size), slice(key[1] * size, (key[1] + 1) * size)


def _beside(cells: U8, fold: np.ufunc, outside: int) -> U8:
    """Of each cell and the eight beside it."""
    wide = np.pad(cells, 1, constant_values=outside)
    rows = fold(fold(wide[:-2], wide[1:-1]), wide[2:])
    found: U8 = fold(fold(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return found
