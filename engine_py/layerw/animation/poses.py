"""The texels that move vertices on the GPU (web/shaders/posed.wgsl says how they lie), and what is sent of them.

Owns: the texels, their GPU charge, and which lines changed. Does not: work out what stands in them (animator.py).
Limits: one texture of POSE_LINE texels a line; what does not fit into the GPU budget is drawn as it was modelled.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.log import Log
from layerw.base.ports import F32
from layerw.frame.resources import Resources
from layerw.gpu.spec import POSE_LINE
from layerw.gpu.submission import Submission

LINE_BYTES = 16 * POSE_LINE
LINES_MAX = 8192
POSES_BYTES_MAX = LINES_MAX * LINE_BYTES


class PoseTexels:
    """`texels`: (n, 4). `begin` a layout, `take` its parts, `touch` what changed, `upload` once a frame."""

    def __init__(self, resources: Resources, log: Log) -> None:
        self._resources, self._log = resources, log
        self.texels: F32 = np.zeros((0, 4), np.float32)
        self._used = 0
        self.changed: npt.NDArray[np.uint8] = np.zeros(0, np.uint8)  # 1 for each line that is to be sent
        self._told = False
        self._sent_lines = 0  # that the GPU has

    def begin(self, texels: int) -> bool:
        """A layout of so many texels, all zero; False where the GPU has no room for them."""
        lines = -(-texels // POSE_LINE)
        room = 1 << (lines - 1).bit_length() if lines else 0
        if room > LINES_MAX or not self._resources.try_charge("poses", room * LINE_BYTES):
            self._tell(texels)
            lines = room = 0
            self._resources.try_charge("poses", 0)
        self.texels = np.zeros((room * POSE_LINE, 4), np.float32)
        self._used = 0
        self.changed = np.ones(room, np.uint8)
        return room > 0

    def take(self, texels: int) -> int:
        """The first of so many texels, which nothing else has in this layout."""
        first = self._used
        self._used += texels
        return first

    def touch(self, first: int, texels: int) -> None:
        """They changed."""
        if texels:
            self.changed[first // POSE_LINE : -(-(first + texels) // POSE_LINE)] = 1

    def device_lost(self) -> None:
        """Everything is to be sent again."""
        self._sent_lines = 0
        self.changed[:] = 1

    def upload(self, submission: Submission) -> None:
        """Sends the lines that changed, in as few runs as they lie in."""
        lines = len(self.texels) // POSE_LINE
        if lines == 0:
            if self._sent_lines:
                submission.encoder.poses(0, 0, 0, 0)
                self._sent_lines = 0
            return
        edges = np.flatnonzero(np.diff(self.changed.view(np.int8), prepend=0, append=0)).tolist()
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            part = self.texels[begin * POSE_LINE : end * POSE_LINE]
            submission.encoder.poses(lines, begin, end - begin, submission.keep(part))
        self._sent_lines = lines
        self.changed[:] = 0

    def _tell(self, texels: int) -> None:
        if not self._told:
            self._told = True
            left = self._resources.store.left_bytes
            self._log.error(f"What is animated takes {16 * texels} bytes of the GPU, which has {left} left (at most "
                            f"{POSES_BYTES_MAX}); it is drawn as it was modelled. Load fewer, or raise "
                            f"lw.App(budgets=lw.Budgets(gpu_mib=...)).")  # fmt: skip
