"""Widgets: what a program holds of each. Writing an attribute shows it with this frame.

Owns: what all have, words, buttons. Does not: draw; web/page/subsystems/ui/ does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from layerw.base import checks
from layerw.base.errors import LayerwError
from layerw.base.names import named
from layerw.base.user_code import UserCode
from layerw.ui.tree import Tree
from layerw.ui.values import Check, anchor, flag, look, style, words

Call = TypeVar("Call", bound=Callable[..., Any])
COMMON: dict[str, Check] = {"anchor": anchor, "visible": flag, "style": style}
USUAL: dict[str, Any] = {"visible": True, "enabled": True, "style": {}, "look": "plain", "live": False,
                         "secret": False, "placeholder": ""}  # the page takes these for granted


@named
class Widget:
    """What all widgets have.

    Attributes:
        anchor: where it lies, where it lies in no other: "top left", "top", "top right", "left", "center", "right",
            "bottom left", "bottom", "bottom right". Those of one anchor stand below each other.
        visible: whether it is there.
        style: CSS by names with underscores, `{"width": 200, "font_size": "1.4em"}`; numbers are pixels.
    """

    KIND: ClassVar[str] = ""
    CHECKS: ClassVar[dict[str, Check]] = COMMON
    UNSENT: ClassVar[frozenset[str]] = frozenset()  # attributes that the page needs not
    _writes: ClassVar[dict[str, tuple[Check, str, bool]]] = {}  # check, full name, whether it is sent

    anchor: str
    visible: bool
    style: dict[str, str]
    closed: bool
    _tree: Tree
    _user: UserCode
    _id: int

    def __init__(self, tree: Tree, user: UserCode, values: dict[str, Any]) -> None:
        own = self.__dict__
        own["_tree"], own["_user"], own["closed"] = tree, user, False
        values = {"visible": True, "enabled": True} | values
        kind = type(self).__name__
        for name, check in self.CHECKS.items():
            own[name] = check(self, f"{kind} {name}", values[name])
        own["_id"] = tree.add(self)

    def __init_subclass__(cls) -> None:
        cls._writes = {name: (check, f"{cls.__name__}.{name}", name not in cls.UNSENT)
                       for name, check in cls.CHECKS.items()}  # fmt: skip

    def __setattr__(self, name: str, value: Any) -> None:
        found = self._writes.get(name)
        if found is None:
            raise checks.unknown_attribute(self, name, self.CHECKS)
        check, full_name, is_sent = found
        own = self.__dict__
        kept = check(self, full_name, value)
        if own["closed"]:
            raise LayerwError(f"This {type(self).__name__} was closed; make a new one.")
        if kept != own[name]:
            own[name] = kept
            if is_sent:
                own["_tree"].changed(own["_id"], name, kept)

    def close(self) -> None:
        """Takes it away, with what lies in it. A second call does nothing."""
        if not self.closed:
            self._tree.drop(self._id)

    def focus(self) -> None:
        """Gives it the keyboard, and a gamepad's sticks; of what is no control, the first that lies in it."""
        if self.closed:
            raise LayerwError(f"This {type(self).__name__} was closed; make a new one.")
        self._tree.focused = self._id

    def _sent(self) -> dict[str, object]:
        own = self.__dict__
        return {name: own[name] for name in self.CHECKS
                if name not in self.UNSENT and own[name] != USUAL.get(name)}  # fmt: skip

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
        look: "plain", "title", "heading", "small" or "mono".
        live: whether screen readers say it when it changes.
    """

    KIND = "text"
    CHECKS = COMMON | {"look": look, "live": flag, "text": words}

    text: str
    look: str
    live: bool


class Button(Widget):
    """A button; as a decorator it says what is called.

    Attributes:
        text: what it says.
        enabled: whether it can be used.
        clicked: whether it was clicked since the last frame.
    """

    KIND = "button"
    CHECKS = COMMON | {"enabled": flag, "text": words}

    text: str
    enabled: bool
    clicked: bool
    _call: Callable[[], Any] | None

    def __init__(self, tree: Tree, user: UserCode, values: dict[str, Any]) -> None:
        self.__dict__.update(clicked=False, _call=None)
        super().__init__(tree, user, values)

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
