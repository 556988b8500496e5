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
from layerw.base.mathx import STRAIGHT
from layerw.base.names import named
from layerw.base.ports import F32, F64
from layerw.scene.projections import FOV_Y_MAX, Orthographic, Perspective, Projection, lens

FARTHEST_M = 1e30  # of a camera from the origin: squares of what it sees are float64, places on the GPU float32


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
    shift: tuple[float, float] = (0.0, 0.0)  # of the picture's middle, in halves of its sides
    is_parallel: bool = False  # tan_x and tan_y are half the picture's sides in metres

    def ray(self, across: float, down: float) -> tuple[F64, F64]:
        """The ray through a point of the picture, 0 to 1 from its upper left: its start on the near plane and its
        direction of length 1, in the world."""
        right, up = 2 * across - 1 + self.shift[0], 1 - 2 * down + self.shift[1]
        near = -float(self.planes[4, 3])
        if self.is_parallel:
            beside = right * self.tan_x * self.right + up * self.tan_y * self.up
            return self.position + beside + near * self.forward, self.forward.copy()
        along = (self.forward + right * self.tan_x * self.right) + up * self.tan_y * self.up
        return self.position + near * along, along / np.sqrt((along**2).sum())

    def pixel(self, x: int, y: int, size_px: tuple[int, int], reach_px: float) -> CameraFrame:
        """The camera of one pixel of a picture of that size; its planes leave so many more pixels to all sides."""
        size = np.array(size_px, np.float64)
        middle = np.array((2 * x + 1, -2 * y - 1)) / size + (-1, 1)
        crop = np.diag((*size, 1.0, 1.0))
        crop[:2, 3] = -middle * size
        seen = crop @ self.view_projection.astype(np.float64)
        planes = self.planes.copy()
        for plane, side in enumerate((seen[0], -seen[0], seen[1], -seen[1])):
            wide = (1 + 2 * reach_px) * seen[3] + side
            planes[plane] = wide / np.linalg.norm(wide[:3])
        back = self.inverse_view_projection.astype(np.float64) @ np.linalg.inv(crop)
        right, up = ((np.array(self.shift) + middle) * size).tolist()
        return self._replace(view_projection=seen.astype(np.float32), inverse_view_projection=back.astype(np.float32),
                             planes=planes, tan_x=self.tan_x / size[0], tan_y=self.tan_y / size[1], viewport=(1, 1),
                             shift=(right, up))  # fmt: skip


@named
class Camera:
    """Where the picture is taken from.

    position: float64 (3,), metres; assigning copies. yaw, pitch: radians; yaw turns left, pitch looks up.
    projection: lw.Perspective(fov_y=...) or lw.Orthographic(height=...). fov_y: of a perspective, vertical field of
    view, radians, 0 < fov_y < pi. near: metres, > 0.
    """

    __slots__ = ("_last", "_near", "_pitch", "_position", "_projection", "_yaw")

    def __init__(self, position: npt.ArrayLike = (0.0, 2.0, 5.0), *, projection: Projection | None = None) -> None:
        """At `position`, looking at the world's middle (from there: along -Z)."""
        self._yaw, self._pitch, self._near = 0.0, 0.0, 0.1
        self._last: tuple[tuple[object, ...], CameraFrame] | None = None  # what it was made of, and the frame
        self.position = position
        self.projection = Perspective() if projection is None else projection
        if self._position.any():
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
        position = checks.vector("camera.position", value)
        if np.abs(position).max() >= FARTHEST_M:
            raise ShapeError(f"camera.position is {checks.shown(value)}; it takes numbers below {FARTHEST_M:g} metres.")
        self._position = position

    @property
    def yaw(self) -> float:
        """Radians, to the left."""
        return self._yaw

    @yaw.setter
    def yaw(self, value: float) -> None:
        self._yaw = checks.angle("camera.yaw", value, self._yaw)

    @property
    def pitch(self) -> float:
        """Radians, upwards."""
        return self._pitch

    @pitch.setter
    def pitch(self, value: float) -> None:
        self._pitch = checks.angle("camera.pitch", value, self._pitch)

    @property
    def projection(self) -> Projection:
        """How space becomes a picture."""
        return self._projection

    @projection.setter
    def projection(self, value: Projection) -> None:
        kinds = (Perspective, Orthographic)
        checks.instance("camera.projection", value, kinds, "a lw.Perspective or a lw.Orthographic")
        self._projection: Projection = value

    @property
    def fov_y(self) -> float:
        """Vertical field of view of a perspective, radians, between 0 and pi."""
        if isinstance(self._projection, Perspective):
            return self._projection.fov_y
        return 2 * math.atan(self._projection.height / 2)  # as wide as one metre away

    @fov_y.setter
    def fov_y(self, value: float) -> None:
        value = checks.number("camera.fov_y", value, 0, FOV_Y_MAX, above=True)
        self._projection = Perspective(fov_y=value, shift=self._projection.shift)

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
        """Matrices and planes for a surface of `width` x `height` pixels; the same object while nothing changed.

        Raises:
            ShapeError: near or position is out of its range.
        """
        key = (self._position.tobytes(), self._yaw, self._pitch, self._projection, self._near, width, height)
        if self._last is None or self._last[0] != key:
            self._last = key, self._made(width, height)
        return self._last[1]

    def _made(self, width: int, height: int) -> CameraFrame:
        position = np.array(self.position, np.float64)
        if not (self.near > 0 and position.shape == (3,) and (np.abs(position) < FARTHEST_M).all()):
            raise ShapeError(
                f"The camera needs near > 0 and a position of 3 numbers below {FARTHEST_M:g}; it has near "
                f"{self.near}, position {self.position}."
            )
        sin_yaw, cos_yaw = math.sin(self._yaw), math.cos(self._yaw)
        sin_pitch, cos_pitch = math.sin(self._pitch), math.cos(self._pitch)
        axes = np.array(((cos_yaw, 0.0, -sin_yaw), (sin_yaw * sin_pitch, cos_pitch, cos_yaw * sin_pitch),
                         (sin_yaw * cos_pitch, -sin_pitch, cos_yaw * cos_pitch)))  # fmt: skip
        view4 = np.zeros((4, 4))
        view4[:3, :3], view4[3, 3] = axes, 1.0
        halves = self._projection.halves(width, height)
        seen = lens(self._projection, halves, (width, height), self._near)
        planes = seen.planes.copy()
        planes[:, :3] = seen.planes[:, :3] @ axes
        return CameraFrame(
            position, axes[0], axes[1], -axes[2], (seen.matrix @ view4).astype(np.float32),
            (view4.T @ seen.inverse).astype(np.float32), planes, height / (2 * halves[1]), *halves,
            (width, height), self._projection.shift, isinstance(self._projection, Orthographic),
        )  # fmt: skip
