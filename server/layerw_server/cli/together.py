"""`layerw serve`, and `layerw run --headless`: the sides of a program without a picture."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from . import checks
from .console import STDERR, CommandError, page_says


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
    rooms: Annotated[int, typer.Option(min=1, max=1000, help=(
        "Rooms that there may be at a time, a process each; app.connect(room=...) names one."))] = 1,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that serve files.")] = 1,
    keep: Annotated[Path | None, typer.Option(metavar="FOLDER", show_default=False, help=(
        "Keep the rooms' states there, and go on with them at the next start."))] = None,
    bus: Annotated[str, typer.Option(metavar="URL", show_default=False, help=(
        "nats://… or redis://… where several machines find each other's rooms."))] = "",
    webtransport: Annotated[bool, typer.Option("--webtransport", help=(
        "Be there by QUIC as well, on the UDP port of the same number, with --rooms on those after it too: late "
        "packets hold no others up."))] = False,
    address: Annotated[str, typer.Option(metavar="HOST:PORT", show_default=False, help=(
        "With --bus: where the other machines reach this one; by default --host and --port."))] = "",
) -> None:
    """Serve APP to players: its page, and its rooms, where the same program runs and decides.

    In the program app.is_server is True here, and app.connect() in the pages joins the room. With --rooms, --workers,
    --keep or --bus a room is a process of its own, and goes on in another one where that dies.

    /metrics is for Prometheus: for this machine, and for who has the token in LAYERW_METRICS_TOKEN.
    """
    from .commands import ensure_runtime, ensure_wheels

    path = checks.program(program)
    http, net = checks.piece("http.serve"), checks.piece("net.room")
    if port:
        http.bind(host, port).close()
    runtime = ensure_runtime()
    wheels, web = ensure_wheels(path, None, runtime), checks.web_folder()
    token, room = os.environ.get("LAYERW_METRICS_TOKEN", ""), None

    def tell(address: str) -> None:
        if room is not None and room.door is not None:
            room.door.page_port = urlsplit(address).port or 80
        typer.echo(f"layerw serves {path.name} at {address} (Ctrl-C ends it)")

    if bus and not address and host in http.WILDCARDS:
        raise CommandError("With --bus on every address, --address says where the other machines reach this one.")
    several = rooms > 1 or workers > 1 or keep is not None or bool(bus)
    if bus and webtransport:
        raise CommandError("--webtransport is for one machine: pages can't be told where the others' UDP ports are; "
                           "leave --bus or --webtransport out.")  # fmt: skip
    if webtransport and find_spec("aioquic") is None:
        raise CommandError('For --webtransport install layerw with its extra: pip install "layerw[net]".')
    if several:
        names = (*(allow_host or ()), *([address] if address else []))
        return _serve_node(path, {"host": host, "port": port, "rooms": rooms, "workers": workers, "kept": keep,
                                  "bus": bus, "address": address}, tell, {
            "runtime": runtime, "web": web, "wheels": wheels, "allow_origins": tuple(allow_origin or ()),
            "allow_hosts": http.answered(host, names), "metrics_token": token,
            "webtransport": webtransport})  # fmt: skip
    room = net.Room(path)
    room.start()
    door = None
    try:
        if webtransport:
            quic, rules = checks.piece("net.quic"), checks.piece("http.origins")
            door = room.door = quic.QuicDoor(
                room.accept, host, port, rules.HostRules(http.answered(host, tuple(allow_host or ()))),
                rules.OriginRules(allow_origin or ()))
            try:
                door.start()
            except quic.DoorError as error:
                raise CommandError(str(error)) from None
        http.serve(path, port, host, runtime=runtime, web=web, allow_hosts=allow_host or [],
                   allow_origins=allow_origin or [], dev=False, wheels=wheels, open_browser=False, room=room,
                   metrics=room, metrics_token=token, on_ready=tell, on_log=page_says)  # fmt: skip
    finally:
        room.stop()
        if door is not None:
            door.stop()


def _serve_node(program: Path, settings: dict[str, Any], tell: Callable[[str], None], files: dict[str, Any]) -> None:
    if sys.platform == "win32":
        raise CommandError("Several rooms and processes hand sockets on, which Windows has not.")
    node, worker = checks.piece("net.node"), checks.piece("net.worker_process")
    given = node.NodeSettings(worker.Files(program, **files), **settings)

    async def run() -> None:
        await node.Node(given).run(tell)

    try:
        asyncio.run(run())
    except node.NodeError as error:
        raise CommandError(str(error)) from None


def swarm(
    program: Annotated[Path, typer.Argument(metavar="APP", show_default=False,
                                            help="The program whose rooms are visited.")],
    connect: Annotated[str, typer.Option(metavar="URL", help="Where they are.")] = "http://127.0.0.1:8000/",
    clients: Annotated[int, typer.Option(min=1, max=10_000, help="How many players.")] = 100,
    seconds: Annotated[float, typer.Option(min=1, help="How long they are measured.")] = 10.0,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that they are in.")] = 2,
    room: Annotated[list[str] | None, typer.Option(metavar="NAME", help=(
        "The room; repeat it to share the players out among several."))] = None,
    call: Annotated[list[str] | None, typer.Option(metavar="NAME", help=(
        "A function of @app.rpc(to=\"server\") that they call, with numbers of -1 to 1; repeat it for more."))] = None,
    rate: Annotated[float, typer.Option(min=0.01, max=20, help="Calls a second of each.")] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Visit the rooms of `layerw serve APP` with many players, over real sockets, and say what they and the rooms saw.

    Exit status 1 when one was refused or lost.
    """
    if sys.platform == "win32":
        raise CommandError("A swarm is of processes that talk over Unix sockets, which Windows has not.")
    path, module = checks.program(program), checks.piece("net.swarm")
    given = module.Swarm(path, connect, clients, seconds, processes, tuple(room or ("",)), tuple(call or ()), rate)
    try:
        report = asyncio.run(module.run(given, lambda text: STDERR.print(text, markup=False)))
    except checks.piece("net.room").RoomError as error:
        raise CommandError(str(error)) from None
    typer.echo(json.dumps(report, indent=2) if as_json else "\n".join(_lines(report)))
    raise typer.Exit(1 if report["refused"] or report["lost"] else 0)


