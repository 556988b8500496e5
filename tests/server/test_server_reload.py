"""Edit to reload, and who may hear of it."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from layerw_server.http.reload import Watcher

from .live import Live, running


def _connect(live: Live, origin: str | None = None) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{live.port}/ws", origin=origin or f"http://127.0.0.1:{live.port}")  # type: ignore[arg-type]


@contextmanager
def _greeted(live: Live) -> Iterator[ClientConnection]:
    with _connect(live) as socket:
        assert _next(socket)["type"] == "hello"
        yield socket


def _next(socket: ClientConnection, timeout_s: float = 3.0) -> dict[str, object]:
    message: dict[str, object] = json.loads(socket.recv(timeout_s))
    return message


def test_an_edit_reloads_within_150_ms(live: Live) -> None:
    times_ms = []
    with _greeted(live) as socket:
        for turn in range(7):
            time.sleep(0.15)
            started = time.perf_counter()
            (live.app_folder / "hello.py").write_text(f"print({turn})\n" * (turn + 1))
            assert _next(socket) == {"type": "reload", "files": ["app/hello.py"]}
            times_ms.append((time.perf_counter() - started) * 1e3)
    assert statistics.median(times_ms) <= 150, times_ms


def test_saving_through_a_rename_is_one_message(live: Live) -> None:
    with _greeted(live) as socket:
        part = live.app_folder / "hello.py~"
        part.write_text("print(2)\n")
        os.replace(part, live.app_folder / "hello.py")
        assert _next(socket)["files"] == ["app/hello.py"]
        with pytest.raises(TimeoutError):
            socket.recv(0.3)


def test_what_is_watched(tree: Path) -> None:
    watcher = Watcher({"app": tree / "app", "web": tree / "web"})
    assert watcher.changes() == []
    (tree / "app" / "package").mkdir()
    (tree / "app" / "package" / "new.py").write_text("")
    (tree / "web" / "boot.js").write_text("changed")
    assert watcher.changes() == ["app/package/new.py", "web/boot.js"]
    (tree / "app" / "package" / "new.py").unlink()
    assert watcher.changes() == ["app/package/new.py"]
    (tree / "app" / ".hidden.py").write_text("")
    (tree / "app" / "__pycache__" / "x.py").write_text("")
    (tree / "app" / "world" / "x.py").write_text("")  # beside a tileset.json: baked, not watched
    assert watcher.changes() == []
    time.sleep(0.15)  # listings have settled and are reused from now on
    assert watcher.changes() == []
    (tree / "app" / "util.py").write_text("VALUE = 2222\n")
    (tree / "app" / "third.py").write_text("")
    assert watcher.changes() == ["app/third.py", "app/util.py"]


def test_a_vanished_root_is_no_error(tree: Path) -> None:
    watcher = Watcher({"app": tree / "app", "none": tree / "none"})
    (tree / "app").rename(tree / "moved")
    assert "app/hello.py" in watcher.changes()
    (tree / "moved").rename(tree / "app")
    assert "app/hello.py" in watcher.changes()


@pytest.mark.parametrize("origin", ["https://evil.com", "http://127.0.0.1:{port}.evil.com", "null",
                                    "http://127.0.0.1:1", "https://good.com.evil.com"])
def test_other_origins_are_refused(tree: Path, origin: str) -> None:
    with running(tree, allow_origins=["https://good.com"]) as live:
        with pytest.raises(InvalidStatus) as refused, _connect(live, origin.format(port=live.port)):
            pass
        assert refused.value.response.status_code == 403
        with _connect(live, "https://good.com"):
            pass


def test_no_origin_and_other_hosts_are_refused(live: Live) -> None:
    url = f"ws://127.0.0.1:{live.port}/ws"
    with pytest.raises(InvalidStatus), connect(url):
        pass
    upgrade = (f"GET /ws HTTP/1.1\r\nHost: evil.com:{live.port}\r\nOrigin: http://evil.com:{live.port}\r\n"
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    assert live.raw(upgrade.encode()).status == 403


def test_too_long_messages_end_the_connection(live: Live) -> None:
    with _greeted(live) as socket:
        socket.send("x" * 200_000)
        with pytest.raises(ConnectionClosed):
            socket.recv(3.0)


def test_reload_on_request_and_pages_are_counted(live: Live) -> None:
    with _greeted(live) as socket:
        assert json.loads(live.get("/api/status").body)["pages"] == 1
        assert live.get("/api/reload", method="POST", content_length="0").status == 200
        assert _next(socket) == {"type": "reload", "files": []}
    deadline = time.monotonic() + 2
    while json.loads(live.get("/api/status").body)["pages"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_page_can_tell_a_cut_connection_from_a_change(live: Live) -> None:
    with _connect(live) as socket:
        first = _next(socket)
    with _connect(live) as socket:
        assert _next(socket) == first, "the same server, no change"
        (live.app_folder / "hello.py").write_text("print(5)\n")
        assert _next(socket)["type"] == "reload"
    with _connect(live) as socket:
        second = _next(socket)
    assert second["start"] == first["start"] and second["version"] == first["version"] + 1  # type: ignore[operator]
