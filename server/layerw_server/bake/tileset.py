"""tileset.json: OGC 3D Tiles 1.1, explicit tiles, Z-up boxes, one file (or several when it grows large).

Owns: the JSON, the ground grid file, world extras.
Does not: make tiles.
Source: OGC 22-025r4 (3D Tiles 1.1). Tiles are Y-up glTF, so a tile's (x, y, z) is the tileset's (x, -z, y).

Every tile has a `transform` that moves its own origin (the middle of its square, height 0) into its parent's
frame: vertex coordinates stay small wherever the world is. `content.extras.byteLength` is the file's size.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerw_server.bake.quadtree import Node
from layerw_server.bake.tilework import TileRecord

SPLIT_TILES = 3000  # above this, branches move to tileset files of their own
SPLIT_LEVEL = 4

Box = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class TilesetWriter:
    """Builds the JSON of a finished set of tiles and writes it."""

    records: dict[str, TileRecord]
    folder: Path
    generator: str = "layerw bake 1"

    def write(self, root: Node, extras: dict[str, Any]) -> dict[str, Any]:
        """Write external tilesets (if any) and return the top tileset; the caller writes it last."""
        split = len(self.records) > SPLIT_TILES
        tile, _ = self._tile(root, (0.0, 0.0), split)
        return {"asset": {"version": "1.1", "generator": self.generator},
                "geometricError": _number(max(2.0 * root.error_m, 1.0)), "root": tile, "extras": {"layerw": extras}}

    def _tile(self, node: Node, parent_centre: tuple[float, float], split: bool) -> tuple[dict[str, Any], Box]:
        record = self.records[node.name]
        child_split = split and node.level < SPLIT_LEVEL
        below = [self._tile(child, record.centre, child_split) for child in node.children]
        box = _union([(record.low, record.high), *(b for _, b in below)])
        tile: dict[str, Any] = {"boundingVolume": {"box": box_of(box, record.centre)},
                                "geometricError": _number(node.error_m) if node.children else 0}
        dx, dz = record.centre[0] - parent_centre[0], record.centre[1] - parent_centre[1]
        if (dx, dz) != (0.0, 0.0):
            tile["transform"] = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, dx, 0.0 - dz, 0, 1]
        if node.level == 0:
            tile["refine"] = "REPLACE"
        content = {"uri": record.uri, "extras": {"byteLength": record.size_bytes}}
        if record.more:
            tile["contents"] = [content, *({"uri": uri, "extras": {"byteLength": size}} for uri, size in record.more)]
        else:
            tile["content"] = content
        if below:
            tile["children"] = [t for t, _ in below]
        if split and node.level == SPLIT_LEVEL and below:
            tile = self._externalise(node, tile)
        return tile, box

    def _externalise(self, node: Node, tile: dict[str, Any]) -> dict[str, Any]:
        """Move a branch to its own file; the tile that stays has the branch's box, transform and error."""
        stay = ("boundingVolume", "geometricError", "transform")
        outer: dict[str, Any] = {key: tile[key] for key in stay if key in tile}
        inner = {key: value for key, value in tile.items() if key != "transform"}
        inner["refine"] = "REPLACE"
        for child_content in _contents(inner):
            child_content["uri"] = child_content["uri"].split("/", 1)[1]
        text = dumps({"asset": {"version": "1.1", "generator": self.generator},
                      "geometricError": tile["geometricError"], "root": inner})
        name = f"tiles/{node.name}.{hashlib.sha256(text).hexdigest()[:16]}.json"
        (self.folder / name).write_bytes(text)
        return {**outer, "content": {"uri": name, "extras": {"byteLength": len(text)}}}


def _contents(tile: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(tile["contents"]) if "contents" in tile else [tile["content"]]
    for child in tile.get("children", []):
        found.extend(_contents(child))
    return found


def _union(boxes: list[Box]) -> Box:
    low = tuple(min(b[0][k] for b in boxes) for k in range(3))
    high = tuple(max(b[1][k] for b in boxes) for k in range(3))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def box_of(box: Box, centre: tuple[float, float]) -> list[float]:
    """The twelve numbers of a bounding box about a tile's own origin."""
    (x0, y0, z0), (x1, y1, z1) = box
    middle = [(x0 + x1) / 2 - centre[0], -((z0 + z1) / 2 - centre[1]), (y0 + y1) / 2]
    middle = [value + 0.0 for value in middle]  # no -0.0
    return [*middle, (x1 - x0) / 2, 0, 0, 0, (z1 - z0) / 2, 0, 0, 0, (y1 - y0) / 2]


def _number(value: float) -> float:
    """Four decimals, rounded up, so that an error is never stated too small."""
    return -(-value * 10_000 // 1) / 10_000


def dumps(value: object) -> bytes:
    """Compact JSON with a stable key order (that of insertion)."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
