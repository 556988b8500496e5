"""A live server for tests: uvicorn in a thread on an ephemeral port, and a raw client that sends bytes as they are."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from layerw.scene.components import BY_NAME
from layerw_server.http.app import create_app
from layerw_server.http.serve import bind, uvicorn_config

TILE = bytes(range(256)) * 256
TILE_NAME = "5-3-7.1a2b3c4d5e6f.glb"


@contextlib.contextmanager
def own_components() -> Iterator[None]:
    """A server's process has one program and its shared components alone; this one has those of every test file too."""
    others = {name: declared for name, declared in BY_NAME.items() if declared.shared}
    for name in others:
        del BY_NAME[name]
    try:
        yield
    finally:
        BY_NAME.update(others)


@dataclass
class Answer:
    """One HTTP answer, as read from the socket."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Live:
    """A running server and its folders."""

    port: int
    root: Path
    app: Any

    @property
    def app_folder(self) -> Path:
        return self.root / "app"

    def get(self, path: str | bytes, *, method: str = "GET", host: str | None = None, **headers: str) -> Answer:
        """Send one request; keyword `if_none_match` becomes the header If-None-Match."""
        raw = path.encode() if isinstance(path, str) else path
        lines = [method.encode() + b" " + raw + b" HTTP/1.1",
                 b"Host: " + (host if host is not None else f"127.0.0.1:{self.port}").encode()]
        lines += [name.replace("_", "-").encode() + b": " + value.encode("latin-1") for name, value in headers.items()]
        return self.raw(b"\r\n".join(lines) + b"\r\nConnection: close\r\n\r\n", has_body=method != "HEAD")

    def raw(self, request: bytes, *, has_body: bool = True) -> Answer:
        """Send these bytes and read one answer."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(request)
            data = b""
            while block := connection.recv(1 << 16):
                data += block
                if has_body and _complete(data):
                    break
        head, _, body = data.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}
        return Answer(int(status.split()[1]), headers, body)


def _complete(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return bool(end) and len(body) >= int(line.split(b":")[1])
    return False


def make_tree(root: Path) -> None:
    """Write small stand-ins for web/, runtime/ and a program's folder, and secrets beside them."""
    files: dict[str, bytes] = {
        "web/index.html": b"<!doctype html><script type=module src=web/boot.js></script>",
        "web/boot.js": b"export const boot = 1;\n" * 100,
        "web/shaders/box.wgsl": b"// wgsl\n",
        "runtime/pyodide.mjs": b"export default 1;\n",
        "runtime/pyodide.asm.wasm": b"\0asm\1\0\0\0" + bytes(200_000),
        "runtime/pyodide-lock.json": b"{}",
        "app/hello.py": b"import util\nprint('hello')\n",
        "app/util.py": b"VALUE = 1\n",
        "app/with space.glb": b"glTF",
        "app/100%.txt": b"per cent",
        "app/.env": b"SECRET",
        "app/.git/config": b"SECRET",
        "app/__pycache__/hello.pyc": b"SECRET",
        "app/world/tileset.json": b'{"asset": {"version": "1.1"}}',
        f"app/world/{TILE_NAME}": TILE,
        "app/world/0.0.subtree": b"subt",
        "app_secret/key.txt": b"SECRET",
        "secret.txt": b"SECRET",
        "engine/layerw/__init__.py": b"VERSION = 1\n",
        "engine/layerw/app.py": b"",
    }
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@contextlib.contextmanager
def running(root: Path, **options: Any) -> Iterator[Live]:
    """Serve the tree under `root` until the block ends."""
    app = create_app(program=root / "app" / "hello.py", runtime=root / "runtime", web=root / "web",
                     engine=root / "engine" / "layerw", **options)
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn_config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Live(listener.getsockname()[1], root, app)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        assert not thread.is_alive()
