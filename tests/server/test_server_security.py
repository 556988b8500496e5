"""What must not be answered, over a real socket: paths, hosts, origins, bodies, logs."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from layerw_server.http.origins import HostRules, OriginRules, RuleError

from .live import TILE_NAME, Live, running

TILE_PATH = f"/app/world/{TILE_NAME}"


@pytest.mark.parametrize("path", [
    "/app/../secret.txt", "/app/..%2fsecret.txt", "/app/%2e%2e/secret.txt", "/app/%252e%252e/secret.txt",
    "/app/%252e%252e%252fsecret.txt", "/app/..%5csecret.txt", "/app/..\\secret.txt", "/app//etc/passwd",
    "/app_secret/key.txt", "/app/.env", "/app/.git/config", "/app/%2eenv", "/app/__pycache__/hello.pyc",
    "/app/hello.py%00.txt", "/app/hello.py/", "/app/./hello.py", "/web/../app/.env", "/web/..%2f..%2fsecret.txt",
    "/engine/../secret.txt", "/engine/layerw/app.py", "/app/C:%5csecret.txt", "/app/%5c%5chost%5cshare",
    "//app/.env", "/app/hello.py.", "/app/.", "/app", "/app/", "/%61pp/.env", "/app/world", "/runtime/",
    "/APP/.env", "/app/" + "a" * 5000, "/app/%ff", "/static/../../secret.txt",
])
def test_no_secret_by_any_path(shared: Live, path: str) -> None:
    answer = shared.get(path)
    assert answer.status in (400, 404), path
    assert b"SECRET" not in answer.body
    assert b"root:" not in answer.body
    assert str(shared.root).encode() not in answer.body


def test_high_bytes_and_absolute_targets(shared: Live) -> None:
    assert shared.get(b"/app/\xff").status in (400, 404)
    host = f"127.0.0.1:{shared.port}"
    assert shared.get(f"http://{host}/app/.env").status in (400, 404)
    assert shared.get("/app/hello.py#/../.env").status in (200, 400, 404)


@pytest.mark.parametrize("host", [
    "evil.com", "localhost.evil.com:{port}", "127.0.0.1.evil.com:{port}", "evil-localhost:{port}", "localhost",
    "localhost:1", "localhost:{port}.evil.com", "127.0.0.1", "0.0.0.0:{port}", "[::1]", "localhost.:{port}",
    "127.1:{port}", "2130706433:{port}", "localhost:{port}@evil.com", "user@localhost:{port}", "",
    "localhost:0{port}", "example.org:{port}",
])
@pytest.mark.parametrize("path", ["/", TILE_PATH, "/app/hello.py", "/api/status", "/none"])
def test_other_hosts_get_nothing(shared: Live, host: str, path: str) -> None:
    shared.get(TILE_PATH)  # cached: the fast path checks too
    answer = shared.get(path, host=host.format(port=shared.port))
    assert answer.status in (400, 403)


def test_own_and_given_hosts(tree: Path) -> None:
    with running(tree, allow_hosts=["demo.example.org", "other.example:9000"]) as live:
        own = [f"{name}:{live.port}" for name in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]")]
        for host in (*own, "demo.example.org", f"Demo.Example.org:{live.port}", "other.example:9000"):
            assert live.get("/", host=host).status == 200, host
        for host in ("other.example", "other.example:9001", "a.demo.example.org", "demo.example.org.evil.com"):
            assert live.get("/", host=host).status == 403, host


def test_malformed_hosts(shared: Live) -> None:
    host = f"Host: 127.0.0.1:{shared.port}\r\n".encode()
    end = b"Connection: close\r\n\r\n"
    assert shared.raw(b"GET / HTTP/1.0\r\n" + end).status == 400
    assert shared.raw(b"GET / HTTP/1.1\r\n" + host + b"Host: evil.com\r\n" + end).status in (400, 403)
    assert shared.raw(b"GET / HTTP/1.1\r\nHost: evil.com\r\n" + host + end).status in (400, 403)


@pytest.mark.parametrize("entry", ["*", "http://x", "a/b", "a b", "x:y", ".com", "", "a..b", "x\r\ny"])
def test_bad_host_entries_are_errors(entry: str) -> None:
    with pytest.raises(RuleError, match="accepted"):
        HostRules([entry])


@pytest.mark.parametrize("entry", ["*", "example.org", "null", "https://x/", "ftp://x", "https://*.x", ""])
def test_bad_origin_entries_are_errors(entry: str) -> None:
    with pytest.raises(RuleError, match="accepted"):
        OriginRules([entry])


def test_tiles_and_engine_answer_any_origin(shared: Live) -> None:
    for path in (TILE_PATH, "/web/boot.js", "/runtime/pyodide.mjs", "/engine/layerw.zip"):
        for _ in range(2):
            headers = shared.get(path, origin="https://anything.example").headers
            assert headers["access-control-allow-origin"] == "*"
            assert headers["cross-origin-resource-policy"] == "cross-origin"
        preflight = shared.get(path, method="OPTIONS", origin="https://anything.example",
                             access_control_request_headers="range")
        assert preflight.status == 204
        assert "Range" in preflight.headers["access-control-allow-headers"]


@pytest.mark.parametrize("path", ["/app/hello.py", "/app/manifest.json"])
def test_the_program_is_read_by_listed_origins_only(tree: Path, path: str) -> None:
    with running(tree, allow_origins=["https://good.com"]) as live:
        for _ in range(2):
            for origin in ("https://evil.com", "https://good.com.evil.com", "http://good.com", "null",
                           "http://localhost.evil.com:8000", "https://good.com:444"):
                assert "access-control-allow-origin" not in live.get(path, origin=origin).headers, origin
                preflight = live.get(path, method="OPTIONS", origin=origin)
                assert "access-control-allow-origin" not in preflight.headers
            for origin in ("https://good.com", f"http://127.0.0.1:{live.port}", "http://localhost:3000"):
                answer = live.get(path, origin=origin)
                assert answer.headers["access-control-allow-origin"] == origin
                assert "Origin" in answer.headers["vary"]


def test_control_endpoints_answer_listed_origins_only(tree: Path) -> None:
    with running(tree, allow_origins=["https://good.com"]) as live:
        for origin in ("https://evil.com", "https://good.com.evil.com", "null", "http://127.0.0.1:1"):
            assert live.get("/api/status", origin=origin).status == 403
            assert live.get("/api/reload", method="POST", origin=origin, content_length="0").status == 403
        assert live.get("/api/status", sec_fetch_site="cross-site").status == 403
        for origin in ("https://good.com", f"http://127.0.0.1:{live.port}"):
            assert live.get("/api/status", origin=origin).status == 200
        assert live.get("/api/status").status == 200
        assert live.get("/api/status", sec_fetch_site="same-origin").status == 200
        assert live.get("/api/reload").status == 405


def test_methods_and_bodies(shared: Live) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert shared.get(TILE_PATH, method=method, content_length="0").status == 405
    host = f"Host: 127.0.0.1:{shared.port}\r\n".encode()
    huge = b"POST /api/reload HTTP/1.1\r\n" + host + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 1000
    answer = shared.raw(huge)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    chunked = b"POST /api/reload HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    assert shared.raw(chunked).status == 411
    assert shared.get(TILE_PATH, content_length="70000").status == 413


def test_isolation_headers(shared: Live) -> None:
    page = shared.get("/").headers
    assert page["cross-origin-opener-policy"] == "same-origin"
    assert page["cross-origin-embedder-policy"] == "require-corp"
    assert shared.get("/web/boot.js").headers["cross-origin-embedder-policy"] == "require-corp"
    for headers in ({}, {"if_none_match": "*"}):  # what is cached takes the headers of a 304
        plain = shared.get("/?backend=null&isolate=0", **headers)
        assert plain.status == (304 if headers else 200)
        assert plain.headers["cross-origin-opener-policy"] == "unsafe-none"
        assert plain.headers["cross-origin-embedder-policy"] == "unsafe-none"


def test_a_missing_tile_is_seen_as_404_from_anywhere(shared: Live) -> None:
    missing = shared.get("/app/world/none.glb", origin="https://anything.example")
    assert (missing.status, missing.headers["access-control-allow-origin"]) == (404, "*")
    for path in ("/app/none.py", "/app/.env.py"):
        assert "access-control-allow-origin" not in shared.get(path, origin="https://evil.com").headers
    refused = shared.get("/app/hello.py", origin="https://evil.com", range="bytes=9999-")
    assert refused.status == 416
    assert "access-control-allow-origin" not in refused.headers


def test_without_isolation(tree: Path) -> None:
    with running(tree, isolate=False) as live:
        said = {name: value for name, value in live.get("/").headers.items() if name.endswith("er-policy")}
        assert set(said) == {"cross-origin-opener-policy", "cross-origin-embedder-policy"}
        assert set(said.values()) == {"unsafe-none"}


def test_logs_are_one_plain_line(shared: Live, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "layerw.server"):
        shared.get("/app/a%0d%0aFAKE%1b[31m\\x")
        shared.get("/", host="evil\x1b[31m")
        shared.get("/api/status", origin="http://x\x1b[2J")
    messages = [record.getMessage() for record in caplog.records]
    assert messages
    for message in messages:
        assert message.isascii()
        assert message.isprintable()
