"""Files of Gaussian splats: .ply as training writes it, .spz (versions 2 and 3), and binary glTF (gltf_files.py).

Owns: their headers, checked before anything is allocated, and what is stored turned into what is drawn.
Limits: COUNT_MAX splats; harmonics up to degree 3. Does not: read .ply as text, or .spz 4, which is packed by Zstandard
and has no public description that we found.
Source: Kerbl et al. 2023 (the .ply), nianticlabs/spz (README).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError
from layerw.base.ports import F32
from layerw.splats.harmonics import COUNTS, DEGREE_MAX, HALF_TURN, Harmonics, none, quantized

U8 = npt.NDArray[np.uint8]
COUNT_MAX = 1 << 22
SH_0 = 0.28209479177387814  # the harmonic of degree 0
_PLY_HEADER_MAX = 64 * 1024
_PLY_TYPES = {"char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "<i2", "int16": "<i2",
              "ushort": "<u2", "uint16": "<u2", "int": "<i4", "int32": "<i4", "uint": "<u4", "uint32": "<u4",
              "float": "<f4", "float32": "<f4", "double": "<f8", "float64": "<f8"}  # fmt: skip
_PLY_NAMES = ("x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
              "rot_0", "rot_1", "rot_2", "rot_3")  # fmt: skip
_SPZ_MAGIC = 0x5053474E
_SPZ_STEP = 1 / 128  # of a harmonic's byte
_SPZ_SMOOTH = 1  # of its flags
_SCALE_MAX = 1e6
_HARMONICS_BYTES = (0, 10, 25, 80)  # what is read of a .ply, by degree
_PLY_BYTES, _SPZ_BYTES = 144, 150  # a splat, at most at a time while it is read (measured by tests)
Charge = Callable[[int], None]  # is told of bytes before they are taken; may raise


class SplatError(LayerwError, ValueError):
    """Bytes that are no splats, or a file that is damaged."""


class Arrays(NamedTuple):
    """n splats. Axes as glTF's: Y up."""

    position: F32  # (n, 3) metres
    scale: F32  # (n, 3) standard deviations, metres
    rotation: F32  # (n, 4) xyzw
    color: F32  # (n, 4) sRGB, or linear; alpha 0 to 1: how much the middle covers
    harmonics: Harmonics
    is_linear: bool = False  # its colours are linear light
    is_smooth: bool = False  # trained so that a pixel's blur takes no light away and gives none


def read_splats(data: bytes, charge: Charge = lambda size_bytes: None, degree: int = DEGREE_MAX) -> Arrays:
    """What a file holds. charge: is told what reading takes, once the header says how many there are. degree: of the
    harmonics that are kept, at most.

    Raises:
        SplatError: it is none of those that are known, or its numbers do not fit together.
    """
    if data[:3] == b"ply":
        return _ply(data, charge, degree)
    if data[:2] == b"\x1f\x8b" or data[:4] == b"NGSP":  # whoever fetched it may have unpacked it
        return _spz(data, charge, degree)
    if data[:4] == b"glTF":
        from layerw.splats.gltf_files import read_glb

        return read_glb(data, charge, degree)
    raise SplatError(f"it begins with {data[:4]!r}; .ply, .spz and .glb are read")


def checked_count(count: int, what: str) -> int:
    """A file's number of splats. Raises SplatError."""
    if not 0 < count <= COUNT_MAX:
        raise SplatError(f"{what} says {count:,} splats; it takes 1 to {COUNT_MAX:,}")
    return count


def finished(position: F32, scale: F32, rotation: F32, color: F32, harmonics: Harmonics, *, is_linear: bool = False,
             is_smooth: bool = False) -> Arrays:  # fmt: skip
    """Checks what was read. Raises SplatError with the first that is no number."""
    checked(position, scale, rotation, color)
    return Arrays(np.ascontiguousarray(position, np.float32), np.ascontiguousarray(scale, np.float32),
                  units(rotation), np.ascontiguousarray(color, np.float32), harmonics, is_linear,
                  is_smooth)  # fmt: skip


def units(rotation: F32) -> F32:
    """Quaternions of length 1; (0, 0, 0, 0) is no rotation."""
    # In float32 the squares of a long one are infinite.
    length = np.sqrt(np.einsum("ij,ij->i", rotation, rotation, dtype=np.float64))[:, None]
    none = np.array((0, 0, 0, 1), np.float32)
    return np.where(length > 1e-12, rotation / np.maximum(length, 1e-12), none).astype(np.float32)


