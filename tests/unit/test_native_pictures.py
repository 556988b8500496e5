"""The native host draws what Chromium draws: the scenes of tests/browser/pages/passes.py beside tests/golden/passes.

Those pictures were taken by Chromium's WebGPU, and tests/browser/test_golden_passes.py sees to it that it still draws
them. Drivers differ at edges, where samples fall otherwise: the mean is what counts.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

TESTS = Path(__file__).resolve().parents[1]
PROGRAM, GOLDEN = TESTS / "browser" / "pages" / "passes.py", TESTS / "golden" / "passes"
MEAN_MAX = 1.0  # of 255
FAR_SHARE_MAX = 0.01  # of pixels that differ by more than 8 of 255

# In a process of its own: drivers print as they like. 12 frames: until exposure has settled.
DRAW = """
import asyncio, sys
from pathlib import Path
import numpy as np
from layerw.hosts.begin import begin
from layerw.hosts.native.host import native_host

program, out = Path(sys.argv[1]), Path(sys.argv[2])
host = native_host(program.parent, (160, 100), {"clock": "virtual", "quality": "medium", "width": 160, "height": 100})
app = asyncio.run(begin(program, host))
scenes = sys.modules["__main__"]
for scene in scenes.SCENES:
    scenes.show(scene.__name__)
    host.sink.is_watched = False
    host.step(app, 11)
    host.sink.is_watched = True
    host.step(app)
    np.save(out / f"{scene.__name__}.npy", host.sink.picture()[..., :3])
assert host.errors == [], host.errors
"""


def test_scenes_are_drawn_as_chromium_draws_them(adapter: None, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DRAW, PROGRAM, tmp_path], capture_output=True, text=True, timeout=400,
                          check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    names = sorted(path.stem for path in GOLDEN.glob("*.png"))
    assert len(names) >= 12 and names == sorted(path.stem for path in tmp_path.glob("*.npy"))
    wrong = []
    for name in names:
        drawn = np.load(tmp_path / f"{name}.npy").astype(int)
        apart = np.abs(drawn - np.asarray(Image.open(GOLDEN / f"{name}.png").convert("RGB")))
        mean, far = float(apart.mean()), float((apart.max(axis=2) > 8).mean())
        if mean > MEAN_MAX or far > FAR_SHARE_MAX or drawn.std() < 1:
            wrong.append(f"{name}: {mean:.2f} of 255 in the mean, {far:.2%} of the pixels far from it")
    assert not wrong, wrong
