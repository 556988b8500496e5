"""The server on a thread of this process: for shots, tests and benchmarks.

Owns: one uvicorn on a loopback port, from `with` to the end of the block.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from .serve import bind, page_address, uvicorn_config

START_TIMEOUT_S = 20.0


@contextmanager
def background_server(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve `app` until the block ends (port 0: one that is free); yields its address, which ends with a slash."""
    listener = bind("127.0.0.1", port)
    server = uvicorn.Server(uvicorn_config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="layerw-server", daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        yield page_address("127.0.0.1", listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)
        listener.close()


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(START_TIMEOUT_S / 0.01)):
        if server.started:
            return
        if not thread.is_alive():
            raise RuntimeError("The server ended before it listened; its log says why.")
        pause.wait(0.01)
    raise RuntimeError(f"The server did not listen within {START_TIMEOUT_S:.0f} s.")
