"""Sun, sky, fog, sea, wind and shadows: plain settings, and the light that follows from them.

Owns: the values and the irradiance of the analytic sky. The shaders hold the same sky formula
(web/shaders): above the horizon mix(horizon, zenith, y^gradient), below mix(horizon, ground, ...).
Units: radiance and irradiance are relative to a sun of about 10; `exposure` maps them to the screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import Rgb
from layerw.base.mathx import linear_from_srgb
from layerw.base.ports import F32, F64
from layerw.base.settings import angle, flag, light, number, optional_light, optional_number, settings
from layerw.scene.heaven import NIGHT_SIDE, Heaven, air_heaven, clouded, painted_heaven
from layerw.scene.twilight import DAY, Daylight, daylight

if TYPE_CHECKING:
    from layerw.scene.surroundings import Surroundings


@settings(elevation=angle, azimuth=angle, color=light(), intensity=number(0),
          angular_radius=number(0, math.pi / 2))  # fmt: skip
@dataclass(slots=True)
class Sun:
    """The directional light. elevation, azimuth: radians; azimuth 0 is -Z (north), turning to +X (east)."""

    elevation: float = math.radians(38)
    azimuth: float = math.radians(135)
    color: Rgb = (1.0, 0.93, 0.82)  # linear
    intensity: float = 10.0
    angular_radius: float = math.radians(0.6)
    _at: tuple[float, ...] = ()  # place, time, angles then

    @property
    def direction(self) -> F64:
        """Unit vector towards the sun."""
        return direction_of(self.elevation, self.azimuth)

    def at(self, latitude: float, day: float, hour: float) -> None:
        """Puts it where it stands at a place, on a day, at an hour: sets `elevation` and `azimuth`.

        Args:
            latitude: radians, north is positive; -pi/2 to pi/2.
            day: of the year, 1 to 366; 172 is the June solstice.
            hour: of solar time, 0 to 24; at 12 the sun is highest.
        """
        from layerw.scene.daytime import solar_angles  # most programs give angles

        place = (checks.number("Sun.at latitude", latitude, -math.pi / 2, math.pi / 2),
                 checks.number("Sun.at day", day, 1, 366), checks.number("Sun.at hour", hour, 0, 24))  # fmt: skip
        self.elevation, self.azimuth = solar_angles(*place)
        self._at = (*place, self.elevation, self.azimuth)

    @property
    def _place(self) -> tuple[float, ...] | None:
        """Latitude, day and hour, while it stands where `at` put it."""
        return self._at[:3] if self._at and self._at[3:] == (self.elevation, self.azimuth) else None


@settings(elevation=optional_number(), azimuth=optional_number(), color=light(), intensity=number(0),
          angular_radius=number(0, math.pi / 2))  # fmt: skip
@dataclass(slots=True)
class Moon:
    """Light of the night: the moon shines, and casts the shadows, while the sun is down and the sky is the air.

    elevation, azimuth: radians, as the sun's; None: where it is on the date that `app.sun.at` was told (the year's
    first new moon is on day 9), or else across the sky from the sun. intensity: of the full moon; how much of it is lit
    follows from where the sun is.
    """

    elevation: float | None = None
    azimuth: float | None = None
    color: Rgb = (0.62, 0.76, 1.0)  # linear
    intensity: float = 0.7
    angular_radius: float = math.radians(0.6)


@settings(zenith=optional_light(), horizon=optional_light(), ground=optional_light(), gradient=number(0, above=True),
          exposure=number(0), twilight=flag(), turbidity=number(0, 100), rayleigh=number(0, 100),
          stars=number(0))  # fmt: skip
@dataclass(slots=True)
class Sky:
    """The air, lit by sun and moon; or, where `zenith`, `horizon` or `ground` is given, a gradient.

    turbidity: haze and dust, times a clear day's. rayleigh: how blue the air is, times the Earth's. stars: how bright.
    zenith, horizon, ground: linear radiance of a gradient by day; what is not given is a clear noon's.
    twilight: whether its colours, and a fog's that has one, turn red and dark as the sun sets (below 6 degrees; night
    at -18). False: they are drawn as they are, whatever the sun does.
    """

    zenith: Rgb | None = None
    horizon: Rgb | None = None
    ground: Rgb | None = None
    gradient: float = 0.5
    exposure: float = 0.68
    twilight: bool = True
    turbidity: float = 1.0
    rayleigh: float = 1.0
    stars: float = 1.0

    @property
    def _painted(self) -> tuple[Rgb, Rgb, Rgb] | None:
        """Zenith, horizon and ground of the gradient; None: the air."""
        given = (self.zenith, self.horizon, self.ground)
        if given == (None, None, None):
            return None
        zenith, horizon, ground = (usual if one is None else one for one, usual in zip(given, NOON, strict=True))
        return zenith, horizon, ground


NOON: tuple[Rgb, Rgb, Rgb] = ((0.10, 0.29, 0.84), (0.62, 0.84, 1.12), (0.34, 0.36, 0.38))  # zenith, horizon, ground


@settings(cover=number(0, 1), height_m=number(0), thickness_m=number(0, above=True), density=number(0, 100),
          speed=number(), shadows=number(0, 1))  # fmt: skip
@dataclass(slots=True)
class Clouds:
    """A layer of clouds that the wind's direction drives; under a painted sky it has no depth and no shadow.

    cover: how much of the sky it takes, 0 (none) to 1; from 0.55 on they close it, and light,
    fog and what is mirrored turn grey. height_m: of its base. thickness_m: of its thickest clouds.
    density: how much light they hold back. speed: metres a second. shadows: how dark their shadow on the land is.
    """

    cover: float = 0.32
    height_m: float = 1600.0
    thickness_m: float = 450.0
    density: float = 1.0
    speed: float = 9.0
    shadows: float = 0.6


@settings(color=optional_light(), density=number(0), falloff=number(0), start_m=number(0), opacity_max=number(0, 1),
          shafts=number(0, 1))  # fmt: skip
@dataclass(slots=True)
class Fog:
    """Distance fog: `density` per metre at height 0, thinning upwards by `falloff` per metre.

    color: linear radiance; None: what the air scatters into it. shafts: how dark the shadow is that things and clouds
    throw into the fog, so that the sun's light stands in it as shafts, 0 (none, no cost) to 1; from app.quality
    "medium" on.
    """

    color: Rgb | None = None
    density: float = 0.0
    falloff: float = 0.0015
    start_m: float = 0.0
    opacity_max: float = 1.0
    shafts: float = 0.7


@settings(level=optional_number(), color=light(), clarity_m=number(0, above=True), roughness=number(0, 1))
@dataclass(slots=True)
class Sea:
    """Sea level in metres (scene y); None = there is no sea. `app.sea.level = 0.0` shows one."""

    level: float | None = None
    color: Rgb = (0.004, 0.03, 0.045)  # linear, of deep water
    clarity_m: float = 6.0
    roughness: float = 0.06


@settings(direction=angle, strength=number(0, 1), gusts=number(0, 1))
@dataclass(slots=True)
class Wind:
    """What sways trees and drives waves: direction in radians (as the sun's azimuth), strength 0 to 1."""

    direction: float = 0.6
    strength: float = 0.4
    gusts: float = 0.35


@settings(rain=number(0, 1), snow=number(0, 1), wetness=number(0, 1))
@dataclass(slots=True)
class Weather:
    """What falls, and how wet things are, each 0 to 1. Clouds, fog and the sun are settings of their own.

    rain, snow: how much falls around the camera, carried by `app.wind`. wetness: porous surfaces get darker, all get
    smoother, and on level ground stand pools, which rain rings.
    """

    rain: float = 0.0
    snow: float = 0.0
    wetness: float = 0.0


@settings(enabled=flag(), distance_m=optional_number(0, above=True), strength=number(0, 1), bias=number(0))
@dataclass(slots=True)
class Shadows:
    """The sun's shadows. distance_m: where they end, metres; None: as far as app.quality has them.

    strength: the share of sunlight that a shadow takes. bias: how far, times what their resolution needs, surfaces are
    lifted off themselves: more where lit surfaces show stripes, less where shadows leave their things.
    """

    enabled: bool = True
    distance_m: float | None = None
    strength: float = 0.85
    bias: float = 1.0


@settings(occlusion=number(0, 1), radius_m=number(0, above=True), contact=flag(), reflections=flag())
@dataclass(slots=True)
class Ambient:
    """What stands around a place hides some of the sky from it. Of quality "medium" on; below, there is none.

    occlusion: how much darker that makes the sky's light in corners and under things, 0 to 1 (all of it).
    radius_m: how far things hide the sky from each other. contact: whether the sun throws fine shadows where things
    touch, finer than its shadow map. reflections: whether water mirrors what the picture shows, not the sky alone.
    """

    occlusion: float = 1.0
    radius_m: float = 1.5
    contact: bool = True
    reflections: bool = True


@dataclass(slots=True)
class Environment:
    """Everything about light and air. `heaven()` is cached until sun, moon or sky change."""

    sun: Sun = field(default_factory=Sun)
    moon: Moon = field(default_factory=Moon)
    sky: Sky = field(default_factory=Sky)
    clouds: Clouds = field(default_factory=Clouds)
    fog: Fog = field(default_factory=Fog)
    sea: Sea = field(default_factory=Sea)
    wind: Wind = field(default_factory=Wind)
    shadows: Shadows = field(default_factory=Shadows)
    weather: Weather = field(default_factory=Weather)
    ambient: Ambient = field(default_factory=Ambient)
    _surroundings: Surroundings | None = None  # app.environment, once it is here
    _has_sprites: bool = False  # whether anything of effects/ is drawn that has no mesh
    _has_splats: bool = False  # whether any cloud of Gaussians is there
    _has_glass: bool = False  # whether any material lets light through
    _key: tuple[object, ...] = ()
    _heaven: Heaven | None = None
    _revision: int = 0  # of it
    _drift: tuple[float, float, float] = (0.0, 0.0, 0.0)  # the program's time, and how far clouds had gone by then

    def daylight(self) -> Daylight:
        """What a gradient's and the fog's colours are multiplied by now."""
        return daylight(float(self.sun.direction[1])) if self.sky.twilight else DAY

    def heaven(self) -> Heaven:
        """What shines now, and the irradiance of the sky."""
        sun, moon, sky = self.sun, self.moon, self.sky
        around = self._surroundings
        key = (around.key if around is not None else None, sun.elevation, sun.azimuth, sun.color, sun.intensity,
               sun.angular_radius, sun._place, moon.elevation, moon.azimuth, moon.color, moon.intensity,
               moon.angular_radius, sky._painted, sky.gradient, sky.twilight, sky.turbidity, sky.rayleigh,
               self.clouds.cover)  # fmt: skip
        if self._heaven is None or key != self._key:
            self._heaven, self._key = self._new_heaven(), key
            self._revision += 1
        return self._heaven

    def _new_heaven(self) -> Heaven:
        colors, sun = self.sky._painted, self.sun
        light = np.array(sun.color) * sun.intensity
        if self._surroundings is not None:
            return self._surroundings.heaven(sun.direction, light)
        if colors is None:
            moon = np.array(self.moon.color) * self.moon.intensity
            sky = self.sky
            clear = air_heaven(sun.direction, light, self._moon_direction(), moon, sky.turbidity, sky.rayleigh)
            return clouded(clear, self.clouds.cover)
        now = self.daylight()
        zenith, horizon, ground = (np.asarray(color) * factor for color, factor in zip(colors, now, strict=True))
        return painted_heaven(sun.direction, light, sky_irradiance(zenith, horizon, ground, self.sky.gradient))

    def clouds_drifted(self, time_s: float) -> tuple[float, float]:
        """How far clouds have gone along X and Z at the program's time, metres: a wind that turns, or another speed,
        moves them on from where they are."""
        then, x, z = self._drift
        if time_s != then:
            gone = self.clouds.speed * (time_s - then)
            x, z = x + math.sin(self.wind.direction) * gone, z - math.cos(self.wind.direction) * gone
            self._drift = time_s, x, z
        return x, z

    def stars_turned(self) -> tuple[float, float, float, float]:
        """The pole that stars turn about, and how far they have: by the place and time that `sun.at` was told."""
        from layerw.scene.daytime import sky_turned

        latitude, day, hour = self.sun._place or (math.radians(45), 1.0, 0.0)
        return 0.0, math.sin(latitude), -math.cos(latitude), sky_turned(day, hour)

    def _moon_direction(self) -> F64:
        from layerw.scene.daytime import lunar_angles

        sun, moon = self.sun, self.moon
        elevation, azimuth = min(math.radians(15) - sun.elevation, math.radians(80)), sun.azimuth + NIGHT_SIDE
        if sun._place is not None:
            elevation, azimuth = lunar_angles(*sun._place)
        elevation = elevation if moon.elevation is None else moon.elevation
        azimuth = azimuth if moon.azimuth is None else moon.azimuth
        return direction_of(elevation, azimuth)


def direction_of(elevation: float, azimuth: float) -> F64:
    """The unit vector at an elevation, and an azimuth from -Z towards +X."""
    c = math.cos(elevation)
    return np.array((math.sin(azimuth) * c, math.sin(elevation), -math.cos(azimuth) * c))


def sky_radiance(zenith: npt.ArrayLike, horizon: npt.ArrayLike, ground: npt.ArrayLike, gradient: float,
                 directions: F64) -> F64:  # fmt: skip
    """Radiance (n, 3) of the gradient sky in unit directions (n, 3); the sun is apart."""
    y = directions[:, 1:2]
    top, middle, bottom = (np.asarray(c, np.float64) for c in (zenith, horizon, ground))
    above = middle + (top - middle) * np.maximum(y, 0) ** gradient
    below = middle + (bottom - middle) * np.minimum(np.maximum(-y, 0) * 6, 1) ** 0.5
    return np.where(y >= 0, above, below)


def sky_irradiance(zenith: npt.ArrayLike, horizon: npt.ArrayLike, ground: npt.ArrayLike, gradient: float = 0.5,
                   samples: int = 1024) -> F32:  # fmt: skip
    """Project the gradient sky onto 9 spherical harmonics and convolve with the cosine lobe.

    Cost: about a millisecond. Source: Ramamoorthi and Hanrahan 2001, equations 3, 12 and 13.
    """
    k = np.arange(samples) + 0.5
    y = 1 - 2 * k / samples
    phi = k * math.pi * (3 - math.sqrt(5))
    r = np.sqrt(1 - y * y)
    d = np.stack([np.cos(phi) * r, y, np.sin(phi) * r], axis=1)
    return project_irradiance(d, sky_radiance(zenith, horizon, ground, gradient, d),
                              np.full(samples, 4 * math.pi / samples))  # fmt: skip


def project_irradiance(directions: F64, radiance: F64, weights: F64) -> F32:
    """(9, 3) of radiance (n, 3) in directions (n, 3) that stand for so many steradians (n,) each."""
    coefficients: F64 = sh_basis(directions).T @ (radiance * weights[:, None])
    lobe = np.array([1.0] + [2 / 3] * 3 + [1 / 4] * 5)  # the cosine lobe divided by pi
    result: F32 = (coefficients * lobe[:, None]).astype(np.float32)
    return result


def sh_basis(d: F64) -> F64:
    """(n, 9) real spherical harmonics of unit directions, bands 0 to 2, in (x, y, z) as given."""
    x, y, z = d[:, 0], d[:, 1], d[:, 2]
    return np.stack(
        [
            np.full_like(x, 0.282095),
            0.488603 * y, 0.488603 * z, 0.488603 * x,
            1.092548 * x * y, 1.092548 * y * z, 0.315392 * (3 * z * z - 1), 1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        axis=1,
    )  # fmt: skip


def to_linear(color: tuple[float, ...]) -> tuple[float, float, float]:
    """sRGB rgb(a) in [0, 1] to linear rgb."""
    r, g, b = (float(v) for v in linear_from_srgb(color[:3]))
    return r, g, b
