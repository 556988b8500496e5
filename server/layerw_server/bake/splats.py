"""What `layerw bake` makes of Gaussian splats: a .spz (version 3), or a .glb (KHR_gaussian_splatting).

Owns: the two writers. A .spz quantises as its own library does: places to 24 bits, scales to 16 steps an octave of e,
harmonics of degree 1 to 5 bits and beyond to 4, so that gzip finds something; a .glb keeps float32.
Source: nianticlabs/spz (README), KHR_gaussian_splatting (2026).
"""

from __future__ import annotations

import gzip
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError
from layerw.splats.files import SH_0, Arrays, read_splats
from layerw.splats.harmonics import COUNTS, DEGREE_MAX
from layerw_server.bake.errors import BakeError

SUFFIXES = (".ply", ".spz")
OUT_SUFFIXES = (".spz", ".glb")
FRACTION_BITS_MAX = 16
_PLACE_MAX = 2**23 - 1
_SPACES = ("srgb_rec709_display", "lin_rec709_display")
_EXTENSION = "KHR_gaussian_splatting"


@dataclass(frozen=True)
class SplatsResult:
    """What was written."""

    path: Path
    count: int
    degree: int
    size_bytes: int
    notes: tuple[str, ...]


def bake_splats(source: Path, out: Path, degree: int = DEGREE_MAX) -> SplatsResult:
    """Write a file of splats as a smaller one. out: a .spz or a .glb, or a folder for a .spz of the source's name.

    Raises:
        BakeError: the source holds no splats, or out can't be made.
    """
    if out.suffix.lower() == ".ply" and not out.is_dir():
        raise BakeError(f"{out} can't be made: splats are written as .spz or .glb; give such a name, or a folder.")
    path = out if out.suffix.lower() in OUT_SUFFIXES else out / f"{source.stem}.spz"
    if path.exists() and path.samefile(source):
        raise BakeError(f"{path} is the source itself; give another name.")
    if path.is_dir():
        raise BakeError(f"{path} is a folder; give the name of a file.")
    arrays = read_file(source, degree)
    data, notes = glb(arrays) if path.suffix.lower() == ".glb" else spz(arrays)
    if not path.parent.parent.is_dir():
        raise BakeError(f"The folder {path.parent.parent} does not exist, so {path.parent} can't be made in it.")
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return SplatsResult(path, len(arrays.position), arrays.harmonics.degree, len(data), notes)


def read_file(path: Path, degree: int = DEGREE_MAX) -> Arrays:
    """Raises BakeError with what is wrong."""
    try:
        return read_splats(path.read_bytes(), degree=degree)
    except LayerwError as error:
        raise BakeError(f"{path}: {str(error).rstrip('.')}.") from error
    except OSError as error:
        raise BakeError(f"{path} can't be read ({error}).") from error


def spz(arrays: Arrays) -> tuple[bytes, tuple[str, ...]]:
    """The file, and what it could not keep."""
    count, notes = len(arrays.position), []
    if arrays.is_linear:
        raise BakeError("Its colours are linear, which .spz has no sign for; give the name of a .glb.")
    farthest = float(np.abs(arrays.position).max())
    bits = int(np.clip(np.floor(np.log2(_PLACE_MAX / max(farthest, 1e-6))), 0, FRACTION_BITS_MAX))
    if farthest > _PLACE_MAX:
        raise BakeError(f"Its splats lie up to {farthest:.3g} m from the origin; .spz ends at {_PLACE_MAX:,} m.")
    if bits < 10:
        notes.append(f"its splats lie up to {farthest:,.0f} m from the origin: their places have steps of "
                     f"{2.0**-bits:g} m")  # fmt: skip
    fixed = np.rint(arrays.position * (1 << bits)).astype("<i4")
    places = fixed.view(np.uint8).reshape(count, 3, 4)[:, :, :3]
    alphas = _bytes(arrays.color[:, 3] * 255)
    colors = _bytes(((arrays.color[:, :3] - 0.5) / SH_0 * 0.15 + 0.5) * 255)
    with np.errstate(divide="ignore"):
        scales = _bytes((np.log(arrays.scale) + 10) * 16)
    head = struct.pack("<3I4B", 0x5053474E, 3, count, arrays.harmonics.degree, bits, int(arrays.is_smooth), 0)
    parts = (places, alphas, colors, scales, _smallest_three(arrays.rotation), _harmonics(arrays))
    body = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return gzip.compress(head + body, 9, mtime=0), tuple(notes)


