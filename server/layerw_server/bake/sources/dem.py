"""One elevation file in, a `HeightField` out: read, missing samples mended, sized, resampled to a quadtree's grid.

Limits: 8 to 32,768 samples a side; files up to half of the machine's memory.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import F32, TILE_CELLS, HeightField, check_levels, levels_for
from layerw_server.bake.resample import resample
from layerw_server.bake.rivers import flow, woods
from layerw_server.bake.sources import missing, plain, raster
from layerw_server.bake.sources.npz import Arrays
from layerw_server.bake.sources.place import DEGREES, Georeference, Place, place

SRTM_DEGREES = 3 / 3600  # cells of an .npz that says nothing
SHADES_FROM_M = 9_000.0  # whole numbers above this are shades of grey, not metres: no mountain is so high
SHADES_RELIEF = 0.05  # of the width: the height that a full range of shades stands for
ARRAYS = (".npz", ".npy")
Progress = Callable[[str, int, int], None]


def load_dem(
    path: Path, *, cell_m: float | None = None, latitude: float | None = None, levels: int | None = None,
    key: str = "elevation", heights_m: tuple[float, float] | None = None,
    progress: Progress = lambda step, done, total: None,
) -> HeightField:
    """Read elevations from an .npz, .npy, .png, .tif, .asc or .hgt and resample them to a quadtree's grid.

    Args:
        cell_m: metres between two samples; else the file's georeference decides (an .npz: `dx`, `dy` in degrees).
        latitude: degrees, of cells in degrees; else the file's middle.
        levels: of the quadtree, 1 to 8; else as many as the samples fill.
        key: name of the array in an .npz.
        heights_m: what 0 and the largest whole number of an image stand for, metres.

    Raises:
        BakeError: the file or an option can't be used; one sentence says why.
    """
    _check_path(path)
    if levels is not None:
        check_levels(levels)
    progress("read", 0, 1)
    heights, mark, reference, shades, notes = _read(path, key, 0 if levels is None else TILE_CELLS << (levels - 1))
    shades = shades or heights_m is not None
    what = f"{key!r} in {path}" if path.suffix.lower() in ARRAYS else str(path)
    known = np.ones(heights.shape, bool) if shades else missing.find(heights, mark, what)
    rows, columns = missing.frame(known)
    notes += _notes(path, known, rows, columns)
    heights, known = heights[rows, columns], known[rows, columns]
    missing.fill(heights, known)
    del known
    where = place(None if reference is None else reference.cut(rows, columns), (heights.shape[0], heights.shape[1]),
                  cell_m=cell_m, latitude=latitude, path=path)
    if shades:
        notes += _spread(heights, path, heights_m or (0.0, round(SHADES_RELIEF * where.size_x_m, 1)), heights_m is None)
    progress("read", 1, 1)
    count = levels if levels is not None else levels_for(max(heights.shape) - 1)
    source = {"kind": "dem", "file": path.name, "samples": list(heights.shape), **where.source}
    heights = resample(heights, (TILE_CELLS << (count - 1)) + 1)  # and the samples are let go
    return _field(heights, count, where, path.stem, source, notes)


def _check_path(path: Path) -> None:
    if not path.is_file():
        raise BakeError(f"There is no file {path}; give the path of an .npz with an 'elevation' array, or of a .tif, "
                        ".png, .asc or .hgt of elevations.")
    if path.suffix.lower() not in (*ARRAYS, *raster.KINDS, *plain.KINDS):
        kind = f"a {path.suffix} file" if path.suffix else "a file without an ending"
        raise BakeError(f"{path} is {kind}, but elevations are read from .npz, .npy, .tif, .png, .asc and "
                        ".hgt; GDAL's gdal_translate makes a .tif of most others.")


_Read = tuple[F32, float | None, Georeference | None, bool, tuple[str, ...]]


def _read(path: Path, key: str, samples: int) -> _Read:
    if path.suffix.lower() in ARRAYS:
        arrays = Arrays(path)
        try:
            heights = arrays.heights(key)
            return heights, arrays.scalar("nodata"), _npz_reference(arrays, heights.shape), False, ()
        finally:
            arrays.close()
    if path.suffix.lower() in plain.KINDS:
        return (*plain.read(path), False, ())
    read = raster.read(path, samples)
    shades = read.whole_numbers and read.reference is None and float(read.heights.max()) > SHADES_FROM_M
    return read.heights, read.missing, read.reference, shades, read.notes


def _npz_reference(arrays: Arrays, shape: tuple[int, ...]) -> Georeference:
    """`dx`, `dy`, `xmin`, `xmax`, `ymin`, `ymax`: edges of the outer cells, or their middles if that fits the count."""
    dx = arrays.scalar("dx")
    dy = arrays.scalar("dy")
    dx = SRTM_DEGREES if dx is None else abs(dx)
    dy = dx if dy is None else abs(dy)
    xs = sorted(v for v in (arrays.scalar("xmin"), arrays.scalar("xmax")) if v is not None)
    ys = sorted(v for v in (arrays.scalar("ymin"), arrays.scalar("ymax")) if v is not None)
    rows, columns = shape
    west = xs[0] + _inset(xs, columns, dx) if xs else None
    north = ys[-1] - _inset(ys, rows, dy) if ys else None
    return Georeference(arrays.text("crs") or DEGREES, west, north, dx, dy)


def _inset(ends: list[float], samples: int, cell: float) -> float:
    """From the stated end to the outermost sample: half a cell, or nothing where the ends are samples themselves."""
    points = len(ends) == 2 and abs(ends[1] - ends[0] - (samples - 1) * cell) < 0.25 * cell
    return 0.0 if points else 0.5 * cell


def _notes(path: Path, known: missing.Mask, rows: slice, columns: slice) -> tuple[str, ...]:
    inner = known[rows, columns]
    holes = int(inner.size - np.count_nonzero(inner))
    notes = []
    if inner.shape != known.shape:
        notes.append(f"The rim of {path.name} holds no heights; its {known.shape} samples are cut to {inner.shape}.")
    if holes:
        notes.append(f"{holes:,} of {inner.size:,} samples of {path.name} are missing and filled from those around "
                     f"them ({100 * holes / inner.size:.2g} %).")
    return tuple(notes)


def _spread(heights: F32, path: Path, ends: tuple[float, float], guessed: bool) -> tuple[str, ...]:
    """Turn shades 0..255 or 0..65535 into heights between two ends, in place."""
    low, high = ends
    full = 255.0 if float(heights.max()) <= 255.0 else 65_535.0
    heights *= np.float32((high - low) / full)
    heights += np.float32(low)
    if not guessed:
        return ()
    return (f"{path.name} has shades of grey up to {full:.0f} and no unit; they become {low:g} to {high:g} m, a guess: "
            "--heights-m LOW:HIGH says better.",)


def _field(
    heights: F32, levels: int, where: Place, name: str, source: dict[str, object], notes: tuple[str, ...],
) -> HeightField:
    cells = heights.shape[0] - 1
    cell_x, cell_y = where.size_x_m / cells, where.size_z_m / cells
    low, high = float(heights.min()), float(heights.max())
    sea = 0.0 if low <= 0.0 else None
    layers = {"flow": flow(heights), "woods": woods(heights, cell_x, cell_y)}
    return HeightField(heights, levels, cell_x, cell_y, name, sea, layers, _biome(low, high, sea), source,
                       where.georeference, notes)


def _biome(low: float, high: float, sea: float | None) -> dict[str, float]:
    tree_line = max(1900.0, low + 0.8 * (high - low)) if high > 1900.0 else high + 100.0
    beach = (sea if sea is not None else low - 1000.0) + 4.0
    return {"beach_top_m": beach, "tree_line_m": tree_line, "snow_line_m": tree_line + 350.0, "rock_slope": 0.75}
