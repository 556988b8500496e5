"""The server as one Starlette application: files, control endpoints, reload WebSocket.

Owns: wiring. The files are answered by front.py ahead of the routes; this module holds the routes.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Lifespan, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..debugging.hub import DebugHub, is_loopback
from ..debugging.sources import Sources
from ..inspecting.writing import SourceWriter
from ..runtime.installation import repair
from ..runtime.packages import NONE as NO_WHEELS
from ..runtime.packages import PageWheels
from .cache import DEFAULT_BUDGET_BYTES, AssetCache
from .front import Front
from .limits import RateLimit
from .metrics import Metrics, MetricsPort
from .mounts import Mounts
from .origins import HostRules, OriginRules, may_connect
from .page_log import PageLog, Sink
from .paths import printable
from .reload import ReloadHub, Watcher

log = logging.getLogger("layerw.server")
KERNELS_FOLDER = "_kernels"  # in the engine package
_ROOM = re.compile(rb"/room(?:/([a-z0-9_-]{1,32}))?(?:\?.*)?")


class RoomPort(Protocol):
    """Where players connect: layerw_server.net.room."""

    async def connect(self, socket: WebSocket, name: str) -> None:
        """One connection that may come in, for the room of that name."""

    async def offer(self, name: str) -> dict[str, object]:
        """How the room of that name is reached besides, as JSON; see net/quic.py. It begins where it is not there."""


class HandoverPort(Protocol):
    """Who takes connections of players whole, sockets and all: layerw_server.net.worker_process."""

    def take(self, room: str, connection: int, request: bytes) -> None:
        """connection: a file descriptor, the taker's from then on. request: as it came, headers and all."""


