"""A page in a room: it joins by its own WebSocket, shows what the room says, is heard, and comes back after a cut."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from layerw_server.http.origins import HostRules, OriginRules
from layerw_server.net.room import Room
from tests.server.node_support import ends_with_us

from .conftest import RunProgram
from .harness import Running, open_program, write_program
from .rooms import running_room

PROGRAM = """
import builtins
import layerw as lw
app = builtins.APP = lw.App("Room")

@lw.component(shared=True)
class PageShip:
    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)
    owner: lw.Player = None

heard = builtins.HEARD = []
if app.is_server:
    @app.on_join
    def join(player):
        app.spawn(lw.Mesh.box(), lw.Material(color="tomato"), owner=player, position=(3, 0, 0)).add(PageShip)

@app.rpc(to="server")
def shout(player, text: str):
    echo(text + "!")

@app.rpc(to="all")
def echo(player, text: str):
    heard.append(text)

builtins.SHOUT, builtins.SHIP = shout, PageShip
"""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "main.py").write_text(PROGRAM)
    with running_room(folder / "main.py") as found:
        yield found


@pytest.mark.parametrize("thread", ["worker", "main"])
def test_a_page_joins_shows_and_is_heard(room: Room, run_program: RunProgram, thread: str) -> None:
    running = run_program(room._program, serve={"room": room}, backend="null", thread=thread).wait_ready()
    running.python("APP.connect()")

    def until(question: str, answer: str) -> None:
        end = time.monotonic() + 20
        found = ""
        while (found := running.python(question)) != answer:
            assert time.monotonic() < end, (question, found)
            running.frames(3)

    until("APP.net.state", "connected")
    until("str(len(APP.each(SHIP)))", "1")
    until("str(APP.each(SHIP).entities[0].position.tolist())", "[3.0, 0.0, 0.0]")
    assert running.python("str(SHOUT('hi'))") == "True"
    until("str(HEARD)", "['hi!']")
    player = running.python("str(APP.net.player.number)")
    client = next(iter(room._app.net._room().clients.values()))
    client.transport.close("a cable was pulled")
    until("APP.net.state", "lost")
    until("APP.net.state", "connected")
    assert running.python("str(APP.net.player.number)") == player
    assert running.python("str(APP.report()['net']['damaged'])") == "0"
    running.python("APP.close()")  # and gives back what the room's things took


def until(running: Running, question: str, answer: str) -> None:
    end, found = time.monotonic() + 20, ""
    while (found := running.python(question)) != answer:
        assert time.monotonic() < end, (question, found)
        running.frames(3)


def test_a_page_comes_in_by_webtransport_and_by_websocket_where_that_is_shut(
        room: Room, run_program: RunProgram, program_port: int) -> None:  # fmt: skip
    quic = pytest.importorskip("layerw_server.net.quic")
    door = room.door = quic.QuicDoor(room.accept, "127.0.0.1", 0, HostRules(), OriginRules())
    door.page_port = program_port
    door.start()
    try:
        running = run_program(room._program, serve={"room": room}, backend="null", thread="main").wait_ready()
        told: list[str] = []
        running.page.on("console", lambda message: told.append(message.text))
        running.python("APP.connect()")
        until(running, "APP.net.state", "connected")
        client = next(iter(room._app.net._room().clients.values()))
        assert isinstance(client.transport, quic.QuicPlayer)
        until(running, "str(APP.net._client._transport.loses)", "True")
        until(running, "str(len(APP.each(SHIP)))", "1")
        until(running, "str(APP.each(SHIP).entities[0].position.tolist())", "[3.0, 0.0, 0.0]")
        assert running.python("str(SHOUT('x' * 999))") == "True"
        until(running, "str(len(''.join(HEARD)))", "1000")
        until(running, "str(APP.net.ping_s > 0)", "True")
        client.transport.close("a cable was pulled")
        until(running, "APP.net.state", "lost")
        assert running.python("APP.net.reason") == "a cable was pulled"
        door.stop()
        until(running, "APP.net.state", "connected")
        assert running.python("str(APP.net.player.number)") == "1"
        assert not isinstance(client.transport, quic.QuicPlayer)
        assert len([text for text in told if "by WebSocket, not by WebTransport" in text]) == 1
        running.python("APP.close()")
    finally:
        door.stop()


@pytest.fixture
def served(tmp_path: Path, program_port: int, runtime_dir: Path) -> Iterator[tuple[str, int]]:
    """`layerw serve` with rooms in processes: its address, and its own process."""
    pytest.importorskip("aioquic")
    write_program(tmp_path, PROGRAM)
    command = [sys.executable, "-m", "layerw_server", "serve", str(tmp_path / "main.py"), "--port", str(program_port),
               "--rooms", "2", "--workers", "2", "--webtransport"]  # fmt: skip
    with subprocess.Popen(ends_with_us(command), stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = next((line for line in server.stdout if "layerw serves" in line), "")
            yield re.findall(r"http://\S+", line)[0], server.pid
        finally:
            server.terminate()


def test_a_page_comes_by_webtransport_into_a_room_in_a_process_and_again_when_that_dies(
        served: tuple[str, int], context: BrowserContext) -> None:  # fmt: skip
    address, pid = served
    running = open_program(context, address, backend="null").wait_ready()
    running.python("APP.connect(room='arena')")
    until(running, "APP.net.state", "connected")
    until(running, "str(APP.net._client._transport.loses)", "True")
    until(running, "str(len(APP.each(SHIP)))", "1")
    assert running.python("str(SHOUT('hi'))") == "True"
    until(running, "str(HEARD)", "['hi!']")
    time.sleep(1.5)  # the room has kept it
    found = subprocess.run(["pgrep", "-P", str(pid), "-x", "room arena"], capture_output=True, text=True, check=True)
    os.kill(int(found.stdout), signal.SIGKILL)
    until(running, "APP.net.state", "lost")  # no packet says so
    until(running, "APP.net.state", "connected")
    until(running, "str(APP.net._client._transport.loses)", "True")
    assert running.python("str(APP.net.player.number)") == "1"
    until(running, "str(len(APP.each(SHIP)))", "1")
    assert running.errors.texts == []
    running.python("APP.close()")
