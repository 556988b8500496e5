"""Gamepads walk through what is drawn while a widget has the keyboard, as web/page/subsystems/ui/pads.js does: the
directional pad or the left stick goes to the nearest one, changes a slider, a list or a choice; A presses, B is Escape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from layerw.input.state import Input
from layerw.ui.native.items import Item

if TYPE_CHECKING:
    from layerw.ui.native.screen import Drawn

A, B, UP, DOWN, LEFT, RIGHT = 0, 1, 12, 13, 14, 15  # the standard mapping
STICK = 0.6
REPEAT_S = (0.35, 0.12)  # first, then


class Held(NamedTuple):
    """What is held of all pads."""

    x: int = 0
    y: int = 0
    a: bool = False
    b: bool = False


class Pads:
    """`step` once a frame."""

    def __init__(self, screen: Drawn, state: Input) -> None:
        self._screen, self._input = screen, state
        self._held = Held()
        self._next_s = 0.0

    def step(self, now_s: float) -> None:
        """What is held now, and what that does."""
        if not self._input.pad_buttons and not self._input.axes:
            return
        before, now = self._held, self._now()
        self._held = now
        keys = self._screen.keys
        active = keys.item
        if active is None and self._screen.dialog() is None:
            return
        if now.b and not before.b:
            keys.escape()
        if active is None:
            return
        if now.a and not before.a:
            self._press(active)
        turned = (now.x, now.y) != (before.x, before.y)
        if (now.x, now.y) == (0, 0) or not (turned or now_s >= self._next_s):
            return
        self._next_s = now_s + REPEAT_S[0 if turned else 1]
        if not self._changed(active, now):
            self._go(active, now)

    def _now(self) -> Held:
        buttons = {number for (_, number), value in self._input.pad_buttons.items() if value > 0.5}
        sticks = [0, 0]
        for (_, axis), value in self._input.axes.items():
            if axis in (0, 1) and abs(value) > STICK:
                sticks[axis] = 1 if value > 0 else -1
        y = (DOWN in buttons) - (UP in buttons) or sticks[1]
        x = 0 if y else (RIGHT in buttons) - (LEFT in buttons) or sticks[0]
        return Held(x, y, A in buttons, B in buttons)

    def _press(self, item: Item) -> None:
        if item.kind in ("button", "checkbox", "select"):
            self._screen.hands.click(item)

    def _changed(self, item: Item, held: Held) -> bool:
        """What has a value takes the direction itself."""
        keys = self._screen.keys
        if (item.kind in ("slider", "select") and held.x) or (item.kind == "select" and self._screen.hands.popup):
            keys.act("ArrowRight" if held.x + held.y > 0 else "ArrowLeft")
            return True
        if item.kind != "list" or not held.y:
            return False
        rows, value = len(item.values.get("items", ())), item.values.get("value")
        at = -1 if value is None else value
        if at == rows - 1 if held.y > 0 else at <= 0:
            return False  # the keyboard goes on
        keys.act("ArrowDown" if held.y > 0 else "ArrowUp")
        return True

    def _go(self, item: Item, held: Held) -> None:
        """To the nearest in a direction; what lies beside it counts double."""
        from_x, from_y = self._middle(item)
        best, found = float("inf"), None
        for other in self._screen.keys.focusable():
            if other is item:
                continue
            x, y = self._middle(other)
            dx, dy = x - from_x, y - from_y
            along, beside = dx * held.x + dy * held.y, abs(dx * held.y) + abs(dy * held.x)
            if along > 1 and along + 2 * beside < best:
                best, found = along + 2 * beside, other
        if found is not None:
            self._screen.keys.give(found)

    def _middle(self, item: Item) -> tuple[float, float]:
        box = next((one for one in self._screen.box(item).all() if one.part), self._screen.box(item))
        return box.x + box.w / 2, box.y + box.h / 2
