"""All tiles that are known, as columns: one row a tile, children of a tile in adjacent rows.

Owns: growth of the columns, adding the tiles of a tileset.json or of a subtree file, and what a row's content
is (URLs, flatten matrix). Rows are never removed; residency writes the state columns. Does not fetch or select.
Children in a tileset.json are rows once somebody looks for them (`read`): before, their tile's first_child is -1.
Limits: 2,000,000 rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F64
from layerw.stream import geo
from layerw.stream.bounds import GEO_COLUMNS, Shape, Volume, box_rows, fit_axes, pack, shape_of
from layerw.stream.errors import TilesetError
from layerw.stream.implicit import Subtree, deinterleave, fill_template, level_start
from layerw.stream.tileset import NUMBER_MAX, ContentRef, ImplicitSpec, ParsedTile, Tileset, children_of

NONE, MODEL, TILESET, SUBTREE = 0, 1, 2, 3  # kind: of a row's content; the last two add rows once fetched
ROWS_MAX = 2_000_000
CHAIN_MAX = 16  # tilesets inside tilesets
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_COLUMNS: dict[str, tuple[type, tuple[int, ...], float]] = {
    "geo": (np.float64, (GEO_COLUMNS,), 0), "parent": (np.int32, (), -1), "first_child": (np.int32, (), -1),
    "child_count": (np.int32, (), 0), "level": (np.uint16, (), 0), "add": (np.bool_, (), 0),
    "kind": (np.uint8, (), NONE), "size_bytes": (np.uint32, (), 0), "source": (np.int32, (), 0),
    "matrix": (np.int32, (), 0), "implicit": (np.int32, (), -1), "address": (np.int64, (4,), 0),
    "content_mask": (np.uint64, (), 0), "passes": (np.bool_, (), 0), "request": (np.int32, (), -1),
    "content_shape": (np.int32, (), -1),
    "state": (np.uint8, (), 0), "attempts": (np.uint8, (), 0), "retry_at_s": (np.float64, (), 0),
    "failure": (np.uint8, (), 0), "failing_since_s": (np.float64, (), 0),
    "last_frame": (np.int64, (), -1), "gpu_bytes": (np.float64, (), 0), "refined": (np.bool_, (), 0),
}


class Source(NamedTuple):
    """One tileset.json: its URL and those it is nested in (itself last)."""

    url: str
    chain: tuple[str, ...]
    content_z_up: bool


class ImplicitTree(NamedTuple):
    """What all tiles of one implicit tiling share; box half axes are world vectors, regions stay as stated."""

    spec: ImplicitSpec
    contents: tuple[ContentRef, ...]
    volume: Volume
    matrix: F64
    geometric_error_m: float


class Shapes:
    """Rounded boxes that few rows have, one after the other, as rows of `geo`."""

    def __init__(self) -> None:
        self.count = 0
        self._rows: F64 = np.zeros((4, GEO_COLUMNS))

    def add(self, shape: Shape) -> int:
        """Its number."""
        if self.count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[self.count] = pack(shape, 0.0)
        self.count += 1
        return self.count - 1

    def rows(self, numbers: I32) -> F64:
        """(n, GEO_COLUMNS)."""
        found: F64 = self._rows[numbers]
        return found


class TileTree:
    """The columns (`geo`, `parent`, `state`, ...) and what rows mean. `place`: tileset axes -> world, 4x4."""

    geo: F64
    parent: I32
    first_child: I32
    child_count: I32
    level: npt.NDArray[np.uint16]
    add: npt.NDArray[np.bool_]
    kind: npt.NDArray[np.uint8]
    size_bytes: npt.NDArray[np.uint32]
    source: I32
    matrix: I32
    implicit: I32
    address: I64
    content_mask: npt.NDArray[np.uint64]
    request: I32  # of request_shapes: a camera outside of it does not see the tile; -1 = none
    content_shape: I32  # of content_shapes: where its content is, where that is not all of the tile
    passes: npt.NDArray[np.bool_]  # always refined: the tile of an external tileset, which has taken its place
    state: npt.NDArray[np.uint8]
    attempts: npt.NDArray[np.uint8]
    retry_at_s: F64
    failure: npt.NDArray[np.uint8]  # base.healing.Failure of the last try
    failing_since_s: F64
    last_frame: I64
    gpu_bytes: F64
    refined: npt.NDArray[np.bool_]

    def __init__(self, place: F64) -> None:
        self.place = place
        self.count = 0
        self.revision = 0
        self.sources: list[Source] = []
        self.matrices: list[F64] = []  # tile content's Z-up space -> world
        self.implicits: list[ImplicitTree] = []
        self.contents: dict[int, tuple[ContentRef, ...]] = {}
        self.faults: list[tuple[str, str]] = []  # URLs of files of which a part can't be used, and why
        self._unread: dict[int, ParsedTile] = {}  # those whose children are no rows yet
        self.request_shapes = Shapes()
        self.content_shapes = Shapes()
        self._grow(64)

    def _grow(self, capacity: int) -> None:
        for name, (dtype, shape, fill) in _COLUMNS.items():
            old = getattr(self, name, None)
            column: npt.NDArray[Any] = np.full((capacity, *shape), fill, dtype)
            if old is not None:
                column[:self.count] = old[:self.count]
            setattr(self, name, column)

    def _append(self, rows: int) -> int:
        first = self.count
        if first + rows > ROWS_MAX:
            raise TilesetError(f"The world would have {first + rows} tiles; the limit is {ROWS_MAX}.")
        if first + rows > len(self.parent):
            self._grow(max(first + rows, 2 * len(self.parent)))
        self.count = first + rows
        self.revision += 1
        return first

    # -- tileset.json ------------------------------------------------------------------------------
    def add_tileset(self, tileset: Tileset, url: str, tile: int = -1) -> int:
        """Add the tiles of a tileset.json, below row `tile` when it is an external one; returns its root's row."""
        return self.add_tilesets([(tileset, url)], tile)

    def add_tilesets(self, tilesets: list[tuple[Tileset, str]], tile: int) -> int:
        """Several beside each other; returns the first root's row, the others follow it."""
        chain = self.sources[self.source[tile]].chain if tile >= 0 else ()
        source = len(self.sources)
        roots = self._append(len(tilesets))
        self.sources += [Source(url, (*chain, plain_url(url)), tileset.content_z_up) for tileset, url in tilesets]
        self._write([tileset.root for tileset, _ in tilesets], roots, np.full(len(tilesets), tile),
                    np.arange(source, len(self.sources)))
        if tile >= 0:
            self.first_child[tile], self.child_count[tile] = roots, len(tilesets)
            self._expanded(tile)
        return roots

    def read(self, rows: I64) -> None:
        """Adds the children of rows that are not read yet. Where they can't be used, a tile stays without, and
        `faults` says why: the rest of the world goes on."""
        found: list[ParsedTile] = []
        parents: list[int] = []
        for row in rows[self.first_child[rows] < 0].tolist():
            tile = self._unread.pop(row, None)
            try:
                children = children_of(tile) if tile is not None else []
                if self.count + len(found) + len(children) > ROWS_MAX:
                    raise TilesetError(f"The world has more than {ROWS_MAX} tiles, the limit, at {tile and tile.path}.")
            except TilesetError as error:
                url = self.sources[self.source[row]].url
                self.faults.append((url, f"{url}: {error} The children of the tile above it are left out."))
                children = []
            self.first_child[row], self.child_count[row] = self.count + len(found), len(children)
            found += children
            parents += [row] * len(children)
        if found:
            above = np.array(parents)
            self._write(found, self._append(len(found)), above, self.source[above])
        elif len(rows):
            self.revision += 1

    def _write(self, tiles: list[ParsedTile], first: int, above: I64, sources: I64 | I32) -> None:
        """Fills rows from `first` on, in one go: each numpy call counts. above: their parents, -1 for none."""
        rows = np.arange(first, first + len(tiles))
        matrices = [self._matrix(tile.transform, int(self.matrix[row]) if row >= 0 else -1)
                    for tile, row in zip(tiles, above.tolist(), strict=True)]
        self._leave_out_lost(tiles, matrices, above, sources)
        self.parent[rows], self.matrix[rows], self.source[rows] = above, matrices, sources
        self.child_count[rows] = [len(tile.unread) for tile in tiles]
        self.level[rows] = np.where(above >= 0, self.level[above] + 1, 0)
        self.add[rows] = [tile.add for tile in tiles]
        worlds = np.stack([self.matrices[number] for number in matrices])
        boxes = np.flatnonzero([tile.volume.kind == "box" for tile in tiles])
        if len(boxes):
            values = np.array([tiles[number].volume.values for number in boxes.tolist()])
            self.geo[rows[boxes]] = box_rows(values, worlds[boxes])
        scales = np.sqrt((worlds[:, :3, :3] ** 2).sum(axis=1).max(axis=1))
        errors = np.array([tile.geometric_error_m for tile in tiles]) * scales
        for row, tile, world in zip(rows.tolist(), tiles, worlds, strict=True):
            if tile.volume.kind != "box":
                self.geo[row] = pack(shape_of(tile.volume, world, self.place), 0.0)
            self.geo[row, 16] = errors[row - first]
            self._write_one(row, tile, world)

    def _leave_out_lost(self, tiles: list[ParsedTile], matrices: list[int], above: I64, sources: I64 | I32) -> None:
        """Those that transforms in transforms take beyond all numbers: nothing else could be computed with them."""
        reach = np.abs(np.stack([self.matrices[number] for number in matrices])).max(axis=(1, 2))
        for number in np.flatnonzero(~(reach < NUMBER_MAX)).tolist():
            tile, url = tiles[number], self.sources[sources[number]].url
            self.faults.append((url, f"{url}: {tile.path}.transform, with those above it, goes beyond "
                                     f"{NUMBER_MAX:g}. The tile is left out."))
            tiles[number] = tile._replace(contents=(), implicit=None, request_volume=None, unread=[])
            matrices[number] = self._matrix(None, int(self.matrix[above[number]]) if above[number] >= 0 else -1)

    def _matrix(self, own: F64 | None, above: int) -> int:
        if own is None and above >= 0:
            return above
        base = self.matrices[above] if above >= 0 else self.place
        self.matrices.append(base @ own if own is not None else base)
        return len(self.matrices) - 1

    def _write_one(self, row: int, parsed: ParsedTile, world: F64) -> None:
        self.contents[row] = parsed.contents
        if parsed.unread:
            self._unread[row] = parsed
        if parsed.request_volume is not None:
            self.request[row] = self.request_shapes.add(shape_of(parsed.request_volume, world, self.place))
        if parsed.content_volume is not None:
            self.content_shape[row] = self.content_shapes.add(shape_of(parsed.content_volume, world, self.place))
        if parsed.implicit is not None:
            self.kind[row], self.implicit[row] = SUBTREE, len(self.implicits)
            self.implicits.append(ImplicitTree(parsed.implicit, parsed.contents, parsed.volume, world,
                                               float(self.geo[row, 16])))  # fmt: skip
            return
        if parsed.contents:
            self.kind[row] = content_kind(parsed.contents)
            self.size_bytes[row] = min(sum(item.size_bytes for item in parsed.contents), 2**32 - 1)

    def _expanded(self, tile: int) -> None:
        """An external tileset's tile now has its child; what else it holds is drawn as usual."""
        rest = tuple(item for item in self.contents.get(tile, ()) if not item.is_tileset)
        self.contents[tile] = rest
        self.kind[tile], self.passes[tile] = content_kind(rest), True

    # -- subtrees ----------------------------------------------------------------------------------
    def add_subtree(self, tile: int, subtree: Subtree) -> None:
        """Add the tiles that a subtree file makes available below its root, row `tile`."""
        shared = self.implicits[self.implicit[tile]]
        dimensions, base = shared.spec.dimensions, self.address[tile]
        levels = min(shared.spec.subtree_levels, shared.spec.available_levels - int(base[0]) - 1)
        rows = np.array([tile], np.int64)
        codes = np.zeros(1, np.int64)
        self._set_contents(rows, subtree.contents[:, :1])
        for level in range(1, levels + 1):
            below = level == shared.spec.subtree_levels
            start = level_start(level, dimensions)
            bits = subtree.children if below else subtree.tiles[start:start + (1 << (dimensions * level))]
            found = np.flatnonzero(bits).astype(np.int64)
            if not len(found):
                break
            parents = rows[np.searchsorted(codes, found >> dimensions)]
            rows, codes = self._add_level(tile, level, found, parents), found
            if below:
                self.kind[rows] = SUBTREE
            else:
                self._set_contents(rows, subtree.contents[:, start + found])
        self.revision += 1

    def _set_contents(self, rows: I64, available: npt.NDArray[np.bool_]) -> None:
        weights = (np.uint64(1) << np.arange(len(available), dtype=np.uint64))[:, None]
        self.content_mask[rows] = np.where(available, weights, np.uint64(0)).sum(axis=0, dtype=np.uint64)
        self.kind[rows] = np.where(available.any(axis=0), MODEL, NONE)

    def _add_level(self, tile: int, level: int, codes: I64, parents: I64) -> I64:
        shared = self.implicits[self.implicit[tile]]
        first = self._append(len(codes))
        rows = np.arange(first, first + len(codes), dtype=np.int64)
        own, starts, counts = np.unique(parents, return_index=True, return_counts=True)
        self.first_child[own], self.child_count[own] = rows[starts], counts
        self.parent[rows] = parents
        for name in ("add", "matrix", "source", "implicit"):
            column = getattr(self, name)
            column[rows] = column[tile]
        self.level[rows] = self.level[tile] + level
        address = np.zeros((len(codes), 4), np.int64)
        address[:, 0] = self.address[tile, 0] + level
        base = self.address[tile, 1:1 + shared.spec.dimensions] << level
        address[:, 1:1 + shared.spec.dimensions] = base + deinterleave(codes, shared.spec.dimensions)
        self.address[rows] = address
        self.geo[rows] = implicit_shapes(shared, address, self.place)
        return rows

    # -- content -----------------------------------------------------------------------------------
    def content_of(self, row: int) -> list[tuple[str, str, int]]:
        """(URL, sha256 prefix, size in bytes) of each model of a row."""
        url = self.sources[self.source[row]].url
        number = int(self.implicit[row])
        if number < 0:
            return [(resolve(url, item.uri), item.sha256, item.size_bytes) for item in self.contents[row]]
        address = [int(value) for value in self.address[row]]
        mask = int(self.content_mask[row])
        return [(resolve(url, fill_template(item.uri, *address)), "", item.size_bytes)
                for index, item in enumerate(self.implicits[number].contents) if mask >> index & 1]

    def expansions_of(self, row: int) -> list[str]:
        """URLs of the files that add rows below a TILESET or SUBTREE row; raises TilesetError on a cycle."""
        source = self.sources[self.source[row]]
        if self.kind[row] == SUBTREE:
            template = self.implicits[self.implicit[row]].spec.subtree_uri
            return [resolve(source.url, fill_template(template, *(int(value) for value in self.address[row])))]
        return [self._nested(source, resolve(source.url, item.uri)) for item in self.contents[row] if item.is_tileset]

    def _nested(self, source: Source, url: str) -> str:
        if plain_url(url) in source.chain:
            raise TilesetError(f"The tileset {url} contains itself, through {' -> '.join(source.chain)}; "
                               "the tile that names it stays empty.")
        if len(source.chain) >= CHAIN_MAX:
            raise TilesetError(f"The tileset {url} is nested in {len(source.chain)} others; the limit is {CHAIN_MAX}.")
        return url

    def hashes_of(self, row: int) -> list[str]:
        """sha256 prefixes that the names of those files state, "" = none."""
        if self.kind[row] == SUBTREE:
            return [""]
        return [item.sha256 for item in self.contents.get(row, ()) if item.is_tileset]

    def flatten_of(self, row: int) -> F64:
        """4x4 float64: glTF content -> world axes, relative to `origin_of` the row."""
        world = self.matrices[self.matrix[row]]
        if not self.sources[self.source[row]].content_z_up:
            world = world @ geo.Z_UP_FROM_Y_UP
        flatten: F64 = world.copy()
        flatten[:3, 3] -= self.origin_of(row)
        return flatten

    def origin_of(self, row: int) -> F64:
        """What a row's vertices are relative to: its own space's origin where that is near, else its bounds' centre.

        The first keeps quantised vertices as they are; the second keeps them small whatever the transforms.
        """
        geometry = self.geo[row]
        own = self.matrices[self.matrix[row]][:3, 3]
        reach = float(np.linalg.norm(geometry[12:15])) + float(geometry[15])
        near = float(np.linalg.norm(own - geometry[:3])) <= 2.0 * reach
        return np.array(own if near else geometry[:3])


