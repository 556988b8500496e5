"""Pictures of exact transforms on both APIs: the empty sky, mirror images, shear, flat things, hidden parents,
night."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running

PROGRAM = """
import math
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.shadows.enabled = False
app.camera.position = np.array((0.0, 0.0, 12.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.fov_y = math.radians(40)
app.sun.azimuth, app.sun.elevation = math.pi, math.radians(35)
made = []

def clear():
    for thing in made:
        if thing.alive:
            thing.despawn()
    made.clear()

def keep(thing):
    made.append(thing)
    return thing

def tree(side):
    # The same things below a root whose mirror image is the other half of the picture.
    root = keep(app.spawn(lw.Mesh.cone(0.7, 1.4), lw.Material(color="orange"), position=(2.2 * side, 1.6, 0),
                          scale=(side, 1, 1)))
    root.rotate(x=0.3)
    wide = app.spawn(lw.Mesh.box(0.3, 0.3, 0.3), lw.Material(color="royalblue"), parent=root, position=(0, -2, 0),
                     scale=(4, 1, 1))
    bent = app.spawn(lw.Mesh.box(0.5, 0.5, 0.5), lw.Material(color="limegreen"), parent=wide, position=(0, -2, 0))
    bent.rotate(y=0.3, z=0.6)
    app.spawn(lw.Mesh.sphere(0.5), lw.Material(color="crimson", double_sided=True), parent=bent,
              position=(0.3, 0.2, 0.4), scale=(0.5, 1.5, 1))

def halves():
    clear()
    tree(1)
    tree(-1)

def baked():
    # A box below a stretched root, and on the other side the same box with its corners where they belong.
    clear()
    root = keep(app.spawn(lw.Mesh.box(0.01, 0.01, 0.01), position=(2.4, 0, 0), scale=(3, 1, 1)))
    turn = np.array([[math.cos(0.7), -math.sin(0.7), 0], [math.sin(0.7), math.cos(0.7), 0], [0, 0, 1]])
    app.spawn(lw.Mesh.box(), lw.Material(color="red", unlit=True), parent=root).rotate(z=0.7)
    box = lw.Mesh.box().data
    corners = (box.positions @ turn.T) * (-3, 1, 1)
    mirrored = lw.Mesh(corners, box.indices[::-1].copy())
    keep(app.spawn(mirrored, lw.Material(color="red", unlit=True), position=(-2.4, 0, 0)))

def flat():
    # A plane towards the camera, and a sphere and a box without thickness.
    clear()
    look = lw.Material(color="white", roughness=1.0)
    keep(app.spawn(lw.Mesh.box(1.6, 1.6, 0.01), look, position=(-2.4, 0, 0)))
    keep(app.spawn(lw.Mesh.box(1.6, 1.6, 1), look, position=(0, 0, 0), scale=(1, 1, 0)))
    keep(app.spawn(lw.Mesh.sphere(0.8), look, position=(2.4, 0, 0), scale=(1, 1, 0)))

def hidden():
    clear()
    root = keep(app.spawn(lw.Mesh.box(), lw.Material(color="blue", unlit=True)))
    app.spawn(lw.Mesh.box(), lw.Material(color="red", unlit=True), position=(1.5, 0, 0), parent=root)
    root.visible = False

def colours():
    # The same grey as vertex colours and as a material's colour.
    clear()
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], float)
    for side, colors, color in ((-1, np.full((4, 3), 0.5), "white"), (1, None, (0.5, 0.5, 0.5))):
        mesh = lw.Mesh(corners, [0, 1, 2, 0, 2, 3], colors=colors)
        keep(app.spawn(mesh, lw.Material(color=color, unlit=True), position=(2 * side, 0, 0)))

