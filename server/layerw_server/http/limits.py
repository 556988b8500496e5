"""What a connection may cost: bytes and seconds of a request, and lines of the log.

Owns: the HTTP protocol class that uvicorn runs. Without it a client could send headers for ever, one byte at a time:
the parser joins what it has so far with every part, which is quadratic.
Limits: HEADER_BYTES_MAX; REQUEST_S_MAX from a request's first byte to its last; IDLE_S_MAX before the first.
Source: RFC 6585 section 5 (431), RFC 9110 section 15.5.9 (408).
"""

from __future__ import annotations

import asyncio
import logging
import time

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES_MAX = 32 * 1024
REQUEST_S_MAX = 10.0
IDLE_S_MAX = 30.0
_ANSWER = ("HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n"
           "connection: close\r\n\r\n{text}")  # fmt: skip


class LimitedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose request headers have limits; a connection that passes one is answered and closed."""

    header_bytes = 0
    in_body = False
    waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own type
        """The clock starts: a connection that says nothing is closed."""
        super().connection_made(transport)
        self._wait(IDLE_S_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        """The clock stops."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts the bytes of headers before the parser sees them."""
        if not self.in_body:
            if self.header_bytes == 0:
                self._wait(REQUEST_S_MAX)
            self.header_bytes += len(data)
            # A body that came in the same part as its headers is told apart only by the parser.
            if self.header_bytes > HEADER_BYTES_MAX and b"\r\n\r\n" not in data:
                self._refuse("431 Request Header Fields Too Large",
                             f"The request's headers have more than {HEADER_BYTES_MAX} bytes.\n")  # fmt: skip
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The headers are here."""
        self.in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next bytes are headers again."""
        super().on_message_complete()
        self._stop_waiting()
        self.in_body = False
        self.header_bytes = 0

    def handle_websocket_upgrade(self) -> None:
        """From here on the connection is another protocol's."""
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def _wait(self, limit_s: float) -> None:
        self._stop_waiting()
        self.waits = self.loop.call_later(limit_s, self._too_slow, limit_s)

    def _stop_waiting(self) -> None:
        if self.waits is not None:
            self.waits.cancel()
            self.waits = None

    def _too_slow(self, limit_s: float) -> None:
        self._refuse("408 Request Timeout", f"The request was not whole after {limit_s:g} s.\n")

    def _refuse(self, status: str, text: str) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if not self.in_body:  # else it may have been answered already
            self.transport.write(_ANSWER.format(status=status, length=len(text), text=text).encode("ascii"))
        self.transport.close()


class RateLimit(logging.Filter):
    """Lets `lines_max` records of each message template through in `period_s`; says later how many it kept back."""

    def __init__(self, lines_max: int = 10, period_s: float = 10.0) -> None:
        super().__init__()
        self.lines_max, self.period_s = lines_max, period_s
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this record is written."""
        now, key = time.monotonic(), str(record.msg)
        since, count = self._seen.get(key, (now, 0))
        if now - since >= self.period_s:
            hidden = count - self.lines_max
            if hidden > 0:
                record.msg = f"{record.msg} (and {hidden} more like it in the {self.period_s:g} s before)"
            since, count = now, 0
        self._seen[key] = (since, count + 1)
        return count < self.lines_max
