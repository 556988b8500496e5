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
from layerw.ui.ui import Ui
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
        self._said(str(self._texts), checks.text("debug.ui.text text", text))

    def value(self, name: str, value: object) -> None:
        """A name and what something is: numbers in four digits, arrays in a line."""
        self._said(name, f"{name}: {_short(value)}")

    def bar(self, name: str, value: float, high: float = 1.0) -> None:
        """How much there is of something: 0 to high, and no more."""
        full = checks.number("debug.ui.bar high", high, 0, above=True)
        shown = self._get("bar", name, lambda: self._ui.bar(name, value=0.0, high=full))
        shown.widget.value = min(max(checks.number("debug.ui.bar value", value), 0.0), full)

    def plot(self, name: str, value: float) -> None:
        """The last 40 values, a column each, between the least and the greatest of them."""
        number = checks.number("debug.ui.plot value", value)
        shown = self._get("plot", name, lambda: self._ui.text("", look="mono"))
        shown.history.append(number)
        low, high = min(shown.history), max(shown.history)
        scale = (len(STEPS) - 1) / ((high - low) or 1.0)
        columns = "".join(STEPS[round((one - low) * scale)] for one in shown.history)
        cast(Text, shown.widget).text = f"{columns}\n{name}: {_short(number)} ({_short(low)} to {_short(high)})"

    # -- what a person changes -----------------------------------------------------------------

    def button(self, name: str) -> bool:
        """Whether it was pressed since the last frame."""
        return cast(Button, self._get("button", name, lambda: self._ui.button(name)).widget).clicked

    def slider(self, name: str, value: float, low: float, high: float, *, step: float | None = None) -> float:
        """A number from low to high. step: as for `app.ui.slider`."""
        said = f"debug.ui.slider({name!r})"
        low, high = checks.number(f"{said} low", low), checks.number(f"{said} high", high)
        if low >= high:
            raise ConfigError(f"{said} goes from {low:g} to {high:g}; low has to be below high. It takes a name, the "
                              "value, low and high.")
        given = checks.number(f"{said} value", value, low, high)
        make = lambda: self._ui.slider(name, low, high, value=given, step=step)  # noqa: E731
        return float(self._asked("slider", name, given, make))

    def checkbox(self, name: str, value: bool) -> bool:
        """Yes or no."""
        given = checks.flag(f"debug.ui.checkbox({name!r}) value", value)
        return bool(self._asked("checkbox", name, given, lambda: self._ui.checkbox(name, value=given)))

    def select(self, name: str, value: str, options: Iterable[str]) -> str:
        """One of several texts."""
        texts = list(options)
        given = checks.one_of(f"debug.ui.select({name!r}) value", value, texts)
        return str(self._asked("select", name, given, lambda: self._ui.select(name, texts, value=given)))

    def input(self, name: str, value: str = "") -> str:
        """A line to type."""
        given = checks.text(f"debug.ui.input({name!r}) value", value)
        return str(self._asked("input", name, given, lambda: self._ui.input(name, value=given)))

    def knobs(self, name: str, settings: object) -> None:
        """A section with a knob for each number, switch and text of an object: `ui.knobs("fog", app.fog)`.

        Numbers have sliders to twice what they are now. What the object refuses stays as it was.

        Raises:
            KindError: the object has nothing that can be set.
        """
        names = _public(getattr(type(settings), "__match_args__", ()) or getattr(settings, "__dict__", ()))
        names = names or _public(checks.settable(type(settings)))
        if not names or type(settings).__module__ == "builtins":
            raise KindError(f"debug.ui.knobs({name!r}) settings is {checks.shown(settings)}; it takes an object with "
                            "attributes to set, app.fog for example.")
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

    def _asked(self, kind: str, name: str, given: Any, make: Callable[[], W]) -> Any:
        shown = self._get(kind, name, make)
        control: Any = shown.widget
        if given not in (shown.passed, shown.returned) and given != control.value:
            control.value = given  # the program changed it
        shown.passed, shown.returned = given, control.value
        return control.value

    def _knob(self, settings: object, name: str) -> None:
        now = getattr(settings, name)
        if isinstance(now, bool):
            new: object = self.checkbox(name, now)
        elif isinstance(now, (int, float)):
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


def _public(names: Iterable[str]) -> list[str]:
    return [one for one in names if not one.startswith("_")]


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(_short(one) for one in value[:16]) + (", …)" if len(value) > 16 else ")")
    return str(value)[:200]
