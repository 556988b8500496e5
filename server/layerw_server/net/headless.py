"""`layerw run APP --headless`: a program without a page, by the clock or as quick as it goes.

Owns: the frames. With an address it is a client of the room there, which frames wait for at first (ANSWER_S).
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from layerw.hosts.begin import ProgramFailed, begin_stepped
from layerw.hosts.headless import FRAME_S, HeadlessHost, run_headless

from .room import RoomError, begin
from .sockets import connector

ANSWER_S = 10.0  # a room that takes longer is not waited for


def room_address(url: str) -> str:
    """ws://… of what a person gives: the address of a page, or of the room itself."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in ("http", "https", "ws", "wss") or not rest.strip("/"):
        raise RoomError(f"{url!r} is no address of a room; give for example http://127.0.0.1:8000/.")
    socket = {"http": "ws", "https": "wss"}.get(scheme, scheme)
    return f"{socket}://{rest.rstrip('/')}" + ("" if rest.rstrip("/").endswith("/room") else "/room")


def run(program: Path, frames: int, url: str | None) -> dict[str, Any]:
    """Runs so many frames and gives the report, as `layerw shot --json` does. Raises RoomError."""
    if url is not None:
        return asyncio.run(_visit(program, frames, room_address(url)))
    host = HeadlessHost(program.parent)
    try:
        app = begin_stepped(program, host)
    except ProgramFailed as error:
        raise RoomError(str(error)) from error
    report = run_headless(app, frames)
    app.close()
    return {**report, "errors": host.errors}


async def _live(host: HeadlessHost, app: Any, frames: int) -> None:
    """Frames by the clock, as a room's are; they count from when the room has answered."""
    patience = time.perf_counter() + ANSWER_S
    while frames > 0:
        begun = time.perf_counter()
        host.step(app)
        waits = app.net.state in ("connecting", "lost") and begun < patience
        frames -= not waits
        await asyncio.sleep(max(begun + FRAME_S - time.perf_counter(), 0))


async def _visit(program: Path, frames: int, url: str) -> dict[str, Any]:
    host = HeadlessHost(program.parent)
    host.connector = connector(url)
    app = await begin(program, host)
    await _live(host, app, frames - 2)
    report = run_headless(app, 2)
    app.close()
    await asyncio.sleep(0.05)  # what says goodbye goes by a thread
    return {**report, "errors": host.errors}
