"""Vehicles: a dynamic body on wheels that are rays with springs.

Owns: the forces of springs and tyres before each step, and where the wheels are then. Each wheel looks along the
body's down for ground; there its spring pushes, and its tyre holds, drives and brakes, no more than its grip allows.
Limits: wheels are not bodies: they meet what is below them, not beside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, HandleError, ShapeError
from layerw.base.names import named
from layerw.base.ports import F32
from layerw.physics import rigid_world as rw
from layerw.physics.forms import _turned
from layerw.scene.entity import Entity
from layerw.scene.row_values import check_owner

WHEELS_MAX = 16
PLACE_MAX_M = 1e3
NOBODY = 0xFFFFFFFF
SETTABLE = ("brake", "steer", "throttle")
TWO_PI = 6.283185307179586
ROUNDS = 4  # looks through the vehicle itself
LATERAL = 0.9  # of a tyre's sideways speed that one step takes


@dataclass(frozen=True, slots=True)
class Wheels:
    """What `Physics.vehicle` takes, checked."""

    places: F32  # (n, 3)
    radius: float
    travel: float
    spring: float
    damping: float
    grip: float
    engine: float
    brakes: float
    lock: float
    steered: npt.NDArray[np.bool_]
    driven: npt.NDArray[np.bool_]

    @staticmethod
    def of(wheels: npt.ArrayLike, radius: float, travel: float, spring: float, damping: float, grip: float,
           engine: float, brakes: float, lock: float, steered: Any, driven: Any) -> Wheels:  # fmt: skip
        """Raises ConfigError, KindError, ShapeError."""
        name = "app.physics.vehicle"
        places: F32 = checks.array(f"{name} wheels", wheels, np.float32, (3,))
        if not 1 <= len(places) <= WHEELS_MAX:
            raise ConfigError(f"{name} wheels has {len(places)} rows; it takes 1 to {WHEELS_MAX}.")
        if (np.abs(places) > PLACE_MAX_M).any():
            raise ShapeError(f"{name} wheels has one farther than {PLACE_MAX_M:g} m from the chassis.")
        ahead = places[:, 2] < places[:, 2].mean()
        return Wheels(
            places, checks.number(f"{name} radius", radius, 0.01, 100),
            checks.number(f"{name} travel", travel, 0.01, 100),
            checks.number(f"{name} spring", spring, 0.1, 10), checks.number(f"{name} damping", damping, 0, 5),
            checks.number(f"{name} grip", grip, 0, 10), checks.number(f"{name} engine", engine, 0, 1000),
            checks.number(f"{name} brakes", brakes, 0, 1000), checks.number(f"{name} lock", lock, 0, 1.2),
            _which(f"{name} steered", steered, ahead), _which(f"{name} driven", driven, np.ones(len(places), np.bool_)))


def _which(name: str, given: Any, default: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    if given is None:
        return default
    found = np.zeros(len(default), np.bool_)
    for one in given if isinstance(given, tuple | list | np.ndarray) and np.ndim(given) else [given]:
        found[checks.whole(name, one, 0, len(default) - 1)] = True
    return found


@named
class Vehicle:
    """A body on wheels; made by `app.physics.vehicle`."""

    __slots__ = ("_chassis", "_drive", "_end", "_grounded", "_place", "_turned", "_wheels", "_world")

    def __setattr__(self, name: str, value: object) -> None:
        if name not in SETTABLE and name not in Vehicle.__slots__:
            raise checks.unknown_attribute(self, name, SETTABLE)
        object.__setattr__(self, name, value)

    def __init__(self, world: rw.RigidWorld, chassis: Entity, wheels: Wheels, end: Callable[[Vehicle], None]) -> None:
        self._world, self._wheels, self._end = world, wheels, end
        self._chassis = checks.instance("app.physics.vehicle chassis", chassis, Entity, "an Entity")
        check_owner("app.physics.vehicle chassis", chassis, world.bodies._table)
        if world.bodies.kind[self._slot] != rw.DYNAMIC:
            raise ConfigError("app.physics.vehicle chassis has a body that is not dynamic; only those are driven.")
        count = len(wheels.places)
        self._drive = [0.0, 0.0, 0.0]  # throttle, brake, steer
        self._place = wheels.places - np.array((0, wheels.travel / 2, 0), np.float32)
        self._turned: F32 = np.zeros(count, np.float32)
        self._grounded = np.zeros(count, np.bool_)

    @property
    def _slot(self) -> int:
        self._world.forget_dead()
        slot = int(self._world.bodies.slots(self._chassis._numbers())[0]) if self._chassis.alive else -1
        if slot < 0:
            raise HandleError("The vehicle's entity has no body (any more); give it one and make another.")
        return slot

    def _value(self, number: int, name: str, value: float, low: float) -> None:
        self._drive[number] = checks.number(f"vehicle.{name}", value, low, 1)
        if value:
            self._world.command(np.array([self._slot]), rw.WAKE)

    @property
    def throttle(self) -> float:
        """-1 (backwards) to 1."""
        return self._drive[0]

    @throttle.setter
    def throttle(self, value: float) -> None:
        self._value(0, "throttle", value, -1)

    @property
    def brake(self) -> float:
        """0 to 1."""
        return self._drive[1]

    @brake.setter
    def brake(self, value: float) -> None:
        self._value(1, "brake", value, 0)

    @property
    def steer(self) -> float:
        """-1 (left) to 1 (right)."""
        return self._drive[2]

    @steer.setter
    def steer(self, value: float) -> None:
        self._value(2, "steer", value, -1)

    @property
    def speed(self) -> float:
        """m/s ahead, negative backwards."""
        state = self._world.state(np.array([self._slot]))[0]
        return float(state[7:10] @ _turned(state[None, 3:7], np.array([[[0, 0, -1]]], np.float32))[0, 0])

    @property
    def wheels(self) -> F32:
        """(n, 3) metres in the chassis, the middles of the wheels now: for entities that have it as parent; a copy."""
        return self._place.copy()

    @property
    def spin(self) -> F32:
        """(n,) radians that the wheels have rolled, 0 to a turn; a copy."""
        return self._turned.copy()

    @property
    def grounded(self) -> npt.NDArray[np.bool_]:
        """(n,) which wheels touch ground; a copy."""
        return self._grounded.copy()

    def remove(self) -> None:
        """The body has no wheels any more."""
        self._end(self)

    def _forces(self, dt: float) -> None:
        world, w = self._world, self._wheels
        if not self._chassis.alive or self._world.bodies.slots(self._chassis._numbers())[0] < 0:
            self._end(self)
            return
        slot = self._slot
        state = world.state(np.array([slot]))[0]
        if not state[14]:
            return  # asleep: nothing moves
        q, count = state[None, 3:7], len(w.places)
        axes = _turned(q, np.eye(3, dtype=np.float32)[None])[0]  # rows: right, up, back
        arms = _turned(q, w.places[None])[0]
        length, points, normals = self._look(state[:3] + arms, -axes[1], slot)
        longest = w.radius + w.travel / 2
        self._grounded = on = length < longest
        give = np.clip(longest - length, 0, w.travel)
        self._place = w.places - np.array((0, 1, 0), np.float32) * (w.travel / 2 - give)[:, None].astype(np.float32)
        mass = float(state[13]) / count
        speed = state[7:10] + np.cross(state[10:13], points - state[:3])
        load = self._loads(give, np.einsum("ij,ij->i", speed, normals), mass, on)
        ahead, aside = self._directions(axes, normals)
        along, across = (np.einsum("ij,ij->i", speed, way) for way in (ahead, aside))
        push = self._along(along, mass, dt)
        hold = -across * mass * LATERAL / dt
        most = w.grip * load
        size = np.sqrt(push * push + hold * hold)
        share = np.minimum(1, most / np.maximum(size, 1e-6))
        force = normals * load[:, None] + ahead * (push * share)[:, None] + aside * (hold * share)[:, None]
        rolled = self._turned + (along * dt / w.radius).astype(np.float32) * on
        self._turned = (rolled - TWO_PI * np.floor(rolled / TWO_PI)).astype(np.float32)
        if on.any():
            values = np.concatenate([force[on], points[on]], axis=1)
            world.command(np.full(int(on.sum()), slot), rw.FORCE_AT, values)

    def _look(self, hubs: F32, down: F32, own: int) -> tuple[F32, F32, F32]:
        """Metres from the hubs down to what is below, points and normals there; it looks through the vehicle itself."""
        w, world, count = self._wheels, self._world, len(hubs)
        longest = w.radius + w.travel / 2
        start = np.full(count, 0.9 * max(w.radius - w.travel / 2, 0), np.float32)  # no spring gives way so far
        slots, hits = np.zeros(count, np.uint32), np.zeros((count, 7), np.float32)
        for _ in range(ROUNDS):
            rays = np.concatenate([hubs + down * start[:, None], down * (longest - start)[:, None]], axis=1)
            rays = np.ascontiguousarray(rays, np.float32)
            world.kernels.lw_rigid_rays(world.number, rays, count, 0xFFFFFFFF, slots, hits)
            mine = slots == own
            if not mine.any():
                break
            start[mine] = np.minimum(start[mine] + hits[mine, 0] * (longest - start[mine]) + 0.02, longest)
        met = (slots != NOBODY) & (slots != own)
        length = np.where(met, start + hits[:, 0] * (longest - start), longest)
        return length.astype(np.float32), hits[:, 1:4], hits[:, 4:7]

    def _loads(self, give: Any, away: Any, mass: float, on: npt.NDArray[np.bool_]) -> Any:
        """Newtons of the springs; away: m/s from the ground."""
        w, rate = self._wheels, TWO_PI * self._wheels.spring
        return np.where(on, np.maximum(mass * (rate * rate * give - 2 * w.damping * rate * away), 0), 0)

    def _directions(self, axes: F32, normals: F32) -> tuple[F32, F32]:
        """(n, 3) where each wheel rolls to, and its right, along the ground."""
        half = self._drive[2] * self._wheels.lock / 2
        t = half + half**3 / 3  # its tangent, without libm: the same on every host
        cos, sin = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
        straight, turned = -axes[2], -axes[2] * cos + axes[0] * sin
        ahead = np.where(self._wheels.steered[:, None], turned, straight)
        ahead = ahead - normals * np.einsum("ij,ij->i", ahead, normals)[:, None]
        ahead /= np.maximum(np.sqrt((ahead * ahead).sum(axis=1)), 1e-6)[:, None]
        return ahead, np.cross(ahead, normals)

    def _along(self, along: Any, mass: float, dt: float) -> Any:
        """Newtons ahead of each wheel that engine and brakes want."""
        w, (throttle, brake, _) = self._wheels, self._drive
        count, driving = len(w.places), max(int(w.driven.sum()), 1)
        push = np.where(w.driven, throttle * w.engine * mass * count / driving, 0.0)
        still = -along * mass / dt  # what would stop it in this step
        most = brake * w.brakes * mass
        return push + np.clip(still, -most, most)
