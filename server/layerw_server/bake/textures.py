"""Textures of tiles as (texels, texels, 3) uint8 sRGB: the pyramid from leaves to root, and JPEG.

Does not: pick colours (paint.py).
Limits: texels lie on tile edges (texel i at i / (texels - 1) of the side), so neighbours share border colours.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from layerw_server.bake.fields import bilinear

U8 = npt.NDArray[np.uint8]


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
    """Baseline JPEG with full-resolution colour, so that no colour bleeds differently at a shared border."""
    stream = io.BytesIO()
    Image.fromarray(texture).save(stream, "JPEG", quality=quality, subsampling=0)
    return stream.getvalue()

