"""Height fields: what every source turns into before it is cut into tiles.

Owns: the `HeightField` grid, reading a DEM from .npz, resampling it to a grid that a quadtree divides.
Does not: make terrain (island.py) or tiles (tiles.py).
Limits: a DEM of 8 to 32,768 samples a side; the resampled grid is square, 64 * 2**(levels - 1) cells a side.
Source: Catmull and Rom 1974 (the resampling filter); metres per degree from the series in
        NGA.STND.0036 (WGS 84).
"""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake.errors import BakeError

F32 = npt.NDArray[np.floating[Any]]  # float32 at run time; numpy's types widen mixed arithmetic, numpy does not

TILE_CELLS = 64
LEVELS_MAX = 8
DEM_SIDE_MIN, DEM_SIDE_MAX = 8, 32_768
DEM_HEIGHT_LIMIT_M = 20_000.0
LATITUDE_DEFAULT = 0.0


@dataclass(frozen=True)
class HeightField:
    """A square grid of heights in metres; row 0 is the northern edge, column 0 the western one.

    `heights` is (n + 1, n + 1) float32 where n = TILE_CELLS * 2**(levels - 1); samples are grid corners.
    `layers` holds further (n + 1, n + 1) float32 grids that textures use, each optional: `flow` (log2 of drained
    cells), `hard` (0 soft ground to 1 bare rock), `woods` (-0.5 open to 0.5 wooded).
    """

    heights: F32
    levels: int
    cell_x_m: float
    cell_y_m: float
    name: str
    sea_level_m: float | None = None
    layers: dict[str, F32] = field(default_factory=dict)
    biome: dict[str, float] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        """Cells along a side."""
        return int(self.heights.shape[0]) - 1

    @property
    def size_m(self) -> tuple[float, float]:
        """West-east and north-south extent in metres."""
        return self.cells * self.cell_x_m, self.cells * self.cell_y_m


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Metres along one degree of longitude and of latitude on the WGS 84 ellipsoid."""
    phi = math.radians(latitude)
    lon = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
    lat = 111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi) - 0.0023 * math.cos(6 * phi)
    return lon, lat


def load_dem(
    path: Path, *, cell_m: float | None = None, latitude: float | None = None, levels: int | None = None,
    key: str = "elevation",
) -> HeightField:
    """Read `key` from an .npz file and resample it to a quadtree's grid.

    The cell size is `cell_m`, or else the file's `dx`, `dy` in degrees (with `latitude`, or the middle of
    the file's `ymin`, `ymax`), or else one arc second times 3 (SRTM), at the equator where nothing says.
    """
    arrays = _read_npz(path)
    if key not in arrays:
        raise BakeError(f"{path} has no array {key!r}; it holds {', '.join(sorted(arrays)) or 'nothing'}.")
    dem = _check_dem(arrays[key], f"{key!r} in {path}")
    size_x, size_y, where = _dem_size_m(arrays, dem.shape, cell_m, latitude, path)
    count = levels if levels is not None else _levels_for(max(dem.shape) - 1)
    check_levels(count)
    cells = TILE_CELLS << (count - 1)
    heights = resample(dem, cells + 1)
    low = float(heights.min())
    sea = 0.0 if low <= 0.0 else None
    biome = _dem_biome(heights, sea)
    layers = {"flow": _flow(heights), "woods": _woods(heights, size_x / cells, size_y / cells)}
    return HeightField(heights, count, size_x / cells, size_y / cells, path.stem, sea, layers, biome,
                       {"kind": "dem", "file": path.name, "samples": list(dem.shape), **where})


def _flow(heights: F32) -> F32:
    from layerw_server.bake.erosion import drain, drained_cells  # erosion builds on this module's types

    drainage = drain(heights, float(heights.min()) - 1.0)
    flow = np.zeros(heights.size, np.float32)
    flow[drainage.land] = np.log2(drained_cells(drainage, heights.shape[0])[1:])
    return flow.reshape(heights.shape)


def _woods(heights: F32, cell_x_m: float, cell_y_m: float) -> F32:
    """-0.5 (open) to 0.5 (wooded): people farm flat ground and leave slopes to the trees."""
    south, east = np.gradient(heights, cell_y_m, cell_x_m)
    steep = np.hypot(east, south)
    for _ in range(3):  # single slopes matter less than where they gather
        steep[1:-1, 1:-1] = 0.2 * (steep[1:-1, 1:-1] + steep[:-2, 1:-1] + steep[2:, 1:-1] + steep[1:-1, :-2]
                                   + steep[1:-1, 2:])
    woods: F32 = (np.clip(steep / 0.2, 0.0, 1.0) - 0.5).astype(np.float32)
    return woods


def check_levels(levels: int) -> None:
    """Refuse a level count outside 1..LEVELS_MAX."""
    if not 1 <= levels <= LEVELS_MAX:
        raise BakeError(f"levels is {levels}, but must lie between 1 and {LEVELS_MAX}.")


def _read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    if not path.is_file():
        raise BakeError(f"There is no file {path}; give the path of an .npz file with an 'elevation' array.")
    try:
        with path.open("rb") as file:  # np.load leaves a path's file open when it turns out corrupt
            data = np.load(file, allow_pickle=False)
            return {"elevation": data} if isinstance(data, np.ndarray) else {name: data[name] for name in data.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise BakeError(f"{path} is not a readable .npz file of plain arrays ({error}).") from error


def _check_dem(dem: npt.NDArray[Any], what: str) -> F32:
    if dem.ndim != 2:
        raise BakeError(f"{what} has {dem.ndim} dimensions (shape {dem.shape}), but a DEM has 2.")
    if dem.dtype.kind not in "iuf":
        raise BakeError(f"{what} has dtype {dem.dtype}, but heights are integers or floats in metres.")
    if min(dem.shape) < DEM_SIDE_MIN or max(dem.shape) > DEM_SIDE_MAX:
        limits = f"{DEM_SIDE_MIN} to {DEM_SIDE_MAX}"
        raise BakeError(f"{what} has shape {dem.shape}, but each side must have {limits} samples.")
    bad = int(dem.size - np.isfinite(dem).sum())
    if bad:
        raise BakeError(f"{what} has {bad} NaN or infinite samples, but every height must be finite; fill them first.")
    heights = dem.astype(np.float32)
    peak = float(np.abs(heights).max())
    if peak > DEM_HEIGHT_LIMIT_M:
        raise BakeError(f"{what} has a height of {peak:g} m, beyond the limit of {DEM_HEIGHT_LIMIT_M:g} m; "
                        "if that marks missing data, fill it first.")
    return heights


def _dem_size_m(
    arrays: dict[str, npt.NDArray[Any]], shape: tuple[int, ...], cell_m: float | None, latitude: float | None,
    path: Path,
) -> tuple[float, float, dict[str, Any]]:
    rows, columns = shape[0] - 1, shape[1] - 1
    if cell_m is not None:
        if not 0.01 <= cell_m <= 100_000:
            raise BakeError(f"The cell size is {cell_m:g} m, but must lie between 0.01 and 100000 m.")
        return columns * cell_m, rows * cell_m, {"cell_m": cell_m}
    dx = _scalar(arrays, "dx", 3 / 3600, path)
    dy = _scalar(arrays, "dy", dx, path)
    middle = 0.5 * (_scalar(arrays, "ymin", LATITUDE_DEFAULT, path) + _scalar(arrays, "ymax", LATITUDE_DEFAULT, path))
    where = middle if latitude is None else latitude
    if not -85.0 <= where <= 85.0:
        raise BakeError(f"The latitude is {where:g} degrees, but must lie between -85 and 85.")
    lon_m, lat_m = metres_per_degree(where)
    return columns * abs(dx) * lon_m, rows * abs(dy) * lat_m, {"cell_degrees": [dx, dy], "latitude": where}


def _scalar(arrays: dict[str, npt.NDArray[Any]], name: str, default: float, path: Path) -> float:
    value = arrays.get(name)
    if value is None:
        return default
    if value.size != 1 or value.dtype.kind not in "iuf" or not np.isfinite(value).all():
        found = f"shape {value.shape} and dtype {value.dtype}"
        raise BakeError(f"{name!r} in {path} has {found}, but must be one finite number.")
    return float(value.reshape(()))


def _levels_for(cells: int) -> int:
    return min(LEVELS_MAX, max(1, math.ceil(math.log2(max(cells, 1) / TILE_CELLS)) + 1))


def _dem_biome(heights: F32, sea: float | None) -> dict[str, float]:
    low, high = float(heights.min()), float(heights.max())
    tree_line = max(1900.0, low + 0.8 * (high - low)) if high > 1900.0 else high + 100.0
    beach = (sea if sea is not None else low - 1000.0) + 4.0
    return {"beach_top_m": beach, "tree_line_m": tree_line, "snow_line_m": tree_line + 350.0, "rock_slope": 0.75}


def resample(grid: F32, samples: int) -> F32:
    """Stretch a grid onto (samples, samples) corners with a Catmull-Rom filter (edges are kept exactly)."""
    half = _resample_rows(grid, samples)
    return np.ascontiguousarray(_resample_rows(np.ascontiguousarray(half.T), samples).T)


def _resample_rows(grid: F32, samples: int) -> F32:
    at = np.linspace(0.0, grid.shape[0] - 1, samples)
    base = np.minimum(at.astype(np.int64), grid.shape[0] - 2)
    t = (at - base).astype(np.float32)[:, None]
    padded = np.concatenate([2 * grid[:1] - grid[1:2], grid, 2 * grid[-1:] - grid[-2:-1]])
    p0, p1, p2, p3 = (padded[base + k] for k in range(4))
    out: F32 = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return out
