"""From meshes and materials to rows of the entity table.

Owns: the material of what is spawned without one. Does not keep entities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.frame.resources import Resources
from layerw.scene.entity import Entities, Entity
from layerw.scene.material import Material
from layerw.scene.shapes import Lods, Mesh
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.scene.lights import Lamp


class Spawner:
    """`one` and `many` give back what they took when a value cannot be set."""

    def __init__(self, table: Table, resources: Resources) -> None:
        self._table, self._resources = table, resources
        self._material: Material | None = None

    def one(self, mesh: Mesh | Lods, material: Material | None, static: bool, **values: Any) -> Entity:
        """One entity with these attributes; those that are None stay as they are."""
        entity = Entity(self._table, self._rows(mesh, 1, material, static))
        set_values(entity, **values)
        return entity

    def many(self, mesh: Mesh | Lods, count: int, material: Material | None, static: bool, **values: Any) -> Entities:
        """`count` entities with these attributes; those that are None stay as they are."""
        count = checks.whole("spawn_many count", count, 0)
        first = self._rows(mesh, count, material, static) if count else 0
        entities = Entities(self._table, first, count)
        set_values(entities, **values)
        return entities

    def lamp(self, kind: str, given: dict[str, float | None], **values: Any) -> Lamp:
        """A light; `given`: of its component, None as its kind has it; `values`: attributes, None stay as they are."""
        from layerw.scene.lights import add_lamp  # most programs have none

        if values.get("direction") is not None and values.get("rotation") is not None:
            raise ConfigError("light was given a direction and a rotation; it takes one of them.")
        lamp = add_lamp(self._table, kind, given, own=True)
        set_values(lamp, **values)
        return lamp

    def _rows(self, mesh: Mesh | Lods, count: int, material: Material | None, static: bool) -> int:
        checks.flag("spawn static", static)
        if material is None:
            material = self._material = self._material or Material()
        look = self._resources.material(material)
        if isinstance(mesh, Lods):
            return self._table.spawn(count, mesh=0, material=look, radius=mesh.radius,
                                     lods=self._resources.lods(mesh), static=static, own=True)  # fmt: skip
        handle = self._resources.mesh(mesh)
        return self._table.spawn(count, mesh=handle, material=look, radius=mesh.data.radius, static=static,
                                 own=True)


def set_values(entities: Entities, **values: Any) -> None:
    """Sets those attributes that are not None; where one is refused, the entities go and the error is raised."""
    try:
        for name, value in values.items():
            if value is not None:
                setattr(entities, name, value)
    except Exception:
        entities.despawn()
        raise
