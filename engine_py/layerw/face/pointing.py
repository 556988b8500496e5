"""What the person does, and what a ray or the pointer meets."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import numpy.typing as npt

from layerw.base import checks
from layerw.base.ports import F64
from layerw.base.rays import checked_ray
from layerw.face.part import Part
from layerw.input.state import Input
from layerw.messages.page import Page

if TYPE_CHECKING:  # imported where they are first used
    from layerw.actions.actions import Actions
    from layerw.pointing.drawn import Drawn
    from layerw.pointing.picker import Hit


class Pointing(Part):
    """What the person does, and what a ray or the pointer meets."""

    __slots__ = ()

    @property
    def input(self) -> Input:
        """Keys, pointer, touches, gamepads."""
        return self._engine.input

    @property
    def pointer_lock(self) -> bool:
        """Whether a click on the canvas locks the pointer."""
        return self._engine.pointer_lock

    @pointer_lock.setter
    def pointer_lock(self, lock: bool) -> None:
        self._engine.pointer_lock = checks.flag("app.pointer_lock", lock)

    @property
    def page(self) -> Page:
        """The page around the element: `page.on(name, function)` hears it, `page.send(name, value)` tells it."""
        return self._engine.page

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
        return self._engine.pointer.picker.nearest(checked_ray(origin, direction, max_distance))

    def ray_at(self, x: float | None = None, y: float | None = None) -> tuple[F64, F64]:
        """The main view's ray through a point of the picture: where it begins (the near plane), and its direction.

        x, y: CSS pixels from the canvas's upper left, as app.input.pointer, which they are unless given (the middle of
        the main view while the pointer is locked). The direction's length is 1.
        """
        return self._engine.pointer.ray_at(x, y)

    def pick(self, x: float | None = None, y: float | None = None) -> Hit | None:
        """The entity that is seen at a point of the picture, by default at the pointer; see `ray_at`, `raycast`."""
        return self.raycast(*self.ray_at(x, y))

    def pick_drawn(self, x: float | None = None, y: float | None = None) -> asyncio.Future[Drawn | None]:
        """What the next picture shows at a point, to the pixel: `hit = await app.pick_drawn()`, some frames later.

        The GPU answers with what it drew there: models' own triangles, skinned and displaced ones, what is behind the
        holes of cut-outs, points, lines, ground. hit.entity (None: a world's ground, or the sea), .distance and .point;
        None where only the sky is, and where it has been despawned meanwhile. What is drawn fainter than 1/510 is not
        there. Of several views the one on top at that point. Headless, where nothing is drawn, `pick` answers.

        Args:
            x, y: as for `ray_at`; beside the picture the answer is None.

        Raises:
            ShapeError: no finite numbers. LayerwError: 256 are on their way; awaiting: the GPU was lost meanwhile.
        """
        return self._engine.pointer.ask_drawn(x, y)

    @property
    def actions(self) -> Actions:
        """Input by what it is for: `app.actions.bind("jump", "Space", "Gamepad.South")`; see Actions."""
        from layerw.actions.actions import Actions

        return self._engine.subsystems.get("actions", Actions)
