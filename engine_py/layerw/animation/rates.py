"""How often models of graphs and of tiles are posed anew: by how large they are in the picture, seldom where they are
out of it.

Owns: levels and times; poses between two are the kernel's (kernels/animation/graph.h). Nothing here goes by how long a
frame took: the same frames with the same cameras give the same poses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.animation.character import Character, Rows
from layerw.base.ports import F32, F64, U32
from layerw.scene.camera import CameraFrame
from layerw.scene.table import FrameColumns

RATED_FROM = 32  # models; fewer are posed in every frame
SIZES = (0.1, 0.05, 0.025)  # radius in halves of the picture's height: smaller is posed 30, 15, 7.5 times a second
OUTSIDE = len(SIZES) + 1  # the level of those out of the picture: 3.75 times a second, nothing between
_LOOKED_AFTER = 4.0  # ticks of a 60th of a second
_MARGIN = 1.5  # of a radius, around the picture
_SPREAD = 0.6180339887  # spreads models over frames


class Eyes(NamedTuple):
    """The cameras of all views, and where everything was, in the last frame."""

    cameras: Sequence[CameraFrame]
    columns: FrameColumns
    radius: F32


class Rates:
    """`lay_out` when plays were listed; `step` once a frame, then `wholes`, `shares` and `due` hold."""

    def __init__(self, eyes: Callable[[], Eyes]) -> None:
        self._eyes = eyes
        self.due: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.shares: F32 = np.zeros(0, np.float32)
        self.wholes: U32 = np.zeros((0, 4), np.uint32)
        self._rated: Rows = np.zeros(0, np.intp)

    @property
    def used(self) -> bool:
        """Whether anybody is posed less often than in each frame."""
        return len(self._rated) > 0

    def lay_out(self, characters: Sequence[Character], rated: set[Character]) -> None:
        """Who may be posed less often; all are posed in the next frame."""
        count = len(characters)
        self.wholes = np.array([(one.pose_first, one.rig.count, len(one.rig.rest), 1) for one in characters],
                               np.uint32).reshape(-1, 4)  # fmt: skip
        self.due, self.shares = np.ones(count, np.bool_), np.ones(count, np.float32)
        which = [number for number, one in enumerate(characters) if one in rated and (one.parts or one.by_distance)]
        self._rated = np.array(which if len(which) >= RATED_FROM else [], np.intp)
        self._rows = np.array([_seen_row(characters[number], self._eyes) for number in self._rated.tolist()], np.intp)
        self._spread: F64 = (np.arange(len(self._rated)) * _SPREAD % 1).astype(np.float64)
        self._level = np.zeros(len(self._rated), np.intp)
        self._begun, self._next = np.zeros(len(self._rated)), np.zeros(len(self._rated))
        self._ticks, self._looked = 0.0, -_LOOKED_AFTER

    def step(self, dt_s: float) -> None:
        """Some seconds pass."""
        if not self.used:
            return
        self._ticks += 60 * dt_s
        now, due = self._ticks, self._next <= self._ticks
        if now - self._looked >= _LOOKED_AFTER:
            self._looked = now
            level = self._levels()
            due |= level < self._level
            self._level = np.where(due, level, np.maximum(level, self._level))
        due |= self._level == 0
        which = np.flatnonzero(due)
        period = 2.0 ** self._level[which]
        begun = (np.floor(now / period + self._spread[which]) - self._spread[which]) * period
        self._begun[which], self._next[which] = begun, begun + period
        share = (now - self._begun) / (self._next - self._begun)
        share[self._level == 0] = 1
        outside = self._level == OUTSIDE
        share[outside] = np.where(due[outside], 1, -1)
        self.due[self._rated], self.shares[self._rated] = due, share
        self.wholes[:, 3] = self.due

    def _levels(self) -> Rows:
        cameras, columns, radius = self._eyes()
        at, far = columns.position[self._rows].astype(np.float64), radius[self._rows].astype(np.float64)
        far *= np.abs(columns.scale[self._rows]).max(axis=1)
        level = np.full(len(at), OUTSIDE)
        for camera in cameras:
            away = at - camera.position
            seen = (away @ camera.planes[:, :3].T + camera.planes[:, 3] > -_MARGIN * far[:, None]).all(axis=1)
            distance = 1.0 if camera.is_parallel else np.maximum(np.linalg.norm(away, axis=1), 1e-6)
            size = far / (camera.tan_y * distance)
            level = np.minimum(level, np.where(seen, sum((size < limit).astype(np.intp) for limit in SIZES), OUTSIDE))
        return level


def _seen_row(one: Character, eyes: Callable[[], Eyes]) -> int:
    """The row of the table whose size in the picture counts: the largest where nothing is posed but nodes."""
    if one.parts:
        return one.parts[0][0]
    return int(one.rows[np.argmax(eyes().radius[one.rows])])
