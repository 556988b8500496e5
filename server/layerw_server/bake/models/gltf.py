"""A glTF file in memory: its JSON, its bytes, accessors as arrays.

Owns: .glb and .gltf with files beside it or data URIs; checks of every number that becomes an offset.
Does not: read meshes that are packed already (Draco, meshopt), or fetch from the network.
Source: glTF 2.0, sections 3.6, 4.4.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from layerw_server.bake.errors import BakeError

Json = dict[str, Any]
TYPES: dict[int, np.dtype[Any]] = {
    5120: np.dtype("i1"), 5121: np.dtype("u1"), 5122: np.dtype("<i2"), 5123: np.dtype("<u2"),
    5125: np.dtype("<u4"), 5126: np.dtype("<f4")}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
PACKED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")
FILE_BYTES_MAX = 2 << 30
COUNT_MAX = 100_000_000
_MAGIC, _JSON, _BIN = 0x46546C67, 0x4E4F534A, 0x004E4942


@dataclass
class Gltf:
    """A parsed file. `buffers` are the bytes of each buffer; `path` names it in messages and finds its neighbours."""

    path: Path
    json: Json
    buffers: list[bytes]

    def list(self, name: str) -> list[Json]:
        """A top-level array; what is no array of objects counts as empty."""
        found = self.json.get(name, [])
        return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else []

    def view(self, number: Any) -> bytes:
        """The bytes of a buffer view."""
        view = self.item("bufferViews", number)
        data = self.buffers[self.index("buffers", view.get("buffer"), len(self.buffers))]
        start, size = whole(view.get("byteOffset", 0)), whole(view.get("byteLength"))
        if start < 0 or size < 0 or start + size > len(data):
            raise self.wrong(f"bufferViews[{number}] is {size:,} bytes at {start:,}, but its buffer has {len(data):,}")
        return data[start : start + size]

    def raw(self, number: Any) -> npt.NDArray[Any]:
        """An accessor's numbers as they are stored, (count, width)."""
        one = self.item("accessors", number)
        dtype, width = TYPES.get(one.get("componentType", 0)), WIDTHS.get(str(one.get("type")))
        count = whole(one.get("count"))
        if dtype is None or width is None or not 1 <= count <= COUNT_MAX:
            raise self.wrong(f"accessors[{number}] has componentType {one.get('componentType')!r}, type "
                             f"{one.get('type')!r} and count {one.get('count')!r}")
        if one.get("type") in ("MAT2", "MAT3") and dtype.itemsize < 4:
            raise self.wrong(f"accessors[{number}] has padded matrices of small numbers, which are not read")
        rows = np.zeros((count, width), dtype)
        if "bufferView" in one:
            data = self.view(one["bufferView"])
            stride = whole(self.item("bufferViews", one["bufferView"]).get("byteStride", 0)) or dtype.itemsize * width
            start = whole(one.get("byteOffset", 0))
            if start < 0 or stride < dtype.itemsize * width or (
                    start + (count - 1) * stride + dtype.itemsize * width > len(data)):
                raise self.wrong(f"accessors[{number}] reads {count:,} rows of {stride} bytes from byte {start:,}, but "
                                 f"its view has {len(data):,}")
            rows[:] = np.ndarray((count, width), dtype, data, start, (stride, dtype.itemsize))
        if "sparse" in one:
            self._sparse(number, one, rows)
        return rows

    def _sparse(self, number: Any, one: Json, rows: npt.NDArray[Any]) -> None:
        try:
            sparse = one["sparse"]
            count, dtype = whole(sparse["count"]), TYPES[sparse["indices"]["componentType"]]
            at = np.frombuffer(self.view(sparse["indices"]["bufferView"]), dtype, count,
                               whole(sparse["indices"].get("byteOffset", 0)))
            values = np.frombuffer(self.view(sparse["values"]["bufferView"]), rows.dtype, count * rows.shape[1],
                                   whole(sparse["values"].get("byteOffset", 0)))
            rows[at] = values.reshape(count, -1)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise self.wrong(f"accessors[{number}].sparse can't be read ({error})") from None

    def floats(self, number: Any) -> npt.NDArray[np.float32]:
        """An accessor as float32, normalised where it says so."""
        rows = self.raw(number)
        if self.item("accessors", number).get("normalized") and rows.dtype.kind in "iu":
            rows = np.maximum(rows.astype(np.float32) / np.float32(np.iinfo(rows.dtype).max), np.float32(-1))
        return rows.astype(np.float32)

    def item(self, name: str, number: Any) -> Json:
        """An element of a top-level array."""
        found = self.list(name)
        return found[self.index(name, number, len(found))]

    def index(self, name: str, number: Any, count: int) -> int:
        """A number that names one of `count` elements."""
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < count:
            raise self.wrong(f"something names {name}[{number!r}] of {count}")
        return number

    def wrong(self, text: str) -> BakeError:
        """The error that names this file."""
        return BakeError(f"{self.path}: {text[:300]}.")


