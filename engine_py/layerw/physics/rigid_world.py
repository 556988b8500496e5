"""One world of the physics kernel and its way to the entity table.

Owns: the kernel's world, the queue of commands, the step, which poses were last written to the table, and the bytes
that all of it takes, charged to the heap ledger. Poses land in the table's own columns; what a program writes there
moves the bodies before the next step. Limits: bodies live within 100 km of the origin; those beyond are stopped.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from layerw.base.errors import BudgetError, ConfigError, HandleError, LayerwError
from layerw.base.log import Log
from layerw.base.ports import F32, U32
from layerw.kernels import rigid
from layerw.kernels.geometry import GEOMETRY
from layerw.memory.ledger import HardLedger
from layerw.physics.bodies import Bodies, Rows
from layerw.physics.body import SENSOR
from layerw.scene.rows import BLOCK_ROWS, blocks_of_rows
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.base.host_port import MemoryHost
    from layerw.kernels.far import Threads

(IMPULSE, IMPULSE_AT, TURN_IMPULSE, FORCE, TORQUE, VELOCITY, SPIN, PLACE, TARGET, WAKE, SLEEP, ENABLE, DISABLE,
 GRAVITY_SCALE, FRICTION, BOUNCE, FORCE_AT) = range(17)  # rigid.h
STATIC, KINEMATIC, DYNAMIC = range(3)
SUBSTEPS = 4
STEP_S = 1 / 60
COMMAND_FLOATS, STATE_FLOATS = 8, 18
BODY_BYTES = 4096  # taken for a body before it is made; what it really takes is known after
QUEUE_MAX = 100_000  # commands, 40 bytes each
TOLD_MAX = 5  # bodies that left the world, each in a sentence


class RigidWorld:
    """`add`, `command`, `step`, `state`; slots name bodies."""

    def __init__(self, table: Table, ledger: HardLedger, log: Log, gravity: tuple[float, float, float]) -> None:
        self.kernels = rigid.load()
        self._table, self._ledger, self._log = table, ledger, log
        self._charged, self._threads, self.threads = 0, cast("Threads | None", None), 1
        self._open(gravity)
        self.bodies = Bodies(table)
        self.removed: Callable[[U32], None] = lambda slots: None  # hears of bodies that ended
        self.steps = self.lost = 0
        self.joint_births: dict[int, int] = {}  # how often each number of a joint was given out
        self._poses = np.zeros((256, 7), np.float32)  # by slot, as the table has them
        self._queue: list[tuple[U32, F32]] = []
        self._queued = 0
        self._revisions = (-1, -1)
        self._deaths = table.deaths
        self._driven = np.zeros(0, np.uint32)  # kinematic ones that the last step moved
        self._slots = np.zeros(256, np.uint32)
        self._moved = np.zeros((256, 7), np.float32)
        self._lost = np.zeros(1, np.uint32)
        self._blocks = np.zeros(-(-table.capacity // BLOCK_ROWS) + 31 >> 5, np.uint32)  # bits
        self.is_full = False

    def _open(self, gravity: tuple[float, float, float]) -> None:
        self._bytes_before = self.kernels.lw_rigid_bytes()
        self._number = self.kernels.lw_rigid_open(*gravity)
        if not self._number:
            gc.collect()  # Apps that nobody holds any more, and nobody closed
            self._number = self.kernels.lw_rigid_open(*gravity)
        if not self._number:
            raise LayerwError("A 65th world of physics was asked for in this process; close() an App before.")
        self._end = weakref.finalize(self, self.kernels.lw_rigid_close, self._number)
        self._end.atexit = False

    def run_on(self, threads: int, host: MemoryHost, gravity: tuple[float, float, float]) -> None:
        """Steps on so many `threads`, or as many as there can be. Raises ConfigError: it has bodies."""
        if threads > 1 and not self._threads and (found := rigid.try_load_shared(host)):
            if self.bodies.high:
                raise ConfigError("app.physics.threads was assigned after the first body was made; assign it before: "
                                  "bodies on several threads live in memory of their own.")
            self._end()
            self.kernels, self._threads = found
            self._open(gravity)
        self.threads = self._threads.set(threads) if self._threads else 1

    @property
    def number(self) -> int:
        """The kernel's. Raises HandleError once the App is closed: the number may be another App's then."""
        if not self._number:
            raise HandleError("app.physics ended with its App, which was closed.")
        return self._number

    @property
    def has_ended(self) -> bool:
        """The App was closed."""
        return not self._number

    # -- bodies ----------------------------------------------------------------------------------

    def add(self, rows: Rows, poses: F32, floats: F32, words: U32, shapes: F32) -> U32:
        """Bodies of one list of shapes at poses; their slots. Raises BudgetError before any is made."""
        self.forget_dead()
        if not self._reserve(BODY_BYTES * len(rows)):
            raise self._no_room(BODY_BYTES * len(rows), f"{len(rows)} bodies")
        slots = np.zeros(len(rows), np.uint32)
        self.kernels.lw_rigid_add(self.number, len(rows), poses, floats, words, shapes, len(shapes), slots)
        self.bodies.add(slots, rows, int(words[0, 0]), bool(words[0, 1] & SENSOR))
        self._room(int(slots.max()) + 1)
        self._poses[slots] = poses
        self._settle()
        return slots

    def remove(self, slots: U32) -> None:
        """Ends them."""
        if len(slots):
            self.flush()
            slots = np.ascontiguousarray(slots, np.uint32)
            self.kernels.lw_rigid_remove(self.number, slots, len(slots))
            self.bodies.remove(slots)
            self.removed(slots)
            self._driven = np.setdiff1d(self._driven, slots)

    def forget_dead(self) -> None:
        """Ends the bodies of despawned entities."""
        if self._deaths != self._table.deaths:
            self._deaths = self._table.deaths
            self.remove(self.bodies.orphans())

    def _room(self, slots: int) -> None:
        if slots > len(self._poses):
            more = np.zeros((len(self.bodies.row) - len(self._poses), 7), np.float32)
            self._poses = np.concatenate([self._poses, more])
        if slots + 1 > len(self._slots):
            self._slots = np.zeros(2 * slots, np.uint32)
            self._moved = np.zeros((2 * slots, 7), np.float32)

    # -- commands --------------------------------------------------------------------------------

    def command(self, slots: npt.NDArray[np.integer], what: int, values: npt.ArrayLike = ()) -> None:
        """Queues one command for each slot; values: (k,) for all or (n, k), k at most 8."""
        heads = np.empty((len(slots), 2), np.uint32)
        heads[:, 0], heads[:, 1] = slots, what
        rows = np.zeros((len(slots), COMMAND_FLOATS), np.float32)
        given = np.asarray(values, np.float32)
        if given.size:
            rows[:, : given.shape[-1]] = given
        self._queue.append((heads, rows))
        self._queued += len(heads)
        if self._queued > QUEUE_MAX:  # a program that pushes while it is paused: what they do is the same now
            self.flush()

    def flush(self, dt: float = STEP_S) -> None:
        """Runs what is queued, in order; dt: of the step that reaches the targets."""
        if self._queue:
            heads, values = (np.concatenate(parts) for parts in zip(*self._queue, strict=True))
            self._queue.clear()
            self._queued = 0
            self.kernels.lw_rigid_command(self.number, heads, values, len(heads), dt)

    def state(self, slots: npt.NDArray[np.integer]) -> F32:
        """(n, 18): pose, velocity, spin, mass, awake, centre of mass; after all commands so far."""
        self.forget_dead()
        self.take_writes()
        self.flush()
        out = np.zeros((len(slots), STATE_FLOATS), np.float32)
        self.kernels.lw_rigid_state(self.number, np.ascontiguousarray(slots, np.uint32), len(slots), out)
        return out

    def places(self, slots: npt.NDArray[np.integer]) -> F32:
        """(n, 3) where bodies were after the last step."""
        return self._poses[slots, :3]

    def lift(self, slots: npt.NDArray[np.integer], metres: npt.ArrayLike) -> None:
        """Moves bodies up by so much each, at once."""
        if len(slots):
            self._poses[slots, 1] += np.asarray(metres, np.float32)
            self.command(slots, PLACE, self._poses[slots])
            self._write(self.bodies.row[slots].astype(np.intp), self._poses[slots])

    def wake_all(self) -> None:
        """What sleeps may move now."""
        slots = self.bodies.living()
        self.command(slots[self.bodies.kind[slots] == DYNAMIC], WAKE)

    def rest(self) -> None:
        """What moves stands."""
        slots = self.bodies.living()
        for what in (VELOCITY, SPIN):
            self.command(slots[self.bodies.kind[slots] == DYNAMIC], what, np.zeros(3))

    # -- the step --------------------------------------------------------------------------------

    def take_writes(self) -> None:
        """What the program wrote into positions and rotations since the last step moves the bodies."""
        position, rotation = self._table.columns["position"], self._table.columns["rotation"]
        if ((position.revision, rotation.revision) == self._revisions and not position.views_alive()
                and not rotation.views_alive()):  # fmt: skip
            if len(self._driven):
                self._stop(self._driven[:0])
            return
        self._revisions = position.revision, rotation.revision
        slots = self.bodies.living()
        rows = self.bodies.row[slots]
        now = np.concatenate([position.array[rows], rotation.array[rows]], axis=1)
        changed = (now != self._poses[slots]).any(axis=1)
        if changed.any():
            slots, rows, now = slots[changed], rows[changed], now[changed]
            good = np.isfinite(now).all(axis=1)
            if not good.all():
                self._log.error(f"{int((~good).sum())} entities with bodies were given positions or rotations that are "
                                f"not finite, the first is row {int(rows[~good][0])}; they stay where they were.")
                self._write(rows[~good].astype(np.intp), self._poses[slots[~good]])
                slots, now = slots[good], now[good]
            self._poses[slots] = now
            driven = self.bodies.kind[slots] == KINEMATIC
            self.command(slots[~driven], PLACE, now[~driven])
            self.command(slots[driven], TARGET, now[driven])
            slots = slots[driven]
        else:
            slots = slots[:0]
        self._stop(slots)

    def _stop(self, driven: U32) -> None:
        """Kinematic bodies that nobody moves any more stand."""
        if not len(self._driven):
            self._driven = driven
            return
        rest = np.setdiff1d(self._driven, driven)
        if len(rest):
            for what in (VELOCITY, SPIN):
                self.command(rest, what, np.zeros(3))
        self._driven = driven

    def step(self, dt: float) -> None:
        """One step; poses of what moved go to the table."""
        self.forget_dead()
        self.take_writes()
        self.flush(dt)
        if self.is_full and not self._settle():
            return
        lost, room = self._lost, len(self._slots)
        moved = self.kernels.lw_rigid_step(self.number, dt, SUBSTEPS, room, self._slots, self._moved, lost)
        self.steps += 1
        if moved:
            self._scatter(moved)
        if self._threads and not self.kernels.lw_rigid_threads():
            self._threads.set(1)
            self._threads, self.threads = None, 1
            self._log.error("A thread of physics ended in the midst of a step. Steps go on without threads; what it "
                            "was at, a few contacts say, is as it left it.")
        if lost[0]:
            self._tell_lost(self._slots[moved : moved + int(lost[0])])
        self._settle()

    def _scatter(self, moved: int) -> None:
        position, rotation = self._table.columns["position"], self._table.columns["rotation"]
        self._blocks.fill(0)
        if GEOMETRY.lw_scatter_poses(self._slots, moved, self._moved, self.bodies.row, self._poses, position.array,
                                     rotation.array, self._blocks):  # fmt: skip
            self._touch(int.from_bytes(self._blocks.tobytes(), "little"))

    def _write(self, rows: Rows, poses: F32) -> None:
        self._table.position[rows], self._table.rotation[rows] = poses[:, :3], poses[:, 3:]
        self._touch(blocks_of_rows(rows))

    def _touch(self, blocks: int) -> None:
        position, rotation = self._table.columns["position"], self._table.columns["rotation"]
        untouched = (position.revision, rotation.revision) == self._revisions
        position.touch_blocks(blocks)
        rotation.touch_blocks(blocks)
        if untouched:  # else somebody wrote something that is to be seen yet
            self._revisions = position.revision, rotation.revision

    def _tell_lost(self, slots: U32) -> None:
        self.lost += len(slots)
        if self.lost - len(slots) < TOLD_MAX:
            rows = ", ".join(str(int(row)) for row in self.bodies.row[slots][:TOLD_MAX])
            self._log.warning(f"{len(slots)} bodies left the world (more than 100 km from the origin, or no number any "
                              f"more) and were stopped there, rows {rows}: what pushed them so far?")

    # -- bytes -----------------------------------------------------------------------------------

    def figures(self) -> dict[str, int]:
        """For reports."""
        counts = np.zeros(6, np.uint32)
        self.kernels.lw_rigid_counts(self._number, counts)
        found = dict(zip(("bodies", "awake", "contacts", "joints", "shapes", "islands"), counts.tolist(), strict=True))
        return found | {"threads": max(self.kernels.lw_rigid_threads(), 1), "steps": self.steps, "lost": self.lost,
                        "size_bytes": self.held_bytes}

    @property
    def held_bytes(self) -> int:
        """What it takes of the heap."""
        return max(self.kernels.lw_rigid_bytes() - self._bytes_before, 0) + self.bodies.size_bytes + self._poses.nbytes

    def _reserve(self, more_bytes: int) -> bool:
        wanted = self.held_bytes + more_bytes
        if wanted > self._charged:
            if not self._ledger.try_reserve(wanted - self._charged):
                return False
            self._charged = wanted
        return True

    def _settle(self) -> bool:
        """Charges what it really takes; without room it stands still, and says so."""
        full, self.is_full = self.is_full, not self._reserve(0)
        if self.is_full and not full:
            refused = self._no_room(self.held_bytes - self._charged, "Physics")
            self._log.error(f"{refused} Physics stands still until bodies are removed.")
        return not self.is_full

    def _no_room(self, more_bytes: int, what: str) -> BudgetError:
        return self._ledger.no_room(more_bytes, what)

    def close(self, drop: Callable[[], None]) -> None:
        """Ends the world; drop: gives its templates back once no body has them."""
        self.remove(self.bodies.living())
        drop()
        self._end()
        self._number = 0
        self._ledger.release(self._charged)
        self._charged = 0
