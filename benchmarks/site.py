"""A static site with a benchmark's page, programs and peers, and a server that takes its results.

Owns: the folder (an export of the program, beside it `bench/` and, for peers, `three/`) and the loopback server. The
same folder can be carried to a machine with a GPU and opened there by any static server that takes POST /result.
"""

from __future__ import annotations

import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from layerw_server import runtime
from layerw_server.tools.browser import chromium
from layerw_server.tools.export import ExportOptions, export_app

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
THREE_FILES = ("three.module.js", "three.core.js", "three.webgpu.js", "three.tsl.js")
THREE_ADDONS = ("loaders/GLTFLoader.js", "utils/SkeletonUtils.js", "utils/BufferGeometryUtils.js")


def build_site(program: Path, out: Path, *, three: bool = True) -> Path:
    """Export `program` and its neighbours to `out`; its folder becomes `bench/` as well, with page.js. three: with
    three.js beside it."""
    export_app(program, out, runtime=runtime.ensure(), web=ROOT / "web", options=ExportOptions(everything=True))
    shutil.copytree(program.parent, out / "bench", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    shutil.copyfile(ROOT / "benchmarks" / "page.js", out / "bench" / "page.js")
    if three:
        _copy_three(out)
    return out


def _copy_three(out: Path) -> None:
    source = ROOT / "node_modules" / "three" / "build"
    if not source.is_dir():
        raise FileNotFoundError("node_modules/three is missing; `make bench` installs it with npm.")
    (out / "three").mkdir(exist_ok=True)
    for name in THREE_FILES:
        shutil.copyfile(source / name, out / "three" / name)
    for name in THREE_ADDONS:
        target = out / "three" / "addons" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.parent / "examples" / "jsm" / name, target)


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    results: dict[str, list[Any]]
    done: threading.Event

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        key = self.path.rpartition("k=")[2]
        if key == "progress":
            print(body, flush=True)
        elif key in ("done", "failed"):
            if key == "failed":
                self.results["failed"] = [body]
            self.done.set()
        else:
            self.results.setdefault(key, []).append(json.loads(body))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: the page reports its progress."""


def run_page(site: Path, path: str, *, timeout_s: float) -> dict[str, list[Any]]:
    """Open `path` of the site in headless Chromium until it posts `done`; returns what it posted, by key."""
    results: dict[str, list[Any]] = {}
    done = threading.Event()
    handler = type("Handler", (_Handler,), {"results": results, "done": done})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.on("console", lambda message: print("page:", message.text) if message.type == "error" else None)
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/{path}")
            waited = 0.0
            while not done.is_set() and waited < timeout_s:
                page.wait_for_timeout(250)
                waited += 0.25
    finally:
        server.shutdown()
        server.server_close()
    if not done.is_set():
        raise TimeoutError(f"The page {path} did not finish within {timeout_s:.0f} s.")
    if "failed" in results:
        raise RuntimeError(f"The page {path} failed: {results['failed'][0]}")
    return results