class LayerwServer(Starlette):
    """Starlette with the file front ahead of its middleware and routes."""

    front: Front
    handover: HandoverPort | None = None
    debugger: DebugHub | None = None  # of a development server

    def takes_whole(self, url: bytes, headers: Mapping[bytes, bytes], port: int) -> Callable[[int, bytes], None] | None:
        """Who takes this connection whole: a file descriptor, and the request. None: it is served, or refused, here."""
        room, rules = _ROOM.fullmatch(url), self.front
        if self.handover is None or room is None or not may_connect(rules.hosts, rules.origins, headers, port):
            return None
        return partial(self.handover.take, (room[1] or b"main").decode("ascii"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        await self.front(scope, receive, send)

    async def routes_call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what the front does not answer: Starlette as it is."""
        await super().__call__(scope, receive, send)


def create_app(*, program: Path, runtime: Path, web: Path, allow_hosts: Iterable[str] = (),
               allow_origins: Iterable[str] = (), dev: bool = True, isolate: bool = True,
               engine: Path | None = None, folders: Mapping[str, Path] | None = None, wheels: PageWheels = NO_WHEELS,
               cache_budget_bytes: int = DEFAULT_BUDGET_BYTES, on_log: Sink | None = None,
               room: RoomPort | None = None, metrics: MetricsPort | None = None,
               metrics_token: str = "") -> LayerwServer:
    """Make the application that serves one program.

    Args:
        program: the user's .py file; its folder is /app/.
        runtime: folder of the prepared Pyodide, /runtime/.
        web: folder of the JavaScript, /web/; its index.html is the page.
        allow_hosts: Host names besides the loopback ones.
        allow_origins: origins that may use control endpoints and the WebSocket besides the server's own.
        dev: serve the engine's sources as /engine/layerw.zip and reload pages on change.
        isolate: send COOP and COEP; `/?isolate=0` leaves them out for one page.
        engine: the layerw package folder; by default the installed one.
        folders: other folders that the program reads as /app/NAME/.
        wheels: further packages of the program, /wheels/.
        cache_budget_bytes: most bytes of files and their compressed variants in memory.
        on_log: gets (level, text) of what pages print, see page_log.py; only with `dev`.
        room: takes the WebSockets of /room; None: there is none.
        metrics: answers /metrics; to this machine itself, and to who gives `metrics_token` as a bearer token.
    """
    log.filters[:] = [RateLimit()]  # whoever is refused may ask again a thousand times a second
    package = engine or find_engine()
    mounts = Mounts(program=program, runtime=runtime, web=web, engine=package if dev else None,
                    kernels=package / KERNELS_FOLDER, folders=folders, wheels=wheels)
    hosts, origins = HostRules(allow_hosts), OriginRules(allow_origins)
    cache = AssetCache(cache_budget_bytes)
    watched = {"app": mounts.program.parent, "web": web} | ({"engine": package} if dev else {})
    hub = ReloadHub(Watcher(watched)) if dev else None
    sources = Sources(mounts.program, mounts.folders)
    debugger = DebugHub(sources, hub.broadcast) if hub else None
    writer = SourceWriter(sources, debugger) if debugger else None
    if hub and debugger:
        hub.log, hub.more = PageLog(_both(on_log, debugger.said)), lambda: {"debugger": debugger.attached}
    control = Control(mounts, cache, hosts, origins, hub, room, debugger, writer)
    routes = control.routes() + ([Metrics(metrics, metrics_token).route()] if metrics else [])
    app = LayerwServer(routes=routes, lifespan=_lifespan(cache, hub))
    app.debugger = debugger
    app.front = Front(app.routes_call, mounts=mounts, cache=cache, hosts=hosts, origins=origins, isolate=isolate)
    return app


def _both(first: Sink | None, second: Sink) -> Sink:
    def sink(level: int, text: str) -> None:
        if first:
            first(level, text)
        second(level, text)

    return sink


def find_engine() -> Path:
    """Return the folder of the installed layerw package, without importing it."""
    spec = find_spec("layerw")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"The package layerw is not installed beside layerw_server; {repair()}.")
    return Path(spec.submodule_search_locations[0])


def _lifespan(cache: AssetCache, hub: ReloadHub | None) -> Lifespan[Starlette]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(hub.run()) if hub else None
        yield
        if task:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        cache.close()

    return lifespan


class Control:
    """The endpoints that only the server's own page and listed origins may use."""

    def __init__(self, mounts: Mounts, cache: AssetCache, hosts: HostRules, origins: OriginRules,
                 hub: ReloadHub | None, room: RoomPort | None = None, debugger: DebugHub | None = None,
                 writer: SourceWriter | None = None) -> None:
        self.mounts = mounts
        self.cache = cache
        self.hosts = hosts
        self.origins = origins
        self.hub = hub
        self.room = room
        self.debugger = debugger
        self.writer = writer

    def routes(self) -> list[Route | WebSocketRoute]:
        """Return the routes; without a hub (not dev) there is no WebSocket."""
        routes: list[Route | WebSocketRoute] = [Route("/api/status", self.status)]
        if self.hub:
            routes += [Route("/api/reload", self.reload, methods=["POST"]), WebSocketRoute("/ws", self.socket)]
        if self.debugger:
            routes += [WebSocketRoute("/dap", self.editor), WebSocketRoute("/dap/page", self.debugged)]
        if self.writer:
            routes.append(Route("/inspect/write", self.written, methods=["POST"]))
        if self.room:
            routes += [Route(f"/api/room{name}", self.offer, methods=["POST"]) for name in ("", "/{name}")]
            routes += [WebSocketRoute(f"/room{name}", self.players) for name in ("", "/{name}")]
        return routes

    async def status(self, request: Request) -> Response:
        """Say what is served and what the cache holds."""
        if not self.origins.may_control(dict(request.scope["headers"])):
            return _forbidden(request)
        return JSONResponse({
            "program": self.mounts.program.name, "dev": self.hub is not None,
            "pages": len(self.hub.clients) if self.hub else 0,
            "cache": {"files": len(self.cache), "held_bytes": self.cache.held_bytes,
                      "budget_bytes": self.cache.budget_bytes},
        }, headers={"cache-control": "no-store"})

    async def offer(self, request: Request) -> Response:
        """Say how a room is reached besides the WebSocket. A POST, which always says Origin: it may begin the room."""
        assert self.room is not None
        url, headers = request.url.path.removeprefix("/api").encode(), dict(request.scope["headers"])
        port = (request.scope.get("server") or ("", 0))[1] or 0
        if not may_connect(self.hosts, self.origins, headers, port):
            return _forbidden(request)
        name = _ROOM.fullmatch(url)
        offer = await self.room.offer((name[1] or b"main").decode("ascii")) if name else {}
        return JSONResponse(offer, headers={"cache-control": "no-store"})

    async def reload(self, request: Request) -> Response:
        """Reload every connected page now."""
        if not self.origins.may_control(dict(request.scope["headers"])):
            return _forbidden(request)
        assert self.hub is not None
        await self.hub.broadcast({"type": "reload", "files": []})
        return JSONResponse({"pages": len(self.hub.clients)})

    async def socket(self, socket: WebSocket) -> None:
        """Connect a page; a browser always sends Origin, so one without is refused too."""
        assert self.hub is not None
        if await self._may_connect(socket):
            await self.hub.serve(socket)

    async def editor(self, socket: WebSocket) -> None:
        """Connect an editor of this machine that has the token; it sends no Origin, unless it is a page of ours."""
        assert self.debugger is not None
        headers = dict(socket.scope["headers"])
        port = (socket.scope.get("server") or ("", 0))[1] or 0
        host = headers.get(b"host", b"")
        is_ours = b"origin" not in headers or self.origins.allows(headers[b"origin"], host)
        if not (self.hosts.allows(host, port) and is_ours and is_loopback(socket) and self.debugger.may_debug(headers)):
            log.warning("refused a debugger of host %s", printable(host))
            await socket.close(1008)
            return
        await self.debugger.editor(socket)

    async def debugged(self, socket: WebSocket) -> None:
        """Connect a page of this machine to the editor, by the rules of pages."""
        assert self.debugger is not None
        if not await self._may_connect(socket):
            return
        if is_loopback(socket):
            await self.debugger.page(socket)
        else:
            await socket.close(1008)

    async def written(self, request: Request) -> Response:
        """Write an edit of the inspector into the program's source, by the rules of the debugger."""
        assert self.writer is not None
        if not self.origins.may_control(dict(request.scope["headers"])):
            return _forbidden(request)
        return await self.writer.write(request)

    async def players(self, socket: WebSocket) -> None:
        """Connect a player to the room, by the same rules."""
        assert self.room is not None
        if await self._may_connect(socket):
            await self.room.connect(socket, socket.path_params.get("name", "main"))

    async def _may_connect(self, socket: WebSocket) -> bool:
        headers = dict(socket.scope["headers"])
        port = (socket.scope.get("server") or ("", 0))[1] or 0
        if not may_connect(self.hosts, self.origins, headers, port):
            log.warning("refused a WebSocket of origin %s, host %s", printable(headers.get(b"origin", b"")),
                        printable(headers.get(b"host", b"")))
            await socket.close(1008)
            return False
        return True


def _forbidden(request: Request) -> Response:
    origin = printable(request.headers.get("origin", "-"))
    log.warning("refused a control request of origin %s", origin)
    return PlainTextResponse(f"The origin {origin} may not control this server; start it with --allow-origin.\n", 403)
