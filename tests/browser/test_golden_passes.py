"""What each pass draws is what it drew before: pictures in tests/golden/passes, on both APIs.

The pictures were taken by WebGPU on SwiftShader, on which these tests run everywhere. After a change that is meant,
look at the pictures of `LAYERW_GOLDEN=write pytest tests/browser/test_golden_passes.py`, which writes them anew.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import RunProgram
from .worlds import DIFFERENT_MAX, different, pixels

PROGRAM = Path(__file__).parent / "pages" / "passes.py"
GOLDEN = Path(__file__).parents[1] / "golden" / "passes"
SIZE = {"width": 160, "height": 100}
FRAMES = 4  # until targets are reserved and exposure has settled


def scenes() -> list[str]:
    """The names in SCENES of the program, without running it."""
    for node in ast.parse(PROGRAM.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "SCENES":
            assert isinstance(node.value, ast.Tuple)
            return [name.id for name in node.value.elts if isinstance(name, ast.Name)]
    raise AssertionError(f"{PROGRAM.name} has no SCENES.")


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_passes_draw_what_they_drew(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size(SIZE)
    wrong = []
    for name in scenes():
        running.python(f"import __main__\n__main__.show({name!r})\nNone")
        running.frames(FRAMES)
        taken, file = pixels(running), GOLDEN / f"{name}.png"
        if os.environ.get("LAYERW_GOLDEN") == "write" and backend == "webgpu":
            Image.fromarray(taken.astype(np.uint8)).save(file, optimize=True)
        share = different(taken, np.asarray(Image.open(file).convert("RGB")).astype(np.int16))
        assert len(np.unique(taken.reshape(-1, 3), axis=0)) > 1, f"{name} is empty"
        if share > DIFFERENT_MAX:
            wrong.append(f"{name}: {share:.2%} of the pixels differ")
    assert not wrong, wrong
    assert running.report()["errors"] == []
