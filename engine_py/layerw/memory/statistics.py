"""Figures of Layer memory as plain data, read from the kernels' structs (walloc.h, ring.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.names import frozen

_REGION_NAMES = ("logic", "mesh", "texture", "scratch")
_TIER_NAMES = ("pinned", "visible", "near", "far")
_HEAD = ("budget_bytes", "memory_bytes", "static_bytes", "meta_bytes", "handle_count", "defragmented_bytes",
         "refused_count", "revision")  # fmt: skip
_REGION_WORDS = 12


@frozen
@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """One region; bytes by tier are what the blocks take, rounded up."""

    committed_bytes: int
    limit_bytes: int
    live_bytes: dict[str, int]
    live_count: dict[str, int]
    free_bytes: int
    largest_bytes: int  # the largest block that could be had now

    @property
    def fragmentation(self) -> float:
        """0: a block as large as all free bytes could be had; towards 1: only small ones."""
        return 1.0 - min(1.0, self.largest_bytes / self.free_bytes) if self.free_bytes else 0.0


@frozen
@dataclass(frozen=True, slots=True)
class MemoryStatistics:
    """The whole memory."""

    budget_bytes: int
    memory_bytes: int
    static_bytes: int
    meta_bytes: int
    handle_count: int
    defragmented_bytes: int
    refused_count: int
    revision: int
    regions: dict[str, RegionStatistics]


@frozen
@dataclass(frozen=True, slots=True)
class RingStatistics:
    """The upload ring."""

    address: int
    size_bytes: int
    used_bytes: int
    peak_bytes: int
    refused_count: int
    frame_count: int  # frames on their way


def parse_statistics(raw: npt.NDArray[Any]) -> MemoryStatistics:
    """From the bytes of an lw_memory_statistics."""
    words = [int(word) for word in raw.view(np.uint32)]
    regions = {}
    for number, name in enumerate(_REGION_NAMES):
        own = words[len(_HEAD) + number * _REGION_WORDS :][:_REGION_WORDS]
        regions[name] = RegionStatistics(own[0], own[1], dict(zip(_TIER_NAMES, own[2:6], strict=True)),
                                         dict(zip(_TIER_NAMES, own[6:10], strict=True)), own[10], own[11])  # fmt: skip
    head = dict(zip(_HEAD, words, strict=False))
    return MemoryStatistics(**head, regions=regions)


def parse_ring(raw: npt.NDArray[Any]) -> RingStatistics:
    """From the bytes of an lw_ring_figures."""
    return RingStatistics(*(int(word) for word in raw.view(np.uint32)))
