"""A node in processes of its own, and players with real sockets."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from layerw.net import wire
from layerw_server.net.node import Node, NodeSettings
from layerw_server.net.worker_process import Files
from layerw_server.runtime.packages import NONE

from .live import make_tree

PROGRAM = """
import layerw as lw
app = lw.App("Together")

@lw.component(shared=True)
class Brick:
    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)
    owner: lw.Player = None

if app.is_server:
    print("room", app.net.room, app.net._room().schema.hash, flush=True)
    app.spawn(lw.Mesh.box()).add(Brick)

@app.rpc(to="server", rate=100.0)
def put(player, x: float):
    app.spawn(lw.Mesh.box(), owner=player, position=(x, 0, 0)).add(Brick)
    count(player, len(app.each(Brick).entities), app.net._room().tick)

@app.rpc(to="server", rate=100.0)
def ask(player):
    bricks = app.each(Brick).entities
    count(player, len(bricks), sum(brick[Brick].owner == player for brick in bricks))

@app.rpc(to="server")
def leave_python(player):
    import os
    os._exit(7)

@app.rpc(to="owner")
def count(player, bricks: int, number: int): ...

app.connect()
"""


def ends_with_us(command: list[str]) -> list[str]:
    """A server of a test ends when the test run is killed, where the system can do that."""
    return ["setpriv", "--pdeathsig", "TERM", *command] if shutil.which("setpriv") else command


class ServedNode:
    """`layerw serve` with a node, of a folder."""

    def __init__(self, folder: Path, *options: str, program: str = PROGRAM) -> None:
        self.folder = folder
        if not (folder / "app").exists():
            make_tree(folder)
        (folder / "app" / "bricks.py").write_text(program)
        command = ends_with_us([sys.executable, "-m", "tests.server.node_support", str(folder), *options])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.schema, self.said = "", list[str]()
        try:
            self.port = int(self._line("ready at").rpartition(":")[2].strip("/"))
        except AssertionError:
            self.close()
            raise

    def _line(self, begins: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("room main"):
                self.schema = line.split()[2]
            if line.startswith(begins):
                return line.strip()
        raise AssertionError("".join(self.said))

    def close(self) -> int:
        """Ends it as a service manager does; the exit status. What it said last is in `said`."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        with self.process.stdout:
            self.said += self.process.stdout.readlines()
        status = self.process.wait(30)
        return status

    def children(self, module: str) -> list[int]:
        """Process numbers of the node's own."""
        found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], text=True,
                               capture_output=True, check=True).stdout  # fmt: skip
        return [int(line.split()[0]) for line in found.splitlines() if module in line]


class RemotePlayer:
    """One connection."""

    def __init__(self, node: ServedNode, room: str = "", token: str = "", port: int | None = None) -> None:
        port = port or node.port
        path = f"/room/{room}" if room else "/room"
        self.socket: ClientConnection = connect(f"ws://127.0.0.1:{port}{path}", compression=None,
                                                origin=f"http://127.0.0.1:{port}").__enter__()  # type: ignore[arg-type]  # fmt: skip
        self.socket.send(wire.value_message(wire.HELLO, {"schema": node.schema, "token": token}))
        self.first = self.value(wire.WELCOME, wire.REFUSED)
        self.number, self.token = self.first.get("player", 0), self.first.get("token", "")

    @classmethod
    def try_join(cls, node: ServedNode, room: str, token: str) -> RemotePlayer | None:
        """None: not now, it would be tried again."""
        try:
            player = cls(node, room, token)
        except (OSError, EOFError, WebSocketException):
            return None
        return player

    def value(self, *kinds: int) -> dict[str, Any]:
        """The next message of one of these kinds."""
        while True:
            data = self.socket.recv(20)
            assert isinstance(data, bytes)
            if data[0] in kinds:
                value = wire.read_value(data)[1]
                assert isinstance(value, dict)
                return value

    def call(self, name: str, *values: Any) -> None:
        """Calls the server."""
        self.socket.send(wire.value_message(wire.CALL, {"call": name, "values": list(values)}))

    def counted(self, name: str, *values: Any) -> list[int]:
        """What `count` says after a call."""
        self.call(name, *values)
        return list(self.value(wire.CALL)["values"])

    def close(self) -> None:
        """Leaves."""
        self.socket.close()


def wait(until: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What `until` gives, as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := until()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
    return found


def main(folder: Path, *options: str) -> None:
    """Runs the node: options are fields of NodeSettings, name=value."""
    given: dict[str, Any] = dict(one.split("=", 1) for one in options if "=" in one)
    settings = {name: Path(value) if name == "kept" else value if name == "bus" else int(value)
                for name, value in given.items() if name not in ("metrics_token", "allow_hosts")}  # fmt: skip
    files = Files(folder / "app" / "bricks.py", folder / "runtime", folder / "web", NONE,
                  allow_hosts=tuple(given.get("allow_hosts", "").split()),
                  metrics_token=given.get("metrics_token", ""), webtransport="webtransport" in options)  # fmt: skip
    node = Node(NodeSettings(files, **{"port": 0, "workers": 1, "rooms": 2, **settings}))
    asyncio.run(node.run(lambda address: print("ready at", address, flush=True)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
