"""An exported program in real Chromium: a plain static server, a base path, no isolation headers, nothing external."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from layerw_server.http.web import web_folder
from layerw_server.runtime import slim
from layerw_server.tools.export import ExportOptions, export_app

from .harness import CUBE, open_program, write_program

BASE_PATH = "some/base"


class _Quiet(SimpleHTTPRequestHandler):
    headers_sent: dict[str, str]

    def end_headers(self) -> None:
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A page that closes early is no error."""


@contextmanager
def static_server(folder: Path, headers: dict[str, str] | None = None) -> Iterator[str]:
    """Serve a folder as the simplest hosts do, with headers for all files; yields its address."""
    handler = type("Handler", (_Quiet,), {"headers_sent": headers or {}})
    server = _Server(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("thread", ["worker", "main"])
@pytest.mark.own_profile
def test_an_export_plays_anywhere(tmp_path: Path, runtime_dir: Path, context: BrowserContext, thread: str) -> None:
    program = write_program(tmp_path / "app", {
        "main.py": "import colours, json\n" + CUBE + "\njson.load(open('level 1%.json'))\nopen('late.bin').read()\n",
        "colours.py": "RED = 1\n", "level 1%.json": "[1]", "late.bin": "late"})
    parts = slim.ensure(runtime_dir, lambda text, done: None)
    export_app(program, tmp_path / "host" / BASE_PATH, runtime=runtime_dir, web=web_folder(),
               options=ExportOptions(parts=parts))
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    with static_server(tmp_path / "host") as origin:
        base = f"{origin}{BASE_PATH}/"
        running = open_program(context, base, backend="null", thread=thread).wait_ready()
        assert running.report()["entities"] == 1
        assert running.page.evaluate("crossOriginIsolated") is False
        told: list[str] = []
        running.page.on("console", lambda message: told.append(message.text))
        rest = "import importlib; [importlib.import_module(n) for n in ('decimal', 'layerw.splats', 'numpy.fft')]; "
        assert running.python(rest + "int(abs(importlib.import_module('numpy').fft.fft([1, 2, 3])[0]))") == 6
        assert running.python("importlib.import_module('numpy').unique([1, 1, 2]).size") == 2  # by numpy.ma
        assert len([text for text in told if "which this export left out of its start" in text]) == 3
        assert running.python("type(importlib.import_module('decimal').Decimal(1)).__name__") == "Decimal"
        running.check_leaks()
        running.page.close()
    outside = [url for url in asked if not url.startswith((base, "data:", "blob:" + origin))]
    assert any(url.startswith(base + "runtime/layerw-") for url in asked)
    assert {"pyodide.asm.wasm.gz", "python_stdlib.zip.gz"} <= {url.rsplit("/", 1)[1] for url in asked}
    assert len([url for url in asked if "/rest-" in url]) == 3
    assert outside == []
    assert running.errors.texts == []


def test_an_export_plays_under_a_strict_policy(tmp_path: Path, runtime_dir: Path, context: BrowserContext) -> None:
    program = write_program(tmp_path / "app", CUBE)
    export_app(program, tmp_path / "host", runtime=runtime_dir, web=web_folder())
    strict = {"Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"}
    with static_server(tmp_path / "host", strict) as origin:
        page = context.new_page()
        page.goto(f"{origin}?backend=null")
        for _ in range(600):  # wait_for_function evaluates a text in the page, which the policy refuses
            page.wait_for_timeout(100)
            host = page.evaluate("(({report, errors}) => ({ready: report !== null, errors}))"
                                 "(document.querySelector('layer-w')?.host ?? {report: null, errors: []})")
            if host["ready"] or host["errors"]:
                break
        assert host == {"ready": True, "errors": []}
        page.close()
