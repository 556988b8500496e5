"""The one Layer memory of an app and its two users.

Owns: when it is opened, and what each user may take of it. The engine has the mesh region (lw.Budgets.mesh_mib), the
program all regions up to memory_mib beside it; each part is fixed in the layer ledger when it is first used.
Limits: the memory's maximum is both parts together, so neither can pass what it was charged for.
"""

from __future__ import annotations

from layerw.base.config import Budgets
from layerw.base.host_port import MemoryHost
from layerw.base.log import Log
from layerw.memory import LayerMemory
from layerw.memory.blocks import Blocks
from layerw.memory.layer import REGIONS
from layerw.memory.ledger import HardLedger

RESULT_BYTES = 1 << 20  # ephemeral results (statistics, text) lie in scratch
KERNEL_BYTES = 2 << 20  # static data, stack and the first bookkeeping, of whoever opens it
_META_SHARE = 64  # bookkeeping of the mesh region: 32 bytes a span, 256 a page
_BYTES_MAX = 65535 << 16


class AppMemory:
    """`memory`: None until somebody uses it."""

    def __init__(self, host: MemoryHost, budgets: Budgets, ledger: HardLedger, log: Log) -> None:
        self.memory: LayerMemory | None = None
        self.blocks: Blocks | None = None
        self._host, self._budgets, self._ledger, self._log = host, budgets, ledger, log
        self._is_programs = False
        self._has_none = budgets.mesh_bytes == 0  # for meshes, for good

    def for_program(self) -> LayerMemory:
        """See App.memory.

        Raises:
            BudgetError: the layer budget has no room for memory_mib.
        """
        size_bytes = self._budgets.memory_bytes
        if not self._is_programs:
            if not self._ledger.try_fix(size_bytes):
                raise self._ledger.no_room(size_bytes, "Layer memory (memory_mib)")
            self._is_programs = True
        memory = self._open()
        self._limit(memory)
        return memory

    def for_meshes(self) -> Blocks | None:
        """Blocks for built meshes, the same for all who ask; None where the budget or the host has no Layer memory for
        them, or what is loading leaves no room for it now."""
        if self.blocks is not None:
            return self.blocks
        size_bytes = self._budgets.mesh_bytes
        if self._has_none or not self._ledger.try_fix(size_bytes):
            return None
        try:
            memory = self._open()
        except Exception as error:  # a page without the kernels, CPython without wasmtime
            self._log.warning(f"Meshes are built outside of Layer memory: {error}")
            self._ledger.unfix(size_bytes)
            self._has_none = True
            return None
        self.blocks = Blocks(memory)
        self._limit(memory)
        return self.blocks

    def _open(self) -> LayerMemory:
        if self.memory is None:
            size_bytes = min(self._budgets.mesh_bytes + self._budgets.memory_bytes, _BYTES_MAX)
            self.memory = self._host.open_layer(size_bytes)
        return self.memory

    def _limit(self, memory: LayerMemory) -> None:
        own = self._budgets.memory_bytes if self._is_programs else 0
        engines = dict.fromkeys(REGIONS, 0)
        if self.blocks:
            meshes = self._budgets.mesh_bytes - KERNEL_BYTES - RESULT_BYTES
            engines |= {"mesh": meshes - meshes // _META_SHARE, "scratch": RESULT_BYTES}
        for region, size_bytes in engines.items():
            memory.limit_region(region, own + size_bytes)
