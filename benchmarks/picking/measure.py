"""Rays over 500,000 entities, and the picking example: runs on CPython and, as the same text, in Pyodide in a page.

`main(example)` returns one line of JSON: {case: milliseconds}. Both hosts draw nothing, so times are of Python and the
kernels alone. Of cases that can be had again, the fastest counts: others share the machine.
"""

from __future__ import annotations

import json
import runpy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import layerw as lw
from layerw.base.host_port import Running
from layerw.base.rays import checked_ray
from layerw.hosts.headless import HeadlessHost
from layerw.kernels.twins.all import NumpyKernels

MANY, FRAMES, RAYS, TURNS = 500_000, 120, 200, 3
BY_HAND = 3  # rays that numpy tries everything for


def milliseconds(run: Callable[[], Any]) -> float:
    """Of one run."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def rays_over_many() -> dict[str, float]:
    """The first ray, later ones, and one after a single entity moved; and numpy trying everything."""
    app = lw.App(host=HeadlessHost(), entities_max=MANY + 1024)
    rng = np.random.default_rng(1)
    crowd = app.spawn_many(lw.Mesh.box(), MANY, position=rng.uniform(-300, 300, (MANY, 3)).astype(np.float32))
    rays = [(origin, target - origin) for origin, target in zip(rng.uniform(-600, 600, (RAYS, 3)),
                                                                rng.uniform(-200, 200, (RAYS, 3)), strict=True)]
    picker, first = app._engine.pointer.picker, [milliseconds(lambda: app.raycast(*rays[0]))]
    for _ in range(TURNS):
        picker.close()
        first.append(milliseconds(lambda: app.raycast(*rays[0])))
    later = [milliseconds(lambda ray=ray: app.raycast(*ray)) for ray in rays]
    moved = []
    for entity in list(crowd[1:20]):
        entity.move(x=0.5)
        moved.append(milliseconds(lambda: app.raycast(*rays[0])))
    found = {"first ray, cold": first[0], "first ray": min(first[1:]), "later ray": float(np.median(later)),
             "ray after one moved": float(np.median(moved)), "numpy, all tried": all_tried(picker, rays[:BY_HAND])}
    app.close()
    return found


def all_tried(picker: Any, rays: list[Any]) -> float:
    """The twin's brute force, of the same places: boxes first, then their triangles."""
    placed = picker._moving.placed
    places, meshes, count = np.ascontiguousarray(placed.places), placed.meshes, len(placed.rows)
    boxes, distance, found = np.empty((count, 6), np.float32), np.empty(1, np.float32), np.empty((2, 1), np.uint32)
    NumpyKernels.lw_bvh_instance_boxes(places, placed.numbers, meshes.table, meshes.nodes, count, boxes)
    return min(milliseconds(lambda ray=ray: NumpyKernels.lw_bvh_rays_instances(
        meshes.nodes, 1, placed.numbers, boxes, places, placed.numbers, meshes.table, meshes.nodes, meshes.order,
        meshes.positions, meshes.indices, checked_ray(*ray, np.inf).row(np.float32), 1, distance, found[0],
        found[1])) for ray in rays)  # fmt: skip


def example_frame(path: str) -> float:
    """Python of a frame of examples/picking.py, its own lines and the engine's, with the pointer on the move."""
    import layerw.app

    layerw.app.default_host = lambda: HeadlessHost(".")  # in the page too: nothing is drawn
    runpy.run_path(path)
    app = Running.app
    assert app is not None
    host, rng, times = app.host, np.random.default_rng(2), []
    for _ in range(FRAMES):
        host.send("pointer_move", *rng.uniform((300, 200), (800, 500)).tolist(), 0.0, 0.0)
        times.append(milliseconds(lambda: host.step(app, 1)))
    return float(np.median(times))


def main(example: str) -> str:
    """Measures all."""
    found = rays_over_many()
    found["picking example, a frame"] = example_frame(example)
    return json.dumps(found)


if __name__ == "__main__":
    print(main(str(Path(__file__).resolve().parents[2] / "examples" / "picking.py")))
