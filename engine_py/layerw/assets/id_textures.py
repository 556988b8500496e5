"""Feature ids in textures (EXT_mesh_features): texels of a PNG, as Python reads them to say which feature a ray meets.

Limits: a PNG inside of the tile's file or beside it, 8 bits a channel, without a palette and not interlaced; SIDE_MAX;
read when a program first asks for a feature of the tile. Source: EXT_mesh_features; PNG (third edition), 9 and 13.9.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layerw.assets.accessors import Accessor, resolve_view
from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item
from layerw.assets.materials import sampler_of, uv_use
from layerw.assets.numbers import Numbers
from layerw.base.ports import IdTexels, UvMatrix

SIDE_MAX = 1024  # is decoded within about 0.2 s, in a frame of the program's thread
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: (0, 0, 0), 2: (0, 1, 2), 4: (0, 0, 0, 1), 6: (0, 1, 2, 3)}  # red, green, blue, alpha by colour type


@dataclass(slots=True)
class IdTexturePlan:
    """Its bytes, where vertices lie in it, and which of its channels make a number, the lowest first."""

    image: Accessor | int  # int: a file, as numbers.py numbers it
    uvs: Accessor
    matrix: UvMatrix
    channels: list[int]
    sampler: int
    null_id: int  # says of no feature; -1: none does


def plan_id_texture(doc: Document, item: Item, uvs: Accessor, numbers: Numbers) -> IdTexturePlan:
    """`item`: one of featureIds, which has a texture; uvs: of the set that it names. Raises GltfError."""
    use = item.object("texture")
    _, texture = doc.named(use, "index", "textures")
    number, image = doc.named(texture, "source", "images")
    _, matrix = uv_use(use)
    channels = use.indices("channels") if "channels" in use else [0]
    if not 1 <= len(channels) <= 4 or not 0 <= min(channels) <= max(channels) <= 3:
        raise use.error(f"makes ids of the channels {channels}; one to four of 0 to 3 are read.")
    texels: Accessor | int
    if "bufferView" in image:
        buffer, offset, size, _ = resolve_view(doc, image)
        texels = numbers.add(Accessor(buffer, offset, 0, 5121, 1, False, size, (), ()))
    else:
        image.text("uri")
        texels = numbers.add_file(number)
    return IdTexturePlan(texels, numbers.add(uvs), matrix, channels, sampler_of(doc, texture),
                         item.integer("nullFeatureId") if "nullFeatureId" in item else -1)  # fmt: skip


class IdImages:
    """Images of one file, each decoded once however many primitives show it."""

    def __init__(self, numbers: Numbers, payload: bytes) -> None:
        self._numbers, self._payload = numbers, payload
        self._texels: dict[Accessor | int, npt.NDArray[np.uint8] | str] = {}  # a text: why it can't be read
        self._ids: dict[tuple[Accessor | int, tuple[int, ...]], npt.NDArray[np.uint32]] = {}

    def read(self, plan: IdTexturePlan) -> IdTexels:
        """The ids of its texels and the uvs of the vertices. Raises GltfError."""
        key = plan.image, tuple(plan.channels)
        if key not in self._ids:
            self._ids[key] = self._made(*key)
        a, b, x, c, d, y = plan.matrix
        uvs = self._numbers.read(plan.uvs, self._payload).astype(np.float64) @ np.array(((a, c), (b, d))) + (x, y)
        return IdTexels(self._ids[key], uvs, plan.sampler, plan.null_id)

    def _made(self, image: Accessor | int, channels: tuple[int, ...]) -> npt.NDArray[np.uint32]:
        if image not in self._texels:
            try:
                numbers, payload = self._numbers, self._payload
                data = numbers.file(image, payload) if isinstance(image, int) else numbers.raw(image, payload)
                self._texels[image] = read_png(data)
            except GltfError as error:
                self._texels[image] = str(error)
        texels = self._texels[image]
        if isinstance(texels, str):
            raise GltfError(texels)
        if max(channels) >= texels.shape[2]:
            raise GltfError(f"its ids are in channel {max(channels)} of a PNG that has {texels.shape[2]}.")
        ids = np.zeros(texels.shape[:2], np.uint32)
        for place, channel in enumerate(channels):
            ids |= texels[..., channel].astype(np.uint32) << np.uint32(8 * place)
        return ids


def read_png(data: bytes) -> npt.NDArray[np.uint8]:
    """(height, width, 3 or 4). Raises GltfError."""
    if data[:8] != _SIGNATURE or len(data) < 33 or data[12:16] != b"IHDR":
        raise GltfError("its ids are in an image that is no PNG; others lose some.")
    width, height, depth, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if not (1 <= width <= SIDE_MAX and 1 <= height <= SIDE_MAX):
        raise GltfError(f"its ids are in a PNG of {width} x {height} texels; each side must be 1 to {SIDE_MAX}, for "
                        f"larger ones stop a frame for too long.")  # fmt: skip
    if depth != 8 or kind not in _CHANNELS or interlaced:
        raise GltfError(f"its ids are in a PNG of {depth} bits and colour type {kind}, interlaced: {interlaced}; 8 "
                        f"bits without a palette, not interlaced, are read.")  # fmt: skip
    channels = len(set(_CHANNELS[kind]))
    parts, at = list[bytes](), 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"IDAT":
            parts.append(data[at + 8 : at + 8 + size])
        at += 12 + size
    wanted = height * (1 + width * channels)
    try:
        lines = zlib.decompressobj().decompress(b"".join(parts), wanted)
    except zlib.error as error:
        raise GltfError(f"its ids are in a PNG that is damaged: {error}.") from error
    if len(lines) != wanted:
        raise GltfError(f"its ids are in a PNG that has {len(lines)} of its {wanted} bytes.")
    rows = np.frombuffer(lines, np.uint8).reshape(height, -1)
    found = _unfiltered(rows[:, 0], rows[:, 1:].reshape(height, width, channels).astype(np.int16))
    return found[..., _CHANNELS[kind]]


def _unfiltered(filters: npt.NDArray[np.uint8], raw: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """A texel needs those on its left and above: one diagonal after the other is done at once. They are stored as rows,
    so that a diagonal's neighbours are plain slices of the two before it."""
    if filters.max() > 4:
        raise GltfError(f"its ids are in a PNG with the filter {filters.max()}; there are 0 to 4.")
    height, width, channels = raw.shape
    skewed = np.zeros((height + width + 1, height + 1, channels), np.int16)  # [2 + x + y, 1 + y]
    for y in range(height):
        skewed[y + 2 : y + 2 + width, y + 1] = raw[y]
    flat = skewed.reshape(len(skewed), -1)
    kinds = np.repeat(filters, channels)
    sub, up, average, paeth = ((kinds == number).astype(np.int16) for number in (1, 2, 3, 4))
    has_paeth = bool(paeth.any())
    for diagonal in range(height + width - 1):
        start, end = max(0, diagonal - width + 1) * channels, min(height, diagonal + 1) * channels
        left = flat[diagonal + 1, start + channels : end + channels]
        above, corner = flat[diagonal + 1, start:end], flat[diagonal, start:end]
        guess = sub[start:end] * left + up[start:end] * above + average[start:end] * ((left + above) >> 1)
        if has_paeth:
            by_left, by_above = above - corner, left - corner
            off_left, off_above, off_corner = abs(by_left), abs(by_above), abs(by_left + by_above)
            nearest = np.where(off_left <= np.minimum(off_above, off_corner), left,
                               np.where(off_above <= off_corner, above, corner))  # fmt: skip
            guess += paeth[start:end] * nearest
        texels = flat[diagonal + 2, start + channels : end + channels]
        texels += guess
        texels &= 255
    out = np.empty(raw.shape, np.uint8)
    for y in range(height):
        out[y] = skewed[y + 2 : y + 2 + width, y + 1]
    return out
