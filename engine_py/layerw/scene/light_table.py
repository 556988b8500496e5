"""The lights of a scene as the GPU and the clusters want them, made anew when one of them may have changed.

Owns: which entities shine now (alive, shown, a finite intensity above 0), from the columns of this frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.mathx import linear_from_srgb
from layerw.base.ports import F32
from layerw.scene.component_store import Attached
from layerw.scene.components import declaration
from layerw.scene.light_kinds import LIGHT_KINDS, LightRows, LightValues, describe
from layerw.scene.lights import RIGHT_ANGLE, Light
from layerw.scene.rows import BLOCK_ROWS
from layerw.scene.table import FrameColumns, Table

LIGHT = declaration(Light)

LINEAR: F32 = linear_from_srgb(np.arange(256) / 255).astype(np.float32)


class LightTable:
    """`found`: the lights that shine; `revision` counts their changes."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._key = (-1, -1)
        self._cells = np.zeros(0, np.intp)
        self._blocks = 0  # a set of blocks: where lights are
        self.revision = 0
        self.wrong = np.zeros(0, np.intp)
        self.casts = np.zeros(0, np.bool_)  # of `found`
        self.entities = np.zeros(0, np.intp)  # rows of the table, of `found`
        self.directions = np.zeros((0, 3), np.float32)
        self.found = LightRows(np.zeros((0, 12), np.float32), np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    def update(self, columns: FrameColumns) -> None:
        """Looks at this frame's world-space columns; costs nothing where no entity was ever a light."""
        attached = self._table.components.find(LIGHT)
        if attached is None:
            return
        rows, key = attached.rows(), (attached.revision, self._table.structure_revision)
        if key == self._key and not self._changed(attached) & self._blocks:
            return
        self._key, self._blocks = key, 0
        for block in distinct(rows // BLOCK_ROWS).tolist():
            self._blocks |= 1 << block
        fields = {name: own.array for name, own in attached.columns.items()}
        self.wrong = _wrong_rows(rows, fields)
        self.found, self.casts, self.entities = _rows_of(self._table, rows, fields, columns)
        self.directions = self.found.rows[:, 8:11].copy()
        self._cells = np.zeros(0, np.intp)
        self.revision += 1

    def show_cells(self, codes: npt.NDArray[np.intp]) -> None:
        """Which cells of the shadow atlas each light's shadows begin in, as LIGHT_ROW has it; -1: it casts none."""
        if np.array_equal(codes, self._cells):
            return
        self._cells = codes
        rows = self.found.rows
        rows[:, 8:11] = self.directions
        casting = codes >= 0
        rows[casting & (rows[:, 11] == 0), 8] = 1
        rows[casting, 8:11] *= (2 + codes[casting, None]).astype(np.float32)
        self.revision += 1

    def _changed(self, attached: Attached) -> int:
        """The blocks that may differ from the last frame's."""
        blocks = attached.changed
        own = (self._table.columns[name] for name in ("position", "rotation", "scale", "color"))
        for column in (*attached.columns.values(), *own):
            column.settle()
            blocks |= column.dirty
        return blocks


def _wrong_rows(rows: npt.NDArray[np.intp], fields: dict[str, Any]) -> npt.NDArray[np.intp]:
    """Those whose numbers, written through a view, no light can have."""
    good = fields["kind"][rows] < len(LIGHT_KINDS)
    for name in ("intensity", "range"):
        good &= np.isfinite(fields[name][rows]) & (fields[name][rows] >= 0)
    for name in ("inner_angle", "outer_angle"):
        good &= (fields[name][rows] >= 0) & (fields[name][rows] <= np.float32(RIGHT_ANGLE))
    wrong: npt.NDArray[np.intp] = rows[~good]
    return wrong


def _rows_of(table: Table, rows: npt.NDArray[np.intp], fields: dict[str, Any],
             columns: FrameColumns) -> tuple[LightRows, npt.NDArray[np.bool_], npt.NDArray[np.intp]]:  # fmt: skip
    kind, intensity = fields["kind"][rows], fields["intensity"][rows]
    lit = table.shown()[rows] & (kind < len(LIGHT_KINDS)) & np.isfinite(intensity) & (intensity > 0)
    lit &= np.isfinite(fields["range"][rows])
    for column in (columns.position, columns.rotation, columns.scale):
        lit &= np.isfinite(column[rows]).all(axis=1)
    rows = rows[lit]
    color = LINEAR[table.color[rows].view(np.uint8).reshape(-1, 4)[:, :3]]
    inner, outer = (np.clip(fields[name][rows], 0, RIGHT_ANGLE) for name in ("inner_angle", "outer_angle"))
    values = LightValues(columns.position[rows], _directions(columns, rows), color * intensity[lit, None],
                         fields["range"][rows], inner, outer)  # fmt: skip
    return describe(kind[lit], values), fields["shadows"][rows] != 0, rows


def _directions(columns: FrameColumns, rows: npt.NDArray[np.intp]) -> F32:
    """(n, 3) where -Z points to in the world: the third column of each row's matrix, however it is stretched."""
    shear, depth = columns.shear[rows], columns.scale[rows, 2]
    axis = np.stack([shear[:, 1], shear[:, 2], depth], axis=1)
    vector, w = columns.rotation[rows, :3], columns.rotation[rows, 3:]
    across = 2 * np.cross(vector, axis)
    turned = axis + w * across + np.cross(vector, across)
    length = np.sqrt((turned * turned).sum(axis=1, keepdims=True))
    known = (length > 0) & np.isfinite(length)
    found: F32 = np.where(known, -turned / np.where(known, length, 1), (0, 0, -1)).astype(np.float32)
    return found
