"""Fixtures of the browser ring: the runtime, one Chromium, served programs, and the leak check of each test."""

from __future__ import annotations

import functools
import http.server
import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.http.web import web_folder
from layerw_server.runtime import RuntimeUnavailable, ensure
from layerw_server.tools.browser import BrowserMissing, chromium, chromium_flags, find_chromium

from .harness import SIZE, Running, open_program, write_program
from .workers import counted_workers  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]
VIEWPORT: Any = {"viewport": {"width": SIZE["width"], "height": SIZE["height"]}, "device_scale_factor": 1}
PATIENCE_MS = 120_000  # of what a busy machine that draws in software does
STORES = "local_storage,indexeddb,cache_storage,service_workers,file_systems"
ServeProgram = Callable[..., str]
RunProgram = Callable[..., Running]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Every test of this folder is a browser test."""
    if Path(__file__).parent in item.path.parents:
        item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def runtime_dir() -> Path:
    """The prepared Pyodide of the user cache."""
    try:
        return ensure()
    except RuntimeUnavailable as error:
        pytest.skip(f"No runtime: {error}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests; it ends with the last one here, and Playwright's event loop with it."""
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


@pytest.fixture(scope="package")
def profile(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A profile on disk: it keeps compiled WebAssembly, which is half of a start."""
    profile = browser.browser_type.launch_persistent_context(
        tmp_path_factory.mktemp("profile"), executable_path=find_chromium(), args=chromium_flags(), **VIEWPORT)
    profile.set_default_timeout(PATIENCE_MS)
    yield profile
    profile.close()


def close_pages(context: BrowserContext) -> None:
    """Close all pages but the blank one that a profile begins with."""
    for page in context.pages:
        if page.url != "about:blank":
            page.close()


@pytest.fixture
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """The common profile without pages, cookies, storage or routes; marked `own_profile`, one that is new and ends."""
    if request.node.get_closest_marker("own_profile"):
        with browser.new_context(**VIEWPORT) as own:
            own.set_default_timeout(PATIENCE_MS)
            yield own
        return
    profile: BrowserContext = request.getfixturevalue("profile")
    origins: set[str] = set()

    def opened(page: Page) -> None:
        page.on("framenavigated", lambda frame: origins.add("/".join(frame.url.split("/")[:3])))

    profile.on("page", opened)
    yield profile
    profile.remove_listener("page", opened)
    close_pages(profile)
    session = profile.new_cdp_session(profile.pages[0])
    for origin in origins:
        if origin.startswith("http"):
            session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORES})
    session.detach()
    profile.unroute_all()
    profile.clear_cookies()


@pytest.fixture(scope="session")
def program_port() -> int:
    """The same for the programs of all tests: what a profile keeps belongs to an origin. None that the system gives
    away, as it is free between two tests."""
    first = 20_000 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    for port in range(first, first + 100):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"None of the ports {first} to {first + 99} is free.")


@pytest.fixture
def serve_program(tmp_path: Path, runtime_dir: Path, program_port: int,
                  context: BrowserContext) -> Iterator[ServeProgram]:
    """Serve a program (text, texts by name, or a path); returns its address. Keywords go to create_app."""
    ports = itertools.chain([program_port], itertools.repeat(0))
    with ExitStack() as stack:
        def serve(program: Path | str | dict[str, str], **options: object) -> str:
            path = program if isinstance(program, Path) else write_program(tmp_path / "app", program)
            settings = {"runtime": runtime_dir, "web": web_folder(), "dev": True} | options
            app = create_app(program=path, **settings)  # type: ignore[arg-type]
            return stack.enter_context(background_server(app, next(ports)))

        yield serve
        close_pages(context)  # a server that ends waits for what its pages still load


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
