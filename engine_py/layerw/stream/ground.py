"""Heights of a world's ground from its grid, and where rays meet it: for walking, placing, cameras and picking.

Owns: the grid that `layerw bake` writes next to tileset.json (its `extras.layerw.ground`). Does not look at tiles.
Limits: the grid's own coordinates (the world as baked); outside of it the nearest edge counts.

    uint16 little-endian, rows from north (-Z) to south, each from west (-X) to east;
    height = offset_m + code * scale_m at (west_m + column * spacing_x_m, north_m + row * spacing_z_m)

With `"encoding": "gzip-delta"` the file is gzip, which hosts unpack on the way, of what changes: of the codes'
differences along rows, and of these along columns, modulo 65,536 and zigzag, first all low bytes, then all high ones.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.names import frozen
from layerw.base.ports import F64
from layerw.base.rays import CheckedRay
from layerw.kernels.geometry import GEOMETRY
from layerw.kernels.twins.heightfield import pyramid_blocks
from layerw.stream.errors import TilesetError

SAMPLES_MAX = 16_385
_NUMBERS = ("scale_m", "offset_m", "spacing_x_m", "spacing_z_m", "west_m", "north_m")


@frozen
class GroundHit(NamedTuple):
    """Where a ray meets the ground."""

    distance: float  # metres from the ray's origin
    point: F64  # (3,) world metres
    normal: F64  # (3,) of the ground there, unit length, upwards


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
        if spec.get("encoding") is not None:
            self._codes = np.empty(self.columns * self.rows, np.uint16)
            GEOMETRY.lw_field_unpack(np.frombuffer(data, np.uint8), self.columns, self.rows, self._codes)
        self._grid = np.array((self.west_m, self.north_m, self.spacing_x_m, self.spacing_z_m, self.offset_m,
                               self.scale_m))

    @property
    def codes(self) -> npt.NDArray[np.uint16]:
        """(rows, columns), see above; `rewrite` changes them."""
        return self._codes.reshape(self.rows, self.columns)

    def rewrite(self, codes: npt.NDArray[np.uint16], scale_m: float, offset_m: float) -> None:
        """Other heights at the same places (ground_edits.py). codes: (rows, columns), kept, and not to be written to
        without another call; it may be the array that is there."""
        self._codes, self.scale_m, self.offset_m = codes.reshape(-1), scale_m, offset_m
        self._grid[4:] = offset_m, scale_m
        self.__dict__.pop("_pyramid", None)

    def heights(self, x: npt.ArrayLike, z: npt.ArrayLike) -> F64:
        """Ground heights in metres at points (x, z); arrays of one shape, or numbers."""
        place_x, place_z = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(z, np.float64))
        found = np.empty(place_x.size)
        GEOMETRY.lw_field_heights(self._codes, self.columns, self.rows, self._grid, place_x.ravel(), place_z.ravel(),
                                  found.size, 0, found, None)
        return found.reshape(place_x.shape)

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

    def raycast(self, ray: CheckedRay) -> GroundHit | None:
        """Where a ray first meets the ground, from above or below; None where it does not. Its rim is its end."""
        distance, triangle = np.empty(1), np.empty(1, np.uint32)
        GEOMETRY.lw_field_rays(self._codes, self.columns, self.rows, self._grid, self._pyramid, ray.row(np.float64), 1,
                               distance, triangle)
        if np.isinf(distance[0]):
            return None
        return GroundHit(float(distance[0]), ray.at(float(distance[0])), self._normal(int(triangle[0])))

    @cached_property
    def _pyramid(self) -> npt.NDArray[np.uint16]:
        """Least and greatest code of blocks, for rays; made when first asked for, a sixth of the grid's bytes."""
        found = np.empty((pyramid_blocks(self.columns, self.rows), 2), np.uint16)
        GEOMETRY.lw_field_pyramid(self._codes, self.columns, self.rows, found)
        return found

    def _normal(self, triangle: int) -> F64:
        """Of one of the two triangles of a cell, see heightfield.h."""
        row, column = divmod(triangle // 2, self.columns - 1)
        first = row * self.columns + column
        middle = first + (self.columns if triangle % 2 else 1)  # south-west or north-east
        nw, corner, se = (float(self._codes[at]) * self.scale_m for at in (first, middle, first + self.columns + 1))
        by_x, by_z = (se - corner, corner - nw) if triangle % 2 else (corner - nw, se - corner)
        normal = np.array((-by_x / self.spacing_x_m, 1.0, -by_z / self.spacing_z_m))
        found: F64 = normal / np.sqrt((normal**2).sum())
        return found


def file_bytes(spec: dict[str, Any]) -> int:
    """What its file takes on the way, by its checked extras: packed files are held beside what they unpack to."""
    whole = 2 * int(spec["samples"]) ** 2
    given = spec.get("byteLength")
    packed = given if isinstance(given, int) and 0 < given <= whole else whole
    return whole + packed if spec.get("encoding") is not None else whole


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
    if spec.get("encoding") not in (None, "gzip-delta"):
        raise TilesetError(f"extras.layerw.ground.encoding is {spec['encoding']!r}; "
                           '"gzip-delta" or none is expected.')
    return samples
