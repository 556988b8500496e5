"""The light of the air on the CPU: how much sunlight comes through, and the sky's radiance.

Owns: the numpy twin of web/shaders/atmosphere.wgsl, at any number of steps, and the irradiance that surfaces get from
the sky. Source: Hillaire (2020). Lengths in km, heights above the ground; colours per unit of the sun's irradiance
above the air.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, F64
from layerw.gpu import air

RAYLEIGH, OZONE = np.array(air.RAYLEIGH), np.array(air.OZONE)
SUN_RADIUS = 0.0047  # of the disc, radians: how soft the edge of the Earth's shadow is
HEIGHTS_KM = np.array((0.0, 2.0, 6.0, 14.0, 30.0, 60.0))  # at which light of several scatterings is worked out


class AirKind(NamedTuple):
    """What is in the air, times what the Earth's usually has."""

    haze: float = 1.0
    rayleigh: float = 1.0


CLEAR = AirKind()


def medium(height: F64, kind: AirKind) -> tuple[F64, F64, F64]:
    """At heights (...): what Rayleigh's particles scatter (..., 3) and Mie's (..., 1), and what is lost (..., 3)."""
    h = np.maximum(height, 0)[..., None]
    rayleigh = RAYLEIGH * np.exp(-h / air.RAYLEIGH_HEIGHT_KM) * kind.rayleigh
    haze = np.exp(-h / air.MIE_HEIGHT_KM) * kind.haze
    ozone = OZONE * np.maximum(1 - np.abs(h - air.OZONE_MIDDLE_KM) / air.OZONE_WIDTH_KM, 0)
    return rayleigh, air.MIE * haze, rayleigh + air.MIE_EXTINCTION * haze + ozone


def height_along(height: F64, cosine: F64, way: F64) -> F64:
    """The height after `way` from a height in a direction with this cosine to the zenith."""
    r = air.GROUND_KM + height
    change = way * way + 2 * r * cosine * way + height * (height + 2 * air.GROUND_KM)
    return change / (np.sqrt(np.maximum(change + air.GROUND_KM**2, 1)) + air.GROUND_KM)


def way_to(height: F64, cosine: F64) -> tuple[F64, F64]:
    """How far it is to the air's top, and to the ground (inf: it is not met)."""
    r = air.GROUND_KM + height
    top = np.maximum((air.TOP_KM - r) * (air.TOP_KM + r), 0)
    up = -r * cosine + np.sqrt((r * cosine) ** 2 + top)
    deep = (r * cosine) ** 2 - height * (height + 2 * air.GROUND_KM)
    ground = np.where((deep >= 0) & (cosine < 0), -r * cosine - np.sqrt(np.maximum(deep, 0)), np.inf)
    return up, np.maximum(ground, 0)


def sunlight(height: npt.ArrayLike, cosine: npt.ArrayLike, kind: AirKind = CLEAR, steps: int = 16) -> F64:
    """The share (..., 3) of sunlight that reaches places, by their height and the cosine of the sun's zenith angle."""
    h, c = np.broadcast_arrays(np.asarray(height, np.float64), np.asarray(cosine, np.float64))
    way, _ = way_to(h, c)
    at, widths = _steps(steps)
    h_row, way_row = h[..., None], way[..., None]
    lost = medium(height_along(h_row, c[..., None], way_row * at), kind)[2]
    depth = (lost * (way_row * widths)[..., None]).sum(axis=-2)
    seen = np.clip((c - _horizon(h)) / (2 * SUN_RADIUS) + 0.5, 0, 1)
    shared: F64 = np.exp(-depth) * (seen * seen * (3 - 2 * seen))[..., None]
    return shared


@lru_cache(8)
def _steps(count: int) -> tuple[F64, F64]:
    """Middles and widths of steps that are finer where the air is denser, as shares of the way."""
    ends = (np.arange(count + 1) / count) ** 2
    return (ends[1:] + ends[:-1]) / 2, np.diff(ends)


def phases(cosine: F64) -> tuple[F64, F64]:
    """Of Rayleigh's scattering and of Mie's (Cornette and Shanks)."""
    g = air.MIE_FORWARD
    rayleigh = 3 / (16 * math.pi) * (1 + cosine * cosine)
    mie = 3 / (8 * math.pi) * (1 - g * g) * (1 + cosine * cosine) / (
        (2 + g * g) * np.maximum(1 + g * g - 2 * g * cosine, 1e-4) ** 1.5)  # fmt: skip
    return rayleigh, mie


