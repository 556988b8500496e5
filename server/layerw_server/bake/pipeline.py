"""A height field and an output folder in, a complete world out, or nothing.

Owns: the order of the steps and what becomes of the staging folder.
Does not: know how a tile is made (tilework.py), what the source is (sources/, island.py) or what is printed
        (command.py).
Limits: needs room for the world and about twice its grid beside the output folder while it works; an old world stays
valid until the new one is complete. Bytes are the same for every number of processes, and for a bake that was stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw_server.bake import cluster, codecs, ground, workers
from layerw_server.bake.carve import Shaper
from layerw_server.bake.errors import BakeError
from layerw_server.bake.fields import Fields, derive, snap
from layerw_server.bake.heightfield import F32, HeightField
from layerw_server.bake.props import X, Z, make_props, raise_errors
from layerw_server.bake.quadtree import Node, make_plan, quantisation_steps
from layerw_server.bake.sources.photo import Photo
from layerw_server.bake.stage import Stage, key_of
from layerw_server.bake.textures import U8, halve
from layerw_server.bake.tileset import TilesetWriter, dumps
from layerw_server.bake.tilework import TileRecord, World, write_tile
from layerw_server.bake.waters import Waters
from layerw_server.bake.waters import find as find_waters
from layerw_server.bake.waters import write as write_waters

BRANCH_LEVEL, BRANCH_LEVELS = 3, 4  # branches, the unit of work, start at this level or have so many levels
TEXELS_DEFAULT, TEXELS_MAX = 384, 1024
JOBS_MAX = 64
Hands = Callable[[World, list[Node], Path, Path], Iterator[tuple[str, dict[str, TileRecord]]]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class BakeResult:
    """What was written; `continued` tiles of it by an earlier bake that was stopped."""

    out: Path
    tiles: int
    size_bytes: int
    seconds: float
    continued: int = 0


def bake(
    field: HeightField, out: Path, *, jobs: int | None = None, texels: int = TEXELS_DEFAULT, quality: int = 80,
    progress: Progress = lambda step, done, total: None, seed: int = 0, images: str = "jpeg", is_packed: bool = False,
    photo: Photo | None = None, dress: bool = False, scheduler: str | None = None,
) -> BakeResult:
    """Bake a height field into the folder `out`, which is replaced at the very end.

    `images` is one of codecs.TEXTURES, `is_packed` packs meshes by meshoptimizer, `photo` lies on the ground,
    `dress` puts trees and rocks on it; `scheduler` is the address of a dask cluster whose workers make the tiles.

    Stopped by KeyboardInterrupt (or for want of memory), the finished tiles stay in `.NAME.partial` beside `out`, and
    the same call continues with them.

    Raises:
        BakeError: `out` exists and is no world, or an option is out of its range.
    """
    started = time.monotonic()
    processes = _check(out, jobs, texels, quality)
    _check_codecs(images, is_packed, texels)
    steps_m = quantisation_steps(field)
    world = World(field.cells, field.cell_x_m, field.cell_y_m, steps_m, field.sea_level_m, field.biome, texels,
                  quality, seed, images, is_packed, photo.drape if photo is not None else None,
                  dress, field.source.get("kind") == "city")
    client = None if scheduler is None else cluster.connect(scheduler)
    key = key_of(field, world, None if photo is None else photo.pixels)
    stage = Stage(out, key)
    try:
        progress("measure", 0, field.levels)
        field, waters = _shaped(field, stage.work)
        field = snap(field, steps_m[-1], stage.work)  # mapped from here on: a caller that lets go frees the array
        if photo is not None:
            np.save(stage.work / "photo.npy", photo.pixels)
            photo = None
        fields = derive(field, stage.work, seed)
        field = replace(field, layers={})
        if world.is_dressed or world.is_city:
            made = make_props(field, fields, dress=dress, seed=seed)
            np.save(stage.work / "props.npy", made[:, _is_dry(made, field, fields)])
            fields = Fields.load(stage.work)
        count, continued = _bake_into(field, fields, world, stage, _hands(client, processes, key), progress, waters)
        size_bytes = sum(f.stat().st_size for f in stage.folder.rglob("*") if f.is_file() and f.parent != stage.work)
        stage.swap()
    except (KeyboardInterrupt, BrokenProcessPool, cluster.ClusterError):
        raise  # what is finished stays
    except BaseException:
        stage.discard()
        raise
    finally:
        if client is not None:
            cluster.close(client)
    return BakeResult(out, count, size_bytes, time.monotonic() - started, continued)


def _shaped(field: HeightField, work: Path) -> tuple[HeightField, Waters | None]:
    """Let rivers, lakes and roads shape the heights; what tiles need of them goes into `work`."""
    shaping = field.shaping
    if not (shaping.has_water or shaping.roads):
        return field, None
    waters = find_waters(field, shaping) if shaping.has_water else None
    shaper = Shaper(field, waters)
    if shaper.lakes is not None:
        np.save(work / "lakes.npy", shaper.lakes)
    if waters is not None and waters.rivers:
        np.save(work / "rivers.npy", shaper.ribbons)
    return shaper.write(work), waters


def _hands(client: Any, processes: int, key: str) -> Hands:
    """Who makes branches: processes here, or a cluster."""
    if client is None:
        return partial(workers.run, workers=processes)
    return partial(cluster.run, client, key=key)


def _is_dry(made: F32, field: HeightField, fields: Fields) -> npt.NDArray[np.bool_]:
    """Which of the props stand neither in a river or lake nor on a road."""
    def at(grid: F32) -> F32:
        n = grid.shape[0] - 1
        row, column = (np.clip(np.rint((made[k] / size + 0.5) * n), 0, n).astype(np.int64)
                       for k, size in ((Z, field.size_m[1]), (X, field.size_m[0])))
        values: F32 = grid[row, column]
        return values

    dry: npt.NDArray[np.bool_] = (at(fields.fresh) > 0.2) & (at(fields.road) < 0.1)
    return dry


def _check(out: Path, jobs: int | None, texels: int, quality: int) -> int:
    if not 16 <= texels <= TEXELS_MAX:
        raise BakeError(f"The texture side is {texels} texels, but must lie between 16 and {TEXELS_MAX}.")
    if not 30 <= quality <= 95:
        raise BakeError(f"The JPEG quality is {quality}, but must lie between 30 and 95.")
    processes = jobs if jobs is not None else max(1, min(8, os.cpu_count() or 1))
    if not 1 <= processes <= JOBS_MAX:
        raise BakeError(f"jobs is {processes}, but must lie between 1 and {JOBS_MAX}.")
    check_out(out)
    return processes


def _check_codecs(images: str, is_packed: bool, texels: int) -> None:
    if images not in codecs.TEXTURES:
        raise BakeError(f"The textures are {images!r}, but must be one of {', '.join(codecs.TEXTURES)}.")
    if images in codecs.KTX2:
        codecs.need_ktx2(f"--textures {images}")
        if texels % 4:
            raise BakeError(f"The texture side is {texels} texels, but must be a multiple of 4 for KTX2.")
    if is_packed:
        codecs.need_meshopt("--meshopt")


def check_out(out: Path) -> None:
    """Refuse an output path that holds anything but a world (or nothing)."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise BakeError(f"{out} exists and is not a folder; give the path of a folder for the world.")
    if out.is_dir() and any(out.iterdir()) and not _is_world(out):
        raise BakeError(f"{out} exists and is no world made by layerw bake; give a new folder, or remove it yourself.")
    if not out.parent.is_dir():
        raise BakeError(f"The folder {out.parent} does not exist, so {out} can't be made in it.")


