"""Implicit tiling: subtree files, Morton order, and the address arithmetic of quadtrees and octrees.

Owns: parsing and checking `.subtree` files (binary or JSON, with buffers inside or in other files) and which tiles
they make available. Does not: fetch them or create tiles (tree.py does). Metadata is ignored.
Limits: 10 levels a quadtree subtree, 6 an octree one; 64 contents a tile; BUFFERS_MAX buffers in other files.

    subtree file:  "subt" | u32 version = 1 | u64 JSON bytes | u64 binary bytes | JSON | binary
    bitstream:     bit i is byte i // 8, bit i % 8 (least significant first); nodes level by level, Morton order

Source: OGC 22-025r4, section Implicit Tiling; Morton, "A computer oriented geodetic data base" (1966).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.stream.errors import TilesetError
from layerw.stream.tileset import ImplicitSpec, load_json

Bits = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]
BUFFERS_MAX = 16
_HEADER = struct.Struct("<4sIQQ")


class Subtree(NamedTuple):
    """Availability of one subtree; a node's index is `level_start(level) + morton`."""

    tiles: Bits  # (nodes,)
    contents: Bits  # (contents of a tile, nodes)
    children: Bits  # (nodes of the level below the last,): which child subtrees exist


def level_start(level: int, dimensions: int) -> int:
    """Number of nodes above `level` of a full subtree."""
    return ((1 << (dimensions * level)) - 1) // ((1 << dimensions) - 1)


