"""app.load as programs use it: addresses of every kind, roots that go, what a model says about itself."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from test_app_contents import glb, make

import layerw as lw


def held(app: lw.App) -> dict[str, Any]:
    """What must be as before once a load is over."""
    report = app.report()
    return {name: report[name] for name in ("entities", "layer_bytes", "gpu_bytes", "transfers", "backup_bytes")}


@pytest.mark.parametrize("frames", range(8))
@pytest.mark.parametrize("parent", [False, True])
def test_a_model_whose_root_goes_while_it_loads_is_dropped_and_all_else_goes_on(
        tmp_path: Path, frames: int, parent: bool) -> None:  # fmt: skip
    (tmp_path / "a.glb").write_bytes(glb())
    app, host = make(tmp_path, network={"latency_frames": 2})
    warm = app.load("a.glb", parent=app.spawn(lw.Mesh.box()))  # what is opened once stays
    host.step(app, 20)
    app.despawn(warm.root.parent)
    warm.close()
    box = lw.Mesh.box()
    app.spawn(box).despawn()
    host.step(app, 3)
    before = held(app)
    above = app.spawn(box) if parent else None
    model = app.load("a.glb", parent=above)
    host.step(app, frames)
    assert model.state == "loading" or frames > 4
    app.despawn(above or model.root)
    other = app.load("a.glb")
    host.step(app, 30)
    assert model.state == ("closed" if frames <= 4 else model.state) and other.state == "ready"
    model.close()
    other.close()
    host.step(app, 3)
    assert held(app) == before and host.errors == [] and app.report()["errors"] == [] and app.settled


def test_the_last_good_picture_is_drawn_while_a_root_goes(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(glb())
    app, host = make(tmp_path)
    app.spawn(lw.Mesh.box())
    host.step(app, 3)
    draws = host.sink.draws
    app.despawn(app.load("a.glb").root)
    for _ in range(10):
        host.step(app)
        assert host.sink.draws == draws


@pytest.mark.parametrize("wrong", ["", None, 7, b"a.glb", ["a.glb"], "x" * 20_000])
@pytest.mark.parametrize("call", ["load", "stream"])
def test_what_is_no_address_raises_at_that_line_and_leaves_nothing(tmp_path: Path, wrong: Any, call: str) -> None:
    app, host = make(tmp_path)
    before = held(app)
    with pytest.raises(lw.LayerwError, match=rf"app\.{call}"):
        getattr(app, call)(wrong)
    assert held(app) == before and not app._engine.contents.models and not app._engine.contents.worlds
    host.step(app, 3)
    assert app.report()["errors"] == []


@pytest.mark.parametrize("name", ["box.glb", "my box.glb", "a#b.glb", "50% off.glb", "кубик é.glb"])
def test_a_path_is_an_address(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(glb())
    app, host = make(tmp_path)
    models = [app.load(Path(name)), app.load(tmp_path / name)]
    host.step(app, 20)
    assert [model.state for model in models] == ["ready", "ready"], [model.error for model in models]


@pytest.mark.parametrize("padding", [0, 20_000, 400_000])
def test_a_data_uri_is_an_address(tmp_path: Path, padding: int) -> None:
    data = base64.b64encode(glb(triangles=2 + padding // 36)).decode()
    app, host = make(tmp_path)
    model = app.load("data:model/gltf-binary;base64," + data)
    broken = app.load("data:model/gltf-binary;base64,####")
    host.step(app, 30)
    assert (model.state, broken.state) == ("ready", "failed"), model.error
    assert "data URI" in broken.error and len(app.report()["errors"][0]) < 500


def test_states_errors_and_warnings_are_in_the_report(tmp_path: Path) -> None:
    (tmp_path / "good.glb").write_bytes(glb())
    (tmp_path / "left_out.glb").write_bytes(glb(planted={"extensionsUsed": ["KHR_materials_toy"]}))
    (tmp_path / "needs.glb").write_bytes(glb(planted={"extensionsRequired": ["VENDOR_secret_meshes"]}))
    app, host = make(tmp_path)
    for name in ("good", "left_out", "needs", "missing"):
        app.load(f"{name}.glb")
    host.step(app, 200)
    found = {model["url"]: model for model in host.request_report(app)["models"]}
    assert {url: model["state"] for url, model in found.items()} == {
        "good.glb": "ready", "left_out.glb": "ready", "needs.glb": "failed", "missing.glb": "failed"}  # fmt: skip
    assert "VENDOR_secret_meshes" in found["needs.glb"]["error"]
    assert "missing.glb" in found["missing.glb"]["error"]
    assert ["KHR_materials_toy" in text for text in found["left_out.glb"]["warnings"]] == [True]
    assert found["good.glb"]["warnings"] == [] and json.dumps(list(found.values()))


def test_a_spawn_or_load_that_raises_leaves_nothing(tmp_path: Path) -> None:
    app, host = make(tmp_path, entities_max=2048)
    box, red = lw.Mesh.box(), lw.Material(color="red")
    dead = app.spawn(box, red)
    dead.despawn()
    lods = lw.Lods([(box, 10.0), (lw.Mesh.sphere(0.5), 20.0)])
    host.step(app, 2)
    revision = app.report()["entities"], len(app._engine.contents.models)
    wrong: list[dict[str, Any]] = [{"position": (1, 2)}, {"color": "no such colour"}, {"parent": dead},
                                   {"rotation": (0, 0, 1)}, {"scale": "big"}, {"position": (1, float("nan"), 0)},
                                   {"parent": 7}, {"color": object()}, {"position": {}}]  # fmt: skip
    for values in wrong:
        for spawn in (lambda v: app.spawn(box, red, **v), lambda v: app.spawn(lods, red, **v),
                      lambda v: app.spawn(box, red, static=True, **v)):
            with pytest.raises(Exception, match="."):
                spawn(values)
        if "parent" not in values:
            with pytest.raises(Exception, match="."):
                app.spawn_many(box, 5, red, **values)
        if "color" not in values:
            with pytest.raises(Exception, match="."):
                app.load("a.glb", **values)
    with pytest.raises(lw.BudgetError):
        app.spawn_many(box, 10_000, red)
    assert (app.report()["entities"], len(app._engine.contents.models)) == revision
    host.step(app, 3)
    assert app.report()["errors"] == [] and host.sink.draws == 0


def test_what_its_root_does_is_told_where_the_model_is_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(glb())
    app, _ = make(tmp_path)
    model = app.load("a.glb")
    assert repr(model) == "Model('a.glb', loading)"
    for call in (lambda: model.position, lambda: setattr(model, "position", (0, 1, 0)),
                 lambda: app.tween(model, 1.0, position=(0, 1, 0))):  # fmt: skip
        with pytest.raises(lw.AttributeMissing, match=r"\.root\.position"):
            call()
    for call in (lambda: app.spawn(lw.Mesh.box(), parent=model), lambda: lw.Label("a model", at=model),
                 lambda: lw.Sound.live(print).play(at=model)):  # fmt: skip
        with pytest.raises(lw.LayerwError, match=r"give `\.root`"):
            call()
    with pytest.raises(lw.AttributeMissing, match="'warnings'"):
        _ = model.warning
