"""Actions: `app.actions`.

    app.actions.bind("jump", "Space", "Gamepad.South", "Touch.Tap")
    app.actions.axis("move", "WASD", "Gamepad.LeftStick", "Touch.LeftStick")
    if app.actions["jump"].pressed: ...

Owns: the program's actions by name, which context is on, and what a player chose instead of what the program bound.
Reads app.input after the events, before the program runs. Limits: ACTIONS_MAX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from layerw.actions import sources
from layerw.actions.action import Action, Axis, checked_sources
from layerw.actions.screen import Screen
from layerw.base import checks
from layerw.base.errors import ConfigError, KeyMissing, LayerwError
from layerw.base.settings import fixed_attributes
from layerw.frame.subsystems import SubsystemPort

ACTIONS_MAX = 256
RUMBLE_S_MAX = 5.0
TEXT_CHARS_MAX = 1000
KEPT = "layerw.actions"  # where `keep` has a player's choices


@fixed_attributes
class Actions:
    """`app.actions`: input by what it is for. Iterating gives the names."""

    def __init__(self, port: SubsystemPort) -> None:
        self._port = port
        self._devices = sources.Devices(port.input)
        self._screen = Screen(port.send, port.input, port.overlay)
        self._all: dict[str, Action | Axis] = {}
        self._context: str | None = None
        self._kept: MutableMapping[str, Any] | None = None
        self._chosen: dict[str, list[str]] = {}
        self._listening: list[Any] = []  # futures that want the next source
        self._listened: list[sources.Button] = []
        self._binding: Any = None  # the one of them whose source an action is bound to
        self._seen_revision, self._lively = -1, True  # a frame without events in which nothing was on changes nothing
        self._typing: Any = None  # the future of what is typed
        self._last_s = port.now_s()

    # -- what a program asks -------------------------------------------------------------------

    def bind(self, name: str, *sources: str, context: str | None = None) -> Action:
        """An action that is pressed, `app.actions["jump"]`; binding the name again gives it other sources.

        Args:
            name: what it is for.
            sources: "Space", "KeyW", "Control+KeyS", "Mouse.Left", "Gamepad.South" ("Gamepad2.South": of the second
                pad), "Touch.Tap", "Touch.Right.SwipeUp", "Touch.A" (a button that is drawn on touch screens).
            context: it counts only while `app.actions.context` is this; None: always.

        Raises:
            ConfigError: there is no such source, none is given, or the name is that of an axis. KindError: no texts.
        """
        texts = self._checked("bind", name, sources, Action)
        action = Action(name, texts, _context("bind", context), self._port.user, self._changed, self._listen_alone)
        self._add(action)
        return action

    def axis(self, name: str, *sources: str, dead_zone: float = 0.15, curve: float = 1.0,
             context: str | None = None) -> Axis:  # fmt: skip
        """Two numbers, `app.actions["move"].value`: right and up, at most 1 long.

        Args:
            name: what it is for.
            sources: "WASD", "Arrows", "Gamepad.LeftStick", "Gamepad.DPad", "Touch.LeftStick" (the left half of a touch
                screen), "KeyQ/KeyE" (left/right) or four buttons (left/right/down/up); the one moved farthest counts.
                What moves is added to it as it is: "Mouse.Move", "Mouse.Drag", "Mouse.Wheel", "Touch.Right.Drag" (CSS
                pixels of this frame), "Touch.Pinch" (the logarithm of the change).
            dead_zone: 0 to 0.9: what is shorter is 0; it begins at 0 there.
            curve: 1 is even, 2 is finer in the middle; 0.1 to 10.
            context: as for `bind`.
        """
        texts = self._checked("axis", name, sources, Axis)
        dead_zone = checks.number("app.actions.axis dead_zone", dead_zone, 0, 0.9)
        curve = checks.number("app.actions.axis curve", curve, 0.1, 10)
        axis = Axis(name, texts, _context("axis", context), dead_zone, curve, self._changed)
        self._add(axis)
        return axis

    def __getitem__(self, name: str) -> Any:
        """The action or the axis of that name. Raises KeyMissing with the nearest."""
        found = self._all.get(name) if isinstance(name, str) else None
        if found is None:
            raise KeyMissing(f"There is no action {checks.shown(name)}; app.actions.bind makes one."
                             f"{checks.did_you_mean(str(name), self._all)}")  # fmt: skip
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    @property
    def context(self) -> str | None:
        """Which actions count beside those without a context: "play", "menu". What is held as it changes counts again
        once it was up."""
        return self._context

    @context.setter
    def context(self, context: str | None) -> None:
        self._context, self._lively = _context("context", context), True
        self._screen.bound(self._all.values(), self._context)

    @property
    def touch(self) -> bool:
        """Whether this is a touch device: the page says so, or it was touched."""
        return self._screen.touch

    # -- what a player chooses -------------------------------------------------------------------

    async def listen(self) -> str:
        """The next source that is pressed, as text: `app.actions["jump"].sources = (await app.actions.listen(),)`.

        Keys, buttons of the pointer and of pads, pads' sticks; what is held already does not count.
        """
        found: str = await self._next()
        return found

    def _next(self) -> Any:
        """A future of it."""
        future = self._port.user.future()
        if not self._listening:
            names = [name for name in sources.button_names() if not name.startswith("Touch.")]
            self._listened = [sources.button(name) for name in names if name not in sources.EITHER_SIDE]
            for one in self._listened:
                one.update(self._devices)
        self._listening.append(future)
        self._lively = True
        return future

    async def _listen_alone(self) -> str:
        """As `listen`, for those who bind what they hear: the newest hears, "Escape" is what one before it gets."""
        if self._binding is not None and not self._binding.done():
            self._binding.set_result("Escape")
        self._binding = self._next()
        found: str = await self._binding
        return found

    def keep(self, store: MutableMapping[str, Any]) -> None:
        """Keeps what a player chooses (`action.sources = …`) in a store, and takes back what is there:
        `app.actions.keep(app.store)`. What is kept for actions that are bound later waits for them.

        store: `app.store`, or a dict.
        """
        checks.instance("app.actions.keep store", store, MutableMapping, "app.store or a dict")
        self._kept = store
        found = store.get(KEPT)
        self._chosen = {str(name): list(texts) for name, texts in found.items()} if isinstance(found, dict) else {}
        for one in self._all.values():
            self._recall(one)

    def reset(self, name: str | None = None) -> None:
        """Gives an action what the program bound it to; None: all of them."""
        for one in self._all.values() if name is None else [self[name]]:
            if one.sources != one.default:
                one.sources = one.default

    async def enter_text(self, label: str, text: str = "", *, length: int = 80) -> str | None:
        """What the user types into a line above the picture, with the keyboard of a touch device or of any language;
        None where Escape ends it. Meanwhile keys are not the program's. Without a page it is `text`.

        Args:
            label: what is asked: "Your name".
            text: that stands there at first.
            length: the most characters, 1 to 1000.
        """
        label = checks.text("app.actions.enter_text label", label)
        checks.instance("app.actions.enter_text text", text, str, "a text (str)")
        length = checks.whole("app.actions.enter_text length", length, 1, TEXT_CHARS_MAX)
        if self._port.host.name != "browser":
            return text[:length]
        if self._typing is not None and not self._typing.done():
            self._typing.set_result(None)  # the page shows one line: the newest
        self._typing = self._port.user.future()
        self._port.send({"type": {"label": label, "text": text[:length], "length": length}})
        typed: str | None = await self._typing
        return typed

    def rumble(self, strong: float = 0.5, weak: float = 0.5, seconds: float = 0.2, *, pad: int = 0) -> None:
        """Shakes a pad; nothing where it can't.

        Args:
            strong, weak: of its two motors, 0 to 1.
            seconds: 0 to 5; a new one ends the last.
            pad: 0 is the first.
        """
        strong = checks.number("app.actions.rumble strong", strong, 0, 1)
        weak = checks.number("app.actions.rumble weak", weak, 0, 1)
        seconds = checks.number("app.actions.rumble seconds", seconds, 0, RUMBLE_S_MAX)
        pad = checks.whole("app.actions.rumble pad", pad, 0, sources.PADS_MAX - 1)
        self._port.send({"rumble": {"pad": pad, "strong": strong, "weak": weak, "ms": round(seconds * 1000)}})

    # -- the frame -------------------------------------------------------------------------------

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """For the frame: see frame/subsystems.py."""
        return {"before": self._update, "received": self._receive, "report": self._report}

    def close(self) -> None:
        """The program ended."""
        self._all.clear()
        self._listening.clear()
        if self._typing is not None:
            self._typing.cancel()

    def _receive(self, value: object) -> None:
        if isinstance(value, dict) and "typed" in value and self._typing is not None and not self._typing.done():
            self._typing.set_result(value["typed"])
        self._screen.receive(value)
        self._lively = True

    def _update(self) -> None:
        now_s = self._port.now_s()
        dt, self._last_s = now_s - self._last_s, now_s
        revision = self._port.input._revision
        if revision == self._seen_revision and not self._lively and not self._screen.is_stale:
            return
        self._seen_revision = revision
        self._devices.begin()
        buttons = self._screen.places()
        self._devices.gestures.update(self._port.input, now_s, buttons)
        lively = bool(self._devices.gestures.fingers or self._devices.gestures.seen or self._listening)
        for one in list(self._all.values()):
            lively = one._update(self._devices, dt, one.context in (None, self._context)) or lively
        self._lively = lively
        self._screen.show(self._devices.gestures, buttons)
        self._hear()

    def _hear(self) -> None:
        self._listening = [one for one in self._listening if not one.done()]  # a cancelled one keeps nothing awake
        if not self._listening:
            return
        went = []
        for one in self._listened:
            one.update(self._devices)
            if one.went:
                went.append(one.text)
        if went:
            waiting, self._listening = self._listening, []
            for future in waiting:
                if not future.done():
                    future.set_result(went[0])

    def _checked(self, call: str, name: str, texts: tuple[str, ...], kind: type) -> tuple[str, ...]:
        checks.text(f"app.actions.{call} name", name)
        before = self._all.get(name)
        if before is not None and not isinstance(before, kind):
            is_ = "an axis" if kind is Action else "one that is pressed"
            raise ConfigError(f"The action {name!r} is {is_} already; give this one another name.")
        if before is None and len(self._all) >= ACTIONS_MAX:
            raise LayerwError(f"There are {ACTIONS_MAX} actions already, which is the most.")
        return checked_sources(name, texts)

    def _add(self, one: Action | Axis) -> None:
        self._all[one.name] = one
        self._recall(one)
        self._screen.bound(self._all.values(), self._context)
        self._lively = True

    def _recall(self, one: Action | Axis) -> None:
        texts = self._chosen.get(one.name)
        if texts is None or tuple(texts) == one.sources:
            return
        try:
            one.sources = texts
        except LayerwError as error:
            self._port.log.warning(f"What was kept for the action {one.name!r} is not taken: {error}")

    def _changed(self, one: Action | Axis) -> None:
        self._screen.bound(self._all.values(), self._context)
        self._lively = True
        if self._all.get(one.name) is not one:
            return
        self._chosen.pop(one.name, None)
        if one.sources != one.default:
            self._chosen[one.name] = list(one.sources)
        if self._kept is not None and self._kept.get(KEPT) != self._chosen:
            self._kept[KEPT] = dict(self._chosen)

    def _report(self) -> dict[str, Any]:
        return {"actions": len(self._all), "context": self._context, "touch": self._screen.touch}


def _context(call: str, context: object) -> str | None:
    return None if context is None else checks.text(f"app.actions.{call} context", context)
