"""The ground of streamed worlds under bodies: patches of its height grid, where something is that may touch it.

Owns: which patches there are. One comes before a body or a character reaches it and goes some seconds after the last
one left, whatever tiles are drawn meanwhile: what rests on the ground stays there when its tile streams out. Does not
load anything: the grid is in memory once the world is ready. Where it is edited (world.dig, world.raise_) patches are
made anew before the next step, and what stood on ground that rose is lifted. Limits: worlds with a ground grid,
layerw's own; a cell's two triangles may be split along the other diagonal than the drawn ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from layerw.base.errors import ConfigError
from layerw.base.log import Log
from layerw.base.ports import F32, F64
from layerw.kernels.rigid import pose_array
from layerw.physics.body import Body
from layerw.physics.rigid_world import DYNAMIC, RigidWorld
from layerw.physics.shapes import FIELD, record

if TYPE_CHECKING:
    from layerw.content.worlds import World
    from layerw.stream.ground import Ground

CELLS = 32  # along a side of a patch
LOOK_STEPS = 4  # between two looks at who is where
REACH_M = 30.0  # around each; more than anything moves until the next look
KEPT_LOOKS = 45  # a patch that nobody needs: 3 seconds
CODE_MAX = 65535
LIFT_CLEAR_M = 1.0  # what was farther above the ground than that does not rise with it
Key = tuple[int, int]


@dataclass(slots=True)
class _Patch:
    slot: int
    template: int
    heights: F32  # (rows, columns) metres
    unused: int = 0  # looks since somebody needed it


@dataclass(slots=True)
class _Land:
    world: World
    body: Body
    patches: dict[Key, _Patch] = field(default_factory=dict)
    edits: int = 0  # that the patches show
    is_told: bool = False


class Terrain:
    """`add` a world, `step` before each step of the bodies."""

    def __init__(self, rigid: RigidWorld, log: Log) -> None:
        self._rigid, self._log = rigid, log
        self._lands: list[_Land] = []
        self._steps = 0

    @property
    def patches(self) -> int:
        """How many there are."""
        return sum(len(land.patches) for land in self._lands)

    def __bool__(self) -> bool:
        return bool(self._lands)

    def add(self, world: World, body: Body) -> None:
        """Its ground is in the way of bodies from now on, or as soon as it is here."""
        if body.kind != "static":
            raise ConfigError(f"app.physics.add was given a world and a {body.kind} body; the ground is 'static'.")
        if any(land.world is world for land in self._lands):
            raise ConfigError("app.physics.add was given a world that is in the way of bodies already.")
        self._lands.append(_Land(world, body))
        self._steps = 0

    @property
    def waits(self) -> bool:
        """Whether ground is on its way: what would fall through meanwhile has to wait for it."""
        return any(land.world.state in ("loading", "retrying") for land in self._lands)

    def step(self, more: F32, lift_more: Callable[[F64], None]) -> None:
        """more: (n, 3) places of characters; lift_more: raises each of them by so many metres."""
        self._steps += 1
        is_edited = False
        for land in self._lands:
            is_edited |= self._follow_edits(land, more, lift_more)
        if self._steps % LOOK_STEPS != 1 and not is_edited:
            return
        bodies = self._rigid.bodies
        moving = np.flatnonzero(bodies.kind[: bodies.high] == DYNAMIC)
        places = np.concatenate([self._rigid.places(moving), more])[:, [0, 2]].astype(np.float64)
        for land in list(self._lands):
            ground = land.world._streamer.ground
            if land.world.state == "closed":
                self._drop(land, list(land.patches))
                self._lands.remove(land)
            elif ground is not None:
                self._fit(land, ground, places)
            elif land.world.state == "ready" and not land.is_told:
                land.is_told = True
                self._log.warning(f"The world {land.world.url} has no ground grid, so bodies fall through it; layerw's "
                                  "own worlds (`layerw bake`) have one.")

    def _fit(self, land: _Land, ground: Ground, places: np.ndarray) -> None:
        side = np.array((ground.spacing_x_m, ground.spacing_z_m)) * CELLS
        low = (places - (ground.west_m, ground.north_m) - REACH_M) // side
        high = (places - (ground.west_m, ground.north_m) + REACH_M) // side
        last = ((ground.columns - 2) // CELLS, (ground.rows - 2) // CELLS)
        needed: set[Key] = set()
        for a, b in np.unique(np.concatenate([low, high], axis=1), axis=0).astype(int).reshape(-1, 2, 2).tolist():
            needed |= {(x, z) for x in range(max(a[0], 0), min(b[0], last[0]) + 1)
                       for z in range(max(a[1], 0), min(b[1], last[1]) + 1)}
        for key in sorted(needed - land.patches.keys()):
            land.patches[key] = self._make(land, ground, key)
        for key, patch in land.patches.items():
            patch.unused = 0 if key in needed else patch.unused + 1
        self._drop(land, [key for key, patch in land.patches.items() if patch.unused > KEPT_LOOKS])

    def _follow_edits(self, land: _Land, more: F32, lift_more: Callable[[F64], None]) -> bool:
        """Whether patches went because their ground was edited: what lies on it wakes up, and what would be under it
        now is lifted with it."""
        edits = land.world.edits
        count, ground = edits.count, land.world._streamer.ground
        if count == land.edits or ground is None:
            return False
        windows, land.edits = edits._changes_since(land.edits), count
        gone = [key for key in land.patches
                if any(w.x0 <= (key[0] + 1) * CELLS and w.x1 >= key[0] * CELLS and w.z0 <= (key[1] + 1) * CELLS
                       and w.z1 >= key[1] * CELLS for w in windows)]
        if gone:
            bodies = self._rigid.bodies
            moving = np.flatnonzero(bodies.kind[: bodies.high] == DYNAMIC)
            moving = moving[bodies.row[moving] >= 0]
            lifts, more_lifts = np.zeros(len(moving)), np.zeros(len(more))
            for key in gone:
                for places, found in ((self._rigid.places(moving), lifts), (more, more_lifts)):
                    np.maximum(found, _lifts(ground, key, land.patches[key].heights, places), out=found)
            self._rigid.lift(moving[lifts > 0], lifts[lifts > 0])
            lift_more(more_lifts)
            self._drop(land, gone)
            self._rigid.wake_all()
        return bool(gone)

    def _make(self, land: _Land, ground: Ground, key: Key) -> _Patch:
        x, z = key[0] * CELLS, key[1] * CELLS
        codes = ground.codes[z : z + CELLS + 1, x : x + CELLS + 1]
        heights = np.ascontiguousarray(codes * ground.scale_m + ground.offset_m, np.float32)
        rows, columns = heights.shape
        number = self._rigid.kernels.lw_rigid_field(heights, columns, rows, ground.spacing_x_m, ground.spacing_z_m,
                                                    ground.offset_m, ground.offset_m + CODE_MAX * ground.scale_m)
        pose = pose_array(1)
        pose[0, :3] = ground.west_m + x * ground.spacing_x_m, 0, ground.north_m + z * ground.spacing_z_m
        floats, words = land.body.records(1)
        shape = record(FIELD, template=number)[None]
        slot = int(self._rigid.add(np.full(1, -1), pose, floats, words, shape)[0])
        return _Patch(slot, number, heights)

    def _drop(self, land: _Land, keys: list[Key]) -> None:
        for key in keys:
            patch = land.patches.pop(key)
            self._rigid.remove(np.array([patch.slot], np.uint32))
            self._rigid.kernels.lw_rigid_drop(patch.template)

    def close(self) -> None:
        """Ends all patches."""
        for land in self._lands:
            self._drop(land, list(land.patches))
        self._lands.clear()


def _lifts(ground: Ground, key: Key, before: F32, places: F32) -> F64:
    """How far things at (n, 3) places have to rise with the ground of a patch, whose heights were `before`: what is
    under a surface falls."""
    x, y, z = places.astype(np.float64).T
    column = (x - ground.west_m) / ground.spacing_x_m - key[0] * CELLS
    row = (z - ground.north_m) / ground.spacing_z_m - key[1] * CELLS
    rows, columns = before.shape
    on = (column >= 0) & (column < columns - 1) & (row >= 0) & (row < rows - 1)
    j, i = np.where(on, column, 0).astype(int), np.where(on, row, 0).astype(int)
    tx, tz = column - j, row - i
    north = before[i, j] * (1 - tx) + before[i, j + 1] * tx
    south = before[i + 1, j] * (1 - tx) + before[i + 1, j + 1] * tx
    clear = y - (north * (1 - tz) + south * tz)
    lift = np.minimum(clear, LIFT_CLEAR_M) - (y - ground.heights(x, z))
    return np.where(on & (clear > -LIFT_CLEAR_M / 10), np.maximum(lift, 0.0), 0.0)
