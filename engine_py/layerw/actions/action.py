"""Action and Axis: what a program asks in a frame.

Owns: their values. Sources say what devices do (sources.py); Actions updates them once a frame.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import numpy as np

from layerw.actions.sources import Devices, button, device_of, in_words, stick
from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.base.ports import F64
from layerw.base.settings import fixed_attributes
from layerw.base.user_code import UserCode

Changed = Callable[["Action | Axis"], None]
Listen = Callable[[], Awaitable[str]]


@dataclass(slots=True)
class _Now:
    """What an action is in this frame; the steps: which fixed step sees the edge."""

    down: bool = False
    pressed: bool = False
    released: bool = False
    pressed_step: int = 0
    released_step: int = 0
    held_s: float = 0.0
    value: float = 0.0


@fixed_attributes
class Action:
    """One that is pressed, from `app.actions.bind`: `app.actions["jump"].pressed`.

    Edges (`pressed`, `released`) hold for one frame; in `@app.fixed` for the one step that comes first, so that a
    press is seen once there as well, whatever the rate of frames.
    """

    def __init__(self, name: str, sources: tuple[str, ...], context: str | None, user: UserCode,
                 changed: Changed, listen: Listen) -> None:  # fmt: skip
        self._name, self._user, self._changed, self._listen = name, user, changed, listen
        self._context, self._default = context, sources
        self._sources = [button(text) for text in sources]
        self._now = _Now()

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
    def key(self) -> str:
        """What one presses for it, in words: "E" for "KeyE", "Left Shift" for "ShiftLeft"; of several the first."""
        return in_words(self.sources[0])

    async def rebind(self) -> bool:
        """Binds it to the next source that a person presses, instead of the one of that kind of device: a key for the
        key, a pad's button for the pad's. Escape leaves it as it is, and so does a `rebind` of any action that begins
        meanwhile: a source is bound once. Whether it was bound."""
        found = await self._listen()
        if found == "Escape":
            return False
        before = self.sources
        place = next((number for number, one in enumerate(before) if device_of(one) == device_of(found)), None)
        kept = [one for number, one in enumerate(before) if number != place and one != found]
        kept.insert(place or 0, found)
        self.sources = tuple(kept)
        return True

    @property
    def pressed(self) -> bool:
        """Did it go down in this frame, or before this fixed step?"""
        now, user = self._now, self._user
        return now.pressed_step == user.step if user.in_step else now.pressed

    @property
    def released(self) -> bool:
        """Did it go up in this frame, or before this fixed step?"""
        now, user = self._now, self._user
        return now.released_step == user.step if user.in_step else now.released

    @property
    def held(self) -> bool:
        """Is it down?"""
        return self._now.down

    @property
    def held_s(self) -> float:
        """For how long, seconds; 0 while it is up."""
        return self._now.held_s

    @property
    def value(self) -> float:
        """0 to 1: how far a trigger is pulled; 1 for a key that is down."""
        return self._now.value

    def __repr__(self) -> str:
        return f"Action({self._name!r}, {', '.join(map(repr, self.sources))})"

    def _update(self, devices: Devices, dt: float, listens: bool) -> bool:
        """Takes a frame; whether anything of it may be other in the next one without a new event."""
        now, value, down, all_went = self._now, 0.0, False, True
        for source in self._sources:
            source.update(devices)
            if source.down:
                source.asleep = source.asleep or not listens
                if not source.asleep:
                    down, all_went = True, all_went and source.went
            value = max(value, source.value)
        was, now.down = now.down, down
        now.pressed, now.released = down and (not was or all_went), was and not down
        if now.pressed:
            now.pressed_step = self._user.step + 1
        if now.released:
            now.released_step = self._user.step + 1
        now.held_s = now.held_s + dt if down and was else 0.0
        now.value = value if listens else 0.0
        return down or was


@fixed_attributes
class Axis:
    """Two numbers, from `app.actions.axis`: `app.actions["move"].value`."""

    def __init__(self, name: str, sources: tuple[str, ...], context: str | None, dead_zone: float, curve: float,
                 changed: Changed) -> None:  # fmt: skip
        self._name, self._changed, self._dead_zone, self._curve = name, changed, dead_zone, curve
        self._context, self._default = context, sources
        self._sources = [stick(text) for text in sources]
        self._now = [0.0, 0.0]

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
        return np.array(self._now, np.float64)

    @property
    def x(self) -> float:
        """Its first number: to the right."""
        return self._now[0]

    @property
    def y(self) -> float:
        """Its second number: up, or ahead."""
        return self._now[1]

    def __repr__(self) -> str:
        return f"Axis({self._name!r}, {', '.join(map(repr, self.sources))})"

    def _update(self, devices: Devices, dt: float, listens: bool) -> bool:
        """As Action._update."""
        best, most, moved_x, moved_y = (0.0, 0.0), 0.0, 0.0, 0.0
        for source in self._sources:
            for part in source.parts:
                part.update(devices)
                part.asleep = part.asleep or (part.down and not listens)
            x, y = source.read(devices)
            if source.moves:
                moved_x, moved_y = moved_x + x, moved_y + y
            elif math.hypot(x, y) > most:
                best, most = (x, y), math.hypot(x, y)
        x, y = self._shaped(*best, most)
        self._now[:] = (x + moved_x, y + moved_y) if listens else (0.0, 0.0)
        return bool(moved_x or moved_y)

    def _shaped(self, x: float, y: float, length: float) -> tuple[float, float]:
        """From the dead zone's edge on it begins at 0, and follows the curve to 1."""
        if length <= self._dead_zone or length == 0:
            return 0.0, 0.0
        share = min((length - self._dead_zone) / (1 - self._dead_zone), 1.0) ** self._curve
        return x / length * share, y / length * share


def checked_sources(name: str, sources: object) -> tuple[str, ...]:
    """At least one. Raises ConfigError."""
    try:
        found: tuple[str, ...] = (sources,) if isinstance(sources, str) else tuple(sources)  # type: ignore[arg-type]
    except TypeError:
        raise KindError(f"The sources of the action {name!r} are {checks.shown(sources)}; they are texts.") from None
    if not found:
        raise ConfigError(f"The action {name!r} is bound to nothing; give at least one source, for example "
                          '"Space".')  # fmt: skip
    return found
