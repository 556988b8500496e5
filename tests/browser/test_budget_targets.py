"""A canvas whose render targets pass the GPU budget: a smaller picture is drawn and fills the canvas all the same."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

from layerw_server.tools.shot import take_shot
from layerw_server.tools.shot_result import ShotOptions

from .conftest import ServeProgram

SIZE = (640, 400)
GPU_MIB = 20
# Left half red, right half blue, without light or air: the picture must look so at every size.
HALVES = """
import numpy as np
import layerw as lw
app = lw.App()
app.fog.density = 0.0
app.camera.position = np.array((0.0, 0.0, 5.0))
for side, color in ((-10, "red"), (10, "blue")):
    app.spawn(lw.Mesh.box(20, 40, 0.1), lw.Material(color=color, unlit=True), position=(side, 0, 0))

@app.frame
def update(dt):
    ledger = app._engine.store.committed
    assert ledger.used_bytes <= ledger.budget_bytes, (ledger.used_bytes, ledger.budget_bytes)
"""


@pytest.mark.parametrize("backend", ["webgpu", "webgl2", "null"])
def test_a_large_canvas_is_drawn_smaller_and_scaled_up(context: BrowserContext, serve_program: ServeProgram,
                                                       backend: str) -> None:
    address = serve_program(HALVES)
    tight = take_shot(context, address, ShotOptions(backend, SIZE, 4, budgets={"gpu_mib": GPU_MIB}))
    free = take_shot(context, address, ShotOptions(backend, SIZE, 4))
    assert tight.errors == free.errors == []
    budget_bytes = GPU_MIB << 20
    assert tight.report["gpu_allocated_bytes"] <= tight.report["gpu_bytes"] <= budget_bytes, "both sides count"
    assert free.report["gpu_allocated_bytes"] > budget_bytes, "at its own size it passes that budget"
    assert tight.report["gpu_allocated_bytes"] > 0.9 * budget_bytes, "what fits is used"
    if tight.png is None or free.png is None:
        return
    small, full = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int) for png in (tight.png, free.png))
    assert small.shape == full.shape == (SIZE[1], SIZE[0], 3)
    differs = np.abs(small - full).max(axis=2) > 8
    assert differs.mean() < 0.02, "only the edge in the middle is softer"
    assert differs.any(), "it is drawn with fewer pixels"


def test_a_budget_without_room_for_any_picture_says_so(context: BrowserContext, serve_program: ServeProgram) -> None:
    taken = take_shot(context, serve_program(HALVES), ShotOptions("null", SIZE, 2, budgets={"gpu_mib": 8}))
    assert any("smallest render targets" in text and "8388608" in text and "gpu_mib" in text for text in taken.errors)
