"""The frame's uniforms: one float32 array in spec.FRAME_BLOCK's layout, written by name each frame.

Owns: offsets and the array. Does not know cameras or suns: callers pass numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerw.base.errors import ShapeError
from layerw.base.ports import F32, F64
from layerw.gpu import spec


class UniformBlock:
    """A std140 block: `write(name, values)` and `array`."""

    def __init__(self, layout: tuple[tuple[str, str], ...]) -> None:
        self._slices = {one.name: slice(one.word, one.word + one.words) for one in spec.members(layout)}
        self.array: F32 = np.zeros(spec.block_bytes(layout) // 4, np.float32)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._slices)

    def write(self, name: str, values: Sequence[float] | F32 | F64) -> None:
        """Writes a member from its start; fewer values leave the rest as it was, more are an error."""
        place = self._slices[name]
        flat = np.asarray(values, np.float32).ravel()
        if flat.size > place.stop - place.start:
            raise ShapeError(f"The uniform {name!r} takes {place.stop - place.start} numbers, not {flat.size}.")
        self.array[place.start:place.start + flat.size] = flat

    def write_rows(self, name: str, values: F32 | F64) -> None:
        """Writes (n, 3) values into n vec4s (the fourth component stays)."""
        place = self._slices[name]
        vectors = self.array[place].reshape(-1, 4)
        rows = np.asarray(values, np.float32)
        if rows.ndim != 2 or rows.shape[0] != len(vectors) or rows.shape[1] > 4:
            raise ShapeError(f"The uniform {name!r} takes ({len(vectors)}, 3) numbers, not {rows.shape}.")
        vectors[:, :rows.shape[1]] = rows

    def read(self, name: str) -> F32:
        """The member's values, a view."""
        return self.array[self._slices[name]]


class FrameBlock(UniformBlock):
    """spec.FRAME_BLOCK."""

    def __init__(self) -> None:
        super().__init__(spec.FRAME_BLOCK)

    def write_camera(self, position: F64) -> None:
        """Splits the float64 position into two float32 numbers, so that subtracting both loses nothing visible."""
        high = position.astype(np.float32)
        low = (position - high.astype(np.float64)).astype(np.float32)
        self.write("camera_hi", high)
        self.write("camera_lo", low)

    def write_viewport(self, width: int, height: int) -> None:
        self.write("viewport", (width, height, 1.0 / max(width, 1), 1.0 / max(height, 1)))
