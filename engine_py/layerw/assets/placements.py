"""Meshes of tiles that are shown many times: an i3dm's instances and EXT_mesh_gpu_instancing, as places of draw rows.

Owns: the plan of a group (what is read) and the places made of it. Matrices are composed in float64; a place is a
translation, rotation and scale, so what shears is shown without its shear, which is told.
Limits: INSTANCES_MAX places a group. Source: 3D Tiles 1.0, "Instanced 3D Model"; Cigolle et al. 2014 (octahedral).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerw.assets.accessors import Accessor, resolve_accessor
from layerw.assets.gltf import Document
from layerw.assets.instances import INSTANCES_MAX, Parts, instances_of, read_instances
from layerw.assets.items import GltfError, Item
from layerw.assets.numbers import Numbers
from layerw.base.mathx import quats_from_matrices
from layerw.base.ports import F64, Placements

SHEAR_MAX = 1e-3
NOWHERE = Placements(np.zeros((0, 3)), np.zeros((0, 4), np.float32), np.zeros((0, 3), np.float32))
_SEMANTICS = {"POSITION": "translation", "POSITION_QUANTIZED": "translation", "NORMAL_UP": "translation",
              "NORMAL_RIGHT": "translation", "NORMAL_UP_OCT32P": "octahedral", "NORMAL_RIGHT_OCT32P": "octahedral",
              "SCALE": "number", "SCALE_NON_UNIFORM": "scale", "BATCH_ID": "feature_id"}  # fmt: skip
_TILE_FROM_MODEL: F64 = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float64)  # Z up from Y up
_SQUARED_AXES = np.array([6378137.0**2, 6378137.0**2, 6356752.314245179**2])  # of WGS 84


@dataclass(slots=True)
class TilePlaces:
    """Of an i3dm."""

    item: Item
    count: int
    columns: dict[str, Accessor]


@dataclass(slots=True)
class Group:
    """Meshes with the same places: `frame` @ place, each of `tile`, then `inner` and each of `parts`."""

    frame: F64  # 4x4, world
    tile: TilePlaces | None
    inner: F64
    parts: Parts


def plan_tile_places(doc: Document, item: Item, numbers: Numbers) -> TilePlaces:
    """Raises GltfError."""
    count = item.integer("count", low=1)
    if count > INSTANCES_MAX:
        raise item.error(f"has {count} instances; at most {INSTANCES_MAX} are shown.")
    held, columns = item.object("attributes"), {}
    for name in held.names():
        accessor = resolve_accessor(doc, held.integer(name), _SEMANTICS[name], held.at(name))
        columns[name] = numbers.add(accessor)
    if not {"POSITION", "POSITION_QUANTIZED"} & columns.keys():
        raise item.error("has neither POSITION nor POSITION_QUANTIZED.")
    return TilePlaces(item, count, columns)


def plan_parts(doc: Document, node: Item, numbers: Numbers) -> Parts:
    """Of a node; none where it is shown once."""
    return instances_of(doc, node, numbers)


def read_group(group: Group, numbers: Numbers, payload: bytes, warnings: list[str]) -> Placements:
    """Raises GltfError."""
    matrices = np.eye(4)[None] if group.tile is None else tile_matrices(group.tile, numbers, payload)
    matrices = group.frame @ matrices
    if group.parts:
        rows = read_instances(group.parts, numbers, payload).astype(np.float64)
        if len(rows) * len(matrices) > INSTANCES_MAX:
            raise GltfError(f"{len(matrices)} instances of {len(rows)} instances are more than {INSTANCES_MAX}.")
        own = np.tile(np.eye(4), (len(rows), 1, 1))
        own[:, :3, :3] = _rotations(rows[:, 3:7]) * rows[:, None, 7:10]
        own[:, :3, 3] = rows[:, :3]
        matrices = ((matrices @ group.inner)[:, None] @ own[None]).reshape(-1, 4, 4)
    return _placements(matrices, warnings)


def _placements(matrices: F64, warnings: list[str]) -> Placements:
    linear = matrices[:, :3, :3]
    scale = np.linalg.norm(linear, axis=1)
    if not np.isfinite(matrices).all():
        raise GltfError("Instances stand at numbers that are not finite.")
    scale[np.linalg.det(linear) < 0, 0] *= -1
    turn = linear / np.where(scale == 0, 1.0, scale)[:, None, :]
    whole = turn[(scale != 0).all(axis=1)]
    if np.abs(np.einsum("nij,nik->njk", whole, whole) - np.eye(3)).max(initial=0.0) > SHEAR_MAX:
        warnings.append("Instances are sheared by the nodes above them; they are shown without the shear.")
    return Placements(matrices[:, :3, 3].copy(), quats_from_matrices(turn).astype(np.float32),
                      scale.astype(np.float32))  # fmt: skip


def tile_matrices(places: TilePlaces, numbers: Numbers, payload: bytes) -> F64:
    """(n, 4, 4) in glTF's axes."""
    item, columns = places.item, {name: numbers.read(accessor, payload).astype(np.float64)
                                  for name, accessor in places.columns.items()}  # fmt: skip
    if "POSITION" in columns:
        position = columns["POSITION"]
    else:
        position = (columns["POSITION_QUANTIZED"] / 65_535.0 * np.array(item.numbers("size", (1.0, 1.0, 1.0)))
                    + np.array(item.numbers("offset", (0.0, 0.0, 0.0))))  # fmt: skip
    center = _TILE_FROM_MODEL @ np.array(item.numbers("center", (0.0, 0.0, 0.0)))
    position = position + center
    turn = np.tile(np.eye(3), (places.count, 1, 1))
    up = columns.get("NORMAL_UP", _unfolded(columns.get("NORMAL_UP_OCT32P")))
    right = columns.get("NORMAL_RIGHT", _unfolded(columns.get("NORMAL_RIGHT_OCT32P")))
    if up is not None and right is not None:
        turn = np.stack([right, up, np.cross(right, up)], axis=-1)  # columns: where x, y, z of the turned model go
        lengths = np.linalg.norm(turn, axis=1)
        if not (np.isfinite(lengths).all() and (lengths > 0).all()):
            raise GltfError("Instances have normals of length 0 or that are not finite.")
        turn = turn / lengths[:, None, :]
    elif item.flag("eastNorthUp"):
        turn = _east_north_up(position)
    one = np.ones((places.count, 1))
    scale = columns.get("SCALE_NON_UNIFORM", one) * columns.get("SCALE", one)
    found = np.tile(np.eye(4), (places.count, 1, 1))
    scaled = turn * np.broadcast_to(scale, (places.count, 3))[:, None, :]
    found[:, :3, :3] = _TILE_FROM_MODEL.T @ scaled @ _TILE_FROM_MODEL
    found[:, :3, 3] = position @ _TILE_FROM_MODEL
    return found


