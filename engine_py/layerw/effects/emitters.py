"""What a program says of an emitter, checked; and as the numbers that shaders read (web/shaders/particle_numbers.wgsl).

Owns: no GPU resource. Lengths in metres, times in seconds, angles in radians, accelerations in m/s^2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import linear_rgba
from layerw.base.errors import ConfigError, ShapeError
from layerw.base.ports import F64
from layerw.gpu.passes import PARTICLES_SIDE

COUNT_MAX = PARTICLES_SIDE * PARTICLES_SIDE
RATE_MAX = 1e6
KEYS = 8  # of a curve on the GPU
KEYS_MAX = 64
SHAPES = ("point", "sphere", "disc", "box")
SEED_MAX = 2**22
Span = tuple[float, float]


class Recipe(NamedTuple):
    """The settings of an emitter that stay as they are."""

    count_max: int
    lifetime: Span
    speed: Span
    spread: float
    shape: str
    extent: tuple[float, float, float]  # a radius, or three sides
    size: tuple[float, ...]
    size_variation: float
    color: tuple[tuple[float, ...], ...]  # linear
    brightness: float
    additive: float
    lit: bool
    gravity: float
    drag: float
    wind: float
    turbulence: float
    turbulence_m: float
    inherit: float
    spin: Span
    stretch: float
    frames: tuple[int, int]
    film: bool
    fade: float
    bounce: float  # below 0: nothing stops them
    seed: int

    def look_numbers(self) -> tuple[float, ...]:
        """For the material kind "particles"."""
        keys = np.linspace(0, 1, KEYS)
        sizes = _curve(np.array(self.size), keys)
        colors = np.stack([_curve(np.array(channel), keys) for channel in zip(*self.color, strict=True)], axis=1)
        rows = [
            (*self.lifetime, *self.spin), *sizes.reshape(2, 4), *colors,
            (self.additive, self.lit, self.fade, self.stretch),
            (*self.frames, self.film, self.brightness), (self.size_variation, self.seed, 0.0, 0.0),
        ]  # fmt: skip
        return tuple(float(number) for row in rows for number in row)

    def reach_m(self, wind_mps: float) -> float:
        """How far from where it began a particle may be seen, at most, while its emitter stands still."""
        life, drag = self.lifetime[1], self.drag
        path = life if drag < 1e-3 else (1 - math.exp(-drag * life)) / drag
        pulled = 0.5 * life * life if drag < 1e-3 else life / drag
        extent = math.hypot(*self.extent) if self.shape == "box" else self.extent[0]
        return (extent + self.speed[1] * path + (abs(self.gravity) + self.turbulence) * pulled
                + (wind_mps * life if drag >= 1e-3 else 0.0) + max(self.size) * (1 + self.size_variation)
                + self.stretch * self.speed[1])  # fmt: skip


def _curve(values: F64, at: F64) -> F64:
    return np.interp(at, np.linspace(0, 1, len(values)), values) if len(values) > 1 else np.full(len(at), values[0])


MOST = 1e6


def span(name: str, value: Any, low: float = 0.0, *, above: bool = False) -> Span:
    """One number, or the least and the most."""
    if checks.as_array(value).ndim == 0:
        one = checks.number(name, value, low, MOST, above=above)
        return one, one
    least, most = (float(number) for number in checks.vector(name, value, 2))
    if least > most or most > MOST or least < low or (above and least <= low):
        raise ConfigError(f"{name} is {(least, most)}; it takes one number, or the least and the most, "
                          f"{'above' if above else 'from'} {low:g} and at most {MOST:g}.")  # fmt: skip
    return least, most


def _sizes(value: Any) -> tuple[float, ...]:
    array = np.atleast_1d(checks.as_array(value))
    if array.ndim != 1 or not 1 <= len(array) <= KEYS_MAX:
        raise ShapeError(f"emitter size has shape {array.shape}; it takes one number, or 1 to {KEYS_MAX} over a life.")
    return tuple(checks.number("emitter size", one, 0, MOST) for one in array.tolist())


def _colors(value: Any) -> tuple[tuple[float, ...], ...]:
    several = isinstance(value, Sequence) and not isinstance(value, str) and len(value) and (
        not isinstance(value[0], int | float))  # fmt: skip
    if isinstance(value, np.ndarray):
        several = value.ndim == 2
    found = tuple(linear_rgba(one, "emitter color") for one in (value if several else [value]))
    if len(found) > KEYS_MAX:
        raise ShapeError(f"emitter color has {len(found)} colours; it takes one, or 1 to {KEYS_MAX} over a life.")
    return found


def _extent(shape: str, radius: Any, box: npt.ArrayLike | None) -> tuple[float, float, float]:
    if (box is not None) != (shape == "box"):
        raise ConfigError(f"emitter shape is {shape!r}; box=(x, y, z) belongs to shape=\"box\".")
    if box is None:
        return checks.number("emitter radius", radius, 0, MOST), 0.0, 0.0
    x, y, z = (float(side) for side in checks.vector("emitter box", box))
    if min(x, y, z) < 0 or max(x, y, z) > MOST:
        raise ConfigError(f"emitter box is {(x, y, z)}; it takes three sides from 0 to {MOST:g}, metres.")
    return x, y, z


def recipe(rate: float, given: dict[str, Any]) -> Recipe:
    """Checks everything; raises KindError, ConfigError, ShapeError."""
    number = checks.number
    lifetime = span("emitter lifetime", given["lifetime"], above=True)
    shape = checks.one_of("emitter shape", given["shape"], SHAPES)
    count = given["count"]
    if count is None:
        count = min(max(math.ceil(rate * lifetime[1] * 1.1) + 1, 1), COUNT_MAX)
    columns, rows = (int(checks.whole("emitter frames", one, 1, 64)) for one in _pair(given["frames"]))
    return Recipe(
        checks.whole("emitter count", count, 1, COUNT_MAX), lifetime, span("emitter speed", given["speed"]),
        number("emitter spread", given["spread"], 0, math.pi), shape, _extent(shape, given["radius"], given["box"]),
        _sizes(given["size"]), number("emitter size_variation", given["size_variation"], 0, 1),
        _colors(given["color"]), number("emitter brightness", given["brightness"], 0, 1e5),
        number("emitter additive", given["additive"], 0, 1), checks.flag("emitter lit", given["lit"]),
        number("emitter gravity", given["gravity"], -1e4, 1e4), number("emitter drag", given["drag"], 0, 1e3),
        number("emitter wind", given["wind"], 0, 1), number("emitter turbulence", given["turbulence"], 0, 1e4),
        number("emitter turbulence_m", given["turbulence_m"], 0, above=True),
        number("emitter inherit", given["inherit"], -10, 10), span("emitter spin", given["spin"], -1e3),
        number("emitter stretch", given["stretch"], 0, 10), (columns, rows), checks.flag("emitter film", given["film"]),
        number("emitter fade", given["fade"], 0, 1e3),
        -1.0 if given["bounce"] is None else number("emitter bounce", given["bounce"], 0, 1),
        checks.whole("emitter seed", given["seed"], 0, SEED_MAX - 1))  # fmt: skip


def _pair(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise ShapeError(f"emitter frames is {checks.shown(value)}; it takes columns and rows: (4, 4).")
    return value[0], value[1]
