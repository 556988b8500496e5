"""The whole engine survives a lost GPU: a crashed GPU process (WebGPU), a lost context (WebGL2). Same picture after.

The time is measured from the loss to the first whole picture, on the test machine's software rasteriser.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext

from layerw_server.tools.browser import chromium_flags, find_chromium

from .conftest import ServeProgram
from .harness import SIZE, Running, open_program
from .worlds import DIFFERENT_MAX, copy_world, different, pixels, settle

HANG_S = 60  # not a figure: the time is printed, and a loaded machine may take long

HELLO = """
import layerw as lw
app = lw.App()
cube = app.spawn(lw.Mesh.box(), lw.Material(color="tomato"))
cube.rotate(x=0.4, y=0.7)
"""
ALL = """
import numpy as np
import layerw as lw
app = lw.App(screen_error_px=0.5)
app.sea.level = None
app.camera.position = np.array((30.0, 40.0, 80.0))
app.camera.look_at((0.0, 18.0, 0.0))
app.spawn_many(lw.Mesh.cone(2, 6), 50, lw.Material(color="seagreen"), static=True,
               position=np.random.default_rng(1).uniform((-60, 28, -60), (60, 32, 60), (50, 3)))
app.load("quad.gltf", position=(20, 36, 60), scale=(8, 8, 8))
world = app.stream("world")
"""


def write_quad(folder: Path) -> None:
    """A textured square: positions, uvs, indices and a PNG of red and blue stripes."""
    positions = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    uvs = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    data = positions.tobytes() + uvs.tobytes() + np.array([0, 1, 2, 0, 2, 3], np.uint16).tobytes()
    doc: dict[str, Any] = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3", "min": [-1, -1, 0], "max": [1, 1, 0]},
            {"bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC2"},
            {"bufferView": 2, "componentType": 5123, "count": 6, "type": "SCALAR"}],
        "bufferViews": [{"buffer": 0, "byteLength": 48}, {"buffer": 0, "byteOffset": 48, "byteLength": 32},
                        {"buffer": 0, "byteOffset": 80, "byteLength": 12}],
        "buffers": [{"uri": "quad.bin", "byteLength": 92}],
        "images": [{"uri": "stripes.png"}], "textures": [{"source": 0}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}, "doubleSided": True}],
    }  # fmt: skip
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:16, :, 0] = stripes[16:, :, 2] = 255
    image = io.BytesIO()
    Image.fromarray(stripes).save(image, "png")
    (folder / "quad.gltf").write_text(json.dumps(doc), encoding="utf-8")
    (folder / "quad.bin").write_bytes(data)
    (folder / "stripes.png").write_bytes(image.getvalue())


@pytest.fixture
def own_browser(browser: Browser) -> Iterator[Browser]:
    """A crashed GPU process hits every page of its browser, so these tests have their own.

    One each: after the third crash within minutes a browser gives no WebGPU device any more.
    """
    own = browser.browser_type.launch(executable_path=find_chromium(), args=chromium_flags())
    yield own
    own.close()


@pytest.fixture
def own_context(own_browser: Browser) -> Iterator[BrowserContext]:
    viewport = {"width": SIZE["width"], "height": SIZE["height"]}
    context = own_browser.new_context(viewport=viewport, device_scale_factor=1)  # type: ignore[arg-type]
    yield context
    context.close()


def lose(running: Running, browser: Browser, backend: str) -> float:
    """Lose the GPU and wait until everything is drawn again; returns milliseconds."""
    resident = running.report()["tiles"]["resident"]
    start = time.monotonic()
    if backend == "webgpu":
        browser.new_browser_cdp_session().send("Browser.crashGpuProcess")
    else:
        running.request("loseDevice")
    running.page.wait_for_function("globalThis.lostSeen > 0", timeout=10_000)
    running.page.wait_for_function("globalThis.backSeen > 0", timeout=1000 * HANG_S)
    while time.monotonic() - start < HANG_S:
        report = running.report()
        if report["settled"] and report["lost"] == 0 and report["draws"] and report["tiles"]["resident"] >= resident:
            return 1000 * (time.monotonic() - start)
    raise AssertionError(f"The picture did not come back: {report}.")


COUNT_LOST_JS = """
globalThis.lostSeen = globalThis.backSeen = 0;
const { log, warn } = console;
console.log = (...words) => {
  if (String(words[0]).startsWith('The GPU device is back')) backSeen += 1;
  log(...words);
};
console.warn = (...words) => {
  if (String(words[0]).startsWith('The GPU device was lost')) lostSeen += 1;
  warn(...words);
};
"""


WATCH = """
import __main__
app = __main__.app
fetched, fewest, fetch = [], [1 << 30], app._engine.transfers.fetch
def counting(url, *values, **named):
    if "/kinds-" not in url:  # layers of a texture array have no copy here; a browser has the two files
        fetched.append(url)
    return fetch(url, *values, **named)
app._engine.transfers.fetch = counting
@app.frame
def watch(dt):
    fewest[0] = min(fewest[0], app.report()["tiles"]["resident"])
None
"""


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
@pytest.mark.parametrize("program", ["hello", "all", "all without backups"])
def test_same_picture_after_the_gpu_was_lost(
        tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, own_browser: Browser, own_context: BrowserContext,
        serve_program: ServeProgram, backend: str, program: str) -> None:
    copy_world(tmp_path_factory, tmp_path)
    write_quad(tmp_path)
    (tmp_path / "main.py").write_text(HELLO if program == "hello" else ALL, encoding="utf-8")
    own_context.add_init_script(COUNT_LOST_JS)
    running = open_program(own_context, serve_program(tmp_path / "main.py"), backend=backend).wait_ready()
    settle(running)
    running.python(WATCH)
    if program == "all without backups":
        running.python("len([app._engine.backups.drop(*key) for key in list(app._engine.backups._kept)])")
    resident = running.report()["tiles"]["resident"]
    before, counted = pixels(running), running.counts()
    took_ms = lose(running, own_browser, backend)
    share = different(before, pixels(running))
    print(f"{program} on {backend}: back after {took_ms:.0f} ms, {share:.3%} of the pixels differ.")
    assert len(np.unique(before.reshape(-1, 3), axis=0)) > 50, "there was a picture"
    assert share <= DIFFERENT_MAX
    assert running.report()["errors"] == []
    fetched, fewest = running.python("len(fetched)"), running.python("fewest[0]")
    if program == "all without backups":
        assert fetched > resident, "tiles, model, its buffer and its image are loaded again"
    else:
        assert (fetched, fewest) == (0, resident), "nothing was fetched, and no frame missed a tile"
        assert running.counts() == counted, "nothing was left behind, and all is there again"


def test_a_gpu_process_that_ends_again_and_again(own_browser: Browser, own_context: BrowserContext,
                                                 serve_program: ServeProgram) -> None:  # fmt: skip
    """The browser refuses WebGPU after some crashes: one API or the other draws again, without a reload."""
    running = open_program(own_context, serve_program(HELLO), backend="webgpu").wait_ready()
    running.page.evaluate(COUNT_LOST_JS)
    for _ in range(4):
        running.page.evaluate("globalThis.lostSeen = globalThis.backSeen = 0")
        lose(running, own_browser, "webgpu")
    assert running.report()["draws"] >= 1 and running.page.evaluate("document.querySelector('layer-w').errors") == []
    print("drawn by", running.report()["backend"])
