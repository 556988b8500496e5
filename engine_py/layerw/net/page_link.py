"""The connection of a page: its WebSocket, or WebTransport, is web/page/subsystems/net.js's, which passes messages on.

Owns: what came and was not taken yet. While a tab is in the background no frame runs: of what comes then the page keeps
what is reliable and the newest snapshots. Limits: a page has one connection at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.net.transport import Transport


class PageLink:
    """`open()` begins a connection; `received` hears the page."""

    def __init__(self, send: Callable[[object], None], url: str | None, say: Callable[[str], None]) -> None:
        self._send, self._url, self._say = send, url, say
        self._socket: _Socket | None = None
        self._opened = 0

    def open(self) -> Transport:
        """A connection that is being made: what is sent goes when it is there."""
        self._opened += 1
        self._socket = _Socket(self._send, self._opened)
        self._send({"open": self._opened, "url": self._url or ""})
        return self._socket

    def received(self, value: Any) -> None:
        """{"socket": which, …}: "data": [bytes, …], "loses": whether messages may get lost, "said": what is good to
        know, or "closed": why; of an older one nothing counts."""
        socket = self._socket
        if socket is None or value.get("socket") != socket.number:
            return
        socket.come += [np.asarray(one, np.uint8).tobytes() for one in value.get("data", ())]
        socket.loses = bool(value.get("loses", socket.loses))
        if "said" in value:
            self._say(str(value["said"]))
        if "closed" in value:
            socket.closed = str(value["closed"]) or "The connection ended."


class _Socket:
    """See transport.Transport."""

    def __init__(self, send: Callable[[object], None], number: int) -> None:
        self._send, self.number = send, number
        self.closed, self.waiting_bytes, self.loses = "", 0, False
        self.come: list[bytes] = []

    def send(self, data: bytes, *, reliable: bool) -> None:
        if not self.closed:
            self._send({"socket": self.number, "data": np.frombuffer(data, np.uint8), "reliable": reliable})

    def take(self) -> list[bytes]:
        come, self.come = self.come, []
        return come

    def close(self, reason: str = "") -> None:
        if not self.closed:
            self.closed = reason or "It was closed here."
            self._send({"socket": self.number, "close": True})
