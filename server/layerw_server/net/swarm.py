"""`layerw swarm`: many players with real sockets, in processes of their own, and what they and the room saw.

Owns: the processes and the figures. The room's own come from its `/metrics`, where it answers here. Limits: POSIX.
"""

from __future__ import annotations

import asyncio
import re
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerw.hosts.headless import HeadlessHost
from layerw.net.schema import Schema

from .channel import Message
from .children import Child
from .headless import room_address
from .room import RoomError, begin
from .swarm_process import merged

CLIENTS_MAX = 10_000
_FIGURE = re.compile(r'^(\w+)\{room="([^"]*)"(?:,le="([^"]+)")?\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Swarm:
    """What it shall be. calls: names of the program's, made `rate` times a second by each with numbers of -1 to 1."""

    program: Path
    url: str
    clients: int = 100
    seconds: float = 10.0
    processes: int = 2
    rooms: tuple[str, ...] = ("",)
    calls: tuple[str, ...] = ()
    rate: float = 2.0


async def run(swarm: Swarm, tell: Callable[[str], None]) -> dict[str, Any]:
    """The figures. Raises RoomError."""
    schema, calls = await _program(swarm)
    address, parts, gone = room_address(swarm.url), list[Message](), asyncio.Event()
    joined, came, joined_all, measured = 0, 0, asyncio.Event(), list[dict[str, float]]()
    processes = min(swarm.processes, swarm.clients)

    def heard(message: Message, sockets: list[int]) -> None:
        nonlocal joined, came
        if "joined" in message:
            joined, came = joined + 1, came + message["joined"]
            if joined == processes:
                joined_all.set()
        else:
            parts.append(message["figures"])

    left = processes

    def ended(status: int) -> None:
        nonlocal left
        left -= 1
        if not left or status:
            joined_all.set()
            gone.set()

    children = [await Child.start("swarm_process", [], heard, ended) for _ in range(processes)]
    try:
        for number, child in enumerate(children):
            count = swarm.clients // processes + (number < swarm.clients % processes)
            child.send({"url": address, "schema": schema, "clients": count, "seconds": swarm.seconds,
                        "rooms": list(swarm.rooms), "calls": calls, "rate": swarm.rate, "seed": number})  # fmt: skip
        await joined_all.wait()
        tell(f"{came} of {swarm.clients} players came in" + (f"; {swarm.seconds:g} s are measured" if came else ""))
        if came:
            await asyncio.sleep(1.5)
            measured.append(await asyncio.to_thread(_measure, swarm.url))
            await asyncio.sleep(max(swarm.seconds - 1.0, 0.5))
            measured.append(await asyncio.to_thread(_measure, swarm.url))
        await gone.wait()
    finally:
        for child in children:
            child.kill()
    if len(parts) < processes:
        raise RoomError("A process of the swarm ended before it had figures.")
    return _report(swarm, parts, *(measured or ({}, {})))


async def _program(swarm: Swarm) -> tuple[str, list[list[Any]]]:
    """What the program shares, and how many numbers its calls take."""
    app = await begin(swarm.program, HeadlessHost(swarm.program.parent))
    known = app.net._calls._by_name
    calls: list[list[Any]] = []
    for name in swarm.calls:
        call = known.get(name)
        if call is None or call.to != "server":
            raise RoomError(f"{swarm.program.name} has no call {name!r} to the server; "
                            f"it has {', '.join(sorted(known)) or 'none'}.")  # fmt: skip
        if any(kind is str or kind.width != 1 for _, kind in call.arguments):
            raise RoomError(f"{name} takes other arguments than single numbers; a swarm has only those.")
        calls.append([name, len(call.arguments)])
    schema = Schema().hash
    app.close()
    return schema, calls


def _measure(url: str) -> dict[str, float]:
    """The sums of all rooms' figures now; nothing where they can't be read."""
    found: dict[str, float] = {}
    with suppress(OSError, ValueError):
        address = url.replace("ws", "http", 1) if url.startswith("ws") else url
        address = address.removesuffix("/").removesuffix("/room")
        with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
            for name, _, edge, value in _FIGURE.findall(answer.read().decode()):
                key = f"{name} {edge}".strip()
                found[key] = found.get(key, 0.0) + float(value)
    return found


def _report(swarm: Swarm, parts: list[dict[str, Any]], before: dict[str, float],
            after: dict[str, float]) -> dict[str, Any]:  # fmt: skip
    joined = sum(one["joined"] for one in parts)
    seconds = max(one["seconds"] for one in parts)
    gaps, trips = [one["gaps_ms"] for one in parts], [one["trips_ms"] for one in parts]
    each = max(joined, 1) * seconds
    report = {
        "clients": swarm.clients, "joined": joined, "refused": sum(one["refusals"] for one in parts),
        "lost": sum(one["losses"] for one in parts), "seconds": round(seconds, 1),
        "why": sorted({why for one in parts for why in (*one["refused"], *one["lost"])})[:5],
        "snapshots_a_second": round(sum(one["snapshots"] for one in parts) / each, 2),
        "bytes_a_second_a_client": round(sum(one["received_bytes"] for one in parts) / each),
        "between_snapshots_ms": {name: round(merged(gaps, share), 1) for name, share in (("p50", 0.5), ("p99", 0.99))},
        "there_and_back_ms": {name: round(merged(trips, share), 1) for name, share in (("p50", 0.5), ("p99", 0.99))},
    }  # fmt: skip
    if before and after:
        report["room"] = _room(before, after)
    return report


def _room(before: dict[str, float], after: dict[str, float]) -> dict[str, Any]:
    """What the rooms said of the time between."""
    def more(name: str) -> float:
        return after.get(name, 0.0) - before.get(name, 0.0)

    name = "layerw_frame_lateness_seconds"
    edges = [(float(key.split()[1]), more(key)) for key in after if key.startswith(f"{name}_bucket")]
    frames = more(f"{name}_count")
    late = next((edge for edge, counted in sorted(edges) if counted >= 0.99 * frames), float("inf"))
    seconds = max(more("layerw_up_seconds_total"), 1e-9)  # of all rooms together
    return {"share_of_a_core": round(more("layerw_cpu_seconds_total") / seconds, 3),
            "late_ms_p99_below": 1e3 * late if late < float("inf") else None,
            "late_ms_mean": round(1e3 * more(f"{name}_sum") / max(frames, 1), 2),
            "snapshots_skipped": round(more("layerw_snapshots_skipped_total")),
            "memory_mb": round(after.get("layerw_memory_bytes", 0.0) / 1e6, 1)}  # fmt: skip
