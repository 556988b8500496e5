"""Models give everything back, share files, and say so where they don't fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_app_contents import glb, make
from test_models import held

import layerw as lw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.glb").write_bytes(glb(triangles=200))
    return tmp_path


def ready(app: lw.App, host: Any, count: int = 1, name: str = "a.glb", **values: Any) -> list[lw.Model]:
    models = [app.load(name, **values) for _ in range(count)]
    host.step(app, 20)
    assert [model.state for model in models] == ["ready"] * count, [model.error for model in models]
    return models


def counts(app: lw.App, host: Any) -> tuple[int, int, int]:
    """Fetches so far, meshes and materials that are held."""
    return host.sink.commands.get("fetch", 0), len(host.sink.meshes), len(host.sink.materials)


def builds(host: Any) -> int:
    """Meshes built so far, in Layer memory or outside."""
    return sum(host.sink.commands.get(name, 0) for name in ("mesh_build", "mesh_build_in"))


def test_despawning_the_root_frees_the_model(folder: Path) -> None:
    app, host = make(folder)
    app.spawn(lw.Mesh.box())
    ready(app, host)[0].close()
    host.step(app, 3)
    before = held(app), counts(app, host)[1:]
    for _ in range(5):
        (model,) = ready(app, host)
        app.despawn(model.root)
        host.step(app, 3)
        assert model.state == "closed" and not app._engine.contents.models
        assert (held(app), counts(app, host)[1:]) == before
    assert host.errors == []


def test_a_part_with_another_parent_keeps_what_it_shows(folder: Path) -> None:
    app, host = make(folder)
    (model,) = ready(app, host)
    leaf = model.entities["leaf"]
    leaf.parent = None
    app.despawn(model.root)
    host.step(app, 3)
    assert model.state == "ready" and leaf.alive and counts(app, host)[1] == 2
    leaf.despawn()
    host.step(app, 3)
    assert model.state == "closed" and counts(app, host)[1:] == (0, 0) and host.errors == []


def test_ten_loads_of_a_file_are_fetched_decoded_and_held_once(folder: Path) -> None:
    app, host = make(folder)
    (one,) = ready(app, host)
    alone, figures = counts(app, host), held(app)
    models = ready(app, host, 9)
    assert counts(app, host) == alone
    assert held(app) == figures | {"entities": 10 * figures["entities"]}
    meshes = {part.mesh for model in [one, *models] for part in model.primitives}
    assert len(meshes) == 2
    for model in [one, *models[:-1]]:
        model.close()
    host.step(app, 3)
    assert counts(app, host) == alone and models[-1].state == "ready"
    app.despawn(models[-1].root)
    host.step(app, 3)
    assert counts(app, host)[1:] == (0, 0) and held(app)["transfers"] == 0 and host.errors == []


def test_loads_that_are_on_their_way_are_joined_and_one_that_leaves_stops_nobody(folder: Path) -> None:
    app, host = make(folder, network={"latency_frames": 6})
    models = [app.load("a.glb") for _ in range(4)]
    host.step(app, 2)
    app.despawn(models[0].root)
    models[1].close()
    host.step(app, 20)
    assert [model.state for model in models] == ["closed", "closed", "ready", "ready"]
    assert counts(app, host)[0] == 1 and host.errors == []


@pytest.mark.parametrize("latency_frames", [0, 4])
def test_equal_bytes_at_other_addresses_are_built_and_held_once(folder: Path, latency_frames: int) -> None:
    for name in "bcd":
        (folder / f"{name}.glb").write_bytes((folder / "a.glb").read_bytes())
    (folder / "other.glb").write_bytes(glb(triangles=201))
    app, host = make(folder, network={"latency_frames": latency_frames})
    (one,) = ready(app, host)
    made, figures = builds(host), held(app)
    models = [app.load(f"{name}.glb") for name in "bcda"]  # three that are new, and on their way at once
    host.step(app, 20)
    assert [model.state for model in models] == ["ready"] * 4 and builds(host) == made > 0
    assert counts(app, host) == (4, 2, 2)
    assert held(app) == figures | {"entities": 5 * figures["entities"]}
    assert {part.mesh for model in models for part in model.primitives} == {part.mesh for part in one.primitives}
    assert [model.url for model in models] == ["b.glb", "c.glb", "d.glb", "a.glb"]
    (other,) = ready(app, host, name="other.glb")
    assert {part.mesh for part in other.primitives}.isdisjoint(part.mesh for part in one.primitives)
    other.close()
    for model in [one, *models[:-1]]:
        model.close()
    host.step(app, 3)
    assert counts(app, host)[1:] == (2, 2) and models[-1].state == "ready"
    app.despawn(models[-1].root)
    host.step(app, 3)
    assert counts(app, host)[1:] == (0, 0) and held(app)["transfers"] == 0 and host.errors == []
    ready(app, host, name="c.glb")


def test_the_first_of_equal_files_may_leave_while_it_loads(folder: Path) -> None:
    (folder / "b.glb").write_bytes((folder / "a.glb").read_bytes())
    app, host = make(folder, network={"latency_frames": 3})
    for frames in range(12):
        first, second = app.load("a.glb"), app.load("b.glb")
        host.step(app, frames)
        first.close()
        host.step(app, 20)
        assert second.state == "ready" and counts(app, host)[1:] == (2, 2)
        second.close()
        host.step(app, 3)
        assert counts(app, host)[1:] == (0, 0) and held(app)["transfers"] == 0 and host.errors == []


def test_an_address_that_nothing_shows_any_more_is_asked_for_anew(folder: Path) -> None:
    """Though its bytes, as they were, are still held for another address."""
    (folder / "b.glb").write_bytes(glb(triangles=200))
    app, host = make(folder)
    (one,), (other,) = ready(app, host), ready(app, host, name="b.glb")
    assert one.primitives == other.primitives
    other.close()
    (folder / "b.glb").write_bytes(glb(triangles=99))
    host.step(app, 3)
    (other,) = ready(app, host, name="b.glb")
    assert one.primitives[0].mesh != other.primitives[0].mesh


@pytest.mark.parametrize("known", [True, False])
def test_a_file_that_changes_while_it_is_fetched_again_is_what_it_is_now(folder: Path, known: bool) -> None:
    """known: its new bytes are those of a model that is there."""
    old, new = glb(triangles=200), glb(triangles=333)
    for name, data in (("c.glb", old), ("y.glb", new)):
        (folder / name).write_bytes(data)
    app, host = make(folder)
    first = ready(app, host, name="y.glb") if known else []
    one = app.load("a.glb")
    while not (one._content and one._content.content.identity):
        host.step(app, 1)
    one._content.content.back_off(serial=False)  # type: ignore[attr-defined]
    (folder / "a.glb").write_bytes(new)
    host.step(app, 20)
    (other,) = ready(app, host, name="c.glb")
    assert one.state == "ready" and one.primitives[0].mesh != other.primitives[0].mesh and app.settled
    assert not known or one.primitives == first[0].primitives


def test_equal_files_with_other_files_beside_them_are_two(folder: Path) -> None:
    """`points.bin` of one folder is not that of the other; in one folder they are the same."""
    data = glb(triangles=50)
    size = int.from_bytes(data[12:16], "little")
    document = json.loads(data[20 : 20 + size])
    document["buffers"][0]["uri"] = "points.bin"
    points = np.frombuffer(data[28 + size :], np.float32)
    for name, scale in (("near", 1), ("far", 2)):
        (folder / name).mkdir()
        (folder / name / "points.bin").write_bytes((scale * points).astype(np.float32).tobytes())
        for copy in ("one.gltf", "two.gltf"):
            (folder / name / copy).write_text(json.dumps(document))
    app, host = make(folder)
    names = ["near/one.gltf", "near/two.gltf", "far/one.gltf", "far/two.gltf"]
    near, near_too, far, far_too = models = [ready(app, host, name=name)[0] for name in names]
    assert [model.primitives for model in (near, far)] == [model.primitives for model in (near_too, far_too)]
    assert near.primitives[0].mesh != far.primitives[0].mesh and counts(app, host)[1:] == (4, 4)
    for model in models:
        model.close()
    host.step(app, 3)
    assert counts(app, host)[1:] == (0, 0) and host.errors == []


def test_the_blend_of_a_shared_material_outlives_one_of_its_models(folder: Path) -> None:
    app, host = make(folder)
    one, two = ready(app, host, 2)
    material = next(part.material for part in one.primitives if part.blend)
    one.close()
    host.step(app, 2)
    assert material in app._engine.visibility._blend
    two.close()
    host.step(app, 2)
    assert not app._engine.visibility._blend


def test_another_texture_size_is_another_content(folder: Path) -> None:
    app, host = make(folder)
    ready(app, host)
    ready(app, host, max_texture_side=64)
    assert counts(app, host)[:2] == (2, 4)


def test_a_failed_file_is_asked_for_again_by_the_next_load(folder: Path) -> None:
    app, host = make(folder)
    first = [app.load("b.glb"), app.load("b.glb")]
    host.step(app, 20)
    assert [model.state for model in first] == ["failed"] * 2
    (folder / "b.glb").write_bytes(glb())
    ready(app, host, name="b.glb")


def test_shared_models_come_back_after_a_lost_device(folder: Path) -> None:
    app, host = make(folder, budgets=lw.Budgets(layer_mib=4))
    models = ready(app, host, 3)
    app._engine.backups.evict(1 << 40)
    before = counts(app, host)
    host.lose_device()
    host.step(app, 25)
    assert [model.state for model in models] == ["ready"] * 3
    assert counts(app, host)[1:] == before[1:] and counts(app, host)[0] <= before[0] + 1


def test_a_load_that_does_not_fit_says_so_and_the_next_one_fits_after_a_despawn(folder: Path) -> None:
    names = [f"{number}.glb" for number in range(6)]
    for number, name in enumerate(names):
        (folder / name).write_bytes(glb(triangles=20_000 + number))
    app, host = make(folder, budgets=lw.Budgets(gpu_mib=36))
    models = [app.load(name) for name in names]
    host.step(app, 400)
    states = [model.state for model in models]
    assert set(states) == {"ready", "failed"} and app.settled, states
    failed = models[states.index("failed")]
    assert "no room" in failed.error and "gpu_mib" in failed.error and np.isfinite(failed.root.position).all()
    for model in models:
        app.despawn(model.root)
    host.step(app, 3)
    assert not app._engine.contents.models
    ready(app, host, name=failed.url)
