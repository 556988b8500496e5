"""Packs meshes and materials made in Python into the layouts of gpu/spec.py, vectorised.

Owns: the bytes. Does not own GPU resources. Source of the octahedral normals: Cigolle et al., "A Survey of
Efficient Representations for Independent Unit Vectors", JCGT 2014.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw.base.errors import ConfigError, ShapeError
from layerw.base.ports import F32, NO_TRANSFORM, MaterialDesc, MeshData
from layerw.gpu import kinds, spec
from layerw.gpu.frame_block import UniformBlock

VERTEX_DTYPE = np.dtype({
    "names": [name for name, _, _ in spec.VERTEX],
    "offsets": [offset for _, offset, _ in spec.VERTEX],
    "formats": [("<f4", 3), ("<i2", 2), ("i1", 4), ("<f4", 2), ("u1", 4)],
    "itemsize": spec.VERTEX_BYTES,
})
SMALL_INDEX_VERTICES_MAX = 65_535  # up to here an index takes 2 bytes, as in mesh_build's result
U8 = npt.NDArray[np.uint8]


def index_item_bytes(vertex_count: int) -> int:
    """2 or 4, by the number of vertices."""
    return 2 if vertex_count <= SMALL_INDEX_VERTICES_MAX else 4


def index_bytes(vertex_count: int, index_count: int) -> int:
    """What the indices of a mesh take, padded to 4."""
    return (index_count * index_item_bytes(vertex_count) + 3) & ~3


def octahedral(normals: F32) -> npt.NDArray[np.int16]:
    """(n, 3) directions -> (n, 2) snorm16; a zero vector becomes +z."""
    n = np.asarray(normals, np.float64)
    length = np.abs(n).sum(axis=1)
    n = n / np.where(length > 0, length, 1.0)[:, None]
    n[length == 0, 2] = 1.0
    xy = n[:, :2].copy()
    below = n[:, 2] < 0
    xy[below] = (1.0 - np.abs(n[below][:, 1::-1])) * np.where(n[below][:, :2] >= 0, 1.0, -1.0)
    return np.rint(xy * 32767.0).astype(np.int16)


def _check(name: str, array: npt.NDArray[np.generic] | None, count: int, width: int) -> None:
    if array is not None and array.shape != (count, width):
        raise ShapeError(f"A mesh's {name} have shape {array.shape}; they must be ({count}, {width}).")


def check_mesh(data: MeshData) -> None:
    """Raises ShapeError where arrays disagree or an index points past the vertices."""
    if data.positions.ndim != 2 or data.positions.shape[1] != 3 or len(data.positions) == 0:
        raise ShapeError(f"A mesh's positions have shape {data.positions.shape}; they must be (n, 3) with n >= 1.")
    count = len(data.positions)
    _check("normals", data.normals, count, 3)
    _check("uvs", data.uvs, count, 2)
    _check("second uvs", data.uvs1, count, 2)
    _check("colors", data.colors, count, 4)
    if data.indices.ndim != 1 or len(data.indices) % 3:
        raise ShapeError(f"A mesh's indices have shape {data.indices.shape}; they must be (3 * triangles,).")
    if len(data.indices) and int(data.indices.max()) >= count:
        raise ShapeError(f"A mesh has the index {int(data.indices.max())}, but only {count} vertices (largest index "
                         f"{count - 1}).")
    if not np.isfinite(data.positions).all():
        raise ShapeError("A mesh's positions hold NaN or infinity; every number must be finite.")


def pack_mesh(data: MeshData) -> tuple[U8, U8]:
    """The vertex bytes and the padded index bytes of a checked mesh."""
    check_mesh(data)
    count = len(data.positions)
    vertices = np.zeros(count, VERTEX_DTYPE)
    vertices["position"] = data.positions
    vertices["normal"] = octahedral(data.normals)
    if data.uvs is not None:
        vertices["uv"] = data.uvs
    vertices["color"] = 255 if data.colors is None else data.colors
    small = index_item_bytes(count) == 2
    indices = np.zeros(index_bytes(count, len(data.indices)) // (2 if small else 4), np.uint16 if small else np.uint32)
    indices[:len(data.indices)] = data.indices
    packed = vertices.view(np.uint8)
    if data.uvs1 is not None:
        packed = np.concatenate([packed, np.ascontiguousarray(data.uvs1, np.float32).view(np.uint8).ravel()])
    return packed, indices.view(np.uint8)


def mesh_radius(data: MeshData) -> float:
    """Of the bounding sphere around the local origin."""
    if data.radius > 0:
        return data.radius
    return float(np.sqrt((np.asarray(data.positions, np.float64) ** 2).sum(axis=1).max(initial=0.0)))


_NAMES = {row.name for row in kinds.PARAMETERS}
_PARAMETERS = tuple((place.name, place.word, place.words)
                    for place in spec.members(kinds.MATERIAL_BLOCK) if place.name in _NAMES)  # fmt: skip


def pack_material(desc: MaterialDesc) -> F32:
    """kinds.MATERIAL_BLOCK, and behind it what a program's own shader takes."""
    block = UniformBlock(kinds.MATERIAL_BLOCK)
    for name, word, words in _PARAMETERS:
        block.array[word : word + words] = getattr(desc, name)
    uv = block.read("uv").reshape(kinds.TEXTURES_MAX, 2, 4)
    uv[:, :, :3] = np.reshape(NO_TRANSFORM, (2, 3))
    for place, name in enumerate(desc.slots):
        uv[place, :, :3] = np.reshape(desc.uv_transforms.get(name, NO_TRANSFORM), (2, 3))
        uv[place, 0, 3] = name in desc.uv1_textures
    _write_places(desc, block)
    if desc.numbers:
        block.read("uv")[8 : 8 + len(desc.numbers)] = desc.numbers
    if not desc.params:
        return block.array
    packed = np.zeros(spec.SHADER_PARAMS_BYTES // 4 + len(desc.params), np.float32)
    packed[: block.array.size] = block.array
    packed[spec.SHADER_PARAMS_BYTES // 4 :] = desc.params
    return packed


def _write_places(desc: MaterialDesc, block: UniformBlock) -> None:
    """Which of a layered kind's places each of LAYER_TEXTURES has, + 1."""
    first = len(kinds.SHADER_SLOTS)
    places = {desc.use(name): place for place, name in enumerate(desc.slots[first:], 1) if name in kinds.LAYER_TEXTURES}
    for number, name in enumerate(kinds.LAYER_TEXTURES if places else ()):
        place = places.get(desc.use(name), 0)
        block.read("layers_low" if number < 8 else "layers_high").view(np.uint32)[0] |= np.uint32(
            place << 4 * (number % 8))  # fmt: skip


def material_kind(desc: MaterialDesc) -> int:
    """The kind's number; an unknown one is an error that lists the known ones."""
    if desc.kind not in spec.MATERIAL_KINDS:
        raise ConfigError(f"There is no material kind {desc.kind!r}; the kinds are {', '.join(spec.MATERIAL_KINDS)}.")
    return spec.MATERIAL_KINDS.index(desc.kind)
