"""Interest: which cells a client is told of.

Owns: the set, with hysteresis of one cell: a cell comes when it is within the radius of the one that the player is in,
and goes when it is more than one beyond. Squares, by columns and rows.
"""

from __future__ import annotations

from layerw.net.snapshots import cell_number


class Interest:
    """Of one client."""

    def __init__(self) -> None:
        self.cells: frozenset[int] = frozenset()
        self._center: tuple[int, int, int] | None = None
        self._places: dict[tuple[int, int], int] = {}

    def look(self, column: int, row: int, radius: int) -> frozenset[int]:
        """The cells, seen from this one."""
        if self._center == (column, row, radius):
            return self.cells
        self._center = column, row, radius
        kept = {place: cell for place, cell in self._places.items()
                if max(abs(place[0] - column), abs(place[1] - row)) <= radius + 1}  # fmt: skip
        for x in range(column - radius, column + radius + 1):
            for z in range(row - radius, row + radius + 1):
                kept[x, z] = cell_number(x, z)
        self._places = kept
        self.cells = frozenset(kept.values())
        return self.cells

    def forget(self) -> None:
        """Cells have another size now."""
        self._center, self._places = None, {}
