"""Reload: a watcher of source files and the WebSockets that hear of a change.

Owns: polling the modification times of sources (no dependency; the cost is bounded), and sending
`{"type": "reload", "files": ["app/hello.py"]}` to every page; a page that connects hears `{"type": "hello", "start":
"…", "version": 3}`, so that one whose connection was only cut need not reload. Does not decide who may connect.
Limits: FILES_MAX files in FOLDERS_MAX folders; a poll every POLL_S, or less often, so that polling never takes
more than about a tenth of one core.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from starlette.websockets import WebSocket, WebSocketDisconnect

from .page_log import PageLog
from .paths import is_served_name

POLL_S = 0.05
GATHER_S = 0.02  # editors save in steps (write aside, rename): what follows within this goes into one message
FILES_MAX = 5000
FOLDERS_MAX = 1000
SETTLED_NS = 100_000_000
CLIENTS_MAX = 64
SEND_TIMEOUT_S = 5.0
SUFFIXES = (".py", ".js", ".mjs", ".html", ".css", ".wgsl", ".glsl")
log = logging.getLogger("layerw.server")
Snapshot = dict[str, tuple[int, int, int]]


class Listing(NamedTuple):
    """What matters of one folder, as of its modification time."""

    modified_ns: int
    folders: tuple[str, ...]
    sources: tuple[str, ...]


class Watcher:
    """Finds changed sources under named roots, by polling."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self.roots = dict(roots)
        self._listings: dict[str, Listing] = {}
        self._seen: Snapshot = self._scan()

    def changes(self) -> list[str]:
        """Return what was added, changed or removed since the last call, as `root/relative/name`, sorted."""
        now = self._scan()
        before, self._seen = self._seen, now
        return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))

    def _scan(self) -> Snapshot:
        found: Snapshot = {}
        folders = [(str(root), name) for name, root in self.roots.items()]
        for visited, (folder, prefix) in enumerate(folders):  # grows while it runs
            if visited >= FOLDERS_MAX or len(found) >= FILES_MAX:
                break
            listing = self._list(folder)
            folders += [(os.path.join(folder, name), f"{prefix}/{name}") for name in listing.folders]
            for name in listing.sources:
                with suppress(OSError):
                    status = os.stat(os.path.join(folder, name))
                    found[f"{prefix}/{name}"] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return found

    def _list(self, folder: str) -> Listing:
        """List a folder, or reuse the last listing while the folder's own time stands still."""
        try:
            modified_ns = os.stat(folder).st_mtime_ns
            known = self._listings.get(folder)
            if known is None or known.modified_ns != modified_ns:
                known = _read_folder(folder, modified_ns)
                # Two changes within one tick of the file system's clock share a time: reuse only what has settled.
                if time.time_ns() - modified_ns > SETTLED_NS:
                    self._listings[folder] = known
        except OSError:
            self._listings.pop(folder, None)
            return Listing(0, (), ())
        return known


def _read_folder(folder: str, modified_ns: int) -> Listing:
    folders, sources = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in ("tileset.json", "pyvenv.cfg"):
                return Listing(modified_ns, (), ())  # a baked world, a virtual environment: no sources of the user
            if not is_served_name(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif entry.name.endswith(SUFFIXES):
                sources.append(entry.name)
    return Listing(modified_ns, tuple(folders), tuple(sources))


class ReloadHub:
    """The connected pages, and the task that tells them."""

    def __init__(self, watcher: Watcher, log: PageLog | None = None) -> None:
        self.watcher = watcher
        self.log = log
        self.more: Callable[[], dict[str, object]] = dict  # of the greeting
        self.clients: set[WebSocket] = set()
        self.start = secrets.token_hex(8)  # another server has another
        self.version = 0  # reloads since the start

    async def run(self) -> None:
        """Poll until cancelled; a failing poll is logged, never fatal."""
        pause_s = POLL_S
        while True:
            await asyncio.sleep(pause_s)
            started = time.perf_counter()
            files = await self._poll()
            pause_s = max(POLL_S, 10 * (time.perf_counter() - started))
            if files:
                await asyncio.sleep(GATHER_S)
                files = sorted({*files, *await self._poll()})
                await self.broadcast({"type": "reload", "files": files})

    async def _poll(self) -> list[str]:
        try:
            return await asyncio.to_thread(self.watcher.changes)
        except Exception:
            log.exception("watching the sources failed; trying again")
            return []

    async def broadcast(self, message: dict[str, object]) -> None:
        """Send one message to every page; one that does not take it in time is dropped."""
        self.version += message["type"] == "reload"
        text = json.dumps(message)
        await asyncio.gather(*(self._send(client, text) for client in list(self.clients)))

    async def _send(self, client: WebSocket, text: str) -> None:
        try:
            await asyncio.wait_for(client.send_text(text), SEND_TIMEOUT_S)
        except (WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
            self.clients.discard(client)

    async def serve(self, client: WebSocket) -> None:
        """Keep one accepted page until it leaves; what it prints goes to the log."""
        if len(self.clients) >= CLIENTS_MAX:
            await client.close(1013, "Too many pages are connected.")
            return
        await client.accept()
        self.clients.add(client)
        await self._send(client, json.dumps({"type": "hello", "start": self.start, "version": self.version,
                                               **self.more()}))
        try:
            while (message := await client.receive())["type"] != "websocket.disconnect":
                if self.log is not None and message.get("text"):
                    self.log.take(message["text"])
        finally:
            self.clients.discard(client)
