"""Trees over what stands in the scene, for rays: one of triangles for each mesh, one of boxes for many entities.

Owns: the arrays that the kernels read (engine_py/kernels/geometry/bvh.h has their layouts). Does not know which
entities there are, nor when they moved (picking.py does). Limits: float32, as the entities' columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, U32
from layerw.kernels.geometry import GEOMETRY, IN_PLACE
from layerw.scene.chunks import Chunks

if TYPE_CHECKING:
    from layerw.scene.table import FrameColumns

LEAF_TRIANGLES, LEAF_INSTANCES = 4, 2
MANY, LEAF_OF_MANY = 100_000, 8  # so many entities are built faster with larger leaves
WORSE = 2.0  # a refitted tree is built again once its boxes have this many times the area that they had
RUNS_MAX = 64
INSTANCE_FLOATS = 13  # position, rotation, scale, shear: LW_INSTANCE_FLOATS of the kernels
NO_ITEM = 0xFFFFFFFF


class Shape(NamedTuple):
    """What a mesh is to rays. `exact`: its own triangles; else the box around it."""

    positions: F32  # (n, 3)
    indices: U32  # (3 m,)
    exact: bool = True


class Tree(NamedTuple):
    """Nodes that are in use, and the order of the items."""

    nodes: U32  # (n, 8)
    order: U32


def build_tree(boxes: F32, leaf_items: int) -> tuple[Tree, float]:
    """The tree of (n, 6) boxes, and its area."""
    count, area = len(boxes), np.zeros(1, np.float32)
    nodes, order, scratch = np.empty((2 * count, 8), np.uint32), np.empty(count, np.uint32), np.empty(count, np.uint32)
    used = GEOMETRY.lw_bvh_build(boxes, count, leaf_items, nodes, order, scratch, area)
    return Tree(nodes[:used].copy(), order), float(area[0])


class Meshes(NamedTuple):
    """Several shapes with their trees, each behind the other."""

    table: U32  # (n, 4) first node, nodes, first triangle, triangles
    nodes: U32
    order: U32
    positions: F32
    indices: U32
    exact: npt.NDArray[np.bool_]

    @property
    def size_bytes(self) -> int:
        """Of all arrays."""
        return sum(array.nbytes for array in self)


class MeshTrees:
    """Keeps the tree of each mesh that was asked for, by its handle."""

    def __init__(self) -> None:
        self._trees: dict[int, Tree] = {}

    def pack(self, shapes: dict[int, Shape]) -> Meshes:
        """The given shapes, in their order; trees of others are forgotten."""
        self._trees = {handle: self._trees.get(handle) or _mesh_tree(shape) for handle, shape in shapes.items()}
        table = np.zeros((len(shapes), 4), np.uint32)
        node = triangle = corner = 0
        indices = []
        for row, (tree, shape) in enumerate(zip(self._trees.values(), shapes.values(), strict=True)):
            table[row] = node, len(tree.nodes), triangle, len(tree.order)
            indices.append(shape.indices + np.uint32(corner))
            node, triangle, corner = node + len(tree.nodes), triangle + len(tree.order), corner + len(shape.positions)
        trees = list(self._trees.values())
        nodes = np.concatenate([np.zeros((0, 8), np.uint32), *(tree.nodes for tree in trees)])
        order = np.concatenate([np.zeros(0, np.uint32), *(tree.order for tree in trees)])
        positions = np.concatenate([np.zeros((0, 3), np.float32), *(shape.positions for shape in shapes.values())])
        exact = np.array([shape.exact for shape in shapes.values()], np.bool_)
        return Meshes(table, nodes, order, positions, np.concatenate([np.zeros(0, np.uint32), *indices]), exact)


def _mesh_tree(shape: Shape) -> Tree:
    count = len(shape.indices) // 3
    boxes = np.empty((count, 6), np.float32)
    GEOMETRY.lw_bvh_triangle_boxes(shape.positions, shape.indices, count, boxes)
    return build_tree(boxes, LEAF_TRIANGLES)[0]


class Met(NamedTuple):
    """What a ray meets first: the smaller distance, of equals the smaller row."""

    distance: float
    row: int
    instance: int
    triangle: int


class InstanceTree:
    """A tree over the entities of some rows. `place` says where they stand now."""

    def __init__(self, rows: npt.NDArray[np.intp], numbers: U32, meshes: Meshes) -> None:
        self.rows, self.numbers, self.meshes = rows, numbers, meshes
        ends = np.flatnonzero(np.diff(rows, append=-1) != 1) + 1
        begins = np.concatenate([[0], ends[:-1]]).astype(np.intp)
        self._runs = list(zip(begins.tolist(), ends.tolist(), strict=True)) if 0 < len(ends) <= RUNS_MAX else []
        self.places: F32 = np.full((len(rows), INSTANCE_FLOATS), np.nan, np.float32)
        self._boxes: F32 = np.empty((len(rows) if IN_PLACE else 0, 6), np.float32)
        self._tree = Tree(np.zeros((0, 8), np.uint32), np.zeros(0, np.uint32))
        self._built_area = 0.0
        self._built = 0
        self._chunks = None if IN_PLACE else Chunks()  # numpy's kernels try every item: they get few

    @property
    def built_count(self) -> int:
        """How often it was built from nothing; refits are not counted."""
        return self._built if self._chunks is None else self._chunks.sorted_count

    @property
    def size_bytes(self) -> int:
        """Of its own arrays."""
        own = sum(array.nbytes for array in (self.rows, self.numbers, self.places, self._boxes, *self._tree))
        return own + (self._chunks.size_bytes if self._chunks is not None else 0)

    def place(self, columns: FrameColumns) -> None:
        """Take the world transforms of the rows: refits the tree, or builds it where that grew much worse."""
        if not len(self.rows):
            return
        for rows, places in self._spans():
            places[:, 0:3], places[:, 3:7], places[:, 7:10], places[:, 10:13] = (
                columns.position[rows], columns.rotation[rows], columns.scale[rows], columns.shear[rows])
        if self._chunks is not None:
            self._chunks.place(np.ascontiguousarray(self.places[:, 0:3]), self._reaches())
            return
        GEOMETRY.lw_bvh_instance_boxes(self.places, self.numbers, self.meshes.table, self.meshes.nodes, len(self.rows),
                                       self._boxes)
        if len(self._tree.nodes):
            area = np.zeros(1, np.float32)
            GEOMETRY.lw_bvh_refit(self._boxes, self._tree.order, self._tree.nodes, len(self._tree.nodes), area)
            if area[0] <= WORSE * self._built_area:
                return
        leaf_items = LEAF_OF_MANY if len(self.rows) > MANY else LEAF_INSTANCES
        self._tree, self._built_area = build_tree(self._boxes, leaf_items)
        self._built += 1

    def _reaches(self) -> F32:
        """How far from its origin each may be, as bvh_instances.c widens its box: at least that far."""
        meshes, places = self.meshes, self.places
        roots = meshes.nodes.view(np.float32)[np.minimum(meshes.table[:, 0], max(len(meshes.nodes) - 1, 0))]
        corner = np.maximum(np.abs(roots[:, 0:3]), np.abs(roots[:, 4:7])).astype(np.float64)
        radius = np.where(meshes.table[:, 1] > 0, np.sqrt((corner**2).sum(axis=1)), np.nan).astype(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            x, y, z, w = places[:, 3:7].T
            square = x * x + y * y + z * z + w * w
            turned = np.where(np.abs(square - 1) < 1e-3, np.float32(1.01), 1 + 4 * square)
            sx, sy, sz, hx, hy, hz = np.abs(places[:, 7:13].T)
            reach: F32 = radius[self.numbers] * (np.maximum(np.maximum(sx, sy), sz) + hx + hy + hz) * turned
            px, py, pz = np.abs(places[:, 0:3].T)
            reach += (np.maximum(np.maximum(px, py), pz) + 8 * reach) * np.float32(1e-5)
        return reach

    def stands_as(self, other: InstanceTree, columns: FrameColumns) -> bool:
        """Whether another tree's rows and meshes, and the places now, are these."""
        return (np.array_equal(self.rows, other.rows) and np.array_equal(self.numbers, other.numbers)
                and all(np.array_equal(places[:, 0:3], columns.position[rows])
                        and np.array_equal(places[:, 3:7], columns.rotation[rows])
                        and np.array_equal(places[:, 7:10], columns.scale[rows])
                        and np.array_equal(places[:, 10:13], columns.shear[rows]) for rows, places in self._spans()))

    def _spans(self) -> Iterator[tuple[slice | npt.NDArray[np.intp], F32]]:
        """Rows and their `places`: slices where the rows are few runs, which copies eight times faster."""
        if not self._runs:
            yield self.rows, self.places
        for begin, end in self._runs:
            first = int(self.rows[begin])
            yield slice(first, first + end - begin), self.places[begin:end]

    def nearest(self, ray: F32) -> Met | None:
        """What one ray (1, 8) meets first."""
        tree, meshes = self._tree, self.meshes
        distance, found = np.empty(1, np.float32), np.empty((2, 1), np.uint32)
        if self._chunks is not None:
            return self._nearest_of(self._chunks.near(ray), ray, distance, found)
        GEOMETRY.lw_bvh_rays_instances(tree.nodes, len(tree.nodes), tree.order, self._boxes, self.places, self.numbers,
                                       meshes.table, meshes.nodes, meshes.order, meshes.positions, meshes.indices, ray,
                                       1, distance, found[0], found[1])
        instance, triangle = found[:, 0].tolist()
        if instance == NO_ITEM:
            return None
        return Met(float(distance[0]), int(self.rows[instance]), instance, triangle)

    def _nearest_of(self, own: npt.NDArray[np.intp], ray: F32, distance: F32, found: U32) -> Met | None:
        """As `nearest`, of these entities alone."""
        if not len(own):
            return None
        meshes, places, numbers = self.meshes, self.places[own], self.numbers[own]
        boxes = np.empty((len(own), 6), np.float32)
        GEOMETRY.lw_bvh_instance_boxes(places, numbers, meshes.table, meshes.nodes, len(own), boxes)
        GEOMETRY.lw_bvh_rays_instances(meshes.nodes, 1, numbers, boxes, places, numbers, meshes.table, meshes.nodes,
                                       meshes.order, meshes.positions, meshes.indices, ray, 1, distance, found[0],
                                       found[1])
        instance, triangle = found[:, 0].tolist()
        if instance == NO_ITEM:
            return None
        at = int(own[instance])
        return Met(float(distance[0]), int(self.rows[at]), at, triangle)

    def corners(self, met: Met) -> F32:
        """(3, 3): the corners of the triangle that was met, in the space of its mesh."""
        first = int(self.meshes.table[self.numbers[met.instance], 2]) + met.triangle
        corners: F32 = self.meshes.positions[self.meshes.indices[3 * first : 3 * first + 3]]
        return corners

    def is_exact(self, met: Met) -> bool:
        """Whether what was met is a triangle of the mesh itself."""
        return bool(self.meshes.exact[self.numbers[met.instance]])
