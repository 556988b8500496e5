"""Textures that show pictures of the page: taken when they come, charged by size, ended with their texture."""

from __future__ import annotations

import gc

import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost

LEVELS_64X32 = 4 * sum(w * h for w, h in ((64, 32), (32, 16), (16, 8), (8, 4), (4, 2), (2, 1), (1, 1)))


def make(**budgets: float) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    app = lw.App(host=host, budgets=lw.Budgets(**budgets))
    app.spawn(lw.Mesh.box(), position=(3, 0, 0))
    host.step(app, 2)
    return app, host


def show(app: lw.App, host: HeadlessHost, texture: lw.Texture) -> lw.Material:
    look = lw.Material(base_color_texture=texture)
    app.spawn(lw.Mesh.box(), look)
    host.step(app)
    return look


def shows(app: lw.App, texture: int) -> bool:
    return any(texture in one.desc.textures and not one.lost for one in app._engine.store.materials.values())


def gpu_bytes(app: lw.App) -> int:
    return int(app.report()["gpu_bytes"])


def errors(app: lw.App, words: str) -> int:
    return sum(words in text for text in app.report()["errors"])


def test_without_a_page_it_waits_and_nothing_is_wrong() -> None:
    app, host = make()
    tv, clip = lw.Texture.live("tv"), lw.Texture.video("clip.mp4")
    host.step(app)
    assert host.feeds == {}, "nothing shows it"
    show(app, host, tv)
    show(app, host, clip)
    host.step(app, 400)
    assert (tv.state, tv.error, tv.width, clip.state) == ("waiting", "", 0, "waiting")
    assert app.settled and host.sink.draws and app.report()["errors"] == [] and host.sink.textures == {}
    assert host.feeds == {1: {"name": "tv", "max_side": 2048},
                          2: {"url": "clip.mp4", "loop": True, "muted": True, "playing": True, "max_side": 2048}}


def test_each_picture_goes_into_the_texture_and_nothing_is_made_anew() -> None:
    app, host = make()
    tv = lw.Texture.live("tv")
    show(app, host, tv)
    before = gpu_bytes(app)
    for number in range(5):
        host.give_picture(1, 64, 32)
        host.step(app)
        assert host.sink.pictures == {}, f"picture {number} was taken"
    assert (tv.state, tv.width, tv.height) == ("ready", 64, 32)
    assert gpu_bytes(app) - before == LEVELS_64X32
    assert host.sink.commands["texture_feed"] == 5 and host.sink.commands["texture_create"] == 1
    host.step(app, 5)
    assert host.sink.commands["texture_feed"] == 5, "nothing came, nothing is uploaded"
    (texture,) = host.sink.textures
    assert shows(app, texture)


def test_another_size_is_another_texture_and_charged() -> None:
    app, host = make()
    tv = lw.Texture.live("tv", mips=False)
    look = show(app, host, tv)
    before = gpu_bytes(app)
    for width, height in ((64, 32), (16, 16), (128, 8)):
        host.give_picture(1, width, height)
        host.step(app)
        assert (tv.width, tv.height, gpu_bytes(app) - before) == (width, height, 4 * width * height)
        (texture,) = host.sink.textures
        assert shows(app, texture)
    look.roughness = 0.3
    host.step(app, 2)
    assert host.errors == []


def test_it_ends_with_its_texture() -> None:
    app, host = make()
    before = gpu_bytes(app)
    box = app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=lw.Texture.live("tv")))
    host.step(app)
    host.give_picture(1, 64, 32)
    host.step(app, 2)
    assert list(host.feeds) == [1]
    box.despawn()
    gc.collect()
    host.step(app, 3)
    assert host.feeds == {} and host.sink.textures == {} and gpu_bytes(app) <= before
    host.send("feed_picture", 1, 4, 4)  # it was on its way
    host.step(app)
    assert host.errors == []


def test_a_picture_without_room_is_told_once_and_a_smaller_one_is_shown() -> None:
    app, host = make(gpu_mib=24)
    tv = lw.Texture.live("tv")
    show(app, host, tv)
    for _ in range(3):
        host.give_picture(1, 4096, 4096)
        host.step(app)
    assert tv.state == "failed" and "gpu_mib" in tv.error and host.sink.pictures == {}, "the page may go on"
    assert errors(app, "'tv'") == 1 and host.sink.textures == {}
    host.give_picture(1, 9000, 2)
    host.step(app)
    assert "9000 x 2" in tv.error
    host.give_picture(1, 64, 32)
    host.step(app)
    assert (tv.state, tv.error) == ("ready", "")


