"""Trees over what stands in the scene, for rays: one of triangles for each mesh, one of boxes for many entities.

Owns: the arrays that the kernels read (engine_py/kernels/geometry/bvh.h has their layouts). Does not know which
entities there are, nor when they moved (picking.py does). Limits: float32, as the entities' columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, U32
from layerw.kernels.geometry import GEOMETRY, IN_PLACE
from layerw.scene.box_tree import LEAF_TRIANGLES, BoxTree, Tree, build_tree
from layerw.scene.rows import runs_of

if TYPE_CHECKING:
    from layerw.scene.table import FrameColumns

INSTANCE_FLOATS = 13  # position, rotation, scale, shear: LW_INSTANCE_FLOATS of the kernels
Spans = list[tuple[int, int]]


class Shape(NamedTuple):
    """What a mesh is to rays. `exact`: its own triangles; else the box around it."""

    positions: F32  # (n, 3)
    indices: U32  # (3 m,)
    exact: bool = True


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


@dataclass(slots=True)
class Placed:
    """Which entities there are, and where they stand."""

    rows: U32  # (n,) ascending
    numbers: U32  # of their shapes
    places: F32  # (n, INSTANCE_FLOATS)
    meshes: Meshes


class Finder(Protocol):
    """How the nearest of many is found: BoxTree by compiled kernels, ChunkTree with numpy. Both say the same."""

    @property
    def built_count(self) -> int: ...
    @property
    def size_bytes(self) -> int: ...
    def place(self, columns: FrameColumns, spans: Spans) -> None: ...
    def nearest(self, ray: F32) -> tuple[float, int, int] | None: ...


def _finder(placed: Placed) -> Finder:
    if IN_PLACE:
        return BoxTree(placed)
    from layerw.scene.chunk_tree import ChunkTree  # a page has no use for it

    return ChunkTree(placed)


class InstanceTree:
    """A tree over the entities of some rows. `place` says where they stand now."""

    def __init__(self, rows: U32, numbers: U32, meshes: Meshes) -> None:
        shape = (len(rows), INSTANCE_FLOATS)
        places = np.empty(shape, np.float32) if IN_PLACE else np.full(shape, np.nan, np.float32, order="F")
        self.placed = Placed(rows, numbers, places, meshes)
        self._finder = _finder(self.placed)

    @property
    def built_count(self) -> int:
        """How often it was built from nothing; refits are not counted."""
        return self._finder.built_count

    @property
    def size_bytes(self) -> int:
        """Of its own arrays."""
        placed = self.placed
        return placed.rows.nbytes + placed.numbers.nbytes + placed.places.nbytes + self._finder.size_bytes

    def is_of(self, rows: U32, numbers: U32) -> bool:
        """Whether it is over these rows with these shapes."""
        return np.array_equal(self.placed.rows, rows) and np.array_equal(self.placed.numbers, numbers)

    def place(self, columns: FrameColumns, blocks: int | None = None) -> None:
        """Take the world transforms of the rows in a set of blocks, or of all."""
        rows = self.placed.rows
        if not len(rows):
            return
        spans = [(0, len(rows))]
        if blocks is not None:
            runs = runs_of(blocks)
            ends = rows.searchsorted([(first, first + count) for first, count in runs]).tolist() if runs else []
            spans = [(begin, end) for begin, end in ends if begin < end]
        if spans:
            self._finder.place(columns, spans)

    def nearest(self, ray: F32) -> Met | None:
        """What one ray (1, 8) meets first."""
        if not len(self.placed.rows):
            return None
        found = self._finder.nearest(ray)
        if found is None:
            return None
        distance, instance, triangle = found
        return Met(distance, int(self.placed.rows[instance]), instance, triangle)

    def corners(self, met: Met) -> F32:
        """(3, 3): the corners of the triangle that was met, in the space of its mesh."""
        meshes = self.placed.meshes
        first = int(meshes.table[self.placed.numbers[met.instance], 2]) + met.triangle
        corners: F32 = meshes.positions[meshes.indices[3 * first : 3 * first + 3]]
        return corners

    def is_exact(self, met: Met) -> bool:
        """Whether what was met is a triangle of the mesh itself."""
        return bool(self.placed.meshes.exact[self.placed.numbers[met.instance]])
