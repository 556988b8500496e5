"""Colours of a tile's features by one column of its batch table. Does not: read tables or touch vertices.

Limits: columns that stand in the table's JSON; text, numbers, true and false.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import linear_byte_colors, parse_color
from layerw.base.errors import KindError, ShapeError
from layerw.base.ports import U32

U8 = npt.NDArray[np.uint8]
FLOAT_MAX = sys.float_info.max  # JSON may hold whole numbers of any length

Given = Mapping[Any, Any] | Sequence[tuple[float, Any]]


class TileStyle(NamedTuple):
    """`values` of a column and their colours, (n, 4) uint8 sRGB; a ramp goes from one to the next, evenly in sRGB."""

    column: str
    values: tuple[Any, ...]
    colors: U8
    other: U8  # (1, 4): of all else
    is_ramp: bool

    def palette(self, columns: Mapping[str, Any], count: int, *, linear: bool) -> U32:
        """One packed colour a feature, sRGB bytes or linear ones."""
        rows = np.repeat(self.other, count, axis=0)
        held = columns.get(self.column)
        if isinstance(held, list):
            for row, value in enumerate(held[:count]):
                rows[row] = self._color(value)
        if linear:
            rows = linear_byte_colors(rows, count, "a style's colours")
        return np.ascontiguousarray(rows, np.uint8).view(np.uint32).ravel()

    def _color(self, value: Any) -> Any:
        if not self.is_ramp:
            found = next((number for number, known in enumerate(self.values) if known == value), None)
            return self.other[0] if found is None else self.colors[found]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= FLOAT_MAX:
            return self.other[0]
        return [round(float(np.interp(float(value), self.values, self.colors[:, part]))) for part in range(4)]


def checked_style(column: object, colors: object, other: object) -> TileStyle:
    """Of `World.color_by`. Raises a LayerwError at what can't be used."""
    if not isinstance(column, str):
        raise KindError(f"World.color_by column is {checks.shown(column)}; it takes the name of a column.")
    rest = _bytes(other, "World.color_by other")
    if isinstance(colors, Mapping):
        pairs, is_ramp = list(colors.items()), False
    elif isinstance(colors, (list, tuple)) and all(isinstance(p, (list, tuple)) and len(p) == 2 for p in colors):
        pairs, is_ramp = [(checks.number("World.color_by stop", value), color) for value, color in colors], True
    else:
        raise KindError(f"World.color_by colors is {checks.shown(colors)}; it takes a mapping of values to colours, or "
                        "pairs of a number and a colour.")  # fmt: skip
    values = [value for value, _ in pairs]
    if not pairs or (is_ramp and any(b <= a for a, b in pairwise(values))):
        raise ShapeError(f"World.color_by colors has {len(pairs)} entries; at least one is needed, and the numbers "
                         "of a ramp must rise.")  # fmt: skip
    rows = np.concatenate([_bytes(color, "World.color_by colors") for _, color in pairs])
    return TileStyle(column, tuple(values), rows, rest, is_ramp)


def _bytes(color: Any, name: str) -> U8:
    return np.round(np.array([parse_color(color, name)]) * 255).astype(np.uint8)
