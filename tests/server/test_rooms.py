"""Rooms by real sockets: `layerw serve`'s room, players in other processes and hostile ones."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from layerw.net import wire
from layerw.net.transport import pair
from layerw_server.http.app import create_app
from layerw_server.http.limits import RateLimit
from layerw_server.http.serve import bind, uvicorn_config
from layerw_server.net.headless import room_address
from layerw_server.net.room import Room, RoomError

from .live import make_tree, own_components

PROGRAM = """
import layerw as lw
app = lw.App("Together")

@lw.component(shared=True)
class RoomShip:
    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)
    owner: lw.Player = None

if app.is_server:
    @app.on_join
    def join(player):
        app.spawn(lw.Mesh.box(), owner=player, position=(2 * player.number, 0, 0)).add(RoomShip)

@app.rpc(to="server")
def hello(player, text: str):
    print(f"player {player.number} says {text}", flush=True)

app.connect()
greeted = False

@app.frame
def greet(dt):
    global greeted
    greeted = greeted or (not app.is_server and hello("good day"))
"""


class Served:
    """A room with its server."""

    def __init__(self, folder: Path) -> None:
        make_tree(folder)
        program = folder / "app" / "ships.py"
        program.write_text(PROGRAM)
        self.program = program
        self.room = Room(program)
        self.room.start()
        app = create_app(program=program, runtime=folder / "runtime", web=folder / "web", dev=False, room=self.room)
        self._server = uvicorn.Server(uvicorn_config(app))
        listener = bind("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()

    @property
    def app(self) -> Any:
        return self.room._app

    def socket(self, **options: Any) -> ClientConnection:
        options.setdefault("origin", f"http://127.0.0.1:{self.port}")
        return connect(f"ws://127.0.0.1:{self.port}/room", compression=None, **options)

    def hello(self, token: str = "") -> tuple[ClientConnection, dict[str, Any]]:
        """A player of ours, with the room's welcome."""
        socket = self.socket().__enter__()
        schema = self.app.net._room().schema.hash
        socket.send(wire.value_message(wire.HELLO, {"schema": schema, "token": token}))
        data = socket.recv(30)
        assert isinstance(data, bytes) and data[0] == wire.WELCOME
        value = wire.read_value(data)[1]
        assert isinstance(value, dict)
        return socket, value

    def close(self) -> None:
        self.room.stop()
        self._server.should_exit = True
        self._thread.join(5)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    main = sys.modules["__main__"]
    with own_components():
        found = Served(tmp_path_factory.mktemp("room"))
        yield found
        found.close()
    sys.modules["__main__"] = main


