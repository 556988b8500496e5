"""A sky that clouds close: what it gives instead of blue, by the CIE's standard overcast sky (three times as bright
above as at the horizon).

Owns: from which cover on, and how much of the light gets through.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from layerw.base.ports import F32, F64
from layerw.gpu.air import ALBEDO

FROM, TO = 0.55, 0.95  # cover: here it begins, here nothing of the sky is left
THROUGH = 0.3  # of sun and sky, on level ground
GREY = 0.6  # how far its colour is from that of the light above to grey
LUMINANCE = np.array((0.2126, 0.7152, 0.0722))


def share(cover: float) -> float:
    """How much of the sky is closed: 0 to 1."""
    x = min(max((cover - FROM) / (TO - FROM), 0.0), 1.0)
    return x * x * (3 - 2 * x)


def zenith(irradiance: F32, direction: F64, light: F64) -> F64:
    """(3,) radiance straight up under closed clouds.

    Args:
        irradiance: (9, 3) of the clear sky, SH over pi. direction, light: of the sun or the moon.
    """
    from layerw.scene.environment import sh_basis

    sky = np.maximum(sh_basis(np.array([(0.0, 1.0, 0.0)]))[0] @ irradiance.astype(np.float64), 0.0)
    total = THROUGH * (math.pi * sky + light * max(float(direction[1]), 0.0))
    white = 9.0 / (7.0 * math.pi) * total
    grey: F64 = white + GREY * (float(white @ LUMINANCE) - white)
    return grey


@lru_cache(1)
def harmonics() -> F64:
    """(9, 3) SH over pi for a zenith of 1, with the ground below."""
    from layerw.scene.environment import project_irradiance

    count = 512
    y = 1 - (2 * np.arange(count) + 1) / count
    turned = np.arange(count) * math.pi * (3 - math.sqrt(5))
    flat = np.sqrt(1 - y * y)
    up = np.repeat((1 + 2 * np.maximum(y, 0))[:, None] / 3, 3, axis=1)
    shown = np.where(y[:, None] > 0, up, np.array(ALBEDO) * (7.0 / 9.0))
    d = np.stack((flat * np.cos(turned), y, flat * np.sin(turned)), axis=1)
    return project_irradiance(d, shown, np.full(count, 4 * math.pi / count)).astype(np.float64)
