"""Textures from files: fetched when shown, shared, told when they fail, given back, loaded again by a new device."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from PIL import Image

import layerw as lw
from layerw.hosts.headless import HeadlessHost


def make(folder: Path, **budgets: float) -> tuple[lw.App, HeadlessHost]:
    for name, size in (("brick.png", (16, 8)), ("wide.png", (64, 4))):
        Image.new("RGB", size, "red").save(folder / name)
    (folder / "text.png").write_text("no image")
    host = HeadlessHost(str(folder))
    return lw.App(host=host, budgets=lw.Budgets(**budgets)), host


def held(app: lw.App, host: HeadlessHost) -> tuple[int, int, int]:
    report = app.report()
    return len(host.sink.textures), report["gpu_bytes"], report["layer_bytes"]


def shows(app: lw.App, texture: int) -> bool:
    return any(texture in one.desc.textures and not one.lost for one in app._engine.store.materials.values())


def step_until(app: lw.App, host: HeadlessHost, *textures: lw.Texture) -> None:
    for _ in range(100):
        host.step(app, 1)
        if all(texture.state in ("ready", "failed") for texture in textures):
            host.step(app, 2)
            return
    raise AssertionError([texture.state for texture in textures])


def test_it_is_fetched_when_something_shows_it(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    brick = lw.Texture.load("brick.png", filter="nearest")
    host.step(app, 3)
    assert (brick.state, brick.width, len(host.sink.textures)) == ("waiting", 0, 0)
    look = lw.Material(base_color_texture=brick)
    app.spawn(lw.Mesh.box(), look)
    host.step(app, 1)
    assert brick.state == "loading" and not app.settled and host.sink.draws, "drawn without it meanwhile"
    step_until(app, host, brick)
    assert (brick.state, brick.error, brick.width, brick.height) == ("ready", "", 16, 8) and app.settled
    (texture,) = host.sink.textures
    assert shows(app, texture)


def test_textures_of_one_file_share_it_and_the_last_one_out_frees_it(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    before = held(app, host)
    one, other, nearest = (lw.Texture.load("brick.png", filter=name) for name in ("linear", "linear", "nearest"))
    boxes = [app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=file)) for file in (one, other, nearest)]
    step_until(app, host, one, other, nearest)
    assert len(host.sink.textures) == 2, "another filter is another texture"
    boxes[0].despawn()
    del one
    gc.collect()
    host.step(app, 3)
    assert len(host.sink.textures) == 2
    for box in boxes[1:]:
        box.despawn()
    del other, nearest
    gc.collect()
    host.step(app, 3)
    assert held(app, host)[0] == before[0] and app.report()["layer_bytes"] <= before[2]


def test_dropped_on_its_way_it_leaves_nothing(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    before = held(app, host)
    box = app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=lw.Texture.load("brick.png")))
    host.step(app, 1)
    box.despawn()
    gc.collect()
    host.step(app, 20)
    assert app.settled and held(app, host)[0] == before[0] and app.report()["transfers"] == 0


@pytest.mark.parametrize(("url", "words"), [("nope.png", "nope.png"), ("text.png", "text.png")])
def test_what_cannot_be_shown_is_told_once_and_the_rest_goes_on(tmp_path: Path, url: str, words: str) -> None:
    app, host = make(tmp_path)
    bad, good = lw.Texture.load(url), lw.Texture.load(tmp_path.relative_to(tmp_path) / "wide.png", max_side=32)
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=bad))
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=good, emissive_texture=bad))
    step_until(app, host, bad, good)
    assert (bad.state, good.state, good.width, good.height) == ("failed", "ready", 32, 2)
    assert words in bad.error and sum(words in text for text in app.report()["errors"]) == 1
    host.step(app, 5)
    assert sum(words in text for text in app.report()["errors"]) == 1, "it is not asked for again"


def test_a_new_device_gets_it_again(tmp_path: Path) -> None:
    app, host = make(tmp_path, layer_mib=8)
    brick = lw.Texture.load("brick.png")
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=brick))
    step_until(app, host, brick)
    app._engine.backups.evict(1 << 40)
    host.lose_device()
    host.step(app, 1)
    assert (brick.state, brick.width, brick.height) == ("loading", 0, 0)
    step_until(app, host, brick)
    assert (brick.width, brick.height) == (16, 8)
    host.step(app, 3)
    (texture,) = host.sink.textures
    assert shows(app, texture) and app.report()["lost"] == 0


@pytest.mark.parametrize("place", ["layerw.content.shared.SharedLoader.try_open", "layerw.content.shared.Lease.step",
                                   "layerw.frame.looks.Looks.show", "layerw.scene.textures.Texture.came"])
def test_a_mistake_of_the_engine_is_that_textures_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      place: str) -> None:  # fmt: skip
    app, host = make(tmp_path)
    before = held(app, host)
    calls = []

    def broken(*values: object, **_: object) -> None:
        calls.append(values)
        raise ZeroDivisionError("planted")

    brick, wide = lw.Texture.load("brick.png"), lw.Texture.load("wide.png")
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=brick))
    with monkeypatch.context() as patch:
        patch.setattr(place, broken)
        host.step(app, 30)
    assert brick.state == "failed" and "brick.png: ZeroDivisionError: planted" in brick.error and app.settled
    assert (held(app, host)[0], len(calls), len(host.errors)) == (before[0], 1, 1) and "planted" in host.errors[0]
    report = app.report()
    assert report["transfers"] == 0 and report["layer_bytes"] == before[2]
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=wide))
    step_until(app, host, wide)
    assert wide.state == "ready" and brick.state == "failed"


def test_after_the_app_it_is_loaded_by_the_next_one(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    brick, wide = lw.Texture.load("brick.png"), lw.Texture.load("wide.png")
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=brick))
    step_until(app, host, brick)
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=wide))
    host.step(app, 1)
    assert wide.state == "loading"
    app.close()
    assert [(one.state, one.width) for one in (brick, wide)] == [("waiting", 0)] * 2
    app, host = make(tmp_path)
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=brick, emissive_texture=wide))
    step_until(app, host, brick, wide)
    assert (brick.width, wide.width) == (16, 64)


def test_its_pixels_stay_on_the_gpu_and_arguments_are_checked(tmp_path: Path) -> None:
    brick = lw.Texture.load("brick.png")
    with pytest.raises(lw.LayerwError, match="stay on the GPU"):
        _ = brick.pixels
    with pytest.raises(lw.LayerwError, match="stay on the GPU"):
        brick.update(0, 0, [[1.0]])
    for bad in ({"url": 3}, {"url": ""}, {"url": "a.png", "filter": "cubic"}, {"url": "a.png", "max_side": 0}):
        with pytest.raises(lw.LayerwError):
            lw.Texture.load(**bad)  # type: ignore[arg-type]
    for path in ("brick.png", Path("brick.png")):
        with pytest.raises(lw.LayerwError, match=r"lw\.Texture\.load\("):
            lw.Texture(path)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "avif"])
def test_each_kind_of_file_is_read(tmp_path: Path, kind: str) -> None:
    app, host = make(tmp_path)
    Image.new("RGB", (24, 8), "green").save(tmp_path / f"green.{kind}")
    green = lw.Texture.load(f"green.{kind}", max_side=12)
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=green))
    step_until(app, host, green)
    assert (green.state, green.error, green.width, green.height) == ("ready", "", 12, 4)


REFUSED = {
    "wide.png": "9000 x 2", "empty.png": "of 0 bytes is neither PNG nor", "page.png": "is neither PNG nor JPEG nor",
    "cut.png": "The PNG image of 20 bytes ends inside", "cut.jpeg": "JPEG of 10 bytes", "big.png": "layer_mib",
    "data:,": "of 0 bytes", "nothing here.png": "is not a file",
}  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_what_it_refuses_costs_nothing_and_says_why(tmp_path: Path, url: str) -> None:
    app, host = make(tmp_path, layer_mib=8)
    before = held(app, host)
    Image.new("L", (9000, 2)).save(tmp_path / "wide.png")
    Image.new("L", (4000, 4000)).save(tmp_path / "big.png")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "page.png").write_text("<!doctype html><title>404</title>")
    (tmp_path / "cut.png").write_bytes((tmp_path / "brick.png").read_bytes()[:20])
    Image.new("L", (8, 8)).save(tmp_path / "whole.jpeg")
    (tmp_path / "cut.jpeg").write_bytes((tmp_path / "whole.jpeg").read_bytes()[:10])
    bad = lw.Texture.load(url)
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=bad))
    step_until(app, host, bad)
    assert bad.state == "failed" and REFUSED[url] in bad.error and bad.error.startswith(url)
    (told,) = app.report()["errors"]
    assert told == f"The texture {bad.error}" and host.errors == []
    assert held(app, host)[::2] == before[::2] and app.report()["transfers"] == 0 and app.settled


def test_without_room_on_the_gpu_it_fails_after_some_patience(tmp_path: Path) -> None:
    app, host = make(tmp_path, gpu_mib=64)
    Image.new("L", (4000, 4000)).save(tmp_path / "big.png")
    big = lw.Texture.load("big.png")
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=big))
    host.step(app, 60)
    assert big.state == "loading", "something may make room yet"
    host.step(app, 100)
    assert big.state == "failed" and "gpu_mib" in big.error and "85332856" in big.error and app.settled
    small = lw.Texture.load("big.png", max_side=512)
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=small))
    step_until(app, host, small)
    assert (small.state, small.width) == ("ready", 512)


def test_destroyed_on_its_way_or_shown_it_is_given_back(tmp_path: Path) -> None:
    app, host = make(tmp_path)
    brick, again = lw.Texture.load("brick.png"), lw.Texture.load("brick.png")
    looks = [lw.Material(base_color_texture=one) for one in (brick, again)]
    for look in looks:
        app.spawn(lw.Mesh.box(), look)
    host.step(app, 2)
    again.destroy()
    step_until(app, host, brick)
    (texture,) = host.sink.textures
    assert shows(app, texture) and again.state == "destroyed"
    brick.destroy()
    assert app.report()["transfers"] <= 1
    host.step(app, 3)
    assert host.sink.textures == {} and host.errors == [] and app.settled
    looks[0].base_color_texture = fresh = lw.Texture.load("brick.png")
    step_until(app, host, fresh)
    assert fresh.state == "ready"


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_function_that_waits_for_one_may_close_the_app(tmp_path: Path, which: int) -> None:
    app, host = make(tmp_path)
    files = [lw.Texture.load("brick.png"), lw.Texture.load("text.png"), lw.Texture.load("wide.png")]
    for told in (files[which].on_ready, files[which].on_failed):
        told(app.close)
    for file in files:
        app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=file))
    host.step(app, 30)
    assert host.errors == [] and app.settled and host.sink.live_handles == 0
    assert app.report()["transfers"] == 0 and "ready" not in [file.state for file in files]
