"""Limbs that reach and nodes that look: what programs write, and the kernel's calls (kernels/animation/reach.h).

Owns: goals and weights, as columns. Does not: know models; graph.py gives the rows.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from layerw.animation.character import Rows
from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.base.ports import F32, F64
from layerw.base.settings import fixed_attributes
from layerw.kernels.animation import ANIMATION
from layerw.scene.table import Table


@fixed_attributes
class Reach:
    """A limb that reaches for a point: what `graph.reach("hand")` gives. With several models a row for each."""

    def __init__(self, nodes: tuple[int, int, int], count: int) -> None:
        self._nodes = nodes
        self._goals = np.zeros((count, 4), np.float32)
        self._poles = np.zeros((count, 4), np.float32)
        self._goals[:, 3] = 1
        self._has_goal = self._has_pole = False

    @property
    def target(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32, where the end is to be, in the world; assign (3,) for all. Nothing is moved before it is."""
        self._has_goal = True
        return self._goals[:, :3]

    @target.setter
    def target(self, value: npt.ArrayLike) -> None:
        self._goals[:, :3] = _places("Reach.target", value, len(self._goals))
        self._has_goal = True

    @property
    def pole(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32, what the middle joint points at, in the world; before it is set, the way it bends already."""
        self._has_pole = True
        return self._poles[:, :3]

    @pole.setter
    def pole(self, value: npt.ArrayLike) -> None:
        self._poles[:, :3] = _places("Reach.pole", value, len(self._goals))
        self._has_pole = True

    @property
    def weight(self) -> npt.NDArray[np.float32]:
        """(n,) float32, 0: as the clips have it, to 1: all the way."""
        return self._goals[:, 3]

    @weight.setter
    def weight(self, value: npt.ArrayLike) -> None:
        self._goals[:, 3] = _shares("Reach.weight", value, len(self._goals))

    def _solve(self, table: Table, rows: npt.NDArray[np.intp], members: Rows) -> None:
        """rows: (n, nodes of the model), of those who are moved."""
        if not self._has_goal:
            return
        limbs = np.zeros((len(rows), 4), np.uint32)
        limbs[:, :3], limbs[:, 3] = rows[:, self._nodes], self._has_pole
        ANIMATION.lw_pose_reach(limbs, self._goals[members], self._poles[members], len(limbs), table.parent,
                                table.position, table.rotation, table.scale)  # fmt: skip
        table.columns["rotation"].touch_rows(rows[:, self._nodes[:2]].ravel())


@fixed_attributes
class Look:
    """A node that looks at a point: what `graph.look("head")` gives. With several models a row for each."""

    def __init__(self, node: int, count: int, axis: F64, limit: float) -> None:
        self._nodes = (node,)
        self._goals = np.zeros((count, 4), np.float32)
        self._gazes: F32 = np.zeros((count, 4), np.float32)
        self._goals[:, 3] = 1
        self._gazes[:, :3], self._gazes[:, 3] = axis, math.cos(limit / 2)
        self._has_goal = False

    @property
    def target(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32, what it looks at, in the world; assign (3,) for all. Nothing is moved before it is."""
        self._has_goal = True
        return self._goals[:, :3]

    @target.setter
    def target(self, value: npt.ArrayLike) -> None:
        self._goals[:, :3] = _places("Look.target", value, len(self._goals))
        self._has_goal = True

    @property
    def weight(self) -> npt.NDArray[np.float32]:
        """(n,) float32, 0: as the clips have it, to 1: all the way."""
        return self._goals[:, 3]

    @weight.setter
    def weight(self, value: npt.ArrayLike) -> None:
        self._goals[:, 3] = _shares("Look.weight", value, len(self._goals))

    def _solve(self, table: Table, rows: npt.NDArray[np.intp], members: Rows) -> None:
        if not self._has_goal:
            return
        own = rows[:, self._nodes[0]]
        ANIMATION.lw_pose_look(own.astype(np.uint32), self._goals[members], self._gazes[members], len(own),
                               table.parent, table.position, table.rotation, table.scale)  # fmt: skip
        table.columns["rotation"].touch_rows(own)


def _places(name: str, value: npt.ArrayLike, count: int) -> F32:
    given = checks.as_array(value)
    if given.dtype.kind in "iuf" and given.shape in ((3,), (count, 3)):
        with np.errstate(over="ignore"):
            found = given.astype(np.float32)
        if np.isfinite(found).all():
            return found
    raise ShapeError(f"{name} is {checks.shown(value)}; it takes 3 finite numbers, or ({count}, 3).")


def _shares(name: str, value: npt.ArrayLike, count: int) -> F32:
    given = checks.as_array(value)
    if given.dtype.kind not in "iuf" or given.shape not in ((), (count,)) or not ((given >= 0) & (given <= 1)).all():
        raise ShapeError(f"{name} is {checks.shown(value)}; it takes numbers from 0 to 1, one or {count}.")
    return given.astype(np.float32)
