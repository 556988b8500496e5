"""Contents on their way: lanes, priorities, cancelling, retries, and uploads that don't fit.

Owns: what is in flight. Told by the streamer which rows are wanted; tells residency what arrived or failed.
Limits: `loads_per_lane` loads a lane at a time (who fetches keeps to the lanes and takes the best first), as many
again that wait for their upload; rows that hold a file (an external tileset, a subtree) count alike. While as many rows
failed as there are lanes and none came, one is tried at a time.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.healing import Failure
from layerw.base.ports import F64, Content, ContentLoader, Flags, Ledger, Transfers
from layerw.base.tile_style import TileStyle
from layerw.stream.config import StreamCamera, StreamConfig
from layerw.stream.errors import TilesetError
from layerw.stream.expansion import expand, more_files
from layerw.stream.files import FileFetch, fetch_flags
from layerw.stream.residency import ABSENT, FAILED, FETCHING, GPU, HEAP, QUEUED, Residency
from layerw.stream.retry import Messages, Pauses
from layerw.stream.tree import MODEL, TileTree

I64 = npt.NDArray[np.int64]
VISIBLE, PREFETCH, RECENT = 2, 1, 0  # classes of priority, each above all of the next
_CLASS_STEP = 1.0e6
_UPLOAD_PATIENCE_FRAMES = 4
_NO_ROWS: I64 = np.zeros(0, np.int64)


class Load:
    """One row in flight."""

    __slots__ = ("contents", "is_file", "mark", "priority", "row", "unwanted_frames")

    def __init__(self, row: int, contents: list[Content], is_file: bool, priority: float) -> None:
        self.row, self.contents, self.is_file, self.priority = row, contents, is_file, priority
        self.unwanted_frames = 0
        self.mark: tuple[int, ...] = ()

    @property
    def gpu_bytes(self) -> int:
        """Charged to the GPU ledger so far."""
        return sum(content.gpu_bytes for content in self.contents)

    @property
    def uploading(self) -> bool:
        """All bytes are here."""
        return not any(content.state == "loading" for content in self.contents)

    def progressed(self) -> bool:
        """Whether anything changed since the last call."""
        mark = tuple(value for c in self.contents for value in (c.layer_bytes, c.gpu_bytes, len(c.state)))
        changed, self.mark = mark != self.mark, mark
        return changed

    def payloads(self) -> list[bytes]:
        """Of files that are here."""
        return [content.payload for content in self.contents if isinstance(content, FileFetch)]

    def release(self) -> None:
        """Drop what it holds."""
        for content in self.contents:
            content.release()


class Loads:
    """Everything in flight."""

    def __init__(self, tree: TileTree, residency: Residency, config: StreamConfig, *, loader: ContentLoader,
                 transfers: Transfers, layer_ledger: Ledger, pauses: Pauses, messages: Messages) -> None:
        self.tree, self.residency, self.config = tree, residency, config
        self._loader, self._transfers, self._layer_ledger = loader, transfers, layer_ledger
        self._pauses, self._messages = pauses, messages
        self.loads: dict[int, Load] = {}
        self.missing: I64 = _NO_ROWS
        self._missing_error: F64 = np.zeros(0)
        self._spare: I64 = _NO_ROWS
        self._spare_error: F64 = np.zeros(0)
        self._expected: dict[int, float] = {}  # what the camera flies to, and how large the error will be
        self.style: TileStyle | None = None
        self.cancelled_count = 0
        self._idle_frames = 0
        self._lost: set[int] = set()  # rows that failed since one came
        self._probe_at_s = self._hurry_from_s = 0.0

    # -- once a frame --------------------------------------------------------------------------------
    def step(self, now_s: float) -> None:
        """Let what is in flight go on, and take in what ended; what waits for room for long gets some."""
        self._push_uploads(self.take(now_s))

    def take(self, now_s: float) -> bool:
        """Let what is in flight go on, and take in what ended; whether an upload got on."""
        uploads_moved = False
        for row, load in list(self.loads.items()):
            for content in load.contents:
                content.step()
            uploads_moved |= load.progressed() and load.uploading
            states = {content.state for content in load.contents}
            if "failed" in states:
                self._failed(load, now_s)
            elif states == {"ready"}:
                if not (load.is_file and self._needs_more(load, now_s)):
                    self._arrived(load, now_s)
            elif load.uploading and self.tree.state[row] == FETCHING:
                self.tree.state[row] = HEAP
        self._sum_gpu()
        return uploads_moved

    def _sum_gpu(self) -> None:
        self.residency.loading_gpu_bytes = sum(load.gpu_bytes for load in self.loads.values())

    def _arrived(self, load: Load, now_s: float) -> None:
        del self.loads[load.row]
        if load.is_file and not self._expanded(load, now_s):
            return
        if not load.is_file:
            self.residency.keep(load.row, load.contents)
        healed = self.tree.attempts[load.row] > 0
        self.tree.attempts[load.row] = 0
        if (healed or len(self._lost) >= self.config.lanes) and now_s >= self._hurry_from_s:
            self.hurry(now_s)
        self._lost.clear()

    def _expanded(self, load: Load, now_s: float) -> bool:
        row, payloads = load.row, load.payloads()
        load.release()
        self.tree.state[row] = ABSENT
        self.residency.revision += 1
        try:
            name, failure = self._name(row), Failure.FINAL if all(self.tree.hashes_of(row)) else Failure.WRONG
            expand(self.tree, row, payloads)
        except TilesetError as error:
            self._fail(row, failure, f"{name}: {error}", now_s)
            return False
        return True

    def _needs_more(self, load: Load, now_s: float) -> bool:
        """Whether what came names other files, which are fetched now; or failed."""
        try:
            urls = more_files(self.tree, load.row, load.payloads())
            for url in urls:
                load.contents.append(self._file(load.row, url, load.priority, 0, ""))
        except TilesetError as error:
            del self.loads[load.row]
            load.release()
            self._fail(load.row, Failure.WRONG, f"{self._name(load.row)}: {error}", now_s)
            return True
        return bool(urls)

    def _failed(self, load: Load, now_s: float) -> None:
        bad = next(content for content in load.contents if content.state == "failed")
        error, failure = bad.error, bad.failure
        del self.loads[load.row]
        load.release()
        self._fail(load.row, failure, error or f"{self._name(load.row)} failed.", now_s)

    def _fail(self, row: int, failure: Failure, error: str, now_s: float) -> None:
        pause_s = self.residency.fail(row, failure, now_s, self._pauses)
        self._messages.tell(failure, self._name(row), error, now_s, pause_s)
        if failure in (Failure.UNREACHABLE, Failure.WRONG):
            self._lost.add(row)

    def hurry(self, now_s: float) -> None:
        """One came that had failed, or the network is back: what waits for its next try need not wait."""
        tree, count = self.tree, self.tree.count
        waiting = (tree.state[:count] == FAILED) & np.isfinite(tree.retry_at_s[:count])
        tree.state[:count][waiting] = ABSENT
        self._lost.clear()
        self._hurry_from_s = now_s + self.config.network.retry_max_s
        self._messages.healed()
        self.residency.revision += 1

    def _name(self, row: int) -> str:
        try:
            return self.tree.content_of(row)[0][0] if self.tree.kind[row] == MODEL else self.tree.expansions_of(row)[0]
        except (TilesetError, IndexError):
            return f"tile {row}"

    # -- what is left to do --------------------------------------------------------------------------
    def settled(self, now_s: float, *, shows: bool) -> bool:
        """Whether nothing wanted is to come soon. What has failed for long is not waited for, see lw.Network; while
        nothing of the world `shows`, all that may come is."""
        given_up = self._given_up(self.missing, now_s)
        final = (self.tree.state[self.missing] == FAILED) & ~np.isfinite(self.tree.retry_at_s[self.missing])
        waits = ~(final | given_up) if shows else ~final
        seen = [load.row for load in self.loads.values() if load.priority >= VISIBLE * _CLASS_STEP]
        loading = np.array(seen, np.int64)
        on_their_way = ~self._given_up(loading, now_s) if shows else np.ones(len(loading), np.bool_)
        return not (waits.any() or on_their_way.any())

    def _given_up(self, rows: I64, now_s: float) -> Flags:
        tree = self.tree
        network, outage = self.config.network, len(self._lost) >= self.config.lanes
        patience_s = np.where((tree.kind[rows] == MODEL) & (not outage), network.settle_s, network.retry_close_s)
        given_up: Flags = (tree.attempts[rows] > 0) & (now_s - tree.failing_since_s[rows] >= patience_s)
        return given_up

    def counts(self, now_s: float) -> dict[str, int]:
        """Rows that are pending (wanted or on their way) and that failed, for now or for good."""
        tree = self.tree
        failed = tree.state[:tree.count] == FAILED
        loading = np.fromiter(self.loads, np.int64, len(self.loads))
        failed[loading] |= self._given_up(loading, now_s)
        wanted = distinct(np.concatenate([self.missing[tree.state[self.missing] < GPU], loading]))
        return {"pending": int(np.count_nonzero(~failed[wanted])), "failed": int(np.count_nonzero(failed))}

    # -- after a selection -----------------------------------------------------------------------------
    def want(self, wanted: I64, wanted_error: F64, culled: I64, culled_error: F64, camera: StreamCamera) -> None:
        """Set what is wanted, re-rank what is in flight, and count what no longer is."""
        tree = self.tree
        was = self.missing[tree.state[self.missing] == QUEUED]
        tree.state[was] = ABSENT
        gone = (tree.state[wanted] == GPU) | (tree.kind[wanted] == 0)
        self.missing, self._missing_error = self._ranked(wanted[~gone], wanted_error[~gone], camera)
        absent = self.missing[tree.state[self.missing] == ABSENT]
        tree.state[absent] = QUEUED
        spare = self._may_come(culled) & (tree.kind[culled] != 0)
        order = np.argsort(-culled_error[spare], kind="stable")
        self._spare, self._spare_error = culled[spare][order], culled_error[spare][order]
        if self.loads:
            beside = dict(zip(culled.tolist(), culled_error.tolist(), strict=True))
            self._rerank(dict(zip(self.missing.tolist(), self._missing_error.tolist(), strict=True)),
                         beside | self._expected)

    def expect_nothing(self) -> None:
        """The camera stands."""
        if self._expected:
            self._expected = {}
            self.residency.revision += 1  # what is on its way for it is ranked again

    def expect(self, rows: I64, errors: F64) -> None:
        """Set what the camera will want soon: loaded when nothing visible misses, before what lies beside the view."""
        tree = self.tree
        open_ = (tree.state[rows] < GPU) & (tree.kind[rows] != 0)
        self._expected = dict(zip(rows[open_].tolist(), errors[open_].tolist(), strict=True))

    def _ranked(self, rows: I64, errors: F64, camera: StreamCamera) -> tuple[I64, F64]:
        """By screen error, which counts down to half of it at the back of the view's centre."""
        offset = self.tree.geo[rows, :3] - camera.position
        length = np.sqrt(np.einsum("ij,ij->i", offset, offset)) + 1e-9
        errors = errors * (0.75 + 0.25 * (offset @ camera.forward) / length)
        order = np.argsort(-errors, kind="stable")
        return rows[order], errors[order]

    def _rerank(self, visible: dict[int, float], beside: dict[int, float]) -> None:
        for load in self.loads.values():
            error = visible.get(load.row)
            if error is not None:
                rank, load.unwanted_frames = _priority(VISIBLE, error), 0
            elif load.row in beside and load.priority < VISIBLE * _CLASS_STEP:
                rank, load.unwanted_frames = _priority(PREFETCH, beside[load.row]), 0
            else:
                rank, load.unwanted_frames = _priority(RECENT, 0.0), max(load.unwanted_frames, 1)
            if int(rank / _CLASS_STEP) != int(load.priority / _CLASS_STEP) or abs(rank - load.priority) > 0.5 * max(
                    1.0, load.priority % _CLASS_STEP):
                load.priority = rank
                for content in load.contents:
                    content.set_priority(rank)

    # -- requests ----------------------------------------------------------------------------------
    def request(self, now_s: float) -> None:
        """Cancel what stayed unwanted, then start loads, best first, while lanes and budgets allow."""
        for load in list(self.loads.values()):
            if load.unwanted_frames:
                load.unwanted_frames += 1
                if load.unwanted_frames > self.config.grace_frames:
                    self._cancel(load)
        self.start(now_s)

    def start(self, now_s: float) -> None:
        """Start loads, best first, while lanes and budgets allow."""
        if not self.missing.size and not self._spare.size and not self._expected:
            return
        state = self.tree.state[self.missing]
        due = (state == QUEUED) | (state == ABSENT) | self._due_again(self.missing, now_s)
        lanes = self._free_lanes()
        for index in np.flatnonzero(due)[:max(lanes, 0)].tolist():
            if not self._start(int(self.missing[index]), _priority(VISIBLE, float(self._missing_error[index])), now_s):
                return
        if self.config.prefetch and not due.any():
            self._prefetch(now_s)

    @property
    def _visible(self) -> list[Load]:
        """Of what is seen, what is on its way; who failed before is not waited for."""
        return [load for load in self.loads.values()
                if load.priority >= VISIBLE * _CLASS_STEP and not self.tree.attempts[load.row]]

    @property
    def fetches_visible(self) -> bool:
        """Whether of what is seen something is not here yet, or waits for a lane."""
        queued = (self.tree.state[self.missing] == QUEUED) & (self.tree.attempts[self.missing] == 0)
        return bool(queued.any()) or any(not load.uploading for load in self._visible)

    def _ahead(self, now_s: float) -> list[tuple[int, float]]:
        """What to load ahead, best first: coarse tiles before fine ones, on the way before beside. What lies beside and
        what was left out wait for all that is seen; what of it failed is tried again when its pause is over."""
        state = self.tree.state
        coming = [(row, error) for row, error in self._expected.items() if state[row] == ABSENT]
        coming.sort(key=lambda item: -item[1])
        if self._visible:
            return coming
        open_ = self._may_come(self._spare)
        self._spare, self._spare_error = self._spare[open_], self._spare_error[open_]
        due = (state[self._spare] == ABSENT) | self._due_again(self._spare, now_s)
        return coming + list(zip(self._spare[due].tolist(), self._spare_error[due].tolist(), strict=True))

    def _may_come(self, rows: I64) -> Flags:
        """Which of these are not here and not on their way, and have not failed for good."""
        state: npt.NDArray[np.uint8] = self.tree.state[rows]
        open_: Flags = (state == ABSENT) | ((state == FAILED) & np.isfinite(self.tree.retry_at_s[rows]))
        return open_

    def _due_again(self, rows: I64, now_s: float) -> Flags:
        """Failed rows whose pause is over; in an outage only the best one, and not again for the first pause."""
        again: Flags = (self.tree.state[rows] == FAILED) & (self.tree.retry_at_s[rows] <= now_s)
        if len(self._lost) < self.config.lanes or not again.any():
            return again
        first = int(np.argmax(again))
        again[:] = False
        if now_s >= self._probe_at_s:
            again[first] = True
            self._probe_at_s = now_s + self.config.network.retry_first_s
        return again

    def _free_lanes(self) -> int:
        loading = sum(1 for load in self.loads.values() if not load.uploading)
        most = self.config.lanes * self.config.loads_per_lane
        return min(most - loading, 2 * most - len(self.loads))

    def _prefetch(self, now_s: float) -> None:
        ahead = sum(1 for load in self.loads.values() if load.priority < VISIBLE * _CLASS_STEP)
        most = self.config.ahead_share * self.config.lanes * self.config.loads_per_lane
        share = max(1, int(most)) - ahead if self._expected else 0
        lanes = min(self._free_lanes(), max(share, max(1, self.config.lanes // 2) - len(self.loads)))
        residency = self.residency
        room = self.config.prefetch_share * residency.available_bytes - residency.gpu_bytes - self._planned_bytes()
        if lanes <= 0:
            return
        for row, error in self._ahead(now_s)[:lanes]:
            room -= residency.estimate(row)
            if room < 0 or not self._start(row, _priority(PREFETCH, error), now_s):
                return

    def _planned_bytes(self) -> float:
        return sum(max(self.residency.estimate(load.row), load.gpu_bytes) for load in self.loads.values()
                   if not load.is_file)

    def _start(self, row: int, priority: float, now_s: float) -> bool:
        """Start one load; False where budgets stop this and all later ones for now."""
        if row in self.loads or self.tree.state[row] in (GPU, FETCHING, HEAP):
            return True
        is_file = self.tree.kind[row] != MODEL
        if not is_file and not self._admit(row):
            return False
        try:
            contents = self._open_file(row, priority) if is_file else self._open_models(row, priority)
        except TilesetError as error:
            self._fail(row, Failure.FINAL, str(error), now_s)
            return True
        if contents is None:
            if not self._layer_ledger.used_bytes:  # nobody is in the way: it will never fit
                self._fail(row, Failure.UNREACHABLE, f"{self._name(row)} does not fit into the layer budget of "
                           f"{self._layer_ledger.budget_bytes} bytes.", now_s)
            return False
        self.loads[row] = Load(row, contents, is_file, priority)
        self.tree.state[row] = FETCHING
        return True

    def _admit(self, row: int) -> bool:
        """Make GPU room for a row; True also where nothing else of ours is left to wait for."""
        residency, need = self.residency, self.residency.estimate(row)
        free = residency.available_bytes - residency.gpu_bytes - self._planned_bytes()
        free = residency.make_room(free, need)
        if free >= need:
            return True
        for load in sorted(self.loads.values(), key=lambda item: item.priority):
            if load.priority < VISIBLE * _CLASS_STEP and free < need:
                free += max(residency.estimate(load.row), load.gpu_bytes)
                self._cancel(load)
        return free >= need or not (self.loads or residency.resident_count)

    def _open_models(self, row: int, priority: float) -> list[Content] | None:
        flatten = self.tree.flatten_of(row)
        opened: list[Content] = []
        for url, sha256, size_bytes in self.tree.content_of(row):
            content = self._loader.try_open(url, priority=priority, flatten=flatten, size_bytes=size_bytes,
                                            max_texture_side=self.config.max_texture_side, sha256=sha256,
                                            style=self.style, flags=self._flags(row) if self.tree.attempts[row] else 0)
            if content is None:
                for earlier in opened:
                    earlier.release()
                return None
            opened.append(content)
        return opened

    def _open_file(self, row: int, priority: float) -> list[Content] | None:
        urls, hashes = self.tree.expansions_of(row), self.tree.hashes_of(row)
        size = int(self.tree.size_bytes[row]) if len(urls) == 1 else 0
        return [self._file(row, url, priority, size, sha256) for url, sha256 in zip(urls, hashes, strict=True)]

    def _file(self, row: int, url: str, priority: float, size_bytes: int, sha256: str) -> FileFetch:
        return FileFetch(url, transfers=self._transfers, ledger=self._layer_ledger, priority=priority,
                         bytes_max=self.config.metadata_bytes_max, size_bytes=size_bytes, sha256=sha256,
                         flags=self._flags(row))

    def _flags(self, row: int) -> int:
        tree = self.tree
        return fetch_flags(int(tree.attempts[row]), Failure(tree.failure[row]), hashed=all(tree.hashes_of(row)))

    # -- ends ----------------------------------------------------------------------------------------
    def _cancel(self, load: Load) -> None:
        del self.loads[load.row]
        load.release()
        self.tree.state[load.row] = ABSENT
        self.cancelled_count += 1
        self.residency.revision += 1
        self._sum_gpu()

    def _push_uploads(self, moved: bool) -> None:
        """Uploads that don't go on for want of room (the budget, or no hole in the buffers behind it that is large
        enough): evict unwanted tiles, a few at a time; when there are none, plan with less than the budget."""
        waiting = [load.row for load in self.loads.values() if load.uploading and not load.is_file]
        self._idle_frames = 0 if moved or not waiting else self._idle_frames + 1
        if self._idle_frames == 0 or self._idle_frames % _UPLOAD_PATIENCE_FRAMES:
            return
        residency = self.residency
        self._learn(waiting)
        if residency.make_room(0.0, residency.estimate(waiting[0])) > 0.0:
            return
        if self._idle_frames >= self.config.stuck_frames:
            self._idle_frames = 0
            residency.lower_ceiling()

    def _learn(self, rows: list[int]) -> None:
        """What waits is larger than was guessed: plans that know by how much can leave it out."""
        for row in rows:
            load = self.loads[row]
            needed = load.gpu_bytes + sum(content.waits_for_gpu for content in load.contents)
            if needed > self.residency.estimate(row):
                self.tree.gpu_bytes[row] = needed
                self.residency.revision += 1

    def release(self, which: Callable[[Content], bool] = lambda _: True) -> None:
        """Cancel everything, or what holds such contents."""
        for load in list(self.loads.values()):
            if any(which(content) for content in load.contents):
                self._cancel(load)
        self.missing, self._spare = _NO_ROWS, _NO_ROWS


def _priority(tier: int, error_px: float) -> float:
    return tier * _CLASS_STEP + min(max(error_px, 0.0), 0.9 * _CLASS_STEP)
