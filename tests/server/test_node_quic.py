"""Players who come to rooms in processes by QUIC: which port, who may come in, and a room whose process dies."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aioquic")
if not hasattr(os, "fork"):
    pytest.skip("processes hand sockets on, which this system has not", allow_module_level=True)

from layerw.net import wire
from layerw_server.net.doors import Doors, PortsError

from .node_support import RemotePlayer, ServedNode, wait
from .quic_support import Browser, browser_at, message, until


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedNode]:
    found = ServedNode(tmp_path_factory.mktemp("node"), "workers=2", "rooms=2", "webtransport")
    yield found
    assert found.close() == 0


def offer(node: ServedNode, room: str = "", **headers: str) -> dict[str, Any]:
    """What a page is told."""
    url = f"http://127.0.0.1:{node.port}"
    request = urllib.request.Request(f"{url}/api/room{room}", b"", {"Origin": url, **headers}, method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(json.loads(answer.read()).get("webtransport", {}))


@asynccontextmanager
async def session(node: ServedNode, room: str, token: str = "") -> AsyncIterator[tuple[Browser, dict[str, Any]]]:
    """A player who came in, and the welcome."""
    async with browser_at(offer(node, room)["port"]) as browser:
        browser.ask(f"/room{room}", f"http://localhost:{node.port}")
        await until(lambda: browser.status)
        assert browser.status == "200"
        browser.open()
        browser.say(message(wire.value_message(wire.HELLO, {"schema": node.schema, "token": token})))
        yield browser, await value(browser, wire.WELCOME)


async def value(browser: Browser, kind: int) -> dict[str, Any]:
    """The next reliable message of a kind; those before it are gone."""
    while True:
        await until(lambda: len(browser.came) >= 4)
        end = 4 + struct.unpack_from("<I", browser.came)[0]
        await until(lambda end=end: len(browser.came) >= end)
        data = bytes(browser.came[4:end])
        del browser.came[:end]
        if data[0] == kind:
            return dict(wire.read_value(data)[1])


async def counted(browser: Browser, name: str, *values: Any) -> list[int]:
    browser.say(message(wire.value_message(wire.CALL, {"call": name, "values": list(values)})))
    return list((await value(browser, wire.CALL))["values"])


def test_a_room_has_a_port_of_its_own_and_begins_for_who_asks(node: ServedNode) -> None:
    async def live() -> None:
        assert offer(node)["port"] == offer(node, "/main")["port"] == node.port
        arena = offer(node, "/arena")
        assert arena["port"] == node.port + 1 and re.fullmatch("[0-9a-f]{64}", arena["hash"])
        assert offer(node, "/third") == offer(node, "/NO") == {}, "there are two; a WebSocket says why"
        async with session(node, "") as (main, first), session(node, "/arena") as (other, second):
            assert first["player"] == second["player"] == 1 and second["room"] != first["room"]
            await until(lambda: main.datagrams and other.datagrams)
            assert (await counted(main, "put", 1.0))[0] == 2
            assert (await counted(other, "ask"))[0] == 1
            third = RemotePlayer(node)  # by WebSocket, into the same room
            assert third.number == 2 and third.counted("ask")[0] == 2
            third.close()
            url = f"http://127.0.0.1:{node.port}/metrics"
            await until(lambda: 'layerw_connections{room="arena"} 1' in urllib.request.urlopen(url).read().decode())

    asyncio.run(live())


@pytest.mark.parametrize(("path", "origin", "status"), [
    ("/room", "http://evil.example", "403"), ("/room/arena", "", "404"), ("/room/NO", "", "404")])  # fmt: skip
def test_the_rules_are_those_of_websockets(node: ServedNode, path: str, origin: str, status: str) -> None:
    async def live() -> None:
        async with browser_at(offer(node)["port"]) as browser:
            browser.ask(path, origin or f"http://localhost:{node.port}")
            await until(lambda: browser.status == status)
            await until(lambda: browser.ended)

    asyncio.run(live())
    with pytest.raises(urllib.error.HTTPError, match="403"):
        offer(node, Origin="http://evil.example")
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(f"http://127.0.0.1:{node.port}/api/room", timeout=20)


def test_who_sends_too_much_is_told_and_no_one_else_is_hurt(node: ServedNode) -> None:
    async def live() -> None:
        async with session(node, "") as (good, _):
            for rude in (message(bytes(17 * 1024)), struct.pack("<I", 1 << 30), message(b"\xff") * 400):
                async with session(node, "") as (bad, _):
                    bad.say(rude)
                    await until(lambda bad=bad: bad.ended)
                    assert bad.said, "it is told why"
            assert await counted(good, "ask")

    asyncio.run(live())


def test_a_room_whose_process_dies_is_there_again_on_its_port(node: ServedNode) -> None:
    async def live() -> None:
        async with session(node, "") as (browser, welcome):
            before = (await counted(browser, "put", 3.0))[0]
            tick = [0]

            def moved_on() -> bool:
                text = urllib.request.urlopen(f"http://127.0.0.1:{node.port}/metrics", timeout=20).read().decode()
                found = int(re.findall(r'layerw_ticks_total\{room="main"\} (\d+)', text)[0])
                tick[0] = tick[0] or found
                return found > tick[0] + 25  # a second: the state is kept each half

            await until(moved_on)
        pid = next(pid for pid in node.children("room_process")
                   if Path(f"/proc/{pid}/comm").read_text() == "room main\n")  # fmt: skip
        old = offer(node)
        os.kill(pid, signal.SIGKILL)
        wait(lambda: offer(node) not in ({}, old))  # asks until another process has the room
        new = offer(node)
        assert new["port"] == old["port"] and new["hash"] != old["hash"]
        async with session(node, "", welcome["token"]) as (browser, again):
            assert again["player"] == welcome["player"] and (await counted(browser, "ask"))[0] == before

    asyncio.run(live())


def test_ports_that_are_taken_or_none_are_told_at_the_start() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(PortsError, match=f"UDP port {port}: .*; it takes 3 from {port - 1} on"):
            Doors("127.0.0.1", port - 1, 3).check()
    with pytest.raises(PortsError, match="go past 65535"):
        Doors("127.0.0.1", 65_530, 7).check()
