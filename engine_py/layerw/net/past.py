"""The past: where shared things were in the last second, and what a player saw of it when he acted.

Owns: positions of the last ticks. Players see them blended between two ticks, a little in the past; which tick that was
they say with what they send, within that second. `app.net.rewind(player)` gives it for rays and hits.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, HandleError
from layerw.base.names import frozen
from layerw.base.settings import fixed_attributes
from layerw.net.schema import Rows
from layerw.scene.entity import Entities, Entity
from layerw.scene.table import Table

KEPT_S = 1.0
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tick:
    """rows ascending; births of their entities; positions (n, 3); owners: players' numbers."""

    number: int
    rows: Rows
    births: npt.NDArray[np.uint32]
    positions: F32
    owners: npt.NDArray[np.uint16]


class Past:
    """The last ticks of a room."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._ticks: deque[Tick] = deque()

    def put(self, number: int, rows: Rows, owners: npt.NDArray[np.uint16], tick_rate: int) -> None:
        """The newest."""
        table = self._table
        self._ticks.append(Tick(number, rows, table.birth[rows], table.position[rows], owners))
        while len(self._ticks) > KEPT_S * tick_rate + 1:
            self._ticks.popleft()

    def at(self, shown: float, tick_rate: int, player: int) -> Rewound:
        """What was seen with that tick on the screen, not older than the oldest; but for what is the player's."""
        if not self._ticks:
            nothing = np.zeros(0, np.intp)
            return Rewound(self._table, nothing, np.zeros((0, 3), np.float32), 0.0, 0.0, nothing)
        newest = self._ticks[-1]
        wanted = min(max(shown, self._ticks[0].number), newest.number)
        one = [tick for tick in self._ticks if tick.number <= wanted][-1]
        other = next((tick for tick in self._ticks if tick.number > one.number), one)
        share = 0.0 if other is one else (wanted - one.number) / (other.number - one.number)
        places = one.positions.copy()
        if share and len(other.rows):
            at = np.minimum(np.searchsorted(other.rows, one.rows), len(other.rows) - 1)
            both = (other.rows[at] == one.rows) & (other.births[at] == one.births)
            places[both] += (other.positions[at[both]] - places[both]) * np.float32(share)
        alive = self._table.birth[one.rows] == one.births
        rows, places = one.rows[alive], places[alive]
        return Rewound(self._table, rows, places, wanted, (newest.number - wanted) / tick_rate,
                       rows[one.owners[alive] == player])  # fmt: skip


@frozen
class RewoundHit(NamedTuple):
    """What a ray met: the entity as it is now, metres along the ray, and (3,) where, as it was then."""

    entity: Entity
    distance: float
    point: F64


@fixed_attributes
class Rewound:
    """Shared things as a player saw them: `app.net.rewind(player).ray(origin, direction)`.

    Attributes:
        entities: that he saw and that are still there.
        positions: (n, 3) metres, of the same order: where he saw them.
        tick: of the room, with its part. ago_s: seconds before the room's newest.
    """

    FIXED = ("entities", "positions", "tick", "ago_s")

    def __init__(self, table: Table, rows: Rows, positions: F32, tick: float, ago_s: float, own: Rows) -> None:
        self.entities = Entities.of_rows(table, rows)
        self.positions, self.tick, self.ago_s = positions, tick, ago_s
        self._table, self._rows, self._own = table, rows, own

    def position(self, entity: Entity) -> F32:
        """(3,) metres, where he saw this one. Raises HandleError where he did not."""
        checks.instance("Rewound.position entity", entity, Entity, "an Entity")
        found = np.flatnonzero(self._rows == entity.first_row)
        if not len(found):
            raise HandleError("This entity was not there, or is no shared one.")
        place: F32 = self.positions[found[0]].copy()
        return place

    def ray(self, origin: npt.ArrayLike, direction: npt.ArrayLike, *, radius: float = 0.5, height: float = 0.0,
            max_distance: float = 1000.0) -> RewoundHit | None:  # fmt: skip
        """What a ray meets first: of the player's own nothing; None: nothing at all.

        Args:
            origin: (3,) metres. direction: (3,), any length but 0.
            radius: metres around the things' positions.
            height: metres that they reach upwards from there, as characters do; 0: they are spheres.
            max_distance: metres.
        """
        start = checks.vector("Rewound.ray origin", origin)
        way = checks.vector("Rewound.ray direction", direction)
        length = float(np.linalg.norm(way))
        if length == 0:
            raise ConfigError("Rewound.ray direction has no length; it says where the ray goes.")
        radius = checks.number("Rewound.ray radius", radius, 0, 1e6, above=True)
        height = checks.number("Rewound.ray height", height, 0, 1e6)
        most = checks.number("Rewound.ray max_distance", max_distance, 0)
        others = ~np.isin(self._rows, self._own)
        rows, places = self._rows[others], self.positions[others].astype(np.float64)
        away = _distances(places - start, way / length, radius, max(height - 2 * radius, 0.0), height > 0)
        best = int(np.argmin(away)) if len(away) else 0
        if not len(away) or away[best] > most:
            return None
        point = start + way / length * away[best]
        return RewoundHit(Entity(self._table, int(rows[best])), float(away[best]), point)


def _distances(to: F64, way: F64, radius: float, length: float, stands: bool) -> F64:
    """(n,) metres along a ray from 0 to upright capsules whose feet, or spheres whose middles, are at `to` (n, 3); inf:
    not met. 0 where it begins inside. Source: Ericson, Real-Time Collision Detection, 5.3.7."""
    low = to + np.array([0, radius if stands else 0.0, 0])
    best = np.minimum(_spheres(low, way, radius), _spheres(low + np.array([0, length, 0]), way, radius))
    flat = float(way[0] ** 2 + way[2] ** 2)
    if length > 0 and flat > 1e-12:
        b = low[:, 0] * way[0] + low[:, 2] * way[2]
        under = b * b - flat * (low[:, 0] ** 2 + low[:, 2] ** 2 - radius**2)
        along = (b - np.sqrt(np.maximum(under, 0))) / flat
        inside = (low[:, 0] ** 2 + low[:, 2] ** 2 < radius**2) & (low[:, 1] <= 0) & (low[:, 1] + length >= 0)
        height = along * way[1] - low[:, 1]
        met = (under >= 0) & (along >= 0) & (height >= 0) & (height <= length)
        best = np.minimum(best, np.where(inside, 0.0, np.where(met, along, np.inf)))
    found: F64 = best
    return found


def _spheres(to: F64, way: F64, radius: float) -> F64:
    b = to @ way
    c = (to * to).sum(axis=1) - radius**2
    under = b * b - c
    along = b - np.sqrt(np.maximum(under, 0))
    found: F64 = np.where(c <= 0, 0.0, np.where((under >= 0) & (along >= 0), along, np.inf))
    return found
