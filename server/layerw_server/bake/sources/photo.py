"""A picture of the ground from above (an orthophoto) beside elevations: read once, then sampled by every tile.

Owns: which of its resolutions is read, its missing pixels, how grid corners become pixels.
Does not: mosaic several pictures, or turn one that is not north-up.
Limits: pictures of up to a quarter of the machine's memory as RGBA; what the tiles' texels can't show is averaged away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from layerw.stream.projections import projection_of
from layerw_server.bake.errors import BakeError
from layerw_server.bake.sources import limits, raster
from layerw_server.bake.sources.place import Georeference
from layerw_server.bake.textures import U8

KINDS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".webp")
SIDE_MIN, SIDE_MAX = 2, 131_072
STRETCH_MAX = 1.02  # a picture without a georeference has the ground's proportions within this
Edges = tuple[float, float, float, float]  # west, south, east, north


@dataclass(frozen=True)
class Drape:
    """From shares of a world's square (0, 0 at its north-western corner) to pixels of the picture."""

    crs: str  # of the world; "" where picture and world share their edges or their system
    edges: Edges  # of the world, between its outermost corners
    photo_crs: str
    west: float  # of the middle of the first pixel, in the picture's system
    north: float
    dx: float
    dy: float

    def pixels(self, rows: Any, columns: Any) -> tuple[Any, Any]:
        """Rows and columns of the picture, (n, m) float64, for shares down (n,) and across (m,)."""
        west, south, east, north = self.edges
        x, y = np.meshgrid(west + columns * (east - west), north - rows * (north - south))
        if self.crs != self.photo_crs:
            here, there = projection_of(self.crs), projection_of(self.photo_crs)
            assert here is not None and there is not None, "place_photo refuses others"
            x, y = there.xy(*here.lonlat(x, y))
        return (self.north - y) / self.dy, (x - self.west) / self.dx


@dataclass(frozen=True)
class Photo:
    """Pixels (h, w, 4) uint8, alpha 0 where they show nothing; how they lie on the world; notes about that."""

    pixels: U8
    drape: Drape
    notes: tuple[str, ...]


def load_photo(
    path: Path, georeference: dict[str, Any] | None, size_m: tuple[float, float], texel_m: float,
) -> Photo:
    """Read a picture and find where it lies on the world.

    Args:
        georeference: of the world, as `HeightField` keeps it.
        size_m: of the world, west-east and north-south.
        texel_m: the finest that the world can show.

    Raises:
        BakeError: it can't be read, does not lie on the world, or nobody knows where it lies.
    """
    if not path.is_file():
        raise BakeError(f"There is no file {path}; --imagery is a picture of the ground from above.")
    if path.suffix.lower() not in KINDS:
        raise BakeError(f"{path} is a {path.suffix or 'nameless'} file, but imagery is read from {', '.join(KINDS)}.")
    try:
        with raster.opened(path) as image:
            return _read(image, path, georeference, size_m, texel_m)
    except BakeError:
        raise
    except raster.BROKEN as error:
        raise limits.unreadable(path, "picture", error) from None


def _read(
    image: Image.Image, path: Path, georeference: dict[str, Any] | None, size_m: tuple[float, float], texel_m: float,
) -> Photo:
    full = image.size
    if min(full) < SIDE_MIN or max(full) > SIDE_MAX:
        raise BakeError(f"{path} is {full[0]} x {full[1]} pixels, but each side must have {SIDE_MIN} to {SIDE_MAX:,}.")
    tags = dict(getattr(image, "tag_v2", {}))
    drape = _placed(path, raster.reference_of(tags), georeference, size_m, full)
    pixel_m = abs(drape.dx) * size_m[0] / (drape.edges[2] - drape.edges[0]) if drape.crs == drape.photo_crs else (
        _pixel_m(drape, size_m))
    shrink = max(1, int(texel_m / pixel_m))
    fine = [n for n, size in raster.overviews(image).items() if full[0] / size[0] <= shrink]
    if fine:
        image.seek(fine[-1])
    size = image.size
    need = size[0] * size[1] * 4
    if need > limits.memory_bytes() // 4:
        raise BakeError(f"{path} takes {need / 2**30:.1f} GiB as colours, but at most a quarter of this machine's "
                        f"{limits.memory_bytes() / 2**30:.1f} GiB may be used; thin it out first, or add overviews.")
    limits.check_inflation(path.stat().st_size, size[0] * size[1] * 3, str(path))
    mark = raster.missing_mark(tags)
    reduce = max(1, int(shrink * size[0] / full[0]))
    pixels = _rgba(image, mark, reduce)
    share = full[0] / pixels.shape[1], full[1] / pixels.shape[0]
    left, top = drape.west - 0.5 * drape.dx, drape.north + 0.5 * drape.dy
    dx, dy = drape.dx * share[0], drape.dy * share[1]
    placed = Drape(drape.crs, drape.edges, drape.photo_crs, left + 0.5 * dx, top - 0.5 * dy, dx, dy)
    return Photo(pixels, placed, _notes(path, placed, pixels, pixel_m, texel_m))


