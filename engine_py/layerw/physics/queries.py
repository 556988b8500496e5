"""Rays, moved shapes and overlaps against the bodies of a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.base.names import frozen
from layerw.base.ports import F32, F64
from layerw.physics.body import Body, mask_of
from layerw.physics.rigid_world import RigidWorld
from layerw.physics.shapes import Shapes
from layerw.scene.entity import Entities, Entity
from layerw.scene.table import Table

HIT = np.dtype([("row", "i4"), ("distance", "f4"), ("point", "f4", 3), ("normal", "f4", 3)])
NOBODY = 0xFFFFFFFF
SWEPT = ("box", "sphere", "capsule")


@frozen
@dataclass(frozen=True, slots=True)
class RigidHit:
    """What a ray or a moved shape met: entity (None: ground of a world), metres to it, point and normal (3,)."""

    entity: Entity | None
    distance: float
    point: F64
    normal: F64


class Queries:
    """Each looks at the world after all commands so far."""

    def __init__(self, world: RigidWorld, shapes: Shapes, table: Table) -> None:
        self._world, self._shapes, self._table = world, shapes, table

    def _ready(self) -> None:
        self._world.forget_dead()
        self._world.take_writes()
        self._world.flush()

    def ray(self, origin: npt.ArrayLike, direction: npt.ArrayLike, max_distance: float, layers: Any) -> RigidHit | None:
        """See Physics.raycast."""
        start, way = checks.vector("raycast origin", origin), checks.vector("raycast direction", direction)
        hits = self.rays(start, way, max_distance, layers)
        return self._hit(hits[0])

    def rays(self, origins: npt.ArrayLike, directions: npt.ArrayLike, max_distance: float,
             layers: Any) -> npt.NDArray[np.void]:  # fmt: skip
        """See Physics.raycasts."""
        max_distance = checks.number("raycast max_distance", max_distance, 0, 1e6, above=True)
        start, way = _rows("raycasts origins", origins), _rows("raycasts directions", directions)
        if len(start) != len(way) and 1 not in (len(start), len(way)):
            raise ShapeError(f"raycasts was given {len(start)} origins and {len(way)} directions; they are as many, or "
                             "one of them is one.")
        start, way = np.broadcast_arrays(start, way)
        length = np.sqrt((way**2).sum(axis=1, keepdims=True))
        if not (length > 0).all():
            raise ShapeError("A ray's direction is (0, 0, 0); it takes one with a length.")
        rays = np.concatenate([start, way / length * max_distance], axis=1).astype(np.float32)
        self._ready()
        slots, hits = np.zeros(len(rays), np.uint32), np.zeros((len(rays), 7), np.float32)
        self._world.kernels.lw_rigid_rays(self._world.number, rays, len(rays), _mask(layers), slots, hits)
        return self._found(slots, hits, np.full(len(rays), max_distance))

    def sweep(self, shape: str, size: npt.ArrayLike, origin: npt.ArrayLike, way: npt.ArrayLike,
              rotation: npt.ArrayLike, layers: Any) -> RigidHit | None:  # fmt: skip
        """See Physics.sweep."""
        record, pose = self._shape(shape, size), _pose("sweep origin", origin, rotation)
        ways = checks.vector("sweep way", way)[None].astype(np.float32)
        self._ready()
        slots, hits = np.zeros(1, np.uint32), np.zeros((1, 7), np.float32)
        self._world.kernels.lw_rigid_casts(self._world.number, record, pose, ways, 1, _mask(layers), slots, hits)
        return self._hit(self._found(slots, hits, np.sqrt((ways**2).sum(axis=1)))[0])

    def overlap(self, shape: str, size: npt.ArrayLike, position: npt.ArrayLike, rotation: npt.ArrayLike,
                layers: Any) -> Entities:  # fmt: skip
        """See Physics.overlap."""
        slots = self.slots(self._shape(shape, size), _pose("overlap position", position, rotation), layers)
        rows = self._world.bodies.row[slots].astype(np.intp)
        return Entities.of_rows(self._table, np.sort(rows[rows >= 0]))

    def ball(self, middle: F64, radius: float, layers: Any) -> npt.NDArray[np.uint32]:
        """The bodies that a ball overlaps, by slot."""
        still = _pose("position", middle, (0, 0, 0, 1))
        return np.sort(self.slots(self._shape("sphere", radius), still, layers))

    def slots(self, record: F32, pose: F32, layers: Any) -> npt.NDArray[np.uint32]:
        """The bodies that a shape overlaps."""
        mask = _mask(layers)
        self._ready()
        slots = np.zeros(max(self._world.bodies.high, 1), np.uint32)
        count = self._world.kernels.lw_rigid_overlap(self._world.number, record, pose, mask, len(slots), slots)
        return slots[:count]

    def _shape(self, shape: str, size: npt.ArrayLike) -> F32:
        kind = checks.one_of("shape", shape, SWEPT)
        return self._shapes.of(Body("static", shape=kind, size=size), None)

    def _found(self, slots: npt.NDArray[np.uint32], hits: F32, lengths: npt.NDArray[Any]) -> npt.NDArray[np.void]:
        found: Any = np.zeros(len(slots), HIT)
        met = slots != NOBODY
        found["row"] = np.where(met, self._world.bodies.row[np.where(met, slots, 0)], -1)
        found["distance"] = np.where(met, hits[:, 0] * lengths, np.inf)
        found["point"], found["normal"] = hits[:, 1:4], hits[:, 4:7]
        return found  # type: ignore[no-any-return]

    def _hit(self, hit: Any) -> RigidHit | None:
        if not np.isfinite(hit["distance"]):
            return None
        entity = Entity(self._table, int(hit["row"])) if hit["row"] >= 0 else None
        point, normal = hit["point"].astype(np.float64), hit["normal"].astype(np.float64)
        return RigidHit(entity, float(hit["distance"]), point, normal)


def _mask(layers: Any) -> int:
    return mask_of(Body("static", hits=layers).hits)


def _rows(name: str, value: npt.ArrayLike) -> F64:
    if checks.as_array(value).ndim == 1:
        return checks.vector(name, value)[None]
    found: F64 = checks.array(name, value, np.float64, (3,))
    return found


def _pose(name: str, position: npt.ArrayLike, rotation: npt.ArrayLike) -> F32:
    found: F32 = np.concatenate([checks.vector(name, position), checks.quaternion("rotation", rotation)])[None].astype(
        np.float32)
    return found
