"""Elevations in two plain formats: ESRI's ASCII grid (.asc) and SRTM's .hgt.

Owns: their headers, names and marks for missing samples.
Limits: an .asc names no coordinate system: cells below a tenth lie in degrees, others in metres of an unnamed system
(a .prj beside it is not read).
Source: ESRI's description of the ASCII raster format; SRTM's documentation of version 2.1, section 3.
"""

from __future__ import annotations

import math
import re
import warnings
from pathlib import Path
from typing import IO

import numpy as np

from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import F32
from layerw_server.bake.sources import limits
from layerw_server.bake.sources.place import DEGREES, Georeference

KINDS = (".asc", ".hgt")
PIECE_BYTES = 4 << 20
HEADER_BYTES_MAX = 4096
DEGREES_CELL_MAX = 0.1
HGT_VOID = -32_768.0
_HGT_NAME = re.compile(r"([ns])(\d{1,2})([ew])(\d{1,3})", re.IGNORECASE)
_LINE = re.compile(rb"\s*([A-Za-z_]+)[ \t]+(\S+)[ \t]*\r?\n")
Read = tuple[F32, float | None, Georeference]


def read(path: Path) -> Read:
    """Heights, the mark of missing samples and where they lie.

    Raises:
        BakeError: the bytes are not what the name promises.
    """
    try:
        return _read_hgt(path) if path.suffix.lower() == ".hgt" else _read_asc(path)
    except (OSError, ValueError, OverflowError) as error:
        if isinstance(error, BakeError):
            raise
        raise limits.unreadable(path, f"{path.suffix} file", error) from None


def _read_hgt(path: Path) -> Read:
    size = path.stat().st_size
    side = math.isqrt(size // 2)
    rows, columns = (side, side) if 2 * side * side == size else (3601, 1801)
    if rows * columns * 2 != size:
        raise BakeError(f"{path} has {size:,} bytes, but an .hgt holds a square of 16-bit numbers (1201 x 1201 or "
                        "3601 x 3601 samples).")
    limits.check_shape((rows, columns), str(path))
    heights = np.empty(rows * columns, np.float32)
    with path.open("rb") as file:
        step = PIECE_BYTES // 2
        for first in range(0, heights.size, step):
            piece = heights[first : first + step]
            piece[:] = np.frombuffer(file.read(2 * piece.size), ">i2")
    corner = _HGT_NAME.search(path.stem)
    south = west = None
    if corner is not None:  # the name is the south-western corner's
        south = float(corner[2]) * (1 if corner[1] in "nN" else -1)
        west = float(corner[4]) * (1 if corner[3] in "eE" else -1)
    north = None if south is None else south + 1.0
    return (heights.reshape(rows, columns), HGT_VOID,
            Georeference(DEGREES, west, north, 1.0 / (columns - 1), 1.0 / (rows - 1)))


def _read_asc(path: Path) -> Read:
    with path.open("rb") as file:
        head = _header(path, file)
        shape = limits.check_shape((_whole(path, head, "nrows"), _whole(path, head, "ncols")), str(path))
        if path.stat().st_size < 2 * shape[0] * shape[1] - 1:
            raise BakeError(f"{path} says {shape[1]} x {shape[0]} numbers, but has only {path.stat().st_size:,} bytes.")
        heights = np.empty(shape[0] * shape[1], np.float32)
        _numbers(path, file, heights)
    dx, dy = head.get("dx", head.get("cellsize", math.nan)), head.get("dy", head.get("cellsize", math.nan))
    if not (0 < dx < math.inf and 0 < dy < math.inf):
        raise BakeError(f"{path} has no cellsize above 0 in its header.")
    west, south = _edge(head, "xll", dx), _edge(head, "yll", dy)
    north = None if south is None else south + (shape[0] - 1) * dy
    degrees = dx < DEGREES_CELL_MAX and abs(west or 0.0) <= 360.0 and abs(north or 0.0) <= 90.0
    return (heights.reshape(shape), head.get("nodata_value"),
            Georeference(DEGREES if degrees else "", west, north, dx, dy))


def _header(path: Path, file: IO[bytes]) -> dict[str, float]:
    """The pairs at the start; the file stands at the first height afterwards."""
    start = file.read(HEADER_BYTES_MAX)
    pairs, at = {}, 0
    while (line := _LINE.match(start, at)) is not None:
        try:
            pairs[line[1].decode().lower()] = float(line[2])
        except ValueError:
            raise BakeError(f"{path} says {line[1].decode()} {line[2].decode(errors='replace')[:40]!r} in its header, "
                            "but a number is expected.") from None
        at = line.end()
    if "ncols" not in pairs or "nrows" not in pairs:
        raise BakeError(f"{path} does not start with ncols and nrows as ESRI's ASCII grids do.")
    file.seek(at)
    return pairs


def _whole(path: Path, head: dict[str, float], name: str) -> int:
    if not head[name].is_integer():
        raise BakeError(f"{path} says {name} {head[name]:g}, but a whole number is expected.")
    return int(head[name])


def _edge(head: dict[str, float], axis: str, cell: float) -> float | None:
    """Of the outermost samples: the header gives their middles or the cells' outer corner."""
    if axis + "center" in head:
        return head[axis + "center"]
    return head[axis + "corner"] + 0.5 * cell if axis + "corner" in head else None


def _numbers(path: Path, file: IO[bytes], out: F32) -> None:
    """Fill `out` from text, some megabytes at a time."""
    done, rest = 0, b""
    while done < out.size:
        piece = file.read(PIECE_BYTES)
        text = rest + piece
        cut = max(text.rfind(b" "), text.rfind(b"\n"), text.rfind(b"\t")) + 1 if piece else len(text)
        text, rest = text[:cut], text[cut:]
        if len(rest) > PIECE_BYTES or (not piece and not text):
            raise BakeError(f"{path} ends after {done:,} of {out.size:,} numbers.")
        numbers = _parsed(path, text, done)
        if done + numbers.size > out.size:
            raise BakeError(f"{path} has more numbers than the {out.size:,} that its header says.")
        out[done : done + numbers.size] = numbers
        done += numbers.size
        if not piece and done < out.size:
            raise BakeError(f"{path} ends after {done:,} of {out.size:,} numbers.")


def _parsed(path: Path, text: bytes, done: int) -> F32:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numpy only warns about what is no number
        try:
            numbers: F32 = np.fromstring(text.decode("ascii"), np.float32, sep=" ") if text.strip() else np.empty(
                0, np.float32)
        except (DeprecationWarning, ValueError):
            word = next((w for w in text.split() if not _is_number(w)), b"?")
            raise BakeError(f"{path} has {word[:40].decode(errors='replace')!r} after {done:,} or more numbers; "
                            "heights are numbers with a decimal point.") from None
    return numbers


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
