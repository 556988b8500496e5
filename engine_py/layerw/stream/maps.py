"""Images of a map (XYZ, TMS, WMTS) and which of them lie on a tile. Numbers and addresses only.

Owns: addresses from a template, the square of Web Mercator that all such maps have, and for each tile the images that
cover it with the affine map from world metres to them. Does not: fetch, draw, or know who shows what (drapes.py).
Conventions: the map is a square, u from 180 degrees west, v from the north, 0 to 1; level z has 2^z images a side.
Limits: a tile takes 2 x 2 images of the finest level at which they cover it; a tile over which degrees are no affine
map of metres (the root of a globe) takes none.
Source: OGC 17-083r4 (WebMercatorQuad), OSGeo's TMS 1.0 (rows from the south), EPSG 3857.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple, Protocol

import numpy as np

from layerw.base import checks
from layerw.base.addresses import checked_address
from layerw.base.errors import ConfigError
from layerw.base.ports import F64

SCHEMES = {"xyz": ("z", "x", "y"), "tms": ("z", "x", "y"), "wmts": ("tilematrix", "tilecol", "tilerow")}
LEVEL_MAX = 24
WINDOW = 2  # images a side
_TOUCH = 1e-4  # of an image: less of it is rounding
BENT_MAX = 0.05  # of a tile's width: how far from affine a map may be
_WORD = re.compile(r"\{([^{}]*)\}")
_LATITUDE_MAX = 85.0511287798066
Key = tuple[int, int, int]  # level, column from the west, row from the north


class Lonlat(Protocol):
    """Where a position is on Earth; places.py has two."""

    def lonlat(self, position: F64) -> tuple[float, float, float]: ...


class Template:
    """An address with words for an image's level, column and row.

    Raises:
        KindError, ConfigError: no address, another scheme, a word that is missing or that it does not know.
    """

    def __init__(self, url: object, scheme: object) -> None:
        self.url = checked_address(url, "World.drape")
        self.scheme = checks.one_of("World.drape scheme", scheme, SCHEMES)
        known = SCHEMES[self.scheme]
        words = [word.lower() for word in _WORD.findall(self.url)]
        for word in words:
            if word not in known:
                raise ConfigError(f"World.drape url has {{{word}}}; {self.scheme} has {_listed(known)}, everything "
                                  f"else is written out.{checks.did_you_mean(word, known)}")  # fmt: skip
        for word in known:
            if word not in words:
                raise ConfigError(f"World.drape url is {checks.shown(self.url)}, without {{{word}}}; {self.scheme} "
                                  f"takes {_listed(known)}.")  # fmt: skip

    def address(self, key: Key) -> str:
        """Of one image."""
        level, column, row = key
        row = (1 << level) - 1 - row if self.scheme == "tms" else row
        values = dict(zip(SCHEMES[self.scheme], (level, column, row), strict=True))
        return _WORD.sub(lambda found: str(values[found[1].lower()]), self.url)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"{{{word}}}" for word in words)


def checked_levels(levels: object) -> tuple[int, int]:
    """The coarsest and the finest level. Raises KindError, ConfigError."""
    if not isinstance(levels, tuple | list) or len(levels) != 2:
        raise ConfigError(f"World.drape levels is {checks.shown(levels)}; it takes the coarsest and the finest level.")
    low = checks.whole("World.drape levels[0]", levels[0], 0, LEVEL_MAX)
    return low, checks.whole("World.drape levels[1]", levels[1], low, LEVEL_MAX)


class Area(NamedTuple):
    """Degrees; outside of it a map has no images."""

    west: float = -180.0
    south: float = -90.0
    east: float = 180.0
    north: float = 90.0

    def holds(self, key: Key) -> bool:
        """Whether an image reaches into it."""
        level, column, row = key
        across = 1 << level
        left, right = (360.0 * (column + side) / across - 180.0 for side in (0, 1))
        top, bottom = (_latitude((row + side) / across) for side in (0, 1))
        return left < self.east and right > self.west and bottom < self.north and top > self.south


EVERYWHERE = Area()


def checked_area(area: object) -> Area:
    """West, south, east, north. Raises ShapeError, ConfigError."""
    if area is None:
        return EVERYWHERE
    found = Area(*checks.vector("World.drape area", area, 4).tolist())  # type: ignore[arg-type]
    if not (-180 <= found.west < found.east <= 180 and -90 <= found.south < found.north <= 90):
        raise ConfigError(f"World.drape area is {tuple(found)}; it takes west, south, east, north in degrees, each "
                          "below its other side.")  # fmt: skip
    return found


def _latitude(v: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * v))))


def unit_square(lon: float, lat: float) -> tuple[float, float]:
    """u and v of a place in degrees."""
    phi = math.radians(min(max(lat, -_LATITUDE_MAX), _LATITUDE_MAX))
    return (lon + 180.0) / 360.0, 0.5 - math.asinh(math.tan(phi)) / (2.0 * math.pi)


class Fit(NamedTuple):
    """Where a tile lies on the map: u and v = matrix @ (position - middle) + at, and the least and greatest of both."""

    middle: F64
    matrix: F64  # (2, 3)
    at: F64
    low: F64
    high: F64


def fit(places: Lonlat, geometry: F64) -> Fit | None:
    """Of a tile's row of TileTree.geo; None where the map is too bent over it."""
    middle, axes, half = geometry[:3], geometry[3:12].reshape(3, 3), geometry[12:15] + geometry[15]
    signs = np.array(np.meshgrid((-1, 1), (-1, 1), (-1, 1))).reshape(3, -1).T
    points = np.vstack([np.zeros((1, 3)), (signs * half) @ axes])
    found = np.array([unit_square(*places.lonlat(middle + point)[:2]) for point in points])
    found[:, 0] = found[0, 0] + (found[:, 0] - found[0, 0] + 0.5) % 1.0 - 0.5  # across 180 degrees
    reach = max(float(np.linalg.norm(half)), 1e-9)
    known = np.hstack([points / reach, np.ones((len(points), 1))])
    solved = np.linalg.lstsq(known, found, rcond=None)[0]
    low, high = found.min(axis=0), found.max(axis=0)
    wide = float((high - low).max())
    if not np.isfinite(solved).all() or wide <= 0 or np.abs(known @ solved - found).max() > BENT_MAX * wide:
        return None
    return Fit(middle, solved[:3].T / reach, solved[3], low, high)


