"""What memory holds, asset by asset, and where the tiles of worlds are.

Owns: nothing; reads ledgers, the store and the streamers. Limits: ASSETS_MAX of the largest assets; TILES_MAX tiles of
a world, those that are there or wanted first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layerw.content.worlds import World
from layerw.engine import Engine
from layerw.frame.report import memory_figures
from layerw.stream.residency import ABSENT, FAILED, FETCHING, GPU, HEAP, QUEUED

ASSETS_MAX = 200
TILES_MAX = 4_000
STATES = {ABSENT: "absent", QUEUED: "queued", FETCHING: "fetching", HEAP: "decoded", GPU: "resident", FAILED: "failed"}


def ledgers(engine: Engine) -> list[dict[str, Any]]:
    """The three of them: {name, budget, held, used, fixed, spare, peak, refused}, bytes but for the last."""
    found = []
    for one in (engine.heap_ledger, engine.layer_ledger, engine.gpu_ledger):
        found.append({"name": one.name, "budget": one.budget_bytes, "held": one.held_bytes, "used": one.used_bytes,
                      "fixed": one.fixed_bytes, "spare": one.spare_bytes, "peak": one.peak_bytes,
                      "refused": one.refused_count})
    return found


def assets(engine: Engine) -> dict[str, Any]:
    """Meshes and textures on the GPU, the largest first: {list: [{kind, name, bytes, uses}], count, bytes}."""
    store, table = engine.store, engine.table
    used = np.flatnonzero(table.birth[: table.rows_used])
    meshes = dict(zip(*(part.tolist() for part in np.unique(table.mesh[used], return_counts=True)), strict=True))
    found: list[dict[str, Any]]
    found = [{"kind": "mesh", "name": f"mesh {handle:#x}, {one.vertex_count} vertices", "bytes": one.size_bytes,
              "uses": meshes.get(handle, 0)} for handle, one in store.meshes.items()]
    found += [{"kind": "target" if one.is_target else "texture", "bytes": one.size_bytes, "uses": None,
               "name": f"texture {handle:#x}, {one.width} × {one.height}"} for handle, one in store.textures.items()]
    found.sort(key=lambda one: -int(one["bytes"]))
    return {"list": found[:ASSETS_MAX], "count": len(found), "bytes": sum(one["bytes"] for one in found),
            "layer": memory_figures(engine.layer.memory)["regions"] if engine.layer.memory is not None else {},
            "committed": engine.store.committed.used_bytes, "backups": engine.backups.size_bytes}


def worlds(engine: Engine) -> list[dict[str, Any]]:
    """Each with its counts by state, and tiles from above: [x, z, half side, level, state], metres from the camera."""
    return [_world(engine, one) for one in engine.contents.worlds]


def _world(engine: Engine, world: World) -> dict[str, Any]:
    streamer = world._streamer
    tree = streamer.residency.tree
    states = tree.state[: tree.count]
    counts = {name: int(np.count_nonzero(states == number)) for number, name in STATES.items()}
    rows = np.flatnonzero(states != ABSENT)
    if len(rows) < TILES_MAX:
        rows = np.concatenate([rows, np.flatnonzero(states == ABSENT)[: TILES_MAX - len(rows)]])
    rows = rows[:TILES_MAX]
    geo, camera = tree.geo[rows], engine.shown.camera
    half = np.abs(geo[:, 3:12].reshape(-1, 3, 3) * geo[:, 12:15, None]).sum(axis=1)[:, [0, 2]].max(axis=1) + geo[:, 15]
    across = np.stack([geo[:, 0] - camera.position[0], geo[:, 2] - camera.position[2], half], axis=1)
    tiles = [[*(round(number, 1) for number in place), int(level), STATES[int(state)]]
             for place, level, state in zip(across.tolist(), tree.level[rows], states[rows], strict=True)]
    return {"url": world.url, "state": streamer.state, "counts": counts, "tiles": tiles,
            "bytes": int(streamer.residency.gpu_bytes), "forward": [float(camera.forward[0]), float(camera.forward[2])]}
