"""Mistakes that new users made and nobody told them of: each is told at its line, or does what it says."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost

SHADER = "fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }"
CUBE = (32, 32, 32, 3)


@pytest.fixture
def host() -> HeadlessHost:
    return HeadlessHost()


@pytest.fixture
def app(host: HeadlessHost) -> lw.App:
    return lw.App(host=host)


@pytest.mark.parametrize("of", ["main", "another"])
def test_a_destroyed_lut_is_no_lut(app: lw.App, host: HeadlessHost, of: str) -> None:
    view = app.view if of == "main" else app.add_view(lw.Camera(), viewport=(0, 0, 0.5, 0.5))
    lut = lw.Texture(np.zeros((32, 1024, 3), np.uint8))
    view.lut = lut
    host.step(app, 2)
    lut.destroy()
    host.step(app, 2)
    assert view.lut is None
    assert app.report()["errors"] == []


@pytest.mark.parametrize("bad", [
    np.full(CUBE, 128), np.full(CUBE, 128.0), np.full(CUBE, -0.5), np.full(CUBE, math.nan),
    np.zeros((32, 32, 3), np.uint8),
])  # fmt: skip
def test_luts_take_what_textures_take(app: lw.App, bad: np.ndarray) -> None:
    with pytest.raises(lw.ShapeError, match="View lut"):
        app.view.lut = bad
    assert app.view.lut is None
    app.view.lut = np.ones(CUBE)
    assert app.view.lut is not None and int(app.view.lut.pixels.min()) == 255


def test_a_lut_that_is_not_here_yet_says_so(app: lw.App) -> None:
    with pytest.raises(lw.ConfigError, match="not here yet"):
        app.view.lut = lw.Texture.load("lut.png")


@pytest.mark.parametrize("name", ["params", "textures", "life", "users", "place", "texture_names"])
def test_what_a_shader_was_made_of_stays(app: lw.App, host: HeadlessHost, name: str) -> None:
    shader = lw.Shader(SHADER, params={"bands": 4.0})
    with pytest.raises(lw.LayerwError, match=f"Shader.{name} cannot be assigned"):
        setattr(shader, name, {})
    with pytest.raises(TypeError):
        shader.textures["noise"] = lw.Texture(np.zeros((1, 1), np.uint8))  # type: ignore[index]
    app.spawn(lw.Mesh.box(), lw.Material(shader=shader))
    shader.wgsl = SHADER + "\n"
    host.step(app, 2)
    assert app.report()["errors"] == []


def test_parameters_are_items(app: lw.App) -> None:
    material = lw.Material(shader=lw.Shader(SHADER, params={"bands": 4.0}))
    with pytest.raises(lw.LayerwError, match=r"write params\['bands'\]"):
        material.params.bands = 2.0  # type: ignore[attr-defined]
    material.params["bands"] = 2.0
    assert material.params["bands"] == 2.0


def test_lights_with_impossible_numbers_are_told_once(app: lw.App, host: HeadlessHost) -> None:
    rows = (("intensity", -5.0), ("intensity", math.nan), ("range", -3.0), ("kind", 9), ("outer_angle", 90.0))
    for name, value in rows:
        host = HeadlessHost()
        app = lw.App(host=host)
        lamps = [app.light("spot", position=(n, 1, 0)) for n in range(3)]
        host.step(app, 2)
        getattr(lamps[1][lw.Light], name)  # each lamp has it
        group = app.each(lw.Light)
        getattr(group[lw.Light], name)[1] = value
        host.step(app, 3)
        told = [text for _, text in host.logs if "no light can have" in text]
        assert len(told) == 1, (name, host.logs)


def test_a_target_s_pixels_are_not_black_but_refused() -> None:
    with pytest.raises(lw.ConfigError, match="stay on the GPU"):
        _ = lw.Texture.target(8, 8).pixels


def test_closed_views_take_nothing_and_the_main_one_stays(app: lw.App) -> None:
    view = app.add_view(lw.Camera(), viewport=(0, 0, 0.5, 0.5))
    view.viewport = None
    assert view.viewport == (0, 0, 1, 1)
    view.close()
    for name, value in (("exposure", 2.0), ("layers", 1), ("camera", lw.Camera()), ("lut", None)):
        with pytest.raises(lw.HandleError, match="closed"):
            setattr(view, name, value)
    with pytest.raises(lw.ConfigError, match="main view"):
        app.view.close()
    assert not app.view.closed


def test_a_light_takes_one_of_direction_and_rotation(app: lw.App) -> None:
    before = app.report()["entities"]
    with pytest.raises(lw.ConfigError, match="one of them"):
        app.light("spot", direction=(0, -1, 0), rotation=(0, 0, 0, 1))
    assert app.report()["entities"] == before


def test_errors_name_what_was_set(app: lw.App) -> None:
    rows: list[tuple[str, Callable[[], object]]] = [
        ("has no outer_angle", lambda: setattr(app.light("point"), "outer_angle", 0.3)),
        ("has no inner_angle", lambda: setattr(app.light("point"), "inner_angle", 0.1)),
        ("camera.position", lambda: setattr(app.camera, "position", (1e40, 0, 0))),
    ]
    for words, give in rows:
        with pytest.raises(lw.LayerwError, match=words):
            give()
    assert app.camera.position.tolist() == [0, 2, 5]


def test_points_and_lines_that_are_gone_take_nothing(app: lw.App, host: HeadlessHost) -> None:
    points, lines = app.points(np.zeros((4, 3))), app.lines([(0, 0, 0), (1, 0, 0)])
    host.step(app, 2)
    points.destroy()
    lines.entity.despawn()
    host.step(app, 2)
    rows: list[tuple[object, str, object]] = [
        (points, "position", np.zeros((4, 3))), (points, "color", "red"), (points, "size", 2.0),
        (lines, "position", np.zeros((2, 3))), (lines, "color", "red"), (lines, "width", 2.0)]  # fmt: skip
    for thing, name, value in rows:
        with pytest.raises(lw.HandleError, match="make new ones"):
            setattr(thing, name, value)
    with pytest.raises(lw.HandleError):
        _ = points.position
    assert not points.alive and len(lines) == 2


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_points_and_lines_at_no_place_are_told_once(app: lw.App, host: HeadlessHost, bad: float) -> None:
    points, lines = app.points(np.ones((4, 3))), app.lines([(0, 0, 0), (1, 0, 0)])
    host.step(app, 2)
    points.position[2] = bad
    lines.position[1, 0] = bad
    for _ in range(3):
        points.color[0] = lines.color[0] = 255  # written again
        host.step(app)
    told = [text for _, text in host.logs if "NaN or infinite" in text]
    assert sorted(text.split()[1] for text in told) == ["lines", "points"]
    assert 1.7 < app._engine.table.radius[points.entity.first_row] < 1.8  # of those that are numbers
