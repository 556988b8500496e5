"""One tile as a glTF 2.0 binary: a quantised grid with skirts and its texture.

Owns: vertex and index bytes, the glTF JSON, the GLB container.
Does not: decide what a tile covers (quadtree.py) or what it looks like (textures.py).
Limits: at most 65,535 vertices a tile; textures are embedded JPEG or KTX2.
Source: glTF 2.0 specification, KHR_mesh_quantization, KHR_texture_basisu, EXT_meshopt_compression.

Vertex, 16 bytes:   0  u16 x   2  u16 y   4  u16 z   6  (padding)
                    8  i8 nx   9  i8 ny  10  i8 nz  11  (padding)
                   12  u16 u  14  u16 v   (normalised)
Position is metres / step; the node's uniform scale is that step (a power of two), its translation lies on the
same lattice, so neighbours of one level decode to bit-equal edges (x and z codes start at FLARE). y is up,
x east, z south.
"""

from __future__ import annotations

import functools
import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake import codecs
from layerw_server.bake.heightfield import F32

VERTEX = np.dtype([("x", "<u2"), ("y", "<u2"), ("z", "<u2"), ("pad0", "<u2"),
                   ("normal", "i1", 3), ("pad1", "i1"), ("u", "<u2"), ("v", "<u2")])
FLARE = 2  # skirts lean outwards by this many codes, so that neighbours overlap underneath
GENERATOR = "layerw bake 1"


@functools.cache
def grid_indices(cells: int) -> npt.NDArray[np.uint16]:
    """Triangles of a grid of (cells + 1)**2 vertices, then of its skirt; shared by all tiles of that size.

    Skirt vertices follow the grid: the ring of edge vertices in `ring_order`, once more, lower.
    """
    n = cells + 1
    at = np.arange(n * n, dtype=np.uint16).reshape(n, n)
    a, b, d, e = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    ground = np.stack([a, d, e, a, e, b], axis=-1).reshape(-1)
    ring = ring_order(cells).astype(np.uint16)
    following = np.roll(ring, -1)
    low = (n * n + np.arange(ring.size)).astype(np.uint16)
    low_following = np.roll(low, -1)
    skirt = np.stack([ring, following, low_following, ring, low_following, low], axis=-1).reshape(-1)
    return np.concatenate([ground, skirt]).astype("<u2")


@functools.cache
def ring_order(cells: int) -> npt.NDArray[np.int64]:
    """Indices of the edge vertices, clockwise seen from above, from the north-west corner."""
    n = cells + 1
    at = np.arange(n * n).reshape(n, n)
    return np.concatenate([at[0, :-1], at[:-1, -1], at[-1, :0:-1], at[:0:-1, 0]])


def encode_vertices(
    heights: F32, normals: F32, *, base: int, step_m: float, lattice_x: npt.NDArray[np.int64],
    lattice_z: npt.NDArray[np.int64], skirt_m: float, texels: int,
) -> bytes:
    """Vertices of a grid (row 0 north) and its skirt.

    Args:
        heights: (n, n) metres. normals: (n, n, 3) unit, x east, y up, z south.
        base: the lattice height (in steps) of code 0. lattice_x, lattice_z: (n,) position codes, from 0.
        texels: side of the texture; its outermost texel centres lie on the tile's edges.
    """
    n = heights.shape[0]
    ring = ring_order(n - 1)
    out = np.zeros(n * n + ring.size, VERTEX)
    grid = out[: n * n].reshape(n, n)
    grid["x"] = (lattice_x + FLARE)[None, :]
    grid["z"] = (lattice_z + FLARE)[:, None]
    codes = np.rint(heights.astype(np.float64) / step_m) - base  # round first: neighbours have another base
    if codes.min() < 0 or codes.max() > 65_535:
        raise ValueError(f"height codes {codes.min():g} to {codes.max():g} leave 0 to 65535; step_m is {step_m:g}")
    grid["y"] = codes
    grid["normal"] = np.rint(normals * 127.0)
    grid["u"], grid["v"] = _edge_to_edge(n, texels)[None, :], _edge_to_edge(n, texels)[:, None]
    skirt = out[n * n :]
    skirt[:] = out[ring]
    skirt["y"] = np.maximum(skirt["y"].astype(np.int64) - skirt_codes(skirt_m, step_m), 0)
    for axis, last in (("x", int(lattice_x[-1])), ("z", int(lattice_z[-1]))):
        skirt[axis][out[axis][ring] == FLARE] -= FLARE
        skirt[axis][out[axis][ring] == last + FLARE] += FLARE
    return out.tobytes()


def _edge_to_edge(n: int, texels: int) -> npt.NDArray[np.uint16]:
    inner = (0.5 + np.arange(n) / (n - 1) * (texels - 1)) / texels
    return np.rint(inner * 65_535).astype(np.uint16)


def skirt_codes(skirt_m: float, step_m: float) -> int:
    """How many height codes a skirt hangs down."""
    return int(np.ceil(skirt_m / step_m))

