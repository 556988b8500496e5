"""app.screenshot in real Chromium: the picture that the page shows, on both backends, without a further crossing."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Error

from layerw_server.tools.shot import shot
from layerw_server.tools.shot_result import ShotError, write_files

from .conftest import RunProgram
from .harness import Running, write_program
from .worlds import pixels as read_back

BACKENDS = ["webgpu", "webgl2"]
Pixels = npt.NDArray[np.int16]
PROGRAM = """
import base64, json
import numpy as np
import layerw as lw
app = lw.App(budgets=lw.Budgets(BUDGETS))
app.camera.position = np.array((0.4, 4.0, 2.5))
app.camera.look_at((0.0, 0.2, 0.0))  # no sky: its clouds drift
app.spawn(lw.Mesh.box(), lw.Material(color="tomato"), position=(-1.2, 0.5, 0)).rotate(x=0.4, y=0.7)
app.spawn(lw.Mesh.sphere(), lw.Material(color="#2040ff", roughness=0.2), position=(1.2, 0.5, 0))
app.spawn(lw.Mesh.box(), lw.Material(color=(0.1, 1.0, 0.2, 0.4)), position=(0.2, 0.6, 1.5))
app.memory  # opening it keeps a proxy for good: before the leak check counts
shots = []

def states():
    return json.dumps([[s.error, s.ready, s.saved] for s in shots])

def pixels(number):
    found = shots[number].pixels
    return json.dumps([list(found.shape), base64.b64encode(found.tobytes()).decode()])
"""
AT_THE_END = """
frames = 0
@app.frame
def update(dt):
    global frames
    frames += 1
    if frames == FRAMES:
        app.screenshot("last.png")
        app.screenshot("sub/again.png")