@contextmanager
def one_sentence(path: Path) -> Iterator[None]:
    """Around everything that walks a file's JSON: any value of any type may stand anywhere in it."""
    try:
        yield
    except BakeError:
        raise
    except (TypeError, AttributeError, KeyError, IndexError, ValueError, OverflowError, ZeroDivisionError,
            RecursionError) as error:
        text = " ".join(str(error).split())[:120].rstrip(".") or type(error).__name__
        raise BakeError(f"{path} is no valid glTF file ({type(error).__name__}: {text}).") from error


def whole(value: Any) -> int:
    """A JSON number that should be whole; -1 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def read(path: Path) -> Gltf:
    """Read a .glb, or a .gltf and the files that it names.

    Raises:
        BakeError: it is damaged, or names what is not there.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BakeError(f"{path} has {path.stat().st_size:,} bytes, but at most {FILE_BYTES_MAX:,} are read.")
        data = path.read_bytes()
    except OSError as error:
        raise BakeError(f"{path} can't be read ({error.strerror or error}).") from None
    text, blob = split(path, data) if data[:4] == b"glTF" else (data, None)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BakeError(f"{path} is no glTF file: its JSON is broken ({str(error)[:80]}).") from None
    if not isinstance(document, dict) or not isinstance(document.get("asset"), dict):
        raise BakeError(f"{path} is no glTF 2.0 file: it has no asset.")
    if not str(document["asset"].get("version", "")).startswith("2."):
        raise BakeError(f"{path} says version {document['asset'].get('version')!r}, but glTF 2.0 is read.")
    found = Gltf(path, document, [])
    for number, buffer in enumerate(found.list("buffers")):
        found.buffers.append(_buffer(found, number, buffer, blob))
    return found


def split(path: Path, data: bytes) -> tuple[bytes, bytes | None]:
    """The JSON and BIN chunks of a .glb."""
    if len(data) < 20:
        raise BakeError(f"{path} has {len(data)} bytes, which is less than a .glb's header.")
    version, total = struct.unpack_from("<II", data, 4)
    if version != 2 or total > len(data):
        raise BakeError(f"{path} says version {version} and {total:,} bytes, but it has {len(data):,}; a .glb is of "
                        "version 2, and whole.")
    at, chunks = 12, []
    while at + 8 <= total:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > total:
            raise BakeError(f"{path} has a chunk of {size:,} bytes at byte {at:,}, past its end.")
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        at += 8 + size + -size % 4
    if not chunks or chunks[0][0] != _JSON:
        raise BakeError(f"{path} does not start with JSON.")
    return chunks[0][1], next((body for kind, body in chunks[1:] if kind == _BIN), None)


def _buffer(file: Gltf, number: int, buffer: Json, blob: bytes | None) -> bytes:
    uri, size = buffer.get("uri"), whole(buffer.get("byteLength"))
    if uri is None:
        fallback = any(isinstance(value, dict) and value.get("fallback") for value in _extensions(buffer).values())
        data = blob if number == 0 and blob is not None else b""
        if fallback:
            return data
    else:
        data = file_bytes(file, uri, f"buffers[{number}]")
    if size < 0 or size > len(data):
        raise file.wrong(f"buffers[{number}] says {buffer.get('byteLength')!r} bytes, but there are {len(data):,}")
    return data


def _extensions(item: Json) -> Json:
    found = item.get("extensions", {})
    return found if isinstance(found, dict) else {}


def file_bytes(file: Gltf, uri: Any, what: str) -> bytes:
    """What a data URI or a relative one names."""
    if not isinstance(uri, str):
        raise file.wrong(f"{what}.uri is {uri!r}, expected a text")
    if uri.startswith("data:"):
        head, comma, body = uri.partition(",")
        if not comma or not head.endswith(";base64"):
            raise file.wrong(f"{what} has a data URI that is not base64")
        try:
            return base64.b64decode(body, validate=True)
        except ValueError:
            raise file.wrong(f"{what} has a data URI with broken base64") from None
    target = (file.path.parent / unquote(uri)).resolve()
    if "://" in uri or not target.is_relative_to(file.path.parent.resolve()):
        raise file.wrong(f"{what} names {uri[:80]!r}, but only files beside the model or below it are read")
    try:
        return target.read_bytes()
    except OSError as error:
        raise file.wrong(f"{what} names {uri[:80]!r}, which can't be read ({error.strerror or error})") from None


def glb_bytes(document: Json, blob: bytes) -> bytes:
    """A .glb of its JSON and BIN chunk."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    blob += b"\0" * (-len(blob) % 4)
    total = 12 + 8 + len(text) + 8 + len(blob)
    return b"".join([struct.pack("<III", _MAGIC, 2, total), struct.pack("<II", len(text), _JSON), text,
                     struct.pack("<II", len(blob), _BIN), blob])
