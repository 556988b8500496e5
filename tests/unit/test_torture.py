"""Tilesets of the torture kind: no budget is passed in any frame, no hole opens, and the view always settles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.stream.residency import GPU
from layerw.stream.select import measure
from layerw.stream.streamer import Streamer
from tests.unit.torture import Torture

GPU_MIB, LAYER_MIB = 28, 24
FRAMES_MAX = 1500
POSES = ((0.0, 120.0, 120.0), (60.0, 20.0, 60.0), (-100.0, 12.0, -90.0), (0.0, 400.0, 10.0))


def check_cover(streamer: Streamer, app: lw.App) -> None:
    """Each tile without children that is in view is shown by one drawn tile: itself, or one above it."""
    tree = streamer.tree
    if not tree.count or tree.state[0] != GPU:
        return  # the root is not here yet
    draw = streamer.residency.rows
    leaves = np.flatnonzero((tree.first_child[: tree.count] < 0) & (tree.kind[: tree.count] != 0))
    camera = app._engine.shown.camera
    seen = leaves[measure(tree.geo[leaves], camera)[1]]
    drawn, held = set(draw.drawn.tolist()), set(streamer._fades.held().tolist())
    for leaf in seen.tolist():
        row, above = leaf, []
        while row >= 0:
            above += [row] if row in drawn else []
            row = int(tree.parent[row])
        assert above, f"nothing shows tile {leaf}"
        assert len([one for one in above if one not in held]) <= 1 or streamer._fades.active, f"{above} show {leaf}"


@pytest.mark.parametrize(("seed", "fade"), [(0, 0.25), (1, 0.0), (2, 0.25), (3, 0.25)])
def test_no_overrun_no_hole_and_it_settles(tmp_path: Path, seed: int, fade: float) -> None:
    torture = Torture(seed)
    torture.write(tmp_path / "w")
    host = HeadlessHost(tmp_path, fault=torture.fault)
    app = lw.App(host=host, screen_error_px=1.0, budgets=lw.Budgets(gpu_mib=GPU_MIB, layer_mib=LAYER_MIB, mesh_mib=0),
                 network=lw.Network(settle_s=1.0, retry_close_s=2.0, first_byte_s=0.5, stall_s=0.5))  # fmt: skip
    world = app.stream("w", fade=fade)
    engine = app._engine
    shown = 0
    for pose in POSES:
        app.camera.position = pose
        app.camera.look_at((0.0, 0.0, 0.0))
        for frame in range(FRAMES_MAX):
            host.step(app)
            for ledger in (engine.gpu_ledger, engine.layer_ledger, engine.store.committed):
                assert ledger.used_bytes <= ledger.budget_bytes, f"frame {host.frame}"
            if frame > 2:  # what the pose before wanted is drawn for one frame more
                check_cover(world._streamer, app)
            if frame > 10 and app.settled:
                break
        else:
            raise AssertionError(f"From {pose} it is not settled after {FRAMES_MAX} frames: {world._streamer.counts()}")
        shown = max(shown, len(world._streamer.residency.rows.drawn))
        before = world._streamer.residency.rows.drawn.copy()
        host.step(app, 30)
        assert len(np.setdiff1d(before, world._streamer.residency.rows.drawn)) <= 4, "what is shown stays"
    assert shown > 6, "and it is worth a look"
    app.close()
    assert engine.layer_ledger.used_bytes == engine.layer_ledger.fixed_bytes or engine.layer_ledger.used_bytes == 0
