"""What a program asks about rays and points of the picture (wiring layer: App is one).

Owns: the picker, made when a program first asks; one that never does imports nothing of it. Does not: intersect.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy.typing as npt

from layerw.base.ports import F64, Primitive
from layerw.base.rays import checked_ray
from layerw.input.state import Input
from layerw.memory.ledger import HardLedger
from layerw.resources import Resources
from layerw.scene.camera import CameraFrame
from layerw.scene.table import Table
from layerw.visibility.cull import Visibility

if TYPE_CHECKING:
    from layerw.picking import Hit, Picker


class Pointing:
    """The part of App that says what is where."""

    heap_ledger: HardLedger
    input: Input
    resources: Resources
    table: Table
    visibility: Visibility

    def _frame_camera(self) -> CameraFrame:
        """See App."""
        raise NotImplementedError

    def _loaded_parts(self) -> Iterable[Primitive]:
        """See App."""
        raise NotImplementedError

    @cached_property
    def picker(self) -> Picker:
        """Keeps the trees; a program says `raycast` or `pick`."""
        from layerw.picking import Picker

        return Picker(self.table, self.resources, self.visibility.lod_table, self.heap_ledger, self._loaded_parts)

    def raycast(self, origin: npt.ArrayLike, direction: npt.ArrayLike, *,
                max_distance: float = math.inf) -> Hit | None:  # fmt: skip
        """The entity that a ray meets first, as things stand now: hit.entity, .distance, .point, .normal; or None.

        Args:
            origin: (3,) world metres.
            direction: (3,), any length but 0.
            max_distance: metres.

        Raises:
            ShapeError: an argument is not what it should be.
            BudgetError: the heap budget has no room for the trees that this needs.

        Hidden entities are not met; both sides of a surface are. A loaded model is met by the boxes around its parts
        (hit.exact is False). The ground of a streamed world has its own `World.raycast`.
        """
        return self.picker.nearest(checked_ray(origin, direction, max_distance))

    def ray_at(self, x: float | None = None, y: float | None = None) -> tuple[F64, F64]:
        """The ray through a point of the picture: where it begins (the near plane), and its direction of length 1.

        x, y: CSS pixels from the canvas's upper left, as app.input.pointer, which they are unless given (the middle of
        the picture while the pointer is locked).
        """
        wide, high = self.input.size
        at = (wide / 2, high / 2) if self.input.pointer_locked else self.input.pointer
        return self._frame_camera().ray((at[0] if x is None else x) / wide, (at[1] if y is None else y) / high)

    def pick(self, x: float | None = None, y: float | None = None) -> Hit | None:
        """The entity that is seen at a point of the picture, by default at the pointer; see `ray_at`, `raycast`."""
        return self.raycast(*self.ray_at(x, y))

    def _close_picker(self) -> None:
        if "picker" in self.__dict__:
            self.picker.close()
