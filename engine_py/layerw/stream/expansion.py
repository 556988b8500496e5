"""What a file adds to the tree: an external tileset or a subtree, at the row that names it."""

from __future__ import annotations

from layerw.stream.errors import DamagedFile, TilesetError
from layerw.stream.implicit import parse_subtree
from layerw.stream.tileset import parse_tileset
from layerw.stream.tree import SUBTREE, TileTree


def expand(tree: TileTree, row: int, payload: bytes) -> None:
    """Adds the rows of a file; raises TilesetError, DamagedFile where other bytes may do better."""
    if tree.kind[row] != SUBTREE:
        tree.add_tileset(parse_tileset(payload), tree.expansion_of(row), row)
        return
    shared = tree.implicits[tree.implicit[row]]
    try:
        tree.add_subtree(row, parse_subtree(payload, shared.spec, len(shared.contents)))
    except TilesetError as error:
        raise DamagedFile(str(error)) from None  # bits without a meaning of their own: any fault may be damage