def wait(until: Callable[[], Any], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def drain(socket: ClientConnection) -> None:
    for _ in range(200):
        socket.recv(30)


def test_a_player_in_another_process_is_seen_and_heard(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "layerw_server", "run", str(served.program), "--headless", "--connect",
               f"http://127.0.0.1:{served.port}/", "--frames", "120", "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["net"]["state"] == "connected" and report["net"]["damaged"] == 0 and report["entities"] >= 1
    wait(lambda: "says good day" in capfd.readouterr().out, 30)


def test_who_comes_back_with_the_token_is_the_same_player(served: Served) -> None:
    socket, welcome = served.hello()
    socket.close()
    wait(lambda: not next(one for one in served.app.net.players if one.number == welcome["player"]).connected)
    again, second = served.hello(welcome["token"])
    assert second["player"] == welcome["player"]
    stranger, third = served.hello(welcome["token"][:-1] + ("0" if welcome["token"][-1] != "0" else "1"))
    assert third["player"] != welcome["player"]
    again.close()
    stranger.close()


def test_snapshots_come_and_a_second_connection_of_a_player_ends_the_first(served: Served) -> None:
    socket, welcome = served.hello()
    kinds = [socket.recv(30)[0] for _ in range(12)]
    assert wire.SNAPSHOT in kinds and wire.LOOKS in kinds and kinds.index(wire.LOOKS) < kinds.index(wire.SNAPSHOT)
    again, _ = served.hello(welcome["token"])
    with pytest.raises(ConnectionClosed, match="again from elsewhere"):
        drain(socket)
    again.close()


def test_pages_of_other_origins_may_not_join(served: Served) -> None:
    for origin in ("http://evil.example", None):
        with pytest.raises(InvalidStatus, match="403"):
            served.socket(origin=origin)


@pytest.mark.parametrize(("sent", "told"), [
    ([b"nothing"], "no greeting"), (["text"], "binary"), ([b""], "no greeting"), ([b"\x01" * 20_000], "no greeting"),
    ([bytes([wire.HELLO]) + b"\xff" * 9], "can't be read"),
])  # fmt: skip
def test_who_does_not_greet_is_told_why(served: Served, sent: list[Any], told: str) -> None:
    with served.socket() as socket:
        for one in sent:
            socket.send(one)
        with pytest.raises(ConnectionClosed, match=told):
            socket.recv(30)


def test_messages_beyond_the_limit_end_the_connection_and_nobody_elses(served: Served) -> None:
    good, _ = served.hello()
    bad, _ = served.hello()
    bad.send(bytes([wire.CALL]) + bytes(16 * 1024))
    with pytest.raises(ConnectionClosed, match="at most 16384 are taken"):
        drain(bad)
    assert good.recv(30)
    good.close()


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    main = sys.modules["__main__"]
    (tmp_path / "broken.py").write_text("import layerw as lw\napp = lw.App()\nraise ValueError('no')\n")
    with pytest.raises(RoomError, match="ValueError: no"):
        Room(tmp_path / "broken.py").start()
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(RoomError, match="made no lw.App"):
        Room(tmp_path / "empty.py").start()
    sys.modules["__main__"] = main


class Caller:
    """Stands in for a WebSocket that asks to be let in."""

    closed = ""

    async def close(self, code: int, reason: str) -> None:
        self.closed = reason

    async def accept(self) -> None:
        raise AssertionError("it was let in")


@pytest.fixture
def own_room(tmp_path: Path) -> Iterator[Room]:
    """One that a test may break; not started yet."""
    main = sys.modules["__main__"]
    (tmp_path / "plain.py").write_text("import layerw as lw\napp = lw.App()\n")
    with own_components():
        room = Room(tmp_path / "plain.py")
        yield room
        room.stop()
    sys.modules["__main__"] = main


def test_a_room_is_there_before_anyone_comes(own_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(host: Any, app: Any, ends: Any) -> None:
        while not own_room._ends.is_set():
            await asyncio.sleep(0.01)

    monkeypatch.setattr(own_room.pace, "run", none)
    own_room.start()
    assert own_room._app.net._authority is not None


def test_a_room_that_ended_lets_nobody_in_and_says_goodbye(own_room: Room, caplog: pytest.LogCaptureFixture) -> None:
    own_room.start()
    ours, theirs = pair()
    own_room._app.net._accept(theirs)

    def step(app: Any) -> None:
        own_room._app.net._room().receive()
        raise ZeroDivisionError("a fault of the engine")

    own_room._app.host.step = step
    wait(lambda: not own_room._thread.is_alive())
    caller = Caller()
    asyncio.run(own_room.connect(caller))  # type: ignore[arg-type]
    assert caller.closed == "There is no room." and ours.closed == "The room ended."
    assert "a fault of the engine" in caplog.text


def test_what_a_program_says_is_not_kept_back_with_what_the_server_says(own_room: Room,
                                                                        caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("layerw.server")
    before, log.filters[:] = log.filters[:], [RateLimit()]
    try:
        own_room.start()
        own_room._app.host.logs += [(2, f"fault {k}") for k in range(30)]
        wait(lambda: not own_room._app.host.logs)
        time.sleep(0.05)
    finally:
        log.filters[:] = before
    assert [f"fault {k}" in caplog.text for k in range(30)] == [True] * 30


def test_addresses_of_rooms() -> None:
    assert room_address("http://a:1/") == room_address("ws://a:1/room") == room_address("http://a:1") == "ws://a:1/room"
    assert room_address("https://a/game") == "wss://a/game/room"
    for bad in ("", "a:1", "ftp://a", "http://"):
        with pytest.raises(RoomError, match="no address"):
            room_address(bad)
