"""What the last frame was made of: where a stage fails, the next frame is drawn with what it gave last.

Owns: references only; each stage leaves what it gave last as it was until it succeeds again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from layerw.base.ports import NO_TILES, U32, TileDraw
from layerw.gpu.spec import DRAW_RECORD
from layerw.scene.camera import CameraFrame
from layerw.scene.table import FrameColumns
from layerw.visibility.draws import VisibleSet


def _nothing() -> VisibleSet:
    none = np.zeros((0, len(DRAW_RECORD)), np.uint32)
    return VisibleSet(np.zeros(0, np.uint32), none, none, (), 0)


@dataclass(slots=True)
class Shown:
    """The good results of the stages, in the frame's order."""

    camera: CameraFrame
    columns: FrameColumns
    tiles: TileDraw = field(default_factory=lambda: NO_TILES)
    found: VisibleSet = field(default_factory=_nothing)
    drawn: VisibleSet = field(default_factory=_nothing)  # of `found`, what the GPU had rows for

    @property
    def seen_rows(self) -> U32:
        """Rows in view in the last picture."""
        return self.drawn.seen_rows()
