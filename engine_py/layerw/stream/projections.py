"""Longitude and latitude to the metres of maps, and back: what georeferenced worlds need.

Owns: degrees themselves, UTM and other transverse Mercator grids on GRS 80 or WGS 84, Web Mercator. Does not: shift
datums (WGS 84, ETRS 89, NAD 83 and NZGD 2000 are taken as one; they differ by less than two metres).
Source: Karney 2011 (the Krueger series to the fourth order, below a millimetre inside a zone); EPSG 3857; EPSG's
registry for the codes.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from layerw.base.ports import F64
from layerw.stream import geo

DEGREES, WEB_MERCATOR = "EPSG:4326", "EPSG:3857"
_WEB_LATITUDE_MAX = 85.06  # where Web Mercator's square ends
_F = 1.0 - geo.WGS84_B_M / geo.WGS84_A_M
_N = _F / (2.0 - _F)
_E2 = _F * (2.0 - _F)
_RECTIFYING_M = geo.WGS84_A_M / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_ALPHA = (_N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
          13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
          61 * _N**3 / 240 - 103 * _N**4 / 140, 49_561 * _N**4 / 161_280)
_BETA = (_N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360, _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440,
         17 * _N**3 / 480 - 37 * _N**4 / 840, 4397 * _N**4 / 161_280)


class Projection(Protocol):
    """Arrays of equal shapes in and out; `x` is east, `y` north, in the system's own unit."""

    def xy(self, lon: F64, lat: F64) -> tuple[F64, F64]:
        """From degrees."""

    def lonlat(self, x: F64, y: F64) -> tuple[F64, F64]:
        """To degrees."""


class Degrees:
    """Longitude and latitude as they are."""

    def xy(self, lon: F64, lat: F64) -> tuple[F64, F64]:
        """Unchanged."""
        return lon, lat

    def lonlat(self, x: F64, y: F64) -> tuple[F64, F64]:
        """Unchanged."""
        return x, y


class WebMercator:
    """EPSG:3857, a sphere's Mercator on the ellipsoid's degrees."""

    def xy(self, lon: F64, lat: F64) -> tuple[F64, F64]:
        """Metres at the equator."""
        phi = np.radians(np.clip(lat, -_WEB_LATITUDE_MAX, _WEB_LATITUDE_MAX))
        return geo.WGS84_A_M * np.radians(lon), geo.WGS84_A_M * np.arcsinh(np.tan(phi))

    def lonlat(self, x: F64, y: F64) -> tuple[F64, F64]:
        """Degrees."""
        return np.degrees(x / geo.WGS84_A_M), np.degrees(np.arctan(np.sinh(y / geo.WGS84_A_M)))


class TransverseMercator:
    """UTM and its kin: a central meridian in degrees, its scale, and what is added to east and north."""

    def __init__(self, meridian: float, scale: float, east_m: float, north_m: float) -> None:
        self.meridian, self.size_m, self.east_m, self.north_m = meridian, scale * _RECTIFYING_M, east_m, north_m

    def xy(self, lon: F64, lat: F64) -> tuple[F64, F64]:
        """Metres."""
        turn = np.radians((lon - self.meridian + 180.0) % 360.0 - 180.0)
        tau = _conformal(np.tan(np.radians(lat)))
        xi, eta = np.arctan2(tau, np.cos(turn)), np.arcsinh(np.sin(turn) / np.hypot(tau, np.cos(turn)))
        along = xi + sum(a * np.sin(2 * j * xi) * np.cosh(2 * j * eta) for j, a in enumerate(_ALPHA, 1))
        across = eta + sum(a * np.cos(2 * j * xi) * np.sinh(2 * j * eta) for j, a in enumerate(_ALPHA, 1))
        return self.east_m + self.size_m * across, self.north_m + self.size_m * along

    def lonlat(self, x: F64, y: F64) -> tuple[F64, F64]:
        """Degrees."""
        along, across = (y - self.north_m) / self.size_m, (x - self.east_m) / self.size_m
        xi = along - sum(b * np.sin(2 * j * along) * np.cosh(2 * j * across) for j, b in enumerate(_BETA, 1))
        eta = across - sum(b * np.cos(2 * j * along) * np.sinh(2 * j * across) for j, b in enumerate(_BETA, 1))
        wanted = np.sin(xi) / np.hypot(np.sinh(eta), np.cos(xi))
        tau = wanted
        for _ in range(4):  # Newton's method; two steps are exact to the last bit but near the poles
            now = _conformal(tau)
            tau = tau + ((wanted - now) / np.sqrt(1 + now * now) * (1 + (1 - _E2) * tau * tau)
                         / ((1 - _E2) * np.sqrt(1 + tau * tau)))  # fmt: skip
        lon = self.meridian + np.degrees(np.arctan2(np.sinh(eta), np.cos(xi)))
        return (lon + 180.0) % 360.0 - 180.0, np.degrees(np.arctan(tau))


def _conformal(tau: F64) -> F64:
    """Tangent of the conformal latitude from that of the geographic one."""
    e = math.sqrt(_E2)
    sigma = np.sinh(e * np.arctanh(e * tau / np.sqrt(1 + tau * tau)))
    result: F64 = tau * np.sqrt(1 + sigma * sigma) - sigma * np.sqrt(1 + tau * tau)
    return result


def projection_of(crs: str) -> Projection | None:
    """The projection of "EPSG:n", None where it is not known."""
    if crs == DEGREES:
        return Degrees()
    if crs in (WEB_MERCATOR, "EPSG:900913"):
        return WebMercator()
    if crs == "EPSG:2193":
        return TransverseMercator(173.0, 0.9996, 1_600_000.0, 10_000_000.0)
    code = int(crs[5:]) if crs.startswith("EPSG:") and crs[5:].isdigit() else 0
    for first, last, zone, north_m in ((32_601, 32_660, 1, 0.0), (32_701, 32_760, 1, 10_000_000.0),
                                       (25_828, 25_838, 28, 0.0), (26_901, 26_923, 1, 0.0),
                                       (28_348, 28_358, 48, 10_000_000.0), (7_846, 7_859, 46, 10_000_000.0)):
        if first <= code <= last:  # UTM on WGS 84 north and south, ETRS 89, NAD 83, GDA 94, GDA 2020
            return TransverseMercator(6.0 * (zone + code - first) - 183.0, 0.9996, 500_000.0, north_m)
    return None
