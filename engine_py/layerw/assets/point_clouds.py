"""A pnts tile as a glTF node with a mesh of points.

Owns: which columns it shows: positions (plain, quantised or packed by Draco), colours, ids. Does not: read bytes.
Limits: normals are left out: points are drawn in their own colours.
Source: 3D Tiles 1.0, "Point Cloud"; 3DTILES_draco_point_compression.
"""

from __future__ import annotations

from typing import Any

from layerw.assets.feature_tables import COMPONENT_TYPES, FeatureTable, span_of
from layerw.assets.items import GltfError, Item
from layerw.assets.joining import Joined

SRGB = "LAYERW_srgb_colors"  # of a primitive: COLOR_0 is as pictures have it, not linear
DRACO = "3DTILES_draco_point_compression"
_Z_UP = [0.7071067811865476, 0.0, 0.0, 0.7071067811865476]  # from glTF's Y up to the tile's Z up
_COLORS = (("RGBA", "UNSIGNED_BYTE", 4), ("RGB", "UNSIGNED_BYTE", 3), ("RGB565", "UNSIGNED_SHORT", 1))


def point_cloud(part: Item, table: FeatureTable, count: int, joined: Joined) -> dict[str, Any]:
    """A node for it, which is not shown yet."""
    item, attributes = table.item, {}
    node: dict[str, Any] = {"rotation": [-_Z_UP[0], 0.0, 0.0, _Z_UP[3]]}
    packed = item.extension(DRACO)
    names = packed.object("properties") if packed is not None else Item({})
    if "POSITION" in names:
        attributes["POSITION"] = _promised(joined, "FLOAT", 3, count)
    elif "POSITION" in item:
        attributes["POSITION"] = table.accessor("POSITION", "FLOAT", 3, count)
    elif "POSITION_QUANTIZED" in item:
        attributes["POSITION"] = table.accessor("POSITION_QUANTIZED", "UNSIGNED_SHORT", 3, count, normalized=True)
    else:
        raise GltfError("A pnts tile has neither POSITION nor POSITION_QUANTIZED.")
    color = next((row for row in _COLORS if row[0] in names or row[0] in item), None)
    if color is not None:
        name, kind, components = color
        attributes["COLOR_0"] = (_promised(joined, kind, components, count) if name in names else
                                 table.accessor(name, kind, components, count))  # fmt: skip
    if "BATCH_ID" in names:
        attributes["_BATCHID"] = _promised(joined, table.component("BATCH_ID", "UNSIGNED_SHORT"), 1, count)
    elif "BATCH_ID" in item:
        attributes["_BATCHID"] = table.accessor("BATCH_ID", table.component("BATCH_ID", "UNSIGNED_SHORT"), 1, count)
    primitive: dict[str, Any] = {"mode": 0, "attributes": attributes, "extensions": {SRGB: {}},
                                 "material": joined.material({"pbrMetallicRoughness": {"baseColorFactor":
                                                              _constant(item)}})}  # fmt: skip
    if packed is not None:
        primitive["extensions"]["KHR_draco_mesh_compression"] = _draco(table, part, packed, names, joined)
    place = list(item.numbers("RTC_CENTER", (0.0, 0.0, 0.0)))
    points: dict[str, Any] = {"mesh": joined.mesh({"primitives": [primitive]})}
    if "POSITION_QUANTIZED" in item and "POSITION" not in item and "POSITION" not in names:
        offset = item.numbers("QUANTIZED_VOLUME_OFFSET", (0.0, 0.0, 0.0))
        points["scale"] = list(item.numbers("QUANTIZED_VOLUME_SCALE", (1.0, 1.0, 1.0)))
        place = [a + b for a, b in zip(place, offset, strict=True)]
    points["translation"] = place
    return {**node, "children": [joined.node(points)]}


def _constant(item: Item) -> list[float]:
    if "CONSTANT_RGBA" not in item:
        return [1.0, 1.0, 1.0, 1.0]
    r, g, b, a = (min(max(v / 255.0, 0.0), 1.0) for v in item.numbers("CONSTANT_RGBA", (255.0,) * 4))
    return [*((v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4) for v in (r, g, b)), a]


def _promised(joined: Joined, component: str, components: int, count: int) -> int:
    """An accessor of what Draco unpacks."""
    return joined.accessor({"componentType": COMPONENT_TYPES[component], "count": count,
                            "type": ("", "SCALAR", "VEC2", "VEC3", "VEC4")[components]})  # fmt: skip


def _draco(table: FeatureTable, part: Item, packed: Item, names: Item, joined: Joined) -> dict[str, Any]:
    size, offset = packed.integer("byteLength", low=1), packed.integer("byteOffset", 0)
    start, room = span_of(part, "featureBytes")
    if offset + size > room:
        raise GltfError(f"{packed.path} takes {size} bytes from byte {offset} on, but its table has {room}.")
    ids = {"POSITION": "POSITION", "RGB": "COLOR_0", "RGBA": "COLOR_0", "BATCH_ID": "_BATCHID"}
    return {"bufferView": joined.view(start + offset, size),
            "attributes": {ids[name]: names.integer(name) for name in names.names() if name in ids}}  # fmt: skip
