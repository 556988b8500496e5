"""lw.Label on both APIs: what is bright in the picture is as much as the outlines hold, and things hide it."""

from __future__ import annotations

import numpy as np
import pytest

from layerw.drawing.font import font

from .conftest import RunProgram

PROGRAM = """
import builtins
import layerw as lw
app = lw.App()
app.camera.position = (0, 0, 5)
app.camera.look_at((0, 0, 0))
app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="black", unlit=True), position=(0, 0, -1)).rotate(x=1.5707963)
tag = lw.Label("8", size=90, unit="px", fog=False)
screen = app.spawn(lw.Mesh.box(9, 9, 0.1), lw.Material(color="black", unlit=True), position=(0, 0, 1))
screen.visible = False
builtins.TAG, builtins.SCREEN = tag, screen
"""


def area(character: str) -> float:
    """Of a glyph's outline, em^2: of each curve's chord, and two thirds of the triangle to its control."""
    total = 0.0
    for chain in font().contours(font().numbers[ord(character)]):
        p0, p1, p2 = chain[:-2:2].T, chain[1::2].T, chain[2::2].T
        total += float((p0[0] * p2[1] - p0[1] * p2[0]).sum()) / 2
        u, v = p1 - p0, p2 - p0
        total += float((u[0] * v[1] - u[1] * v[0]).sum()) / 3
    return abs(total)


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_a_label_is_as_large_as_its_outlines(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, quality="low").wait_ready()
    running.frames(3)

    def bright() -> float:
        picture = running.picture()[..., 1] / 255
        light = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4)
        return float(light.sum() / max(light.max(), 0.5))  # the tone map keeps white below 1

    assert bright() == pytest.approx(area("8") * 90**2, rel=0.02)
    running.python("TAG.text = 'I'; TAG.size = 60")
    running.frames(3)
    assert bright() == pytest.approx(area("I") * 60**2, rel=0.03)
    running.python("SCREEN.visible = True")
    running.frames(3)
    assert bright() < 5, "it is behind something"
    assert running.report()["errors"] == []
