"""A planted exception in every stage of the frame: told once, everything else goes on, the last good picture stays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_app_contents import glb, tileset

import layerw as lw
from layerw.gpu.gen import events
from layerw.hosts.headless import HeadlessHost

PLANTED = "planted: a stage fails"
STAGES: dict[str, Callable[[lw.App], tuple[object, str]]] = {
    "accounts": lambda app: (app._engine.store, "begin_frame"),
    "events": lambda _: (events, "decode_events"),
    "input": lambda app: (app._engine.input, "_apply"),
    "end of input": lambda app: (app._engine.input, "_end_frame"),
    "render targets": lambda app: (app._engine.targets, "step"),
    "screenshots' room": lambda app: (app._engine.surface, "claim_room"),
    "camera": lambda app: (app._engine, "frame_camera"),
    "loading": lambda app: (app._engine.contents, "step"),
    "tiles": lambda app: (app._engine.contents, "tiles"),
    "sea": lambda app: (app._engine.contents._sea, "draw"),
    "one world": lambda app: (app._engine.contents.worlds[0]._streamer, "step"),
    "one world's draws": lambda app: (app._engine.contents.worlds[0]._streamer, "draw"),
    "hierarchy": lambda app: (app._engine.table, "update"),
    "view": lambda app: (app._engine._view, "write"),
    "visibility": lambda app: (app._engine.visibility, "frame"),
    "half of visibility": lambda app: (app._engine.visibility, "_see_through"),
    "rows": lambda app: (app._engine._rows, "upload"),
    "draws": lambda app: (app._engine._rows, "fitting"),
    "screenshots": lambda app: (app._engine.surface, "take_screenshots"),
    "panels": lambda app: (app._engine.surface, "show_panels"),
}


def make(root: Path) -> tuple[lw.App, HeadlessHost, lw.Entity]:
    """A scene with everything: a child, a model, a world, a sea and a callback, all at rest."""
    (root / "model.glb").write_bytes(glb())
    tileset(root, children=3, triangles=8)
    host = HeadlessHost(root, size=(320, 200))
    app = lw.App(host=host)
    parent = app.spawn(lw.Mesh.box(), position=(0, 0, -4))
    app.spawn(lw.Mesh.box(), position=(1, 0, 0), parent=parent)
    app.load("model.glb", position=(0, 0, -6))
    app.stream(".")
    app.sea.level = -1.0
    app.camera.position = (0.5, 1.0, 4.0)
    host.step(app, 60)
    assert app.settled and not host.errors and not app.report()["errors"]
    return app, host, parent


def picture(host: HeadlessHost) -> str:
    """What the null backend was told to draw: lists, rows and uniforms but the time."""
    block = host.sink.block.copy()
    digest = hashlib.sha256(repr((host.sink.draws, host.sink.triangles, host.sink.skipped)).encode())
    for column in host.sink.columns:
        digest.update(np.ascontiguousarray(column[:4096]).tobytes())
    block[np.isclose(block, host.frame / 60, atol=2 / 60)] = 0
    digest.update(np.sort(block.ravel()).tobytes())
    return digest.hexdigest()


def raising(*_: Any, **__: Any) -> None:
    raise RuntimeError(PLANTED)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_fails_alone(stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, host, parent = make(tmp_path)
    calls = []
    app.frame(calls.append)
    host.step(app, 2)
    before, submits = (host.sink.draws, host.sink.triangles), host.submits
    assert before[0] > 4
    owner, name = STAGES[stage](app)
    with monkeypatch.context() as planted:
        planted.setattr(owner, name, raising)
        for _ in range(6):
            host.send("focus", 1, 0)  # something to hear of
            host.step(app, 1)
    assert host.submits == submits + 6 and len(calls) == 8
    assert (host.sink.draws, host.sink.triangles) == before and host.sink.skipped == 0
    assert [text for text in host.errors if PLANTED in text] == host.errors and len(host.errors) == 1
    parent.move(x=1.0)
    host.step(app, 43)  # far shadows are drawn over several frames
    other, other_host, other_parent = make(tmp_path)
    other_parent.move(x=1.0)
    other_host.step(other, 51)
    assert picture(host) == picture(other_host)
    assert app.report()["transfers"] == other.report()["transfers"] and app.settled
    assert len(host.errors) == 1


def test_a_report_that_fails_is_told_and_the_next_one_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, host, _ = make(tmp_path)
    with monkeypatch.context() as planted:
        planted.setattr(app._engine, "report", raising)
        host.send("report_request", 0)
        host.step(app, 2)
    assert PLANTED in host.errors[0] and host.report is None
    assert PLANTED in host.request_report(app)["errors"][0]


def test_one_model_that_fails_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, host, _ = make(tmp_path)
    bad, good = app.load("model.glb"), app.load("model.glb")
    monkeypatch.setattr(bad, "_build", raising)
    entities, transfers = app.report()["entities"], app.report()["transfers"]
    host.step(app, 30)
    assert (bad.state, good.state) == ("failed", "ready") and PLANTED in bad.error
    assert bad.root.alive and app.report()["entities"] == entities + len(good._rows)
    bad.close()
    assert app.report()["transfers"] == transfers + app.report()["transfers"] - transfers and app.settled


def test_one_callback_of_many_that_fails_leaves_the_others(tmp_path: Path) -> None:
    app, host, _ = make(tmp_path)
    model, called = app.load("model.glb"), []
    model.on_ready(raising)
    model.on_ready(lambda: called.append(1))
    host.step(app, 30)
    assert called == [1] and model.state == "ready"
    assert len(host.errors) == 1 and PLANTED in host.errors[0]
