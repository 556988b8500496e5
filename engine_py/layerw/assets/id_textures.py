"""Feature ids in textures (EXT_mesh_features): texels of a PNG, as Python reads them to say which feature a ray meets.

Limits: a PNG inside of the tile's file, 8 bits a channel, without a palette and not interlaced; SIDE_MAX; read when a
program first asks for a feature of the tile. Source: EXT_mesh_features; PNG (third edition), 9 and 13.9.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layerw.assets.accessors import Accessor, resolve_accessor, resolve_view
from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item
from layerw.assets.materials import sampler_of, uv_use
from layerw.assets.numbers import Numbers
from layerw.base.ports import I64, IdTexels, UvMatrix

SIDE_MAX = 2048
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: (0, 0, 0), 2: (0, 1, 2), 4: (0, 0, 0, 1), 6: (0, 1, 2, 3)}  # red, green, blue, alpha by colour type


@dataclass(slots=True)
class IdTexturePlan:
    """Its bytes, where vertices lie in it, and which of its channels make a number, the lowest first."""

    image: Accessor
    uvs: Accessor
    matrix: UvMatrix
    channels: list[int]
    sampler: int
    null_id: int  # says of no feature; -1: none does


def plan_id_texture(doc: Document, item: Item, attributes: Item, numbers: Numbers) -> IdTexturePlan:
    """`item`: one of featureIds, which has a texture. Raises GltfError."""
    use = item.object("texture")
    _, texture = doc.named(use, "index", "textures")
    _, image = doc.named(texture, "source", "images")
    if "bufferView" not in image:
        raise image.error("has ids of features, but is a file of its own; those inside of the tile's are read.")
    buffer, offset, size, _ = resolve_view(doc, image)
    uv_set, matrix = uv_use(use)
    name = f"TEXCOORD_{uv_set}"
    uvs = resolve_accessor(doc, attributes.integer(name), "uv", attributes.at(name))
    channels = use.indices("channels") if "channels" in use else [0]
    if not 1 <= len(channels) <= 4 or not 0 <= min(channels) <= max(channels) <= 3:
        raise use.error(f"makes ids of the channels {channels}; one to four of 0 to 3 are read.")
    texels = numbers.add(Accessor(buffer, offset, 0, 5121, 1, False, size, (), ()))
    return IdTexturePlan(texels, numbers.add(uvs), matrix, channels, sampler_of(doc, texture),
                         item.integer("nullFeatureId") if "nullFeatureId" in item else -1)  # fmt: skip


def read_id_texture(plan: IdTexturePlan, numbers: Numbers, payload: bytes) -> IdTexels:
    """The ids of its texels and the uvs of the vertices. Raises GltfError."""
    texels = read_png(numbers.raw(plan.image, payload))
    if max(plan.channels) >= texels.shape[2]:
        raise GltfError(f"its ids are in channel {max(plan.channels)} of a PNG that has {texels.shape[2]}.")
    ids: I64 = np.zeros(texels.shape[:2], np.int64)
    for place, channel in enumerate(plan.channels):
        ids |= texels[..., channel].astype(np.int64) << 8 * place
    ids[ids == plan.null_id] = -1
    a, b, x, c, d, y = plan.matrix
    uvs = numbers.read(plan.uvs, payload).astype(np.float64) @ np.array(((a, c), (b, d))) + (x, y)
    return IdTexels(ids, uvs, plan.sampler)


def read_png(data: bytes) -> npt.NDArray[np.uint8]:
    """(height, width, 3 or 4). Raises GltfError."""
    if data[:8] != _SIGNATURE or len(data) < 33 or data[12:16] != b"IHDR":
        raise GltfError("its ids are in an image that is no PNG; others lose some.")
    width, height, depth, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if not (1 <= width <= SIDE_MAX and 1 <= height <= SIDE_MAX):
        raise GltfError(f"its ids are in a PNG of {width} x {height} texels; each side must be 1 to {SIDE_MAX}.")
    if depth != 8 or kind not in _CHANNELS or interlaced:
        raise GltfError(f"its ids are in a PNG of {depth} bits and colour type {kind}, interlaced: {interlaced}; 8 "
                        f"bits without a palette, not interlaced, are read.")  # fmt: skip
    channels = len(set(_CHANNELS[kind]))
    packed, at = b"", 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + size]
        at += 12 + size
    wanted = height * (1 + width * channels)
    try:
        lines = zlib.decompressobj().decompress(packed, wanted)
    except zlib.error as error:
        raise GltfError(f"its ids are in a PNG that is damaged: {error}.") from error
    if len(lines) != wanted:
        raise GltfError(f"its ids are in a PNG that has {len(lines)} of its {wanted} bytes.")
    rows = np.frombuffer(lines, np.uint8).reshape(height, -1)
    found = _unfiltered(rows[:, 0], rows[:, 1:].reshape(height, width, channels).astype(np.int16))
    return found[..., _CHANNELS[kind]]


def _unfiltered(filters: npt.NDArray[np.uint8], raw: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """A texel needs those on its left and above: one diagonal after the other is done at once."""
    if filters.max() > 4:
        raise GltfError(f"its ids are in a PNG with the filter {filters.max()}; there are 0 to 4.")
    height, width, channels = raw.shape
    out = np.zeros((height + 1, width + 1, channels), np.int16)
    for diagonal in range(height + width - 1):
        y = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        x = diagonal - y
        left, above, corner = out[y + 1, x], out[y, x + 1], out[y, x]
        off_left, off_above, off_corner = abs(above - corner), abs(left - corner), abs(left + above - 2 * corner)
        nearest = np.where((off_left <= off_above) & (off_left <= off_corner), left,
                           np.where(off_above <= off_corner, above, corner))  # fmt: skip
        kinds = np.broadcast_to(filters[y][:, None], left.shape)
        guess = np.choose(kinds, [np.zeros_like(left), left, above, (left + above) >> 1, nearest])
        out[y + 1, x + 1] = (raw[y, x] + guess) & 255
    return out[1:, 1:].astype(np.uint8)
