"""Touches as a hand means them: taps, swipes, holds, drags, a pinch, and the two sticks and buttons under the thumbs.

Owns: what each touch has done since it began. Reads `Input.touches`; where buttons are is screen.py's.
Limits: a tap is seen in the frame after the finger left; the first touch of a half is that half's stick.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from layerw.input.state import Input

TAP_S = 0.3
HOLD_S = 0.5
STILL_PX = 14.0  # a finger that moved less stood still
SWIPE_PX = 40.0
SWIPE_S = 0.5
STICK_PX = 60.0  # from the middle of a stick to its edge
SIDES = ("", "Left", "Right")
Point = tuple[float, float]


@dataclass(slots=True)
class Finger:
    """One touch: where and when it began, where it is, and the button that it holds."""

    start: Point
    since_s: float
    at: Point
    side: str
    button: str = ""
    moved_px: float = 0.0  # the farthest from its start
    step: Point = (0.0, 0.0)  # in this frame


@dataclass(slots=True)
class Gestures:
    """`seen`: names of what happened in this frame, as "Tap" and "Right.Tap"."""

    fingers: dict[int, Finger] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    began: set[str] = field(default_factory=set)  # buttons of the screen that went down in this frame
    pinch: float = 0.0  # of this frame: the logarithm of how much two fingers parted
    _apart_px: float = 0.0

    def update(self, state: Input, time_s: float, button_at: dict[str, tuple[float, float, float]]) -> None:
        """Take this frame's touches. button_at: the buttons on the screen: x, y, radius, CSS pixels."""
        self.seen, self.began = set(), set()
        for number, finger in list(self.fingers.items()):
            if state.touch_starts.get(number) is not finger.start:
                del self.fingers[number]
                self._ended(finger, time_s)
        for number, at in state.touches.items():
            if number not in self.fingers:
                start = state.touch_starts.get(number, at)
                side = "Left" if start[0] < state.size[0] / 2 else "Right"
                self.fingers[number] = Finger(start, time_s, start, side, _button(start, button_at))
                self.began.add(self.fingers[number].button)
            finger = self.fingers[number]
            finger.step = (at[0] - finger.at[0], at[1] - finger.at[1])
            finger.at = at
            finger.moved_px = max(finger.moved_px, math.dist(at, finger.start))
            if not finger.button and finger.moved_px < STILL_PX and time_s - finger.since_s >= HOLD_S:
                self._see(finger, "Hold")
        self._pinch()

    def holds(self, button: str) -> bool:
        """Whether a finger is on a button of the screen."""
        return any(finger.button == button for finger in self.fingers.values())

    def stick(self, side: str) -> Finger | None:
        """The finger that moves the stick of a half."""
        return next((one for one in self.fingers.values() if one.side == side and not one.button), None)

    def tilt(self, side: str) -> Point:
        """How far a stick is moved, each -1 to 1, y up."""
        finger = self.stick(side)
        if finger is None:
            return 0.0, 0.0
        x, y = finger.at[0] - finger.start[0], finger.start[1] - finger.at[1]
        reach = max(math.hypot(x, y), STICK_PX)
        return x / reach, y / reach

    def drag(self, side: str) -> Point:
        """How far the fingers of a half moved in this frame, CSS pixels, y up."""
        found = [one.step for one in self.fingers.values() if not one.button and side in ("", one.side)]
        return sum(step[0] for step in found), -sum(step[1] for step in found)

    def _ended(self, finger: Finger, time_s: float) -> None:
        took_s = time_s - finger.since_s
        if finger.button:
            return
        if finger.moved_px < STILL_PX and took_s <= TAP_S:
            self._see(finger, "Tap")
        x, y = finger.at[0] - finger.start[0], finger.start[1] - finger.at[1]
        if math.hypot(x, y) >= SWIPE_PX and took_s <= SWIPE_S:
            self._see(finger, ("SwipeRight" if x > 0 else "SwipeLeft") if abs(x) > abs(y)
                      else "SwipeUp" if y > 0 else "SwipeDown")  # fmt: skip

    def _see(self, finger: Finger, what: str) -> None:
        self.seen |= {what, f"{finger.side}.{what}"}

    def _pinch(self) -> None:
        free = [one.at for one in self.fingers.values() if not one.button]
        apart = math.dist(*free) if len(free) == 2 else 0.0
        self.pinch = math.log(apart / self._apart_px) if apart > 0 and self._apart_px > 0 else 0.0
        self._apart_px = apart


def _button(at: Point, buttons: dict[str, tuple[float, float, float]]) -> str:
    """The nearest button around a point; a finger needs not meet it exactly."""
    near = [(math.dist(at, (x, y)), name) for name, (x, y, r) in buttons.items() if math.dist(at, (x, y)) <= 1.25 * r]
    return min(near)[1] if near else ""
