"""A camera behind what runs, for games in the third person: the player turns it, and nothing comes between.

Owns: where it is and how it follows. Does not: read devices; a program says how far the player turned it, so that
actions, their contexts and what a player chose stay its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import KindError
from layerw.base.ports import F64
from layerw.base.settings import angle, fixed_attributes, number, optional_number
from layerw.input.fly import an_app

FOLLOWS, OUT = 14.0, 3.0  # a second: how fast it follows, and goes out again
LOW, HIGH = -0.15, 1.1  # radians of pitch
NEAREST_M, RADIUS_M = 0.8, 0.3  # how near it comes; room around the camera


class Followed(Protocol):
    """The part of an entity that is followed."""

    @property
    def position(self) -> npt.NDArray[np.float32]: ...


def _followed(name: str, target: Any) -> Followed:
    if not hasattr(target, "position") or np.shape(target.position) != (3,):
        own = [part for part in ("root", "entity") if hasattr(getattr(target, part, None), "position")]
        hint = f" Its {own[0]} is one: give `.{own[0]}`." if own else ""
        raise KindError(f"{name} is {checks.shown(target)}; it takes an Entity.{hint}")
    followed: Followed = target
    return followed


def _layers(name: str, given: Any) -> list[int] | None:
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise KindError(f"{name} is {checks.shown(given)}; it takes a list of layers (0 to 31), or None.")
    return [checks.whole(name, one, 0, 31) for one in given]


@fixed_attributes
class ChaseCamera:
    """Call `update(dt, look)` once a frame; `ahead(move)` turns a stick's two numbers into a way on the ground.

    Attributes:
        target: the entity that it follows; assign another to follow that.
        yaw: radians about +Y of where it looks, 0 along +Z, as an entity that is turned by `lw.turned(y=yaw)` does.
        pitch: radians down at it, -0.15 to 1.1.
        away_m: metres from it, > 0.
        eye_m: metres above its position that the camera looks at.
        layers: of bodies that it stays before, instead of looking through them; None: it asks nobody.
        floor: the camera's least height, world metres; None: none.
    """

    CHECKS: ClassVar = {"app": an_app, "target": _followed, "yaw": angle, "pitch": number(LOW, HIGH),
                        "away_m": number(0, above=True), "eye_m": number(), "layers": _layers,
                        "floor": optional_number()}  # fmt: skip

    def __init__(
        self,
        app: Any,
        target: Followed,
        *,
        yaw: float = 0.0,
        pitch: float = 0.28,
        away_m: float = 6.5,
        eye_m: float = 1.0,
        layers: Iterable[int] | None = None,
        floor: float | None = None,
    ) -> None:
        self.app, self.target = app, target
        self.yaw, self.pitch = yaw, pitch
        self.away_m, self.eye_m = away_m, eye_m
        self.floor, self.layers = floor, layers
        self._seen: F64 | None = None  # what it looks at, which lags behind
        self._far = self.away_m

    def ahead(self, move: npt.ArrayLike) -> F64:
        """(2,) x and z on the ground, for a stick's right and up: up is away from the camera. As long as `move`."""
        right, up = (float(one) for one in checks.vector("ChaseCamera.ahead move", move, 2))
        sine, cosine = math.sin(self.yaw), math.cos(self.yaw)
        return np.array((up * sine - right * cosine, up * cosine + right * sine))

    def update(self, dt: float, look: npt.ArrayLike = (0.0, 0.0)) -> None:
        """Follows by `dt` seconds; look: (2,) radians that the player turned it to the right and up."""
        dt = checks.number("ChaseCamera.update dt", dt, 0)
        right, up = (float(one) for one in checks.vector("ChaseCamera.update look", look, 2))
        self.yaw -= right
        self.pitch = min(max(self.pitch - up, LOW), HIGH)
        aim = np.add(self.target.position, (0.0, self.eye_m, 0.0), dtype=np.float64)
        seen = aim if self._seen is None else self._seen + (aim - self._seen) * (1 - math.exp(-FOLLOWS * dt))
        back = np.array((-math.sin(self.yaw) * math.cos(self.pitch), math.sin(self.pitch),
                         -math.cos(self.yaw) * math.cos(self.pitch)))  # fmt: skip
        far = self._free(seen, back)
        self._far = far if far < self._far else self._far + (far - self._far) * (1 - math.exp(-OUT * dt))
        eye = seen + back * self._far
        if self.floor is not None:
            eye[1] = max(eye[1], self.floor)
        self._seen = seen
        self.app.camera.position = eye
        self.app.camera.look_at(seen)

    def _free(self, seen: F64, back: F64) -> float:
        """How far it may be: in at once, out slowly."""
        if self.layers is None:
            return self.away_m
        hit = self.app.physics.sweep("sphere", RADIUS_M, seen, back * self.away_m, layers=self.layers)
        return max(hit.distance, NEAREST_M) if hit else self.away_m
