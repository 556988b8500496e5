"""Which rows of the tree are which tiles of a baked world: level, x from the west, y from the north, by their names.

Owns: that table, read anew where the tree has grown; how fine the finest tiles are. Limits: layerw's own worlds
(tiles/LEVEL-X-Y.HASH.glb).
"""

from __future__ import annotations

import re
from typing import Any

from layerw.stream.tree import MODEL, TileTree

Key = tuple[int, int, int]  # level, x, y
TILE_CELLS = 64  # along a side of a tile that has finer ones below
_LEVELS_MAX = 16
_NAME = re.compile(r"(?:^|/)(\d{1,2})-(\d{1,6})-(\d{1,6})\.[^/]*$")


def finest_samples(extras: dict[str, Any]) -> int:
    """Heights along a side of a grid that is as fine as the finest tiles; 0: the world does not say.

    Args:
        extras: `extras.layerw` of its tileset.
    """
    levels = extras.get("levels")
    return (TILE_CELLS << (levels - 1)) + 1 if isinstance(levels, int) and 1 <= levels <= _LEVELS_MAX else 0


class TileKeys:
    """`row_of` and `key_of` after `scan`."""

    def __init__(self, tree: TileTree) -> None:
        self.row_of: dict[Key, int] = {}
        self.key_of: dict[int, Key] = {}
        self._tree, self._scanned = tree, 0

    def scan(self) -> list[int]:
        """Reads rows that came since; returns those that are such tiles."""
        tree, found = self._tree, []
        for row in range(self._scanned, tree.count):
            contents = tree.contents.get(row, ())
            name = _NAME.search(contents[0].uri) if contents and tree.kind[row] == MODEL else None
            if name is not None:
                key = (int(name[1]), int(name[2]), int(name[3]))
                self.row_of[key], self.key_of[row] = row, key
                found.append(row)
        self._scanned = tree.count
        return found