def _is_world(out: Path) -> bool:
    try:
        with (out / "tileset.json").open("rb") as file:
            return b'"layerw"' in file.read()
    except OSError:
        return False


def _bake_into(
    field: HeightField, fields: Fields, world: World, stage: Stage, hands: Hands, progress: Progress,
    waters: Waters | None,
) -> tuple[int, int]:
    plan = make_plan(field, world.steps_m, progress)
    if fields.props is not None:
        raise_errors(plan.root, fields.props, field)
    records, continued = _write_tiles(world, fields, plan.root, field.levels, stage, hands, progress)
    extras = ground.world_extras(field, fields, stage.folder)
    if waters is not None and (waters.lakes or waters.rivers):
        extras["water"] = write_waters(waters, field, stage.folder)
    document = TilesetWriter(records, stage.folder).write(plan.root, extras)
    (stage.folder / "tileset.json").write_bytes(dumps(document))
    return len(records), continued


def _write_tiles(
    world: World, fields: Fields, root: Node, levels: int, stage: Stage, hands: Hands, progress: Progress,
) -> tuple[dict[str, TileRecord], int]:
    records: dict[str, TileRecord] = {}
    total = len(root.walk())
    branches = _branches(root, max(BRANCH_LEVEL, levels - BRANCH_LEVELS))
    left = []
    for branch in branches:
        finished = stage.finished(branch.name)
        if finished is None:
            left.append(branch)
        else:
            records.update(finished)
    continued = len(records)
    progress("tiles", continued, total)
    for _, more in hands(world, left, stage.folder, stage.work):
        records.update(more)
        progress("tiles", len(records), total)
    _write_top(world, fields, root, stage, records)
    progress("tiles", len(records), total)
    return records, continued


def _branches(node: Node, level: int) -> list[Node]:
    if node.level == level or not node.children:
        return [node]
    return [branch for child in node.children for branch in _branches(child, level)]


def _write_top(world: World, fields: Fields, node: Node, stage: Stage, records: dict[str, TileRecord]) -> U8:
    if node.name in records:
        return stage.texture(node.name)
    a, b, c, d = (_write_top(world, fields, child, stage, records) for child in node.children)
    texture = halve((a, b, c, d))
    records[node.name] = write_tile(world, fields, node, texture, stage.folder)
    return texture