def implicit_shapes(shared: ImplicitTree, address: I64, place: F64) -> F64:
    """Geometry rows of tiles of one level, each a part of the root's volume."""
    level, dimensions = int(address[0, 0]), shared.spec.dimensions
    parts = float(1 << level)
    error = shared.geometric_error_m / parts
    values = np.asarray(shared.volume.values)
    if shared.volume.kind == "region":
        return np.stack([pack(shape_of(_part_of_region(values, row, parts, dimensions), shared.matrix, place), error)
                         for row in address])
    split = np.array([parts, parts, parts if dimensions == 3 else 1.0])
    half_axes = values[3:].reshape(3, 3) @ shared.matrix[:3, :3].T
    center = shared.matrix[:3, :3] @ values[:3] + shared.matrix[:3, 3]
    axes, half = fit_axes(half_axes / split[:, None])
    rows = np.zeros((len(address), GEO_COLUMNS))
    rows[:, :3] = center + ((2.0 * address[:, 1:] + 1.0) / split - 1.0) @ half_axes
    rows[:, 3:12], rows[:, 12:15], rows[:, 16] = axes.ravel(), half, error
    return rows


def _part_of_region(values: F64, address: I64, parts: float, dimensions: int) -> Volume:
    west, south, east, north, low, high = values
    width = (east - west + (2 * np.pi if east < west else 0.0)) / parts
    depth = (north - south) / parts
    if dimensions == 3:
        step = (high - low) / parts
        low, high = low + address[3] * step, low + (address[3] + 1) * step
    x, y = west + address[1] * width, south + address[2] * depth
    return Volume("region", (x, y, x + width, y + depth, low, high))


def content_kind(contents: tuple[ContentRef, ...]) -> int:
    """NONE, MODEL or TILESET."""
    return TILESET if any(item.is_tileset for item in contents) else (MODEL if contents else NONE)


def plain_url(url: str) -> str:
    """A URL without query and fragment: what a cycle of tilesets is recognised by."""
    return url.split("#", 1)[0].split("?", 1)[0]


def resolve(base: str, uri: str) -> str:
    """A content's URL; only relative, http and https ones are followed."""
    try:
        scheme = urlsplit(uri).scheme
        joined = urljoin(base, uri)
    except ValueError as error:
        raise TilesetError(f"The URI {uri[:120]!r} can't be read: {error}.") from None
    if scheme not in ("", "http", "https"):
        raise TilesetError(f"The URI {uri[:120]!r} has the scheme {scheme!r}; "
                           "relative, http and https URIs are followed.")
    return joined
