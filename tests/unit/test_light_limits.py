"""Light and air at their limits: all of it at once, quality that changes in each frame, scenes of a millimetre and of
10,000 km, no light and endless light, a sun that goes round. What the shaders read stays numbers; nothing is left."""

from __future__ import annotations

import math

import numpy as np
import pytest

import layerw as lw
from layerw.frame.cascades import axes_of, fit
from layerw.frame.shadow_atlas import LAYOUTS
from layerw.gpu.target_bytes import target_bytes
from layerw.hosts.headless import HeadlessHost
from layerw.scene.camera import Camera
from layerw.scene.environment import Sun

TARGETS_MAX_MIB = 154  # at 1080 x 720
PICTURE = (1080, 720)


def everything(size_m: float = 1.0) -> tuple[lw.App, HeadlessHost]:
    """What costs anything, around a box of a size."""
    host = HeadlessHost(size=PICTURE)
    app = lw.App(host=host)
    app.camera.position = np.array((0.3, 2.0, 6.0)) * size_m
    app.camera.near = min(0.01 * size_m, 1e3)
    app.camera.look_at((0, 0, 0))
    app.spawn(lw.Mesh.plane(20 * size_m, 20 * size_m), static=True)
    app.spawn(lw.Mesh.box(size_m), lw.Material(color="tomato"), position=(0, 0.5 * size_m, 0))
    glass = lw.Material(transmission=1.0, thickness=min(size_m, 1e4))
    app.spawn(lw.Mesh.sphere(size_m), glass, position=(2 * size_m, size_m, 0))
    for x in range(3):
        app.light("point", position=(x * size_m, 2 * size_m, 0), range=5 * size_m, intensity=8.0).shadows = True
    app.light("spot", position=(0, 3 * size_m, size_m), direction=(0, -1, 0), range=9 * size_m).shadows = True
    app.emitter(rate=50.0)
    app.decal(lw.Material(color="black"), position=(0, 0, 0), size=(size_m, size_m, size_m))
    app.sea.level, app.fog.density, app.weather.rain, app.weather.wetness = -0.1 * size_m, 0.02 / size_m, 0.5, 0.5
    view = app.view
    view.bloom, view.exposure, view.lens_flare, view.motion_blur = 0.04, "auto", 0.5, 0.5
    view.depth_of_field = lw.DepthOfField(6.0 * size_m)
    return app, host


def numbers_of(app: lw.App, host: HeadlessHost) -> bool:
    """Whether all that the shaders are told are numbers."""
    lights = [host.sink.lights.get(0, np.zeros(1))]
    return bool(np.isfinite(app._engine._view.block.array).all() and all(np.isfinite(one).all() for one in lights))


@pytest.mark.parametrize("antialias", ["msaa", "temporal"])
def test_all_of_it_has_room_in_what_pictures_may_take(antialias: str) -> None:
    app, host = everything()
    app.quality, app.view.antialias = "high", antialias
    host.step(app, 8)
    names = {row["name"] for row in app.report()["passes"]}
    assert {"shadow", "ambient", "reflections", "shafts", "bloom", "exposure", "lens", "focus", "motion"} <= names
    assert app.size == PICTURE and host.sink.atlas == LAYOUTS["high"].size and app.report()["errors"] == []
    assert target_bytes(PICTURE, list(host.sink.views.values()), host.sink.atlas) <= TARGETS_MAX_MIB << 20


def test_quality_that_changes_in_each_frame_leaves_nothing() -> None:
    steady, switched = everything(), everything()
    for app, host in (steady, switched):
        app.quality = "medium"
        host.step(app, 4)
    order = ("low", "high", "medium", "high", "low", "auto")
    for step in range(30):
        for app, host in (steady, switched):
            if app is switched[0]:
                app.quality = order[step % len(order)]
            host.step(app, 1)
            assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes
            assert numbers_of(app, host) and not host.errors and app.report()["errors"] == []
            assert all(tile[1] + tile[3] <= host.sink.atlas[0] and tile[2] + tile[3] <= host.sink.atlas[1]
                       for tile in host.sink.tiles), "no tile of another atlas"  # fmt: skip
    found = []
    for app, host in (steady, switched):
        app.quality = "medium"
        drawn: set[tuple[int, ...]] = set()
        for _ in range(40):
            host.step(app, 1)
            drawn.update(tile[1:4] for tile in host.sink.tiles)
        shadows = app._engine.shadows
        looked_at = {shadows.layout.cell(cells.level, cells.first + face) for _, cells in shadows.lamps.shown
                     for face in range(cells.faces)}
        looked_at |= {shadows.layout.cached_tile(kept.slot) for kept in shadows._kept.shown.values()}
        assert len(looked_at) == 22 and (app is steady[0] or looked_at <= drawn), "an atlas that was made anew is empty"
        block = app._engine._view.block
        found.append((host.sink.views, host.sink.atlas, host.sink.gpu_bytes, host.sink.live_handles,
                      [row["name"] for row in app.report()["passes"]], app._engine.resources.charged("targets"),
                      [tuple(block.read(name)) for name in block.names if not name.startswith("shadow_")],
                      sorted(block.read("shadow_steps").tolist())))  # fmt: skip
        told = [text for _, text in host.logs]
        assert len(told) == len(set(told)) <= 2, "what \"low\" has no room for is told once"
    for one, other in zip(*found, strict=True):
        assert one == other


