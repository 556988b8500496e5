"""What `layerw bake` runs: progress, notes, one line at the end; bad input and Ctrl-C end with one sentence."""

from __future__ import annotations

import signal
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from layerw_server.bake import climate
from layerw_server.bake.console import BakeProgress
from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import TILE_CELLS, HeightField
from layerw_server.bake.pipeline import TEXELS_DEFAULT, Progress, bake, check_out

if TYPE_CHECKING:
    from layerw_server.bake.sources.photo import Photo

MODELS = (".glb", ".gltf")
SPLATS = (".ply", ".spz")
RECIPE = ".toml"
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def cli_bake(
    sources: list[Path], out: Path, *, procedural: str | None = None, seed: int | None = None,
    levels: int | None = None, jobs: int | None = None, cell_m: float | None = None, latitude: float | None = None,
    key: str = "elevation", heights_m: tuple[float, float] | None = None, texels: int = TEXELS_DEFAULT,
    quality: int = 80, imagery: Path | None = None, textures: str | None = None, meshopt: bool | None = None,
    size_km: float | None = None, side_max: int = 4096, dress: bool = False, scheduler: str | None = None,
) -> None:
    """Bake a height field, read or made, or models, into `out`.

    Raises:
        SystemExit: with a sentence (status 1), or with 130 after Ctrl-C.
    """
    started = time.monotonic()
    bar = BakeProgress()
    try:
        if scheduler is not None and sources and (_are_splats(sources, out) or _are_models(sources)):
            raise BakeError("--scheduler is for elevations and procedural worlds; models and splats are baked here.")
        if _are_splats(sources, out):
            _splats(_one(sources), out, bar)
            return
        check_out(out)
        if _are_models(sources):
            _models(sources, out, textures, quality, meshopt, side_max, bar)
            return
        source = _one(sources)
        with bar:
            field, dress = _open(source, procedural, seed, levels, cell_m, latitude, key, heights_m, size_km, dress,
                                 bar)
            number = int(field.source.get("seed", 1 if seed is None else seed))
            photo = None if imagery is None else _photo(imagery, field, texels, bar)
            photos, fields = [photo], [field]  # bake lets go of both once they are in files
            del field, photo
            result = bake(fields.pop(), out, jobs=jobs, texels=texels, quality=quality, seed=number,
                          progress=bar.update, images=textures or "jpeg", is_packed=bool(meshopt),
                          photo=photos.pop(), dress=dress, scheduler=scheduler)
        bar.finish(result.tiles, result.size_bytes, time.monotonic() - started, out, result.continued)
    except KeyboardInterrupt:
        _once()
        text = f"Stopped; {out} is as it was." if _are_models(sources) else bar.stopped(out)
        print(f"layerw bake: {text}", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except BakeError as error:
        raise SystemExit(f"layerw bake: {error}") from None
    except BrokenProcessPool:
        raise SystemExit("layerw bake: A worker process was killed (often for want of memory, about 0.4 GB each); "
                         "finished tiles are kept. Try the same with a smaller --jobs.") from None
    except MemoryError:
        raise SystemExit("layerw bake: There is not enough memory for a world of this size; try fewer --levels or a "
                         "smaller source.") from None
    except OSError as error:
        raise SystemExit(f"layerw bake: {out} can't be written ({error}); nothing was left behind.") from None


def _are_models(sources: list[Path]) -> bool:
    return bool(sources) and all(path.suffix.lower() in MODELS for path in sources)


def _are_splats(sources: list[Path], out: Path) -> bool:
    suffixes = {path.suffix.lower() for path in sources}
    return bool(suffixes) and (suffixes <= set(SPLATS) or (suffixes == {".glb"} and out.suffix.lower() == ".spz"))


def _splats(source: Path | None, out: Path, bar: BakeProgress) -> None:
    from layerw_server.bake.splats import bake_splats

    assert source is not None
    started, before = time.monotonic(), source.stat().st_size if source.is_file() else 0
    made = bake_splats(source, out)
    for note in made.notes:
        bar.note(f"{note}.")
    bar.finish_splats(made.path, made.count, made.degree, before, made.size_bytes, time.monotonic() - started)


def _models(
    paths: list[Path], out: Path, textures: str | None, quality: int, meshopt: bool | None, side_max: int,
    bar: BakeProgress,
) -> None:
    from layerw_server.bake.models.command import bake_models

    started = time.monotonic()
    with bar:
        made = bake_models(paths, out, textures=textures, quality=quality, meshopt=meshopt, side_max=side_max,
                           progress=bar.update)
        for note in made.notes:
            bar.note(note)
    bar.finish_models(made.files, made.triangles, made.size_bytes, time.monotonic() - started, out)


def _one(sources: list[Path]) -> Path | None:
    if len(sources) > 1:
        raise BakeError(f"{len(sources)} sources were given; several are baked together only when all are models "
                        "(.glb, .gltf). gdal_merge or gdalbuildvrt makes one file of several elevations.")
    return sources[0] if sources else None


def _once() -> None:
    """A second Ctrl-C changes nothing: the end is near."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _open(
    source: Path | None, procedural: str | None, seed: int | None, levels: int | None, cell_m: float | None,
    latitude: float | None, key: str, heights_m: tuple[float, float] | None, size_km: float | None, dress: bool,
    bar: BakeProgress,
) -> tuple[HeightField, bool]:
    """The height field, and whether it is dressed."""
    if (source is None) == (procedural is None):
        raise BakeError("Give either elevations (.npz, .tif, .png, .asc, .hgt) or --procedural NAME, not both and "
                        "not neither.")
    if source is None:
        return _make(str(procedural), seed, levels, size_km, dress, bar.update)
    from layerw_server.bake.sources import load_dem

    field = load_dem(source, cell_m=cell_m, latitude=latitude, levels=levels, key=key, heights_m=heights_m,
                     progress=bar.update)
    for note in field.notes:
        bar.note(note)
    return (climate.dressed(field) if dress else field), dress


def _photo(path: Path, field: HeightField, texels: int, bar: BakeProgress) -> Photo:
    from layerw_server.bake.sources.photo import load_photo

    texel_m = max(field.cell_x_m, field.cell_y_m) * TILE_CELLS / (texels - 1)
    photo = load_photo(path, field.georeference, field.size_m, texel_m)
    for note in photo.notes:
        bar.note(note)
    return photo


def _make(
    procedural: str, seed: int | None, levels: int | None, size_km: float | None, dress: bool, progress: Progress,
) -> tuple[HeightField, bool]:
    if procedural.lower().endswith(RECIPE):
        from layerw_server.bake import recipe, recipe_world

        read = recipe.read(Path(procedural))
        made = recipe_world.make(read, seed=seed, size_km=size_km, levels=levels, progress=progress)
        return made, dress or read.is_dressed
    from layerw_server.bake.procedural import make_world

    number = 1 if seed is None else seed
    return make_world(procedural, number, size_km=size_km, levels=levels, progress=progress), dress


def cli_recipe(kind: str, out: Path) -> None:
    """Write a recipe to begin from into a new file.

    Raises:
        SystemExit: with a sentence (status 1).
    """
    from layerw_server.bake import recipe, recipe_world

    try:
        text = recipe.text_of(kind, recipe_world.defaults(kind))
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except BakeError as error:
        raise SystemExit(f"layerw bake: {error}") from None
    except FileExistsError:
        raise SystemExit(f"layerw bake: {out} exists; give a new file's name.") from None
    except OSError as error:
        raise SystemExit(f"layerw bake: {out} can't be written ({error}).") from None
    print(f"wrote {out}; `layerw bake --procedural {out} world/` makes it")
