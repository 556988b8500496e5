"""The transform hierarchy: children sorted by depth, composed one level at a time.

Owns: the order. The parent column belongs to the table. Limits: 64 levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base.mathx import quat_multiply, quat_rotate

if TYPE_CHECKING:
    from layerw.scene.table import FrameColumns

DEPTH_MAX = 64
_ALIVE = 1


class Hierarchy:
    """`levels[k]`: rows whose parents are all in levels below k (or roots). Empty when nothing has a parent."""

    def __init__(self) -> None:
        self.levels: list[npt.NDArray[np.intp]] = []
        self.stale = False

    def refresh(self, parent: npt.NDArray[np.int32], flags: npt.NDArray[np.uint8]) -> bool:
        """Sort again after parents changed; returns whether they had."""
        if not self.stale:
            return False
        self.stale = False
        self.levels = []
        pending = np.flatnonzero((parent >= 0) & (flags & _ALIVE != 0))
        placed = parent < 0
        while pending.size:
            ready = placed[parent[pending]]
            if not ready.any() or len(self.levels) == DEPTH_MAX:
                raise ValueError(f"The hierarchy is deeper than {DEPTH_MAX} levels or has a cycle.")
            level = pending[ready]
            self.levels.append(level)
            placed[level] = True
            pending = pending[~ready]
        return True

    def compose(self, parent: npt.NDArray[np.int32], local: FrameColumns, world: FrameColumns) -> None:
        """Write the world transforms of all children. Roots are already in `world`."""
        for rows in self.levels:
            up = parent[rows]
            scale, rotation = world.scale[up], world.rotation[up]
            world.position[rows] = world.position[up] + quat_rotate(rotation, scale * local.position[rows])
            world.rotation[rows] = quat_multiply(rotation, local.rotation[rows])
            world.scale[rows] = scale * local.scale[rows]

    @staticmethod
    def descendants(
        parent: npt.NDArray[np.int32], rows: npt.NDArray[Any], flags: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.intp]:
        """Every living row below `rows`, without `rows` themselves."""
        children = np.flatnonzero((parent >= 0) & (flags & _ALIVE != 0))
        found = np.zeros(0, np.intp)
        frontier = rows
        while children.size:
            below = np.isin(parent[children], frontier)
            if not below.any():
                break
            frontier = children[below]
            found = np.concatenate([found, frontier])
            children = children[~below]
        return found
