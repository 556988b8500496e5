"""Which tiles are where: states, what they weigh, and which go when there is no room.

Owns: the state columns of the tree and the contents of tiles on the GPU. Does not choose or start loads.

    absent -> queued -> fetching -> heap -> gpu      a tile's own content
                            \\--------\\-> failed      asked for again after a pause (retry.py), or never

Eviction takes only tiles that the last selection did not want: far ones before near ones (memory/tiers.py), of both the
least recently wanted first, deeper first. A tile goes before its ancestors, which are larger and so far no earlier than
it. What is drawn and every ancestor of it is wanted, hence never taken.
Source: docs/residency.md; the idea of strict tiers is neuroglancer's chunk manager.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from layerw.base.healing import Failure
from layerw.base.ports import F64, Content, Flags, Ledger, Primitive
from layerw.memory.tiers import FAR, FAR_RADII, NEAR, Residents
from layerw.stream.config import StreamConfig
from layerw.stream.draws import DrawRows
from layerw.stream.retry import Pauses
from layerw.stream.tree import MODEL, NONE, TileTree

ABSENT, QUEUED, FETCHING, HEAP, GPU, FAILED = range(6)
I64 = npt.NDArray[np.int64]
_GUESS_BYTES = 256.0 * 1024
_CEILING_SERIALS = 600


def still_parts(contents: Iterable[Content]) -> list[Primitive]:
    """What tiles draw; what clips move stands on nodes, and is drawn as a model is (content/tile_actors.py)."""
    return [item for content in contents for item in content.primitives if item.node < 0]


class Residency:
    """Tiles on the GPU and the weights that plans are made with."""

    def __init__(self, tree: TileTree, gpu_ledger: Ledger, config: StreamConfig) -> None:
        self.tree, self.config = tree, config
        self.rows = DrawRows()
        self.gpu_bytes = 0  # of resident tiles
        self.loading_gpu_bytes = 0  # charged by tiles on their way; loads.py keeps it
        self.serial = 0  # of selections
        self.revision = 0  # of anything that a selection depends on
        self.evicted_count = 0
        self._ledger = gpu_ledger
        self._contents: dict[int, list[Content]] = {}
        self._ceiling_bytes = gpu_ledger.budget_bytes
        self._ceiling_serial = 0
        self.tiers = Residents(FAR_RADII)  # of resident tiles: wanted ones are visible
        self._places: dict[int, int] = {}  # tile -> its row there
        self._placed_count = -1
        self._assets = self._rows = np.zeros(0, np.int64)
        self._tiles = np.zeros((2, 0), np.int64)
        self._seen_bytes = self._seen_sizes = self._seen_tiles = 0.0

    @property
    def resident_count(self) -> int:
        """Tiles on the GPU."""
        return len(self._contents)

    @property
    def available_bytes(self) -> int:
        """GPU bytes that tiles may take now: the budget without what others use or wait for."""
        others = self._ledger.used_bytes - self.gpu_bytes - self.loading_gpu_bytes + self._ledger.claimed_bytes
        return max(0, min(self._ledger.budget_bytes - others, self._ceiling_bytes))

    def lower_ceiling(self) -> None:
        """Uploads are refused below the budget (holes in the buffers behind it): plan with what is used now."""
        self._ceiling_bytes = max(self.gpu_bytes + self.loading_gpu_bytes, self._ledger.budget_bytes // 8)
        self._ceiling_serial = self.serial
        self.revision += 1

    def _raise_ceiling(self) -> None:
        """After many selections (the camera moved on) try a little more."""
        if self._ceiling_bytes < self._ledger.budget_bytes and self.serial - self._ceiling_serial > _CEILING_SERIALS:
            self._ceiling_serial = self.serial
            self._ceiling_bytes += self._ledger.budget_bytes // 16

    def estimates(self, rows: I64) -> F64:
        """GPU bytes of each of some tiles: as measured, else by its file's size, else the mean."""
        tree = self.tree
        known = tree.gpu_bytes[rows]
        ratio = self._seen_bytes / self._seen_sizes if self._seen_sizes else 2.0
        mean = self._seen_bytes / self._seen_tiles if self._seen_tiles else _GUESS_BYTES
        sizes, kind = tree.size_bytes[rows], tree.kind[rows]
        guess = np.where((sizes > 0) & (kind == MODEL), sizes * ratio, mean)
        guess[kind == NONE] = 0.0
        return np.where(known > 0, known, guess)

    def estimate(self, row: int) -> float:
        """GPU bytes of one tile; see `estimates`."""
        known, size = float(self.tree.gpu_bytes[row]), int(self.tree.size_bytes[row])
        if known > 0:
            return known
        if size > 0 and self.tree.kind[row] == MODEL:
            return size * (self._seen_bytes / self._seen_sizes if self._seen_sizes else 2.0)
        return self._seen_bytes / self._seen_tiles if self._seen_tiles else _GUESS_BYTES

    def keep(self, row: int, contents: list[Content]) -> None:
        """A tile is on the GPU, wholly."""
        size = sum(content.gpu_bytes for content in contents)
        tree = self.tree
        tree.state[row], tree.gpu_bytes[row] = GPU, max(size, 1)
        self._contents[row] = contents
        self._places[row] = self.tiers.add(NEAR, self.serial, max(size, 1))
        self.gpu_bytes += size
        self._seen_bytes += size
        self._seen_tiles += 1
        self._seen_sizes += float(tree.size_bytes[row]) or size / 2
        self.rows.add(row, tree.origin_of(row), still_parts(contents))
        self.revision += 1

    def contents_of(self, row: int) -> list[Content] | None:
        """What a tile has on the GPU, the same list while it is there; None where it is not."""
        return self._contents.get(row)

    def place(self, camera: F64) -> tuple[I64, F64, Flags]:
        """Sets the tiers of resident tiles; returns each content's asset, its distance in radii of the tile, and
        whether it is wanted."""
        if self._placed_count != self.revision:
            pairs = [(content.asset, row) for row, contents in self._contents.items() for content in contents]
            self._assets, self._rows = np.array(pairs, np.int64).reshape(-1, 2).T
            self._tiles = np.array(list(self._places.items()), np.int64).reshape(-1, 2).T
            self._placed_count = self.revision
        tiles, places = self._tiles
        self.tiers.update(places, self._distance_radii(tiles, camera), self._is_wanted(tiles), self.serial)
        return self._assets, self._distance_radii(self._rows, camera), self._is_wanted(self._rows)

    def _distance_radii(self, rows: I64, camera: F64) -> F64:
        geometry = self.tree.geo[rows]
        reach = np.linalg.norm(geometry[:, 12:15], axis=1) + geometry[:, 15]
        far: F64 = np.linalg.norm(geometry[:, :3] - camera, axis=1) / np.maximum(reach, 1e-9)
        return far

    def _is_wanted(self, rows: I64) -> Flags:
        wanted: Flags = self.tree.last_frame[rows] == self.serial
        return wanted

    def fail(self, row: int, failure: Failure, now_s: float, pauses: Pauses) -> float:
        """A tile's content failed; returns the pause until it is asked for again, infinite for never."""
        tree = self.tree
        if tree.attempts[row] == 0:
            tree.failing_since_s[row] = now_s
        tree.state[row], tree.failure[row] = FAILED, failure
        tree.attempts[row] = min(int(tree.attempts[row]) + 1, 255)
        pause_s = pauses.after(failure, int(tree.attempts[row]), now_s - float(tree.failing_since_s[row]))
        tree.retry_at_s[row] = now_s + pause_s
        self.revision += 1
        return pause_s

    def touch(self, wanted: I64, culled: I64) -> None:
        """A selection was made: what it wants can't be evicted, what lies beside the view goes late."""
        self.serial += 1
        self._raise_ceiling()
        self.tree.last_frame[culled] = np.maximum(self.tree.last_frame[culled], self.serial - 1)
        self.tree.last_frame[wanted] = self.serial

    def make_room(self, free_bytes: float, needed_bytes: float) -> float:
        """Evict unwanted tiles until `needed_bytes` fit into `free_bytes`; returns the free bytes then."""
        if free_bytes >= needed_bytes:
            return free_bytes
        tree = self.tree
        rows = np.flatnonzero((tree.state[:tree.count] == GPU) & (tree.last_frame[:tree.count] < self.serial))
        near = self.tiers.tier[[self._places[row] for row in rows.tolist()]] != FAR
        order = np.lexsort((-tree.level[rows].astype(np.int64), tree.last_frame[rows], near))
        for row in rows[order].tolist():
            if free_bytes >= needed_bytes:
                break
            free_bytes += self.evict(row)
        return free_bytes

    def evict(self, row: int) -> int:
        """Take a tile off the GPU; returns its bytes."""
        contents = self._contents.pop(row)
        self.tiers.remove(self._places.pop(row))
        size = sum(content.gpu_bytes for content in contents)
        for content in contents:
            content.release()
        self.gpu_bytes -= size
        self.rows.remove(row)
        self.tree.state[row] = ABSENT
        self.evicted_count += 1
        self.revision += 1
        return size

    def release(self, which: Callable[[Content], bool] = lambda _: True) -> None:
        """Let go of every tile, or of those with such contents; the tree stays and nothing is drawn for now."""
        for row, contents in list(self._contents.items()):
            if any(which(content) for content in contents):
                self.evict(row)
        self.rows.show(np.zeros(0, np.int64))
