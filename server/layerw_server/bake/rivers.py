"""What the shape of measured ground says about its rivers and woods, for colouring.

Limits: computed on at most SAMPLES_MAX corners a side; a larger grid is thinned, so rivers get no finer than that.
"""

from __future__ import annotations

import math

import numpy as np

from layerw_server.bake.erosion import drain, drained_cells
from layerw_server.bake.heightfield import F32

SAMPLES_MAX = 2049


def flow(heights: F32) -> F32:
    """log2 of the cells (of the full grid) that drain through each corner."""
    stride = _stride(heights)
    thin = np.ascontiguousarray(heights[::stride, ::stride])
    drainage = drain(thin, float(thin.min()) - 1.0)
    out = np.zeros(thin.size, np.float32)
    out[drainage.land] = np.log2(drained_cells(drainage, thin.shape[0])[1:]) + np.float32(2 * math.log2(stride))
    return out.reshape(thin.shape)


def woods(heights: F32, cell_x_m: float, cell_y_m: float) -> F32:
    """-0.5 (open) to 0.5 (wooded): people farm flat ground and leave slopes to the trees."""
    stride = _stride(heights)
    south, east = np.gradient(heights[::stride, ::stride], cell_y_m * stride, cell_x_m * stride)
    steep = np.hypot(east, south)
    for _ in range(3):  # single slopes matter less than where they gather
        steep[1:-1, 1:-1] = 0.2 * (steep[1:-1, 1:-1] + steep[:-2, 1:-1] + steep[2:, 1:-1] + steep[1:-1, :-2]
                                   + steep[1:-1, 2:])
    out: F32 = (np.clip(steep / 0.2, 0.0, 1.0) - 0.5).astype(np.float32)
    return out


def _stride(heights: F32) -> int:
    return max(1, int(heights.shape[0] - 1) // (SAMPLES_MAX - 1))
