"""`layerw shot`: the fields, the size, equal state, the exit status, no picture for null; and the leak check itself."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext

from layerw_server.tools.shot import SILENT, _joined, shot, take_shot
from layerw_server.tools.shot_result import FIELDS, ShotError, ShotOptions, parse_size

from .conftest import RunProgram, ServeProgram
from .harness import CUBE, write_program

SIZE = (96, 64)


def test_shot_on_null_has_every_field_and_no_picture(browser: Browser, serve_program: ServeProgram) -> None:
    taken = take_shot(browser, serve_program(CUBE), ShotOptions("null", SIZE, 30))
    assert taken.errors == []
    assert taken.png is None
    missing = [name for name in FIELDS if taken.report[name] is None]
    assert missing == []
    assert taken.report["frames"] == 30
    assert taken.report["crossings_per_frame"] == {"py_to_js": 1, "js_to_py": 1}


def test_state_is_equal_on_both_threads(context: BrowserContext, serve_program: ServeProgram) -> None:
    address = serve_program(CUBE)
    hashes = [take_shot(context, address, options).report["state_hash"] for options in (
        ShotOptions("null", SIZE, 10), ShotOptions("null", SIZE, 10, thread="main"), ShotOptions("null", SIZE, 11))]
    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_picture_has_exactly_the_size_and_shows_the_cube(context: BrowserContext, serve_program: ServeProgram,
                                                         backend: str) -> None:
    taken = take_shot(context, serve_program(CUBE), ShotOptions(backend, SIZE, 12))
    assert taken.errors == []
    assert taken.report["backend"] == backend
    assert taken.png is not None
    picture = Image.open(io.BytesIO(taken.png)).convert("RGB")
    assert picture.size == SIZE
    red, green, blue = picture.getpixel((SIZE[0] // 2, SIZE[1] // 2))  # type: ignore[misc]
    assert red > 150 and red > 1.5 * green and red > 1.5 * blue, "the tomato cube is in the middle"


def test_an_error_in_the_program_is_in_the_json_and_in_the_exit_status(
        tmp_path: Path, runtime_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = write_program(tmp_path, "import layerw as lw\napp = lw.App()\nraise ValueError('on purpose')\n")
    with ThreadPoolExecutor(1) as own:  # Playwright runs one event loop a thread; the session's has this one
        status = own.submit(shot, program, backend="null", size=SIZE, frames=5, json=True, runtime=runtime_dir).result()
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert status == 1
    assert any("on purpose" in text and "main.py" in text for text in report["errors"])
    assert "on purpose" in printed.err


def test_a_silence_that_ended_is_no_error() -> None:
    silence = f"The program {SILENT} one of its functions for 8 s."
    assert _joined({"frames": 8}, None, [silence, "404"], {}).errors == ["404"]
    assert _joined({}, None, [silence], {}).errors == [silence], "it never came back"


@pytest.mark.parametrize(("options", "words"), [
    (ShotOptions("vulkan"), "vulkan"), (ShotOptions(size=(0, 5)), "0x5"), (ShotOptions(frames=0), "0"),
    (ShotOptions(thread="fibre"), "fibre"),
])
def test_impossible_options_are_refused_with_the_value(options: ShotOptions, words: str) -> None:
    with pytest.raises(ShotError, match=words):
        options.check()


@pytest.mark.parametrize("text", ["1080", "x720", "1080x", "10a0x7", "-5x5", "1080x720x3"])
def test_impossible_sizes_are_refused(text: str) -> None:
    with pytest.raises(ShotError, match="WIDTHxHEIGHT"):
        parse_size(text)


def test_leak_check_fails_for_a_planted_leak(run_program: RunProgram) -> None:
    running = run_program(CUBE, backend="null").wait_ready()
    running.python("from js import Object\nimport builtins\nbuiltins.leaked = Object.new()\nNone")
    with pytest.raises(AssertionError, match="proxies"):
        running.check_leaks()
    running.python("import builtins\ndel builtins.leaked, Object\nNone")
