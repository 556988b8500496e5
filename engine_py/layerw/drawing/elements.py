"""What points and lines have in common: elements on the GPU, and the entity that they belong to.

Owns: the mesh of elements (gpu/spec.py: LAYOUTS), made of an array that stays the program's to write to, and its row in
the entity table. Which styles there are, one material each, is kept by `Styles`. Does not: cull or draw.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from layerw.base.errors import HandleError
from layerw.base.ports import MaterialDesc
from layerw.gpu import spec
from layerw.gpu.store import Store
from layerw.scene.entity import Entity
from layerw.scene.table import Table
from layerw.visibility.cull import Visibility

FORMATS = {"float32x3": ("<f4", (3,)), "float32x2": ("<f4", (2,)), "float32": ("<f4", ()), "unorm8x4": ("u1", (4,)),
           "snorm16x2": ("<i2", (2,))}
UNITS = ("px", "m")


def layout_dtype(topology: str) -> np.dtype[Any]:
    """A structured type for elements of a topology."""
    return np.dtype([(name, *FORMATS[format_]) for name, _, format_ in spec.LAYOUTS[topology].attributes])


class Style(NamedTuple):
    """What makes another pipeline."""

    kind: str  # "discs", "strokes", "glyphs" or "splats"
    unit: str
    fog: bool
    blend: bool

    def flags(self) -> int:
        """spec.MATERIAL_*: they cast no shadows and have no sides."""
        metres = spec.MATERIAL_METRES if self.unit == "m" else 0
        fog = 0 if self.fog else spec.MATERIAL_NO_FOG
        blend = spec.MATERIAL_BLEND if self.blend else 0
        return metres | fog | blend | spec.MATERIAL_NO_SHADOW | spec.MATERIAL_DOUBLE_SIDED


class Styles:
    """One material a style, shared by all that have it; they stay until `close`."""

    def __init__(self, store: Store, visibility: Visibility) -> None:
        self._store, self._visibility = store, visibility
        self._materials: dict[Style, int] = {}
        self.textures: dict[str, int] = {}  # by kind: handles

    def material(self, style: Style) -> int:
        """Its handle."""
        found = self._materials.get(style)
        if found is None:
            found = self._materials[style] = self._store.create_material(MaterialDesc(
                style.kind, flags=style.flags(), base_color_texture=self.textures.get(style.kind, 0)))  # fmt: skip
            if style.blend:
                self._visibility.set_blend(found, True)
            else:
                self._visibility.set_last(found)
        return found

    def close(self) -> None:
        """Ends all of them."""
        for style, material in self._materials.items():
            if style.blend:
                self._visibility.set_blend(material, False)
            self._store.destroy_material(material)
        self._materials.clear()


class Elements:
    """A mesh of elements and its row; `data` is what the GPU has a copy of, kept for a lost device as well."""

    def __init__(self, table: Table, store: Store, styles: Styles, data: npt.NDArray[Any], style: Style,
                 radius: float) -> None:  # fmt: skip
        self.style, self.data = style, data
        self._table, self._store, self._styles = table, store, styles
        topology = spec.TOPOLOGIES.index(style.kind)
        self.mesh = store.create_packed((data.view(np.uint8), np.zeros(0, np.uint8)), len(data), 0, topology)
        try:
            self.row = table.spawn(1, mesh=self.mesh, material=styles.material(style), radius=radius)
        except Exception:
            store.destroy_mesh(self.mesh)
            raise
        self.entity = Entity(table, self.row)

    @property
    def alive(self) -> bool:
        """False once the entity was despawned."""
        return self.entity.alive

    def check_live(self, what: str) -> None:
        """Raises HandleError once the entity was despawned."""
        if not self.alive:
            raise HandleError(f"{what} were destroyed, or their entity was despawned; make new ones.")

    def set_blend(self, blend: bool) -> None:
        """Whether something is seen through it."""
        if blend != self.style.blend:
            self.style = self.style._replace(blend=blend)
            self._table.set_material(self.row, self._styles.material(self.style))

    def write(self, radius: float, count: int | None = None) -> None:
        """Uploads the first `count` elements, all by default; radius: of a sphere around the entity's origin."""
        self._store.rewrite_mesh(self.mesh, None if count is None else count * self.data.itemsize)
        self._reach(radius)

    def _reach(self, radius: float) -> None:
        if radius != self._table.radius[self.row]:
            self._table.radius[self.row] = radius
            self._table.columns["scale"].touch(self.row, 1)  # visibility measures what may have another size

    def replace(self, data: npt.NDArray[Any], radius: float) -> None:
        """Other elements, in whatever number, in the place of these."""
        if len(data) == len(self.data):
            self.data[:] = data
            return self.write(radius)
        topology = spec.TOPOLOGIES.index(self.style.kind)
        before, self.data = self.mesh, data
        self.mesh = self._store.create_packed((data.view(np.uint8), np.zeros(0, np.uint8)), len(data), 0, topology)
        self._table.set_mesh(self.row, self.mesh)
        self._reach(radius)
        self._store.destroy_mesh(before)

    def end(self) -> None:
        """Frees both."""
        if self.entity.alive:
            self.entity.despawn()
        self._store.destroy_mesh(self.mesh)


class Drawing(Protocol):
    """What a program holds: it is brought up to date once a frame."""

    @property
    def alive(self) -> bool: ...
    def _update(self) -> bool: ...  # whether its numbers are finite
    def _end(self) -> None: ...
