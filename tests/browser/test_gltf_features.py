"""Features of glTF on both APIs: each small file of tests/gltf_features.py and
tests/gltf_odd_files.py shows a green square where it should."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.gltf_features import FEATURES
from tests.gltf_odd_files import ODD_FILES

from .conftest import RunProgram
from .worlds import pixels

ACROSS = 8
FILES = FEATURES | ODD_FILES
MIDDLE = (ACROSS - 1) / 2
PROGRAM = f"""
import numpy as np
import layerw as lw
NAMES = {list(FILES)!r}
app = lw.App()
app.quality = "low"
app.camera.position = np.array(({MIDDLE}, {MIDDLE}, 6.0))
app.camera.look_at(({MIDDLE}, {MIDDLE}, 0.0))
app.camera.projection = lw.Orthographic(height={ACROSS})
app.view.tone_map, app.view.bloom, app.view.antialias, app.view.scale = "neutral", 0.0, "none", 1.0
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.0, 0.0, 0.1)
app.sun.intensity = 0.0
app.spawn(lw.Mesh.box(), position=(0.0, 0.0, 50.0))  # the first mesh makes the buffers that stay for reuse
loaded = []


def load():
    for number, name in enumerate(NAMES):
        more = {{"scene": "green"}} if name == "several scenes" else {{}}
        model = app.load(f"{{number}}.gltf", position=(number % {ACROSS}, number // {ACROSS}, 0), **more)
        if name == "KHR_materials_variants":
            model.variant = "Green"
        model.on_ready(lambda model=model: [model.play(clip, loop=False) for clip in model.animations])
        loaded.append(model)


def told():
    return [[model.state, model.error, *model.warnings] for model in loaded]


def close():
    for model in loaded:
        model.close()
"""


def write_files(folder: Path) -> None:
    folder.mkdir()
    (folder / "main.py").write_text(PROGRAM, "utf-8")
    for number, make in enumerate(FILES.values()):
        (folder / f"{number}.gltf").write_text(make().text(), "utf-8")


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_each_feature_is_green(run_program: RunProgram, backend: str, tmp_path: Path) -> None:
    write_files(tmp_path / "m")
    running = run_program(tmp_path / "m" / "main.py", backend=backend, clock="virtual").wait_ready()
    running.page.set_viewport_size({"width": 32 * ACROSS, "height": 32 * ACROSS})
    running.python("import __main__\n__main__.load()\nNone")
    for _ in range(60):
        running.frames(2)
        if running.python("import __main__\nall(model.state != 'loading' for model in __main__.loaded)"):
            break
    running.frames(70)  # clips of a second end
    told = json.loads(running.python("import __main__, json\njson.dumps(__main__.told())"))
    for name, (state, error, *warnings) in zip(FILES, told, strict=True):
        assert state == "ready", (name, error)
        assert [text for text in warnings if "joints a vertex" not in text] == [], name
    shown = pixels(running)
    wrong, found = [], {}
    for number, name in enumerate(FILES):
        left, top = 32 * (number % ACROSS), 32 * ACROSS - 32 * (number // ACROSS + 1)
        red, green, blue = np.median(shown[top + 10 : top + 22, left + 10 : left + 22].reshape(-1, 3), axis=0)
        found[name] = np.array((red, green, blue))
        if not (green > 100 and red < 0.7 * green and blue < 0.7 * green):
            wrong.append((name, red, green, blue))
    assert wrong == []
    assert np.abs(found["KHR_materials_diffuse_transmission"] - found["as chalk"]).max() <= 2, "the same, from behind"
    running.python("import __main__\n__main__.close()\nNone")
