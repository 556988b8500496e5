"""What temporal antialiasing needs of a view: where in its pixels this frame's samples lie, and the last camera.

Owns: the sequence of offsets and the last camera. The rest is web/shaders/temporal.wgsl.
Source: Halton, "Algorithm 247: radical-inverse quasi-random point sequence" (1964); Karis (SIGGRAPH 2014).
"""

from __future__ import annotations

import math

import numpy as np

from layerw.base.ports import F32, F64
from layerw.gpu.frame_block import FrameBlock
from layerw.scene.camera import CameraFrame

OFFSETS = 32  # of a view that is drawn whole; of others so many more that each pixel gets as many
OFFSETS_MAX = 128
SPREAD = 1.0  # how many standard deviations of what is around a pixel its past may be away
SHARE = 0.1  # of this frame in the mean
STILL_FIRST, STILL_LAST = 4, 40  # frames that the mean is of where nothing moves: at first, what it had; at last


def _halton(number: int, base: int) -> float:
    found, part = 0.0, 1.0
    while number:
        part /= base
        number, digit = divmod(number, base)
        found += part * digit
    return found


JITTER = np.array([(_halton(n, 2) - 0.5, _halton(n, 3) - 0.5) for n in range(1, OFFSETS_MAX + 1)])  # pixels


class TemporalWriter:
    """Writes over a view's matrices in each frame, and back once it is not needed any more."""

    def __init__(self, block: FrameBlock) -> None:
        self._block = block
        self._last: CameraFrame | None = None
        self._number = 0
        self._moved = False  # whether the block's matrices are
        self._still = 0  # frames since anything has moved
        self._frames_a_pixel = 1.0  # that bring one sample to each pixel that is shown

    def write(self, camera: CameraFrame, drawn: tuple[int, int], active: bool, follows: bool = False) -> None:
        """After the camera's own matrices were written. drawn: pixels that are. follows: the last camera alone is asked
        for."""
        last, size = self._last, np.array(drawn, np.float64)
        self._frames_a_pixel = math.prod(camera.viewport) / math.prod(drawn)
        right = down = 0.0
        if active:
            right, down = JITTER[self._number % min(round(OFFSETS * self._frames_a_pixel), OFFSETS_MAX)]
            self._number += 1
        if active or self._moved:
            self._moved = active
            self._write_matrices(camera, 2 * right / size[0], -2 * down / size[1])
        if not active and not follows:
            self._last = None
            return
        is_new = last is None or last.viewport != camera.viewport
        before = camera if last is None else last
        self._block.write("previous_view_projection", _seen_from(before, camera.position).T)
        self._block.write("temporal", (right, down, 1.0 if is_new else SHARE, SPREAD))
        self._still = self._still + 1 if last is camera else 0
        self._last = camera

    def rest(self, still: bool) -> None:
        """Of this frame: whether it shows the same as the last one. Then it is a sample of one mean, of all of them."""
        self._still = self._still if still else 0
        if self._still:
            share = 1 / min(STILL_FIRST + self._still, STILL_LAST * self._frames_a_pixel)
            self._block.read("temporal")[2:] = share, 0.0

    def _write_matrices(self, camera: CameraFrame, x: float, y: float) -> None:
        """Moved by x and y in normalized device coordinates."""
        move = np.eye(4)
        move[:2, 3] = x, y
        forward = move @ camera.view_projection.astype(np.float64)
        move[:2, 3] = -x, -y
        back = camera.inverse_view_projection.astype(np.float64) @ move
        self._block.write("view_projection", forward.astype(np.float32).T)
        self._block.write("inverse_view_projection", back.astype(np.float32).T)


def _seen_from(before: CameraFrame, position: F64) -> F32:
    """The earlier camera's matrix for places that are relative to a later one's position."""
    move = np.eye(4)
    move[:3, 3] = position - before.position
    matrix: F32 = (before.view_projection.astype(np.float64) @ move).astype(np.float32)
    return matrix
