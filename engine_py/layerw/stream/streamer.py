"""A streamed world: opens a tileset and, once a frame, decides what to draw, load, cancel and evict.

Owns: the order of a step and the root file. Wires tree, selection, residency and loads, each of which does its
part in its own file. Does not draw. Limits: work a frame is bounded by the lanes and by the visited tiles; with
an unchanged camera and nothing in flight a step does nearly nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from layerw.base.errors import ConfigError
from layerw.base.healing import Failure
from layerw.base.ports import F64, Content, ContentLoader, Ledger, TileDraw, Transfers
from layerw.base.tile_style import TileStyle
from layerw.stream import geo
from layerw.stream.ahead import Ahead
from layerw.stream.bounds import shape_of
from layerw.stream.config import StreamCamera, StreamConfig
from layerw.stream.errors import DamagedFile, TilesetError
from layerw.stream.fades import Fades
from layerw.stream.files import FileFetch, NeededFile
from layerw.stream.ground import Ground, check_ground, file_bytes
from layerw.stream.loads import Loads
from layerw.stream.residency import Residency
from layerw.stream.retry import Messages, Pauses
from layerw.stream.select import Memo, Selection, foresee, select
from layerw.stream.tileset import Tileset, hash_in, parse_tileset
from layerw.stream.tree import TileTree, resolve

_ROOT_PRIORITY = 3.0e6
_GROUND_PRIORITY = 1.95e6  # behind what is visible, before what will be
_GROUND_PATIENCE_S = 8.0  # until it goes first: a camera that flies on always misses something


class Streamer:
    """One world. `url` names a tileset.json or the folder that holds one, relative to the user's program.

    state: "loading", "retrying" (tileset.json failed and is asked for again: see `error` and `retry_in_s`), "ready"
    (it is read), "failed" (it came whole and can't be used; it is looked at again now and then) or "released".
    """

    def __init__(self, url: str, *, transfers: Transfers, loader: ContentLoader, layer_ledger: Ledger,
                 gpu_ledger: Ledger, config: StreamConfig | None = None) -> None:
        self.url = url if url.split("?", 1)[0].endswith(".json") else url.rstrip("/") + "/tileset.json"
        self.config = config or StreamConfig()
        self.state, self.error = "loading", ""
        self._now_s = 0.0
        self.extras: dict[str, Any] = {}
        self.ground: Ground | None = None
        self.screen_error_px = self.config.screen_error_px  # what the budget allowed last
        self.origin: F64 = np.zeros(3)  # middle of the world
        self.radius = 0.0
        self.frame = 0
        self._transfers, self._loader = transfers, loader
        self._layer_ledger, self._gpu_ledger = layer_ledger, gpu_ledger
        self._messages, self._pauses = Messages(), Pauses(self.config.network, self.url)
        self._plant()
        self._ground_file: NeededFile | None = None
        self._ground_waits = False  # for what is seen
        self._ground_first_s = math.inf
        self._root_file: NeededFile | None = self._file("The world", self.url)

    def _plant(self) -> None:
        """An empty tree, and all that goes by its rows."""
        self.tree = TileTree(geo.WORLD_FROM_TILESET)
        self.residency = Residency(self.tree, self._gpu_ledger, self.config)
        self._loads = Loads(self.tree, self.residency, self.config, loader=self._loader, transfers=self._transfers,
                            layer_ledger=self._layer_ledger, pauses=self._pauses, messages=self._messages)
        self._fades = Fades(self.tree, self.config.fade_s)
        self._roots = np.zeros(0, np.int64)
        self._selection: Selection | None = None
        self._memo = Memo()
        self._ahead = Ahead(self.config.ahead_s)
        self._key: tuple[object, ...] = ()

    # -- what the app reads --------------------------------------------------------------------------
    def draw(self) -> TileDraw:
        """What to draw: the same object with the same arrays until `draw_revision` changes."""
        return self.residency.rows.draw

    @property
    def draw_revision(self) -> int:
        """Counts changes of `draw()`."""
        return self.residency.rows.revision

    def counts(self) -> dict[str, int]:
        """Tiles by where they are: resident (on the GPU), pending (wanted or on their way), failed (for now or for
        good)."""
        return {"resident": self.residency.resident_count, **self._loads.counts(self._now_s)}

    @property
    def settled(self) -> bool:
        """Whether no tile is wanted and not there, in flight or planned soon; see Loads.settled. The ground grid may
        still come: see `ground_pending`."""
        if self.state in ("failed", "released"):
            return True
        if self.state != "ready" or self._selection is None or self._fades.active:
            return False
        return self._loads.settled(self._now_s, shows=len(self._selection.drawn) > 0)

    @property
    def ground_pending(self) -> bool:
        """Whether the ground grid is still on its way (or the world itself is)."""
        return self.state in ("loading", "retrying") or self._ground_waits or self._ground_file is not None

    @property
    def is_missing(self) -> bool:
        """Whether there is no tileset.json, as its server says; a picture need not wait for it."""
        return self.state == "retrying" and self._root_file is not None and self._root_file.is_missing

    @property
    def retry_in_s(self) -> float:
        """Seconds until tileset.json or the ground grid is asked for again; 0 where nothing waits for that."""
        files = [file for file in (self._root_file, self._ground_file) if file is not None]
        return max((file.retry_at_s - self._now_s for file in files), default=0.0) if self.error else 0.0

    def take_errors(self) -> list[str]:
        """What went wrong since the last call, one sentence each (for the log and the page)."""
        return self._messages.take(self._now_s)

    def online(self) -> None:
        """The network is back: what waits for its next try is asked for at once."""
        for file in (self._root_file, self._ground_file):
            if file is not None:
                file.hurry()
        self._loads.hurry(self._now_s)

    def local_frame(self) -> F64:
        """4x4 float64: columns east, up, south and the position of the world's middle, for a camera there."""
        if float(np.linalg.norm(self.origin)) < geo.FAR_FROM_ORIGIN_M:
            frame = np.eye(4)
            frame[:3, 3] = self.origin
            return frame
        return geo.local_frame(self.origin)

    # -- once a frame --------------------------------------------------------------------------------
    def step(self, camera: StreamCamera, time_s: float | None = None) -> None:
        """Advance by one frame; before culling, after the transfers' callbacks. Never blocks."""
        self.frame += 1
        now_s = self._now_s = self.frame / 60.0 if time_s is None else time_s
        if self._root_file is not None:
            self._open(self._root_file, now_s)
        if self.state != "ready":
            return
        if self._ground_file is not None:
            self._step_ground(self._ground_file, now_s)
        self._loads.step(now_s)
        self._look_ahead(camera, now_s)
        self._select(camera)
        residency = self.residency
        residency.make_room(residency.available_bytes - residency.gpu_bytes, 0.0)  # others may wait for some
        self._loads.request(now_s)
        self._ask_for_ground(now_s)
        if self._selection is not None:
            self.residency.rows.show(*self._fades.step(self._selection.drawn, now_s))

    def go_on(self, camera: StreamCamera) -> None:
        """Between frames: takes in what came and asks for what is next. Nothing ages, and what is drawn stays."""
        now_s = self._now_s
        if self._root_file is not None:
            self._open(self._root_file, now_s)
        if self.state != "ready" or not self.frame:
            return
        if self._ground_file is not None:
            self._step_ground(self._ground_file, now_s)
        self._loads.take(now_s)
        if self._key[:4] != self._view_key(camera) or not self._loads.fetches_visible:
            self._select(camera)  # else what came changes nothing about what is asked for: the next frame looks again
        self._loads.start(now_s)
        self._ask_for_ground(now_s)

    def _view_key(self, camera: StreamCamera) -> tuple[object, ...]:
        """What a view asks for is the same while this is, but for budgets and for what failed."""
        return camera.position.tobytes(), camera.planes.tobytes(), camera.focal_px, self.tree.revision

    def _select(self, camera: StreamCamera) -> None:
        """Traverse again when the camera moved or anything that the selection depends on changed."""
        residency = self.residency
        budget = self.config.gpu_share * residency.available_bytes
        key = (*self._view_key(camera), residency.revision, budget // 4096)
        if key == self._key:
            return
        self._key = key
        chosen = select(self.tree, self._roots, camera, screen_error_px=self.config.screen_error_px,
                        keep_refined=self.config.keep_refined, skip=self.config.skip, estimates=residency.estimates,
                        budget_bytes=budget, memo=self._memo)
        self._selection, self.screen_error_px = chosen, chosen.screen_error_px
        for url, text in self.tree.faults:
            self._messages.tell(Failure.FINAL, url, text, self._now_s)
        self.tree.faults.clear()
        residency.touch(chosen.wanted, chosen.culled)
        if self._fades.active:
            self.tree.last_frame[self._fades.held()] = residency.serial
        self.tree.last_frame[self._roots] = residency.serial
        self._loader.place(*residency.place(camera.position))
        self._loads.want(chosen.wanted, chosen.wanted_error_px, chosen.culled, chosen.culled_error_px, camera)

    def _look_ahead(self, camera: StreamCamera, now_s: float) -> None:
        later = self._ahead.look(camera, now_s, self.radius) if self.config.prefetch else None
        if not self._ahead.moves:
            self._loads.expect_nothing()
        if later is not None:
            limit = self.config.ahead_error * self.screen_error_px
            self._loads.expect(*foresee(self.tree, self._roots, later, screen_error_px=limit,
                                          skip=self.config.skip, estimates=self.residency.estimates))

    # -- files ---------------------------------------------------------------------------------------
    def _file(self, name: str, url: str, size_bytes: int = 0, priority: float = _ROOT_PRIORITY) -> NeededFile:
        sha256 = hash_in(url)
        open_file = partial(FileFetch, url, transfers=self._transfers, ledger=self._layer_ledger, sha256=sha256,
                            priority=priority, bytes_max=self.config.metadata_bytes_max, size_bytes=size_bytes)
        return NeededFile(name, url, open_file, self._pauses, self._messages, hashed=bool(sha256))

    def _open(self, file: NeededFile, now_s: float) -> None:
        payload = file.step(now_s)
        if payload is not None:
            try:
                return self._open_tileset(parse_tileset(payload))
            except TilesetError as error:
                file.refuse(f"It can't be opened: {error}", Failure.WRONG, now_s)
                self.state, self.error = "retrying" if isinstance(error, DamagedFile) else "failed", file.error
        elif file.error and file.error != self.error:
            self.state, self.error = "retrying" if math.isfinite(file.retry_at_s) else "failed", file.error

    def _open_tileset(self, tileset: Tileset) -> None:
        extras = tileset.extras.get("layerw")
        self.extras = extras if isinstance(extras, dict) else {}
        self.tree.place = self._place(tileset)
        root = self.tree.add_tileset(tileset, self.url)
        self._roots = np.array([root], np.int64)
        self.origin = self.tree.geo[root, :3].copy()
        self.radius = float(np.linalg.norm(self.tree.geo[root, 12:15]) + self.tree.geo[root, 15])
        self.state, self.error, self._root_file = "ready", "", None
        ground = self.extras.get("ground")
        if isinstance(ground, dict):
            try:
                check_ground(ground)
                resolve(self.url, ground["uri"])
                self._ground_waits, self._ground_first_s = True, self._now_s + _GROUND_PATIENCE_S
            except TilesetError as error:
                self._messages.tell(Failure.FINAL, self.url, str(error), self._now_s)

    def _place(self, tileset: Tileset) -> F64:
        """Tileset axes (Z-up) -> world."""
        base = np.eye(4) if self.config.transform is None else np.asarray(self.config.transform, np.float64)
        if base.shape != (4, 4):
            raise ConfigError(f"The world's transform has the shape {base.shape}; (4, 4) is expected.")
        if self.config.place == "local":
            root = tileset.root
            own = base @ root.transform if root.transform is not None else base
            center = shape_of(root.volume, own, base).center
            far = float(np.linalg.norm(center)) > geo.FAR_FROM_ORIGIN_M
            # A world with heights is where they say already.
            frame = geo.east_north_up(center) if far else _moved(center * ("ground" not in self.extras))
            base = geo.rigid_inverse(frame) @ base
        return geo.WORLD_FROM_TILESET @ base

    def _ask_for_ground(self, now_s: float) -> None:
        """Once what is seen is here: on a slow line the grid would take its share."""
        if self._ground_waits and (now_s >= self._ground_first_s
                                   or (self._selection is not None and not self._loads.fetches_visible)):
            self._ground_waits, ground = False, self.extras["ground"]
            url = resolve(self.url, ground["uri"])
            self._ground_file = self._file("The ground grid", url, file_bytes(ground), _GROUND_PRIORITY)

    def _step_ground(self, file: NeededFile, now_s: float) -> None:
        if now_s >= self._ground_first_s:
            file.set_priority(_ROOT_PRIORITY)
        payload = file.step(now_s)
        if payload is not None:
            try:
                self.ground = Ground(self.extras["ground"], payload)
            except TilesetError as error:
                file.refuse(str(error), Failure.FINAL if hash_in(file.url) else Failure.WRONG, now_s)
        self.error = file.error if self.ground is None else ""
        if self.ground is not None or math.isinf(file.retry_at_s):
            self._ground_file = None

    def restyle(self, style: TileStyle | None) -> None:
        """Tiles take other colours: all are loaded again."""
        self._loads.style = style
        self.device_lost()

    # -- ends ----------------------------------------------------------------------------------------
    def device_lost(self, is_lost: Callable[[Content], bool] = lambda _: True) -> None:
        """What is gone from the GPU is let go of and loaded again; the tree and its sizes stay."""
        self._loads.release(is_lost)
        self.residency.release(is_lost)
        self._fades.clear()
        self._key = ()
        self._selection = None

    def release(self) -> None:
        """Let go of everything, in any state, once or more: what it held is freed now, without the collector."""
        self._loads.release()
        self.residency.release()
        for file in (self._root_file, self._ground_file):
            if file is not None:
                file.release()
        self._root_file = self._ground_file = self.ground = None
        self._ground_waits = False
        self._plant()
        self.state = "released"


def _moved(center: F64) -> F64:
    frame = np.eye(4)
    frame[:3, 3] = center
    return frame
