"""lw.assets: what is loaded once, shared, told while it comes, and let go with its group."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_app_contents import glb, make
from test_models import held

import layerw as lw
from layerw.audio.formats import encode_wav
from layerw.content.groups import kind_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.glb").write_bytes(glb(triangles=200))
    (tmp_path / "b.glb").write_bytes(glb(triangles=20))
    (tmp_path / "broken.glb").write_bytes(b"junk")
    (tmp_path / "ding.wav").write_bytes(encode_wav(np.zeros((480, 1), np.int16), 48_000))
    return tmp_path


def fetches(host: Any) -> int:
    return int(host.sink.commands.get("fetch", 0))


def test_what_a_group_loads_is_shown_without_another_fetch(folder: Path) -> None:
    app, host = make(folder, network={"latency_frames": 3})
    group = lw.assets.group(app, ["a.glb", "b.glb"])
    told: list[float] = []
    group.on_ready(lambda: told.append(group.progress))
    steps = []
    while group.state == "loading" and len(steps) < 60:
        steps.append(group.progress)
        assert not app.settled
        host.step(app, 1)
    assert told == [1.0] and app.settled and steps == sorted(steps) and any(0 < step < 1 for step in steps)
    group.on_ready(lambda: told.append(2.0))
    assert told == [1.0, 2.0], "a late one is called at once"
    before = fetches(host)
    one, other = app.load("a.glb", max_texture_side="auto"), group.model("b.glb", position=(0, 1, 0))
    host.step(app, 2)
    assert [one.state, other.state] == ["ready", "ready"] and fetches(host) == before and host.errors == []


def test_unloading_gives_back_what_nobody_else_shows(folder: Path) -> None:
    app, host = make(folder)
    first = app.load("a.glb")
    host.step(app, 12)
    first.close()
    host.step(app, 3)
    empty = held(app), len(host.sink.meshes)
    group = lw.assets.group(app, ["a.glb", "b.glb"])
    shown = app.load("a.glb", max_texture_side="auto")
    made = group.model("b.glb")
    host.step(app, 12)
    assert shown.state == made.state == "ready" and len(host.sink.meshes) == 4
    group.unload()
    host.step(app, 3)
    assert made.state == "closed" and shown.state == "ready" and len(host.sink.meshes) == 2
    assert group.state == "unloaded" and len(group) == 0 and app._engine.contents.groups == []
    with pytest.raises(lw.HandleError, match=r"Group\.model\(\) was called on a group that was unloaded"):
        group.model("a.glb")
    group.unload()
    shown.close()
    host.step(app, 3)
    assert (held(app), len(host.sink.meshes)) == empty and host.errors == []


def test_two_groups_share_a_file_a_texture_and_a_sound(folder: Path) -> None:
    app, host = make(folder)
    one, other = (lw.assets.group(app, ["a.glb", "ding.wav"]) for _ in range(2))
    host.step(app, 12)
    assert one.state == other.state == "ready" and fetches(host) == 2, "one for each file"
    bark = one.texture("bark.png", wrap="clamp")
    assert other.texture("bark.png", wrap="clamp") is bark and other.texture("bark.png") is not bark
    ding = one.sound("ding.wav")
    assert other.sound("ding.wav") is ding and ding.state == "ready"
    one.unload()
    assert ding.state == "ready" and bark.state == "waiting"
    other.unload()
    assert ding.state == "destroyed" and bark.state == "destroyed"


def test_a_file_that_fails_is_told_and_stops_no_other(folder: Path) -> None:
    app, host = make(folder)
    group = lw.assets.group(app, ["broken.glb", "a.glb", "missing.glb"])
    host.step(app, 20)
    assert group.state == "ready" and group.progress == 1.0
    assert set(group.errors) == {"broken.glb", "missing.glb"} and "neither glTF JSON" in group.errors["broken.glb"]
    told = [text for text in app.report()["errors"] if "missing.glb could not be loaded" in text]
    assert len(told) == 1, "once"


def test_a_placeholder_stands_until_the_model_is_here_and_where_it_fails(folder: Path) -> None:
    app, host = make(folder, network={"latency_frames": 4})
    group = lw.assets.group(app, placeholder=lw.Mesh.box())
    good, bad = group.model("a.glb", position=(3, 0, 0)), group.model("broken.glb")
    host.step(app, 2)
    stand_ins = [model._stand_in for model in (good, bad)]
    assert all(one is not None and one.alive for one in stand_ins)
    assert stand_ins[0].world_position.tolist() == [3, 0, 0]
    host.step(app, 20)
    assert (good.state, bad.state) == ("ready", "failed")
    assert not stand_ins[0].alive and stand_ins[1].alive
    bad.root.despawn()
    assert not stand_ins[1].alive
    own = app.load("b.glb", placeholder=lw.Mesh.sphere(0.5))
    assert own._stand_in is not None


def test_what_is_urgent_is_fetched_first(folder: Path) -> None:
    app, host = make(folder, network={"latency_frames": 30})
    low = lw.assets.group(app, ["a.glb", "b.glb"], priority="low")
    host.step(app, 1)
    contents = [one.lease.content for one in low._files.values()]
    assert [one.priority for one in contents] == [-1.0, -1.0]
    lw.assets.group(app, ["b.glb"], priority="high")
    app.load("a.glb", max_texture_side="auto")
    host.step(app, 1)
    assert [one.priority for one in contents] == [1.0e6, 2.0e6], "the most urgent of all who share it"
    low.priority = "high"
    assert [one.priority for one in contents] == [2.0e6, 2.0e6] and fetches(host) == 2


def test_a_lost_device_loads_what_nobody_shows_again(folder: Path) -> None:
    app, host = make(folder, budgets=lw.Budgets(layer_mib=1))
    group = lw.assets.group(app, ["a.glb"])
    host.step(app, 12)
    (before,) = (one.lease.content for one in group._files.values())
    host.lose_device()
    host.step(app, 30)
    model = group.model("a.glb")
    host.step(app, 3)
    assert model.state == "ready" and app._engine.store.lost_count == 0 and host.errors == []
    assert group.state == "ready" and before is not None


def test_a_scene_ends_its_groups(folder: Path) -> None:
    app, host = make(folder)

    class Level(lw.Scene):
        def enter(self) -> None:
            self.files = lw.assets.group(self.app, ["a.glb"])

    level = Level()
    app.enter(level)
    host.step(app, 10)
    assert level.files.state == "ready"
    app.enter(None)
    assert level.files.state == "unloaded"


def test_auto_is_what_the_picture_shows() -> None:
    from layerw.content.opening import checked_side

    assert [checked_side("x", "auto", size) for size in ((1, 1), (1080, 720), (1024, 768), (9000, 10))] == [
        512, 2048, 1024, 4096]  # fmt: skip
    with pytest.raises(lw.ConfigError, match='takes a whole number of pixels, or "auto"'):
        checked_side("x", "car", (1, 1))


@pytest.mark.parametrize(("url", "kind"), [("a.GLB?v=2#x", "model"), ("b/c.jpeg", "texture"), ("d.ogg", "sound"),
                                           ("data:image/png;base64,AA", "texture"),
                                           ("data:model/gltf-binary;base64,AA", "model")])  # fmt: skip
def test_endings_say_what_a_file_is(url: str, kind: str) -> None:
    assert kind_of(url) == kind


@pytest.mark.parametrize(("files", "more", "says"), [
    ("a.glb", {}, "takes a list of addresses"), (["a.txt"], {}, "says by its ending nothing"),
    ([3], {}, "takes a URL"), (["data:text/plain,x"], {}, "says by its ending nothing"), (None, {}, "a list of addr"),
    ([], {"priority": "hihg"}, "one of high, normal, low"), ([], {"max_texture_side": 0}, "1 to"),
    ([], {"max_texture_side": math.nan}, "max_texture_side"), ([], {"placeholder": 3}, "lw.Mesh"),
])  # fmt: skip
def test_mistakes_are_told_where_they_are_made(files: Any, more: dict[str, Any], says: str) -> None:
    app = lw.App()
    try:
        with pytest.raises(lw.LayerwError, match=says):
            lw.assets.group(app, files, **more)
        assert app._engine.contents.groups == []
        with pytest.raises(lw.KindError, match="an App"):
            lw.assets.group("app")  # type: ignore[arg-type]
    finally:
        app.close()


def test_a_program_without_groups_imports_nothing_of_them() -> None:
    code = """
