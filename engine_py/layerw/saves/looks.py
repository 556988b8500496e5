"""What entities look like, in a save: meshes and materials, to find them again or to make them anew.

Owns: their descriptions. A look is found among what the program has now (by a sum over a mesh's numbers, by a
material's values), else made of what the save holds. Limits: meshes above MESH_BYTES_MAX, textures and shaders are only
found.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np

from layerw.base.errors import LayerwError, SaveError
from layerw.base.ports import MeshData
from layerw.frame.resources import Resources
from layerw.gpu.kinds import PARAMETERS
from layerw.saves.planes import decode_column, encode_column
from layerw.scene.material import Material
from layerw.scene.material_values import Values
from layerw.scene.shapes import Lods, Mesh
from layerw.scene.table import STATIC_FLAG, Table
from layerw.scene.textures import Texture
from layerw.visibility.cull import Visibility

MESH_BYTES_MAX = 256 * 1024  # of one, as it lies in memory
TEXTURE_SUM_PIXELS = 65_536  # numbers that tell textures apart
MESH_ARRAYS = ("positions", "normals", "indices", "uvs", "colors", "uvs1")
MATERIAL_KEYS = {"kind", "colors", "numbers", "flags", "textures", "shader"}
Described = dict[str, Any]
# Values of materials that came after version 1, and what they are unless a program says otherwise.
NEWER = {row.public: row.given or row.default for row in PARAMETERS if row.name in (
    "transmission", "thickness", "attenuation_color", "attenuation_distance", "dispersion", "anisotropy",
    "anisotropy_rotation", "iridescence", "iridescence_ior", "iridescence_nm", "iridescence_nm_min")}  # fmt: skip
Handles = tuple[int, int, int, float]  # mesh, material, LOD set, radius: what Table.spawn takes


class Looks:
    """`describe` for a save, `find` for what comes out of one."""

    def __init__(self, table: Table, resources: Resources, visibility: Visibility) -> None:
        self._table, self._resources, self._visibility = table, resources, visibility
        self._sums: dict[int, tuple[weakref.ref[Any], str]] = {}

    def describe(self, rows: Any) -> tuple[list[Described], list[Described], Any]:
        """The looks of rows, their meshes, and which look each row has."""
        table = self._table
        pair = table.mesh[rows].astype(np.uint64) << np.uint64(32) | table.material[rows]
        pairs, which = np.unique(pair, return_inverse=True)
        more = table.lods[rows].astype(np.int64) << 1 | ((table.flags[rows] & STATIC_FLAG) != 0)
        combined, which = np.unique(which.astype(np.int64) << 17 | more, return_inverse=True)
        meshes: dict[str, Described] = {}
        looks = []
        for code in combined.tolist():
            handles, lods = int(pairs[code >> 17]), code >> 1 & 0xFFFF
            mesh, material = handles >> 32, handles & 0xFFFFFFFF
            look: Described = {"static": bool(code & 1), "mesh": self._mesh(mesh, meshes),
                               "material": self._material(material), "lods": None}  # fmt: skip
            if lods:
                chain = self._visibility.lod_table.sets[lods]
                look["lods"] = [[self._mesh(one, meshes), until] for one, until in
                                zip(chain.meshes, chain.until_m, strict=True)]  # fmt: skip
            looks.append(look)
        return looks, list(meshes.values()), which.astype(np.uint16)

    def finder(self, meshes: list[Described], tell: Callable[[str], None]) -> Callable[[Described], Handles | None]:
        """A function that gives the handles of a look, made where they are not there; None: it can't be made. It holds
        what it made until it is dropped: spawn with it before."""
        by_sum = {one["sum"]: one for one in meshes}
        known = {self._sum(handle, data): handle for handle, data in self._resources.mesh_data().items()}
        made: dict[str, Mesh] = {}
        materials: list[Material] = []
        values = [(handle, _described(record.value.values))
                  for handle, record in self._resources.looks.materials.by_handle.items()
                  if record.value.values.drawn_in is None]  # fmt: skip

        def mesh(total: str) -> tuple[int, float] | None:
            if total in known:
                return known[total], self._resources.mesh_data()[known[total]].radius
            if total not in made:
                if "positions" not in by_sum.get(total, {}):
                    return None
                made[total] = mesh_of(by_sum[total])
            return self._resources.mesh(made[total]), made[total].data.radius

        def find(look: Described) -> Handles | None:
            if look["material"] is None:
                return None
            wanted = look["material"]
            material = next((handle for handle, one in values if one == wanted), 0)
            if not material:
                if wanted["textures"] or wanted["shader"]:
                    tell("the textures or the shader of a material, as the program has none like it now")
                materials.append(material_of(wanted))
                material = self._resources.material(materials[-1])
                values.append((material, wanted))
            if look["lods"]:
                chain = [(mesh(total), until) for total, until in look["lods"]]
                if any(one is None or total not in made for (one, _), (total, _) in zip(chain, look["lods"],
                                                                                      strict=True)):  # fmt: skip
                    return self._known_lods(look["lods"], material)
                lods = Lods([(made[total], until) for total, until in look["lods"]])
                return 0, material, self._resources.lods(lods), lods.radius
            found = mesh(look["mesh"]) if look["mesh"] else None
            return None if found is None else (found[0], material, 0, found[1])

        return find

    def _known_lods(self, chain: list[Any], material: int) -> Handles | None:
        """A LOD set of the program that has these levels."""
        data = self._resources.mesh_data()
        for number, one in enumerate(self._visibility.lod_table.sets):
            sums = [[self._sum(handle, data[handle]), until] for handle, until in
                    zip(one.meshes, one.until_m, strict=True) if handle in data]  # fmt: skip
            if number and sums == [list(level) for level in chain]:
                return 0, material, number, max(data[handle].radius for handle in one.meshes)
        return None

    def _mesh(self, handle: int, meshes: dict[str, Described]) -> str | None:
        """Its sum; the mesh itself among `meshes`, where it is not too large. None: none of the program's."""
        data = self._resources.mesh_data().get(handle)
        if data is None:
            return None
        total = self._sum(handle, data)
        if total not in meshes:
            arrays = {name: getattr(data, name) for name in MESH_ARRAYS if getattr(data, name) is not None}
            small = sum(array.nbytes for array in arrays.values()) <= MESH_BYTES_MAX
            meshes[total] = {"sum": total, **({name: encode_column(array) for name, array in arrays.items()} if small
                                              else {})}  # fmt: skip
        return total

    def _material(self, handle: int) -> Described | None:
        record = self._resources.looks.materials.by_handle.get(handle)
        return None if record is None else _described(record.value.values)

    def _sum(self, handle: int, data: MeshData) -> str:
        seen = self._sums.get(handle)
        if seen is None or seen[0]() is not data.positions:
            digest = sha256()
            for name in MESH_ARRAYS:
                array = getattr(data, name)
                digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
            seen = self._sums[handle] = (weakref.ref(data.positions), digest.hexdigest()[:16])
        return seen[1]


