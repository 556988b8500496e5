"""Parts of the report: one JSON object for the overlay, `layerw shot` and the tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from layerw.gpu.passes import TIMERS
from layerw.gpu.target_bytes import shown_timers
from layerw.memory.ledger import HardLedger
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.memory import LayerMemory


def memory_figures(memory: LayerMemory) -> dict[str, Any]:
    """Layer memory by region and tier, with the ring; bytes."""
    found = memory.statistics()
    regions = {name: {**own.live_bytes, "free": own.free_bytes, "committed": own.committed_bytes,
                      "fragmentation": round(own.fragmentation, 3)} for name, own in found.regions.items()}  # fmt: skip
    ring = memory.ring_statistics()
    return {"budget": found.budget_bytes, "memory": found.memory_bytes, "handles": found.handle_count,
            "regions": regions, "ring": {"size": ring.size_bytes, "used": ring.used_bytes}}  # fmt: skip


def ledger_figures(heap: HardLedger, layer: HardLedger, gpu: HardLedger, committed: HardLedger) -> dict[str, Any]:
    """What is taken of each budget, bytes; committed: what lies on the GPU, buffers and targets included."""
    return {"heap_bytes": heap.used_bytes, "layer_bytes": layer.held_bytes, "layer_fixed_bytes": layer.fixed_bytes,
            "gpu_bytes": committed.used_bytes,
            "budgets": {"heap": heap.budget_bytes, "layer": layer.budget_bytes, "gpu": gpu.budget_bytes}}  # fmt: skip


def pass_figures(views: Iterable[int], times: Mapping[str, float]) -> list[dict[str, Any]]:
    """What views with these flags draw, in order, with GPU milliseconds, of all of them, where the API has timers."""
    shown = {name for flags in views for name in shown_timers(flags)}
    return [{"name": name, "gpu_ms": times.get(name)} for name in TIMERS if name in shown]


class HasStateHash(Protocol):
    """What `app.watch` takes."""

    def state_hash(self) -> str:
        """Equal for equal states, on every host."""
        ...


def table_hash(table: Table) -> str:
    """sha256 over the live rows of all entity columns, in row order. Cost: O(rows); only on request."""
    import hashlib  # only here: most programs never ask

    digest = hashlib.sha256()
    for column in table.hashed_columns():
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()
