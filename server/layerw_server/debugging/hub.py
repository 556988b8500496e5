"""Who may debug, and who does: one editor with the server's token, and the pages of this machine.

Owns: the two WebSockets, `/dap` of editors and `/dap/page` of pages. Both are open to loopback addresses only, by the
server's rules for Host and Origin; an editor gives the token as a bearer token besides, which only who may read the
user's own files knows (whereabouts.py). Does not: understand the protocol; session.py does.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import itertools
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from . import messages
from .pages import PAGES_MAX, PageError, PageLink
from .session import Ended, Session
from .sources import Sources

TAKEN = "Another editor debugs this program already; end that session first."
log = logging.getLogger("layerw.server")


class DebugHub:
    """Of one development server."""

    def __init__(self, sources: Sources, tell_pages: Callable[[dict[str, object]], Awaitable[None]]) -> None:
        """tell_pages: a message to every page that listens for reloads."""
        self.token = secrets.token_urlsafe(32)
        self.address = ""  # of the server, once it listens
        self._sources, self._tell_pages = sources, tell_pages
        self._session: Session | None = None
        self._links: dict[int, PageLink] = {}
        self._numbers = itertools.count(1)
        self._saying: set[asyncio.Task[None]] = set()

    @property
    def attached(self) -> bool:
        """Whether an editor debugs: pages that start ask first what it wants."""
        return self._session is not None

    def may_debug(self, headers: dict[bytes, bytes]) -> bool:
        """Whether these headers hold the token."""
        given = headers.get(b"authorization", b"")
        return hmac.compare_digest(given, b"Bearer " + self.token.encode("ascii"))

    def said(self, level: int, text: str) -> None:
        """The page printed something."""
        if self._session is not None:
            category = "stdout" if level == 0 else "stderr"
            task = asyncio.get_running_loop().create_task(
                self._session.event("output", {"category": category, "output": text + "\n"}))
            self._saying.add(task)
            task.add_done_callback(self._saying.discard)

    async def editor(self, socket: WebSocket) -> None:
        """One connection that may debug, until it ends."""
        await socket.accept()
        if self._session is not None:
            await self._refuse(socket)
            return

        async def send(message: dict[str, Any]) -> None:
            with suppress(WebSocketDisconnect, RuntimeError, OSError):  # it has gone: the loop below hears of it
                await socket.send_text(json.dumps(message))

        session = self._session = Session(send, self._sources, self._links, self._attached, self._reload,
                                          lambda: self.address or "its address")
        try:
            while (received := await socket.receive())["type"] != "websocket.disconnect":
                await session.receive(received.get("text") or "")
        except Ended as ended:
            with suppress(WebSocketDisconnect, RuntimeError, OSError):
                await socket.close(1000, str(ended))
        finally:
            self._session = None
            session.close()
            await self._leave()

    async def page(self, socket: WebSocket) -> None:
        """One page, while an editor is there."""
        if self._session is None or len(self._links) >= PAGES_MAX:
            await socket.close(1013)
            return
        await socket.accept()
        link = PageLink(socket, next(self._numbers))
        try:
            await link.listen(self._heard)
        finally:
            if self._links.pop(link.number, None) and self._session is not None:
                await self._session.went(link)

    async def _heard(self, link: PageLink, name: str, body: dict[str, Any]) -> None:
        if self._session is None:
            return
        if name == "page":
            link.title, link.lacks = str(body.get("title", ""))[:80], str(body.get("lacks", ""))[:500]
            link.stands = body.get("stands") is True
            self._links[link.number] = link
            with suppress(PageError):
                await self._session.came(link)
        else:
            await self._session.page_event(link, name, body)

    async def _attached(self, wanted: bool) -> None:
        await self._tell_pages({"type": "debugger", "debugger": wanted})

    async def _reload(self) -> None:
        await self._tell_pages({"type": "reload", "files": []})

    async def _leave(self) -> None:
        """Pages go on without breakpoints once their socket ends."""
        for link in list(self._links.values()):
            with suppress(WebSocketDisconnect, RuntimeError, OSError):
                await link.socket.close(1000)

    async def _refuse(self, socket: WebSocket) -> None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError, messages.NoRequest):
            request = messages.read((await socket.receive()).get("text") or "")
            if request is not None:
                await socket.send_text(json.dumps({"seq": 1, **messages.refusal(request, TAKEN)}))
            await socket.close(1013, TAKEN)


def is_loopback(socket: HTTPConnection) -> bool:
    """Whether who asks is this machine itself."""
    if socket.client is None:
        return False
    try:
        return ipaddress.ip_address(socket.client.host.partition("%")[0]).is_loopback
    except ValueError:
        return False
