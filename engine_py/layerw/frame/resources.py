"""GPU resources of what a program made.

Owns: one GPU mesh per Mesh object, one LOD set per Lods (and through looks.py materials, textures, shaders),
made when first used and freed when
neither the object nor a row of the table needs it (`sweep`, once a frame), or by the object's `destroy()`. Charges what
backends allocate by themselves: render targets and instance columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from layerw.base.errors import BudgetError, HandleError, ShapeError
from layerw.base.log import Log
from layerw.base.ports import MeshData
from layerw.frame.kept import Kept, Record
from layerw.frame.looks import HasLook, Looks
from layerw.gpu import spec
from layerw.gpu.store import Store
from layerw.scene.material import Material
from layerw.scene.shapes import Lods, Mesh
from layerw.scene.table import Table
from layerw.scene.textures import Texture
from layerw.visibility.cull import Visibility

# What web/backends allocate by themselves; a row's columns (textures may pad xyz), its number in two passes and still.
COLUMN_BYTES_PER_ROW = sum(16 if width == 3 else 4 * width for _, width, _ in spec.COLUMNS) + 3 * 4
Made = TypeVar("Made")


class Resources:
    """What the program's own objects take on the GPU."""

    def __init__(self, store: Store, visibility: Visibility, table: Table, log: Log) -> None:
        self.store = store
        self._visibility, self._table, self._log = visibility, table, log
        self._meshes: Kept[MeshData] = Kept(table.uses["mesh"])
        self.looks = Looks(store, table.uses["material"], visibility.set_blend, log, visibility.set_list)
        self._lods: Kept[list[Record[MeshData]]] = Kept(table.uses["lods"])
        self._news = (*self._meshes.news, *self.looks.news, *self._lods.news)
        self._charges: dict[str, int] = {}

    def mesh(self, mesh: Mesh) -> int:
        """The GPU handle of a Mesh."""
        return self._mesh(mesh).handle

    def _mesh(self, mesh: Mesh) -> Record[MeshData]:
        if not isinstance(mesh, Mesh):
            raise ShapeError(f"A {type(mesh).__name__} was given as a mesh; it must be a lw.Mesh or a lw.Lods.")
        _refuse_destroyed(mesh)
        found = self._meshes.find(mesh.life)
        if found is None:
            data = mesh.data
            found = self._meshes.add(mesh.life, self._made(lambda: self.store.create_mesh(data)), data)
        return found

    def mesh_data(self) -> dict[int, MeshData]:
        """What the program's meshes are made of, by their handles."""
        return {handle: record.value for handle, record in self._meshes.by_handle.items()}

    def material(self, material: Material) -> int:
        """The GPU handle of a Material."""
        if not isinstance(material, Material):
            raise ShapeError(f"A {type(material).__name__} was given as a material; it must be a lw.Material.")
        _refuse_destroyed(material)
        return self.made_material(material)

    def made_material(self, material: HasLook) -> int:
        """As `material`, of what is made of one."""
        return self.looks.material(material, self._made)

    def texture(self, texture: Texture) -> int:
        """The GPU handle of a Texture."""
        return self.looks.texture(texture, self._made)

    def flush(self) -> None:
        """Once a frame, before anything is drawn: what the program wrote to materials, textures and shaders."""
        self.looks.flush(self._made)

    def lods(self, lods: Lods) -> int:
        """The number of a LOD set."""
        for mesh in lods.meshes:
            _refuse_destroyed(mesh)
        found = self._lods.find(lods.life)
        if found is None:
            records = [self._mesh(mesh) for mesh in lods.meshes]
            number = self._visibility.lod_table.add(tuple(one.handle for one in records), tuple(lods.until_m))
            found = self._lods.add(lods.life, number, records)
            for record in records:
                record.holds += 1
        return found.handle

    def _made(self, make: Callable[[], Made]) -> Made:
        """What a function makes; where the budget has no room, what nobody needs goes first."""
        try:
            return make()
        except BudgetError:
            self.sweep()
            return make()

    # -- the end of them -----------------------------------------------------------------------

    def sweep(self) -> None:
        """Free what neither the program nor a row needs; objects that the program destroyed are drawn no more."""
        if not any(self._news):
            return
        for lods, _ in self._lods.take_over():
            self._end_lods(lods)
        for mesh, destroyed in self._meshes.take_over():
            if destroyed:
                self._take_apart("mesh", mesh.handle)
                for lods in [one for one in self._lods.by_handle.values() if mesh in one.value]:
                    self._take_apart("lods", lods.handle)
                    self._end_lods(lods, by_force=True)
            self._end_mesh(mesh)
        for material, destroyed in self.looks.materials.take_over():
            if destroyed:
                self._take_apart("material", material.handle)
            self.looks.end_material(material)
        for lods in self._lods.take_ended():
            self._end_lods(lods)
        for mesh in self._meshes.take_ended():
            self._end_mesh(mesh)
        for material in self.looks.materials.take_ended():
            self.looks.end_material(material)
        self.looks.sweep()

    def _take_apart(self, name: str, handle: int) -> None:
        rows = self._table.take_apart(name, handle)
        if rows:
            what = "Lods with a mesh that" if name == "lods" else f"A {name} that"
            self._log.warning(f"{what} {rows} entities use was destroyed; they draw nothing from now on.")

    def _end_mesh(self, record: Record[MeshData], *, by_force: bool = False) -> None:
        if self._meshes.try_end(record, by_force=by_force):
            self.store.destroy_mesh(record.handle)

    def _end_lods(self, record: Record[list[Record[MeshData]]], *, by_force: bool = False) -> None:
        if self._lods.try_end(record, by_force=by_force):
            self._visibility.lod_table.remove(record.handle)
            for mesh in record.value:
                mesh.holds -= 1
                self._end_mesh(mesh)

    def try_charge(self, name: str, size_bytes: int) -> bool:
        """Replaces a named fixed cost in the GPU ledger; False (and the old cost stays) where it does not fit."""
        before = self._charges.pop(name, 0)
        self.store.uncharge(before)
        if self.store.try_charge(size_bytes):
            self._charges[name] = size_bytes
            return True
        if before and self.store.try_charge(before):
            self._charges[name] = before
        return False

    def charged(self, name: str) -> int:
        """The named fixed cost now."""
        return self._charges.get(name, 0)

    def charge(self, name: str, size_bytes: int, what: str) -> None:
        """As try_charge; raises BudgetError."""
        if not self.try_charge(name, size_bytes):
            left = self.store.ledger.left_bytes
            raise BudgetError(f"{what} take {size_bytes} bytes, but the GPU budget of {self.store.ledger.budget_bytes} "
                              f"bytes has {left} left; raise it with lw.App(budgets=lw.Budgets(gpu_mib=...)).",
                              needed_bytes=size_bytes, left_bytes=left)  # fmt: skip

    def close(self) -> None:
        """Frees everything."""
        for lods in list(self._lods.by_handle.values()):
            self._end_lods(lods, by_force=True)
        for mesh in list(self._meshes.by_handle.values()):
            self._end_mesh(mesh, by_force=True)
        self.looks.close()


def _refuse_destroyed(thing: Mesh | Material) -> None:
    if thing.life.destroyed:
        raise HandleError(f"The {type(thing).__name__} was destroyed by {type(thing).__name__}.destroy(); make a new "
                          f"one.")  # fmt: skip
