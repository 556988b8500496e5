"""Scenes: a menu, a level, an end; one at a time, each with what it made.

Owns: which scene is on, and what ends with it: entities by the number of their spawn, everything else by what ends it.
Does not: touch settings of light, air, camera and view; a scene sets its own as it begins.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from layerw.base import checks
from layerw.base.errors import KindError, LayerwError
from layerw.base.user_code import UserCode
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.app import App

ENDS_MIN = 64
NESTED_MAX = 16  # scenes that enter each other before they begin
End = Callable[[], Any]


class Scene:
    """A part of a program: subclass it, then `app.enter(Level(3))`.

    `enter()` builds it, `frame(dt)` and `fixed(dt)` are called while it is on, `leave()` before it ends. What is made
    meanwhile ends with it: entities, lights, models, worlds, points and lines, decals, views, panels, timers, tweens,
    coroutines, callbacks. Attributes are yours; `self.app` is the App, `self.random` a numpy Generator that gives the
    same numbers each time the scene begins.

    Args:
        seed: of `random`, a whole number of at least 0.
    """

    app: App

    def __init__(self, seed: int = 0) -> None:
        self.seed = checks.whole("Scene seed", seed, 0)

    @cached_property
    def random(self) -> np.random.Generator:
        """Equal numbers in equal scenes, on every host."""
        return np.random.default_rng(getattr(self, "seed", 0))  # a subclass may not call super().__init__()

    def enter(self) -> Any:
        """It begins: build it here. May be `async def`."""

    def frame(self, dt: float) -> Any:
        """Each frame, as @app.frame."""

    def fixed(self, dt: float) -> Any:
        """Each step of 1/60 s, as @app.fixed."""

    def leave(self) -> Any:
        """It ends: what it made is still there."""


class Scenes:
    """The scene that is on."""

    def __init__(self, user: UserCode, table: Table) -> None:
        self.current: Scene | None = None
        self._user, self._table = user, table
        self._ends: list[tuple[End, Callable[[], bool]]] = []
        self._full = ENDS_MIN
        self._entering: list[str] = []  # those that have not begun yet: one may enter another in enter() or leave()
        self._births = self._serials = 0  # spawns before it, of all and of the program's

    def own(self, end: End, over: Callable[[], bool] = lambda: False) -> None:
        """What ends something that was made while a scene is on, and whether it is over by itself."""
        if self.current is None:
            return
        self._ends.append((end, over))
        if len(self._ends) > self._full:  # a scene that lasts makes timers for ever
            self._ends = [pair for pair in self._ends if not pair[1]()]
            self._full = 2 * len(self._ends) + ENDS_MIN

    def clear(self) -> None:
        """Forgets it: everything ends."""
        self.current = None
        self._ends.clear()

    def enter(self, app: App, scene: Scene | None) -> None:
        """Ends the one that is on, then begins another, if any."""
        if scene is not None and not isinstance(scene, Scene):
            hint = "; make one: app.enter(Level())" if isinstance(scene, type) else ""
            raise KindError(f"app.enter scene is {checks.shown(scene)}; it takes a lw.Scene or None{hint}.")
        for name in ("fixed", "frame"):
            hook = inspect.getattr_static(type(scene), name, None)
            if inspect.isfunction(hook):
                checks.callback(f"{type(scene).__name__}.{name}", hook, "self", "dt")
        if len(self._entering) >= NESTED_MAX:
            chain = ", ".join(self._entering[-4:])
            raise LayerwError(f"app.enter was called by enter() or leave() of {NESTED_MAX} scenes in a row ({chain}), "
                              "each of which enters the next before it began or ended. Let one wait for something: "
                              "app.after(0.1, lambda: app.enter(…)).")  # fmt: skip
        self._entering.append(type(scene).__name__)
        try:
            self._change(app, scene)
        finally:
            self._entering.pop()

    def _change(self, app: App, scene: Scene | None) -> None:
        self._end()
        if scene is None or self.current is not None:
            return  # leave() has entered another, which is the newer wish
        scene.app = app
        scene.__dict__.pop("random", None)  # it begins anew
        self.current, self._births, self._serials = scene, self._table.births, self._table.serials
        if type(scene).fixed is not Scene.fixed:
            self.own(self._user.add_fixed(scene.fixed))
        if type(scene).frame is not Scene.frame:
            self.own(self._user.add_frame(scene.frame))
        self._user.call(self._begin, scene)

    def _begin(self, scene: Scene) -> None:
        story = scene.enter()
        if inspect.isawaitable(story):
            task = self._user.start(story)
            self.own(task.cancel, task.done)

    def _end(self) -> None:
        scene = self.current
        if scene is None:
            return
        self._user.call(scene.leave)
        if self.current is not scene:
            return  # leave() has entered another
        self.current, ends = None, self._ends
        self._ends = []
        for end, _ in reversed(ends):
            self._user.call(end)
        rows = np.flatnonzero(self._table.birth > self._births)
        if len(rows):
            self._table.despawn_rows(rows)
        self._table.serials = self._serials  # a scene that begins again has the same: what was saved in it finds them
