"""Transfers that end between frames: worlds go on, what is drawn stays, and no code of the program runs."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

from PIL import Image

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from tests.unit.gltf_support import payload, triangle
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


def test_a_model_comes_between_two_frames_and_is_made_in_one(tmp_path: Path) -> None:
    (tmp_path / "a.gltf").write_bytes(payload(triangle(uri="a.bin", textures=2)))
    (tmp_path / "a.bin").write_bytes(struct.pack("<9f4H", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 2, 0))
    for number in range(2):
        Image.new("RGB", (4, 4)).save(tmp_path / f"t{number}.png")
    app, host = app_over(tmp_path)
    model = app.load("a.gltf")
    calls: list[str] = []
    model.on_ready(lambda: calls.append(model.state))
    host.step(app)
    for _ in range(60):
        go_on(app, host)
    ledger = app._engine.gpu_ledger
    assert model.state == "loading" and not calls and 0 < ledger.used_bytes <= ledger.budget_bytes
    assert model._content is not None and model._content.state == "ready", "its file waits for no frame"
    host.step(app)
    assert calls == ["ready"] and model.warnings == [] and len(model.materials) == 2 and not host.errors
    app.close()


def test_neither_worlds_nor_despawning_import_masked_arrays(tmp_path: Path) -> None:
    program = ("import sys; from pathlib import Path\nfrom tests.unit.test_between_frames import opened, lw\n"
               f"app, host, world = opened(Path({str(tmp_path)!r}))\n"
               "host.step(app, 100); app.report(); assert world.settled\n"
               "boxes = app.spawn_many(lw.Mesh.box(), 4); boxes[1].parent = boxes[0]\n"
               "host.step(app, 2); boxes[2:].despawn(); boxes[0].despawn(); host.step(app, 2)\n"
               "print('numpy.ma' in sys.modules)")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60,
                          cwd=Path(__file__).resolve().parents[2])  # fmt: skip
    assert done.stdout.strip() == "False", done.stdout + done.stderr[-2000:]
