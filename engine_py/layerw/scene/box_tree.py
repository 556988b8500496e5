"""Where many entities are, as a tree of their boxes, for hosts whose kernels are compiled.

Owns: the boxes, the tree over them, and how it follows what moves: the way up from what moved a little, all nodes
where much moved, and a new tree once its boxes have got too large. The kernels are those of
engine_py/kernels/geometry/bvh.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from layerw.base.ports import F32, U32
from layerw.kernels.geometry import GEOMETRY

if TYPE_CHECKING:
    from layerw.scene.table import FrameColumns
    from layerw.scene.trees import Placed, Spans

LEAF_TRIANGLES, LEAF_INSTANCES = 4, 2
MANY, LEAF_OF_MANY = 32_768, 8  # from here on, building by cost takes longer than what its rays save
WORSE = 2.0  # a refitted tree is built again once its boxes have this many times the area that they had
FEW_OF = 16  # of so many nodes one or less moved: going up from each is cheaper than fitting all
LOOK_AGAIN = 4  # a quarter of all moved since the area was last added up
NO_ITEM = 0xFFFFFFFF


class Tree(NamedTuple):
    """Nodes that are in use, and the order of the items."""

    nodes: U32  # (n, 8)
    order: U32


def build_tree(boxes: F32, leaf_items: int) -> tuple[Tree, float]:
    """The tree of (n, 6) boxes, and its area."""
    count, area = len(boxes), np.zeros(1, np.float32)
    nodes, order = np.empty((2 * count, 8), np.uint32), np.empty(count, np.uint32)
    if count > MANY:
        used = GEOMETRY.lw_bvh_build_curve(boxes, count, LEAF_OF_MANY, nodes, order, np.empty(3 * count, np.uint32),
                                           area)  # fmt: skip
    else:
        used = GEOMETRY.lw_bvh_build(boxes, count, leaf_items, nodes, order, np.empty(count, np.uint32), area)
    return Tree(nodes[:used].copy(), order), float(area[0])


class BoxTree:
    """`place` what may have moved, then ask for the `nearest`."""

    def __init__(self, placed: Placed) -> None:
        self._placed = placed
        count = len(placed.rows)
        self._boxes: F32 = np.empty((count, 6), np.float32)
        self._moved: U32 = np.empty(count, np.uint32)
        self._tree = Tree(np.zeros((0, 8), np.uint32), np.zeros(0, np.uint32))
        self._leaves: U32 = np.zeros(0, np.uint32)  # the way up, made when something first moves
        self._parents: U32 = np.zeros(0, np.uint32)
        self._built_area, self._moves = 0.0, 0
        self.built_count = 0

    @property
    def size_bytes(self) -> int:
        """Of its arrays."""
        return sum(array.nbytes for array in (self._boxes, self._moved, *self._tree, self._leaves, self._parents))

    def place(self, columns: FrameColumns, spans: Spans) -> None:
        """Take the transforms of some of the instances as they are now; of all the first time."""
        placed, used, first = self._placed, 0, not len(self._tree.nodes)
        shear = columns.shear if columns.shear.flags.c_contiguous else None
        for begin, end in spans:
            used += GEOMETRY.lw_bvh_take_rows(
                placed.rows, begin, end - begin, columns.position, columns.rotation, columns.scale, shear,
                placed.numbers, placed.meshes.table, placed.meshes.nodes, placed.places, self._boxes,
                None if first else self._moved[used:])  # fmt: skip
        if first:
            self._build()
        elif used:
            self._follow(self._moved[:used])

    def _build(self) -> None:
        self._tree, self._built_area = build_tree(self._boxes, LEAF_INSTANCES)
        self._leaves = self._parents = np.zeros(0, np.uint32)
        self._moves = 0
        self.built_count += 1

    def _follow(self, moved: U32) -> None:
        nodes, order = self._tree
        self._moves += len(moved)
        if self._moves * LOOK_AGAIN > len(order) or len(moved) * FEW_OF > len(nodes):
            area = np.zeros(1, np.float32)
            GEOMETRY.lw_bvh_refit(self._boxes, order, nodes, len(nodes), area)
            self._moves = 0
            if not area[0] <= WORSE * self._built_area:
                self._build()
            return
        if not len(self._parents):
            self._leaves, self._parents = np.empty(len(order), np.uint32), np.empty(len(nodes), np.uint32)
            GEOMETRY.lw_bvh_links(nodes, len(nodes), order, self._leaves, self._parents)
        GEOMETRY.lw_bvh_refit_some(self._boxes, order, self._leaves, self._parents, moved, len(moved), nodes)

    def nearest(self, ray: F32) -> tuple[float, int, int] | None:
        """Distance, instance and triangle of what one ray (1, 8) meets first."""
        (nodes, order), placed = self._tree, self._placed
        meshes = placed.meshes
        distance, found = np.empty(1, np.float32), np.empty((2, 1), np.uint32)
        GEOMETRY.lw_bvh_rays_instances(nodes, len(nodes), order, self._boxes, placed.places, placed.numbers,
                                       meshes.table, meshes.nodes, meshes.order, meshes.positions, meshes.indices, ray,
                                       1, distance, found[0], found[1])
        instance, triangle = found[:, 0].tolist()
        return None if instance == NO_ITEM else (float(distance[0]), instance, triangle)
