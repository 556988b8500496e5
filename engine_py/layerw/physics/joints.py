"""Joints: what holds two bodies together, with limits, springs and motors.

Owns: the checks, the frames of a joint within its bodies, and the handle. The joints themselves are the kernel's; one
ends with either of its bodies.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, HandleError
from layerw.base.mathx import matrix_from_quat, quat_from_matrix
from layerw.base.names import named
from layerw.base.ports import F32, F64
from layerw.physics.rigid_world import DYNAMIC, RigidWorld
from layerw.scene.entity import Entity

KINDS = ("weld", "hinge", "slider", "ball", "spring")  # rigid.h
READ, END, SPEED, STRENGTH = range(4)
MOTORS = ("hinge", "slider")
FORCE_MAX, LIMIT_MAX = 1e12, 1e6


@named
class Joint:
    """Two bodies held together; made by `app.physics.join`."""

    __slots__ = ("_birth", "_kind", "_number", "_world")

    def __setattr__(self, name: str, value: object) -> None:
        if name not in ("motor", "strength") and name not in Joint.__slots__:
            raise checks.unknown_attribute(self, name, ("motor", "strength"))
        object.__setattr__(self, name, value)

    def __init__(self, world: RigidWorld, kind: str, number: int) -> None:
        self._world, self._kind, self._number = world, kind, number
        self._birth = world.joint_births[number] = world.joint_births.get(number, 0) + 1  # the number may be another's

    def _ask(self, what: int, value: float = 0.0) -> float:
        self._world.forget_dead()
        out = np.zeros(1, np.float32)
        world = self._world
        is_ours = world.joint_births.get(self._number) == self._birth
        if not is_ours or not world.kernels.lw_rigid_joint(world.number, self._number, what, value, out):
            raise HandleError(f"The {self._kind} has ended: it was removed, or one of its bodies was.")
        return float(out[0])

    @property
    def kind(self) -> str:
        """ "weld", "hinge", "slider", "ball" or "spring"."""
        return self._kind

    @property
    def value(self) -> float:
        """A hinge's angle in radians, a slider's way or a spring's length in metres; 0 of others."""
        return self._ask(READ)

    def _motor(self, speed: float) -> None:
        if self._kind not in MOTORS:
            raise ConfigError(f"Joint.motor was set on a {self._kind}; hinges and sliders have motors.")
        self._ask(SPEED, checks.number("Joint.motor", speed, -1e4, 1e4))

    def _strength(self, strength: float) -> None:
        self._ask(STRENGTH, checks.number("Joint.strength", strength, 0, FORCE_MAX))

    motor = property(None, _motor, None, "Assign the speed that the motor keeps: rad/s of a hinge, m/s of a slider.")
    strength = property(None, _strength, None, "Assign the motor's most: newton metres, or newtons of a slider.")

    def remove(self) -> None:
        """Ends it; the bodies stay."""
        self._ask(END)
        self._number = -1


def join(world: RigidWorld, kind: str, a: Entity, b: Entity, at: npt.ArrayLike | None, axis: npt.ArrayLike,
         limits: npt.ArrayLike | None, spring: float, damping: float, motor: float, strength: float,
         collide: bool) -> Joint:  # fmt: skip
    """See Physics.join."""
    kind = checks.one_of("join kind", kind, KINDS)
    slots = [int(_slot(world, f"join {name}", one)) for name, one in (("a", a), ("b", b))]
    if slots[0] == slots[1]:
        raise ConfigError("join was given the same entity twice; a joint holds two bodies.")
    if not (world.bodies.kind[slots] == DYNAMIC).any():
        raise ConfigError("join was given two bodies that are not dynamic; one of them has to move.")
    states = world.state(np.array(slots))
    places, point = states[:, :3].astype(np.float64), None if at is None else checks.vector("join at", at)
    points = places if point is None and kind == "spring" else np.stack([places[1] if point is None else point] * 2)
    direction = checks.vector("join axis", axis)
    if not direction.any():
        raise ConfigError("join axis is (0, 0, 0); it takes a direction.")
    turn = _turned(direction)
    if kind == "slider":
        turn = turn[:, [2, 0, 1]]  # along its x
    frames = np.concatenate([_within(state, place, turn) for state, place in zip(states, points, strict=True)])
    low, high = (1.0, 0.0) if limits is None else (checks.number("join limits", float(one), -LIMIT_MAX, LIMIT_MAX)
                                                   for one in checks.vector("join limits", limits, 2))  # fmt: skip
    if limits is not None and low > high:
        raise ConfigError(f"join limits is {checks.shown(limits)}; the lower one comes first.")
    length = max(math.dist(points[0], points[1]), 0.01)
    values = np.array([
        low, high, checks.number("join spring", spring, 0, 60) or (2.0 if kind == "spring" else 0.0),
        checks.number("join damping", damping, 0, 100), checks.number("join motor", motor, -1e4, 1e4),
        checks.number("join strength", strength, 0, FORCE_MAX), length, 0], np.float32)
    number = world.kernels.lw_rigid_join(world.number, KINDS.index(kind), slots[0], slots[1],
                                         frames.astype(np.float32), values, int(checks.flag("join collide", collide)))
    return Joint(world, kind, number)


def _slot(world: RigidWorld, name: str, entity: Entity) -> np.int32:
    checks.instance(name, entity, Entity, "an Entity")
    entity._check()
    slot: np.int32 = world.bodies.slots(entity._numbers())[0]
    if slot < 0:
        raise HandleError(f'{name} has no body; give it one: app.physics.add(entity, "dynamic").')
    return slot


def _turned(axis: F64) -> F64:
    """(3, 3) a frame whose z is the axis."""
    z = axis / np.sqrt((axis**2).sum())
    side = np.eye(3)[int(np.abs(z).argmin())]
    x = side - z * (side @ z)
    x /= np.sqrt((x**2).sum())
    found: F64 = np.stack([x, np.cross(z, x), z], axis=1)
    return found


def _within(state: F32, point: F64, turn: F64) -> F64:
    """(7,) a frame of the world as a body sees it."""
    own = np.asarray(matrix_from_quat(state[3:7].astype(np.float64)))[:3, :3]
    found: F64 = np.concatenate([own.T @ (point - state[:3]), quat_from_matrix(own.T @ turn)])
    return found
