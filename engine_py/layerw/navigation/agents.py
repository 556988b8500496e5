"""What programs hold of agents: columns of what each of some entities wants and does."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import HandleError, ShapeError
from layerw.base.names import named
from layerw.base.ports import F32
from layerw.navigation.crowd import (
    ACCELERATION,
    APART,
    DOING,
    GOES,
    LOST,
    NOTHING,
    SPEED,
    STEERED,
    TARGET,
    VELOCITY,
    WANTED,
    Crowd,
)
from layerw.navigation.queries import places
from layerw.scene.entity import Entities, Entity


@named
class Agents:
    """The agents of some entities: columns as (n, 3) of a group and (3,) of one entity.

    Assigning acts with the next step; what is read is a copy, as of the last one.
    """

    __slots__ = ("_crowd", "_entities")
    SETTABLE = ("acceleration", "apart", "speed", "steer", "target")

    def __setattr__(self, name: str, value: object) -> None:
        if name not in Agents.SETTABLE and name not in Agents.__slots__:
            raise checks.unknown_attribute(self, name, Agents.SETTABLE)
        object.__setattr__(self, name, value)

    def __init__(self, crowd: Crowd, entities: Entities) -> None:
        self._crowd, self._entities = crowd, entities
        self._slots  # noqa: B018 - raises

    def __len__(self) -> int:
        return len(self._entities)

    @property
    def _slots(self) -> npt.NDArray[np.intp]:
        self._entities._check()
        self._crowd._forget_dead()
        slots = self._crowd.slots(self._entities._numbers())
        if (slots < 0).any():
            raise HandleError(f"{int((slots < 0).sum())} of {len(slots)} entities are no agents; "
                              "app.navigation.add(entities) makes them some.")
        return slots

    def _values(self, name: str, value: npt.ArrayLike) -> F32:
        if checks.as_array(value).ndim == 1:
            return places(name, checks.vector(name, value)[None])
        return places(name, value, rows=len(self._entities))

    def _column(self, values: F32) -> Any:
        return values[0] if isinstance(self._entities, Entity) else values

    @property
    def entities(self) -> Entities:
        """Whose they are."""
        return self._entities

    @property
    def target(self) -> F32:
        """(n, 3) metres, where they go; NaN of those that go nowhere. Assign (n, 3), (3,) for all, or None: they stop.

        The nearest ground within 4 m (8 m up and down) counts; who finds none, or no way, is "lost".
        """
        slots = self._slots
        found: F32 = np.where((self._crowd.wants[slots] == TARGET)[:, None], self._crowd.goals[slots], np.nan)
        return self._column(found.astype(np.float32))  # type: ignore[no-any-return]

    @target.setter
    def target(self, value: npt.ArrayLike | None) -> None:
        if value is None:
            self.stop()
        else:
            self._crowd.want(self._slots, TARGET, self._values("agents.target", value))

    def _steer(self, value: npt.ArrayLike) -> None:
        self._crowd.want(self._slots, STEERED, self._values("agents.steer", value))

    steer = property(None, _steer, None,
                     "Assign (n, 3) or (3,) m/s: they walk so, as far as ground and others let them.")

    def stop(self) -> None:
        """They go nowhere."""
        self._crowd.want(self._slots, NOTHING, 0.0)

    @property
    def velocity(self) -> F32:
        """(n, 3) m/s."""
        return self._column(self._crowd.states[self._slots, VELOCITY])  # type: ignore[no-any-return]

    @property
    def wanted(self) -> F32:
        """(n, 3) m/s that they would walk with if they could change at once."""
        return self._column(self._crowd.states[self._slots, WANTED])  # type: ignore[no-any-return]

    @property
    def going(self) -> Any:
        """(n,) whether they are on a way, or steered."""
        found = self._crowd.states[self._slots, DOING] == GOES
        return bool(found[0]) if isinstance(self._entities, Entity) else found

    @property
    def lost(self) -> Any:
        """(n,) whether no ground is near them or their target, or no way there is."""
        found = self._crowd.states[self._slots, DOING] == LOST
        return bool(found[0]) if isinstance(self._entities, Entity) else found

    def _setting(self, name: str, column: int, value: Any, high: float) -> None:
        if checks.as_array(value).ndim == 0:
            found: Any = checks.number(f"agents.{name}", value, 0, high)
        else:
            rows = checks.as_array(value).reshape(-1, 1)
            found = checks.array(f"agents.{name}", rows, np.float32, (1,), rows=len(self))[:, 0]
            if (found < 0).any() or (found > high).any():
                raise ShapeError(f"agents.{name} is {checks.shown(value)}; it takes numbers from 0 to {high:g}.")
        self._crowd.change(self._slots, column, found)

    @property
    def speed(self) -> Any:
        """(n,) m/s, the fastest; assign a number or (n,)."""
        found = self._crowd.records[self._slots, SPEED]
        return float(found[0]) if isinstance(self._entities, Entity) else found

    @speed.setter
    def speed(self, value: Any) -> None:
        self._setting("speed", SPEED, value, 1000)

    @property
    def acceleration(self) -> Any:
        """(n,) m/s2; assign a number or (n,)."""
        found = self._crowd.records[self._slots, ACCELERATION]
        return float(found[0]) if isinstance(self._entities, Entity) else found

    @acceleration.setter
    def acceleration(self, value: Any) -> None:
        self._setting("acceleration", ACCELERATION, value, 1e4)

    @property
    def apart(self) -> Any:
        """(n,) how much they keep their distance; assign a number or (n,)."""
        found = self._crowd.records[self._slots, APART]
        return float(found[0]) if isinstance(self._entities, Entity) else found

    @apart.setter
    def apart(self, value: Any) -> None:
        self._setting("apart", APART, value, 100)

    def remove(self) -> None:
        """They walk no more; the entities stay where they are."""
        self._crowd.remove(self._slots)
