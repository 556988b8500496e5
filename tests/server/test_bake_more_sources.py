"""Elevations from .asc and .hgt, overviews and units of GeoTIFFs, pictures of the ground."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from layerw.stream.places import places_of
from layerw.stream.projections import projection_of
from layerw_server.bake import BakeError, bake
from layerw_server.bake.sources import limits, load_dem
from layerw_server.bake.sources.photo import load_photo

from .bake_worlds import image_of, tileset

KINDS = {33550: 12, 33922: 12, 34735: 3, 42113: 2, 254: 4}


def _hills(rows: int = 65, columns: int = 65) -> np.ndarray:
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return (60 + 40 * np.sin(x / 9) * np.cos(y / 7)).astype(np.float32)


def _tags(tags: dict[int, Any]) -> TiffImagePlugin.ImageFileDirectory_v2:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        info.tagtype[tag] = KINDS[tag]
        info[tag] = value
    return info


def _place(x: float, y: float, cell: float, code: int, *more: int) -> dict[int, Any]:
    keys = (1, 1, 0, 3 + len(more) // 4, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, code, *more)
    return {33550: (cell, cell, 0.0), 33922: (0.0, 0.0, 0.0, x, y, 0.0), 34735: keys}


def _asc(path: Path, heights: np.ndarray, head: str) -> Path:
    rows = "\n".join(" ".join(f"{v:g}" for v in row) for row in heights)
    path.write_text(f"ncols {heights.shape[1]}\nnrows {heights.shape[0]}\n{head}\n{rows}\n")
    return path


# -- plain formats -------------------------------------------------------------------------------------------------


def test_an_ascii_grid_with_corners_middles_and_a_mark(tmp_path: Path) -> None:
    heights = np.round(_hills(20, 30), 2)
    heights[3, 4] = -1.0
    corner = _asc(tmp_path / "a.asc", heights, "xllcorner 600000\nyllcorner 5000000\ncellsize 25\nNODATA_value -1")
    field = load_dem(corner)
    assert field.size_m == (29 * 25.0, 19 * 25.0) and "1 of 600" in field.notes[0]
    assert field.georeference == {"crs": "", "west": 600_012.5, "east": 600_737.5, "south": 5_000_012.5,
                                  "north": 5_000_487.5}
    assert field.heights[0, 0] == heights[0, 0] and field.heights[-1, -1] == pytest.approx(heights[-1, -1])
    middle = _asc(tmp_path / "Höhen 山.asc", heights, "xllcenter 7\nyllcenter 46\ncellsize 0.001")
    reference = load_dem(middle).georeference
    assert reference is not None
    assert (reference["crs"], reference["west"], reference["south"]) == ("EPSG:4326", 7.0, 46.0)


@pytest.mark.parametrize(("text", "says"), [
    ("hello", "does not start with ncols and nrows"),
    ("ncols 9\nnrows 9\ncellsize 1\n1 2 3 " + "4 " * 90, "more numbers than the 81"),
    ("ncols 9\nnrows 9\ncellsize 1\n" + "1.5 " * 50, "ends after 50 of 81"),
    ("ncols 9\nnrows 9\ncellsize 1\n" + "1,5 " * 81, "'1,5' after 0"),
    ("ncols 9\nnrows 9\ncellsize 1\n" + "x" * 400, "'xxx"),
    ("ncols 9\nnrows 9\n" + "1 " * 81, "no cellsize above 0"),
    ("ncols 9.5\nnrows 9\ncellsize 1\n", "ncols 9.5, but a whole number"),
    ("ncols 30000\nnrows 30000\ncellsize 1\n1 2", "30000 x 30000 numbers, but has only"),
    ("ncols 1\nnrows 1\ncellsize 1\n1", "each side must have 8"),
    ("ncols nine\nnrows 9\n", "'nine' in its header"),
    ("ncols 9\nnrows 9\ncellsize 1\n" + "nan " * 81, "holds no height"),
])
def test_bad_ascii_grids_are_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.asc").write_text(text)
    with pytest.raises(BakeError, match=says) as caught:
        load_dem(tmp_path / "a.asc")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_srtm_files_know_their_place_by_their_name(tmp_path: Path) -> None:
    heights = np.round(_hills(1201, 1201) * 10).astype(">i2")
    heights[5, 5] = -32_768
    (tmp_path / "S03W079.hgt").write_bytes(heights.tobytes())
    field = load_dem(tmp_path / "S03W079.hgt", levels=1)
    assert field.georeference == {"crs": "EPSG:4326", "west": -79.0, "east": -78.0, "south": -3.0, "north": -2.0}
    assert field.size_m == (pytest.approx(111_214, rel=1e-3), pytest.approx(110_577, rel=1e-3))
    assert field.heights.min() > 0, "the void is filled"
    (tmp_path / "x.hgt").write_bytes(heights.tobytes()[:-2])
    with pytest.raises(BakeError, match=r"2,884,800 bytes, but an .hgt holds a square"):
        load_dem(tmp_path / "x.hgt")


# -- GeoTIFF -------------------------------------------------------------------------------------------------------


def _with_overview(path: Path) -> Path:
    full = _hills(513, 513)
    pages = [Image.fromarray(full), Image.fromarray(np.ascontiguousarray(full[::4, ::4]) + 1000)]
    pages[1].encoderinfo = {"tiffinfo": _tags({254: 1})}  # PIL takes a page's own tags from there
    pages[0].save(path, save_all=True, append_images=pages[1:], tiffinfo=_tags(_place(5e5, 5e6, 10.0, 32632)))
    return path


def test_an_overview_serves_where_it_is_fine_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _with_overview(tmp_path / "cog.tif")
    with Image.open(path) as image:
        image.seek(1)
        assert image.tag_v2[254] == 1 and image.size == (129, 129), "the test's file is what it says"
    assert load_dem(path).heights.max() < 200, "the finest"
    coarse = load_dem(path, levels=1)
    assert coarse.heights.min() > 900 and "overview of 129 x 129" in coarse.notes[0]
    assert coarse.size_m[0] == pytest.approx(128 * 10.0 * 513 / 129)
    monkeypatch.setattr(limits, "SIDE_MAX", 256)
    assert "overview of 129 x 129" in load_dem(path).notes[0], "and where the finest is too large"


def test_feet_become_metres_and_web_mercator_true_metres(tmp_path: Path) -> None:
    heights = _hills()
    heights[2, 2] = -9999.0
    feet = tmp_path / "feet.tif"
    tags = _tags(_place(1e6, 2e6, 10.0, 2263, 3076, 0, 1, 9003, 4099, 0, 1, 9002))
    Image.fromarray(heights).save(feet, tiffinfo=tags)
    field = load_dem(feet)
    assert field.size_m[0] == pytest.approx(640 * 1200 / 3937)
    assert field.heights[20, 20] == pytest.approx(_hills()[20, 20] * 0.3048, rel=1e-5) and field.heights.min() > 0
    mercator = tmp_path / "mercator.tif"
    Image.fromarray(_hills()).save(mercator, tiffinfo=_tags(_place(0.0, 8_399_737.89 + 320, 10.0, 3857)))  # 60 N
    size = load_dem(mercator).size_m
    assert size == (pytest.approx(320, rel=0.003), pytest.approx(320, rel=0.006)), "half as long at 60 degrees"


# -- pictures of the ground ----------------------------------------------------------------------------------------


def _dem(path: Path) -> Path:
    Image.fromarray(_hills()).save(path, tiffinfo=_tags(_place(630_000.0, 4_833_000.0, 10.0, 32617)))
    return path


def _quarters(side: int = 64) -> np.ndarray:
    picture = np.zeros((side, side, 3), np.uint8)
    half = side // 2
    picture[:half, :half], picture[:half, half:] = (200, 30, 30), (30, 200, 30)
    picture[half:, :half], picture[half:, half:] = (30, 30, 200), (220, 220, 40)
    return picture


def test_a_picture_in_another_system_lies_where_it_should(tmp_path: Path) -> None:
    field = load_dem(_dem(tmp_path / "dem.tif"))
    utm, web = projection_of("EPSG:32617"), projection_of("EPSG:3857")
    assert utm is not None and web is not None and field.georeference is not None
    middle = 0.5 * (field.georeference["west"] + field.georeference["east"])
    north = 0.5 * (field.georeference["south"] + field.georeference["north"])
    x, y = (float(v) for v in web.xy(*utm.lonlat(np.float64(middle), np.float64(north))))
    cell = 25.0
    tags = _tags(_place(x - 32 * cell, y + 32 * cell, cell, 3857))
    Image.fromarray(_quarters()).save(tmp_path / "p.tif", tiffinfo=tags)
    photo = load_photo(tmp_path / "p.tif", field.georeference, field.size_m, 10.0)
    bake(field, tmp_path / "w", jobs=1, texels=64, photo=photo)
    picture = image_of(tmp_path / "w", tileset(tmp_path / "w")["root"]).astype(int)
    for row, column, colour in ((12, 12, (200, 30, 30)), (12, 52, (30, 200, 30)), (52, 12, (30, 30, 200)),
                                (52, 52, (220, 220, 40))):
        assert np.abs(picture[row, column] - colour).max() < 30, (row, column, picture[row, column])
    kept = tileset(tmp_path / "w")["extras"]["layerw"]
    lon, lat, _ = places_of(kept, np.zeros(3), "w").lonlat(np.zeros(3))
    assert (lon, lat) == (pytest.approx(float(utm.lonlat(np.float64(middle), np.float64(north))[0])),
                          pytest.approx(float(utm.lonlat(np.float64(middle), np.float64(north))[1])))


def test_half_a_picture_leaves_the_rest_to_the_rules(tmp_path: Path) -> None:
    field = load_dem(_dem(tmp_path / "dem.tif"))
    Image.fromarray(np.full((64, 32, 3), 255, np.uint8)).save(
        tmp_path / "p.tif", tiffinfo=_tags(_place(630_000.0, 4_833_000.0, 10.2, 32617)))
    photo = load_photo(tmp_path / "p.tif", field.georeference, field.size_m, 10.0)
    assert "shows 51 % of the ground" in photo.notes[0] or "shows 50 % of the ground" in photo.notes[0]
    bake(field, tmp_path / "w", jobs=1, texels=64, photo=photo)
    picture = image_of(tmp_path / "w", tileset(tmp_path / "w")["root"])
    assert picture[32, 8].min() > 240 and picture[32, 56].max() < 240


def test_a_picture_without_a_place_has_the_grounds_proportions(tmp_path: Path) -> None:
    field = load_dem(_dem(tmp_path / "dem.tif"))
    Image.fromarray(_quarters(256)).save(tmp_path / "p.png")
    photo = load_photo(tmp_path / "p.png", field.georeference, field.size_m, 10.0)
    assert photo.pixels.shape == (64, 64, 4), "averaged down to what textures show"
    assert "pixels of 2.5 m, the textures show 10 m" in photo.notes[0]
    Image.fromarray(_quarters(64)[:32]).save(tmp_path / "wide.png")
    with pytest.raises(BakeError, match="not the proportions of the ground's 640 x 640 m.* of 32 x 32 pixels"):
        load_photo(tmp_path / "wide.png", field.georeference, field.size_m, 10.0)


@pytest.mark.parametrize(("place", "says"), [
    (_place(0.0, 0.0, 10.0, 32617), "shows nothing of this ground"),
    (_place(2_600_000.0, 1_200_000.0, 10.0, 2056), "different systems, and .* lies in EPSG:2056"),
])
def test_pictures_of_elsewhere_are_refused(tmp_path: Path, place: dict[int, Any], says: str) -> None:
    field = load_dem(_dem(tmp_path / "dem.tif"))
    Image.fromarray(_quarters()).save(tmp_path / "p.tif", tiffinfo=_tags(place))
    with pytest.raises(BakeError, match=says):
        load_photo(tmp_path / "p.tif", field.georeference, field.size_m, 10.0)


def test_damaged_pictures_are_one_sentence(tmp_path: Path) -> None:
    field = load_dem(_dem(tmp_path / "dem.tif"))
    Image.fromarray(_quarters(256)).save(tmp_path / "p.png")
    data = (tmp_path / "p.png").read_bytes()
    for name, content in (("cut.png", data[:200]), ("text.jpg", b"hello"), ("empty.webp", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BakeError, match="not a readable picture"):
            load_photo(tmp_path / name, field.georeference, field.size_m, 10.0)
    with pytest.raises(BakeError, match="imagery is read from"):
        load_photo(_dem(tmp_path / "x.tif").rename(tmp_path / "x.bmp"), field.georeference, field.size_m, 10.0)
    with pytest.raises(BakeError, match="There is no file"):
        load_photo(tmp_path / "no.png", field.georeference, field.size_m, 10.0)