# How layerw refines the ground near the camera: strength of the noise and metres of its middle octave.
DETAIL, DETAIL_OF_PHOTOS, DETAIL_M = 0.6, 0.25, 4.0
BASISU, MESHOPT = "KHR_texture_basisu", "EXT_meshopt_compression"


def make_glb(
    vertices: bytes, cells: int, *, lattice_max: tuple[int, int], code_range: tuple[int, int], step_m: float,
    translation: tuple[float, float, float], image: bytes, is_ktx2: bool = False, is_packed: bool = False,
    roughness: float = 0.92, detail: float = DETAIL,
) -> bytes:
    """A whole tile. `code_range`: lowest and highest height code, skirt included; `image`: JPEG or KTX2."""
    indices = grid_indices(cells).tobytes()
    count = len(vertices) // VERTEX.itemsize
    parts = [image, codecs.pack_vertices(vertices, VERTEX.itemsize), packed_indices(cells)] if is_packed else [
        image, vertices, indices]
    blob, starts = bytearray(), []
    for part in parts:
        starts.append(len(blob))
        blob += part + b"\0" * (-len(part) % 4)
    views: list[dict[str, Any]] = [
        {"buffer": 0, "byteOffset": starts[1], "byteLength": len(vertices), "byteStride": VERTEX.itemsize,
         "target": 34962},
        {"buffer": 0, "byteOffset": starts[2], "byteLength": len(indices), "target": 34963},
        {"buffer": 0, "byteLength": len(image)},
    ]
    buffers: list[dict[str, Any]] = [{"byteLength": len(blob)}]
    if is_packed:
        buffers.append(_unpacked(views, [len(part) for part in parts[1:]], starts[1:], count, len(indices) // 2))
    accessors = [
        {"bufferView": 0, "componentType": 5123, "count": count, "type": "VEC3",
         "min": [0, code_range[0], 0],
         "max": [lattice_max[0] + 2 * FLARE, code_range[1], lattice_max[1] + 2 * FLARE]},
        {"bufferView": 0, "byteOffset": 8, "componentType": 5120, "normalized": True, "count": count, "type": "VEC3"},
        {"bufferView": 0, "byteOffset": 12, "componentType": 5123, "normalized": True, "count": count, "type": "VEC2"},
        {"bufferView": 1, "componentType": 5123, "count": len(indices) // 2, "type": "SCALAR"},
    ]
    attributes = {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}
    surface = {"baseColorTexture": {"index": 0}, "metallicFactor": 0, "roughnessFactor": roughness}
    terrain = {"detailStrength": detail, "detailScale": DETAIL_M}
    extensions = ["KHR_mesh_quantization", *([BASISU] if is_ktx2 else []), *([MESHOPT] if is_packed else [])]
    texture: dict[str, Any] = {"extensions": {BASISU: {"source": 0}}} if is_ktx2 else {"source": 0}
    document = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "extensionsUsed": extensions, "extensionsRequired": extensions,
        "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": list(translation), "scale": [step_m] * 3}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 3, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": surface, "extras": {"layerw": {"terrain": terrain}}}],
        "textures": [{**texture, "sampler": 0}],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "images": [{"bufferView": 2, "mimeType": "image/ktx2" if is_ktx2 else "image/jpeg"}],
        "accessors": accessors, "bufferViews": views, "buffers": buffers,
    }
    return container(document, bytes(blob))


@functools.cache
def packed_indices(cells: int) -> bytes:
    """`grid_indices`, packed; all tiles of a size share them."""
    n = cells + 1
    return codecs.pack_triangles(grid_indices(cells), n * n + 4 * cells)


def _unpacked(
    views: list[dict[str, Any]], packed: list[int], starts: list[int], vertices: int, indices: int,
) -> dict[str, Any]:
    """Turn the first two views into packed ones; returns the buffer that exists only once they are unpacked."""
    end = 0
    for view, size, start, count, mode in zip(views[:2], packed, starts, (vertices, indices),
                                              ("ATTRIBUTES", "TRIANGLES"), strict=True):
        stride = view.get("byteStride", 2)
        view["extensions"] = {MESHOPT: {"buffer": 0, "byteOffset": start, "byteLength": size, "byteStride": stride,
                                        "mode": mode, "count": count}}
        view["buffer"], view["byteOffset"] = 1, end
        end += view["byteLength"] + -view["byteLength"] % 4
    return {"byteLength": end, "extensions": {MESHOPT: {"fallback": True}}}


def container(document: dict[str, Any], blob: bytes) -> bytes:
    """A GLB of its JSON and BIN chunk."""
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    blob += b"\0" * (-len(blob) % 4)
    total = 12 + 8 + len(text) + 8 + len(blob)
    return b"".join([
        struct.pack("<III", 0x46546C67, 2, total),
        struct.pack("<II", len(text), 0x4E4F534A), text,
        struct.pack("<II", len(blob), 0x004E4942), blob,
    ])
