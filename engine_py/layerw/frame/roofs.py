"""What lies under the open sky around the camera: a tile of the shadow atlas, drawn from straight above.

Owns: when it is drawn again, and where it lies: the last cell of its level, which lamps then do without. What falls,
and what is wet, asks it (open_sky in web/shaders/shadows.wgsl).
Limits: RADIUS_M around the camera; farther away nothing has a roof.
"""

from __future__ import annotations

import numpy as np

from layerw.base.ports import F32, F64
from layerw.frame.cascades import Cascade, axes_of, snapped
from layerw.frame.shadow_atlas import BLOCK_TEXELS, ROOF_LEVEL, AtlasLayout, Square
from layerw.gpu import spec
from layerw.gpu.frame_block import FrameBlock
from layerw.scene.environment import Environment

MATRIX = spec.SHADOW_MATRICES - 1  # of shadow_matrices; as ROOF_MATRIX of the shader
RADIUS_M = 32.0
MOVED_M = 8.0  # of the camera, from the middle of the tile
PATIENCE_FRAMES = 30  # before it is drawn again because something moved
UP = axes_of(np.array((0.0, 1.0, 0.0)))
NOWHERE = np.zeros(4, np.float32)


class Roofs:
    """`step` once a frame; `job` is what is drawn in it, if anything."""

    def __init__(self) -> None:
        self.job: Cascade | None = None
        self.is_on = False
        self._shown: Cascade | None = None
        self._layout: AtlasLayout | None = None
        self._frame = self._drawn = 0
        self._changed = False

    def clear(self) -> None:
        """The atlas is empty."""
        self._shown = None

    def step(self, environment: Environment, layout: AtlasLayout | None, position: F64, *, moved: bool) -> None:
        """layout: None while there is no atlas. moved: whether anything of the scene did."""
        weather = environment.weather
        self.is_on = layout is not None and max(weather.rain, weather.snow, weather.wetness) > 0
        self.job = None
        if not self.is_on or layout is not self._layout:
            self._shown, self._layout = None, layout
        if not self.is_on:
            return
        self._frame += 1
        self._changed |= moved
        if self._shown is None or self._is_due(self._shown, position):
            self.job = self._shown = snapped(UP, position, RADIUS_M, BLOCK_TEXELS >> ROOF_LEVEL)
            self._drawn, self._changed = self._frame, False

    def _is_due(self, shown: Cascade, position: F64) -> bool:
        if float(np.abs(shown.relative(position)).max()) > MOVED_M:
            return True
        return self._changed and self._frame - self._drawn >= PATIENCE_FRAMES

    @property
    def tile(self) -> Square:
        """Where it lies in the atlas."""
        assert self._layout is not None
        return self._layout.cell(ROOF_LEVEL, self._layout.cells(ROOF_LEVEL) - 1)

    def write(self, position: F64, block: FrameBlock) -> None:
        """What the shaders need, for a camera."""
        shown, layout = self._shown, self._layout
        if shown is None or layout is None:
            block.write("roof", NOWHERE)
            return
        matrices: F32 = block.read("shadow_matrices").reshape(-1, 4, 4)
        matrices[MATRIX] = shown.matrix(position).T
        block.write("roof", layout.uv(self.tile))
