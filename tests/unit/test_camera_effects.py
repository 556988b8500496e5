"""What cameras add to pictures: checks, which passes run, uniforms in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.gpu.passes import flag
from layerw.gpu.target_bytes import SizedView, target_bytes
from layerw.hosts.headless import HeadlessHost

SIZE = (640, 360)


def make() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(".", size=SIZE, options={"width": SIZE[0], "height": SIZE[1]})
    app = lw.App(host=host)
    app.quality, app.view.scale = "low", 1.0
    return app, host


def uniform(app: lw.App, name: str) -> list[float]:
    return [round(float(value), 5) for value in app._engine._view.block.read(name)]


@pytest.mark.parametrize(("name", "value", "message"), [
    ("vignette", 1.5, "View vignette is 1.5; it takes a number from 0 to 1"),
    ("vignette", float("nan"), "View vignette is nan"),
    ("chromatic_aberration", -1, "View chromatic_aberration is -1"),
    ("lens_flare", "sun", "View lens_flare is 'sun'; it takes a number"),
    ("saturation", None, "View saturation is None"), ("contrast", True, "View contrast is True"),
    ("lift", 2.0, "View lift is 2.0; it takes a number from -1 to 1"),
    ("lift", (0, 0), r"View lift is \(0, 0\); it takes 3 finite numbers"),
    ("gamma", (1, 1, 0), "View gamma is 0.0; it takes a number from 0.1 to 10"),
    ("gamma", "blue", "View gamma is 'blue'; it takes a number"),
    ("gain", np.array((1.0, float("inf"), 1.0)), "View gain is"), ("gain", np.ones((2, 3)), "View gain is"),
    ("motion_blur", 1.1, "View motion_blur is 1.1"), ("eye_dome", 4.5, "View eye_dome is 4.5"),
    ("eye_dome", "on", "View eye_dome is 'on'"),
    ("depth_of_field", 4.0, r"View depth_of_field is 4.0; it takes a lw.DepthOfField\(distance_m\) or None"),
    ("vignete", 0.1, "A View has no attribute 'vignete' to set. Did you mean 'vignette'"),
])
def test_a_bad_setting_is_refused_at_its_line(name: str, value: Any, message: str) -> None:
    app, _ = make()
    before = dict(app.view._effects)
    with pytest.raises((lw.LayerwError, AttributeError), match=message):
        setattr(app.view, name, value)
    assert app.view._effects == before


def test_defaults_change_nothing_and_cost_nothing() -> None:
    app, host = make()
    host.step(app, 2)
    view = app.view
    assert (view.lift, view.gamma, view.gain) == ((0, 0, 0), (1, 1, 1), (1, 1, 1))
    assert (view.vignette, view.saturation, view.contrast, view.depth_of_field) == (0, 1, 1, None)
    assert uniform(app, "view_lens") == [0, 0, 0, 0] and not host.sink.views[0].flags & flag("focus")
    view.vignette, view.saturation = 0.5, 1.0  # as it is
    host.step(app, 1)
    assert uniform(app, "view_lens") == [0.5, 0, 0, 0], "colours are graded only where something says so"
    view.gain = 1.5
    host.step(app, 1)
    assert uniform(app, "view_lens")[3] == 1 and uniform(app, "grade_gain")[:3] == [1.5] * 3


def test_what_is_set_runs_its_passes_once_it_is_paid() -> None:
    app, host = make()
    app.view.lens_flare, app.view.motion_blur, app.view.depth_of_field = 0.5, 0.5, lw.DepthOfField(4.0)
    host.step(app, 3)
    assert host.sink.views[0].flags & flag("flare") and uniform(app, "view_lens")[2] == 0.5
    names = [row["name"] for row in app.report()["passes"]]
    assert names[-4:] == ["lens", "focus", "motion", "tone"]
    app.view.lens_flare, app.view.motion_blur, app.view.depth_of_field = 0, 0, None
    host.step(app, 2)
    assert host.sink.views[0].flags == flag("shadows") | flag("clouds") and app.report()["errors"] == []
    plain, more = (target_bytes(SIZE, [SizedView(flags, *SIZE)]) for flags in (0, flag("focus")))
    assert plain < more <= plain + 24 * SIZE[0] * SIZE[1] // 4 + 4 * 20 * 11


def test_a_lens_blurs_as_the_thin_lens_formula_says() -> None:
    app, host = make()
    app.camera.fov_y = math.radians(40)
    app.view.depth_of_field = lw.DepthOfField(3.0, 0.5, blur_max=0.05)
    host.step(app, 3)
    focal = 0.012 / math.tan(math.radians(20))
    diameter = focal * focal / (0.5 * (3.0 - focal))  # metres on the film, of what is infinitely far
    distance, radius, largest, _ = uniform(app, "focus")
    assert distance == 3.0 and radius == pytest.approx(diameter / 0.024 * SIZE[1] / 4, abs=1e-4)
    assert largest == pytest.approx(0.05 * SIZE[1] / 2)
    app.camera.projection = lw.Orthographic(height=4.0)
    host.step(app, 1)
    assert uniform(app, "focus")[1] == 0, "parallel rays are sharp everywhere"


def test_small_and_large_scenes_have_finite_lenses() -> None:
    app, host = make()
    for distance in (1e-6, 1e7):
        app.view.depth_of_field = lw.DepthOfField(distance)
        host.step(app, 2)
        assert np.isfinite(uniform(app, "focus")).all() and app.report()["errors"] == []


def test_exposure_values_halve() -> None:
    assert lw.ev(13) == 2 * lw.ev(14)
    assert lw.ev(15, lux=1.0) == pytest.approx(1 / (1.2 * 2**15))
    app, host = make()
    app.view.exposure = lw.ev(14)
    host.step(app, 1)
    assert app.view.exposure == pytest.approx(0.5086, abs=1e-4)


def test_motion_blur_knows_the_last_camera_without_moving_the_picture() -> None:
    app, host = make()
    app.view.motion_blur = 1.0
    host.step(app, 3)
    before = np.array(app._engine._view.block.read("view_projection"))
    app.camera.position = app.camera.position + np.array((1.0, 0, 0))
    host.step(app, 1)
    block = app._engine._view.block
    assert np.array_equal(block.read("view_projection"), before), "relative to the camera"
    assert not np.array_equal(block.read("previous_view_projection"), before)
    assert uniform(app, "temporal")[:2] == [0, 0]


def test_other_views_have_their_own() -> None:
    app, host = make()
    other = app.add_view(lw.Camera(), viewport=(0, 0, 0.5, 0.5))
    other.lens_flare = 1.0
    host.step(app, 3)
    assert [view.flags & flag("flare") for _, view in sorted(host.sink.views.items())] == [0, flag("flare")]


def test_the_sky_is_hidden_from_medium_quality_on() -> None:
    app, host = make()
    host.step(app, 3)
    assert uniform(app, "ambient")[1:3] == [0, 0] and not host.sink.views[0].flags & flag("ambient")
    app.quality = "medium"
    host.step(app, 1)
    assert uniform(app, "ambient")[1] == 1.5 and host.sink.views[0].flags & flag("ambient")
    assert "ambient" in [row["name"] for row in app.report()["passes"]]
    app.ambient.occlusion, app.ambient.radius_m = 0.0, 0.2
    host.step(app, 2)
    assert uniform(app, "ambient")[:3] == [0, pytest.approx(0.2), pytest.approx(0.3)], "contact shadows go on"
    app.ambient.contact = False
    host.step(app, 2)
    assert uniform(app, "ambient")[1:3] == [0, 0] and not host.sink.views[0].flags & flag("ambient")
    plain, more = (target_bytes(SIZE, [SizedView(flags, *SIZE)]) for flags in (0, flag("ambient")))
    assert plain < more <= plain + 20 * SIZE[0] * SIZE[1] // 4 and app.report()["errors"] == []


def test_the_sea_mirrors_from_medium_quality_on() -> None:
    app, host = make()
    app.quality = "medium"
    host.step(app, 3)
    assert not host.sink.views[0].flags & flag("mirror"), "there is no sea"
    app.sea.level = 0.0
    host.step(app, 3)
    assert host.sink.views[0].flags & flag("mirror") and uniform(app, "ambient")[3] == 1
    assert "reflections" in [row["name"] for row in app.report()["passes"]]
    app.view.transparency = "weighted"
    host.step(app, 3)
    assert not host.sink.views[0].flags & flag("mirror") and uniform(app, "ambient")[3] == 0
    app.view.transparency, app.ambient.reflections = "sorted", False
    host.step(app, 3)
    assert not host.sink.views[0].flags & flag("mirror") and app.report()["errors"] == []
