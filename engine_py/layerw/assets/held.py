"""Layer bytes that one content holds: reserved before JavaScript holds them, given back as early as can be."""

from __future__ import annotations

from layerw.assets.jobs import BUSY, DONE, ImageJob, Job, MeshJob, Work
from layerw.base.ports import Ledger, Transfers
from layerw.memory.backups import NO_ASSET, Backups


class Held:
    """`bytes`: reserved now, but for those of decodes that were abandoned. `asset`: what its backups belong to."""

    def __init__(self, transfers: Transfers, ledger: Ledger, backups: Backups | None) -> None:
        self._transfers, self._ledger, self._backups = transfers, ledger, backups
        self.bytes = 0
        self.asset = NO_ASSET

    def try_reserve(self, work: Work, size_bytes: int) -> bool:
        """For a work that holds nothing; False where there is no room now."""
        if not self._ledger.try_reserve(size_bytes):
            return False
        work.reserved_bytes = size_bytes
        self.bytes += size_bytes
        return True

    def shrink(self, work: Work, held_bytes: int) -> None:
        """Give back what it turned out not to need."""
        surplus = work.reserved_bytes - held_bytes
        if surplus > 0:
            work.reserved_bytes = held_bytes
            self._ledger.release(surplus)
            self.bytes -= surplus

    def keep(self, job: Job) -> None:
        """An uploaded job's bytes stay as a backup while Layer memory has room."""
        if self._backups is not None:
            transfer, size = self._hand_over(job)
            block = job.block if isinstance(job, MeshJob) else 0
            if self.asset == NO_ASSET:
                self.asset = self._backups.open_asset()
            self._backups.keep(self.asset, "mesh" if isinstance(job, MeshJob) else "texture", job.handle, transfer,
                               job.need_bytes if block else size, block)  # fmt: skip
        self.free(job)

    def close_asset(self) -> None:
        """No backup of it is needed any more."""
        if self._backups is not None and self.asset != NO_ASSET:
            self._backups.close_asset(self.asset)
            self.asset = NO_ASSET

    def _hand_over(self, work: Work) -> tuple[int, int]:
        """Its transfer and bytes are another owner's from now on."""
        transfer, size = work.transfer, work.reserved_bytes
        work.transfer = work.reserved_bytes = 0
        self._ledger.release(size)
        self.bytes -= size
        return transfer, size

    def free(self, work: Work) -> None:
        """Give everything back; a large decode, which can't be stopped, keeps it until it answers."""
        if isinstance(work, ImageJob) and work.is_large and work.state == BUSY:
            self.bytes -= 0 if work.abandoned else work.reserved_bytes
            work.abandoned = True
            return
        self.bytes -= work.free(self._transfers, self._ledger)
        work.state = DONE