def _texture(texture: Texture) -> str:
    """A name for one, by where it comes from or by its first pixels."""
    if texture.origin is not None:
        return texture.origin.called
    pixels = texture.image.pixels
    return f"{pixels.shape} {sha256(pixels.reshape(-1)[:TEXTURE_SUM_PIXELS].tobytes()).hexdigest()[:16]}"


def mesh_of(found: Described) -> Mesh:
    """A mesh from its description. Raises SaveError."""
    arrays = {name: decode_column(found[name], f"The mesh's {name}") for name in MESH_ARRAYS if name in found}
    try:
        mesh = Mesh(arrays["positions"], arrays["indices"], normals=arrays["normals"], uvs=arrays.get("uvs"),
                    uvs1=arrays.get("uvs1"))  # fmt: skip
    except (KeyError, LayerwError) as error:
        raise SaveError(f"A mesh of the save can't be made: {error}") from error
    mesh.data.normals = arrays["normals"]  # to the bit
    mesh.data.colors = arrays.get("colors")
    return mesh


def material_of(found: Described) -> Material:
    """A material from its description, without its textures and its shader. Raises SaveError."""
    try:
        colors: dict[str, Any] = {name: value if isinstance(value, str) else np.array(value["of"], value["dtype"])
                  for name, value in found["colors"].items()}  # fmt: skip
        return Material(kind=found["kind"], **colors, **found["numbers"], **found["flags"])
    except (LayerwError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise SaveError(f"A material of the save can't be made: {error}") from error


def _described(values: Values) -> Described:
    """Without the values that a file of version 1 can't have, where they are as if they were not there: so older saves
    find their materials, and are written as they were."""
    colors = {name: value if isinstance(value, str) else {"of": np.asarray(value).tolist(),
                                                          "dtype": np.asarray(value).dtype.name}
              for name, value in values._colors.items() if NEWER.get(name) != value}  # fmt: skip
    numbers = {name: value for name, value in values._numbers.items() if NEWER.get(name) != value}
    textures = {name: _texture(texture) for name, texture in (values.textures | values.shader_textures).items()}
    shader = None if values.shader is None else [sha256(values.shader.wgsl.encode()).hexdigest()[:16],
                                                 *map(float, values.params.packed())]  # fmt: skip
    return {"kind": values.kind, "colors": colors, "numbers": numbers,
            "flags": {**values._flags, "unlit": values.unlit}, "textures": textures, "shader": shader}  # fmt: skip
