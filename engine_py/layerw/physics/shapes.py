"""Shapes of bodies: records for the kernel, fitted around meshes, and the templates behind hulls and triangles.

Owns: which templates the kernel holds for this world. Two bodies with the same points share one.
"""

from __future__ import annotations

import math

import numpy as np

from layerw.base.errors import ConfigError
from layerw.base.mathx import matrix_from_quat
from layerw.base.ports import F32, U32, MeshData
from layerw.kernels.gen.rigid import RigidKernels
from layerw.physics.body import SHAPE_FLOATS, Body, Part

BOX, SPHERE, CAPSULE, HULL, MESH, FIELD = range(6)  # rigid.h
THIN = 0.01  # metres: half of the least thickness
CORNERS_MAX = 32  # of a hull: more cost time in every contact
HULL_MIN_M, FLAT = 0.005, 2e-4  # below these Box3D's builder may never end; thickness by length
HULL_ROOM = 255  # Box3D's working arrays are as large as what it may keep, and it does not check that they suffice
ROUND = 16  # corners around a cylinder
UNUSED_MAX = 64  # templates without a body
HULL_SHARE = 0.6  # of its box that a hull fills, about


def record(kind: int, *sizes: float, template: int = 0, at: tuple[float, ...] = (0.0, 0.0, 0.0)) -> F32:
    """(12,) a shape record."""
    found = np.zeros(SHAPE_FLOATS, np.float32)
    found[0], found[1], found[2 : 2 + len(sizes)], found[5:8], found[11] = kind, template, sizes, at, 1
    return found


