"""Models far away: one mesh with colours at its vertices, made from many with textures.

Owns: flattening a file to triangles in its scene's metres, merging and thinning them, the .glb of a proxy.
Limits: colours are those of base colour (factor, texture, vertex colours); glass, glow and gloss are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake import codecs
from layerw_server.bake.models import images, meshes
from layerw_server.bake.models.gltf import Gltf, Json, glb_bytes
from layerw_server.bake.models.pack import Options, placed
from layerw_server.bake.models.writer import Writer
from layerw_server.bake.sources.raster import BROKEN
from layerw_server.bake.tiles import GENERATOR, MESHOPT

TEXTURE_SIDE = 128  # colours are averaged over squares of this share of a texture
GREY = np.array([0.5, 0.5, 0.5], np.float32)


@dataclass(frozen=True)
class Soup:
    """Triangles: positions (n, 3) float32 relative to `origin` (float64 metres), normals, linear colours, indices."""

    origin: npt.NDArray[np.float64]
    positions: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    colours: npt.NDArray[np.float32]
    indices: npt.NDArray[np.uint32]
    error_m: float = 0.0


def flatten(file: Gltf, origin: npt.NDArray[np.float64]) -> Soup:
    """All triangles that the scene of a file shows, relative to a point."""
    parts = []
    colours: dict[int, Any] = {}
    for mesh, matrix in placed(file):
        for primitive in file.item("meshes", mesh).get("primitives", ()):
            if not isinstance(primitive, dict) or (indices := meshes.triangles_of(file, primitive)) is None:
                continue
            attributes = primitive["attributes"]
            points = (file.floats(attributes["POSITION"]).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
                      - origin).astype(np.float32)
            mirrored = np.linalg.det(matrix[:3, :3]) < 0
            turned = indices.reshape(-1, 3)[:, ::-1].reshape(-1) if mirrored else indices
            parts.append(Soup(origin, points, _normals(file, attributes, matrix, points, turned),
                              _colours(file, primitive, attributes, len(points), colours), turned))
    return merged(parts, origin)


def merged(parts: list[Soup], origin: npt.NDArray[np.float64]) -> Soup:
    """Several in one, relative to a point."""
    if not parts:
        none = np.zeros((0, 3), np.float32)
        return Soup(origin, none, none, none, np.zeros(0, np.uint32))
    starts = np.cumsum([0, *(len(one.positions) for one in parts)])
    return Soup(origin, np.concatenate([one.positions + (one.origin - origin).astype(np.float32) for one in parts]),
                np.concatenate([one.normals for one in parts]), np.concatenate([one.colours for one in parts]),
                np.concatenate([one.indices + np.uint32(start) for one, start in zip(parts, starts, strict=False)]),
                max(one.error_m for one in parts))


def thinned(soup: Soup, triangles: int) -> Soup:
    """At most so many triangles, by quadrics as far as these reach, then by merging what lies close."""
    if len(soup.indices) <= 3 * triangles:
        return soup
    pack = codecs.meshopt()
    scale = float(pack.simplify_scale(soup.positions))
    out, wrong = np.empty(len(soup.indices), np.uint32), np.zeros(1, np.float32)
    count = pack.simplify(out, soup.indices, soup.positions, target_index_count=3 * triangles, target_error=0.1,
                          result_error=wrong)
    if count > 4 * triangles:
        count = pack.simplify_sloppy(out, soup.indices, soup.positions, target_index_count=3 * triangles,
                                     target_error=0.5, result_error=wrong)
    indices, keep = meshes.ordered(out[:count].copy(), len(soup.positions)) if count else (
        np.zeros(0, np.uint32), np.zeros(0, np.uint32))
    return Soup(soup.origin, soup.positions[keep], soup.normals[keep], soup.colours[keep], indices,
                soup.error_m + float(wrong[0]) * scale)


def proxy_glb(soup: Soup, options: Options) -> bytes:
    """A .glb of a soup, its origin at its own (0, 0, 0)."""
    writer = Writer(options.is_packed)
    lattice = meshes.lattice_between(*(fold(soup.positions, axis=0).astype(np.float64) for fold in (np.min, np.max)))
    codes = meshes.codes_of(soup.positions, lattice)
    attributes = {
        "POSITION": writer.vertices(codes, bounds=True),
        "NORMAL": writer.vertices(np.rint(soup.normals * 127).astype("i1"), normalized=True),
        "COLOR_0": writer.vertices(np.rint(np.clip(soup.colours, 0, 1) * 65_535).astype("<u2"), normalized=True)}
    primitive = {"attributes": attributes, "indices": writer.triangles(soup.indices, len(soup.positions)),
                 "material": 0}
    names = ["KHR_mesh_quantization", *([MESHOPT] if writer.uses_packing else [])]
    document: Json = {
        "asset": {"version": "2.0", "generator": GENERATOR}, "extensionsUsed": names, "extensionsRequired": names,
        "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": list(lattice.middle), "scale": [lattice.step] * 3}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"pbrMetallicRoughness": {"metallicFactor": 0, "roughnessFactor": 0.9}, "doubleSided": True}],
        "accessors": writer.accessors, "bufferViews": writer.views, "buffers": writer.buffers()}
    return glb_bytes(document, bytes(writer.blob))


def _normals(file: Gltf, attributes: Json, matrix: Any, points: Any, indices: Any) -> npt.NDArray[np.float32]:
    if "NORMAL" in attributes and abs(np.linalg.det(matrix[:3, :3])) > 1e-12:
        normals = file.floats(attributes["NORMAL"]).astype(np.float64) @ np.linalg.inv(matrix[:3, :3])
    else:
        corners = points.astype(np.float64)[indices.reshape(-1, 3)]
        faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals = np.zeros((len(points), 3))
        for corner in range(3):
            np.add.at(normals, indices.reshape(-1, 3)[:, corner], faces)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    unit: npt.NDArray[np.float32] = np.nan_to_num(normals / np.maximum(lengths, 1e-20)).astype(np.float32)
    return unit


def _colours(
    file: Gltf, primitive: Json, attributes: Json, count: int, known: dict[int, Any],
) -> npt.NDArray[np.float32]:
    colours = np.ones((count, 3), np.float32)
    if "COLOR_0" in attributes:
        colours *= np.nan_to_num(file.floats(attributes["COLOR_0"])[:, :3])
    if "material" not in primitive:
        return colours * GREY
    surface = file.item("materials", primitive["material"]).get("pbrMetallicRoughness", {})
    colours *= np.array([float(v) for v in surface.get("baseColorFactor", (1, 1, 1, 1))[:3]], np.float32)
    texture = surface.get("baseColorTexture")
    if not isinstance(texture, dict):
        return colours
    uv_name = f"TEXCOORD_{texture.get('texCoord', 0)}"
    source = images.source_of(file.item("textures", texture.get("index")))
    if uv_name not in attributes or not isinstance(source, int):
        return colours
    if source not in known:
        known[source] = _linear_picture(file, source)
    picture = known[source]
    uv = np.nan_to_num(file.floats(attributes[uv_name]).astype(np.float64)) % 1.0
    rows, columns = ((uv[:, k] * picture.shape[1 - k]).astype(np.int64) % picture.shape[1 - k] for k in (1, 0))
    sampled: npt.NDArray[np.float32] = colours * picture[rows, columns]
    return sampled


def _linear_picture(file: Gltf, number: int) -> npt.NDArray[np.float32]:
    try:
        pixels = images.decode(images.image_bytes(file, number), TEXTURE_SIDE)[..., :3].astype(np.float32) / 255
    except BROKEN:
        return GREY.reshape(1, 1, 3)
    linear: npt.NDArray[np.float32] = np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)
