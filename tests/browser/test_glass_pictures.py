"""Pictures of glass on both APIs against closed forms: where it bends, how it tints, blurs and spreads light, what
stands before it; brushed metal; textures of layers at any place. One page an API."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running
from .test_exact_pictures import picture as picture_of
from .worlds import Pixels

WIDTH, HEIGHT = 192, 120
PROGRAM = """
import math
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.shadows.enabled, app.sun.intensity = False, 0.0
app.sky.zenith = app.sky.horizon = app.sky.ground = "black"  # nothing to mirror
app.camera.position, app.camera.fov_y = (0.0, 0.0, 8.0), math.radians(30)
app.camera.look_at((0.0, 0.0, 0.0))
app.view.tone_map, app.view.dither, app.sky.exposure = "neutral", 0.0, 1.0
app.quality = "high"
app.ambient.occlusion = 0.0
SHEET = lw.Mesh([(-1.2, -1.2, 0), (1.2, -1.2, 0), (1.2, 1.2, 0), (-1.2, 1.2, 0)], [0, 1, 2, 0, 2, 3],
                uvs=[(0, 1), (1, 1), (1, 0), (0, 0)])
made = []

def show(*things):
    for thing in made:
        thing.despawn()
    made[:] = things
    app.sun.intensity = 0.0

def wall(left, right, z=-1.0):
    dark = [(left, -3.0), (right, 3.0)]
    return [app.spawn(lw.Mesh.box(6, 8, 0.1), lw.Material(color=color, unlit=True), position=(x, 0, z - 0.05))
            for color, x in dark]

def pane(colors=("black", "white"), turn=0.0, **look):
    # A sheet before a wall whose left and right halves have these colours.
    sheet = app.spawn(SHEET, lw.Material(transmission=1.0, **{"roughness": 0.0, **look}))
    sheet.rotate(y=turn)
    show(sheet, *wall(*colors))

def halves(name):
    # A texture whose left half is none and whose right half is all.
    texel = np.zeros((1, 2, 4), np.uint8)
    texel[:, 1] = 255
    texel[..., 3] = (0, 255)
    texture = lw.Texture(texel, filter="nearest", wrap="clamp", srgb=False)
    bright = (0.8, 0.8, 0.8)
    looks = {"transmission": {}, "thickness": {"thickness": 1.0, "attenuation_color": "red",
                                              "attenuation_distance": 0.2}}
    # Five more, so that its place is not the first one.
    white = lw.Texture(np.full((1, 1, 4), 255, np.uint8), srgb=False)
    more = {f"{one}_texture": white
            for one in ("clearcoat", "clearcoat_roughness", "sheen_color", "iridescence", "specular")}
    pane((bright, bright), **looks[name], **more, **{f"{name}_texture": texture})

def before():
    # A red post in front of the sheet, beside what is seen through its middle.
    pane(((0.5,) * 3, (0.5,) * 3), turn=0.9, thickness=1.5, ior=1.6)
    made.append(app.spawn(lw.Mesh.box(0.5, 6, 0.1), lw.Material(color="red", unlit=True), position=(-0.55, 0, 2.0)))

def brushed(anisotropy, rotation=0.0):
    ball = app.spawn(lw.Mesh.plane(6, 6), lw.Material(
        color="white", metallic=1.0, roughness=0.35, anisotropy=anisotropy, anisotropy_rotation=rotation))
    ball.rotate(x=math.pi / 2)
    show(ball, app.light("point", position=(0, 0, 2.0), intensity=0.3))

@app.frame
def update(dt):
    pass
