"""Points: many round spots, from arrays.

Owns: their array of elements and the checks of what a program sets. Limits: one upload of all whenever one may have
changed; sizes are diameters, in pixels of the page or metres of the world, and no entity's scale changes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, ShapeError
from layerw.base.names import named
from layerw.drawing.colors import mark_colors
from layerw.drawing.elements import Elements, Style, Styles, layout_dtype
from layerw.drawing.watched import Watched, largest
from layerw.gpu.store import Store
from layerw.scene.entity import Entity
from layerw.scene.table import Table

DISC = layout_dtype("discs")


@named
class Points:
    """What `app.points` made. Writing to `position`, `color` and `size` shows in the next picture."""

    __slots__ = ("__weakref__", "_elements", "_watched")

    def __init__(self, table: Table, store: Store, styles: Styles, position: npt.ArrayLike, color: Any, size: Any,
                 unit: str, fog: bool) -> None:  # fmt: skip
        places = checks.array("points position", position, np.float32, (3,))
        if not len(places):
            raise ShapeError("points position has no row; it takes shape (n, 3) with n > 0.")
        data = np.zeros(len(places), DISC)
        data["position"] = places
        data["color"] = mark_colors("points color", color, len(data))
        data["size"] = _sizes("points size", size, len(data))
        self._watched = Watched(data)
        style = Style("discs", unit, fog, _see_through(data))
        self._elements = Elements(table, store, styles, data, style, largest(data["position"])[0])
        del data
        self._watched.arm()

    def __setattr__(self, name: str, value: object) -> None:
        if not hasattr(type(self), name):
            raise checks.unknown_attribute(self, name, checks.settable(type(self)))
        object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self._watched.array)

    @property
    def position(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32, metres from the entity's origin; a view. While you keep it, all is uploaded every frame."""
        return self._view("position")

    @position.setter
    def position(self, value: npt.ArrayLike) -> None:
        self._view("position")[:] = checks.array("points position", value, np.float32, (3,), rows=len(self))

    @property
    def color(self) -> npt.NDArray[np.uint8]:
        """(n, 4) uint8, sRGB, a view; assign one colour or an array."""
        return self._view("color")

    @color.setter
    def color(self, value: Any) -> None:
        self._view("color")[:] = mark_colors("points color", value, len(self))

    @property
    def size(self) -> npt.NDArray[np.float32]:
        """(n,) float32, diameters, a view; assign one number or an array."""
        return self._view("size")

    @size.setter
    def size(self, value: npt.ArrayLike) -> None:
        self._view("size")[:] = _sizes("points size", value, len(self))

    @property
    def unit(self) -> str:
        """Of sizes: "px" or "m"."""
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

    def _view(self, field: str) -> npt.NDArray[Any]:
        self._elements.check_live("These points")
        return self._watched.view(field)

    def _update(self) -> bool:
        if not self._watched.take_written():
            return True
        data = self._watched.array
        radius, finite = largest(data["position"])
        self._elements.set_blend(_see_through(data))
        self._elements.write(radius)
        return finite

    def _end(self) -> None:
        self._elements.end()


def _see_through(data: npt.NDArray[Any]) -> bool:
    return bool((data["color"][:, 3] < 255).any())


def _sizes(name: str, value: Any, count: int) -> Any:
    """One number, or (count,) float32, each at least 0."""
    if checks.as_array(value).ndim == 0:
        return checks.number(name, value, 0)
    found = checks.array(name, checks.as_array(value).reshape(-1, 1), np.float32, (1,), rows=count)[:, 0]
    if found.min() < 0:
        raise ConfigError(f"{name} has {found.min():g}; it takes numbers of at least 0.")
    return found