class Shapes:
    """`of(body, mesh)` gives records; templates are made once."""

    def __init__(self, kernels: RigidKernels) -> None:
        self._kernels = kernels
        self._templates: dict[tuple[str, bytes], int] = {}
        self._held: dict[int, list[int]] = {}  # by slot: templates of its body
        self._uses: dict[int, int] = {}
        self._unused: dict[int, None] = {}  # templates that no body has, the longest unused first
        self._extents: dict[int, tuple[F32, F32, float]] = {}  # by template: corners, and how much of the box it fills

    def use(self, kernels: RigidKernels) -> None:
        """Of another world from now on; none is made yet."""
        self._kernels = kernels

    def of(self, body: Body, mesh: MeshData | None) -> F32:
        """(k, 12) the records of a body around a mesh of Python's; None: there is none to fit.

        Raises:
            ConfigError: nothing to fit, or points without a volume.
        """
        if body.parts is not None:
            return np.stack([self._part(part) for part in body.parts])
        if body.size is None and body.points is None and mesh is None:
            raise ConfigError(f"Body(shape={body.shape!r}) has no mesh of Python's to fit (a loaded model is on the "
                              "GPU only); give its size=, or a hull's points=.")
        if body.size is not None:
            return self._sized(body.shape, body.size, (0.0, 0.0, 0.0))[None]
        if body.shape == "mesh":
            assert mesh is not None
            return record(MESH, template=self._mesh(mesh))[None]
        points = body.points if body.points is not None else mesh.positions if mesh is not None else None
        assert points is not None
        if body.shape == "hull":
            return record(HULL, template=self._hull(points))[None]
        low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
        center, half = (low + high) / 2, np.maximum((high - low) / 2, THIN)
        if body.shape == "sphere":
            sizes: tuple[float, ...] = (max(map(float, half)),)
        elif body.shape == "box":
            sizes = tuple(float(2 * side) for side in half)
        else:
            radius = max(float(half[0]), float(half[2]))
            sizes = (radius, max(float(2 * half[1]), 2 * radius if body.shape == "capsule" else 0.0))
        return self._sized(body.shape, sizes, (float(center[0]), float(center[1]), float(center[2])))[None]

    def _part(self, part: Part) -> F32:
        if part.points is not None:
            found = record(HULL, template=self._hull(part.points))
        else:
            assert part.size is not None
            found = self._sized(part.shape, part.size, (0.0, 0.0, 0.0))
        found[5:8], found[8:12] = part.position, part.rotation
        return found

    def bounds(self, records: F32) -> tuple[F32, F32, float]:
        """Low and high corner (3,) of a body's unscaled shapes, and its volume in cubic metres, roughly for hulls."""
        lows, highs, volume = [], [], 0.0
        for one in records:
            kind, half = int(one[0]), one[2:5].astype(np.float64)
            if kind == SPHERE:
                half, inside = np.full(3, half[0]), 4 / 3 * math.pi * half[0] ** 3
            elif kind == CAPSULE:
                inside = math.pi * half[0] ** 2 * (2 * half[1] + 4 / 3 * half[0])
                half = np.array((half[0], half[1] + half[0], half[0]))
            elif kind == BOX:
                inside = 8 * half.prod()
            else:
                low, high, share = self._extents.get(int(one[1]), (np.zeros(3), np.zeros(3), 0.0))
                inside = share * float((high - low).prod())
                lows.append(one[5:8] + low)
                highs.append(one[5:8] + high)
                volume += inside
                continue
            reach = np.abs(matrix_from_quat(one[8:12])) @ half
            lows.append(one[5:8] - reach)
            highs.append(one[5:8] + reach)
            volume += float(inside)
        return np.min(lows, axis=0).astype(np.float32), np.max(highs, axis=0).astype(np.float32), volume

    def _sized(self, shape: str, size: tuple[float, ...], at: tuple[float, ...]) -> F32:
        if shape == "box":
            return record(BOX, *(side / 2 for side in size), at=at)
        if shape == "sphere":
            return record(SPHERE, size[0], at=at)
        if shape == "capsule":
            return record(CAPSULE, size[0], max(size[1] / 2 - size[0], 0.005), at=at)
        ring = _circle() * size[0]
        ends = [np.insert(ring, 1, half, axis=1) for half in (-size[1] / 2, size[1] / 2)]
        return record(HULL, template=self._hull(np.concatenate(ends).astype(np.float32)), at=at)

    def _hull(self, points: F32) -> int:
        points = _corners(np.unique(points, axis=0))
        key = ("hull", points.tobytes())
        if key not in self._templates:
            number = _spans(points) and self._kernels.lw_rigid_hull(
                np.ascontiguousarray(points, np.float32), len(points), HULL_ROOM)  # fmt: skip
            if not number:
                raise ConfigError(f"A hull of {len(points)} points was asked for; they lie in a point, a line or a "
                                  f"plane, or nearly, or within {1000 * HULL_MIN_M:g} mm: a hull spans a volume.")
            self._templates[key] = number
            round_share = math.pi / 4 if len(points) == 2 * ROUND else HULL_SHARE
            self._extents[number] = (points.min(axis=0), points.max(axis=0), round_share)
        return self._templates[key]

    def _mesh(self, mesh: MeshData) -> int:
        key = ("mesh", mesh.positions.tobytes() + mesh.indices.tobytes())
        if key not in self._templates:
            positions, indices = np.ascontiguousarray(mesh.positions, np.float32), np.ascontiguousarray(mesh.indices)
            number = self._kernels.lw_rigid_mesh(positions, len(positions), indices.astype(np.uint32),
                                                 indices.size // 3)  # fmt: skip
            if not number:
                raise ConfigError(f"A mesh of {indices.size // 3} triangles was asked for as a body's shape; none of "
                                  "them has an area.")
            self._templates[key] = number
            self._extents[number] = (positions.min(axis=0), positions.max(axis=0), 0.0)
        return self._templates[key]

    def hold(self, slots: U32, records: F32) -> None:
        """These bodies are made of these records: their templates stay."""
        templates = [int(one[1]) for one in records if one[0] in (HULL, MESH)]
        for template in templates:
            self._uses[template] = self._uses.get(template, 0) + len(slots)
            self._unused.pop(template, None)
        if templates:
            self._held.update(dict.fromkeys(slots.tolist(), templates))

    def release(self, slots: U32) -> None:
        """These bodies are gone; of templates without any the last UNUSED_MAX are kept for the next body."""
        if not self._held:
            return
        for slot in slots.tolist():
            for template in self._held.pop(slot, ()):
                self._uses[template] -= 1
                if not self._uses[template]:
                    self._unused[template] = None
        if len(self._unused) > UNUSED_MAX:
            keys = {number: key for key, number in self._templates.items()}
            while len(self._unused) > UNUSED_MAX:
                template = next(iter(self._unused))
                for column in (self._unused, self._uses, self._extents):
                    column.pop(template, None)
                del self._templates[keys[template]]
                self._kernels.lw_rigid_drop(template)

    @property
    def count(self) -> int:
        """Of templates."""
        return len(self._templates)

    def close(self) -> None:
        """Drops them; no body may have one."""
        for number in self._templates.values():
            self._kernels.lw_rigid_drop(number)
        self._templates.clear()
        for column in (self._extents, self._held, self._uses, self._unused):
            column.clear()


def _spans(points: F32) -> bool:
    """Whether they are far enough apart, in the direction too in which they are nearest."""
    around = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    length = float(np.ptp(around, axis=0).max())
    if not length >= HULL_MIN_M:
        return False
    around /= length
    thinnest = np.linalg.eigh(around.T @ around)[1][:, 0]
    return float(np.ptp(around @ thinnest)) >= FLAT


def _corners(points: F32) -> F32:
    """At most CORNERS_MAX of them: those farthest out along the axes, between them, and between those."""
    if len(points) <= CORNERS_MAX:
        return points
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    x, y, z = ((points - (low + high) / 2) / np.maximum(high - low, THIN)).T
    steps = sorted(np.ndindex(5, 5, 5), key=lambda step: (sum(way % 2 for way in step) > 0, step))  # even ones first
    chosen: dict[int, None] = {}
    for a, b, c in (np.array(step) - 2 for step in steps):
        length = np.sqrt(float(a * a + b * b + c * c))
        if length and len(chosen) < CORNERS_MAX:
            chosen[int((x * (a / length) + y * (b / length) + z * (c / length)).argmax())] = None
    found: F32 = points[sorted(chosen)]
    return found


def _circle() -> F32:
    """(16, 2) a regular polygon by square roots alone, which are the same on every machine."""
    a = np.sqrt(0.5)
    b = np.sqrt((1 + a) / 2)
    c = np.sqrt(1 - b * b)
    eighth = [(1.0, 0.0), (b, c), (a, a), (c, b)]
    quarter = np.array(eighth)
    turned = np.stack([-quarter[:, 1], quarter[:, 0]], axis=1)
    found: F32 = np.concatenate([quarter, turned, -quarter, -turned])
    return found
