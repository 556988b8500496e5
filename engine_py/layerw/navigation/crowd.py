"""Agents: entities that walk on the mesh and give way to each other.

Owns: columns of what each wants and is, which row of the entity table it moves, and its number in the kernel; agents.py
is what programs hold. Positions land in the table's own column; what a program writes there puts the agent elsewhere.
Limits: AGENTS_MAX; agents meet the mesh, each other, and what obstacles.py has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import BudgetError, ConfigError
from layerw.base.log import Log
from layerw.base.ports import F32, U32
from layerw.kernels.gen.navigation import NavigationKernels
from layerw.navigation.mesh import NavMesh
from layerw.navigation.obstacles import Obstacles
from layerw.scene.entity import Entities
from layerw.scene.row_values import check_owner
from layerw.scene.table import STATIC_FLAG, Table

AGENTS_MAX = 8192
RECORD = 6  # navigation.h
RADIUS, HEIGHT, SPEED, ACCELERATION, APART, AVOIDS = range(RECORD)
STATE = 10
PLACE, VELOCITY, WANTED, DOING = slice(0, 3), slice(3, 6), slice(6, 9), 9
IDLE, GOES, LOST = range(3)
NOBODY = 0xFFFFFFFF
NOTHING, TARGET, STEERED = range(3)  # what an agent is to do
REACH = np.array((4.0, 8.0, 4.0), np.float32)  # of targets to the ground
STALLED_STEPS = 60  # without coming nearer: who stands around a place that is taken has arrived
CLOSER = 0.1  # of the radius: what counts as nearer
ROOM = 2.5  # how far from the place the nth of them stands, in radii and square roots of n
TURN_RATE = 10.0  # a second: how much of the way to the new heading
SENT_MAX = 200  # ways that are planned in one step; more wait for the next
ROOM_MAX = 1 << 18  # agents and what obstacles count as: 200 MB in the kernel
Rows = npt.NDArray[np.intp]
NOTHING_NEW = (np.zeros(0, np.intp), np.zeros(0, np.float32))


def agent_record(speed: float, acceleration: float, radius: float | None, height: float | None, apart: float,
                 avoids: bool) -> F32:  # fmt: skip
    """(6,) checked; radius and height 0: the bake's."""
    name = "app.navigation.add"
    return np.array([
        0 if radius is None else checks.number(f"{name} radius", radius, 0.01, 100),
        0 if height is None else checks.number(f"{name} height", height, 0.01, 100),
        checks.number(f"{name} speed", speed, 0, 1000), checks.number(f"{name} acceleration", acceleration, 0, 1e4),
        checks.number(f"{name} apart", apart, 0, 100), checks.flag(f"{name} avoids", avoids)], np.float32)  # fmt: skip


