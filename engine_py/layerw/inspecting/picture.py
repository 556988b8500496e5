"""The chosen entity in the picture: its box, the gizmo's axes, what a drag of them means.

Owns: the way from the world to the picture and back, for the main view. Places in the picture are 0 to 1 from its upper
left. Does not: draw; the page does, above the canvas. Limits: of what is on the GPU only, the box is around its sphere.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from layerw.base.mathx import matrix_from_quat, quat_from_axis_angle, quat_multiply
from layerw.base.ports import F64
from layerw.engine import Engine
from layerw.scene.entity import Entity
from layerw.scene.hierarchy import world_matrix

GIZMO_PX = 80
NEAR_W = 1e-3
RING = 32  # sides of a ring
_CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
_EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1]
Line = list[float]  # x, y, x, y


class Picture:
    """Of one engine's main view."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._boxes: dict[int, tuple[F64, F64]] = {}  # middle and half sides, by mesh
        self._drag: tuple[Entity, F64, F64, F64] | None = None

    def look(self, entity: Entity, mode: str) -> dict[str, Any]:
        """{"box": lines, "axes": three lists of lines}, of what lies before the camera."""
        linear, place = self._world(entity)
        middle, half = self._box(entity)
        corners = place + (middle + _CORNERS * half) @ linear.T
        box = self._lines([(corners[a], corners[b]) for a, b in _EDGES])
        return {"box": box, "axes": self._axes(linear, place, mode)}

    def drag(self, entity: Entity, mode: str, axis: int, start: list[float], now: list[float], first: bool) -> None:
        """Moves, turns or scales by a drag of an axis (0 to 2) from one place of the picture to another."""
        if first or self._drag is None or self._drag[0] != entity:
            position, rotation = np.array(entity.position, np.float64), np.array(entity.rotation, np.float64)
            self._drag = entity, position, rotation, np.array(entity.scale, np.float64)
        _, position, rotation, scale = self._drag
        linear, place = self._parent(entity)
        world = place + linear @ position
        if mode == "turn":
            direction = np.eye(3)[axis]
            angle = self._angle(world, direction, start, now)
            about = _unit(np.linalg.solve(linear, direction))
            entity.rotation = quat_multiply(quat_from_axis_angle(about, angle), rotation)
            return
        turned = linear @ matrix_from_quat(rotation)
        direction = _unit(turned[:, axis]) if mode == "scale" else np.eye(3)[axis]
        before, after = self._along(world, direction, start), self._along(world, direction, now)
        if before is None or after is None:
            return
        if mode == "scale":
            factor = after / before if abs(before) > 1e-6 else 1.0
            scale = scale.copy()
            scale[axis] *= min(max(factor, 0.01), 100.0)
            entity.scale = scale
        else:
            entity.position = position + np.linalg.solve(linear, direction * (after - before))

    # -- the world -------------------------------------------------------------------------------

    def _world(self, entity: Entity) -> tuple[F64, F64]:
        table = entity._table
        linear, place = world_matrix(table.parent, table.position, table.rotation, table.scale, entity.first_row)
        return np.asarray(linear, np.float64), np.asarray(place, np.float64)

    def _parent(self, entity: Entity) -> tuple[F64, F64]:
        parent = entity.parent
        return (np.eye(3), np.zeros(3)) if parent is None else self._world(parent)

    def _box(self, entity: Entity) -> tuple[F64, F64]:
        table, row = entity._table, entity.first_row
        mesh = int(table.mesh[row])
        if mesh not in self._boxes:
            data = self._engine.resources.mesh_data().get(mesh)
            if data is not None and len(data.positions):
                low, high = data.positions.min(axis=0).astype(np.float64), data.positions.max(axis=0).astype(np.float64)
                self._boxes[mesh] = (low + high) / 2, (high - low) / 2
        if mesh in self._boxes:
            return self._boxes[mesh]
        radius = float(table.radius[row])
        return np.zeros(3), np.full(3, radius if radius > 0 else 0.25)

    def _axes(self, linear: F64, place: F64, mode: str) -> list[list[Line]]:
        camera = self._engine.shown.camera
        depth = float((place - camera.position) @ camera.forward)
        if depth <= 0 and not camera.is_parallel:
            return [[], [], []]
        size = GIZMO_PX / camera.focal_px * (1 if camera.is_parallel else max(depth, 1e-3))
        if mode == "turn":
            return [self._lines(_ring(place, axis, size)) for axis in range(3)]
        ends = [_unit(linear[:, axis]) if mode == "scale" else np.eye(3)[axis] for axis in range(3)]
        return [self._lines([(place, place + size * end)]) for end in ends]

    # -- the picture -----------------------------------------------------------------------------

    def _lines(self, pairs: list[tuple[F64, F64]]) -> list[Line]:
        """What of these lies before the camera, in the picture."""
        camera, view = self._engine.shown.camera, self._engine.view.viewport
        matrix, found = camera.view_projection.astype(np.float64), []
        for a, b in pairs:
            p, q = (matrix @ np.append(point - camera.position, 1.0) for point in (a, b))
            if p[3] < NEAR_W and q[3] < NEAR_W:
                continue
            if min(p[3], q[3]) < NEAR_W:
                cut = p + (q - p) * ((NEAR_W - p[3]) / (q[3] - p[3]))
                p, q = (cut, q) if p[3] < NEAR_W else (p, cut)
            line: Line = []
            for point in (p, q):
                x, y = point[:2] / point[3]
                line += [float(view[0] + (x + 1) / 2 * view[2]), float(view[1] + (1 - y) / 2 * view[3])]
            found.append([round(min(max(value, -9.0), 9.0), 5) for value in line])
        return found

    def _ray(self, at: list[float]) -> tuple[F64, F64]:
        x, y, width, height = self._engine.view.viewport
        start, direction = self._engine.shown.camera.ray((at[0] - x) / width, (at[1] - y) / height)
        return np.asarray(start), np.asarray(direction)

    def _along(self, origin: F64, direction: F64, at: list[float]) -> float | None:
        """Metres from `origin` along an axis to where the ray through a place comes nearest; None: parallel ones."""
        start, ray = self._ray(at)
        across = float(direction @ ray)
        if 1 - across * across < 1e-6:
            return None
        between = start - origin
        return float((between @ direction - (between @ ray) * across) / (1 - across * across))

    def _angle(self, origin: F64, axis: F64, start: list[float], now: list[float]) -> float:
        """Radians about an axis; where the ring is seen from its edge, by the way across the picture."""
        arms = []
        for at in (start, now):
            begin, ray = self._ray(at)
            steep = float(ray @ axis)
            if abs(steep) < 0.1:
                return 2 * math.pi * (now[0] - start[0] + start[1] - now[1])
            arms.append(begin + ray * (float((origin - begin) @ axis) / steep) - origin)
        return math.atan2(float(np.cross(arms[0], arms[1]) @ axis), float(arms[0] @ arms[1]))


def _unit(vector: F64) -> F64:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else np.array((0.0, 1.0, 0.0))


def _ring(place: F64, axis: int, size: float) -> list[tuple[F64, F64]]:
    a, b = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
    points = [place + size * (math.cos(turn) * a + math.sin(turn) * b)
              for turn in np.linspace(0, 2 * math.pi, RING + 1)]
    return list(itertools.pairwise(points))
