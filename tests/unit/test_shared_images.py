"""Images beside models: fetched, decoded and held once for all who show them, and asked for again until they come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from test_app_contents import glb

import layerw as lw
from layerw.hosts.faults import Fault
from layerw.hosts.headless import HeadlessHost

Faults = Callable[[str, int], Fault | None]
DOWN = Fault("status", status=503)


def textured(*images: str, triangles: int = 20) -> bytes:
    """A model with a material for each image beside it."""
    materials = [{"name": f"look {number}", "pbrMetallicRoughness": {"baseColorTexture": {"index": number}}}
                 for number in range(len(images))]  # fmt: skip
    primitives = [{"attributes": {"POSITION": 0}, "material": number} for number in range(len(images))]
    return glb(triangles=triangles, planted={
        "materials": materials, "meshes": [{"primitives": primitives}],
        "textures": [{"source": number} for number in range(len(images))], "images": [{"uri": uri} for uri in images],
    })  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, side in (("atlas.png", 64), ("other.png", 16)):
        Image.new("RGB", (side, side), "red").save(tmp_path / name)
    for number in range(10):
        (tmp_path / f"{number}.glb").write_bytes(textured("atlas.png", triangles=20 + number))
    (tmp_path / "both.glb").write_bytes(textured("atlas.png", "other.png"))
    return tmp_path


def app_with(folder: Path, fault: Faults | None = None, **settings: Any) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(folder, size=(320, 200), fault=fault)
    return lw.App(host=host, **settings), host


def asked(host: HeadlessHost, name: str = "atlas.png") -> int:
    return host.transfers.fetched_urls.count(name)


def untextured(app: lw.App, model: lw.Model) -> int:
    """How many of its parts show no texture."""
    return sum(not any(app._engine.store.materials[part.material].desc.textures) for part in model.primitives)


def assert_nothing_left(app: lw.App, host: HeadlessHost) -> None:
    app.close()
    host.step(app, 3)
    ledger = app._engine.layer_ledger
    assert (host.sink.live_handles, app.report()["transfers"], ledger.used_bytes + ledger.spare_bytes) == (0, 0, 0)
    assert host.errors == []
    app._engine.store.check_invariants()


def test_ten_models_that_use_one_image_hold_it_once(folder: Path) -> None:
    app, host = app_with(folder)
    models = [app.load(f"{number}.glb") for number in range(5)]
    host.step(app, 20)
    models += [app.load(f"{number}.glb") for number in range(5, 10)]
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=lw.Texture.load("other.png")))
    models.append(app.load("both.glb"))
    host.step(app, 20)
    assert {model.state for model in models} == {"ready"} and not any(model.warnings for model in models)
    assert (asked(host), len(host.sink.textures)) == (1, 3) and host.sink.commands["image_decode"] <= 4
    assert not any(untextured(app, model) for model in models)
    for model in models[:9]:
        model.close()
    host.step(app, 2)
    assert len(host.sink.textures) == 3
    models[10].close()
    app.despawn(models[9].root)
    host.step(app, 2)
    assert len(host.sink.textures) == 1, "the program's own"
    assert_nothing_left(app, host)


def test_a_glitch_is_not_seen(folder: Path) -> None:
    app, host = app_with(folder, lambda url, attempt: DOWN if url.endswith(".png") and attempt == 1 else None)
    one, two = app.load("0.glb"), app.load("1.glb")
    host.step(app, 10)
    assert one.state == two.state == "loading"
    host.step(app, 40)
    assert (one.state, one.warnings, two.state, two.warnings) == ("ready", [], "ready", []) and asked(host) == 2
    assert untextured(app, one) == untextured(app, two) == 0
    assert_nothing_left(app, host)


@pytest.mark.parametrize("kind", ["status", "refused", "reset", "no_head", "stall"])
def test_it_is_shown_without_and_with_it_once_the_network_is_back(folder: Path, kind: str) -> None:
    ends_s, app, host = 10.0, None, None

    def fault(url: str, attempt: int) -> Fault | None:
        return Fault(kind) if url == "atlas.png" and app is not None and app.time_s < ends_s else None

    app, host = app_with(folder, fault, network=lw.Network(first_byte_s=0.2, stall_s=0.2))
    model, texture = app.load("both.glb"), lw.Texture.load("atlas.png")
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=texture))
    host.step(app, 200)
    assert (model.state, texture.state, untextured(app, model)) == ("ready", "failed", 1)
    (warning,) = model.warnings
    assert "look 0" in warning and "atlas.png" in warning and warning.endswith("It is asked for again.")
    assert not app.settled and "It is asked for again." in texture.error
    host.step(app, 60 * 8)
    assert app.settled, "what fails for long is not waited for"
    tries = asked(host)
    assert tries > 4
    host.step(app, 60 * 10)
    assert (model.warnings, texture.state, texture.error, texture.width) == ([], "ready", "", 64)
    assert untextured(app, model) == 0 and app.settled and len(host.sink.textures) == 3
    told = [text for _, text in host.logs if "atlas.png" in text]
    assert len(told) == 3, told  # left out, failed, there
    tries = asked(host)
    host.step(app, 600)
    assert asked(host) == tries
    assert_nothing_left(app, host)


def test_online_asks_at_once(folder: Path) -> None:
    broken = [True]
    app, host = app_with(folder, lambda url, _: DOWN if broken[0] and url == "atlas.png" else None)
    model = app.load("0.glb")
    host.step(app, 60 * 20)
    tries, broken[0] = asked(host), False
    host.send("online")
    host.step(app, 10)
    assert asked(host) == tries + 1 and model.warnings == [] and untextured(app, model) == 0


@pytest.mark.parametrize("status", [503, 404])
def test_a_later_load_asks_again_and_waits_for_the_answer(folder: Path, status: int) -> None:
    """Of the same file, and of another one with the same image; what is shown without it gets it too."""
    broken = [True]
    fault = Fault("status", status=status)
    app, host = app_with(folder, lambda url, _: fault if broken[0] and url == "atlas.png" else None)
    first = app.load("0.glb")
    host.step(app, 60)
    assert first.state == "ready" and len(first.warnings) == 1
    tries, same, other = asked(host), app.load("0.glb"), app.load("1.glb")
    host.step(app, 60)
    assert same.state == other.state == "ready" and asked(host) > tries
    assert [len(model.warnings) for model in (first, same, other)] == [1, 1, 1], "still without"
    broken[0] = False
    later = app.load("0.glb")
    while later.state == "loading":
        host.step(app, 1)
    assert later.warnings == [] and untextured(app, later) == 0, "never handed on as if it were whole"
    host.step(app, 5)
    assert [model.warnings for model in (first, same, other)] == [[], [], []] and untextured(app, other) == 0
    assert len(host.sink.textures) == 1
    assert_nothing_left(app, host)


@pytest.mark.parametrize("kind", ["html", "missing"])
def test_a_wrong_or_missing_image_is_not_asked_for_by_itself(folder: Path, kind: str) -> None:
    fault = Fault("html") if kind == "html" else Fault("status", status=404)
    app, host = app_with(folder, lambda url, _: fault if url == "atlas.png" else None)
    model = app.load("both.glb")
    host.step(app, 60 * 15)
    assert model.state == "ready" and len(model.warnings) == 1 and app.settled and asked(host) == 1
    assert "asked for again" not in model.warnings[0] and untextured(app, model) == 1
    again = app.load("both.glb")
    host.step(app, 30)
    assert again.state == "ready" and len(again.warnings) == 1 and asked(host) == (1 if kind == "html" else 2)
    assert_nothing_left(app, host)


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 4, 5, 6, 8, 12])
@pytest.mark.parametrize("end", ["close", "despawn", "lose", "close app"])
def test_whatever_ends_while_it_loads_leaves_nothing(folder: Path, frames: int, end: str) -> None:
    app, host = app_with(folder, lambda url, attempt: DOWN if url == "other.png" and attempt < 3 else None)
    models = [app.load("both.glb"), app.load("0.glb"), app.load("both.glb", max_texture_side=32)]
    host.step(app, frames)
    for model in models[:2]:
        if end == "close":
            model.close()
        elif end == "despawn":
            app.despawn(model.root)
    if end == "lose":
        app._engine.backups.evict(1 << 40)
        host.lose_device()
    elif end == "close app":
        app.close()
    host.step(app, 150)
    if end != "close app":
        assert models[2].state == "ready" and models[2].warnings == [] and untextured(app, models[2]) == 0
        assert app.settled and app.report()["lost"] == 0
        assert len(host.sink.textures) == (4 if end == "lose" else 2)
    assert_nothing_left(app, host)


def test_a_new_device_gets_them_again(folder: Path) -> None:
    app, host = app_with(folder)
    models, texture = [app.load(f"{number}.glb") for number in range(3)], lw.Texture.load("atlas.png")
    box = app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=texture))
    host.step(app, 20)
    for evict in (0, 1 << 40):
        app._engine.backups.evict(evict)
        host.lose_device()
        host.step(app, 30)
        assert {model.state for model in models} == {"ready"} and texture.state == "ready" and box.alive
        assert app.report()["lost"] == 0 and len(host.sink.textures) == 2
    assert_nothing_left(app, host)


@pytest.mark.parametrize("layer_mib", [1.0, 1.2])
def test_small_budgets_end_well(folder: Path, layer_mib: float) -> None:
    for number in range(6):
        Image.new("RGB", (300, 300), "blue").save(folder / f"big{number}.png")
    (folder / "big.glb").write_bytes(textured(*(f"big{number}.png" for number in range(6)), triangles=3000))
    app, host = app_with(folder, budgets=lw.Budgets(layer_mib=layer_mib, memory_mib=2, mesh_mib=0))
    models = [app.load("big.glb"), *(app.load(f"{number}.glb") for number in range(4))]
    host.step(app, 900)
    assert [model.state for model in models] == ["ready"] * 5, [model.error for model in models]
    assert models[0].warnings == [] and app.settled and len(host.sink.textures) == 7
    assert_nothing_left(app, host)