class Crowd:
    """All agents of an App, in the order in which they came."""

    def __init__(self, table: Table, log: Log, kernels: NavigationKernels) -> None:
        self._table, self._log, self._kernels = table, log, kernels
        self._mesh: NavMesh | None = None
        self.obstacles = Obstacles(table, kernels)
        self._room, self._radius_max = 0, 0.0
        self._retry = False
        self.rows = np.zeros(0, np.intp)
        self.births = np.zeros(0, np.uint32)
        self.numbers: U32 = np.zeros(0, np.uint32)
        self.records: F32 = np.zeros((0, RECORD), np.float32)
        self.turns = np.zeros(0, np.int8)  # 1: their -Z turns to where they go, -1: their +Z, 0: nothing does
        self.feet: F32 = np.zeros(0, np.float32)
        self.states: F32 = np.zeros((0, STATE), np.float32)
        self.wants = np.zeros(0, np.uint8)
        self.goals: F32 = np.zeros((0, 3), np.float32)
        self.unsent = np.zeros(0, np.bool_)
        self.headings: F32 = np.zeros((0, 2), np.float32)
        self.nearest: F32 = np.zeros(0, np.float32)  # metres to where they were sent, the least so far
        self.stalled = np.zeros(0, np.int32)  # steps since that
        self._last: F32 = np.zeros((0, 3), np.float32)  # positions as the table has them
        self._deaths = table.deaths

    COLUMNS = ("rows", "births", "numbers", "records", "turns", "feet", "states", "wants", "goals", "unsent",
               "headings", "nearest", "stalled", "_last")

    @property
    def count(self) -> int:
        """Of agents."""
        return len(self.rows)

    def slots(self, rows: Rows) -> npt.NDArray[np.intp]:
        """Of rows, -1 where one is no agent."""
        order = np.argsort(self.rows, kind="stable")
        at = np.searchsorted(self.rows[order], rows)
        found = np.full(len(rows), -1, np.intp)
        near = at < len(order)
        held = order[at[near]]
        found[near] = np.where((self.rows[held] == rows[near]) & (self.births[held] == self._table.birth[rows[near]]),
                               held, -1)  # fmt: skip
        return found

    def moves(self, rows: Rows) -> bool:
        """Whether one of them is an agent."""
        self._forget_dead()
        return bool((self.slots(rows) >= 0).any())

    # -- who there is ----------------------------------------------------------------------------

    def add(self, entities: Entities, record: F32, turns: int, feet: float) -> None:
        """See Navigation.add."""
        table, name = self._table, "app.navigation.add"
        check_owner(f"{name} entities", entities, table)
        entities._check()
        self._forget_dead()
        rows = entities._numbers()
        if len(np.unique(rows)) < len(rows):
            raise ConfigError(f"{name} was given an entity twice; it walks once.")
        if (table.parent[rows] >= 0).any():
            raise ConfigError(f"{name} was given an entity that has a parent; an agent moves by itself. Add the "
                              "parent, or set its parent to None before.")
        if (table.flags[rows] & STATIC_FLAG).any():
            raise ConfigError(f"{name} was given an entity that was spawned with static=True; spawn it without.")
        if (self.slots(rows) >= 0).any():
            raise ConfigError(f"{name} was given an entity that is an agent; `agents.remove()` ends that.")
        if self.count + len(rows) > AGENTS_MAX:
            raise BudgetError(f"{name} was given {len(rows)} entities with {self.count} agents here; there are at most "
                              f"{AGENTS_MAX}.")
        places = table.position[rows]
        if not np.isfinite(places).all():
            raise ConfigError(f"{name} was given entities whose position is no number.")
        count = len(rows)
        headings = _headings(table.rotation[rows]) * np.float32(turns or 1)
        for column, values in zip(self.COLUMNS, (
                rows, table.birth[rows], np.full(count, NOBODY), np.tile(record, (count, 1)), np.full(count, turns),
                np.full(count, feet), np.zeros((count, STATE)), np.zeros(count), np.zeros((count, 3)),
                np.zeros(count, np.bool_), headings, np.full(count, np.inf), np.zeros(count), places),
                strict=True):  # fmt: skip
            old = getattr(self, column)
            setattr(self, column, np.concatenate([old, np.asarray(values, old.dtype)]))
        new = np.arange(self.count - count, self.count)
        self.states[new, PLACE] = places - np.array((0, feet, 0), np.float32)
        self.states[new, DOING] = LOST
        if self._mesh is not None:
            try:
                self._fit()
            except BudgetError:
                self.remove(new)
                raise

    def remove(self, slots: npt.NDArray[np.intp]) -> None:
        """They walk no more."""
        numbers = self.numbers[slots]
        held = np.ascontiguousarray(numbers[numbers != NOBODY])
        if self._mesh is not None and len(held):
            self._kernels.lw_nav_remove(self._mesh.number, held, len(held))
        keep = np.ones(self.count, np.bool_)
        keep[slots] = False
        for column in self.COLUMNS:
            setattr(self, column, np.ascontiguousarray(getattr(self, column)[keep]))

    def _forget_dead(self) -> None:
        if self._deaths != self._table.deaths:
            self._deaths = self._table.deaths
            dead = np.flatnonzero(self._table.birth[self.rows] != self.births)
            if len(dead):
                self.remove(dead)
            self.obstacles.forget_dead(self._number)

    @property
    def _number(self) -> int | None:
        """Of the mesh whose crowd the kernel has."""
        return self._mesh.number if self._mesh is not None and self._room else None

    # -- the mesh under them ---------------------------------------------------------------------

    def enter(self, mesh: NavMesh) -> None:
        """They walk on another mesh."""
        self._mesh, self._room = mesh, 0
        self._fit()

    def leave(self) -> None:
        """Their mesh ends."""
        self._mesh, self._room = None, 0
        self.numbers[:] = NOBODY
        self.obstacles.leave()

    def avoid(self, entities: Entities, radius: float | None) -> None:
        """See Navigation.avoid."""
        self._forget_dead()
        rows, wide = self.obstacles.checked(entities, radius)
        if self._mesh is not None:
            self._make_room(rows, wide)
        self.obstacles.put(rows, wide, self._number)
        if self._mesh is not None:
            self._fit()

    def ground_changed(self) -> None:
        """Tiles came or changed: those without ground look again."""
        self._retry = True

    def _make_room(self, rows: Rows, wide: F32) -> None:
        """A crowd of the kernel for all that there are, once the obstacles `rows` are `wide`.

        Raises:
            BudgetError: there is no memory for it; the crowd is what it was.
        """
        mesh = self._mesh
        assert mesh is not None
        if not self.count:
            return
        radius = float(self._records(slice(None))[:, RADIUS].max())
        wanted = self.count + self.obstacles.room(radius, rows, wide)
        if wanted <= self._room and radius <= self._radius_max:
            return
        room = max(64, 1 << (wanted - 1).bit_length())
        if room > ROOM_MAX or not self._kernels.lw_nav_crowd(mesh.number, room, radius):
            raise BudgetError(f"There is no memory for {self.count} agents with these obstacles, which are wide beside "
                              "them; avoid fewer or smaller ones, or give what stands to `bake`.")
        self._room, self._radius_max = room, radius
        self.numbers[:] = NOBODY
        self.obstacles.leave()

    def _fit(self) -> None:
        """Makes room, and puts those on the ground that are not there yet."""
        mesh = self._mesh
        assert mesh is not None
        self._make_room(*NOTHING_NEW)
        records = self._records(slice(None))
        bare = np.flatnonzero(self.numbers == NOBODY)
        if not len(bare):
            return
        numbers = np.zeros(len(bare), np.uint32)
        self._kernels.lw_nav_add(mesh.number, np.ascontiguousarray(self.states[bare, PLACE]),
                                 np.ascontiguousarray(records[bare]), len(bare), numbers)
        self.numbers[bare] = numbers
        on = bare[numbers != NOBODY]
        self.states[on, DOING] = IDLE
        self.unsent[on] = self.wants[on] != NOTHING

    def _records(self, slots: Any) -> F32:
        assert self._mesh is not None
        found: F32 = self.records[slots].copy()
        walker = self._mesh.walker
        found[:, RADIUS] = np.where(found[:, RADIUS] > 0, found[:, RADIUS], walker.radius)
        found[:, HEIGHT] = np.where(found[:, HEIGHT] > 0, found[:, HEIGHT], walker.height)
        return found

    def change(self, slots: npt.NDArray[np.intp], column: int, value: Any) -> None:
        """Another speed, say."""
        self.records[slots, column] = value
        self.unsent[slots] |= self.wants[slots] == STEERED
        on = slots[self.numbers[slots] != NOBODY]
        if self._mesh is not None and len(on):
            self._kernels.lw_nav_change(self._mesh.number, np.ascontiguousarray(self.numbers[on]), self._records(on),
                                        len(on))  # fmt: skip

    def want(self, slots: npt.NDArray[np.intp], what: int, goals: Any) -> None:
        """From the next step on."""
        self.wants[slots], self.goals[slots], self.unsent[slots] = what, goals, True
        self.nearest[slots], self.stalled[slots] = np.inf, 0

    # -- the step --------------------------------------------------------------------------------

    def step(self, dt: float) -> None:
        """One step of all; places go to the table."""
        mesh = self._mesh
        self._forget_dead()
        if mesh is None or not self.count:
            return
        if self._retry:
            self._retry = False
            self._fit()
        self._take_writes(mesh)
        self._send(mesh)
        on = np.flatnonzero(self.numbers != NOBODY)
        if not len(on):
            return
        self.obstacles.step(mesh.number, dt, self.rows)
        self._kernels.lw_nav_step(mesh.number, dt)
        out = np.zeros((len(on), STATE), np.float32)
        self._kernels.lw_nav_state(mesh.number, np.ascontiguousarray(self.numbers[on]), len(on), out)
        before, self.states[on] = self.states[on, DOING], out
        self.states[on, DOING] = np.where((before == LOST) & (out[:, DOING] == IDLE), LOST, out[:, DOING])
        self._arrive(mesh, on)
        self._write(on, dt)

    def _take_writes(self, mesh: NavMesh) -> None:
        now = self._table.columns["position"].array[self.rows]
        moved = np.flatnonzero((now != self._last).any(axis=1) & np.isfinite(now).all(axis=1))
        if not len(moved):
            return
        self._last[moved] = now[moved]
        places = now[moved].copy()
        places[:, 1] -= self.feet[moved]
        self.states[moved, PLACE] = places
        on = self.numbers[moved] != NOBODY
        numbers, found = np.ascontiguousarray(self.numbers[moved[on]]), np.zeros(int(on.sum()), np.uint32)
        self._kernels.lw_nav_place(mesh.number, numbers, np.ascontiguousarray(places[on]), len(numbers), found)
        lost = moved[on][found == 0]
        if len(lost):  # no ground there: they wait for it
            self._kernels.lw_nav_remove(mesh.number, np.ascontiguousarray(self.numbers[lost]), len(lost))
            self.numbers[lost], self.states[lost, DOING] = NOBODY, LOST
        self.unsent[moved] = self.wants[moved] != NOTHING
        self._retry = self._retry or not on.all()

    def _send(self, mesh: NavMesh) -> None:
        waiting = np.flatnonzero(self.unsent & (self.numbers != NOBODY))
        if not len(waiting):
            return
        wants, numbers = self.wants[waiting], self.numbers[waiting]
        targets = np.flatnonzero(wants == TARGET)[:SENT_MAX]
        steered = np.flatnonzero(wants == STEERED)
        if len(steered):
            self._kernels.lw_nav_steer(mesh.number, np.ascontiguousarray(numbers[steered]),
                                       self._limited(waiting[steered]), len(steered))
            self.unsent[waiting[steered]] = False
        idle = np.flatnonzero(wants == NOTHING)
        if len(idle):
            self._kernels.lw_nav_halt(mesh.number, np.ascontiguousarray(numbers[idle]), len(idle))
            self.unsent[waiting[idle]] = False
        if len(targets):
            found = np.zeros(len(targets), np.uint32)
            slots = waiting[targets]
            self._kernels.lw_nav_send(mesh.number, np.ascontiguousarray(numbers[targets]),
                                      np.ascontiguousarray(self.goals[slots]), len(targets), REACH, found)
            self.unsent[slots] = False
            self.states[slots, DOING] = np.where(found > 0, GOES, LOST)
            lost = slots[found == 0]
            if len(lost):
                self._kernels.lw_nav_halt(mesh.number, np.ascontiguousarray(self.numbers[lost]), len(lost))

    def _limited(self, slots: npt.NDArray[np.intp]) -> F32:
        """What they are steered with, no faster than they can."""
        goals, speed = self.goals[slots], self.records[slots, SPEED]
        length = np.sqrt((goals.astype(np.float64) ** 2).sum(axis=1))
        found: F32 = goals * (np.minimum(length, speed) / np.maximum(length, 1e-6))[:, None].astype(np.float32)
        return np.ascontiguousarray(found, np.float32)

    def _arrive(self, mesh: NavMesh, on: npt.NDArray[np.intp]) -> None:
        """Those that are where they were sent, or as near as others let them, stand, and others may pass them by."""
        going = on[(self.wants[on] == TARGET) & (self.states[on, DOING] == GOES)]
        radius = self._records(going)[:, RADIUS]
        away = self.states[going, PLACE] - self.goals[going]
        far = np.sqrt(away[:, 0] ** 2 + away[:, 2] ** 2)
        nearer = far < self.nearest[going] - CLOSER * radius
        self.nearest[going] = np.where(nearer, far, self.nearest[going])
        self.stalled[going] = np.where(nearer, 0, self.stalled[going] + 1)
        there = going[((far < 0.5 * radius) | self._crowded(on, going, far, radius)) & (np.abs(away[:, 1]) < REACH[1])]
        if len(there):
            self._kernels.lw_nav_halt(mesh.number, np.ascontiguousarray(self.numbers[there]), len(there))
            self.wants[there], self.states[there, DOING] = NOTHING, IDLE

    def _crowded(self, on: npt.NDArray[np.intp], going: npt.NDArray[np.intp], far: F32, radius: F32) -> Any:
        """(n,) whether they come no nearer because others stand there."""
        found = np.zeros(len(going), np.bool_)
        stalled = np.flatnonzero((self.stalled[going] > 0) & (self.stalled[going] % STALLED_STEPS == 0))
        if len(stalled):
            away = self.states[on, PLACE][None, :, [0, 2]] - self.goals[going[stalled]][:, None, [0, 2]]
            before = (np.sqrt((away**2).sum(axis=2)) < (far + radius)[stalled, None]).sum(axis=1)  # itself, too
            found[stalled] = (before > 1) & (far[stalled] < ROOM * radius[stalled] * np.sqrt(before))
        return found

    def _write(self, on: npt.NDArray[np.intp], dt: float) -> None:
        rows, position = self.rows[on], self._table.columns["position"]
        places = self.states[on, PLACE].copy()
        places[:, 1] += self.feet[on]
        self._last[on] = places
        position.array[rows] = places
        position.touch_rows(rows)
        turning = on[self.turns[on] != 0]
        velocity = self.states[turning, VELOCITY][:, [0, 2]]
        speed = np.sqrt((velocity**2).sum(axis=1))
        walks = speed > 0.1
        turning, wanted = turning[walks], velocity[walks] / speed[walks, None]
        if len(turning):
            heading = self.headings[turning]
            heading = heading + (wanted - heading) * np.float32(min(1.0, TURN_RATE * dt))
            length = np.sqrt((heading**2).sum(axis=1))
            heading = np.where(length[:, None] > 1e-3, heading / np.maximum(length, 1e-3)[:, None], wanted)
            self.headings[turning] = heading
            rotation = self._table.columns["rotation"]
            rotation.array[self.rows[turning]] = _rotations(heading * self.turns[turning, None])
            rotation.touch_rows(self.rows[turning])

    def state_bytes(self) -> bytes:
        """Of all columns that go on."""
        return self.states.tobytes() + self.headings.tobytes() + self.nearest.tobytes() + self.stalled.tobytes()


def _headings(rotation: F32) -> F32:
    """(n, 2): x and z of where -Z points, by unit quaternions xyzw."""
    x, y, z, w = rotation.T
    heading = np.stack([-2 * (x * z + w * y), 2 * (x * x + y * y) - 1], axis=1)
    length = np.sqrt((heading**2).sum(axis=1))
    found: F32 = np.where(length[:, None] > 1e-3, heading / np.maximum(length, 1e-3)[:, None], np.array((0.0, -1.0)))
    return found.astype(np.float32)


def _rotations(heading: F32) -> F32:
    """(n, 4) about +Y that turn -Z there; by square roots, which are the same on every machine."""
    cos, sin = -heading[:, 1], -heading[:, 0]
    half = np.sqrt(np.maximum((1 + cos) / 2, 0))
    found = np.zeros((len(heading), 4), np.float32)
    found[:, 1] = np.sqrt(np.maximum((1 - cos) / 2, 0)) * np.where(sin < 0, -1, 1)
    found[:, 3] = half
    return found
