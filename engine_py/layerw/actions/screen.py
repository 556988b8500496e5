"""What is drawn for fingers: sticks where one lies, and buttons in the lower right corner, on touch devices only.

Owns: where the buttons are, and what the page (web/page/subsystems/actions.js) shows of both: those of actions that
count now, and nothing while a dialog is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from layerw.actions.action import Action, Axis
from layerw.actions.gestures import STICK_PX, Gestures
from layerw.actions.sources import SCREEN_BUTTONS
from layerw.frame.overlay import Overlay
from layerw.input.state import Input

BUTTON_PX = 34.0  # half its width
LARGE_PX = 44.0  # of one that is alone
DIAMOND_PX = 58.0  # from its middle to a button
EDGE_PX = 110.0  # from its middle to the corner
KNOB_PX = 26.0
OFFSETS = {"A": (0.0, 1.0), "B": (1.0, 0.0), "X": (-1.0, 0.0), "Y": (0.0, -1.0)}  # as on a pad
Places = dict[str, tuple[float, float, float]]


class Screen:
    """`touch`: whether anything is drawn."""

    def __init__(self, send: Callable[[object], None], state: Input, overlay: Overlay) -> None:
        self.touch = False
        self._send, self._input, self._overlay = send, state, overlay
        self._labels: dict[str, str] = {}  # of the buttons that actions use now
        self._sticks: set[str] = set()  # the halves
        self._behind = False  # a dialog, as of the last `show`
        self._shown: list[list[object]] = []
        self._started = False

    def bound(self, actions: Iterable[Action | Axis], context: str | None) -> None:
        """Actions were bound, or the context changed: which buttons and sticks those use that count now."""
        self._labels, self._sticks = {}, set()
        is_used = False
        for action in actions:
            counts = action.context in (None, context)
            for text in action.sources:
                name = text.removeprefix("Touch.")
                if name in SCREEN_BUTTONS and name != text:
                    is_used = True
                    if counts:
                        self._labels[name] = action.name
                elif text in ("Touch.LeftStick", "Touch.RightStick"):
                    is_used = True
                    if counts:
                        self._sticks.add(name.removesuffix("Stick"))
        if is_used and not self._started:
            self._started = True
            self._send({})  # the page's half begins, and says whether this is a touch device

    def receive(self, value: object) -> None:
        """What the page says."""
        if isinstance(value, dict) and value.get("touch"):
            self.touch = True

    @property
    def is_stale(self) -> bool:
        """Whether a dialog came or went since the last `show`."""
        return self._overlay.has_dialog != self._behind

    def places(self) -> Places:
        """x, y and radius of each button, CSS pixels from the upper left."""
        self.touch = self.touch or bool(self._input.touches)
        width, height = self._input.size
        if len(self._labels) == 1:
            return dict.fromkeys(self._labels, (width - 2 * LARGE_PX, height - 2 * LARGE_PX, LARGE_PX))
        return {name: (width - EDGE_PX + x * DIAMOND_PX, height - EDGE_PX + y * DIAMOND_PX, BUTTON_PX)
                for name, (x, y) in OFFSETS.items() if name in self._labels}  # fmt: skip

    def show(self, gestures: Gestures, places: Places) -> None:
        """Tells the page what to draw, where that is new: [x, y, radius, label, held]."""
        self._behind = self._overlay.has_dialog
        if not self._started or not self.touch:
            return
        shown = [] if self._behind else self._circles(gestures, places)
        if shown != self._shown:
            self._shown = shown
            self._send({"show": shown})

    def _circles(self, gestures: Gestures, places: Places) -> list[list[object]]:
        shown: list[list[object]] = [[*place, self._labels[name], gestures.holds(name)]
                                     for name, place in places.items()]  # fmt: skip
        for side in sorted(self._sticks):
            finger = gestures.stick(side)
            if finger is not None:
                (x, y), (right, up) = finger.start, gestures.tilt(side)
                shown += [[x, y, STICK_PX, "", False],
                          [x + right * STICK_PX, y - up * STICK_PX, KNOB_PX, "", True]]  # fmt: skip
        return shown
