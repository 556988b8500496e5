"""Rays and points of the picture: what is where.

Owns: the pickers (by rays, and by what was drawn), made when a program first asks; one that never does imports nothing
of them. Does not: intersect, draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from layerw.base import checks
from layerw.base.ports import F64, Primitive
from layerw.base.user_code import UserCode
from layerw.base.weak import weakly
from layerw.frame.resources import Resources
from layerw.gpu.submission import Submission
from layerw.input.state import Input
from layerw.memory.ledger import HardLedger
from layerw.scene.camera import CameraFrame
from layerw.scene.table import Table
from layerw.visibility.cull import Visibility

if TYPE_CHECKING:
    from layerw.base.rays import CheckedRay
    from layerw.frame.more_views import OneMore
    from layerw.frame.views import View
    from layerw.gpu.gen import events as ev
    from layerw.pointing.drawn import Answer, DrawnPicks, Look, Places
    from layerw.pointing.picker import Hit, Picker
    from layerw.visibility.draws import VisibleSet


class Pointer:
    """view: the main one; `camera()` gives its camera in this frame, `loaded_parts()` what models draw."""

    def __init__(self, table: Table, resources: Resources, visibility: Visibility, heap_ledger: HardLedger,
                 events: Input, view: View, camera: Callable[[], CameraFrame],
                 loaded_parts: Callable[[], Iterable[Primitive]], submission: Submission,
                 user: UserCode) -> None:  # fmt: skip
        self._table, self._resources, self._visibility = table, resources, visibility
        self._heap_ledger, self._input = heap_ledger, events
        self._view, self._camera, self._loaded_parts = view, camera, loaded_parts
        self._submission, self._user = submission, user
        self._drawn: DrawnPicks | None = None

    @cached_property
    def picker(self) -> Picker:
        """Keeps the trees."""
        from layerw.pointing.picker import Picker

        return Picker(self._table, self._resources, self._visibility.lod_table, self._heap_ledger,
                      self._loaded_parts)  # fmt: skip

    def ray_at(self, x: float | None, y: float | None) -> tuple[F64, F64]:
        """See App.ray_at."""
        return self._camera().ray(*self._view._inside(*self.place("ray_at", x, y)))

    def place(self, name: str, x: float | None, y: float | None) -> tuple[float, float]:
        """A point of the picture, 0 to 1 from its upper left; name: of who was given it."""
        for axis, value in (("x", x), ("y", y)):
            if value is not None:
                checks.number(f"{name} {axis}", value)
        wide, high = self._input.size
        left, top, width, height = self._view.viewport
        middle = ((left + width / 2) * wide, (top + height / 2) * high)
        at = middle if self._input.pointer_locked else self._input.pointer
        return (at[0] if x is None else x) / wide, (at[1] if y is None else y) / high

    def ask_drawn(self, x: float | None, y: float | None) -> Answer:
        """See App.pick_drawn."""
        place = self.place("pick_drawn", x, y)
        if self._drawn is None:
            from layerw.pointing.drawn import DrawnPicks

            self._drawn = DrawnPicks(self._table, self._submission, self._user.future, weakly(self._nearest))
        return self._drawn.ask(*place)

    def _nearest(self, ray: CheckedRay) -> Hit | None:
        return self.picker.nearest(ray)

    @property
    def pixels(self) -> list[OneMore]:
        """This frame's views of single pixels, for what was asked."""
        return [] if self._drawn is None else self._drawn.seen

    def see(self, places: Places, size: tuple[int, int], look: Look) -> None:
        """See DrawnPicks."""
        if self._drawn is not None:
            self._drawn.see(places, size, look)

    def encode(self, records: list[VisibleSet]) -> None:
        """See DrawnPicks."""
        if self._drawn is not None:
            self._drawn.encode(records)

    def receive(self, event: ev.Picked | ev.PickFailed) -> None:
        """See DrawnPicks."""
        if self._drawn is not None:
            self._drawn.receive(event)

    def close(self) -> None:
        """Frees the trees, and ends what was asked."""
        if self._drawn is not None:
            self._drawn.close()
        if "picker" in self.__dict__:
            self.picker.close()
