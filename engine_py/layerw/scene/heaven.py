"""What shines on a scene: sun or moon as its one directional light, both as the sky shows them, and the sky's light.

Owns: how the light of the air is scaled to pictures. Three things are not as in nature, because a picture has one
exposure and an eye gets used to the dark: the sky is SKY_GAIN brighter than its sun allows, dusk is brighter the
deeper the sun is (DUSK), and the moon shines some 10,000 times as bright.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from layerw.base.ports import F32, F64

NOON_Y = math.sin(math.radians(38))  # the sun's light is as its colour says, on the ground, when it is as high
SKY_GAIN = 1.6
NIGHT_SIDE = math.radians(150)  # from the sun to a moon without a date
# By the sun's height in degrees: how much brighter the dusk is shown than it is
DUSK = ((-18, -12, -9, -6, -3, 0, 5, 12), (300, 200, 90, 30, 7.5, 2.8, 1.4, 1.0))
STARLIGHT = np.array((0.6, 0.8, 1.2)) * 0.02  # irradiance above the air, of stars and the air's own glow


class Heaven(NamedTuple):
    """Directions: (3,) unit, towards. Lights: (3,) linear irradiance."""

    direction: F64  # of what lights the scene
    light: F64  # of it, on a surface that faces it
    irradiance: F32  # (9, 3) of the sky, SH over pi
    is_air: bool
    sun: F64
    sun_light: F64  # above the air
    moon: F64
    moon_light: F64  # above the air: what lights it; none by day
    moon_disc: float  # how bright the disc is shown
    night: float  # 0 by day, 1 when stars are seen
    overcast: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # radiance straight up of clouds that close
    # the sky, and how much they do


def painted_heaven(sun: F64, light: F64, irradiance: F32) -> Heaven:
    """Under a gradient; a sun below the horizon gives no light."""
    day = min(max(float(sun[1]) / 0.05, 0.0), 1.0)
    return Heaven(sun, light * day, irradiance, False, sun, light, -sun, np.zeros(3), 0.0, 0.0)


def air_heaven(sun: F64, light: F64, moon: F64, moonlight: F64, haze: float, rayleigh: float) -> Heaven:
    """Under the air. light: the sun's on the ground when it stands high; moonlight: the full moon's."""
    from layerw.scene import air  # a program that paints its sky does without

    kind = air.AirKind(haze, rayleigh)
    height = math.degrees(math.asin(min(max(float(sun[1]), -1.0), 1.0)))
    dusk = float(np.exp(np.interp(height, DUSK[0], np.log(DUSK[1]))))
    noon = np.maximum(_at_noon(), 1e-3)
    night = _smooth((3 - height) / 10)
    of_sun, of_moon = air.sunlight(0.0, np.array((sun[1], moon[1])), kind) / noon
    through = {True: of_sun * dusk, False: of_moon}
    lit = 0.5 - 0.5 * float(sun @ moon)  # of the moon's disc
    moonlight = moonlight * (lit * night)
    sun_is_key = height > -1.0
    sun_light, moon_light = light / noon * (SKY_GAIN * dusk), moonlight / noon * SKY_GAIN
    risen = _smooth((float(moon[1]) + 0.1) / 0.2)
    in_air = moon_light * risen + STARLIGHT * night
    glow = moon if moon[1] > 0.3 else np.array((*_flat(moon, 0.954), 0.3))[[0, 2, 1]]  # starlight comes from above
    irradiance = air.irradiance(sun, sun_light, kind)
    if night > 0:
        irradiance = irradiance + air.irradiance(glow, in_air, kind)
    key, key_light = (sun, light * through[True]) if sun_is_key else (moon, moonlight * through[False])
    return Heaven(key, key_light, irradiance, True, sun, sun_light, glow, in_air, float(moonlight.max()), night)


@lru_cache(1)
def _at_noon() -> F64:
    from layerw.scene import air

    return air.sunlight(0.0, NOON_Y)


def clouded(heaven: Heaven, cover: float) -> Heaven:
    """Under clouds: from some cover on they are the sky."""
    from layerw.scene import overcast

    closed = overcast.share(cover) if heaven.is_air else 0.0
    if closed <= 0:
        return heaven
    up = overcast.zenith(heaven.irradiance, heaven.direction, heaven.light)
    grey = (overcast.harmonics() * up).astype(np.float32)
    irradiance = heaven.irradiance + np.float32(closed) * (grey - heaven.irradiance)
    red, green, blue = up.tolist()
    return heaven._replace(irradiance=irradiance, overcast=(red, green, blue, closed))


def _flat(direction: F64, length: float) -> tuple[float, float]:
    """x and z, made this long."""
    long = math.hypot(direction[0], direction[2])
    return (direction[0] * length / long, direction[2] * length / long) if long > 1e-6 else (length, 0.0)


def _smooth(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)
