"""Boot: both threads, with and without isolation, another origin, and every start error on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from layerw_server.http.background import background_server
from layerw_server.tools.browser import find_chromium

from .conftest import RunProgram, ServeProgram
from .harness import CUBE, Running, open_program


@pytest.mark.parametrize("thread", ["worker", "main"])
@pytest.mark.parametrize("isolate", [True, False])
def test_boots_on_either_thread_with_and_without_isolation(run_program: RunProgram, thread: str, isolate: bool) -> None:
    running = run_program(CUBE, serve={"isolate": isolate}, backend="null", thread=thread).wait_ready()
    report = running.report(state_hash=True)
    assert report["thread"] == thread
    assert report["isolated"] is isolate
    assert report["entities"] == 1
    assert report["crossings_per_frame"] == {"py_to_js": 1, "js_to_py": 1}
    assert running.errors.texts == []


def test_boot_marks_are_in_order(run_program: RunProgram) -> None:
    marks = run_program(CUBE, backend="null").wait_ready().report()["boot_marks_ms"]
    order = ["pyodide", "numpy", "layerw", "app", "first_frame"]
    assert [name for name in marks if name in order] == order
    assert all(marks[a] <= marks[b] for a, b in zip(order, order[1:], strict=False))


def test_second_module_of_the_program_imports(run_program: RunProgram) -> None:
    files = {"main.py": "from parts.two import app\n", "parts/two.py": CUBE, "parts/__init__.py": ""}
    assert run_program(files, backend="null").wait_ready().report()["entities"] == 1


def test_embedded_in_a_page_of_another_origin(context: BrowserContext, serve_program: ServeProgram) -> None:
    engine = serve_program(CUBE)
    html = (f'<!doctype html><link rel=icon href="data:,"><script type=module src="{engine}web/layer-w.js"></script>'
            '<layer-w backend="null" style="width:100px;height:80px"></layer-w>').encode()

    async def page_app(scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": html})

    with background_server(page_app) as address:
        assert address != engine
        running = open_program(context, address).wait_ready()
        assert running.report()["entities"] == 1
        running.check_leaks()


def failing(run_program: RunProgram, program: str, **query: str) -> tuple[Running, str]:
    """Run a program that must fail; returns the page and what it shows."""
    running = run_program(program, backend="null", **query)
    return running, running.wait_error()


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_exception_in_the_program_is_shown_with_file_and_line(run_program: RunProgram, thread: str) -> None:
    running, text = failing(run_program, "import layerw as lw\n\nvalue = 1 / 0\n", thread=thread)
    assert "ZeroDivisionError: division by zero" in text
    assert 'File "/app/main.py", line 3' in text
    assert "value = 1 / 0" in text
    assert "_layerw_run" not in text, "the engine's own frames only distract"


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_exception_in_a_frame_is_shown_and_crosses_with_the_frame(run_program: RunProgram, thread: str) -> None:
    program = CUBE + "    if cube.rotation[1] > 0.02:\n        raise RuntimeError('planted')\n"
    running, text = failing(run_program, program, thread=thread)
    assert "RuntimeError: planted" in text
    assert 'File "/app/main.py", line 9' in text
    running.frames(2)
    report = running.report()
    assert report["crossings_per_frame"] == {"py_to_js": 1, "js_to_py": 1}, "the most of any frame"
    assert sum("planted" in error for error in report["errors"]) == 1


def test_syntax_error_is_shown_with_file_and_line(run_program: RunProgram) -> None:
    _, text = failing(run_program, "import layerw\nif True print()\n")
    assert "SyntaxError" in text
    assert 'File "/app/main.py", line 2' in text


def test_program_without_an_app_says_so(run_program: RunProgram) -> None:
    _, text = failing(run_program, "print('hello')\n")
    assert "lw.App()" in text


def test_missing_program_file_says_so(context: BrowserContext, serve_program: ServeProgram) -> None:
    running = open_program(context, serve_program(CUBE), src="absent.py", backend="null")
    text = running.wait_error()
    assert "absent.py" in text
    assert "404" in text


@pytest.mark.parametrize("name", ["pyodide.asm.wasm", "python_stdlib.zip", "pyodide.mjs"])
def test_missing_runtime_file_is_named(run_program: RunProgram, runtime_dir: Path, tmp_path: Path, name: str) -> None:
    broken = tmp_path / "runtime"
    broken.mkdir()
    for path in runtime_dir.iterdir():
        if path.name != name:
            (broken / path.name).hardlink_to(path)
    running = run_program(CUBE, serve={"runtime": broken}, backend="null")
    text = running.wait_error()
    assert name in text


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_no_webgpu_and_no_webgl2_is_a_message(browser: Browser, serve_program: ServeProgram, thread: str) -> None:
    """A real Chromium that has neither: no GPU, and no rasteriser in its place."""
    own = browser.browser_type.launch(executable_path=find_chromium(),
                                      args=["--no-sandbox", "--disable-gpu", "--disable-software-rasterizer"])
    try:
        running = open_program(own.new_context(), serve_program(CUBE), thread=thread)
        text = running.wait_error()
        assert "WebGPU" in text
        assert "WebGL2" in text
    finally:
        own.close()
