"""Players by QUIC: who may come in, and what hostile ones get."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("aioquic")

from layerw_server.http.origins import HostRules, OriginRules
from layerw_server.net import quic
from layerw_server.net.quic import BEFORE_BYTES_MAX, DATAGRAM_BYTES_MAX, INCOMING_MAX, QuicDoor, QuicPlayer

from .quic_support import Browser, browser_at, message, until


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[QuicDoor, list[QuicPlayer], Browser]]:
    players: list[Any] = []
    door = QuicDoor(players.append, "127.0.0.1", 0, HostRules(), OriginRules())
    door.page_port = 8000
    door.start()
    try:
        async with browser_at(door.port) as browser:
            yield door, players, browser
    finally:
        door.stop()


def test_what_is_reliable_comes_by_the_stream_and_the_rest_by_datagrams() -> None:
    async def live() -> None:
        async with opened() as (_, players, browser):
            browser.ask()
            await until(lambda: browser.status == "200" and players)
            player = players[0]
            browser.open()
            for part in (message(b"hello")[:6], message(b"hello")[6:] + message(b"you")):
                browser.say(part)
                await asyncio.sleep(0.02)
            found: list[bytes] = []
            await until(lambda: found.extend(player.take()) or len(found) == 2)
            browser.http.send_datagram(browser.session, b"quick")
            browser.transmit()
            await until(lambda: found.extend(player.take()) or len(found) == 3)
            assert found == [b"hello", b"you", b"quick"] and player.loses
            large = bytes(DATAGRAM_BYTES_MAX + 1)
            player.send(b"welcome", reliable=True)
            player.send(b"tick", reliable=False)
            player.send(large, reliable=False)
            await until(lambda: browser.datagrams == [b"tick"] and browser.came == message(b"welcome") + message(large))
            await until(lambda: player.waiting_bytes == 0)
            player.close("The room moves.")
            await until(lambda: b"The room moves." in browser.said)
            await until(lambda: browser.ended)

    asyncio.run(live())


@pytest.mark.parametrize(("asks", "status"), [
    ({"origin": "http://evil.example"}, "403"), ({"origin": "http://localhost:9000"}, "403"), ({"path": "/x"}, "404"),
    ({"protocol": "websocket"}, "404"),
])  # fmt: skip
def test_who_may_not_come_in_is_refused(asks: dict[str, str], status: str) -> None:
    async def live() -> None:
        async with opened() as (_, players, browser):
            browser.ask(**asks)
            await until(lambda: browser.status == status)
            await until(lambda: browser.ended)
            assert not players

    asyncio.run(live())


def flood(browser: Browser) -> None:
    for _ in range(INCOMING_MAX + 1):
        browser.say(message(b"x"))


def other_streams(browser: Browser) -> None:
    browser.say(message(b"x"))
    second = browser.http.create_webtransport_stream(browser.session)
    browser._quic.send_stream_data(second, b"x")
    browser.transmit()


def junk(browser: Browser) -> None:
    """A header that never ends, on a stream of its own."""
    stream = browser._quic.get_next_available_stream_id()
    browser._quic.send_stream_data(stream, b"\x01\x80\x10\x00\x00" + bytes(BEFORE_BYTES_MAX + 1))
    browser.transmit()


@pytest.mark.parametrize(("does", "told"), [
    (lambda browser: browser.say(struct.pack("<I", 1 << 30)), "has 1073741824 bytes"),
    (flood, "has not taken yet"), (other_streams, "another stream"), (junk, "no messages"),
])  # fmt: skip
def test_who_breaks_the_rules_is_told_and_disconnected(does: Callable[[Browser], None], told: str) -> None:
    async def live() -> None:
        async with opened() as (_, players, browser):
            browser.ask()
            await until(lambda: browser.status == "200" and players)
            browser.open()
            does(browser)
            await until(lambda: players[0].closed)
            assert told in players[0].closed
            await until(lambda: browser.ended)

    asyncio.run(live())


def test_who_asks_for_nothing_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quic, "ASKS_S", 0.3)

    async def live() -> None:
        async with opened() as (door, _, browser):
            await until(lambda: browser.ended)
            await until(lambda: not door.connections)

    asyncio.run(live())


def test_a_certificate_is_made_anew_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    door = QuicDoor(lambda transport: None, "127.0.0.1", 0, HostRules(), OriginRules())
    first = door.offer()
    assert door.offer() == first
    monkeypatch.setattr("layerw_server.net.certificate.RENEWED", quic.certificate.VALID)
    assert door.offer() != first
