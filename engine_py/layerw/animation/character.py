"""A model that clips, joints and morphs may move: its rows of the table, and where its numbers are among all.

Owns: nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.animation.rig import RigColumns
from layerw.animation.stages import Stage
from layerw.base.ports import F32, Primitive

Rows = npt.NDArray[np.intp]


class Run(NamedTuple):
    """Weights beside each other in a block that many share."""

    block: F32
    first: int


@dataclass(slots=True, eq=False)
class Character:
    """`rows`: of the table, by node; `parts`: the rows that it draws and what of."""

    rig: RigColumns
    rows: Rows
    births: npt.NDArray[np.uint32]
    parts: list[tuple[int, Primitive]]
    weights: dict[int, F32]  # of morph targets, by node: written by clips, or by the program; views of `run`
    run: Run
    materials: dict[int, list[int]] = field(default_factory=dict)  # handles by the file's number
    by_distance: bool = False  # may be posed less often where it is far
    stage: Stage | None = None  # what clips change beside nodes and materials
    node_first: int = 0  # of its nodes among all
    pose_first: int = 0  # of its floats among all
    radii: dict[int, float] = field(default_factory=dict)  # of morphed parts without their morphs, by row
    mask_first: dict[tuple[float, ...], int] = field(default_factory=dict)
