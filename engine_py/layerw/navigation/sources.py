"""What a mesh is baked from: triangles of entities, of arrays, and of the ground of worlds.

Owns: the triangles in the world's metres while tiles are baked, and which of them reach into a tile. Does not bake.
Limits: meshes that Python knows; a loaded model is on the GPU only. TRIANGLES_MAX.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import BudgetError, ConfigError, KindError, ShapeError
from layerw.base.ports import F32, MeshData
from layerw.scene.entity import Entities
from layerw.scene.hierarchy import world_matrix
from layerw.scene.row_values import check_owner
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.content.worlds import World
    from layerw.stream.ground import Ground

TRIANGLES_MAX = 4_000_000
TRIANGLE_BYTES = 9 * 4 + 1 + 4 * 4  # corners, whether one may stand on it, and its box over xz
FAR_M = 1e5
SAYS = "entities, a World, or (positions, indices)"
Box = tuple[float, float, float, float]  # west, north, east, south


@dataclass(frozen=True, slots=True)
class Soup:
    """Triangles: (n, 9) corners, (n,) whether one may stand on them, (n, 4) their boxes over xz."""

    corners: F32
    walkable: npt.NDArray[np.uint8]
    boxes: F32

    def within(self, box: Box) -> tuple[F32, npt.NDArray[np.uint8]]:
        """Those that reach into a box, in their order."""
        west, north, east, south = box
        b = self.boxes
        found = np.flatnonzero((b[:, 0] <= east) & (b[:, 2] >= west) & (b[:, 1] <= south) & (b[:, 3] >= north))
        return self.corners[found], self.walkable[found]


def soup_of(corners: F32, walkable: npt.NDArray[np.uint8]) -> Soup:
    """With the boxes."""
    x, z = corners[:, 0::3], corners[:, 2::3]
    return Soup(corners, walkable, np.stack([x.min(1), z.min(1), x.max(1), z.max(1)], axis=1))


class Sources:
    """Things to walk on, and things in the way; `gather` reads them as they are now."""

    def __init__(self, name: str, things: object, obstacles: object, table: Table) -> None:
        self._table = table
        self.worlds: list[World] = []
        self._groups: list[tuple[Entities, bool]] = []
        self._arrays: list[tuple[F32, bool]] = []
        self._take(name, things, walkable=True)
        if obstacles is not None:
            self._take(f"{name} obstacles", obstacles, walkable=False)

    def _take(self, name: str, things: object, *, walkable: bool) -> None:
        for thing in _listed(name, things):
            if isinstance(thing, Entities):
                check_owner(name, thing, self._table)
                thing._check()
                self._groups.append((thing, walkable))
            elif isinstance(thing, tuple):
                self._arrays.append((_corners(name, thing), walkable))
            else:
                from layerw.content.worlds import World  # programs without any import nothing of it

                if not isinstance(thing, World) or not walkable:
                    raise KindError(f"{name} is {checks.shown(thing)}; it takes {SAYS}, or a list of them.")
                self.worlds.append(thing)

    @property
    def waits(self) -> bool:
        """Whether the ground of a world is on its way."""
        return any(world.state in ("loading", "retrying") for world in self.worlds)

    def grounds(self) -> list[Ground]:
        """Of the worlds. Raises ConfigError where one has none."""
        found = []
        for world in self.worlds:
            ground = world._streamer.ground
            if ground is None:
                raise ConfigError(f"The world {world.url} has no ground grid, so nothing can be baked from it; "
                                  "layerw's own worlds (`layerw bake`) have one.")
            found.append(ground)
        return found

    def gather(self, meshes: dict[int, MeshData]) -> Soup:
        """All triangles but those of worlds, where they are now.

        Raises:
            BudgetError: more than TRIANGLES_MAX. ConfigError: an entity has no mesh of Python's.
        """
        parts = [part for group, walkable in self._groups if group.alive_mask.any()
                 for part in self._of(group, walkable, meshes)]
        parts += [(corners, walkable) for corners, walkable in self._arrays]
        if not parts:
            return soup_of(np.zeros((0, 9), np.float32), np.zeros(0, np.uint8))
        corners = np.concatenate([part for part, _ in parts])
        if not np.isfinite(corners).all() or (np.abs(corners) > FAR_M).any():
            raise ConfigError(f"app.navigation was given triangles that are no numbers or farther than {FAR_M:g} m "
                              "from the origin.")
        walkable = np.concatenate([np.full(len(part), flag, np.uint8) for part, flag in parts])
        return soup_of(corners, walkable)

    def count(self, meshes: dict[int, MeshData]) -> int:
        """Of triangles, before any is made."""
        total = sum(len(corners) for corners, _ in self._arrays)
        for group, _ in self._groups:
            for handle, rows in _by_mesh(self._table, group):
                total += len(rows) * (_mesh(meshes, handle).indices.size // 3)
        if total > TRIANGLES_MAX:
            raise BudgetError(f"app.navigation.bake was given {total} triangles; it takes at most {TRIANGLES_MAX}: "
                              "give it plainer meshes to walk on, or bake in parts.")
        return total

    def _of(self, group: Entities, walkable: bool, meshes: dict[int, MeshData]) -> list[tuple[F32, bool]]:
        table, found = self._table, []
        for handle, rows in _by_mesh(table, group):
            data = _mesh(meshes, handle)
            local = data.positions.astype(np.float64)[data.indices.reshape(-1)]
            for row in rows.tolist():
                matrix, place = world_matrix(table.parent, table.position, table.rotation, table.scale, row)
                corners = (local @ matrix.T + place).astype(np.float32).reshape(-1, 3, 3)
                if np.linalg.det(matrix) < 0:
                    corners = corners[:, ::-1]  # a mirrored one shows its other side
                found.append((np.ascontiguousarray(corners).reshape(-1, 9), walkable))
        return found


def _by_mesh(table: Table, group: Entities) -> list[tuple[int, npt.NDArray[np.intp]]]:
    rows = group._numbers()[group.alive_mask]
    handles = table.mesh[rows]
    return [(int(handle), rows[handles == handle]) for handle in np.unique(handles)]


def _mesh(meshes: dict[int, MeshData], handle: int) -> MeshData:
    if handle not in meshes:
        raise ConfigError("app.navigation.bake was given an entity without a mesh of Python's (a loaded model is on "
                          "the GPU only); give (positions, indices) of what to walk on.")
    return meshes[handle]


def _listed(name: str, things: object) -> Sequence[object]:
    if isinstance(things, list):
        if not things:
            raise ConfigError(f"{name} is an empty list; it takes {SAYS}, or a list of them.")
        return things
    return [things]


def _corners(name: str, pair: tuple[Any, ...]) -> F32:
    if len(pair) != 2:
        raise ShapeError(f"{name} is a tuple of {len(pair)}; arrays are given as (positions, indices).")
    positions = checks.array(f"{name} positions", pair[0], np.float32, (3,))
    indices = checks.as_array(pair[1])
    if indices.dtype.kind not in "iu" or indices.size % 3 or not indices.size:
        raise ShapeError(f"{name} indices has shape {indices.shape} and dtype {indices.dtype}; it takes whole numbers, "
                         "three a triangle.")
    if indices.min() < 0 or indices.max() >= len(positions):
        raise ShapeError(f"{name} indices has {int(indices.min())} to {int(indices.max())}; there are "
                         f"{len(positions)} positions.")
    if indices.size // 3 > TRIANGLES_MAX:
        raise BudgetError(f"{name} has {indices.size // 3} triangles; it takes at most {TRIANGLES_MAX}: give it a "
                          "plainer mesh to walk on, or bake in parts.")
    found: F32 = positions[indices.reshape(-1)].reshape(-1, 9)
    return found


def ground_triangles(grounds: Iterable[Ground], box: Box) -> F32:
    """(n, 9) of the cells of worlds' grids that reach into a box; each cell is split as it is drawn."""
    found = []
    for ground in grounds:
        west, north, east, south = box
        first = max(int((west - ground.west_m) // ground.spacing_x_m), 0)
        last = min(int((east - ground.west_m) // ground.spacing_x_m) + 1, ground.columns - 1)
        top = max(int((north - ground.north_m) // ground.spacing_z_m), 0)
        bottom = min(int((south - ground.north_m) // ground.spacing_z_m) + 1, ground.rows - 1)
        if last <= first or bottom <= top:
            continue
        codes = ground.codes[top : bottom + 1, first : last + 1]
        x = ground.west_m + np.arange(first, last + 1) * ground.spacing_x_m
        z = ground.north_m + np.arange(top, bottom + 1) * ground.spacing_z_m
        places = np.stack(np.broadcast_arrays(x[None], codes * ground.scale_m + ground.offset_m, z[:, None]), axis=-1)
        nw, ne, sw, se = places[:-1, :-1], places[:-1, 1:], places[1:, :-1], places[1:, 1:]
        cells = np.stack([nw, sw, se, nw, se, ne], axis=2)
        found.append(cells.astype(np.float32).reshape(-1, 9))
    return np.concatenate(found) if found else np.zeros((0, 9), np.float32)
