"""What a tile shows, as Python reads it to say which feature a ray meets: triangles and points with their ids.

Owns: the plan (which bytes are read) and the arrays made of them. Does not: meet rays (stream/feature_hits.py), draw.
Limits: triangles (lists, strips, fans, packed by Draco) and points; ids of vertices, of instances and in textures
(id_textures.py); TRIANGLES_MAX.
Source: 3D Tiles 1.0 (batch tables), EXT_mesh_features.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.assets.accessors import COMPONENT_BYTES, Accessor, resolve_accessor
from layerw.assets.draco import draco_of, unpacked_by_draco
from layerw.assets.gltf import Document
from layerw.assets.id_textures import IdImages, IdTexturePlan, plan_id_texture
from layerw.assets.items import GltfError, Item
from layerw.assets.materials import uv_use
from layerw.assets.metadata import FEATURES, Table
from layerw.assets.nodes import Tree
from layerw.assets.numbers import Numbers
from layerw.assets.placements import TilePlaces, plan_tile_places, tile_matrices
from layerw.base.ports import F64, I64, Surface

TRIANGLES_MAX = 1 << 22
_POINTS, _TRIANGLES, _STRIP, _FAN = 0, 4, 5, 6
_TYPES = {"BYTE": "<i1", "UNSIGNED_BYTE": "<u1", "SHORT": "<i2", "UNSIGNED_SHORT": "<u2", "INT": "<i4",
          "UNSIGNED_INT": "<u4", "FLOAT": "<f4", "DOUBLE": "<f8"}  # fmt: skip
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
Array = npt.NDArray[Any]


@dataclass(slots=True)
class BatchPlan:
    """A batch table: columns of its JSON as they are, and those of its binary part, each with its type and width."""

    count: int
    lists: dict[str, list[Any]]
    binary: dict[str, tuple[Accessor, str, int]]


@dataclass(slots=True)
class SurfacePlan:
    """Of a primitive. table: of the file's property tables, -1: none."""

    matrix: F64  # vertices -> the tile's frame; of instances: before their own
    points: Accessor
    corners: Accessor | None
    mode: int
    ids: Accessor | None
    batch: BatchPlan | None
    table: int = -1
    id_texture: IdTexturePlan | None = None
    places: tuple[F64, TilePlaces] | None = None


def plan_surfaces(doc: Document, tree: Tree, flatten: F64, numbers: Numbers) -> list[SurfacePlan]:
    """Of a tile. What can't be read is left out with a warning."""
    found: list[SurfacePlan] = []
    batches: dict[int, BatchPlan] = {}
    for node, mesh in tree.meshes:
        held = tree.batches.get(node)
        if held is not None and id(held) not in batches:
            batches[id(held)] = _batch(doc, held, numbers)
        batch = None if held is None else batches[id(held)]
        for primitive in doc.item("meshes", mesh, "A node's mesh").objects("primitives"):
            try:
                found.append(_surface(doc, tree, node, primitive, flatten, numbers, batch))
            except GltfError as error:
                doc.warn(f"A part of the tile names no feature: {error}")
    return found


def _surface(doc: Document, tree: Tree, node: int, primitive: Item, flatten: F64, numbers: Numbers,
             batch: BatchPlan | None) -> SurfacePlan:  # fmt: skip
    attributes = primitive.object("attributes")
    mode = primitive.integer("mode", _TRIANGLES)
    if mode not in (_POINTS, _TRIANGLES, _STRIP, _FAN):
        raise primitive.error("is neither triangles nor points.")
    name, table = _ids_of(primitive, attributes)
    found = _accessors(doc, primitive, attributes, name)
    points, corners, ids = found["position"], found.get("index"), found.get("ids")
    if (points.count if corners is None else corners.count) > 3 * TRIANGLES_MAX:
        raise primitive.error(f"has more than {TRIANGLES_MAX} triangles.")
    held = next(iter(_sets(primitive)), None)
    texture = plan_id_texture(doc, held, found["uv"], numbers) if held is not None and "texture" in held else None
    if texture is not None and texture.uvs.count != points.count:
        raise primitive.error(f"has {points.count} positions, but {texture.uvs.count} uvs.")
    if ids is not None and ids.count != points.count:
        raise primitive.error(f"has {points.count} positions, but {ids.count} ids.")
    plan = SurfacePlan(flatten @ tree.worlds[node], numbers.add(points), corners and numbers.add(corners),
                       mode, ids and numbers.add(ids), batch, table, texture)  # fmt: skip
    above = tree.groups.get(node)
    if above is not None:
        row, item = above
        plan.places = flatten @ tree.worlds[row], plan_tile_places(doc, item, numbers)
        plan.matrix = np.linalg.inv(tree.worlds[row]) @ tree.worlds[node]
    return plan


def _accessors(doc: Document, primitive: Item, attributes: Item, ids: str) -> dict[str, Accessor]:
    """Positions, indices, ids and the uvs of a texture with ids, where there are any; also of what Draco packed."""
    names = {"position": "POSITION"} | ({"ids": ids} if ids else {})
    held = next(iter(_sets(primitive)), None)
    if held is not None and "texture" in held:
        names["uv"] = f"TEXCOORD_{uv_use(held.object('texture'))[0]}"
    draco = draco_of(doc, primitive, attributes)
    packed = draco.object("attributes") if draco is not None else ()
    shapes = {"position": "morph", "ids": "feature_id", "uv": "uv"}
    found = {key: resolve_accessor(doc, attributes.integer(name), shapes[key], attributes.at(name),
                                   unpacked=name in packed) for key, name in names.items()}  # fmt: skip
    if "indices" in primitive:
        found["index"] = resolve_accessor(doc, primitive.integer("indices"), "feature_id", primitive.at("indices"),
                                          unpacked=draco is not None)  # fmt: skip
    return found if draco is None else unpacked_by_draco(doc, primitive, draco, found, names)


