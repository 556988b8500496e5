"""States of a graph: a clip, or clips that lie along one parameter or around two, and what each weighs.

Owns: the weights and the lengths of what is mixed. Does not: change states (graph_layer.py).
Source: Johansen, "Automated Semi-Procedural Animation for Character Locomotion" (2009), 6.3: gradient bands, in polar
coordinates where there are two parameters; along one the kernel does it (kernels/animation/graph.h).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.animation.rig import Clip
from layerw.base.ports import F32

TURN_SHARE = 2.0  # how much more a turn counts than as much of a longer way
_NEAR = 1e-6


class State(NamedTuple):
    """clips: at `points` (k, 1 or 2) of the parameters `by`; one alone has no points. first: its slot in the layer."""

    name: str
    clips: tuple[Clip, ...]
    points: F32
    by: tuple[str, ...]
    speed: float
    loop: bool
    first: int

    @property
    def slots(self) -> slice:
        """Its clips among all of the layer's."""
        return slice(self.first, self.first + len(self.clips))

    @property
    def lengths(self) -> F32:
        """(k,) seconds."""
        return np.array([clip.duration_s for clip in self.clips], np.float32)


def around(points: F32, at: F32) -> F32:
    """Of points in a plane whose middle is rest: by direction and length."""
    size, far = np.linalg.norm(points, axis=1), np.linalg.norm(at, axis=1)
    mean = np.maximum((size[:, None] + size) / 2, _NEAR)  # (i, j)
    way = _turns(points, points) * TURN_SHARE
    longer = (size - size[:, None]) / mean
    square = np.maximum(longer**2 + way**2, _NEAR)
    own_way = _turns(points, at) * TURN_SHARE  # (i, n)
    own_longer = (far - size[:, None])[:, None, :] / mean[:, :, None]  # (i, j, n)
    done = (own_longer * longer[:, :, None] + own_way[:, None, :] * way[:, :, None]) / square[:, :, None]
    bands = np.clip(1 - done, 0, 1)
    bands[np.arange(len(points)), np.arange(len(points))] = 1
    found = bands.min(axis=1).T
    total = found.sum(axis=1, keepdims=True)
    return np.where(total > _NEAR, found / np.maximum(total, _NEAR), 1 / len(points)).astype(np.float32)


def _turns(points: F32, others: npt.NDArray[np.floating]) -> F32:
    """(i, j): radians from each point's direction to each other's, -pi to pi; 0 where one has none."""
    cross = points[:, :1] * others[:, 1] - points[:, 1:] * others[:, 0]
    found: F32 = np.arctan2(cross, points @ others.T)
    return found
