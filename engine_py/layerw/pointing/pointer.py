"""Rays and points of the picture: what is where.

Owns: the picker, made when a program first asks; one that never does imports nothing of it. Does not: intersect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from layerw.base import checks
from layerw.base.ports import F64, Primitive
from layerw.frame.resources import Resources
from layerw.input.state import Input
from layerw.memory.ledger import HardLedger
from layerw.scene.camera import CameraFrame
from layerw.scene.table import Table
from layerw.visibility.cull import Visibility

if TYPE_CHECKING:
    from layerw.pointing.picker import Picker


class Pointer:
    """`camera()` gives this frame's camera, `loaded_parts()` what models draw."""

    def __init__(self, table: Table, resources: Resources, visibility: Visibility, heap_ledger: HardLedger,
                 events: Input, camera: Callable[[], CameraFrame],
                 loaded_parts: Callable[[], Iterable[Primitive]]) -> None:  # fmt: skip
        self._table, self._resources, self._visibility = table, resources, visibility
        self._heap_ledger, self._input = heap_ledger, events
        self._camera, self._loaded_parts = camera, loaded_parts

    @cached_property
    def picker(self) -> Picker:
        """Keeps the trees."""
        from layerw.pointing.picker import Picker

        return Picker(self._table, self._resources, self._visibility.lod_table, self._heap_ledger,
                      self._loaded_parts)  # fmt: skip

    def ray_at(self, x: float | None, y: float | None) -> tuple[F64, F64]:
        """See App.ray_at."""
        for name, value in (("x", x), ("y", y)):
            if value is not None:
                checks.number(f"ray_at {name}", value)
        wide, high = self._input.size
        at = (wide / 2, high / 2) if self._input.pointer_locked else self._input.pointer
        return self._camera().ray((at[0] if x is None else x) / wide, (at[1] if y is None else y) / high)

    def close(self) -> None:
        """Frees the trees."""
        if "picker" in self.__dict__:
            self.picker.close()
