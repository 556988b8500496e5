"""One exported folder on hosts that behave as those that people use: what they send, refuse and leave out."""

from __future__ import annotations

import gzip
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from layerw_server.http.web import web_folder
from layerw_server.runtime import slim
from layerw_server.tools.export import ExportOptions, export_app
from layerw_server.tools.single import write_single

from .harness import CUBE, write_program

STATE = ("(({report, errors}) => ({ready: report !== null, errors}))"
         "(document.querySelector('layer-w')?.host ?? {report: null, errors: []})")
GITHUB_TYPES = (".html", ".js", ".mjs", ".css", ".json", ".svg", ".wasm", ".py")


class _Host(SimpleHTTPRequestHandler):
    """As it lies there, with nothing but a type."""

    served: list[tuple[str, int]]
    headers_sent: Mapping[str, str] = MappingProxyType({})

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return self.send_error(404)
        data, encoding = self.encoded(path)
        self.served.append((self.path.split("?")[0], len(data)))
        self.send_response(200)
        self.send_header("Content-Type", self.type_of(path))
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "max-age=600")
        for name, value in ({"Content-Encoding": encoding} if encoding else {}).items():
            self.send_header(name, value)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def encoded(self, path: Path) -> tuple[bytes, str]:
        return path.read_bytes(), ""

    def type_of(self, path: Path) -> str:
        return {".mjs": "text/javascript", ".js": "text/javascript"}.get(path.suffix, self.guess_type(str(path)))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _GithubPages(_Host):
    """Texts and WebAssembly by gzip, nothing else."""

    def encoded(self, path: Path) -> tuple[bytes, str]:
        if path.suffix in GITHUB_TYPES and "gzip" in self.headers.get("Accept-Encoding", ""):
            return gzip.compress(path.read_bytes(), 1), "gzip"
        return path.read_bytes(), ""


class _Nginx(_Host):
    """brotli_static: a .br beside a file is sent in its place."""

    def encoded(self, path: Path) -> tuple[bytes, str]:
        packed = path.with_name(path.name + ".br")
        return (packed.read_bytes(), "br") if packed.is_file() else (path.read_bytes(), "")


class _Texts(_Host):
    """Knows no WebAssembly, and says that a .gz is encoded."""

    def encoded(self, path: Path) -> tuple[bytes, str]:
        return path.read_bytes(), "gzip" if path.suffix == ".gz" else ""

    def type_of(self, path: Path) -> str:
        return "text/plain" if path.suffix in (".wasm", ".gz", ".whl", ".zip") else super().type_of(path)


class _Strict(_Host):
    headers_sent = MappingProxyType({
        "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"})


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A page that closes early is no error."""


@contextmanager
def host(kind: type[_Host], folder: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Serve a folder; yields its address and what is asked of it: path and bytes."""
    served: list[tuple[str, int]] = []
    handler = type("Handler", (kind,), {"served": served})
    server = _Server(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, runtime_dir: Path) -> Path:
    """An export below game/, for hosts with sub-paths."""
    folder = tmp_path_factory.mktemp("hosts")
    _export(folder, runtime_dir, CUBE)
    (folder / "frame.html").write_text('<!doctype html><iframe id="game" width="300" height="200"></iframe>')
    return folder


def _export(folder: Path, runtime_dir: Path, text: str) -> None:
    program = write_program(folder / "program", text)
    export_app(program, folder / "game", runtime=runtime_dir, web=web_folder(),
               options=ExportOptions(parts=slim.ensure(runtime_dir, lambda text, done: None)))


def _wait(page: Any, wait: Page) -> None:
    for _ in range(1200):
        wait.wait_for_timeout(50)
        state = page.evaluate(STATE)
        if state["ready"] or state["errors"]:
            break
    assert state == {"ready": True, "errors": []}


