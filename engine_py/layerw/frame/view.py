"""From camera and environment to the frame's uniforms.

Owns: nothing but the numbers of one frame. World space on the GPU is relative to the camera; the scene's origin
is the world's.
"""

from __future__ import annotations

import math

import numpy as np

from layerw.base.errors import ConfigError
from layerw.base.ports import F64
from layerw.base.settings import Changes
from layerw.frame.quality import TIERS, Tier
from layerw.frame.temporal import TemporalWriter
from layerw.frame.views import View
from layerw.gpu.air import CLOUD_PERIOD_M
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.passes import flag
from layerw.scene.camera import CameraFrame
from layerw.scene.environment import Environment

NO_SEA_LEVEL = -1.0e6
DAY_S = 86_400.0
CONTACT_M = 0.3  # how far things throw contact shadows
PATTERN_REACH_M = 32_768.0  # farther from its anchor than this, float32 steps (4 mm there) would show in noise
HEIGHT_LEAST_KM, HEIGHT_MOST_KM = 0.2, 99.0
AIR_FOG = np.array((-1.0, 0.0, 0.0))  # as the shaders know that it has no colour of its own
PAINTED_FOG = np.array((0.56, 0.74, 1.0))


def view_flags(environment: Environment, view: View, tier: Tier) -> int:
    """The passes that a view needs now beside shadows: gpu.passes.VIEW_FLAGS; tier: what the quality has."""
    flags, surroundings = view._flags(), ambient_flags(environment, tier)
    if flags & flag("weighted"):  # what is behind all that blends is elsewhere then
        surroundings &= ~(flag("mirror") | flag("wet"))
    return flags | surroundings | sprite_flags(environment)


def sprite_flags(environment: Environment) -> int:
    """The flags of what has no mesh: particles, what falls, Gaussians."""
    return (flag("sprites") if environment._has_sprites else 0) | (flag("splats") if environment._has_splats else 0)


def ambient_flags(environment: Environment, tier: Tier) -> int:
    """The flags of what is worked out from the scene's own picture and depth, in all views."""
    ambient = environment.ambient
    hides = flag("ambient") if tier.ambient and (ambient.occlusion > 0 or ambient.contact) else 0
    fog, casts = environment.fog, environment.shadows.enabled
    if tier.shaft_steps and fog.density > 0 and fog.shafts > 0 and casts:
        hides |= flag("shafts")
    if environment.clouds.cover > 0 and environment.sky._painted is None and environment._surroundings is None:
        hides |= flag("clouds")
    if environment._has_glass:
        hides |= flag("glass" if tier.glass else "thin_glass")
    mirrors = tier.mirror and ambient.reflections
    wet = flag("wet") if mirrors and environment.weather.wetness > 0 else 0
    return hides | wet | (flag("mirror") if mirrors and environment.sea.level is not None else 0)


def air_height_km(height_m: float) -> float:
    """The height that the air is looked at from: low ones are one, so that the ground of nobody is in haze."""
    return min(max(height_m / 1000, HEIGHT_LEAST_KM), HEIGHT_MOST_KM)


