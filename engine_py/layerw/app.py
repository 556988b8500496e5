"""App: the frame, and the only place where two stages meet.

Owns: the order of a frame (events, transfers, the program, content, streaming, scene, visibility, submit), the
ledgers, and the objects that a program works with. Each frame submits exactly once, whatever fails in it.
Limits: one canvas; the settings of lw.App are fixed when it is made.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from layerw import report as reports
from layerw.base.config import Budgets, Config
from layerw.base.errors import ShapeError
from layerw.base.host_port import MemoryHost, Running
from layerw.base.log import Log
from layerw.base.ports import U32, Content, Primitive, TransferDone, TransferFailed
from layerw.contents import Contents
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.gen import events as ev
from layerw.gpu.store import Store
from layerw.gpu.submission import Submission
from layerw.hosts import default_host
from layerw.input.state import Input
from layerw.layer_memory import AppMemory
from layerw.memory.backups import Backups
from layerw.memory.ledger import HardLedger
from layerw.models import Model
from layerw.net.transfers import FrameTransfers
from layerw.pointing import Pointing
from layerw.report import HasStateHash
from layerw.resources import COLUMN_BYTES_PER_ROW, Resources
from layerw.scene.camera import Camera, CameraFrame
from layerw.scene.entity import Entities, Entity
from layerw.scene.environment import Environment, Fog, Sea, Shadows, Sky, Sun, Wind
from layerw.scene.shapes import Lods, Material, Mesh
from layerw.scene.table import FrameColumns, Table
from layerw.sea import SeaSurface
from layerw.surface import Surface
from layerw.targets import RenderTargets
from layerw.user_code import UserCode
from layerw.view import ViewWriter, shadow_reach_m
from layerw.visibility.cull import Visibility

if TYPE_CHECKING:  # imported where they are first used: a program without models and worlds starts without them
    from layerw.assets.loader import GltfLoader
    from layerw.memory import LayerMemory
    from layerw.worlds import World

INBOX_BYTES = 64 * 1024
ROWS_MIN = 4096
TABLE_BYTES_PER_ROW = 112  # columns, and world-space copies once something has a parent
FrameCallback = TypeVar("FrameCallback", bound=Callable[[float], Any])


class App(Surface, Pointing):
    """A program's window into the engine: spawn things, load and stream content, steer light and camera.

    Args:
        title: of the page.
        budgets: hard limits, see lw.Budgets.
        lanes: fetches at a time.
        overlay: show the stats overlay.
        screen_error_px: largest error of streamed tiles on screen, pixels.
        entities_max: rows of the entity table.
        pointer_lock: a click on the canvas locks the pointer.
        host: what the engine runs on; None = the browser, or headless on CPython.
    """

    def __init__(self, title: str = "", *, budgets: Budgets | None = None, lanes: int = 6, overlay: bool = False,
                 screen_error_px: float = 16.0, entities_max: int = 262_144, pointer_lock: bool = False,
                 host: MemoryHost | None = None) -> None:  # fmt: skip
        self.host = host or default_host()
        options = self.host.options()
        chosen = (budgets or Budgets()).replaced(options.get("budgets") or {})
        self.config = Config(title, chosen, lanes, overlay, screen_error_px, pointer_lock)
        self.heap_ledger = HardLedger("heap", chosen.heap_bytes)
        self.layer_ledger = HardLedger("layer", chosen.layer_bytes)
        self.gpu_ledger = HardLedger("gpu", chosen.gpu_bytes)
        self.log = Log()
        self.submission = Submission(self.host)
        self.transfers = FrameTransfers(self.submission.encoder, self.submission)
        self.layer = AppMemory(self.host, chosen, self.layer_ledger, self.log)
        self.backups = Backups(self.layer_ledger, self.transfers.release, self.layer.for_meshes)
        self.store = Store(self.submission, self.gpu_ledger, self.heap_ledger, chosen.upload_bytes_per_frame,
                           self.backups)  # fmt: skip
        self.table = Table(entities_max)
        self.heap_ledger.reserve(self.table.capacity * TABLE_BYTES_PER_ROW, "The entity table")
        self.visibility = Visibility(self.table)
        self.resources = Resources(self.store, self.visibility)
        self.targets = RenderTargets(self.resources, self.submission, self.log,
                                     (options.get("width") or 1, options.get("height") or 1))  # fmt: skip
        self.camera = Camera()
        self.environment = Environment()
        self.input = Input()
        self.user = UserCode(self.log.exception)
        self.contents = Contents(self.table, SeaSurface(self.resources), self.log)
        self.states: dict[str, HasStateHash] = {}
        self.frame_number = 0
        self.time_s = 0.0
        self.pointer_lock = pointer_lock
        self._gpu_rows = 0
        self._seen_rows: U32 = np.zeros(0, np.uint32)
        self._view = ViewWriter(FrameBlock())
        self._camera_frame: CameraFrame | None = None
        self._camera_key: tuple[object, ...] = ()
        self._report_flags: int | None = None
        self._pointer_lock_sent = False
        self._material: Material | None = None
        self._inbox = self._new_inbox(INBOX_BYTES)
        Running.app = self

    # -- what a program uses -------------------------------------------------------------------

    @cached_property
    def loader(self) -> GltfLoader:
        """Of glTF, for models and tiles."""
        from layerw.assets.loader import GltfLoader

        return GltfLoader(self.transfers, self.layer_ledger, self.store, self.backups)

    @cached_property
    def memory(self) -> LayerMemory:
        """Memory outside of Python's heap (layerw.memory); opened and charged to the layer budget when first used.

        Raises:
            BudgetError: the layer budget has no room for lw.Budgets(memory_mib=...).
        """
        return self.layer.for_program()

    @property
    def sun(self) -> Sun:
        return self.environment.sun

    @property
    def sky(self) -> Sky:
        return self.environment.sky

    @property
    def fog(self) -> Fog:
        return self.environment.fog

    @property
    def sea(self) -> Sea:
        return self.environment.sea

    @property
    def wind(self) -> Wind:
        return self.environment.wind

    @property
    def shadows(self) -> Shadows:
        return self.environment.shadows

    @property
    def size(self) -> tuple[int, int]:
        """Of the picture in pixels: the canvas's device pixels, or less where the GPU budget has no room for them."""
        return self.targets.size

    def frame(self, callback: FrameCallback) -> FrameCallback:
        """Decorator: calls the function each frame with the seconds since the last one."""
        self.user.add_frame(callback)
        return callback

    def spawn(self, mesh: Mesh | Lods, material: Material | None = None, *, position: npt.ArrayLike | None = None,
              rotation: npt.ArrayLike | None = None, scale: npt.ArrayLike | None = None, color: Any = None,
              parent: Entity | None = None, static: bool = False) -> Entity:  # fmt: skip
        """One entity. position: metres; rotation: quaternion xyzw; color: sRGB, multiplies the material's."""
        first = self._spawn_rows(mesh, 1, material, static)
        entity = Entity(self.table, first)
        _set(entity, position=position, rotation=rotation, scale=scale, color=color)
        if parent is not None:
            entity.parent = parent
        return entity

    def spawn_many(self, mesh: Mesh | Lods, count: int, material: Material | None = None, *,
                   position: npt.ArrayLike | None = None, rotation: npt.ArrayLike | None = None,
                   scale: npt.ArrayLike | None = None, color: Any = None,
                   static: bool = False) -> Entities:  # fmt: skip
        """`count` entities in one call; write to their array views to move them. static: they never move."""
        first = self._spawn_rows(mesh, count, material, static)
        entities = Entities(self.table, first, count)
        try:
            _set(entities, position=position, rotation=rotation, scale=scale, color=color)
        except Exception:
            entities.despawn()
            raise
        return entities

    def load(self, url: str, *, position: npt.ArrayLike | None = None, rotation: npt.ArrayLike | None = None,
             scale: npt.ArrayLike | None = None, parent: Entity | None = None,
             max_texture_side: int = 1024) -> Model:  # fmt: skip
        """A glTF or glb model, on its way from now on. `model.root` is there at once; see `model.on_ready`."""
        root = Entity(self.table, self.table.spawn(1, mesh=0, material=0, radius=0.0))
        _set(root, position=position, rotation=rotation, scale=scale)
        if parent is not None:
            root.parent = parent
        model = Model(url, self.loader, self.table, self.visibility, self.user, root=root,
                      max_texture_side=max_texture_side)  # fmt: skip
        self.contents.models.append(model)
        return model

    def stream(self, url: str, *, place: str = "as_is", transform: npt.NDArray[np.float64] | None = None,
               max_texture_side: int = 1024) -> World:  # fmt: skip
        """An open world (3D Tiles): the folder with its tileset.json, or the file; see stream.StreamConfig."""
        from layerw.stream.config import StreamConfig
        from layerw.stream.streamer import Streamer
        from layerw.worlds import World

        settings = StreamConfig(screen_error_px=self.config.screen_error_px, lanes=self.config.lanes, place=place,
                                transform=transform, max_texture_side=max_texture_side)  # fmt: skip
        world = World(Streamer(url, transfers=self.transfers, loader=self.loader, layer_ledger=self.layer_ledger,
                               gpu_ledger=self.gpu_ledger, config=settings), self.user)  # fmt: skip
        self.contents.worlds.append(world)
        return world

    def despawn(self, entity: Entities) -> None:
        """Ends an entity (or many) and its children; using it later is an error."""
        entity.despawn()

    def seen(self, entities: Entities) -> npt.NDArray[np.intp]:
        """Which of the entities the last frame drew in view: ascending indices into them, a copy.

        Static ones are drawn by the cells that they lie in, so some beside the view are among them.
        """
        rows, first = self._seen_rows, entities.first_row
        return np.unique(rows[(rows >= first) & (rows < first + len(entities))]).astype(np.intp) - first

    def _spawn_rows(self, mesh: Mesh | Lods, count: int, material: Material | None, static: bool) -> int:
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
            raise ShapeError(f"A count of {count!r} was given; spawn_many needs a whole number of at least 1.")
        if material is None:
            material = self._material = self._material or Material()
        look = self.resources.material(material)
        if isinstance(mesh, Lods):
            return self.table.spawn(int(count), mesh=0, material=look, radius=mesh.radius,
                                    lods=self.resources.lods(mesh), static=static)  # fmt: skip
        handle = self.resources.mesh(mesh)
        return self.table.spawn(int(count), mesh=handle, material=look, radius=mesh.data.radius, static=static)

    def _loaded_parts(self) -> list[Primitive]:
        """What models draw, for picking."""
        return [part for model in self.contents.models for part in model.primitives]

    def watch(self, name: str, thing: HasStateHash) -> None:
        """Names something with a `state_hash()`, say a simulation, whose hash the reports shall carry."""
        self.states[name] = thing

    def report(self, *, state_hash: bool = False) -> dict[str, Any]:
        """What the engine holds right now, and against which budgets."""
        table = self.table
        found: dict[str, Any] = {
            "frame": self.frame_number, "title": self.config.title, "overlay": self.config.overlay,
            "entities": table.alive_count, "seen": len(self._seen_rows), "tiles": self.contents.counts(),
            "heap_bytes": self.heap_ledger.used_bytes, "layer_bytes": self.layer_ledger.held_bytes,
            "layer_fixed_bytes": self.layer_ledger.fixed_bytes, "backup_bytes": self.backups.size_bytes,
            "gpu_bytes": self.store.committed.used_bytes,
            "budgets": {"heap": self.heap_ledger.budget_bytes, "layer": self.layer_ledger.budget_bytes,
                        "gpu": self.gpu_ledger.budget_bytes},
            "settled": self.settled, "transfers": self.transfers.live_count, "lost": self.store.lost_count,
            "rows_uploaded": self.submission.rows_uploaded, "command_words": self.submission.words_submitted,
            "errors": list(self.log.errors),
        }  # fmt: skip
        if self.layer.memory is not None:
            found["memory"] = reports.memory_figures(self.layer.memory)
        if state_hash:
            found["state_hash"] = reports.state_hash(table)
            found["states"] = {name: thing.state_hash() for name, thing in self.states.items()}
        return found

    @property
    def settled(self) -> bool:
        """True when nothing is on its way: no model loads and no tile is wanted."""
        return self.contents.settled

    def close(self) -> None:
        """Frees everything that the program made; the next frames draw only the sky."""
        self.user = UserCode(self.log.exception)
        self.contents.close()
        self._close_pictures()
        self._close_picker()
        alive = np.flatnonzero(self.table.flags & 1)
        for row in alive[::-1]:
            if self.table.flags[row] & 1:
                self.table.despawn(int(row), 1)
        self.resources.close()

    # -- the frame -----------------------------------------------------------------------------

    def frame_step(self, time_s: float, dt_s: float, inbox_bytes: int, inbox_needed_bytes: int) -> None:
        """Called by the host once a frame; submits exactly once."""
        self.time_s = time_s
        self.store.begin_frame()
        self.backups.begin_frame()
        try:
            self._receive(inbox_bytes, inbox_needed_bytes)
            self.targets.step()
            self._claim_room()
            self.user.run_frames(dt_s)
            camera = self._frame_camera()
            self.contents.step(camera, time_s)
            self._draw(camera)
        except Exception as error:
            self.user.show_exception(error)
        self._finish()

    def _receive(self, inbox_bytes: int, inbox_needed_bytes: int) -> None:
        """Events since the last frame, in order."""
        events = ev.decode_events(self._inbox.data[:inbox_bytes]) if inbox_bytes else []
        if inbox_needed_bytes > self._inbox.nbytes:
            self._inbox = self._new_inbox(inbox_needed_bytes)
        self.input.apply(events)
        if any(isinstance(event, ev.DeviceRestored) for event in events):
            self._restore()  # before any callback makes something on the new device
        for event in events:
            match event:
                case ev.TransferDone():
                    self.transfers.dispatch_done(TransferDone(*event))
                case ev.TransferFailed():
                    self.transfers.dispatch_failed(TransferFailed(*event))
                case ev.Resize():
                    self.targets.resize(event.width, event.height)
                case ev.DeviceLost():
                    self.log.warning(f"The GPU device was lost: {event.reason}")
                case ev.ResourceFailed():
                    kind = ("buffer", "texture", "mesh", "material")[event.kind]
                    self.log.error(f"The {kind} {event.resource:#x} could not be made: {event.message}")
                case ev.ReadbackDone() | ev.ReadbackSaved() | ev.ReadbackFailed():
                    self._readback_event(event)
                case ev.ReportRequest():
                    self._report_flags = event.flags
        for text in self.transfers.take_errors():
            self.log.exception(text)

    def _new_inbox(self, size_bytes: int) -> npt.NDArray[np.uint8]:
        """A larger inbox and the command that names it; the old one stays valid until the submit."""
        inbox = np.zeros(1 << (size_bytes - 1).bit_length(), np.uint8)
        self.submission.encoder.inbox(self.submission.keep(inbox), inbox.nbytes)
        return inbox

    def _restore(self) -> None:
        """The device is back and empty: everything is made again."""
        lost = self.store.restore()
        self.contents.device_lost(self._is_lost)
        self._gpu_rows = 0
        self.log.info(f"The GPU device is back; {lost} resources are loaded again, {len(self.backups)} came from "
                      f"backups.")  # fmt: skip

    def _is_lost(self, content: Content) -> bool:
        """Whether a content must be loaded again: what was uploaded of an unfinished one is not looked at."""
        return self.store.is_lost(content.primitives) if content.state == "ready" else content.gpu_bytes > 0

    def _draw(self, camera: CameraFrame) -> None:
        """World columns, visibility, rows, draws."""
        tiles = self.contents.tiles(camera, self.environment)
        columns = self.table.update()
        self._view.write(camera, self.environment, self.time_s)
        found = self.visibility.frame(camera.position, camera.planes, columns.position, columns.rotation, columns.scale,
                                      tiles=tiles, tile_row=self.contents.first_row,
                                      shadow_m=shadow_reach_m(self.environment),
                                      scale_changed=self.table.scale_changed())  # fmt: skip
        self.submission.begin(self.frame_number, self._view.block.array)
        self._upload_rows(columns)
        self._seen_rows = found.rows[: found.seen_count]
        self.submission.visible(found.rows)
        for name in ("shadow", "opaque", "blend"):
            self.submission.draws(name, getattr(found, name))
        self._take_screenshots(self.size)

    def _frame_camera(self) -> CameraFrame:
        """This frame's camera; the last one while it stands still, or where the program set impossible values."""
        camera = self.camera
        try:
            key = (*map(float, camera.position), camera.yaw, camera.pitch, camera.fov_y, camera.near, self.size)
            if self._camera_frame is None or key != self._camera_key:
                self._camera_key = key
                self._camera_frame = camera.frame(*self.size)
        except (ValueError, TypeError) as error:
            if self._camera_frame is None:
                raise
            self.user.show_exception(error)
        return self._camera_frame

    def _upload_rows(self, columns: FrameColumns) -> None:
        """Grows the GPU's columns with the table, then uploads what changed."""
        if self.table.rows_used > self._gpu_rows:
            rows = min(max(ROWS_MIN, 1 << (self.table.rows_used - 1).bit_length()), self.table.capacity)
            if not self.resources.try_charge("columns", rows * COLUMN_BYTES_PER_ROW):
                rows = self.table.rows_used
                self.resources.charge("columns", rows * COLUMN_BYTES_PER_ROW, f"Instance columns of {rows} rows")
            self.submission.encoder.rows_capacity(rows)
            self._gpu_rows = rows
            self.table.touch_all()
        self.submission.rows(columns, self.table.dirty_runs())

    def _finish(self) -> None:
        """Page commands, then the one submit."""
        if self.pointer_lock != self._pointer_lock_sent:
            self._pointer_lock_sent = self.pointer_lock
            self.submission.encoder.input_mode(int(self.pointer_lock))
        if self._report_flags is not None:
            self.submission.report(json.dumps(self.report(state_hash=bool(self._report_flags & 1))))
            self._report_flags = None
        self._show_pictures()
        self.submission.log(self.log.take())
        self.input.end_frame()
        self.frame_number += 1
        self.submission.end(self.host)


def _set(entities: Entities, **values: Any) -> None:
    for name, value in values.items():
        if value is not None:
            setattr(entities, name, value)
