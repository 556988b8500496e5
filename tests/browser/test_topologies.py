"""Points and lines of a glTF file, in all their modes: where they should be, one pixel wide, equal on both backends."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext

from layerw_server.tools.shot import take_shot
from layerw_server.tools.shot_result import ShotOptions

from .conftest import ServeProgram
from .worlds import DIFFERENT_MAX, Pixels, different

SIZE = (200, 120)
DISTANCE = 5.0
TINT_MIN = 20  # by which a drawn pixel's own channels are above the others; the sky is black
PROGRAM = f"""
import numpy as np
import layerw as lw
app = lw.App()
app.fog.density = app.sun.intensity = 0.0
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.0, 0.0, 0.0)
app.camera.position = np.array((0.0, 0.0, {DISTANCE}))
app.camera.look_at((0.0, 0.0, 0.0))
app.load("drawn.gltf")
"""
POINTS, LINES, LOOP, STRIP = 0, 1, 2, 3
# mode, x y of each vertex, indices or None, colour
SHAPES: list[tuple[int, list[tuple[float, float]], list[int] | None, tuple[int, int, int]]] = [
    (POINTS, [(-3.01 + 0.487 * i, 1.517 + 0.113 * (i % 5)) for i in range(13)], None, (1, 0, 0)),
    (LINES, [(-3.013, 0.913), (3.017, 0.913), (-2.903, 0.107), (2.911, 0.709)], None, (0, 1, 0)),
    (LOOP, [(-2.91, -0.31), (-0.47, -0.37), (-1.13, -2.03)], None, (0, 0, 1)),
    (STRIP, [(0.53, -2.11), (2.87, -0.41), (2.93, -1.97), (1.07, -0.83)], [0, 3, 1, 2], (1, 1, 0)),
]


def drawn() -> dict[str, Any]:
    """A file with one unlit primitive a shape."""
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []
    data = b""

    def add(array: np.ndarray[Any, Any], component: int, kind: str) -> int:
        nonlocal data
        views.append({"buffer": 0, "byteOffset": len(data), "byteLength": array.nbytes})
        accessor = {"bufferView": len(views) - 1, "componentType": component, "count": len(array), "type": kind}
        if kind == "VEC3":
            accessor |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        accessors.append(accessor)
        data += array.tobytes() + bytes(-array.nbytes % 4)
        return len(accessors) - 1

    primitives = []
    for number, (mode, places, indices, _) in enumerate(SHAPES):
        positions = np.array([(x, y, 0.0) for x, y in places], "<f4")
        primitive: dict[str, Any] = {"attributes": {"POSITION": add(positions, 5126, "VEC3")}, "mode": mode,
                                     "material": number}
        if indices:
            primitive["indices"] = add(np.array(indices, "<u2"), 5123, "SCALAR")
        primitives.append(primitive)
    looks = [{"pbrMetallicRoughness": {"baseColorFactor": [*color, 1]}, "extensions": {"KHR_materials_unlit": {}}}
             for *_, color in SHAPES]
    uri = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    return {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": primitives}], "materials": looks, "accessors": accessors, "bufferViews": views,
            "extensionsUsed": ["KHR_materials_unlit"], "buffers": [{"byteLength": len(data), "uri": uri}]}


def to_pixel(x: float, y: float) -> tuple[float, float]:
    """Column and row of a place at z = 0."""
    focal = SIZE[1] / 2 / np.tan(np.pi / 6)
    return SIZE[0] / 2 + x / DISTANCE * focal, SIZE[1] / 2 - y / DISTANCE * focal


def segments(mode: int, places: list[tuple[float, float]], indices: list[int] | None) -> list[tuple[Any, Any]]:
    """The ends of every line in pixels (of points: twice the place)."""
    order = [to_pixel(*places[i]) for i in (indices or range(len(places)))]
    if mode == POINTS:
        return [(place, place) for place in order]
    if mode == LINES:
        return list(zip(order[::2], order[1::2], strict=True))
    return list(zip(order, order[1:] + (order[:1] if mode == LOOP else []), strict=mode == LOOP))


def distance_to(lines: list[tuple[Any, Any]]) -> np.ndarray[Any, Any]:
    """Pixels from each pixel's centre to the nearest of some lines."""
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    nearest = np.full(rows.shape, 1e9)
    for (ax, ay), (bx, by) in lines:
        length2 = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-9)
        t = np.clip(((columns - ax) * (bx - ax) + (rows - ay) * (by - ay)) / length2, 0, 1)
        nearest = np.minimum(nearest, np.hypot(columns - ax - t * (bx - ax), rows - ay - t * (by - ay)))
    return nearest


def shots(context: BrowserContext, address: str, backend: str) -> Pixels:
    taken = take_shot(context, address, ShotOptions(backend, SIZE, 4, settled=True))
    assert taken.errors == [] and taken.png is not None and taken.report["backend"] == backend
    assert taken.report["draws"] >= 2 * len(SHAPES) + 1, "with the shadow pass, the sky and the full-screen passes"
    return np.asarray(Image.open(io.BytesIO(taken.png)).convert("RGB")).astype(np.int16)


def test_points_and_lines_are_where_they_should_be_and_equal(tmp_path: Path, context: BrowserContext,
                                                             serve_program: ServeProgram) -> None:
    (tmp_path / "drawn.gltf").write_text(json.dumps(drawn()))
    (tmp_path / "main.py").write_text(PROGRAM, encoding="utf-8")
    address = serve_program(tmp_path / "main.py")
    pictures = {backend: shots(context, address, backend) for backend in ("webgpu", "webgl2")}
    for backend, picture in pictures.items():
        for mode, places, indices, color in SHAPES:
            lines = segments(mode, places, indices)
            away = distance_to(lines)
            on = np.array(color, bool)
            like = picture[..., on].min(axis=2) - picture[..., ~on].max(axis=2) > TINT_MIN
            for (ax, ay), (bx, by) in lines:
                ends = [like[max(int(y) - 1, 0) : int(y) + 2, max(int(x) - 1, 0) : int(x) + 2] for x, y in
                        ((ax, ay), ((ax + bx) / 2, (ay + by) / 2), (bx, by))]
                assert all(found.any() for found in ends), (backend, mode, "each is there from end to end")
            assert not like[away > 2.0].any(), (backend, mode, "nothing of this colour is elsewhere")
            length = sum(max(abs(bx - ax), abs(by - ay)) for (ax, ay), (bx, by) in lines) + len(lines)
            print(f"{backend}, mode {mode}: {like.sum()} pixels, {length:.0f} expected")
            assert 0.9 * length <= like.sum() <= 3 * length, (backend, mode, int(like.sum()), length)
    share = different(pictures["webgpu"], pictures["webgl2"])
    print(f"Points and lines: {share:.3%} of the pixels differ between webgpu and webgl2.")
    assert share <= DIFFERENT_MAX
