"""lw.Environment: a picture of light all around, from a file or an array.

Owns: what was asked for, its state as a program reads it, and the light that follows from it. Fetches and shows nothing
itself (content/surroundings.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.addresses import checked_address, shown
from layerw.base.errors import ShapeError
from layerw.base.outcomes import FAILED, READY, Callback, Outcomes
from layerw.base.ports import F32, F64
from layerw.base.settings import Changes, fixed_attributes
from layerw.scene.heaven import Heaven

INTENSITY_MAX = 1.0e4


@fixed_attributes
class Environment:
    """Light from a picture of all around: `app.environment = lw.Environment("studio.hdr")`.

    It lights the scene, is mirrored, each roughness as blurred as it is, and is seen in place of the sky.

    Args:
        source: a file (.hdr, .exr, a KTX2 cube with halves or floats), relative to the program, absolute, a data URI or
            a pathlib.Path; or (height, 2 height, 3) linear floats, upper row first. Its middle is ahead, -Z.
        intensity: times its light, 0 to 10,000.
        rotation: radians that it is turned about +Y, as entities are.
        sun: whether app.sun shines as well, for its shadows; else the picture's light is all.

    Files larger than 2,048 x 1,024 are reduced to that. What goes wrong with a file is its own: `state` ("waiting",
    "loading", "ready", "failed") and `error`; the sky is drawn until it is here.

    Raises:
        ShapeError, KindError, ConfigError: an argument is not what it should be.
    """

    def __init__(self, source: str | PathLike[str] | npt.ArrayLike, *, intensity: float = 1.0, rotation: float = 0.0,
                 sun: bool = False) -> None:  # fmt: skip
        self._intensity = self._rotation = 0.0
        self._sun = False
        self.intensity, self.rotation, self.sun = intensity, rotation, sun
        self._url, self._pixels = "", None
        if isinstance(source, str | PathLike):
            self._url = checked_address(source, "Environment")
        else:
            self._pixels = _checked_pixels(source)
        self._made: npt.NDArray[np.float16] | None = None  # its panorama, while a group of files holds it
        self._called = shown(self._url) if self._url else "of an array"
        self._state, self._error = "waiting", ""
        self._outcomes = Outcomes()

    def __repr__(self) -> str:
        return f"Environment({self._called}, {self._state})"

    @property
    def state(self) -> str:
        """ "waiting" (no App shows it yet), "loading", "ready" or "failed"."""
        return self._state

    @property
    def error(self) -> str:
        """Why it has failed."""
        return self._error

    @property
    def intensity(self) -> float:
        """Times its light."""
        return self._intensity

    @intensity.setter
    def intensity(self, value: float) -> None:
        self._intensity = checks.number("Environment.intensity", value, 0, INTENSITY_MAX)
        Changes.count += 1

    @property
    def rotation(self) -> float:
        """Radians about +Y."""
        return self._rotation

    @rotation.setter
    def rotation(self, value: float) -> None:
        self._rotation = checks.angle("Environment.rotation", value, self._rotation)
        Changes.count += 1

    @property
    def sun(self) -> bool:
        """Whether app.sun shines as well."""
        return self._sun

    @sun.setter
    def sun(self, value: bool) -> None:
        self._sun = checks.flag("Environment.sun", value)
        Changes.count += 1

    def on_ready(self, callback: Callback) -> Callback:
        """Decorator: calls the function once it is here (now, when it is)."""
        return self._outcomes.add("Environment", READY, self._state, callback)

    def on_failed(self, callback: Callback) -> Callback:
        """Decorator: calls the function once it is clear that it can't be shown (now, when it is); `error` says why."""
        return self._outcomes.add("Environment", FAILED, self._state, callback)

    def _turn(self, state: str, error: str = "") -> None:
        """For the engine: it is in another state."""
        self._state, self._error = state, error
        if state in (READY, FAILED):
            self._outcomes.tell(state)


@dataclass(slots=True, eq=False)
class Surroundings:
    """What is shown of one: `light` (rows, columns, 3) is its panorama, made small; number: another one for each."""

    environment: Environment
    light: F32
    texture: int
    number: int

    @property
    def key(self) -> tuple[object, ...]:
        """What heaven() depends on."""
        one = self.environment
        return self.number, one.intensity, one.rotation, one.sun

    def heaven(self, sun: F64, light: F64) -> Heaven:
        """light: the sun's, where it shines as well."""
        from layerw.scene.environment import project_irradiance

        rows, columns = self.light.shape[:2]
        polar = (np.arange(rows) + 0.5) / rows * math.pi
        azimuth = ((np.arange(columns) + 0.5) / columns - 0.5) * (2 * math.pi) - self.environment.rotation
        flat, up = np.sin(polar)[:, None], np.cos(polar)[:, None]
        directions = np.stack(np.broadcast_arrays(flat * np.sin(azimuth), up, -flat * np.cos(azimuth)), axis=-1)
        weights = np.broadcast_to(flat * (math.pi / rows * 2 * math.pi / columns), (rows, columns))
        radiance = self.light.astype(np.float64).reshape(-1, 3) * self.environment.intensity
        found = project_irradiance(directions.reshape(-1, 3), radiance, weights.ravel())
        shine = light if self.environment.sun else np.zeros(3)
        return Heaven(sun, shine, found, False, sun, shine, -sun, np.zeros(3), 0.0, 0.0)


def _checked_pixels(source: Any) -> F32:
    given = checks.as_array(source)
    if given.ndim != 3 or given.shape[2] != 3 or given.dtype.kind != "f" or given.shape[1] != 2 * given.shape[0] or (
            not 2 <= given.shape[0] <= 8192):  # fmt: skip
        raise ShapeError(f"Environment source has shape {given.shape} and dtype {given.dtype}; it takes an address, or "
                         f"(height, 2 height, 3) floats, 2 to 8,192 high.")
    if not np.isfinite(given).all() or given.min() < 0:
        raise ShapeError("Environment source has numbers below 0, NaN or infinity; light is finite and at least 0.")
    result: F32 = given.astype(np.float32)
    return result