"""


def program(budgets: str = "", more: str = "") -> str:
    return PROGRAM.replace("BUDGETS", budgets) + more


def ask(running: Running, expression: str) -> str:
    return str(running.python(f"import __main__\n__main__.{expression}"))


def take(running: Running, *targets: str) -> None:
    """All in the same frame: Python outside of frames runs between two of them."""
    calls = ", ".join(f"__main__.app.screenshot({target})" for target in targets)
    running.python(f"import __main__\n__main__.shots += [{calls}]\nNone")


def wait_ready(running: Running) -> None:
    for _ in range(100):
        running.frames(1)
        states = json.loads(ask(running, "states()"))
        assert all(error == "" for error, _, _ in states), states
        if all(ready for _, ready, _ in states):
            return
    raise AssertionError(f"The screenshots did not come: {states}.")


def pixels(running: Running, number: int) -> npt.NDArray[np.uint8]:
    shape, data = json.loads(ask(running, f"pixels({number})"))
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(shape)


def opened(png: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(np.int16)


def shown(running: Running) -> Pixels:
    """What the page shows. On the rasteriser Chromium's own screenshot may never end: then the engine's target."""
    try:
        return opened(running.page.screenshot(timeout=5_000))
    except Error:
        return read_back(running)


@pytest.mark.parametrize(("backend", "thread", "isolate"), [
    ("webgpu", "worker", "1"), ("webgl2", "main", "0")])
def test_it_is_what_the_page_shows(run_program: RunProgram, backend: str, thread: str, isolate: str) -> None:
    running = run_program(program(), serve={"isolate": isolate == "1"}, backend=backend, thread=thread).wait_ready()
    page = running.page
    page.evaluate("document.querySelector('layer-w').host.notices.note.hidden = true")
    with page.expect_download() as waiting:
        take(running, "'folder/a.png'", "", "print")
    wait_ready(running)
    assert waiting.value.suggested_filename == "a.png"
    file = opened(Path(waiting.value.path()).read_bytes())
    assert len(np.unique(file.reshape(-1, 3), axis=0)) > 300, "there is something to see"
    assert np.abs(file - shown(running)).max() <= 1
    for number in range(3):
        found = pixels(running, number)
        assert (found[..., 3] == 255).all() and (found[..., :3] == file).all()
    report = running.report()
    assert report["errors"] == []
    assert report["crossings_per_frame"] == {"py_to_js": 1, "js_to_py": 1}, "the most of any frame"
    assert report["gpu_allocated_bytes"] <= report["gpu_bytes"]
    assert sum(report["memory"]["regions"]["scratch"][tier] for tier in ("visible", "near", "far")) == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_reduced_and_resized_pictures_and_a_page_that_takes_the_file(run_program: RunProgram, backend: str) -> None:
    running = run_program(program("gpu_mib=30"), backend=backend).wait_ready()
    running.page.set_viewport_size({"width": 640, "height": 400})
    running.page.wait_for_function("document.querySelector('layer-w').host.canvas.clientWidth === 640")
    running.frames(3)
    running.page.evaluate("""document.querySelector('layer-w').addEventListener('layerw-file', (event) => {
        event.preventDefault();
        globalThis.taken = [event.detail.name, event.detail.blob.type, event.detail.blob.size];
    })""")
    downloads: list[object] = []
    running.page.on("download", lambda found: downloads.append(found))
    take(running, "'a.png'")
    wait_ready(running)
    running.page.wait_for_function("globalThis.taken !== undefined")
    name, kind, size = running.page.evaluate("globalThis.taken")
    assert (name, kind) == ("a.png", "image/png") and size > 500
    found = pixels(running, 0)
    assert 480 < found.shape[1] < 640 and found.shape[1] / found.shape[0] == pytest.approx(1.6, rel=0.02)
    assert np.abs(found[..., :3] - read_back(running)).max() <= 1
    assert not downloads
    running.page.set_viewport_size({"width": 90, "height": 70})
    running.page.wait_for_function("document.querySelector('layer-w').host.canvas.clientWidth === 90")
    running.frames(3)
    take(running, "")
    wait_ready(running)
    found = pixels(running, 1)
    assert found.shape == (70, 90, 4), "this size has room"
    assert np.abs(found[..., :3] - read_back(running)).max() <= 1


def test_a_lost_gpu_fails_them_kindly_and_the_next_one_comes(run_program: RunProgram) -> None:
    running = run_program(program(), backend="webgpu").wait_ready()
    running.page.evaluate("document.querySelector('layer-w').host.request('loseDevice')")
    take(running, "'a.png'", "", "")
    for _ in range(300):
        running.frames(1)
        states = json.loads(ask(running, "states()"))
        if all(error or ready for error, ready, _ in states) and running.report()["draws"] > 1:
            break
    assert all(ready or "read back" in error for error, ready, _ in states), states
    running.python("import __main__\n__main__.shots.clear()\nNone")
    take(running, "")
    wait_ready(running)
    assert np.abs(pixels(running, 0)[..., :3] - read_back(running)).max() <= 1


def test_shot_writes_what_was_taken_in_the_last_frame_beside_its_own_picture(
        tmp_path: Path, runtime_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerw_server.tools.shot.SCREENSHOT_TIMEOUT_MS", 1500)  # then it reads back: see `shown`
    path = write_program(tmp_path / "app", program(more=AT_THE_END.replace("FRAMES", "3")))
    with ThreadPoolExecutor(1) as thread:  # Playwright runs one event loop a thread; the session's has this one
        status = thread.submit(shot, path, backend="webgl2", size=(48, 32), frames=3, out=tmp_path / "own.png",
                            runtime=runtime_dir).result()
    assert status == 0
    printed, own = capsys.readouterr().out, opened((tmp_path / "own.png").read_bytes())
    assert own.shape == (32, 48, 3)
    for name in ("own.png", "last.png", "sub/again.png"):
        assert np.abs(opened((tmp_path / name).read_bytes()) - own).max() <= 1
        assert str(tmp_path / name) in printed


@pytest.mark.parametrize("name", ["../a.png", "/tmp/a.png", "a/../../a.png", "a.txt"])
def test_files_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ShotError, match="folder"):
        write_files({"fine.png": b"1", name: b"2"}, tmp_path)
    assert list(tmp_path.iterdir()) == []
