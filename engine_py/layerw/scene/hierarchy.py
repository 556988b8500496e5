"""The transform hierarchy: children sorted by depth, composed by a kernel (geometry/transform.h) in that order.

Owns: the order, and what follows from ancestors (depth, hidden, descendants). The parent column belongs to the table.
Limits: none on depth: ancestors are followed by doubling (each step looks twice as far up), never by recursion.
Source: pointer jumping, JaJa, "An Introduction to Parallel Algorithms" (1992), 2.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.mathx import matrix_from_quat
from layerw.base.ports import F64, U32
from layerw.kernels.geometry import GEOMETRY
from layerw.scene.rows import BLOCK_ROWS

if TYPE_CHECKING:
    from layerw.scene.table import FrameColumns

_ALIVE = 1
_DOUBLINGS = 32  # more than any table is deep
_FOLLOWED = 64  # ancestors, one by one, before it is worth a look through all rows
I32 = npt.NDArray[np.int32]


class Hierarchy:
    """`rows`: all children, parents before their own; `blocks`: the set of blocks that they lie in; `sheared`: whether
    any of them had shear when they were composed last."""

    def __init__(self) -> None:
        self.rows: U32 = np.zeros(0, np.uint32)
        self.blocks = 0
        self.stale = False
        self.sheared = False

    def refresh(self, parent: I32, flags: npt.NDArray[np.uint8]) -> bool:
        """Sort again after parents changed; returns whether they had."""
        if not self.stale:
            return False
        self.stale = False
        children = np.flatnonzero((parent >= 0) & (flags & _ALIVE != 0))
        depth = up_the_tree(parent, (parent >= 0).astype(np.int32), np.add)[children]
        self.rows = children[np.argsort(depth, kind="stable")].astype(np.uint32)
        self.blocks = 0
        for block in distinct(self.rows // BLOCK_ROWS).tolist():
            self.blocks |= 1 << block
        return True

    def compose(self, parent: I32, local: FrameColumns, world: FrameColumns) -> None:
        """Write the world transforms of all children. Roots are already in `world`, without shear."""
        sheared = GEOMETRY.lw_compose_rows(parent, self.rows, len(self.rows), *local[:3], *world[:3], world.shear)
        self.sheared = sheared > 0

    @staticmethod
    def descendants(parent: I32, rows: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        """Every row below `rows`, without `rows` themselves."""
        below = np.zeros(len(parent), np.bool_)
        below[rows] = True
        below = up_the_tree(parent, below, np.logical_or)
        below[rows] = False
        return np.flatnonzero(below)


def ancestor_among(parents: I32, rows: npt.NDArray[np.intp], row: int) -> int:
    """The nearest of `row` and its ancestors that is one of `rows`; -1 for none.

    What has no children is nobody's ancestor: a chain grows at its end without being walked up each time.
    """
    members, steps = set(rows.tolist()), 0
    while row >= 0 and row not in members:
        row, steps = int(parents[row]), steps + 1
        if steps == _FOLLOWED and not np.isin(parents, rows).any():
            return -1
    return row


def up_the_tree(parent: I32, own: npt.NDArray[Any], join: Callable[..., Any]) -> npt.NDArray[Any]:
    """`own` of each row joined with that of all its ancestors, the nearest first. Cost: O(rows * log(depth))."""
    found, above = own.copy(), parent.copy()
    for _ in range(_DOUBLINGS):
        rows = np.flatnonzero(above >= 0)
        if not len(rows):
            break
        up = above[rows]
        found[rows], above[rows] = join(found[rows], found[up]), above[up]
    return found


def world_matrix(parent: I32, position: npt.NDArray[Any], rotation: npt.NDArray[Any], scale: npt.NDArray[Any],
                 row: int) -> tuple[F64, F64]:
    """A row's exact (3, 3) matrix and (3,) place in the world, float64, from what the columns say now."""
    matrix, place = np.eye(3), np.zeros(3)
    while row >= 0:
        own = matrix_from_quat(rotation[row]) * scale[row].astype(np.float64)
        matrix, place = own @ matrix, own @ place + position[row]
        row = int(parent[row])
    return matrix, place
