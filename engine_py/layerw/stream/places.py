"""Longitude and latitude of places in a world, both ways.

Owns: the georeference of baked worlds (`extras.layerw.georeference`, linear in the units of their system, as their
grids are) and worlds that stand on the globe itself. Does not: know how systems project (projections.py).
Conventions: degrees here and only here, as maps have them; the world is x east, y up, z south.
Source: WGS 84 (EPSG 4326, 4978); Bowring 1976 (three steps are exact to below a millimetre).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.errors import KindError, LayerwError, ShapeError
from layerw.base.ports import F64
from layerw.stream import geo
from layerw.stream.projections import Degrees, Projection, projection_of

FAR_RADII = 10.0  # of a world: what lies farther from its middle is not meant


class GridPlaces:
    """A world whose middle is the origin and whose edges lie at known coordinates of a system.

    Args:
        reference: `west`, `south`, `east`, `north` of the outermost samples, in the system's units.
        size_m: west-east and north-south extent, metres.
        projection: of the system.
    """

    def __init__(self, reference: dict[str, Any], size_m: tuple[float, float],
                 projection: Projection | None = None) -> None:  # fmt: skip
        west, south, east, north = (float(reference[key]) for key in ("west", "south", "east", "north"))
        self.middle = 0.5 * (west + east), 0.5 * (south + north)
        self.metres = size_m[0] / (east - west), size_m[1] / (north - south)
        self.projection = Degrees() if projection is None else projection

    def at(self, lon: float, lat: float, height_m: float) -> F64:
        """World position (3,) float64."""
        x, y = (float(v) for v in self.projection.xy(np.float64(lon), np.float64(lat)))  # type: ignore[arg-type]
        return np.array([(x - self.middle[0]) * self.metres[0], height_m, (self.middle[1] - y) * self.metres[1]])

    def lonlat(self, position: F64) -> tuple[float, float, float]:
        """Degrees, degrees, metres."""
        x, height, z = (float(v) for v in position)
        east, north = self.middle[0] + x / self.metres[0], self.middle[1] - z / self.metres[1]
        lon, lat = self.projection.lonlat(np.float64(east), np.float64(north))  # type: ignore[arg-type]
        return float(lon), float(lat), height


class EarthPlaces:
    """A world in Earth-centred coordinates; heights are above the ellipsoid."""

    def at(self, lon: float, lat: float, height_m: float) -> F64:
        """World position (3,) float64."""
        earth = geo.earth_point(np.array(math.radians(lon)), np.array(math.radians(lat)), np.array(height_m))
        result: F64 = geo.WORLD_FROM_TILESET[:3, :3] @ earth
        return result

    def lonlat(self, position: F64) -> tuple[float, float, float]:
        """Degrees, degrees, metres."""
        x, y, z = (float(v) for v in geo.TILESET_FROM_WORLD[:3, :3] @ position)
        a, b = geo.WGS84_A_M, geo.WGS84_B_M
        e2, ep2 = 1 - (b / a) ** 2, (a / b) ** 2 - 1
        p = math.hypot(x, y)
        beta = math.atan2(a * z, b * p)
        latitude = 0.0
        for _ in range(3):
            latitude = math.atan2(z + ep2 * b * math.sin(beta) ** 3, p - e2 * a * math.cos(beta) ** 3)
            beta = math.atan2(b * math.sin(latitude), a * math.cos(latitude))
        normal = a / math.sqrt(1 - e2 * math.sin(latitude) ** 2)
        height = p * math.cos(latitude) + z * math.sin(latitude) - a * a / normal
        return math.degrees(math.atan2(y, x)), math.degrees(latitude), height


def places_of(extras: dict[str, Any], origin: F64, url: str) -> GridPlaces | EarthPlaces:
    """How a world maps degrees to metres.

    Raises:
        LayerwError: nothing says where it lies, or it is in a system that is not known here.
    """
    reference, size = extras.get("georeference"), extras.get("size_m")
    if isinstance(reference, dict) and isinstance(size, list) and len(size) == 2:
        projection = projection_of(str(reference.get("crs")))
        if projection is None:
            raise LayerwError(f"The world {url} lies in {reference.get('crs') or 'an unnamed system'} from west "
                              f"{reference.get('west')}, north {reference.get('north')}, but longitudes and latitudes "
                              "are known for EPSG:4326, UTM and EPSG:3857; warp its source first.")  # fmt: skip
        try:
            return GridPlaces(reference, (float(size[0]), float(size[1])), projection)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            raise LayerwError(f"The world {url} has a georeference without four edges: "
                              f"{reference}.") from None  # fmt: skip
    if float(np.linalg.norm(origin)) >= geo.FAR_FROM_ORIGIN_M:
        return EarthPlaces()
    raise LayerwError(f"The world {url} does not say where on Earth it lies; bake it from a file with a georeference "
                      "(a GeoTIFF, an .asc or .hgt in degrees, an .npz with xmin and ymax).")  # fmt: skip


def check_near(places: GridPlaces | EarthPlaces, lon: float, lat: float, center: F64, radius_m: float,
               url: str) -> None:  # fmt: skip
    """Refuse a place outside of a world that can't be meant: its numbers swapped lie inside, or it is far away.

    Args:
        lon: degrees. lat: degrees.
        center: (3,) of the world, world metres; radius_m: of a sphere around it that holds the world.

    Raises:
        ShapeError: with how far it is.
    """
    middle = places.lonlat(center)[:2]
    away_m = _ground_m((lon, lat), middle)
    if away_m <= radius_m:
        return
    is_swapped = abs(lon) <= 90 and _ground_m((lat, lon), middle) <= radius_m
    if is_swapped or away_m > FAR_RADII * radius_m:
        hint = f"; with the numbers the other way around, at({lat:g}, {lon:g}), it would lie inside" * is_swapped
        raise ShapeError(f"Longitude {lon:g}, latitude {lat:g} lies {away_m / 1000:,.1f} km from the middle of the "
                         f"world {url} (longitude {middle[0]:.4f}, latitude {middle[1]:.4f}), which ends after "
                         f"{radius_m / 1000:,.1f} km{hint}. The order is at(lon, lat).")


def _ground_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places in degrees along a sphere (haversine): to half a percent."""
    (lon, lat), (lon_b, lat_b) = ([math.radians(value) for value in place] for place in (one, other))
    half = math.sin((lat_b - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat_b) * math.sin((lon_b - lon) / 2) ** 2
    return 2 * geo.WGS84_A_M * math.asin(min(math.sqrt(half), 1.0))


def checked_degrees(lon: float, lat: float) -> tuple[float, float]:
    """Refuse what is no place on Earth."""
    return _degrees("lon", lon, 360), _degrees("lat", lat, 90, "; longitude comes first")


def _degrees(name: str, value: float, most: int, hint: str = "") -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise KindError(f"{name} is {checks.shown(value)}; it takes a number of degrees.") from None
    if not (math.isfinite(found) and abs(found) <= most):
        raise ShapeError(f"{name} is {found}, but must lie between -{most} and {most} degrees{hint}.")
    return found
