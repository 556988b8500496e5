"""Elevations from files that others made: what is read, what is mended with a note, what is refused in a sentence."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from layerw_server.bake import BakeError, bake
from layerw_server.bake.heightfield import HeightField
from layerw_server.bake.resample import resample
from layerw_server.bake.sources import limits, load_dem
from layerw_server.bake.sources.place import metres_per_degree

from .bake_worlds import tileset

SCALE, TIE, KEYS, NO_DATA = 33550, 33922, 34735, 42113


def _npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def _hills(rows: int = 65, columns: int = 65) -> np.ndarray:
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return (60 + 40 * np.sin(x / 9) * np.cos(y / 7)).astype(np.float32)


def _header(text: str) -> bytes:
    raw = text.encode()
    return b"\x93NUMPY\x01\x00" + len(raw).to_bytes(2, "little") + raw


def _zip(path: Path, member: bytes, name: str = "elevation.npy") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, member)
    return path


def _refused(path: Path, match: str, **options: Any) -> None:
    with pytest.raises(BakeError, match=match) as caught:
        load_dem(path, **options)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and len(text) < 400
    assert "pickle" not in text


# -- arrays ------------------------------------------------------------------------------------------------------


def test_the_shared_dem_bakes(shared_data: Path, tmp_path: Path) -> None:
    field = load_dem(shared_data / "dem/jacksboro_fault_dem.npz", levels=3)
    assert field.size_m[0] == pytest.approx(29_930, rel=0.01)
    assert field.size_m[1] == pytest.approx(31_730, rel=0.01)
    assert float(field.heights.max()) == pytest.approx(1076, abs=25)
    assert bake(field, tmp_path / "w", jobs=1, texels=16).tiles == 21


def test_metres_per_degree_match_published_values() -> None:
    lon, lat = metres_per_degree(0.0)
    assert (lon, lat) == (pytest.approx(111_320, abs=5), pytest.approx(110_574, abs=5))
    lon, lat = metres_per_degree(60.0)
    assert (lon, lat) == (pytest.approx(55_800, abs=5), pytest.approx(111_412, abs=5))


def test_resampling_keeps_corners_and_planes() -> None:
    plane = np.add.outer(np.arange(9.0), 2 * np.arange(11.0)).astype(np.float32)
    out = resample(plane, 513)
    assert (out[0, 0], out[-1, -1]) == (plane[0, 0], plane[-1, -1])
    assert np.allclose(out, np.add.outer(np.linspace(0, 8, 513), 2 * np.linspace(0, 10, 513)), atol=1e-4)


@pytest.mark.parametrize("dtype", [">i2", "<u2", "<f8", ">f4", "<f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_plain_number_type_and_order_is_read(tmp_path: Path, dtype: str, order: str) -> None:
    heights = np.round(_hills(65, 65))
    heights[3, 5] = 90.0
    path = tmp_path / "dem.npy"
    np.save(path, np.asarray(heights, dtype=dtype, order=order))  # type: ignore[call-overload]
    assert np.array_equal(load_dem(path, cell_m=30.0).heights, heights)


@pytest.mark.parametrize(("arrays", "message"), [
    ({"elevation": np.zeros((4, 40))}, "each side must have 8 to 32768"),
    ({"elevation": np.full((40, 40), np.nan)}, "holds no height: all 1,600 samples"),
    ({"elevation": np.full((40, 40), -32768, np.int16)}, "holds no height"),
    ({"elevation": np.zeros(40)}, "has 1 dimensions"),
    ({"elevation": np.zeros((40, 40), complex)}, "dtype complex128"),
    ({"elevation": np.zeros((40, 40), "U3")}, "dtype <U3"),
    ({"elevation": np.array([["a", {}]], object)}, "holds Python objects"),
    ({"elevation": np.arange(1600.0).reshape(40, 40) * 100}, "beyond the limit of 20000 m; heights must be metres"),
    ({"height": np.zeros((40, 40))}, "no array 'elevation'; it holds height"),
    ({"elevation": np.zeros((40, 40)), "dx": np.zeros(3)}, "'dx' in .* must be one finite number"),
    ({"elevation": np.zeros((40, 40)), "dx": np.array(np.nan)}, "'dx' in .* the value nan"),
    ({"elevation": np.zeros((40, 40)), "dx": np.array(0.0)}, "dx of 0 degrees .* is 0 m, but must lie between 0.01"),
    ({"elevation": np.zeros((40, 40)), "ymin": np.array(89.0), "ymax": np.array(91.0)}, "latitude is .* between -85"),
])
def test_bad_arrays_get_one_clear_sentence(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    _refused(_npz(tmp_path / "dem.npz", **arrays), message)


@pytest.mark.parametrize(("options", "message"), [
    ({"levels": 0}, "levels is 0"), ({"levels": 12}, "between 1 and 8"), ({"cell_m": -3.0}, "cell size is -3"),
    ({"latitude": 91.0}, "latitude is 91"), ({"cell_m": 1e9}, "cell size is 1e\\+09"),
])
def test_bad_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    _refused(_npz(tmp_path / "dem.npz", elevation=np.zeros((40, 40))), message, **options)


def test_files_that_are_not_there_or_of_another_kind(tmp_path: Path) -> None:
    _refused(tmp_path / "absent.npz", "There is no file")
    for name in ("map.bmp", "map.jpg", "map"):
        (tmp_path / name).write_bytes(b"1 2 3")
        _refused(tmp_path / name, "elevations are read from .npz, .npy, .tif, .png, .asc and .hgt")


# -- damaged and hostile arrays ----------------------------------------------------------------------------------

GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (64, 64), }\n"


@pytest.mark.parametrize(("member", "message"), [
    (b"", "does not start like"),
    (b"\x93NUMPY\x09\x00\x00\x00", "version 9.0"),
    (_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }\n"), "each side must have"),
    (_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-5, 64), }\n") + bytes(64), "shape"),
    (_header("{'descr': '<f4', 'fortran_order': False, 'shape': (True, 64), }\n") + bytes(64), "shape"),
    (_header("{'descr': '|O', 'fortran_order': False, 'shape': (64, 64), }\n") + bytes(64), "Python objects"),
    (_header("{'descr': 'wrong', 'fortran_order': False, 'shape': (64, 64), }\n"), "not a readable"),
    (_header("__import__('os')\n"), "not a readable"),
    (_header("{" * 900), "not a readable"),
    (_header(GOOD), "16,384 bytes, but the file holds"),
    (_header(GOOD) + bytes(16_000), "16,384 bytes, but the file holds"),
])
def test_lying_headers_are_refused_before_anything_is_allocated(tmp_path: Path, member: bytes, message: str) -> None:
    _refused(_zip(tmp_path / "dem.npz", member), message)


def test_a_decompression_bomb_is_refused_before_it_is_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "INFLATION_FREE_BYTES", 1 << 16)
    stream = io.BytesIO()
    np.save(stream, np.zeros((512, 512), np.float32))
    path = _zip(tmp_path / "dem.npz", stream.getvalue())
    _refused(path, "unpacks .* times as many, but the limit is 100 times")
    Image.fromarray(np.zeros((2048, 2048), np.uint16)).save(tmp_path / "dem.png")
    _refused(tmp_path / "dem.png", "unpacks .* times as many", cell_m=30.0)


def test_more_than_the_machine_holds_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1 << 20)
    header = _header("{'descr': '<f4', 'fortran_order': False, 'shape': (600, 600), }\n")
    _refused(_zip(tmp_path / "dem.npz", header), "at most half of this machine's 0.0 GiB")


def test_damaged_bytes_anywhere_are_a_sentence_or_a_world(tmp_path: Path) -> None:
    """Flipped, cut and doubled bytes of every kind of file: never another exception."""
    hills = _hills(16, 16)
    originals = []
    for name, save in (("a.npz", lambda p: np.savez_compressed(p, elevation=hills, dx=0.001)),
                       ("b.npz", lambda p: np.savez(p, elevation=hills.astype("<i2"), ymin=3.0)),
                       ("c.npy", lambda p: np.save(p, hills)),
                       ("d.png", lambda p: Image.fromarray(hills.astype(np.uint16)).save(p)),
                       ("e.tif", lambda p: Image.fromarray(hills).save(p, compression="tiff_adobe_deflate")),
                       ("f.tif", lambda p: Image.fromarray(hills).save(p))):
        path = tmp_path / name
        save(path)
        originals.append((path, path.read_bytes()))
    rng = np.random.default_rng(3)
    outcomes = {"world": 0, "sentence": 0}
    for path, original in originals:
        for _ in range(60):
            path.write_bytes(_damaged(original, rng))
            try:
                field = load_dem(path, cell_m=30.0, levels=1)
                assert np.isfinite(field.heights).all()
                outcomes["world"] += 1
            except BakeError as error:
                assert "\n" not in str(error) and str(error).endswith(".")
                outcomes["sentence"] += 1
    assert min(outcomes.values()) > 20, outcomes


def _damaged(data: bytes, rng: np.random.Generator) -> bytes:
    kind = rng.integers(4)
    at = int(rng.integers(len(data)))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + data[at:at + 50] + data[at:]
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        where = len(data) if kind == 2 else min(len(data), 160)
        changed[int(rng.integers(where))] = int(rng.integers(256))
    return bytes(changed)


def test_corrupt_deflate_is_a_sentence(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, _hills())
    path = _zip(tmp_path / "dem.npz", stream.getvalue())
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(bytes(data))
    _refused(path, "not a readable .npz")
    assert zlib.crc32(data)


# -- missing samples ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [np.nan, np.inf, -32768.0, -9999.0, -3.4e38])
def test_holes_are_filled_from_their_rim_with_a_note(tmp_path: Path, mark: float) -> None:
    heights = np.full((65, 65), 100.0, np.float32)
    heights[:, 32:] = 140.0
    heights[20:30, 28:36] = mark
    field = load_dem(_npz(tmp_path / "dem.npz", elevation=heights), cell_m=10.0)
    inside = field.heights[20:30, 28:36]
    assert inside.min() >= 100.0 and inside.max() <= 140.0
    assert inside[:, 0].mean() < 115.0 < 125.0 < inside[:, -1].mean()
    assert any("80 of 4,225 samples of dem.npz are missing and filled" in note for note in field.notes)


def test_a_files_own_mark_counts(tmp_path: Path) -> None:
    heights = _hills()
    heights[5, 5] = 0.0
    field = load_dem(_npz(tmp_path / "dem.npz", elevation=heights, nodata=0.0), cell_m=10.0)
    assert field.heights.min() > 10.0 and len(field.notes) == 1


def test_a_rim_without_heights_is_cut_and_the_place_follows(tmp_path: Path) -> None:
    heights = np.full((85, 75), np.nan, np.float32)
    heights[10:75, 4:69] = _hills()
    path = _npz(tmp_path / "dem.npz", elevation=heights, dx=0.001, dy=0.001, xmin=7.0, ymax=46.0)
    field = load_dem(path)
    assert np.array_equal(field.heights, _hills())
    assert "are cut to (65, 65)" in field.notes[0]
    assert field.georeference is not None
    assert field.georeference["west"] == pytest.approx(7.0045) and field.georeference["north"] == pytest.approx(45.9895)


# -- images ------------------------------------------------------------------------------------------------------


def _tif(path: Path, heights: np.ndarray, **tags: Any) -> Path:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    kinds = {"scale": (SCALE, 12), "tie": (TIE, 12), "keys": (KEYS, 3), "nodata": (NO_DATA, 2)}
    for name, value in tags.items():
        tag, kind = kinds[name]
        info.tagtype[tag] = kind
        info[tag] = value
    Image.fromarray(heights).save(path, tiffinfo=info)
    return path


def test_a_16_bit_png_of_metres_is_read_with_a_cell_size(tmp_path: Path) -> None:
    metres = np.round(_hills()).astype(np.uint16)
    Image.fromarray(metres).save(tmp_path / "dem.png")
    _refused(tmp_path / "dem.png", "give --cell-m")
    field = load_dem(tmp_path / "dem.png", cell_m=30.0)
    assert np.array_equal(field.heights, metres) and field.size_m == (1920.0, 1920.0) and not field.notes


def test_shades_of_grey_become_heights_with_a_note_or_as_told(tmp_path: Path) -> None:
    shades = np.linspace(0, 65_535, 65 * 65).reshape(65, 65).astype(np.uint16)
    Image.fromarray(shades).save(tmp_path / "dem.png")
    field = load_dem(tmp_path / "dem.png", cell_m=30.0)
    assert field.heights.max() == pytest.approx(96.0) and "no unit; they become 0 to 96 m" in field.notes[0]
    field = load_dem(tmp_path / "dem.png", cell_m=30.0, heights_m=(100.0, 1900.0))
    assert (field.heights.min(), field.heights.max()) == (100.0, pytest.approx(1900.0)) and not field.notes


def test_a_geotiff_in_degrees_knows_its_place(tmp_path: Path) -> None:
    heights = _hills()
    heights[7, 7] = -5.0
    path = _tif(tmp_path / "dem.tif", heights, scale=(0.001, 0.001, 0.0), tie=(0.0, 0.0, 0.0, 7.0, 46.0, 0.0),
                keys=(1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326), nodata="-5")
    field = load_dem(path)
    lon, lat = metres_per_degree(46.0 - 0.0325)
    assert field.size_m == (pytest.approx(0.064 * lon), pytest.approx(0.064 * lat))
    assert field.georeference == {"crs": "EPSG:4326", "west": pytest.approx(7.0005), "north": pytest.approx(45.9995),
                                  "east": pytest.approx(7.0645), "south": pytest.approx(45.9355)}
    assert field.heights[7, 7] > 10.0, "the file's own mark was filled"


def test_a_geotiff_in_metres_keeps_its_coordinates(tmp_path: Path) -> None:
    path = _tif(tmp_path / "dem.tif", _hills(), scale=(25.0, 25.0, 0.0), tie=(0.0, 0.0, 0.0, 5e5, 5.1e6, 0.0),
                keys=(1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 2, 3072, 0, 1, 32632))
    field = load_dem(path)
    assert field.size_m == (1600.0, 1600.0)
    assert field.georeference == {"crs": "EPSG:32632", "west": 5e5, "north": 5.1e6, "east": 501_600.0,
                                  "south": 5_098_400.0}


def test_pictures_are_no_elevations(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "a.png")
    _refused(tmp_path / "a.png", "picture of mode RGB", cell_m=30.0)
    (tmp_path / "b.tif").write_bytes(b"II*\0 no more")
    _refused(tmp_path / "b.tif", "not a readable TIFF image", cell_m=30.0)


# -- the place is kept -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("places", "west", "north"), [
    ({"xmin": 7.0, "ymax": 46.0}, 7.0005, 45.9995),  # edges of cells
    ({"xmin": 7.0, "xmax": 7.065, "ymin": 45.935, "ymax": 46.0}, 7.0005, 45.9995),
    ({"xmin": 7.0, "xmax": 7.064, "ymin": 45.936, "ymax": 46.0}, 7.0, 46.0),  # middles of cells
    ({"xmin": 7.0, "ymin": 46.0, "ymax": 45.935}, 7.0005, 45.9995),  # some files swap the two
])
def test_the_georeference_of_arrays_is_kept(
    tmp_path: Path, places: dict[str, float], west: float, north: float,
) -> None:
    path = _npz(tmp_path / "dem.npz", elevation=_hills(), dx=0.001, dy=0.001, **places)
    field: HeightField = load_dem(path)
    bake(field, tmp_path / "w", jobs=1, texels=16)
    kept = tileset(tmp_path / "w")["extras"]["layerw"]["georeference"]
    assert kept["crs"] == "EPSG:4326"
    assert (kept["west"], kept["north"]) == (pytest.approx(west), pytest.approx(north))
    assert (kept["east"], kept["south"]) == (pytest.approx(west + 0.064), pytest.approx(north - 0.064))
