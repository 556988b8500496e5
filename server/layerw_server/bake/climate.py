"""Where trees end and snow begins, by latitude: for real elevations that are dressed, and for recipes.

Limits: means over each latitude; dry continents lie some hundred metres higher, wet coasts lower.
Source: Körner 1998 (tree lines), Hermes 1955 (snow lines).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layerw_server.bake.heightfield import HeightField, Shaping

LATITUDES = (0.0, 25.0, 35.0, 46.0, 57.0, 66.0, 71.0, 90.0)
TREE_M = (3800.0, 3900.0, 3200.0, 2150.0, 900.0, 600.0, 50.0, -1000.0)
SNOW_M = (4900.0, 5400.0, 4300.0, 2950.0, 1700.0, 1300.0, 900.0, 0.0)
DEM_LAKES, DEM_LAKE_M = 12, 4.0  # measured ground has many small hollows that are none in nature
RIVER_KM2_PER_KM = 0.1


def lines(latitude: float) -> dict[str, float]:
    """What `biome` says of a latitude in degrees."""
    at = abs(latitude)
    return {"latitude": latitude, "tree_line_m": float(np.interp(at, LATITUDES, TREE_M)),
            "snow_line_m": float(np.interp(at, LATITUDES, SNOW_M))}


def dressed(field: HeightField) -> HeightField:
    """Measured ground with a climate, if it says where it lies, and with the rivers and lakes that it has."""
    latitude = field.source.get("latitude")
    biome = dict(field.biome)
    if latitude is not None:
        biome |= lines(float(latitude))
    water = Shaping(RIVER_KM2_PER_KM * max(field.size_m) / 1000.0, DEM_LAKES, DEM_LAKE_M)
    return replace(field, biome=biome, shaping=water)
