"""The header of a KTX2 file of Basis Universal, checked: the twin of web/transfer/decode/ktx2.js, without a transcoder.

Owns: what a page's GPU with BC would get of it, BC5 for normal maps. Source: KTX File Format 2.0; KHR_texture_basisu.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from layerw.gpu import spec
from layerw.gpu.records import compressed_bytes
from layerw.hosts.containers import FormatError

MAGIC = b"\xabKTX 20\xbb\r\n\x1a\n"
SIDE_MAX = 16_384
_HEADER_BYTES, _LEVEL_BYTES, _DESCRIBED_BYTES = 80, 24, 44
_ETC1S, _UASTC = 163, 166


class Ktx2(NamedTuple):
    """What the header says."""

    width: int
    height: int
    levels: int
    is_uastc: bool

    def first_level(self, max_side: int) -> int:
        """Of those that are kept: of at most max_side (0: any), or the smallest one."""
        first = 0
        while max_side and first < self.levels - 1 and max(self.width, self.height) >> first > max_side:
            first += 1
        return first

    def kept(self, max_side: int, *, directions: bool = False, plain: bool = False) -> tuple[int, int, int, int]:
        """Width, height, family (of spec.TEXTURE_FAMILIES) and levels of what is kept. directions: of a normal map;
        plain: no blocks, whose further levels the GPU makes."""
        first = self.first_level(max_side)
        width, height = max(1, self.width >> first), max(1, self.height >> first)
        name = "rgba8" if plain or width % 4 or height % 4 else "bc5" if directions and self.is_uastc else "bc7"
        family = spec.TEXTURE_FAMILIES.index(name)
        return width, height, family, self.levels - first if family else 1


def texels_bytes(width: int, height: int, family: int, levels: int) -> int:
    """Of what is kept."""
    return compressed_bytes(width, height, family, levels) if family else 4 * width * height


def read_header(data: bytes) -> Ktx2:
    """Raises FormatError where a number lies."""
    if len(data) < _HEADER_BYTES:
        raise FormatError(f"The KTX2 file of {len(data)} bytes ends inside of its header of {_HEADER_BYTES}.")
    format_, _, width, height, depth, layers, faces, levels, scheme, at, size = struct.unpack_from("<11I", data, 12)
    if format_:
        raise FormatError(f"The KTX2 file holds texels of Vulkan's format {format_}; only those of Basis (format 0) "
                          f"are read.")  # fmt: skip
    if width < 1 or height < 1 or depth or layers > 1 or faces != 1 or max(width, height) > SIDE_MAX:
        raise FormatError(f"The KTX2 file is {width} x {height} x {depth} texels with {layers} layers and {faces} "
                          f"faces; one flat image of at most {SIDE_MAX} on a side is read.")  # fmt: skip
    full = max(width, height).bit_length()
    if not 1 <= levels <= full:
        raise FormatError(f"The KTX2 file of {width} x {height} texels has {levels} levels; 1 to {full} are read.")
    end = _HEADER_BYTES + _LEVEL_BYTES * levels
    if scheme > 2 or at < end or size < _DESCRIBED_BYTES or at + size > len(data):
        raise FormatError(f"The KTX2 file of {len(data)} bytes is packed by scheme {scheme} and has its description at "
                          f"byte {at}, {size} bytes long.")  # fmt: skip
    model = data[at + 12]
    if model not in (_ETC1S, _UASTC) or (scheme == 1) != (model == _ETC1S):
        raise FormatError(f"The KTX2 file has colour model {model}, packed by scheme {scheme}; 163 (ETC1S) and 166 "
                          f"(UASTC) are read.")  # fmt: skip
    for level in range(levels):
        _check_level(data, level, end, width, height, scheme if model == _UASTC else -1)
    return Ktx2(width, height, levels, model == _UASTC)


def _check_level(data: bytes, level: int, first: int, width: int, height: int, scheme: int) -> None:
    offset, size, plain = struct.unpack_from("<3Q", data, _HEADER_BYTES + _LEVEL_BYTES * level)
    if offset < first or size < 1 or offset + size > len(data):
        raise FormatError(f"Level {level} of the KTX2 file lies at byte {offset}, {size} bytes long, outside of its "
                          f"{len(data)} bytes.")  # fmt: skip
    expected = compressed_bytes(max(1, width >> level), max(1, height >> level), 1, 1)
    if scheme >= 0 and (plain != expected or (scheme == 0 and size != expected)):
        raise FormatError(f"Level {level} of the KTX2 file says that it has {plain} bytes; {width >> level} x "
                          f"{height >> level} texels have {expected}.")  # fmt: skip
