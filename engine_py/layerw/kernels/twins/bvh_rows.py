"""geometry/bvh_rows.h in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.handles import INDEX_MASK

Array = npt.NDArray[Any]
NONE, STATIC = 0xFFFFFFFF, 4


def lw_bvh_choose_rows(shown: Array, flags: Array, parents: Array, mesh: Array, lods: Array, count: int,
                       mesh_shapes: Array, mesh_room: int, lod_shapes: Array, still: Array, still_shapes: Array,
                       moving: Array, moving_shapes: Array, counts: Array) -> None:
    """See geometry/bvh_rows.h."""
    rows = np.flatnonzero(shown[:count])
    index, lod = mesh[rows] & np.uint32(INDEX_MASK), lods[rows]
    known = np.append(mesh_shapes[:mesh_room], np.uint32(NONE))
    shape = known[np.minimum(index, mesh_room)]
    if lod.any():
        shape = np.where(lod > 0, lod_shapes[lod], shape)
    if (shape == NONE).any():
        rows, shape = rows[shape != NONE], shape[shape != NONE]
    stays = (flags[rows] & STATIC != 0) & (parents[rows] < 0)
    for place, (own, to, shapes) in enumerate(((stays, still, still_shapes), (~stays, moving, moving_shapes))):
        chosen = rows[own] if not own.all() else rows
        to[: len(chosen)], shapes[: len(chosen)] = chosen, shape[own] if len(chosen) < len(rows) else shape
        counts[place] = len(chosen)
