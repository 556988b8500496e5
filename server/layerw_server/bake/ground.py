"""What a world says about itself beyond its tiles: the ground grid for the engine, the sea, a place to start.

Owns: ground.<hash>.bin and the `layerw` extras of tileset.json.
Limits: at most GROUND_SAMPLES_MAX samples a side; uint16, so heights are exact to range / 65,535.

ground.<hash>.bin holds samples * samples uint16, rows from north to south, each from west to east:
height = offset_m + code * scale_m at (west_m + column * spacing_x_m, north_m + row * spacing_z_m),
packed as layerw/stream/ground.py says of "gzip-delta": a quarter to a third of the bytes, and without a loss.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from layerw_server.bake.fields import Fields
from layerw_server.bake.heightfield import HeightField
from layerw_server.bake.spawn import spawn_point

GROUND_SAMPLES_MAX = 2049


def world_extras(field: HeightField, fields: Fields, folder: Path) -> dict[str, Any]:
    """Write the ground grid and return the extras that describe the world."""
    size_x, size_z = field.size_m
    low, high = float(field.heights.min()), float(field.heights.max())
    return {
        "version": 1, "name": field.name, "size_m": [size_x, size_z], "levels": field.levels,
        "height_range_m": [low, high], "sea_level_m": field.sea_level_m, "biome": field.biome,
        "ground": _write_ground(field, folder), "spawn": spawn_point(field, fields), "source": field.source,
        **({"georeference": field.georeference} if field.georeference else {}),
    }


def packed(codes: np.ndarray[Any, np.dtype[np.uint16]]) -> bytes:
    """The file of (rows, columns) samples."""
    change = np.diff(codes, axis=1, prepend=np.uint16(0))
    change = np.diff(change, axis=0, prepend=np.zeros_like(change[:1]))
    zigzag = (change << 1) ^ (change.view(np.int16) >> 15).view(np.uint16)
    return gzip.compress(np.stack((zigzag & 255, zigzag >> 8)).astype(np.uint8).tobytes(), 9, mtime=0)


def _write_ground(field: HeightField, folder: Path) -> dict[str, Any]:
    stride = 1
    while (field.cells // stride) + 1 > GROUND_SAMPLES_MAX:
        stride *= 2
    heights = field.heights[::stride, ::stride].astype(np.float64)
    low, high = float(heights.min()), float(heights.max())
    scale = max((high - low) / 65_535, 1e-6)
    data = packed(np.rint((heights - low) / scale).astype(np.uint16))
    name = f"ground.{hashlib.sha256(data).hexdigest()[:16]}.bin"
    (folder / name).write_bytes(data)
    size_x, size_z = field.size_m
    return {"uri": name, "byteLength": len(data), "encoding": "gzip-delta", "samples": heights.shape[0],
            "scale_m": scale, "offset_m": low,
            "spacing_x_m": field.cell_x_m * stride, "spacing_z_m": field.cell_y_m * stride,
            "west_m": -size_x / 2, "north_m": -size_z / 2, "diagonal": "north-west to south-east"}
