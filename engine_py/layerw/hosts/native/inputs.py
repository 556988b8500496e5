"""What a window's user does, as the engine's events: the twin of web/page/input.js.

Owns: names of keys and buttons, pads, and what is down. A key is named by its place on a US keyboard, as
KeyboardEvent.code is; rendercanvas doesn't tell left from right, so Shift, Control, Alt and Meta are the left ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from layerw.gpu.spec import KEYS

Event = dict[str, Any]
_BUTTONS = {1: 0, 2: 2, 3: 1}  # rendercanvas counts left, right, middle
_SIDES = {"Shift": "ShiftLeft", "Control": "ControlLeft", "Alt": "AltLeft", "Meta": "MetaLeft", " ": "Space"}
_SIGNS = dict(zip("-=[]\\;'`,./", ("Minus", "Equal", "BracketLeft", "BracketRight", "Backslash", "Semicolon", "Quote",
                                   "Backquote", "Comma", "Period", "Slash"), strict=True))  # fmt: skip
# glfw's numbers of the keypad, which rendercanvas hands on as characters.
_KEYPAD = {chr(320 + n): name for n, name in enumerate((
    *(f"Numpad{d}" for d in range(10)), "NumpadDecimal", "NumpadDivide", "NumpadMultiply", "NumpadSubtract",
    "NumpadAdd", "NumpadEnter"))}  # fmt: skip
# The standard mapping's buttons, by glfw's; 6 and 7 are the triggers, which are axes there.
_PAD_BUTTONS = (0, 1, 2, 3, 4, 5, 8, 9, 16, 10, 11, 12, 15, 13, 14)
_TRIGGERS = {4: 6, 5: 7}
_AXIS_STEP = 0.01
EVENTS = ("pointer_move", "pointer_down", "pointer_up", "wheel", "key_down", "key_up", "char", "resize")


def key_code(name: str) -> str:
    """KeyboardEvent.code of rendercanvas's name of a key; "" where there is none."""
    if len(name) == 1 and name.isascii() and name.isalnum():
        return f"Digit{name}" if name.isdigit() else f"Key{name.upper()}"
    code = _SIDES.get(name) or _SIGNS.get(name) or _KEYPAD.get(name) or name
    return code if code in KEYS else ""


class Inputs:
    """send: a host's."""

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._at: tuple[float, float] | None = None
        self._down: set[str] = set()
        self._pads: dict[tuple[int, str, int], float] = {}

    def handle(self, event: Event) -> None:
        """One of EVENTS."""
        kind = event["event_type"]
        if kind.startswith("pointer"):
            self._pointer(kind, event)
        elif kind == "wheel":
            self._send("wheel", event["dx"], event["dy"])
        elif kind == "char":
            self._send("typed", event["data"])
        elif kind == "resize":
            ratio = event["pixel_ratio"]
            self._send("resize", max(round(event["width"] * ratio), 1), max(round(event["height"] * ratio), 1), ratio)
        else:
            self._key(key_code(event["key"]), kind == "key_down")

    def _pointer(self, kind: str, event: Event) -> None:
        x, y = event["x"], event["y"]
        if kind == "pointer_move":
            before = self._at or (x, y)
            self._at = (x, y)
            self._send("pointer_move", x, y, x - before[0], y - before[1])
        elif event["button"] in _BUTTONS:
            self._send("pointer_button", _BUTTONS[event["button"]], int(kind == "pointer_down"), x, y)

    def _key(self, code: str, down: bool) -> None:
        if not code or (code in self._down) is down:
            return
        (self._down.add if down else self._down.discard)(code)
        self._send("key", KEYS.index(code), int(down))

    def focus(self, focused: bool, locked: bool) -> None:
        """The window has the keyboard or not."""
        if not focused:
            self._down.clear()  # as the engine does
        self._send("focus", int(focused), int(locked))

    def pad(self, number: int, buttons: Sequence[int], axes: Sequence[float]) -> None:
        """A pad as glfw sees it."""
        for button, held in enumerate(buttons):
            self._pad(number, "gamepad_button", _PAD_BUTTONS[button], float(held))
        for axis, value in enumerate(axes):
            if axis in _TRIGGERS:
                self._pad(number, "gamepad_button", _TRIGGERS[axis], (value + 1) / 2)
            else:
                self._pad(number, "gamepad_axis", axis, value)

    def pad_gone(self, number: int) -> None:
        """A pad that is unplugged, or was never there, lets go of everything."""
        for pad, kind, which in list(self._pads):
            if pad == number:
                self._pad(number, kind, which, 0.0)
                del self._pads[pad, kind, which]

    def _pad(self, number: int, kind: str, which: int, value: float) -> None:
        before = self._pads.get((number, kind, which), 0.0)
        if abs(value - before) >= _AXIS_STEP or (value == 0 and before != 0):
            self._pads[number, kind, which] = value
            self._send(kind, number, which, value)
