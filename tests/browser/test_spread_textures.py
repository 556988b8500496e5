"""Large textures that come over several frames, on both APIs: never black, and at the end the very same picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import RunProgram
from .test_packed_models import KTX2
from .worlds import pixels

PROGRAM = """
import numpy as np
import layerw as lw
from layerw.gpu import spreading, store
app = lw.App(overlay=False)
app.quality = "low"
app.camera.position = (0.0, 0.0, 6.0)
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.projection = lw.Orthographic(height=2.0)
app.view.tone_map, app.view.dither, app.view.bloom, app.view.antialias = "neutral", 0.0, 0.0, "none"
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.1, 0.1, 0.1)
app.spawn(lw.Mesh.box(), position=(0.0, 0.0, 50.0))  # the first mesh makes the buffers that stay for reuse
shown = []

def clear():
    for thing in shown:
        thing.destroy() if isinstance(thing, lw.Texture) else thing.despawn()
    shown.clear()

def show(kind):
    clear()
    for number, file in enumerate(("photo.png", "photo2.png", "uastc.ktx2", "odd.png")):
        url = f"{kind}/{file}"
        picture = lw.Texture.load(url, max_side=512)
        shown.append(picture)
        shown.append(app.spawn(lw.Mesh.box(0.9, 0.9, 0.01), lw.Material(base_color_texture=picture, unlit=True),
                               position=(number % 2 - 0.5, 0.5 - number // 2, 0)))

def slow():
    # Rows of a few bytes a frame, of textures of any size.
    store.SPREAD_BYTES_MIN, spreading.TAIL_BYTES = 0, 128
    app._engine.store.pace.bytes_max = 16384

def told():
    textures = [thing for thing in shown if isinstance(thing, lw.Texture)]
    return [all(one.state == "ready" for one in textures), len(app._engine.store.spreads), app.report()["settled"],
            app.report()["errors"]]
"""


def write_files(folder: Path) -> None:
    rows, columns = np.mgrid[0:256, 0:256]
    photo = np.stack([columns, rows, 255 - columns], axis=-1).astype(np.uint8)
    photo[::16] = 255 - photo[::16]
    for kind in ("whole", "spread"):  # other addresses: nothing is shared
        (folder / kind).mkdir(parents=True)
        Image.fromarray(photo).save(folder / kind / "photo.png")
        Image.fromarray(photo[:, ::-1]).save(folder / kind / "photo2.png")
        Image.fromarray(photo[:70, :130]).save(folder / kind / "odd.png")
        (folder / kind / "uastc.ktx2").write_bytes(KTX2["uastc"])
    (folder / "main.py").write_text(PROGRAM, "utf-8")


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_a_large_texture_is_blurred_first_and_then_the_same(run_program: RunProgram, backend: str,
                                                            tmp_path: Path) -> None:  # fmt: skip
    write_files(tmp_path / "m")
    running = run_program(tmp_path / "m" / "main.py", backend=backend, clock="virtual").wait_ready()
    running.page.set_viewport_size({"width": 192, "height": 192})

    def call(code: str) -> None:
        running.python(f"import __main__\n__main__.{code}\nNone")

    def told() -> list[object]:
        found: list[object] = json.loads(running.python("import __main__, json\njson.dumps(__main__.told())"))
        assert found[3] == []
        return found

    def until(which: int) -> None:
        for _ in range(300):
            running.frames(1)
            if told()[which]:
                return
        raise AssertionError(told())

    call("show('whole')")
    until(2)
    running.frames(2)
    whole = pixels(running).astype(float)
    call("slow()")
    call("show('spread')")
    until(0)
    running.frames(1)
    assert told()[1], "their rows are still coming"
    blurred = pixels(running).astype(float)
    middles = [(48, 48), (48, 144), (144, 48), (144, 144)]
    for y, x in middles:
        part = slice(y - 24, y + 24), slice(x - 24, x + 24)
        assert np.abs(blurred[part].mean(axis=(0, 1)) - whole[part].mean(axis=(0, 1))).max() < 30, (y, x)
    assert np.abs(blurred - whole).max() > 40, "it is not sharp yet"
    until(2)
    running.frames(2)
    assert np.array_equal(pixels(running), whole), "what is settled is the same to the last bit"
    call("clear()")
