"""What Prometheus reads of rooms: the figures of room_process.py and of a room in this process, as its text format.

Owns: the names. Source: the Prometheus exposition format 0.0.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .pace import LATE_S

Figures = Mapping[str, Any]
# name, kind, help, what of a room's figures
ROWS = (
    ("layerw_players", "gauge", "Players of the room, connected or kept.", "players"),
    ("layerw_connections", "gauge", "Open connections.", "connections"),
    ("layerw_ticks_total", "counter", "Ticks of the room.", "tick"),
    ("layerw_sent_bytes_total", "counter", "Bytes of messages to players.", "sent_bytes"),
    ("layerw_received_bytes_total", "counter", "Bytes from players.", "received_bytes"),
    ("layerw_snapshots_total", "counter", "Snapshots that were sent.", "snapshots"),
    ("layerw_snapshots_skipped_total", "counter", "Snapshots that a player was too slow for.", "skipped"),
    ("layerw_busy_seconds_total", "counter", "Seconds that frames took.", "busy_s"),
    ("layerw_cpu_seconds_total", "counter", "Seconds of processors that the room's process took.", "cpu_s"),
    ("layerw_up_seconds_total", "counter", "Seconds since its process began.", "up_s"),
    ("layerw_memory_bytes", "gauge", "What its process holds in memory.", "memory_bytes"),
)


def text(rooms: Mapping[str, Figures], more: Iterable[tuple[str, str, float]] = ()) -> str:
    """more: gauges of the node: name, help, value."""
    lines: list[str] = []
    for name, said, value in (("layerw_rooms", "Rooms that run here.", float(len(rooms))), *more):
        lines += [f"# HELP {name} {said}", f"# TYPE {name} gauge", f"{name} {value:g}"]
    for name, kind, said, key in ROWS:
        lines += [f"# HELP {name} {said}", f"# TYPE {name} {kind}"]
        lines += [f'{name}{{room="{room}"}} {figures.get(key, 0):.10g}' for room, figures in sorted(rooms.items())]
    name = "layerw_connections_ended_total"
    lines += [f"# HELP {name} Connections that ended, by which side.", f"# TYPE {name} counter"]
    for room, figures in sorted(rooms.items()):
        for by, ended in figures.get("ended", {}).items():
            lines.append(f'{name}{{room="{room}",by="{by}"}} {ended}')
    name = "layerw_frame_lateness_seconds"
    lines += [f"# HELP {name} How late frames began.", f"# TYPE {name} histogram"]
    for room, figures in sorted(rooms.items()):
        lines += _histogram(name, room, figures)
    return "\n".join(lines) + "\n"


def _histogram(name: str, room: str, figures: Figures) -> list[str]:
    counted, lines = 0, []
    for edge, number in zip((*LATE_S, float("inf")), figures.get("late", ()), strict=False):
        counted += number
        lines.append(f'{name}_bucket{{room="{room}",le="{"+Inf" if edge == float("inf") else f"{edge:g}"}"}} {counted}')
    return [*lines, f'{name}_sum{{room="{room}"}} {figures.get("late_s", 0.0):.6f}',
            f'{name}_count{{room="{room}"}} {counted}']  # fmt: skip
