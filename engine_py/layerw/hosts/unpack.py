"""Unpacks meshopt, Draco and sparse accessors without a page: the twin of web/transfer/decode/unpack.js.

Owns: the checks of places and sizes. Needs DracoPy (layerw[headless]) for Draco.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layerw.gpu import spec
from layerw.hosts import meshopt
from layerw.hosts.containers import FormatError

BufferOf = Callable[[int], bytes]
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}


def unpack(words: list[int], buffer_of: BufferOf) -> bytes:
    """The result of an UNPACK (gpu/spec.py). Raises FormatError."""
    kind, transfer, offset, size, out_bytes, a, b, c = words[:8]
    name = spec.UNPACK_KINDS[kind]
    if name == "sparse":
        return _sparse(words, buffer_of)
    source = _part(buffer_of(transfer), offset, size)
    if name == "palette":
        return _palette(source, a, b, c, words[8:])
    if name == "meshopt":
        return meshopt.decode(source, spec.MESHOPT_MODES[a], spec.MESHOPT_FILTERS[b], out_bytes // c, c)
    rows = [words[8 + at : 13 + at] for at in range(0, 5 * a, 5)]
    return _draco(source, rows, b, c, out_bytes)


def _part(data: bytes, offset: int, size: int) -> bytes:
    if offset + size > len(data):
        raise FormatError(f"What is packed ends at byte {offset + size}, outside of its buffer of {len(data)} bytes.")
    return data[offset : offset + size]


def _sparse(words: list[int], buffer_of: BufferOf) -> bytes:
    _, transfer, offset, _, out_bytes, size, stride, replaced = words[:8]
    index, index_offset, index_bytes, value, value_offset = words[8:13]
    count = out_bytes // size
    found = np.zeros((count, size), np.uint8)
    if transfer:
        base = _part(buffer_of(transfer), offset, (count - 1) * stride + size)
        found[:] = np.ndarray((count, size), np.uint8, base, 0, (stride, 1))
    at = np.frombuffer(_part(buffer_of(index), index_offset, replaced * index_bytes), f"<u{index_bytes}")
    if int(at.max(initial=0)) >= count:
        raise FormatError(f"A sparse accessor replaces element {at.max()} of {count}.")
    values = np.frombuffer(_part(buffer_of(value), value_offset, replaced * size), np.uint8)
    found[at.astype(np.int64)] = values.reshape(replaced, size)
    return found.tobytes()


def _palette(source: bytes, kind: int, stride: int, count: int, colors: list[int]) -> bytes:
    ids = np.ndarray((count,), _TYPES[kind], source, 0, (stride,)).astype(np.int64)
    table = np.array([*colors, 0xFFFFFFFF], np.uint32)
    return table[np.where((ids >= 0) & (ids < len(colors)), ids, len(colors))].tobytes()


def _draco(source: bytes, rows: list[list[int]], index_bytes: int, index_count: int, out_bytes: int) -> bytes:
    try:
        import DracoPy
    except ImportError as error:
        raise FormatError("A mesh is packed by Draco; without a page DracoPy reads it: "
                          "pip install 'layerw[headless]'.") from error  # fmt: skip
    try:
        mesh = DracoPy.decode(source)
    except Exception as error:  # its own classes, without a common base
        raise FormatError(f"Draco can't unpack {len(source)} bytes: {error}.") from error
    faces = np.asarray(mesh.faces if hasattr(mesh, "faces") else ()).ravel()
    found, vertices = bytearray(out_bytes), len(mesh.points)
    if len(faces) != index_count or any(row[3] != vertices for row in rows):
        raise FormatError(f"Draco packed {len(faces) // 3} triangles of {vertices} vertices; the file says "
                          f"{index_count // 3} of {rows[0][3] if rows else 0}.")  # fmt: skip
    if index_count:
        found[: index_count * index_bytes] = faces.astype(f"<u{index_bytes}").tobytes()
    by_id = {int(attribute["unique_id"]): attribute for attribute in mesh.attributes}
    for number, kind, components, count, offset in rows:
        data = np.asarray(by_id[number]["data"]) if number in by_id else np.zeros(0)
        if data.size != count * components:
            raise FormatError(f"Draco packed no attribute {number} of {components} components.")
        plain = data.astype(_TYPES[kind]).tobytes()
        found[offset : offset + len(plain)] = plain
    return bytes(found)