def checked(position: F32, scale: F32, rotation: F32, color: F32) -> None:
    """Raises SplatError with the first that is no number, or a size out of range."""
    for name, values in (("position", position), ("scale", scale), ("rotation", rotation), ("color", color)):
        good = np.isfinite(values).all(axis=1)
        if name == "scale":
            good &= (values >= 0).all(axis=1) & (values <= _SCALE_MAX).all(axis=1)
        if not good.all():
            at = int(np.argmin(good))
            raise SplatError(f"splat {at} has the {name} {values[at].tolist()}, which is out of range")


# -- .ply ------------------------------------------------------------------------------------------


def _ply(data: bytes, charge: Charge, degree: int) -> Arrays:
    end = data.find(b"end_header\n", 0, _PLY_HEADER_MAX)
    if end < 0:
        raise SplatError(f"its header does not end within {_PLY_HEADER_MAX} bytes")
    lines = data[:end].decode("ascii", "replace").split("\n")
    count, fields = _ply_header(lines)
    row = np.dtype(fields)
    start = end + len(b"end_header\n")
    if start + count * row.itemsize > len(data):
        raise SplatError(f"its {count:,} splats of {row.itemsize} bytes need {start + count * row.itemsize:,} bytes, "
                         f"but the file has {len(data):,}")  # fmt: skip
    given = _ply_given({name for name, _ in fields})
    degree = min(degree, max(one for one, size in enumerate(COUNTS) if size <= given))
    charge((_PLY_BYTES + _HARMONICS_BYTES[degree]) * count)
    rows = np.frombuffer(data, row, count, start)

    def columns(*names: str) -> F32:
        return np.stack([rows[name].astype(np.float32) for name in names], axis=1)

    def band(one: int) -> F32:
        orders = range(COUNTS[one - 1], COUNTS[one])
        found = np.empty((count, len(orders), 3), np.float32)
        for at, order in enumerate(orders):
            for channel in range(3):  # all of red, then of green, then of blue
                found[:, at, channel] = rows[f"f_rest_{channel * given + order}"]
                found[:, at, channel] *= HALF_TURN[order]
        return checked_band(found, one)

    harmonics = quantized(band, degree, count)
    position, turn = columns("x", "y", "z"), columns("rot_1", "rot_2", "rot_3", "rot_0")
    # Training has Y down and Z forward: half a turn about X.
    position *= np.array((1, -1, -1), np.float32)
    turn *= np.array((1, -1, -1, 1), np.float32)
    color = np.empty((count, 4), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        color[:, :3] = 0.5 + SH_0 * columns("f_dc_0", "f_dc_1", "f_dc_2")
        color[:, 3] = 1.0 / (1.0 + np.exp(-columns("opacity")[:, 0]))
        return finished(position, np.exp(columns("scale_0", "scale_1", "scale_2")), turn, color, harmonics)


def checked_band(values: F32, degree: int) -> F32:
    """Coefficients of a degree. Raises SplatError with the first that is no number."""
    good = np.isfinite(values).all(axis=(1, 2))
    if not good.all():
        at = int(np.argmin(good))
        raise SplatError(f"splat {at} has the harmonics {values[at].tolist()} of degree {degree}, out of range")
    return values


def _ply_header(lines: list[str]) -> tuple[int, list[tuple[str, str]]]:
    """How many there are, and the fields of each."""
    count, fields = 0, list[tuple[str, str]]()
    element, encoding = "", ""
    for number, line in enumerate(lines, 1):
        match line.split():
            case ["format", encoding, *_]:
                pass
            case ["element", element, size]:
                if element != "vertex" and not count:
                    raise SplatError(f"line {number} of its header says {element!r} before the vertices")
                if element == "vertex":
                    if not (size.isascii() and size.isdigit()):
                        raise SplatError(f"line {number} of its header is {line[:60]!r}; it takes a number of splats")
                    count = checked_count(_whole(size), f"line {number} of its header")
            case ["property", kind, name] if element == "vertex":
                if kind not in _PLY_TYPES or name in dict(fields):
                    raise SplatError(f"line {number} of its header is {line[:60]!r}; its type is unknown, or it "
                                     f"stands twice")  # fmt: skip
                fields.append((name, _PLY_TYPES[kind]))
            case ["property", *_] if element == "vertex":
                raise SplatError(f"line {number} of its header is {line[:60]!r}, which no splat has")
    if encoding != "binary_little_endian":
        raise SplatError(f"its format is {encoding[:32]!r}; binary_little_endian is read")
    missing = [name for name in _PLY_NAMES if name not in dict(fields)]
    if missing:
        raise SplatError(f"its vertices have no {', '.join(missing)}: it holds no Gaussian splats")
    return count, fields


def _ply_given(names: set[str]) -> int:
    """Its harmonics, of each colour. Raises SplatError where one is missing: the others' places depend on it."""
    there = [f"f_rest_{number}" in names for number in range(3 * COUNTS[-1])]
    given = sum(there)
    if not all(there[:given]):
        raise SplatError(f"its vertices have {given} of f_rest, but no f_rest_{there.index(False)}")
    if given % 3:
        raise SplatError(f"its vertices have {given} of f_rest, which are no three colours")
    return given // 3


def _whole(text: str) -> int:
    """0: it is none, or has more digits than any that is taken."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0


# -- .spz ------------------------------------------------------------------------------------------


def _spz(data: bytes, charge: Charge, degree: int) -> Arrays:
    unpacker = None if data[:4] == b"NGSP" else zlib.decompressobj(31)
    head = data[:16] if unpacker is None else _unpacked(unpacker, data, 16)
    if len(head) < 16:
        raise SplatError(f"it ends after {len(head)} of 16 bytes of its header")
    magic, version, count, given, bits, flags, _ = struct.unpack("<3I4B", head)
    if magic != _SPZ_MAGIC:
        raise SplatError(f"it is gzip, but holds {head[:4]!r} in the place of .spz' NGSP")
    if version not in (2, 3):
        raise SplatError(f"it is .spz of version {version}; versions 2 and 3 are read, 4 is packed by Zstandard")
    checked_count(count, "its header")
    if given >= len(COUNTS) or bits > 23:
        raise SplatError(f"its header says harmonics of degree {given} and {bits} bits behind the point; they end "
                         f"at 3 and 23")  # fmt: skip
    degree = min(degree, given)
    read = COUNTS[given] if degree else 0  # where none is wanted, none is unpacked
    charge((_SPZ_BYTES + 3 * read + (3 * COUNTS[degree] if degree < given else 0)) * count + len(data))
    turn_bytes = 3 if version == 2 else 4
    sizes = (9, 1, 3, 3, turn_bytes, 3 * read)
    size = count * sum(sizes)
    plain = data[16 : 16 + size] if unpacker is None else _unpacked(unpacker, unpacker.unconsumed_tail, size)
    if len(plain) < size:
        raise SplatError(f"it ends after {len(plain):,} of {size:,} unpacked bytes")
    body = np.frombuffer(plain, np.uint8)
    parts = np.split(body, np.cumsum([count * size for size in sizes])[:-1])
    places, alphas, colors, scales, turns, more = (
        part.reshape(count, size) for part, size in zip(parts, sizes, strict=True))
    words = np.zeros((count, 3, 4), np.uint8)
    words[:, :, 1:] = places.reshape(count, 3, 3)  # the upper three bytes, so that the sign is the number's
    position = (words.view("<i4")[:, :, 0] >> 8).astype(np.float32) / np.float32(1 << bits)
    color = np.empty((count, 4), np.float32)
    color[:, :3] = 0.5 + SH_0 / 0.15 * (colors / np.float32(255) - 0.5)
    color[:, 3] = alphas[:, 0] / np.float32(255)
    scale = np.exp(scales / np.float32(16) - np.float32(10))
    harmonics = none(count)
    if degree:
        codes = more.reshape(count, read, 3)
        harmonics = Harmonics(codes if degree == given else codes[:, : COUNTS[degree]].copy(), _SPZ_STEP)
    return finished(position, scale, _first_three(turns) if version == 2 else _smallest_three(turns), color, harmonics,
                    is_smooth=bool(flags & _SPZ_SMOOTH))  # fmt: skip


def _unpacked(unpacker: zlib._Decompress, data: bytes, size: int) -> bytes:
    """At most so many bytes; no more are ever made of a file, however well it is packed."""
    try:
        return unpacker.decompress(data, size)
    except zlib.error as error:
        raise SplatError(f"its gzip is damaged ({error})") from error


def _first_three(turns: U8) -> F32:
    found = np.empty((len(turns), 4), np.float32)
    found[:, :3] = turns / np.float32(127.5) - 1
    found[:, 3] = np.sqrt(np.maximum(0, 1 - (found[:, :3] ** 2).sum(axis=1)))
    return found


def _smallest_three(turns: U8) -> F32:
    """Two bits say which is the largest; the others have ten each, the first of them a sign, the last lowest."""
    words = np.ascontiguousarray(turns).view("<u4")[:, 0]
    largest = words >> 30
    found = np.zeros((len(words), 4), np.float32)
    for i in (3, 2, 1, 0):
        other = largest != i
        size = (words & 511).astype(np.float32) * np.float32(0.7071067811865476 / 511)
        found[other, i] = np.where(words & 512, -size, size)[other]
        words = np.where(other, words >> 10, words)
    rest = np.sqrt(np.maximum(0, 1 - (found**2).sum(axis=1)))
    found[np.arange(len(found)), largest] = rest
    return found
