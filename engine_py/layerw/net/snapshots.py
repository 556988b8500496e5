"""Snapshots: what all shared entities were at a tick, sorted by cell and number; and the ring of the last ones.

Owns: the cells of entities, with hysteresis: who stands on an edge does not change to and fro. A key is the cell in the
upper 32 bits and the entity's number in the lower. Limits: 65,536 cells a side.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from layerw.net.schema import Words

KEPT = 32  # ticks: a client whose last acknowledged one is older gets everything
EDGE = 0.15  # of a cell, by which an entity must be beyond it before it is in another
HALF = 32768
Keys = npt.NDArray[np.uint64]


@dataclass(slots=True)
class Snapshot:
    """keys: (n,) ascending; words: (n, width), of the same order."""

    tick: int
    keys: Keys
    words: Words
    cells: npt.NDArray[np.uint64] = field(init=False)  # of each row

    def __post_init__(self) -> None:
        self.cells = self.keys >> np.uint64(32)


def nothing(width: int) -> Snapshot:
    """What a client has that has acknowledged nothing."""
    return Snapshot(0, np.zeros(0, np.uint64), np.zeros((0, width), np.uint32))


def cell_number(x: int, z: int) -> int:
    """Of the cell in that column and row."""
    return (min(max(x + HALF, 0), 2 * HALF - 1) << 16) | min(max(z + HALF, 0), 2 * HALF - 1)


def cell_of(x: float, z: float, size_m: float) -> tuple[int, int]:
    """Column and row of the cell at a place, metres."""
    return int(np.floor(x / size_m)), int(np.floor(z / size_m))


class Cells:
    """In which cell each row of the table is, from tick to tick."""

    def __init__(self, capacity: int) -> None:
        self._cells = np.zeros((capacity, 2), np.int32)
        self._births = np.zeros(capacity, np.uint32)

    def place(self, rows: npt.NDArray[np.intp], births: npt.NDArray[np.uint32], x: npt.NDArray[np.float32],
              z: npt.NDArray[np.float32], size_m: float) -> npt.NDArray[np.uint64]:
        """(n,) numbers of the cells of rows at these places, metres."""
        at = np.stack([x, z], axis=1).astype(np.float64) / size_m
        before = self._cells[rows]
        out = ((at < before - EDGE) | (at >= before + (1 + EDGE))).any(axis=1) | (self._births[rows] != births)
        now = np.where(out[:, None], np.clip(np.floor(at), -HALF, HALF - 1), before).astype(np.int32)
        self._cells[rows], self._births[rows] = now, births
        wide = (now + HALF).astype(np.uint64)
        return wide[:, 0] << np.uint64(16) | wide[:, 1]

    def forget(self) -> None:
        """Everyone is placed anew: the cells have another size."""
        self._births[:] = 0


class Ring:
    """The last KEPT snapshots by tick."""

    def __init__(self) -> None:
        self._kept: dict[int, Snapshot] = {}

    def put(self, snapshot: Snapshot) -> None:
        """The newest."""
        self._kept[snapshot.tick] = snapshot
        for old in [tick for tick in self._kept if tick <= snapshot.tick - KEPT]:
            del self._kept[old]

    def find(self, tick: int) -> Snapshot | None:
        """None: it is too old, or there never was one."""
        return self._kept.get(tick)
