"""Reads what the headless host needs of files: glb containers (and tiles.py's), sizes of images.

Does not decode pictures or meshes. Every length is checked against the file before it is used; a broken file
raises FormatError with one sentence. Sources: glTF 2.0 section 4.4, PNG 1.2, JFIF; as
web/transfer/decode/image_header.js for WebP and AVIF.
"""

from __future__ import annotations

import struct

from layerw.hosts.tiles import TileFormatError, is_tile, open_tile

AVIF_HEADER_BYTES_MAX = 65_536


class FormatError(ValueError):
    """The bytes are not what they say they are."""


def split_model(data: bytes) -> tuple[bytes, bytes, int]:
    """(glTF JSON, BIN chunk, container): container 0 = gltf, 1 = glb, from 2 on a tile's (tiles.py)."""
    if is_tile(data):
        try:
            return open_tile(data, _split_glb)
        except TileFormatError as error:
            raise FormatError(str(error)) from None
    if data[:4] == b"glTF":
        return (*_split_glb(data), 1)
    if data.lstrip()[:1] != b"{":
        raise FormatError("The model is neither glTF JSON, nor glb, nor b3dm, i3dm, pnts or cmpt.")
    return data, b"", 0


def _split_glb(data: bytes) -> tuple[bytes, bytes]:
    if len(data) < 20 or data[:4] != b"glTF":
        raise FormatError(f"The glb has {len(data)} bytes and no whole header.")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2 or length > len(data):
        raise FormatError(f"The glb says version {version} and {length} bytes; it must be version 2 and at most "
                          f"{len(data)} bytes.")  # fmt: skip
    at, chunks = 12, []
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length:
            raise FormatError(f"A glb chunk of {size} bytes at byte {at} ends past the file's {length}.")
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        at += 8 + size
    if not chunks or chunks[0][0] != 0x4E4F534A:
        raise FormatError("The glb's first chunk is not JSON.")
    return chunks[0][1], next((body for kind, body in chunks if kind == 0x004E4942), b"")


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header of a PNG, JPEG, WebP or AVIF."""
    if data[:4] == b"\x89PNG":
        _check_length("PNG", data, 24)
        return struct.unpack_from(">II", data, 16)
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        _check_length("WebP", data, 30)
        return _webp_size(data)
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"):
        return _avif_size(data)
    raise FormatError(f"The image of {len(data)} bytes is neither PNG nor JPEG nor WebP nor AVIF nor KTX2.")


def _check_length(kind: str, data: bytes, header_bytes: int) -> None:
    if len(data) < header_bytes:
        raise FormatError(f"The {kind} image of {len(data)} bytes ends inside of its header.")


def _webp_size(data: bytes) -> tuple[int, int]:
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _avif_size(data: bytes) -> tuple[int, int]:
    header, at, found = data[:AVIF_HEADER_BYTES_MAX], 0, (0, 0)
    while (at := header.find(b"ispe", at)) >= 0 and at + 16 <= len(header):
        width, height = struct.unpack_from(">II", header, at + 8)
        found = max(found[0], width), max(found[1], height)
        at += 16
    if found[0] == 0:
        raise FormatError(f"The AVIF image of {len(data)} bytes ends inside of its header.")
    return found


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            raise FormatError(f"The JPEG has no marker at byte {at}.")
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    raise FormatError(f"The JPEG of {len(data)} bytes ends before its size.")


def unrolled_count(mode: str, count: int) -> int:
    """Indices of the list that a glTF mode of `count` indices becomes."""
    pieces = {"points": count, "lines": count // 2 * 2, "line_loop": 2 * count if count > 1 else 0,
              "line_strip": 2 * max(count - 1, 0), "triangles": count // 3 * 3, "triangle_strip": 3 * max(count - 2, 0),
              "triangle_fan": 3 * max(count - 2, 0)}  # fmt: skip
    return pieces[mode]
