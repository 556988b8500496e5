"""Tweens: numbers of things on their way from where they are to where they shall be.

Owns: those that run, by the program's time. Calls nothing of the program but the attributes that it names; one whose
thing is gone ends. Rotations (four numbers of an attribute `rotation`) turn the short way round.
Source of the curves: Penner, "Robert Penner's Programming Macromedia Flash MX" (2002), chapter 7.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Generator
from copy import copy
from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.colors import parse_color
from layerw.base.errors import ConfigError, HandleError, KindError
from layerw.base.mathx import quat_between
from layerw.base.names import named
from layerw.base.ports import F64

BACK = 1.70158  # overshoots by a tenth


def _out_bounce(t: float) -> float:
    for until, middle, base in ((1 / 2.75, 0.0, 0.0), (2 / 2.75, 1.5 / 2.75, 0.75), (2.5 / 2.75, 2.25 / 2.75, 0.9375)):
        if t < until:
            return 7.5625 * (t - middle) ** 2 + base
    return 7.5625 * (t - 2.625 / 2.75) ** 2 + 0.984375


def _out_elastic(t: float) -> float:
    return t if t in (0, 1) else 1 + 2 ** (-10 * t) * math.sin((10 * t - 0.75) * 2 * math.pi / 3)


EASES: dict[str, Callable[[float], float]] = {
    "linear": lambda t: t,
    "in": lambda t: t**3,
    "out": lambda t: 1 - (1 - t) ** 3,
    "in out": lambda t: 4 * t**3 if t < 0.5 else 1 - (2 - 2 * t) ** 3 / 2,
    "back": lambda t: 1 + (BACK + 1) * (t - 1) ** 3 + BACK * (t - 1) ** 2,
    "bounce": _out_bounce,
    "elastic": _out_elastic,
}


@named
class Tween:
    """What `app.tween` gives. `cancel()` leaves things where they are; `finish()` puts them at the end; `active`:
    whether it still runs. `await tween` goes on when it is over; a cancelled one raises CancelledError there."""

    __slots__ = ("_done", "_ease", "_ends", "_passed_s", "_seconds", "_starts", "_thing", "_turns_back", "_wait_s",
                 "_ways")  # fmt: skip

    def __init__(self, thing: object, seconds: float, ends: dict[str, Any], ease: Callable[[float], float],
                 delay_s: float, ways: float, turns_back: bool, done: asyncio.Future[None]) -> None:  # fmt: skip
        self._thing, self._seconds, self._ends, self._ease = thing, seconds, ends, ease
        self._wait_s, self._ways, self._turns_back, self._done = delay_s, ways, turns_back, done
        self._passed_s = 0.0
        self._starts: dict[str, F64] | None = None

    def __repr__(self) -> str:
        return f"<Tween of {', '.join(self._ends)}{'' if self.active else ', over'}>"

    def __await__(self) -> Generator[Any, None, None]:
        return self._done.__await__()

    @property
    def active(self) -> bool:
        """Whether it still runs."""
        return not self._done.done()

    def cancel(self) -> None:
        """Ends it where it is; nothing where it is over."""
        self._done.cancel()

    def finish(self) -> None:
        """Ends it at its end; nothing where it is over."""
        if self.active:
            self._begin()
            self._put(self._end_share())
            self._done.set_result(None)

    def _begin(self) -> dict[str, F64]:
        if self._starts is None:
            self._starts = {name: _like(end, _numbers(getattr(self._thing, name))) for name, end in self._ends.items()}
        return self._starts

    def _end_share(self) -> float:
        return 0.0 if self._turns_back and self._ways % 2 == 0 else self._ease(1.0)

    def _step(self, passed_s: float) -> None:
        """Some seconds of the program's time later."""
        self._passed_s += passed_s
        if self._passed_s < self._wait_s:
            return
        self._begin()
        ways = (self._passed_s - self._wait_s) / self._seconds if self._seconds > 0 else self._ways
        if ways >= self._ways:
            self.finish()
            return
        way, share = int(ways), ways % 1.0
        self._put(self._ease(1.0 - share if self._turns_back and way % 2 else share))

    def _put(self, share: float) -> None:
        for name, start in self._begin().items():
            value = start + (self._ends[name] - start) * share
            if name == "rotation" and start.shape[-1:] == (4,):
                value = quat_between(start, self._ends[name], share)
            setattr(self._thing, name, value if value.shape else float(value))


class Tweens:
    """Those that run. `failed(error)` gets what goes wrong in one, which ends it."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._running: list[Tween] = []

    def add(self, thing: object, seconds: float, ease: str, delay_s: float, repeat: float, back: bool,
            to: dict[str, Any], done: asyncio.Future[None]) -> Tween:  # fmt: skip
        """Checks what it is given; see App.tween."""
        checks.number("app.tween seconds", seconds, 0)
        checks.number("app.tween delay", delay_s, 0)
        if not (isinstance(repeat, float) and repeat == math.inf):
            checks.whole("app.tween repeat", repeat, 0)
        if repeat and not seconds:
            raise ConfigError("app.tween repeat needs seconds above 0.")
        if not to:
            raise ConfigError("app.tween moves nothing: name what changes, app.tween(door, 1.0, position=(0, 2, 0)).")
        curve = EASES[checks.one_of("app.tween ease", ease, EASES)]
        ends = {name: _end_of(thing, name, value) for name, value in to.items()}
        turns = checks.flag("app.tween back", back)
        ways = (1.0 + repeat) * (2 if turns else 1)
        tween = Tween(thing, float(seconds), ends, curve, float(delay_s), ways, turns, done)
        self._running.append(tween)
        return tween

    def step(self, passed_s: float) -> None:
        """Once a frame."""
        for tween in list(self._running):
            if tween.active:
                try:
                    tween._step(passed_s)
                except HandleError:  # the thing was destroyed, and its way is over
                    tween.cancel()
                except Exception as error:
                    tween.cancel()
                    self._failed(error)
        self._running = [tween for tween in self._running if tween.active]

    def clear(self) -> None:
        """Ends all of them where they are."""
        for tween in self._running:
            tween.cancel()
        self._running.clear()


def _numbers(value: object) -> F64:
    """As numbers: colours by name and bytes of colours count to 1."""
    found = np.asarray(parse_color(value) if isinstance(value, str) else value)
    if found.dtype.kind not in "iuf":
        raise TypeError
    return found / 255.0 if found.dtype == np.uint8 else found.astype(np.float64)


def _end_of(thing: object, name: str, value: object) -> F64:
    """What one attribute has once it is set: it checks and reads what it is given as it always does."""
    before = copy(getattr(thing, name))
    try:
        start = _numbers(before)
    except (TypeError, ValueError):
        raise KindError(f"app.tween {name} is {checks.shown(before)}: only numbers can be on their way.") from None
    setattr(thing, name, value)
    try:
        end = _like(start, _numbers(getattr(thing, name)))
    except (TypeError, ValueError):
        raise KindError(f"app.tween {name} is {checks.shown(value)}; it takes numbers as {checks.shown(before)}, which "
                        "it is now.") from None  # fmt: skip
    finally:
        setattr(thing, name, before)
    if not np.isfinite(end).all():
        raise ConfigError(f"app.tween {name} is {checks.shown(value)}; it takes finite numbers.")
    return end


def _like(start: F64, end: F64) -> F64:
    """The end in the shape of the start; a colour without alpha has 1."""
    if (start.shape, end.shape) == ((4,), (3,)):
        return np.append(end, 1.0)
    if (start.shape, end.shape) == ((3,), (4,)):
        return end[:3]
    return np.array(np.broadcast_to(end, start.shape))
