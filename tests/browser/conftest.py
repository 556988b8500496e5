"""Fixtures of the browser ring: the runtime, one Chromium, served programs, and the leak check of each test."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder
from layerw_server.runtime import RuntimeUnavailable, ensure
from layerw_server.tools.browser import BrowserMissing, chromium

from .harness import SIZE, Running, open_program, write_program
from .workers import counted_workers  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]
ServeProgram = Callable[..., str]
RunProgram = Callable[..., Running]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as a browser test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def runtime_dir() -> Path:
    """The prepared Pyodide of the user cache."""
    try:
        return ensure()
    except RuntimeUnavailable as error:
        pytest.skip(f"No runtime: {error}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests."""
    try:
        with chromium() as browser:
            yield browser
    except BrowserMissing as error:
        pytest.skip(str(error))


class CheckoutHandler(http.server.SimpleHTTPRequestHandler):
    """Serves the checkout."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """A server of the checkout, for pages without Python."""
    handler = functools.partial(CheckoutHandler, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A profile of its own for each test."""
    context = browser.new_context(viewport={"width": SIZE["width"], "height": SIZE["height"]}, device_scale_factor=1)
    yield context
    context.close()


@pytest.fixture
def serve_program(tmp_path: Path, runtime_dir: Path) -> Iterator[ServeProgram]:
    """Serve a program (text, texts by name, or a path); returns its address. Keywords go to create_app."""
    with ExitStack() as stack:
        def serve(program: Path | str | dict[str, str], **options: object) -> str:
            path = program if isinstance(program, Path) else write_program(tmp_path / "app", program)
            settings = {"runtime": runtime_dir, "web": web_folder(), "dev": True} | options
            return stack.enter_context(background_server(create_app(program=path, **settings)))  # type: ignore[arg-type]

        yield serve


@pytest.fixture
def run_program(context: BrowserContext, serve_program: ServeProgram) -> Iterator[RunProgram]:
    """Serve and open a program. Every page that became ready must end with the live counts it began with."""
    pages: list[Running] = []

    def run(program: Path | str | dict[str, str], *, serve: dict[str, object] | None = None, **query: str) -> Running:
        running = open_program(context, serve_program(program, **(serve or {})), **query)
        pages.append(running)
        return running

    yield run
    for running in pages:
        running.check_gpu()
        running.check_leaks()
