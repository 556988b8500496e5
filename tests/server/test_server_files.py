"""Files over a real socket: types, caching, variants, ranges, conditions."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import socket
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from .live import TILE, TILE_NAME, Answer, Live, running

WASM = "/runtime/pyodide.asm.wasm"
UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress,
          "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data)}


@pytest.mark.parametrize(("path", "content_type"), [
    ("/", "text/html; charset=utf-8"), ("/index.html", "text/html; charset=utf-8"),
    ("/web/boot.js", "text/javascript; charset=utf-8"), ("/runtime/pyodide.mjs", "text/javascript; charset=utf-8"),
    (WASM, "application/wasm"), (f"/app/world/{TILE_NAME}", "model/gltf-binary"),
    ("/web/shaders/box.wgsl", "text/plain; charset=utf-8"), ("/engine/layerw.zip", "application/zip"),
    ("/app/world/0.0.subtree", "application/octet-stream"), ("/app/manifest.json", "application/json"),
    ("/app/with%20space.glb", "model/gltf-binary"), ("/app/100%25.txt", "text/plain; charset=utf-8"),
])
def test_types(shared: Live, path: str, content_type: str) -> None:
    for _ in range(2):  # cold, then from the cache
        answer = shared.get(path)
        assert (answer.status, answer.headers["content-type"]) == (200, content_type)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert len(answer.body) == int(answer.headers["content-length"]) > 0


def test_manifest_and_engine(live: Live) -> None:
    manifest = json.loads(live.get("/app/manifest.json").body)
    assert (manifest["program"], manifest["modules"]) == ("hello.py", ["hello.py", "util.py"])
    (live.app_folder / "later.py").write_text("")
    assert json.loads(live.get("/app/manifest.json").body)["modules"] == ["hello.py", "later.py", "util.py"]
    first = live.get("/engine/layerw.zip")
    assert zipfile.ZipFile(io.BytesIO(first.body)).namelist() == ["layerw/__init__.py", "layerw/app.py"]
    (live.root / "engine/layerw/__init__.py").write_text("VERSION = 22\n")
    second = live.get("/engine/layerw.zip")
    assert zipfile.ZipFile(io.BytesIO(second.body)).read("layerw/__init__.py") == b"VERSION = 22\n"
    assert first.headers["etag"] != second.headers["etag"]


def test_caching_headers(live: Live) -> None:
    assert live.get(f"/app/world/{TILE_NAME}").headers["cache-control"].endswith("immutable")
    assert live.get("/app/hello.py").headers["cache-control"] == "no-cache"
    assert live.get(WASM).headers["cache-control"] == "no-cache"
    assert live.get(WASM + "?v=1a2b3c4d5e6f").headers["cache-control"].endswith("immutable")
    assert live.get(WASM + "?v=1").headers["cache-control"] == "no-cache"
    (live.app_folder / "photo-20240101.png").write_bytes(b"x")  # a date is no digest
    assert live.get("/app/photo-20240101.png").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("encoding", ["br", "gzip", "zstd"])
def test_variants(shared: Live, encoding: str) -> None:
    plain = shared.get(WASM)
    packed = _wait_for_variant(shared, WASM, encoding)
    assert UNPACK[encoding](packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]
    assert "content-encoding" not in shared.get(WASM).headers
    assert "content-encoding" not in shared.get(WASM, accept_encoding=f"{encoding};q=0").headers
    assert "content-encoding" not in shared.get(WASM, accept_encoding=f"{encoding};q=x").headers


def _wait_for_variant(live: Live, path: str, encoding: str) -> Answer:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        answer = live.get(path, accept_encoding=encoding)
        if answer.headers.get("content-encoding") == encoding:
            return answer
        time.sleep(0.01)
    raise AssertionError(f"no {encoding} variant within 5 s")


def test_incompressible_files_stay_plain(live: Live) -> None:
    (live.app_folder / "noise.glb").write_bytes(os.urandom(20_000))
    for _ in range(5):
        assert "content-encoding" not in live.get("/app/noise.glb", accept_encoding="br, zstd").headers
        time.sleep(0.05)


def test_one_range(shared: Live) -> None:
    path = f"/app/world/{TILE_NAME}"
    _wait_for_variant(shared, path, "br")
    for _ in range(2):
        answer = shared.get(path, range="bytes=100-199", accept_encoding="br, zstd, gzip")
        assert answer.status == 206
        assert answer.body == TILE[100:200]
        assert answer.headers["content-range"] == f"bytes 100-199/{len(TILE)}"
        assert answer.headers["content-length"] == "100"
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("wanted", ["bytes=65536-", "bytes=99999999-", "bytes=-0", "bytes=0-1,2-3,4-5,6-7,8-9"])
def test_ranges_that_are_refused(shared: Live, wanted: str) -> None:
    answer = shared.get(f"/app/world/{TILE_NAME}", range=wanted)
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{len(TILE)}"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("wanted", ["bytes=9-1", "bytes=0-1,3-4", "chunks=1-2", "junk"])
def test_ranges_that_are_ignored(shared: Live, wanted: str) -> None:
    answer = shared.get(f"/app/world/{TILE_NAME}", range=wanted)
    assert (answer.status, answer.body) == (200, TILE)


def test_if_range(shared: Live) -> None:
    path = f"/app/world/{TILE_NAME}"
    etag = shared.get(path).headers["etag"]
    assert shared.get(path, range="bytes=0-9", if_range=etag).status == 206
    for stale in ('"old"', "W/" + etag, etag[:-1] + '-br"', "Sat, 01 Jan 2022 00:00:00 GMT"):
        assert shared.get(path, range="bytes=0-9", if_range=stale).status == 200


def test_conditions(shared: Live) -> None:
    plain = shared.get(WASM).headers["etag"]
    packed = _wait_for_variant(shared, WASM, "br").headers["etag"]
    for tag in (plain, packed, "W/" + plain, f'"other", {plain}', "*"):
        answer = shared.get(WASM, if_none_match=tag, accept_encoding="br")
        assert (answer.status, answer.body) == (304, b"")
        assert "content-length" not in answer.headers
        assert "content-encoding" not in answer.headers
    assert shared.get(WASM, if_none_match='"other"').status == 200
    assert shared.get(WASM, if_none_match=plain, range="bytes=0-9").status == 304


def test_head(shared: Live) -> None:
    path = f"/app/world/{TILE_NAME}"
    get, head = shared.get(path), shared.get(path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert {k: v for k, v in head.headers.items() if k != "date"} == {
        k: v for k, v in get.headers.items() if k != "date"}
    assert shared.get(path, method="HEAD", range="bytes=0-1").status == 200
    assert shared.get("/app/none", method="HEAD").body == b""


def test_an_edit_is_served_at_once(live: Live) -> None:
    path = live.app_folder / "hello.py"
    before = live.get("/app/hello.py")
    path.write_bytes(before.body.replace(b"hello", b"world"))  # same length
    after = live.get("/app/hello.py", if_none_match=before.headers["etag"])
    assert (after.status, after.body) == (200, path.read_bytes())
    path.unlink()
    assert live.get("/app/hello.py").status == 404


def test_a_link_that_turns_outside_is_seen(live: Live) -> None:
    folder = live.app_folder / "data"
    folder.mkdir()
    (folder / "key.txt").write_text("open")
    assert live.get("/app/data/key.txt").body == b"open"
    (folder / "key.txt").unlink()
    folder.rmdir()
    folder.symlink_to(live.root / "app_secret")
    assert live.get("/app/data/key.txt").status == 404


def test_the_budget_holds(tree: Path) -> None:
    for index in range(40):
        (tree / "app" / f"{index}.bin").write_bytes(bytes([index]) * 10_000)
    with running(tree, cache_budget_bytes=100_000) as live:
        for index in range(40):
            answer = live.get(f"/app/{index}.bin", accept_encoding="br")
            assert answer.body == bytes([index]) * 10_000
            held = json.loads(live.get("/api/status").body)["cache"]
            assert held["held_bytes"] <= held["budget_bytes"] == 100_000


def test_big_files_are_streamed(tree: Path) -> None:
    data = os.urandom(1_000_000)
    (tree / "app" / "big.bin").write_bytes(data)
    with running(tree, cache_budget_bytes=1_000_000) as live:
        whole = live.get("/app/big.bin")
        assert (whole.status, whole.body) == (200, data)
        part = live.get("/app/big.bin", range="bytes=500000-", accept_encoding="br")
        assert (part.status, part.body) == (206, data[500_000:])
        assert part.headers["content-range"] == "bytes 500000-999999/1000000"
        assert live.get("/app/big.bin", range="bytes=1000000-").status == 416
        assert live.get("/app/big.bin", if_none_match=whole.headers["etag"]).status == 304
        assert live.get("/app/big.bin", method="HEAD").headers["content-length"] == "1000000"
        assert live.get("/app/big.bin", range="bytes=0-1", if_range='"old"').status == 200
        assert json.loads(live.get("/api/status").body)["cache"]["held_bytes"] == 0


def test_many_first_requests_share_one_load(live: Live) -> None:
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(live.get(WASM))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 16
    assert len({answer.body for answer in answers}) == 1
    assert json.loads(live.get("/api/status").body)["cache"]["held_bytes"] == len(answers[0].body)


def test_without_dev_there_is_no_engine_zip_and_no_socket(tree: Path) -> None:
    with running(tree, dev=False) as live:
        assert live.get("/engine/layerw.zip").status == 404
        assert live.get("/api/reload", method="POST", content_length="0").status == 404
        assert json.loads(live.get("/app/manifest.json").body)["engine"] == "wheel"


def test_requests_that_come_at_once_are_answered_in_order_whether_the_file_is_held_or_not(live: Live) -> None:
    tile = f"/app/world/{TILE_NAME}"
    live.get(tile)
    lines = [("GET", tile, ""), ("GET", "/api/status", ""), ("HEAD", tile, ""), ("GET", tile, "Range: bytes=5-9\r\n"),
             ("GET", "/app/none", ""), ("GET", tile, "Content-Length: 2\r\n"),
             ("GET", tile, "If-None-Match: *\r\n"), ("GET", tile, "Connection: close\r\n")]  # fmt: skip
    asked = "".join(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n{more}\r\n"
                    + ("hi" if "Length" in more else "") for method, path, more in lines)  # fmt: skip
    with socket.create_connection(("127.0.0.1", live.port), 10) as connection:
        connection.sendall(asked.encode())
        data = b""
        while block := connection.recv(1 << 16):
            data += block
    assert [int(one) for one in re.findall(rb"HTTP/1\.1 (\d+) ", data)] == [200, 200, 200, 206, 404, 200, 304, 200]
    assert data.count(TILE) == 3 and data.endswith(TILE)


def test_who_asks_and_reads_nothing_holds_little_memory(live: Live) -> None:
    live.get(f"/app/world/{TILE_NAME}")
    one = f"GET /app/world/{TILE_NAME} HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n\r\n".encode()
    before = resident_bytes()
    with socket.create_connection(("127.0.0.1", live.port), 10) as connection:
        connection.settimeout(0.5)
        with suppress(TimeoutError):
            for _ in range(1000):
                connection.sendall(one * 500)
            raise AssertionError("it took everything")
        assert resident_bytes() - before < 64 * 1024 * 1024


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 if Path("/proc/self/statm").exists() else 0
