"""The shadow atlas: one depth texture for all shadows, and where in it each tile lies.

Owns: sizes by quality. From above: the sun's cascades that are drawn anew in each frame, those that are kept, with a
spare one that the next is drawn into, and rows of cells for other lights.
"""

from __future__ import annotations

from typing import NamedTuple

KEPT_CASCADES = 3
CELL_TEXELS = 256


class Square(NamedTuple):
    """A tile, in texels of the atlas."""

    x: int
    y: int
    side: int


class AtlasLayout(NamedTuple):
    """dynamic, cached: how far the sun's cascades reach, metres, and texels of their sides. cell_rows: of other lights'
    tiles."""

    width: int
    dynamic: tuple[float, ...]
    dynamic_side: int
    cached: tuple[float, ...]
    cached_side: int
    cell_rows: int
    soft: bool = False  # edges of the dynamic ones are as wide as the sun makes them

    @property
    def cells_top(self) -> int:
        """Where the cells begin, texels from above."""
        return self.dynamic_side + (self.cached_side if self.cached else 0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, texels."""
        return self.width, self.cells_top + self.cell_rows * CELL_TEXELS

    @property
    def cells_across(self) -> int:
        """Cells of a row."""
        return self.width // CELL_TEXELS

    @property
    def cells(self) -> int:
        """All of them."""
        return self.cells_across * self.cell_rows

    def dynamic_tile(self, number: int) -> Square:
        """Of the cascade of that number."""
        return Square(number * self.dynamic_side, 0, self.dynamic_side)

    def cached_tile(self, slot: int) -> Square:
        """One of KEPT_CASCADES + 1 that are taken in turn."""
        return Square(slot * self.cached_side, self.dynamic_side, self.cached_side)

    def cell(self, number: int) -> Square:
        """Of another light."""
        row, column = divmod(number, self.cells_across)
        return Square(column * CELL_TEXELS, self.cells_top + row * CELL_TEXELS, CELL_TEXELS)

    def uv(self, tile: Square) -> tuple[float, float, float, float]:
        """x, y of the upper left corner, width, height: shares of the atlas."""
        width, height = self.size
        return tile.x / width, tile.y / height, tile.side / width, tile.side / height


LAYOUTS = {
    "low": AtlasLayout(2048, (24.0, 160.0), 1024, (), 0, 2),  # 12 MiB
    "medium": AtlasLayout(3072, (12.0, 40.0, 130.0), 1024, (600.0, 3000.0, 16000.0), 768, 2),  # 27 MiB
    "high": AtlasLayout(4096, (12.0, 40.0, 130.0), 1280, (600.0, 3000.0, 16000.0), 1024, 4, soft=True),  # 52 MiB
}
NO_ATLAS = (0, 0)
