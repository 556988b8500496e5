"""WebKitGTK through WebDriver (https://www.w3.org/TR/webdriver2/): JSON over HTTP."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from .display import DriverMissing, display, require

ANSWER_TIMEOUT_S = 120.0
START_TIMEOUT_S = 30.0
BROWSERS = ("/usr/lib/*/webkit2gtk-4.1/MiniBrowser", "/usr/lib/*/webkitgtk-6.0/MiniBrowser",
            "/usr/lib/*/webkit2gtk-4.0/MiniBrowser")


class WebKit:
    """See session.Session."""

    name = "WebKitGTK"

    def __init__(self, client: httpx.Client, browser: str) -> None:
        self._client = client
        options = {"webkitgtk:browserOptions": {"binary": browser, "args": ["--automation"]}}
        self._path = ""
        found = self._post("/session", {"capabilities": {"alwaysMatch": options}})
        self._path = f"/session/{found['sessionId']}"
        self._post("/timeouts", {"script": int(ANSWER_TIMEOUT_S * 1000), "pageLoad": int(ANSWER_TIMEOUT_S * 1000)})

    def goto(self, url: str) -> None:
        self._post("/url", {"url": url})

    def evaluate(self, expression: str) -> Any:
        code = (f"const done = arguments[0]; (async () => JSON.stringify(await ({expression})) ?? 'null')()"
                ".then(done, (error) => done(JSON.stringify({ thrown: String(error) })));")
        found = json.loads(self._post("/execute/async", {"script": code, "args": []}))
        if isinstance(found, dict) and "thrown" in found:
            raise AssertionError(f"WebKitGTK: {expression} threw {found['thrown']}")
        return found

    def act(self, actions: list[dict[str, Any]]) -> None:
        self._post("/actions", {"actions": actions})

    def screenshot(self) -> bytes:
        return base64.b64decode(self._answer(self._client.get(f"{self._path}/screenshot")))

    def quit(self) -> None:
        """End the browser."""
        self._client.delete(self._path)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._answer(self._client.post(self._path + path, json=body))

    def _answer(self, response: httpx.Response) -> Any:
        value = response.json()["value"]
        if response.status_code != 200:
            raise AssertionError(f"WebKitGTK refuses {response.url.path}: {value['error']}: {value['message']}")
        return value


@contextmanager
def webkit() -> Iterator[WebKit]:
    """Run WebKitGTK's MiniBrowser until the block ends."""
    driver = require("WebKitWebDriver", "webkit2gtk-driver")
    browser = next((str(path) for pattern in BROWSERS for path in Path("/").glob(pattern[1:])), None)
    if browser is None:
        raise DriverMissing("WebKitGTK's MiniBrowser is not installed; Debian's webkit2gtk-driver brings it.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with display() as environment:
        process = subprocess.Popen([driver, f"--port={port}"], env=environment)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_TIMEOUT_S) as client:
                _wait(client)
                session = WebKit(client, browser)
                yield session
                session.quit()
        finally:
            process.terminate()
            process.wait(30)


def _wait(client: httpx.Client) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            client.get("/status")
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
