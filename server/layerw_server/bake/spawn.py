"""Where a visitor should start: a place with a view, chosen by a rule (no person picked it)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from layerw_server.bake.fields import Fields
from layerw_server.bake.heightfield import HeightField

EYE_M = 1.8


def spawn_point(field: HeightField, fields: Fields) -> dict[str, Any]:
    """Position (x, y of the eye, z) and yaw in radians (0 looks north, positive turns left, as rotation about +Y)."""
    n = field.cells
    half_x, half_z = field.size_m[0] / 2, field.size_m[1] / 2
    stride = max(1, n // 256)
    coarse = field.heights[::stride, ::stride]
    row, column = np.unravel_index(int(np.argmax(coarse)), coarse.shape)
    x, z = column * stride * field.cell_x_m - half_x, row * stride * field.cell_y_m - half_z
    return {"position": [float(x), float(coarse[row, column]) + EYE_M, float(z)], "yaw": math.pi}
