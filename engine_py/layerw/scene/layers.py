"""Layers: numbers that say which views draw an entity.

Owns: what is in which layer, with what has a parent in its parent's unless it has one of its own. Layer 0 is where
everything is at first. Does not: leave anything out; engine.py asks for each view that draws only some.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.scene.hierarchy import up_the_tree

if TYPE_CHECKING:
    from layerw.scene.table import Table

LAYERS_MAX = 32
ALL_LAYERS = (1 << LAYERS_MAX) - 1
Rows = slice | npt.NDArray[np.intp]


class Layers:
    """`own`: (capacity,) uint8, of each row by itself."""

    def __init__(self, capacity: int) -> None:
        self.own = np.zeros(capacity, np.uint8)
        self.revision = 0
        self._bits: tuple[tuple[int, ...], npt.NDArray[np.uint32]] = ((), np.zeros(0, np.uint32))

    def get(self, rows: Rows, one: bool) -> Any:
        """The number of one row, or a copy of those of several."""
        own = self.own[rows]
        return int(own[0]) if one else own.copy()

    def put(self, rows: Rows, value: Any, count: int) -> None:
        """Put rows into a layer, or each into its own. Raises KindError, ConfigError, ShapeError."""
        numbers = _numbers("layer", value)
        if isinstance(numbers, list) and len(numbers) != count:
            raise ShapeError(f"layer was given {len(numbers)} numbers for {count} entities; give one, or one each.")
        self.own[rows] = numbers
        self.revision += 1

    def bits(self, table: Table) -> npt.NDArray[np.uint32] | None:
        """(rows_used,) the bit of each row's layer; None while all are in layer 0."""
        key = (self.revision, table.structure_revision, table.rows_used)
        if self._bits[0] != key:
            own = self.own[: table.rows_used]
            found = up_the_tree(table.parent[: table.rows_used], own, _nearest) if own.any() else own[:0]
            self._bits = (key, np.uint32(1) << found.astype(np.uint32))
        return self._bits[1] if len(self._bits[1]) else None


def _nearest(own: npt.NDArray[Any], above: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(own != 0, own, above)


def layer_mask(what: str, layers: Any) -> int:
    """The bits of some layers; None = all. Raises KindError, ConfigError."""
    if layers is None:
        return ALL_LAYERS
    numbers, mask = _numbers(what, layers), 0
    for number in numbers if isinstance(numbers, list) else [numbers]:
        mask |= 1 << number
    return mask


def _numbers(what: str, value: Any) -> int | list[int]:
    several = isinstance(value, Iterable) and not isinstance(value, str | bytes) and getattr(value, "ndim", 1) != 0
    if not several:
        return checks.whole(what, value, 0, LAYERS_MAX - 1)
    return [checks.whole(what, one, 0, LAYERS_MAX - 1) for one in value]
