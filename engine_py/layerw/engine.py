"""Engine: the frame, and the only place where two stages meet.

Owns: the order of a frame (events, transfers, the program, content, streaming, scene, visibility, submit), the
ledgers, and the stages. Each frame submits exactly once, whatever fails in it. App is the face that programs see.
Limits: one canvas; the settings of lw.App are fixed when it is made.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layerw.base.config import Config
from layerw.base.failures import Failures
from layerw.base.host_port import MemoryHost
from layerw.base.log import Log
from layerw.base.ports import F32, F64, U32, MadeSplats, SplatParts, TileDraw, TransferDone, TransferFailed
from layerw.base.rays import CheckedRay
from layerw.base.user_code import UserCode
from layerw.base.weak import weakly
from layerw.content.contents import Contents
from layerw.content.feeds import Feeds
from layerw.content.opening import Opening
from layerw.content.pictures import Pictures
from layerw.content.scenes import Scenes
from layerw.content.sea import SeaSurface
from layerw.content.spawner import Spawner
from layerw.frame.air import Air
from layerw.frame.inbox import Inbox
from layerw.frame.lights import FrameLights
from layerw.frame.more_views import MoreViews, OneMore, joined
from layerw.frame.overlay import Overlay
from layerw.frame.quality import Quality
from layerw.frame.report import HasStateHash, ledger_figures, memory_figures, pass_figures, table_hash
from layerw.frame.resources import Resources
from layerw.frame.rows import RowColumns
from layerw.frame.shown import Shown
from layerw.frame.stillness import Stillness
from layerw.frame.subsystems import Met, SubsystemPort, Subsystems
from layerw.frame.sun_shadows import SunShadows
from layerw.frame.targets import RenderTargets
from layerw.frame.view import ViewWriter, ambient_flags, sprite_flags, view_flags
from layerw.frame.views import VIEWS_MAX, View
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.gen import events as ev
from layerw.gpu.passes import SEEN_LISTS, TIMERS, flag
from layerw.gpu.spec import RESOURCE_KINDS
from layerw.gpu.store import Store
from layerw.gpu.submission import Submission
from layerw.gpu.target_bytes import SizedView
from layerw.gpu.upload_pace import UploadPace
from layerw.input.state import Input
from layerw.memory.app_memory import AppMemory
from layerw.memory.backups import Backups
from layerw.memory.ledger import HardLedger
from layerw.messages.page import Page
from layerw.pointing.pointer import Pointer
from layerw.scene.camera import Camera, CameraFrame
from layerw.scene.component_events import ComponentEvents
from layerw.scene.environment import Environment
from layerw.scene.table import FrameColumns, Table
from layerw.surface.surface import Surface
from layerw.transfer.transfers import FrameTransfers
from layerw.visibility.cull import Visibility
from layerw.visibility.draws import VisibleSet

if TYPE_CHECKING:
    from layerw.animation.animator import Animator
    from layerw.animation.rates import Eyes
    from layerw.drawing.drawings import Drawings
    from layerw.effects.effects import Effects
    from layerw.frame.probes import Probes
    from layerw.saves.kept import Kept
    from layerw.scene.surroundings import Environment as Around
    from layerw.ui.immediate import DebugUi

LEVEL_FADE_S = 0.25  # in which a level of a world takes the place of another


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
        self.failures = Failures(self.log.exception)
        self.user = UserCode(self.failures, self.log)
        self.submission = Submission(host)
        self.transfers = FrameTransfers(self.submission.encoder, self.submission)
        self.transfers.limit(config.network, config.lanes)
        self.layer = AppMemory(host, budgets, self.layer_ledger, self.log)
        self.backups = Backups(self.layer_ledger, self.transfers.release, self.layer.for_meshes)
        self.store = Store(self.submission, self.gpu_ledger, self.heap_ledger,
                           UploadPace(budgets.upload_ms, budgets.upload_bytes_per_frame), self.backups)  # fmt: skip
        self.table = Table(entities_max, self.heap_ledger.reserve)
        self.user.before_step = weakly(self._remember)
        self.visibility = Visibility(self.table)
        self.resources = Resources(self.store, self.visibility, self.table, self.log)
        self.table.ignores_alpha = weakly(self.resources.looks.ignores_alpha)
        self.view = View(Camera())
        self.view._is_main = True
        self.more_views = MoreViews(self.resources, self.log)
        self.environment, self._air = Environment(), Air()
        self.quality = Quality(options.get("quality"))
        self.lights = FrameLights(self.table, self.store, self.heap_ledger, self.log)
        self.shadows = SunShadows(self.table, self.log)
        self._still_scene: object = None
        self.targets = RenderTargets(self.resources, self.submission, self.log, weakly(self._sized_views),
                                     (options.get("width") or 1, options.get("height") or 1),
                                     weakly(self._atlas_size))  # fmt: skip
        self.overlay = Overlay(self.submission, self.targets)
        self.pass_times: dict[str, float] = {}  # of a recent frame, by timer, GPU milliseconds
        self.input = Input()
        self.page = Page(self.user.call, self.log.warning)
        self.spawner = Spawner(self.table, self.resources)
        self.opening = Opening(config, self.transfers, self.store, self.backups, (self.layer_ledger, self.gpu_ledger),
                               self.table, self.visibility, self.user, weakly(self._now), weakly(self._turn),
                               weakly(self._animations),
                               weakly(self._picture_size), weakly(self._make_splats),
                               fade_s=LEVEL_FADE_S if options.get("clock") == "real" else 0.0)  # fmt: skip
        feeds = Feeds(self.store, self.submission, self.resources.looks, self.log, has_page=host.name == "browser")
        pictures = Pictures(self.opening, self.resources.looks, feeds, self.log, self.failures)
        self.contents = Contents(self.table, SeaSurface(self.resources), pictures, self.log, self.failures)
        self.surface = Surface(self.resources, self.submission, self.log, self.user,
                               (self.heap_ledger, self.layer_ledger), self.layer.for_program)  # fmt: skip
        self.pointer = Pointer(self.table, self.resources, self.visibility, self.heap_ledger, self.input, self.view,
                               weakly(self.frame_camera), weakly(self.contents.drawn_parts), self.submission, self.user)
        self.component_events = ComponentEvents(self.table, self.user.call)
        self.scenes = Scenes(self.user, self.table)
        self.page._own = self.scenes.own
        self.subsystems = Subsystems(weakly(self._subsystem_port), self.failures)
        self.page._take_own, self.user.after_step = self.subsystems.receive, weakly(self._fixed_step)
        self.states: dict[str, HasStateHash] = {}
        self.kept: Kept | None = None  # what a program keeps over restarts, once it does
        self.frame_number, self.time_s, self._dt_s = 0, 0.0, 0.0
        self._turns = 0  # frames, and times that something went on between them
        self.pointer_lock, self._pointer_lock_sent = config.pointer_lock, False
        self._stillness = Stillness(self.submission, self.store)
        self._rows = RowColumns(self.table, self.resources, self.submission, self.log)
        self._view = ViewWriter(FrameBlock())
        self.shown = Shown(self.view.camera.frame(*self.targets.size), self.table.update())
        self._report_flags: int | None = None
        self._received = (0, 0)  # bytes of events, and bytes that they need
        self._others: list[OneMore] = []  # the views beside the main one that this frame draws
        self._sent: tuple[U32 | None, U32 | None] = (None, None)  # still and visible rows that the GPU has
        self._drawings: Drawings | None = None
        self._effects: Effects | None = None
        self._probes: Probes | None = None
        self._effects_s = 0.0  # the program's time that effects have seen
        self._animator: Animator | None = None
        self._program_s = self._animated_s = 0.0  # the program's time after it ran, and that of what it saw move
        self.inbox = Inbox(self.submission)

    def _picture_size(self) -> tuple[int, int]:
        return self.targets.size

    def show_environment(self, wanted: Around | None) -> None:
        """What app.environment is set to; a program that sets none imports nothing of it."""
        if self.contents.around is None:
            from layerw.content.surroundings import Showing

            self.contents.around = Showing(self.transfers, self.layer_ledger, self.heap_ledger, self.store,
                                           self.environment, self.user, self.log)  # fmt: skip
        self.contents.around.show(wanted)

    def _make_splats(self, parts: SplatParts, values: Callable[[str], F32]) -> MadeSplats:
        from layerw.splats.clouds import Clouds

        return self.subsystems.get("splats", Clouds).take(parts, values)

    def _shown_tiles(self) -> TileDraw:
        return self.shown.tiles

    def _now(self) -> tuple[int, float]:
        """The frame's number and time, seconds."""
        return self.frame_number, self.time_s

    def _turn(self) -> int:
        return self._turns

    def _subsystem_port(self, send: Callable[[object], None]) -> SubsystemPort:
        return SubsystemPort(
            host=self.host, config=self.config, table=self.table, resources=self.resources, visibility=self.visibility,
            environment=self.environment, input=self.input, user=self.user, log=self.log, failures=self.failures,
            heap_ledger=self.heap_ledger, layer_ledger=self.layer_ledger, layer=self.layer, transfers=self.transfers,
            camera=weakly(self._shown_camera), program_s=weakly(self._program_time), now_s=weakly(self._time),
            dt_s=weakly(self._frame_time), placed=weakly(self._placed), nearest=weakly(self._met),
            own=self.scenes.own, tiles=weakly(self._shown_tiles), draw=weakly(self._draw_lines), overlay=self.overlay,
            send=send)

    def _shown_camera(self) -> CameraFrame:
        return self.shown.camera

    def _draw_lines(self, segments: F32, color: str) -> None:
        self.drawings.debug._add(segments, color, 1.5, 0.0)

    def _time(self) -> float:
        return self.time_s

    def _program_time(self) -> float:
        return self.program_s

    def _frame_time(self) -> float:
        return self._dt_s

    def _met(self, ray: CheckedRay) -> Met | None:
        return self.pointer.picker.nearest(ray)

    def _placed(self) -> FrameColumns:
        return self.shown.columns

    def _fixed_step(self, dt: float) -> bool:
        ran = self.subsystems.run("fixed", dt)
        self.subsystems.run("stepped", dt)
        return ran

    @property
    def program_s(self) -> float:
        """The program's time, which wind and water go by."""
        return self.time_s - self.user.clock.behind_s

    def _animations(self) -> Animator:
        """What moves models; a program without any that move imports nothing of it."""
        if self._animator is None:
            from layerw.animation.animator import Animator

            self._animator = Animator(self.table, self.resources, self.log, self.failures, weakly(self._eyes))
        return self._animator

    def _eyes(self) -> Eyes:
        from layerw.animation.rates import Eyes

        others = [one.camera for one in self._others if one.camera is not None]
        return Eyes([self.shown.camera, *others], self.shown.columns, self.table.radius)

    def _animate(self) -> None:
        if self._animator is not None:
            self._animator.step(max(self._program_s - self._animated_s, 0.0))
        self._animated_s = self._program_s

    @property
    def drawings(self) -> Drawings:
        """Points and lines; a program without them imports nothing of it."""
        if self._drawings is None:
            from layerw.drawing.drawings import Drawings

            self._drawings = Drawings(self.table, self.store, self.visibility, self.log, lambda: self.time_s,
                                      self.resources.texture, weakly(self._debug_ui))  # fmt: skip
        return self._drawings

    def _debug_ui(self) -> DebugUi:
        from layerw.ui.immediate import DebugUi
        from layerw.ui.ui import Ui

        return self.subsystems.get("debug_ui", lambda port: DebugUi(self.subsystems.get("ui", Ui)))

    @property
    def effects(self) -> Effects:
        """Decals and particles; a program without them imports nothing of it."""
        if self._effects is None:
            from layerw.effects.effects import Effects

            self._effects = Effects(self.table, self.resources, self.visibility, self.view, self.environment, self.log,
                                    self.program_s)  # fmt: skip
        return self._effects

    @property
    def probes(self) -> Probes:
        """Light probes and reflection probes; a program without them imports nothing of it."""
        if self._probes is None:
            from layerw.frame.probes import Probes

            self._probes = Probes(self.resources, self.submission, self.log)
        return self._probes

    def report(self, *, state_hash: bool = False) -> dict[str, Any]:
        """What the engine holds right now, and against which budgets."""
        self.resources.sweep()
        table = self.table
        found: dict[str, Any] = {
            "frame": self.frame_number, "title": self.config.title, "overlay": self.config.overlay,
            "entities": table.alive_count, "seen": len(self.shown.seen_rows), "tiles": self.contents.counts(),
            "quality": self.quality.tier.name, "lights": self.lights.figures(), "backup_bytes": self.backups.size_bytes,
            **ledger_figures(self.heap_ledger, self.layer_ledger, self.gpu_ledger, self.store.committed),
            "settled": self.contents.settled and not self.store.spreads,
            "waits_in_vain": self.contents.waits_in_vain,
            "transfers": self.transfers.live_count, "lost": self.store.lost_count,
            "rows_uploaded": self.submission.rows_uploaded, "command_words": self.submission.words_submitted,
            "passes": pass_figures([self._air.all_flags(), *self._views_flags()], self.pass_times),
            "errors": list(self.log.errors), "models": self.contents.about_models(), "ended": self.user.ended,
            "dropped_s": self.user.clock.dropped_s, **self.subsystems.report(),
        }  # fmt: skip
        if self.layer.memory is not None:
            found["memory"] = memory_figures(self.layer.memory)
        if state_hash:
            found["state_hash"] = table_hash(table)
            found["states"] = {name: thing.state_hash() for name, thing in self.states.items()}
        return found

    def close(self) -> None:
        """Frees everything that the program made; the next frames draw only the sky."""
        self.environment.sea.level = None
        for what, part in (("The program", self.user.clear), ("The subsystems", self.subsystems.close),
                           ("The scene", self.scenes.clear),
                           ("The page", self.page._close), ("Component events", self.component_events.clear),
                           ("Views", self.more_views.close),
                           ("What is loaded", self.contents.close), ("Pictures and panels", self.surface.close),
                           ("Picking", self.pointer.close), ("Points and lines", self._end_drawings),
                           ("The entities", self.table.despawn_all), ("Effects", self._end_effects),
                           ("Meshes and materials", self.resources.close),
                           ("The buffers", self.store.trim)):  # fmt: skip
            with self.failures.alone(what):
                part()

    def _end_effects(self) -> None:
        if self._effects is not None:
            self._effects.close()

    def _end_drawings(self) -> None:
        if self._drawings is not None:
            self._drawings.close()

    # -- the frame -----------------------------------------------------------------------------

    def frame_step(self, time_s: float, dt_s: float, inbox_bytes: int, inbox_needed_bytes: int, *,
                   seen: bool = True) -> None:  # fmt: skip
        """Called by the host once a frame; submits exactly once. Where a stage fails, its last good result is drawn.
        seen: whether there is a picture; else what was made is submitted, if anything was."""
        self._turns += 1
        if dt_s < 0.0:
            return self._go_on(inbox_bytes, inbox_needed_bytes)
        self.time_s, self._dt_s = time_s, dt_s
        self._received = inbox_bytes, inbox_needed_bytes
        for what, stage in STAGES if seen else UNSEEN:
            try:
                stage(self)
            except Exception as error:
                self.failures.tell(error, what)
        self.frame_number += 1
        if seen:
            self.submission.end(self.host)
        else:
            self.submission.flush(self.host)

    def _go_on(self, inbox_bytes: int, inbox_needed_bytes: int) -> None:
        """Between frames: worlds and models take in what ended, and ask for what comes next. No code of the program
        runs."""
        for event in self.inbox.take(inbox_bytes, inbox_needed_bytes):
            with self.failures.alone(f"The event {type(event).__name__}"):
                self._take(event)
        self.contents.go_on(self.shown.camera)
        self.submission.flush(self.host)

    def _begin_accounts(self) -> None:
        self.store.pace.frame_s = self._dt_s
        for begin in (self.store.begin_frame, self.backups.begin_frame, self.resources.sweep):
            begin()

    def _fit_targets(self) -> None:
        self.environment._has_glass = self.store.has_glass
        self.shadows.choose(self.quality.tier.name, self.gpu_ledger.budget_bytes)
        self.view._set_tier(self.quality.tier.scale)
        self.targets.step((self._standing_flags(), self._atlas_size(), self.view._revision, self.more_views.key()))
        self._rows.claim()

    def _run_program(self) -> None:
        self.subsystems.run("before")
        passed = self.user.run_frames(self._dt_s, self.time_s)
        self._program_s = self.program_s
        self.subsystems.run("after", passed)
        self.table.components.end_frame()

    def _sized_views(self, picture: tuple[int, int]) -> dict[int, SizedView]:
        return self.more_views.sized(self.view, picture, self._standing_flags())

    def _standing_flags(self) -> int:
        """What all views are drawn with. Shadows count also at night: the sun will rise."""
        shadows = flag("shadows") if self.environment.shadows.enabled else 0
        return shadows | ambient_flags(self.environment, self.quality.tier) | sprite_flags(self.environment)

    def _atlas_size(self) -> tuple[int, int]:
        return self.shadows.atlas_size(self.environment)

    def _flags(self, view: View) -> int:
        """The passes that a view needs now: gpu.passes.VIEW_FLAGS."""
        own = view_flags(self.environment, view, self.quality.tier)
        if not self.shadows.is_active:  # the sun throws none
            own &= ~flag("shafts")
        return own | (flag("shadows") if self.shadows.is_used else 0)

    def _views_flags(self) -> list[int]:
        views = (self.view, *(one.view for one in self.more_views))
        return [*(self._flags(view) for view in views), *self.overlay.flags()]

    def _receive(self) -> None:
        """Events since the last frame, in order."""
        events = self.inbox.take(*self._received)
        if not events:
            return
        with self.failures.alone("The input"):
            self.input._apply(self.subsystems.left(events))
        if any(isinstance(event, ev.DeviceRestored) for event in events):
            self._restore()  # before any callback makes something on the new device
        for event in events:
            with self.failures.alone(f"The event {type(event).__name__}"):
                self._take(event)
        for text in self.transfers.take_errors():
            self.log.exception(text)
        taken = {TIMERS[event.timer]: event.gpu_ms for event in events if isinstance(event, ev.PassTime)}
        if taken:
            self.pass_times.update(taken)
            drawn = pass_figures(self._views_flags(), self.pass_times)
            self.quality.measured((one["gpu_ms"] or 0.0 for one in drawn), self.time_s)

    def _take(self, event: ev.Event) -> None:
        """One event."""
        match event:
            case ev.TransferDone():
                self.transfers.dispatch_done(TransferDone(*event))
            case ev.TransferFailed():
                self.transfers.dispatch_failed(TransferFailed(*event))
            case ev.Online():
                self.contents.online()
            case ev.UploadTime():
                self.store.pace.learn(event.size_bytes, event.taken_ms)
            case ev.Resize():
                self.targets.resize(event.width, event.height, event.pixel_ratio)
            case ev.DeviceLost():
                self.log.warning(f"The GPU device was lost: {event.reason}")
            case ev.ResourceFailed():
                kind, refused = RESOURCE_KINDS[event.kind], self.resources.looks.refused
                text = f"The {kind} {event.resource:#x} could not be made: {event.message}"
                self.log.error(refused(event.resource, event.message) if kind == "shader" else text)
            case ev.ReadbackDone() | ev.ReadbackSaved() | ev.ReadbackFailed():
                self.surface.receive(event)
            case ev.Picked() | ev.PickFailed():
                self.pointer.receive(event)
            case ev.FeedPicture() | ev.FeedTrouble():
                self.contents.pictures.feeds.receive(event)
            case ev.PageMessage():
                self.page._receive(event.payload)
            case ev.ReportRequest():
                self._report_flags = event.flags

    def _restore(self) -> None:
        """The device is back and empty: everything is made again. What is in the commands of this frame already was for
        the lost one."""
        self.submission.encoder.device_begin()
        self.targets.device_lost()
        lost = self.store.restore()
        self.contents.device_lost(self.store.is_lost)
        self._rows.device_lost()
        self._sent = None, None
        self.overlay.device_lost()
        self.lights.device_lost()
        self.shadows.device_lost()
        self._air.device_lost()
        if self._probes is not None:
            self._probes.device_lost()
        if self._animator is not None:
            self._animator.device_lost()
        self.log.info(f"The GPU device is back; {lost} resources are loaded again, {len(self.backups)} came from "
                      f"backups.")  # fmt: skip

    def _take_tiles(self) -> None:
        self.shown.tiles = self.contents.tiles(self.shown.camera, self.environment)

    def _remember(self) -> None:
        if self.table.interpolation is not None:
            self.table.interpolation.remember()

    def _show_between(self) -> None:
        if self.table.interpolation is not None:
            self.table.interpolation.show(self.user.clock.step_share)

    def _put_back(self) -> None:
        if self.table.interpolation is not None:
            self.table.interpolation.put_back()

    def _place(self) -> None:
        self.shown.columns = self.table.update()
        self.subsystems.run("placed")

    def _move_effects(self) -> None:
        passed = self.program_s - self._effects_s
        self._effects_s += passed
        weather = self.environment.weather
        if self._effects is not None or weather.rain > 0 or weather.snow > 0:
            self.effects.move(self.shown.columns, passed, self.targets.paid_flags(0))

    def _write_view(self) -> None:
        self._view.write(self.shown.camera, self.environment, self.program_s, view=self.view, dt_s=self._dt_s,
                         sheared=self.table.sheared, paid=self.targets.paid_flags(0),
                         pixel_ratio=self.targets.pixel_ratio, tier=self.quality.tier,
                         drawn=self.targets.drawn(0, self.shown.camera.viewport))  # fmt: skip

    def _see_others(self) -> None:
        self._others = [one for one in self.more_views if self._see(one)]
        others = [(one.view, one.camera) for one in self._others if one.camera is not None and not one.texture]
        self.pointer.see([(self.view, self.shown.camera), *others], self.targets.size, self._look)

    def _see_main(self) -> None:
        boxes = self.shadows.see(0, self.shown.camera, self._view.block)
        if self._probes is not None:
            self._probes.see_main(self.shown.camera, self._view.block)
        self.shown.found = self._visible(self.view, self.shown.camera, self.shown.tiles, boxes, places_tiles=True)

    def _fit_draws(self) -> None:
        self.shown.drawn = self.shown.found
        self.shown.drawn = self._rows.fitting(self.shown.found)

    def _encode_draws(self) -> None:
        """The visible rows where they differ from the last frame's, then every view: into textures first."""
        others, pixels = self._others, self.pointer.pixels
        faces = self._probes.seen if self._probes is not None else []
        fitting = [self._rows.fitting(one.found) for one in (*others, *pixels, *faces) if one.found is not None]
        rows, sets = joined([*fitting, self.shown.drawn])
        rows = self.overlay.rows(rows, self._rows.capacity)
        if sets[-1].still is not self._sent[0]:
            self.submission.still(sets[-1].still)
        if rows is not self._sent[1]:
            self.submission.visible(rows)
        self._sent = sets[-1].still, rows
        for one, found in zip(others, sets, strict=False):
            if one.texture:
                self._encode_view(one.index, one.texture, one.view, one.writer, found)
        if self._probes is not None and faces:
            self._probes.encode(sets[len(others) + len(pixels) : -1], self._begin_probe_view,
                                flag("shadows") if self.shadows.is_used else 0)  # fmt: skip
        self._encode_view(0, 0, self.view, self._view, sets[-1])
        for one, found in zip(others, sets, strict=False):
            if not one.texture:
                self._encode_view(one.index, 0, one.view, one.writer, found)
        self.overlay.encode(self.more_views.spare_index())
        self.pointer.encode(sets[len(others) : len(others) + len(pixels)])
        if self._probes is not None:
            self._probes.submitted()

    def _begin_shadows(self) -> None:
        scene = self.shown.tiles.mesh.tobytes(), self.visibility.still_key
        self.shadows.begin(self.environment, self.targets.atlas, self.shown.camera.position, scene)
        moved = self.table.moved() or scene != self._still_scene
        self._still_scene = scene
        self.shadows.see_roofs(self.environment, self.shown.camera.position, moved=moved)
        self.shadows.see_lamps(self.lights.table, self.shown)

    def _place_probes(self) -> None:
        if self._probes is not None and self._probes.place():
            self._air.device_lost()

    def _look_around(self) -> None:
        if self._probes is not None:
            self._probes.step(self.environment, self._look_from_probe)

    def _look_from_probe(self, one: OneMore, camera: CameraFrame, is_first: bool) -> None:
        boxes = self.shadows.see_around(one.index, camera, one.writer.block, draws=is_first)
        self._look(one, camera, boxes)
        self.lights.see(one.index, camera, one.writer.block)
        if self._probes is not None:
            self._probes.see(camera, one.writer.block, is_face=True)

    def _begin_probe_view(self, one: OneMore, found: VisibleSet) -> None:
        self.lights.encode(one.index, self.submission)
        self.shadows.encode(one.index, self.submission, found)

    def _visible(self, view: View, camera: CameraFrame, tiles: TileDraw, casters: tuple[F64, ...], *,
                 places_tiles: bool) -> VisibleSet:  # fmt: skip
        columns = self.shown.columns
        found = self.visibility.frame(
            camera.position, camera.planes, columns.position, columns.rotation, columns.scale, tiles=tiles,
            tile_row=self.contents.first_row, casters=casters,
            kept=self.shadows.kept_box if places_tiles else (),
            scale_changed=self.table.scale_changed(), shear=columns.shear if self.table.sheared else None,
            places_tiles=places_tiles, moved=self.table.moved(),
            hidden=self.contents.hidden(camera) if places_tiles else None,
            behind=self.contents.behind(camera) if places_tiles else None)
        return view._without_other_layers(found, self.table)

    def _see(self, one: OneMore) -> bool:
        """Uniforms and draws of a view beside the main one; returns whether there is something to draw."""
        with self.failures.alone(f"View {one.index}"):
            camera = one.view._frame(self.targets.size)
            self._look(one, camera)
            self.lights.see(one.index, camera, one.writer.block)
            self.more_views.tell_own_texture(one)
        return one.found is not None and self.targets.is_paid(one.index)

    def _look(self, one: OneMore, camera: CameraFrame, boxes: tuple[F64, ...] = ()) -> None:
        """boxes: of what casts shadows in a view that has no cascades of its own."""
        one.camera = camera
        one.writer.write(camera, self.environment, self.program_s, view=one.view, dt_s=self._dt_s,
                         sheared=self.table.sheared, tiles_from=self.shown.camera.position,
                         paid=self.targets.paid_flags(one.index),
                         pixel_ratio=1.0 if one.texture else self.targets.pixel_ratio,
                         tier=self.quality.tier, drawn=self.targets.drawn(one.index, camera.viewport))  # fmt: skip
        if one.index < VIEWS_MAX:
            boxes = self.shadows.see(one.index, camera, one.writer.block)
            if self._probes is not None:
                self._probes.see(camera, one.writer.block)
        one.kept(self._visible(one.view, camera, self.shown.tiles, boxes, places_tiles=False))

    def _encode_view(self, index: int, texture: int, view: View, writer: ViewWriter, found: VisibleSet) -> None:
        paid = self.targets.paid_flags(index)
        flags = self._flags(view) & paid | paid & (flag("single") | flag("upscaled")) | self._air.flags()
        if self._probes is not None and index == 0:
            flags |= self._probes.main_flags()
        area = view._area_px(self.targets.size)
        self.submission.view(index, texture, area, flags, writer.block.array, drawn=self.targets.drawn(index, area[2:]))
        is_lit_anew = self.lights.encode(index, self.submission)
        if flags & flag("temporal"):
            is_lit_anew |= self._probes is not None and self._probes.is_busy
            writer.rest(self._stillness.of(index, found) and not is_lit_anew)
        if view.lut is not None:
            with self.failures.alone("The colour grade"):
                self.submission.encoder.view_lut(self.resources.texture(view.lut))
        if self.environment._surroundings is not None:
            self.submission.encoder.view_panorama(self.environment._surroundings.texture)
        self.shadows.encode(index, self.submission, found)
        for name in SEEN_LISTS:
            self.submission.draws(name, getattr(found, name))
        view._submitted(flags)

    def frame_camera(self) -> CameraFrame:
        """This frame's camera; the last one where the program set impossible values."""
        try:
            self.shown.camera = self.view._frame(self.targets.size)
        except Exception as error:
            self.user.show_exception(error)
        return self.shown.camera

    def _send_report(self) -> None:
        if self._report_flags is not None:
            flags, self._report_flags = self._report_flags, None
            self.submission.report(json.dumps(self.report(state_hash=bool(flags & 1))))

    def _end_input(self) -> None:
        self.input._end_frame()
        if self.pointer_lock != self._pointer_lock_sent:
            self._pointer_lock_sent = bool(self.pointer_lock)
            self.submission.encoder.input_mode(int(self._pointer_lock_sent))

    def _send_messages(self) -> None:
        for message in (*self.page._take(), *self.subsystems.take_messages()):
            self.submission.message(message)
        self.submission.log(self.log.take())


