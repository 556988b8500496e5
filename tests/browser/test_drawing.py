"""Points, lines and debug drawing in pixels: sizes, colours as given, joins, dashes, depth; the same on both APIs."""

from __future__ import annotations

import numpy as np

import layerw as lw

from .conftest import RunProgram
from .harness import Running

SIZE = (240, 160)
GRID_SIZE = (480, 320)
PER_M = 10.0  # pixels a metre
PROGRAM = """
import base64
import json
import numpy as np
import layerw as lw
app = lw.App()
app.fog.density = app.sun.intensity = 0.0
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.0, 0.0, 0.0)
app.view.dither, app.view.exposure = 0.0, 5.0
app.camera.position = np.array((0.0, 0.0, 20.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.projection = lw.Orthographic(height=16.0)
made = []

def clear():
    for thing in made:
        thing.destroy()
    made.clear()

def points():
    made.append(app.points([(-8, 4, 0), (0, 4, 0)], color=[(1, 0, 0), (0, 0.5, 1)], size=[15.0, 0.0]))
    made.append(app.points([(8, 4, 0)], color="yellow", size=2.0, unit="m"))
    made.append(app.points([(-8, -4, 0), (np.cos(1), np.sin(1), 0)], color=(1, 1, 1, 0.5), size=31.0))
    made[2].position[1] = (0, -4, 0)
    made[1].entity.position = (0, -8, 0)

def lines():
    clear()
    made.append(app.lines([(-10, 5, 0), (10, 5, 0)], color="yellow", width=6.0))
    made.append(app.lines([[(-10, 2, 0), (10, 2, 0)], [(-10, 0, 0), (10, 0, 0)]], color="#804020", width=0.8, unit="m"))
    made.append(app.lines([(-8, -6, 0), (-2, -6, 0), (-2, -3, 0)], color=(1, 1, 1, 0.5), width=12.0))
    made.append(app.lines([(0, -4, 0), (10, -4, 0)], color="lime", width=7.0, dash=(1.0, 1.0)))
    made.append(app.lines([(2, -7, 0), (10, -7, 0)], color=[(1, 0, 0), (0, 0, 1)], width=7.0))

def depth():
    clear()
    made.append(app.lines([(-10, 0, 0), (10, 0, 0)], color="white", width=8.0))
    wall = app.spawn(lw.Mesh.box(4, 4, 1), lw.Material(color="black", unlit=True), position=(-6, 0, 3))
    app.spawn(lw.Mesh.box(4, 4, 1), lw.Material(color="red", unlit=True), position=(6, 0, -3))
    app.debug.box((0, 0, 0), (4, 6, 1), "lime", width=4.0, duration=1e6)
    app.debug.point((0, 6, 0), "magenta", size=15.0, duration=1e6)

def grid():
    # Of 20 m on a floor, seen by an eye that stands in it: every line runs past the camera.
    clear()
    app.debug.clear()
    for entity in app.each(lw.Position).entities:
        entity.visible = False
    app.spawn(lw.Mesh.plane(30, 30), lw.Material(color="black", unlit=True))
    made.append(app.grid(color="white"))
    before = app.camera
    app.camera = lw.Camera((4, 3, 6))
    made.append(type("Back", (), {"destroy": lambda _: setattr(app, "camera", before)})())

def cut_out():
    # A square whose alpha is the cutoff along a slanted line.
    clear()
    app.debug.clear()
    for entity in app.each(lw.Position).entities:
        entity.visible = False
    places = np.array([(-6, -6, 0), (6, -6, 0), (6, 6, 0), (-6, 6, 0)], "<f4")
    colors = np.ones((4, 4), "<f4")
    colors[:, 3] = 0.5 + (places[:, 0] + 0.25 * places[:, 1]) / 24
    data = places.tobytes() + colors.tobytes() + np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes()
    views = [{"buffer": 0, "byteOffset": at, "byteLength": size} for at, size in ((0, 48), (48, 64), (112, 12))]
    kinds = ((5126, 4, "VEC3"), (5126, 4, "VEC4"), (5123, 6, "SCALAR"))
    accessors = [{"bufferView": view, "componentType": kind, "count": count, "type": shape}
                 for view, (kind, count, shape) in enumerate(kinds)]
    accessors[0] |= {"min": [-6, -6, 0], "max": [6, 6, 0]}
    uri = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    document = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "COLOR_0": 1}, "indices": 2, "material": 0}]}],
        "materials": [{"alphaMode": "MASK", "extensions": {"KHR_materials_unlit": {}}}], "bufferViews": views,
        "accessors": accessors, "buffers": [{"byteLength": len(data), "uri": uri}],
        "extensionsUsed": ["KHR_materials_unlit"],
    }
    app.load("data:model/gltf+json;base64," + base64.b64encode(json.dumps(document).encode()).decode())
"""


