"""A program that uses all of culling, and a digest of each of its frames. The same text runs on CPython and in Pyodide.

No sines: the camera turns by exact numbers only, because libraries of mathematics differ between machines.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

import layerw as lw
from layerw.base.ports import TileDraw
from layerw.hosts.headless import HeadlessHost


def program(app: lw.App) -> list[Any]:
    """Spawns movers with and without LODs, a forest, glass and a hierarchy."""
    rng = np.random.default_rng(5)
    box, ball = lw.Mesh.box(), lw.Mesh.box(2, 1, 1)
    lods = lw.Lods([(box, 20.0), (ball, 60.0), (box, 90.0)])
    crowd = app.spawn_many(lods, 3000, lw.Material(color="red"), position=rng.uniform(-90, 90, (3000, 3)))
    plain = app.spawn_many(box, 1000, position=rng.uniform(-30, 30, (1000, 3)))
    plain.casts_shadow = False
    app.spawn_many(ball, 500, position=rng.uniform(-30, 30, (500, 3)), scale=rng.uniform(0.5, 4, (500, 3)))
    for mesh in (box, lods):
        app.spawn_many(mesh, 4000, position=rng.uniform((-120, 0, -120), (120, 2, 120), (4000, 3)), static=True)
        app.spawn_many(mesh, 300, lw.Material(color=(0.0, 0.0, 1.0, 0.5)),
                       position=np.round(rng.uniform(-20, 20, (300, 3))))
    above = None
    for _ in range(40):
        above = app.spawn(box, position=(0.5, 0.25, -0.5), rotation=(0.5, 0.5, 0.5, 0.5), parent=above, scale=0.97)
    return [crowd, plain, above]


def digest(arrays: list[Any]) -> str:
    """A hash of arrays."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()[:16]


def run(frames: int = 4) -> list[str]:
    """The digests of a few frames' draw lists and world columns, and the state hash."""
    app = lw.App(host=HeadlessHost(), entities_max=32_768)
    crowd, plain, last = program(app)
    rng = np.random.default_rng(6)
    app.camera.position = np.array((0.3, 2.0, 5.1))
    app.camera.yaw = app.camera.pitch = 0.0
    row = app._engine.table.reserve_transient(8)
    found, seen = [], app._engine.visibility.frame
    tiles = TileDraw(np.arange(8, dtype=np.uint32), np.ones(8, np.uint32), np.arange(8) % 2 == 0,
                     rng.uniform(-50, 50, (8, 3)), np.tile(np.float32([0, 0, 0, 1]), (8, 1)),
                     np.ones((8, 3), np.float32), rng.uniform(-50, 50, (8, 3)),
                     rng.uniform(1, 20, 8).astype(np.float32))  # fmt: skip

    def keeping(*args: Any, **kwargs: Any) -> Any:
        result = seen(*args, **{**kwargs, "tiles": tiles, "tile_row": row})
        lists = [result.rows, result.opaque, result.blend, *result.casters]
        assert all(map(len, lists)) and result.seen_count > 0, "every pass draws something"
        rows = app._engine.table.rows_used
        columns = (column[:rows] for column in args[2:5])
        found.append(digest([*lists, result.still, np.uint32(result.seen_count), *columns]))
        return result

    app._engine.visibility.frame = keeping  # type: ignore[method-assign]
    for _ in range(frames):
        crowd.position[:, 1] += rng.uniform(-1, 1, 3000).astype(np.float32)
        plain.scale *= np.float32(1.01)
        last.position[:] = rng.uniform(-1, 1, 3)
        app.camera.position[2] -= 0.25
        app.host.step(app)
    app._engine.visibility.frame = seen  # type: ignore[method-assign]
    assert len(found) == frames
    return [*found, str(app.report(state_hash=True)["state_hash"]), *app.host.errors]
