"""Hundreds of frames that spawn, despawn, load, stream, rebuild and close: handles, proxies and memory stay flat.

LAYERW_SOAK=20 makes it twenty times as long: minutes.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from .conftest import RunProgram
from .harness import LEAK_KEYS
from .test_lost_device import write_quad
from .worlds import copy_world

TIMES = int(os.environ.get("LAYERW_SOAK", "1"))
ROUNDS = {"null": (8, 8 + 11 * TIMES, 8 + 22 * TIMES), "webgl2": (3, 6 + TIMES, 3 + 7 * TIMES)}  # of 16 frames each
MEMORY_MIB_MAX = 1.0
USED_KIB_MAX = 128  # of what was allocated and not freed
USED = """import ctypes, gc
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
                                                     "fsmblks", "uordblks", "fordblks", "keepcost")]
mallinfo = ctypes.CDLL(None).mallinfo
mallinfo.restype = Info
gc.collect()
mallinfo().uordblks"""  # of all that is in wasm memory: Python's, numpy's and the engine's own

PROGRAM = """
import numpy as np
import layerw as lw
app = lw.App(screen_error_px=0.5)
app.camera.position = np.array((30.0, 40.0, 80.0))
app.camera.look_at((0.0, 18.0, 0.0))
box, red = lw.Mesh.box(), lw.Material(color="tomato")
keep = app.spawn(box, red)
ROUND = 16
until = [0]
held, built = [], []
rounds = 0

@app.frame
def update(dt):
    global rounds
    step = app.frame_number % ROUND
    if rounds >= until[0]:
        return
    if step == 1:
        held.append(app.spawn_many(box, 500, red, position=np.random.default_rng(rounds).uniform(-50, 50, (500, 3))))
        held.append(app.load("quad.gltf", position=(20, 36, 60)))
        held.append(app.stream("world"))
        wave = np.random.default_rng(rounds)
        vertices = wave.uniform(-1, 1, (300 + 3 * (rounds % 5), 3))
        built.append(app.spawn(lw.Mesh(vertices, np.arange(len(vertices), dtype=np.uint32)), lw.Material(color="teal")))
    elif step in (5, 9):
        held.append(app.spawn(box, red, position=(step, 30, 0)))
        built.append(app.spawn(lw.Mesh.sphere(1 + step / 10), lw.Material(color="navy"), position=(0, 50, 0)))
    elif step == 7 and len(held) == 4:  # in the middle of loading
        held[2].close()
        held[2] = app.stream("world")
    elif step == ROUND - 2 and held:
        for thing in held:
            thing.close() if hasattr(thing, "close") else app.despawn(thing)
        for entity in built:
            app.despawn(entity)
        held.clear()
        built.clear()
        rounds += 1
"""


@pytest.mark.parametrize("backend", ["null", "webgl2"])
def test_live_objects_and_memory_stay_flat(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
                                           run_program: RunProgram, backend: str) -> None:
    copy_world(tmp_path_factory, tmp_path)
    write_quad(tmp_path)
    (tmp_path / "main.py").write_text(PROGRAM, encoding="utf-8")
    running = run_program(tmp_path / "main.py", backend=backend, clock="virtual").wait_ready()
    seen = []
    for rounds in ROUNDS[backend]:
        running.python(f"import gc, __main__; from __main__ import app; __main__.until[0] = {rounds}; None")
        while running.python("__main__.rounds") < rounds:
            running.frames(8)
        running.python("gc.collect()\nstore = app._engine.store\n"
                           "for pages in (store._vertices, store._indices): pages.trim()")
        running.frames(3)
        used = running.python(USED)
        table = running.python("engine = app._engine\nstr((engine.layer_ledger.used_bytes, "
                               "engine.heap_ledger.used_bytes,"
                               " engine.gpu_ledger.used_bytes, engine.table.alive_count))")
        rows = running.python("app._engine.table.rows_used")
        seen.append((running.counts(), table, running.report()["wasm_memory_bytes"], used, rows))
    (early, early_table, *_), _, (late, late_table, *_) = seen
    grown = [second[2] - first[2] for first, second in pairwise(seen)]
    more = [second[3] - first[3] for first, second in pairwise(seen)]
    print(f"{backend}: {late}, wasm memory grew by {grown} bytes, what is used of it by {more}.")
    assert {key: late[key] for key in LEAK_KEYS} == {key: early[key] for key in LEAK_KEYS}
    assert late["transfers"] == 0
    assert late_table == early_table
    rows_grown = [second[4] - first[4] for first, second in pairwise(seen)]
    assert min(rows_grown) == 0, "the most that lived at once, fading tiles among them; a leak grows it each time"
    assert min(grown) <= MEMORY_MIB_MAX * 2**20, "it grows by a fifth at once, where it was nearly full; once"
    assert max(more) <= USED_KIB_MAX * 1024
    assert running.report()["errors"] == []
