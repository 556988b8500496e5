"""Making tile files: one node, or a whole branch of the quadtree, to content-addressed .glb files.

Owns: geometry and texture of a tile put together, file names, the record of each written tile.
Does not: decide which tiles there are, or run processes (pipeline.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from layerw_server.bake import codecs, props, tiles, water_tiles
from layerw_server.bake.fields import Fields
from layerw_server.bake.heightfield import F32, TILE_CELLS
from layerw_server.bake.paint import Look, paint
from layerw_server.bake.quadtree import SEA_DIM_DEPTH_M, SEA_LEAF_DEPTH_M, Node
from layerw_server.bake.sources.photo import Drape, sample
from layerw_server.bake.textures import U8, encode_jpeg, halve

TILES_FOLDER = "tiles"
DEEP_TEXELS, SHALLOW_TEXELS = 64, 128  # of sea bed leaves


@dataclass(frozen=True)
class TileRecord:
    """A written tile: file name, size, and its frame and box in world metres (x east, y up, z south)."""

    uri: str
    size_bytes: int
    centre: tuple[float, float]  # x, z of the tile's own origin
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    more: tuple[tuple[str, int], ...] = ()  # further contents and their bytes: what stands on it, water


@dataclass(frozen=True)
class World:
    """What every tile needs to know about its world (small: it is sent to the workers)."""

    cells: int
    cell_x_m: float
    cell_y_m: float
    steps_m: tuple[float, ...]
    sea_level_m: float | None
    biome: dict[str, float]
    texels: int
    quality: int
    seed: int = 0
    images: str = "jpeg"  # of codecs.TEXTURES
    is_packed: bool = False
    drape: Drape | None = None
    is_dressed: bool = False
    is_city: bool = False


def lattice(world: World, corners: npt.NDArray[np.int64], axis: int, level: int) -> npt.NDArray[np.int64]:
    """Quantised world coordinate (0: x, 1: z) of grid corners, in steps of the level; 0 is the world's middle."""
    cell = (world.cell_x_m, world.cell_y_m)[axis]
    metres = (corners - world.cells / 2) * cell
    codes: npt.NDArray[np.int64] = np.rint(metres / world.steps_m[level]).astype(np.int64)
    return codes


def tile_normals(fields: Fields, node: Node) -> F32:
    """Normals of the tile's grid, averaged over the ground that each vertex stands for."""
    k = node.stride.bit_length() - 1
    first_y, first_x = node.y * node.size // node.stride, node.x * node.size // node.stride
    n = node.size // node.stride + 1
    east, south = fields.slopes(k, slice(first_y, first_y + n), slice(first_x, first_x + n))
    normal = np.stack([-east, np.ones_like(east), -south], axis=-1)
    normal /= np.sqrt((normal * normal).sum(axis=-1, keepdims=True))
    return normal