def _play(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    _wait(page, page)
    return page


def _bytes(served: list[tuple[str, int]], *ends: str) -> int:
    return sum(size for path, size in served if path.endswith(ends))


@pytest.mark.own_profile
@pytest.mark.parametrize("kind", [_GithubPages, _Nginx, _Texts, _Strict])
def test_an_export_plays_on(kind: type[_Host], site: Path, context: BrowserContext) -> None:
    with host(kind, site) as (origin, served):
        page = _play(context, f"{origin}game/?backend=null")
        asked = {path.rsplit("/", 1)[1] for path, _ in served}
        assert ("pyodide.asm.wasm.gz" in asked) == (kind in (_Texts, _Strict))
        assert ("python_stdlib.zip.gz" in asked) == (kind is not _Nginx)
        assert not [name for name in asked if name.startswith("rest-")]
        if kind is _Nginx:
            assert sum(size for _, size in served) < 6_500_000
        page.close()


@pytest.mark.own_profile
def test_an_export_plays_in_a_sandboxed_frame_of_another_site(site: Path, context: BrowserContext) -> None:
    with host(_Host, site) as (game, _), host(_Host, site) as (shop, _):
        page = context.new_page()
        page.goto(shop.replace("127.0.0.1", "localhost") + "frame.html")
        page.evaluate("""(src) => { const frame = document.getElementById('game');
            frame.sandbox = 'allow-scripts allow-same-origin'; frame.src = src; }""",
                      f"{game}game/index.html?backend=null")
        for _ in range(600):
            page.wait_for_timeout(50)
            inner = next((frame for frame in page.frames if "/game/" in frame.url), None)
            if inner is not None:
                break
        _wait(inner, page)
        page.close()


@pytest.mark.own_profile
def test_the_second_visit_needs_no_network_and_a_new_version_replaces_the_old(
    site: Path, runtime_dir: Path, context: BrowserContext, tmp_path: Path,
) -> None:
    shutil.copytree(site / "game", tmp_path / "game")
    with host(_Host, tmp_path) as (origin, served):
        address = f"{origin}game/?backend=null&offline=1"
        page = context.new_page()
        with page.expect_console_message(lambda said: "needs no network" in said.text, timeout=120_000):
            page.goto(address)
        twice = _bytes(served, "pyodide.asm.wasm.gz") // (site / "game/runtime/pyodide.asm.wasm.gz").stat().st_size
        assert twice == 1  # the worker takes it out of the browser's cache
        page.close()
        context.set_offline(True)
        served.clear()
        page = _play(context, address)
        page.close()
        # Chromium looks for a newer version even then: Playwright's offline is only for pages.
        assert {path for path, _ in served} <= {"/game/sw.js", "/game/web/offline/worker.js"}
        context.set_offline(False)

        _export(tmp_path, runtime_dir, CUBE + "\nprint('the second version')\n")
        page = context.new_page()
        with page.expect_console_message(lambda said: "the next start has it" in said.text, timeout=120_000):
            page.goto(address)
        assert _bytes(served, ".wasm.gz", ".wasm") == 0  # only what changed is fetched again
        with page.expect_console_message(lambda said: "the second version" in said.text, timeout=60_000):
            page.goto(address)
        assert len(page.evaluate("caches.keys()")) == 1
        page.close()


@pytest.mark.own_profile
def test_a_full_cache_is_told_and_the_program_plays(site: Path, context: BrowserContext) -> None:
    with host(_Nginx, site) as (origin, _):
        page = context.new_page()
        page.goto(f"{origin}game/app/main.py")
        context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin",
                                           {"origin": origin[:-1], "quotaSize": 2_000_000})
        with page.expect_console_message(lambda said: "no more room" in said.text, timeout=60_000):
            page.goto(f"{origin}game/?backend=null&offline=1")
        assert page.evaluate(STATE)["errors"] == []
        page.close()


@pytest.mark.own_profile
def test_a_single_file_plays_from_the_disk(runtime_dir: Path, context: BrowserContext, tmp_path: Path) -> None:
    program = write_program(tmp_path / "app", {
        "main.py": "import util\n" + CUBE + "print(open('late.bin').read(), util.WORD)\n",
        "util.py": "WORD = 'together'\n", "late.bin": "all"})
    export_app(program, tmp_path / "site", runtime=runtime_dir, web=web_folder(),
               options=ExportOptions(parts=slim.ensure(runtime_dir, lambda text, done: None)))
    out = tmp_path / "one" / "game.html"
    assert write_single(tmp_path / "site", out) == out.stat().st_size
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    with page.expect_console_message(lambda said: said.text == "all together", timeout=120_000):
        page.goto(f"{out.as_uri()}?backend=null")
    _wait(page, page)
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    page.close()
