"""Radiance's .hdr: three bytes and a shared exponent a pixel, run lengths along each channel of a row.

Limits: RGBE, rows from the top, columns from the left. Source: Ward, "Real Pixels" (Graphics Gems II), and the format's
manual page.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from layerw.assets.panoramas import Picture, Rows
from layerw.base.errors import ConfigError

HEADER_BYTES_MAX = 16_384
ROWS_A_STEP = 8
U8 = npt.NDArray[np.uint8]


def read_radiance(data: bytes) -> Picture:
    """Its size, and its rows as they are asked for. Raises ConfigError."""
    end = data.find(b"\n\n", 0, HEADER_BYTES_MAX)
    line_end = data.find(b"\n", end + 2, end + 202) if end >= 0 else -1
    if line_end < 0:
        raise ConfigError(f"The Radiance header has no end within {HEADER_BYTES_MAX} bytes.")
    header, size = data[:end].decode("latin-1"), data[end + 2 : line_end].decode("latin-1")
    kind = re.search(r"^FORMAT=(.*)$", header, re.MULTILINE)
    if kind is not None and kind[1].strip() != "32-bit_rle_rgbe":
        raise ConfigError(f"The Radiance file is {kind[1].strip()[:40]!r}; 32-bit_rle_rgbe is read.")
    sides = re.fullmatch(r"-Y (\d{1,18}) \+X (\d{1,18})\s*", size)
    if sides is None:
        raise ConfigError(f"The Radiance file's size is {size[:40]!r}; it must be '-Y height +X width'.")
    exposure = 1.0
    for value in re.findall(r"^EXPOSURE=\s*([0-9.eE+-]{1,30})\s*$", header, re.MULTILINE):
        try:
            exposure *= float(value)
        except ValueError:
            raise ConfigError(f"The Radiance file's EXPOSURE is {value!r}; it must be a number.") from None
    if not 1e-12 < exposure < 1e12:
        raise ConfigError(f"The Radiance file's EXPOSURE is {exposure:g}; it must be above 0.")
    height, width = int(sides[1]), int(sides[2])
    return Picture(width, height, _rows(data, line_end + 1, width, height, 1 / exposure))


def _rows(data: bytes, at: int, width: int, height: int, gain: float) -> Rows:
    packed = 8 <= width < 32_768 and data[at : at + 2] == b"\x02\x02"
    if not packed and len(data) - at != 4 * width * height:
        raise ConfigError(f"The Radiance file has {len(data) - at} bytes of {width} x {height} pixels: neither runs of "
                          f"channels nor {4 * width * height} plain ones. Runs of whole pixels are not read.")
    for row in range(0, height, ROWS_A_STEP):
        count = min(ROWS_A_STEP, height - row)
        rgbe = np.empty((count, 4, width), np.uint8)
        for line in range(count):
            if packed:
                at = _unpack(data, at, rgbe[line], row + line)
            else:
                rgbe[line] = np.frombuffer(data, np.uint8, 4 * width, at).reshape(width, 4).T
                at += 4 * width
        scale = np.ldexp(np.float32(gain), rgbe[:, 3].astype(np.int32) - 136).astype(np.float32)
        scale[rgbe[:, 3] == 0] = 0
        yield row, (rgbe[:, :3].astype(np.float32) * scale[:, None]).transpose(0, 2, 1)


def _unpack(data: bytes, at: int, into: U8, row: int) -> int:
    """One row, a channel after the other; where the next one begins."""
    width = into.shape[1]
    if data[at : at + 4] != bytes((2, 2, width >> 8, width & 255)):
        raise ConfigError(f"Row {row} of the Radiance file begins with {data[at : at + 4]!r}, not with its width.")
    at += 4
    for channel in into:
        x = 0
        while x < width:
            if at + 1 >= len(data):
                raise ConfigError(f"The Radiance file ends in row {row}.")
            count = data[at]
            if count > 128:
                count -= 128
                value: int | U8 = data[at + 1]
                at += 2
            else:
                value = np.frombuffer(data[at + 1 : at + 1 + count], np.uint8)
                at += 1 + count
                if len(value) != count:
                    raise ConfigError(f"The Radiance file ends in row {row}.")
            if count == 0 or x + count > width:
                raise ConfigError(f"Row {row} of the Radiance file has a run of {count} pixels at {x} of {width}.")
            channel[x : x + count] = value
            x += count
    return at
