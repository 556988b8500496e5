"""The sun's far cascades: drawn now and then, a part a frame, and kept.

Owns: which of them are shown, from where, and the one that is being drawn into the spare tile; once it is whole it
takes the place of what it renews, so that no frame sees half a cascade. They lie around the camera, wider than they
reach, so that it may turn and move in them. What casts there are tiles of worlds and rows that stand still, at the
levels of detail that they had when it was begun: the list of what is drawn stays the same while the camera moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from layerw.base.ports import F64, U32
from layerw.frame.cascades import Axes, Cascade, snapped
from layerw.frame.shadow_atlas import KEPT_CASCADES
from layerw.visibility.frustum import FixedBox

WIDER = 1.3  # than its reach
USED_SHARE = 0.12  # of its width, that the camera may move before it is drawn again
TURNED = math.cos(math.radians(0.25))  # the sun
PATIENCE_FRAMES = 60  # before a cascade is drawn again because of what came or went
SLICE_INSTANCES = 4096  # of a frame, where each draw counts as DRAW_INSTANCES more
DRAW_INSTANCES = 64


@dataclass(slots=True, eq=False)
class Kept:
    """A cascade in a slot of the atlas. scene: equal while the same things cast; frame: when it was begun."""

    number: int
    cascade: Cascade
    slot: int
    scene: object
    frame: int


class KeptCascades:
    """`step` once a frame; `slice` gives what this frame draws of `job`."""

    def __init__(self) -> None:
        self.shown: dict[int, Kept] = {}
        self.job: Kept | None = None
        self.box: tuple[FixedBox, ...] = ()  # of the job's casters; the same object until it is whole
        self.revision = 0  # rises when `shown` or `job` change
        self._drawn = 0  # of the job, in instances and what draws count as
        self._is_whole = False
        self._frame = 0

    def clear(self) -> None:
        """The atlas is empty."""
        self.shown, self.job, self.box = {}, None, ()
        self._is_whole = False
        self.revision += 1

    def step(self, axes: Axes, reaches: tuple[float, ...], texels: int, position: F64, scene: object) -> None:
        """Shows what became whole, and begins what is most due. reaches: of each; position: the camera's."""
        self._frame += 1
        if self._is_whole and self.job is not None:
            self.shown[self.job.number] = self.job
            self.job, self.box, self._is_whole = None, (), False
            self.revision += 1
        for number in [number for number in self.shown if number >= len(reaches)]:
            del self.shown[number]
            self.revision += 1
        if self.job is None:
            self._begin(axes, reaches, texels, position, scene)

    def _begin(self, axes: Axes, reaches: tuple[float, ...], texels: int, position: F64, scene: object) -> None:
        due = [number for number, reach in enumerate(reaches)
               if self._is_due(self.shown.get(number), axes, reach * WIDER, texels, position, scene)]  # fmt: skip
        if not due:
            return
        oldest = min(due, key=lambda number: self.shown[number].frame if number in self.shown else -1)
        taken = {kept.slot for kept in self.shown.values()}
        slot = next(slot for slot in range(KEPT_CASCADES + 1) if slot not in taken)
        cascade = snapped(axes, position, reaches[oldest] * WIDER, texels)
        self.job, self._drawn = Kept(oldest, cascade, slot, scene, self._frame), 0
        self.box = (FixedBox(position.copy(), cascade.planes(position)),)
        self.revision += 1

    def _is_due(self, kept: Kept | None, axes: Axes, radius: float, texels: int, position: F64, scene: object) -> bool:
        if kept is None or kept.cascade.radius != radius or kept.cascade.texels != texels:
            return True
        used = max(map(abs, kept.cascade.relative(position)[:2]))
        turned = float(axes.toward @ kept.cascade.axes.toward)
        changed = scene != kept.scene and self._frame - kept.frame > PATIENCE_FRAMES
        return used > USED_SHARE * 2 * radius / WIDER or turned < TURNED or changed

    def slice(self, records: U32) -> tuple[U32, bool]:
        """What this frame draws of the job's records, and whether they are the first. A long one is cut, and what is
        left is shared evenly: no frame draws more than twice the mean."""
        counts = records[:, 3].astype(np.int64)
        ends = np.cumsum(counts + DRAW_INSTANCES)
        first, left = self._drawn, (int(ends[-1]) if len(ends) else 0) - self._drawn
        self._drawn += math.ceil(left / max(math.ceil(left / SLICE_INSTANCES), 1))
        before, after = (np.clip(at - (ends - counts), 0, counts) for at in (first, self._drawn))
        now = after > before
        part = records[now]
        part[:, 2] += before[now].astype(np.uint32)
        part[:, 3] = (after - before)[now]
        self._is_whole = self._drawn >= first + left
        return part, first == 0
