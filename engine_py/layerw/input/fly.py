"""A walk and fly camera for keyboard, mouse (pointer lock or drag), touch and gamepad.

WASD or arrows move, mouse looks, Shift is fast, Space and KeyC rise and sink, KeyF switches walk and fly,
the wheel changes speed. Touch: the left half moves, the right half looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import numpy as np

from layerw.base import checks
from layerw.base.errors import KindError
from layerw.base.ports import F64
from layerw.base.settings import fixed_attributes, flag, number, optional_number
from layerw.input.state import Input

LOOK_RADIANS_PER_PX = 0.0024
TOUCH_RADIUS_PX = 60.0
PITCH_MAX = math.radians(89)


class CameraLike(Protocol):
    """The part of the camera that is steered."""

    position: F64
    yaw: float
    pitch: float

    @property
    def forward(self) -> F64: ...
    @property
    def right(self) -> F64: ...


class AppLike(Protocol):
    """What the controller needs of the app."""

    @property
    def camera(self) -> CameraLike: ...
    @property
    def input(self) -> Input: ...


def an_app(name: str, app: Any) -> Any:
    """A check of settings: what cameras are steered by."""
    if not hasattr(app, "camera") or not hasattr(app, "input"):
        raise KindError(f"{name} is {checks.shown(app)}; it takes an lw.App.")
    return app


def _ground(name: str, ground: Any) -> Any:
    return None if ground is None else checks.callback(name, ground, "x", "z")


@fixed_attributes
class FlyCamera:
    """Call `update(dt)` once a frame.

    ground: height in metres at (x, z), or None to fly only; walking keeps `eye_m` above it, flying at least 1 m.
    """

    CHECKS: ClassVar = {"app": an_app, "ground": _ground, "speed": number(0, above=True), "eye_m": number(0),
                        "walking": flag(), "floor": optional_number()}  # fmt: skip

    def __init__(
        self,
        app: AppLike,
        *,
        ground: Callable[[float, float], float] | None = None,
        speed: float = 12.0,
        eye_m: float = 1.8,
        walk: bool = False,
        floor: float | None = None,
    ) -> None:
        self.app, self.ground, self.eye_m, self.floor = app, ground, eye_m, floor
        self.speed = speed
        self.walking = checks.flag("FlyCamera walk", walk) and ground is not None
        self._velocity = np.zeros(3)
        self._touch_last: dict[int, tuple[float, float]] = {}

    def update(self, dt: float) -> None:
        """Steer the camera by `dt` seconds of input."""
        dt = checks.number("FlyCamera.update dt", dt, 0)
        state, camera = self.app.input, self.app.camera
        if state.pressed("KeyF") and self.ground is not None:
            self.walking = not self.walking
        if state.wheel_dy:
            self.speed = min(max(self.speed * math.exp(-state.wheel_dy * 0.001), 1.0), 800.0)
        self._look(state, camera, dt)
        wish = self._wish(state, camera)
        speed = 5.0 if self.walking else self.speed
        if state.key("ShiftLeft") or state.key("ShiftRight"):
            speed *= 2.0 if self.walking else 6.0
        blend = 1 - math.exp(-dt * 9)
        self._velocity += (wish * speed - self._velocity) * blend
        camera.position = camera.position + self._velocity * dt
        self._stand(camera, dt)

    def _wish(self, state: Input, camera: CameraLike) -> F64:
        ahead = state.axis("KeyS", "KeyW") + state.axis("ArrowDown", "ArrowUp") - state.pad_axis(1)
        aside = state.axis("KeyA", "KeyD") + state.axis("ArrowLeft", "ArrowRight") + state.pad_axis(0)
        rise = state.axis("KeyC", "Space")
        for touch, (x, y) in state.touches.items():
            sx, sy = state.touch_starts.get(touch, (x, y))
            if sx < state.size[0] / 2:
                aside += (x - sx) / TOUCH_RADIUS_PX
                ahead -= (y - sy) / TOUCH_RADIUS_PX
        forward = np.array(camera.forward)
        if self.walking:
            forward = np.array((-math.sin(camera.yaw), 0.0, -math.cos(camera.yaw)))
            rise = 0.0
        wish = forward * ahead + camera.right * aside + np.array((0.0, rise, 0.0))
        length = float(np.linalg.norm(wish))
        return wish / length if length > 1 else wish  # type: ignore[no-any-return]

    def _look(self, state: Input, camera: CameraLike, dt: float) -> None:
        dx = dy = 0.0
        if state.pointer_locked or state.button(0):
            dx, dy = state.pointer_dx, state.pointer_dy
        last, self._touch_last = self._touch_last, dict(state.touches)
        for touch, (x, y) in state.touches.items():
            if state.touch_starts.get(touch, (x, y))[0] >= state.size[0] / 2 and touch in last:
                dx += (x - last[touch][0]) * 1.6
                dy += (y - last[touch][1]) * 1.6
        camera.yaw -= dx * LOOK_RADIANS_PER_PX + state.pad_axis(2) * 2.2 * dt
        pitch = camera.pitch - dy * LOOK_RADIANS_PER_PX - state.pad_axis(3) * 1.6 * dt
        camera.pitch = min(max(pitch, -PITCH_MAX), PITCH_MAX)

    def _stand(self, camera: CameraLike, dt: float) -> None:
        if self.ground is None:
            return
        x, y, z = camera.position
        ground = float(self.ground(float(x), float(z)))
        if self.floor is not None:
            ground = max(ground, self.floor)
        if self.walking:
            blend = 1 - math.exp(-dt * 12)
            camera.position = np.array((x, y + (ground + self.eye_m - y) * blend, z))
        elif y < ground + 1:
            camera.position = np.array((x, ground + 1, z))
