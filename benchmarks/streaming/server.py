"""Serves a site of benchmarks/streaming and measures: python server.py SITE OUT MBIT DELAY_MS ROUNDS CHROMIUM [flags].

A line of link for all connections together: a request waits DELAY_MS, then bytes leave at MBIT (0: as they can). The
standard library alone, as it also runs on bare machines. Prints and writes OUT/streaming-MBIT.json.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

CHUNK = 16384


class Link:
    """What all connections share."""

    def __init__(self, mbit: float, delay_ms: float) -> None:
        self.rate, self.delay = mbit * 125_000, delay_ms / 1000
        self.free, self.lock = 0.0, threading.Lock()

    def wait(self, count: int) -> None:
        """Until `count` bytes have left."""
        if not self.rate:
            return
        with self.lock:
            self.free = max(self.free, time.monotonic()) + count / self.rate
            until = self.free
        time.sleep(max(until - time.monotonic(), 0))


class Round:
    """One page's run."""

    def __init__(self) -> None:
        self.first = self.last = 0.0
        self.tiles = self.bytes = 0
        self.requests: list[float] = []
        self.result: dict[str, Any] = {}
        self.done = threading.Event()


now = Round()
link = Link(0, 0)


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map: ClassVar[dict[str, str]] = {
        **http.server.SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript", ".mjs": "text/javascript",
        ".wasm": "application/wasm", ".glb": "model/gltf-binary"}  # fmt: skip

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def do_GET(self) -> None:
        if not self.path.startswith("/world/"):
            return super().do_GET()
        at = time.monotonic()
        if "tileset.json" in self.path:
            now.first = now.first or at
        elif ".glb" in self.path:
            now.tiles += 1
            now.requests.append(at)
        time.sleep(link.delay)
        super().do_GET()
        now.last = time.monotonic()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        shaped = self.path.startswith("/world/")
        while data := source.read(CHUNK):
            if shaped:
                link.wait(len(data))
                now.bytes += len(data)
            outputfile.write(data)

    def do_POST(self) -> None:
        shown = time.monotonic()
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        first = now.first
        now.result = {"key": self.path.rpartition("k=")[2], "page": body, "tiles": now.tiles, "mb": now.bytes / 1e6}
        now.result |= {"shown_s": shown - first, "bytes_s": now.last - first,
                       "first_tile_s": min(now.requests, default=first) - first}  # fmt: skip
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()
        now.done.set()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def run(port: int, engine: str, chromium: str, flags: list[str]) -> dict[str, Any]:
    """One page in a browser of its own."""
    global now
    now = Round()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        asked = f"engine={engine}&backend={os.environ.get('BACKEND', 'webgl2')}"
        page = f"http://127.0.0.1:{port}/bench/streaming.html?{asked}"
        command = [chromium, "--headless=new", f"--user-data-dir={profile}", "--window-size=1200,900", *flags, page]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        now.done.wait(240)
        browser.terminate()
        browser.wait(20)
    return now.result or {"key": "timeout"}


def main() -> None:
    global link
    site, out, mbit, delay, rounds, chromium, *flags = sys.argv[1:]
    link = Link(float(mbit), float(delay))
    handler = functools.partial(Handler, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows: dict[str, list[dict[str, Any]]] = {"layerw": [], "three": []}
    for _ in range(int(rounds)):
        for engine, found in rows.items():
            found.append(run(server.server_address[1], engine, chromium, flags))
            print(engine, json.dumps(found[-1]), flush=True)
    for engine, found in rows.items():
        for name in ("shown_s", "bytes_s", "first_tile_s", "tiles", "mb"):
            print(engine, name, statistics.median(row.get(name, float("nan")) for row in found))
    (Path(out) / f"streaming-{mbit}.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
