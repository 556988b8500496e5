"""Debug drawing: lines that are there for one picture, or for some seconds.

Owns: what is to be drawn until when, in one mesh of segments that grows with it. Cost: a few microseconds a call; the
frame's segments are uploaded in one piece, and nothing at all where there are none.
Limits: SEGMENTS_MAX at a time; what is more, or has no room on the GPU, is left out and told once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import Color, pack_rgba8
from layerw.base.errors import BudgetError
from layerw.base.log import Log
from layerw.base.mathx import quat_rotate
from layerw.base.ports import F32
from layerw.base.settings import fixed_attributes
from layerw.drawing import wires
from layerw.drawing.elements import Elements, Style
from layerw.drawing.lines import STROKE
from layerw.drawing.polylines import points_of, segments_of

if TYPE_CHECKING:
    from layerw.ui.immediate import DebugUi

SEGMENTS_MAX = 1 << 16
SEGMENTS_FIRST = 256
EVERYWHERE = 1e9  # metres
Make = Callable[[npt.NDArray[Any], Style, float], Elements]


class _Drawn(NamedTuple):
    segments: F32  # (n, 2, 3)
    colors: npt.NDArray[np.uint32]  # (n,) or (1,)
    width: float
    until_s: float


@fixed_attributes
class Debug:
    """`app.debug`: lines for finding out what a program does.

    Each call draws into the next picture, or for `duration` seconds: call it every frame for what moves. Places are
    metres in the world, width is in pixels. The color is sRGB and shown as given; what is in front hides it.
    """

    def __init__(self, make: Make, log: Log, now: Callable[[], float], ui: Callable[[], DebugUi]) -> None:
        self._make, self._log, self._now, self._ui = make, log, now, ui
        self._drawn: list[_Drawn] = []
        self._elements: Elements | None = None
        self._used = 0  # segments that the GPU has
        self._told = False
        self._count = 0

    @property
    def ui(self) -> DebugUi:
        """Knobs that are there while a program calls for them: `speed = app.debug.ui.slider("speed", speed, 0, 9)`."""
        return self._ui()

    @property
    def count(self) -> int:
        """Segments in the last picture."""
        return self._used

    def line(self, start: npt.ArrayLike, end: npt.ArrayLike, color: Color = "yellow", *, width: float = 2.0,
             duration: float = 0.0) -> None:  # fmt: skip
        """A line from start to end."""
        a, b = checks.vector("debug.line start", start), checks.vector("debug.line end", end)
        self._add(np.array([(a, b)], np.float32), color, width, duration)

    def path(self, points: npt.ArrayLike, color: Color = "yellow", *, closed: bool = False, width: float = 2.0,
             duration: float = 0.0) -> None:  # fmt: skip
        """Lines through (n, 3) points, and back to the first where it is closed."""
        found, counts = points_of("debug.path points", points)
        index = segments_of("debug.path points", counts, checks.flag("debug.path closed", closed))
        self._add(np.stack([found[index.start], found[index.end]], axis=1), color, width, duration)

    def box(self, center: npt.ArrayLike, size: npt.ArrayLike = 1.0, color: Color = "yellow", *,
            rotation: npt.ArrayLike = (0, 0, 0, 1), width: float = 2.0, duration: float = 0.0) -> None:  # fmt: skip
        """The edges of a box around its center: size one number or three, rotation a quaternion xyzw."""
        middle, turn = checks.vector("debug.box center", center), checks.quaternion("debug.box rotation", rotation)
        sides = np.full(3, checks.number("debug.box size", size, 0)) if checks.as_array(size).ndim == 0 else None
        stretched = wires.unit_box() * (checks.vector("debug.box size", size) if sides is None else sides)
        self._add(quat_rotate(turn, stretched) + middle, color, width, duration)

    def sphere(self, center: npt.ArrayLike, radius: float = 0.5, color: Color = "yellow", *, width: float = 2.0,
               duration: float = 0.0) -> None:  # fmt: skip
        """Three circles of some radius around a center."""
        middle = checks.vector("debug.sphere center", center)
        around = wires.unit_sphere() * checks.number("debug.sphere radius", radius, 0)
        self._add(around + middle, color, width, duration)

    def arrow(self, start: npt.ArrayLike, end: npt.ArrayLike, color: Color = "yellow", *, width: float = 2.0,
              duration: float = 0.0) -> None:  # fmt: skip
        """A line from start to end, with a head there."""
        a, b = checks.vector("debug.arrow start", start), checks.vector("debug.arrow end", end)
        self._add(wires.arrow(a, b), color, width, duration)

    def axes(self, position: npt.ArrayLike = (0, 0, 0), length: float = 1.0, *, rotation: npt.ArrayLike = (0, 0, 0, 1),
             width: float = 2.0, duration: float = 0.0) -> None:  # fmt: skip
        """Red along x, green along y, blue along z from a position: length in metres, rotation a quaternion xyzw."""
        at, turn = checks.vector("debug.axes position", position), checks.quaternion("debug.axes rotation", rotation)
        lines = wires.AXES * checks.number("debug.axes length", length, 0)
        self._add(quat_rotate(turn, lines) + at, wires.AXIS_COLORS, width, duration)

    def point(self, position: npt.ArrayLike, color: Color = "yellow", *, size: float = 8.0,
              duration: float = 0.0) -> None:  # fmt: skip
        """A round spot at a position, `size` pixels wide."""
        at = checks.vector("debug.point position", position)
        self._add(np.array([(at, at)], np.float32), color, checks.number("debug.point size", size, 0), duration)

    def clear(self) -> None:
        """Ends all that is drawn for longer."""
        self._drawn.clear()
        self._count = 0

    def _add(self, segments: npt.NDArray[Any], color: Any, width: float, duration: float) -> None:
        width = checks.number("debug width", width, 0)
        until_s = self._now() + checks.number("debug duration", duration, 0)
        is_array = isinstance(color, np.ndarray) and color.ndim == 2
        words = color.view(np.uint32)[:, 0] if is_array else np.array([pack_rgba8(color, "debug color")], np.uint32)
        if self._count + len(segments) > SEGMENTS_MAX:
            self._tell(f"Debug drawing has {self._count} segments and takes at most {SEGMENTS_MAX}; more are left out.")
            return
        self._count += len(segments)
        self._drawn.append(_Drawn(np.asarray(segments, np.float32), words, width, until_s))

    def _tell(self, message: str) -> None:
        if not self._told:
            self._told = True
            self._log.warning(message)

    def _update(self) -> None:
        """Before a picture: what was asked for becomes its segments; what is over by the next one is forgotten."""
        if self._elements is not None and not self._elements.alive:
            self._end_elements()
        if self._drawn or self._used:
            elements = self._fit()
            if elements is not None:
                self._write(elements)
            self._forget()

    def _write(self, elements: Elements) -> None:
        data, at = elements.data, 0
        for one in self._drawn:
            part = data[at : at + len(one.segments)]
            part["start"] = part["previous"] = one.segments[:, 0]
            part["end"] = part["next"] = one.segments[:, 1]
            part["start_color"] = part["end_color"] = one.colors.view(np.uint8).reshape(-1, 4)
            part["width"] = one.width
            at += len(part)
        data["width"][at : self._used] = 0  # is not drawn
        elements.write(EVERYWHERE, max(at, self._used))
        self._used = at

    def _forget(self) -> None:
        now = self._now()
        self._drawn = [one for one in self._drawn if one.until_s > now]
        self._count = sum(len(one.segments) for one in self._drawn)

    def _fit(self) -> Elements | None:
        """A mesh with room for this frame's segments; None where the budget has none, which is told once."""
        if self._elements is not None and len(self._elements.data) >= self._count:
            return self._elements
        self._end_elements()
        capacity = max(SEGMENTS_FIRST, 1 << (self._count - 1).bit_length())
        style = Style("strokes", "px", False, False)
        try:
            self._elements = self._make(np.zeros(capacity, STROKE), style, EVERYWHERE)
        except BudgetError as error:
            self._tell(f"{error} Debug drawing is left out meanwhile.")
        return self._elements

    def _end_elements(self) -> None:
        elements, self._elements, self._used = self._elements, None, 0
        if elements is not None:
            elements.end()

    def _end(self) -> None:
        self._end_elements()
        self.clear()
