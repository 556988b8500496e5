"""KTX2 files with the six sides of a cube, as a panorama.

Owns: the header's checks and the texel formats that light is kept in. Limits: FORMATS, the largest level alone, plain
or packed by zlib; side SIDE_MAX. Source: the KTX 2.0 specification, sections 3 and 4.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from layerw.assets.panoramas import Picture, Rows
from layerw.base.errors import ConfigError
from layerw.base.ports import F32

SIDE_MAX = 4096
ROWS_A_STEP = 16
PACKINGS = {0: "none", 1: "BasisLZ", 2: "Zstandard", 3: "zlib"}
Texels = Callable[[npt.NDArray[np.uint8]], F32]


def _floats(kind: str, channels: int) -> Texels:
    return lambda data: data.view(kind).reshape(-1, channels)[:, :3].astype(np.float32)


def _shared_exponent(data: npt.NDArray[np.uint8]) -> F32:
    words = data.view("<u4").reshape(-1)
    parts = np.stack([words & 511, words >> 9 & 511, words >> 18 & 511], axis=-1).astype(np.float32)
    return np.ldexp(parts, ((words >> 27).astype(np.int32) - 24)[:, None]).astype(np.float32)


def _small_floats(data: npt.NDArray[np.uint8]) -> F32:
    words = data.view("<u4").reshape(-1)  # 11, 11 and 10 bits: halves without sign and their last bits
    halves = np.stack([(words & 2047) << 4, (words >> 11 & 2047) << 4, (words >> 22) << 5], axis=-1)
    return halves.astype(np.uint16).view(np.float16).astype(np.float32)


# vkFormat: bytes a texel, and how they are read
FORMATS: dict[int, tuple[int, Texels]] = {
    90: (6, _floats("<f2", 3)), 97: (8, _floats("<f2", 4)), 106: (12, _floats("<f4", 3)), 109: (16, _floats("<f4", 4)),
    122: (4, _small_floats), 123: (4, _shared_exponent),
}  # fmt: skip


def read_cube(data: bytes) -> Picture:
    """A panorama four sides wide, and its rows as they are asked for. Raises ConfigError."""
    if len(data) < 104:
        raise ConfigError("The KTX2 file ends in its header.")
    kind, _, side, high, deep, layers, faces, _, packing = struct.unpack_from("<9I", data, 12)
    if kind not in FORMATS:
        raise ConfigError(f"The KTX2 file has the texel format {kind}; light is read as {sorted(FORMATS)} (halves, "
                          f"floats, B10G11R11, E5B9G9R9).")  # fmt: skip
    if faces != 6 or deep or layers > 1:
        raise ConfigError(f"The KTX2 file has {faces} sides, {layers} layers and depth {deep}; a cube has 6 sides.")
    if side != high or not 1 <= side <= SIDE_MAX:
        raise ConfigError(f"The KTX2 cube's sides have {side} x {high} texels; they are square, 1 to {SIDE_MAX}.")
    if packing not in (0, 3):
        raise ConfigError(f"The KTX2 file is packed by {PACKINGS.get(packing, f'number {packing}')}; zlib and none are "
                          f"read.")  # fmt: skip
    at, size, plain = struct.unpack_from("<3Q", data, 80)
    texel_bytes, texels = FORMATS[kind]
    wanted = 6 * side * side * texel_bytes
    if at + size > len(data) or (plain if packing else size) != wanted:
        raise ConfigError(f"The KTX2 file's first level has {size} bytes at {at} for six sides of {wanted} in all, in "
                          f"a file of {len(data)}.")  # fmt: skip
    body = data[at : at + size]
    if packing:
        try:
            body = zlib.decompressobj().decompress(body, wanted + 1)
        except zlib.error as error:
            raise ConfigError(f"The KTX2 file's first level is damaged: {error}.") from error
        if len(body) != wanted:
            raise ConfigError(f"The KTX2 file's first level is damaged: it is not {wanted} bytes of zlib.")
    whole = np.frombuffer(body, np.uint8).reshape(6, side * side * texel_bytes)
    return Picture(4 * max(side, 2), 2 * max(side, 2), _rows(whole, texels, side))


def _rows(whole: npt.NDArray[np.uint8], texels: Texels, side: int) -> Rows:
    faces = np.stack([texels(np.ascontiguousarray(face)).reshape(side, side, 3) for face in whole])
    width, height = 4 * max(side, 2), 2 * max(side, 2)
    azimuth = ((np.arange(width) + 0.5) / width - 0.5) * (2 * math.pi)
    for row in range(0, height, ROWS_A_STEP):
        polar = (np.arange(row, min(row + ROWS_A_STEP, height)) + 0.5) / height * math.pi
        flat, up = np.sin(polar)[:, None], np.cos(polar)[:, None]
        # KTX2's cubes are left-handed: what is ahead, our -Z, is their +Z
        yield row, _looked_up(faces, flat * np.sin(azimuth), up + 0 * azimuth, flat * np.cos(azimuth))


def _looked_up(faces: F32, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64],
               z: npt.NDArray[np.float64]) -> F32:  # fmt: skip
    """Between the four nearest texels of the side that a direction meets."""
    ax, ay, az = np.abs(x), np.abs(y), np.abs(z)
    by_x, by_y = (ax >= ay) & (ax >= az), (ay > ax) & (ay >= az)
    face = np.select([by_x, by_y], [np.where(x > 0, 0, 1), np.where(y > 0, 2, 3)], np.where(z > 0, 4, 5))
    across = np.select([by_x, by_y], [np.where(x > 0, -z, z), x], np.where(z > 0, x, -x))
    down = np.select([by_x, by_y], [-y, np.where(y > 0, z, -z)], -y)
    most = np.maximum(np.maximum(ax, ay), az)
    side = faces.shape[1]
    u, v = ((value / most * 0.5 + 0.5) * side - 0.5 for value in (across, down))
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)
    fu, fv = (u - left)[..., None], (v - top)[..., None]

    def at(dx: int, dy: int) -> F32:
        found: F32 = faces[face, np.clip(top + dy, 0, side - 1), np.clip(left + dx, 0, side - 1)]
        return found

    upper, lower = at(0, 0) * (1 - fu) + at(1, 0) * fu, at(0, 1) * (1 - fu) + at(1, 1) * fu
    result: F32 = (upper * (1 - fv) + lower * fv).astype(np.float32)
    return result