class ViewWriter:
    """Fills FRAME_BLOCK; while neither camera nor light changed, only the time."""

    def __init__(self, block: FrameBlock) -> None:
        self.block = block
        self._camera: CameraFrame | None = None
        self._light: tuple[object, ...] = ()
        self._changes = -1  # of settings
        self._look = (-1, 0, (1, 1))  # of the view's, what was paid, and drawn
        self._has_changed = True
        self._pattern, self._exposure = block.read("pattern_camera"), block.read("view_exposure")
        self._camera_hi, self._camera_lo = block.read("camera_hi"), block.read("camera_lo")
        self._origin, self._ambient = block.read("relative_origin"), block.read("ambient")
        self._anchor = np.zeros(3)  # of noise by place
        self._temporal = TemporalWriter(block)
        self._air, self._drift = block.read("air"), block.read("cloud_drift")
        self._shafts = block.read("shafts")

    def write(self, camera: CameraFrame, environment: Environment, time_s: float, *, view: View | None = None,
              dt_s: float = 0.0, sheared: bool = False, tiles_from: F64 | None = None,
              paid: int = 0, pixel_ratio: float = 1.0, tier: Tier = TIERS[0],
              drawn: tuple[int, int] | None = None) -> None:  # fmt: skip
        """Fills every member that changed since the last call; where a value is impossible, nothing changes.

        view: whose settings of the picture are meant. dt_s: since the last frame. sheared: whether rows may have shear.
        tiles_from: what the rows of tiles are relative to, where that is another camera's position. paid: flags of the
        passes whose targets are reserved. pixel_ratio: pixels of the picture a pixel of the page. tier: what the
        quality has. drawn: how many pixels are, where fewer than the camera's picture has.
        """
        changes = Changes.count
        drawn = drawn or camera.viewport
        look = (-1 if view is None else view._revision, paid, drawn)
        self._has_changed = False
        if camera is not self._camera or changes != self._changes or look != self._look:
            self._write_changed(camera, environment, view, paid)
            self._write_drawn(camera, drawn)
            self._changes, self._look = changes, look
            self._has_changed = True
        if tiles_from is not None:
            self.block.write("relative_origin", tiles_from - camera.position)
        self._pattern[3] = sheared
        self._origin[3] = pixel_ratio * drawn[1] / camera.viewport[1]
        ambient = environment.ambient
        flags = paid & view_flags(environment, view, tier) if view is not None else 0
        on = bool(flags & flag("ambient"))
        self._ambient[:3] = ambient.occlusion, ambient.radius_m * on, CONTACT_M * (ambient.contact and on)
        self._ambient[3] = float(flags & flag("mirror") > 0)
        self._shafts[:2] = environment.fog.shafts, tier.shaft_steps
        self._air[3] = tier.air_steps
        self._drift[3] = tier.cloud_steps if flags & flag("clouds") else 0
        self._drift[:2] = [gone % CLOUD_PERIOD_M for gone in environment.clouds_drifted(time_s)]
        self._camera_hi[3] = time_s % DAY_S  # float32: a day still has steps of 8 ms
        if view is not None:
            self._exposure[:] = view._adaptation(dt_s, paid)
            self._temporal.write(camera, drawn, bool(flags & flag("temporal")), bool(flags & flag("motion")))

    def rest(self, still: bool) -> None:
        """Whether what is drawn is the same as in the last frame; temporal antialiasing asks."""
        self._temporal.rest(still and not self._has_changed)

    def _write_changed(self, camera: CameraFrame, environment: Environment, view: View | None, paid: int) -> None:
        good = self.block.array.copy()
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # it is told below
                self._write_place(camera, environment)
            factor = 1.0
            if view is not None:
                self.block.write("view_look", view._look(paid))
                view._write_effects(self.block, camera, paid)
                factor = view._factor()
            self._camera_lo[3] = environment.sky.exposure * factor
            if not np.isfinite(self.block.array).all():
                raise ConfigError("A setting of the camera, the light or the air, or what is worked out from it, is "
                                  "larger than the 3.4e38 that the GPU can hold; the last good ones are drawn.")
        except Exception:
            self.block.array[:] = good
            self._camera, self._light = None, ()  # nothing of it was written
            raise

    def _write_drawn(self, camera: CameraFrame, drawn: tuple[int, int]) -> None:
        self.block.write_viewport(*drawn)
        share = drawn[1] / camera.viewport[1]
        self.block.write("upscale", (share, math.log2(share)))

    def _write_place(self, camera: CameraFrame, environment: Environment) -> None:
        light = _light_key(environment)
        moved, lit = camera is not self._camera, light != self._light
        if moved:
            self.block.write("view_projection", camera.view_projection.T)
            self.block.write("inverse_view_projection", camera.inverse_view_projection.T)
            self.block.write_camera(camera.position)
            self.block.read("air_sun")[3] = air_height_km(float(camera.position[1]))
            self.block.write("pattern_camera", self._from_anchor(camera.position))
        if lit:
            _write_light(self.block, environment)
        self._camera, self._light = camera, light

    def _from_anchor(self, position: F64) -> F64:
        """The camera from the patterns' anchor, which follows only where it must: patterns change when it moves."""
        if float(np.abs(position - self._anchor).max()) > PATTERN_REACH_M:
            self._anchor = np.round(position) if float(np.abs(position).max()) > PATTERN_REACH_M else np.zeros(3)
        return position - self._anchor


def _light_key(environment: Environment) -> tuple[object, ...]:
    """Everything about light and air."""
    fog, wind, weather = environment.fog, environment.wind, environment.weather
    environment.heaven()  # as it is now
    return (
        environment._revision, environment.sky.stars, environment.clouds.cover, environment.clouds.height_m,
        environment.clouds.thickness_m, environment.clouds.density, environment.clouds.shadows,
        fog.color, fog.density, fog.falloff, fog.start_m, fog.opacity_max, environment.sea.level,
        wind.direction, wind.strength, wind.gusts, weather.rain, weather.snow, weather.wetness,
    )  # fmt: skip


def _write_light(block: FrameBlock, environment: Environment) -> None:
    sun, sky, fog, sea, wind = environment.sun, environment.sky, environment.fog, environment.sea, environment.wind
    heaven = environment.heaven()
    block.write("sun_direction", (*heaven.direction, np.cos(sun.angular_radius)))
    block.write("sun_color", (*heaven.light, 1.0))
    now = environment.daylight()
    if sky._painted is not None:
        zenith, horizon, ground = sky._painted
        block.write("sky_zenith", (*(now.zenith * zenith), sky.gradient))
        block.write("sky_horizon", now.horizon * horizon)
        block.write("sky_ground", now.ground * ground)
    around = environment._surroundings
    block.write("air", (2.0 if around is not None else heaven.is_air, sky.turbidity, sky.rayleigh))
    if around is not None:
        seen = around.environment
        block.write("surroundings", (seen.intensity, seen.rotation / (2 * math.pi), around.number % 4096))
    block.write("air_sun", heaven.sun)
    block.write("air_sun_light", (*heaven.sun_light, heaven.night * sky.stars))
    block.write("air_moon", (*heaven.moon, np.cos(environment.moon.angular_radius)))
    block.write("air_moon_light", (*heaven.moon_light, heaven.moon_disc))
    block.write("air_stars", environment.stars_turned())
    block.write("sun_radius", (np.cos(sun.angular_radius),))
    clouds = environment.clouds
    block.write("clouds", (clouds.cover, clouds.height_m, clouds.thickness_m, clouds.density))
    closed = heaven.overcast[3]
    block.read("cloud_drift")[2] = clouds.shadows + (1.0 - clouds.shadows) * closed if heaven.is_air else 0.0
    block.write("overcast", heaven.overcast)
    color = AIR_FOG if heaven.is_air or around is not None else now.horizon * PAINTED_FOG
    block.write("fog_color", (*(color if fog.color is None else now.horizon * fog.color), fog.density))
    level = NO_SEA_LEVEL if sea.level is None else sea.level
    block.write("fog_params", (fog.falloff, fog.start_m, fog.opacity_max, level))
    block.write_rows("irradiance", heaven.irradiance)
    block.write("weather", (environment.weather.wetness, environment.weather.rain, environment.weather.snow, 0.0))
    block.write("wind", (np.sin(wind.direction), -np.cos(wind.direction), wind.strength, wind.gusts))