def _lines(report: dict[str, Any]) -> list[str]:
    between, trip = report["between_snapshots_ms"], report["there_and_back_ms"]
    lines = [f"{report['joined']} of {report['clients']} players for {report['seconds']} s, "
             f"{report['refused']} refused, {report['lost']} lost", *(f"  {why}" for why in report["why"]),
             f"a second each got {report['snapshots_a_second']} snapshots, {report['bytes_a_second_a_client']} bytes",
             f"between two snapshots {between['p50']} ms, p99 {between['p99']}",
             f"there and back {trip['p50']} ms, p99 {trip['p99']}"]  # fmt: skip
    if room := report.get("room"):
        late = room["late_ms_p99_below"]
        lines += [f"a room took {room['share_of_a_core']:.0%} of a core; all of them {room['memory_mb']} MB",
                  (f"99 % of their frames began less than {late:g} ms late" if late is not None else
                   "more than 1 % of their frames began more than 250 ms late")
                  + f"; {room['snapshots_skipped']} snapshots were skipped"]  # fmt: skip
    return lines


def headless(program: Path, frames: int, connect: str | None, as_json: bool) -> int:
    """`layerw run --headless`; the exit status."""
    report = checks.piece("net.headless").run(program, frames, connect)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        net = report.get("net", {})
        typer.echo(f"{report['frame'] + 1} frames, {report['entities']} entities"
                   + (f", {net['state']}, {net['players']} players" if net else ""))  # fmt: skip
    for text in report["errors"]:
        typer.echo(text, err=True)
    return 1 if report["errors"] else 0


def register(app: typer.Typer) -> None:
    """Adds what is no option of another command."""
    app.command()(serve)
    app.command()(swarm)
