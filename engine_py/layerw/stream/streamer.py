"""A streamed world: opens a tileset and, once a frame, decides what to draw, load, cancel and evict.

Owns: the order of a step and the root file. Wires tree, selection, residency and loads, each of which does its
part in its own file. Does not draw. Limits: work a frame is bounded by the lanes and by the visited tiles; with
an unchanged camera and nothing in flight a step does nearly nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.base.errors import ConfigError
from layerw.base.ports import F64, Content, ContentLoader, Ledger, TileDraw, Transfers
from layerw.stream import geo
from layerw.stream.bounds import shape_of
from layerw.stream.config import StreamCamera, StreamConfig
from layerw.stream.errors import TilesetError
from layerw.stream.files import FileFetch
from layerw.stream.ground import Ground, check_ground
from layerw.stream.implicit import parse_subtree
from layerw.stream.loads import Loads
from layerw.stream.residency import ABSENT, FAILED, GPU, Residency
from layerw.stream.select import Memo, Selection, select
from layerw.stream.tileset import Tileset, parse_tileset
from layerw.stream.tree import SUBTREE, TileTree, resolve

_ROOT_PRIORITY = 3.0e6
_SETTLE_ATTEMPTS = 3  # a tile that failed so often does not keep `settled` waiting
_ERRORS_KEPT = 64


class Streamer:
    """One world. `url` names a tileset.json or the folder that holds one, relative to the user's program.

    state: "loading", "ready" (the tileset is read), "failed" (see `error`) or "released".
    """

    def __init__(self, url: str, *, transfers: Transfers, loader: ContentLoader, layer_ledger: Ledger,
                 gpu_ledger: Ledger, config: StreamConfig | None = None) -> None:
        self.url = url if url.split("?", 1)[0].endswith(".json") else url.rstrip("/") + "/tileset.json"
        self.config = config or StreamConfig()
        self.state, self.error = "loading", ""
        self.extras: dict[str, Any] = {}
        self.ground: Ground | None = None
        self.screen_error_px = self.config.screen_error_px  # what the budget allowed last
        self.origin: F64 = np.zeros(3)  # middle of the world
        self.radius = 0.0
        self.frame = 0
        self.tree = TileTree(geo.WORLD_FROM_TILESET)
        self.residency = Residency(self.tree, gpu_ledger, self.config)
        self._transfers, self._loader, self._layer_ledger = transfers, loader, layer_ledger
        self._loads = Loads(self.tree, self.residency, self.config, loader=loader, transfers=transfers,
                            layer_ledger=layer_ledger, expand=self._expand, report=self._report)
        self._roots = np.zeros(0, np.int64)
        self._selection: Selection | None = None
        self._memo = Memo()
        self._key: tuple[object, ...] = ()
        self._errors: deque[str] = deque(maxlen=_ERRORS_KEPT)
        self._ground_file: FileFetch | None = None
        self._root_file: FileFetch | None = self._file(self.url)
        self._root_attempts, self._root_retry_s = 0, 0.0

    # -- what the app reads --------------------------------------------------------------------------
    def draw(self) -> TileDraw:
        """What to draw: the same object with the same arrays until `draw_revision` changes."""
        return self.residency.rows.draw

    @property
    def draw_revision(self) -> int:
        """Counts changes of `draw()`."""
        return self.residency.rows.revision

    def counts(self) -> dict[str, int]:
        """Tiles by where they are: resident (on the GPU), pending (wanted or on their way), failed."""
        states = self.tree.state[self._loads.missing]
        pending = int(np.count_nonzero(states < GPU)) + sum(
            1 for load in self._loads.loads.values() if load.unwanted_frames or load.priority < 2e6)
        failed = int(np.count_nonzero(self.tree.state[:self.tree.count] == FAILED))
        return {"resident": self.residency.resident_count, "pending": pending, "failed": failed}

    @property
    def settled(self) -> bool:
        """Whether nothing is wanted and not there, and nothing is in flight."""
        if self.state != "ready":
            return self.state != "loading"
        if self._loads.loads or self._selection is None or self._ground_file is not None:
            return False
        rows, tree = self._loads.missing, self.tree
        waiting = tree.state[rows] != FAILED
        waiting |= (tree.attempts[rows] < _SETTLE_ATTEMPTS) & np.isfinite(tree.retry_at_s[rows])
        return not waiting.any()

    @property
    def ground_pending(self) -> bool:
        """Whether the ground grid is still on its way (or the world itself is)."""
        return self.state == "loading" or self._ground_file is not None

    def take_errors(self) -> list[str]:
        """What went wrong since the last call, one sentence each (for the log and the page)."""
        errors = list(self._errors)
        self._errors.clear()
        return errors

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
        now_s = self.frame / 60.0 if time_s is None else time_s
        if self.state == "loading":
            self._open(now_s)
        if self.state != "ready":
            return
        if self._ground_file is not None:
            self._open_ground(self._ground_file)
        self._loads.step(now_s)
        self._select(camera)
        residency = self.residency
        residency.make_room(residency.available_bytes - residency.gpu_bytes, 0.0)  # others may wait for some
        self._loads.request(now_s)
        if self._selection is not None:
            self.residency.rows.show(self._selection.drawn)

    def _select(self, camera: StreamCamera) -> None:
        """Traverse again when the camera moved or anything that the selection depends on changed."""
        residency = self.residency
        budget = self.config.gpu_share * residency.available_bytes
        key = (camera.position.tobytes(), camera.planes.tobytes(), camera.focal_px, self.tree.revision,
               residency.revision, budget // 4096)
        if key == self._key:
            return
        self._key = key
        chosen = select(self.tree, self._roots, camera, screen_error_px=self.config.screen_error_px,
                        keep_refined=self.config.keep_refined, estimates=residency.estimates, budget_bytes=budget,
                        memo=self._memo)
        self._selection, self.screen_error_px = chosen, chosen.screen_error_px
        residency.touch(chosen.wanted, chosen.culled)
        self.tree.last_frame[self._roots] = residency.serial
        self._loader.place(*residency.place(camera.position))
        self._loads.want(chosen.wanted, chosen.wanted_error_px, chosen.culled, chosen.culled_error_px, camera)

    # -- files ---------------------------------------------------------------------------------------
    def _file(self, url: str, size_bytes: int = 0) -> FileFetch:
        return FileFetch(url, transfers=self._transfers, ledger=self._layer_ledger, priority=_ROOT_PRIORITY,
                         bytes_max=self.config.metadata_bytes_max, size_bytes=size_bytes)

    def _open(self, now_s: float) -> None:
        file = self._root_file
        if file is None:
            if now_s >= self._root_retry_s:
                self._root_file = self._file(self.url)
            return
        file.step()
        if file.state == "ready":
            self._root_file = None
            try:
                self._open_tileset(parse_tileset(file.payload))
            except TilesetError as error:
                self._fail(f"The world {self.url} can't be opened: {error}")
        elif file.state == "failed":
            self._root_file = None
            self._root_attempts += 1
            self._root_retry_s = now_s + self.config.retry_first_s * 2.0**self._root_attempts
            if not file.retryable or self._root_attempts >= _SETTLE_ATTEMPTS:
                self._fail(f"The world {self.url} can't be opened: {file.error}")

    def _fail(self, error: str) -> None:
        self.state, self.error = "failed", error
        self._report(error)

    def _report(self, error: str) -> None:
        self._errors.append(error)

    def _open_tileset(self, tileset: Tileset) -> None:
        extras = tileset.extras.get("layerw")
        self.extras = extras if isinstance(extras, dict) else {}
        self.tree.place = self._place(tileset)
        root = self.tree.add_tileset(tileset, self.url)
        self._roots = np.array([root], np.int64)
        self.origin = self.tree.geo[root, :3].copy()
        self.radius = float(np.linalg.norm(self.tree.geo[root, 12:15]) + self.tree.geo[root, 15])
        self.state = "ready"
        ground = self.extras.get("ground")
        if isinstance(ground, dict):
            try:
                check_ground(ground)
                size = 2 * int(ground["samples"]) ** 2
                self._ground_file = self._file(resolve(self.url, ground["uri"]), size)
            except TilesetError as error:
                self._report(str(error))

    def _place(self, tileset: Tileset) -> F64:
        """Tileset axes (Z-up) -> world."""
        base = np.eye(4) if self.config.transform is None else np.asarray(self.config.transform, np.float64)
        if base.shape != (4, 4):
            raise ConfigError(f"The world's transform has the shape {base.shape}; (4, 4) is expected.")
        if self.config.place == "local":
            root = tileset.tiles[0]
            own = base @ root.transform if root.transform is not None else base
            center = shape_of(root.volume, own, base).center
            far = float(np.linalg.norm(center)) > geo.FAR_FROM_ORIGIN_M
            # A world with heights is where they say already.
            frame = geo.east_north_up(center) if far else _moved(center * ("ground" not in self.extras))
            base = geo.rigid_inverse(frame) @ base
        return geo.WORLD_FROM_TILESET @ base

    def _open_ground(self, file: FileFetch) -> None:
        file.step()
        if file.state == "ready":
            try:
                self.ground = Ground(self.extras["ground"], file.payload)
            except TilesetError as error:
                self._report(f"{file.url}: {error}")
        elif file.state == "failed":
            self._report(f"The ground grid {file.url} is missing: {file.error}")
        if file.state != "loading":
            self._ground_file = None

    def _expand(self, row: int, payload: bytes) -> None:
        """Add the rows of an external tileset or of a subtree file."""
        tree = self.tree
        if tree.kind[row] == SUBTREE:
            shared = tree.implicits[tree.implicit[row]]
            tree.add_subtree(row, parse_subtree(payload, shared.spec, len(shared.contents)))
        else:
            tree.add_tileset(parse_tileset(payload), tree.expansion_of(row), row)

    # -- ends ----------------------------------------------------------------------------------------
    def device_lost(self, is_lost: Callable[[Content], bool] = lambda _: True) -> None:
        """What is gone from the GPU is let go of and loaded again; the tree and its sizes stay."""
        self._loads.release(is_lost)
        self.residency.release(is_lost)
        self._key = ()
        self._selection = None

    def release(self) -> None:
        """Let go of everything, in any state, once or more."""
        self._loads.release()
        self.residency.release()
        for file in (self._root_file, self._ground_file):
            if file is not None:
                file.release()
        self._root_file = self._ground_file = None
        self.tree.state[:self.tree.count] = ABSENT
        self.state = "released"


def _moved(center: F64) -> F64:
    frame = np.eye(4)
    frame[:3, 3] = center
    return frame
