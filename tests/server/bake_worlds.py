"""Small worlds for the bake tests, and readers that know the formats only from their specifications."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from layerw_server.bake.heightfield import HeightField
from layerw_server.bake.noise import Noise

F64 = npt.NDArray[np.float64]
BIOME = {"beach_top_m": 4.0, "tree_line_m": 150.0, "snow_line_m": 200.0, "rock_slope": 0.8}


def small_field(
    levels: int = 3, *, sea_m: float | None = 0.0, cell_m: tuple[float, float] = (10.3, 12.7),
) -> HeightField:
    """Rough hills with a deep sea in one corner; cells that no power of two divides."""
    samples = 64 * 2 ** (levels - 1) + 1
    at = np.linspace(0.0, 1.0, samples, dtype=np.float32)
    x, y = np.meshgrid(at, at)
    hills = 160 * Noise(5).fractal(9 * x, 9 * y, 5) + 60
    depth = np.clip(2.4 - 2.4 * (x + y), 0.0, 1.0)
    heights = (hills * (1 - depth) - 90 * depth).astype(np.float32)
    return HeightField(heights, levels, cell_m[0], cell_m[1], "small", sea_m, {}, dict(BIOME), {"kind": "test"})


@dataclass(frozen=True)
class ReadTile:
    """A decoded tile: vertices in world metres (x east, y up, z south) and what the JSON says."""

    level: int
    x: int
    y: int
    positions: F64
    normals: F64
    uvs: F64
    indices: npt.NDArray[np.uint16]
    grid: int  # vertices along a side of the grid; the skirt's follow
    json: dict[str, Any]
    tile: dict[str, Any]

    @property
    def ground(self) -> F64:
        """(n, n, 3) grid positions, row 0 north."""
        return self.positions[: self.grid**2].reshape(self.grid, self.grid, 3)

    def skirt_drop_m(self) -> float:
        """The smallest distance from an edge vertex down to the skirt's lower end."""
        skirt = self.positions[self.grid**2 :]
        n = self.grid
        at = np.arange(n * n).reshape(n, n)
        ring = np.concatenate([at[0, :-1], at[:-1, -1], at[-1, :0:-1], at[:0:-1, 0]])
        return float((self.positions[ring, 1] - skirt[:, 1]).min())


def tileset(world: Path) -> dict[str, Any]:
    """tileset.json."""
    document: dict[str, Any] = json.loads((world / "tileset.json").read_bytes())
    return document


def walk(tile: dict[str, Any], origin: F64 | None = None, parent: dict[str, Any] | None = None) -> Any:
    """Every tile with its origin in the tileset's frame (Z-up) and its parent."""
    here = np.zeros(3) if origin is None else origin
    transform = tile.get("transform")
    if transform is not None:
        assert np.allclose(np.array(transform).reshape(4, 4)[:3, :3], np.eye(3))
        here = here + np.array(transform[12:15])
    yield tile, here, parent
    for child in tile.get("children", []):
        yield from walk(child, here, tile)


def read_glb(path: Path) -> tuple[dict[str, Any], bytes]:
    """JSON and BIN chunk."""
    data = path.read_bytes()
    magic, version, total = struct.unpack_from("<III", data)
    assert (magic, version, total) == (0x46546C67, 2, len(data))
    length, kind = struct.unpack_from("<II", data, 12)
    assert kind == 0x4E4F534A
    size, kind = struct.unpack_from("<II", data, 20 + length)
    assert kind == 0x004E4942
    return json.loads(data[20 : 20 + length]), data[28 + length : 28 + length + size]


def accessor(document: dict[str, Any], blob: bytes, index: int) -> npt.NDArray[Any]:
    """An accessor's values, normalised where it says so."""
    spec = document["accessors"][index]
    view = document["bufferViews"][spec["bufferView"]]
    dtype = np.dtype({5120: "i1", 5123: "<u2"}[spec["componentType"]])
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}[spec["type"]]
    stride = view.get("byteStride", dtype.itemsize * width)
    start = view.get("byteOffset", 0) + spec.get("byteOffset", 0)
    rows = np.ndarray((spec["count"], width), dtype, blob, start, (stride, dtype.itemsize))
    if not spec.get("normalized"):
        return rows.astype(np.float64) if width > 1 else rows[:, 0].copy()
    return np.maximum(rows / np.iinfo(dtype).max, -1.0)


def read_tile(world: Path, tile: dict[str, Any], origin: F64) -> ReadTile:
    """Decode a tile's content into world metres."""
    uri = tile["content"]["uri"]
    document, blob = read_glb(world / uri)
    level, x, y = map(int, Path(uri).name.split(".")[0].split("-"))
    node = document["nodes"][0]
    primitive = document["meshes"][0]["primitives"][0]
    local = accessor(document, blob, primitive["attributes"]["POSITION"]) * node["scale"] + node["translation"]
    frame = np.array([origin[0], origin[2], -origin[1]])
    count = len(local)
    grid = next(n for n in range(2, 200) if n * n + 4 * (n - 1) == count)
    return ReadTile(level, x, y, local + frame, accessor(document, blob, primitive["attributes"]["NORMAL"]),
                    accessor(document, blob, primitive["attributes"]["TEXCOORD_0"]),
                    accessor(document, blob, primitive["indices"]).astype(np.uint16), grid, document, tile)


def read_world(world: Path) -> list[ReadTile]:
    """Every tile of a world."""
    return [read_tile(world, tile, origin) for tile, origin, _ in walk(tileset(world)["root"])]


def image_of(world: Path, tile: dict[str, Any]) -> npt.NDArray[np.uint8]:
    """The decoded texture."""
    document, blob = read_glb(world / tile["content"]["uri"])
    view = document["bufferViews"][document["images"][0]["bufferView"]]
    start = view.get("byteOffset", 0)
    return np.asarray(Image.open(io.BytesIO(blob[start : start + view["byteLength"]])).convert("RGB"))


def files(world: Path) -> dict[str, bytes]:
    """Every file's bytes by relative name."""
    return {p.relative_to(world).as_posix(): p.read_bytes() for p in sorted(world.rglob("*")) if p.is_file()}
