"""A tileset of the torture kind: what the world's worst files have, in one quadtree that a seed decides.

One tile is larger than any budget, one has an image of 8192 x 8192, geometric errors are ten times too large or small,
a twentieth of the files is missing for ever, as many are not what they say, and hosts are slow.
"""

from __future__ import annotations

import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from layerw.hosts.faults import Fault
from tests.unit.gltf_support import triangle
from tests.unit.stream_fakes import quadtree
from tests.unit.test_transfers import glb

SIDE_M = 256.0
HUGE_VERTICES = 400_000


def png(side: int) -> bytes:
    """One colour."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xff\x80\x20" * side) * side, 1)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def plain() -> bytes:
    """A triangle."""
    return glb(triangle(), struct.pack("<9f4H", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 2, 0))


def huge() -> bytes:
    """A triangle, and more vertices than any budget of these tests takes."""
    document = triangle(vertices=HUGE_VERTICES)
    points = np.zeros((HUGE_VERTICES, 3), "<f4")
    points[1, 0] = points[2, 1] = 1
    return glb(document, points.tobytes() + struct.pack("<4H", 0, 1, 2, 0))


def textured(image: bytes) -> bytes:
    """A triangle with an image inside of its file."""
    document = triangle()
    start = 44 + -44 % 4
    document["buffers"][0]["byteLength"] = start + len(image)
    document["bufferViews"].append({"buffer": 0, "byteOffset": start, "byteLength": len(image)})
    document["images"] = [{"bufferView": 2, "mimeType": "image/png"}]
    document["textures"] = [{"source": 0}]
    document["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    data = struct.pack("<9f4H", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 2, 0)
    return glb(document, data.ljust(start, b"\0") + image)


class Torture:
    """`write` makes the files; `fault` is what the network does to them."""

    def __init__(self, seed: int, levels: int = 4) -> None:
        self.random, self.levels = random.Random(seed), levels
        self.missing: set[str] = set()
        self.slow = self.random.random() < 0.5

    def write(self, folder: Path) -> None:
        document = quadtree(self.levels, size_m=SIDE_M, error_m=32.0)
        (folder / "t").mkdir(parents=True)
        tiles, queue = list[dict[str, Any]](), [document["root"]]
        while queue:
            tiles.append(queue.pop())
            queue += tiles[-1].get("children", [])
        for tile in tiles:
            if tile is not document["root"] and tile["geometricError"]:
                tile["geometricError"] *= self.random.choice((0.1, 1.0, 1.0, 10.0))
            (folder / tile["content"]["uri"]).write_bytes(plain())
        fine = [tile for tile in tiles if tile["content"]["uri"][2] > "1"]  # else nothing but the root would show
        victims = self.random.sample(fine, 2 + 2 * (len(tiles) // 20))
        (folder / victims[0]["content"]["uri"]).write_bytes(huge())
        (folder / victims[1]["content"]["uri"]).write_bytes(textured(png(8192)))
        half = len(victims) // 2
        self.missing = {tile["content"]["uri"] for tile in victims[2 : 1 + half]}
        for tile in victims[1 + half :]:
            data = plain()
            cut = self.random.choice((data[:40], b"<html>", b"", data[:-8] + bytes(8), self.random.randbytes(300)))
            (folder / tile["content"]["uri"]).write_bytes(cut)
        (folder / "tileset.json").write_text(json.dumps(document), encoding="utf-8")

    def fault(self, url: str, attempt: int) -> Fault | None:
        """404 for what is missing; slow hosts fail a third of what they are asked once."""
        if any(url.endswith(uri) for uri in self.missing):
            return Fault("status", 404)
        if self.slow and attempt == 1 and url.endswith(".glb") and zlib.crc32(url.encode()) % 3 == 0:
            return Fault("stall")
        return None
