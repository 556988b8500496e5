"""What a test asks of a browser, in the words that WebDriver classic and WebDriver BiDi share."""

from __future__ import annotations

import time
from typing import Any, Protocol

WAIT_S = 300.0  # WebKitGTK compiles Python's wasm for a minute on a loaded machine
POLL_S = 0.5


class Session(Protocol):
    """One tab of one browser."""

    name: str

    def goto(self, url: str) -> None:
        """Open a page and wait until it is loaded."""

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited; what JSON can hold."""

    def act(self, actions: list[dict[str, Any]]) -> None:
        """Perform input: https://www.w3.org/TR/webdriver2/#actions."""

    def screenshot(self) -> bytes:
        """The view as a PNG."""


def wait_for(session: Session, expression: str, seconds: float = WAIT_S) -> Any:
    """Wait until an expression is true; returns its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = session.evaluate(expression)
        if value:
            return value
        time.sleep(POLL_S)
    raise AssertionError(f"{session.name}: {expression} was not true within {seconds:.0f} s.")


def keys(*steps: tuple[str, str]) -> dict[str, Any]:
    """Key presses: ("keyDown" or "keyUp", key)."""
    return {"type": "key", "id": "keyboard", "actions": [{"type": kind, "value": key} for kind, key in steps]}


def mouse(*steps: tuple[Any, ...]) -> dict[str, Any]:
    """Mouse steps: ("move", x, y), ("down",), ("up",)."""
    found: list[dict[str, Any]] = []
    for kind, *at in steps:
        found.append({"type": "pointerMove", "x": at[0], "y": at[1], "duration": 50} if kind == "move"
                     else {"type": f"pointer{kind.capitalize()}", "button": 0})
    return {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": found}
