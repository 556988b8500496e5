"""Engine: the frame, and the only place where two stages meet.

Owns: the order of a frame (events, transfers, the program, content, streaming, scene, visibility, submit), the
ledgers, and the stages. Each frame submits exactly once, whatever fails in it. App is the face that programs see.
Limits: one canvas; the settings of lw.App are fixed when it is made.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.config import Config
from layerw.base.host_port import MemoryHost
from layerw.base.log import Log
from layerw.base.ports import U32, Content, Primitive, TransferDone, TransferFailed
from layerw.base.user_code import UserCode
from layerw.content.contents import Contents
from layerw.content.opening import Opening
from layerw.content.sea import SeaSurface
from layerw.content.spawner import Spawner
from layerw.frame.report import HasStateHash, memory_figures, table_hash
from layerw.frame.resources import COLUMN_BYTES_PER_ROW, Resources
from layerw.frame.targets import RenderTargets
from layerw.frame.view import ViewWriter, shadow_reach_m
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.gen import events as ev
from layerw.gpu.store import Store
from layerw.gpu.submission import Submission
from layerw.input.state import Input
from layerw.memory.app_memory import AppMemory
from layerw.memory.backups import Backups
from layerw.memory.ledger import HardLedger
from layerw.pointing.pointer import Pointer
from layerw.scene.camera import Camera, CameraFrame
from layerw.scene.environment import Environment
from layerw.scene.table import FrameColumns, Table
from layerw.surface.surface import Surface
from layerw.transfer.transfers import FrameTransfers
from layerw.visibility.cull import Visibility

INBOX_BYTES = 64 * 1024
ROWS_MIN = 4096
TABLE_BYTES_PER_ROW = 112  # columns, and world-space copies once something has a parent


class Engine:
    """The stages of one App.

    Args:
        host: what it runs on.
        config: the App's settings; entities_max: rows of the entity table.
    """

    def __init__(self, host: MemoryHost, config: Config, entities_max: int) -> None:
        self.host, self.config = host, config
        options, budgets = host.options(), config.budgets
        self.heap_ledger = HardLedger("heap", budgets.heap_bytes)
        self.layer_ledger = HardLedger("layer", budgets.layer_bytes)
        self.gpu_ledger = HardLedger("gpu", budgets.gpu_bytes)
        self.log = Log()
        self.user = UserCode(self.log.exception)
        self.submission = Submission(host)
        self.transfers = FrameTransfers(self.submission.encoder, self.submission)
        self.transfers.limit(config.network, config.lanes)
        self.layer = AppMemory(host, budgets, self.layer_ledger, self.log)
        self.backups = Backups(self.layer_ledger, self.transfers.release, self.layer.for_meshes)
        self.store = Store(self.submission, self.gpu_ledger, self.heap_ledger, budgets.upload_bytes_per_frame,
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
        self.spawner = Spawner(self.table, self.resources)
        self.contents = Contents(self.table, SeaSurface(self.resources), self.log)
        self.opening = Opening(config, self.transfers, self.store, self.backups, (self.layer_ledger, self.gpu_ledger),
                               self.table, self.visibility, self.user)  # fmt: skip
        self.surface = Surface(self.resources, self.submission, self.log, self.user,
                               (self.heap_ledger, self.layer_ledger), self.layer.for_program)  # fmt: skip
        self.pointer = Pointer(self.table, self.resources, self.visibility, self.heap_ledger, self.input,
                               self.frame_camera, self._loaded_parts)  # fmt: skip
        self.states: dict[str, HasStateHash] = {}
        self.frame_number = 0
        self.time_s = 0.0
        self.pointer_lock = config.pointer_lock
        self.seen_rows: U32 = np.zeros(0, np.uint32)
        self._gpu_rows = 0
        self._view = ViewWriter(FrameBlock())
        self._camera_frame: CameraFrame | None = None
        self._camera_key: tuple[object, ...] = ()
        self._report_flags: int | None = None
        self._pointer_lock_sent = False
        self._inbox = self._new_inbox(INBOX_BYTES)

    def _loaded_parts(self) -> list[Primitive]:
        """What models draw, for picking."""
        return [part for model in self.contents.models for part in model.primitives]

    def report(self, *, state_hash: bool = False) -> dict[str, Any]:
        """What the engine holds right now, and against which budgets."""
        table = self.table
        found: dict[str, Any] = {
            "frame": self.frame_number, "title": self.config.title, "overlay": self.config.overlay,
            "entities": table.alive_count, "seen": len(self.seen_rows), "tiles": self.contents.counts(),
            "heap_bytes": self.heap_ledger.used_bytes, "layer_bytes": self.layer_ledger.held_bytes,
            "layer_fixed_bytes": self.layer_ledger.fixed_bytes, "backup_bytes": self.backups.size_bytes,
            "gpu_bytes": self.store.committed.used_bytes,
            "budgets": {"heap": self.heap_ledger.budget_bytes, "layer": self.layer_ledger.budget_bytes,
                        "gpu": self.gpu_ledger.budget_bytes},
            "settled": self.contents.settled, "transfers": self.transfers.live_count,
            "lost": self.store.lost_count,
            "rows_uploaded": self.submission.rows_uploaded, "command_words": self.submission.words_submitted,
            "errors": list(self.log.errors),
        }  # fmt: skip
        if self.layer.memory is not None:
            found["memory"] = memory_figures(self.layer.memory)
        if state_hash:
            found["state_hash"] = table_hash(table)
            found["states"] = {name: thing.state_hash() for name, thing in self.states.items()}
        return found

    def close(self) -> None:
        """Frees everything that the program made; the next frames draw only the sky."""
        self.user.clear()
        self.contents.close()
        self.surface.close()
        self.pointer.close()
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
            self.surface.claim_room()
            self.user.run_frames(dt_s)
            camera = self.frame_camera()
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
                    self.surface.receive(event)
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
        self.seen_rows = found.rows[: found.seen_count]
        self.submission.visible(found.rows)
        for name in ("shadow", "opaque", "blend"):
            self.submission.draws(name, getattr(found, name))
        self.surface.take_screenshots(self.targets.size)

    def frame_camera(self) -> CameraFrame:
        """This frame's camera; the last one while it stands still, or where the program set impossible values."""
        camera = self.camera
        try:
            key = (*map(float, camera.position), camera.yaw, camera.pitch, camera.fov_y, camera.near, self.targets.size)
            if self._camera_frame is None or key != self._camera_key:
                self._camera_key = key
                self._camera_frame = camera.frame(*self.targets.size)
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
        self.surface.show_panels()
        self.submission.log(self.log.take())
        self.input.end_frame()
        self.frame_number += 1
        self.submission.end(self.host)
