"""A level of a world in the middle of its way into another's place: each pixel shows one of them, on both APIs."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_transfers import glb

from .conftest import RunProgram

SIDE_M = 512.0
PROGRAM = """
import json
import numpy as np
import layerw as lw
app = lw.App(screen_error_px=8.0)
world = app.stream("w", fade=1.0)
app.view.dither = 0.0
app.camera.position = (0.0, 40_000.0, 40_000.0)
app.camera.look_at((0.0, 0.0, 0.0))
steps, pictures, number = [], {}, 0

@app.frame
def look(dt):
    global number
    number += 1
    codes = world._streamer.draw().fade
    steps.append(int(codes.min()) if len(codes) else -1)  # of the frame before this one
    if len(codes) == 1 and world.settled and app.camera.position[1] > 1000.0:
        app.camera.position = (0.0, 100.0, 0.1)
        app.camera.look_at((0.0, 0.0, 0.0))
    if app.camera.position[1] < 1000.0 and (number % 10 == 0 or not pictures) and len(pictures) < 24:
        pictures[number] = app.screenshot()

def answer():
    if len(pictures) < 24 or not all(picture.ready for picture in pictures.values()):
        return ""
    taken = {at: picture.pixels[8:-8, 8:-8, :3].reshape(-1, 3).astype(int) for at, picture in pictures.items()}
    red, green = (taken[at] for at in (min(taken), max(taken)))
    found = []
    for at, pixels in taken.items():
        is_red, is_green = (np.abs(pixels - color).max(axis=1) <= 4 for color in (red, green))
        share = (steps[at] - 1) / 126 if steps[at] > 0 else -1.0
        found.append([share, float(is_green.mean()), int((~(is_red | is_green)).sum())])
    return json.dumps([red.mean(axis=0).tolist(), green.mean(axis=0).tolist(), found])
"""


def tile(side_m: float, color: list[float], height_m: float) -> bytes:
    """A square that faces up, of one unlit colour."""
    half = side_m / 2
    points = [(-half, height_m, half), (half, height_m, half), (half, height_m, -half), (-half, height_m, -half)]
    data = struct.pack("<12f6H", *(v for point in points for v in point), 0, 1, 2, 0, 2, 3)
    return glb({
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "extensionsUsed": ["KHR_materials_unlit"],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": color}, "extensions": {"KHR_materials_unlit": {}}}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3",
                       "min": [-half, height_m, -half], "max": [half, height_m, half]},
                      {"bufferView": 1, "componentType": 5123, "count": 6, "type": "SCALAR"}],
        "bufferViews": [{"buffer": 0, "byteLength": 48}, {"buffer": 0, "byteOffset": 48, "byteLength": 12}],
        "buffers": [{"byteLength": 60}]}, data)  # fmt: skip


def write(folder: Path) -> Path:
    """A red square, and four green ones a little above it."""
    (folder / "w").mkdir()
    (folder / "w" / "red.glb").write_bytes(tile(SIDE_M, [0.8, 0.02, 0.02, 1], 0.0))
    (folder / "w" / "green.glb").write_bytes(tile(SIDE_M / 2, [0.02, 0.8, 0.02, 1], 0.5))
    half, quarter = SIDE_M / 2, SIDE_M / 4

    def of(x: float, y: float, size: float, uri: str, error_m: float) -> dict[str, Any]:
        return {"boundingVolume": {"box": [0, 0, 0, size, 0, 0, 0, size, 0, 0, 0, 1]}, "geometricError": error_m,
                "refine": "REPLACE", "content": {"uri": uri},
                "transform": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, y, 0, 1]}  # fmt: skip

    root = of(0, 0, half, "red.glb", 16.0)
    root["children"] = [of(x, y, quarter, "green.glb", 0) for x in (-quarter, quarter) for y in (-quarter, quarter)]
    whole = {"asset": {"version": "1.1"}, "geometricError": 32, "root": root}
    (folder / "w" / "tileset.json").write_text(json.dumps(whole))
    path = folder / "app.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_each_pixel_is_one_of_two_levels(run_program: RunProgram, tmp_path: Path, backend: str) -> None:
    running = run_program(write(tmp_path), backend=backend, clock="virtual").wait_ready()
    running.baseline = None
    answer = ""
    for _ in range(60):
        running.frames(5)
        answer = str(running.python("import __main__\n__main__.answer()"))
        if answer:
            break
    red, green, found = json.loads(answer)
    assert red[0] > red[1] + 60 and green[1] > green[0] + 60
    assert all(neither == 0 for _, _, neither in found), f"pixels of some frames are a hole, or both: {found}"
    between = [(share, came) for share, came, _ in found if share >= 0.0]
    assert len(between) >= 4, found
    for share, came in between:
        assert came == pytest.approx(share, abs=0.04), found
    print(f"{backend}: shares and the pixels that have come: {between}")
