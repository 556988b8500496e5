"""The native window: what it draws, off the screen where wgpu finds an adapter, and what it says where it can't."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from layerw.base.errors import LayerwError
from layerw.hosts import window as module
from layerw.hosts.window import Window

ROOT = Path(__file__).resolve().parents[2]
# In a process of its own: drivers warn, and print, as they like.
OFF_SCREEN = """
import runpy, sys
import numpy as np
from rendercanvas.offscreen import OffscreenRenderCanvas
from layerw.base.errors import LayerwError, ShapeError
from layerw.hosts import window as module

def shown(window, spheres):
    window._canvas.request_draw(lambda: window.draw(spheres))
    return np.asarray(window._canvas.draw())[..., :3].astype(int)

try:
    canvas = OffscreenRenderCanvas(size=(160, 120), pixel_ratio=1)
    window = module.Window("Test", spheres_max=3, distance=5, canvas=canvas)
except LayerwError as error:
    sys.exit(f"no adapter: {error}")
empty = shown(window, np.zeros((0, 8), np.float32))
assert (empty == empty[0, 0]).all() and abs(empty[0, 0] - (191, 214, 235)).max() <= 1, empty[0, 0]
red, green = [0, 0, 0, 1, 1, 0, 0, 0], [0, 0, 0, 0.5, 0, 1, 0, 0]
picture = shown(window, np.array([red, green], np.float32))
assert picture[60, 80, 0] > 120 and picture[60, 80, 1] == 0, "of equal depth the first one stays"
toward = np.array((np.sin(0.62) * np.cos(0.42), np.sin(0.42), np.cos(0.62) * np.cos(0.42)))
green[:3] = toward * 2
picture = shown(window, np.array([red, green], np.float32))
assert picture[60, 80, 1] > 120 and picture[60, 80, 0] == 0, "what is in front hides what is behind"
picture = shown(window, np.array([green, red], np.float32))
assert picture[60, 80, 1] > 120 and picture[60, 80, 0] == 0, "in any order"
for wrong in (np.zeros((4, 8), np.float32), np.zeros((1, 7), np.float32)):
    try:
        window.draw(wrong)
    except ShapeError as error:
        assert "at most 3 rows" in str(error)
    else:
        raise AssertionError("a wrong shape was drawn")
before = shown(window, np.array([red], np.float32))
for x, buttons in ((10, (1,)), (40, (1,)), (90, ())):
    window._on_event({"event_type": "pointer_move", "x": x, "y": 5, "buttons": buttons})
assert abs(window.yaw - (0.62 - 0.24)) < 1e-9, "only what is dragged turns the view"
window._on_event({"event_type": "wheel", "dy": -1000, "x": 0, "y": 0, "buttons": ()})
closer = shown(window, np.array([red], np.float32))
assert (closer != empty[0, 0]).any(2).sum() > 2 * (before != empty[0, 0]).any(2).sum(), "the wheel comes closer"

def run(self, picture):
    for _ in range(20):
        spheres = picture()
    seen = shown(self, spheres)
    blue = (seen[..., 2] > seen[..., 0] + 70).mean()
    assert 0.03 < blue < 0.6, blue
    print("water is", round(blue, 3), "of the picture on", self.adapter_name)

module.Window.run = run
module._open_canvas = lambda title: OffscreenRenderCanvas(size=(320, 200), pixel_ratio=1)
sys.argv = ["water.py", "--window", "--steps", "40"]
runpy.run_path("examples/water.py", run_name="__main__")
"""


def test_spheres_and_the_water_example_off_the_screen() -> None:
    pytest.importorskip("wgpu", reason="pip install layerw[window]")
    done = subprocess.run([sys.executable, "-c", OFF_SCREEN], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          check=False)
    if "no adapter" in done.stderr:
        pytest.skip(done.stderr.strip()[-300:])
    assert done.returncode == 0, done.stderr[-3000:]
    assert "of the picture" in done.stdout


def test_the_example_says_what_to_install() -> None:
    script = "import sys, runpy; sys.modules['wgpu'] = None; sys.argv = ['water.py', '--window']; " \
             "runpy.run_path('examples/water.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("water.py: A native window needs wgpu-py") and "layerw[window]" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_adapter_and_no_display_are_said_kindly(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise RuntimeError("no suitable adapter")

    fake = SimpleNamespace(gpu=SimpleNamespace(request_adapter_sync=refuse))
    monkeypatch.setattr(module, "_import_wgpu", lambda: fake)
    with pytest.raises(LayerwError, match=r"No graphics adapter .* \(no suitable adapter\).*mesa-vulkan-drivers"):
        Window("Test", spheres_max=1, canvas=object())
    monkeypatch.setitem(sys.modules, "rendercanvas.auto", None)
    with pytest.raises(LayerwError, match=r"No window could be opened .*it takes a display"):
        Window("Test", spheres_max=1)
