"""OpenEXR's blocks: PIZ, the packing by wavelets, and what a file may make a reader allocate."""

from __future__ import annotations

import base64
import json
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from test_surroundings import exr

import layerw as lw
from layerw.assets import exr as exr_files
from layerw.assets import exr_piz
from layerw.assets.exr import read_exr

PIZ = {name: base64.b64decode(data) for name, data in json.loads(
    (Path(__file__).parent / "piz_files.json").read_text("utf-8")).items()}  # fmt: skip


def piz_light() -> np.ndarray:
    """37 lines of 19 pixels: two blocks, odd both ways, and runs of the same number."""
    y, x = np.mgrid[0:37, 0:19].astype(np.float32)
    light = np.stack([x / 8, y / 16, (x + y) % 7], -1)
    light[10:30, 3:15], light[33:] = 0.5, 0
    return light


def rows_of(data: bytes) -> np.ndarray:
    picture = read_exr(data)
    found = np.full((picture.height, picture.width, 3), np.nan, np.float32)
    for row, part in picture.rows:
        found[row : row + len(part)] = part
    return found


@pytest.mark.parametrize("window", [1, 7, exr_piz.WINDOW_BYTES])
def test_piz_of_the_library_itself_is_read_to_the_last_bit(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written by OpenEXR 3 (PyPI's OpenEXR): halves, floats (16-bit wavelets), and nothing but zeros."""
    monkeypatch.setattr(exr_piz, "WINDOW_BYTES", window)
    light = piz_light()
    assert np.array_equal(rows_of(PIZ["half"]), light.astype(np.float16).astype(np.float32))
    assert np.array_equal(rows_of(PIZ["float"]), (light * np.float32(1.1)).astype(np.float32))
    assert not rows_of(PIZ["dark"]).any()


@pytest.mark.parametrize("seed", range(6))
def test_damaged_piz_is_told_or_read_and_nothing_else(seed: int) -> None:
    """Every byte of blocks may be another one."""
    random = np.random.default_rng(seed)
    for name in ("half", "float", "dark"):
        for _ in range(25):
            data = bytearray(PIZ[name])
            for at in random.integers(300, len(data), random.integers(1, 4)):
                data[at] = random.integers(256)
            try:
                rows_of(bytes(data[: random.integers(300, len(data) + 1)]) if random.random() < 0.3 else bytes(data))
            except lw.LayerwError as error:
                assert "OpenEXR" in str(error)


def test_piz_looks_codes_up_in_a_window_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of these half a million bits at once would take more than 30 MB."""
    monkeypatch.setattr(exr_piz, "WINDOW_BYTES", 1 << 12)
    body = bytes(1 << 16)
    packed = struct.pack("<5I", 0, 1, 2, 8 * len(body), 0) + b"\x41\x00" + body  # 16 bits for 0, others for a run
    block = struct.pack("<2HBi", 0, 0, 1, len(packed)) + packed
    tracemalloc.start()
    try:
        assert exr_piz.unpack_piz(block, 32, len(body) // 64, [1]) == bytes(len(body))
        assert tracemalloc.get_traced_memory()[1] < 8e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packing", [1, 2, 3, 4])
def test_a_block_that_is_larger_than_what_it_holds_is_refused(packing: int) -> None:
    """A megabyte for 32 pixels took 15 s and 600 MB."""
    data = exr({"Y": np.ones((1, 2), np.float32)}, packing)
    with pytest.raises(lw.ConfigError, match="row 0 of the OpenEXR file has 4096 bytes; it has at most 8"):
        rows_of(data[:-16] + struct.pack("<2i", 0, 4096) + bytes(4096))


def test_blocks_of_very_many_channels_are_refused_before_they_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = exr({name: np.ones((32, 4), np.float32) for name in ("B", "G", "R", "depth")})
    assert (rows_of(data) == 1).all()
    monkeypatch.setattr(exr_files, "BLOCK_BYTES_MAX", 16 * 4 * 4 * 4 - 1)
    with pytest.raises(lw.ConfigError, match="blocks of 1024 bytes in 4 channels"):
        rows_of(data)
