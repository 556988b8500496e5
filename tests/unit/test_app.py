"""The App on the headless host: the frame, the API, mistakes in programs, a lost device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost, run_headless


def make(**settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = settings.pop("host", None) or HeadlessHost()
    return lw.App(host=host, **settings), host


def test_the_cube_of_the_readme_turns_and_draws() -> None:
    app, host = make()
    cube = app.spawn(lw.Mesh.box(), lw.Material(color="tomato"))

    @app.frame
    def update(dt: float) -> None:
        cube.rotate(y=dt)

    report = run_headless(app, 60)
    assert report["entities"] == 1 and report["errors"] == [] and report["settled"]
    assert report["draws"] == 1 and report["triangles"] == 12
    assert host.sink.casts == len(app._engine.shadows.layout.dynamic), "in each cascade"
    assert report["crossings_per_frame"] == {"py_to_js": 1.0, "js_to_py": 1}
    assert cube.rotation[1] == pytest.approx(np.sin(0.5), abs=2e-3)
    assert host.sink.columns[1][0] == pytest.approx(cube.rotation)


def test_two_runs_have_one_state_hash_and_another_program_has_another() -> None:
    hashes = []
    for turn in (1.0, 1.0, 2.0):
        app, _ = make()
        boxes = app.spawn_many(lw.Mesh.box(), 100, position=np.arange(300).reshape(100, 3))
        app.frame(lambda dt, boxes=boxes, turn=turn: boxes.position.__iadd__(np.float32(dt * turn)))
        hashes.append(run_headless(app, 10)["state_hash"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_nothing_dirty_uploads_no_rows_and_few_words() -> None:
    app, host = make()
    app.spawn_many(lw.Mesh.box(), 5000, position=np.zeros((5000, 3)))
    host.step(app, 5)
    assert host.sink.rows_written == 0
    before = dict(host.sink.commands)
    host.step(app, 10)
    assert host.sink.commands["rows_write"] == before["rows_write"]
    assert app._engine.submission.words_submitted < 64


def test_only_moved_blocks_are_uploaded() -> None:
    app, host = make()
    first = app.spawn_many(lw.Mesh.box(), 4096)
    second = app.spawn_many(lw.Mesh.box(), 1024)
    host.step(app, 3)
    second.position = np.ones((1024, 3))
    host.step(app)
    assert host.sink.rows_written == 1024
    assert first.alive


def test_spawning_a_hundred_thousand_and_writing_to_a_view_moves_them() -> None:
    app, host = make()
    trees = app.spawn_many(lw.Mesh.cone(), 100_000, position=np.zeros((100_000, 3)))
    host.step(app, 2)
    trees.position[:, 1] = 7
    host.step(app)
    assert (host.sink.columns[0][: 100_000, 1] == 7).all()
    app.despawn(trees)
    with pytest.raises(lw.HandleError):
        _ = trees.position
    host.step(app, 2)
    assert host.sink.draws == 0


def test_one_submit_a_frame_whatever_the_program_does() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    calls = []

    @app.frame
    def broken(dt: float) -> None:
        calls.append(dt)
        raise RuntimeError("planted mistake")

    @app.frame
    def good(dt: float) -> None:
        calls.append(-dt)

    host.step(app, 10)
    assert host.submits == 10
    assert len(host.errors) == 1 and "planted mistake" in host.errors[0] and __file__ in host.errors[0]
    assert "user_code.py" not in host.errors[0]
    assert sum(call > 0 for call in calls) == sum(call < 0 for call in calls) == 10  # told once, called again
    assert host.sink.draws == 1, "the picture goes on"
    assert (3, host.errors[0]) in host.logs
    assert len(host.request_report(app)["errors"]) == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"position": np.zeros((9, 3))}, r"\(10, 3\)"),
        ({"position": np.full((10, 3), np.nan)}, "NaN"),
        ({"rotation": np.zeros((10, 3))}, r"\(10, 4\)"),
    ],
)
def test_shape_errors_name_the_shapes_and_leave_nothing_behind(values: dict[str, Any], message: str) -> None:
    app, _ = make()
    with pytest.raises(lw.ShapeError, match=message):
        app.spawn_many(lw.Mesh.box(), 10, **values)
    assert app._engine.table.alive_count == 0


@pytest.mark.parametrize("count", [-1, 1.5, True])
def test_counts_are_whole_and_not_negative(count: Any) -> None:
    app, _ = make()
    with pytest.raises(lw.LayerwError, match="whole number"):
        app.spawn_many(lw.Mesh.box(), count)


def test_mixed_up_arguments_are_named() -> None:
    app, _ = make()
    with pytest.raises(lw.ShapeError, match=r"lw\.Mesh or a lw\.Lods"):
        app.spawn(lw.Material())  # type: ignore[arg-type]
    with pytest.raises(lw.ShapeError, match=r"must be a lw\.Material"):
        app.spawn(lw.Mesh.box(), lw.Mesh.box())  # type: ignore[arg-type]


def test_one_mesh_object_is_one_gpu_mesh() -> None:
    app, host = make()
    box, look = lw.Mesh.box(), lw.Material()
    for x in range(20):
        app.spawn(box, look, position=(x, 0, 0))
    host.step(app)
    assert (len(host.sink.meshes), len(host.sink.materials)) == (1, 1)
    assert host.sink.draws == 1


def test_lods_draw_by_distance() -> None:
    app, host = make()
    near, far = lw.Mesh.sphere(segments=32), lw.Mesh.sphere(segments=6)
    app.spawn_many(lw.Lods([(near, 10), (far, 100)]), 2, position=[(0, 0, 0), (0, 0, -40)])
    app.shadows.enabled = False
    host.step(app, 2)
    triangles = (len(near.data.indices) + len(far.data.indices)) // 3
    assert (host.sink.draws, host.sink.triangles) == (2, triangles)


def test_an_impossible_camera_is_reported_once_and_the_last_good_one_is_kept() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    host.step(app)
    app.camera.position[1] = np.nan  # numpy tells nobody
    host.step(app, 5)
    assert len(host.errors) == 1 and "position" in host.errors[0]
    assert host.sink.draws == 1
    assert host.submits == 6


def test_a_lost_device_comes_back_with_everything_the_program_made() -> None:
    app, host = make()
    app.spawn_many(lw.Mesh.box(), 3000, lw.Material(color="gold"), position=np.random.default_rng(1).random((3000, 3)))
    host.step(app, 3)
    before = (host.sink.draws, host.sink.triangles, [c.copy() for c in host.sink.columns], host.sink.gpu_bytes)
    host.lose_device()
    host.step(app, 1)
    assert (host.sink.draws, host.sink.triangles, host.sink.gpu_bytes) == (before[0], before[1], before[3])
    assert all((a == b).all() for a, b in zip(before[2], host.sink.columns, strict=True))
    assert host.sink.skipped == 0


def test_close_frees_every_handle_and_byte() -> None:
    app, host = make()
    app.spawn_many(lw.Mesh.sphere(), 10, lw.Material(color=(1, 0, 0, 0.5)))
    app.spawn(lw.Lods([(lw.Mesh.box(), 5.0)]))
    host.step(app, 3)
    app.close()
    host.step(app, 2)
    assert (len(host.sink.meshes), len(host.sink.materials), app._engine.table.alive_count) == (0, 0, 0)
    assert app._engine.gpu_ledger.used_bytes == sum(app._engine.resources._charges.values())
    app._engine.store.check_invariants()


def test_the_inbox_grows_when_an_event_does_not_fit() -> None:
    app, host = make()
    host.step(app)
    host.send("device_lost", "x" * 200_000)
    host.step(app, 3)
    assert any(len(text) > 10_000 for _, text in host.logs)
    assert app._engine.inbox.array.nbytes == 1 << 18


def test_input_reaches_the_program_in_the_frame_it_arrives() -> None:
    app, host = make()
    seen = []
    app.frame(lambda dt: seen.append(app.input.pressed("KeyW")))
    host.step(app)
    host.send("key", 22, 1)
    host.step(app, 2)
    assert seen == [False, True, False]


def test_budgets_come_from_the_page_too_and_too_small_ones_are_explained() -> None:
    app, host = make(host=HeadlessHost(options={"budgets": {"gpu_mib": 30}}))
    assert app._engine.config.budgets.gpu_mib == 30
    host.step(app, 2)
    assert any("gpu_mib" in text for _, text in host.logs), "targets do not fit"
    app._engine.gpu_ledger.check_invariants()
    with pytest.raises(lw.ConfigError):
        lw.App(lanes=0, host=HeadlessHost())


def test_the_report_is_bounded_by_its_budgets() -> None:
    app, _ = make()
    app.spawn(lw.Mesh.box())
    report = run_headless(app, 2)
    for name in ("heap", "layer", "gpu"):
        assert 0 <= report[f"{name}_bytes"] <= report["budgets"][name]
    assert report["tiles"] == {"resident": 0, "pending": 0, "failed": 0}


@pytest.mark.parametrize("position", [5, None, (1, 2), "abc"])
def test_a_camera_position_that_is_none_is_refused_where_it_is_given(position: Any) -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    with pytest.raises(lw.LayerwError, match=r"camera\.position .* takes 3 finite numbers"):
        app.camera.position = position
    host.step(app, 3)
    assert host.errors == [] and host.sink.draws == 1


def test_a_still_view_writes_only_the_time_and_a_changed_colour_is_seen() -> None:
    app, host = make()
    host.step(app, 2)
    block = app._engine._view.block
    block.read("viewport")[:] = -1
    host.step(app)
    assert block.read("viewport")[0] == -1
    assert block.read("camera_hi")[3] == np.float32(2 / 60)
    app.sky.zenith = (1.0, 2.0, 3.0)
    app.camera.yaw += 0.1
    host.step(app)
    assert block.read("sky_zenith")[:3].tolist() == [1, 2, 3]
    assert block.read("viewport")[0] == 1080


def test_an_entity_that_loses_its_parent_goes_back_to_its_own_place() -> None:
    app, host = make()
    above = app.spawn(lw.Mesh.box(), position=(10, 0, 0))
    child = app.spawn(lw.Mesh.box(), position=(1, 0, 0), parent=above)
    host.step(app, 3)
    assert host.sink.columns[0][:2, 0].tolist() == [10, 11]
    child.parent = None
    host.step(app, 2)
    assert host.sink.columns[0][:2, 0].tolist() == [10, 1]
