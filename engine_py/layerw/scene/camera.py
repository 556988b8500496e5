"""The camera: float64 position, yaw and pitch, and the matrices of a frame.

Looks along -Z at yaw 0. The projection has no far plane and reversed depth: 1 at `near`, 0 at infinity,
which keeps float32 depth precise over kilometres (Upchurch and Desbrun 2012).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.base.mathx import STRAIGHT, cross3
from layerw.base.ports import F32, F64

FOV_Y_MAX = math.nextafter(math.pi, 0)


class CameraFrame(NamedTuple):
    """What a frame needs of the camera. Planes and matrices are relative to the camera's position."""

    position: F64  # (3,) world metres
    right: F64
    up: F64
    forward: F64
    view_projection: F32  # (4, 4), [row, column]; upload its transpose
    inverse_view_projection: F32
    planes: F64  # (5, 4): inward unit normal, offset; left, right, bottom, top, near
    focal_px: float  # pixels of one metre at one metre
    tan_x: float
    tan_y: float
    viewport: tuple[int, int]

    def ray(self, across: float, down: float) -> tuple[F64, F64]:
        """The ray through a point of the picture, 0 to 1 from its upper left: its start on the near plane and its
        direction of length 1, in the world."""
        along = (self.forward + (2 * across - 1) * self.tan_x * self.right) + (1 - 2 * down) * self.tan_y * self.up
        near = -float(self.planes[4, 3])
        return self.position + near * along, along / np.sqrt((along**2).sum())


class Camera:
    """Where the picture is taken from.

    position: float64 (3,), metres; assigning copies. yaw, pitch: radians; yaw turns left, pitch looks up.
    fov_y: vertical field of view, radians, 0 < fov_y < pi. near: metres, > 0.
    """

    __slots__ = ("_fov_y", "_near", "_pitch", "_position", "_yaw")

    def __init__(self) -> None:
        self._position: F64 = np.array((0.0, 2.0, 5.0))
        self._yaw, self._pitch, self._fov_y, self._near = 0.0, 0.0, math.radians(60), 0.1
        self.look_at((0.0, 0.0, 0.0))

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            raise checks.unknown_attribute(self, name, checks.settable(Camera)) from None

    @property
    def position(self) -> F64:
        """(3,) float64, metres; its items may be written."""
        return self._position

    @position.setter
    def position(self, value: npt.ArrayLike) -> None:
        self._position = checks.vector("camera.position", value)

    @property
    def yaw(self) -> float:
        """Radians, to the left."""
        return self._yaw

    @yaw.setter
    def yaw(self, value: float) -> None:
        self._yaw = checks.number("camera.yaw", value)

    @property
    def pitch(self) -> float:
        """Radians, upwards."""
        return self._pitch

    @pitch.setter
    def pitch(self, value: float) -> None:
        self._pitch = checks.number("camera.pitch", value)

    @property
    def fov_y(self) -> float:
        """Vertical field of view, radians, between 0 and pi."""
        return self._fov_y

    @fov_y.setter
    def fov_y(self, value: float) -> None:
        self._fov_y = checks.number("camera.fov_y", value, 0, FOV_Y_MAX, above=True)

    @property
    def near(self) -> float:
        """Distance of the near plane, metres, > 0."""
        return self._near

    @near.setter
    def near(self, value: float) -> None:
        self._near = checks.number("camera.near", value, 0, above=True)

    def look_at(self, target: npt.ArrayLike) -> None:
        """Turn towards a point in world metres. Straight up or down the yaw stays as it is: the limit of looking almost
        straight there."""
        x, y, z = (float(v) for v in checks.vector("Camera.look_at target", target) - self.position)
        if x == y == z == 0:
            raise ShapeError("The camera cannot look at its own position; move it or choose another target.")
        level = math.hypot(x, z)
        if level > STRAIGHT * abs(y):
            self.yaw = math.atan2(-x, -z)
        self.pitch = math.atan2(y, level)

    @property
    def forward(self) -> F64:
        """Unit vector of the line of sight."""
        cp = math.cos(self.pitch)
        return np.array((-math.sin(self.yaw) * cp, math.sin(self.pitch), -math.cos(self.yaw) * cp))

    @property
    def right(self) -> F64:
        """Unit vector to the right; always level."""
        return np.array((math.cos(self.yaw), 0.0, -math.sin(self.yaw)))

    def frame(self, width: int, height: int) -> CameraFrame:
        """Matrices and planes for a surface of `width` x `height` pixels.

        Raises:
            ShapeError: fov_y, near or position is out of its range.
        """
        position = np.array(self.position, np.float64)
        if not (0 < self.fov_y < math.pi and self.near > 0 and position.shape == (3,) and np.isfinite(position).all()):
            raise ShapeError(
                f"The camera needs 0 < fov_y < pi, near > 0 and a finite position of 3 numbers; it has fov_y "
                f"{self.fov_y}, near {self.near}, position {self.position}."
            )
        right, forward = self.right, self.forward
        up = cross3(right, forward)
        tan_y = math.tan(self.fov_y / 2)
        tan_x = tan_y * width / height
        view = np.stack([right, up, -forward])
        projection = np.zeros((4, 4))
        projection[0, 0], projection[1, 1] = 1 / tan_x, 1 / tan_y
        projection[2, 3], projection[3, 2] = self.near, -1
        view4 = np.eye(4)
        view4[:3, :3] = view
        combined = projection @ view4
        return CameraFrame(
            position, right, up, forward, combined.astype(np.float32), np.linalg.inv(combined).astype(np.float32),
            _planes(right, up, forward, tan_x, tan_y, self.near), height / (2 * tan_y), tan_x, tan_y, (width, height),
        )  # fmt: skip


def _planes(right: F64, up: F64, forward: F64, tan_x: float, tan_y: float, near: float) -> F64:
    sides = [right + forward * tan_x, -right + forward * tan_x, up + forward * tan_y, -up + forward * tan_y, forward]
    planes = np.zeros((5, 4))
    for plane, normal in zip(planes, sides, strict=True):
        plane[:3] = normal / np.linalg.norm(normal)
    planes[4, 3] = -near
    return planes

