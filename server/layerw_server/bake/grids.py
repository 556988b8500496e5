"""Square float32 grids in .npy files: written a band of rows at a time, mapped for reading.

Does not: keep anything in memory; the system's file cache does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np

from layerw_server.bake.heightfield import F32

BAND_ROWS = 128


class Writer:
    """A context manager that writes a grid of `samples` rows and columns from the north."""

    def __init__(self, folder: Path, name: str, samples: int) -> None:
        self._file = (folder / f"{name}.npy").open("wb")
        np.lib.format.write_array_header_1_0(
            self._file, {"descr": "<f4", "fortran_order": False, "shape": (samples, samples)})

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, rows: F32) -> None:
        """The next rows."""
        self._file.write(np.ascontiguousarray(rows, "<f4").data)


def save(folder: Path, name: str, grid: F32, change: Callable[[F32], F32] = lambda rows: rows) -> None:
    """Write a whole grid, each band of rows through `change`."""
    with Writer(folder, name, grid.shape[0]) as writer:
        for first in range(0, grid.shape[0], BAND_ROWS):
            writer.write(change(grid[first : first + BAND_ROWS]))


def load(folder: Path, name: str) -> F32:
    """Map a grid, read-only."""
    mapped: F32 = np.load(folder / f"{name}.npy", mmap_mode="r")
    return mapped
