"""GPU resources of the meshes and materials that a program made.

Owns: one GPU mesh per Mesh object, one material per Material, one LOD set per Lods, made when first used and
freed by `close`. Charges what backends allocate by themselves: render targets and instance columns.
"""

from __future__ import annotations

from layerw.base.errors import BudgetError, ShapeError
from layerw.base.ports import MeshData
from layerw.gpu import spec
from layerw.gpu.store import Store
from layerw.scene.shapes import Lods, Material, Mesh
from layerw.visibility.cull import Visibility

# What web/backends allocate by themselves; a row's columns (textures may pad xyz), and its number in two passes.
COLUMN_BYTES_PER_ROW = sum(16 if width == 3 else 4 * width for _, width, _ in spec.COLUMNS) + 2 * 4


class Resources:
    """What the program's own objects take on the GPU."""

    def __init__(self, store: Store, visibility: Visibility) -> None:
        self.store = store
        self._visibility = visibility
        self._meshes: dict[int, tuple[Mesh, int]] = {}  # by id(); the object is kept, so the id stays its own
        self._materials: dict[int, tuple[Material, int]] = {}
        self._lods: dict[int, tuple[Lods, int]] = {}
        self._charges: dict[str, int] = {}

    def mesh(self, mesh: Mesh) -> int:
        """The GPU handle of a Mesh."""
        if not isinstance(mesh, Mesh):
            raise ShapeError(f"A {type(mesh).__name__} was given as a mesh; it must be a lw.Mesh or a lw.Lods.")
        found = self._meshes.get(id(mesh))
        if found is None:
            found = self._meshes[id(mesh)] = (mesh, self.store.create_mesh(mesh.data))
        return found[1]

    def mesh_data(self) -> dict[int, MeshData]:
        """What the program's meshes are made of, by their handles."""
        return {handle: mesh.data for mesh, handle in self._meshes.values()}

    def material(self, material: Material) -> int:
        """The GPU handle of a Material."""
        if not isinstance(material, Material):
            raise ShapeError(f"A {type(material).__name__} was given as a material; it must be a lw.Material.")
        found = self._materials.get(id(material))
        if found is None:
            found = self._materials[id(material)] = (material, self.store.create_material(material.desc()))
            if material.blend:
                self._visibility.set_blend(found[1], True)
        return found[1]

    def lods(self, lods: Lods) -> int:
        """The number of a LOD set."""
        found = self._lods.get(id(lods))
        if found is None:
            handles = tuple(self.mesh(mesh) for mesh in lods.meshes)
            found = self._lods[id(lods)] = (lods, self._visibility.lod_table.add(handles, tuple(lods.until_m)))
        return found[1]

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
        for _, handle in self._materials.values():
            self._visibility.set_blend(handle, False)
            self.store.destroy_material(handle)
        for _, handle in self._meshes.values():
            self.store.destroy_mesh(handle)
        for kept in (self._meshes, self._materials, self._lods):
            kept.clear()
