"""Where runtime files come from: order, sums, dead networks, single members over HTTP Range."""

from __future__ import annotations

import hashlib
import http.server
import io
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerw_server.runtime import RuntimeUnavailable, SumMismatch, cache, sources
from layerw_server.runtime.pins import CORE, FILES, Pin
from layerw_server.runtime.ranges import RangeFile

GOOD = b"the right bytes"
PIN = Pin("part.bin", len(GOOD), hashlib.sha256(GOOD).hexdigest())


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAYERW_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Given:
    """A source that gives what it was made with and counts its calls."""

    def __init__(self, data: bytes | None, name: str = "given") -> None:
        self.data, self.name, self.calls = data, name, 0

    def try_fetch(self, pin: Pin) -> bytes | None:
        self.calls += 1
        return None if self.data is None else cache.check(pin, self.data, self.name)


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.body`, with Range when `server.ranges`."""

    def do_GET(self) -> None:
        body: bytes = self.server.body  # type: ignore[attr-defined]
        wanted = self.headers.get("Range")
        if wanted and self.server.ranges:  # type: ignore[attr-defined]
            first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
            body = body[first:last + 1]
        else:
            self.send_response(200)
        self.server.sent_bytes += len(body)  # type: ignore[attr-defined]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.body, server.ranges, server.sent_bytes = b"", True, 0  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def url_of(host: http.server.ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{host.server_port}/"


def test_pins_are_whole() -> None:
    assert len({pin.name for pin in FILES}) == 11
    assert [pin.name for pin in FILES if len(pin.sha256) != 64 or pin.size_bytes <= 0] == []


def test_first_source_with_the_file_wins_and_the_cache_comes_first() -> None:
    empty, full, never = Given(None), Given(GOOD, "full"), Given(GOOD, "never")
    path, origin = sources.obtain(PIN, [empty, full, never])
    assert (path.read_bytes(), origin, never.calls) == (GOOD, "full", 0)
    assert sources.obtain(PIN, [full])[1] == "cache"
    assert full.calls == 1


@pytest.mark.parametrize("place", ["folder", "url"])
def test_wrong_sum_names_file_expected_and_found(place: str, tmp_path: Path,
                                                 host: http.server.ThreadingHTTPServer) -> None:
    bad = b"other bytes"
    source: sources.Source = Given(None)
    if place == "folder":
        (tmp_path / PIN.name).write_bytes(bad)
        source = sources.FolderSource(tmp_path)
    else:
        host.body = bad  # type: ignore[attr-defined]
        source = sources.UrlSource(url_of(host), "host")
    with pytest.raises(SumMismatch) as caught:
        sources.obtain(PIN, [source, Given(GOOD)])
    for part in (PIN.name, PIN.sha256, hashlib.sha256(bad).hexdigest()):
        assert part in str(caught.value)
    assert not cache.file_path(PIN).exists()


def test_a_damaged_cached_file_is_obtained_again() -> None:
    cache.write(cache.file_path(PIN), b"other bytes")
    path, origin = sources.obtain(PIN, [Given(GOOD, "again")])
    assert (path.read_bytes(), origin) == (GOOD, "again")


def test_nobody_has_it_names_everybody() -> None:
    with pytest.raises(RuntimeUnavailable, match=r"part\.bin could not be obtained from any of: one, two"):
        sources.obtain(PIN, [Given(None, "one"), Given(None, "two")])


def test_order_is_folder_url_cdn_npm_pypi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERW_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("LAYERW_RUNTIME_URL", "http://127.0.0.1:1/mirror")
    names = [source.name.split(" ")[0] for source in sources.all_sources()]
    assert names == ["LAYERW_RUNTIME_DIR", "LAYERW_RUNTIME_URL", "the", "npm", "PyPI"]


def test_runtime_dir_that_is_missing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERW_RUNTIME_DIR", str(tmp_path / "none"))
    with pytest.raises(RuntimeUnavailable, match="not a folder"):
        sources.all_sources()


def test_refused_connection_is_quiet() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        source = sources.UrlSource(f"http://127.0.0.1:{free.getsockname()[1]}/", "dead")
        assert source.try_fetch(PIN) is None


def test_silent_host_costs_one_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CDN_PROBE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = sources.UrlSource(f"http://127.0.0.1:{silent.getsockname()[1]}/", "silent")
        started = time.monotonic()
        assert [source.try_fetch(pin) for pin in CORE] == [None] * len(CORE)
        assert time.monotonic() - started < 2


def test_range_reads_one_member_only(host: http.server.ThreadingHTTPServer) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("big.bin", bytes(2_000_000))
        target.writestr("small.txt", "found")
    host.body = archive.getvalue()  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BufferedReader(RangeFile(url_of(host)), 4096)) as remote:
        assert remote.read("small.txt") == b"found"
    assert host.sent_bytes < 50_000  # type: ignore[attr-defined]


def test_range_needs_a_host_that_honours_it(host: http.server.ThreadingHTTPServer) -> None:
    host.body, host.ranges = bytes(100), False  # type: ignore[attr-defined]
    with pytest.raises(RuntimeUnavailable, match="status 200, expected 206"):
        RangeFile(url_of(host))


def test_npm_source_without_npm_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.node, "ensure_npm", lambda: None)
    assert sources.NpmSource().try_fetch(CORE[0]) is None


def test_tools_that_fail_or_are_missing_give_none() -> None:
    assert sources.run_tool(["false"]) is None
    assert sources.run_tool(["/no/such/tool"]) is None
