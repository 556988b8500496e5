"""What agents walk around though it is in no mesh: things that move, as circles.

Owns: which entities, how wide they are, and their numbers in the kernel. Their places and velocities are read from the
entity table with each step, so bodies, characters and what a program moves are one. Limits: OBSTACLES_MAX; an agent
sees the 6 nearest of agents and obstacles, up to 8 of its radii from its middle.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import BudgetError, ConfigError
from layerw.base.ports import F32, U32
from layerw.kernels.gen.navigation import NavigationKernels
from layerw.scene.entity import Entities
from layerw.scene.row_values import check_owner
from layerw.scene.table import Table

OBSTACLES_MAX = 1024
RADIUS_MAX = 20.0
SPEED_MAX = 60.0  # m/s; what is faster was put elsewhere
CIRCLE = 8  # navigation.h
NOBODY = 0xFFFFFFFF
CELL_RADII, CELLS_OF_AN_AGENT = 3, 4  # of Detour's grid
NAME = "app.navigation.avoid"
Rows = npt.NDArray[np.intp]


class Obstacles:
    """All of an App, in the order in which they came."""

    def __init__(self, table: Table, kernels: NavigationKernels) -> None:
        self._table, self._kernels = table, kernels
        self.rows: Rows = np.zeros(0, np.intp)
        self._births: U32 = np.zeros(0, np.uint32)
        self._radii: F32 = np.zeros(0, np.float32)
        self._last: F32 = np.zeros((0, 3), np.float32)
        self._numbers: U32 = np.zeros(0, np.uint32)

    def checked(self, entities: Entities, radius: float | None) -> tuple[Rows, F32]:
        """See Navigation.avoid: the rows, and how wide each is, in metres; 0 ends it."""
        check_owner(f"{NAME} entities", entities, self._table)
        entities._check()
        rows = np.unique(entities._numbers())
        if radius is not None:
            radius = checks.number(f"{NAME} radius", radius, 0, RADIUS_MAX)
        if (self._table.parent[rows] >= 0).any():
            raise ConfigError(f"{NAME} was given an entity that has a parent; give the parent.")
        scale = np.abs(self._table.scale[rows]).max(axis=1)
        wide = self._table.radius[rows] * scale if radius is None else np.full(len(rows), radius)
        if radius is None and (~(wide > 0) | (wide > RADIUS_MAX)).any():
            raise ConfigError(f"{NAME} was given an entity that is no mesh, or wider than {RADIUS_MAX:g} m; say its "
                              "radius=, or give what stands to `bake`.")
        if radius != 0 and len(np.union1d(self.rows, rows)) > OBSTACLES_MAX:
            raise BudgetError(f"{NAME} was given {len(rows)} entities with {len(self.rows)} here; there are at most "
                              f"{OBSTACLES_MAX}.")
        return rows, wide.astype(np.float32)

    def put(self, rows: Rows, wide: F32, mesh: int | None) -> None:
        """They are here, or no more where they are 0 wide. mesh: the kernel's, or None: there is none yet."""
        self._drop(np.isin(self.rows, rows), mesh)
        rows, wide = rows[wide > 0], wide[wide > 0]
        self.rows = np.concatenate([self.rows, rows])
        self._births = np.concatenate([self._births, self._table.birth[rows].astype(np.uint32)])
        self._radii = np.concatenate([self._radii, wide])
        self._last = np.concatenate([self._last, self._table.position[rows]])
        self._numbers = np.concatenate([self._numbers, np.full(len(rows), NOBODY, np.uint32)])

    def room(self, agent_radius: float, rows: Rows, wide: F32) -> int:
        """As how many agents they count in the kernel, whose grid has cells for so many, once `rows` are put."""
        radii = np.concatenate([self._radii[~np.isin(self.rows, rows)], wide[wide > 0]]).astype(np.float64)
        across = 2 * radii / (CELL_RADII * agent_radius) + 2
        return math.ceil(float((across**2).sum()) / CELLS_OF_AN_AGENT) + len(radii)

    def forget_dead(self, mesh: int | None) -> None:
        """Despawned ones are no more in the way, and their places are free."""
        dead = self._table.birth[self.rows] != self._births
        if dead.any():
            self._drop(dead, mesh)

    def leave(self) -> None:
        """The kernel's crowd is another one."""
        self._numbers[:] = NOBODY

    def step(self, mesh: int, dt: float, agents: Rows) -> None:
        """Where they are now, for the kernel. agents: rows that walk themselves; nobody is in his own way."""
        if not len(self.rows):
            return
        position = self._table.position[self.rows]
        hidden = np.isin(self.rows, agents) | ~np.isfinite(position).all(axis=1)
        self._hide(hidden, mesh)
        seen = np.flatnonzero(~hidden)
        way = position[seen] - self._last[seen]
        self._last = position.copy()
        circles = np.zeros((len(seen), CIRCLE), np.float32)
        circles[:, :3], circles[:, 6], circles[:, 7] = position[seen], self._radii[seen], 2 * self._radii[seen]
        circles[:, 1] -= self._radii[seen]
        is_walk = np.sqrt((way**2).sum(axis=1)) <= SPEED_MAX * dt
        circles[:, 3:6] = np.where(is_walk[:, None], way / np.float32(dt), np.float32(0))
        numbers = self._numbers[seen]
        self._kernels.lw_nav_avoid(mesh, circles, len(seen), numbers)
        self._numbers[seen] = numbers

    def _hide(self, which: npt.NDArray[np.bool_], mesh: int | None) -> None:
        held = which & (self._numbers != NOBODY)
        if mesh is not None and held.any():
            self._kernels.lw_nav_remove(mesh, np.ascontiguousarray(self._numbers[held]), int(held.sum()))
        self._numbers[which] = NOBODY

    def _drop(self, which: npt.NDArray[np.bool_], mesh: int | None) -> None:
        self._hide(which, mesh)
        for name in ("rows", "_births", "_radii", "_last", "_numbers"):
            setattr(self, name, np.ascontiguousarray(getattr(self, name)[~which]))