def _placed(
    path: Path, reference: Georeference | None, world: dict[str, Any] | None, size_m: tuple[float, float],
    pixels: tuple[int, int],
) -> Drape:
    if reference is None or reference.west is None or reference.north is None:
        stretch = (pixels[0] / pixels[1]) / (size_m[0] / size_m[1])
        if not 1 / STRETCH_MAX <= stretch <= STRETCH_MAX:
            wide = pixels[1] * size_m[0] / size_m[1]
            raise BakeError(f"{path} does not say where it lies, and its {pixels[0]} x {pixels[1]} pixels have not the "
                            f"proportions of the ground's {size_m[0]:.0f} x {size_m[1]:.0f} m; give a GeoTIFF, or a "
                            f"picture of exactly that ground, of {wide:.0f} x {pixels[1]} pixels for example.")
        dx, dy = 1.0 / pixels[0], 1.0 / pixels[1]
        return Drape("", (0.0, 0.0, 1.0, 1.0), "", 0.5 * dx, 1.0 - 0.5 * dy, dx, dy)
    if world is None:
        raise BakeError(f"{path} says where it lies, but the elevations do not; give both a georeference, or a picture "
                        "without one that shows exactly the same ground.")
    edges = tuple(float(world[key]) for key in ("west", "south", "east", "north"))
    crs = str(world.get("crs", ""))
    if crs != reference.crs:
        for name, one in (("the elevations lie", crs), (f"{path} lies", reference.crs)):
            if projection_of(one) is None:
                raise BakeError(f"Elevations and imagery lie in different systems, and {name} in "
                                f"{one or 'an unnamed one'}; known are EPSG:4326, UTM and EPSG:3857.")
    return Drape(crs, (edges[0], edges[1], edges[2], edges[3]), reference.crs, reference.west, reference.north,
                 reference.dx, reference.dy)


def _pixel_m(drape: Drape, size_m: tuple[float, float]) -> float:
    """The width of a pixel in the middle of the world."""
    step = np.array([0.5, 0.5 + 1e-3])
    column = drape.pixels(np.array([0.5]), step)[1][0]
    return float(1e-3 * size_m[0] / max(abs(column[1] - column[0]), 1e-9))


def _rgba(image: Image.Image, mark: float | None, shrink: int) -> U8:
    """Colours and coverage, averaged over squares of `shrink` pixels."""
    marked = None
    if mark is not None and 0 <= mark <= 255:
        marked = np.array(image.convert("RGB"))
        marked = (marked == np.uint8(mark)).all(axis=-1)
    colours = image.convert("RGBA")
    if marked is not None:
        colours.putalpha(Image.fromarray(np.where(marked, 0, np.asarray(colours.getchannel("A"))).astype(np.uint8)))
    if shrink > 1:
        colours = colours.reduce(shrink)  # weighs by alpha
    return np.array(colours)


def _notes(path: Path, drape: Drape, pixels: U8, pixel_m: float, texel_m: float) -> tuple[str, ...]:
    at = (np.arange(64) + 0.5) / 64
    inside = covered(drape, pixels, at, at)
    share = float(inside.mean())
    if share == 0.0:
        raise BakeError(f"{path} shows nothing of this ground: it begins at {drape.west:g}, {drape.north:g} "
                        f"({drape.photo_crs or 'unnamed'}), the elevations reach from {drape.edges[0]:g} to "
                        f"{drape.edges[2]:g} and from {drape.edges[1]:g} to {drape.edges[3]:g} "
                        f"({drape.crs or 'unnamed'}).")
    notes = []
    if share < 0.999:
        notes.append(f"{path.name} shows {100 * share:.0f} % of the ground; the rest is painted by rules.")
    if pixel_m < 0.6 * texel_m:
        notes.append(f"{path.name} has pixels of {pixel_m:.2g} m, the textures show {texel_m:.2g} m; more --levels or "
                     "--texels show more of it.")
    return tuple(notes)


def covered(drape: Drape, pixels: U8, rows: Any, columns: Any) -> npt.NDArray[np.bool_]:
    """Where the picture shows something, (n, m)."""
    row, column = drape.pixels(rows, columns)
    height, width = pixels.shape[:2]
    inside = (row > -0.5) & (row < height - 0.5) & (column > -0.5) & (column < width - 0.5)
    y = np.clip(np.rint(np.nan_to_num(row)), 0, height - 1).astype(np.int64)
    x = np.clip(np.rint(np.nan_to_num(column)), 0, width - 1).astype(np.int64)
    result: npt.NDArray[np.bool_] = inside & (pixels[y, x, 3] > 127)
    return result


def sample(drape: Drape, pixels: U8, rows: Any, columns: Any) -> tuple[Any, Any]:
    """Colours (n, m, 3) float32 and coverage (n, m) 0 to 1, by bilinear filtering."""
    row, column = drape.pixels(rows, columns)
    height, width = pixels.shape[:2]
    inside = (row > -0.5) & (row < height - 0.5) & (column > -0.5) & (column < width - 0.5)
    row, column = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    top, left = np.minimum(row.astype(np.int64), max(height - 2, 0)), np.minimum(column.astype(np.int64),
                                                                                max(width - 2, 0))
    ty, tx = (row - top).astype(np.float32)[..., None], (column - left).astype(np.float32)[..., None]
    first_row, first_column = int(top.min()), int(left.min())
    window = np.asarray(pixels[first_row : int(top.max()) + 2, first_column : int(left.max()) + 2], np.float32)
    window[..., :3] *= window[..., 3:] * np.float32(1 / 255)  # what is not there has no colour
    top, left = top - first_row, left - first_column
    upper = window[top, left] * (1 - tx) + window[top, left + 1] * tx
    lower = window[top + 1, left] * (1 - tx) + window[top + 1, left + 1] * tx
    mixed = upper + ty * (lower - upper)
    alpha = mixed[..., 3] * np.float32(1 / 255)
    colours = mixed[..., :3] / np.maximum(alpha, 1e-3)[..., None]
    return colours, np.where(inside, alpha, np.float32(0))
