"""Pictures of lamps' shadows on both APIs: 32 lamps at once from small cells of the atlas, one from large ones."""

from __future__ import annotations

import numpy as np

from .conftest import RunProgram
from .harness import Running
from .worlds import DIFFERENT_MAX, different

WIDTH, HEIGHT = 240, 128
PROGRAM = """
import math
import layerw as lw
app = lw.App()
app.quality = "low"
app.view.antialias, app.view.scale = "none", 1.0
app.sky.zenith = app.sky.horizon = app.sky.ground = (0, 0, 0)
app.sky.exposure, app.sky.twilight = 1.0, False
app.sun.intensity = 0.0
app.view.dither = 0.0
app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="white", roughness=1.0))
app.camera = lw.Camera((0, 8, 0), projection=lw.Orthographic(height=8.0))
app.camera.pitch = -math.pi / 2
lamps = []
for n in range(32):
    x, z = 1.8 * (n % 8 - 3.5), 1.8 * (n // 8 - 1.5)
    app.spawn(lw.Mesh.box(0.5, 0.25, 0.5), lw.Material(color="black"), position=(x, 0.6, z))
    kind = ("point", "spot")[n % 2]
    lamp = app.light(kind, position=(x, 1.5, z), intensity=6.0, range=1.9)
    if kind == "spot":
        lamp.direction, lamp.outer_angle = (0, -1, 0), 1.1
    lamps.append(lamp)

def cast(which):
    for n, lamp in enumerate(lamps):
        lamp.shadows = bool(which >> n & 1)

def near():
    app.camera.projection = lw.Orthographic(height=2.0)
    app.camera.position = (lamps[3].position[0], 8, lamps[3].position[2])

def levels():
    return "".join(sorted(str(cells.level) for _, cells in app._engine.shadows.lamps.shown))
"""


def beside(picture: np.ndarray, away: float, height_m: float) -> np.ndarray:
    """(32,) how bright the floor is so many metres to the right of each lamp."""
    found = []
    for n in range(32):
        x, z = 1.8 * (n % 8 - 3.5) + away, 1.8 * (n // 8 - 1.5)
        column, row = (round(value * HEIGHT / height_m + size / 2 - 0.5) for value, size in ((x, WIDTH), (z, HEIGHT)))
        found.append(picture[row, column].mean())
    return np.array(found)


def levels(running: Running) -> list[int]:
    return [int(level) for level in running.python("import __main__\n__main__.levels()")]


def test_pictures(run_program: RunProgram) -> None:
    taken = {}
    for backend in ("webgpu", "webgl2"):
        running = run_program(PROGRAM, backend=backend).wait_ready()
        running.baseline = None  # the page ends here
        running.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        running.page.add_style_tag(content="layer-w::part(note) { display: none }")
        running.python("import __main__\n__main__.cast((1 << 32) - 1)\nNone")
        running.frames(40)
        assert len(levels(running)) == 32 and levels(running)[-1] == 3, "small cells"
        all_of_them = running.picture()
        running.python("import __main__\n__main__.cast((1 << 31) - 1)\nNone")
        running.frames(2)
        without_last = running.picture()
        running.python("import __main__\n__main__.cast(1 << 3)\n__main__.near()\nNone")
        running.frames(14)
        assert len(levels(running)) == 1 and levels(running)[0] <= 1, "large ones"
        taken[backend] = all_of_them, without_last, running.picture()
        assert running.report()["errors"] == []
        running.page.close()
    for all_of_them, without_last, near in taken.values():
        dark, lit = beside(all_of_them, 0.33, 8.0), beside(all_of_them, 0.62, 8.0)
        assert dark.max() < 0.6 * lit.min(), f"{dark.max():.0f} in shadow, {lit.min():.0f} beside"
        changed = np.abs(beside(without_last, 0.33, 8.0) - dark)
        assert changed[-1] > 20 and changed[:-1].max() < 4, "the one that casts no more, alone"
        row = near[HEIGHT // 2].mean(axis=1)
        metres = (np.arange(WIDTH) + 0.5 - WIDTH / 2) * 2.0 / HEIGHT
        edge = metres[metres > 0.3][np.argmax(row[metres > 0.3] > 0.5 * row.max())]
        assert abs(edge - 0.25 * 1.5 / (1.5 - 0.725)) < 0.05, f"the shadow ends at {edge:.3f} m"
    for one, other in zip(*taken.values(), strict=True):
        share = different(one, other)
        print(f"{share:.3%} of the pixels differ between webgpu and webgl2.")
        assert share <= DIFFERENT_MAX
