"""A map on a world: each image where it belongs, the right way up, on both APIs; a coarser one where it is missing."""

from __future__ import annotations

import json
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from .conftest import RunProgram
from .test_fades import tile
from .worlds import pixels, settle

LEVEL = 17
IMAGE_M = 2 * math.pi * 6_378_137.0 / 2**LEVEL
COLUMN, ROW = 2**16 + 101, 2**16 - 51  # of the image to the south-east of the middle
SHIFT, HEIGHT_M, FOV = 0.2, 400.0, 1.0  # the world's middle is so many images north-west of where four meet
PROGRAM = f"""
import layerw as lw
app = lw.App()
world = app.stream("w")
drape = world.drape("map/{{z}}/{{x}}/{{y}}.png?for=tests")
app.camera.fov_y = {FOV}
app.view.dither = 0.0
app.camera.position = (0.0, {HEIGHT_M}, 0.0)
app.camera.look_at((0.0, 0.0, -0.001))
"""
COLORS = {(0, 0): (255, 0, 0), (1, 0): (0, 255, 0), (0, 1): (0, 0, 255)}  # the one to the south-east is missing


def png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))  # fmt: skip


def image(color: tuple[int, int, int]) -> bytes:
    """Of one colour, white in its upper left quarter."""
    found = np.empty((64, 64, 3), np.uint8)
    found[:] = color
    found[:32, :32] = 255
    return png(found)


def write(folder: Path) -> Path:
    """A grey square, one image wide, on which four images meet; above them one of another colour."""
    (folder / "w").mkdir()
    (folder / "w" / "grey.glb").write_bytes(tile(IMAGE_M, [0.2, 0.2, 0.2, 1], 0.0))
    half = IMAGE_M / 2
    west, north = (COLUMN - 2**16 - 0.5 - SHIFT) * IMAGE_M, (2**16 - ROW + 0.5 + SHIFT) * IMAGE_M
    (folder / "w" / "tileset.json").write_text(json.dumps({
        "asset": {"version": "1.1"}, "geometricError": 1,
        "extras": {"layerw": {"size_m": [IMAGE_M, IMAGE_M], "georeference": {
            "crs": "EPSG:3857", "west": west, "east": west + IMAGE_M, "south": north - IMAGE_M, "north": north}}},
        "root": {"boundingVolume": {"box": [0, 0, 0, half, 0, 0, 0, half, 0, 0, 0, 1]}, "geometricError": 0,
                 "refine": "REPLACE", "content": {"uri": "grey.glb"}}}))  # fmt: skip
    for (x, y), color in COLORS.items():
        path = folder / "map" / str(LEVEL) / str(COLUMN - 1 + x) / f"{ROW - 1 + y}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image(color))
    above = folder / "map" / str(LEVEL - 1) / str(COLUMN >> 1) / f"{ROW >> 1}.png"
    above.parent.mkdir(parents=True)
    above.write_bytes(image((255, 0, 255)))
    path = folder / "app.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_images_lie_where_they_belong(run_program: RunProgram, tmp_path: Path, backend: str) -> None:
    running = run_program(write(tmp_path), backend=backend, clock="virtual").wait_ready()
    running.baseline = None  # the map stays
    running.page.set_viewport_size({"width": 160, "height": 160})
    settle(running)
    shot = pixels(running).astype(int)
    scale = 0.5 * len(shot) / math.tan(FOV / 2) * IMAGE_M / HEIGHT_M  # pixels an image
    middle = np.array(shot.shape[:2]) / 2

    def at(east: float, south: float) -> str:
        """The colour at a place, in images from where the four meet."""
        y, x = (middle + (np.array((south, east)) + SHIFT) * scale).astype(int)
        patch = shot[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3)
        assert np.ptp(patch, axis=0).max() <= 3, f"{patch.tolist()} is not of one colour"
        shines = patch.mean(axis=0) > patch.max() - 15  # air lies over it
        return "".join(name for name, on in zip("rgb", shines, strict=True) if on)

    assert at(-0.6, -0.6) == "rgb", "the upper left of the image to the north-west"
    assert (at(-0.25, -0.25), at(0.15, -0.25), at(-0.25, 0.15)) == ("r", "g", "b")
    assert at(0.15, 0.15) == "rb", "the coarser one stands in"
    counts = running.python("import json, __main__\njson.dumps(__main__.drape.counts)")
    assert json.loads(counts) == {"shown": 4, "pending": 0, "missing": 1, "coarser": 0}
