"""Rows that the GPU budget has no room for: tiles make room, else a message whose numbers add up."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from test_app_contents import make, step_within_budgets, tileset

import layerw as lw
from layerw.frame.resources import COLUMN_BYTES_PER_ROW
from layerw.frame.rows import PATIENCE_FRAMES


def test_tiles_make_room_for_many_rows(tmp_path: Path) -> None:
    tileset(tmp_path, children=24, triangles=9000)
    app, host = make(tmp_path, budgets=lw.Budgets(gpu_mib=32, layer_mib=64))
    app.stream(".")
    app.camera.position = (0.5, 0.5, 3.0)
    step_within_budgets(app, host, 200)
    gpu = app._engine.gpu_ledger
    assert gpu.left_bytes < 60_000 * COLUMN_BYTES_PER_ROW  # the world has taken what there was
    app.spawn_many(lw.Mesh.box(0.01, 0.01, 0.01), 60_000, position=np.random.default_rng(1).random((60_000, 3)))
    step_within_budgets(app, host, 150)
    assert host.sink.rows >= 60_000 and host.sink.instances > 10_000
    assert app.report()["errors"] == [] and app.report()["tiles"]["resident"] > 0


@pytest.mark.parametrize("beyond", [1000, 150_000])
def test_rows_that_never_fit_are_told_and_the_rest_is_drawn(tmp_path: Path, beyond: int) -> None:
    budget = 24
    app, host = make(tmp_path, budgets=lw.Budgets(gpu_mib=budget, layer_mib=16))
    box = app.spawn(lw.Mesh.box(), position=(0, 0, -3))
    host.step(app, 5)
    extra = app._engine.resources.store.committed.left_bytes // COLUMN_BYTES_PER_ROW + host.sink.rows + beyond
    app.spawn_many(lw.Mesh.box(), extra, position=np.zeros((extra, 3)))
    host.step(app, PATIENCE_FRAMES + 5)
    box.move(x=0.1)
    host.step(app, 2)
    assert host.sink.draws >= 2 and host.sink.columns[0][0][0] == np.float32(0.1)
    (text,) = app.report()["errors"]
    missing, used, need, total, left = map(int, re.findall(r"\d+", text)[:5])
    assert need > left and total == budget << 20 and missing == used - host.sink.rows and used >= extra
    assert need == missing * COLUMN_BYTES_PER_ROW


def test_rows_that_have_no_place_are_left_out_of_the_lists(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    app.spawn_many(lw.Mesh.box(), 3000)
    app.spawn_many(lw.Mesh.sphere(), 4000)
    app.camera.position = (0, 0, 5)
    app.shadows.enabled = False
    host.step(app, 3)
    assert host.sink.instances == 7000
    for capacity in (8192, 4096, 2048, 0):
        left = int((app._engine.shown.found.rows < capacity).sum())
        assert left in (0, 7000) or 0 < left <= capacity
        app._engine._rows.capacity = capacity
        found = app._engine._rows.fitting(app._engine.shown.found)
        assert len(found.rows) == found.seen_count == int(found.opaque[:, 3].sum()) == left
        assert left == 0 or int(found.rows.max()) < capacity


def test_a_new_device_draws_the_rows_that_were_paid_for(tmp_path: Path) -> None:
    app, host = make(tmp_path, budgets=lw.Budgets(gpu_mib=24, layer_mib=16))
    app.spawn(lw.Mesh.box(), position=(0, 0, -3))
    host.step(app, 5)
    app.spawn_many(lw.Mesh.box(), 200_000, position=np.zeros((200_000, 3)))
    host.step(app, 2)
    drawn, rows = host.sink.instances, host.sink.rows
    assert 0 < rows < 200_000 and drawn
    host.lose_device()
    host.step(app, 2)
    assert (host.sink.instances, host.sink.rows) == (drawn, rows) and host.errors == []


def test_still_rows_that_have_no_place_are_not_sent(tmp_path: Path) -> None:
    app, host = make(tmp_path, budgets=lw.Budgets(gpu_mib=24, layer_mib=16))
    app.spawn(lw.Mesh.box(), position=(0, 0, -3))
    host.step(app, 5)
    app.spawn_many(lw.Mesh.box(), 200_000, position=np.zeros((200_000, 3)))
    app.spawn(lw.Mesh.box(), static=True, position=(0, 0, -3))
    host.step(app, 3)
    assert host.sink.rows < 200_000 and host.sink.instances and host.errors == []
