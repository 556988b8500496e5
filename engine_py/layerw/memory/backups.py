"""Backups: bytes in Layer memory from which GPU resources can be made again after a lost device.

Owns: the transfers (built meshes, decoded images) that stay in JavaScript after their upload, by the resource that
was made of them, and the tiers of the assets (models, tiles) that these belong to. Two places hold them:

    blocks    built meshes, in the mesh region of Layer memory (memory/blocks.py), which has a limit of its own
    outside   decoded images, and meshes that found no block: *spare* bytes of the Layer ledger

Whoever needs room gets that of backups: far before near, least recently used first. Blocks of visible assets stay (a
mesh that finds no block is built outside); spare bytes all go when a reservation needs them, so nothing ever waits for
a backup. Does not upload (gpu/store.py does). Limits: a resource without a backup is loaded again from its file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.weak import weakly
from layerw.memory.blocks import Blocks
from layerw.memory.ledger import HardLedger
from layerw.memory.tiers import FAR_RADII, NEAR, Residents, Rows

Key = tuple[str, int]  # kind of resource ("mesh", "texture") and its handle
NO_ASSET = -1


class Backup(NamedTuple):
    """What JavaScript keeps for one resource. `block`: its handle in Layer memory, 0 = outside."""

    transfer: int
    size_bytes: int
    asset: int
    block: int


class Backups:
    """One for each engine. `release` ends a transfer; `open_blocks` is asked when a mesh wants a block and has none."""

    def __init__(self, ledger: HardLedger, release: Callable[[int], None],
                 open_blocks: Callable[[], Blocks | None] = lambda: None) -> None:  # fmt: skip
        self.evicted_count = 0
        self.residents = Residents(FAR_RADII)
        self.blocks: Blocks | None = None
        self._ledger, self._release, self._open_blocks = ledger, release, open_blocks
        self._frame = 0
        self._kept: dict[Key, Backup] = {}
        self._keys: dict[int, dict[Key, None]] = {}  # of each asset, oldest first
        self._spare_bytes = np.zeros(0, np.int64)  # by asset: outside
        self._block_bytes = np.zeros(0, np.int64)
        ledger.evict = weakly(self.evict)  # the ledger is ours as well

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size_bytes(self) -> int:
        """Of all backups, wherever they lie."""
        return int(self.residents.size_bytes.sum())

    def begin_frame(self) -> None:
        """Time goes on, for "least recently used" and for what is done a little in each frame."""
        self._frame += 1
        if self.blocks is not None:
            self.blocks.begin_frame()

    # -- assets ------------------------------------------------------------------------------------

    def open_asset(self) -> int:
        """A row for a model or a tile, near until `place` says more."""
        asset = self.residents.add(NEAR, self._frame)
        if asset >= len(self._spare_bytes):
            more = len(self.residents.tier)
            self._spare_bytes = np.concatenate([self._spare_bytes, np.zeros(more - len(self._spare_bytes), np.int64)])
            self._block_bytes = np.concatenate([self._block_bytes, np.zeros(more - len(self._block_bytes), np.int64)])
        self._keys[asset] = {}
        return asset

    def close_asset(self, asset: int) -> None:
        """The model or tile ends, and its backups with it."""
        for key in list(self._keys[asset]):
            self.drop(*key)
        del self._keys[asset]
        self.residents.remove(asset)

    def place(self, assets: Rows, distance_radii: npt.NDArray[np.float64], seen: npt.NDArray[np.bool_]) -> None:
        """Where assets are now: distance from the camera in radii of each, and whether it is wanted by the view."""
        changed = self.residents.update(assets, distance_radii, seen, self._frame)
        if self.blocks is None:
            return
        for asset in changed.tolist():
            for key in self._keys[asset]:
                if self._kept[key].block:
                    self.blocks.set_tier(self._kept[key].block, int(self.residents.tier[asset]))

    # -- backups -----------------------------------------------------------------------------------

    def try_block(self, size_bytes: int) -> int:
        """A block to build a mesh in, 0 for none; backups that may go make room for the next one."""
        if self.blocks is None:
            self.blocks = self._open_blocks()
        if self.blocks is None:
            return 0
        block = self.blocks.try_alloc(size_bytes)
        if block == 0:
            self._make_room(size_bytes)
        return block

    def keep(self, asset: int, kind: str, resource: int, transfer: int, size_bytes: int, block: int = 0) -> bool:
        """Takes the transfer over; where there is no room now it is released and False comes back."""
        if block:
            if self.blocks is not None:
                self.blocks.set_tier(block, int(self.residents.tier[asset]))
        elif not self._ledger.try_spare(size_bytes):
            self._release(transfer)
            return False
        self._kept[kind, resource] = Backup(transfer, size_bytes, asset, block)
        self._keys[asset][kind, resource] = None
        self._count(asset, block, size_bytes)
        return True

    def try_get(self, kind: str, resource: int) -> int:
        """The transfer to upload the resource from; 0 = none."""
        backup = self._kept.get((kind, resource))
        return backup.transfer if backup else 0

    def drop(self, kind: str, resource: int) -> None:
        """The resource ends; does nothing where it has no backup."""
        backup = self._kept.pop((kind, resource), None)
        if backup is None:
            return
        del self._keys[backup.asset][kind, resource]
        self._count(backup.asset, backup.block, -backup.size_bytes)
        self._release(backup.transfer)  # the block goes with it
        if not backup.block:
            self._ledger.release_spare(backup.size_bytes)

    def evict(self, size_bytes: int) -> None:
        """Gives spare bytes up until that many are free, or none is left: those of visible assets last."""
        spare = self._spare_bytes
        first = self.residents.evictable(spare)
        rest = np.setdiff1d(np.flatnonzero(spare), first, assume_unique=True)
        rest = rest[np.argsort(self.residents.used_frame[rest], kind="stable")]
        for asset in [*first.tolist(), *rest.tolist()]:
            if size_bytes <= 0:
                return
            size_bytes -= self._evict_of(asset, inside=False, size_bytes=size_bytes)

    def _make_room(self, size_bytes: int) -> None:
        for asset in self.residents.choose(size_bytes, self._block_bytes).tolist():
            self._evict_of(asset, inside=True, size_bytes=1 << 62)

    def _evict_of(self, asset: int, *, inside: bool, size_bytes: int) -> int:
        """An asset's backups, oldest first, until so many bytes are free; returns how many."""
        freed = 0
        for key in list(self._keys[asset]):
            backup = self._kept[key]
            if bool(backup.block) is inside and freed < size_bytes:
                self.drop(*key)
                self.evicted_count += 1
                freed += backup.size_bytes
        return freed

    def _count(self, asset: int, block: int, size_bytes: int) -> None:
        (self._block_bytes if block else self._spare_bytes)[asset] += size_bytes
        self.residents.size_bytes[asset] += size_bytes
