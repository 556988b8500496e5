"""Where the camera will be: what it will want there is loaded before it arrives.

Owns: the velocity, smoothed over a few frames, and when to look again. Does not load.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from layerw.base.ports import F64
from layerw.stream.config import StreamCamera

LOOK_EVERY_S = 0.2
SMOOTH_S = 0.15
SPEED_MIN = 1e-3  # of the world's radius, a second
JUMP = 0.25  # of the radius, in one frame: a camera that is set somewhere else is not on its way


@dataclass(frozen=True, slots=True)
class MovedCamera:
    """A camera that was moved, without a turn."""

    position: F64
    forward: F64
    planes: F64
    focal_px: float


class Ahead:
    """`look` once a frame."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead_s = ahead_s
        self._velocity: F64 = np.zeros(3)
        self._position: F64 | None = None
        self._now_s = self._looked_s = -math.inf
        self._least_speed = 0.0

    @property
    def moves(self) -> bool:
        """Whether the camera is on its way."""
        return float(np.linalg.norm(self._velocity)) > self._least_speed

    def look(self, camera: StreamCamera, now_s: float, radius: float) -> MovedCamera | None:
        """The camera as it will be, a few times a second while it moves; None: nothing to look at."""
        position, before, passed_s = np.array(camera.position, np.float64), self._position, now_s - self._now_s
        self._position, self._now_s = position, now_s
        if before is None or not 0.0 < passed_s < 1.0:
            return None
        moved = position - before
        if float(np.linalg.norm(moved)) > JUMP * radius:
            self._velocity = np.zeros(3)
            return None
        share = 1.0 - math.exp(-passed_s / SMOOTH_S)
        self._velocity = self._velocity + (moved / passed_s - self._velocity) * share
        self._least_speed = SPEED_MIN * radius
        if not self.moves or now_s - self._looked_s < LOOK_EVERY_S:
            return None
        self._looked_s = now_s
        return MovedCamera(position + self._velocity * self._ahead_s, camera.forward, camera.planes, camera.focal_px)
