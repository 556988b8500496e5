"""The pages of the program that an editor debugs: each is a thread of the protocol.

Owns: the questions to one page and their answers. Does not: know what they mean. Limits: PAGES_MAX; ANSWER_S an answer.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

PAGES_MAX = 16
ANSWER_S = 10.0
TEXT_MAX = 64 * 1024
Event = Callable[["PageLink", str, dict[str, Any]], Awaitable[None]]


class PageError(Exception):
    """A page has no answer; the text says why."""


class PageLink:
    """One open page."""

    def __init__(self, socket: WebSocket, number: int) -> None:
        self.socket, self.number = socket, number
        self.title, self.lacks = "", ""
        self.stands = False  # whether its program does
        self.hears_of_it = False  # what goes on was asked to by the editor
        self.breakpoints: dict[int, int] = {}  # the editor's number of each of the page's
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)

    async def ask(self, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The answer's body. Raises PageError."""
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            await self.send({"id": number, "command": command, "arguments": arguments})
            return await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            raise PageError(f"The page has not answered for {ANSWER_S:.0f} s; its program may be inside of one long "
                            "call.") from None
        finally:
            self._asked.pop(number, None)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Without waiting for an answer. Raises PageError where it is too long, or the page has gone."""
        text = json.dumps(message)
        if len(text) > TEXT_MAX:
            raise PageError(f"The request has {len(text)} characters; the limit is {TEXT_MAX}.")
        try:
            await self.socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError, OSError):
            raise PageError("The page has gone.") from None

    async def listen(self, event: Event) -> None:
        """Until the page leaves."""
        try:
            while (received := await self.socket.receive())["type"] != "websocket.disconnect":
                await self._take(received.get("text") or "", event)
        finally:
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(PageError("The page has gone."))

    async def _take(self, text: str, event: Event) -> None:
        try:
            message: Any = json.loads(text)
        except (ValueError, RecursionError):
            return
        match message:
            case {"event": str(name), "body": dict(body)}:
                await event(self, name, body)
            case {"id": int(number), "body": dict(body)}:
                self._settle(number, body)
            case {"id": int(number), "error": str(error)}:
                self._settle(number, PageError(error))

    def _settle(self, number: int, result: dict[str, Any] | PageError) -> None:
        answer = self._asked.get(number)
        if answer is None or answer.done():
            return
        if isinstance(result, PageError):
            answer.set_exception(result)
        else:
            answer.set_result(result)
