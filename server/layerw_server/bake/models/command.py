"""What `layerw bake` makes of .glb and .gltf files: one model with levels of detail, or a tileset of many.

Owns: the levels of a single model, its tileset.json, what is said where encoders are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from layerw_server.bake import codecs
from layerw_server.bake.errors import BakeError
from layerw_server.bake.models import hlod, images
from layerw_server.bake.models.gltf import Json, one_sentence, read
from layerw_server.bake.models.pack import Options, bounds_of, largest_scale, need, pack
from layerw_server.bake.models.shelf import Shelf
from layerw_server.bake.pipeline import check_out
from layerw_server.bake.tileset import box_of, dumps

SUFFIXES = (".glb", ".gltf")
LEVELS = ((0.5, 0.02), (0.25, 0.05), (0.1, 0.15))  # share of the triangles, error as a share of the size
LEVEL_SAVES_MIN = 0.85  # a level with more than this share of the finer one's triangles is left out
FILES_MAX = 10_000
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ModelsResult:
    """What was written."""

    files: int
    size_bytes: int
    triangles: tuple[int, ...]  # of each level of a single model
    notes: tuple[str, ...]


def bake_models(
    paths: list[Path], out: Path, *, textures: str | None = None, quality: int = 80, meshopt: bool | None = None,
    side_max: int = 4096, progress: Progress = lambda step, done, total: None,
) -> ModelsResult:
    """Bake one model, or many into a tileset, into the folder `out`, which is replaced at the very end.

    Args:
        textures: "jpeg", "etc1s" or "uastc"; None is ETC1S where the encoder is installed, else what they were.
        meshopt: whether meshes are packed; None where meshoptimizer is installed.
        side_max: larger images are made smaller, pixels.

    Raises:
        BakeError: a file can't be used, or an encoder that was asked for is missing.
    """
    _check(paths, out, side_max)
    options = Options(textures or ("etc1s" if codecs.has_ktx2() else "keep"), quality,
                      codecs.has_meshopt() if meshopt is None else meshopt, side_max)
    need(options)
    notes = [f"{what} needs {encoder}, which is not installed; {without}: {codecs.REPAIR}." for there, what, encoder,
             without in ((codecs.has_ktx2(), "KTX2", "alktx2", "images stay as they are"),
                         (codecs.has_meshopt(), "Making levels of detail and packing meshes", "meshoptimizer",
                          "there is one level, quantised")) if not there]
    with Shelf(out) as shelf:
        options = replace(options, kept=shelf.kept)
        if len(paths) > 1:
            codecs.need_meshopt("Merging many models")
            root, count = hlod.write_tileset(paths, shelf, options, progress)
            triangles: tuple[int, ...] = ()
        else:
            with one_sentence(paths[0]):
                root, triangles = _levels(paths[0], shelf, options, progress)
            count = len(triangles)
        document: Json = {"asset": {"version": "1.1", "generator": "layerw bake 1"},
                          "geometricError": 2.0 * root["geometricError"] + 1.0, "root": root,
                          "extras": {"layerw": {"version": 1, "name": paths[0].stem if len(paths) == 1 else out.name,
                                                "source": {"kind": "models", "files": len(paths)}}}}
        (shelf.folder / "tileset.json").write_bytes(dumps(document))
        size = sum(shelf.sizes.values())
        shelf.swap()
        notes += [f"{note}." for note in dict.fromkeys(shelf.notes)]
    return ModelsResult(count, size, triangles, tuple(notes))


def _check(paths: list[Path], out: Path, side_max: int) -> None:
    check_out(out)
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            raise BakeError(f"{path} is no .glb or .gltf; models are baked apart from elevations.")
        if not path.is_file():
            raise BakeError(f"There is no file {path}.")
    if len(paths) > FILES_MAX:
        raise BakeError(f"{len(paths):,} files were given, but at most {FILES_MAX:,} are baked at once.")
    if not 4 <= side_max <= images.SIDE_MAX:
        raise BakeError(f"The images' largest side is {side_max} pixels, but must lie between 4 and {images.SIDE_MAX}.")


def _levels(path: Path, shelf: Shelf, options: Options, progress: Progress) -> tuple[Json, tuple[int, ...]]:
    """model.glb, then coarser ones; returns the coarsest tile, which holds the finer ones."""
    file = read(path)
    low, high = bounds_of(file)
    scale = largest_scale(file)
    shares = [(1.0, 0.0), *(LEVELS if codecs.has_meshopt() else ())]
    tile: Json = {}
    triangles: list[int] = []
    corners = tuple(float(v) for v in low), tuple(float(v) for v in high)
    for number, (share, error) in enumerate(shares):
        progress("levels", number, len(shares))
        packed = pack(file, options, share, error, number)
        shelf.notes += packed.notes
        if triangles and (packed.triangles > LEVEL_SAVES_MIN * triangles[-1] or not packed.triangles):
            continue
        content = shelf.put_as("model.glb", packed.data) if not triangles else shelf.put(
            f"tiles/lod{len(triangles)}", packed.data)
        wrong_m = max(packed.error_m * scale, 1.001 * tile.get("geometricError", 0.0))
        below = {"children": [tile]} if tile else {}
        tile = {"boundingVolume": {"box": box_of(corners, (0.0, 0.0))},  # type: ignore[arg-type]
                "geometricError": wrong_m if tile else 0.0, "refine": "REPLACE", "content": content, **below}
        triangles.append(packed.triangles)
    progress("levels", len(shares), len(shares))
    return tile, tuple(triangles)
