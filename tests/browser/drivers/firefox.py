"""Firefox through WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/): JSON over one WebSocket."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from .display import display, require

ANSWER_TIMEOUT_S = 120.0
MESSAGE_BYTES_MAX = 1 << 26
PREFERENCES = {
    "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False, "browser.aboutConfig.showWarning": False, "remote.active-protocols": 1,
    "webgl.force-enabled": True, "browser.startup.homepage_override.mstone": "ignore",
    "toolkit.telemetry.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "browser.safebrowsing.update.enabled": False,
}  # fmt: skip


class Firefox:
    """See session.Session."""

    name = "Firefox"

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._id = 0
        self._send("session.new", capabilities={})
        self._context = self._send("browsingContext.getTree")["contexts"][0]["context"]

    def goto(self, url: str) -> None:
        self._send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        code = f"(async () => JSON.stringify(await ({expression})) ?? 'null')()"
        found = self._send("script.evaluate", expression=code, target={"context": self._context}, awaitPromise=True)
        if found["type"] != "success":
            raise AssertionError(f"Firefox: {expression} threw {found['exceptionDetails']['text']}")
        return json.loads(found["result"]["value"])

    def act(self, actions: list[dict[str, Any]]) -> None:
        self._send("input.performActions", context=self._context, actions=actions)

    def screenshot(self) -> bytes:
        return base64.b64decode(self._send("browsingContext.captureScreenshot", context=self._context)["data"])

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        self._id += 1
        self._socket.send(json.dumps({"id": self._id, "method": method, "params": params}))
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv(ANSWER_TIMEOUT_S))
            if answer.get("id") != self._id:
                continue  # an event
            if answer["type"] == "error":
                raise AssertionError(f"Firefox refuses {method}: {answer['error']}: {answer['message']}")
            return dict(answer["result"])


@contextmanager
def firefox() -> Iterator[Firefox]:
    """Run Firefox until the block ends."""
    program = require("firefox-esr", "firefox-esr", "firefox")
    with display() as environment, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        Path(profile, "user.js").write_text("\n".join(lines))
        process = subprocess.Popen([program, "--remote-debugging-port=0", "--profile", profile, "--no-remote",
                                    "about:blank"], env=environment, stderr=subprocess.PIPE, text=True)
        try:
            with connect(f"{_address(process)}/session", max_size=MESSAGE_BYTES_MAX, open_timeout=60) as socket:
                yield Firefox(socket)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"BiDi listening on (ws://\S+)", line)
        if found:
            return found[1]
    raise AssertionError("Firefox ended before it listened.")
