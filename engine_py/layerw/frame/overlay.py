"""What lies over the finished picture, whatever views it has: a view of its own with one list of draws.

Owns: that view, and whether a dialog lies before everything, as app.ui says. Does not: know what is drawn (app.ui,
where the engine draws it). Costs nothing until something shows.
"""

from __future__ import annotations

import numpy as np

from layerw.base.ports import U32
from layerw.frame.targets import RenderTargets
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.passes import flag
from layerw.gpu.spec import ROWS_STEP
from layerw.gpu.submission import DRAW_WORDS, Submission

NOTHING: U32 = np.zeros((0, DRAW_WORDS), np.uint32)
ONE_ROW: U32 = np.zeros(1, np.uint32)


class Overlay:
    """`show` any time before a frame's draws are encoded; it stays until the next `show`."""

    def __init__(self, submission: Submission, targets: RenderTargets) -> None:
        self._submission, self._targets = submission, targets
        self._block: FrameBlock | None = None
        self.records = NOTHING
        self._has_rows = False
        self.has_dialog = False  # nothing behind it can be used, whoever draws it

    @property
    def size(self) -> tuple[int, int]:
        """Of the picture, pixels."""
        return self._targets.size

    @property
    def pixel_ratio(self) -> float:
        """Pixels of the picture a pixel of the page."""
        return self._targets.pixel_ratio

    def show(self, draws: list[tuple[int, int]]) -> None:
        """Meshes of UI_QUADs and their materials, by handle, in the order in which they lie over each other."""
        records = np.zeros((len(draws), DRAW_WORDS), np.uint32)
        records[:, 3] = 1  # one instance; they look at no row
        if draws:
            records[:, :2] = draws
        self.records = records

    def flags(self) -> list[int]:
        """Of its view, where there is one."""
        return [flag("ui")] if len(self.records) else []

    def rows(self, rows: U32, capacity: int) -> U32:
        """The visible rows, which are not none: each draw names one. capacity: rows that the GPU has room for."""
        if not len(self.records):
            return rows
        if capacity == 0 and not self._has_rows:
            self._submission.encoder.rows_capacity(ROWS_STEP)  # what the backends begin with
            self._has_rows = True
        return rows if len(rows) else ONE_ROW

    def device_lost(self) -> None:
        """The new device knows of no rows."""
        self._has_rows = False

    def encode(self, index: int) -> None:
        """The commands of its view, after all others that draw into the picture. index: a number that none has."""
        if not len(self.records):
            return
        if self._block is None:
            self._block = FrameBlock()
        width, height = self.size
        self._block.write("viewport", (width, height, 1 / width, 1 / height))
        self._submission.view(index, 0, (0, 0, width, height), flag("ui"), self._block.array)
        self._submission.draws("ui", self.records)
