"""A pass that docs/contributing.md adds is in the picture, on both APIs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.docs.recipes import follow, recipes, run

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import layerw as lw
app = lw.App()
app.camera.position = (0, 0, 1)
app.camera.look_at((0, 0, 0))
app.spawn(lw.Mesh.plane(50, 50), lw.Material(color="black", unlit=True)).rotate(x=1.5707963)
"""


def test_a_pass_by_the_recipe_is_drawn(tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    copy.mkdir()
    follow(ROOT, copy, [recipe for recipe in recipes(ROOT / "docs" / "contributing.md") if "pass" in recipe.name])
    (copy / "toy").mkdir()  # the checkout has more Python files than a program may have
    (copy / "toy" / "main.py").write_text(PROGRAM, "utf-8")
    for backend in ("webgpu", "webgl2"):
        run(copy, sys.executable, "-m", "layerw_server", "shot", "toy/main.py", "--backend", backend, "--frames", "3",
            "--size", "64x48", "--out", "toy.png")  # fmt: skip
        pixels = np.asarray(Image.open(copy / "toy.png").convert("RGB"))
        assert pixels[24, 32].min() > 250, f"black has become white on {backend}: {pixels[24, 32]}"
