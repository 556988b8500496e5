"""app.ui drawn by the engine, on both APIs: what a page's HTML would show is in the picture, and is used there."""

from __future__ import annotations

import json

import numpy as np
import pytest

from .conftest import RunProgram

PROGRAM = """
import builtins
import numpy as np
import layerw as lw
app = lw.App()
app.view.bloom = 0.0
app.clouds.cover = 0.0
app.add_view(lw.Camera(), viewport=(0.0, 0.0, 1.0, 0.5))  # drawn after the main one, and still behind it
builtins.SEEN = SEEN = {"clicks": 0}
app.ui.theme(surface="rgb(0 0 0 / .5)", line="transparent", accent="#204060")
button = app.ui.button("", anchor="top left", style={"width": 60, "height": 30, "border_radius": 0})
solid = app.ui.panel("", anchor="top right", style={"width": 50, "height": 30, "background": "#336699"})
half = np.zeros((2, 2, 4), np.uint8)
half[:] = (255, 128, 0, 255)
half[0] = (0, 0, 0, 0)
app.ui.image(half, "", anchor="left", style={"width": 40, "height": 40, "border_radius": 0})
field = app.ui.input("", anchor="bottom right", style={"width": 60})
builtins.FIELD = field
@button
def click():
    SEEN["clicks"] += 1
"""


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_it_lies_over_the_picture_and_is_used(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, quality="low", **{"layerw-ui": "drawn"}).wait_ready()
    running.frames(3)
    picture = running.picture().astype(int)
    height, width = picture.shape[:2]
    assert np.abs(picture[25, width - 30, :3] - (0x33, 0x66, 0x99)).max() <= 1, "colours are shown as given"
    inside, beside = picture[15:35, 71, :3], picture[15:35, 72, :3]
    assert np.abs(inside - beside / 2).max() <= 6, "half black is half as bright, as a page blends, up to a sharp edge"
    orange = np.flatnonzero(np.abs(picture[:, 32, :3] - (255, 128, 0)).max(1) <= 1)
    assert orange[-1] > height // 2 + 19, "the button above it has pushed it down"
    image = picture[orange[-1] - 39 : orange[-1] + 1, 12:52, :3]
    assert np.abs(image[35, 20] - (255, 128, 0)).max() <= 1 and (image[35, 20] != image[2, 20]).any(), "upper row first"
    page = running.page
    page.mouse.click(40, 25)
    page.mouse.click(width - 40, height - 28)
    page.keyboard.type("Hi 5")
    running.frames(3)
    found = running.python("import json; json.dumps([SEEN['clicks'], FIELD.value])")
    assert json.loads(found) == [1, "Hi 5"]
    bright = running.picture().astype(int)[height - 45 : height - 12, width - 72 : width - 12, :3].min(2)
    assert (bright > 200).sum() > 30, "its letters are there"
    assert running.report()["errors"] == []
