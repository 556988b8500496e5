"""The report: one JSON object for the overlay, `layerw shot` and the tests (wiring layer: used by app.py only)."""

from __future__ import annotations

import numpy as np

from layerw.scene.table import Table


def state_hash(table: Table) -> str:
    """sha256 over the live rows of all entity columns, in row order. Cost: O(rows); only on request."""
    import hashlib  # only here: most programs never ask

    digest = hashlib.sha256()
    for column in table.hashed_columns():
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()

