"""Transfers that end between frames: worlds go on, what is drawn stays, and no code of the program runs."""

from __future__ import annotations

from pathlib import Path

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from tests.unit.world_files import app_over, write_world


def go_on(app: lw.App, host: HeadlessHost) -> None:
    """What a page does when a transfer ends between two frames."""
    host.frame += 1  # the network's clock
    for name, values in host.transfers.step(host.frame):
        host.send(name, *values)
    app.frame_step(0.0, -1.0, *host._fill_inbox())


def opened(folder: Path) -> tuple[lw.App, HeadlessHost, lw.World]:
    write_world(folder / "w", levels=3, hashed=True)
    app, host = app_over(folder, lanes=6)
    return app, host, app.stream("w")


def test_a_world_loads_between_two_frames(tmp_path: Path) -> None:
    app, host, world = opened(tmp_path / "by frames")
    host.step(app, 100)
    drawn = len(world._streamer.draw().mesh)
    assert world.settled and drawn > 4
    app.close()
    app, host, world = opened(tmp_path / "between")
    calls: list[str] = []
    world.on_ready(lambda: calls.append("ready"))
    frames: list[float] = []
    app.frame(lambda dt: frames.append(dt))
    host.step(app)
    for _ in range(80):
        go_on(app, host)
    counts = world._streamer.counts()
    assert counts["resident"] > 8 and not counts["pending"] and not calls and len(frames) == 1
    assert not len(world._streamer.draw().mesh), "what is drawn changes with a frame alone"
    host.step(app)
    assert calls == ["ready"] and len(world._streamer.draw().mesh) > 4
    host.step(app, 30)
    assert len(world._streamer.draw().mesh) == drawn and world.settled and not host.errors
    app.close()
    host.step(app)
    assert app.report()["layer_bytes"] == app.report()["layer_fixed_bytes"]


def test_nothing_ages_between_frames(tmp_path: Path) -> None:
    app, host, world = opened(tmp_path)
    host.step(app, 3)
    frame = world._streamer.frame
    for _ in range(200):
        go_on(app, host)
    assert world._streamer.frame == frame and world._streamer._loads.cancelled_count == 0
    ledger = app._engine.gpu_ledger
    assert 0 < ledger.used_bytes <= ledger.budget_bytes
    app.close()