def picture(running: Running, scene: str) -> np.ndarray:
    """(h, w, 3) after the scene was made."""
    width, height = GRID_SIZE if scene == "grid" else SIZE
    running.page.set_viewport_size({"width": width, "height": height})
    running.python(f"import __main__\n__main__.{scene}()\nNone")
    running.frames(20 if scene == "cut_out" else 5)
    return running.picture()


def at(taken: np.ndarray, x: float, y: float) -> list[int]:
    """The pixel at a place at z = 0."""
    return taken[int(SIZE[1] / 2 - y * PER_M), int(SIZE[0] / 2 + x * PER_M)].tolist()


def part(taken: np.ndarray, x: tuple[float, float], y: tuple[float, float]) -> np.ndarray:
    """The pixels between two places."""
    columns = slice(*(int(SIZE[0] / 2 + edge * PER_M) for edge in x))
    return taken[int(SIZE[1] / 2 - y[1] * PER_M) : int(SIZE[1] / 2 - y[0] * PER_M), columns]


def near(a: list[int], b: tuple[int, int, int]) -> bool:
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) <= 2


def light(pixels: np.ndarray, channel: int, full: int = 255) -> float:
    """How many whole pixels of light there are."""

    def linear(codes: np.ndarray) -> np.ndarray:
        return np.where(codes <= 10, codes / 255 / 12.92, ((codes / 255 + 0.055) / 1.055) ** 2.4)

    return float(linear(pixels[..., channel].astype(float)).sum() / linear(np.array([float(full)]))[0])


HALF = 188  # of white over black, sRGB


def check_points(taken: np.ndarray, backend: str) -> None:
    assert near(at(taken, -8, 4), (255, 0, 0)) and near(at(taken, 8, -4), (255, 255, 0)), "as given, exposed or not"
    spots = (("pixels", part(taken, (-11, -5), (1, 7)), 15.0), ("metres", part(taken, (5, 11), (-7, -1)), 20.0))
    for what, area, wanted in spots:
        found = light(area, 0)
        print(f"{backend}, {what}: {found:.1f} pixels, {np.pi / 4 * wanted**2:.1f} expected")
        assert abs(found / (np.pi / 4 * wanted**2) - 1) < 0.06, (backend, what)
    assert taken[40, 120].max() == 0, "a size of 0 draws nothing"
    assert near(at(taken, -8, -4), (HALF,) * 3) and near(at(taken, 0, -4), (HALF,) * 3)


