"""When things happen: callbacks of a frame, steps, timers, tweens and coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from layerw.base import checks
from layerw.base.errors import KindError
from layerw.base.program_clock import Timer
from layerw.face.part import Part

if TYPE_CHECKING:  # imported where they are first used
    from layerw.base.tweens import Tween

FrameCallback = TypeVar("FrameCallback", bound=Callable[[float], Any])
Call = TypeVar("Call", bound=Callable[[], Any])


class Timing(Part):
    """When things happen: callbacks of a frame, steps, timers, tweens and coroutines."""

    __slots__ = ()

    def frame(self, callback: FrameCallback) -> FrameCallback:
        """Decorator: calls the function each frame with the seconds of the program's time since the last one."""
        checks.callback("app.frame's callback", callback, "dt")
        self._engine.scenes.own(self._engine.user.add_frame(callback))
        return callback

    def fixed(self, callback: FrameCallback) -> FrameCallback:
        """Decorator: calls the function in steps of 1/60 s, with that as `dt`, before the frame's own callbacks. A
        frame has 4 steps at most; what it took longer is dropped and told."""
        checks.callback("app.fixed's callback", callback, "dt")
        self._engine.scenes.own(self._engine.user.add_fixed(callback))
        return callback

    @overload
    def after(self, seconds: float) -> Callable[[Call], Call]: ...

    @overload
    def after(self, seconds: float, callback: Callable[[], Any]) -> Timer: ...

    def after(self, seconds: float, callback: Any = None) -> Any:
        """Calls a function once, after so many seconds of the program's time: `app.after(2.0, boom)` gives a Timer,
        `@app.after(2.0)` decorates. The function may be `async def`."""
        return self._timed("app.after", checks.number("app.after seconds", seconds, 0), 0.0, callback)

    @overload
    def every(self, seconds: float) -> Callable[[Call], Call]: ...

    @overload
    def every(self, seconds: float, callback: Callable[[], Any]) -> Timer: ...

    def every(self, seconds: float, callback: Any = None) -> Any:
        """As `after`, again and again, once a frame at most; the Timer's `cancel()` ends it. seconds: above 0."""
        checks.number("app.every seconds", seconds, 0, above=True)
        return self._timed("app.every", seconds, seconds, callback)

    def _timed(self, call: str, after_s: float, every_s: float, callback: Any) -> Any:
        def add(callback: Call) -> Timer:
            checks.callback(f"{call}'s callback", callback)
            timer = self._engine.user.clock.add(callback, after_s, every_s=every_s)
            self._engine.scenes.own(timer.cancel, lambda: not timer.active)
            return timer

        def decorate(callback: Call) -> Call:
            add(callback)
            return callback

        return decorate if callback is None else add(callback)

    def seconds(self, seconds: float) -> asyncio.Future[None]:
        """`await app.seconds(1.0)` in an `async def` goes on after so many seconds of the program's time."""
        return self._engine.user.wait(checks.number("app.seconds seconds", seconds, 0))

    def tween(self, thing: Any, seconds: float, *, ease: str = "in out", delay: float = 0.0, repeat: float = 0,
              back: bool = False, **to: Any) -> Tween:  # fmt: skip
        """Moves attributes of a thing to new values: `app.tween(door, 0.8, position=(0, 2, 0), ease="bounce")`.

        Args:
            thing: an entity, a group, a light, a material, a camera, app.sun: whatever has attributes of numbers.
            seconds: of the program's time. delay: before it begins; values are taken as they are then.
            ease: "linear", "in", "out", "in out", "back", "bounce" or "elastic".
            repeat: how many times more; math.inf = for ever. back: each time there and back.
            to: attributes and what they shall be; colours by name, too.

        Returns a Tween: `await` it, `cancel()` it where it is, `finish()` it; it ends with its thing.
        """
        user = self._engine.user
        tween = user.tweens.add(thing, seconds, ease, delay, repeat, back, to, user.future())
        self._engine.scenes.own(tween.cancel, lambda: not tween.active)
        return tween

    def start(self, story: Awaitable[Any]) -> asyncio.Future[Any]:
        """Runs a coroutine, `app.start(story())`, beside the frames; the result can be awaited and cancelled."""
        if not isinstance(story, Awaitable):
            raise KindError(f"app.start story is {checks.shown(story)}; it takes a coroutine: call the async function.")
        task = self._engine.user.start(story)
        self._engine.scenes.own(task.cancel, task.done)
        return task

    @property
    def paused(self) -> bool:
        """Whether the program's time stands: frame callbacks get dt = 0, and steps, timers, wind and water wait."""
        return self._engine.user.clock.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._engine.user.clock.paused = checks.flag("app.paused", paused)

    @property
    def time_scale(self) -> float:
        """How fast the program's time runs: 1.0, 0.2 for slow motion; 0 to 100."""
        return self._engine.user.clock.scale

    @time_scale.setter
    def time_scale(self, scale: float) -> None:
        self._engine.user.clock.scale = checks.number("app.time_scale", scale, 0, 100)
