"""A browser's side of WebTransport, which says what the test wants."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamDataReceived


class Browser(QuicConnectionProtocol):
    """What a browser does, and what none does."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic, enable_webtransport=True)
        self.status, self.ended = "", False
        self.datagrams: list[bytes] = []
        self.stream, self.came, self.said = 0, bytearray(), b""

    def quic_event_received(self, event: QuicEvent) -> None:
        self.ended = self.ended or isinstance(event, ConnectionTerminated)
        if isinstance(event, StreamDataReceived) and self.stream and event.stream_id == self.stream:
            self.came += event.data  # aioquic's client reads no answers on such a stream
            return
        for one in self.http.handle_event(event):
            if isinstance(one, HeadersReceived):
                self.status = dict(one.headers)[b":status"].decode()
            elif isinstance(one, DatagramReceived):
                self.datagrams.append(one.data)
            elif isinstance(one, DataReceived):
                self.said += one.data

    def ask(self, path: str = "/room", origin: str = "http://localhost:8000", protocol: str = "webtransport") -> None:
        """For a session."""
        self.session = self._quic.get_next_available_stream_id()
        self.http.send_headers(self.session, [
            (b":method", b"CONNECT"), (b":scheme", b"https"), (b":path", path.encode()),
            (b":authority", b"localhost:%d" % self.port), (b":protocol", protocol.encode()),
            (b"origin", origin.encode())])  # fmt: skip
        self.transmit()

    port = 0

    def open(self) -> None:
        """The stream of what is reliable."""
        self.stream = self.http.create_webtransport_stream(self.session)

    def say(self, data: bytes) -> None:
        """Bytes on it."""
        self._quic.send_stream_data(self.stream, data)
        self.transmit()


async def until(what: Callable[[], object], seconds: float = 10) -> None:
    """Waits."""
    end = asyncio.get_running_loop().time() + seconds
    while not what():
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.01)


@asynccontextmanager
async def browser_at(port: int) -> AsyncIterator[Browser]:
    """Connected to that port, without a session yet."""
    settings = QuicConfiguration(alpn_protocols=H3_ALPN, max_datagram_frame_size=65_536, verify_mode=ssl.CERT_NONE)
    async with connect("127.0.0.1", port, configuration=settings, create_protocol=Browser) as browser:
        assert isinstance(browser, Browser)
        browser.port = port
        yield browser


def message(data: bytes) -> bytes:
    """As the stream has it."""
    return struct.pack("<I", len(data)) + data
