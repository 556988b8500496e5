"""All that loads and streams: models, worlds, the sea, and the rows of tiles.

Owns: their order in a frame and the transient rows of the entity table. Limits: the rows of tiles only grow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.base.addresses import shown
from layerw.base.failures import Failures
from layerw.base.log import Log
from layerw.base.ports import NO_TILES, Behind, Content, Primitive, TileDraw
from layerw.content.models import Model
from layerw.content.pictures import Pictures
from layerw.content.sea import SeaSurface
from layerw.scene.camera import CameraFrame
from layerw.scene.environment import Environment
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.content.groups import Group
    from layerw.content.surroundings import Showing
    from layerw.content.worlds import World

ROWS_MIN = 1024
_WHITE = 0xFFFFFFFF
REPORTED_MAX = 256


class Contents:
    """`step` once a frame before the scene, `tiles` after it."""

    def __init__(self, table: Table, sea: SeaSurface, pictures: Pictures, log: Log, failures: Failures) -> None:
        self.models: list[Model] = []
        self._coming: list[Model] = []  # those of them that are not whole yet
        self.worlds: list[World] = []
        self.groups: list[Group] = []
        self.around: Showing | None = None  # app.environment
        self.first_row = -1
        self.pictures = pictures
        self._table, self._sea, self._log, self._failures = table, sea, log, failures
        self._sea_drawn = NO_TILES
        self._rows = 0
        self._deaths = 0  # of the table, when models were looked at
        self._faded = 0  # rows among which some may fade, as the GPU knows them
        self._camera: bytes = b""
        self._shown: tuple[object, ...] = ()

    def add(self, model: Model) -> None:
        """One that is on its way."""
        self.models.append(model)
        self._coming.append(model)

    def step(self, camera: CameraFrame, time_s: float) -> None:
        """Loading and streaming of this frame, each model and world alone; what went wrong is logged."""
        for model in self._coming:
            if model.state == "loading":
                with self._failures.alone(f"The model {shown(model.url)}"):
                    model._step()
                self._tell(model)
            elif not model._is_whole:
                with self._failures.alone(f"The model {shown(model.url)}"):
                    for text in model._heal():
                        self._log.info(f"{shown(model.url)} is shown with what had not come: {text}")
        has_news = bool(self._coming)
        if has_news:
            self._coming = [model for model in self._coming if model.state == "loading" or not model._is_whole]
        for group in list(self.groups):  # after the models, which may have asked for the same
            with self._failures.alone("A group of files"):
                for text in group._step():
                    self._log.error(text)
        self.pictures.step()
        if self.around is not None:
            with self._failures.alone("The environment"):
                self.around.step()
        for world in self.worlds:
            with self._failures.alone(f"The world {shown(world.url)}"):
                for text in world._step(camera, time_s):
                    self._log.error(text)
        if self._table.deaths != self._deaths:
            for model in self.models:
                with self._failures.alone(f"The model {shown(model.url)}"):
                    model._close_if_gone()
        if has_news or self._table.deaths != self._deaths:  # models end with something that dies, or fail to come
            self._deaths = self._table.deaths
            self.models = [model for model in self.models if not model._over]
        if self.groups:
            self.groups[:] = [group for group in self.groups if group.state != "unloaded"]
        if self.worlds:
            self.worlds = [world for world in self.worlds if world.state != "closed"]

    def go_on(self, camera: CameraFrame) -> None:
        """Between frames: what loads and streams goes on. Models are made in a frame, where their callbacks run."""
        for model in self._coming:
            with self._failures.alone(f"The model {shown(model.url)}"):
                model._go_on()
        for world in self.worlds:
            with self._failures.alone(f"The world {shown(world.url)}"):
                if world.state != "closed":
                    world._streamer.go_on(camera)

    def _tell(self, model: Model) -> None:
        """What became of a model in this frame."""
        if model.state == "failed":
            self._log.error(f"{shown(model.url)} could not be loaded: {model.error}")
        elif model.state == "ready":
            for warning in model.warnings:
                self._log.warning(f"{shown(model.url)}: {warning}")

    def about_models(self) -> list[dict[str, object]]:
        """For the report: those with an error or a warning first, REPORTED_MAX at most."""
        ranked = sorted(self.models, key=lambda model: not (model.error or model.warnings))
        return [model._about() for model in ranked[:REPORTED_MAX]]

    @property
    def settled(self) -> bool:
        """True when no model and no texture loads and no tile is wanted; images that were not reached are waited for
        as tiles are, see lw.Network."""
        around = self.around is None or self.around.settled
        return (around and self.pictures.settled and all(group._settled for group in self.groups)
                and not any(m.state == "loading" or m._heals_soon for m in self._coming)
                and all(w.state not in ("loading", "retrying") and w.settled for w in self.worlds))  # fmt: skip

    @property
    def waits_in_vain(self) -> bool:
        """True where a world is missing (HTTP 404): it is asked for again, but a shot ends with the error instead."""
        return any(world._streamer.is_missing for world in self.worlds)

    def tiles(self, camera: CameraFrame, environment: Environment) -> TileDraw:
        """This frame's tiles and the sea; their rows are marked where they differ from the last frame's."""
        if environment.sea.level is not None or len(self._sea_drawn.mesh):
            with self._failures.alone("The sea"):
                self._sea_drawn = self._sea.draw(environment.sea, camera.position)
        found = self._sea_drawn
        if self.worlds:
            from layerw.content.worlds import joined

            for world in self.worlds:
                with self._failures.alone(f"The world {shown(world.url)}"):
                    world._drawn = world._streamer.draw()
            found = joined([*(world._drawn for world in self.worlds), found])
        count = len(found.mesh)
        if count:
            self._ensure_rows(count)
            self._fade(found)
            self._mark(count, camera, (found.mesh.tobytes(), *(w._streamer.draw_revision for w in self.worlds)))
        return found

    def hidden(self, camera: CameraFrame) -> npt.NDArray[np.bool_] | None:
        """Which rows of `tiles` lie behind hills, seen from there; None: none that is known."""
        if camera.is_parallel or not any(len(world._drawn.mesh) for world in self.worlds):
            return None
        found = [world._hidden(camera) for world in self.worlds]
        if all(one is None for one in found):
            return None
        parts = [np.zeros(len(world._drawn.mesh), np.bool_) if one is None else one
                 for world, one in zip(self.worlds, found, strict=True)]
        return np.concatenate([*parts, np.zeros(len(self._sea_drawn.mesh), np.bool_)])

    def behind(self, camera: CameraFrame) -> Behind | None:
        """What says of other things whether they lie behind hills; None: nothing does."""
        found = [] if camera.is_parallel else [world._behind(camera) for world in self.worlds]
        hills = [one for one in found if one is not None]
        return (lambda boxes: np.logical_or.reduce([hides(boxes) for hides in hills])) if hills else None

    def _ensure_rows(self, count: int) -> None:
        if count > self._rows:
            self._free_rows()
            self._faded = 0
            self._rows = max(ROWS_MIN, 1 << (count - 1).bit_length())
            self.first_row = self._table.reserve_transient(self._rows)
            self._shown = ()

    def _free_rows(self) -> None:
        if self._rows:
            self._table.free_transient(self.first_row, self._rows)
            self.first_row, self._rows = -1, 0

    def _fade(self, found: TileDraw) -> None:
        """Where levels change: how far each has come stands in the alpha of its row's colour."""
        if not self._faded and not found.fade.any():
            return
        count = max(len(found.fade), self._faded)
        rows = self._table.color[self.first_row : self.first_row + count]
        rows[:] = _WHITE
        fading = np.flatnonzero(found.fade)
        rows[fading] = _WHITE & 0xFFFFFF | found.fade[fading].astype(np.uint32) << np.uint32(24)
        self._table.columns["color"].touch(self.first_row, count)
        self._faded = len(found.fade) if len(fading) else 0

    def _mark(self, count: int, camera: CameraFrame, shown: tuple[object, ...]) -> None:
        position = camera.position.tobytes()
        if shown != self._shown:
            self._table.touch(self.first_row, count)
        elif position != self._camera:
            self._table.columns["position"].touch(self.first_row, count)
        self._camera, self._shown = position, shown

    def counts(self) -> dict[str, int]:
        """Tiles of all worlds by state."""
        total = {"resident": 0, "pending": 0, "failed": 0}
        for world in self.worlds:
            for name, count in world._streamer.counts().items():
                total[name] = total.get(name, 0) + count
        return total

    def online(self) -> None:
        """The network is back: nothing waits for its next try any longer."""
        self.pictures.online()
        for world in self.worlds:
            world._streamer.online()

    def drawn_parts(self) -> list[Primitive]:
        """What models draw, and what moves in tiles."""
        found = [part for model in self.models for part in model.primitives]
        return found + [part for world in self.worlds for part in world._actors.parts]

    def device_lost(self, are_lost: Callable[[Sequence[Primitive]], bool]) -> None:
        """Loads again what came from files and could not be made again."""
        def is_lost(content: Content) -> bool:  # what was uploaded of an unfinished one is not looked at
            return are_lost(content.primitives) if content.state == "ready" else content.gpu_bytes > 0

        for model in self.models:
            with self._failures.alone(f"The model {shown(model.url)}"):
                model._device_lost(is_lost)
        self._coming = list(self.models)
        for world in self.worlds:
            with self._failures.alone(f"The world {shown(world.url)}"):
                world._device_lost(is_lost)
        for group in self.groups:
            with self._failures.alone("A group of files"):
                group._device_lost(is_lost)
        self.pictures.device_lost()
        self._shown = ()

    def close(self) -> None:
        """Frees everything."""
        for close in (*(group.unload for group in self.groups), *(model.close for model in self.models),
                      *(world.close for world in self.worlds),
                      *((self.around.close,) if self.around is not None else ()),
                      self.pictures.close, self._sea.close, self._free_rows):  # fmt: skip
            with self._failures.alone("The end of what was loaded"):
                close()
        self.models, self.worlds, self._sea_drawn = [], [], NO_TILES
        self.groups.clear()
