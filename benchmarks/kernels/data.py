"""Inputs of the kernel benchmark, as files that every contender reads: raw little-endian arrays and kinds.json."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.kernels import rays
from layerw.scene.camera import Camera
from layerw.visibility.frustum import new_view, write_view

SPHERES, KEYS, CHILDREN, ROOTS = 1_000_000, 1_000_000, 100_000, 1000
SIDE_M = 2000.0
UNTIL_M = (100.0, 300.0, 700.0, 1500.0)


def write(folder: Path) -> dict[str, int]:
    """Writes all; returns how many elements each case has."""
    rng = np.random.default_rng(3)
    camera = Camera()
    camera.position = np.array((10.0, 5.0, 20.0))
    camera.look_at((-300.0, 0.0, -200.0))
    frame = camera.frame(1080, 720)
    view = new_view()
    write_view(view, frame.position, frame.planes)
    rows = CHILDREN + ROOTS
    depth = np.arange(CHILDREN)  # a child of an earlier row: a forest of shallow trees, in the order of rows
    parents = np.full(rows, -1, np.int32)
    parents[ROOTS:] = rng.integers(0, ROOTS + depth // 8)
    arrays = {
        "view": view, "until_m": np.array(UNTIL_M, np.float32), "rows": np.arange(SPHERES, dtype=np.uint32),
        "positions": rng.uniform(-SIDE_M / 2, SIDE_M / 2, (SPHERES, 3)).astype(np.float32),
        "radii": rng.uniform(0.1, 5, SPHERES).astype(np.float32),
        "keys32": rng.integers(0, 2**32, KEYS, dtype=np.uint32),
        "keys64": rng.integers(0, 2**64, KEYS, dtype=np.uint64),
        "parents": parents, "children": np.arange(ROOTS, rows, dtype=np.uint32),
        "position": rng.uniform(-1, 1, (rows, 3)).astype(np.float32),
        "rotation": rng.uniform(-1, 1, (rows, 4)).astype(np.float32),
        "scale": rng.uniform(0.9, 1.1, (rows, 3)).astype(np.float32),
    }
    arrays["rotation"] /= np.sqrt((arrays["rotation"] ** 2).sum(axis=1))[:, None]
    arrays |= rays.arrays(rng)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        array.tofile(folder / f"{name}.bin")
    (folder / "kinds.json").write_text(json.dumps({name: array.dtype.str for name, array in arrays.items()}))
    return {"cull": SPHERES, "sort 32": KEYS, "sort 64": KEYS, "hierarchy": CHILDREN, **rays.counts(arrays)}
