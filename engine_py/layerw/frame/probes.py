"""Probes in a frame: which one looks around now, through which cameras, and what the shaders are told of all of them.

Owns: where each lies in the texture of the air, and the order of work: a few sides of a cube in each frame, then one
pass that makes light of six. A grid is drawn BOUNCES times: first what sun, lamps and sky light at once, then with what
the grid knows by then. Does not: cull or draw; engine.py hands its views on as others.
Limits: what a side took in the last frames says how many are drawn, within BUDGET_MS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from layerw.base.errors import ConfigError
from layerw.base.log import Log
from layerw.base.ports import F64
from layerw.frame.more_views import OneMore
from layerw.frame.resources import Resources
from layerw.frame.views import VIEWS_MAX, View
from layerw.gpu import air
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.passes import FORMAT_BYTES, flag, target
from layerw.gpu.submission import Submission
from layerw.gpu.target_bytes import kept_bytes, view_images
from layerw.scene import probe_files
from layerw.scene.camera import Camera, CameraFrame
from layerw.scene.environment import Environment
from layerw.scene.probes import MIRRORS_MAX, VOLUMES_MAX, Grid, LightProbes, ReflectionProbe, grid_of
from layerw.scene.projections import Perspective
from layerw.visibility.draws import VisibleSet

SIDES = ((-math.pi / 2, 0.0), (math.pi / 2, 0.0), (0.0, math.pi / 2), (0.0, -math.pi / 2), (math.pi, 0.0), (0.0, 0.0))
FIRST_VIEW = 2 * VIEWS_MAX  # behind those of picking (pointing/drawn.py)
BUDGET_MS = 3.0  # of Python's time a frame
START_MS = 1.0  # what a side is thought to take
NEAR_M = 0.05
TURNED = math.cos(math.radians(2.0))  # of the sun, before anything is captured again
LIT = 0.05  # change of its light that counts
FACE_FLAGS = flag("probe_face") | flag("single")
LINE_BYTES = FORMAT_BYTES[target("air").format] * air.AIR[0]
MIRROR_LINES = 2 * air.MIRROR_SIDE
Look = Callable[[OneMore, CameraFrame, bool], None]


def work_bytes() -> int:
    """What looking around takes: the sides, and the targets of their views."""
    images = view_images(FACE_FLAGS | flag("shadows"))
    own = sum(FORMAT_BYTES[one.format] * math.prod(one.sides(air.FACE, air.FACE)) for one in images)
    return kept_bytes(target("probe_faces")) + own


def lines_of(grid: Grid) -> int:
    """Lines of the air's texture that a grid takes."""
    x, y, z = grid.counts
    return -(-3 * y // (air.AIR[0] // x)) * z


@dataclass(slots=True, eq=False)
class _Job:
    """A probe that looks around: what it is, from where, how many of its sides are drawn, and how large they are."""

    probe: LightProbes | ReflectionProbe
    position: F64
    index: int
    texels: int
    drawn: int = 0


class Probes:
    """`step` once a frame, `see` for each view, `encode` before the main view's commands."""

    def __init__(self, resources: Resources, submission: Submission, log: Log) -> None:
        self._resources, self._submission, self._log = resources, submission, log
        self._volumes: list[LightProbes] = []
        self._mirrors: list[ReflectionProbe] = []
        self._lines = 0  # that the GPU has
        self._first: dict[int, int] = {}  # line, by the volume's id
        self._job: _Job | None = None
        self._cameras = [Camera(projection=Perspective(fov_y=math.pi / 2)) for _ in SIDES]
        self._ones = [OneMore(View(camera), FIRST_VIEW + side) for side, camera in enumerate(self._cameras)]
        for camera, (yaw, pitch) in zip(self._cameras, SIDES, strict=True):
            camera.yaw, camera.pitch, camera.near = yaw, pitch, NEAR_M
        self._side_ms = START_MS
        self._light: tuple[F64, F64, int] | None = None
        self.seen: list[OneMore] = []  # the views of this frame
        self._done = False  # the job's last side is drawn in this frame
        self._is_new = False  # a grid may have come from a file

    # -- what programs make ------------------------------------------------------------------------

    def add(self, probe: LightProbes | ReflectionProbe) -> None:
        """Raises ConfigError where there are too many, BudgetError where not even two probes have room."""
        if isinstance(probe, LightProbes):
            if len(self._volumes) >= VOLUMES_MAX:
                raise ConfigError(f"There are {VOLUMES_MAX} grids of light probes, the limit; close one first.")
            self._volumes.append(probe)
        else:
            if len(self._mirrors) >= MIRRORS_MAX:
                raise ConfigError(f"There are {MIRRORS_MAX} reflection probes, which is the limit; close one first.")
            self._mirrors.append(probe)
        asked = probe._grid if isinstance(probe, LightProbes) else None
        self._is_new |= isinstance(probe, LightProbes) and probe.baked
        try:
            self._fit(probe)
        except Exception:
            kept: list[LightProbes] | list[ReflectionProbe] = self._volumes if asked else self._mirrors
            kept.pop()
            raise
        if isinstance(probe, LightProbes) and asked is not None and probe._grid != asked:
            probe._baked = None  # of more probes than there are
            self._log.warning(f"The light probes stand {probe._grid.step.max():.3g} m apart, not "
                              f"{asked.step.max():.3g}: the GPU budget has no room for more.")  # fmt: skip

    def _all(self) -> list[LightProbes | ReflectionProbe]:
        return [*self._volumes, *self._mirrors]

    def _fit(self, probe: LightProbes | ReflectionProbe) -> None:
        """Charges all, with fewer probes of a new grid where need be."""
        wider = 1.0
        while not self._resources.try_charge("probes", self._bytes()):
            if isinstance(probe, ReflectionProbe) or probe._grid.total <= 1:
                self._resources.charge("probes", self._bytes(), "Probes")
                return
            wider *= 1.26
            probe._grid = grid_of(probe._size, probe._spacing * wider)

    def _bytes(self) -> int:
        lines = self._needed_lines()
        return lines * LINE_BYTES + work_bytes() if lines else 0

    def _needed_lines(self) -> int:
        return MIRROR_LINES * bool(self._mirrors) + sum(lines_of(volume._grid) for volume in self._volumes)

    # -- the frame ---------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether one looks around in this frame."""
        return bool(self.seen)

    def step(self, environment: Environment, look: Look) -> None:
        """Looks around. look(view, camera, is_first) finds what a view sees."""
        self._follow(environment)
        job = self._job = self._chosen()
        if job is None:
            return
        count = min(max(int(BUDGET_MS / max(self._side_ms, 1e-3)), 1), len(SIDES) - job.drawn)
        start = perf_counter()
        for side in range(job.drawn, job.drawn + count):
            one = self._ones[side]
            self._cameras[side].position = job.position
            look(one, self._cameras[side].frame(job.texels, job.texels), side == job.drawn)
            one.writer.block.write("probe_job", (side, job.texels, 0.0, 0.0))
            self.seen.append(one)
        self._side_ms += 0.3 * ((perf_counter() - start) * 1000 / count - self._side_ms)
        job.drawn += count
        self._done = job.drawn == len(SIDES)

    def place(self) -> bool:
        """Begins a frame: drops what is closed and gives every grid its lines; returns whether the texture of the air
        is a new one, which is empty."""
        self.seen, self._done = [], False
        if any(one.closed for one in self._all()):
            self._volumes = [one for one in self._volumes if not one.closed]
            self._mirrors = [one for one in self._mirrors if not one.closed]
            self._resources.try_charge("probes", self._bytes())
        first = air.AIR[1] + MIRROR_LINES * bool(self._mirrors)
        places = {}
        for volume in self._volumes:
            places[id(volume)] = first
            first += lines_of(volume._grid)
        if places == self._first and first - air.AIR[1] == self._lines and not self._is_new:
            return False
        self._is_new = False
        self._first, self._lines, self._job = places, first - air.AIR[1], None
        self._submission.encoder.probe_lines(self._lines)
        self._forget()
        return True

    def device_lost(self) -> None:
        """Everything is captured again."""
        self._job = None
        if self._lines:
            self._submission.encoder.probe_lines(self._lines)
        self._forget()

    def _forget(self) -> None:
        for volume in self._volumes:
            volume._state.lost()
            volume._next = 0
            if volume._baked is not None:
                lines = probe_files.lines_of(volume._baked, air.AIR[0])
                self._submission.encoder.probe_write(self._first[id(volume)] - air.AIR[1], len(lines),
                                                     self._submission.keep(lines))  # fmt: skip
                volume._state.round = volume._state.wanted
        for mirror in self._mirrors:
            mirror._state.lost()
            mirror._state.wanted = 1

    def _follow(self, environment: Environment) -> None:
        """Where the sun has moved, all of it is captured again."""
        heaven = environment.heaven()
        now = heaven.direction, np.concatenate([heaven.light, heaven.irradiance[0]]), 0
        if self._light is None:
            self._light = now
            return
        direction, light, _ = self._light
        changed = np.abs(now[1] - light).max() > LIT * max(float(np.abs(light).max()), 1e-6)
        if float(direction @ now[0]) < TURNED or changed:
            self._light = now
            for probe in self._all():
                if probe._state.renew_with_sun and probe._state.round:
                    probe.capture()

    def _chosen(self) -> _Job | None:
        """The one that is being drawn, or the next."""
        job = self._job
        if job is not None and not job.probe.closed and job.drawn < len(SIDES):
            return job
        for volume in sorted(self._volumes, key=lambda one: one._state.round):
            if volume._state.round < volume._state.wanted:
                x, _, z = volume.counts
                place = np.array((volume._next % x, volume._next // (x * z), volume._next // x % z))
                low = volume._center - volume._size / 2
                position = low + (place + 0.5) * volume._grid.step
                return _Job(volume, position, volume._next, air.LIGHT_FACE)
        for mirror in self._mirrors:
            if mirror._state.round < mirror._state.wanted:
                return _Job(mirror, mirror._position, self._mirrors.index(mirror), air.FACE)
        return None

    def see(self, camera: CameraFrame, block: FrameBlock, *, is_face: bool = False) -> None:
        """Writes what the shaders need of all of them, for a view. is_face: it is a side of a cube itself."""
        rows, count = np.zeros((3 * VOLUMES_MAX, 4)), 0
        for volume in self._volumes:
            state = volume._state
            if not (state.round or is_face) or state.strength <= 0:
                continue
            grid = volume._grid
            low = volume._center - volume._size / 2 + grid.step / 2
            rows[3 * count] = (*(low - camera.position), state.strength)
            rows[3 * count + 1] = (*(1 / grid.step), self._first.get(id(volume), 0))
            rows[3 * count + 2] = (*grid.counts, air.AIR[0] // grid.counts[0])
            count += 1
        block.write("probe_volumes", rows)
        boxes, mirrors = np.zeros((2 * MIRRORS_MAX, 4)), 0
        for slot, mirror in enumerate(self._mirrors):
            if mirror._state.round and mirror._state.strength > 0 and not is_face:
                boxes[2 * mirrors] = (*(mirror._position - camera.position), mirror._state.strength)
                boxes[2 * mirrors + 1] = (*(mirror._size / 2), slot)
                mirrors += 1
        block.write("probe_mirrors", boxes)
        block.write("probe_state", (count, mirrors, 0.0, air.AIR[1] + self._lines))

    def see_main(self, camera: CameraFrame, block: FrameBlock) -> None:
        """As `see`, of the main view, which makes light of six sides."""
        self.see(camera, block)
        job = self._job
        if job is None or not self._done:
            return
        if isinstance(job.probe, ReflectionProbe):
            x, y = job.index % 2 * 2 * air.MIRROR_SIDE, air.AIR[1] + job.index // 2 * air.MIRROR_SIDE
            block.write("probe_job", (0.0, job.texels, x, y))
            return
        red, green, blue = (_texel(job.probe._grid, job.index, color, self._first[id(job.probe)]) for color in range(3))
        block.write("probe_job", (0.0, job.texels, *red))
        block.write("probe_places", (*green, *blue))

    def main_flags(self) -> int:
        """Of the passes that the main view runs for them."""
        if self._job is None or not self._done:
            return 0
        return flag("probe_mirror" if isinstance(self._job.probe, ReflectionProbe) else "probe_light")

    # -- files -------------------------------------------------------------------------------------

    def begin_bake(self) -> None:
        """Everything is captured from the start, whatever files said."""
        for volume in self._volumes:
            volume._baked = None
        self._forget()

    @property
    def progress(self) -> float:
        """Of all light probes, 0 to 1."""
        return min((volume.progress for volume in self._volumes), default=1.0)

    def plan(self) -> list[dict[str, object]]:
        """Where the grids lie in the texture of the air: for `layerw bake --probes`."""
        return [{"center": volume._center.tolist(), "size": volume._size.tolist(), "counts": list(volume._grid.counts),
                 "line": self._first[id(volume)]} for volume in self._volumes]  # fmt: skip

    def encode(self, records: list[VisibleSet], begun: Callable[[OneMore, VisibleSet], None], shadows: int) -> None:
        """The views' commands. begun(view, records): after each view's uniforms, before its draws."""
        if self._job is None:
            return
        area = (0, 0, self._job.texels, self._job.texels)
        for one, found in zip(self.seen, records, strict=True):
            self._submission.view(one.index, 0, area, FACE_FLAGS | shadows, one.writer.block.array)
            begun(one, found)
            for name in ("opaque", "blend"):
                self._submission.draws(name, getattr(found, name))

    def submitted(self) -> None:
        """The main view was encoded: what was drawn is known from now on."""
        job = self._job
        if job is None or not self._done:
            return
        probe, self._job = job.probe, None
        if isinstance(probe, ReflectionProbe):
            probe._state.round += 1
            return
        probe._next += 1
        if probe._next == probe._grid.total:
            probe._next = 0
            probe._state.round += 1


def _texel(grid: Grid, index: int, color: int, first_line: int) -> tuple[float, float]:
    """Where a colour of a probe lies in the texture of the air."""
    x, _, z = grid.counts
    tile = 3 * (index // (x * z)) + color
    across = air.AIR[0] // x
    return tile % across * x + index % x, first_line + tile // across * z + index // x % z
