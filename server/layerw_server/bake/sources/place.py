"""Where samples lie: cell sizes in metres, and the georeference that a world keeps.

Owns: degrees to metres, the options --cell-m and --latitude, what `extras.layerw.georeference` says.
Source: metres per degree from the series in NGA.STND.0036 (WGS 84).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from layerw_server.bake.errors import BakeError

CELL_M_MIN, CELL_M_MAX = 0.01, 100_000.0
LATITUDE_MAX = 85.0
DEGREES, WEB_MERCATOR = "EPSG:4326", "EPSG:3857"
EARTH_RADIUS_M = 6_378_137.0


@dataclass(frozen=True)
class Georeference:
    """Where the first sample (north-west) lies and how far the next ones are, in units of `crs`."""

    crs: str  # EPSG:4326 for degrees, else what the file says; "" when unknown
    west: float | None
    north: float | None
    dx: float
    dy: float
    unit_m: float = 1.0  # metres in a unit of a projected system

    def cut(self, rows: slice, columns: slice) -> Georeference:
        """Of a part of the samples."""
        west = None if self.west is None else self.west + columns.start * self.dx
        north = None if self.north is None else self.north - rows.start * self.dy
        return replace(self, west=west, north=north)


@dataclass(frozen=True)
class Place:
    """West-east and north-south extent between the outermost samples in metres, and what the world keeps."""

    size_x_m: float
    size_z_m: float
    source: dict[str, Any]
    georeference: dict[str, Any] | None


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Metres along one degree of longitude and of latitude on the WGS 84 ellipsoid."""
    phi = math.radians(latitude)
    lon = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
    lat = 111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi) - 0.0023 * math.cos(6 * phi)
    return lon, lat


def place(
    reference: Georeference | None, shape: tuple[int, int], *, cell_m: float | None, latitude: float | None, path: Path,
) -> Place:
    """Size a grid by the options, or else by its georeference.

    Raises:
        BakeError: nothing says how large a cell is, or it is out of its range.
    """
    rows, columns = shape[0] - 1, shape[1] - 1
    kept = _kept(reference, rows, columns)
    if cell_m is not None:
        _check_cell(cell_m, "The cell size")
        return Place(columns * cell_m, rows * cell_m, {"cell_m": cell_m}, kept)
    if reference is None:
        raise BakeError(f"{path} does not say how large its cells are; give --cell-m with the metres between two "
                        "samples.")
    if reference.crs != DEGREES:
        cell = _true_cell(reference, rows)
        for side in cell:
            _check_cell(side, f"The cell size in {path}")
        return Place(columns * cell[0], rows * cell[1], {"cell_m": list(cell)}, kept)
    where = _latitude(reference, rows) if latitude is None else latitude
    if not -LATITUDE_MAX <= where <= LATITUDE_MAX:
        raise BakeError(f"The latitude is {where:g} degrees, but must lie between -{LATITUDE_MAX:g} and "
                        f"{LATITUDE_MAX:g}.")
    lon_m, lat_m = metres_per_degree(where)
    _check_cell(reference.dx * lon_m, f"dx of {reference.dx:g} degrees in {path}")
    _check_cell(reference.dy * lat_m, f"dy of {reference.dy:g} degrees in {path}")
    return Place(columns * reference.dx * lon_m, rows * reference.dy * lat_m,
                 {"cell_degrees": [reference.dx, reference.dy], "latitude": where}, kept)


def _true_cell(reference: Georeference, rows: int) -> tuple[float, float]:
    """Metres on the ground: Web Mercator's grow with the latitude, others are taken as they are."""
    dx, dy = reference.dx * reference.unit_m, reference.dy * reference.unit_m
    if reference.crs != WEB_MERCATOR or reference.north is None:
        return dx, dy
    phi = math.atan(math.sinh((reference.north - 0.5 * rows * reference.dy) / EARTH_RADIUS_M))
    lon_m, lat_m = metres_per_degree(math.degrees(phi))
    degree_m = math.radians(EARTH_RADIUS_M)
    return dx * lon_m / degree_m, dy * lat_m * math.cos(phi) / degree_m


def _latitude(reference: Georeference, rows: int) -> float:
    return 0.0 if reference.north is None else reference.north - 0.5 * rows * reference.dy


def _kept(reference: Georeference | None, rows: int, columns: int) -> dict[str, Any] | None:
    if reference is None or reference.west is None or reference.north is None:
        return None
    return {"crs": reference.crs, "west": reference.west, "south": reference.north - rows * reference.dy,
            "east": reference.west + columns * reference.dx, "north": reference.north}


def _check_cell(metres: float, what: str) -> None:
    if not CELL_M_MIN <= metres <= CELL_M_MAX:
        raise BakeError(f"{what} is {metres:g} m, but must lie between {CELL_M_MIN:g} and {CELL_M_MAX:.0f} m.")
