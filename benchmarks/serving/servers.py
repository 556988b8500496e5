"""One server in this process, by name; prints its port once it listens. Used by bench_serving.py."""

from __future__ import annotations

import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from layerw_server.http.app import create_app
from layerw_server.http.serve import _Server, bind, uvicorn_config


def main() -> None:
    """Serve until terminated."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    app = (create_app(program=folder / "program.py", runtime=folder, web=folder, dev=False) if name == "layerw"
           else Starlette(routes=[Mount("/app", StaticFiles(directory=folder))]))
    listener = bind("127.0.0.1", 0)
    server = _Server(uvicorn_config(app))
    server.on_ready = lambda: print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
