"""Stretching a grid of samples onto another number of corners.

Source: Catmull and Rom 1974 (the filter).
"""

from __future__ import annotations

import numpy as np

from layerw_server.bake.heightfield import F32

BAND_ROWS = 128  # of the result at a time: temporaries stay small and Ctrl-C is heard between two bands


def resample(grid: F32, samples: int) -> F32:
    """Stretch a grid onto (samples, samples) corners with a Catmull-Rom filter (edges are kept exactly)."""
    if grid.shape == (samples, samples):
        return grid
    out = np.empty((samples, samples), np.float32)
    at = np.linspace(0.0, grid.shape[0] - 1, samples)
    for first in range(0, samples, BAND_ROWS):
        rows = at[first : first + BAND_ROWS]
        low = max(int(rows[0]) - 1, 0)
        part = grid[low : int(rows[-1]) + 3]
        band = _stretch(part, rows - low, low == 0, low + len(part) == grid.shape[0])
        columns = np.linspace(0.0, grid.shape[1] - 1, samples)
        out[first : first + BAND_ROWS] = _stretch(np.ascontiguousarray(band.T), columns, True, True).T
    return out


def _stretch(grid: F32, at: F32, starts: bool, ends: bool) -> F32:
    """Rows at fractional positions; `starts` and `ends` tell whether the grid's first and last row are the edges."""
    base = np.minimum(at.astype(np.int64), grid.shape[0] - 2)
    t = (at - base).astype(np.float32)[:, None]
    before = 2 * grid[:1] - grid[1:2] if starts else grid[:1]
    after = 2 * grid[-1:] - grid[-2:-1] if ends else grid[-1:]
    padded = np.concatenate([before, grid, after])
    p0, p1, p2, p3 = (padded[base + k] for k in range(4))
    out: F32 = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return out