def test_what_the_page_tells() -> None:
    app, host = make()
    tv, clip = lw.Texture.live("tv"), lw.Texture.video("clip.mp4", autoplay=False)
    show(app, host, tv)
    show(app, host, clip)
    told: list[str] = []
    tv.on_ready(lambda: told.append("tv is ready"))
    clip.on_failed(lambda: told.append("clip has failed"))
    for _ in range(2):
        host.send("feed_trouble", 1, 0, "The page gives no picture of this name.")
        host.send("feed_trouble", 2, 1, "The browser can't play it.")
        host.step(app)
    assert (tv.state, clip.state) == ("waiting", "failed")
    assert "no picture" in tv.error and "play" in clip.error and errors(app, "clip.mp4") == 1
    host.give_picture(1, 4, 4)
    host.step(app)
    assert told == ["clip has failed", "tv is ready"] and tv.error == ""
    assert host.feeds[2]["playing"] is False
    host.send("feed_trouble", 2, 0, "It starts with the first click.")
    for _ in range(2):
        host.give_picture(2, 4, 4)
        host.step(app)
        assert (clip.state, clip.error) == ("ready", "It starts with the first click.")
    host.send("feed_trouble", 2, 0, "")
    clip.play()
    host.step(app)
    assert (clip.state, clip.error) == ("ready", "")
    assert host.feeds[2]["playing"] is True
    clip.pause()
    host.step(app)
    assert host.feeds[2]["playing"] is False
    for other in (tv, lw.Texture([[0.5]])):
        with pytest.raises(lw.ConfigError, match="Texture.video"):
            other.play()


def test_a_new_device_gets_the_newest_picture_again() -> None:
    app, host = make()
    tv = lw.Texture.live("tv")
    show(app, host, tv)
    host.give_picture(1, 64, 32)
    host.step(app)
    host.feeds.clear()
    host.lose_device()
    host.step(app)
    assert tv.state == "waiting" and list(host.feeds) == [1] and app.report()["lost"] == 0, "asked for again"
    host.give_picture(1, 64, 32)
    host.step(app, 2)
    (texture,) = host.sink.textures
    assert tv.state == "ready" and shows(app, texture) and host.errors == [] and list(host.feeds) == [1]


def test_close_ends_all_of_them() -> None:
    app, host = make()
    before = gpu_bytes(app)
    show(app, host, lw.Texture.live("tv"))
    host.give_picture(1, 64, 32)
    host.step(app)
    app.close()
    host.step(app)
    assert host.feeds == {} and host.sink.textures == {} and gpu_bytes(app) <= before


def test_destroyed_textures_are_gone_at_once_and_told_once() -> None:
    app, host = make()
    painted, tv = lw.Texture([[0.5, 1.0]]), lw.Texture.live("tv")
    looks = [show(app, host, painted), show(app, host, tv)]
    before = gpu_bytes(app)
    host.give_picture(1, 64, 32)
    host.step(app)
    logged: list[str] = []
    warning = app._engine.log.warning
    app._engine.log.warning = lambda text: (logged.append(text), warning(text))[1]  # type: ignore[method-assign]
    for texture in (painted, tv):
        texture.destroy()
        texture.destroy()
        assert texture.state == "destroyed"
    assert gpu_bytes(app) < before, "at once"
    host.step(app, 3)
    assert host.sink.textures == {} and host.feeds == {} and host.errors == []
    assert len([text for text in logged if "destroyed" in text]) == 2
    assert host.sink.draws >= 2, "drawn without it"
    looks[0].color = "red"
    host.step(app)
    for use in (lambda: lw.Material(base_color_texture=painted), lambda: setattr(looks[1], "emissive_texture", tv),
                lambda: painted.update(0, 0, [[0.1]]), lambda: painted.pixels, tv.check_live,
                lambda: lw.Shader("fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }",
                                  textures={"t": tv}),
                lambda: lw.Texture.video("a.mp4").destroy() or setattr(app.view, "lut", tv)):  # fmt: skip
        with pytest.raises(lw.HandleError, match=r"destroyed by Texture\.destroy"):
            use()
    host.step(app)
    assert host.errors == []


def test_a_view_ends_with_the_texture_that_it_draws_into() -> None:
    app, host = make()
    screen = lw.Texture.target(32, 32)
    view = app.add_view(lw.Camera(), target=screen)
    look = show(app, host, screen)
    host.step(app, 2)
    before = gpu_bytes(app)
    screen.destroy()
    host.step(app, 3)
    assert view.closed and gpu_bytes(app) < before and host.errors == [] and app.report()["errors"] == []
    with pytest.raises(lw.HandleError):
        app.add_view(lw.Camera(), target=screen)
    look.color = "red"
    host.step(app)
