"""Splats as a program holds them.

Owns: what was given, checked, and what became of a file. Fetches, sorts and draws nothing itself: clouds.py does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, HandleError, ShapeError
from layerw.base.names import named
from layerw.base.outcomes import Callback, Outcomes
from layerw.drawing.colors import mark_colors
from layerw.scene.entity import Entity
from layerw.splats.files import COUNT_MAX, Arrays
from layerw.splats.harmonics import COUNTS, Harmonics, none, quantized


@named
class Splats:
    """What `app.splats` made: a cloud of Gaussians. `entity` is where it is; move it, turn it, give it a parent."""

    __slots__ = ("__weakref__", "_count", "_degree", "_entity", "_error", "_outcomes", "_state", "_url")

    def __init__(self, entity: Entity, url: str, outcomes: Outcomes) -> None:
        self._entity, self._url, self._outcomes = entity, url, outcomes
        self._state, self._error, self._count, self._degree = "loading", "", 0, 0

    def __setattr__(self, name: str, value: object) -> None:
        if not hasattr(type(self), name):
            raise checks.unknown_attribute(self, name, checks.settable(type(self)))
        object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return self._count

    @property
    def url(self) -> str:
        """Its file; empty where the program gave arrays."""
        return self._url

    @property
    def degree(self) -> int:
        """Of the harmonics that it has: 0 (its colours are the same from all sides) to 3."""
        return self._degree

    @property
    def state(self) -> str:
        """"loading", "ready" or "failed"."""
        return self._state

    @property
    def error(self) -> str:
        """Why it failed, or empty."""
        return self._error

    @property
    def entity(self) -> Entity:
        """Where it is; it is there from the start, also while the file is on its way."""
        return self._entity

    @property
    def visible(self) -> bool:
        """Assign False to draw none of them."""
        return self._entity.visible

    @visible.setter
    def visible(self, value: bool) -> None:
        self._entity.visible = value

    @property
    def alive(self) -> bool:
        """False once they were destroyed, or their entity despawned."""
        return self._entity.alive

    def on_ready(self, callback: Callback) -> Callback:
        """Calls a function once they are there; a decorator."""
        return self._outcomes.add("Splats", "ready", self._state, callback)

    def on_failed(self, callback: Callback) -> Callback:
        """Calls a function if the file could not be read; a decorator."""
        return self._outcomes.add("Splats", "failed", self._state, callback)

    def destroy(self) -> None:
        """Ends them; their memory comes back with the next frame."""
        if self.alive:
            self._entity.despawn()

    def _check_live(self) -> None:
        if not self.alive:
            raise HandleError("These splats were destroyed, or their entity was despawned; make new ones.")


def given_arrays(position: npt.ArrayLike, scale: Any, rotation: Any, color: Any, harmonics: Any,
                 degree: int) -> Arrays:  # fmt: skip
    """What a program gave, checked. Raises ShapeError, ConfigError."""
    places = checks.array("splats position", position, np.float32, (3,))
    count = len(places)
    if not 0 < count <= COUNT_MAX:
        raise ShapeError(f"splats position has {count:,} rows; it takes shape (n, 3) with n from 1 to {COUNT_MAX:,}.")
    sizes = np.empty((count, 3), np.float32)
    if checks.as_array(scale).ndim == 0:
        sizes[:] = checks.number("splats scale", scale, 0, 1e6)
    elif checks.as_array(scale).shape == (3,):
        sizes[:] = checks.vector("splats scale", scale)
    else:
        sizes[:] = checks.array("splats scale", scale, np.float32, (3,), rows=count)
    if sizes.min() < 0 or sizes.max() > 1e6:
        raise ConfigError(f"splats scale goes from {sizes.min():g} to {sizes.max():g}; it takes 0 to 1,000,000 metres.")
    turns = np.empty((count, 4), np.float32)
    if rotation is None or checks.as_array(rotation).shape == (4,):
        turns[:] = (0, 0, 0, 1) if rotation is None else checks.quaternion("splats rotation", rotation)
    else:
        turns[:] = checks.array("splats rotation", rotation, np.float32, (4,), rows=count)
    lengths = np.linalg.norm(turns, axis=1, keepdims=True)
    if not lengths.min() > 1e-6:
        raise ShapeError(f"splats rotation {int(np.argmin(lengths))} is (0, 0, 0, 0), which is no rotation.")
    colors = np.empty((count, 4), np.float32)
    colors[:] = mark_colors("splats color", color, count)
    colors /= 255
    return Arrays(places, sizes, turns / lengths, colors, _given_harmonics(harmonics, count, degree))


def _given_harmonics(given: Any, count: int, degree: int) -> Harmonics:
    if given is None:
        return none(count)
    array = checks.as_array(given)
    if array.ndim != 3 or array.shape[0] != count or array.shape[1] not in COUNTS[1:] or array.shape[2] != 3:
        raise ShapeError(f"splats harmonics has shape {array.shape}; it takes ({count}, 3, 3), ({count}, 8, 3) or "
                         f"({count}, 15, 3): coefficients of degrees 1, 2 and 3, of red, green and blue.")  # fmt: skip
    flat = checks.array("splats harmonics", array.reshape(count, -1), np.float32, (3 * array.shape[1],))
    values = flat.reshape(array.shape)
    return quantized(lambda one: values[:, COUNTS[one - 1] : COUNTS[one]].copy(),
                     min(degree, COUNTS.index(array.shape[1])), count)  # fmt: skip
