"""Lines: polylines with a width, joins and dashes, from arrays.

Owns: their points and colours, and the segments that the GPU draws, made anew whenever a point may have changed.
Limits: width in pixels of the page or metres of the world, which no entity's scale changes; dashes count metres along
the line, in the entity's own space.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.names import named
from layerw.base.ports import F32
from layerw.drawing.colors import mark_colors
from layerw.drawing.elements import Elements, Style, Styles, layout_dtype
from layerw.drawing.polylines import Segments, along_of, points_of, segments_of
from layerw.drawing.watched import Watched, largest
from layerw.gpu.store import Store
from layerw.scene.entity import Entity
from layerw.scene.table import Table

STROKE = layout_dtype("strokes")
Dash = tuple[float, float] | None


@named
class Lines:
    """What `app.lines` made. Writing to `position` and `color` shows in the next picture."""

    __slots__ = ("__weakref__", "_color", "_elements", "_position", "_segments")

    def __init__(self, table: Table, store: Store, styles: Styles, position: Any, color: Any, width: float, unit: str,
                 closed: bool, dash: Dash, fog: bool) -> None:  # fmt: skip
        points, counts = points_of("lines position", position)
        segments = segments_of("lines position", counts, closed)
        colors = np.empty((len(points), 4), np.uint8)
        colors[:] = mark_colors("lines color", color, len(points))
        data = np.zeros(len(segments.start), STROKE)
        data["width"] = checks.number("lines width", width, 0)
        data["dash"] = _dash(dash)
        self._position, self._color, self._segments = Watched(points), Watched(colors), segments
        del points, colors
        self._fill(data)
        style = Style("strokes", unit, fog, self._is_see_through())
        self._elements = Elements(table, store, styles, data, style, largest(self._position.array)[0])
        self._position.arm()
        self._color.arm()

    def __setattr__(self, name: str, value: object) -> None:
        if not hasattr(type(self), name):
            raise checks.unknown_attribute(self, name, checks.settable(type(self)))
        object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Points of all its polylines."""
        return len(self._position.array)

    @property
    def position(self) -> F32:
        """(n, 3) float32, the points of all polylines in order, metres from the entity's origin; a view."""
        self._elements.check_live("These lines")
        return self._position.view()

    @position.setter
    def position(self, value: npt.ArrayLike) -> None:
        self.position[:] = checks.array("lines position", value, np.float32, (3,), rows=len(self))

    @property
    def color(self) -> npt.NDArray[np.uint8]:
        """(n, 4) uint8, sRGB, of each point, blended in between; a view. Assign one colour or an array."""
        self._elements.check_live("These lines")
        return self._color.view()

    @color.setter
    def color(self, value: Any) -> None:
        self.color[:] = mark_colors("lines color", value, len(self))

    @property
    def width(self) -> float:
        """In pixels or metres: see `unit`."""
        return float(self._elements.data["width"][0])

    @width.setter
    def width(self, value: float) -> None:
        self._elements.check_live("These lines")
        self._elements.data["width"] = checks.number("lines width", value, 0)
        self._position.touch()

    @property
    def unit(self) -> str:
        """Of the width: "px" or "m"."""
        return self._elements.style.unit

    @property
    def entity(self) -> Entity:
        """Where they are: move it, turn it, give it a parent, and they come along."""
        return self._elements.entity

    @property
    def visible(self) -> bool:
        """Assign False to draw none of them."""
        return self.entity.visible

    @visible.setter
    def visible(self, value: bool) -> None:
        self.entity.visible = value

    @property
    def alive(self) -> bool:
        """False once they were destroyed, or their entity despawned."""
        return self._elements.alive

    def destroy(self) -> None:
        """Ends them; their memory comes back with the next frame."""
        if self.alive:
            self.entity.despawn()

    def _fill(self, data: npt.NDArray[Any]) -> None:
        points, colors, segments = self._position.array, self._color.array, self._segments
        for name, index in zip(Segments._fields[:4], segments[:4], strict=True):
            data[name] = points[index]
        data["start_color"], data["end_color"] = colors[segments.start], colors[segments.end]
        if data["dash"][0, 0] > 0:
            data["along"] = along_of(points, segments)

    def _is_see_through(self) -> bool:
        return bool((self._color.array[:, 3] < 255).any())

    def _update(self) -> bool:
        moved, painted = self._position.take_written(), self._color.take_written()
        if not (moved or painted):
            return True
        radius, finite = largest(self._position.array)
        self._fill(self._elements.data)
        self._elements.set_blend(self._is_see_through())
        self._elements.write(radius)
        return finite

    def _end(self) -> None:
        self._elements.end()


def _dash(dash: Dash) -> tuple[float, float]:
    if dash is None:
        return 0.0, 0.0
    drawn, left_out = checks.vector("lines dash", dash, 2)
    return (checks.number("lines dash, what is drawn,", float(drawn), 0, above=True),
            checks.number("lines dash, what is left out,", float(left_out), 0))  # fmt: skip
