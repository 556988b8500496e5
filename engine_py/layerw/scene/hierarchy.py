"""The transform hierarchy: children sorted by depth, composed by a kernel (geometry/transform.h) in that order.

Owns: the order. The parent column belongs to the table. Limits: 64 levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base.ports import U32
from layerw.kernels.geometry import GEOMETRY
from layerw.scene.rows import BLOCK_ROWS

if TYPE_CHECKING:
    from layerw.scene.table import FrameColumns

DEPTH_MAX = 64
_ALIVE = 1


class Hierarchy:
    """`rows`: all children, parents before their own; `blocks`: the set of blocks that they lie in."""

    def __init__(self) -> None:
        self.rows: U32 = np.zeros(0, np.uint32)
        self.blocks = 0
        self.stale = False

    def refresh(self, parent: npt.NDArray[np.int32], flags: npt.NDArray[np.uint8]) -> bool:
        """Sort again after parents changed; returns whether they had."""
        if not self.stale:
            return False
        self.stale = False
        levels: list[npt.NDArray[np.intp]] = []
        pending = np.flatnonzero((parent >= 0) & (flags & _ALIVE != 0))
        placed = parent < 0
        while pending.size:
            ready = placed[parent[pending]]
            if not ready.any() or len(levels) == DEPTH_MAX:
                raise ValueError(f"The hierarchy is deeper than {DEPTH_MAX} levels or has a cycle.")
            level = pending[ready]
            levels.append(level)
            placed[level] = True
            pending = pending[~ready]
        self.rows = np.concatenate(levels).astype(np.uint32) if levels else np.zeros(0, np.uint32)
        self.blocks = 0
        for block in np.unique(self.rows // BLOCK_ROWS).tolist():
            self.blocks |= 1 << block
        return True

    def compose(self, parent: npt.NDArray[np.int32], local: FrameColumns, world: FrameColumns) -> None:
        """Write the world transforms of all children. Roots are already in `world`."""
        GEOMETRY.lw_compose_rows(parent, self.rows, len(self.rows), *local[:3], *world[:3])

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
