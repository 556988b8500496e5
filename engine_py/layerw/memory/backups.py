"""Backups: bytes in Layer memory from which GPU resources can be made again after a lost device.

Owns: the transfers (built meshes, decoded images) that stay in JavaScript after their upload, by the resource that
was made of them, and their bytes in the Layer ledger. They are *spare* there: whoever reserves bytes gets those of
the oldest backups first, so a backup never makes anything wait. Does not upload (gpu/store.py does).
Limits: a resource without a backup is loaded again from its file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from layerw.memory.ledger import HardLedger

Key = tuple[str, int]  # kind of resource ("mesh", "texture") and its handle


class Backup(NamedTuple):
    """What JavaScript keeps for one resource."""

    transfer: int
    size_bytes: int


class Backups:
    """One for each engine. `release` ends a transfer."""

    def __init__(self, ledger: HardLedger, release: Callable[[int], None]) -> None:
        self.evicted_count = 0
        self._ledger, self._release = ledger, release
        self._kept: dict[Key, Backup] = {}  # oldest first
        ledger.evict = self.evict

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, kind: str, resource: int, transfer: int, size_bytes: int) -> bool:
        """Takes the transfer over; where there is no room now it is released and False comes back."""
        if not self._ledger.try_spare(size_bytes):
            self._release(transfer)
            return False
        self._kept[kind, resource] = Backup(transfer, size_bytes)
        return True

    def try_get(self, kind: str, resource: int) -> int:
        """The transfer to upload the resource from; 0 = none."""
        backup = self._kept.get((kind, resource))
        return backup.transfer if backup else 0

    def drop(self, kind: str, resource: int) -> None:
        """The resource ends; does nothing where it has no backup."""
        backup = self._kept.pop((kind, resource), None)
        if backup:
            self._give_up(backup)

    def evict(self, size_bytes: int) -> None:
        """Gives up the oldest until that many bytes are free, or none is left."""
        while size_bytes > 0 and self._kept:
            backup = self._kept.pop(next(iter(self._kept)))
            self._give_up(backup)
            self.evicted_count += 1
            size_bytes -= backup.size_bytes

    def _give_up(self, backup: Backup) -> None:
        self._release(backup.transfer)
        self._ledger.release_spare(backup.size_bytes)
