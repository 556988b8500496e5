"""The shadow atlas: one depth texture for all shadows, and where in it each tile lies.

Owns: sizes by quality. From above: the sun's cascades that are drawn anew in each frame, those that are kept, with a
spare one that the next is drawn into, and rows of blocks for other lights. A block is cut in four, as are its quarters:
cells of level 0 are blocks, those of each further level half as wide. The cells of a level are numbered block by block,
in Z-order, so that cell n holds 4 n to 4 n + 3 of the next level (web/shaders/lights.wgsl finds them by that).
"""

from __future__ import annotations

from typing import NamedTuple

from layerw.gpu import spec

KEPT_CASCADES = 3
BLOCK_TEXELS = spec.SHADOW_BLOCK
CELL_LEVELS = 4  # 512 to 64 texels
ROOF_LEVEL = 1


class Square(NamedTuple):
    """A tile, in texels of the atlas."""

    x: int
    y: int
    side: int


class AtlasLayout(NamedTuple):
    """dynamic, cached: how far the sun's cascades reach, metres, and texels of their sides. block_rows: of other
    lights' tiles."""

    width: int
    dynamic: tuple[float, ...]
    dynamic_side: int
    cached: tuple[float, ...]
    cached_side: int
    block_rows: int
    soft: bool = False  # edges of the dynamic ones are as wide as the sun makes them

    @property
    def cells_top(self) -> int:
        """Where the cells begin, texels from above."""
        return self.dynamic_side + (self.cached_side if self.cached else 0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, texels."""
        return self.width, self.cells_top + self.block_rows * BLOCK_TEXELS

    @property
    def blocks_across(self) -> int:
        """Blocks of a row."""
        return self.width // BLOCK_TEXELS

    def cells(self, level: int) -> int:
        """All of a level."""
        return self.blocks_across * self.block_rows << 2 * level

    def dynamic_tile(self, number: int) -> Square:
        """Of the cascade of that number."""
        return Square(number * self.dynamic_side, 0, self.dynamic_side)

    def cached_tile(self, slot: int) -> Square:
        """One of KEPT_CASCADES + 1 that are taken in turn."""
        return Square(slot * self.cached_side, self.dynamic_side, self.cached_side)

    def cell(self, level: int, number: int) -> Square:
        """Of another light."""
        side, inside = BLOCK_TEXELS >> level, number & ((1 << 2 * level) - 1)
        row, column = divmod(number >> 2 * level, self.blocks_across)
        x, y = (sum((inside >> (2 * bit + axis) & 1) << bit for bit in range(level)) for axis in (0, 1))
        return Square(column * BLOCK_TEXELS + x * side, self.cells_top + row * BLOCK_TEXELS + y * side, side)

    def uv(self, tile: Square) -> tuple[float, float, float, float]:
        """x, y of the upper left corner, width, height: shares of the atlas."""
        width, height = self.size
        return tile.x / width, tile.y / height, tile.side / width, tile.side / height


LAYOUTS = {
    "low": AtlasLayout(2048, (24.0, 160.0), 1024, (), 0, 1),  # 12 MiB
    "medium": AtlasLayout(3072, (12.0, 40.0, 130.0), 1024, (600.0, 3000.0, 16000.0), 768, 1),  # 27 MiB
    "high": AtlasLayout(4096, (12.0, 40.0, 130.0), 1280, (600.0, 3000.0, 16000.0), 1024, 2, soft=True),  # 52 MiB
}
NO_ATLAS = (0, 0)