@pytest.mark.parametrize("quality", ["low", "high"])
@pytest.mark.parametrize("size_m", [1e-3, 1.0, 1e7])
def test_scenes_of_a_millimetre_and_of_10_000_km(size_m: float, quality: str) -> None:
    app, host = everything(size_m)
    app.quality = quality
    for elevation in (0.7, -0.3):
        app.sun.elevation = elevation
        host.step(app, 12)
        assert numbers_of(app, host) and app.report()["errors"] == []
    assert host.sink.draws > 5 and app.report()["lights"]["in_view"] == 4
    app.shadows.distance_m = 20 * size_m
    app.sun.elevation = 0.7
    host.step(app, 12)
    assert numbers_of(app, host) and app.report()["errors"] == []
    steps = app._engine._view.block.read("shadow_steps").reshape(-1, 4)[:, 0]
    assert 0 < steps[0] < 0.1 * size_m, "the box has shadows of more than a few texels"


@pytest.mark.parametrize("amount", [0.0, 1e-30, 1e15, 1e30])
@pytest.mark.parametrize("elevation", [-math.pi / 2, -1e-9, 0.0, 0.7])
def test_no_light_and_endless_light(amount: float, elevation: float) -> None:
    app, host = everything()
    app.quality, app.sun.elevation = "medium", elevation
    app.sun.intensity = app.moon.intensity = app.sky.stars = app.sky.exposure = amount
    app.each(lw.Light)[lw.Light].intensity = amount
    host.step(app, 4)
    assert numbers_of(app, host) and app.report()["errors"] == [] and host.sink.draws > 5
    for name, value in (("turbidity", min(amount, 100.0)), ("rayleigh", min(amount, 100.0)), ("zenith", (amount,) * 3)):
        setattr(app.sky, name, value)
        host.step(app, 2)
        assert numbers_of(app, host) and app.report()["errors"] == []


def test_light_that_the_gpu_can_not_hold_is_told_and_the_last_picture_stays() -> None:
    app, host = everything()
    host.step(app, 4)
    before = app._engine._view.block.read("sun_color").copy()
    app.sun.intensity = 1e39
    host.step(app, 4)
    told = [text for text in app.report()["errors"] if "larger than the 3.4e38 that the GPU can hold" in text]
    assert len(told) == len(app.report()["errors"]) == 1 and numbers_of(app, host)
    assert np.array_equal(app._engine._view.block.read("sun_color"), before)
    app.sun.intensity = 5.0
    host.step(app, 1)
    assert not np.array_equal(app._engine._view.block.read("sun_color"), before), "it goes on"


@pytest.mark.parametrize("kind", ["point", "spot"])
@pytest.mark.parametrize("amount", [1e-44, 1e-30, 1e30, 3e38])
def test_lamps_of_any_range_and_strength(kind: str, amount: float) -> None:
    app, host = everything()
    ranged = app.light(kind, position=(0, 2, 0), range=amount, intensity=5.0)
    ranged.shadows = True
    app.light(kind, position=(0, 2, 0), intensity=amount)
    host.step(app, 4)
    rows = host.sink.lights[0]
    assert len(rows) == 6 and (rows[:, 3] > 0).all() and numbers_of(app, host) and app.report()["errors"] == []


def test_texels_stay_where_they_are_in_the_world() -> None:
    """What the GPU draws a point to lies in a texel at the same place, wherever the camera went: no edge crawls."""
    sun = Sun()
    sun.elevation, sun.azimuth = 0.61, 2.2
    rng, camera = np.random.default_rng(4), Camera()
    home = np.array((81_234.5, 12.0, -40_321.25))
    places = home + rng.uniform(-6, 6, (40, 3))
    for reach, texels in ((12.0, 1280), (40.0, 1024), (130.0, 1024)):
        seen = []
        for step in range(30):
            camera.position = home + np.array((0.00171, 0.00037, -0.00219)) * step * reach
            camera.yaw, camera.pitch = 0.2 * step, 0.03 * step
            frame = camera.frame(640, 400)
            matrix = fit(frame, axes_of(sun.direction), reach, texels).matrix(frame.position).astype(np.float64)
            relative = (places - frame.position).astype(np.float32).astype(np.float64)
            seen.append((relative @ matrix[:2, :3].T + matrix[:2, 3]) * texels)
        whole = np.array(seen) - seen[0]
        assert np.abs(whole).max() > 2, "it moves"
        assert np.abs(whole - np.rint(whole)).max() < 0.02, "by whole texels"


def test_ten_hours_of_sun_are_followed_a_slice_a_frame() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    app.quality = "high"
    app.spawn_many(lw.Mesh.box(), 200, position=np.random.default_rng(2).uniform(-400, 400, (200, 3)), static=True)
    app.sun.at(math.radians(47), 172, 7.0)
    host.step(app, 30)
    kept, near = app._engine.shadows._kept, len(LAYOUTS["high"].dynamic)
    renewals, worst = 0, 0.0
    for hour in np.linspace(7, 17, 600):
        app.sun.at(math.radians(47), 172, float(hour))
        host.step(app, 1)
        drawn = len(host.sink.tiles) - near
        assert drawn in (0, 1), "never two kept ones in a frame"
        assert len(kept.shown) == 3 and numbers_of(app, host)
        toward = app._engine.shadows._axes.toward
        cosine = min(float(toward @ one.cascade.axes.toward) for one in kept.shown.values())
        renewals, worst = renewals + drawn, max(worst, math.degrees(math.acos(min(cosine, 1.0))))
    assert renewals > 100 and worst < 2.0,  "far shadows lie where the sun throws them, at an hour a second"
    assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes and app.report()["errors"] == []
