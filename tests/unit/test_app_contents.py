"""Models, worlds and the sea in the frame: loading, budgets at every frame, broken files, a lost device."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.faults import Fault
from layerw.hosts.headless import HeadlessHost, run_headless

SHARED = Path(__file__).parents[3] / "shared" / "data"


def glb(*, triangles: int = 2, planted: dict[str, Any] | None = None) -> bytes:
    """A glb of one mesh with two primitives, under a turned parent node."""
    points = np.random.default_rng(triangles).random((3 * triangles, 3)).astype("<f4")
    low, high = points.min(0).tolist(), points.max(0).tolist()
    document: dict[str, Any] = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "base", "translation": [0, 1, 0], "children": [1]}, {"name": "leaf", "mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}, {"attributes": {"POSITION": 0}, "material": 0}]}],
        "materials": [{"alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 0.5]}}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3 * triangles, "type": "VEC3", "min": low,
                       "max": high}],
        "bufferViews": [{"buffer": 0, "byteLength": points.nbytes}], "buffers": [{"byteLength": points.nbytes}],
    }  # fmt: skip
    document.update(planted or {})
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text
    body += struct.pack("<II", points.nbytes, 0x004E4942) + points.tobytes()
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def tileset(folder: Path, children: int, triangles: int) -> None:
    """A flat world: a root and `children` finer tiles in a row; no ground grid."""
    (folder / "root.glb").write_bytes(glb(triangles=4))
    tiles = []
    for number in range(children):
        (folder / f"{number}.glb").write_bytes(glb(triangles=triangles))
        tiles.append({"boundingVolume": {"sphere": [0.5, 0, 0.5, 2]}, "geometricError": 0,
                      "content": {"uri": f"{number}.glb"}})  # fmt: skip
    root = {"boundingVolume": {"sphere": [0.5, 0, 0.5, 3]}, "geometricError": 50, "refine": "REPLACE",
            "content": {"uri": "root.glb"}, "children": tiles}  # fmt: skip
    (folder / "tileset.json").write_text(json.dumps({"asset": {"version": "1.1"}, "geometricError": 100, "root": root}))


def make(root: Path, *, network: dict[str, Any] | None = None, **settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(root, size=(320, 200), **(network or {}))
    return lw.App(host=host, **settings), host


def step_within_budgets(app: lw.App, host: HeadlessHost, frames: int) -> None:
    """Runs frames; at each of them all budgets hold, on both sides."""
    for _ in range(frames):
        host.step(app)
        assert app._engine.gpu_ledger.used_bytes <= app._engine.gpu_ledger.budget_bytes
        assert app._engine.store.committed.used_bytes <= app._engine.gpu_ledger.budget_bytes
        assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes
        ledger = app._engine.layer_ledger
        assert host.transfers.held_total_bytes <= ledger.held_bytes <= ledger.budget_bytes


def assert_all_freed(app: lw.App, host: HeadlessHost) -> None:
    app.close()
    host.step(app, 3)
    fixed = sum(app._engine.resources._charges.values())
    assert (app._engine.transfers.live_count, host.transfers.live, host.transfers.held_total_bytes) == (0, {}, 0)
    assert (host.sink.meshes, host.sink.textures, host.sink.materials) == ({}, {}, {})
    ledger = app._engine.layer_ledger
    assert (ledger.held_bytes - ledger.fixed_bytes, app._engine.gpu_ledger.used_bytes) == (0, fixed)
    assert app._engine.layer.memory is None or app._engine.layer.memory.statistics().handle_count == 0
    assert len(app._engine.backups) == app._engine.backups.size_bytes == 0 and host.errors == []
    assert app._engine.table.alive_count == 0
    app._engine.store.check_invariants()


def test_a_model_becomes_entities_and_goes_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "m.glb").write_bytes(glb())
    app, host = make(tmp_path)
    model = app.load("m.glb", position=(5, 0, -5), scale=2)
    calls: list[str] = []
    model.on_ready(lambda: calls.append(model.state))
    step_within_budgets(app, host, 12)
    assert (calls, model.state, model.error, host.errors) == (["ready"], "ready", "", [])
    assert model.entities["leaf"].parent is not None and model.entities["base"].position.tolist() == [0, 1, 0]
    columns = app._engine.table.update()
    assert columns.position[model.entities["leaf"].first_row].tolist() == [5, 2, -5]
    assert host.sink.draws == 2 and host.sink.casts >= 1, "the opaque one with its shadow, and the blended one"
    model.on_ready(lambda: calls.append("late"))
    assert calls == ["ready", "late"]
    model.close()
    host.step(app, 2)
    assert (model.state, app._engine.table.alive_count, host.sink.draws) == ("closed", 0, 0)
    assert_all_freed(app, host)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not a model at all", "neither glTF"),
        (glb()[:60], "at most 60 bytes"),
        (glb(planted={"bufferViews": [{"buffer": 0, "byteOffset": 40, "byteLength": 72}]}), "byte"),
        (None, "not a file"),
    ],
)
def test_a_broken_model_is_a_message_and_the_rest_goes_on(tmp_path: Path, data: bytes | None, message: str) -> None:
    if data is not None:
        (tmp_path / "m.glb").write_bytes(data)
    app, host = make(tmp_path)
    app.spawn(lw.Mesh.box())
    model = app.load("m.glb")
    step_within_budgets(app, host, 20)
    assert model.state == "failed" and message in model.error
    assert any("m.glb could not be loaded" in text for level, text in host.logs if level == 2)
    assert host.sink.draws == 1 and host.submits == 20
    assert_all_freed(app, host)


def test_a_mistake_in_on_ready_is_shown_and_the_model_stays(tmp_path: Path) -> None:
    (tmp_path / "m.glb").write_bytes(glb())
    app, host = make(tmp_path)
    model = app.load("m.glb")
    model.on_ready(lambda: 1 / 0)
    host.step(app, 12)
    assert model.state == "ready" and len(host.errors) == 1 and "ZeroDivisionError" in host.errors[0]


def test_what_a_ray_meets_of_a_model_leads_to_the_model(tmp_path: Path) -> None:
    """As docs/picking.md says it."""
    (tmp_path / "m.glb").write_bytes(glb())
    app, host = make(tmp_path)
    models = [app.load("m.glb", position=(x, 0, 0)) for x in (0, 50)]
    alone = app.spawn(lw.Mesh.box(), position=(100, 0, 0))
    host.step(app, 12)
    of_root = {model.root: model for model in models}
    for wanted, place in ((models[0], 0.0), (models[1], 50.0), (None, 100.0)):
        parts = [] if wanted is None else list(wanted.entities.values())
        met = [hit for dx in np.linspace(-2, 2, 21) for dz in np.linspace(-2, 2, 21)
               if (hit := app.raycast((place + dx, 50, dz), (0, -1, 0))) is not None]  # fmt: skip
        assert met
        for hit in met:
            entity: lw.Entity | None = hit.entity
            assert entity in parts or entity == alone
            while entity is not None and entity not in of_root:
                entity = entity.parent
            assert of_root.get(entity) is wanted  # type: ignore[call-overload]


@pytest.mark.parametrize("backups", ["blocks", "all", "some", "none"])
def test_a_world_streams_settles_and_survives_a_lost_device(tmp_path: Path, backups: str) -> None:
    tileset(tmp_path, children=5, triangles=50)
    (tmp_path / "m.glb").write_bytes(glb())
    app, host = make(tmp_path, budgets=lw.Budgets(mesh_mib=64 if backups == "blocks" else 0))
    model = app.load("m.glb")
    world = app.stream("tileset.json")
    ready: list[str] = []
    world.on_ready(lambda: ready.append(world.state))
    step_within_budgets(app, host, 60)
    assert ready == ["ready"] and app.settled and host.errors == []
    report = host.request_report(app)
    assert report["tiles"] == {"resident": 6, "pending": 0, "failed": 0}
    before = (host.sink.draws, host.sink.triangles)
    assert before[1] >= 5 * 2 * 50
    assert (app._engine.layer.memory is not None) is (backups == "blocks") and len(app._engine.backups) >= 7
    spare = app._engine.layer_ledger.spare_bytes
    app._engine.backups.evict({"blocks": 1 << 40, "all": 0, "some": spare // 2, "none": 1 << 40}[backups])
    asked, kept = len(host.transfers.fetched_urls), len(app._engine.backups)
    host.lose_device()
    step_within_budgets(app, host, 2 if backups in ("all", "blocks") else 60)
    assert (host.sink.draws, host.sink.triangles) == before
    again = len(host.transfers.fetched_urls) - asked
    assert {"blocks": again == 0, "all": again == 0, "some": 0 < again < 7, "none": again == 7}[backups], (again, kept)
    assert model.state == "ready"
    assert app.settled and app._engine.store.lost_count == 0
    assert_all_freed(app, host)


def test_a_view_that_needs_more_than_the_budget_shows_coarser_tiles(tmp_path: Path) -> None:
    tileset(tmp_path, children=8, triangles=5000)
    app, host = make(tmp_path, budgets=lw.Budgets(gpu_mib=24, layer_mib=4))
    world = app.stream("tileset.json")
    step_within_budgets(app, host, 300)
    assert world.state == "ready" and world.settled
    assert host.sink.triangles > 0, "something shows"
    assert host.sink.triangles < 8 * 5000
    assert_all_freed(app, host)


def test_a_failed_tile_is_tried_again_and_its_parent_shows_meanwhile(tmp_path: Path) -> None:
    tileset(tmp_path, children=3, triangles=20)
    network = {"fault": lambda url, attempt: Fault("status") if url == "1.glb" and attempt < 3 else None}
    app, host = make(tmp_path, network=network)
    app.stream("tileset.json")
    step_within_budgets(app, host, 40)
    assert host.sink.draws > 0
    step_within_budgets(app, host, 400)
    assert app._engine.contents.counts() == {"resident": 4, "pending": 0, "failed": 0}
    assert host.transfers.fetched_urls.count("1.glb") == 3
    assert host.errors == []
    assert_all_freed(app, host)


def test_a_missing_world_is_a_message(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    world = app.stream("nowhere")
    host.step(app, 300)
    assert world.state == "retrying" and not app.settled and 0 < world.retry_in_s < 5
    assert app.report()["waits_in_vain"], "a shot ends here"
    assert "nowhere" in world.error and sum("nowhere" in text for _, text in host.logs) == 1
    with pytest.raises(lw.LayerwError, match="no ground grid"):
        world.height(0, 0)


def test_words_above_the_sea_are_drawn_over_it() -> None:
    """However far they are: the middle of the sea's mesh is anywhere within 45 m of the camera."""
    app = lw.App(host=HeadlessHost())
    app.sea.level = 0.0
    app.camera.position = (0, 3, 10)
    app.camera.look_at((0, 1, 0))
    for z in (5.0, -300.0):
        lw.Label("here", position=(0, 1.5, z))
    app.host.step(app, 2)
    store, materials = app._engine.store, app._engine.shown.found.blend[:, 1].tolist()
    assert [store.materials[one].desc.kind for one in materials] == ["water", "glyphs", "glyphs"]
    app.close()


