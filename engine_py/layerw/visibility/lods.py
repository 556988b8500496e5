"""LOD sets: which mesh of a chain is drawn at which distance.

Owns: the sets, by number (0 = no set). LOD 0 is the finest.
"""

from __future__ import annotations

from typing import NamedTuple

from layerw.base.errors import BudgetError

NUMBER_MAX = 65_535  # the table's column is uint16
LODS_MAX = 8  # LW_LODS_MAX of the culling kernels


class LodSet(NamedTuple):
    """GPU mesh handles and the distances in metres where each ends; the last distance is where all ends."""

    meshes: tuple[int, ...]
    until_m: tuple[float, ...]


class LodTable:
    """Numbers LOD sets, 65,535 at most. `revision` rises when a set that has a number changes."""

    def __init__(self) -> None:
        self.sets: list[LodSet] = [LodSet((), ())]
        self.revision = 0
        self._free: list[int] = []

    def add(self, meshes: tuple[int, ...], until_m: tuple[float, ...]) -> int:
        """Register a chain; returns its number, > 0."""
        if len(meshes) != len(until_m) or not meshes:
            raise ValueError(f"A LOD set needs one distance a mesh; it has {len(meshes)} and {len(until_m)}.")
        if len(meshes) > LODS_MAX or list(until_m) != sorted(until_m):
            raise ValueError(f"A LOD set takes at most {LODS_MAX} meshes with rising distances, not {len(meshes)} with "
                             f"{until_m}.")  # fmt: skip
        entry = LodSet(meshes, until_m)
        if self._free:
            number = self._free.pop()
            self.sets[number] = entry
            return number
        if len(self.sets) > NUMBER_MAX:
            raise BudgetError(f"There are {NUMBER_MAX} LOD sets already, which is the limit; share Lods objects.")
        self.sets.append(entry)
        return len(self.sets) - 1

    def remove(self, number: int) -> None:
        """Give a number back; no row has it."""
        self.sets[number] = LodSet((), ())
        self._free.append(number)

    def replace(self, number: int, meshes: tuple[int, ...]) -> None:
        """New mesh handles for a set (after a lost device)."""
        self.sets[number] = LodSet(meshes, self.sets[number].until_m)
        self.revision += 1
