"""Colours of features whose columns lie in the file's bytes (property tables): known once those are read.

Owns: the order to make them. Does not: read, or colour vertices (web/transfer/decode/unpack.js).
"""

from __future__ import annotations

from dataclasses import dataclass

from layerw.assets.metadata import Table, read_tables
from layerw.assets.numbers import Numbers
from layerw.base.tile_style import TileStyle

FEATURES_MAX = 1 << 16  # of a tile, that a style colours


@dataclass(frozen=True, slots=True)
class LatePalette:
    """Of a property table, by a column of it. linear: as vertices have colours, else sRGB."""

    table: Table
    style: TileStyle
    linear: bool

    def rows(self, numbers: Numbers, payload: bytes, warnings: list[str]) -> tuple[tuple[int, ...], ...]:
        """One packed colour a feature, as Packed.rows."""
        columns = read_tables([self.table], numbers, payload, warnings)[self.table.name]
        held = {name: column.tolist() for name, column in columns.items() if column.ndim == 1}
        colors = self.style.palette(held, min(self.table.count, FEATURES_MAX), linear=self.linear)
        return tuple((int(color),) for color in colors)
