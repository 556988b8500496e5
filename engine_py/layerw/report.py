"""The report: one JSON object for the overlay, `layerw shot` and the tests (wiring layer: used by app.py only)."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from layerw.scene.table import Table


def state_hash(table: Table) -> str:
    """sha256 over the live rows of all entity columns, in row order. Cost: O(rows); only on request."""
    digest = hashlib.sha256()
    for column in table.hashed_columns():
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def tile_counts(worlds: list[Any]) -> dict[str, int]:
    """Tiles of all worlds by state."""
    total = {"resident": 0, "pending": 0, "failed": 0}
    for world in worlds:
        for name, count in world.tile_counts().items():
            if name in total:
                total[name] += count
    return total
