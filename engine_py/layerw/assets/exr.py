"""OpenEXR (.exr): scan lines of half, float or uint channels, plain or packed by runs (RLE), deflate (ZIP, ZIPS) or
wavelets (PIZ, exr_piz.py).

Limits: one part, no tiles, R, G and B (or Y alone) at every pixel; PXR24, B44 and DWA are refused by name.
Source: "OpenEXR File Layout", openexr.com.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from layerw.assets.panoramas import SIDE_MAX, Picture, Rows
from layerw.base.errors import ConfigError

PACKINGS = ("none", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "B44A", "DWAA", "DWAB")
LINES = {"none": 1, "RLE": 1, "ZIPS": 1, "ZIP": 16, "PIZ": 32}  # that are packed together
TYPES = (np.dtype("<u4"), np.dtype("<f2"), np.dtype("<f4"))
TILED, DEEP, PARTS = 0x200, 0x800, 0x1000
NAME_BYTES_MAX = 256
ATTRIBUTES_MAX = 1024
BLOCK_BYTES_MAX = 64 << 20  # of lines that are packed together, once unpacked


def read_exr(data: bytes) -> Picture:
    """Its size, and its rows as they are asked for. Raises ConfigError."""
    try:
        return _read(data)
    except struct.error as error:
        raise ConfigError("The OpenEXR file ends in its header.") from error


def _read(data: bytes) -> Picture:
    (flags,) = struct.unpack_from("<I", data, 4)
    for bit, what in ((TILED, "tiles"), (DEEP, "deep pixels"), (PARTS, "several parts")):
        if flags & bit:
            raise ConfigError(f"The OpenEXR file has {what}; one part of scan lines is read.")
    found, at = _attributes(data, 8)
    for name in ("channels", "compression", "dataWindow"):
        if name not in found:
            raise ConfigError(f"The OpenEXR file has no attribute {name!r}.")
    kind = found["compression"][0] if found["compression"] else 255
    packing = PACKINGS[kind] if kind < len(PACKINGS) else f"number {kind}"
    if packing not in LINES:
        raise ConfigError(f"The OpenEXR file is packed by {packing}; {', '.join(LINES)} are read: save it with ZIP.")
    left, top, right, bottom = struct.unpack_from("<4i", found["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        raise ConfigError(f"The OpenEXR file has {width} x {height} pixels; 1 to {SIDE_MAX} a side are read.")
    channels = _channels(found["channels"])
    return Picture(width, height, _rows(data, at, packing, (width, height, top), channels))


def _attributes(data: bytes, at: int) -> tuple[dict[str, bytes], int]:
    """By name, and where they end."""
    found: dict[str, bytes] = {}
    for _ in range(ATTRIBUTES_MAX):
        name, at = _name(data, at)
        if not name:
            return found, at
        _, at = _name(data, at)
        (size,) = struct.unpack_from("<i", data, at)
        if not 0 <= size <= len(data) - at - 4:
            raise ConfigError(f"The OpenEXR attribute {name!r} has {size} bytes, {len(data) - at - 4} are left.")
        found[name] = data[at + 4 : at + 4 + size]
        at += 4 + size
    raise ConfigError(f"The OpenEXR header has more than {ATTRIBUTES_MAX} attributes.")


def _name(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at, at + NAME_BYTES_MAX)
    if end < 0:
        raise ConfigError(f"A name in the OpenEXR header has no end within {NAME_BYTES_MAX} bytes.")
    return data[at:end].decode("latin-1"), end + 1


def _channels(data: bytes) -> list[tuple[str, np.dtype[np.generic]]]:
    """Names and types, as they lie in a line."""
    found: list[tuple[str, np.dtype[np.generic]]] = []
    at = 0
    while at < len(data) and data[at] != 0:
        name, at = _name(data, at)
        kind, _, across, down = struct.unpack_from("<iI2i", data, at)
        at += 16
        if not 0 <= kind < len(TYPES):
            raise ConfigError(f"The OpenEXR channel {name!r} is of type {kind}; 0 to 2 are known.")
        if (across, down) != (1, 1):
            raise ConfigError(f"The OpenEXR channel {name!r} has a value for {across} x {down} pixels; each needs one.")
        found.append((name, TYPES[kind]))
    names = {name for name, _ in found}
    if not ({"R", "G", "B"} <= names or "Y" in names):
        raise ConfigError(f"The OpenEXR file has the channels {', '.join(sorted(names)[:12]) or 'of nothing'}; it "
                          f"needs R, G and B, or Y.")  # fmt: skip
    return found


def _rows(data: bytes, at: int, packing: str, place: tuple[int, int, int],
          channels: list[tuple[str, np.dtype[np.generic]]]) -> Rows:  # fmt: skip
    width, height, top = place
    lines = LINES[packing]
    line_bytes = sum(kind.itemsize for _, kind in channels) * width
    count = -(-height // lines)
    if min(lines, height) * line_bytes > BLOCK_BYTES_MAX:
        raise ConfigError(f"The OpenEXR file has blocks of {min(lines, height) * line_bytes} bytes in {len(channels)} "
                          f"channels; blocks of up to {BLOCK_BYTES_MAX >> 20} MiB are read.")  # fmt: skip
    if at + 8 * count > len(data):
        raise ConfigError(f"The OpenEXR file ends in the table of its {count} blocks.")
    seen = np.zeros(count, bool)
    for place_at in np.frombuffer(data, "<u8", count, at).tolist():
        if place_at + 8 > len(data):
            raise ConfigError(f"A block of the OpenEXR file begins at byte {place_at} of {len(data)}.")
        line, size = struct.unpack_from("<2i", data, place_at)
        row = line - top
        if not 0 <= row < height or row % lines or seen[row // lines]:
            raise ConfigError(f"A block of the OpenEXR file says that it is row {row}; rows 0 to {height - 1} come "
                              f"once.")  # fmt: skip
        seen[row // lines] = True
        here = min(lines, height - row)
        if not 0 <= size <= len(data) - place_at - 8:
            raise ConfigError(f"The block at row {row} of the OpenEXR file has {size} bytes, beyond the file's end.")
        if size > here * line_bytes:  # what packing makes no smaller is stored plain
            raise ConfigError(f"The block at row {row} of the OpenEXR file has {size} bytes; it has at most "
                              f"{here * line_bytes}.")  # fmt: skip
        packed = data[place_at + 8 : place_at + 8 + size]
        if packing == "PIZ" and size != here * line_bytes:
            body = _wavelets(packed, here, width, channels, row)
        else:
            body = _unpacked(packed, packing, here * line_bytes, row)
        yield row, _pixels(body, here, width, channels)


def _pixels(body: bytes, lines: int, width: int, channels: list[tuple[str, np.dtype[np.generic]]]) -> npt.NDArray[
        np.float32]:  # fmt: skip
    whole = np.frombuffer(body, np.uint8).reshape(lines, -1)
    values: dict[str, npt.NDArray[np.float32]] = {}
    at = 0
    for name, kind in channels:
        end = at + kind.itemsize * width
        if name in ("R", "G", "B", "Y"):
            values[name] = np.ascontiguousarray(whole[:, at:end]).view(kind).astype(np.float32)
        at = end
    if {"R", "G", "B"} <= set(values):
        return np.stack([values["R"], values["G"], values["B"]], axis=-1)
    return np.repeat(values["Y"][..., None], 3, axis=-1)


def _wavelets(data: bytes, lines: int, width: int, channels: list[tuple[str, np.dtype[np.generic]]], row: int) -> bytes:
    from layerw.assets.exr_piz import unpack_piz  # most files are packed otherwise

    found = unpack_piz(data, lines, width, [kind.itemsize // 2 for _, kind in channels])
    if found is None:
        raise ConfigError(f"The block at row {row} of the OpenEXR file is damaged: it is no PIZ of {lines} x {width} "
                          f"pixels.")  # fmt: skip
    return found


def _unpacked(data: bytes, packing: str, size: int, row: int) -> bytes:
    """A block's bytes. One that packing would not make smaller is stored plain."""
    if len(data) == size:
        return data
    if packing == "none":
        raise ConfigError(f"The block at row {row} of the OpenEXR file has {len(data)} bytes; it must have {size}.")
    mixed = _runs(data, size) if packing == "RLE" else _inflated(data, size)
    if mixed is None or len(mixed) != size:
        raise ConfigError(f"The block at row {row} of the OpenEXR file is damaged: it is not {size} bytes of "
                          f"{packing}.")  # fmt: skip
    steps = np.frombuffer(mixed, np.uint8) ^ np.uint8(128)
    steps[:1] ^= 128
    whole = np.cumsum(steps, dtype=np.uint8)  # each is the one before it and a difference, in 8 bits
    half = (size + 1) // 2
    result = np.empty(size, np.uint8)
    result[0::2], result[1::2] = whole[:half], whole[half:]
    return result.tobytes()


def _inflated(data: bytes, size: int) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(data, size + 1)  # never more than it may be
    except zlib.error:
        return None


def _runs(data: bytes, size: int) -> bytes | None:
    found = bytearray()
    at = 0
    while at < len(data) and len(found) <= size:
        count = data[at] - 256 if data[at] > 127 else data[at]
        if count < 0:
            found += data[at + 1 : at + 1 - count]
            at += 1 - count
        else:
            found += data[at + 1 : at + 2] * (count + 1)
            at += 2
    return bytes(found)
