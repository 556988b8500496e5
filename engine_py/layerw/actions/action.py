"""Action and Axis: what a program asks in a frame.

Owns: their values. Sources say what devices do (sources.py); Actions updates them once a frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from layerw.actions.sources import Devices, button, stick
from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.base.ports import F64
from layerw.base.settings import fixed_attributes
from layerw.base.user_code import UserCode

Changed = Callable[["Action | Axis"], None]


@fixed_attributes
class Action:
    """One that is pressed, from `app.actions.bind`: `app.actions["jump"].pressed`.

    Edges (`pressed`, `released`) hold for one frame; in `@app.fixed` for the one step that comes first, so that a
    press is seen once there as well, whatever the rate of frames.
    """

    def __init__(self, name: str, sources: tuple[str, ...], context: str | None, user: UserCode,
                 changed: Changed) -> None:  # fmt: skip
        self._name, self._user, self._changed = name, user, changed
        self._context, self._default = context, sources
        self._sources = [button(text) for text in sources]
        self._down = False
        self._edges = (False, False)
        self._steps = (0, 0)
        self._held_s = 0.0
        self._value = 0.0

    @property
    def name(self) -> str:
        """As it was bound."""
        return self._name

    @property
    def context(self) -> str | None:
        """Where it counts: `app.actions.context`; None: everywhere."""
        return self._context

    @property
    def sources(self) -> tuple[str, ...]:
        """What it is bound to now; assign others to change them: `action.sources = ("KeyJ",)`.

        Raises:
            KindError, ConfigError: there is no such source, or none is given; it stays as it was.
        """
        return tuple(source.text for source in self._sources)

    @sources.setter
    def sources(self, sources: str | Iterable[str]) -> None:
        self._sources = [button(text) for text in checked_sources(self._name, sources)]
        self._changed(self)

    @property
    def default(self) -> tuple[str, ...]:
        """What the program bound it to."""
        return self._default

    @property
    def pressed(self) -> bool:
        """Did it go down in this frame, or before this fixed step?"""
        return self._steps[0] == self._user.step if self._user.in_step else self._edges[0]

    @property
    def released(self) -> bool:
        """Did it go up in this frame, or before this fixed step?"""
        return self._steps[1] == self._user.step if self._user.in_step else self._edges[1]

    @property
    def held(self) -> bool:
        """Is it down?"""
        return self._down

    @property
    def held_s(self) -> float:
        """For how long, seconds; 0 while it is up."""
        return self._held_s

    @property
    def value(self) -> float:
        """0 to 1: how far a trigger is pulled; 1 for a key that is down."""
        return self._value

    def __repr__(self) -> str:
        return f"Action({self._name!r}, {', '.join(map(repr, self.sources))})"

    def _update(self, devices: Devices, dt: float, listens: bool) -> None:
        was = self._down
        for source in self._sources:
            source.update(devices)
            source.asleep = source.asleep or (not listens and source.down)
        active = [source for source in self._sources if source.down and not source.asleep]
        down = listens and bool(active)
        pressed = down and (not was or all(source.went for source in active))
        released = was and not down
        self._down = down
        self._edges = (pressed, released)
        step = self._user.step + 1
        self._steps = (step if pressed else self._steps[0], step if released else self._steps[1])
        self._held_s = 0.0 if not down or not was else self._held_s + dt
        self._value = max((source.value for source in self._sources), default=0.0) if listens else 0.0


@fixed_attributes
class Axis:
    """Two numbers, from `app.actions.axis`: `app.actions["move"].value`."""

    def __init__(self, name: str, sources: tuple[str, ...], context: str | None, dead_zone: float, curve: float,
                 changed: Changed) -> None:  # fmt: skip
        self._name, self._changed, self._dead_zone, self._curve = name, changed, dead_zone, curve
        self._context, self._default = context, sources
        self._sources = [stick(text) for text in sources]
        self._value = (0.0, 0.0)

    @property
    def name(self) -> str:
        """As it was bound."""
        return self._name

    @property
    def context(self) -> str | None:
        """Where it counts: `app.actions.context`; None: everywhere."""
        return self._context

    @property
    def sources(self) -> tuple[str, ...]:
        """What it is bound to now; see Action.sources."""
        return tuple(source.text for source in self._sources)

    @sources.setter
    def sources(self, sources: str | Iterable[str]) -> None:
        self._sources = [stick(text) for text in checked_sources(self._name, sources)]
        self._changed(self)

    @property
    def default(self) -> tuple[str, ...]:
        """What the program bound it to."""
        return self._default

    @property
    def value(self) -> F64:
        """(2,) float64, right and up, of a length of 1 at most; what moves ("Mouse.Move") is added to that: how far it
        went in this frame, CSS pixels. A copy."""
        return np.array(self._value, np.float64)

    @property
    def x(self) -> float:
        """Its first number: to the right."""
        return self._value[0]

    @property
    def y(self) -> float:
        """Its second number: up, or ahead."""
        return self._value[1]

    def __repr__(self) -> str:
        return f"Axis({self._name!r}, {', '.join(map(repr, self.sources))})"

    def _update(self, devices: Devices, dt: float, listens: bool) -> None:
        best, most, moved_x, moved_y = (0.0, 0.0), 0.0, 0.0, 0.0
        for source in self._sources:
            for part in source.parts:
                part.update(devices)
                part.asleep = part.asleep or (not listens and part.down)
            x, y = source.read(devices)
            if source.moves:
                moved_x, moved_y = moved_x + x, moved_y + y
            elif math.hypot(x, y) > most:
                best, most = (x, y), math.hypot(x, y)
        x, y = self._shaped(*best, most)
        self._value = (x + moved_x, y + moved_y) if listens else (0.0, 0.0)

    def _shaped(self, x: float, y: float, length: float) -> tuple[float, float]:
        """From the dead zone's edge on it begins at 0, and follows the curve to 1."""
        if length <= self._dead_zone or length == 0:
            return 0.0, 0.0
        share = min((length - self._dead_zone) / (1 - self._dead_zone), 1.0) ** self._curve
        return x / length * share, y / length * share


def checked_sources(name: str, sources: object) -> tuple[str, ...]:
    """At least one. Raises ConfigError."""
    if not isinstance(sources, str | Iterable):
        raise KindError(f"The sources of the action {name!r} are {checks.shown(sources)}; they are texts.")
    found: tuple[str, ...] = (sources,) if isinstance(sources, str) else tuple(sources)
    if not found:
        raise ConfigError(f"The action {name!r} is bound to nothing; give at least one source, for example "
                          '"Space".')  # fmt: skip
    return found
