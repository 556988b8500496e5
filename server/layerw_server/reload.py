"""Reload: a watcher of source files and the WebSockets that hear of a change.

Owns: polling the modification times of sources (no dependency; the cost is bounded), and sending
`{"type": "reload", "files": ["app/hello.py"]}` to every page. Does not decide who may connect.
Limits: FILES_MAX files; a poll every POLL_S, or less often so that it never takes more than about a tenth of one core.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

from starlette.websockets import WebSocket, WebSocketDisconnect

from .paths import is_served_name

POLL_S = 0.05
LIST_S = 0.5  # folders are listed anew at least this often
FILES_MAX = 5000
CLIENTS_MAX = 64
SEND_TIMEOUT_S = 5.0
SUFFIXES = (".py", ".js", ".mjs", ".html", ".css", ".wgsl", ".glsl")
log = logging.getLogger("layerw.server")
Snapshot = dict[str, tuple[int, int, int]]


class Watcher:
    """Finds changed sources under named roots, by polling."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self.roots = dict(roots)
        self._seen: Snapshot = self._scan()

    def changes(self) -> list[str]:
        """Return what was added, changed or removed since the last call, as `root/relative/name`, sorted."""
        now = self._scan()
        before, self._seen = self._seen, now
        return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))

    def _scan(self) -> Snapshot:
        found: Snapshot = {}
        for name, root in self.roots.items():
            self._scan_folder(str(root), name, found)
        return found

    def _scan_folder(self, folder: str, prefix: str, found: Snapshot) -> None:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return
        if any(entry.name in ("tileset.json", "pyvenv.cfg") for entry in entries):
            return  # a baked world or a virtual environment: thousands of files, no sources
        for entry in entries:
            if len(found) >= FILES_MAX or not is_served_name(entry.name):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    self._scan_folder(entry.path, f"{prefix}/{entry.name}", found)
                elif entry.name.endswith(SUFFIXES):
                    status = entry.stat()
                    found[f"{prefix}/{entry.name}"] = (status.st_mtime_ns, status.st_size, status.st_ino)
            except OSError:
                continue


class ReloadHub:
    """The connected pages, and the task that tells them."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.clients: set[WebSocket] = set()

    async def run(self) -> None:
        """Poll until cancelled; a failing poll is logged, never fatal."""
        pause_s = POLL_S
        while True:
            await asyncio.sleep(pause_s)
            started = time.perf_counter()
            try:
                files = await asyncio.to_thread(self.watcher.changes)
            except Exception:
                log.exception("watching the sources failed; trying again")
                files = []
            pause_s = max(POLL_S, 10 * (time.perf_counter() - started))
            if files:
                await self.broadcast({"type": "reload", "files": files})

    async def broadcast(self, message: dict[str, object]) -> None:
        """Send one message to every page; one that does not take it in time is dropped."""
        text = json.dumps(message)
        await asyncio.gather(*(self._send(client, text) for client in list(self.clients)))

    async def _send(self, client: WebSocket, text: str) -> None:
        try:
            await asyncio.wait_for(client.send_text(text), SEND_TIMEOUT_S)
        except (WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
            self.clients.discard(client)

    async def serve(self, client: WebSocket) -> None:
        """Keep one accepted page until it leaves; what it says is ignored."""
        if len(self.clients) >= CLIENTS_MAX:
            await client.close(1013, "Too many pages are connected.")
            return
        await client.accept()
        self.clients.add(client)
        try:
            while (await client.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            self.clients.discard(client)
