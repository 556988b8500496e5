"""Ragdolls: a model's skin goes limp. Capsules for its joints, held together by balls with limits.

Owns: the bodies while it is limp, and the pose that it writes into the model's nodes then, after clips and the
program's own functions. What capsules there are is planned in bones.py.
Limits: scales along the axes of a node are kept, shear is not; a model that mirrors is posed as if it did not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.base.mathx import decompose, quat_between, quat_multiply, quat_rotate
from layerw.base.ports import F32, F64, NodeDesc
from layerw.base.settings import fixed_attributes
from layerw.physics.body import Body
from layerw.physics.bones import Bone, plan_bones, rest_worlds
from layerw.physics.joints import Joint, join
from layerw.physics.rigid_world import RigidWorld
from layerw.scene.entity import Entity
from layerw.scene.hierarchy import world_matrix
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.content.models import Model

UPWARD = np.array((0.0, 1.0, 0.0))
LIMIT_MAX = 3.1  # radians
_BACK = np.array((-1.0, -1.0, -1.0, 1.0))
Make = Callable[[Entity, Body], None]


class Settings:
    """What app.physics.ragdoll was given, checked."""

    def __init__(self, mass: float, thickness: float, radius: Mapping[str, float] | None,
                 limits: float | Mapping[str, float], spring: float, friction: float, layer: int) -> None:  # fmt: skip
        name = "app.physics.ragdoll"
        self.mass = checks.number(f"{name} mass", mass, 0, 1e6, above=True)
        self.thickness = checks.number(f"{name} thickness", thickness, 0, 1, above=True)
        self.radius = dict(checks.instance(f"{name} radius", radius or {}, Mapping, "a dict of metres by joint"))
        self.limits = {"": limits} if not isinstance(limits, Mapping) else {"": 0.7, **limits}
        for one, angle in self.limits.items():
            self.limits[one] = checks.number(f"{name} limits{f' of {one}' if one else ''}", angle, 0, LIMIT_MAX)
        self.spring = checks.number(f"{name} spring", spring, 0, 30)
        self.friction = checks.number(f"{name} friction", friction, 0, 10)
        self.layer = checks.whole(f"{name} layer", layer, 0, 31)


@fixed_attributes
class Ragdoll:
    """A model that can go limp; made by `app.physics.ragdoll`.

    `bodies`: entities with bodies by joint, none while it is not limp: `doll.bodies["head"].body.push((0, 2, 0))`.
    `joints`: what holds each to the one above, by joint. They end and are made anew with `stop` and `start`.
    """

    def __init__(self, world: RigidWorld, table: Table, make: Make, model: Model, settings: Settings) -> None:
        nodes, _, _ = model._described()
        character = model._character
        if character is None:
            raise ConfigError("app.physics.ragdoll model has no skin; a ragdoll is made of the joints of one."
                              if nodes else "app.physics.ragdoll model is not ready; make it in @model.on_ready.")
        self.model = model
        self.bodies: dict[str, Entity] = {}
        self.joints: dict[str, Joint] = {}
        self._nodes: list[NodeDesc] = list(model._described()[1])
        self._rest = rest_worlds(self._nodes)
        self._bones = plan_bones(self._nodes, character, self._rest, settings.thickness, settings.radius)
        for name in settings.limits:
            if name:
                checks.one_of("app.physics.ragdoll limits, a bone,", name, [bone.name for bone in self._bones])
        self._settings, self._world, self._table, self._make = settings, world, table, make
        self._births = character.births
        self._all_rows = character.rows
        self._pose = _Pose(table, self._nodes, self._bones, character.rows, model.root)
        self._rows: list[int] = []  # of the bodies' entities
        self._weight = 0.0
        self._fade_s = 0.0  # of the way back
        self._seen: tuple[F64, F64] | None = None  # where the bones were when it let go, and the pose

    def __repr__(self) -> str:
        return f"Ragdoll({self.model!r}, {len(self._bones)} bones{', limp' if self.limp else ''})"

    @property
    def limp(self) -> bool:
        """Whether bodies have the pose."""
        return bool(self.bodies)

    @property
    def weight(self) -> float:
        """Their share of the pose: 1 while it is limp, then down to 0 while it fades."""
        return self._weight

    @property
    def bones(self) -> list[str]:
        """Names of the joints that become bodies; the others follow the one above."""
        return [bone.name for bone in self._bones]

    @property
    def position(self) -> F64:
        """(3,) metres, of the first bone: where it lies. A copy."""
        found: F64 = self._pose.worlds()[0][self._pose.bone_at[0]]
        return found

    def start(self, velocity: npt.ArrayLike = (0.0, 0.0, 0.0)) -> None:
        """Goes limp, from the pose that it has now; does nothing where it is limp.

        velocity: (3,) m/s of all bodies at first.

        Raises:
            ConfigError: the model is gone. BudgetError: the heap budget has no room.
        """
        speed = checks.vector("Ragdoll.start velocity", velocity)
        if self.limp:
            return
        if not self._is_there:
            raise ConfigError("Ragdoll.start: its model is gone; make another of one that is there.")
        place, turn, _ = self._pose.worlds()
        at = self._pose.bone_at
        self._make_bodies(place[at], turn[at])
        for entity in self.bodies.values():
            entity.body.velocity = speed
        self._weight = 1.0

    def stop(self, fade: float = 0.5) -> None:
        """Gives the pose back to clips and the program, over `fade` seconds, 0 to 60; the bodies end at once."""
        fade = checks.number("Ragdoll.stop fade", fade, 0, 60)
        if not self.limp:
            return
        self._seen = self._where(), self._pose.kept()
        self._end_bodies()
        self._fade_s = fade
        if not fade:
            self._weight = 0.0
            self._pose.let_go()

    # -- for physics -----------------------------------------------------------------------------

    @property
    def _is_there(self) -> bool:
        return self.model.state == "ready" and bool((self._table.birth[self._all_rows] == self._births).all())

    def _make_bodies(self, place: F64, turn: F64) -> None:
        """Joints are made in the file's pose, which limits are about; then the bodies take that of now."""
        top, _ = world_matrix(self._table.parent, self._table.position, self._table.rotation, self._table.scale,
                              self.model.root.first_row)  # fmt: skip
        size = float(np.cbrt(abs(np.linalg.det(top)))) or 1.0
        scaled = np.eye(4)
        scaled[:3, :3] = top
        scaled[:3, 3] = place[0] - top @ self._rest[self._bones[0].node][:3, 3]
        volume = sum(bone.volume for bone in self._bones)
        layers = [one for one in range(32) if one != self._settings.layer]
        entities = []
        self._rows = []
        for bone in self._bones:
            rest_place, rest_turn, _ = decompose(scaled @ self._rest[bone.node])
            entity = Entity(self._table, self._table.spawn(1, mesh=0, material=0, radius=0.0))
            entities.append(entity)
            self._rows.append(entity.first_row)
            self.bodies[bone.name] = entity
            entity.position, entity.rotation = rest_place, rest_turn
            tip, wide = bone.tip * size, bone.radius * size
            body = Body(parts=[("capsule", (wide, max(bone.length * size, 2 * wide)), tip / 2, _towards(bone))],
                        mass=self._settings.mass * bone.volume / volume, friction=self._settings.friction, rolling=0.3,
                        damping=0.1, turn_damping=3.0, layer=self._settings.layer, hits=layers)  # fmt: skip
            try:
                self._make(entity, body)
                if bone.parent >= 0:
                    self.joints[bone.name] = self._joint(bone, entities[bone.parent], entity)
            except Exception:
                self._end_bodies()
                raise
        for entity, there, turned in zip(entities, place, turn, strict=True):
            entity.position, entity.rotation = there, turned

    def _joint(self, bone: Bone, above: Entity, entity: Entity) -> Joint:
        limits = self._settings.limits
        axis = quat_rotate(entity.rotation.astype(np.float64), bone.tip if bone.length else UPWARD)
        return join(self._world, "ball", above, entity, entity.position, axis,
                    (0.0, limits.get(bone.name, limits[""])), self._settings.spring, 1.0, 0.0, 0.0, False)

    def _end_bodies(self) -> None:
        for entity in self.bodies.values():
            if entity.alive:
                entity.despawn()
        self.bodies, self.joints = {}, {}

    def _where(self) -> F64:
        """(n, 7) poses of the bones in the world."""
        rows = self._rows  # also of those that the program has despawned just now
        return np.concatenate([self._table.position[rows], self._table.rotation[rows]], axis=1).astype(np.float64)

    def _write(self, dt: float) -> bool:
        """Once a frame, after the program; False: the model is gone."""
        if not self._is_there:
            self._end_bodies()
            return False
        if self.limp and not all(entity.alive for entity in self.bodies.values()):
            self.stop()
        if self.limp:
            self._pose.write(self._where(), None, 1.0)
        elif self._weight > 0 and self._seen is not None:
            self._weight = max(self._weight - dt / max(self._fade_s, 1e-9), 0.0)
            if self._weight:
                self._pose.write(*self._seen, self._weight)
            else:
                self._pose.let_go()
        return True


