"""Run the server until Ctrl-C: bind, say where, open a browser.

Owns: the listening socket, uvicorn's settings, the ready line and the message for a taken port.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from ..debugging.whereabouts import published
from ..runtime.installation import is_checkout
from ..runtime.packages import NONE as NO_WHEELS
from ..runtime.packages import PageWheels
from .app import LayerwServer, RoomPort, create_app
from .limits import LimitedProtocol
from .metrics import MetricsPort
from .origins import RuleError
from .page_log import Sink
from .quick import protocol_of

WEBSOCKET_BYTES_MAX = 64 * 1024
WILDCARDS = ("", "0.0.0.0", "::")
log = logging.getLogger("layerw.server")


class ServeError(Exception):
    """The server can't start; the text says why and what to do."""


class _Server(uvicorn.Server):
    """uvicorn that calls back once it listens."""

    on_ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.on_ready:
            self.on_ready()


def serve(program: Path, port: int = 8000, host: str = "127.0.0.1", *, runtime: Path, web: Path,
          allow_hosts: Iterable[str] = (), allow_origins: Iterable[str] = (), dev: bool = True,
          isolate: bool = True, folders: Mapping[str, Path] | None = None, wheels: PageWheels = NO_WHEELS,
          open_browser: bool = True, inspect: bool = False,
          on_ready: Callable[[str], None] | None = None, on_log: Sink | None = None,
          room: RoomPort | None = None, metrics: MetricsPort | None = None, metrics_token: str = "") -> None:
    """Serve one program until Ctrl-C.

    Args:
        program, port, host: what, and where.
        inspect: the address opens the inspector, and holds the token that lets it write into the source.
        on_ready: gets the address instead of the printed line.
        on_log: gets (level, text) of what pages print.
        The others are those of create_app.

    Raises:
        ServeError: the program is missing, or the port can't be had.
    """
    if not program.is_file():
        raise ServeError(f"There is no program {program}; give the path of a .py file.")
    listener = bind(host, port)
    address = page_address(host, listener.getsockname()[1])
    try:
        app = create_app(program=program, runtime=runtime, web=web, allow_hosts=answered(host, tuple(allow_hosts)),
                         allow_origins=allow_origins, dev=dev, isolate=isolate, folders=folders, wheels=wheels,
                         on_log=on_log, room=room, metrics=metrics, metrics_token=metrics_token)
    except RuleError as error:
        listener.close()
        raise ServeError(str(error)) from None
    server = _Server(uvicorn_config(app))
    shown = f"{address}#inspect={app.debugger.token}" if inspect and app.debugger else address
    server.on_ready = lambda: _ready(shown, on_ready, open_browser)
    try:
        with _debuggable(app, address, program):
            server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def _debuggable(app: LayerwServer, address: str, program: Path) -> AbstractContextManager[None]:
    """Editors of this user find a development server."""
    if app.debugger is None:
        return nullcontext()
    app.debugger.address = address
    return published(address, app.debugger.token, program)


def answered(host: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """The names that a server on `host` answers to besides loopback's."""
    if host not in WILDCARDS:
        return (*given, f"[{host}]" if ":" in host else host)  # who listens on a name answers to it
    if not given:
        log.warning("Listening on every address, but answering only to localhost; "
                    "add --allow-host with the name or number that others use for this machine.")
    return given


def uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    """Return the one configuration that serving, tests and benchmarks share."""
    return uvicorn.Config(
        app, http=protocol_of(app) if isinstance(app, LayerwServer) else LimitedProtocol,
        loop="uvloop" if find_spec("uvloop") else "asyncio",
        ws="websockets-sansio", ws_max_size=WEBSOCKET_BYTES_MAX, ws_per_message_deflate=False, access_log=False,
        log_level="warning", server_header=False, proxy_headers=False, timeout_keep_alive=30,
        timeout_graceful_shutdown=2)


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a listening-ready socket, so that a taken port is known before anything is printed.

    shared: others of this process may listen there as well.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, answers take 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except (OSError, OverflowError) as error:
        listener.close()
        raise ServeError(_bind_message(host, port, error)) from None
    return listener


def _bind_message(host: str, port: int, error: Exception) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return (f"Port {port} on {host} is taken by another program; "
                f"give another one: --port {port + 1}{f' (or make run PORT={port + 1})' if is_checkout() else ''}.")
    if code == errno.EACCES:
        return f"Port {port} needs more rights than this user has; give one above 1023, for example --port 8000."
    return f"Can't listen on {host}, port {port}: {error}."


def page_address(host: str, port: int) -> str:
    """Return the address to open: a wildcard is reached by the loopback name."""
    name = "127.0.0.1" if host in WILDCARDS else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/"


def _ready(address: str, on_ready: Callable[[str], None] | None, open_browser: bool) -> None:
    if on_ready:
        on_ready(address)
    else:
        print(f"layerw is ready at {address} (Ctrl-C ends it)", flush=True)
    if open_browser and has_browser():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def has_browser() -> bool:
    """Tell whether opening a browser makes sense: a desktop session, not a bare terminal or CI."""
    if os.environ.get("CI"):
        return False
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
