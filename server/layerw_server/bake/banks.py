"""What rivers, lakes and roads do to the colours of the ground."""

from __future__ import annotations

import numpy as np

from layerw_server.bake.heightfield import F32

MUD, PEBBLES, GRAVEL, REEDS, ROAD = (62, 60, 48), (112, 106, 94), (146, 138, 122), (84, 104, 48), (122, 112, 96)


def paint(colour: F32, fresh: F32, road: F32, grain: F32) -> None:
    """Change (h, w, 3) sRGB 0..255 in place; `fresh` and `road` as fields.py has them, `grain` noise of deviation 1."""
    if float(fresh.min()) < 3.0:
        _mix(colour, REEDS, 0.5 * _fall(fresh + 0.4 * grain, 1.2, 3.0))
        _mix(colour, GRAVEL, 0.85 * _fall(fresh + 0.25 * grain, 0.35, 1.1))
        _mix(colour, PEBBLES, _fall(fresh, -0.05, 0.25))
        _mix(colour, MUD, _fall(fresh, -1.6, -0.2))
    if float(road.max()) > 0.0:
        _mix(colour, ROAD, np.clip(road * (0.92 + 0.06 * grain), 0.0, 1.0))


def _fall(value: F32, low: float, high: float) -> F32:
    """1 below `low`, 0 above `high`."""
    t = np.clip((np.float32(high) - value) / np.float32(high - low), 0.0, 1.0)
    out: F32 = t * t * (3 - 2 * t)
    return out


def _mix(colour: F32, to: tuple[int, int, int], amount: F32) -> None:
    colour += amount[..., None] * (np.asarray(to, np.float32) - colour)