def _touched(place: Fit, level: int) -> F64:
    """Images of a level that a tile reaches into, across and down."""
    side = 2.0**level
    touched: F64 = np.floor(place.high * side - _TOUCH) - np.floor(place.low * side + _TOUCH) + 1.0
    return touched


class Window(NamedTuple):
    """2 x 2 images by rows from the north, and what a world position (x, y, z, 1) is across and down in images from the
    window's corner."""

    keys: tuple[Key | None, ...]
    across: F64  # (4,)
    down: F64


def window(place: Fit, levels: tuple[int, int], coarser: int, area: Area = EVERYWHERE) -> Window:
    """The images for a tile that are in the area. coarser: so many levels below the one it would take."""
    wide = float((place.high - place.low).max())
    level = math.floor(-math.log2(max(wide, 1e-9)))  # no wider than one image; often the next one fits as well
    fits = _touched(place, level + 1).max() <= WINDOW
    level = min(max(level + int(fits) - coarser, levels[0]), levels[1])
    side = 1 << level
    corner = np.floor(place.low * side + _TOUCH)
    rows = np.empty((2, 4))
    rows[:, :3] = place.matrix * side
    rows[:, 3] = place.at * side - corner - rows[:, :3] @ place.middle
    column, row = int(corner[0]), int(corner[1])
    used = corner + _touched(place, level) - 1
    keys = [(level, (column + x) % side, row + y)
            if 0 <= row + y < side and column + x <= used[0] and row + y <= used[1] else None
            for y in range(WINDOW) for x in range(WINDOW)]  # fmt: skip
    inside = tuple(key if key is not None and area.holds(key) else None for key in keys)
    return Window(inside, rows[0], rows[1])