class _Walk:
    """Rays (...) in `steps` steps: what is in each (..., steps, 3), and what is left of light from it."""

    def __init__(self, height: F64, cosine: F64, toward: F64, sun_y: float, kind: AirKind, steps: int) -> None:
        up, self.down = way_to(height, cosine)
        at, widths = _steps(steps)
        way = np.minimum(up, self.down)[..., None]
        self.height = height_along(height[..., None], cosine[..., None], way * at)
        self.rayleigh, self.mie, lost = medium(self.height, kind)
        r = air.GROUND_KM + height[..., None]
        sun_cosine = (r * sun_y + way * at * toward[..., None]) / (air.GROUND_KM + self.height)
        self.sun = _sunlight_table(kind)(self.height, sun_cosine)
        depth = lost * (way * widths)[..., None]
        through = np.exp(-depth)
        self.inside = (1 - through) / np.maximum(lost, 1e-12)
        before = np.cumsum(depth, axis=-2)
        self.left = np.exp(depth - before)
        self.end = np.exp(-before[..., -1, :])
        meets = np.isfinite(self.down)
        at_ground = np.clip((r[..., 0] * sun_y + np.where(meets, self.down, 0) * toward) / air.GROUND_KM, -1, 1)
        lit = _sunlight_table(kind)(np.zeros_like(at_ground), at_ground) * np.maximum(at_ground, 0)[..., None]
        self.ground = np.where(meets[..., None], self.end * lit * (np.array(air.ALBEDO) / math.pi), 0)


class _Table:
    """`sunlight`, looked up between (heights, cosines) that are closer where it changes faster."""

    def __init__(self, kind: AirKind) -> None:
        heights = (np.arange(16) / 15) ** 2 * 100
        # The horizon is at another cosine at each height: cosines count from there.
        share = (np.arange(48) / 47) ** 2
        low = _horizon(heights)[:, None] - 2 * SUN_RADIUS
        cosines = low + (1 - low) * share
        self.values = sunlight(heights[:, None], cosines, kind, 16)

    def __call__(self, height: F64, cosine: F64) -> F64:
        low = _horizon(height) - 2 * SUN_RADIUS
        y = np.sqrt(np.clip(height / 100, 0, 1)) * 15
        x = np.sqrt(np.clip((cosine - low) / (1 - low), 0, 1)) * 47
        i, j = np.minimum(y.astype(np.intp), 14), np.minimum(x.astype(np.intp), 46)
        u, v = (y - i)[..., None], (x - j)[..., None]
        a, values = i * 48 + j, self.values.reshape(-1, 3)
        result: F64 = ((values[a] * (1 - v) + values[a + 1] * v) * (1 - u)
                       + (values[a + 48] * (1 - v) + values[a + 49] * v) * u)  # fmt: skip
        return result


def _horizon(height: F64) -> F64:
    """The cosine of the horizon's zenith angle."""
    h = np.maximum(height, 0)
    result: F64 = -np.sqrt(h * (h + 2 * air.GROUND_KM)) / (air.GROUND_KM + h)
    return result


@lru_cache(4)
def _sunlight_table(kind: AirKind) -> _Table:
    return _Table(kind)


def bounces(sun_y: float, kind: AirKind = CLEAR, directions: int = 16, steps: int = 12) -> F64:
    """(6, 3) light of second and further scattering at HEIGHTS_KM, per unit of what is scattered there."""
    d = _sphere(directions)
    height, cosine = np.meshgrid(HEIGHTS_KM, d[:, 1], indexing="ij")
    toward = np.broadcast_to(d[:, 0] * math.sqrt(max(1 - sun_y * sun_y, 0)) + d[:, 1] * sun_y, height.shape)
    walk = _Walk(height, cosine, toward, sun_y, kind, steps)
    kept = walk.left * (walk.rayleigh + walk.mie) * walk.inside
    twice = ((kept * walk.sun).sum(axis=-2) / (4 * math.pi) + walk.ground).mean(axis=1)
    result: F64 = twice / (1 - np.minimum(kept.sum(axis=-2).mean(axis=1), 0.99))
    return result


