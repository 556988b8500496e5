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
import numpy.typing as npt

from layerw.base.errors import BudgetError
from layerw.base.handles import INDEX_MASK
from layerw.base.mathx import cofactors, quat_rotate
from layerw.base.ports import F64, Primitive
from layerw.base.rays import CheckedRay
from layerw.frame.resources import Resources
from layerw.memory.ledger import HardLedger
from layerw.scene.entity import Entity
from layerw.scene.table import STATIC_FLAG, FrameColumns, Table
from layerw.scene.trees import InstanceTree, Meshes, MeshTrees, Met, Shape
from layerw.visibility.lods import LodTable

TRANSFORMS = ("position", "rotation", "scale")
SPARE_SHAPES = 16  # meshes that are kept though nothing has them now
_SIGNS = np.array([(k & 1, k >> 1 & 1, k >> 2) for k in range(8)], np.float64) * 2 - 1
_SIDES = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
_BOX = np.array([(a, b, c, a, c, d) for a, b, c, d in _SIDES], np.uint32).reshape(-1)


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
        self._still = self._moving = InstanceTree(np.zeros(0, np.intp), np.zeros(0, np.uint32), self._meshes)
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
        self._still = self._moving = InstanceTree(np.zeros(0, np.intp), np.zeros(0, np.uint32), self._meshes)

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
        columns = table.update()
        if structure != self._structure:
            self._restructure(columns)
        else:
            self._moving.place(columns)
        self._charge()
        self._structure, self._written, self._views_lived = structure, written, alive

    def _restructure(self, columns: FrameColumns) -> None:
        """Entities came, went, hid, or got another parent or shape."""
        table = self._table
        used = slice(0, table.rows_used)
        flags = table.flags[used]
        mesh = self._finest(table.mesh[used], table.lods[used])
        shown = np.flatnonzero(table.shown() & (mesh > 0))
        handles, of = _distinct(mesh[shown])
        fresh = self._ensure_shapes(self._shapes_of(handles.tolist()))
        place = {handle: number for number, handle in enumerate(self._shapes)}
        number = np.array([place.get(handle, -1) for handle in handles.tolist()], np.int64)[of]
        shown, numbers = shown[number >= 0], number[number >= 0].astype(np.uint32)
        still = (flags[shown] & STATIC_FLAG != 0) & (table.parent[shown] < 0)
        tree = InstanceTree(shown[still], numbers[still], self._meshes)
        if fresh or not self._still.stands_as(tree, columns):
            tree.place(columns)
            self._still = tree
        self._still.meshes = self._meshes
        self._moving = InstanceTree(shown[~still], numbers[~still], self._meshes)
        self._moving.place(columns)

    def _ensure_shapes(self, wanted: dict[int, Shape]) -> bool:
        """Have the trees of these meshes. Those that nobody has any more stay for a while, so that the numbers of the
        others, and what was built with them, stay too; returns whether they changed."""
        shapes = {**self._shapes, **wanted}
        fresh = len(shapes) > 2 * len(wanted) + SPARE_SHAPES
        shapes = wanted if fresh else shapes
        if fresh or len(shapes) != len(self._shapes):
            self._shapes, self._meshes = shapes, self._mesh_trees.pack(shapes)
        return fresh

    def _finest(self, mesh: npt.NDArray[np.uint32], lods: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint32]:
        """The mesh of each row; of a LOD set, its first."""
        first = np.array([entry.meshes[0] if entry.meshes else 0 for entry in self._lods.sets], np.uint32)
        return np.where(lods > 0, first[lods], mesh)

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


def _distinct(handles: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]:
    """The different handles, and which of them each is. No two that live have one index, so nothing is sorted."""
    index = (handles & np.uint32(INDEX_MASK)).astype(np.intp)
    by_index = np.zeros(int(index.max(initial=0)) + 1, np.uint32)
    by_index[index] = handles
    number = np.cumsum(by_index > 0) - 1
    return by_index[by_index > 0], number[index]


def _normal(tree: InstanceTree, met: Met, direction: F64) -> F64:
    """Of the triangle in the world, against the ray."""
    a, b, c = tree.corners(met).astype(np.float64)
    place = tree.places[met.instance].astype(np.float64)
    normal: F64 = quat_rotate(place[3:7], cofactors(place[7:10], place[10:13]) @ np.cross(b - a, c - a))
    normal = normal / np.abs(normal).max()
    normal = normal / np.sqrt((normal**2).sum())
    return -normal if normal @ direction > 0 else normal
