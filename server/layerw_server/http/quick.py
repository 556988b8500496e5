"""What a connection gets without the application: files that are held, and the room's process for a player.

Owns: the way from the parser to the socket. What is answered is front.py's to say, with all its rules, and everything
that has to wait, has a body or is odd goes the long way, through ASGI. It costs half as much: no task, no messages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Protocol

from .front import Answer, Front, Request
from .limits import LimitedProtocol

_STATUS = {one.value: b"HTTP/1.1 %d %s\r\n" % (one.value, one.phrase.encode("ascii")) for one in HTTPStatus}
_METHODS = {b"GET": "GET", b"HEAD": "HEAD"}
_LONG_WAY = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade"))
Taker = Callable[[int, bytes], None]


class QuickApp(Protocol):
    """What the protocol asks: app.LayerwServer."""

    front: Front

    def takes_whole(self, url: bytes, headers: Mapping[bytes, bytes], port: int) -> Taker | None:
        """Who takes a player's connection: a file descriptor, and the request as it came."""


class QuickProtocol(LimitedProtocol):
    """`quick_app` is set by `protocol_of`."""

    quick_app: QuickApp
    answered = False

    def on_headers_complete(self) -> None:
        """A held file goes out here and now."""
        answer = self._at_once()
        if answer is None:
            return super().on_headers_complete()
        self.in_body = self.answered = True
        head = [_STATUS[answer.status]]
        for name, value in (*self.server_state.default_headers, *answer.headers):
            head += (name, b": ", value, b"\r\n")
        head.append(b"\r\n")
        self.transport.write(b"".join(head))
        if len(answer.body):
            self.transport.write(answer.body)

    def on_message_complete(self) -> None:
        """The next bytes are another request's."""
        if not self.answered:
            return super().on_message_complete()
        self.answered = self.in_body = False
        self.header_bytes = 0
        self._stop_waiting()
        self.on_response_complete()

    def _at_once(self) -> Answer | None:
        method = _METHODS.get(self.parser.get_method())
        if (method is None or not self.url.startswith(b"/") or b"#" in self.url or self.flow.write_paused
                or (self.cycle is not None and not self.cycle.response_complete)
                or self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive()):  # fmt: skip
            return None
        headers = dict(self.headers)
        if not _LONG_WAY.isdisjoint(headers):
            return None
        path, _, query = self.url.partition(b"?")
        port = (self.server or ("", 0))[1] or 0
        return self.quick_app.front.at_once(Request(method, path, query, headers), self.headers, port)

    def handle_websocket_upgrade(self) -> None:
        """A player's connection goes to the room's process, if there is one."""
        taker = self.quick_app.takes_whole(self.url, dict(self.headers), (self.server or ("", 0))[1] or 0)
        if taker is None:
            return super().handle_websocket_upgrade()
        self._stop_waiting()
        lines = [b"GET %s HTTP/1.1\r\n" % self.url, *(b"%s: %s\r\n" % pair for pair in self.headers), b"\r\n"]
        taker(os.dup(self.transport.get_extra_info("socket").fileno()), b"".join(lines))
        self.transport.abort()  # here; the socket stays open where it is now


def protocol_of(app: QuickApp) -> type[QuickProtocol]:
    """The HTTP protocol of one application."""
    return type("AppProtocol", (QuickProtocol,), {"quick_app": app})