def test_the_sea_is_one_blended_draw_that_follows_the_camera(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    host.step(app, 2)
    assert host.sink.draws == 0
    app.sea.level = 3.0
    app.camera.position = np.array((10_000.0, 50.0, -7_000.0))
    host.step(app, 3)
    assert host.sink.draws == 1
    row = host.sink.columns[0][app._engine.contents.first_row]
    assert abs(row[0]) <= 32 and abs(row[2]) <= 32 and row[1] == pytest.approx(3.0 - 50.0)
    assert app._engine._view.block.read("fog_params")[3] == 3.0
    writes = host.sink.commands.get("rows_write", 0)
    host.step(app, 5)
    assert host.sink.commands["rows_write"] == writes, "a still view uploads nothing"
    app.sea.clarity_m = 2.0
    host.step(app)
    assert host.sink.commands["material_write"] == 1
    app.sea.level = None
    host.step(app)
    assert host.sink.draws == 0
    assert_all_freed(app, host)


@pytest.mark.parametrize("url", ["models/FlightHelmet/FlightHelmet.gltf", "models/Fox.glb"])
def test_the_shared_models_load_within_small_budgets(url: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here")
    app, host = make(SHARED, budgets=lw.Budgets(gpu_mib=64, layer_mib=24))
    model = app.load(url, max_texture_side=512)
    step_within_budgets(app, host, 200)
    assert (model.state, model.error, host.errors) == ("ready", "", [])
    assert model.radius > 0.1 and host.sink.triangles > 500
    assert_all_freed(app, host)


@pytest.mark.parametrize("name", ["SparseImplicitQuadtree", "TilesetWithDiscreteLOD"])
def test_the_shared_tilesets_stream(name: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here")
    app, host = make(SHARED)
    world = app.stream(f"tilesets/{name}", place="local")

    @world.on_ready
    def look() -> None:
        app.camera.position = np.array(world.view_from)
        app.camera.look_at(world.view_to)

    report = run_headless(app, 300)
    assert report["settled"] and report["tiles"]["resident"] > 0 and host.sink.triangles > 0
    assert_all_freed(app, host)


def test_a_world_far_from_the_origin_gives_the_same_rows_to_the_gpu(tmp_path: Path) -> None:
    tileset(tmp_path, children=3, triangles=10)
    rows = []
    for far in (np.zeros(3), np.array((4_000_000.123, 1_000_000.456, 4_800_000.789))):
        app, host = make(tmp_path)
        matrix = np.eye(4)
        matrix[:3, 3] = far  # in the tileset's Z-up axes
        app.stream("tileset.json", transform=matrix)
        app.camera.position = np.array((far[0], far[2] + 2.0, 5.0 - far[1]))
        app.camera.yaw, app.camera.pitch = 0.0, -0.3
        host.step(app, 40)
        assert app._engine.contents.counts()["resident"] == 4
        first = app._engine.contents.first_row
        rows.append((host.sink.columns[0][first : first + 8].copy(), host.sink.triangles))
    assert rows[0][1] == rows[1][1] > 0
    assert np.abs(rows[0][0] - rows[1][0]).max() < 1e-5


def test_meshes_get_layer_memory_once_the_budget_has_room_for_it(tmp_path: Path) -> None:
    (tmp_path / "m.glb").write_bytes(glb())
    app, host = make(tmp_path, budgets=lw.Budgets(layer_mib=64, mesh_mib=16))
    busy = app._engine.layer_ledger.left_bytes - (8 << 20)
    app._engine.layer_ledger.reserve(busy, "Something that loads")
    first = app.load("m.glb")
    host.step(app, 12)
    assert first.state == "ready" and app._engine.layer.memory is None and app._engine.layer_ledger.spare_bytes > 0
    app._engine.layer_ledger.release(busy)
    (tmp_path / "n.glb").write_bytes(glb(triangles=3))
    second = app.load("n.glb")
    host.step(app, 12)
    assert second.state == "ready" and app._engine.layer.memory is not None
    assert app._engine.layer.memory.statistics().handle_count > 0 and app._engine.layer_ledger.fixed_bytes == 16 << 20
    assert_all_freed(app, host)


def test_a_host_without_kernels_is_asked_once_and_charged_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.glb").write_bytes(glb())
    app, host = make(tmp_path)
    asked: list[int] = []

    def refuse(budget_bytes: int) -> Any:
        asked.append(budget_bytes)
        raise RuntimeError("Layer memory is not loaded")

    host.open_layer = refuse  # type: ignore[method-assign]
    (tmp_path / "n.glb").write_bytes(glb())
    models = [app.load(name) for name in ("m.glb", "n.glb")]
    host.step(app, 12)
    assert [model.state for model in models] == ["ready", "ready"]
    assert len(asked) == 1 and app._engine.layer_ledger.fixed_bytes == 0
    assert sum("not loaded" in text for _, text in host.logs) == 1
    assert_all_freed(app, host)