"""


def picture(running: Running, scene: str) -> Pixels:
    running.python(f"import __main__\n__main__.{scene}\nNone")
    running.frames(2)  # what it is drawn over is paid first
    return picture_of(running).astype(float)


def refracted_columns(turn: float, ior: float, thickness: float) -> np.ndarray[Any, Any]:
    """By column of the middle row: the column of the picture that is seen through the sheet."""
    focal = HEIGHT / 2 / np.tan(np.radians(15))
    across = (np.arange(WIDTH) + 0.5 - WIDTH / 2) / focal
    way = np.stack([across, 0 * across, -np.ones(WIDTH)], axis=1)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    normal = np.array([np.sin(turn), 0, np.cos(turn)])
    from_eye = np.array([0, 0, -8.0]) @ normal / (way @ normal)
    at = way * from_eye[:, None]
    ratio = 1 / ior
    facing = -(way @ normal)
    inside = ratio * way + (ratio * facing - np.sqrt(1 - ratio**2 * (1 - facing**2)))[:, None] * normal
    out = at + inside * thickness
    return np.asarray(out[:, 0] / -out[:, 2] * focal + WIDTH / 2 - 0.5)


def edge(row: Pixels) -> float:
    """Where a row goes from dark to bright, in columns."""
    bright = row > (row.min() + row.max()) / 2
    return float(np.flatnonzero(bright)[0])


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_glass(run_program: RunProgram, backend: str) -> None:
    running = run_program({"main.py": PROGRAM}, backend=backend).wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    middle, inside = HEIGHT // 2, slice(WIDTH // 2 - 14, WIDTH // 2 + 14)
    bends(running, middle)
    tints(running, middle, inside)
    spreads(running, middle)
    reads_textures(running, middle)
    beside = slice(88, 96)
    assert (refracted_columns(0.9, 1.6, 1.5)[beside] < 84).all(), "that is where the post stands"
    seen = picture(running, "before()")[middle]
    assert (seen[beside, 0] < seen[beside, 1] + 12).all(), "what stands before the glass is not seen in it"
    assert (seen[70:82, 0] > 2 * seen[70:82, 1]).all(), "the post"
    is_brushed(running)
    assert running.report()["errors"] == []


def bends(running: Running, middle: int) -> None:
    thin = edge(picture(running, "pane(turn=0.8)")[middle, 70:122, 1]) + 70
    assert abs(thin - WIDTH / 2) <= 1, "a thin wall bends nothing"
    bent = edge(picture(running, "pane(turn=0.8, thickness=0.6, ior=1.5)")[middle, 70:122, 1]) + 70
    expected = float(np.flatnonzero(refracted_columns(0.8, 1.5, 0.6) > WIDTH / 2 - 0.5)[0])
    assert abs(expected - thin) > 3 and abs(bent - expected) <= 1.5, f"the edge is at {bent}, Snell says {expected}"


def tints(running: Running, middle: int, inside: slice) -> None:
    light = "(0.6, 0.6, 0.6)"
    swallowed = picture(running, f"pane(({light}, {light}), thickness=0.5, attenuation_distance=1.0, "
                                 f"attenuation_color=(0.8, 0.5, 0.3))")[middle, inside]  # fmt: skip
    # Beer and Lambert: half the distance leaves the root.
    linear = np.where(np.array((0.8, 0.5, 0.3)) > 0.04045, ((np.array((0.8, 0.5, 0.3)) + 0.055) / 1.055) ** 2.4, 0)
    left = 1.055 * np.sqrt(linear) ** (1 / 2.4) - 0.055
    tinted = picture(running, f"pane(({light}, {light}), color={tuple(left.tolist())})")[middle, inside]
    assert np.abs(swallowed - tinted).max() <= 3, f"{swallowed[10]} is what {tinted[10]} lets through"
    assert np.ptp(tinted[10]) > 30


def spreads(running: Running, middle: int) -> None:
    widths = []
    for roughness in (0.0, 0.3, 0.5):
        row = picture(running, f"pane(roughness={roughness})")[middle, 66:126, 1]
        widths.append(((row > 0.15 * row.max()) & (row < 0.85 * row.max())).sum())
    assert widths[0] <= 2 < widths[1] < widths[2], f"rough glass blurs: {widths}"
    row = picture(running, "pane(turn=0.8, thickness=1.0, ior=1.5, dispersion=8.0)")[middle, 60:132]
    red, green, blue = (edge(row[:, channel]) for channel in range(3))
    assert (red < green < blue) or (red > green > blue), f"blue is bent more than red: {red}, {green}, {blue}"


def reads_textures(running: Running, middle: int) -> None:
    left, right = slice(70, 90), slice(102, 122)
    seen = picture(running, "halves('transmission')")[middle]
    assert seen[left].max() < 25 < 150 < seen[right].min(), "only its right half lets light through"
    seen = picture(running, "halves('thickness')")[middle]
    assert np.ptp(seen[left], axis=1).max() < 12, "no thickness, no tint"
    assert (seen[right, 0] > 2 * seen[right, 1]).all(), "its thick half is red"


def is_brushed(running: Running) -> None:
    """A highlight on brushed metal is long across the brushing."""
    def extent(scene: str) -> tuple[int, int]:
        seen = picture(running, scene)[..., 1]
        bright = seen > 0.5 * seen.max()
        return int(bright.any(axis=0).sum()), int(bright.any(axis=1).sum())

    wide, high = extent("brushed(0.0)")
    assert abs(wide - high) <= 3
    along, across = extent("brushed(0.9)")
    turned = extent("brushed(0.9, 1.5708)")
    assert max(along, across) > 1.5 * min(along, across)
    assert (turned[0] > turned[1]) is (along < across), "the rotation turns it"