def _east_north_up(earth: F64) -> F64:
    """The turns (n, 3, 3) of what stands on the Earth."""
    up = earth / _SQUARED_AXES
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    east = np.stack([-up[:, 1], up[:, 0], np.zeros(len(up))], axis=1)
    length = np.linalg.norm(east, axis=1, keepdims=True)
    east = np.where(length > 1e-12, east / np.maximum(length, 1e-300), (0.0, 1.0, 0.0))
    return np.stack([east, np.cross(up, east), up], axis=-1)


def _unfolded(packed: F64 | None) -> F64 | None:
    """Unit vectors of octahedral ones of 2 x 16 bits."""
    if packed is None:
        return None
    xy = packed / 65_535.0 * 2.0 - 1.0
    z = 1.0 - np.abs(xy).sum(axis=1)
    folded = (1.0 - np.abs(xy[:, ::-1])) * np.where(xy < 0, -1.0, 1.0)
    vector = np.column_stack([np.where(z[:, None] < 0, folded, xy), z])
    found: F64 = vector / np.linalg.norm(vector, axis=1, keepdims=True)
    return found


def _rotations(quaternions: F64) -> F64:
    x, y, z, w = quaternions.T
    return np.stack([
        np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], axis=-1),
        np.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], axis=-1),
        np.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], axis=-1)], axis=1)  # fmt: skip
