"""Cascades of the sun's shadows: the boxes of space whose casters are drawn into tiles of the shadow atlas.

Owns: how far each reaches, its box, snapped to whole texels, and what that box is for the GPU and for culling. Does
not: know tiles, settings or views (frame/sun_shadows.py).
A box is a square column along the sun's rays: as wide as the sphere around what the camera sees up to the cascade's
reach, so that turning changes no size, and moved in whole texels from the world's origin in float64, so that moving
changes no texel. What lies between box and sun casts as well: the vertex stage draws it onto the box's near side.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from layerw.base.mathx import cross3
from layerw.base.ports import F32, F64
from layerw.scene.camera import CameraFrame

NEAR_RADII = 4.0  # how far the depths of a box go towards the sun, in its radii
FAR_RADII = 1.5  # and away from it
REACH_MAX_M = 1.0e12  # squares of it are float32
LAST_SHARE = 0.75  # a cascade that reaches farther than this of the whole distance is left out


class Axes(NamedTuple):
    """Of light: unit vectors across its rays, and towards the sun."""

    right: F64
    up: F64
    toward: F64

    def along(self, place: F64) -> tuple[float, float, float]:
        """A place by its distances along them."""
        x, y, z = place.tolist()
        (a, b, c), (d, e, f), (g, h, i) = (axis.tolist() for axis in self)
        return a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z


class Cascade(NamedTuple):
    """A box. center: along the axes, metres from the world's origin; radius: half of its width, metres."""

    axes: Axes
    center: F64
    radius: float
    texels: int  # of the tile's side

    @property
    def texel_m(self) -> float:
        """Metres of a texel."""
        return 2 * self.radius / self.texels

    def relative(self, position: F64) -> tuple[float, float, float]:
        """The center along the axes, from a camera at a place."""
        (u, v, w), (x, y, z) = self.center.tolist(), self.axes.along(position)
        return u - x, v - y, w - z

    def columns(self, position: F64) -> list[float]:
        """Column by column, the (4, 4) matrix from places relative to a camera at `position` to (u, v, depth) of the
        tile, each 0 to 1. Plain numbers: a frame makes a dozen, and each call of numpy costs more than all of them."""
        (u, v, w), wide = self.relative(position), 1 / (2 * self.radius)
        thick = 1 / ((NEAR_RADII + FAR_RADII) * self.radius)
        right, up, toward = (axis.tolist() for axis in self.axes)
        found: list[float] = []
        for a, b, c in zip(right, up, toward, strict=True):
            found += (a * wide, -b * wide, c * thick, 0.0)
        return [*found, 0.5 - u * wide, 0.5 + v * wide, (FAR_RADII * self.radius - w) * thick, 1.0]

    def matrix(self, position: F64) -> F32:
        """(4, 4) float32: that matrix, [row, column]."""
        return np.array(self.columns(position)).astype(np.float32).reshape(4, 4).T

    def planes(self, position: F64) -> F64:
        """(5, 4) of culling, relative to a camera at `position`: the four sides and the one away from the sun."""
        (u, v, w), r = self.relative(position), self.radius
        (a, b, c), (d, e, f), (g, h, i) = (axis.tolist() for axis in self.axes)
        return np.array(((a, b, c, r - u), (-a, -b, -c, r + u), (d, e, f, r - v), (-d, -e, -f, r + v),
                         (g, h, i, FAR_RADII * r - w)))  # fmt: skip

    @property
    def texel_depth(self) -> float:
        """A texel's width in the tile's depth."""
        return self.texel_m / ((NEAR_RADII + FAR_RADII) * self.radius)


def axes_of(direction: F64) -> Axes:
    """Axes of light that comes from a direction, a unit vector towards the sun."""
    toward = direction / np.linalg.norm(direction)
    helper = np.array((0.0, 0.0, 1.0)) if abs(toward[1]) > 0.99 else np.array((0.0, 1.0, 0.0))
    right = cross3(helper, toward)
    right /= np.linalg.norm(right)
    return Axes(right, cross3(toward, right), toward)


def reaches(dynamic: tuple[float, ...], cached: tuple[float, ...], distance_m: float | None) -> tuple[float, ...]:
    """How far from the camera each cascade reaches, metres, from near to far: those given, or what a whole distance
    leaves of them; a shorter one than the dynamic ones have makes all of them smaller."""
    if distance_m is None:
        return dynamic + cached
    distance_m = min(distance_m, REACH_MAX_M)
    if distance_m <= dynamic[-1]:
        return tuple(reach * (distance_m / dynamic[-1]) for reach in dynamic)
    kept = tuple(reach for reach in dynamic[:-1] + dynamic[-1:] * bool(cached) + cached
                 if reach < LAST_SHARE * distance_m)  # fmt: skip
    return (*kept[: len(dynamic) + len(cached) - 1], distance_m)


def sphere(camera: CameraFrame, reach: float) -> tuple[float, float]:
    """(metres along the line of sight, radius) of the smallest sphere around what a camera sees up to `reach`."""
    tans = zip((camera.tan_x, camera.tan_y), camera.shift, strict=True)
    across, down = (side * (1 + abs(shift)) for side, shift in tans)
    wide = across * across + down * down  # the square of the picture's half diagonal, at one metre or everywhere
    if camera.is_parallel:
        return reach / 2, math.hypot(reach / 2, math.sqrt(wide))
    if wide >= 1:
        return reach, reach * math.sqrt(wide)
    along = reach * (1 + wide) / 2
    return along, along


def snapped(axes: Axes, center: F64, radius: float, texels: int) -> Cascade:
    """The box around a place of the world, moved to whole texels."""
    texel = 2 * radius / texels
    return Cascade(axes, np.array([math.floor(at / texel) * texel for at in axes.along(center)]), radius, texels)


def fit(camera: CameraFrame, axes: Axes, reach: float, texels: int, *, wider: float = 1.0) -> Cascade:
    """The box of what a camera sees up to `reach`. wider: than it needs to be, so that the camera may move in it."""
    along, radius = sphere(camera, reach)
    return snapped(axes, camera.position + along * camera.forward, radius * wider, texels)