import sys, layerw as lw
app = lw.App()
app.frame_step(0.0, 1 / 60, 0, 0)
print("layerw.assets" in sys.modules, "layerw.content.groups" in sys.modules, lw.assets.group.__name__)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False", "group"]


def test_a_picture_of_light_waits_in_a_group_and_is_shown_at_once(tmp_path: Path) -> None:
    from test_surroundings import LIGHT, hdr

    (tmp_path / "dusk.hdr").write_bytes(hdr(LIGHT))
    (tmp_path / "bad.exr").write_bytes(b"\x76\x2f\x31\x01" + bytes(40))
    app, host = make(tmp_path)
    host.step(app, 2)
    before = app._engine.heap_ledger.used_bytes
    level, other = lw.assets.group(app, ["dusk.hdr", "bad.exr"]), lw.assets.group(app, ["dusk.hdr"])
    host.step(app, 20)
    assert level.state == other.state == "ready" and list(level.errors) == ["bad.exr"]
    light = level.environment("dusk.hdr")
    assert light is other.environment("dusk.hdr") and light.state == "waiting"
    assert app._engine.heap_ledger.used_bytes - before == 16 * 32 * 8, "its panorama, once"
    app.environment = light
    host.step(app, 1)
    assert light.state == "ready", "at the next frame, without a fetch"
    level.unload()
    assert light._made is not None, "another group holds it"
    other.unload()
    assert light._made is None
    app.environment = None
    host.step(app, 2)
    assert app._engine.heap_ledger.used_bytes == before
    level = lw.assets.group(app)
    assert level.environment("dusk.hdr") is not light
    level.unload()  # while it is on its way
    host.step(app, 5)
    assert app._engine.heap_ledger.used_bytes == before and app._engine.layer_ledger.used_bytes == 0
    with pytest.raises(lw.LayerwError, match="unloaded"):
        level.environment("dusk.hdr")
