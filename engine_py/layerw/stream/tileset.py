"""tileset.json, parsed and checked: its root, and the children of a tile once they are asked for.

Owns: the JSON of 3D Tiles 1.0 and 1.1. Does not: fetch anything, place tiles in the world, open subtrees.
A view visits few of a world's tiles: the others stay JSON, and a fault in them is told when they are read.
Limits: 256 levels a file; metadata is ignored.
Source: OGC 22-025r4 (3D Tiles 1.1).
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import numpy as np

from layerw.base.nesting import json_nesting
from layerw.base.ports import F64
from layerw.stream.bounds import Volume
from layerw.stream.errors import DamagedFile, TilesetError

_UTF8_MARK = b"\xef\xbb\xbf"
LEVELS_MAX = 256
NESTING_MAX = 600
NUMBER_MAX = 1e30  # refuses NaN, infinity and what overflows when squared; the universe is 1e27 metres wide
KNOWN_EXTENSIONS = frozenset({"3DTILES_content_gltf", "3DTILES_implicit_tiling", "3DTILES_multiple_contents",
                              "3DTILES_metadata"})
_SIZES = {"box": 12, "sphere": 4, "region": 6}
_KINDS = frozenset({int, float})
_HASHED = re.compile(r"\.([0-9a-f]{16})\.[A-Za-z0-9]+(?:[?#].*)?$")


class ContentRef(NamedTuple):
    """Where a tile's content is: URI relative to its tileset, size (0 = unknown) and sha256 prefix ("" = none)."""

    uri: str
    size_bytes: int
    sha256: str

    @property
    def is_tileset(self) -> bool:
        """Whether the content is another tileset."""
        return self.uri.split("?", 1)[0].split("#", 1)[0].lower().endswith(".json")


class ImplicitSpec(NamedTuple):
    """implicitTiling of a tile."""

    dimensions: int  # 2 quadtree, 3 octree
    subtree_levels: int
    available_levels: int
    subtree_uri: str


class ParsedTile(NamedTuple):
    """One tile as stated; `path` is its place in the file, for messages."""

    path: str
    level: int  # in the file
    volume: Volume
    geometric_error_m: float
    add: bool
    transform: F64 | None
    contents: tuple[ContentRef, ...]
    implicit: ImplicitSpec | None
    content_volume: Volume | None  # of what it shows, where that is smaller
    request_volume: Volume | None  # it is there only for a camera inside
    unread: list[Any]  # the JSON of its children


class Tileset(NamedTuple):
    """A parsed tileset.json."""

    root: ParsedTile
    extras: dict[str, Any]
    version: str
    content_z_up: bool  # 1.0's asset.gltfUpAxis "Z"


def parse_tileset(data: bytes) -> Tileset:
    """Parse and check a tileset.json and its root; raises TilesetError with the place of the first fault."""
    document = load_json(data, "tileset.json")
    asset = document.get("asset")
    if not isinstance(asset, dict):
        raise DamagedFile(f"tileset.json has the asset {asset!r}; a JSON object is expected.")
    version = asset.get("version")
    if version not in ("1.0", "1.1"):
        raise TilesetError(f"asset.version is {version!r}; this client reads 3D Tiles \"1.0\" and \"1.1\".")
    required = document.get("extensionsRequired") or []
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise TilesetError(f"extensionsRequired is {str(required)[:80]}; an array of texts is expected.")
    unknown = set(required) - KNOWN_EXTENSIONS
    if unknown:
        raise TilesetError(f"The tileset requires the extensions {sorted(unknown)}, which this client does not know.")
    root = _member(document, "root", dict, "tileset.json")
    up_axis = str(asset.get("gltfUpAxis", "Y")).upper()
    return Tileset(_tile(root, 0, False, "root"), _extras(document), version, up_axis == "Z")