def _ids_of(primitive: Item, attributes: Item) -> tuple[str, int]:
    """The attribute with ids ("": each vertex is one, where a table is named), and the property table."""
    for item in _sets(primitive):
        table = item.integer("propertyTable", 0) if "propertyTable" in item else -1
        return f"_FEATURE_ID_{item.integer('attribute')}" if "attribute" in item else "", table
    return "_BATCHID" if "_BATCHID" in attributes else "", -1


def _sets(primitive: Item) -> Iterable[Item]:
    """Of EXT_mesh_features."""
    held = primitive.extension(FEATURES)
    return held.objects("featureIds") if held is not None else ()


def _batch(doc: Document, held: Item, numbers: Numbers) -> BatchPlan:
    count, start, size = held.integer("count"), held.integer("start"), held.integer("size")
    plan, columns = BatchPlan(count, {}, {}), held.object("columns")
    for name in columns.names():
        raw = columns.raw(name)
        if isinstance(raw, list):
            plan.lists[name] = raw
        elif isinstance(raw, dict) and "byteOffset" in raw:
            try:
                plan.binary[name] = _binary(columns.object(name), count, start, size, numbers)
            except GltfError as error:
                doc.warn(f"The column {name[:80]!r} of a batch table is left out: {error}")
    return plan


def _binary(item: Item, count: int, start: int, size: int, numbers: Numbers) -> tuple[Accessor, str, int]:
    kind, width = item.choice("componentType", "", tuple(_TYPES)), _WIDTHS[item.choice("type", "", tuple(_WIDTHS))]
    length, offset = count * width * np.dtype(_TYPES[kind]).itemsize, item.integer("byteOffset")
    if offset + length > size:
        raise item.error(f"takes {length} bytes from byte {offset} on, but its table has {size}.")
    return numbers.add(Accessor(0, start + offset, 0, 5121, 1, False, length, (), ())), _TYPES[kind], width


def read_surfaces(plans: list[SurfacePlan], tables: list[Table], read: dict[str, dict[str, Array]], numbers: Numbers,
                  payload: bytes, warnings: list[str]) -> list[Surface]:  # fmt: skip
    """The arrays; read: columns by the name of a property table."""
    batches: dict[int, dict[str, Any]] = {}
    images = IdImages(numbers, payload)
    found = []
    for plan in plans:
        if plan.batch is not None and id(plan.batch) not in batches:
            batches[id(plan.batch)] = _columns(plan.batch, numbers, payload)
        columns: dict[str, Any] = batches[id(plan.batch)] if plan.batch is not None else {}
        if 0 <= plan.table < len(tables):
            columns = read.get(tables[plan.table].name, {})
        try:
            found.append(_read(plan, columns, numbers, payload, images))
        except GltfError as error:
            warnings.append(f"A part of the tile names no feature: {error}")
    return found


def _columns(batch: BatchPlan, numbers: Numbers, payload: bytes) -> dict[str, Any]:
    found: dict[str, Any] = dict(batch.lists)
    for name, (accessor, kind, width) in batch.binary.items():
        values = np.frombuffer(numbers.raw(accessor, payload), kind)
        found[name] = values if width == 1 else values.reshape(-1, width)
    return found


def _read(plan: SurfacePlan, columns: dict[str, Any], numbers: Numbers, payload: bytes, images: IdImages) -> Surface:
    points = numbers.read(plan.points, payload).astype(np.float64)
    if not np.isfinite(points).all():
        raise GltfError("it has positions that are not finite.")
    points = points @ plan.matrix[:3, :3].T + plan.matrix[:3, 3]
    corners: I64 = np.arange(len(points)) if plan.corners is None else _whole(plan.corners, numbers, payload)
    corners = _listed(corners, plan.mode)
    if len(corners) and not 0 <= int(corners.min()) <= int(corners.max()) < len(points):
        raise GltfError(f"it has the index {corners.max()}, but {len(points)} vertices.")
    ids = None if plan.ids is None else _whole(plan.ids, numbers, payload)
    matrices, instance_ids = None, None
    if plan.places is not None:
        frame, places = plan.places
        matrices = frame @ tile_matrices(places, numbers, payload)
        instance_ids = np.arange(len(matrices))
        if "BATCH_ID" in places.columns:
            instance_ids = _whole(places.columns["BATCH_ID"], numbers, payload)
    texels = None if plan.id_texture is None else images.read(plan.id_texture)
    return Surface(points, corners, plan.mode == _POINTS, ids, matrices, instance_ids, columns, texels)


def _listed(corners: I64, mode: int) -> I64:
    """Corners of strips and fans as those of a list, whatever way round."""
    if mode == _POINTS:
        return corners
    if mode == _TRIANGLES or len(corners) < 3:
        return corners[: len(corners) - len(corners) % 3] if mode == _TRIANGLES else corners[:0]
    first = corners[:-2] if mode == _STRIP else np.broadcast_to(corners[:1], len(corners) - 2)
    return np.stack([first, corners[1:-1], corners[2:]], axis=1).reshape(-1)


def _whole(accessor: Accessor, numbers: Numbers, payload: bytes) -> I64:
    """Whole numbers, exactly: float32 holds them to 16,777,216 alone."""
    if accessor.component_type == 5125 and not accessor.byte_stride and accessor.sparse is None:
        size = accessor.count * COMPONENT_BYTES[5125]
        return np.frombuffer(numbers.raw(accessor, payload)[:size], "<u4").astype(np.int64)
    found: I64 = numbers.read(accessor, payload)[:, 0].astype(np.int64)
    return found
