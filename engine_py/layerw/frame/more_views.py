"""The views beside the main one: which there are, and what each was last drawn with.

Owns: the list, their places in the frame's command stream (0 is the main view's), and each view's uniforms and camera.
Does not: cull; engine.py hands every view to visibility. Limits: VIEWS_MAX views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from layerw.base.distinct import among
from layerw.base.errors import BudgetError, ConfigError
from layerw.base.log import Log
from layerw.base.ports import U32
from layerw.frame.resources import Resources
from layerw.frame.view import ViewWriter
from layerw.frame.views import VIEWS_MAX, View
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.spec import DRAW_STILL
from layerw.gpu.target_bytes import SizedView
from layerw.scene.camera import CameraFrame
from layerw.visibility.draws import VisibleSet, expanded


@dataclass(slots=True, eq=False)
class OneMore:
    """A view, and the good results of its last frame."""

    view: View
    index: int
    writer: ViewWriter = field(default_factory=lambda: ViewWriter(FrameBlock()))
    camera: CameraFrame | None = None
    found: VisibleSet | None = None
    texture: int = 0
    told: bool = False  # that it shows its own texture

    def kept(self, found: VisibleSet) -> VisibleSet:
        """A copy of what visibility gave: its arrays are the next view's."""
        self.found = found.with_lists([records.copy() for records in found.lists], rows=found.rows.copy())
        return self.found


class MoreViews:
    """Iterating gives those to draw: into textures first, which others may show."""

    def __init__(self, resources: Resources, log: Log) -> None:
        self._resources, self._log = resources, log
        self.all: list[OneMore] = []

    def add(self, view: View) -> OneMore:
        """Raises ConfigError where there are too many, BudgetError where its texture has no room."""
        if len(self.all) >= VIEWS_MAX - 1:
            raise ConfigError(f"There are {len(self.all) + 1} views, and at most {VIEWS_MAX}; close one first.")
        one = OneMore(view, self.spare_index())
        if view.target is not None:
            one.texture = self._resources.texture(view.target)
        self.all.append(one)
        return one

    def spare_index(self) -> int:
        """The lowest that no view has, where all have one the last that there is."""
        taken = {one.index for one in self.all}
        return next((n for n in range(1, VIEWS_MAX) if n not in taken), 4 * VIEWS_MAX - 1)

    def open(self, view: View, reserve: Callable[[], None]) -> View:
        """One more view, drawn from the next frame on, its targets reserved. Raises ConfigError, BudgetError."""
        self.add(view)
        try:
            reserve()
        except BudgetError as error:
            raise self.refuse(view, error) from None
        return view

    def __iter__(self) -> Iterator[OneMore]:
        if not self.all:
            return iter(())
        for one in self.all:
            if one.view.target is not None and one.view.target.life.destroyed and not one.view.closed:
                one.view.close()
                self._log.warning("The texture that a view draws into was destroyed; the view is closed.")
        self.all = [one for one in self.all if not one.view.closed]
        return iter(sorted(self.all, key=lambda one: (one.view.target is None, one.index)))

    def close(self) -> None:
        """Ends all of them."""
        for one in self.all:
            one.view.close()

    def key(self) -> tuple[tuple[int, int], ...]:
        """Equal while there are the same views with the same settings."""
        return tuple((one.index, one.view._revision) for one in self)

    def sized(self, main: View, picture: tuple[int, int], standing: int) -> dict[int, SizedView]:
        """What the targets of all views depend on, by index. standing: flags that all of them have."""
        views = {0: main, **{one.index: one.view for one in self}}
        return {index: view._sized(picture, standing) for index, view in views.items()}

    def refuse(self, view: View, error: BudgetError) -> BudgetError:
        """Takes a view back whose targets have no room."""
        self.all = [one for one in self.all if one.view is not view]
        return error

    def tell_own_texture(self, one: OneMore) -> None:
        """Once, where a view shows the texture that it draws into."""
        if one.told or not one.texture or one.found is None:
            return
        showing = self._resources.looks.materials_with(one.texture)
        if any(among(records[:, 1], showing).any() for records in (one.found.opaque, one.found.blend)):
            one.told = True
            self._log.warning("A view draws into a texture that it also shows; it shows what it drew a frame before.")


def joined(sets: list[VisibleSet]) -> tuple[U32, list[VisibleSet]]:
    """The visible rows of all views one after the other, and their records over them."""
    if len(sets) == 1:
        return sets[0].rows, sets
    still = sets[-1].still  # one of another frame, where visibility failed since, is not what the GPU has
    sets = [one if one.still is still else expanded(one) for one in sets]
    moved, start = [], 0
    for one in sets:
        lists = [records.copy() for records in one.lists]
        for records in lists:
            records[records[:, 4] & DRAW_STILL == 0, 2] += np.uint32(start)
        moved.append(one.with_lists(lists))
        start += len(one.rows)
    return np.concatenate([one.rows for one in sets]), moved
