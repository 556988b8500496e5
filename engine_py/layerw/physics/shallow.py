"""Shallow water on a grid: floods, waves and rivers over any ground.

Owns: one water of engine_py/kernels/simulation/shallow.h, which has method and sources. Arrays that are returned are
copies, (rows, columns) float32. Limits: sides of 4 to 8192 cells, 32 sources, 16 waters; no advection of momentum.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.checks import number, shown, whole
from layerw.base.colors import parse_color
from layerw.base.errors import HandleError, ShapeError
from layerw.base.ports import PixelTarget
from layerw.base.settings import fixed_attributes
from layerw.memory.layer import LayerMemory

Floats = npt.NDArray[np.float32]
_GROUND, _DEPTH, _FLOW_X, _FLOW_Z = range(4)
_GUARD = 4  # columns before the first cell; one row above


@fixed_attributes
class ShallowWater:
    """Water over ground.

    Args:
        memory: where it lives, `app.memory` or `layerw.memory.open_native(...)`.
        columns, rows: cells along x and z; 28 bytes each.
        cell_m: side of a cell, metres.
        gravity: m/s2.
        friction: the share of a flow that is lost a second, 0 to 10.

    Raises:
        OutOfBudget: the memory has no room.
        TooLarge, BadArgument: a value outside of these limits.
    """

    def __init__(self, memory: LayerMemory, columns: int, rows: int, *, cell_m: float, gravity: float = 9.81,
                 friction: float = 0.05) -> None:  # fmt: skip
        self._memory, self._kernels = memory, memory.kernels
        columns = whole("ShallowWater columns", columns)
        rows = whole("ShallowWater rows", rows)
        self.columns, self.rows, self.cell_m = columns, rows, number("ShallowWater cell_m", cell_m)
        self._handle = 0
        if not (0 < columns < 2**32 and 0 < rows < 2**32):
            raise ShapeError(f"A grid of {columns} x {rows} cells was asked for; a side has 4 to 8192.")
        gravity, friction = number("ShallowWater gravity", gravity), number("ShallowWater friction", friction)
        self._handle = self._check(self._kernels.lw_shallow_create(columns, rows, self.cell_m, gravity, friction))
        self._stride = self._kernels.lw_shallow_stride(self._handle)

    @property
    def ground(self) -> Floats:
        """Heights in metres; assign an array of the same shape, or a number."""
        return self._field(_GROUND)

    @ground.setter
    def ground(self, heights: npt.ArrayLike) -> None:
        self._set(_GROUND, heights)

    @property
    def depth(self) -> Floats:
        """Of the water, metres, >= 0; assign an array of the same shape, or a number."""
        return self._field(_DEPTH)

    @depth.setter
    def depth(self, depths: npt.ArrayLike) -> None:
        self._set(_DEPTH, depths)

    @property
    def volume(self) -> float:
        """Cubic metres, summed in float64."""
        return float(self.depth.sum(dtype=np.float64)) * self.cell_m**2

    def add_source(self, column: float, row: float, *, radius: float, rate: float) -> None:
        """A spring (rate > 0) or drain (< 0), metres of depth a second, in a circle of `radius` cells."""
        where = number("add_source column", column), number("add_source row", row)
        radius, rate = number("add_source radius", radius, 0, above=True), number("add_source rate", rate)
        self._check(self._kernels.lw_shallow_source(self._living, *where, radius, rate))

    def step(self, dt_s: float) -> int:
        """Moves on by 0 < dt_s <= 1 seconds; returns the number of inner steps that the depth asked for (<= 32)."""
        return self._check(self._kernels.lw_shallow_step(self._living, number("ShallowWater.step dt_s", dt_s)))

    def paint(self, picture: PixelTarget, *, low: float, high: float, deep: float, low_color: Any = "#5b4a36",
              high_color: Any = "#b9c48f", water_color: Any = "#1b5f8f") -> None:  # fmt: skip
        """Draws it from above into a picture of columns x rows pixels (app.panel), lit from the upper left.

        Args:
            picture: where to; `picture.show()` shows it.
            low, high: the ground heights, metres, that have low_color and high_color.
            deep: metres of water that hide the ground, in water_color.

        Raises:
            ShapeError: the picture has another size.
            BadArgument: high is not above low, or deep not above 0.
        """
        if (picture.width, picture.height) != (self.columns, self.rows):
            raise ShapeError(f"A picture of {picture.width} x {picture.height} pixels was given; this water has "
                             f"{self.columns} x {self.rows} cells, one pixel each.")  # fmt: skip
        low, high, deep = number("paint low", low), number("paint high", high), number("paint deep", deep)
        colors = [_packed(color) for color in (low_color, high_color, water_color)]
        self._check(self._kernels.lw_shallow_paint(self._living, picture.address, low, high, deep,
                                                   *colors))  # fmt: skip

    @property
    def size_bytes(self) -> int:
        """What it takes of Layer memory."""
        return self._kernels.lw_shallow_bytes(self._living)

    def state_hash(self) -> str:
        """sha256 over ground, depth and flows."""
        digest = hashlib.sha256()
        for field in (_GROUND, _DEPTH, _FLOW_X, _FLOW_Z):
            digest.update(np.ascontiguousarray(self._field(field)).tobytes())
        return digest.hexdigest()

    def close(self) -> None:
        """Frees it; a second call does nothing."""
        if self._handle:
            self._check(self._kernels.lw_shallow_destroy(self._handle))
            self._handle = 0

    @property
    def _living(self) -> int:
        if not self._handle:
            raise HandleError("The water is closed; make a new one.")
        return self._handle

    def _whole(self, field: int) -> tuple[int, Floats]:
        address = self._check(self._kernels.lw_shallow_field(self._living, field))
        whole = np.empty((self.rows + 2, self._stride), np.float32)
        self._memory.read(address, whole)
        return address, whole

    def _field(self, field: int) -> Floats:
        return self._cells(self._whole(field)[1]).copy()

    def _cells(self, whole: Floats) -> Floats:
        return whole[1:-1, _GUARD : _GUARD + self.columns]

    def _set(self, field: int, values: npt.ArrayLike) -> None:
        try:
            data = np.asarray(values, np.float32)
        except (TypeError, ValueError):
            raise ShapeError(f"{shown(values)} was given; the grid takes numbers.") from None
        if data.shape not in ((), (self.rows, self.columns)):
            raise ShapeError(f"An array of shape {data.shape} was given; the grid is {(self.rows, self.columns)}.")
        address, old = self._whole(field)
        new = old.copy()
        self._cells(new)[:] = data
        self._memory.write(address, new)
        if not self._kernels.lw_shallow_check(self._living):
            error = self._memory.error()
            self._memory.write(address, old)
            raise error

    def _check(self, result: int) -> int:
        if result == 0:
            raise self._memory.error()
        return result


def _packed(color: Any) -> int:
    """r + 256 g + 65536 b of an sRGB colour."""
    red, green, blue, _ = (round(255 * value) for value in parse_color(color))
    return red | green << 8 | blue << 16
