"""`app.debug.ui`: knobs that are there while a program calls for them, every frame anew.

Owns: which widgets the calls of a frame stand for, and taking away those that nobody called for. They are widgets of
`app.ui`, in a panel of their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError, LayerwError
from layerw.base.settings import fixed_attributes
from layerw.ui.containers import Column, Panel
from layerw.ui.controls import FAR, items
from layerw.ui.ui import Ui
from layerw.ui.values import words
from layerw.ui.widgets import Button, Text, Widget

W = TypeVar("W", bound=Widget)
Key = tuple[str, ...]  # the sections around it, its kind, its name
STEPS = "▁▂▃▄▅▆▇█"
HISTORY = 40  # values of a plot


@dataclass(slots=True)
class _Shown:
    """A call's widget: what the program last passed, what it last got, and when."""

    widget: Widget
    frame: int
    passed: Any = None
    returned: Any = None
    history: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))


@fixed_attributes
class DebugUi:
    """Knobs for finding out, in a panel at the upper left: call for them in `@app.frame`, each time.

        ui = app.debug.ui
        speed = ui.slider("speed", speed, 0.0, 10.0)
        if ui.button("jump"):
            jump()
        ui.text(f"{app.time_s:.1f} s")

    What is not called for in a frame is gone with it. A control takes the value as the program has it and returns it as
    a person left it; a name stands once in a section. Everything else is as in `app.ui`.
    """

    def __init__(self, ui: Ui) -> None:
        self._ui = ui
        self._shown: dict[Key, _Shown] = {}
        self._panel: Panel | None = None
        self._sections: list[str] = []
        self._frame = 0
        self._texts = 0

    # -- what is shown -------------------------------------------------------------------------

    def text(self, text: str) -> None:
        """Words, each call a line of its own."""
        self._texts += 1
        self._said(str(self._texts), words(None, "debug.ui.text text", text))

    def value(self, name: str, value: object) -> None:
        """A name and what something is: numbers in four digits, arrays in a line."""
        self._said(name, f"{name}: {_short(value)}")

    def bar(self, name: str, value: float, high: float = 1.0) -> None:
        """How much there is of something: 0 to high, and no more."""
        full = checks.number("debug.ui.bar high", high, 0, above=True)
        number = checks.number("debug.ui.bar value", value)
        shown = self._get("bar", name, lambda: self._ui.bar(name, value=0.0, high=full))
        self._keep(shown, high=full)
        shown.widget.value = min(max(number, 0.0), full)

    def plot(self, name: str, value: float) -> None:
        """The last 40 values, a column each, between the least and the greatest of them."""
        number = checks.number("debug.ui.plot value", value)
        shown = self._get("plot", name, lambda: self._ui.text("", look="mono"))
        shown.history.append(number)
        low, high = min(shown.history), max(shown.history)
        half = high / 2 - low / 2  # their difference may be no number
        share = [(one / 2 - low / 2) / half if half else 0.0 for one in shown.history]
        columns = "".join(STEPS[round(one * (len(STEPS) - 1))] for one in share)
        cast(Text, shown.widget).text = f"{columns}\n{name}: {_short(number)} ({_short(low)} to {_short(high)})"

    # -- what a person changes -----------------------------------------------------------------

    def button(self, name: str) -> bool:
        """Whether it was pressed since the last frame."""
        return cast(Button, self._get("button", name, lambda: self._ui.button(name)).widget).clicked

    def slider(self, name: str, value: float, low: float, high: float, *, step: float | None = None) -> float:
        """A number from low to high. step: as for `app.ui.slider`."""
        what = f"debug.ui.slider({checks.shown(name)})"
        least = checks.number(f"{what} low", low, -FAR, FAR)
        most = checks.number(f"{what} high", high, -FAR, FAR)
        if least >= most:
            raise ConfigError(f"{what} goes from {least:g} to {most:g}; low has to be below high. It takes a name, the "
                              "value, low and high.")
        given = checks.number(f"{what} value", value, least, most)
        make = lambda: self._ui.slider(name, least, most, value=given, step=step)  # noqa: E731
        return float(self._asked("slider", name, given, make, low=least, high=most))

    def checkbox(self, name: str, value: bool) -> bool:
        """Yes or no."""
        given = checks.flag(f"debug.ui.checkbox({checks.shown(name)}) value", value)
        return bool(self._asked("checkbox", name, given, lambda: self._ui.checkbox(name, value=given)))

    def select(self, name: str, value: str, options: Iterable[str]) -> str:
        """One of several texts."""
        what = f"debug.ui.select({checks.shown(name)})"
        texts = items(None, f"{what} options", options)
        given = checks.one_of(f"{what} value", value, texts)
        make = lambda: self._ui.select(name, texts, value=given)  # noqa: E731
        return str(self._asked("select", name, given, make, options=texts))

    def input(self, name: str, value: str = "") -> str:
        """A line to type."""
        given = words(None, f"debug.ui.input({checks.shown(name)}) value", value)
        return str(self._asked("input", name, given, lambda: self._ui.input(name, value=given)))

    def knobs(self, name: str, settings: object) -> None:
        """A section with a knob for each number, switch and text of an object: `ui.knobs("fog", app.fog)`.

        Numbers have sliders to twice what they are now. What the object refuses stays as it was.

        Raises:
            KindError: the object has nothing that can be set.
        """
        names = _settings_of(settings)
        with self.section(name):
            for one in names:
                self._knob(settings, one)

    # -- groups --------------------------------------------------------------------------------

    @contextmanager
    def section(self, title: str) -> Iterator[None]:
        """What is called for in its `with` block lies under a title."""
        name = checks.text("debug.ui.section title", title)
        made = self._get("section", name, lambda: self._ui.column(style={"padding": 6}))
        self._sections.append(name)
        try:
            with cast(Column, made.widget):
                self._get("title", name, lambda: self._ui.text(name, look="heading"))
                yield
        finally:
            self._sections.pop()

    # -- mechanism -----------------------------------------------------------------------------

    def _said(self, name: str, words: str) -> None:
        shown = self._get("text", name, lambda: self._ui.text("", look="small"))
        cast(Text, shown.widget).text = words

    def _keep(self, shown: _Shown, **limits: Any) -> None:
        """Ends and options are those of this frame's call."""
        widget: Any = shown.widget
        for name, value in limits.items():
            if getattr(widget, name) != value:
                setattr(widget, name, value)

    def _asked(self, kind: str, name: str, given: Any, make: Callable[[], W], **limits: Any) -> Any:
        shown = self._get(kind, name, make)
        control: Any = shown.widget
        self._keep(shown, **limits)
        beyond = "high" in limits and not limits["low"] <= control.value <= limits["high"]
        if beyond or (given not in (shown.passed, shown.returned) and given != control.value):
            control.value = given  # the program changed it
        shown.passed, shown.returned = given, control.value
        return control.value

    def _knob(self, settings: object, name: str) -> None:
        try:
            now = getattr(settings, name)
        except LayerwError:  # not in this state: an entity without a body
            return
        if isinstance(now, bool):
            new: object = self.checkbox(name, now)
        elif isinstance(now, (int, float)) and -FAR / 2 <= now <= FAR / 2:
            shown = self._shown.get((*self._sections, "slider", name))
            ends: Any = shown.widget if shown else None
            far = 2.0 * abs(now) or 1.0
            low, high = (ends.low, ends.high) if ends else (-far if now < 0 else 0.0, far)
            new = type(now)(self.slider(name, min(max(now, low), high), low, high))
        elif isinstance(now, str):
            new = self.input(name, now)
        else:
            self.value(name, now)
            return
        if new != now:
            try:
                setattr(settings, name, new)
            except LayerwError:  # half a word, or beyond its limits
                return

    def _get(self, kind: str, name: str, make: Callable[[], W]) -> _Shown:
        self._ui._check_open()
        key = (*self._sections, kind, checks.text("debug.ui name", name))
        found = self._shown.get(key)
        if found is None or found.widget.closed:
            if self._sections:
                found = _Shown(make(), self._frame)
            else:
                with self._opened():
                    found = _Shown(make(), self._frame)
            self._shown[key] = found
        elif found.frame == self._frame and kind not in ("section", "title"):
            raise LayerwError(f"debug.ui has {name!r} twice in this frame; a name stands once in a section.")
        found.frame = self._frame
        return found

    def _opened(self) -> Panel:
        if self._panel is None or self._panel.closed:
            self._panel = self._ui.panel("Debug", anchor="top left")
        return self._panel

    # -- as a subsystem ------------------------------------------------------------------------

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """See frame.subsystems.Subsystem."""
        return {"after": self._sweep}

    def close(self) -> None:
        """The program ended; the widgets end with `app.ui`."""

    def _sweep(self, dt: float) -> None:
        called = any(one.frame == self._frame for one in self._shown.values())
        if not called and dt <= 0:
            return  # paused: what was called for last stays
        for key, one in list(self._shown.items()):
            if one.frame != self._frame or one.widget.closed:
                one.widget.close()
                del self._shown[key]
        if not self._shown and self._panel is not None:
            self._panel.close()
            self._panel = None
        self._frame += 1
        self._texts = 0


def _settings_of(settings: object) -> list[str]:
    """The names of what can be set of an object."""
    own = getattr(settings, "__dict__", {})
    names = list(getattr(type(settings), "__match_args__", ())) or [*own, *checks.settable(type(settings))]
    found = [name for name in dict.fromkeys(names) if not name.startswith("_")]
    if not found or isinstance(settings, type):
        raise KindError(f"debug.ui.knobs settings is {checks.shown(settings)}; it takes an object with attributes to "
                        "set, as app.fog is.")
    return found


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(_short(one) for one in value[:16]) + (", …)" if len(value) > 16 else ")")
    return str(value)[:200]
