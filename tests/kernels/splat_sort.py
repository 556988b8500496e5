"""A cloud for kernels/threads/splat_sort.c, and what numpy makes of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.kernels.wasmtime_threads import ThreadedModule
from layerw.splats.order import DepthOrder

PARTS = (128, 64, 4 << 20)  # state, what it is told, tables


class Sort(NamedTuple):
    """Its blocks, and the right order."""

    state: int
    order: npt.NDArray[np.uint32]
    nearest: float
    wanted: npt.NDArray[np.uint32]
    blocks: list[int]


def begun(module: ThreadedModule, count: int, stretch: float = 1.0, seed: int = 1) -> Sort:
    """Started. Places are random, some of them the same, one at the eye; stretch: of the cloud."""
    places = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    places[count // 2 :: 7] = places[0]
    matrix, offset = np.diag((stretch, 2 * stretch, stretch)), -stretch * places[count // 3].astype(np.float64)
    offset[1] *= 2
    cloud = DepthOrder(places)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in cloud.renew(matrix, offset):
            pass
    sizes = (*PARTS, places.nbytes, 2 * count, 4 * count)
    blocks = [int(module.lw_raw_alloc(0, size)) for size in sizes]
    state, told, tables, positions, keys, order = blocks
    put(module, told, cloud.begun(matrix, offset))
    put(module, positions, places)
    assert module.lw_splat_sort_start(state, positions, count, told, keys, order, tables)
    return Sort(state, module.view(order, count, np.uint32), cloud._near, cloud.order, blocks)


def put(module: ThreadedModule, address: int, array: npt.NDArray[Any]) -> None:
    """Copies it there."""
    module.view(address, array.size, array.dtype)[:] = array.reshape(-1)
