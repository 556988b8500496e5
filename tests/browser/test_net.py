"""A page in a room: it joins by its own WebSocket, shows what the room says, is heard, and comes back after a cut."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerw_server.net.room import Room
from tests.server.live import own_components

from .conftest import RunProgram

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
    main = sys.modules["__main__"]
    with own_components():
        found = Room(folder / "main.py")
        found.start()
        sys.modules["__main__"] = main
        yield found
        found.stop()


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
