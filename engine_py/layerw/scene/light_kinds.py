"""The kinds of light: what each takes, in which unit, and how the GPU and the clusters see it.

Owns: LIGHT_KINDS, and the numbers of a light on the GPU (gpu/spec.py LIGHT_ROW, read by web/shaders/lights.wgsl). To
add a kind: a row here, and where its light falls in another way, a line in lights.wgsl.
Units: point and spot lights shine with an intensity in candela (their light on a surface that faces them is that over
the square of the distance, in lux), directional ones with an illuminance in lux, which is what Sun.intensity is. How
bright a lux is in the picture is the exposure's matter (app.view.exposure).
Source: glTF's KHR_lights_punctual, for falloff, range and cone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32

FAINT_LUX = 0.01  # a light without a range ends where it gives as little
REACH_M = (np.float32(1e-9), np.float32(1e18))  # the least and the most: squares of it, and 1 over them, are float32
CONE_STEP_MIN = 1e-3  # between the cosines of a cone's angles, as the extension asks
EVERYWHERE = -1.0  # as the radius of a sphere


class LightValues(NamedTuple):
    """Some lights of one kind, (n, 3) and (n,) float32: places and directions of length 1 in the world, linear colour
    times intensity, metres (0: none given), radians."""

    place: F32
    direction: F32
    shine: F32
    range: F32
    inner: F32
    outer: F32


class LightRows(NamedTuple):
    """The same for the GPU and the kernels: (n, 12) LIGHT_ROWs, (n, 4) spheres that they may shine in, and (n,) how
    strong they are a metre away."""

    rows: F32
    spheres: F32
    power: F32


class LightKind(NamedTuple):
    """`takes`: those of Light's fields that it has beside the intensity. `describe` fills rows and spheres."""

    name: str
    unit: str
    intensity: float  # unless another is given
    takes: tuple[str, ...]
    describe: Callable[[LightValues, LightRows], None]


def _point(values: LightValues, into: LightRows) -> None:
    reach = np.where(values.range > 0, values.range, np.sqrt(into.power) * np.float32(FAINT_LUX**-0.5))
    reach = reach.clip(*REACH_M)
    into.rows[:, 0:3] = into.spheres[:, :3] = values.place
    into.rows[:, 3] = 1 / np.square(reach)
    into.rows[:, 7] = 1  # the cone's part is 1 everywhere
    into.spheres[:, 3] = reach


def _spot(values: LightValues, into: LightRows) -> None:
    _point(values, into)
    cos_outer = np.cos(values.outer)
    scale = 1 / np.maximum(np.cos(values.inner) - cos_outer, np.float32(CONE_STEP_MIN))
    into.rows[:, 7] = -cos_outer * scale
    into.rows[:, 8:11] = values.direction
    into.rows[:, 11] = scale
    # The smallest sphere around a cone: through tip and rim, or around the rim where it is wide.
    reach = into.spheres[:, 3]
    narrow = cos_outer > np.float32(0.5**0.5)
    along = np.where(narrow, reach / (2 * np.maximum(cos_outer, np.float32(0.5))), reach * cos_outer)
    into.spheres[:, :3] += values.direction * along[:, None]
    into.spheres[:, 3] = np.where(narrow, along, reach * np.sin(values.outer))


def _directional(values: LightValues, into: LightRows) -> None:
    into.rows[:, 3] = -1  # no place
    into.rows[:, 8:11] = values.direction
    into.spheres[:, 3] = EVERYWHERE


LIGHT_KINDS = (
    LightKind("point", "candela", 100.0, ("range",), _point),
    LightKind("spot", "candela", 100.0, ("range", "inner_angle", "outer_angle"), _spot),
    LightKind("directional", "lux", 3.0, (), _directional),
)
KIND_NAMES = tuple(kind.name for kind in LIGHT_KINDS)


def describe(kinds: npt.NDArray[np.uint8], values: LightValues) -> LightRows:
    """Rows, spheres and powers of lights of any kinds."""
    count = len(kinds)
    made = LightRows(np.zeros((count, 12), np.float32), np.zeros((count, 4), np.float32),
                     values.shine.max(axis=1, initial=0))  # fmt: skip
    made.rows[:, 4:7] = values.shine
    for number, kind in enumerate(LIGHT_KINDS):
        chosen = np.flatnonzero(kinds == number)
        if len(chosen):
            part = LightRows(*(array[chosen] for array in made))
            kind.describe(LightValues(*(array[chosen] for array in values)), part)
            made.rows[chosen], made.spheres[chosen] = part.rows, part.spheres
    return made
