"""`layerw bake --probes` in a page: a program without light probes, and one whose room has one colour."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Browser

from layerw_server.tools.probes import ProbeError, captured

from .conftest import ServeProgram

ROOM = """
import layerw as lw
app = lw.App()
app.sun.intensity = 0.0
app.spawn(lw.Mesh.box(8, 4, 8), lw.Material(color=(0.5, 0.3, 0.2), unlit=True, double_sided=True), position=(0, 2, 0))
app.light_probes((0, 2, 0), (4, 2, 2), 2.0, file="light.npz")
"""


def test_a_room_is_baked(browser: Browser, serve_program: ServeProgram) -> None:
    [grid] = captured(browser, serve_program(ROOM), backend="webgl2", quality="low", timeout_s=120)
    assert grid.counts == (2, 1, 1) and grid.center.tolist() == [0, 2, 0]
    mean, way = grid.light[..., 3].astype(float), grid.light[..., :3].astype(float)
    linear = ((np.array((0.5, 0.3, 0.2)) + 0.055) / 1.055) ** 2.4
    assert np.allclose(mean, linear, rtol=0.03), "the colour of its walls"
    assert np.abs(way).max() < 0.03 * linear.max(), "from everywhere the same"


def test_a_program_without_probes_is_told(browser: Browser, serve_program: ServeProgram) -> None:
    with pytest.raises(ProbeError, match="has no light probes"):
        captured(browser, serve_program("import layerw as lw\napp = lw.App()\n"), backend="null", quality="low",
                 timeout_s=60)  # fmt: skip
