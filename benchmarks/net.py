"""A room with many players: what a tick takes and how many bytes each of them gets.

    python -m benchmarks.net [--clients 500] [--entities 2000] [--seconds 5]

Everything is in one process: the clients only acknowledge, two ticks late, as over a line of 100 ms. Entities walk
about on a square so large that a client is told of about 64 of them. The frame of the room is measured whole: the
program, the engine without a picture, and the network.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.net import wire
from layerw.net.packing import pack_cells
from layerw.net.snapshots import nothing
from layerw.net.transport import pair

CELL_M, IN_INTEREST, LATE_TICKS = 16.0, 64, 2


@lw.component(shared=True)
class Walker:
    """What the others see of one."""

    position: lw.f32x3 = lw.field(precision=1 / 128, interpolate=True)
    owner: lw.Player = None  # type: ignore[assignment]
    hp: lw.u8 = 100


def measure(clients: int, entities: int, seconds: float) -> dict[str, Any]:
    """Figures of one room."""
    side = CELL_M * 3 * (entities / IN_INTEREST) ** 0.5  # 9 cells have IN_INTEREST
    host = HeadlessHost(options={"server": True})
    app = lw.App(host=host, entities_max=8192)
    app.net.cell_m, app.net.radius, app.net.players_max = CELL_M, 1, 1000
    rng = np.random.default_rng(1)
    walkers: list[lw.Entity] = []

    @app.on_join
    def join(player: lw.Player) -> None:
        place = rng.uniform(0, side, 3) * (1, 0, 1)
        walkers.append(app.spawn(lw.Mesh.box(), owner=player, position=place).add(Walker))

    lines = []
    room = app.net._room()
    for _ in range(clients):
        ours, theirs = pair()
        app.net._accept(theirs)
        ours.send(wire.value_message(wire.HELLO, {"schema": room.schema.hash, "token": ""}), reliable=True)
        lines.append(ours)
    host.step(app, 2)
    others = max(entities - clients, 0)
    app.spawn_many(lw.Mesh.box(), others, position=rng.uniform(0, side, (others, 3)) * (1, 0, 1)).add(Walker)
    velocity = rng.uniform(-3, 3, (entities, 3)) * (1, 0, 1) / 60
    frames_ms, tick_ms, received, due = [], [], 0, [[] for _ in lines]
    blocks = messages = 0
    for frame in range(int(seconds * 60) + 120):
        rows = app.each(Walker)
        place = rows[lw.Position] + velocity.astype(np.float32)
        velocity[(place < 0) | (place > side)] *= -1
        rows[lw.Position] = place
        tick = room.tick
        start = time.process_time()
        host.step(app)
        took = 1e3 * (time.process_time() - start)
        ticked = room.tick != tick
        for ours, waiting in zip(lines, due, strict=True):
            for data in ours.take():
                if data[0] == wire.SNAPSHOT:
                    head, cells = wire.read_snapshot(data)
                    waiting.append(head.tick)
                    if frame >= 120:
                        received, messages, blocks = received + len(data), messages + 1, blocks + len(cells)
            if ticked and waiting and room.tick - waiting[0] >= LATE_TICKS:
                ours.send(wire.ack_message(waiting.pop(0), 0.0), reliable=False)
        if frame >= 120:
            (tick_ms if ticked else frames_ms).append(took)
    snapshot, before = room.telling.ring.find(room.tick), room.telling.ring.find(room.tick - 1 - LATE_TICKS)
    whole = sum(map(len, pack_cells(snapshot, nothing(room.schema.width)).values()))
    delta = sum(map(len, pack_cells(snapshot, before).values()))
    told = [client.interest.cells for client in room.clients.values()]
    cells, counts = np.unique(snapshot.cells, return_counts=True)
    by_cell = dict(zip(cells.tolist(), counts.tolist(), strict=True))
    seen = np.mean([sum(by_cell.get(cell, 0) for cell in one) for one in told])
    busy = sum(tick_ms) + sum(frames_ms)
    return {
        "clients": clients, "entities": entities, "in_interest": round(float(seen), 1),
        "tick_ms_p50": round(float(np.median(tick_ms)), 2), "tick_ms_p99": round(float(np.percentile(tick_ms, 99)), 2),
        "frame_between_ms_p50": round(float(np.median(frames_ms)), 2),
        "share_of_a_core": round(busy / 1e3 / seconds, 3),
        "bytes_a_second_a_client": round(received / seconds / clients), "blocks_a_message": round(blocks / messages, 1),
        "delta_of_whole": round(delta / whole, 3),
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A room with many players.")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--entities", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    print(json.dumps(measure(given.clients, given.entities, given.seconds), indent=2))
