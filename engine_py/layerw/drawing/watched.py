"""Arrays that a program writes to as it likes.

Owns: whether one may have been written since the last frame. Writing to a numpy view tells nobody, so an array counts
as written while somebody outside holds a view of it (the reference count shows that), as entities' columns do (ADR 2).
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt


class Watched:
    """`array` owns its memory, so that every view of it, and of its fields, counts on it."""

    __slots__ = ("_quiet_count", "_touched", "_was_held", "array")

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = array if array.base is None else array.copy()
        self._touched = self._was_held = False
        self._quiet_count = 0

    def arm(self) -> None:
        """Whoever refers to the array now is no writer."""
        self._quiet_count = sys.getrefcount(self.array)

    def view(self, field: str | None = None) -> npt.NDArray[Any]:
        """For writers: all of it, or of a structured array one field."""
        self._touched = True
        found: npt.NDArray[Any] = self.array[...] if field is None else self.array[field]
        return found

    def touch(self) -> None:
        """It was written."""
        self._touched = True

    def take_written(self) -> bool:
        """Whether it may have been written since the last call; a view that died in between counts once more."""
        held = sys.getrefcount(self.array) > self._quiet_count
        written = self._touched or held or self._was_held
        self._touched, self._was_held = False, held
        return written


def largest(positions: npt.NDArray[np.float32]) -> tuple[float, bool]:
    """A radius around the origin that holds all of them which are numbers; and whether all are."""
    sizes = np.abs(positions)
    found = float(sizes.max())
    finite = math.isfinite(found)
    if not finite:
        found = float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))
    return min(1.7321 * found, 1e18), finite
