"""`layerw serve`, and `layerw run --headless`: the sides of a program without a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from . import checks
from .console import page_says


def serve(
    program: Annotated[Path, typer.Argument(metavar="APP", show_default=False,
                                            help="Your program: a .py file, or a folder with main.py.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 shows it to the network.")] = "127.0.0.1",
    allow_origin: Annotated[list[str] | None, typer.Option(metavar="ORIGIN", help=(
        "Origin whose pages may join besides the server's own, for example https://game.example; repeat it for "
        "more."))] = None,
    allow_host: Annotated[list[str] | None, typer.Option(metavar="HOST", help=(
        "Host name under which the server may be reached besides localhost; repeat it for more."))] = None,
) -> None:
    """Serve APP to players: its page, and its room, where the same program runs and decides.

    In the program app.is_server is True here, and app.connect() in the pages joins this room.
    """
    from .commands import ensure_runtime, ensure_wheels

    path = checks.program(program)
    http, net = checks.piece("http.serve"), checks.piece("net.room")
    if port:
        http.bind(host, port).close()
    runtime = ensure_runtime()
    wheels = ensure_wheels(path, None, runtime)
    room = net.Room(path)
    room.start()
    try:
        http.serve(path, port, host, runtime=runtime, web=checks.web_folder(), allow_hosts=allow_host or [],
                   allow_origins=allow_origin or [], dev=False, wheels=wheels, open_browser=False, room=room,
                   on_ready=lambda address: typer.echo(f"layerw serves {path.name} at {address} (Ctrl-C ends it)"),
                   on_log=page_says)  # fmt: skip
    finally:
        room.stop()


def headless(program: Path, frames: int, connect: str | None, as_json: bool) -> int:
    """`layerw run --headless`; the exit status."""
    report = checks.piece("net.headless").run(program, frames, connect)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        net = report.get("net", {})
        typer.echo(f"{report['frame']} frames, {report['entities']} entities"
                   + (f", {net['state']}, {net['players']} players" if net else ""))  # fmt: skip
    for text in report["errors"]:
        typer.echo(text, err=True)
    return 1 if report["errors"] else 0


def register(app: typer.Typer) -> None:
    """Adds what is no option of another command."""
    app.command()(serve)