# The frame: what each stage is called where it fails, and what runs it.
STAGES: tuple[tuple[str, Callable[[Engine], object]], ...] = (
    ("The frame's accounts", Engine._begin_accounts),
    ("The events", Engine._receive),
    ("The render targets", Engine._fit_targets),
    ("The screenshots", lambda engine: engine.surface.claim_room()),
    ("The components' events", lambda engine: engine.component_events.step()),
    ("The animation", Engine._animate),
    ("The program", Engine._run_program),
    ("The camera", lambda engine: engine.frame_camera()),
    ("Loading", lambda engine: engine.contents.step(engine.shown.camera, engine.time_s)),
    ("Points and lines", lambda engine: engine._drawings.step() if engine._drawings else None),
    ("Effects", lambda engine: engine._effects.step(engine.program_s) if engine._effects else None),
    ("The materials", lambda engine: engine.resources.flush()),
    ("The tiles", Engine._take_tiles),
    ("Loading", lambda engine: engine.store.spread()),
    ("The steps", Engine._show_between),
    ("The poses", lambda engine: engine._animator.place() if engine._animator else None),
    ("The hierarchy", Engine._place),
    ("Particles", Engine._move_effects),
    ("The view", Engine._write_view),
    ("The probes", Engine._place_probes),
    ("The air", lambda engine: engine._air.see(engine._view.block)),
    ("The lights", lambda engine: engine.lights.begin(engine.shown.columns)),
    ("The shadows", Engine._begin_shadows),
    ("The lights", lambda engine: engine.lights.see(0, engine.shown.camera, engine._view.block)),
    ("The other views", Engine._see_others),
    ("The probes", Engine._look_around),
    ("The visibility", Engine._see_main),
    ("The frame's head", lambda engine: engine._stillness.begin()),
    ("The frame's head", lambda engine: engine.submission.begin(engine.frame_number)),
    ("The poses' upload", lambda engine: engine._animator.upload(engine.submission) if engine._animator else None),
    ("The rows", lambda engine: engine._rows.upload(engine.shown.columns)),
    ("The draws", Engine._fit_draws),
    ("The draws", Engine._encode_draws),
    ("The steps", Engine._put_back),
    ("The screenshots", lambda engine: engine.surface.take_screenshots(engine.targets.size)),
    ("The report", Engine._send_report),
    ("The panels", lambda engine: engine.surface.show_panels()),
    ("The input", Engine._end_input),
    ("The messages", Engine._send_messages),
)
# Those that only make the picture: what they would have seen of a frame, the next one that is drawn sees.
PICTURE = frozenset((
    "The render targets", "The view", "The probes", "The air", "The lights", "The shadows", "The other views",
    "The visibility", "The frame's head", "The poses' upload", "The rows", "The draws", "The screenshots",
    "The panels"))
UNSEEN = tuple(row for row in STAGES if row[0] not in PICTURE)
