"""Few of many entities are tried by a ray on CPython, and the answer is that of trying all of them."""

from __future__ import annotations

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import geometry
from layerw.scene import box_tree, trees
from layerw.scene.chunks import Chunks
from layerw.scene.table import FrameColumns

pytestmark = pytest.mark.skipif(geometry.IN_PLACE, reason="in the page the kernels walk a tree")


def columns(count: int, seed: int) -> FrameColumns:
    """Transforms of every kind: stretched, sheared, mirrored, quaternions of any length, some that are not finite."""
    rng = np.random.default_rng(seed)
    position = rng.uniform(-20, 20, (count, 3)).astype(np.float32)
    rotation = rng.normal(size=(count, 4))
    rotation /= np.linalg.norm(rotation, axis=1, keepdims=True)
    rotation[::7] *= rng.uniform(0, 2, (len(rotation[::7]), 1))
    scale, shear = rng.normal(size=(count, 3)) * 0.7, rng.normal(size=(count, 3)) * 0.4
    position[5], scale[9], rotation[11] = np.nan, np.inf, np.nan
    return FrameColumns(position, rotation.astype(np.float32), scale.astype(np.float32), np.zeros(count, np.uint32),
                        shear.astype(np.float32))  # fmt: skip


def rays(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = np.zeros((count, 8), np.float32)
    found[:, 0:3], found[:, 4:7], found[:, 7] = rng.uniform(-30, 30, (count, 3)), rng.normal(size=(count, 3)), np.inf
    found[::5, 4:6] = 0  # along an axis
    found[::4, 7] = 15
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_of_few_is_the_nearest_of_all(seed: int) -> None:
    count = 3000
    shapes = {1: lw.Mesh.box(1, 2, 1), 2: lw.Mesh.sphere(0.5, segments=6)}
    meshes = trees.MeshTrees().pack({key: trees.Shape(mesh.data.positions, mesh.data.indices)
                                     for key, mesh in shapes.items()})  # fmt: skip
    numbers = np.random.default_rng(seed).integers(0, 2, count).astype(np.uint32)
    tree = trees.InstanceTree(np.arange(count, dtype=np.uint32), numbers, meshes)
    hits = 0
    for moved in range(2):
        tree.place(columns(count, seed + 10 * moved))
        boxes = np.empty((count, 6), np.float32)
        geometry.GEOMETRY.lw_bvh_instance_boxes(tree.placed.places, numbers, meshes.table, meshes.nodes, count, boxes)
        for ray in rays(60, seed)[:, None]:
            distance, found = np.empty(1, np.float32), np.empty((2, 1), np.uint32)
            geometry.GEOMETRY.lw_bvh_rays_instances(
                meshes.nodes, 1, numbers, boxes, tree.placed.places, numbers, meshes.table, meshes.nodes, meshes.order,
                meshes.positions, meshes.indices, ray, 1, distance, found[0], found[1])  # fmt: skip
            met = tree.nearest(ray)
            expected = None if found[0, 0] == box_tree.NO_ITEM else (distance[0], found[0, 0], found[1, 0])
            assert (None if met is None else (met.distance, met.instance, met.triangle)) == expected
            hits += met is not None
    assert hits > 5


def test_a_ray_tries_few_of_many_and_sorts_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = lw.App(host=HeadlessHost(), entities_max=110_000, budgets=lw.Budgets(heap_mib=512))
    rng = np.random.default_rng(3)
    crowd = app.spawn_many(lw.Mesh.box(), 100_000, position=rng.uniform(-200, 200, (100_000, 3)))
    tried: list[int] = []
    near = Chunks.near

    def counted(chunks: Chunks, ray: np.ndarray) -> np.ndarray:
        found = near(chunks, ray)
        tried.append(len(found))
        return found

    monkeypatch.setattr(Chunks, "near", counted)
    hits = [app.raycast((x, 0, 300), (0, 0, -1)) for x in range(30)]
    assert any(hits) and max(tried) < 200
    crowd.position[:] += 1
    assert app.raycast((1, 1, 300), (0, 0, -1)) is not None or hits[0] is None
    picker = app._engine.pointer.picker
    assert picker._moving.built_count == 1, "what only moves is not sorted again"
