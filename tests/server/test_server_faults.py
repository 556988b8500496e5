"""What clients and editors do to a server: they leave, send slowly, switch links and write while it reads."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import threading
import time
import weakref
from pathlib import Path

import pytest

from layerw_server.http import limits
from layerw_server.http.cache import FILE_BYTES_MAX, Asset, AssetCache
from layerw_server.http.limits import HEADER_BYTES_MAX, RateLimit

from .live import Live, running

BIG = FILE_BYTES_MAX + 48 * 1024 * 1024
FOREIGN = "http://elsewhere.example"


def make_big(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(BIG)  # a hole: no disk is written


def open_files(name: str) -> int:
    """How many descriptors of this process lead to a file of this name."""
    links = []
    for number in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:  # closed meanwhile
            continue
    return sum(link.endswith(name) for link in links)


def test_a_client_that_leaves_ends_the_reading(shared: Live) -> None:
    make_big(shared.app_folder / "left.bin")
    with socket.create_connection(("127.0.0.1", shared.port), 10) as client:
        client.sendall(b"GET /app/left.bin HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % shared.port)
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert open_files("left.bin") == 1
    deadline = time.monotonic() + 10
    while open_files("left.bin") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert open_files("left.bin") == 0


def test_big_files_are_never_compressed_or_held(shared: Live) -> None:
    make_big(shared.app_folder / "big.json")
    for _ in range(3):
        answer = shared.get("/app/big.json", method="HEAD", accept_encoding="br, zstd, gzip")
        assert answer.status == 200 and "content-encoding" not in answer.headers
        assert answer.headers["content-length"] == str(BIG)
    status = shared.get("/api/status", sec_fetch_site="same-origin")
    assert b'"files"' in status.body


def make(key: bytes, size_bytes: int) -> Asset:
    return Asset(key, bytes(size_bytes), b'"x"', (0,), lambda: (0,), True, False, [])


def test_what_waits_to_be_packed_holds_no_bytes() -> None:
    async def ask() -> tuple[int, int]:
        cache = AssetCache(4 << 20)
        seen: list[weakref.ref[Asset]] = []
        for number in range(24):
            key = b"%d" % number
            asset = await cache.ensure(key, lambda key=key: make(key, 1 << 20))  # type: ignore[misc]
            assert cache.choose(asset, b"br") == ""
            seen.append(weakref.ref(asset))
            del asset
        gc.collect()
        alive, held = sum(ref() is not None for ref in seen), cache.held_bytes
        cache.close()
        return alive, held

    alive, held = asyncio.run(ask())
    assert held <= 4 << 20
    assert alive <= 4 + 1 + 1, "those in the cache, one being packed, one just asked for"


def test_a_switched_symlink_is_authorised_anew(shared: Live) -> None:
    link = shared.app_folder / "data.bin"
    (shared.app_folder / "one.bin").write_bytes(b"one")
    (shared.app_folder / "two.bin").write_bytes(b"two")
    link.symlink_to("one.bin")
    assert [shared.get("/app/data.bin").body for _ in range(2)] == [b"one", b"one"]
    for target, status, body in (("two.bin", 200, b"two"), ("../secret.txt", 404, None), ("one.bin", 200, b"one")):
        link.unlink()
        link.symlink_to(target)
        answer = shared.get("/app/data.bin")
        assert answer.status == status and (body is None or answer.body == body), target


def test_a_file_of_the_same_size_and_time_is_seen_as_new(shared: Live) -> None:
    path = shared.app_folder / "same.json"
    path.write_bytes(b"[1, 2]")
    status = path.stat()
    first = shared.get("/app/same.json")
    path.write_bytes(b"[3, 4]")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = shared.get("/app/same.json", if_none_match=first.headers["etag"])
    assert (first.body, second.status, second.body) == (b"[1, 2]", 200, b"[3, 4]")


def test_a_file_that_is_written_is_never_torn(shared: Live) -> None:
    path, size, stop = shared.app_folder / "busy.bin", 1 << 20, threading.Event()
    path.write_bytes(b"A" * size)

    def rewrite() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            with path.open("r+b") as file:
                for _ in range(4):
                    file.write(bytes([65 + turn % 26]) * (size // 4))
                    file.flush()
            time.sleep(0.2 if turn % 4 == 0 else 0)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        answers = [shared.get("/app/busy.bin") for _ in range(25)]
    finally:
        stop.set()
        writer.join()
    whole = [answer for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} <= {200, 503} and whole
    assert all(len(answer.body) == size and len(set(answer.body)) == 1 for answer in whole)
    assert all(answer.headers["retry-after"] for answer in answers if answer.status == 503)


def test_slow_headers_end(shared: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_S_MAX", 0.3)
    with socket.create_connection(("127.0.0.1", shared.port), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHo")
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
        assert client.recv(1 << 16) == b""
    body = b"POST /api/reload HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 9\r\n\r\nslow" % shared.port
    with socket.create_connection(("127.0.0.1", shared.port), 10) as client:
        client.sendall(body)
        while client.recv(1 << 16):  # the answer, then the end
            pass


def test_a_silent_connection_ends(shared: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IDLE_S_MAX", 0.3)
    with socket.create_connection(("127.0.0.1", shared.port), 10) as client:
        while client.recv(1 << 16):
            pass


@pytest.mark.parametrize("step", [1 << 16, 1000])
def test_huge_headers_are_refused(shared: Live, step: int) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
        sent, answer = 0, b""
        client.settimeout(5)
        try:
            while sent < 1000 * HEADER_BYTES_MAX:  # beyond what the system's buffers take
                client.sendall(b"x" * step)
                sent += step
        except OSError:  # closed by the server, as it should be
            pass
        try:
            answer = client.recv(1 << 16)
        except OSError:
            answer = b"HTTP/1.1 431 reset"
    assert answer.startswith(b"HTTP/1.1 431 ") and sent < 1000 * HEADER_BYTES_MAX
    assert shared.get("/").status == 200


@pytest.mark.parametrize("name", ["hello.py.bak", "main.py~", "id_rsa", "settings.toml", "notes.PY", "x.json~"])
def test_what_belongs_to_the_program_is_not_for_other_origins(shared: Live, name: str) -> None:
    (shared.app_folder / name).write_bytes(b"SECRET")
    foreign = shared.get(f"/app/{name}", origin=FOREIGN)
    assert "access-control-allow-origin" not in foreign.headers
    assert foreign.headers["cross-origin-resource-policy"] == "same-origin"
    assert shared.get(f"/app/{name}").body == b"SECRET"


def test_refusals_fill_no_log(caplog: pytest.LogCaptureFixture, tree: Path) -> None:
    with running(tree, dev=False) as live, caplog.at_level(logging.WARNING, "layerw.server"):
        for _ in range(60):
            assert live.get("/", host="evil.example").status == 403
    assert 1 <= len(caplog.records) <= 10


def test_the_log_says_what_it_kept_back() -> None:
    told = RateLimit(lines_max=2, period_s=0.05)
    record = logging.LogRecord("layerw.server", logging.WARNING, "", 0, "refused %s", ("x",), None)
    assert [told.filter(record) for _ in range(5)] == [True, True, False, False, False]
    time.sleep(0.06)
    late = logging.LogRecord("layerw.server", logging.WARNING, "", 0, "refused %s", ("x",), None)
    assert told.filter(late) and "3 more like it" in late.getMessage()
