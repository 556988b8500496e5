"""Picking: which entity a ray meets.

Owns: the trees over the scene, made when a program first picks and kept up with what moves: entities that may move are
refitted when one of their transforms may have changed, static ones stay. What is hidden is not met.
Limits: float32, so a millimetre in 8 km; a loaded model is met by the box around each of its parts (its triangles are
on the GPU only); of a mesh with LODs, the finest counts; tiles of worlds are met by World.raycast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from layerw.base.errors import BudgetError
from layerw.base.handles import INDEX_MASK
from layerw.base.mathx import cofactors, cross3, quat_rotate3
from layerw.base.names import frozen
from layerw.base.ports import F64, U32, Primitive
from layerw.base.rays import CheckedRay
from layerw.frame.resources import Resources
from layerw.kernels.geometry import GEOMETRY
from layerw.memory.ledger import HardLedger
from layerw.scene.box_tree import NO_ITEM
from layerw.scene.entity import Entity
from layerw.scene.table import FrameColumns, Table
from layerw.scene.trees import InstanceTree, Meshes, MeshTrees, Met, Shape
from layerw.visibility.lods import LodTable

TRANSFORMS = ("position", "rotation", "scale")
SPARE_SHAPES = 16  # meshes that are kept though nothing has them now
_SIGNS = np.array([(k & 1, k >> 1 & 1, k >> 2) for k in range(8)], np.float64) * 2 - 1
_SIDES = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
_BOX = np.array([(a, b, c, a, c, d) for a, b, c, d in _SIDES], np.uint32).reshape(-1)


@frozen
class Hit(NamedTuple):
    """Where a ray meets an entity."""

    entity: Entity
    distance: float  # metres from the ray's origin
    point: F64  # (3,) world metres
    normal: F64  # (3,) of the surface there, unit length, towards where the ray came from
    exact: bool  # met a triangle of its mesh; False: the box around a part of a loaded model


class Picker:
    """`nearest(ray)`. `primitives` gives the parts of all loaded models."""

    def __init__(self, table: Table, resources: Resources, lods: LodTable, ledger: HardLedger,
                 primitives: Callable[[], Iterable[Primitive]]) -> None:
        self._table, self._resources, self._lods, self._ledger = table, resources, lods, ledger
        self._primitives = primitives
        self._mesh_trees = MeshTrees()
        self._shapes: dict[int, Shape] = {}
        self._meshes: Meshes = self._mesh_trees.pack({})
        self._still = self._moving = self._nobody()
        self._structure: tuple[int, int] = (-1, -1)
        self._written = (-1, -1, -1)
        self._views_lived = False
        self._charged_bytes = 0

    def nearest(self, ray: CheckedRay) -> Hit | None:
        """The entity that the ray meets first, of equals the one that has the lower row; None where it meets none.

        Raises:
            BudgetError: the heap budget has no room for the trees.
        """
        self._refresh()
        row = ray.row(np.float32)
        found = [(met, tree) for tree in (self._still, self._moving) if (met := tree.nearest(row)) is not None]
        if not found:
            return None
        met, tree = min(found, key=lambda pair: pair[0])
        return Hit(Entity(self._table, met.row), met.distance, ray.at(met.distance), _normal(tree, met, ray.direction),
                   tree.is_exact(met))

    def close(self) -> None:
        """Forgets everything and gives its bytes back."""
        self._ledger.release(self._charged_bytes)
        self._charged_bytes = 0
        self._structure = (-1, -1)
        self._shapes, self._meshes = {}, self._mesh_trees.pack({})
        self._still = self._moving = self._nobody()

    # -- keeping up --------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Bring the trees up to what the columns say now, in the middle of a frame too."""
        table = self._table
        transforms = [table.columns[name] for name in TRANSFORMS]
        written = (transforms[0].revision, transforms[1].revision, transforms[2].revision)
        # A view that lives, or lived when we last looked, may have been written to since then.
        alive = any(column.views_alive() for column in transforms)
        moved = alive or self._views_lived or written != self._written
        structure = (table.structure_revision, self._lods.revision)
        if structure == self._structure and not moved:
            return
        columns, blocks = table.update(), 0
        for column in transforms:
            blocks |= column.take_moved()
        if structure != self._structure:
            self._restructure(columns, blocks)
        else:
            self._moving.place(columns, blocks)
        self._charge()
        self._structure, self._written, self._views_lived = structure, written, alive

    def _restructure(self, columns: FrameColumns, blocks: int) -> None:
        """Entities came, went, hid, or got another parent or shape."""
        table, count = self._table, self._table.rows_used
        meshes, lods = self._finest()
        wanted = self._shapes_of(sorted({*meshes, *lods.values()} - {0}))
        fresh = self._ensure_shapes(wanted)
        number = {handle: place for place, handle in enumerate(self._shapes) if handle in wanted}
        of_mesh = np.full(max((handle & INDEX_MASK for handle in meshes), default=0) + 1, NO_ITEM, np.uint32)
        of_lods = np.full(len(self._lods.sets), NO_ITEM, np.uint32)
        of_mesh[[handle & INDEX_MASK for handle in meshes]] = [number.get(handle, NO_ITEM) for handle in meshes]
        of_lods[list(lods)] = [number.get(handle, NO_ITEM) for handle in lods.values()]
        found, counts = np.empty((4, count), np.uint32), np.zeros(2, np.uint32)
        still, still_shapes, moving, moving_shapes = found
        GEOMETRY.lw_bvh_choose_rows(table.shown(), table.flags, table.parent, table.mesh, table.lods, count, of_mesh,
                                    len(of_mesh), of_lods, still, still_shapes, moving, moving_shapes, counts)
        stay, move = counts.tolist()
        self._still = self._tree(None if fresh else self._still, still[:stay], still_shapes[:stay], columns, blocks)
        self._moving = self._tree(None if fresh else self._moving, moving[:move], moving_shapes[:move], columns, blocks)

    def _tree(self, before: InstanceTree | None, rows: U32, numbers: U32, columns: FrameColumns,
              blocks: int) -> InstanceTree:
        """The tree over some rows: the one from before where it is over these."""
        if before is not None and before.is_of(rows, numbers):
            before.placed.meshes = self._meshes
            before.place(columns, blocks)
            return before
        tree = InstanceTree(rows.copy(), numbers.copy(), self._meshes)
        tree.place(columns)
        return tree

    def _nobody(self) -> InstanceTree:
        return InstanceTree(np.zeros(0, np.uint32), np.zeros(0, np.uint32), self._meshes)

    def _ensure_shapes(self, wanted: dict[int, Shape]) -> bool:
        """Have the trees of these meshes. Those that nobody has any more stay for a while, so that the numbers of the
        others, and what was built with them, stay too; returns whether they changed."""
        shapes = {**self._shapes, **wanted}
        fresh = len(shapes) > 2 * len(wanted) + SPARE_SHAPES
        shapes = wanted if fresh else shapes
        if fresh or len(shapes) != len(self._shapes):
            self._shapes, self._meshes = shapes, self._mesh_trees.pack(shapes)
        return fresh

    def _finest(self) -> tuple[list[int], dict[int, int]]:
        """The meshes that rows have, and the first mesh of each LOD set that rows have."""
        uses, sets = self._table.uses, self._lods.sets
        lods = {number: sets[number].meshes[0] for number in uses["lods"].rows if sets[number].meshes}
        return list(uses["mesh"].rows), lods

    def _shapes_of(self, handles: list[int]) -> dict[int, Shape]:
        """What rays can meet, by handle, in the order of `handles`."""
        own = self._resources.mesh_data()
        parts = {part.mesh: part for part in self._primitives()}
        found: dict[int, Shape] = {}
        for handle in handles:
            if handle in own:
                found[handle] = Shape(own[handle].positions, own[handle].indices)
            elif handle in parts and any(parts[handle].half):
                part = parts[handle]
                found[handle] = Shape((np.array(part.center) + _SIGNS * part.half).astype(np.float32), _BOX, False)
        return found

    def _charge(self) -> None:
        size_bytes = self._meshes.size_bytes + self._still.size_bytes + self._moving.size_bytes
        if size_bytes != self._charged_bytes:
            self._ledger.release(self._charged_bytes)
            self._charged_bytes = 0
            try:
                self._ledger.reserve(size_bytes, "Picking (the trees over the scene's entities)")
            except BudgetError:
                self.close()
                raise
            self._charged_bytes = size_bytes


def _normal(tree: InstanceTree, met: Met, direction: F64) -> F64:
    """Of the triangle in the world, against the ray."""
    a, b, c = tree.corners(met).astype(np.float64)
    place = tree.placed.places[met.instance].astype(np.float64)
    normal: F64 = quat_rotate3(place[3:7], cofactors(place[7:10], place[10:13]) @ cross3(b - a, c - a))
    normal = normal / np.abs(normal).max()
    normal = normal / np.sqrt((normal**2).sum())
    return -normal if normal @ direction > 0 else normal