def interleave(coordinates: I64, dimensions: int) -> I64:
    """Morton codes of (n, dimensions) coordinates: bit b of axis a becomes bit b * dimensions + a."""
    codes = np.zeros(len(coordinates), np.int64)
    for bit in range(62 // dimensions):
        for axis in range(dimensions):
            codes |= ((coordinates[:, axis] >> bit) & 1) << (bit * dimensions + axis)
    return codes


def deinterleave(codes: I64, dimensions: int) -> I64:
    """The (n, dimensions) coordinates of Morton codes."""
    out = np.zeros((len(codes), dimensions), np.int64)
    for bit in range(62 // dimensions):
        for axis in range(dimensions):
            out[:, axis] |= ((codes >> (bit * dimensions + axis)) & 1) << bit
    return out


def fill_template(template: str, level: int, x: int, y: int, z: int) -> str:
    """A URI of an implicit tile or subtree."""
    return (template.replace("{level}", str(level)).replace("{x}", str(x)).replace("{y}", str(y))
            .replace("{z}", str(z)))


def outside_buffers(data: bytes) -> list[tuple[int, str]]:
    """Number and URI of each buffer of a subtree that lies in another file; raises TilesetError."""
    document, _ = _split(data)
    found = []
    for number, buffer in enumerate(_objects(document, "buffers")):
        uri = buffer.get("uri")
        if uri is None:
            continue
        if not isinstance(uri, str) or not uri:
            raise TilesetError(f"Subtree buffers[{number}].uri is {uri!r}; a text that is not empty is expected.")
        found.append((number, uri))
    if len(found) > BUFFERS_MAX:
        raise TilesetError(f"The subtree names {len(found)} buffers in other files; the limit is {BUFFERS_MAX}.")
    return found


def parse_subtree(data: bytes, spec: ImplicitSpec, content_count: int, outside: Sequence[bytes] = ()) -> Subtree:
    """Parse and check one subtree file; `outside`: what `outside_buffers` names. Raises TilesetError."""
    document, binary = _split(data)
    places = [number for number, _ in outside_buffers(data)]
    if len(places) != len(outside):
        raise TilesetError(f"The subtree names {len(places)} buffers in other files; {len(outside)} came.")
    views = _views(document, binary, dict(zip(places, outside, strict=True)))
    nodes = level_start(spec.subtree_levels, spec.dimensions)
    tiles = _availability(document.get("tileAvailability"), views, nodes, "tileAvailability")
    below = 1 << (spec.dimensions * spec.subtree_levels)
    children = _availability(document.get("childSubtreeAvailability"), views, below, "childSubtreeAvailability")
    contents = np.zeros((content_count, nodes), np.bool_)
    for number, item in enumerate(_contents(document)[:content_count]):
        contents[number] = _availability(item, views, nodes, f"contentAvailability[{number}]")
    subtree = Subtree(tiles, contents, children)
    _check(subtree, spec)
    return subtree


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    if data[:1] == b"{":
        return load_json(data, "subtree"), b""
    if len(data) < _HEADER.size:
        raise TilesetError(f"The subtree file has {len(data)} bytes; its header alone takes {_HEADER.size}.")
    magic, version, json_bytes, binary_bytes = _HEADER.unpack_from(data)
    if magic != b"subt" or version != 1:
        raise TilesetError(f"The subtree file starts with {magic!r}, version {version}; "
                           "b'subt', version 1 is expected.")
    if _HEADER.size + json_bytes + binary_bytes > len(data):
        raise TilesetError(f"The subtree file has {len(data)} bytes; its header states {_HEADER.size} + {json_bytes} + "
                           f"{binary_bytes}. It is truncated.")
    end = _HEADER.size + json_bytes
    return load_json(data[_HEADER.size:end], "subtree"), data[end:end + binary_bytes]


def _contents(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What says which tiles have contents: an object in 3D Tiles' first drafts, one of each content since."""
    if isinstance(document.get("contentAvailability"), dict):
        return [document["contentAvailability"]]
    if document.get("contentAvailability"):
        return _objects(document, "contentAvailability")
    held: Any = document
    for name in ("extensions", "3DTILES_multiple_contents"):
        held = held.get(name) or {}
        if not isinstance(held, dict):
            raise TilesetError(f"The subtree's {name} is {str(held)[:80]}; an object is expected.")
    return _objects(held, "contentAvailability")


def _objects(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = document.get(name) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise TilesetError(f"The subtree's {name} are {str(items)[:80]}; an array of objects is expected.")
    return items


def _views(document: dict[str, Any], binary: bytes, outside: dict[int, bytes]) -> list[bytes]:
    views = []
    buffers = dict.fromkeys(range(max(len(_objects(document, "buffers")), 1)), binary) | outside
    for number, view in enumerate(_objects(document, "bufferViews")):
        offset, size, index = view.get("byteOffset", 0), view.get("byteLength"), view.get("buffer", 0)
        held = buffers.get(index) if isinstance(index, int) else None
        if held is None:
            raise TilesetError(f"Subtree bufferViews[{number}].buffer is {index!r}; there are {len(buffers)}.")
        if not isinstance(offset, int) or not isinstance(size, int) or offset < 0 or size < 0 \
                or offset + size > len(held):
            raise TilesetError(f"Subtree bufferViews[{number}] spans {size!r} bytes at {offset!r}; the binary part has "
                               f"{len(held)}.")
        views.append(held[offset:offset + size])
    return views


def _availability(raw: Any, views: list[bytes], count: int, name: str) -> Bits:
    if not isinstance(raw, dict):
        raise TilesetError(f"The subtree's {name} is {raw!r}; an object with bitstream or constant is expected.")
    if "constant" in raw:
        return np.full(count, bool(raw["constant"]))
    index = raw.get("bitstream", raw.get("bufferView"))
    if not isinstance(index, int) or not 0 <= index < len(views):
        raise TilesetError(f"The subtree's {name} names the bufferView {index!r}; there are {len(views)}.")
    if len(views[index]) * 8 < count:
        raise TilesetError(f"The subtree's {name} has {len(views[index]) * 8} bits; {count} are needed.")
    packed = np.frombuffer(views[index], np.uint8, (count + 7) // 8)
    return np.unpackbits(packed, bitorder="little")[:count].astype(np.bool_)


def _check(subtree: Subtree, spec: ImplicitSpec) -> None:
    """Every node that exists has a parent that exists."""
    fan_out = 1 << spec.dimensions
    for level in range(spec.subtree_levels):
        first = level_start(level, spec.dimensions)
        parents = subtree.tiles[first:first + (1 << (spec.dimensions * level))]
        last = level + 1 == spec.subtree_levels
        below = subtree.children if last else subtree.tiles[level_start(level + 1, spec.dimensions):][
            :len(parents) * fan_out]
        orphans = np.flatnonzero(below & ~np.repeat(parents, fan_out))
        if len(orphans):
            raise TilesetError(f"The subtree makes node {orphans[0]} of level {level + 1} available, "
                               "but not its parent.")
    if not subtree.tiles[0]:
        raise TilesetError("The subtree's root tile is not available; a subtree file exists only where its root does.")
