"""app.view: settings are checked where they are set, and turn passes on only when they are needed and paid for."""

from __future__ import annotations

import numpy as np
import pytest

import layerw as lw
from layerw.frame.lut import lut_texture
from layerw.gpu.passes import TIMERS, flag
from layerw.hosts.headless import HeadlessHost
from layerw.scene.textures import Texture


def make(gpu_mib: float = 256.0, size: tuple[int, int] = (64, 48)) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(".", size=size, options={"width": size[0], "height": size[1]})
    return lw.App(host=host, budgets=lw.Budgets(gpu_mib=gpu_mib)), host


@pytest.mark.parametrize(("name", "value", "message"), [
    ("exposure", 0.0, "View exposure is 0.0; it takes a number above 0, at most 1024"),
    ("exposure", float("nan"), "View exposure is nan"),
    ("exposure", "bright", "View exposure is 'bright'; it is one of auto"),
    ("exposure", None, "View exposure is None; it takes a number"),
    ("bloom", -0.1, "View bloom is -0.1; it takes a number from 0 to 1"),
    ("bloom", True, "View bloom is True"),
    ("tone_map", "agxx", "View tone_map is 'agxx'; it is one of filmic, agx, neutral. Did you mean 'agx'"),
    ("transparency", "wieghted", "View transparency is 'wieghted'; it is one of sorted, weighted. Did you mean "),
    ("transparency", None, "View transparency is None"),
    ("dither", 9, "View dither is 9; it takes a number from 0 to 4"),
    ("lut", np.zeros((16, 16, 16, 3)), r"View lut has shape \(16, 16, 16, 3\) .* it takes \(32, 32, 32, 3\), uint8"),
    ("lut", np.full((32, 32, 32, 3), np.nan), "View lut has floats from nan to nan; it takes uint8"),
    ("lut", Texture(np.zeros((4, 4, 4), np.uint8)), "View lut is a texture of 4 x 4 pixels; it takes 1024 x 32"),
    ("camera", 3, "View camera is 3; it takes a Camera"),
    ("blom", 0.1, "A View has no attribute 'blom' to set. Did you mean 'bloom'"),
])
def test_a_bad_setting_is_refused_at_its_line(name: str, value: object, message: str) -> None:
    app, _ = make()
    before = (app.view.exposure, app.view.bloom, app.view.tone_map, app.view.lut)
    with pytest.raises((lw.LayerwError, AttributeError), match=message):
        setattr(app.view, name, value)
    assert (app.view.exposure, app.view.bloom, app.view.tone_map, app.view.lut) == before


def test_defaults_run_no_pass_of_light_and_what_is_set_does() -> None:
    app, host = make()
    app.quality, app.view.scale = "low", 1.0
    host.step(app, 2)
    names = [row["name"] for row in app.report()["passes"]]
    air = ["transmittance", "scattering", "cloud pattern", "sky view", "aerial", "ambient prefilter"]
    assert names == [*air, "shadow", "clouds", "opaque", "sky", "resolve", "decal", "blend", "tone"]
    assert host.sink.views[0].flags == flag("shadows") | flag("clouds")
    app.view.bloom, app.view.exposure, app.view.tone_map = 0.04, "auto", "agx"
    host.step(app, 2)
    assert host.sink.views[0].flags == flag("shadows") | flag("clouds") | flag("bloom") | flag("auto_exposure")
    assert [row["name"] for row in app.report()["passes"]][-3:] == ["bloom", "exposure", "tone"]
    assert all(row["gpu_ms"] is None for row in app.report()["passes"]), "there is no GPU here"
    app.view.bloom, app.view.exposure = 0.0, 2.0
    host.step(app, 1)
    assert host.sink.views[0].flags == flag("shadows") | flag("clouds")


