"""entity.body and group.body: what is done to bodies that there are.

Owns: checks and commands. A handle is made anew each time it is asked for; the bodies are in rigid_world.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import HandleError, ShapeError
from layerw.base.names import named
from layerw.base.ports import F32
from layerw.physics import rigid_world as rw
from layerw.scene.entity import Entities

SETTABLE = ("awake", "bounce", "enabled", "friction", "gravity", "spin", "velocity")
PUSH_MAX = 1e12


@named
class EntityBody:
    """The body of an entity, or the bodies of a group: (3,) becomes (n, 3) there.

    Commands act with the next step, in the order of the calls; reading sees what was commanded before. A handle that a
    program keeps is good for as long as the entities and their bodies are there.
    """

    __slots__ = ("_entities", "_is_one", "_world")

    def __setattr__(self, name: str, value: object) -> None:
        if name not in SETTABLE and name not in EntityBody.__slots__:
            raise checks.unknown_attribute(self, name, SETTABLE)
        object.__setattr__(self, name, value)

    def __init__(self, world: rw.RigidWorld, entities: Entities, is_one: bool) -> None:
        self._world, self._entities, self._is_one = world, entities, is_one
        self._slots  # noqa: B018 - raises

    @property
    def _slots(self) -> npt.NDArray[np.int32]:
        """Looked up at each call: the slot of a body that ended is the next one's. Raises HandleError."""
        self._entities._check()
        slots = self._world.bodies.slots(self._entities._numbers())
        if (slots < 0).any():
            bare = int((slots < 0).sum())
            raise HandleError(f"{bare} of {len(slots)} entities have no body; give them one: "
                              "app.physics.add(entity, 'dynamic'), or spawn(..., body=lw.Body()).")
        return slots

    def _three(self, name: str, value: npt.ArrayLike) -> F32:
        if self._is_one or checks.as_array(value).ndim == 1:
            found = checks.vector(name, value)[None]
        else:
            found = checks.array(name, value, np.float64, (3,), rows=len(self._entities))
        if (np.abs(found) > PUSH_MAX).any():
            raise ShapeError(f"{name} is {checks.shown(value)}; it takes numbers up to {PUSH_MAX:g}.")
        return found.astype(np.float32)

    def _at(self, name: str, what: int, what_at: int, value: npt.ArrayLike, at: npt.ArrayLike | None) -> None:
        values = self._three(name, value)
        if at is None:
            self._world.command(self._slots, what, values)
            return
        points = self._three(f"{name} at", at)
        both = np.concatenate(np.broadcast_arrays(values, points), axis=1) if len(values) == len(points) else (
            np.concatenate([np.broadcast_to(one, (len(self._entities), 3)) for one in (values, points)], axis=1))
        self._world.command(self._slots, what_at, both)

    def push(self, impulse: npt.ArrayLike, at: npt.ArrayLike | None = None) -> None:
        """A push in newton seconds: it changes the speed by impulse / mass, at once.

        at: (3,) metres in the world: where; None: its centre, which does not turn it.
        """
        self._at("body.push impulse", rw.IMPULSE, rw.IMPULSE_AT, impulse, at)

    def force(self, force: npt.ArrayLike, at: npt.ArrayLike | None = None) -> None:
        """A force in newtons during the next step; call it in each `@app.fixed`. at: as of `push`."""
        self._at("body.force force", rw.FORCE, rw.FORCE_AT, force, at)

    def twist(self, impulse: npt.ArrayLike) -> None:
        """A turning push about the axes of the world, newton metre seconds."""
        self._world.command(self._slots, rw.TURN_IMPULSE, self._three("body.twist impulse", impulse))

    def torque(self, torque: npt.ArrayLike) -> None:
        """A torque in newton metres during the next step."""
        self._world.command(self._slots, rw.TORQUE, self._three("body.torque torque", torque))

    def _column(self, first: int, width: int) -> Any:
        found = self._world.state(self._slots)[:, first : first + width]
        found = found if width > 1 else found[:, 0]
        return found[0] if self._is_one else found

    @property
    def velocity(self) -> F32:
        """(3,) m/s of its origin; a copy. Assign it to set it."""
        found: F32 = self._column(7, 3)
        return found

    @velocity.setter
    def velocity(self, value: npt.ArrayLike) -> None:
        self._world.command(self._slots, rw.VELOCITY, self._three("body.velocity", value))

    @property
    def spin(self) -> F32:
        """(3,) rad/s about the axes of the world; a copy. Assign it to set it."""
        found: F32 = self._column(10, 3)
        return found

    @spin.setter
    def spin(self, value: npt.ArrayLike) -> None:
        self._world.command(self._slots, rw.SPIN, self._three("body.spin", value))

    @property
    def mass(self) -> Any:
        """Kilograms; 0 of what is not dynamic."""
        return self._column(13, 1)

    @property
    def awake(self) -> Any:
        """Whether it moves or may: what rests for half a second falls asleep. Assign it to change that."""
        found = self._column(14, 1) > 0
        return bool(found) if self._is_one else found

    @awake.setter
    def awake(self, value: bool) -> None:
        self._world.command(self._slots, rw.WAKE if checks.flag("body.awake", value) else rw.SLEEP)

    def _set(self, what: int, value: float) -> None:
        self._world.command(self._slots, what, np.array([value]))

    def _friction(self, value: float) -> None:
        self._set(rw.FRICTION, checks.number("body.friction", value, 0, 10))

    def _bounce(self, value: float) -> None:
        self._set(rw.BOUNCE, checks.number("body.bounce", value, 0, 1))

    def _gravity(self, value: float) -> None:
        self._set(rw.GRAVITY_SCALE, checks.number("body.gravity", value, -100, 100))

    def _enabled(self, value: bool) -> None:
        self._world.command(self._slots, rw.ENABLE if checks.flag("body.enabled", value) else rw.DISABLE)

    friction = property(None, _friction, None, "Assign it: see lw.Body.")
    bounce = property(None, _bounce, None, "Assign it: see lw.Body.")
    gravity = property(None, _gravity, None, "Assign it: times the world's; 0 floats.")
    enabled = property(None, _enabled, None, "Assign False to take it out of the world, True to put it back.")

    def remove(self) -> None:
        """Ends it; the entity stays where it is."""
        self._world.remove(np.unique(self._slots).astype(np.uint32))