def write_tile(world: World, fields: Fields, node: Node, texture: U8, folder: Path) -> TileRecord:
    """Write one tile under its content's hash."""
    step = world.steps_m[node.level]
    corners = np.arange(0, node.size + 1, node.stride)
    xs = lattice(world, corners + node.x * node.size, 0, node.level)
    zs = lattice(world, corners + node.y * node.size, 1, node.level)
    middle = np.array([node.size // 2])
    mid_x = int(lattice(world, middle + node.x * node.size, 0, node.level)[0])
    mid_z = int(lattice(world, middle + node.y * node.size, 1, node.level)[0])
    heights = np.asarray(fields.heights[node.y * node.size : (node.y + 1) * node.size + 1 : node.stride,
                                        node.x * node.size : (node.x + 1) * node.size + 1 : node.stride])
    drop = tiles.skirt_codes(node.skirt_m, step)
    base = int(np.rint(float(heights.min()) / step)) - drop
    vertices = tiles.encode_vertices(heights, tile_normals(fields, node), base=base, step_m=step,
                                     lattice_x=xs - xs[0], lattice_z=zs - zs[0], skirt_m=node.skirt_m,
                                     texels=texture.shape[0])
    west, north = int(xs[0]) - tiles.FLARE, int(zs[0]) - tiles.FLARE
    codes = np.frombuffer(vertices, tiles.VERTEX)["y"]
    lowest, top = int(codes.min()), int(codes.max())
    glb = tiles.make_glb(vertices, len(xs) - 1, lattice_max=(int(xs[-1] - xs[0]), int(zs[-1] - zs[0])),
                         code_range=(lowest, top), step_m=step,
                         translation=((west - mid_x) * step, base * step, (north - mid_z) * step),
                         image=_image(world, texture), is_ktx2=world.images in codecs.KTX2,
                         is_packed=world.is_packed,
                         detail=tiles.DETAIL if world.drape is None else tiles.DETAIL_OF_PHOTOS)
    uri = f"{TILES_FOLDER}/{node.name}.{hashlib.sha256(glb).hexdigest()[:16]}.glb"
    (folder / uri).write_bytes(glb)
    record = TileRecord(uri, len(glb), (mid_x * step, mid_z * step),
                        (west * step, (base + lowest) * step, north * step),
                        ((int(xs[-1]) + tiles.FLARE) * step, (base + top) * step, (int(zs[-1]) + tiles.FLARE) * step))
    standing = None if fields.props is None else props.of_node(fields.props, node, world, record.centre)
    for name, made in (("props", standing), ("water", water_tiles.of_node(fields, node, world, record.centre))):
        if made is not None:
            record = _with_more(record, f"{node.name}.{name}", *made, folder)
    return record


def _with_more(record: TileRecord, name: str, glb: bytes, low: F32, high: F32, folder: Path) -> TileRecord:
    """Write a further content of a tile as a file of its own; the tile's box holds it too."""
    uri = f"{TILES_FOLDER}/{name}.{hashlib.sha256(glb).hexdigest()[:16]}.glb"
    (folder / uri).write_bytes(glb)
    lower, upper = (tuple(fold(float(a), float(b)) for a, b in zip(own, more, strict=True))
                    for fold, own, more in ((min, record.low, low), (max, record.high, high)))
    return replace(record, low=(lower[0], lower[1], lower[2]), high=(upper[0], upper[1], upper[2]),
                   more=(*record.more, (uri, len(glb))))


def _image(world: World, texture: U8) -> bytes:
    if world.images == "jpeg":
        return encode_jpeg(texture, world.quality)
    return codecs.ktx2(texture, world.images, quality=world.quality)


def _leaf_texture(world: World, fields: Fields, node: Node) -> U8:
    """Painted by rules, and the picture of the ground over that where it shows something."""
    texels = _texels(world, node)
    if world.drape is None or fields.photo is None:
        return paint(fields, node, texels, look=_look(world))
    at = np.linspace(0.0, node.size, texels) / world.cells
    colours, shown = sample(world.drape, fields.photo, at + node.y * node.size / world.cells,
                            at + node.x * node.size / world.cells)
    if float(shown.min()) < 1.0:
        ruled = paint(fields, node, texels, look=_look(world)).astype(np.float32)
        colours = ruled + shown[..., None] * (colours - ruled)
    texture: U8 = np.clip(colours + 0.5, 0, 255).astype(np.uint8)
    return texture


def _look(world: World) -> Look:
    return Look(world.sea_level_m, world.biome, (world.texels - 1) / TILE_CELLS, world.seed,
                (world.cell_x_m, world.cell_y_m), world.is_city)


def _texels(world: World, node: Node) -> int:
    if node.depth_m <= SEA_LEAF_DEPTH_M:
        return world.texels
    return min(world.texels, DEEP_TEXELS if node.depth_m > SEA_DIM_DEPTH_M else SHALLOW_TEXELS)


def write_branch(world: World, fields: Fields, node: Node, folder: Path) -> tuple[dict[str, TileRecord], U8]:
    """Write a node and everything below it; returns the records by node name and the node's texture."""
    records: dict[str, TileRecord] = {}
    if node.children:
        below = []
        for child in node.children:
            more, texture = write_branch(world, fields, child, folder)
            records.update(more)
            below.append(texture)
        texture = halve((below[0], below[1], below[2], below[3]))
    else:
        texture = _leaf_texture(world, fields, node)
    records[node.name] = write_tile(world, fields, node, texture, folder)
    return records, texture
