"""Small tiles of 3D Tiles 1.0 as bytes: b3dm, i3dm, pnts, cmpt."""

from __future__ import annotations

import json
import struct
from typing import Any

from tests.unit.gltf_support import triangle
from tests.unit.test_transfers import glb

TRIANGLE = glb(triangle(), struct.pack("<9f4H", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 2, 0))


def padded(document: dict[str, Any] | None, size: int) -> bytes:
    """JSON that ends at a multiple of 8 bytes, `size` bytes after the tile's start."""
    text = json.dumps(document).encode() if document is not None else b""
    return text + b" " * (-(len(text) + size) % 8)


def tile(magic: bytes, feature: dict[str, Any], data: bytes = b"", batch: dict[str, Any] | None = None,
         batch_data: bytes = b"", model: bytes = b"", model_format: int | None = None) -> bytes:  # fmt: skip
    """A tile with its tables. model_format: of an i3dm."""
    header = 28 if model_format is None else 32
    data += bytes(-len(data) % 8)
    first = padded(feature, header)
    second = padded(batch, 0) if batch is not None else b""
    total = header + len(first) + len(data) + len(second) + len(batch_data) + len(model)
    head = struct.pack("<4s6I", magic, 1, total, len(first), len(data), len(second), len(batch_data))
    if model_format is not None:
        head += struct.pack("<I", model_format)
    return head + first + data + second + batch_data + model


def b3dm(feature: dict[str, Any] | None = None, batch: dict[str, Any] | None = None) -> bytes:
    """A triangle."""
    return tile(b"b3dm", feature or {"BATCH_LENGTH": 0}, batch=batch, model=TRIANGLE)


def i3dm(positions: list[tuple[float, float, float]], more: dict[str, Any] | None = None, data: bytes = b"",
         model: bytes = TRIANGLE) -> bytes:  # fmt: skip
    """A triangle at some places; `data` follows their positions."""
    places = struct.pack(f"<{3 * len(positions)}f", *(v for point in positions for v in point))
    feature = {"INSTANCES_LENGTH": len(positions), "POSITION": {"byteOffset": 0}, **(more or {})}
    return tile(b"i3dm", feature, places + data, model=model, model_format=1)


def pnts(positions: list[tuple[float, float, float]], colors: bytes = b"", more: dict[str, Any] | None = None) -> bytes:
    """Points; colors: three bytes each, or none."""
    data = struct.pack(f"<{3 * len(positions)}f", *(v for point in positions for v in point))
    feature: dict[str, Any] = {"POINTS_LENGTH": len(positions), "POSITION": {"byteOffset": 0}}
    if colors:
        feature["RGB"] = {"byteOffset": len(data)}
    return tile(b"pnts", {**feature, **(more or {})}, data + colors)


def cmpt(*tiles: bytes) -> bytes:
    """Several tiles in one."""
    body = b"".join(part + bytes(-len(part) % 8) for part in tiles)
    return struct.pack("<4sIII", b"cmpt", 1, 16 + len(body), len(tiles)) + body
