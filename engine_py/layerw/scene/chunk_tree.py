"""Where many entities are, for hosts whose kernels are numpy's: few of them are tried, found by chunks.

Owns: spheres around the entities that are never too small, kept up with what moves. The answers are those of trying
all (kernels/twins/rays.py), to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F32, U32
from layerw.kernels.geometry import GEOMETRY
from layerw.kernels.twins.rays import COLUMNS
from layerw.scene.box_tree import NO_ITEM
from layerw.scene.chunks import Chunks

if TYPE_CHECKING:
    from layerw.scene.table import FrameColumns
    from layerw.scene.trees import Placed, Spans

NEARLY_ALL = 4  # more than a quarter moved: taking all again is cheaper
Rows = npt.NDArray[np.intp]


class ChunkTree:
    """`place` what may have moved, then ask for the `nearest`."""

    def __init__(self, placed: Placed) -> None:
        self._placed, self._chunks = placed, Chunks()
        self._reach: F32 = np.zeros(len(placed.rows), np.float32)

    @property
    def built_count(self) -> int:
        """How often things were brought into order."""
        return self._chunks.sorted_count

    @property
    def size_bytes(self) -> int:
        """Of its arrays."""
        return self._reach.nbytes + self._chunks.size_bytes

    def place(self, columns: FrameColumns, spans: Spans) -> None:
        """Take the transforms of some of the instances as they are now."""
        places = self._placed.places
        moved = [self._take(columns, begin, end) for begin, end in spans]
        which = np.concatenate(moved)
        if not len(which) and self.built_count:
            return
        some = len(which) * NEARLY_ALL < len(places)
        if some:
            self._reach[which] = self._reaches(places[which], self._placed.numbers[which])
        else:
            self._reach = self._reaches(places, self._placed.numbers)
        if not (some and self._chunks.move(which, places[which, 0:3], self._reach[which])):
            self._chunks.place(places[:, 0:3], self._reach)

    def _take(self, columns: FrameColumns, begin: int, end: int) -> Rows:
        """Copy the transforms of a run of instances; returns which of them changed."""
        rows, places = self._placed.rows[begin:end], self._placed.places[begin:end]
        first = int(rows[0])
        source: slice | U32 = slice(first, first + len(rows)) if int(rows[-1]) - first == len(rows) - 1 else rows
        changed = np.zeros(len(rows), np.bool_)
        own = columns.position, columns.rotation, columns.scale, columns.shear
        for part, column in zip(COLUMNS, own, strict=True):
            now = column[source]
            for axis, place in enumerate(range(part.start, part.stop)):
                changed |= now[:, axis] != places[:, place]  # NaN is always another: it is never near
                places[:, place] = now[:, axis]
        return begin + np.flatnonzero(changed)

    def _reaches(self, places: F32, numbers: U32) -> F32:
        """How far from its origin each may be, as bvh_instances.c widens its box: at least that far."""
        meshes = self._placed.meshes
        roots = meshes.nodes.view(np.float32)[np.minimum(meshes.table[:, 0], max(len(meshes.nodes) - 1, 0))]
        corner = np.maximum(np.abs(roots[:, 0:3]), np.abs(roots[:, 4:7])).astype(np.float64)
        radius = np.where(meshes.table[:, 1] > 0, np.sqrt((corner**2).sum(axis=1)), np.nan).astype(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            square = _sum_of(places[:, axis] ** 2 for axis in (3, 4, 5, 6))
            turned = np.where(np.abs(square - 1) < 1e-3, np.float32(1.01), 1 + 4 * square)
            size = _largest(places[:, 7:10])
            if places[:, 10:13].any():
                size += _sum_of(np.abs(places[:, axis]) for axis in (10, 11, 12))
            reach = radius[numbers] * size
            reach *= turned
            reach += (_largest(places[:, 0:3]) + 8 * reach) * np.float32(1e-5)
        return reach

    def nearest(self, ray: F32) -> tuple[float, int, int] | None:
        """Distance, instance and triangle of what one ray (1, 8) meets first."""
        own = self._chunks.near(ray)
        if not len(own):
            return None
        meshes, numbers = self._placed.meshes, self._placed.numbers[own]
        places = np.ascontiguousarray(self._placed.places[own])
        boxes, distance, found = np.empty((len(own), 6), np.float32), np.empty(1, np.float32), np.empty(2, np.uint32)
        GEOMETRY.lw_bvh_instance_boxes(places, numbers, meshes.table, meshes.nodes, len(own), boxes)
        GEOMETRY.lw_bvh_rays_instances(meshes.nodes, 1, numbers, boxes, places, numbers, meshes.table, meshes.nodes,
                                       meshes.order, meshes.positions, meshes.indices, ray, 1, distance, found[0:1],
                                       found[1:2])  # fmt: skip
        instance, triangle = found.tolist()
        return None if instance == NO_ITEM else (float(distance[0]), int(own[instance]), triangle)


def _sum_of(parts: Iterable[F32]) -> F32:
    total, *rest = parts
    for part in rest:
        total += part
    return total


def _largest(columns: F32) -> F32:
    """The largest magnitude of three columns."""
    x, y, z = (np.abs(columns[:, axis]) for axis in range(3))
    return np.maximum(np.maximum(x, y, out=x), z, out=x)
