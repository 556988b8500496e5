"""A server between the page and the real one that does to answers what networks do.

Owns: the faults, on one loopback port, in a thread of its own; what was asked for and which connections it holds back.
Does not cache and never lets the browser: each open of a world asks again. Limits: GET; bodies in memory.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

KINDS = ("offline", "reset", "no_head", "slow_start", "stall", "trickle", "cut", "flip", "html", "status", "bomb")
PORTAL = b"<!DOCTYPE html><html><title>Sign in to the network</title></html>"
BOMB_BYTES = 64 << 20
IMMUTABLE = "public, max-age=31536000, immutable"
START_TIMEOUT_S = 10.0
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Trouble:
    """What happens to requests whose path matches.

    offline: the connection is reset before an answer; reset: after half of the body. no_head: nothing comes; stall:
    half of the body, then nothing; both for as long as the client waits. trickle: a byte a second. slow_start: right,
    `slow_s` later. cut: half of the body and a proper end. flip: one wrong byte. html: a page with 200. status: that
    HTTP status. bomb: 64 MiB of zeros in 64 kB of gzip. Wrong answers say that they may be cached for ever.
    """

    kind: str
    match: str
    status: int = 503
    slow_s: float = 0.5


class FaultProxy:
    """See the module. `trouble` is set from the test's thread at any time; None: everything passes."""

    def __init__(self, upstream: str) -> None:
        self.trouble: Trouble | None = None
        self.met: Counter[str] = Counter()  # paths that met trouble
        self.held = 0  # connections that wait in a fault
        self.address = ""
        self._upstream = urlsplit(upstream)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def start(self) -> None:
        """Listens; `address` is set then."""
        self._thread.start()
        assert self._started.wait(START_TIMEOUT_S), "the fault proxy did not start"

    def stop(self) -> None:
        """Ends every connection."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_TIMEOUT_S)
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            trouble = self.trouble
            if trouble is not None and re.search(trouble.match, path):
                self.met[path] += 1
            else:
                trouble = None
            if trouble is None or trouble.kind not in ("offline", "no_head"):
                answer = await self._loop.run_in_executor(None, self._ask, method, path)
                await self._answer(trouble, answer, reader, writer)
            elif trouble.kind == "no_head":
                await self._hold(reader)
            else:
                writer.transport.abort()
        with suppress(ConnectionError):
            writer.close()

    def _ask(self, method: str, path: str) -> Answer:
        host = self._upstream.netloc
        connection = http.client.HTTPConnection(host, timeout=START_TIMEOUT_S)
        connection.request(method, path, headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        body = answer.read()
        connection.close()
        for name in ("connection", "transfer-encoding", "content-length", "date", "server"):
            headers.pop(name, None)
        return answer.status, headers | {"cache-control": "no-store"}, body

    async def _hold(self, reader: asyncio.StreamReader) -> None:
        """Until the client goes."""
        self.held += 1
        try:
            await reader.read()
        finally:
            self.held -= 1

    async def _answer(self, trouble: Trouble | None, answer: Answer, reader: asyncio.StreamReader,
                      writer: asyncio.StreamWriter) -> None:  # fmt: skip
        kind = trouble.kind if trouble else ""
        if trouble and kind == "slow_start":
            await asyncio.sleep(trouble.slow_s)
        status, headers, body = changed(trouble, answer) if trouble else answer
        if kind != "cut":  # which ends where the connection does
            headers["content-length"] = str(len(body))
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}", "connection: close",
                 *(f"{name}: {value}" for name, value in headers.items())]  # fmt: skip
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        sent = {"stall": len(body) // 2, "reset": len(body) // 2, "cut": len(body) // 2, "trickle": 0}
        writer.write(body[: sent.get(kind, len(body))])
        await writer.drain()
        if kind == "stall":
            await self._hold(reader)
        elif kind == "reset":
            writer.transport.abort()
        elif kind == "trickle":
            await self._trickle(body, reader, writer)

    async def _trickle(self, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.ensure_future(self._hold(reader))
        for at in range(len(body)):
            writer.write(body[at : at + 1])
            await asyncio.wait([gone], timeout=1.0)
            if gone.done():
                return


def changed(trouble: Trouble, answer: Answer) -> Answer:
    """A whole answer that is wrong."""
    status, headers, body = answer
    wrong = headers | {"cache-control": IMMUTABLE}
    if trouble.kind == "status":
        return trouble.status, headers, b"no"
    if trouble.kind == "html":
        return 200, wrong | {"content-type": "text/html"}, PORTAL
    if trouble.kind == "flip":
        half = len(body) // 2
        return status, wrong, body[:half] + bytes([body[half] ^ 0x10]) + body[half + 1 :]
    if trouble.kind == "bomb":
        return 200, wrong | {"content-encoding": "gzip"}, _bomb()
    return status, headers, body


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(BOMB_BYTES))


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy before a server's address, until the block ends."""
    proxy = FaultProxy(upstream)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
