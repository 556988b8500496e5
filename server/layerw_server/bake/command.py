"""What `layerw bake` runs: progress, notes, one line at the end; bad input and Ctrl-C end with one sentence."""

from __future__ import annotations

import signal
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from layerw_server.bake.console import BakeProgress
from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import TILE_CELLS, HeightField
from layerw_server.bake.pipeline import TEXELS_DEFAULT, Progress, bake, check_out

if TYPE_CHECKING:
    from layerw_server.bake.sources.photo import Photo

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def cli_bake(
    source: Path | None, out: Path, *, procedural: str | None = None, seed: int = 1, levels: int | None = None,
    jobs: int | None = None, cell_m: float | None = None, latitude: float | None = None, key: str = "elevation",
    heights_m: tuple[float, float] | None = None, texels: int = TEXELS_DEFAULT, quality: int = 80,
    imagery: Path | None = None, textures: str = "jpeg", meshopt: bool = False,
) -> None:
    """Read or make a height field and bake it into `out`.

    Raises:
        SystemExit: with a sentence (status 1), or with 130 after Ctrl-C.
    """
    started = time.monotonic()
    bar = BakeProgress()
    try:
        check_out(out)
        with bar:
            field = _open(source, procedural, seed, levels, cell_m, latitude, key, heights_m, bar)
            photo = None if imagery is None else _photo(imagery, field, texels, bar)
            photos, fields = [photo], [field]  # bake lets go of both once they are in files
            del field, photo
            result = bake(fields.pop(), out, jobs=jobs, texels=texels, quality=quality, seed=seed, progress=bar.update,
                          images=textures, is_packed=meshopt, photo=photos.pop())
        bar.finish(result.tiles, result.size_bytes, time.monotonic() - started, out, result.continued)
    except KeyboardInterrupt:
        _once()
        print(f"layerw bake: {bar.stopped(out)}", file=sys.stderr)
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


def _once() -> None:
    """A second Ctrl-C changes nothing: the end is near."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _open(
    source: Path | None, procedural: str | None, seed: int, levels: int | None, cell_m: float | None,
    latitude: float | None, key: str, heights_m: tuple[float, float] | None, bar: BakeProgress,
) -> HeightField:
    if (source is None) == (procedural is None):
        raise BakeError("Give either elevations (.npz, .tif, .png, .asc, .hgt) or --procedural island, not both and "
                        "not neither.")
    if source is None:
        return _make(str(procedural), seed, levels, bar.update)
    from layerw_server.bake.sources import load_dem

    field = load_dem(source, cell_m=cell_m, latitude=latitude, levels=levels, key=key, heights_m=heights_m,
                     progress=bar.update)
    for note in field.notes:
        bar.note(note)
    return field


def _photo(path: Path, field: HeightField, texels: int, bar: BakeProgress) -> Photo:
    from layerw_server.bake.sources.photo import load_photo

    texel_m = max(field.cell_x_m, field.cell_y_m) * TILE_CELLS / (texels - 1)
    photo = load_photo(path, field.georeference, field.size_m, texel_m)
    for note in photo.notes:
        bar.note(note)
    return photo


def _make(procedural: str, seed: int, levels: int | None, progress: Progress) -> HeightField:
    if procedural != "island":
        raise BakeError(f"There is no procedural world {procedural!r}; the one there is, is 'island'.")
    from layerw_server.bake.island import make_island

    return make_island(seed, levels=levels, progress=progress)
