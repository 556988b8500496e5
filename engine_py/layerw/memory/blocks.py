"""Blocks of built meshes in Layer memory: a decode worker writes them, the GPU is fed from them, backups stay in them.

Owns: the mesh region of Layer memory as the engine uses it, and when it is defragmented. A block that a transfer was
given is freed by that transfer's release, in the order of the command stream, so nothing that was submitted before
reads freed bytes. Limits: no block moves while it is pinned, which is until its upload.
"""

from __future__ import annotations

from layerw.memory.layer import REGIONS, LayerMemory
from layerw.memory.tiers import PINNED

DEFRAGMENT_BYTES_PER_FRAME = 1 << 20
_MESH = REGIONS.index("mesh")


class Blocks:
    """One for each engine that has Layer memory for meshes."""

    def __init__(self, memory: LayerMemory) -> None:
        self.memory = memory
        self.defragmented_bytes = 0
        self._is_untidy = False

    def try_alloc(self, size_bytes: int) -> int:
        """A pinned block's handle; 0 where no hole is large enough now."""
        handle = self.memory.kernels.lw_alloc(_MESH, size_bytes, PINNED)
        self._is_untidy |= handle == 0
        return handle

    def set_tier(self, handle: int, tier: int) -> None:
        """A number of memory/tiers.py; blocks that are not pinned may be moved."""
        self.memory.kernels.lw_set_tier(handle, tier)

    def begin_frame(self) -> None:
        """After a block found no room, moves some bytes a frame until the holes are joined."""
        if self._is_untidy:
            moved = self.memory.kernels.lw_defragment(_MESH, DEFRAGMENT_BYTES_PER_FRAME)
            self.defragmented_bytes += moved
            self._is_untidy = moved > 0