def load_json(data: bytes, name: str) -> dict[str, Any]:
    """A JSON object from bytes; broken JSON raises TilesetError with line and column."""
    nesting = json_nesting(data, NESTING_MAX)
    if nesting > NESTING_MAX:
        raise TilesetError(f"{name} can't be read as JSON: it nests {nesting} levels deep; the limit is {NESTING_MAX}.")
    try:
        document = json.loads(bytes(data).removeprefix(_UTF8_MARK).decode())  # the codec for it is a module of its own
    except UnicodeDecodeError as error:
        raise DamagedFile(f"{name} is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise DamagedFile(f"{name} is broken JSON: {error.msg} at {where}.") from None
    except (RecursionError, ValueError) as error:
        raise TilesetError(f"{name} can't be read as JSON: {error}.") from None
    if not isinstance(document, dict):
        raise DamagedFile(f"{name} holds a JSON {type(document).__name__}; an object is expected.")
    return document


def children_of(tile: ParsedTile) -> list[ParsedTile]:
    """Parse and check a tile's children; raises TilesetError with the place of the first fault."""
    return [_tile(raw, tile.level + 1, tile.add, f"{tile.path}.children[{number}]")
            for number, raw in enumerate(tile.unread)]


def _tile(raw: Any, level: int, parent_adds: bool, path: str) -> ParsedTile:
    if not isinstance(raw, dict):
        raise TilesetError(f"{path} is {type(raw).__name__}; an object is expected.")
    error = raw.get("geometricError")
    if not _is_number(error) or error < 0:  # type: ignore[operator]
        raise TilesetError(f"{path}.geometricError is {error!r}; a number >= 0 is expected.")
    refine = raw.get("refine", "ADD" if parent_adds else "REPLACE")
    if not isinstance(refine, str) or refine.upper() not in ("ADD", "REPLACE"):
        raise TilesetError(f"{path}.refine is {refine!r}; \"ADD\" or \"REPLACE\" is expected.")
    implicit = _implicit(raw, path)
    return ParsedTile(path, level, _volume(raw.get("boundingVolume"), path), float(error),  # type: ignore[arg-type]
                      refine.upper() == "ADD", _transform(raw.get("transform"), path), _contents(raw, path),
                      implicit, _content_volume(raw, path), _request_volume(raw, path),
                      _unread(raw, level, path, implicit is not None))


def _unread(raw: dict[str, Any], level: int, path: str, implicit: bool) -> list[Any]:
    children = raw.get("children") or []
    if not isinstance(children, list):
        raise TilesetError(f"{path}.children is {type(children).__name__}; an array is expected.")
    if implicit and children:
        raise TilesetError(f"{path} has implicitTiling and {len(children)} children; a tile has one or the other.")
    if level >= LEVELS_MAX and children:
        raise TilesetError(f"The tileset passes {LEVELS_MAX} levels at {path}; split it.")
    return children


def _content_volume(raw: dict[str, Any], path: str) -> Volume | None:
    """Of a single content; several lie somewhere in the tile's."""
    content = raw.get("content")
    held = content.get("boundingVolume") if isinstance(content, dict) else None
    return None if held is None else _volume(held, f"{path}.content")


def _request_volume(raw: dict[str, Any], path: str) -> Volume | None:
    held = raw.get("viewerRequestVolume")
    return None if held is None else _volume(held, path, ".viewerRequestVolume")


def _volume(raw: Any, path: str, member: str = ".boundingVolume") -> Volume:
    if not isinstance(raw, dict):
        raise TilesetError(f"{path}{member} is {raw!r}; an object with box, sphere or region is expected.")
    for kind, size in _SIZES.items():
        if kind in raw:
            values = _numbers(raw[kind], size, f"{path}{member}.{kind}")
            if kind == "sphere" and values[3] < 0:
                raise TilesetError(f"{path}{member}.sphere has the radius {values[3]}; it must be >= 0.")
            return Volume(kind, values)
    raise TilesetError(f"{path}{member} has the members {sorted(raw)}; box, sphere or region is expected.")


def _transform(raw: Any, path: str) -> F64 | None:
    if raw is None:
        return None
    values = _numbers(raw, 16, f"{path}.transform")
    if values[3::4] != (0.0, 0.0, 0.0, 1.0):
        raise TilesetError(f"{path}.transform has the last row {list(values[3::4])}; it must be [0, 0, 0, 1].")
    return np.array(values).reshape(4, 4).T


def _contents(raw: dict[str, Any], path: str) -> tuple[ContentRef, ...]:
    extension = _extension(raw, "3DTILES_multiple_contents", path)
    several = raw.get("contents") or extension.get("contents") or extension.get("content") or []
    single = raw.get("content")
    items = [single] if single is not None else several
    if not isinstance(items, list):
        raise TilesetError(f"{path}.contents is {type(items).__name__}; an array is expected.")
    return tuple(_content(item, raw, path) for item in items)


def _content(raw: Any, tile: dict[str, Any], path: str) -> ContentRef:
    uri = raw.get("uri", raw.get("url")) if isinstance(raw, dict) else None
    if not isinstance(uri, str) or not uri:
        raise TilesetError(f"{path}.content has the uri {uri!r}; a text that is not empty is expected.")
    size = _extras(raw).get("byteLength", _extras(tile).get("byteLength", 0))
    if not isinstance(size, int) or not 0 <= size < 2**32:
        raise TilesetError(f"{path}.content has the byteLength {size!r}; an integer from 0 to 2^32 - 1 is expected.")
    return ContentRef(uri, size, hash_in(uri))


def hash_in(uri: str) -> str:
    """The sha256 prefix that a file's name states (`name.<16 hex digits>.ext`), "" = none."""
    hashed = _HASHED.search(uri)
    return hashed.group(1) if hashed else ""


def _implicit(raw: dict[str, Any], path: str) -> ImplicitSpec | None:
    spec = raw.get("implicitTiling") or _extension(raw, "3DTILES_implicit_tiling", path) or None
    if spec is None:
        return None
    where = f"{path}.implicitTiling"
    if not isinstance(spec, dict):
        raise TilesetError(f"{where} is {type(spec).__name__}; an object is expected.")
    scheme = spec.get("subdivisionScheme")
    if scheme not in ("QUADTREE", "OCTREE"):
        raise TilesetError(f"{where}.subdivisionScheme is {scheme!r}; \"QUADTREE\" or \"OCTREE\" is expected.")
    last = spec.get("maximumLevel", -1)  # as drafts of the extension said it
    available = spec.get("availableLevels", last + 1 if isinstance(last, int) else last)
    levels = spec.get("subtreeLevels")
    dimensions = 2 if scheme == "QUADTREE" else 3
    for name, value, most in (("subtreeLevels", levels, 20 // dimensions), ("availableLevels", available, 30)):
        if not isinstance(value, int) or not 1 <= value <= most:
            raise TilesetError(f"{where}.{name} is {value!r}; an integer from 1 to {most} is expected.")
    uri = _member(_member(spec, "subtrees", dict, where), "uri", str, f"{where}.subtrees")
    bounds = raw.get("boundingVolume")
    if isinstance(bounds, dict) and "sphere" in bounds:
        raise TilesetError(f"{path} has implicitTiling and a sphere as its bounding volume; only box and region split.")
    assert isinstance(levels, int) and isinstance(available, int)
    return ImplicitSpec(dimensions, levels, available, uri)


def _extension(raw: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    """What a tile says in an extension, {} for nothing."""
    extensions = raw.get("extensions") or {}
    if not isinstance(extensions, dict):
        raise TilesetError(f"{path}.extensions is {type(extensions).__name__}; an object is expected.")
    return _member(extensions, name, dict, f"{path}.extensions") if extensions.get(name) is not None else {}


def _extras(raw: dict[str, Any]) -> dict[str, Any]:
    extras = raw.get("extras")
    return extras if isinstance(extras, dict) else {}


def _member(raw: dict[str, Any], name: str, kind: type, path: str) -> Any:
    value = raw.get(name)
    if not isinstance(value, kind):
        raise TilesetError(f"{path} has the {name} {value!r}; a JSON value of kind {kind.__name__} is expected.")
    return value


def _numbers(raw: Any, size: int, path: str) -> tuple[float, ...]:
    if not isinstance(raw, list) or len(raw) != size or not _KINDS.issuperset(map(type, raw)) \
            or not -NUMBER_MAX < min(raw) <= max(raw) < NUMBER_MAX or sum(raw) != sum(raw):  # NaN is none of these
        raise TilesetError(f"{path} is {str(raw)[:80]}; an array of {size} finite numbers is expected.")
    return tuple(map(float, raw))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < NUMBER_MAX