def test_a_scale_draws_fewer_pixels_of_what_is_shown() -> None:
    app, host = make(size=(300, 200))
    app.quality = "medium"
    host.step(app, 2)
    whole = host.sink.gpu_bytes
    app.view.antialias, app.view.scale = "temporal", 0.5
    host.step(app, 2)
    view = app._engine._view.block
    assert host.sink.views[0][1:] == (300, 200, (150, 100))
    assert view.read("viewport")[:2].tolist() == [150, 100] and view.read("upscale")[:2].tolist() == [0.5, -1.0]
    assert app._engine.shown.camera.viewport == (300, 200), "LODs and rays go by what is shown"
    assert view.read("relative_origin")[3] == 0.5, "lines are as wide on the screen as before"
    assert host.sink.gpu_bytes < whole
    names = [row["name"] for row in app.report()["passes"]]
    assert names.index("temporal") < names.index("upscale") < names.index("tone")
    app.view.scale = 1.0
    host.step(app, 2)
    assert host.sink.views[0].drawn is None and not host.sink.views[0].flags & flag("upscaled")


def test_fog_has_shadows_where_the_sun_throws_some() -> None:
    app, host = make(gpu_mib=512.0)
    app.quality = "medium"

    def passes() -> list[str]:
        host.step(app, 2)
        return [row["name"] for row in app.report()["passes"]]

    plain = app._engine.targets
    assert "shafts" not in passes() and "clouds" in passes()
    app.clouds.cover = 0.0  # what shafts take is what clouds take, where there are some
    assert "clouds" not in passes()
    before = host.sink.gpu_bytes
    app.fog.density = 0.01
    assert "shafts" in passes() and host.sink.views[0].flags & flag("shafts")
    assert app._engine._view.block.read("shafts")[:2].tolist() == pytest.approx([0.7, 12])
    assert 0 < host.sink.gpu_bytes - before <= 64 * 48 * 4 and plain.size == (64, 48), "two of half the size"
    app.sun.elevation, app.moon.elevation = -0.3, -0.3
    assert "shafts" not in passes(), "nothing shines"
    app.sun.elevation = 0.5
    assert "shafts" in passes()
    for name, value, back in (("shafts", 0.0, 0.7), ("density", 0.0, 0.01)):
        setattr(app.fog, name, value)
        assert "shafts" not in passes()
        setattr(app.fog, name, back)
    app.quality = "low"
    assert "shafts" not in passes() and app.report()["errors"] == []


def test_low_quality_draws_fewer_pixels_where_nobody_chose() -> None:
    app, host = make(size=(300, 200))
    app.quality = "low"
    host.step(app, 2)
    assert host.sink.views[0].drawn == (201, 134) and host.sink.views[0].flags & flag("temporal")
    assert app.view.antialias == "msaa" and app.view.scale is None, "what the program says"
    app.view.antialias = "msaa"
    host.step(app, 2)
    assert host.sink.views[0].drawn is None and not host.sink.views[0].flags & flag("single")
    app.view.scale = 0.25
    host.step(app, 2)
    assert host.sink.views[0].drawn == (75, 50) and not host.sink.views[0].flags & flag("temporal"), "stretched"
    with pytest.raises(lw.ConfigError, match="View scale is 0.1; it takes a number from 0.25 to 1"):
        app.view.scale = 0.1


def test_gpu_times_come_by_pass() -> None:
    app, host = make()
    host.send("pass_time", TIMERS.index("opaque"), 1.25)
    host.step(app, 2)
    assert {row["name"]: row["gpu_ms"] for row in app.report()["passes"]}["opaque"] == 1.25


def test_targets_are_paid_before_they_are_drawn() -> None:
    """What bloom needs makes the picture smaller where the budget is full; never a byte over it."""
    app, host = make(24.0, (640, 480))
    host.step(app, 2)
    before = app.size
    app.view.bloom = 0.5
    for _ in range(4):
        host.step(app, 1)
        assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes <= 24 << 20
    assert host.sink.views[0].flags & flag("bloom") and app.size[0] < before[0]


def test_a_lut_is_laid_out_as_the_shader_reads_it() -> None:
    grid = np.arange(32, dtype=np.uint8) * 8
    cube = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), axis=-1)  # [red, green, blue]
    texture = lut_texture(cube)
    assert (texture.width, texture.height) == (1024, 32)
    red, green, blue = 3, 7, 11
    assert texture.pixels[green, blue * 32 + red].tolist() == [24, 56, 88, 255]
    app, host = make()
    app.view.lut = cube / 255
    host.step(app, 2)
    assert host.sink.commands["view_lut"] == 2 and app.report()["errors"] == []