def radiance(directions: F64, sun_y: float, height_km: float = 0.0, kind: AirKind = CLEAR, steps: int = 16) -> F64:
    """(n, 3) of the sky in unit directions (n, 3), y up; the sun stands at (sqrt(1 - sun_y^2), sun_y, 0)."""
    cosine = directions[:, 1]
    toward = directions[:, 0] * math.sqrt(max(1 - sun_y * sun_y, 0)) + cosine * sun_y
    walk = _Walk(np.full(len(directions), height_km), cosine, toward, sun_y, kind, steps)
    rayleigh_phase, mie_phase = (phase[:, None, None] for phase in phases(toward))
    several = bounces(sun_y, kind)
    again = np.stack([np.interp(walk.height, HEIGHTS_KM, channel) for channel in several.T], axis=-1)
    source = walk.sun * (walk.rayleigh * rayleigh_phase + walk.mie * mie_phase)
    light = walk.left * walk.inside * (source + again * (walk.rayleigh + walk.mie))
    result: F64 = light.sum(axis=-2) + walk.ground
    return result


@lru_cache(8)
def _sphere(count: int) -> F64:
    """(n, 3) unit directions, evenly."""
    k = np.arange(count) + 0.5
    y = 1 - 2 * k / count
    phi = k * math.pi * (3 - math.sqrt(5))
    r = np.sqrt(1 - y * y)
    result: F64 = np.stack([np.cos(phi) * r, y, np.sin(phi) * r], axis=1)
    return result


class _Sampled(NamedTuple):
    """Directions above the horizon on one side of the sun, (n, 3), and the solid angle that each stands for."""

    directions: F64
    weights: F64


@lru_cache(1)
def _sampled() -> _Sampled:
    half, w = np.array(((0.2386191861, 0.6612093865, 0.9324695142), (0.4679139346, 0.3607615730, 0.1713244924)))
    t, w = (1 + np.concatenate([-half[::-1], half])) / 2, np.concatenate([w[::-1], w]) / 2  # Gauss and Legendre's
    y = t * t  # closer towards the horizon
    turned = (np.arange(8) + 0.5) * math.pi / 8
    flat = np.sqrt(1 - y * y)[:, None]
    d = np.stack(np.broadcast_arrays(flat * np.cos(turned), y[:, None], flat * np.sin(turned)), axis=-1)
    weights = np.broadcast_to((2 * t * w)[:, None] * math.pi / 8, d.shape[:2])
    return _Sampled(d.reshape(-1, 3), weights.ravel())


@lru_cache(32)
def _upper(step: int, kind: AirKind) -> F64:
    """(n, 3) radiance in the sampled directions for a sun that is so many STEPs high."""
    return radiance(_sampled().directions, math.sin(step * STEP), kind=kind, steps=12)


STEP = math.radians(0.25)  # of the sun's height, between which is interpolated


def irradiance(toward: F64, shine: F64, kind: AirKind = CLEAR) -> F32:
    """(9, 3) SH coefficients over pi, as environment.sky_irradiance gives them, of the air under one light.

    Args:
        toward: (3,) unit, to the light. shine: (3,) its irradiance above the air.

    Cost: a millisecond for each STEP that is new, else a tenth.
    """
    from layerw.scene.environment import project_irradiance

    height = math.asin(min(max(float(toward[1]), -1.0), 1.0)) / STEP
    low = math.floor(height)
    upper = _upper(low, kind)
    if height > low:
        upper = upper + (_upper(low + 1, kind) - upper) * (height - low)
    directions, weights = _sampled()
    flat = math.hypot(toward[0], toward[2])
    ahead = (toward[0] / flat, toward[2] / flat) if flat > 1e-6 else (1.0, 0.0)
    x, y, z = directions.T
    sides = [np.stack([ahead[0] * x - ahead[1] * side, y, ahead[1] * x + ahead[0] * side], axis=1) for side in (z, -z)]
    onto_ground = 2 * (weights * y) @ upper + sunlight(0.0, toward[1], kind) * max(float(toward[1]), 0.0)
    below = np.broadcast_to(np.array(air.ALBEDO) / math.pi * onto_ground, upper.shape)
    down = np.array((1.0, -1.0, 1.0))
    return project_irradiance(np.concatenate([*sides, *(d * down for d in sides)]),
                              np.concatenate([upper, upper, below, below]) * shine, np.tile(weights, 4))  # fmt: skip
