"""Several views: their places, lists and uniforms; textures that views draw; what can't be is told."""

from __future__ import annotations

import numpy as np
import pytest

import layerw as lw
from layerw.gpu.passes import flag
from layerw.hosts.headless import HeadlessHost


def make(gpu_mib: float = 256.0, size: tuple[int, int] = (200, 100)) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(".", size=size, options={"width": size[0], "height": size[1]})
    return lw.App(host=host, budgets=lw.Budgets(gpu_mib=gpu_mib)), host


def above() -> lw.Camera:
    camera = lw.Camera()
    camera.position = np.array((0.0, 8.0, 0.01))
    camera.look_at((0, 0, 0))
    return camera


def test_a_second_view_draws_what_its_own_camera_sees() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    app.camera.look_at((0, 100, 0))  # away from it
    host.step(app, 2)
    alone = host.sink.draws
    view = app.add_view(above(), viewport=(0.75, 0.0, 0.25, 0.5))
    host.step(app, 2)
    assert app.views == [app.view, view]
    assert host.sink.views[0][1:3] == (200, 100) and host.sink.views[1][1:3] == (50, 50)
    assert host.sink.draws >= alone + 1, "the box is drawn there"
    view.close()
    host.step(app, 1)
    assert list(host.sink.views) == [0] and host.sink.draws == alone and app.views == [app.view]


def test_the_main_view_of_a_split_screen_is_as_wide_as_its_part() -> None:
    app, host = make()
    app.view.viewport = (0.5, 0.0, 0.25, 1.0)
    app.camera.position = (0, 0, 0)
    app.camera.look_at((0, 0, -1))
    host.step(app, 2)
    assert host.sink.views[0][1:3] == (50, 100)
    x, y = 0.625 * host.options()["width"], 50.0
    for point, across in ((x, 0.0), (x + 25, 0.5)):  # its middle, and its right edge: half as far as the upper edge
        _, direction = app.ray_at(point, y)
        _, upper = app.ray_at(x, 0.0)
        assert direction[0] / -direction[2] == pytest.approx(across * upper[1] / -upper[2], abs=1e-6)
    app.input.pointer_locked = True
    np.testing.assert_allclose(app.ray_at()[1], (0, 0, -1), atol=1e-6)


def test_numbers_that_the_gpu_cannot_hold_leave_the_last_good_picture() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    host.step(app, 2)
    app.camera.position[0], app.fog.density = 1e39, 1e308  # in place, past every check
    host.step(app, 3)
    for words in ("GPU can hold", "The camera needs"):
        assert sum(words in text for text in app.report()["errors"]) == 1
    assert np.isfinite(app._engine._view.block.array).all()
    app.camera.position, app.fog.density = (1, 2, 3), 0.0
    host.step(app, 2)
    assert app._engine._view.block.read("camera_hi")[:3].tolist() == [1, 2, 3]


def test_a_closed_app_draws_no_views() -> None:
    app, host = make()
    view = app.add_view(above(), target=lw.Texture.target(8, 8))
    host.step(app, 2)
    app.close()
    host.step(app, 2)
    assert list(host.sink.views) == [0] and view.closed and host.errors == []


def test_a_texture_is_drawn_before_what_shows_it() -> None:
    app, host = make()
    screen = lw.Texture.target(64, 32)
    app.add_view(above(), viewport=(0, 0, 0.5, 0.5))
    view = app.add_view(above(), target=screen)
    app.spawn(lw.Mesh.plane(2, 2), lw.Material(base_color_texture=screen, unlit=True), position=(50, 0, 0))
    host.step(app, 3)
    assert list(host.sink.views) == [2, 0, 1], "into textures, the main one, above it"
    texture = host.sink.view_textures[2]
    assert host.sink.textures[texture][:2] == (64, 32) and host.sink.views[2][1:3] == (64, 32)
    assert any(texture in used for used in host.sink.materials.values())
    assert app.report()["errors"] == []
    assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes
    view.close()
    host.lose_device()
    host.step(app, 3)
    assert app.report()["errors"] == [] and texture in host.sink.textures, "the texture is made again"


def test_a_view_that_shows_its_own_texture_is_told_once() -> None:
    app, host = make()
    screen = lw.Texture.target(32, 32)
    app.add_view(above(), target=screen)
    app.spawn(lw.Mesh.plane(2, 2), lw.Material(base_color_texture=screen, unlit=True))
    host.step(app, 5)
    warnings = [text for level, text in host.logs if "also shows" in text]
    assert len(warnings) == 1 and app.report()["errors"] == []


