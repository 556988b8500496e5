"""What becomes a body: what `app.physics.add` was given, asked before any body is made, and then its bodies.

Does not: the world of bodies (rigid_world.py), what one is made of (body.py), what files say (model_bodies.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.base.ports import MeshData
from layerw.frame.subsystems import SubsystemPort
from layerw.physics.bodies import Bodies, Rows
from layerw.physics.body import Body
from layerw.physics.character import Characters
from layerw.physics.forms import Forms
from layerw.physics.rigid_world import RigidWorld
from layerw.physics.shapes import Shapes
from layerw.physics.terrain import Terrain
from layerw.scene.entity import Entities
from layerw.scene.row_values import check_owner
from layerw.scene.table import STATIC_FLAG, Table

FAR_M = 1e5
SCALE_MIN = 1e-4


class Admission:
    """Gives entities, models and worlds their bodies; all of a call, or none."""

    def __init__(self, port: SubsystemPort, world: RigidWorld, shapes: Shapes, forms: Forms, characters: Characters,
                 terrain: Terrain) -> None:  # fmt: skip
        self._port, self._world, self._shapes, self._forms = port, world, shapes, forms
        self._characters, self._terrain = characters, terrain

    def take(self, things: Any, body: Body | str | None, settings: dict[str, Any]) -> None:
        """See Physics.add."""
        if not isinstance(things, Entities):
            from layerw.content.models import Model  # programs without any import nothing of it

            if isinstance(things, Model):
                from layerw.physics.model_bodies import add_model

                _ = self._world.number  # raises once the App is closed
                return add_model(self._port, things, body is None and not settings, self._shapes.of, self.add)
        body = "dynamic" if body is None else body
        if isinstance(body, str):
            body = Body(body, **settings)
        elif not isinstance(body, Body) or settings:
            given = f"{checks.shown(body)}{' and settings' if settings else ''}"
            raise KindError(f"app.physics.add body is {given}; it takes a lw.Body, or a kind with settings.")
        if not isinstance(things, Entities):
            from layerw.content.worlds import World  # programs without any import nothing of it

            says = "an Entity, a group of them, a Model, or a World"
            checks.instance("app.physics.add things", things, (Entities, World), says)
            return self._terrain.add(things, body)
        check_owner("app.physics.add things", things, self._port.table)
        if len(things):
            self.add(things, body)

    def add(self, entities: Entities, body: Body, around: MeshData | None = None) -> None:
        """Bodies of entities; their shapes are fitted around their meshes, or `around`."""
        table, rows = self._port.table, entities._numbers()
        entities._check()
        check_rows(table, self._world.bodies, self._characters.rows(), rows, body)
        scale = np.abs(table.scale[rows])
        poses = np.concatenate([table.position[rows], table.rotation[rows]], axis=1).astype(np.float32)
        if not (np.isfinite(poses).all() and (np.abs(poses[:, :3]) < FAR_M).all()
                and (scale >= SCALE_MIN).all() and (scale <= FAR_M).all()):  # fmt: skip
            raise ConfigError(f"app.physics.add was given entities that are no number, farther than {FAR_M:g} m from "
                              f"the origin or scaled below {SCALE_MIN:g} or above {FAR_M:g}; bodies have a place and a "
                              f"size.")
        meshes = table.mesh[rows]
        kinds, which = np.unique(meshes, return_inverse=True)
        # all of them, before any is made
        records = [self._shapes.of(body, around or self._mesh(int(mesh))) for mesh in kinds]
        floats, words = body.records(len(rows))
        floats[:, 14:] = scale
        for number, shapes in enumerate(records):
            mine = np.flatnonzero(which.reshape(-1) == number)
            slots = self._world.add(rows[mine], poses[mine], floats[mine], words[mine], shapes)
            self._shapes.hold(slots, shapes)
            self._forms.add(slots, shapes, scale[mine].astype(np.float32), self._shapes)

    def _mesh(self, handle: int) -> MeshData | None:
        return self._port.resources.mesh_data().get(handle)


def check_rows(table: Table, bodies: Bodies, characters: list[int], rows: Rows, body: Body) -> None:
    """Raises ConfigError where one of these rows can't have a body."""
    if (table.parent[rows] >= 0).any():
        raise ConfigError("app.physics.add was given an entity that has a parent; a body moves by itself. Give the "
                          "parent one, or set its parent to None before.")  # fmt: skip
    if body.kind != "static" and (table.flags[rows] & STATIC_FLAG).any():
        raise ConfigError(f"app.physics.add was given an entity that was spawned with static=True, and a "
                          f"{body.kind} body; a static one hardly ever moves. Spawn it without.")  # fmt: skip
    if (bodies.slots(rows) >= 0).any():
        raise ConfigError("app.physics.add was given an entity that has a body; `entity.body.remove()` ends it.")
    if len(np.unique(rows)) < len(rows):
        raise ConfigError("app.physics.add was given an entity twice; it has one body.")
    if np.isin(rows, characters).any():
        raise ConfigError("app.physics.add was given the entity of a Character, which has no body; "
                          "`character.remove()` ends it.")