def shadows(elevation, enabled):
    # A ball over a floor, beside a wall.
    clear()
    for mesh, color, position in ((lw.Mesh.plane(60, 60), "gray", (0, -1, 0)),
                                  (lw.Mesh.sphere(0.7), "orange", (-1, 0, 0)),
                                  (lw.Mesh.box(0.2, 3, 4), "white", (2.5, 0.5, 0))):
        keep(app.spawn(mesh, lw.Material(color=color), position=position))
    app.camera.position = np.array((0.0, 2.0, 7.0))
    app.camera.look_at((0.0, 0.0, 0.0))
    app.sun.azimuth, app.sun.elevation = math.pi / 2, math.radians(elevation)
    app.shadows.enabled = enabled

def night():
    app.shadows.enabled = False
    clear()
    keep(app.spawn(lw.Mesh.plane(60, 60), lw.Material(color="white"), position=(0, -1, 0)))
    app.sun.elevation = math.radians(-20)
    app.moon.intensity = 0.0

@app.frame
def update(dt):
    pass
"""


def picture(running: Running, scene: str = "") -> np.ndarray:
    """(h, w, 3) after the scene was made."""
    if scene:
        running.python(f"import __main__\n__main__.{scene if scene.endswith(')') else scene + '()'}\nNone")
    running.frames(2)
    return running.picture()


def unlike(a: np.ndarray, b: np.ndarray, step: int) -> float:
    """The share of pixels that differ by more than `step`."""
    return float((np.abs(a - b).max(axis=2) > step).mean())


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_pictures(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend).wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size({"width": 320, "height": 200})
    running.frames(2)
    sky = picture(running)
    assert sky.min() > 30 and sky[10, 160, 2] > sky[10, 160, 0], "an app without entities shows the sky"

    halves = picture(running, "halves")
    assert unlike(halves, sky, 40) > 0.05, "things are drawn"
    things = np.abs(halves - sky).max(axis=2) > 25  # the clouds behind them are not symmetrical
    wrong = (np.abs(halves - halves[:, ::-1]).max(axis=2) > 40) & (things | things[:, ::-1])
    assert wrong.sum() < 0.06 * things.sum(), "mirror images are closed and lit as such"

    baked = picture(running, "baked")
    red = (baked[:, :, 0] > 150) & (baked[:, :, 2] < 80)
    assert red.mean() > 0.03
    assert (red != red[:, ::-1]).mean() < 0.004, "shear is exact"

    flat = picture(running, "flat")
    wide = flat.shape[1]
    plane, box, ball = (
        flat[98:102, round(wide * at) - 2 : round(wide * at) + 2].mean(axis=(0, 1))
        for at in (0.5 - 2.4 / 13.97, 0.5, 0.5 + 2.4 / 13.97)
    )
    assert plane.min() > 100
    assert np.abs(box - plane).max() < 10 and np.abs(ball - plane).max() < 10, "flat things are lit as planes"

    hidden = picture(running, "hidden")
    assert not ((hidden[:, :, 0] > 150) & (hidden[:, :, 2] < 80)).any(), "what hangs on a hidden parent is hidden"

    left, right = (picture(running, "colours")[100, 160 + 46 * side].astype(int) for side in (-1, 1))
    assert np.abs(left - right).max() <= 2, "vertex colours are sRGB as the materials'"

    for elevation, darker in ((90, 0.004), (12, 0.01)):
        lit, shaded = (picture(running, f"shadows({elevation}, {enabled})")[100:] for enabled in (False, True))
        fall = (lit - shaded).max(axis=2)
        dark, faint = (fall > 25).mean(), ((np.abs(fall) > 6) & (fall <= 25)).mean()
        print(f"{backend}, the sun at {elevation} degrees: {dark:.4f} in shadow, {faint:.4f} at its edges")
        assert dark > darker, "things cast shadows"
        assert faint < 0.05, "with soft edges, and no stripes elsewhere"

    night = picture(running, "night")
    assert night.max() < 60, "a sun far below the horizon leaves night"
    assert running.errors.texts == []
