"""Colours of a tile: (texels, texels, 3) uint8 sRGB, from heights, slopes and noise.

Owns: the rules that turn terrain into colour, the texture pyramid, JPEG.
Does not: cut tiles.
Limits: texels lie on tile edges (texel i at i / (texels - 1) of the side), so neighbours share border colours.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from layerw_server.bake.fields import Fields, bilinear
from layerw_server.bake.heightfield import F32
from layerw_server.bake.quadtree import Node

U8 = npt.NDArray[np.uint8]


def paint(fields: Fields, node: Node, texels: int, *, sea_level_m: float | None, biome: dict[str, float]) -> U8:
    """The colours of one tile, straight from the full-resolution fields."""
    at = np.linspace(0.0, node.size, texels)
    rows, columns = at + node.y * node.size, at + node.x * node.size
    height = bilinear(fields.heights, rows, columns)
    slope = np.hypot(bilinear(fields.east[0], rows, columns), bilinear(fields.south[0], rows, columns))
    grass, rock = np.float32([92, 112, 52]), np.float32([122, 114, 104])
    mix = np.clip((slope - 0.45) / 0.4, 0, 1)[..., None]
    colour = grass + mix * (rock - grass)
    colour = colour * (0.6 + 0.4 * bilinear(fields.sky, rows, columns))[..., None]
    if sea_level_m is not None:
        depth = np.maximum(sea_level_m - height, 0)[..., None]
        colour = colour * np.exp(-depth * np.float32([0.2, 0.08, 0.05]))
    return np.clip(colour + 0.5, 0, 255).astype(np.uint8)


def halve(children: tuple[U8, U8, U8, U8]) -> U8:
    """The parent's texture from its four children (north-west, north-east, south-west, south-east)."""
    side = max(c.shape[0] for c in children)
    nw, ne, sw, se = (widen(c, side) for c in children)
    top = np.concatenate([nw, ne[:, 1:]], axis=1)
    bottom = np.concatenate([sw, se[:, 1:]], axis=1)
    full = np.concatenate([top, bottom[1:]]).astype(np.uint16)
    rows = full[::2].copy()
    rows[1:-1] = (2 * rows[1:-1] + full[1:-2:2] + full[3::2] + 2) >> 2
    out = rows[:, ::2].copy()
    out[:, 1:-1] = (2 * out[:, 1:-1] + rows[:, 1:-2:2] + rows[:, 3::2] + 2) >> 2
    return out.astype(np.uint8)


def widen(texture: U8, side: int) -> U8:
    """Stretch a smaller texture edge to edge."""
    if texture.shape[0] == side:
        return texture
    at = np.linspace(0.0, texture.shape[0] - 1, side)
    planes = [bilinear(texture[..., k].astype(np.float32), at, at) for k in range(3)]
    return (np.stack(planes, axis=-1) + 0.5).astype(np.uint8)


def encode_jpeg(texture: U8, quality: int) -> bytes:
    """Baseline JPEG without colour subsampling loss at tile borders beyond 4:2:0."""
    stream = io.BytesIO()
    Image.fromarray(texture).save(stream, "JPEG", quality=quality, subsampling=2)
    return stream.getvalue()


def mean_grid(values: F32) -> float:
    """Mean in float64."""
    return float(values.astype(np.float64).mean())
