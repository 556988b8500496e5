"""Controls: widgets with a value that a person changes.

Owns: what each takes, from the program and from a person. Does not: trust the page; what comes from it is checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.base.user_code import UserCode
from layerw.ui.tree import Tree
from layerw.ui.values import Check, flag, words
from layerw.ui.widgets import COMMON, Call, Widget

ITEMS_MAX = 10_000
FAR = 1e300  # of a slider: the difference of its ends is a number, too
CONTROL: dict[str, Check] = COMMON | {"enabled": flag, "text": words}


class Control(Widget):
    """What has a value that a person changes.

    Attributes:
        text: its name.
        enabled: whether it can be used.
        value: what it is now; the program may set it.
    """

    CHECKS = CONTROL

    text: str
    enabled: bool
    value: Any
    _call: Callable[[Any], Any] | None

    def __init__(self, tree: Tree, user: UserCode, values: dict[str, Any]) -> None:
        self.__dict__["_call"] = None
        super().__init__(tree, user, values)

    def on_change(self, function: Call) -> Call:
        """Decorator: calls the function with the value when a person changes it."""
        name = f"{type(self).__name__}.on_change's function"
        self.__dict__["_call"] = checks.callback(name, function, "value")
        return function

    def change(self, value: Any) -> None:
        """Does what a person's change does; assigning `value` does not call the function of `on_change`."""
        self._heard("value", value)

    def _heard(self, event: str, value: object) -> None:
        if event != "value" or not self.enabled:
            return
        self.__dict__["value"] = self._given(value)
        if self._call is not None:
            self._user.call(self._call, self.value)

    def _given(self, value: Any) -> Any:
        """A person's value as it is kept. Raises LayerwError."""
        return self.CHECKS["value"](self, f"{type(self).__name__}.value", value)


def _low(_: object, name: str, value: Any) -> float:
    return checks.number(name, value, -FAR, FAR)


def _high(slider: Slider, name: str, value: Any) -> float:
    return checks.number(name, value, slider.low, FAR, above=True)


def _step(slider: Slider, name: str, value: Any) -> float:
    if value is None:
        return float(10.0 ** math.floor(math.log10(max((slider.high - slider.low) / 50, 1 / FAR))))
    return checks.number(name, value, 0, above=True)


def _between(slider: Slider, name: str, value: Any) -> float:
    return slider.low if value is None else checks.number(name, value, slider.low, slider.high)


class Slider(Control):
    """A number between two others.

    Attributes:
        low, high: the ends, low < high. step: between two values.
        value: a float from low to high.
    """

    KIND = "slider"
    CHECKS = CONTROL | {"low": _low, "high": _high, "step": _step, "value": _between}

    low: float
    high: float
    step: float
    value: float

    def _given(self, value: Any) -> float:
        return min(max(checks.number("Slider.value", value), self.low), self.high)


class Checkbox(Control):
    """Yes or no.

    Attributes:
        value: True or False.
    """

    KIND = "checkbox"
    CHECKS = CONTROL | {"value": flag}

    value: bool


def items(_: object, name: str, value: Any) -> tuple[str, ...]:
    """Several texts."""
    try:
        found = None if isinstance(value, str) else tuple(value)
    except TypeError:  # also of an array without a length
        found = None
    if found is None:
        raise KindError(f"{name} is {checks.shown(value)}; it takes a list of texts.")
    if len(found) > ITEMS_MAX:
        raise ConfigError(f"{name} has {len(found)} texts; it takes at most {ITEMS_MAX}.")
    for number, one in enumerate(found):
        words(None, f"{name}[{number}]", one)
    return found


def _options(select: Select, name: str, value: Any) -> tuple[str, ...]:
    found = items(select, name, value)
    if not found or len(set(found)) < len(found):
        raise ConfigError(f"{name} is {checks.shown(list(found))}; it takes at least one text, none of them twice.")
    own = select.__dict__
    if own.get("value", found[0]) not in found:
        own["value"] = found[0]  # the page chooses the first as well
    return found


def _option(select: Select, name: str, value: Any) -> str:
    return select.options[0] if value is None else checks.one_of(name, value, select.options)


class Select(Control):
    """One of several texts.

    Attributes:
        options: the texts. New ones without the value choose the first.
        value: the chosen text.
    """

    KIND = "select"
    CHECKS = CONTROL | {"options": _options, "value": _option}

    options: tuple[str, ...]
    value: str


def _length(_: object, name: str, value: Any) -> int:
    return checks.whole(name, value, 1, 65_536)


def _typed(field: Input, name: str, value: Any) -> str:
    found = words(field, name, value)
    if len(found) > field.length_max:
        raise ConfigError(f"{name} has {len(found)} characters; it takes at most {field.length_max}.")
    return found


class Input(Control):
    """A line that a person types, with whatever input method.

    Attributes:
        placeholder: what stands there while it is empty.
        length_max: the most characters. secret: whether they are hidden.
        value: what is typed.
    """

    KIND = "input"
    CHECKS = CONTROL | {"placeholder": words, "length_max": _length, "secret": flag, "value": _typed}

    placeholder: str
    length_max: int
    secret: bool
    value: str
    _entered: Callable[[str], Any] | None

    def __init__(self, tree: Tree, user: UserCode, values: dict[str, Any]) -> None:
        self.__dict__["_entered"] = None
        super().__init__(tree, user, values)

    def on_enter(self, function: Call) -> Call:
        """Decorator: calls the function with the value when a person presses Enter."""
        self.__dict__["_entered"] = checks.callback("Input.on_enter's function", function, "value")
        return function

    def _heard(self, event: str, value: object) -> None:
        super()._heard(event, value)
        if event == "enter" and self.enabled and self._entered is not None:
            self._user.call(self._entered, self.value)

    def _given(self, value: Any) -> str:
        return words(self, "Input.value", value)[: self.length_max]


def _rows(shown: List, name: str, value: Any) -> tuple[str, ...]:
    found = items(shown, name, value)
    own = shown.__dict__
    if own.get("value") is not None and own["value"] >= len(found):
        own["value"] = None  # the page forgets it as well
    return found


def _row(shown: List, name: str, value: Any) -> int | None:
    if value is None or not shown.items:
        return None
    return checks.whole(name, value, 0, len(shown.items) - 1)


class List(Control):
    """Rows of words, of which a person chooses one.

    Attributes:
        items: the rows' texts, up to 10,000.
        value: the number of the chosen row, or None.
    """

    KIND = "list"
    CHECKS = CONTROL | {"items": _rows, "value": _row}

    items: tuple[str, ...]
    value: int | None
