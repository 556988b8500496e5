"""How many rows of the entity table use each mesh, material and LOD set.

Owns: the counts, kept by spawn and despawn a range at a time. Does not free anything: frame/resources.py does, once a
count is 0 and the program let go as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from layerw.scene.table import Table


class Uses:
    """Counts of one kind of handle; `ended` collects those whose count came to 0, until somebody takes them."""

    def __init__(self) -> None:
        self.rows: dict[int, int] = {}
        self.ended: set[int] = set()  # always the same set: who frees looks at it in every frame

    def add(self, handle: int, count: int) -> None:
        """`count` more rows use it; 0 is no handle."""
        if handle:
            self.rows[handle] = self.rows.get(handle, 0) + count

    def drop(self, handle: int, count: int) -> None:
        """`count` rows less use it."""
        if handle:
            left = self.rows[handle] - count
            if left:
                self.rows[handle] = left
            else:
                del self.rows[handle]
                self.ended.add(handle)

    def drop_rows(self, handles: npt.NDArray[Any]) -> None:
        """One row less for each of the handles; a range that was spawned at once has them all equal."""
        first = int(handles[0])
        if len(handles) == 1 or (handles == first).all():
            self.drop(first, len(handles))
            return
        found, counts = np.unique(handles, return_counts=True)
        for handle, count in zip(found.tolist(), counts.tolist(), strict=True):
            self.drop(handle, count)

    def take_ended(self) -> set[int]:
        """Those whose count came to 0 since the last call and is still 0."""
        if not self.ended:
            return set()
        ended = {handle for handle in self.ended if handle not in self.rows}
        self.ended.clear()
        return ended


def dress(table: Table, rows: npt.NDArray[np.intp], *, mesh: int, material: int, radius: float) -> None:
    """Gives rows that live another mesh and material; radius: how far the mesh reaches."""
    if not len(rows):
        return
    for name, column, handle in (("mesh", table.mesh, mesh), ("material", table.material, material)):
        table.uses[name].add(handle, len(rows))
        table.uses[name].drop_rows(column[rows])
        column[rows] = handle
    table.radius[rows] = radius
    table.columns["scale"].touch_rows(rows)  # visibility measures what may have another size
    table.structure_revision += 1
