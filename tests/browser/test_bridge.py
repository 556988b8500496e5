"""The bridge in real Chromium, without Python in the page: the checks of tests/web/bridge_checks.mjs."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the checkout, isolated: shared memory needs it."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript",  # noqa: RUF012
                      ".js": "text/javascript"}

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    handler = functools.partial(Handler, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/tests/browser/pages/bridge.html")
        page.wait_for_function("window.plant !== undefined")
        yield page
        page.close()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("multi_memory", [True, False])
def test_every_promise_of_the_bridge_holds(page: Page, multi_memory: bool, shared: bool) -> None:
    assert page.evaluate("([shared, multi]) => hold(shared, multi)", [shared, multi_memory]) == "holds"


@pytest.mark.parametrize("multi_memory", [True, False])
def test_overlapping_spans_of_one_memory_are_moved(page: Page, multi_memory: bool) -> None:
    assert page.evaluate("(multi) => holdInOneMemory(multi)", multi_memory) == "holds"


def test_a_planted_fault_is_caught_here_too(page: Page) -> None:
    page.evaluate("plant()")
    assert "bytes from" in page.evaluate("hold(false, true)")
    page.reload()
    page.wait_for_function("window.plant !== undefined")
