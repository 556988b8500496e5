"""Questions to a navigation mesh: nearest places, paths, straight walks, places at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import BudgetError, ShapeError
from layerw.base.names import frozen
from layerw.base.ports import F32, F64
from layerw.kernels.gen.navigation import NavigationKernels
from layerw.navigation.mesh import NavMesh

FOUND, WHOLE = 1, 2  # navigation.h
CORNERS = 256  # of a single path
WALK = np.dtype([("found", "?"), ("share", "f4"), ("point", "f4", 3), ("normal", "f4", 3)])
WAY = np.dtype([("found", "?"), ("complete", "?"), ("count", "u4")])
REACH_MAX_M = 1e4
PLACE_MAX_M = 1e6
CORNERS_MAX = 1 << 24  # of one call: 192 MiB


@frozen
@dataclass(slots=True)
class Path:
    """A way: points (k, 3) metres, from the start to the end by the corners between; k is 0 where there is none.

    complete: whether it ends where it was to; else it ends as near as one gets. length: metres.
    """

    points: F64
    complete: bool

    def __len__(self) -> int:
        return len(self.points)

    def __bool__(self) -> bool:
        return len(self.points) > 0

    @property
    def length(self) -> float:
        """Metres."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum()) if len(self.points) else 0.0


@frozen
@dataclass(slots=True)
class Walk:
    """A straight walk: point (3,) where it ends, share of the way until there, normal (3,) of the edge there."""

    point: F64
    share: float
    normal: F64


class Queries:
    """Of one mesh."""

    def __init__(self, kernels: NavigationKernels, mesh: NavMesh) -> None:
        self._kernels, self._mesh = kernels, mesh

    def nearest(self, points: F32, reach: F32) -> tuple[F32, npt.NDArray[np.bool_]]:
        """Places, and whether there is one."""
        places, found = np.zeros((len(points), 3), np.float32), np.zeros(len(points), np.uint32)
        self._kernels.lw_nav_nearest(self._mesh.number, points, len(points), reach, places, found)
        places[found == 0] = np.nan
        return places, found > 0

    def paths(self, starts: F32, ends: F32, reach: F32, room: int) -> tuple[F32, npt.NDArray[np.void]]:
        """(n, room, 3) corners, NaN after the last one, and WAY of each."""
        count = len(starts)
        if count * room > CORNERS_MAX:
            raise BudgetError(f"app.navigation.paths was asked for {count} ways of {room} corners; it makes at most "
                              f"{CORNERS_MAX} corners a call: ask in parts, or with a smaller room=.")
        corners = np.full((count, room, 3), np.nan, np.float32)
        counts, bits = np.zeros(count, np.uint32), np.zeros(count, np.uint32)
        self._kernels.lw_nav_paths(self._mesh.number, starts, ends, count, reach, room, corners, counts, bits)
        ways = np.zeros(count, WAY)
        ways["found"], ways["complete"], ways["count"] = bits & FOUND > 0, bits & WHOLE > 0, counts
        return corners, ways

    def walks(self, starts: F32, ends: F32, reach: F32) -> npt.NDArray[np.void]:
        """WALK of each."""
        count = len(starts)
        hits, found = np.zeros((count, 7), np.float32), np.zeros(count, np.uint32)
        self._kernels.lw_nav_rays(self._mesh.number, starts, ends, count, reach, hits, found)
        out = np.zeros(count, WALK)
        out["found"], out["share"], out["point"], out["normal"] = found > 0, hits[:, 0], hits[:, 1:4], hits[:, 4:]
        return out

    def random(self, count: int, seed: int) -> F32:
        """Places, in no order."""
        places = np.zeros((count, 3), np.float32)
        made = self._kernels.lw_nav_random(self._mesh.number, seed, count, places)
        return places[np.random.default_rng(seed).permutation(made)]

    def triangles(self) -> F32:
        """(n, 3, 3) the mesh itself."""
        count = self._kernels.lw_nav_triangles(self._mesh.number, 0, np.zeros((1, 9), np.float32))
        found = np.zeros((max(count, 1), 9), np.float32)
        self._kernels.lw_nav_triangles(self._mesh.number, count, found)
        return found[:count].reshape(-1, 3, 3)


def reach_of(name: str, reach: npt.ArrayLike) -> F32:
    """Half sides of the box in which ground is near: one number, or three."""
    if checks.as_array(reach).ndim == 0:
        found = np.full(3, checks.number(f"{name} reach", reach, 0, REACH_MAX_M, above=True))
    else:
        found = checks.vector(f"{name} reach", reach)
        if (found <= 0).any() or (found > REACH_MAX_M).any():
            raise ShapeError(f"{name} reach is {checks.shown(reach)}; it takes metres above 0, at most "
                             f"{REACH_MAX_M:g}.")
    return found.astype(np.float32)


def pairs(name: str, starts: npt.ArrayLike, ends: npt.ArrayLike) -> tuple[F32, F32]:
    """(n, 3) both; one of them may be one for all."""
    a, b = _rows(f"{name} starts", starts), _rows(f"{name} ends", ends)
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise ShapeError(f"{name} was given {len(a)} starts and {len(b)} ends; they are as many, or one of them "
                         "is one.")
    count = max(len(a), len(b)) if len(a) and len(b) else 0
    return (np.ascontiguousarray(np.broadcast_to(a, (count, 3))), np.ascontiguousarray(np.broadcast_to(b, (count, 3))))


def _rows(name: str, value: Any) -> F32:
    return places(name, checks.vector(name, value)[None] if checks.as_array(value).ndim == 1 else value)


def places(name: str, value: npt.ArrayLike, rows: int | None = None) -> F32:
    """(n, 3) that the kernel can still measure from. Raises ShapeError."""
    found: F32 = checks.array(name, value, np.float32, (3,), rows=rows)
    if (np.abs(found) > PLACE_MAX_M).any():
        raise ShapeError(f"{name} has a place farther than {PLACE_MAX_M:g} m from the origin; none counts there.")
    return found