def check_lines(taken: np.ndarray, backend: str) -> None:
    assert near(at(taken, 0, 5), (255, 255, 0))
    assert all(near(at(taken, 3, y), (128, 64, 32)) for y in (2, 0)), "both polylines"
    for y, wide, full in ((5.0, 6.0, 255), (2.0, 8.0, 128), (0.0, 8.0, 128)):
        column = part(taken, (4.0, 4.1), (y - 0.8, y + 0.8))
        assert abs(light(column, 0, full) - wide) < 0.25, (backend, y)
    corner = part(taken, (-9, -1), (-7, -2))
    assert corner.max() <= HALF + 2, "no pixel of a corner is drawn twice"
    inside = part(taken, (-7.5, -2.2), (-6.4, -5.6))
    assert inside.min() >= HALF - 2, "and none is left out"
    assert near(at(taken, -1.75, -6.2), (HALF,) * 3) and at(taken, -1.3, -6.6)[0] == 0, "the join is round"
    dashes = taken[int(SIZE[1] / 2 + 40), SIZE[0] // 2 : SIZE[0] // 2 + 100, 1]
    on = np.arange(100) % 20 < 10
    inner = (np.arange(100) % 10 > 1) & (np.arange(100) % 10 < 8)
    assert (dashes[on & inner] > 250).all() and (dashes[~on & inner] < 5).all(), backend
    red, blue = at(taken, 2.5, -7), at(taken, 9.5, -7)
    assert red[0] > 240 > 80 > red[2] and blue[2] > 240 > 80 > blue[0], "colours run from end to end"


def check_depth(taken: np.ndarray, backend: str) -> None:
    assert at(taken, -6, 0)[0] == 0 and near(at(taken, 6, 0), (255, 255, 255)), "what is in front hides them"
    assert min(at(taken, 6, 1)[0] - np.array(at(taken, 6, 1)[1:])) > 200, "and what is behind is there"
    assert near(at(taken, 0, 0), (255, 255, 255)) and near(at(taken, 0, 6), (255, 0, 255))
    assert near(at(taken, 2, 2), (0, 255, 0)) and near(at(taken, -1, 3), (0, 255, 0)), "the box's edges"


def check_cut_out(taken: np.ndarray, backend: str) -> None:
    """Its edge is where alpha is the cutoff, and is as smooth as that of a triangle."""
    rows = part(taken, (-6, 6), (-5, 5))[..., 1]
    y = 5.0 - (np.arange(len(rows)) + 0.5) / PER_M
    wanted = 60.0 + 2.5 * y
    found = (rows > 127).sum(axis=1)
    assert np.abs(found - wanted).max() < 2, (backend, found.tolist())
    between = np.unique(rows[(rows > 20) & (rows < 230)])
    print(f"{backend}, a cut-out's edge: {len(between)} codes between")
    assert len(between) >= 2 and ((rows > 20) & (rows < 230)).sum() > 50, backend


def check_grid(taken: np.ndarray, backend: str) -> None:
    """Each line is there, as far as the picture shows it and lines are two pixels apart."""
    width, height = GRID_SIZE
    view = lw.Camera((4, 3, 6)).frame(width, height)
    along = np.linspace(-9.9, 9.9, 400)
    for number in range(-4, 7):
        for axis in (0, 2):
            places = np.zeros((400, 4))
            places[:, axis], places[:, 2 - axis], places[:, 3] = number, along, 1
            places[:, :3] -= view.position
            x, y, _, w = view.view_projection.astype(np.float64) @ places.T
            inside = (w > 0.2) & (w < 9) & (np.abs(x) < 0.97 * w) & (np.abs(y) < 0.97 * w)
            columns = ((x[inside] / w[inside] + 1) * width / 2).astype(int)
            rows = ((1 - y[inside] / w[inside]) * height / 2).astype(int)
            around = [taken[y - 1 : y + 2, x - 1 : x + 2].max() for x, y in zip(columns, rows, strict=True)]
            assert len(around) < 10 or np.mean(np.array(around) > 60) > 0.97, (backend, "xyz"[axis], number, around)


SCENES = {"points": check_points, "lines": check_lines, "depth": check_depth, "grid": check_grid,
          "cut_out": check_cut_out}  # fmt: skip


def test_pictures(run_program: RunProgram) -> None:
    taken: dict[str, list[np.ndarray]] = {}
    for backend in ("webgpu", "webgl2"):
        quality = {"webgpu": "medium", "webgl2": "high"}[backend]
        running = run_program(PROGRAM, backend=backend, quality=quality).wait_ready()
        assert running.report()["quality"] == quality, "as the element says"
        running.baseline = None  # what is drawn stays until the page ends
        taken[backend] = [picture(running, scene) for scene in SCENES]
        for check, found in zip(SCENES.values(), taken[backend], strict=True):
            check(found, backend)
        assert running.errors.texts == []
    for gpu, gl in zip(*taken.values(), strict=True):
        assert (np.abs(gpu - gl).max(axis=2) > 8).mean() < 0.005
