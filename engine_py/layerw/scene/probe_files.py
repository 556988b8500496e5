"""Baked light probes: files of `layerw bake --probes`, written and read.

Owns: the format, an .npz (zip) of arrays: `version`, and for grid n `center_n` and `size_n` (3,) float64 metres, and
`light_n` (y, z, x, 3, 4) float16: for red, green and blue the mean of direction times radiance, and of radiance.
Trusts nothing: sizes are read from the heads before anything is made. Limits: FILE_BYTES_MAX; VOLUMES_MAX grids.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from layerw.base.errors import LayerwError
from layerw.base.ports import F64

VERSION = 1
VOLUMES_MAX, PROBES_MAX = 4, 4096  # as scene/probes.py
HEAD_BYTES_MAX = 1024
LIGHT_BYTES = 2 * 3 * 4  # a probe
FILE_BYTES_MAX = VOLUMES_MAX * (PROBES_MAX * LIGHT_BYTES + 8192)
Half = npt.NDArray[np.float16]


class ProbeFileError(LayerwError):
    """A file of baked light probes that can't be used; the text says why."""


class Baked(NamedTuple):
    """A grid: the middle and the sides of its box, and what its probes know."""

    center: F64
    size: F64
    light: Half

    @property
    def counts(self) -> tuple[int, int, int]:
        """Probes along x, y and z."""
        y, z, x = self.light.shape[:3]
        return x, y, z

    def fits(self, center: F64, size: F64, counts: tuple[int, int, int]) -> bool:
        """Whether it was baked for this grid."""
        return (counts == self.counts and np.allclose(center, self.center, rtol=0, atol=1e-3)
                and np.allclose(size, self.size, rtol=0, atol=1e-3))  # fmt: skip


def write(file: IO[bytes], grids: Sequence[Baked]) -> None:
    """All grids of a program."""
    arrays: dict[str, Any] = {"version": np.array(VERSION)}
    for number, grid in enumerate(grids):
        arrays |= {f"center_{number}": grid.center, f"size_{number}": grid.size, f"light_{number}": grid.light}
    np.savez(file, **arrays)


def read(data: bytes) -> list[Baked]:
    """The grids of a file. Raises ProbeFileError."""
    if len(data) > FILE_BYTES_MAX:
        raise ProbeFileError(f"it has {len(data)} bytes; a file of light probes has at most {FILE_BYTES_MAX}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {one.filename: one for one in archive.infolist()}
            count = sum(name.startswith("light_") for name in names)
            version = _array(archive, names, "version", ((), "iu"))
            if version != VERSION:
                raise ProbeFileError(f"its version is {version}, and this layerw reads {VERSION}; bake it again")
            if not 1 <= count <= VOLUMES_MAX:
                raise ProbeFileError(f"it has {count} grids; 1 to {VOLUMES_MAX} are possible")
            return [_grid(archive, names, number) for number in range(count)]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, EOFError, OSError, NotImplementedError, SyntaxError,
            RuntimeError) as error:  # fmt: skip
        if isinstance(error, ProbeFileError):
            raise
        raise ProbeFileError(f"it is no file of light probes ({error})") from None


def _grid(archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], number: int) -> Baked:
    center, size = (_array(archive, names, f"{name}_{number}", ((3,), "f")).astype(np.float64)
                    for name in ("center", "size"))  # fmt: skip
    light = _array(archive, names, f"light_{number}", (None, "f"))
    if not (np.isfinite(center).all() and np.isfinite(size).all() and (size > 0).all()):
        raise ProbeFileError(f"grid {number} lies at {center.tolist()} with sides of {size.tolist()} metres")
    if not np.isfinite(light).all():
        raise ProbeFileError(f"grid {number} has light that is not finite")
    return Baked(center, size, np.ascontiguousarray(light))


def _array(archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], name: str,
           wanted: tuple[tuple[int, ...] | None, str]) -> npt.NDArray[Any]:  # fmt: skip
    """One array, of a shape (None: that of light) and a kind of number."""
    info = names.get(f"{name}.npy")
    if info is None:
        raise ProbeFileError(f"it has no array {name!r}")
    shape, kind = wanted
    room = HEAD_BYTES_MAX + (PROBES_MAX * LIGHT_BYTES if shape is None else 64)
    with archive.open(info) as file:
        data = io.BytesIO(file.read(room + 1))
    if info.file_size > room or len(data.getvalue()) > room:
        raise ProbeFileError(f"its array {name!r} has {info.file_size} bytes; at most {room} are possible")
    version = npy.read_magic(data)
    read_head = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    found, is_fortran, dtype = read_head(data, max_header_size=HEAD_BYTES_MAX)
    is_right = found == shape if shape is not None else _is_light(found) and dtype == np.float16
    if not is_right or dtype.kind not in kind or is_fortran:
        raise ProbeFileError(f"its array {name!r} is {dtype} of shape {found}, which it can't be")
    rest = data.read()
    if len(rest) != dtype.itemsize * math.prod(found):
        raise ProbeFileError(f"its array {name!r} has {len(rest)} bytes, not as many as its shape {found} says")
    return np.frombuffer(rest, dtype).reshape(found)


def _is_light(shape: tuple[int, ...]) -> bool:
    return len(shape) == 5 and shape[3:] == (3, 4) and 0 < math.prod(shape[:3]) <= PROBES_MAX


def lines_of(light: Half, width: int) -> Half:
    """(lines, width, 4) texels, as web/shaders/probes.wgsl reads them: probes of one height and colour are a tile, x
    along it and z down."""
    y, z, x = light.shape[:3]
    across = width // x
    rows = -(-3 * y // across)
    tiles = np.zeros((rows * across, z, x, 4), np.float16)
    tiles[: 3 * y] = light.transpose(0, 3, 1, 2, 4).reshape(3 * y, z, x, 4)
    lines = np.zeros((rows * z, width, 4), np.float16)
    lines[:, : across * x] = (tiles.reshape(rows, across, z, x, 4).transpose(0, 2, 1, 3, 4)
                              .reshape(rows * z, across * x, 4))  # fmt: skip
    return lines


def light_of(lines: npt.NDArray[Any], counts: tuple[int, int, int]) -> Half:
    """The inverse of `lines_of`."""
    x, y, z = counts
    across = lines.shape[1] // x
    rows = -(-3 * y // across)
    tiles = lines[: rows * z, : across * x].reshape(rows, z, across, x, 4).transpose(0, 2, 1, 3, 4)
    found = tiles.reshape(rows * across, z, x, 4)[: 3 * y].reshape(y, 3, z, x, 4).transpose(0, 2, 3, 1, 4)
    return np.ascontiguousarray(found.astype(np.float16))
