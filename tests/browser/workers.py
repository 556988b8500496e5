"""Counts the workers of a page by locks they hold: a lock goes with its thread, whatever a debugger still lists."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, Route

SCRIPTS = ("engine-worker.js", "decode-worker.js", "job-worker.js")
NAMES_JS = "async () => (await navigator.locks.query()).held.map((lock) => lock.name)"


@pytest.fixture
def counted_workers(context: BrowserContext) -> None:
    """Let each worker hold a lock named after its script."""
    for script in SCRIPTS:
        context.route(f"**/{script}*", hold)


def hold(route: Route) -> None:
    """Add the lock to a worker's script."""
    response = route.fetch()
    name = route.request.url.partition("?")[0].rpartition("/")[2]
    route.fulfill(response=response, body=response.text() + f"""
        navigator.locks.request('{name} ' + Math.random(), () => new Promise(() => {{}}));""")


def alive(page: Page) -> list[str]:
    """The scripts of the workers that live."""
    return sorted(name.partition(" ")[0] for name in page.evaluate(NAMES_JS))


def wait_workers(page: Page, count: int, script: str = "") -> None:
    """Wait until `count` are left (of `script`); a loaded machine takes many seconds to end a thread."""
    left: list[str] = []
    for _ in range(600):
        left = [name for name in alive(page) if script in name]
        if len(left) == count:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{len(left)} workers are alive, not {count}: {left}")
