"""Where a visitor should start: a place with a view, chosen by a rule (no person picked it).

The rule for a world with a sea: stand on dry, gentle ground near the shore, with open water close by, and see as
much of the high ground as possible, rising above the eye but not in the face. Without a sea: stand on a gentle
spot well inside, and look at high ground with as much of the world as possible in that direction, so that its end
is far away. Candidates lie on a coarse grid; the score of
each is computed from the same arrays that made the tiles, so the answer is deterministic.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake.fields import Fields
from layerw_server.bake.heightfield import F32, HeightField

EYE_M = 1.8
CANDIDATES_SIDE = 256
TARGETS = 12
_RAY = np.linspace(0.04, 0.92, 24)


def spawn_point(field: HeightField, fields: Fields) -> dict[str, Any]:
    """The eye's position (x, y, z), yaw and pitch in radians; yaw 0 looks north (-z), positive turns left."""
    stride = max(1, field.cells // CANDIDATES_SIDE)
    heights = np.ascontiguousarray(field.heights[::stride, ::stride])
    slope = _steepness(fields, stride)
    spacing = (field.cell_x_m * stride, field.cell_y_m * stride)
    targets = _peaks(heights)
    spots = _candidates(heights, slope, field.sea_level_m)
    scores = [_score(heights, spot, targets, spacing, field.sea_level_m) for spot in spots]
    best = int(np.argmax([s for s, _ in scores]))
    (row, column), look = spots[best], scores[best][1]
    return _pose(field, stride, (int(row), int(column)), look, spacing)


def _steepness(fields: Fields, stride: int) -> F32:
    """Slope at every `stride`-th corner, by the full grid's differences."""
    side = fields.heights.shape[0]
    rows = (fields.slopes(0, slice(row, row + 1), slice(0, side)) for row in range(0, side, stride))
    return np.array([np.hypot(east[0, ::stride], south[0, ::stride]) for east, south in rows])


def _peaks(heights: F32) -> npt.NDArray[np.int64]:
    """Rows and columns of the highest corners that are not beside one another."""
    left = heights.copy()
    keep = max(1, heights.shape[0] // 16)
    found = []
    for _ in range(TARGETS):
        row, column = np.unravel_index(int(np.argmax(left)), left.shape)
        found.append((row, column))
        left[max(0, row - keep) : row + keep + 1, max(0, column - keep) : column + keep + 1] = -np.inf
    return np.array(found)


def _candidates(heights: F32, slope: F32, sea_m: float | None) -> npt.NDArray[np.int64]:
    n = heights.shape[0]
    good = slope < 0.3
    rim = n // (32 if sea_m is not None else 6) + 1
    good[:rim] = good[-rim:] = False
    good[:, :rim] = good[:, -rim:] = False
    if sea_m is not None:
        above = heights - sea_m
        beach = good & (above > 1.0) & (above < 4.0)
        good = beach if beach.any() else good & (above > 1.0)
    spots = np.argwhere(good)
    if not spots.size:
        spots = np.array([[n // 2, n // 2]])
    return spots[:: max(1, len(spots) // 1500)]


def _score(
    heights: F32, spot: npt.NDArray[np.int64], targets: npt.NDArray[np.int64], spacing: tuple[float, float],
    sea_m: float | None,
) -> tuple[float, int]:
    """How good the view is, and the corner to look at (row * side + column)."""
    eye = float(heights[spot[0], spot[1]]) + EYE_M
    away = targets - spot
    distance = np.hypot(away[:, 1] * spacing[0], away[:, 0] * spacing[1]) + 1e-6
    top = heights[targets[:, 0], targets[:, 1]]
    rise = (top - eye) / distance
    far_m = 1200.0 if sea_m is not None else 0.25 * heights.shape[0] * max(spacing)
    rays = spot[None, None, :] + away[:, None, :] * _RAY[None, :, None]
    ground = heights[np.rint(rays[..., 0]).astype(int), np.rint(rays[..., 1]).astype(int)]
    line = eye + (top - eye)[:, None] * _RAY[None, :]
    seen = (ground < line).mean(axis=1) ** 3
    worth = seen * np.clip(rise, 0.0, 0.35) * np.clip(distance / far_m, 0.0, 1.0)
    if sea_m is None:
        worth = worth * _reach(spot, away, heights.shape[0]) ** 2
    best = int(np.argmax(worth))
    water = 0.0
    if sea_m is not None:  # water in the foreground of the view, and near
        water = float((ground[best, :12] < sea_m).mean())
    near = heights[max(0, spot[0] - 3) : spot[0] + 4, max(0, spot[1] - 3) : spot[1] + 4]
    shore = 0.0 if sea_m is None else float((near < sea_m).mean())
    score = float(worth.sum() + 2.0 * worth[best]) * (0.1 + 2.0 * water + min(shore, 0.4))
    return score, int(targets[best, 0] * heights.shape[1] + targets[best, 1])


def _reach(spot: npt.NDArray[np.int64], away: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.float64]:
    """How far the world goes on in each direction, in its own sides."""
    ahead = np.where(away > 0, side - 1 - spot, spot)
    steps = ahead / np.maximum(np.abs(away), 1e-6)
    ends: npt.NDArray[np.float64] = steps.min(axis=1) * np.hypot(away[:, 0], away[:, 1]) / side
    return ends


def _pose(
    field: HeightField, stride: int, spot: tuple[int, int], look: int, spacing: tuple[float, float],
) -> dict[str, Any]:
    row, column = spot
    side = field.cells // stride + 1
    to_row, to_column = divmod(look, side)
    east, south = (to_column - column) * spacing[0], (to_row - row) * spacing[1]
    height = float(field.heights[row * stride, column * stride])
    rise = float(field.heights[to_row * stride, to_column * stride]) - height
    half_x, half_z = field.size_m[0] / 2, field.size_m[1] / 2
    position = [column * spacing[0] - half_x, height + EYE_M, row * spacing[1] - half_z]
    look_at = [to_column * spacing[0] - half_x, height + 0.5 * rise, to_row * spacing[1] - half_z]
    return {"position": position, "look_at": look_at, "yaw": math.atan2(-east, -south),
            "pitch": math.atan2(0.5 * rise, max(math.hypot(east, south), 1.0))}
