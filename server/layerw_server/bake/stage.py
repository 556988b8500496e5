"""The folder beside the output in which a world grows: what is finished there, and the swap at the end.

Owns: `.NAME.partial/` with tiles/ and work/; work/state.json names what is being baked, so that a bake of the same
source with the same options continues, and any other starts anew.
Does not: make tiles.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from layerw_server.bake.grids import BAND_ROWS
from layerw_server.bake.heightfield import HeightField
from layerw_server.bake.textures import U8
from layerw_server.bake.tilework import TILES_FOLDER, TileRecord, World

FORMAT = 4  # of the stage and of the tiles in it; raise it when either changes
Branch = tuple[dict[str, TileRecord], U8]


class Stage:
    """A staging folder for the world `out`, opened for one source and its options."""

    def __init__(self, out: Path, key: str) -> None:
        self.out, self.folder = out, out.parent / f".{out.name}.partial"
        self.work = self.folder / "work"
        if self._key() != key:
            self.discard()
        (self.folder / TILES_FOLDER).mkdir(parents=True, exist_ok=True)
        self.work.mkdir(exist_ok=True)
        (self.work / "state.json").write_text(json.dumps({"key": key}), encoding="utf-8")

    def _key(self) -> str:
        try:
            state: Any = json.loads((self.work / "state.json").read_bytes())
            return str(state["key"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def discard(self) -> None:
        """Remove everything that was staged."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def save_branch(self, name: str, branch: Branch) -> None:
        """Note that a branch is finished; its record is complete or absent."""
        save_branch(self.work, name, branch)

    def finished(self, name: str) -> dict[str, TileRecord] | None:
        """The records of a branch that an earlier run finished, if all its files are there."""
        try:
            raw: Any = json.loads((self.work / f"branch-{name}.json").read_bytes())
            records = {key: TileRecord(r["uri"], r["size_bytes"], tuple(r["centre"]), tuple(r["low"]), tuple(r["high"]),
                                       tuple((uri, size) for uri, size in r["more"]))
                       for key, r in raw.items()}
            self.texture(name)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        there = all(_size(self.folder / uri) == size for r in records.values()
                    for uri, size in ((r.uri, r.size_bytes), *r.more))
        return records if there else None

    def texture(self, name: str) -> U8:
        """The texture at the top of a finished branch."""
        texture: U8 = np.load(self.work / f"branch-{name}.npy")
        return texture

    def swap(self) -> None:
        """Put the finished world in place with renames: at no moment does a half world have the final name."""
        shutil.rmtree(self.work)
        put_in_place(self.folder, self.out)


def put_in_place(folder: Path, out: Path) -> None:
    """Give a finished folder its name, in the place of an older one beside it."""
    old = out.parent / f".{out.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    folder.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def save_branch(work: Path, name: str, branch: Branch) -> None:
    """Write a branch's texture, then its records, which make it count."""
    records, texture = branch
    np.save(work / f"branch-{name}.npy", texture)
    part = work / f"branch-{name}.part"
    part.write_text(json.dumps({key: asdict(record) for key, record in records.items()}), encoding="utf-8")
    part.rename(work / f"branch-{name}.json")


def key_of(field: HeightField, world: World, photo: U8 | None = None) -> str:
    """A digest of everything that the bytes of a world depend on."""
    said = f"{FORMAT} {field.levels} {world} {field.source} {field.georeference} {field.shaping}"
    digest = hashlib.blake2b(said.encode())
    grids: list[Any] = [field.heights, *(field.layers[name] for name in sorted(field.layers))]
    for grid in grids if photo is None else [*grids, photo]:
        for first in range(0, grid.shape[0], BAND_ROWS):
            digest.update(np.ascontiguousarray(grid[first : first + BAND_ROWS]).data)
    return digest.hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
