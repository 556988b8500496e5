"""One editor: its requests answered, what it wants kept for every page that starts.

Owns: breakpoints and exception filters as the editor has set them, and the numbers of threads, frames and values that
it knows: a page's own, plus PAGE_STEP times the page's number. Does not: listen; hub.py does.
Limits: BREAKPOINTS_MAX in a file, FILES_MAX files; BROKEN_MAX messages that are no requests end the connection.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from . import messages
from .messages import NoRequest, Request, Wrong, objects, whole, words
from .pages import PageError, PageLink
from .sources import Sources

BREAKPOINTS_MAX, FILES_MAX, BROKEN_MAX = 500, 200, 20
PAGE_STEP = 1 << 20
CAPABILITIES = {
    **dict.fromkeys((
        "supportsConfigurationDoneRequest", "supportsConditionalBreakpoints", "supportsHitConditionalBreakpoints",
        "supportsLogPoints", "supportsEvaluateForHovers", "supportsSetVariable", "supportsCompletionsRequest",
        "supportsExceptionInfoRequest", "supportsDelayedStackTraceLoading", "supportsRestartRequest"), True),
    "exceptionBreakpointFilters": [
        {"filter": "raised", "label": "Raised Exceptions", "default": False},
        {"filter": "uncaught", "label": "Uncaught Exceptions", "default": True}],
}  # fmt: skip
_TEXTS = ("expression", "context", "text", "filter", "name", "value")
Send = Callable[[dict[str, Any]], Awaitable[None]]
Handler = Callable[["Session", dict[str, Any]], Awaitable[dict[str, Any]]]


class Ended(Exception):
    """The editor has said good-bye, or nothing that it says can be read."""


class Session:
    """From the editor's first message to its last."""

    def __init__(self, send: Send, sources: Sources, links: dict[int, PageLink],
                 attached: Callable[[bool], Awaitable[None]], reload: Callable[[], Awaitable[None]],
                 address: Callable[[], str]) -> None:
        """attached: tells pages that somebody debugs; reload: starts them again; address: where they are."""
        self._send_one, self._sources, self._links = send, sources, links
        self._attached, self._reload, self._address = attached, reload, address
        self._seq = itertools.count(1)
        self._numbers = itertools.count(1)  # of breakpoints
        self._wanted: dict[str, list[dict[str, Any]]] = {}  # by the page's path
        self._ids: dict[str, list[int]] = {}
        self._filters: list[str] = []
        self._first_line = 1
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken = 0
        self.configured = False

    # -- from the editor -------------------------------------------------------------------------

    async def receive(self, text: str) -> None:
        """One message. Raises Ended."""
        try:
            request = messages.read(text)
        except NoRequest as error:
            self._broken += 1
            await self.event("output", {"category": "important", "output": f"layerw: {error}.\n"})
            if self._broken >= BROKEN_MAX:
                raise Ended(f"{BROKEN_MAX} messages were no requests.") from None
            return
        if request is None:
            return
        if request.command in _FOR_PAGES:
            task = asyncio.create_task(self._answer(request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        await self._answer(request)
        if request.command == "disconnect":
            raise Ended("The editor has ended it.")
        if request.command in ("attach", "launch"):
            await self.event("initialized", {})

    async def _answer(self, request: Request) -> None:
        handler = _OWN.get(request.command) or _FOR_PAGES.get(request.command)
        try:
            if handler is None:
                raise Wrong(f"layerw's debugger has no request {request.command[:80]!r}.")
            await self._send(messages.response(request, await handler(self, request.arguments)))
        except (Wrong, PageError) as error:
            await self._send(messages.refusal(request, str(error)))

    async def event(self, name: str, body: dict[str, Any]) -> None:
        """Tells the editor."""
        await self._send({"type": "event", "event": name, "body": body})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_one({"seq": next(self._seq), **message})

    async def _initialize(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._first_line = 0 if arguments.get("linesStartAt1") is False else 1
        return CAPABILITIES

    async def _attach(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        await self._attached(True)
        if not self._links:
            await self.event("output", {"category": "console", "output": (
                f"layerw: no page of the program is open here yet; open {self._address()}\n")})
        return {}

    async def _configuration_done(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        self.configured = True
        for link in list(self._links.values()):
            await self.configure(link)
        return {}

    async def _set_breakpoints(self, arguments: dict[str, Any]) -> dict[str, Any]:
        source = arguments.get("source")
        path = words(source, "path") if isinstance(source, dict) else words(arguments, "source")
        wanted = [self._checked(one) for one in objects(arguments, "breakpoints", BREAKPOINTS_MAX)]
        inside = self._sources.in_page(path)
        if inside is None:
            return {"breakpoints": [{"verified": False, "message": (
                f"{path} is not in the program's folder {self._sources.root}.")} for _ in wanted]}
        if inside not in self._wanted and len(self._wanted) >= FILES_MAX:
            raise Wrong(f"{FILES_MAX} files have breakpoints already; that is the limit.")
        ids = self._ids[inside] = [next(self._numbers) for _ in wanted]
        self._wanted[inside] = wanted
        said: list[dict[str, Any]] = [{"id": number, "verified": False, "message": "No page of the program is open."}
                                      for number in ids]  # fmt: skip
        for link in list(self._links.values()) if self.configured else ():
            said = await self._place(link, inside)
        return {"breakpoints": said}

    def _checked(self, one: dict[str, Any]) -> dict[str, Any]:
        line = whole(one, "line") + 1 - self._first_line
        texts = {name: words(one, name) for name in ("condition", "hitCondition", "logMessage") if one.get(name)}
        return {"line": line, **texts}

    async def _place(self, link: PageLink, path: str) -> list[dict[str, Any]]:
        """A file's breakpoints in one page, as the editor shall see them."""
        ids = self._ids[path]
        try:
            answer = await link.ask("setBreakpoints", {"source": {"path": path}, "breakpoints": self._wanted[path]})
        except PageError as error:
            return [{"id": number, "verified": False, "message": str(error)} for number in ids]
        said = []
        for number, one in zip(ids, answer.get("breakpoints", ()), strict=False):
            if "id" in one:
                link.breakpoints[one["id"]] = number
            line = {"line": one["line"] - 1 + self._first_line} if "line" in one else {}
            said.append({"id": number, "verified": one.get("verified") is True, **line,
                         **({"message": one["message"]} if "message" in one else {})})
        return said

    async def _set_filters(self, arguments: dict[str, Any]) -> dict[str, Any]:
        filters = arguments.get("filters") or []
        if not isinstance(filters, list) or not all(isinstance(one, str) for one in filters):
            raise Wrong("filters is no list of texts.")
        self._filters = filters
        for link in list(self._links.values()) if self.configured else ():
            await link.ask("setExceptionBreakpoints", {"filters": filters})
        return {}

    async def _threads(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"threads": [{"id": link.number, "name": link.title or f"page {link.number}"}
                            for link in self._links.values()]}

    async def _nothing(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {}

    async def _no_breakpoints(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"breakpoints": []}

    async def _restart(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        for link in list(self._links.values()):
            if link.stands:
                await link.ask("continue", {})
        await self._reload()
        return {}

    # -- requests for one page -------------------------------------------------------------------

    def _link(self, number: int) -> PageLink:
        link = self._links.get(number)
        if link is None:
            raise Wrong(f"There is no page {number}; its program has ended or started again.")
        return link

    async def _of_thread(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        link = self._link(whole(arguments, "threadId"))
        link.hears_of_it = command in ("continue", "next", "stepIn", "stepOut")
        rest: dict[str, Any] = {name: whole(arguments, name, 0) for name in ("startFrame", "levels")}
        return self._outward(link, await link.ask(command, rest))

    async def _of_frame(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if "frameId" in arguments:
            page, frame = divmod(whole(arguments, "frameId"), PAGE_STEP)
        else:
            page, frame = next((link.number for link in self._links.values() if link.stands), 0), 1
            if not page:
                raise Wrong("The program runs; stop it first.")
        texts: dict[str, Any] = {name: words(arguments, name) for name in _TEXTS if name in arguments}
        rest = {"column": whole(arguments, "column")} if "column" in arguments else {}
        link = self._link(page)
        return self._outward(link, await link.ask(command, {"frameId": frame, **texts, **rest}))

    async def _of_value(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        page, reference = divmod(whole(arguments, "variablesReference"), PAGE_STEP)
        texts: dict[str, Any] = {name: words(arguments, name) for name in _TEXTS if name in arguments}
        rest: dict[str, Any] = {name: whole(arguments, name) for name in ("start", "count") if name in arguments}
        link = self._link(page)
        return self._outward(link, await link.ask(command, {"variablesReference": reference, **texts, **rest}))

    async def _of_source(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        page, frame = divmod(whole(arguments, "sourceReference"), PAGE_STEP)
        return await self._link(page).ask(command, {"frameId": frame})

    def _outward(self, link: PageLink, body: dict[str, Any]) -> dict[str, Any]:
        """Numbers and paths as the editor knows them, anywhere in an answer."""
        base = link.number * PAGE_STEP

        def turned(value: Any) -> Any:
            if isinstance(value, list):
                return [turned(one) for one in value]
            if not isinstance(value, dict):
                return value
            found = {name: turned(one) for name, one in value.items()}
            if found.get("variablesReference"):
                found["variablesReference"] += base
            if "source" in found:  # a stack frame
                found |= {"id": base + found["id"], "line": found["line"] - 1 + self._first_line,
                          "source": self._source(found["source"], base + found["id"])}
            return found

        return dict(turned(body))

    def _source(self, source: dict[str, Any], number: int) -> dict[str, Any]:
        path = self._sources.on_disk(source["path"]) if "path" in source else None
        if path is None:
            return {"name": source["name"], "origin": source.get("origin", "layerw"), "sourceReference": number}
        return {"name": source["name"], "path": path}

    # -- from the pages --------------------------------------------------------------------------

    async def configure(self, link: PageLink) -> None:
        """What the editor wants, before the page's program begins; then where each breakpoint has come to lie."""
        first: list[dict[str, Any]] = [{"command": "setExceptionBreakpoints", "arguments": {"filters": self._filters}}]
        first += [{"command": "setBreakpoints", "arguments": {"source": {"path": path}, "breakpoints": wanted}}
                  for path, wanted in self._wanted.items()]
        await link.send({"first": first})
        task = asyncio.create_task(self._place_all(link))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _place_all(self, link: PageLink) -> None:
        for path in list(self._wanted):
            for one in await self._place(link, path):
                await self.event("breakpoint", {"reason": "changed", "breakpoint": one})

    async def page_event(self, link: PageLink, name: str, body: dict[str, Any]) -> None:
        """Something happened there."""
        if name == "stopped":
            link.stands = True
            hits = [link.breakpoints.get(number, 0) for number in body.get("hitBreakpointIds", ())]
            await self.event("stopped", {"reason": str(body.get("reason", "pause")), "threadId": link.number,
                                         "text": str(body.get("text", "")), "hitBreakpointIds": hits,
                                         "allThreadsStopped": False})
        elif name == "continued":
            link.stands = False
            if not link.hears_of_it:
                await self.event("continued", {"threadId": link.number, "allThreadsContinued": False})
            link.hears_of_it = False
        elif name == "output":
            await self.event("output", {"category": "console", "output": str(body.get("output", ""))})

    async def came(self, link: PageLink) -> None:
        """A page is open."""
        await self.event("thread", {"reason": "started", "threadId": link.number})
        if link.lacks:
            await self.event("output", {"category": "important", "output": (
                f"layerw: the program of page {link.number} can't stop: {link.lacks}\n")})
        if self.configured:
            await self.configure(link)

    async def went(self, link: PageLink) -> None:
        """A page was closed or starts again."""
        await self.event("thread", {"reason": "exited", "threadId": link.number})

    def close(self) -> None:
        """Nothing is asked any more."""
        for task in list(self._tasks):
            task.cancel()


def _for(way: Callable[[Session, str, dict[str, Any]], Awaitable[dict[str, Any]]], command: str) -> Handler:
    return lambda session, arguments: way(session, command, arguments)


_OWN: dict[str, Handler] = {
    "initialize": Session._initialize, "attach": Session._attach, "launch": Session._attach,
    "configurationDone": Session._configuration_done, "setBreakpoints": Session._set_breakpoints,
    "setExceptionBreakpoints": Session._set_filters, "setFunctionBreakpoints": Session._no_breakpoints,
    "threads": Session._threads, "disconnect": Session._nothing, "cancel": Session._nothing,
    "restart": Session._restart,
}
_FOR_PAGES: dict[str, Handler] = {
    **{name: _for(Session._of_thread, name)
       for name in ("continue", "next", "stepIn", "stepOut", "pause", "stackTrace", "exceptionInfo")},
    **{name: _for(Session._of_frame, name) for name in ("scopes", "evaluate", "completions")},
    **{name: _for(Session._of_value, name) for name in ("variables", "setVariable")},
    "source": _for(Session._of_source, "source"),
}
