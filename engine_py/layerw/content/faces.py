"""What programs see of a loaded model beside its nodes: variants, cameras, materials, and how instances are spawned.

Owns: nothing; a Model hands on to these.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from layerw.base import checks
from layerw.base.colors import Color, hex_of_linear, linear_rgba
from layerw.base.errors import ConfigError, KeyMissing
from layerw.base.ports import F32, CameraDesc, Primitive
from layerw.base.settings import fixed_attributes
from layerw.gpu.store import Store
from layerw.scene.camera import Camera
from layerw.scene.entity import Entity
from layerw.scene.hierarchy import world_matrix
from layerw.scene.projections import Orthographic, Perspective
from layerw.scene.table import Table

if TYPE_CHECKING:
    from layerw.base.material_desc import MaterialDesc


@fixed_attributes
class ModelMaterial:
    """A material of a file, shared by all models of that file: writing one of these changes it in all of them."""

    def __init__(self, store: Store, handle: int, name: str) -> None:
        self._store, self._handle, self.name = store, handle, name

    def __repr__(self) -> str:
        return f"ModelMaterial({self.name!r})"

    @property
    def _desc(self) -> MaterialDesc:
        record = self._store.materials.get(self._handle)
        if record is None:
            raise ConfigError(f"The material {self.name!r} is gone with its model.")
        return record.desc

    def _write(self, **values: object) -> None:
        desc = copy(self._desc)
        for name, value in values.items():
            setattr(desc, name, value)
        self._store.write_material(self._handle, desc)

    @property
    def color(self) -> Color:
        """The base colour as "#rrggbb"; assign as `lw.Material.color`."""
        return hex_of_linear(self._desc.base_color[:3])

    @color.setter
    def color(self, value: Color) -> None:
        self._write(base_color=linear_rgba(value, "ModelMaterial.color"))

    @property
    def metallic(self) -> float:
        """0 (plastic, wood, stone) to 1 (metal)."""
        return self._desc.metallic

    @metallic.setter
    def metallic(self, value: float) -> None:
        self._write(metallic=checks.number("ModelMaterial.metallic", value, 0.0, 1.0))

    @property
    def roughness(self) -> float:
        """0 (mirror) to 1 (chalk)."""
        return self._desc.roughness

    @roughness.setter
    def roughness(self, value: float) -> None:
        self._write(roughness=checks.number("ModelMaterial.roughness", value, 0.0, 1.0))

    @property
    def emissive_strength(self) -> float:
        """Multiplies the light that it gives by itself."""
        return self._desc.emissive_strength

    @emissive_strength.setter
    def emissive_strength(self, value: float) -> None:
        self._write(emissive_strength=checks.number("ModelMaterial.emissive_strength", value, 0.0, 1e5))


def camera_at(table: Table, row: int, desc: CameraDesc) -> Camera:
    """A camera where a node stands now; it does not follow, and never rolls."""
    matrix, place = world_matrix(table.parent, table.position, table.rotation, table.scale, row)
    lens = Perspective(fov_y=desc.size) if desc.kind == "perspective" else Orthographic(height=desc.size)
    camera = Camera(place, projection=lens)
    camera.near = desc.near
    camera.look_at(place - matrix[:, 2])
    return camera


def entity_named(entities: dict[str, Entity], name: object, what: str) -> Entity:
    """A node by name. Raises KeyMissing (a KeyError as well) with the nearest one."""
    wanted = checks.text(f"{what}[name]", name)
    if wanted not in entities:
        raise KeyMissing(f"{what} has no node {wanted!r}.{checks.did_you_mean(wanted, entities)}")
    return entities[wanted]


def checked_variant(value: object, variants: list[str], ready: bool) -> str | None:
    """What is assigned to Model.variant."""
    if value is None:
        return None
    wanted = checks.text("Model.variant", value)
    if ready and wanted not in variants:
        raise ConfigError(f"Model.variant is {wanted!r}; the file has {', '.join(map(repr, variants)) or 'none'}."
                          f"{checks.did_you_mean(wanted, variants)}")  # fmt: skip
    return wanted


def choose(table: Table, parts: Iterable[tuple[int, int, Primitive]], number: int) -> None:
    """Gives rows (first, count) of a model's primitives the materials of a variant; -1: their own."""
    for first, count, primitive in parts:
        material = primitive.variants.get(number, (primitive.material, False))[0]
        for row in range(first, first + count):
            if int(table.material[row]) != material:
                table.set_material(row, material)


def spawn_instances(table: Table, primitive: Primitive, instances: F32, parent: Entity, radius: float) -> int:
    """One row for each instance, below the node; returns the first."""
    count = len(instances)
    first = table.spawn(count, mesh=primitive.mesh, material=primitive.material, radius=radius)
    rows = slice(first, first + count)
    table.position[rows], table.rotation[rows] = instances[:, :3], instances[:, 3:7]
    table.scale[rows] = instances[:, 7:]
    table.set_parent(np.arange(first, first + count), parent.first_row)
    return first
