"""Sources: the texts that actions are bound to, and what each says in a frame.

    keys          "Space", "KeyW" (KeyboardEvent.code), "Shift", "Control", "Alt", "Meta": either side
    pointer       "Mouse.Left", .Middle, .Right, .Back, .Forward, .WheelUp, .WheelDown
    pads          "Gamepad.South": any pad; "Gamepad2.South": the second
    touches       "Touch.Tap", .Hold, .SwipeUp …, of a half: "Touch.Right.Tap"; drawn buttons: "Touch.A", .B, .X, .Y
    together      "Control+KeyS"
    axes          "WASD", "Arrows", "Gamepad.LeftStick", "Touch.LeftStick", "KeyQ/KeyE" (left/right), and what moves:
                  "Mouse.Move", "Mouse.Drag", "Mouse.Wheel", "Touch.Drag", "Touch.Pinch"

Owns: the names and their meaning. Does not: know actions. Axes point right and up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from layerw.actions.gestures import Gestures
from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.gpu.spec import KEYS
from layerw.input.state import Input

PADS_MAX = 4
PAD_BUTTONS = ("South", "East", "West", "North", "LeftBumper", "RightBumper", "LeftTrigger", "RightTrigger", "Select",
               "Start", "LeftThumb", "RightThumb", "DPadUp", "DPadDown", "DPadLeft", "DPadRight", "Home")  # fmt: skip
PLACES = {"A": "South", "B": "East", "X": "West", "Y": "North"}  # of what is printed on an Xbox pad
STICKS = {"LeftStick": 0, "RightStick": 2}  # the first of their two axes; down is positive there
DIRECTIONS = {"Right": (0, 1.0), "Left": (0, -1.0), "Up": (1, -1.0), "Down": (1, 1.0)}
MOUSE_BUTTONS = {"Left": 0, "Middle": 1, "Right": 2, "Back": 3, "Forward": 4}
GESTURES = ("Tap", "Hold", "SwipeUp", "SwipeDown", "SwipeLeft", "SwipeRight")
SCREEN_BUTTONS = ("A", "B", "X", "Y")
EITHER_SIDE = ("Shift", "Control", "Alt", "Meta")
GROUPS = {"WASD": "KeyA/KeyD/KeyS/KeyW", "Arrows": "ArrowLeft/ArrowRight/ArrowDown/ArrowUp",
          "IJKL": "KeyJ/KeyL/KeyK/KeyI", "Numpad": "Numpad4/Numpad6/Numpad2/Numpad8"}  # fmt: skip
MOVES = ("Mouse.Move", "Mouse.Drag", "Mouse.Wheel", "Touch.Drag", "Touch.Left.Drag", "Touch.Right.Drag", "Touch.Pinch")
DOWN_FROM, UP_BELOW = 0.5, 0.4  # of what is pressed by degrees: between them it stays as it is
Pair = tuple[float, float]


@dataclass(slots=True)
class Devices:
    """What sources read."""

    input: Input
    gestures: Gestures = field(default_factory=Gestures)
    _every: list[int] = field(default_factory=list)  # the pads that said something so far

    def begin(self) -> None:
        """A frame."""
        self._every = sorted({pad for pad, _ in (*self.input.axes, *self.input.pad_buttons)})

    def pads(self, wanted: int | None) -> list[int]:
        """The numbers of the pads that a source means."""
        return self._every if wanted is None else [wanted]

    def pad_button(self, pad: int | None, button: int) -> float:
        return max((self.input.pad_buttons.get((one, button), 0.0) for one in self.pads(pad)), default=0.0)

    def pad_axis(self, pad: int | None, axis: int) -> float:
        return max((self.input.axes.get((one, axis), 0.0) for one in self.pads(pad)), key=abs, default=0.0)

    def stick(self, pad: int | None, first: int) -> Pair:
        """Of the pad whose stick is moved farthest."""
        found = [(self.input.axes.get((one, first), 0.0), -self.input.axes.get((one, first + 1), 0.0))
                 for one in self.pads(pad)]  # fmt: skip
        return max(found, key=lambda pair: pair[0] ** 2 + pair[1] ** 2, default=(0.0, 0.0))


@dataclass(slots=True)
class Button:
    """A source that is pressed: `value` 0 to 1, `down`, and whether it `went` down in this frame.

    read: the value now. again: whether it went down in this frame, even if it is up by now.
    """

    text: str
    read: Callable[[Devices], float]
    again: Callable[[Devices], bool] = lambda devices: False
    value: float = 0.0
    down: bool = False
    went: bool = False
    asleep: bool = False  # it was down when its action began to listen: it counts once it was up
    fresh: bool = True

    def update(self, devices: Devices) -> None:
        was, again = self.down, self.again(devices)
        self.value = max(self.read(devices), float(again))
        self.down = self.value >= (UP_BELOW if was else DOWN_FROM)
        self.went = self.down and (not was or again)
        if self.fresh:
            self.fresh, self.asleep = False, self.down
        if self.asleep:
            self.asleep = self.down and not again
            if self.asleep:
                self.value, self.went = 0.0, False


@dataclass(slots=True)
class Stick:
    """A source of two numbers. `moves`: they are how far it went in this frame, without limits."""

    text: str
    read: Callable[[Devices], Pair]
    moves: bool = False
    parts: tuple[Button, ...] = ()


def button(text: str) -> Button:
    """The source of that name. Raises KindError, ConfigError with the nearest name."""
    if not isinstance(text, str):
        raise KindError(f'A source of an action is {checks.shown(text)}; it is a text, for example "Space".')
    if "+" in text:
        parts = [button(part) for part in text.split("+")]
        return Button(text, lambda devices: _together(parts, devices))
    found = _key(text) or _mouse(text) or _pad(text) or _touch(text)
    if found is None:
        is_axis = text in axis_names()
        hint = " That is an axis: app.actions.axis takes it." if is_axis else checks.did_you_mean(text, button_names())
        if (place := PLACES.get(text.rpartition(".")[2])) and text.startswith("Gamepad"):
            hint = f" A pad's buttons are named by their place: {text.rpartition('.')[0]}.{place}."
        words = hint or ' Keys are named as KeyboardEvent.code: "KeyW".'
        raise ConfigError(f"There is no source {text!r}.{words}")
    return found


def stick(text: str) -> Stick:
    """The axis of that name. Raises KindError, ConfigError with the nearest name."""
    if not isinstance(text, str):
        raise KindError(f'A source of an axis is {checks.shown(text)}; it is a text, for example "WASD".')
    if "/" in text or text in GROUPS:
        names = GROUPS.get(text, text).split("/")
        if len(names) not in (2, 4):
            raise ConfigError(f'The axis {text!r} has {len(names)} parts; it is "left/right" or "left/right/down/up".')
        parts = tuple(button(name) for name in names)
        return Stick(text, lambda devices: _of_buttons(parts), parts=parts)
    found = _pad_stick(text) or _moves(text)
    if found is None:
        raise ConfigError(f'There is no axis {text!r}; buttons make one as "KeyQ/KeyE" (left/right).'
                          f"{checks.did_you_mean(text, axis_names())}")
    return found


def button_names() -> list[str]:
    """All sources that are pressed, of pads those of any."""
    pads = [f"Gamepad.{name}" for name in (*PAD_BUTTONS, *(one + way for one in STICKS for way in DIRECTIONS))]
    mouse = [f"Mouse.{name}" for name in (*MOUSE_BUTTONS, "WheelUp", "WheelDown")]
    touch = [f"Touch.{side}{name}" for side in ("", "Left.", "Right.") for name in GESTURES]
    return [*KEYS, *EITHER_SIDE, *mouse, *pads, *touch, *(f"Touch.{name}" for name in SCREEN_BUTTONS)]


def device_of(text: str) -> str:
    """Whose a source is: "Gamepad", "Touch", or "Desk" of keys and the mouse, which are under the same hands."""
    kind = text.split(".")[0].rstrip("123456789")
    return kind if kind in ("Gamepad", "Touch") else "Desk"


def in_words(text: str) -> str:
    """A source as players read it: "KeyE" is "E", "ShiftLeft" "Left Shift", "Gamepad.South" "Gamepad South"."""
    return " + ".join(_part_in_words(part) for part in text.split("+"))


def _part_in_words(part: str) -> str:
    plain = re.sub(r"^(Key|Digit|Arrow)(?=.)", "", part)
    sided = re.fullmatch(r"(Shift|Control|Alt|Meta)(Left|Right)", plain)
    spaced = f"{sided[2]} {sided[1]}" if sided else re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", plain.replace(".", " "))
    return spaced.strip()


def axis_names() -> list[str]:
    """All axes, of pads those of any."""
    return [*GROUPS, *(f"{device}.{one}" for device in ("Gamepad", "Touch") for one in STICKS), "Gamepad.DPad", *MOVES]


def _together(parts: list[Button], devices: Devices) -> float:
    return min(one.read(devices) for one in parts)


def _of_buttons(parts: tuple[Button, ...]) -> Pair:
    left, right, *rest = (one.value for one in parts)
    return right - left, rest[1] - rest[0] if rest else 0.0


def _key(text: str) -> Button | None:
    if text not in EITHER_SIDE and text not in KEYS:
        return None
    keys = [f"{text}Left", f"{text}Right"] if text in EITHER_SIDE else [text]
    return Button(text, lambda devices: float(any(map(devices.input.key, keys))),
                  lambda devices: any(map(devices.input.pressed, keys)))


def _mouse(text: str) -> Button | None:
    kind, _, name = text.partition(".")
    if kind != "Mouse":
        return None
    number = MOUSE_BUTTONS.get(name)
    if number is not None:
        return Button(text, lambda devices: float(devices.input.button(number)),
                      lambda devices: devices.input.clicked(number))
    if name in ("WheelUp", "WheelDown"):
        way = 1 if name == "WheelDown" else -1
        return Button(text, lambda devices: float(devices.input.wheel_dy * way > 0))
    return None


def _pad_number(text: str) -> tuple[bool, int | None, str]:
    """Whether it is of a pad, which one, and the rest of its name."""
    found = re.fullmatch(r"Gamepad([1-9]?)\.(\w+)", text)
    if found is None:
        return False, None, ""
    number = int(found[1]) - 1 if found[1] else None
    if number is not None and number >= PADS_MAX:
        raise ConfigError(f"The source {text!r} is of pad {number + 1}; there are {PADS_MAX}.")
    return True, number, found[2]


def _pad(text: str) -> Button | None:
    is_pad, pad, name = _pad_number(text)
    if is_pad and name in PAD_BUTTONS:
        number = PAD_BUTTONS.index(name)
        return Button(text, lambda devices: devices.pad_button(pad, number))
    for one, first in STICKS.items():
        if is_pad and name.removeprefix(one) in DIRECTIONS and name.startswith(one):
            axis, sign = DIRECTIONS[name.removeprefix(one)]
            return Button(text, _tilted(pad, first + axis, sign))
    return None


def _tilted(pad: int | None, axis: int, sign: float) -> Callable[[Devices], float]:
    return lambda devices: max(0.0, devices.pad_axis(pad, axis) * sign)


def _pad_stick(text: str) -> Stick | None:
    is_pad, pad, name = _pad_number(text)
    if is_pad and name in STICKS:
        return Stick(text, lambda devices: devices.stick(pad, STICKS[name]))
    if is_pad and name == "DPad":
        kind = text.split(".")[0]
        parts = tuple(button(f"{kind}.DPad{way}") for way in ("Left", "Right", "Down", "Up"))
        return Stick(text, lambda devices: _of_buttons(parts), parts=parts)
    return None


def _touch(text: str) -> Button | None:
    if not text.startswith("Touch."):
        return None
    name = text.removeprefix("Touch.")
    if name in SCREEN_BUTTONS:
        return Button(text, lambda devices: float(devices.gestures.holds(name)),
                      lambda devices: name in devices.gestures.began)
    if name.removeprefix("Left.").removeprefix("Right.") in GESTURES:
        return Button(text, lambda devices: float(name in devices.gestures.seen))
    return None


def _moves(text: str) -> Stick | None:
    def mouse(devices: Devices) -> Pair:
        return devices.input.pointer_dx, -devices.input.pointer_dy

    side = text.split(".")[1] if text.count(".") == 2 else ""
    reads: dict[str, Callable[[Devices], Pair]] = {
        "Mouse.Move": mouse,
        "Mouse.Drag": lambda devices: mouse(devices) if devices.input.buttons else (0.0, 0.0),
        "Mouse.Wheel": lambda devices: (devices.input.wheel_dx, -devices.input.wheel_dy),
        "Touch.Pinch": lambda devices: (0.0, devices.gestures.pinch),
    }
    if text in ("Touch.LeftStick", "Touch.RightStick"):
        half = "Left" if text == "Touch.LeftStick" else "Right"
        return Stick(text, lambda devices: devices.gestures.tilt(half))
    if text.endswith(".Drag") and text in MOVES and text not in reads:
        return Stick(text, lambda devices: devices.gestures.drag(side), moves=True)
    return Stick(text, reads[text], moves=True) if text in reads else None
