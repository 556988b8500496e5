"""Arrays of .npz and .npy files, read without trusting them.

Owns: headers, member sizes, reading heights into float32 piece by piece.
Does not: unpickle anything, ever.
Source: numpy.lib.format (NEP 1), PKWARE APPNOTE for the zip around it.
"""

from __future__ import annotations

import io
import struct
import tokenize
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import F32
from layerw_server.bake.sources import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_BYTES = 4 << 20  # a key press is heard between two pieces
SCALAR_BYTES_MAX = 1 << 16
BROKEN = (OSError, ValueError, EOFError, KeyError, RuntimeError, NotImplementedError, SyntaxError, TypeError,
          OverflowError, MemoryError, RecursionError, AttributeError, struct.error, tokenize.TokenError,
          zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Header:
    """What the start of a .npy says."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Elements, in Python's unbounded integers."""
        count = 1
        for side in self.shape:
            count *= side
        return count


class Arrays:
    """The arrays of one file; a plain .npy counts as one called `elevation`.

    Raises:
        BakeError: from every method, when the bytes are not what they should be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        try:
            with path.open("rb") as file:
                packed = file.read(4)[:2] == b"PK"
            if packed:
                self._zip = zipfile.ZipFile(path)
        except BROKEN as error:
            raise limits.unreadable(path, ".npz file", error) from None

    def close(self) -> None:
        """Let go of the file."""
        if self._zip is not None:
            self._zip.close()

    @property
    def names(self) -> list[str]:
        """Names of the arrays, sorted."""
        if self._zip is None:
            return ["elevation"]
        return sorted(name.removesuffix(".npy") for name in self._zip.namelist() if name.endswith(".npy"))

    def scalar(self, name: str) -> float | None:
        """One finite number, or None where there is no such array."""
        if self._zip is None or name not in self.names:
            return None
        with self._open(name) as (file, header):
            good = header.size == 1 and header.dtype.kind in "iuf" and len(header.shape) < 8
            value = float(np.frombuffer(_exactly(file, header.dtype.itemsize), header.dtype)[0]) if good else np.nan
            if not np.isfinite(value):
                found = f"shape {header.shape} and dtype {header.dtype}" if not good else f"the value {value}"
                raise BakeError(f"{name!r} in {self.path} has {found}, but must be one finite number.")
            return value

    def text(self, name: str) -> str | None:
        """A short string such as a coordinate system's name, or None."""
        if self._zip is None or name not in self.names:
            return None
        with self._open(name) as (file, header):
            if header.size != 1 or header.dtype.kind != "U" or header.dtype.itemsize > SCALAR_BYTES_MAX:
                return None
            return str(np.frombuffer(_exactly(file, header.dtype.itemsize), header.dtype)[0])

    def heights(self, name: str) -> F32:
        """An array of numbers as contiguous float32, with whatever marks missing samples left in place."""
        what = f"{name!r} in {self.path}"
        if name not in self.names:
            raise BakeError(f"{self.path} has no array {name!r}; it holds {_listed(self.names)}.")
        with self._open(name) as (file, header):
            shape = limits.check_shape(header.shape, what)
            if header.dtype.kind not in "iuf":
                raise BakeError(f"{what} has dtype {header.dtype}, but heights are integers or floats in metres.")
            self._check_bytes(name, header, what)
            flat = np.empty(header.size, np.float32)
            _read_into(flat, file, header.dtype)
        return np.ascontiguousarray(flat.reshape(shape[::-1]).T) if header.fortran else flat.reshape(shape)

    def _check_bytes(self, name: str, header: Header, what: str) -> None:
        need = header.size * header.dtype.itemsize
        if self._zip is not None:
            info = self._zip.getinfo(name + ".npy")
            have = info.file_size
            limits.check_inflation(info.compress_size, have, what)
        else:
            have = self.path.stat().st_size
        if have < need:
            raise BakeError(f"{what} says {header.shape} of {header.dtype}, {need:,} bytes, but the file holds "
                            f"{have:,}.")

    @contextmanager
    def _open(self, name: str) -> Iterator[tuple[IO[bytes], Header]]:
        try:
            with self._stream(name) as file:
                header = _read_header(file)
                if header.dtype.hasobject:
                    raise BakeError(f"{name!r} in {self.path} holds Python objects, but heights are plain numbers.")
                yield file, header
        except BakeError:
            raise
        except BROKEN as error:
            raise limits.unreadable(self.path, ".npz file of plain arrays", error) from None

    def _stream(self, name: str) -> IO[bytes]:
        return self.path.open("rb") if self._zip is None else self._zip.open(name + ".npy")


def _read_header(file: IO[bytes]) -> Header:
    start = file.read(8)
    if len(start) < 8 or start[:6] != b"\x93NUMPY":
        raise ValueError("an array does not start like numpy's .npy")
    version = (start[6], start[7])
    wide = 2 if version == (1, 0) else 4
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"version {version[0]}.{version[1]} of .npy is not known")
    length = int.from_bytes(_exactly(file, wide), "little")
    if length > SCALAR_BYTES_MAX:
        raise ValueError(f"a header claims {length:,} bytes")
    raw = io.BytesIO(length.to_bytes(wide, "little") + _exactly(file, length))
    read = np.lib.format.read_array_header_1_0 if wide == 2 else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(raw)
    if any(isinstance(side, bool) or side < 0 for side in shape):
        raise ValueError(f"a header claims the shape {shape}"[:100])
    return Header(shape, fortran, dtype)


def _exactly(file: IO[bytes], count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise EOFError(f"it ends {count - len(data):,} bytes early")
    return data


def _read_into(out: npt.NDArray[np.float32], file: IO[bytes], dtype: np.dtype[Any]) -> None:
    step = PIECE_BYTES // dtype.itemsize
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 can't hold becomes infinite: a missing sample
        for first in range(0, out.size, step):
            piece = out[first : first + step]
            piece[:] = np.frombuffer(_exactly(file, piece.size * dtype.itemsize), dtype)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown or "nothing"
