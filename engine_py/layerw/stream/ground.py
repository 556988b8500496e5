"""Heights of a world's ground from its grid: vectorised lookups for walking, placing and cameras.

Owns: the grid that `layerw bake` writes next to tileset.json (its `extras.layerw.ground`). Does not look at tiles.
Limits: the grid's own coordinates (the world as baked); outside of it the nearest edge counts.

    uint16 little-endian, rows from north (-Z) to south, each from west (-X) to east;
    height = offset_m + code * scale_m at (west_m + column * spacing_x_m, north_m + row * spacing_z_m)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F64
from layerw.stream.errors import TilesetError

SAMPLES_MAX = 16_385
_NUMBERS = ("scale_m", "offset_m", "spacing_x_m", "spacing_z_m", "west_m", "north_m")


class Ground:
    """A height grid. Between samples heights follow the two triangles of a cell (split north-west to south-east),
    as the finest tiles do."""

    def __init__(self, spec: dict[str, Any], data: bytes) -> None:
        self.columns = self.rows = check_ground(spec)
        if len(data) != 2 * self.columns * self.rows:
            raise TilesetError(f"The ground grid has {len(data)} bytes; {self.columns} x {self.rows} samples take "
                               f"{2 * self.columns * self.rows}.")
        self.scale_m, self.offset_m, self.spacing_x_m, self.spacing_z_m, self.west_m, self.north_m = (
            float(spec[name]) for name in _NUMBERS)
        self._codes = np.frombuffer(data, "<u2")

    def heights(self, x: npt.ArrayLike, z: npt.ArrayLike) -> F64:
        """Ground heights in metres at points (x, z); arrays of one shape, or numbers."""
        u = (np.asarray(x, np.float64) - self.west_m) / self.spacing_x_m
        v = (np.asarray(z, np.float64) - self.north_m) / self.spacing_z_m
        u, v = np.clip(u, 0.0, self.columns - 1.0), np.clip(v, 0.0, self.rows - 1.0)
        column = np.minimum(u.astype(np.int64), self.columns - 2)
        row = np.minimum(v.astype(np.int64), self.rows - 2)
        tx, ty = u - column, v - row
        index = row * self.columns + column
        north_west, south_east = self._at(index), self._at(index + self.columns + 1)
        east = tx >= ty
        corner = self._at(np.where(east, index + 1, index + self.columns))
        least, most = np.minimum(tx, ty), np.maximum(tx, ty)
        result: F64 = north_west + most * (corner - north_west) + least * (south_east - corner)
        return result

    def height(self, x: float, z: float) -> float:
        """Ground height in metres at one point."""
        return float(self.heights(x, z))

    def normals(self, x: npt.ArrayLike, z: npt.ArrayLike) -> F64:
        """Unit normals (..., 3) of the ground, from differences over one cell."""
        x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
        dx, dz = self.spacing_x_m, self.spacing_z_m
        slope_x = (self.heights(x + dx, z) - self.heights(x - dx, z)) / (2 * dx)
        slope_z = (self.heights(x, z + dz) - self.heights(x, z - dz)) / (2 * dz)
        normal = np.stack([-slope_x, np.ones_like(slope_x), -slope_z], axis=-1)
        result: F64 = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
        return result

    def _at(self, index: npt.NDArray[np.int64]) -> F64:
        result: F64 = self.offset_m + self._codes[index] * self.scale_m
        return result


def check_ground(spec: dict[str, Any]) -> int:
    """Check the extras of a ground grid; returns its samples a side."""
    samples = spec.get("samples")
    if not isinstance(samples, int) or not 2 <= samples <= SAMPLES_MAX:
        raise TilesetError(f"extras.layerw.ground.samples is {samples!r}; "
                           f"an integer from 2 to {SAMPLES_MAX} is expected.")
    for name in _NUMBERS:
        value = spec.get(name)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value) \
                or (name.startswith("spacing") and value <= 0):
            raise TilesetError(f"extras.layerw.ground.{name} is {value!r}; a finite number is expected (spacings > 0).")
    if not isinstance(spec.get("uri"), str):
        raise TilesetError(f"extras.layerw.ground.uri is {spec.get('uri')!r}; a text is expected.")
    return samples