def _bytes(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    found: npt.NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return found


def _smallest_three(rotation: npt.NDArray[np.float32]) -> npt.NDArray[np.uint32]:
    """All but the largest, ten bits each: a sign, then the size; two bits say which is the largest."""
    largest = np.abs(rotation).argmax(axis=1)
    rows = np.arange(len(rotation))
    turns = rotation * np.where(rotation[rows, largest] < 0, -1, 1)[:, None]
    sizes = np.rint(511 * np.sqrt(2.0) * np.abs(turns)).clip(0, 511).astype(np.uint32)
    codes = sizes | np.where(turns < 0, 512, 0).astype(np.uint32)
    words: npt.NDArray[np.uint32] = largest.astype(np.uint32)
    for part in range(4):
        words = np.where(largest != part, words << 10 | codes[:, part], words).astype(np.uint32)
    return words


def _harmonics(arrays: Arrays) -> npt.NDArray[np.uint8]:
    codes = np.rint(arrays.harmonics.values() * 128).astype(np.int32) + 128
    for first, end, step in ((0, COUNTS[1], 8), (COUNTS[1], COUNTS[-1], 16)):
        codes[:, first:end] = (codes[:, first:end] + step // 2) // step * step
    return np.clip(codes, 0, 255).astype(np.uint8)


def glb(arrays: Arrays) -> tuple[bytes, tuple[str, ...]]:
    """The file, and what it could not keep."""
    values = arrays.harmonics.values()
    parts: dict[str, tuple[str, npt.NDArray[Any]]] = {
        "POSITION": ("VEC3", arrays.position),
        f"{_EXTENSION}:ROTATION": ("VEC4", arrays.rotation),
        f"{_EXTENSION}:SCALE": ("VEC3", arrays.scale),
        f"{_EXTENSION}:OPACITY": ("SCALAR", arrays.color[:, 3].clip(0, 1)),
        f"{_EXTENSION}:SH_DEGREE_0_COEF_0": ("VEC3", (arrays.color[:, :3] - 0.5) / SH_0),
    }
    for degree in range(1, arrays.harmonics.degree + 1):
        for order in range(2 * degree + 1):
            parts[f"{_EXTENSION}:SH_DEGREE_{degree}_COEF_{order}"] = "VEC3", values[:, COUNTS[degree - 1] + order]
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []
    pieces: list[bytes] = []
    at = 0
    for name, (kind, numbers) in parts.items():
        piece = np.ascontiguousarray(numbers, "<f4").tobytes()
        accessors.append({"bufferView": len(views), "componentType": 5126, "count": len(numbers), "type": kind})
        if name == "POSITION":
            accessors[-1] |= {"min": numbers.min(axis=0).tolist(), "max": numbers.max(axis=0).tolist()}
        views.append({"buffer": 0, "byteOffset": at, "byteLength": len(piece)})
        pieces.append(piece)
        at += len(piece)
    extension = {"kernel": "ellipse", "colorSpace": _SPACES[arrays.is_linear], "projection": "perspective",
                 "sortingMethod": "cameraDistance"}  # fmt: skip
    primitive = {"mode": 0, "attributes": {name: number for number, name in enumerate(parts)},
                 "extensions": {_EXTENSION: extension}}  # fmt: skip
    document = {"asset": {"version": "2.0", "generator": "layerw bake 1"}, "extensionsUsed": [_EXTENSION],
                "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}], "meshes": [{"primitives": [primitive]}],
                "accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": at}]}  # fmt: skip
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4s4I", b"glTF", 2, 28 + len(text) + at, len(text), 0x4E4F534A)
    notes = ("how its alphas follow the blur (a flag of .spz) is not kept in a .glb",) if arrays.is_smooth else ()
    return b"".join((head, text, struct.pack("<2I", at, 0x004E4942), *pieces)), notes
