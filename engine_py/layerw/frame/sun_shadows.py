"""The sun's shadows in a frame: which cascades each view has, where they lie in the atlas, and what is drawn into them.

Owns: each view's cascades, and the uniforms by which the shaders find them. A view draws its near cascades anew in
each frame, right before its picture: views follow each other, so that all of them share the same tiles. The far ones
are kept (frame/kept_cascades.py). Boxes: frame/cascades.py; tiles: frame/shadow_atlas.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from layerw.base.log import Log
from layerw.base.ports import F32, F64
from layerw.frame.cascades import Axes, Cascade, axes_of, fit, reaches, snapped
from layerw.frame.kept_cascades import KeptCascades
from layerw.frame.lamp_shadows import LampShadows, LampTile, square
from layerw.frame.moving import Moving, MovingRows
from layerw.frame.roofs import MATRIX as ROOF
from layerw.frame.roofs import Roofs
from layerw.frame.shadow_atlas import BLOCK_TEXELS, LAYOUTS, NO_ATLAS, AtlasLayout, Square
from layerw.frame.shown import Shown
from layerw.gpu import spec
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.submission import Submission
from layerw.gpu.target_bytes import atlas_bytes
from layerw.scene.camera import CameraFrame
from layerw.scene.environment import Environment
from layerw.scene.light_table import LightTable
from layerw.scene.table import Table
from layerw.visibility.draws import VisibleSet
from layerw.visibility.frustum import FixedBox

ATLAS_SHARE = 0.125  # of the GPU budget, at most
ENDLESS_M = 1.0e9  # a fade distance that is never reached
LAMPS = spec.SHADOW_CASCADES + 1  # the lamps' first
RENEWAL = spec.SHADOW_CASCADES  # of shadow_matrices: the kept cascade that is being drawn
NOTHING = [0.0] * 16  # a cascade that holds no place
F32_MAX = 3.4e38


def are_cast(environment: Environment) -> bool:
    """Whether the sun, or at night the moon, casts shadows now."""
    shadows = environment.shadows
    return shadows.enabled and shadows.strength > 0 and float(environment.heaven().direction[1]) > 0


@dataclass(slots=True, eq=False)
class _Seen:
    """What a view was drawn with last."""

    camera: CameraFrame
    revision: tuple[int, int]
    cascades: tuple[Cascade, ...]
    boxes: tuple[F64, ...]


class SunShadows:
    """`begin` once a frame, `see` for each view, then `encode` where its commands go."""

    def __init__(self, table: Table, log: Log) -> None:
        self._log = log
        self.layout: AtlasLayout = LAYOUTS["low"]
        self._chosen: tuple[str, int] | None = None
        self._missing, self._told = "", False  # what has no room
        self.is_active = False
        self._key: tuple[object, ...] = ()
        self._revision = 0  # rises when light, settings or the atlas change
        self._axes: Axes = axes_of(np.array((0.0, 1.0, 0.0)))
        self._reaches: tuple[float, ...] = ()
        self._seen: dict[int, _Seen] = {}
        self._kept = KeptCascades()
        self.lamps = LampShadows(log)
        self._moving = MovingRows(table)
        self._lamp_tiles: list[LampTile] = []
        self._roofs = Roofs()
        self._roof_boxes: tuple[F64, ...] = ()
        self._lamp_boxes: tuple[F64, ...] = ()
        self._has_cells = False
        self._atlas = NO_ATLAS
        self._params: tuple[float, float, float] = (0.0, 1.0, 1.0)  # strength, distance, bias
        self._edge = 0.0  # what a shadow's edge grows by a metre of its way; 0: not

    def choose(self, wanted: str, budget_bytes: int) -> None:
        """The atlas of a quality, or of a lower one where it takes too much of the GPU budget, which is told once."""
        if self._chosen == (wanted, budget_bytes):
            return
        self._chosen = wanted, budget_bytes
        names = tuple(LAYOUTS)[: tuple(LAYOUTS).index(wanted) + 1]
        found = next((name for name in reversed(names)
                      if atlas_bytes(LAYOUTS[name].size) <= ATLAS_SHARE * budget_bytes), names[0])  # fmt: skip
        self.layout = LAYOUTS[found]
        self._missing = "" if found == wanted else (
            f"Shadows are those of quality {found!r}, not {wanted!r}, coarser or nearer: their atlas may take an "
            f"eighth of the GPU budget, and that is {budget_bytes / 2**20:g} MiB. Raise gpu_mib to "
            f"{math.ceil(atlas_bytes(LAYOUTS[wanted].size) / ATLAS_SHARE / 2**20)}, or lower app.quality.")

    def atlas_size(self, environment: Environment) -> tuple[int, int]:
        """What the atlas is to be. By night as well: the sun will rise."""
        return self.layout.size if environment.shadows.enabled else NO_ATLAS

    def device_lost(self) -> None:
        """What was kept is to be drawn again."""
        self._kept.clear()
        self.lamps.clear()
        self._roofs.clear()

    @property
    def kept_box(self) -> tuple[FixedBox, ...]:
        """Of what casts in the kept cascade that the main view draws in this frame; the same until it is whole."""
        return self._kept.box if self.is_active else ()

    def begin(self, environment: Environment, atlas: tuple[int, int], position: F64, scene: object) -> None:
        """This frame's light. atlas: the size that the GPU has; position: of the main camera; scene: equal while the
        same things stand still."""
        if self._missing and environment.shadows.enabled and not self._told:
            self._told = True
            self._log.info(self._missing)
        self._set_light(environment, atlas)
        if atlas != self._atlas:
            self._atlas = atlas
            self._kept.clear()
            self.lamps.clear()
            self._roofs.clear()
        if self.is_active:
            self._kept.step(self._axes, self._reaches[len(self.layout.dynamic) :], self.layout.cached_side, position,
                            scene)  # fmt: skip

    def see_lamps(self, lights: LightTable | None, shown: Shown) -> bool:
        """This frame's tiles of lamps, drawn by the main view; returns whether any light casts shadows."""
        has_atlas, camera, moving = self._atlas == self.layout.size, shown.camera, Moving()
        if lights is not None and lights.casts.any():
            moving = self._moving.step(shown.columns, shown.tiles, lights.entities)
        else:
            self._moving.forget()
        self._lamp_tiles = self.lamps.step(lights, self.layout if has_atlas else None, camera, moving,
                                           spared=self._roofs.is_on)  # fmt: skip
        self._lamp_boxes = tuple(tile.planes(camera.position) for tile in self._lamp_tiles)
        self._has_cells = has_atlas and lights is not None and bool(lights.casts.any())
        return self._has_cells

    def see_roofs(self, environment: Environment, position: F64, *, moved: bool) -> None:
        """What lies under the open sky, while the weather asks; drawn by the main view, whose camera is there."""
        layout = self.layout if self._atlas == self.layout.size else None
        self._roofs.step(environment, layout, position, moved=moved)
        self._roof_boxes = () if self._roofs.job is None else (self._roofs.job.planes(position),)

    @property
    def is_used(self) -> bool:
        """Whether the atlas is looked at in this frame."""
        return self.is_active or self._has_cells or self._roofs.is_on

    def _set_light(self, environment: Environment, atlas: tuple[int, int]) -> None:
        shadows, direction = environment.shadows, environment.heaven().direction
        self.is_active = are_cast(environment) and atlas == self.layout.size
        sun = environment.sun.angular_radius
        key = (direction.tobytes(), sun, shadows.distance_m, shadows.strength, shadows.bias, self.layout,
               self.is_active)  # fmt: skip
        if key == self._key:
            return
        self._key = key
        self._revision += 1
        self._axes = axes_of(direction)
        self._reaches = reaches(self.layout.dynamic, self.layout.cached, shadows.distance_m)
        self._edge = math.tan(sun) if self.layout.soft else 0.0
        self._params = shadows.strength, shadows.distance_m or _whole(self.layout), shadows.bias

    def see(self, index: int, camera: CameraFrame, block: FrameBlock) -> tuple[F64, ...]:
        """A view's cascades go to its uniforms; returns the boxes of their casters, the same while nothing moved."""
        seen = self._seen.get(index)
        revision = self._revision, self._kept.revision
        if seen is None or seen.camera is not camera or seen.revision != revision:
            near = self._reaches[: len(self.layout.dynamic)] if self.is_active else ()
            cascades = tuple(fit(camera, self._axes, reach, self.layout.dynamic_side) for reach in near)
            boxes = tuple(cascade.planes(camera.position) for cascade in cascades)
            if seen is not None and len(boxes) == len(seen.boxes) and all(map(np.array_equal, boxes, seen.boxes)):
                boxes = seen.boxes  # what was kept changed, and not what casts here
            self._seen[index] = seen = _Seen(camera, revision, cascades, boxes)
            self._write(block, camera, [(cascade, self.layout.dynamic_tile(n)) for n, cascade in enumerate(cascades)])
        self._write_lamps(block)
        self._roofs.write(camera.position, block)
        if index or not (self._lamp_tiles or self._roof_boxes):
            return seen.boxes
        matrices = block.read("shadow_matrices").reshape(-1, 4, 4)
        for number, tile in enumerate(self._lamp_tiles):
            matrices[LAMPS + number] = tile.matrix(camera.position).T
        return seen.boxes + self._lamp_boxes + self._roof_boxes

    def see_around(self, index: int, camera: CameraFrame, block: FrameBlock, *, draws: bool) -> tuple[F64, ...]:
        """As `see`, of a view that is a side of a cube around a place. Of the same place, one draws what all use."""
        cascades: tuple[Cascade, ...] = ()
        if self.is_active:
            dynamic = self.layout.dynamic
            reach = self._reaches[min(len(dynamic), len(self._reaches), 2) - 1]
            cascades = (snapped(self._axes, camera.position, reach, self.layout.dynamic_side),)
        boxes = tuple(cascade.planes(camera.position) for cascade in cascades) if draws else ()
        self._seen[index] = _Seen(camera, (-1, -1), cascades, boxes)
        self._write(block, camera, [(cascade, self.layout.dynamic_tile(0)) for cascade in cascades])
        self._write_lamps(block)
        self._roofs.write(camera.position, block)
        return boxes

    def _write_lamps(self, block: FrameBlock) -> None:
        if self._has_cells:
            across, (width, height) = self.layout.blocks_across, self.layout.size
            block.write("shadow_cells", (across, self.layout.cells_top / height, BLOCK_TEXELS / width,
                                         BLOCK_TEXELS / height))  # fmt: skip
        else:
            block.write("shadow_cells", (0.0, 0.0, 0.0, 0.0))

    def _write(self, block: FrameBlock, camera: CameraFrame, tiles: list[tuple[Cascade, Square]]) -> None:
        strength, distance, bias = self._params
        width, height = self.layout.size
        numbered = list(enumerate(tiles))
        matrices = [NOTHING] * (RENEWAL + 1)
        places, steps = ([(0.0, 0.0, 0.0, 0.0)] * spec.SHADOW_CASCADES for _ in range(2))
        if self.is_active:
            numbered += [(len(tiles) + number, (kept.cascade, self.layout.cached_tile(kept.slot)))
                         for number, kept in self._kept.shown.items()]  # fmt: skip
            if self._kept.job is not None:
                matrices[RENEWAL] = self._kept.job.cascade.columns(camera.position)
        for number, (cascade, tile) in numbered:
            columns, is_soft = cascade.columns(camera.position), self._edge > 0 and number < len(tiles)
            edge = (self._edge / cascade.texel_depth, cascade.texel_depth / cascade.texel_m) if is_soft else (0.0, 0.0)
            step = (cascade.texel_m * bias, cascade.texel_depth * bias, *edge)
            if all(abs(one) <= F32_MAX for one in (*columns, *step)):  # one too large for the GPU is left out
                matrices[number], places[number], steps[number] = columns, self.layout.uv(tile), step
        block.write("shadow_matrices", np.array(matrices, np.float32))
        block.write("shadow_tiles", np.array(places, np.float32))
        block.write("shadow_steps", np.array(steps, np.float32))
        block.write("shadow_params", (1 / width, 1 / height, strength if tiles else 0.0, min(distance, ENDLESS_M)))

    def encode(self, index: int, submission: Submission, found: VisibleSet) -> None:
        """The tiles that a view draws before its picture."""
        seen = self._seen.get(index)
        if seen is None or not self.is_used:
            return
        for number, records in enumerate(found.casters[: len(seen.cascades)]):
            submission.tile(self.layout.dynamic_tile(number), number, records)
        if index:
            return
        rest = found.casters[len(seen.cascades) :]
        for number, (lamp, records) in enumerate(zip(self._lamp_tiles, rest, strict=False)):
            submission.tile(square(self.layout, lamp), LAMPS + number, records)
        rest = rest[len(self._lamp_tiles) :]
        if self._roof_boxes and rest:
            submission.tile(self._roofs.tile, ROOF, rest[0])
        job, rest = self._kept.job, rest[len(self._roof_boxes) :]
        if self.is_active and job is not None and rest:
            part, is_first = self._kept.slice(rest[0])
            submission.tile(self.layout.cached_tile(job.slot), RENEWAL, part, clear=is_first)


def _whole(layout: AtlasLayout) -> float:
    """Where shadows end that are to reach as far as they can."""
    return layout.cached[-1] if layout.cached else layout.dynamic[-1]


def matrices_of(block: FrameBlock) -> F32:
    """(SHADOW_MATRICES, 4, 4) of a frame block, [row, column]."""
    return block.read("shadow_matrices").reshape(-1, 4, 4).transpose(0, 2, 1)
