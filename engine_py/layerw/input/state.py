"""Keyboard, pointer, wheel, touch and gamepads as they stand in this frame.

Owns: the state. Events come from the page in order (spec.EVENTS); `_end_frame` clears what lasts one frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from layerw.base import checks
from layerw.base.errors import KeyMissing
from layerw.base.settings import fixed_attributes
from layerw.gpu.spec import KEYS

_KEY_NUMBERS = {name: number for number, name in enumerate(KEYS)}


@fixed_attributes
class Input:
    """`app.input`. Key names are KeyboardEvent.code: "KeyW", "ArrowUp", "Space", "ShiftLeft"."""

    def __init__(self) -> None:
        self.pointer = (0.0, 0.0)  # CSS pixels from the canvas's upper left
        self.pointer_dx = self.pointer_dy = 0.0  # moved in this frame, CSS pixels
        self.wheel_dx = self.wheel_dy = 0.0
        self.pointer_locked = False
        self.focused = True
        self.buttons: set[int] = set()  # 0 left, 1 middle, 2 right
        self.touches: dict[int, tuple[float, float]] = {}  # position by touch number; a tap is there for one frame
        self.touch_starts: dict[int, tuple[float, float]] = {}
        self.axes: dict[tuple[int, int], float] = {}  # (pad, axis)
        self.pad_buttons: dict[tuple[int, int], float] = {}
        self.size = (1, 1)  # of the surface, CSS pixels
        self._revision = 0  # rises with whatever changes
        self._down: set[int] = set()
        self._pressed: set[int] = set()
        self._clicked: set[int] = set()
        self._taps: set[int] = set()  # touches that began in this frame
        self._tapped: set[int] = set()  # of those, the ones that ended in it: seen for this one frame
        self._passing = (self._pressed, self._clicked, self._taps, self._tapped)  # what lasts one frame

    def key(self, name: str) -> bool:
        """Is the key held down?"""
        return _number(name) in self._down

    def pressed(self, name: str) -> bool:
        """Did the key go down in this frame?"""
        return _number(name) in self._pressed

    def button(self, number: int = 0) -> bool:
        """Is the pointer's button held down? 0 left, 1 middle, 2 right."""
        return checks.whole("Input.button number", number, 0) in self.buttons

    def clicked(self, number: int = 0) -> bool:
        """Did the button go down in this frame?"""
        return checks.whole("Input.clicked number", number, 0) in self._clicked

    def axis(self, negative: str, positive: str) -> float:
        """-1, 0 or 1 from two keys."""
        return float(self.key(positive)) - float(self.key(negative))

    def pad_axis(self, axis: int, pad: int = 0, dead_zone: float = 0.12) -> float:
        """A gamepad's axis, -1 to 1, 0 inside the dead zone."""
        axis, pad = checks.whole("Input.pad_axis axis", axis, 0), checks.whole("Input.pad_axis pad", pad, 0)
        value = self.axes.get((pad, axis), 0.0)
        return value if abs(value) > checks.number("Input.pad_axis dead_zone", dead_zone, 0, 1) else 0.0

    def _apply(self, events: Iterable[Any]) -> None:
        """Take this frame's events; those of other stages are passed over."""
        self._revision += 1
        for event in events:
            handler = _HANDLERS.get(type(event).__name__)
            if handler:
                handler(self, event)

    def _end_frame(self) -> None:
        """Forget what lasts one frame."""
        if self.pointer_dx or self.pointer_dy or self.wheel_dx or self.wheel_dy:
            self.pointer_dx = self.pointer_dy = self.wheel_dx = self.wheel_dy = 0.0
            self._revision += 1
        for touch in self._tapped:
            self._end_touch(touch)
        for passing in self._passing:
            if passing:
                passing.clear()
                self._revision += 1

    def _resize(self, event: Any) -> None:
        ratio = event.pixel_ratio or 1.0
        self.size = (max(round(event.width / ratio), 1), max(round(event.height / ratio), 1))

    def _key(self, event: Any) -> None:
        if event.down and event.key not in self._down:
            self._down.add(event.key)
            self._pressed.add(event.key)
        elif not event.down:
            self._down.discard(event.key)

    def _move(self, event: Any) -> None:
        self.pointer = (event.x, event.y)
        self.pointer_dx += event.dx
        self.pointer_dy += event.dy

    def _button(self, event: Any) -> None:
        self.pointer = (event.x, event.y)
        if event.down:
            self.buttons.add(event.button)
            self._clicked.add(event.button)
        else:
            self.buttons.discard(event.button)

    def _wheel(self, event: Any) -> None:
        self.wheel_dx += event.dx
        self.wheel_dy += event.dy

    def _touch(self, event: Any) -> None:
        if event.phase < 2:
            self.touches[event.touch] = (event.x, event.y)
            if event.phase == 0:
                self.touch_starts[event.touch] = (event.x, event.y)
                self._taps.add(event.touch)
                self._tapped.discard(event.touch)
        elif event.touch in self._taps:
            self._tapped.add(event.touch)
        else:
            self._end_touch(event.touch)

    def _end_touch(self, touch: int) -> None:
        self.touches.pop(touch, None)
        self.touch_starts.pop(touch, None)

    def _focus(self, event: Any) -> None:
        self.focused, self.pointer_locked = bool(event.focused), bool(event.pointer_locked)
        if not self.focused:  # the page no longer hears the keys go up
            self._down.clear()
            self.buttons.clear()
            self.touches.clear()
            self.touch_starts.clear()
            self._taps.clear()
            self._tapped.clear()

    def _axis(self, event: Any) -> None:
        self.axes[event.pad, event.axis] = event.value

    def _pad_button(self, event: Any) -> None:
        self.pad_buttons[event.pad, event.button] = event.value


def _number(name: str) -> int:
    number = _KEY_NUMBERS.get(name) if isinstance(name, str) else None
    if number is None:
        raise KeyMissing(f'There is no key {checks.shown(name)}; keys are named as KeyboardEvent.code, for example '
                         f'"KeyW".')
    return number


_HANDLERS = {
    "Resize": Input._resize, "Key": Input._key, "PointerMove": Input._move, "PointerButton": Input._button,
    "Wheel": Input._wheel, "Touch": Input._touch, "Focus": Input._focus, "GamepadAxis": Input._axis,
    "GamepadButton": Input._pad_button,
}  # fmt: skip