def test_each_view_has_its_own_look() -> None:
    app, host = make()
    view = app.add_view(above(), viewport=(0, 0, 0.5, 1))
    view.bloom = 0.2
    host.step(app, 3)
    assert host.sink.views[1].flags & flag("bloom") and not host.sink.views[0].flags & flag("bloom")


def test_a_camera_that_became_impossible_ends_nothing() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    camera = above()
    app.add_view(camera, viewport=(0, 0, 0.5, 1))
    host.step(app, 2)
    camera.position[0] = np.nan
    host.step(app, 3)
    told = [text for _, text in host.logs if "The camera needs" in text]
    assert len(told) == 1 and list(host.sink.views) == [0, 1], "the last good picture of it goes on"
    camera.position[0] = 1.0
    host.step(app, 1)
    assert list(host.sink.views) == [0, 1]


@pytest.mark.parametrize(("arguments", "message"), [
    ({"viewport": (0, 0, 0, 1)}, "View viewport is .* with a width and height above 0"),
    ({"viewport": (0.5, 0, 0.6, 1)}, "View viewport is"),
    ({"viewport": (0, 0, float("nan"), 1)}, "View viewport is .* it takes 4 finite numbers"),
    ({"target": lw.Texture(np.zeros((2, 2, 4), np.uint8))}, "texture with pixels of its own"),
    ({"target": "screen"}, "View target is 'screen'; it takes a lw.Texture.target"),
    ({"target": lw.Texture.target(8, 8), "viewport": (0, 0, 1, 1)}, "this view draws into a texture"),
    ({"camera": None}, "View camera is None; it takes a Camera"),
])
def test_what_cannot_be_is_refused_at_its_line(arguments: dict[str, object], message: str) -> None:
    app, host = make()
    with pytest.raises(lw.LayerwError, match=message):
        app.add_view(**({"camera": above()} | arguments))  # type: ignore[arg-type]
    host.step(app, 2)
    assert list(host.sink.views) == [0]


def test_many_views_make_the_picture_smaller_before_anything_fails() -> None:
    app, host = make(40.0, (640, 480))
    host.step(app, 2)
    before = app.size
    refused = ""
    while not refused:
        try:
            app.add_view(above(), target=lw.Texture.target(320 + 16 * len(app.views), 240))
        except lw.LayerwError as error:
            refused = str(error)
        host.step(app, 1)
        assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes <= 40 << 20
    assert "at most 16; close one first" in refused or "left; raise it with" in refused
    assert len(app.views) >= 4 and app.size[0] <= before[0]


@pytest.mark.parametrize("projection", [
    lw.Perspective(fov_y=0.8), lw.Perspective(fov_y=0.8, shift=(1.0, -0.5)), lw.Orthographic(height=10.0),
    lw.Orthographic(height=10.0, far=50.0, shift=(0.5, 0.25)),
])
def test_planes_rays_and_matrix_of_a_projection_agree(projection: lw.Perspective | lw.Orthographic) -> None:
    camera = lw.Camera((3.0, 4.0, 5.0), projection=projection)
    frame = camera.frame(200, 100)
    for across, down in ((0.0, 0.0), (1.0, 1.0), (0.25, 0.7), (0.5, 0.5)):
        start, direction = frame.ray(across, down)
        for metres in (0.0, 7.0):
            clip = frame.view_projection.astype(np.float64) @ (*(start + metres * direction - frame.position), 1.0)
            assert np.allclose(clip[:2] / clip[3], (2 * across - 1, 1 - 2 * down), atol=1e-4)
            assert metres or clip[2] / clip[3] == pytest.approx(1.0, abs=1e-4), "depth is 1 at the near plane"
    inside, outside = (frame.ray(0.5, 0.5), frame.ray(1.2, 0.5))
    for (start, direction), seen in ((inside, True), (outside, False)):
        point = start + 5 * direction - frame.position
        assert bool((frame.planes[:, :3] @ point + frame.planes[:, 3] >= 0).all()) == seen


def test_an_orthographic_main_camera_draws() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    app.camera.projection = lw.Orthographic(height=4.0)
    host.step(app, 2)
    assert host.sink.draws >= 1 and app.report()["errors"] == []
    with pytest.raises(lw.LayerwError, match=r"camera.projection is 3; it takes a lw.Perspective or a lw.Orthographic"):
        app.camera.projection = 3  # type: ignore[assignment]
    with pytest.raises(lw.LayerwError, match="Orthographic height is 0"):
        lw.Orthographic(height=0)
