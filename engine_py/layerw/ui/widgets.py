"""Widgets: what a program holds of each. Writing an attribute shows it with this frame.

Owns: their attributes and what is called when a person uses one. Does not: draw; web/page/subsystems/ui/ does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from layerw.base import checks
from layerw.base.errors import LayerwError
from layerw.base.names import named
from layerw.base.user_code import UserCode
from layerw.ui.tree import Tree
from layerw.ui.values import Check, anchor, flag, style, words

Call = TypeVar("Call", bound=Callable[..., Any])
COMMON: dict[str, Check] = {"anchor": anchor, "visible": flag, "enabled": flag, "style": style}

USUAL: dict[str, Any] = {"visible": True, "enabled": True, "style": {}}  # the page takes these for granted


@named
class Widget:
    """What all widgets have.

    Attributes:
        anchor: where it lies, where it lies in no other: "top left", "top", "top right", "left", "center", "right",
            "bottom left", "bottom", "bottom right". Those of one anchor stand below each other.
        visible: whether it is there. enabled: whether it can be used.
        style: CSS by names with underscores, `{"width": 200, "font_size": "1.4em"}`; numbers are pixels.
    """

    KIND: ClassVar[str] = ""
    CHECKS: ClassVar[dict[str, Check]] = COMMON

    anchor: str
    visible: bool
    enabled: bool
    style: dict[str, str]
    closed: bool
    _tree: Tree
    _user: UserCode
    _id: int

    def __init__(self, tree: Tree, user: UserCode, parent: int, values: dict[str, Any]) -> None:
        own = self.__dict__
        own["_tree"], own["_user"], own["closed"] = tree, user, False
        values = USUAL | values
        kind = type(self).__name__
        for name, check in self.CHECKS.items():
            own[name] = check(self, f"{kind} {name}", values[name])
        own["_id"] = tree.add(self, parent)

    def __setattr__(self, name: str, value: Any) -> None:
        check = self.CHECKS.get(name)
        if check is None:
            raise checks.unknown_attribute(self, name, self.CHECKS)
        own = self.__dict__
        kept = check(self, f"{type(self).__name__}.{name}", value)
        if own["closed"]:
            raise LayerwError(f"This {type(self).__name__} was closed; make a new one.")
        if kept != own[name]:
            own[name] = kept
            own["_tree"].changed(own["_id"], name, kept)

    def close(self) -> None:
        """Takes it away, with what lies in it. A second call does nothing."""
        if not self.closed:
            self._tree.drop(self._id)

    def _sent(self) -> dict[str, object]:
        own = self.__dict__
        return {name: own[name] for name in self.CHECKS if own[name] != USUAL.get(name)}

    def _heard(self, event: str, value: object) -> None:
        """What a person did with it."""

    def _passed(self) -> None:
        """The frame that saw its click is over."""

    def _ended(self) -> None:
        self.__dict__["closed"] = True


class Text(Widget):
    """Words. Markup in them is shown as it is.

    Attributes:
        text: what it says.
    """

    KIND = "text"
    CHECKS = COMMON | {"text": words}

    text: str


class Button(Widget):
    """A button; as a decorator it says what is called.

    Attributes:
        text: what it says.
        clicked: whether it was clicked since the last frame.
    """

    KIND = "button"
    CHECKS = COMMON | {"text": words}

    text: str
    clicked: bool
    _call: Callable[[], Any] | None

    def __init__(self, tree: Tree, user: UserCode, parent: int, values: dict[str, Any]) -> None:
        self.__dict__.update(clicked=False, _call=None)
        super().__init__(tree, user, parent, values)

    def __call__(self, function: Call) -> Call:
        """Decorator: calls the function, which takes nothing and may be `async def`, with each click."""
        checks.callback("Button's function", function)
        self.__dict__["_call"] = function
        return function

    def click(self) -> None:
        """Does what a person's click does."""
        self._heard("click", None)

    def _heard(self, event: str, value: object) -> None:
        if event != "click" or not self.enabled:
            return
        self.__dict__["clicked"] = True
        self._tree.clicked.append(self)
        if self._call is not None:
            self._user.call(self._call)

    def _passed(self) -> None:
        self.__dict__["clicked"] = False


def _low(_: object, name: str, value: Any) -> float:
    return checks.number(name, value)


def _high(slider: Slider, name: str, value: Any) -> float:
    return checks.number(name, value, slider.low, above=True)


def _step(slider: Slider, name: str, value: Any) -> float:
    if value is None:
        return float(10.0 ** math.floor(math.log10((slider.high - slider.low) / 50)))
    return checks.number(name, value, 0, above=True)


def _between(slider: Slider, name: str, value: Any) -> float:
    return slider.low if value is None else checks.number(name, value, slider.low, slider.high)


class Slider(Widget):
    """A number between two others.

    Attributes:
        text: its name.
        low, high: the ends, low < high. step: between two values.
        value: what it is now; the program may set it.
    """

    KIND = "slider"
    CHECKS = COMMON | {"text": words, "low": _low, "high": _high, "step": _step, "value": _between}

    text: str
    low: float
    high: float
    step: float
    value: float
    _call: Callable[[float], Any] | None

    def __init__(self, tree: Tree, user: UserCode, parent: int, values: dict[str, Any]) -> None:
        self.__dict__["_call"] = None
        super().__init__(tree, user, parent, values)

    def on_change(self, function: Call) -> Call:
        """Decorator: calls the function with the value, or with nothing, when a person moves it."""
        self.__dict__["_call"] = checks.callback("Slider.on_change's function", function, "value")
        return function

    def _heard(self, event: str, value: object) -> None:
        if event != "value" or not self.enabled:
            return
        self.__dict__["value"] = min(max(checks.number("Slider.value", value), self.low), self.high)
        if self._call is not None:
            self._user.call(self._call, self.value)
