"""Takes tiles of 3D Tiles 1.0 (b3dm, i3dm, pnts, cmpt) apart: the headless twin of web/transfer/decode/tiles.js.

Owns: the checks of headers and lengths. assets/parts.py reads what comes out.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

KINDS = (b"b3dm", b"i3dm", b"pnts", b"cmpt")
_INNER = (*KINDS, b"glTF")
PARTS_MAX, DEPTH_MAX, HEADER_BYTES = 4096, 8, 28
SplitGlb = Callable[[bytes], tuple[bytes, bytes]]


class TileFormatError(ValueError):
    """The bytes are not what they say they are."""


@dataclass(slots=True)
class _Part:
    kind: str
    json: dict[str, bytes]
    bytes: dict[str, bytes] = field(default_factory=dict)
    uri: str | None = None


def is_tile(data: bytes) -> bool:
    """Whether it begins as a tile does."""
    return len(data) >= 12 and data[:4] in KINDS


def open_tile(data: bytes, split_glb: SplitGlb) -> tuple[bytes, bytes, int]:
    """JSON with "layerw_parts", their bytes, each at a multiple of 8, and the container's number."""
    parts: list[_Part] = []
    _collect(data, 0, parts, split_glb)
    packed, texts = bytearray(), []
    for part in parts:
        places = {}
        for name, piece in part.bytes.items():
            packed += bytes(-len(packed) % 8)
            places[name] = [len(packed), len(piece)]
            packed += piece
        try:
            inner = [f'"{name}":{text.decode().rstrip(_PADDING) or "{}"}' for name, text in part.json.items()]
        except UnicodeDecodeError as error:
            raise TileFormatError(f"The JSON of a {part.kind} is not UTF-8 text.") from error
        outer = {"kind": part.kind, "uri": part.uri, **places}
        texts.append("{" + ",".join([*(f'"{k}":{json.dumps(v)}' for k, v in outer.items()), *inner]) + "}")
    return f'{{"layerw_parts":[{",".join(texts)}]}}'.encode(), bytes(packed), 2 + KINDS.index(data[:4])


_PADDING = "\0 \t\r\n"


def _collect(data: bytes, depth: int, parts: list[_Part], split_glb: SplitGlb) -> None:
    kind = data[:4].decode("latin-1")
    if len(data) < 16:
        raise TileFormatError(f"The {kind} has {len(data)} bytes; its header alone needs 16.")
    total = struct.unpack_from("<I", data, 8)[0]
    if total > len(data):
        raise TileFormatError(f"The {kind} says that it has {total} bytes, but only {len(data)} arrived: it is cut "
                              "off.")  # fmt: skip
    data = data[:total]
    if len(parts) >= PARTS_MAX:
        raise TileFormatError(f"The composite tile has more than {PARTS_MAX} parts.")
    if data[:4] == b"cmpt":
        return _composite(data, depth, parts, split_glb)
    if data[:4] == b"glTF":
        text, binary = split_glb(data)
        parts.append(_Part("glb", {"gltf": text}, {"bin": binary} if binary else {}))
    elif data[:4] not in KINDS:
        raise TileFormatError(f"A composite tile holds a part that starts with {data[:4]!r}, which is no tile.")
    else:
        parts.append(_batched(data, kind, split_glb))


def _composite(data: bytes, depth: int, parts: list[_Part], split_glb: SplitGlb) -> None:
    if depth >= DEPTH_MAX:
        raise TileFormatError(f"Composite tiles lie in each other more than {DEPTH_MAX} deep.")
    if len(data) < 16:
        raise TileFormatError(f"The cmpt has {len(data)} bytes; its header alone needs 16.")
    count, at = struct.unpack_from("<I", data, 12)[0], 16
    for number in range(count):
        if at + 12 > len(data):
            raise TileFormatError(f"The composite tile has {count} parts, but its bytes end at part {number}.")
        _collect(data[at:], depth + 1, parts, split_glb)
        size = struct.unpack_from("<I", data, at + 8)[0]
        if size < 12:
            raise TileFormatError(f"Part {number} of the composite tile says that it has {size} bytes.")
        at += size
        if data[at : at + 4] not in _INNER:
            at += -at % 8  # a glb may be padded from outside


def _batched(data: bytes, kind: str, split_glb: SplitGlb) -> _Part:
    header = HEADER_BYTES + (4 if kind == "i3dm" else 0)
    if len(data) < header:
        raise TileFormatError(f"The {kind} has {len(data)} bytes; its header alone needs {header}.")
    tables, at = [], header
    for size in struct.unpack_from("<4I", data, 12):
        tables.append(data[at : at + size])
        at += size
    if at > len(data):
        raise TileFormatError(f"The {kind}'s tables end at byte {at}, past its {len(data)} bytes.")
    part = _Part(kind, {"feature": tables[0], "batch": tables[2]},
                 {"featureBytes": tables[1], "batchBytes": tables[3]})  # fmt: skip
    if kind == "pnts":
        return part
    model = struct.unpack_from("<I", data, 28)[0] if kind == "i3dm" else 1
    if model > 1:
        raise TileFormatError(f"The i3dm says that its model has format {model}; 0 (a URI) and 1 (a glb) are known.")
    if model == 0:
        part.uri = data[at:].decode("utf-8", "replace").rstrip(_PADDING)
    elif data[at : at + 4] != b"glTF":
        raise TileFormatError(f"The {kind} holds no glTF 2.0 at byte {at}.")
    else:
        part.json["gltf"], part.bytes["bin"] = split_glb(data[at:])
    return part
