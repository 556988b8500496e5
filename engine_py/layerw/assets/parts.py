"""One glTF document of the parts of a tile of 3D Tiles 1.0: b3dm, i3dm, pnts, and cmpt, which holds several.

Owns: what web/transfer/decode/tiles.js leaves to Python. Models are put beside each other (joining.py), point clouds
become models of points, instances and batch tables become the two extensions named here; from there on all of it is
glTF, whose checks hold. Does not: read bytes.
Limits: normals of points are left out.
Source: 3D Tiles 1.0 (OGC 18-053r2), "Tile format specifications".
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from layerw.assets.feature_tables import FeatureTable, span_of
from layerw.assets.gltf import PARTS, Outer
from layerw.assets.items import GltfError, Item
from layerw.assets.joining import Joined
from layerw.assets.nodes import BATCH, TILE_INSTANCES
from layerw.assets.point_clouds import point_cloud

_KINDS = ("b3dm", "i3dm", "pnts", "glb")


def joined_parts(root: dict[str, Any], bin_bytes: int, outer: Outer) -> dict[str, Any]:
    """The document; outer: models of i3dm in other files. Raises GltfError where a part breaks a rule of its format."""
    held = Item(root)
    joined = Joined(max(bin_bytes, 0))
    for part in held.objects(PARTS):
        kind = part.choice("kind", "", _KINDS)
        if kind == "pnts":
            _points(part, joined)
        elif kind == "i3dm":
            _instances(part, joined, outer)
        else:
            _model(part, joined, kind)
    return joined.document()


def _table(part: Item, joined: Joined) -> FeatureTable:
    return FeatureTable(part.object("feature"), span_of(part, "featureBytes"), joined)


def _batch(part: Item, count: int) -> dict[str, Any]:
    """A batch table, where there is one."""
    names = part.object("batch").names()
    if not names or not count:
        return {}
    span = span_of(part, "batchBytes")
    return {BATCH: {"count": count, "start": span[0], "size": span[1], "columns": part.raw("batch")}}


def _center(table: FeatureTable) -> list[float] | None:
    """RTC_CENTER, in glTF's axes."""
    if "RTC_CENTER" not in table.item:
        return None
    x, y, z = table.item.numbers("RTC_CENTER", (0.0, 0.0, 0.0))
    return [x, z, -y]


def _model(part: Item, joined: Joined, kind: str) -> None:
    roots = joined.add(part.object("gltf"), span_of(part, "bin") if "bin" in part else None)
    if kind == "glb":
        return joined.show(roots)
    table = _table(part, joined)
    batch = _batch(part, table.item.integer("BATCH_LENGTH", 0))
    center = _center(table)
    if center is None and not batch:
        return joined.show(roots)
    node: dict[str, Any] = {"children": roots, "extensions": batch}
    if center is not None:
        node["translation"] = center
    joined.show([joined.node(node)])


def _instances(part: Item, joined: Joined, outer: Outer) -> None:
    table = _table(part, joined)
    count = table.item.integer("INSTANCES_LENGTH")
    attributes: dict[str, Any] = {}
    for name, kind, components in (("POSITION", "FLOAT", 3), ("POSITION_QUANTIZED", "UNSIGNED_SHORT", 3),
                                   ("NORMAL_UP", "FLOAT", 3), ("NORMAL_RIGHT", "FLOAT", 3),
                                   ("NORMAL_UP_OCT32P", "UNSIGNED_SHORT", 2),
                                   ("NORMAL_RIGHT_OCT32P", "UNSIGNED_SHORT", 2), ("SCALE", "FLOAT", 1),
                                   ("SCALE_NON_UNIFORM", "FLOAT", 3)):  # fmt: skip
        if name in table.item:
            attributes[name] = table.accessor(name, kind, components, count)
    if "BATCH_ID" in table.item:
        attributes["BATCH_ID"] = table.accessor("BATCH_ID", table.component("BATCH_ID", "UNSIGNED_SHORT"), 1, count)
    held = {"count": count, "attributes": attributes, "center": _center(table) or [0.0, 0.0, 0.0],
            "eastNorthUp": table.item.flag("EAST_NORTH_UP"),
            "offset": list(table.item.numbers("QUANTIZED_VOLUME_OFFSET", (0.0, 0.0, 0.0))),
            "size": list(table.item.numbers("QUANTIZED_VOLUME_SCALE", (1.0, 1.0, 1.0)))}  # fmt: skip
    if part.raw("uri") is not None:
        if part.text("uri") not in outer:
            raise GltfError(f"An i3dm names its model by the URI {part.text('uri')[:80]!r}, which was not fetched.")
        roots = joined.add(Item(deepcopy(outer[part.text("uri")])), None)  # it is written to
    else:
        roots = joined.add(part.object("gltf"), span_of(part, "bin") if "bin" in part else None)
    rows = table.item.integer("BATCH_LENGTH", 0) or count
    joined.show([joined.node({"children": roots, "extensions": {TILE_INSTANCES: held, **_batch(part, rows)}})])


def _points(part: Item, joined: Joined) -> None:
    table = _table(part, joined)
    count = table.item.integer("POINTS_LENGTH", low=0)
    if not count:
        return
    batch = _batch(part, table.item.integer("BATCH_LENGTH", 0) or count)
    node = point_cloud(part, table, count, joined)
    joined.show([joined.node({**node, "extensions": batch})])