def _towards(bone: Bone) -> F64:
    """The quaternion that turns a capsule from upright to along its bone."""
    if not bone.length:
        return np.array((0.0, 0.0, 0.0, 1.0))
    way = bone.tip / bone.length
    if way[1] < -0.999999:
        return np.array((1.0, 0.0, 0.0, 0.0))
    found = np.array((way[2], 0.0, -way[0], 1 + way[1]))
    turned: F64 = found / np.sqrt((found**2).sum())
    return turned


class _Pose:
    """The rows of the bones and of the nodes above them, level by level, and what they were before they were written.
    `bone_at`: where the bones are among those."""

    def __init__(self, table: Table, nodes: list[NodeDesc], bones: list[Bone], rows: npt.NDArray[np.intp],
                 root: Entity) -> None:  # fmt: skip
        self._table, self._root = table, root
        wanted: set[int] = set()
        for bone in bones:
            at = bone.node
            while at >= 0 and at not in wanted:
                wanted.add(at)
                at = nodes[at].parent
        order = sorted(wanted)
        place = {node: number for number, node in enumerate(order)}
        self._rows = rows[order]
        self._above = np.array([place.get(nodes[node].parent, -1) for node in order], np.intp)
        depth = np.zeros(len(order), np.intp)
        for number, above in enumerate(self._above.tolist()):
            depth[number] = depth[above] + 1 if above >= 0 else 0
        self._levels = [np.flatnonzero(depth == level) for level in range(int(depth.max()) + 1)]
        self.bone_at = np.array([place[bone.node] for bone in bones], np.intp)
        self._hangs = np.array([self._has_bone_above(nodes, node, {bone.node for bone in bones}) for node in order])
        self._bone = np.full(len(order), -1, np.intp)
        self._bone[self.bone_at] = np.arange(len(bones))
        self._base: F32 | None = None  # (n, 7) what clips and the program say
        self._written: F32 | None = None

    @staticmethod
    def _has_bone_above(nodes: list[NodeDesc], node: int, bones: set[int]) -> bool:
        at = nodes[node].parent
        while at >= 0 and at not in bones:
            at = nodes[at].parent
        return at >= 0

    def _now(self) -> F32:
        found: F32 = np.concatenate([self._table.position[self._rows], self._table.rotation[self._rows]], axis=1)
        return found

    def worlds(self) -> tuple[F64, F64, F64]:
        """(n, 3), (n, 4), (n, 3): where the nodes are in the world, how they are turned, and scaled."""
        return self._place(self._now().astype(np.float64), None, None, 0.0)

    def kept(self) -> F64:
        """(n, 7) the pose that was written last, each node's in the one above, for `write`."""
        return (self._now() if self._written is None else self._written).astype(np.float64)

    def write(self, bones: F64, held: F64 | None, weight: float) -> None:
        """The pose of the bones in the world, mixed with what clips and the program say.

        held: what `kept` gave; bones that hang on others are mixed in those then, so that no limb stretches.
        """
        now = self._now()
        if self._base is None or self._written is None:
            self._base = now
        else:
            moved = (now != self._written).any(axis=1)  # by a clip or the program since
            self._base[moved] = now[moved]
        local = self._base.astype(np.float64)
        self._place(local, bones, held, weight)
        self._put(local.astype(np.float32))
        self._written = self._now()

    def let_go(self) -> None:
        """What it has written last is taken back."""
        if self._base is not None and self._written is not None:
            now = self._now()
            self._put(np.where((now == self._written).all(axis=1, keepdims=True), self._base, now))
        self._base = self._written = None

    def _put(self, local: F32) -> None:
        table = self._table
        table.position[self._rows], table.rotation[self._rows] = local[:, :3], local[:, 3:]
        for name in ("position", "rotation"):
            table.columns[name].touch_rows(self._rows)

    def _place(self, local: F64, bones: F64 | None, held: F64 | None, weight: float) -> tuple[F64, F64, F64]:
        """Worlds of nodes; with bones, their rows of `local` are changed on the way."""
        table = self._table
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = world_matrix(table.parent, table.position, table.rotation, table.scale,
                                                     self._root.first_row)  # fmt: skip
        top = decompose(matrix)
        own_scale = table.scale[self._rows].astype(np.float64)
        place, turn, scale = np.zeros_like(local[:, :3]), np.zeros_like(local[:, 3:]), np.ones_like(own_scale)
        for level in self._levels:
            above = self._above[level]
            first = level is self._levels[0]
            p, q, s = ((np.broadcast_to(one, (len(level), len(one))) for one in top) if first
                       else (place[above], turn[above], scale[above]))  # fmt: skip
            if bones is not None:
                is_bone = self._bone[level] >= 0
                if held is not None:
                    at = level[is_bone & self._hangs[level]]
                    local[at, :3] += (held[at, :3] - local[at, :3]) * weight
                    local[at, 3:] = quat_between(local[at, 3:], held[at, 3:], weight)
                    is_bone &= ~self._hangs[level]
                mine = np.flatnonzero(is_bone)
                there = bones[self._bone[level[mine]]]
                back = q[mine] * _BACK
                wanted = quat_rotate(back, there[:, :3] - p[mine]) / np.where(s[mine] == 0, 1, s[mine])
                at = level[mine]
                local[at, :3] += (wanted - local[at, :3]) * weight
                local[at, 3:] = quat_between(local[at, 3:], quat_multiply(back, there[:, 3:]), weight)
            place[level] = p + quat_rotate(q, s * local[level, :3])
            turn[level] = quat_multiply(q, local[level, 3:])
            scale[level] = s * own_scale[level]
        return place, turn, scale
