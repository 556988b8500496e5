"""How bright and how red the sky is as the sun sets: factors of the day's colours by the sun's height.

Owns: the factors. Does not: the sun's own light (frame/view.py), which ends at the horizon.
Limits: one colour all around the horizon; the afterglow above the sun is the sky shader's glow.
Sources: ends of civil, nautical and astronomical twilight at -6, -12 and -18 degrees (US Naval Observatory); how fast
light falls between them follows Rozenberg, "Twilight" (1966), compressed so that night is dark but not black.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from layerw.base.ports import F64

HEIGHTS = np.radians((-18.0, -12.0, -6.0, 0.0, 6.0))  # of the sun; beyond both ends nothing changes any more
ZENITH = np.log([(0.004, 0.004, 0.006), (0.010, 0.011, 0.016), (0.06, 0.07, 0.11), (0.35, 0.38, 0.50), (1, 1, 1)])
HORIZON = np.log([(0.003, 0.003, 0.004), (0.015, 0.012, 0.016), (0.30, 0.16, 0.12), (0.90, 0.62, 0.50), (1, 1, 1)])
GROUND = np.log([(0.003, 0.003, 0.004), (0.008, 0.008, 0.011), (0.05, 0.05, 0.06), (0.35, 0.34, 0.36), (1, 1, 1)])


class Daylight(NamedTuple):
    """(3,) factors of linear colours."""

    zenith: F64
    horizon: F64  # and of the fog
    ground: F64


DAY = Daylight(np.ones(3), np.ones(3), np.ones(3))


def daylight(sun_y: float) -> Daylight:
    """The factors for a sun whose direction has this y (-1 to 1)."""
    height = math.asin(min(max(sun_y, -1.0), 1.0))
    if height >= HEIGHTS[-1]:
        return DAY
    return Daylight(*(np.exp([np.interp(height, HEIGHTS, channel) for channel in factors.T])
                      for factors in (ZENITH, HORIZON, GROUND)))  # fmt: skip
