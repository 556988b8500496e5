"""A scene that changes in every way that programs have, and rays through it: what they meet, against trying everything.

Imports numpy and layerw only: the same text runs in Pyodide, where the trees are walked by the compiled kernels.
"""

from __future__ import annotations

import numpy as np

import layerw as lw
from layerw.base.rays import checked_ray
from layerw.hosts.headless import HeadlessHost
from layerw.kernels.twins.all import NumpyKernels
from layerw.pointing.picker import Picker
from layerw.scene.trees import Placed

SPAN = 7.0
RAYS = 4


class Scene:
    """`change` does one thing; `compare` asks with some rays and returns how many met something."""

    def __init__(self, seed: int, many: int) -> None:
        self.rng, self.host = np.random.default_rng(seed), HeadlessHost()
        self.app = lw.App(host=self.host, entities_max=max(4 * many, 4096), budgets=lw.Budgets(heap_mib=512))
        self.shapes = [lw.Mesh.box(), lw.Mesh.cone(0.6, 1.2), lw.Lods([(lw.Mesh.box(1, 2, 1), 30.0),
                                                                       (lw.Mesh.sphere(1), 90.0)])]
        self.groups = [self.spawn(many, static=False), self.spawn(many // 2, static=True)]
        self.kept: list[np.ndarray] = []  # views that live on

    def spawn(self, count: int, static: bool) -> lw.Entities:
        shape = self.shapes[int(self.rng.integers(0, 3))]
        turn = self.rng.uniform(-1, 1, (count, 4))
        scale = self.rng.uniform(0.2, 1.2, (count, 3)) * self.rng.choice((-1, 1), (count, 3))
        return self.app.spawn_many(shape, count, position=self.places(count), rotation=turn, scale=scale,
                                   static=static)

    def places(self, count: int) -> np.ndarray:
        found = self.rng.uniform(-SPAN, SPAN, (count, 3))
        far = self.rng.uniform(0, 1, count) < 0.02
        found[far] *= 10.0 ** self.rng.integers(1, 30, (int(far.sum()), 1))  # some very far away
        return found.astype(np.float32)

    def some(self, static: bool | None = None) -> lw.Entities:
        """A part of a group: rows that follow each other, or not."""
        groups = [group for group in self.groups if static is None or group[0]._is_static() == static]
        group = groups[int(self.rng.integers(0, len(groups)))]
        count = int(self.rng.integers(1, max(len(group) // 5, 2)))
        if self.rng.uniform() < 0.5:
            first = int(self.rng.integers(0, len(group) - count + 1))
            return group[first : first + count]
        return group[np.sort(self.rng.permutation(len(group))[:count])]

    def change(self) -> str:
        """One of many changes, in the middle of a frame or with frames between."""
        rng = self.rng
        kind = ["write", "little", "keep", "late", "forget", "scale", "still", "come", "go", "hide", "parent", "free",
                "nan", "frame"][int(rng.integers(0, 14))]  # fmt: skip
        own = self.some(static=False)
        if kind == "write":
            own.position = self.places(len(own))
        elif kind == "little":
            here = np.asarray(own.position) + np.float32(0.25)
            own.position = np.where(np.isfinite(here), here, np.float32(0))  # `nan` below wrote past the checks
        elif kind == "keep":
            self.kept.append(self.groups[0].position)
        elif kind == "late" and self.kept:
            self.kept[-1][:: int(rng.integers(1, 60))] += np.float32(0.5)  # nobody is told
        elif kind == "forget":
            self.kept.clear()
        elif kind == "scale":
            own.scale, own.rotation = rng.uniform(-2, 2, (len(own), 3)), rng.uniform(-1, 1, (len(own), 4))
        elif kind == "still":
            still = self.some(static=True)
            still.position = self.places(len(still))
        elif kind == "come":
            self.groups.append(self.spawn(int(rng.integers(1, 40)), static=bool(rng.integers(0, 2))))
        elif kind == "go" and len(self.groups) > 2:
            self.groups.pop(int(rng.integers(2, len(self.groups)))).despawn()
        elif kind == "hide":
            own.visible = bool(rng.integers(0, 2))
        elif kind == "parent":
            if self.groups[0][0].parent is None:
                own[-1:].parent = None
            if 0 not in own._numbers() - self.groups[0].first_row:
                own.parent = self.groups[0][0]
        elif kind == "free":
            own.parent = None
        elif kind == "nan":
            view = self.groups[0].position
            view[int(rng.integers(1, len(view)))] = rng.choice((np.nan, np.inf, 1e38, 0.0))
        elif kind == "frame":
            self.host.step(self.app, int(rng.integers(1, 4)))
        return kind

    def compare(self) -> int:
        """Raises AssertionError where an answer is another than that of trying all."""
        hits, trees = 0, self.all_as_they_are()
        for _ in range(RAYS):
            origin, target = self.rng.uniform(-2 * SPAN, 2 * SPAN, 3), self.rng.uniform(-SPAN, SPAN, 3)
            hit = self.app.raycast(origin, target - origin)
            found = None if hit is None else (hit.distance, hit.entity.first_row)
            ray = checked_ray(origin, target - origin, np.inf).row(np.float32)
            expected = min(filter(None, (nearest(placed, ray) for placed in trees)), default=None)
            assert found == expected, (found, expected)
            hits += hit is not None
        return hits

    def all_as_they_are(self) -> list[Placed]:
        """Every shown row, by a picker that remembers nothing."""
        engine = self.app._engine
        table, pointer = engine.table, engine.pointer
        fresh = Picker(table, pointer._resources, pointer._visibility.lod_table, pointer._heap_ledger,
                       pointer._loaded_parts)  # fmt: skip
        fresh._restructure(table.update(), 0)
        return [tree.placed for tree in (fresh._still, fresh._moving) if len(tree.placed.rows)]


def nearest(placed: Placed, ray: np.ndarray) -> tuple[float, int] | None:
    """Distance and row, by numpy, of all."""
    places, meshes, numbers = np.ascontiguousarray(placed.places), placed.meshes, placed.numbers
    count = len(numbers)
    boxes = np.empty((count, 6), np.float32)
    distance, instance, triangle = np.empty(1, np.float32), np.empty(1, np.uint32), np.empty(1, np.uint32)
    NumpyKernels.lw_bvh_instance_boxes(places, numbers, meshes.table, meshes.nodes, count, boxes)
    NumpyKernels.lw_bvh_rays_instances(
        meshes.nodes, 1, numbers, boxes, places, numbers, meshes.table, meshes.nodes, meshes.order, meshes.positions,
        meshes.indices, ray, 1, distance, instance, triangle)  # fmt: skip
    return (float(distance[0]), int(placed.rows[instance[0]])) if np.isfinite(distance[0]) else None


def run(seed: int, many: int, changes: int) -> int:
    """How many rays met something."""
    scene = Scene(seed, many)
    hits = scene.compare()
    for _ in range(changes):
        scene.change()
        hits += scene.compare()
    scene.app.close()
    return hits
