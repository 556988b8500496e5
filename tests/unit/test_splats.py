"""Gaussian splats in apps, models and tiles: when they are drawn and sorted, what they take, and what comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from splat_files import COUNT, FILES, arrays, glb

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.splats import order
from layerw.splats.files import COUNT_MAX, Arrays


def make(**settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    app = lw.App(host=host, **settings)
    app.camera.position = np.array((0.0, 0.0, 20.0))
    app.camera.look_at((0, 0, 0))
    return app, host


def uploads(app: lw.App, host: HeadlessHost, frames: int = 1) -> int:
    before = host.sink.commands.get("buffer_write", 0)
    host.step(app, frames)
    assert app.report()["errors"] == []
    return host.sink.commands.get("buffer_write", 0) - before


def test_splats_are_one_draw_and_uploaded_where_the_order_changes() -> None:
    app, host = make()
    host.step(app, 2)
    empty, one = host.sink.draws, arrays(2000)
    cloud = app.splats(one.position, scale=one.scale, rotation=one.rotation, color=one.color)
    assert uploads(app, host) >= 1 and len(cloud) == 2000 and cloud.state == "ready" and cloud.url == ""
    assert host.sink.draws == empty + 1 and uploads(app, host, 3) == 0
    app.camera.position = np.array((0.0, 0.0, -20.0))
    app.camera.look_at((0, 0, 0))
    assert uploads(app, host) == 1
    shown = app._engine.store.meshes[int(app._engine.table.mesh[cloud.entity.first_row])].kept[0]
    z = one.position[shown.view(np.uint32), 2]
    assert z[:100].mean() > 2 and z[-100:].mean() < -2, "seen from below zero, the last ones are there"
    cloud.entity.rotate(y=np.pi)
    assert uploads(app, host) == 1, "a cloud that turns is sorted anew"
    assert app.report()["splats"] == {"clouds": 1, "splats": 2000, "loading": 0, "sorts": 3, "on_gpu": 0}


def test_many_are_sorted_in_slices_while_the_order_before_shows() -> None:
    app, host = make()
    app.splats(arrays(3 * order.SLICE).position)
    host.step(app, 5)
    app.camera.position = np.array((0.0, 0.0, -20.0))
    taken = [uploads(app, host) for _ in range(12)]
    assert sum(taken) == 1 and taken.index(1) == 2, "six steps, two a frame"


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_shown_and_a_damaged_one_is_told(kind: str, tmp_path: Path) -> None:
    write = FILES[kind][0]
    whole = write(arrays())
    (tmp_path / "good").write_bytes(whole)
    (tmp_path / "short").write_bytes(whole[: len(whole) // 2])
    at = {"ply": 60, "glb": 40}.get(kind, 12)  # within the header, the JSON, and the packed bytes
    (tmp_path / "bent").write_bytes(whole[:at] + b"\xff\xfe9" + whole[at + 3 :])
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    told: list[str] = []
    for name in ("good", "short", "bent"):
        cloud = app.splats(name)
        cloud.on_ready(lambda name=name: told.append(f"{name} ready"))
        cloud.on_failed(lambda name=name: told.append(f"{name} failed"))
    before = app._engine.heap_ledger.used_bytes
    host.step(app, 30)
    assert sorted(told) == ["bent failed", "good ready", "short failed"], host.logs
    assert app.report()["splats"] == {"clouds": 1, "splats": COUNT, "loading": 0, "sorts": 1, "on_gpu": 0}
    assert sum("The splats" in line for _, line in host.logs) == 2
    assert 0 <= app._engine.heap_ledger.used_bytes - before < 100_000
    app.close()


def test_a_large_cloud_is_drawn_once_it_is_in_order() -> None:
    app, host = make()
    host.step(app, 2)
    empty, drawn = host.sink.draws, []
    app.splats(arrays(3 * order.SLICE).position)
    for _ in range(5):
        host.step(app)
        drawn.append(host.sink.draws - empty)
    assert drawn == [0, 0, 1, 1, 1], "two steps a frame"


def test_clouds_share_what_a_frame_may_sort() -> None:
    app, host = make()
    host.step(app, 2)
    empty, drawn = host.sink.draws, []
    for seed in range(3):
        app.splats(arrays(order.SLICE, seed).position)
    app.splats(arrays(500).position)
    for _ in range(4):
        host.step(app)
        drawn.append(host.sink.draws - empty)
    assert drawn == [1, 2, 3, 4]
    clouds = app._engine.subsystems._running["splats"]._clouds  # type: ignore[attr-defined]
    for frame in range(12):
        app.camera.position = np.array((0.0, 0.0, 20.0 + 4.0 * frame))
        host.step(app)
    assert min(cloud.order.sorts for cloud in clouds) >= 4, "where all are stale in every frame, each has its turn"


def test_bytes_come_back_with_the_entity_and_are_refused_beyond_the_budget() -> None:
    app, host = make(budgets=lw.Budgets(gpu_mib=64))
    first = app.splats(np.zeros((1, 3)))
    host.step(app, 3)
    first.destroy()
    host.step(app, 3)
    heap, gpu = app._engine.heap_ledger, app._engine.gpu_ledger
    before = heap.used_bytes, gpu.used_bytes
    cloud = app.splats(arrays(10_000).position)
    assert heap.used_bytes - before[0] >= 10_000 * (32 + 4 + 6) and gpu.used_bytes - before[1] >= 0
    host.step(app, 2)
    cloud.destroy()
    host.step(app, 3)
    assert heap.used_bytes == before[0] and app.report()["splats"]["clouds"] == 0
    with pytest.raises(lw.BudgetError):
        app.splats(np.zeros((COUNT_MAX, 3), np.float32))
    host.step(app, 2)
    assert heap.used_bytes == before[0]


# -- in models and tiles ---------------------------------------------------------------------------


def test_a_model_shows_its_splats_with_its_nodes(tmp_path: Path) -> None:
    one = arrays(300, degree=1)
    nodes = [{"children": [1, 2]}, {"mesh": 0, "translation": [1, 2, 3]}, {"mesh": 0, "scale": [2, 2, 2]}]
    (tmp_path / "scan.glb").write_bytes(glb(one, nodes=nodes))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    app.camera.position = np.array((0.0, 0.0, 40.0))
    app.camera.look_at((0, 0, 0))
    host.step(app, 3)
    heap, gpu = app._engine.heap_ledger, app._engine.gpu_ledger
    before = heap.used_bytes, gpu.used_bytes, host.sink.draws
    model = app.load("scan.glb")
    host.step(app, 20)
    assert model.state == "ready" and not model.warnings and app.report()["errors"] == []
    assert host.sink.draws == before[2] + 1, "two rows of one mesh"
    assert app.report()["splats"] | {"sorts": 0} == {"clouds": 1, "splats": 300, "loading": 0, "sorts": 0, "on_gpu": 0}
    cloud = app._engine.subsystems._running["splats"]._clouds[0]  # type: ignore[attr-defined]
    assert (np.sort(cloud.order.order) == np.arange(300)).all() and cloud.order.sorts == 1
    away = np.linalg.norm(one.position + np.array((1, 2, -37)), axis=1)[cloud.order.order]
    assert (np.diff(away) < 0.01).all(), "as the nearer node has them"
    assert model.state == "ready" and gpu.used_bytes > before[1]
    model.close()
    host.step(app, 5)
    assert app.report()["splats"]["clouds"] == 0 and host.sink.draws == before[2]
    assert heap.used_bytes == before[0]


def test_a_world_shows_the_splats_of_its_tiles_under_its_budget(tmp_path: Path) -> None:
    from layerw.base.ports import F64

    one = arrays(2000)
    (tmp_path / "scan.glb").write_bytes(glb(one))
    tile = {"boundingVolume": {"box": [0, 0, 0, 6, 0, 0, 0, 6, 0, 0, 0, 6]}, "geometricError": 0, "refine": "REPLACE",
            "content": {"uri": "scan.glb"}}  # fmt: skip
    tileset = {"asset": {"version": "1.1"}, "geometricError": 10, "root": tile}
    (tmp_path / "tileset.json").write_text(json.dumps(tileset))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    app.camera.position = np.array((0.0, 0.0, 30.0))
    app.camera.look_at((0, 0, 0))
    host.step(app, 3)
    before = host.sink.draws
    world = app.stream("tileset.json")
    host.step(app, 40)
    assert app.report()["errors"] == [] and world.state == "ready", host.logs
    assert host.sink.draws == before + 1
    report = app.report()["splats"]
    assert report["clouds"] == 1 and report["splats"] == 2000 and report["sorts"] == 1
    cloud = app._engine.subsystems._running["splats"]._clouds[0]  # type: ignore[attr-defined]
    eye: F64 = np.array((0.0, 0.0, 30.0))
    # A tile is Z up: glTF's Y up is turned to that, and back by the world.
    away = np.linalg.norm(one.position - eye, axis=1)[cloud.order.order]
    assert (np.diff(away) < 0.02).all()
    world.close()
    host.step(app, 10)
    assert app.report()["splats"]["clouds"] == 0 and host.sink.draws == before


def test_splats_without_room_wait_and_damaged_ones_are_told(tmp_path: Path) -> None:
    broken = arrays(20)
    broken.scale[3, 1] = np.nan
    (tmp_path / "bad.glb").write_bytes(glb(broken))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    model = app.load("bad.glb")
    host.step(app, 20)
    assert model.state == "failed" and "splat 3 has the scale" in model.error
    assert app.report()["splats"]["clouds"] == 0


def test_a_model_whose_splats_there_is_no_room_to_read_fails_at_once(tmp_path: Path) -> None:
    (tmp_path / "scan.glb").write_bytes(glb(arrays(20_000)))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    heap = app._engine.heap_ledger
    heap.reserve(heap.left_bytes - 4_000_000, "The rest of a program")
    model = app.load("scan.glb")
    host.step(app, 20)
    assert model.state == "failed" and "20,000 splats needs" in model.error and "heap_mib" in model.error
    assert app.report()["splats"]["clouds"] == 0


def test_splats_that_wait_for_the_gpu_are_not_read_each_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from layerw.splats import gltf_files

    (tmp_path / "scan.glb").write_bytes(glb(arrays(20_000)))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    host.step(app, 3)
    store, taken, reads = app._engine.store, gltf_files.taken, list[int]()

    def counted(values: Any, parts: Any) -> Arrays:
        reads.append(parts.count)
        return taken(values, parts)

    monkeypatch.setattr(gltf_files, "taken", counted)
    held = store.left_bytes - 100_000
    assert store.try_charge(held)
    model = app.load("scan.glb")
    host.step(app, 20)
    assert model.state == "loading" and not reads
    store.uncharge(held)
    host.step(app, 5)
    assert model.state == "ready" and len(reads) == 1


def test_a_program_without_splats_imports_nothing_of_them() -> None:
    code = "import sys, layerw as lw; lw.App().frame_step(0, .1, 0, 0); print('layerw.splats' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
