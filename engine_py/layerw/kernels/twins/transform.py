"""geometry/transform.h in numpy.

Limits: the header's one loop over rows is here a loop over generations: rows whose parents are composed already.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.mathx import quat_multiply, quat_rotate

Array = npt.NDArray[Any]


def lw_compose_rows(parents: Array, rows: Array, count: int, position: Array, rotation: Array, scale: Array,
                    world_position: Array, world_rotation: Array, world_scale: Array) -> None:
    """See geometry/transform.h."""
    rows = rows[:count]
    place = np.full(len(parents), -1, np.intp)
    place[rows] = np.arange(len(rows))
    above = place[parents[rows]]  # where the parent is in `rows`, or -1
    first = 0
    with np.errstate(all="ignore"):
        while first < len(rows):
            late = np.flatnonzero(above[first:] >= first)  # its parent is not composed yet
            end = first + int(late[0]) if len(late) else len(rows)
            _compose(rows[first:end], parents, (position, rotation, scale), (world_position, world_rotation,
                                                                             world_scale))
            first = end


def _compose(rows: Array, parents: Array, local: tuple[Array, Array, Array], world: tuple[Array, Array, Array]) -> None:
    up = parents[rows]
    scale, rotation = world[2][up], world[1][up]
    world[0][rows] = world[0][up] + quat_rotate(rotation, scale * local[0][rows])
    world[1][rows] = quat_multiply(rotation, local[1][rows])
    world[2][rows] = scale * local[2][rows]
