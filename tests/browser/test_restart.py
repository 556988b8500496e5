"""Programs that begin where another ran, in the same page: what stays, what goes, and that nothing piles up.

And targets of the frame as pictures, which need the same drawn scene.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import HOST_JS, Running
from .workers import alive

SCENE = """
import layerw as lw
app = lw.App()
app.camera.position = (0, 2, 6)
app.camera.look_at((0, 0.5, 0))
app.view.bloom, app.view.antialias = 0.1, "none"
app.spawn(lw.Mesh.plane(20, 20), lw.Material(color="gray"))
app.spawn(lw.Mesh.box(), lw.Material(color="tomato"), position=(0, 0.5, 0))
"""
OTHER = """
import layerw as lw
app = lw.App()
app.ui.text("another")
app.spawn_many(lw.Mesh.sphere(), 50)
"""
STARTS = 10
FIGURES = ("gpu_bytes", "heap_bytes", "layer_bytes")


def restart(running: Running, **given: Any) -> None:
    running.page.evaluate("(given) => document.querySelector('layer-w').restart(given)", given)
    running.frames(3)


def figures(running: Running) -> dict[str, Any]:
    """What would pile up."""
    report = running.report()
    elements = running.page.evaluate("document.querySelector('layer-w').shadowRoot.querySelectorAll('*').length")
    modules = running.python("import sys; len(sys.modules)")
    return {**running.counts(), **{name: report[name] for name in FIGURES}, "elements": elements, "modules": modules,
            "workers": sorted(alive(running.page))}


def look(running: Running, name: str) -> np.ndarray:
    """(h, w, 4) float32."""
    found = running.page.evaluate(
        f"async (name) => {{ const {{ width, height, data }} = await {HOST_JS}.request('target', {{ name, side: 64 }});"
        " return [width, height, [...data]]; }", name)
    return np.array(found[2], np.float32).reshape(found[1], found[0], 4)


@pytest.mark.usefixtures("counted_workers")
@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_programs_one_after_another_leave_nothing_behind(run_program: RunProgram, backend: str, tmp_path: Path) -> None:
    running = run_program(SCENE, backend=backend).wait_ready()
    names = {one["name"] for one in running.request("targets")}
    light = "lit" if "lit" in names else "hdr"
    assert {"shadow_atlas", "depth", light, "bloom_1"} <= names, names
    depth = look(running, "depth")[..., 0]
    assert depth[0].max() == 0 and depth[-1].min() > 0.01, "the sky is far (0), the ground is near"
    assert look(running, "shadow_atlas")[..., 0].max() > 0
    red, _, blue, _ = look(running, light)[24, 32]
    assert red > 2 * blue > 0, "the box is in the middle"
    with pytest.raises(Exception, match="no target"):
        look(running, "picture")

    before = running.picture()
    restart(running)
    first = figures(running)
    for _ in range(STARTS):
        restart(running, text=OTHER)
        assert running.report()["entities"] == 50
        restart(running, text=None)
    assert figures(running) == first
    assert np.abs(running.picture() - before).mean() < 1
    running.baseline = running.counts()
