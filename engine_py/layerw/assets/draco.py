"""Meshes that Draco packed, as buffers to unpack: where each attribute will lie. Does not: decode.

Source: KHR_draco_mesh_compression.
"""

from __future__ import annotations

from layerw.assets.accessors import COMPONENT_BYTES, Accessor, resolve_view
from layerw.assets.gltf import Document
from layerw.assets.items import Item
from layerw.assets.packed import Packed

NAME = "KHR_draco_mesh_compression"
_TRIANGLES, _POINTS = 4, 0
_BYTES, _SHORTS = 5121, 5123


def draco_of(doc: Document, primitive: Item, attributes: Item) -> Item | None:
    """The extension of a primitive that has no plain data beside it."""
    packed = primitive.extension(NAME)
    if packed is None or "bufferView" in doc.item("accessors", attributes.integer("POSITION"),
                                                  attributes.at("POSITION")):  # fmt: skip
        return None
    mode = primitive.integer("mode", _TRIANGLES)
    if mode != _POINTS and (mode != _TRIANGLES or "indices" not in primitive):
        raise packed.error("must hold points (mode 0), or a list of triangles (mode 4) with indices; others are not "
                           "read.")  # fmt: skip
    if "POSITION" not in packed.object("attributes"):
        raise packed.error("holds no POSITION.")
    return packed


def unpacked_by_draco(doc: Document, primitive: Item, packed: Item, found: dict[str, Accessor],
                      names: dict[str, str]) -> dict[str, Accessor]:  # fmt: skip
    """The accessors of a primitive, with their places in what Draco unpacks: indices first, then each attribute."""
    ids, end, numbers = packed.object("attributes"), 0, (0, 0)
    rows: list[tuple[int, ...]] = []
    starts: dict[str, int] = {}
    if "index" in found:
        index = found["index"]
        if index.component_type == _BYTES:
            index = found["index"] = index.placed(index.buffer, 0, _SHORTS)  # the decoder makes no smaller ones
        if index.count % 3:
            raise primitive.error(f"has {index.count} indices, which are no whole triangles.")
        numbers = COMPONENT_BYTES[index.component_type], index.count
        starts["index"], end = 0, index.count * numbers[0]
    for semantic, accessor in found.items():
        if semantic == "index" or names[semantic] not in ids:
            continue
        starts[semantic] = end = -(-end // 4) * 4
        rows.append((ids.integer(names[semantic]), accessor.component_type, accessor.components, accessor.count, end))
        end += accessor.count * accessor.components * COMPONENT_BYTES[accessor.component_type]
    buffer, offset, length, _ = resolve_view(doc, packed)
    made = doc.unpacked(Packed("draco", (buffer, offset, length), -(-end // 4) * 4, (len(rows), *numbers), tuple(rows)))
    return {semantic: accessor.placed(made, starts[semantic]) if semantic in starts else accessor
            for semantic, accessor in found.items()}
