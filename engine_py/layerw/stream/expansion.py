"""What files add to the tree: external tilesets or a subtree, at the row that names them."""

from __future__ import annotations

from layerw.stream.errors import DamagedFile, TilesetError
from layerw.stream.implicit import outside_buffers, parse_subtree
from layerw.stream.tileset import parse_tileset
from layerw.stream.tree import SUBTREE, TileTree, resolve


def more_files(tree: TileTree, row: int, payloads: list[bytes]) -> list[str]:
    """URLs that what came names and needs: buffers of a subtree, in their order. Raises TilesetError."""
    if tree.kind[row] != SUBTREE or len(payloads) > 1:
        return []
    base = tree.expansions_of(row)[0]
    try:
        return [resolve(base, uri) for _, uri in outside_buffers(payloads[0])]
    except TilesetError as error:
        raise DamagedFile(str(error)) from None


def expand(tree: TileTree, row: int, payloads: list[bytes]) -> None:
    """Adds the rows of files; raises TilesetError, DamagedFile where other bytes may do better."""
    if tree.kind[row] != SUBTREE:
        tilesets = [parse_tileset(payload) for payload in payloads]
        tree.add_tilesets(list(zip(tilesets, tree.expansions_of(row), strict=True)), row)
        return
    shared = tree.implicits[tree.implicit[row]]
    try:
        tree.add_subtree(row, parse_subtree(payloads[0], shared.spec, len(shared.contents), payloads[1:]))
    except TilesetError as error:
        raise DamagedFile(str(error)) from None  # bits without a meaning of their own: any fault may be damage
