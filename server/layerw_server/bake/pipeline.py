"""`layerw bake`: a source and an output folder in, a complete world out, or nothing.

Owns: the order of the steps, worker processes, progress, the staging folder and its swap.
Does not: know how a tile is made (tilework.py) or what the source is (heightfield.py, island.py).
Limits: needs room for the world beside the output folder while it works; an old world stays valid until the
new one is complete. Bytes are the same for every number of processes.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from layerw_server.bake import ground
from layerw_server.bake.errors import BakeError
from layerw_server.bake.fields import Fields, derive
from layerw_server.bake.heightfield import HeightField, load_dem
from layerw_server.bake.quadtree import Node, Plan, make_plan, snap
from layerw_server.bake.textures import U8, halve
from layerw_server.bake.tileset import TilesetWriter, dumps
from layerw_server.bake.tilework import TILES_FOLDER, TileRecord, World, write_branch, write_tile

BRANCH_LEVEL = 3  # branches of this level are the unit of work for a process
TEXELS_DEFAULT, TEXELS_MAX = 384, 1024
JOBS_MAX = 64
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class BakeResult:
    """What was written."""

    out: Path
    tiles: int
    size_bytes: int
    seconds: float


def bake(
    field: HeightField, out: Path, *, jobs: int | None = None, texels: int = TEXELS_DEFAULT, quality: int = 80,
    progress: Progress = lambda step, done, total: None, seed: int = 0,
) -> BakeResult:
    """Bake a height field into the folder `out`, which is replaced at the very end.

    Raises:
        BakeError: `out` exists and is no world, or an option is out of its range.
    """
    started = time.monotonic()
    workers = _check(out, jobs, texels, quality)
    stage = out.parent / f".{out.name}.partial"
    shutil.rmtree(stage, ignore_errors=True)
    (stage / TILES_FOLDER).mkdir(parents=True)
    try:
        count, size_bytes = _bake_into(field, stage, workers, texels, quality, seed, progress)
        _swap(stage, out)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return BakeResult(out, count, size_bytes, time.monotonic() - started)


def _check(out: Path, jobs: int | None, texels: int, quality: int) -> int:
    if not 16 <= texels <= TEXELS_MAX:
        raise BakeError(f"The texture side is {texels} texels, but must lie between 16 and {TEXELS_MAX}.")
    if not 30 <= quality <= 95:
        raise BakeError(f"The JPEG quality is {quality}, but must lie between 30 and 95.")
    workers = jobs if jobs is not None else max(1, min(8, os.cpu_count() or 1))
    if not 1 <= workers <= JOBS_MAX:
        raise BakeError(f"jobs is {workers}, but must lie between 1 and {JOBS_MAX}.")
    check_out(out)
    return workers


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
    field: HeightField, stage: Path, workers: int, texels: int, quality: int, seed: int, progress: Progress,
) -> tuple[int, int]:
    progress("measure", 0, 1)
    heights, steps_m = snap(field)
    snapped = HeightField(heights, field.levels, field.cell_x_m, field.cell_y_m, field.name, field.sea_level_m,
                          field.layers, field.biome, field.source)
    plan = make_plan(snapped, steps_m)
    fields = derive(snapped, seed)
    progress("measure", 1, 1)
    world = World(field.cells, field.cell_x_m, field.cell_y_m, steps_m, field.sea_level_m, field.biome, texels,
                  quality, seed)
    records = _write_tiles(world, fields, plan, stage, workers, progress)
    extras = ground.world_extras(snapped, fields, stage)
    document = TilesetWriter(records, stage).write(plan.root, extras)
    (stage / "tileset.json").write_bytes(dumps(document))
    size_bytes = sum(f.stat().st_size for f in stage.rglob("*") if f.is_file())
    return len(records), size_bytes


def _write_tiles(
    world: World, fields: Fields, plan: Plan, stage: Path, workers: int, progress: Progress,
) -> dict[str, TileRecord]:
    records: dict[str, TileRecord] = {}
    textures: dict[str, U8] = {}
    total = len(plan.root.walk())
    branches = _branches(plan.root)
    for name, (more, texture) in _run(world, fields, branches, stage, workers):
        records.update(more)
        textures[name] = texture
        progress("tiles", len(records), total)
    _write_top(world, fields, plan.root, stage, records, textures)
    progress("tiles", len(records), total)
    return records


def _branches(node: Node) -> list[Node]:
    if node.level == BRANCH_LEVEL or not node.children:
        return [node]
    return [branch for child in node.children for branch in _branches(child)]


def _write_top(
    world: World, fields: Fields, node: Node, stage: Path, records: dict[str, TileRecord], textures: dict[str, U8],
) -> U8:
    if node.name in textures:
        return textures.pop(node.name)
    a, b, c, d = (_write_top(world, fields, child, stage, records, textures) for child in node.children)
    texture = halve((a, b, c, d))
    records[node.name] = write_tile(world, fields, node, texture, stage)
    return texture


Job = tuple[str, tuple[dict[str, TileRecord], U8]]


def _run(world: World, fields: Fields, branches: list[Node], stage: Path, workers: int) -> Iterator[Job]:
    if workers == 1 or len(branches) == 1:
        for branch in branches:
            yield branch.name, write_branch(world, fields, branch, stage)
        return
    with tempfile.TemporaryDirectory(prefix="layerw-bake-") as scratch:
        fields.save(Path(scratch))
        yield from _run_pool(world, Path(scratch), branches, stage, workers)


def _run_pool(world: World, scratch: Path, branches: list[Node], stage: Path, workers: int) -> Iterator[Job]:
    largest_first = sorted(branches, key=lambda b: -len(b.walk()))
    context = multiprocessing.get_context("spawn")  # the same on every system; no threads to inherit
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_worker_start, initargs=(world, scratch, stage))
    try:
        names: dict[Future[tuple[dict[str, TileRecord], U8]], str] = {
            pool.submit(_worker_branch, b): b.name for b in largest_first}
        pending = set(names)
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda f: names[f]):
                yield names[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_worker: tuple[World, Fields, Path] | None = None


def _worker_start(world: World, scratch: Path, stage: Path) -> None:
    global _worker
    _worker = (world, Fields.load(scratch), stage)


def _worker_branch(branch: Node) -> tuple[dict[str, TileRecord], U8]:
    assert _worker is not None, "the pool's initializer did not run"
    world, fields, stage = _worker
    return write_branch(world, fields, branch, stage)


def _swap(stage: Path, out: Path) -> None:
    """Put the finished world in place with renames: at no moment does a half world have the final name."""
    old = out.parent / f".{out.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    stage.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def cli_bake(
    source: Path | None, out: Path, *, procedural: str | None = None, seed: int = 1, levels: int | None = None,
    jobs: int | None = None, cell_m: float | None = None, latitude: float | None = None, key: str = "elevation",
    texels: int = TEXELS_DEFAULT, quality: int = 80,
) -> None:
    """What `layerw bake` runs: a rich progress bar, one line at the end; bad input exits with one sentence."""
    from layerw_server.bake.console import BakeProgress

    started = time.monotonic()
    try:
        check_out(out)
        with BakeProgress() as bar:
            field = _open(source, procedural, seed, levels, cell_m, latitude, key, bar.update)
            result = bake(field, out, jobs=jobs, texels=texels, quality=quality, seed=seed, progress=bar.update)
        bar.finish(result.tiles, result.size_bytes, time.monotonic() - started, out)
    except BakeError as error:
        raise SystemExit(f"layerw bake: {error}") from None
    except BrokenProcessPool:
        raise SystemExit("layerw bake: A worker process was killed (often for want of memory, about 0.7 GB each); "
                         "nothing was written. Try a smaller --jobs.") from None
    except OSError as error:
        raise SystemExit(f"layerw bake: {out} can't be written ({error}); nothing was left behind.") from None


def _open(
    source: Path | None, procedural: str | None, seed: int, levels: int | None, cell_m: float | None,
    latitude: float | None, key: str, progress: Progress,
) -> HeightField:
    if (source is None) == (procedural is None):
        raise BakeError("Give either a DEM (.npz) or --procedural island, not both and not neither.")
    if source is not None:
        return load_dem(source, cell_m=cell_m, latitude=latitude, levels=levels, key=key)
    if procedural != "island":
        raise BakeError(f"There is no procedural world {procedural!r}; the one there is, is 'island'.")
    from layerw_server.bake.island import make_island

    return make_island(seed, levels=levels, progress=progress)
