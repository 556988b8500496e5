"""Lights of a frame: for each view, those that it sees, sorted into clusters of its space for the fragment shader.

Owns: each view's light rows and cluster lists (memory and GPU charge), and who is told that there are too many. A view
without lights costs nothing: no kernel runs, nothing is uploaded, and the shader skips them by a uniform.
Limits: gpu/spec.py LIGHTS_MAX a view, LIGHTS_EVERYWHERE_MAX of them without a place, CLUSTER_LIGHTS_MAX in a cluster;
those that shine strongest at the camera win.
Source: docs/adr/0017; Olsson, Billeter, Assarsson (2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from layerw.base.log import Log
from layerw.base.ports import F32, U32
from layerw.gpu import spec
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.store import Store
from layerw.gpu.submission import Submission
from layerw.kernels.geometry import GEOMETRY
from layerw.kernels.lights import LIGHTS
from layerw.memory.ledger import HardLedger
from layerw.scene.camera import CameraFrame
from layerw.scene.table import FrameColumns, Table
from layerw.visibility.frustum import new_view, write_view

if TYPE_CHECKING:
    from layerw.scene.light_kinds import LightRows
    from layerw.scene.light_table import LightTable

FIRST_SLICE_M = 5.0  # what is nearer is one slice
FAR_MIN_M = 10.0
GRID = np.array((spec.CLUSTERS_ACROSS, spec.CLUSTERS_DOWN, spec.CLUSTERS_DEEP, spec.CLUSTER_LIGHTS_MAX), np.uint32)
CLUSTERS = int(GRID[:3].prod())
ROW_BYTES = 16 * spec.LIGHT_TEXELS
VIEW_BYTES = spec.LIGHTS_MAX * ROW_BYTES + 4 * spec.LIGHT_LIST_WIDTH * spec.LIGHT_LIST_LINES  # here and on the GPU


@dataclass(slots=True, eq=False)
class LitView:
    """What one view was drawn with last."""

    rows: F32 = field(default_factory=lambda: np.zeros((spec.LIGHTS_MAX, 4 * spec.LIGHT_TEXELS), np.float32))
    lists: U32 = field(default_factory=lambda: np.zeros(spec.LIGHT_LIST_WIDTH * spec.LIGHT_LIST_LINES, np.uint32))
    key: tuple[object, ...] = ()
    count: int = 0
    lines: int = 0
    is_sent: bool = False


class FrameLights:
    """`begin` once a frame, then, once shadows are placed, `see` for each view, and `encode` where its commands go."""

    def __init__(self, table: Table, store: Store, heap: HardLedger, log: Log) -> None:
        self._entities = table
        self._lights: LightTable | None = None  # made, and imported, once there is a component: it may be a light
        self._store, self._heap, self._log = store, heap, log
        self._views: dict[int, LitView] = {}
        self._told: set[str] = set()
        self._looks, self._frame = new_view(), np.zeros(20, np.float32)
        self._found = np.zeros(2, np.uint32)
        self._table = np.zeros(0, np.uint16)  # scratch
        self._scratch = np.zeros((4, 0), np.uint32)

    @property
    def table(self) -> LightTable | None:
        """The lights of the scene; None: there never was one."""
        return self._lights

    @property
    def count(self) -> int:
        """Lights of the scene that shine now."""
        return len(self._lights.found.power) if self._lights is not None else 0

    def figures(self) -> dict[str, int]:
        """For the report: lights that shine, and those that the main view was drawn with last."""
        return {"count": self.count, "in_view": self._views[0].count if 0 in self._views else 0}

    def begin(self, columns: FrameColumns) -> None:
        """This frame's lights, from its world-space columns."""
        if self._lights is None:
            if not len(self._entities.components):
                return
            from layerw.scene.light_table import LightTable

            self._lights = LightTable(self._entities)
        self._lights.update(columns)
        if len(self._lights.wrong):
            self._tell("numbers", f"{len(self._lights.wrong)} lights have numbers that no light can have, so that they "
                                  f"do not shine as they should; the first is row {self._lights.wrong[0]}. "
                                  f"group[lw.Light] takes a kind from 0 to 2, intensity and range of 0 or more, and "
                                  f"angles of 0 to 1.5708 radians.")  # fmt: skip

    def device_lost(self) -> None:
        """Everything is to be sent again."""
        for view in self._views.values():
            view.is_sent = False

    def see(self, index: int, camera: CameraFrame, block: FrameBlock) -> None:
        """Chooses and sorts a view's lights, and writes its uniforms; does nothing while neither they nor it moved."""
        view = self._views.get(index)
        if self._lights is None:
            return
        if view is None:
            if not self.count or not self._has_room():
                return
            view = self._views[index] = LitView()
        key = (self._lights.revision, camera.position.tobytes(), camera.view_projection.tobytes())
        if key == view.key:
            return
        view.key, view.is_sent = key, False
        found = self._lights.found
        order, everywhere, far = self._seen(found, camera)
        view.count = len(order)
        view.lines = self._sort(view, found, order, everywhere, camera, far) if view.count else 0
        block.write("light_view", (*camera.forward, everywhere))
        block.write("light_grid", (_slices_per_log(far), FIRST_SLICE_M, view.count - everywhere, 0.0))

    def encode(self, index: int, submission: Submission) -> bool:
        """Sends what `see` made, where the GPU does not have it yet; returns whether it did."""
        view = self._views.get(index)
        if view is None or view.is_sent or not view.count:
            return False
        view.is_sent = True
        words = view.lines * spec.LIGHT_LIST_WIDTH
        submission.encoder.view_lights(submission.keep(view.rows), view.count, submission.keep(view.lists), words)
        return True

    # -- which -------------------------------------------------------------------------------------

    def _seen(self, found: LightRows, camera: CameraFrame) -> tuple[U32, int, float]:
        """Numbers of the lights to draw, strongest first; how many of them are everywhere; and the farthest's end."""
        count = len(found.power)
        if self._scratch.shape[1] < count:
            self._scratch = np.zeros((4, count), np.uint32)
        keys, order, spare_keys, spare = self._scratch
        write_view(self._looks, camera.position, camera.planes)
        seen = LIGHTS.lw_lights_seen(self._looks, found.spheres, found.power, count, keys, order, self._found)
        GEOMETRY.lw_sort_u32(keys, order, spare_keys, spare, seen)
        everywhere, far = int(self._found[0]), float(self._found[1:].view(np.float32)[0])
        if everywhere > spec.LIGHTS_EVERYWHERE_MAX:
            self._tell("everywhere", f"{everywhere} directional lights shine beside the sun, and "
                                     f"{spec.LIGHTS_EVERYWHERE_MAX} are drawn: the strongest.")  # fmt: skip
            kept = slice(spec.LIGHTS_EVERYWHERE_MAX), slice(everywhere, seen)
            order, everywhere = np.concatenate([order[part] for part in kept]), spec.LIGHTS_EVERYWHERE_MAX
            seen = len(order)
        if seen > spec.LIGHTS_MAX:
            self._tell("view", f"{seen} lights are in a view, and {spec.LIGHTS_MAX} are drawn: those that shine "
                               f"strongest at the camera.")  # fmt: skip
        return order[: min(seen, spec.LIGHTS_MAX)], everywhere, max(far, FAR_MIN_M)

    def _sort(self, view: LitView, found: LightRows, order: U32, everywhere: int, camera: CameraFrame,
              far: float) -> int:  # fmt: skip
        """Fills rows and lists; returns how many lines of the lists are used."""
        if not len(self._table):
            self._table = np.zeros(CLUSTERS * spec.CLUSTER_LIGHTS_MAX, np.uint16)
        frame, high = self._frame, self._frame[0:3]
        high[:], frame[3] = camera.position, camera.is_parallel
        frame[4:7] = camera.position - high
        frame[8:11], frame[12:15], frame[16:19] = camera.right, camera.up, camera.forward
        LIGHTS.lw_light_lists(frame, _edges(camera, far), GRID, found.rows, found.spheres, order, len(order),
                              everywhere, view.rows, self._table, view.lists, self._found)  # fmt: skip
        words, fullest = self._found.tolist()
        if fullest > spec.CLUSTER_LIGHTS_MAX:
            self._tell("cluster", f"{fullest} lights reach the same part of a view, and {spec.CLUSTER_LIGHTS_MAX} are "
                                  f"drawn there: those that shine strongest at the camera. Give them a smaller "
                                  f"range.")  # fmt: skip
        return -(-int(words) // spec.LIGHT_LIST_WIDTH)

    def _has_room(self) -> bool:
        """Charges one more view's rows and lists."""
        if self._heap.try_reserve(VIEW_BYTES):
            if self._store.try_charge(VIEW_BYTES):
                return True
            self._heap.release(VIEW_BYTES)
        self._tell("room", f"A view with lights takes {VIEW_BYTES} bytes of the heap and of the GPU budget, which "
                           f"have {self._heap.left_bytes} and {self._store.left_bytes} left; it is drawn without "
                           f"them.")  # fmt: skip
        return False

    def _tell(self, what: str, text: str) -> None:
        """A warning, once."""
        if what not in self._told:
            self._told.add(what)
            self._log.warning(text)


def _slices_per_log(far: float) -> float:
    """Slices after the first, by the natural logarithm of depth / FIRST_SLICE_M."""
    return (spec.CLUSTERS_DEEP - 1) / math.log(far / FIRST_SLICE_M)


def _edges(camera: CameraFrame, far: float) -> F32:
    """Where clusters end, as lights/clusters.h has it: sides and heights at one metre, and depths."""
    (x, y), deep = camera.shift, spec.CLUSTERS_DEEP
    sides = (np.linspace(-1, 1, spec.CLUSTERS_ACROSS + 1) + x) * camera.tan_x
    heights = (np.linspace(-1, 1, spec.CLUSTERS_DOWN + 1) + y) * camera.tan_y
    depths = FIRST_SLICE_M * (far / FIRST_SLICE_M) ** (np.arange(deep) / (deep - 1))
    return np.concatenate([sides, heights, [0.0], depths]).astype(np.float32)
