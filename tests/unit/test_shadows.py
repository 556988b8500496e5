"""The sun's shadows: boxes of cascades, tiles of the atlas, and what a frame draws into them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerw as lw
from layerw.frame.cascades import Axes, axes_of, fit, reaches, sphere
from layerw.frame.kept_cascades import DRAW_INSTANCES, PATIENCE_FRAMES, SLICE_INSTANCES, Kept, KeptCascades
from layerw.frame.lamp_shadows import LampTile, border
from layerw.frame.shadow_atlas import CELL_LEVELS, KEPT_CASCADES, LAYOUTS, AtlasLayout
from layerw.frame.sun_shadows import matrices_of
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.passes import flag
from layerw.hosts.headless import HeadlessHost
from layerw.scene.camera import Camera, CameraFrame
from layerw.scene.environment import Sun

SIZE = (640, 400)


def seen_from(position: object, yaw: float = 0.0, pitch: float = 0.0, **projection: float) -> CameraFrame:
    camera = Camera()
    camera.position, camera.yaw, camera.pitch = position, yaw, pitch
    if projection:
        camera.projection = lw.Orthographic(**projection)
    return camera.frame(*SIZE)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 6), st.floats(-1.5, 1.5), st.floats(0.01, 1.5),
       st.floats(0.5, 2e4))  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_a_box_holds_what_is_seen_up_to_its_reach(x: float, z: float, yaw: float, pitch: float, height: float,
                                                  reach: float) -> None:  # fmt: skip
    camera = seen_from((x, 30.0, z), yaw, pitch)
    sun = Sun()
    sun.elevation = height
    box = fit(camera, axes_of(sun.direction), reach, 1024)
    matrix, planes = box.matrix(camera.position).astype(np.float64), box.planes(camera.position)
    rng = np.random.default_rng(3)
    for across, down, along in rng.uniform((0, 0, 0.01), (1, 1, 1), (50, 3)):
        start, way = camera.ray(across, down)
        place = way * (along * reach / float(way @ camera.forward))
        u, v, depth = (matrix @ np.append(place, 1))[:3]
        slack = 1.5 / 1024
        assert -slack < u < 1 + slack and -slack < v < 1 + slack and 0 < depth < 1
        assert (planes[:, :3] @ place + planes[:, 3] > -2 * box.texel_m).all(), "its casters are drawn as well"


def test_boxes_move_in_whole_texels_and_turn_without_a_change() -> None:
    axes, radii, places = axes_of(Sun().direction), set(), set()
    for step in range(40):
        camera = seen_from((1e5 + step * 0.00371, 2.0, -3e5 + step * 0.00113))
        box = fit(camera, axes, 12.0, 512)
        radii.add(box.radius)
        places.update(round(float(at / box.texel_m) % 1, 6) % 1 for at in box.center)
        fixed = box.matrix(camera.position).astype(np.float64) @ np.append(-camera.position % 1.0, 1)
        assert np.isfinite(fixed).all()
    assert len(radii) == 1 and places == {0.0}
    turned = fit(seen_from((1.0, 2.0, 3.0), 2.1, 0.4), axes, 12.0, 512)
    assert {turned.radius} == radii


def test_what_is_nearer_to_the_sun_has_more_depth() -> None:
    sun = Sun().direction
    camera = seen_from((0.0, 0.0, 0.0))
    matrix = fit(camera, axes_of(sun), 50.0, 512).matrix(camera.position).astype(np.float64)
    near, far = (matrix @ np.append(camera.forward * 20 + sun * away, 1) for away in (9, 0))
    assert near[2] > far[2] and near[:2] == pytest.approx(far[:2], abs=1e-6)


@pytest.mark.parametrize("height", [-0.3, 0.0, 1e-4, 0.5, math.pi / 2])
def test_axes_are_square_at_any_height_of_the_sun(height: float) -> None:
    sun = Sun()
    sun.elevation = height
    axes = np.stack(axes_of(sun.direction))
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert axes[2] == pytest.approx(sun.direction)


def test_parallel_cameras_and_narrow_ones_have_the_sphere_around_what_they_see() -> None:
    along, radius = sphere(seen_from((0, 0, 0), height=20.0), 100.0)
    assert (along, radius) == (50.0, pytest.approx(math.hypot(50.0, 10.0, 16.0)))
    camera = Camera()
    camera.fov_y = 0.2
    narrow = camera.frame(*SIZE)
    along, radius = sphere(narrow, 100.0)
    corner = np.linalg.norm((100 * narrow.tan_x, 100 * narrow.tan_y, 100 - along))
    assert radius == pytest.approx(along) == pytest.approx(corner), "through the eye and the far corners"


@pytest.mark.parametrize(("distance", "found"), [
    (None, (12, 40, 130, 600, 3000, 16000)), (13.0, (1.2, 4.0, 13.0)), (130, (12, 40, 130)),
    (150, (12, 40, 150)), (220, (12, 40, 130, 220)), (1000, (12, 40, 130, 600, 1000)),
    (5e4, (12, 40, 130, 600, 3000, 5e4)),
])  # fmt: skip
def test_a_distance_takes_the_cascades_that_it_needs(distance: float | None, found: tuple[float, ...]) -> None:
    assert reaches((12, 40, 130), (600, 3000, 16000), distance) == pytest.approx(found)


@pytest.mark.parametrize("distance", np.geomspace(1e-3, 1e7, 41).tolist())
def test_reaches_rise_for_every_distance(distance: float) -> None:
    for layout in LAYOUTS.values():
        found = reaches(layout.dynamic, layout.cached, distance)
        assert found[-1] == pytest.approx(distance) and list(found) == sorted(set(found))
        assert 0 < len(found) <= len(layout.dynamic) + len(layout.cached)


@pytest.mark.parametrize("level", range(CELL_LEVELS))
@pytest.mark.parametrize("name", LAYOUTS)
def test_tiles_of_an_atlas_lie_beside_each_other(name: str, level: int) -> None:
    layout = LAYOUTS[name]
    tiles = [layout.dynamic_tile(n) for n in range(len(layout.dynamic))]
    tiles += [layout.cached_tile(n) for n in range(KEPT_CASCADES + 1)] if layout.cached else []
    tiles += [layout.cell(level, n) for n in range(layout.cells(level))]
    used = np.zeros(layout.size, np.uint8)
    for x, y, side in tiles:
        assert x + side <= layout.size[0] and y + side <= layout.size[1]
        used[x : x + side, y : y + side] += 1
    assert used.max() == 1 and max(layout.size) <= 4096, "what every WebGL2 device can have"
    assert used.mean() > 0.9
    for n in range(layout.cells(level) if level < CELL_LEVELS - 1 else 0):
        large, small = layout.cell(level, n), [layout.cell(level + 1, 4 * n + part) for part in range(4)]
        inside = [(tile.x - large.x, tile.y - large.y) for tile in small]
        half = large.side // 2
        assert inside == [(0, 0), (half, 0), (0, half), (half, half)] and {tile.side for tile in small} == {half}


def scene() -> lw.App:
    app = lw.App(host=HeadlessHost())
    app.quality = "low"
    app.spawn(lw.Mesh.plane(50, 50))
    app.spawn(lw.Mesh.box(), position=(0, 0.5, 0))
    app.camera.position = (0, 2, 6)
    app.camera.look_at((0, 0, 0))
    return app


def tiles_of(app: lw.App) -> list[tuple[int, ...]]:
    app.host.step(app)
    assert not app.host.errors
    return list(app.host.sink.tiles)


def layout_of(app: lw.App) -> AtlasLayout:
    return app._engine.shadows.layout


def block_of(app: lw.App) -> FrameBlock:
    return app._engine._view.block


def test_a_frame_draws_its_cascades_into_the_atlas() -> None:
    app = scene()
    app.host.step(app)
    tiles, layout = tiles_of(app), layout_of(app)
    assert app.host.sink.atlas == layout.size
    assert [tile[1:4] for tile in tiles] == [layout.dynamic_tile(n) for n in range(len(layout.dynamic))]
    assert [tile[4:] for tile in tiles] == [(n, 1) for n in range(len(layout.dynamic))]
    steps = block_of(app).read("shadow_steps").reshape(-1, 4)
    assert (np.diff(steps[: len(tiles), 0]) > 0).all() and not steps[len(tiles) :].any()
    assert not matrices_of(block_of(app))[len(tiles) : 6].any()


def test_shadows_that_are_off_take_no_room_and_those_of_the_night_draw_nothing() -> None:
    app = scene()
    app.sun.elevation, app.sky.zenith = -0.1, (0.1, 0.3, 0.8)  # a painted sky has no moon
    app.host.step(app)
    assert tiles_of(app) == [] and app.host.sink.atlas == layout_of(app).size, "the sun will rise"
    assert app.host.sink.views[0].flags & flag("shadows") == 0
    assert block_of(app).read("shadow_params")[2] == 0
    charged = app._engine.resources.charged("targets")
    app.sun.elevation, app.shadows.enabled = 0.5, False
    app.host.step(app)
    assert tiles_of(app) == [] and app.host.sink.atlas == (0, 0)
    app.shadows.enabled = True
    app.host.step(app)
    assert len(tiles_of(app)) == len(layout_of(app).dynamic)
    assert app._engine.resources.charged("targets") == charged


@pytest.mark.parametrize(("gpu_mib", "quality", "drawn"), [
    (128, "medium", "low"), (128, "high", "low"), (300, "high", "medium"), (128, "low", "low"), (512, "high", "high"),
])  # fmt: skip
def test_an_atlas_without_room_is_a_coarser_one_and_told_once(gpu_mib: int, quality: str, drawn: str) -> None:
    host = HeadlessHost(size=SIZE)
    app = lw.App(host=host, budgets=lw.Budgets(gpu_mib=gpu_mib))
    app.quality, app.shadows.enabled = quality, False
    host.step(app, 3)
    assert not any("Shadows are" in text for _, text in host.logs), "there are none"
    app.shadows.enabled = True
    host.step(app, 5)
    told = [text for _, text in host.logs if "Shadows are" in text]
    assert layout_of(app) is LAYOUTS[drawn] and host.sink.atlas == LAYOUTS[drawn].size and not host.errors
    assert len(told) == (drawn != quality) and all(f"{drawn!r}, not {quality!r}" in text for text in told)


def test_each_view_draws_its_own_cascades_and_picks_none() -> None:
    app = scene()
    app.add_view(lw.Camera(position=(30, 5, 30)), viewport=(0.5, 0, 0.5, 1))
    app.host.step(app)
    tiles = tiles_of(app)
    count = len(layout_of(app).dynamic)
    assert [tile[0] for tile in tiles] == [0] * count + [1] * count
    asked = app.pick_drawn(10, 10)
    assert [tile[0] for tile in tiles_of(app)] == [0] * count + [1] * count
    asked.cancel()


def test_settings_of_shadows_reach_the_uniforms() -> None:
    app = scene()
    app.shadows.strength, app.shadows.distance_m = 0.5, 13.0
    app.host.step(app)
    tiles_of(app)
    before = block_of(app).read("shadow_steps").copy()
    assert block_of(app).read("shadow_params")[2:].tolist() == [0.5, 13.0]
    app.shadows.bias = 2.0
    tiles_of(app)
    assert block_of(app).read("shadow_steps") == pytest.approx(2 * before)
    app.shadows.distance_m = None
    tiles_of(app)
    assert block_of(app).read("shadow_steps")[0] > 3 * before[0], "a longer reach has larger texels"


@pytest.mark.parametrize("distance", [1e-3, 1e7, 1e300])
def test_tiny_and_huge_scenes_have_finite_shadows(distance: float) -> None:
    app = scene()
    app.shadows.distance_m = distance
    for elevation in (0.5, 1e-300, math.pi / 2):
        app.sun.elevation = elevation
        tiles_of(app)
        tiles_of(app)
    assert np.isfinite(block_of(app).array).all()


FAR = (600.0, 3000.0)
SUN = axes_of(np.array((0.3, 0.8, 0.2)))


def records(count: int, instances: int = 1) -> np.ndarray:
    made = np.zeros((count, 8), np.uint32)
    made[:, 3] = instances
    return made


def drawn_whole(kept: KeptCascades, count: int = 10) -> list[int]:
    """How many draws each frame takes until the job ends."""
    sizes, todo = [], records(count)
    while not kept._is_whole:
        part, is_first = kept.slice(todo)
        assert is_first is (not sizes)
        sizes.append(len(part))
    return sizes


def test_kept_cascades_are_drawn_one_at_a_time_into_the_spare_tile() -> None:
    kept, home = KeptCascades(), np.zeros(3)
    slots = []
    for _ in range(8):
        kept.step(SUN, FAR, 512, home, "scene")
        if kept.job is None:
            break
        slots.append((kept.job.number, kept.job.slot))
        assert kept.job.number not in kept.shown, "no half of it is seen"
        drawn_whole(kept)
    assert slots == [(0, 0), (1, 1)] and sorted(kept.shown) == [0, 1] and kept.box == ()
    kept.step(SUN, FAR, 512, home + 0.2 * FAR[0], "scene")
    assert kept.job is None, "there is room to move"
    kept.step(SUN, FAR, 512, home + 0.3 * FAR[0], "scene")
    assert kept.job is not None and (kept.job.number, kept.job.slot) == (0, 2)
    before = kept.shown[0]
    assert before.slot == 0, "the old one is shown until the new one is whole"
    drawn_whole(kept)
    kept.step(SUN, FAR, 512, home + 0.3 * FAR[0], "scene")
    assert kept.shown[0].slot == 2 and kept.shown[0] is not before


def test_kept_cascades_are_due_when_the_sun_turns_or_things_come() -> None:
    kept, home = KeptCascades(), np.zeros(3)

    def settle(axes: Axes, scene: object) -> int:
        jobs = 0
        for _ in range(3 * PATIENCE_FRAMES):
            kept.step(axes, FAR, 512, home, scene)
            if kept.job is not None:
                jobs += 1
                drawn_whole(kept)
        return jobs

    assert settle(SUN, "a") == 2 and settle(SUN, "a") == 0
    assert settle(SUN, "b") == 2, "each once"
    turned = axes_of(SUN.toward + 0.002 * SUN.right)
    assert settle(turned, "b") == 0
    assert settle(axes_of(SUN.toward + 0.006 * SUN.right), "b") == 2
    kept.clear()
    assert kept.shown == {} and settle(turned, "b") == 2, "a lost device"


@given(st.lists(st.integers(1, 9000), max_size=200))
@settings(deadline=None, max_examples=60)
def test_slices_are_all_of_a_list_in_order_and_small(instances: list[int]) -> None:
    kept = KeptCascades()
    kept.step(SUN, FAR, 512, np.zeros(3), "scene")
    todo = records(len(instances))
    todo[:, 1], todo[:, 3] = np.arange(len(instances)), instances
    todo[:, 2] = np.cumsum(todo[:, 3]) - todo[:, 3]
    before, parts, costs = todo.copy(), [], []
    while not kept._is_whole:
        part, is_first = kept.slice(todo)
        assert is_first is (not parts)
        parts.append(part)
        costs.append(int(part[:, 3].sum()) + DRAW_INSTANCES * len(part))
    drawn, wanted = ([(look, row) for _, look, first, count, *_ in some.tolist() for row in range(first, first + count)]
                     for some in (np.concatenate(parts), before))  # fmt: skip
    assert drawn == wanted
    assert np.array_equal(todo, before), "the frame's own list stays"
    assert max(costs) <= SLICE_INSTANCES + 2 * DRAW_INSTANCES, "a draw that is cut counts twice"
    assert max(costs) <= 2 * np.mean(costs) + 2 * DRAW_INSTANCES


def test_a_renewal_is_spread_and_whole_while_the_camera_flies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many plants of few kinds, at levels of detail that change on the way: each is drawn once, no frame draws many."""
    app, count, drawn = scene(), 30_000, {}
    app.quality = "high"
    places = np.random.default_rng(2).uniform((-500, 0, -500), (500, 40, 500), (count, 3))
    app.spawn_many(lw.flora.conifer(seed=1), count, position=places, static=True)

    def counted(kept: KeptCascades, todo: np.ndarray, slice: object = KeptCascades.slice) -> object:
        assert kept.job is not None
        part, is_first = slice(kept, todo)  # type: ignore[operator]
        drawn.setdefault(kept.job, []).append(int(part[:, 3].sum()))
        return part, is_first

    monkeypatch.setattr(KeptCascades, "slice", counted)
    for step in range(120):
        app.camera.position = (4.0 * step - 240, 30.0, 100.0)
        app.host.step(app, 1)
    whole: list[Kept] = list(drawn)[:-1]  # the last may be on its way
    assert len(whole) > 3 and {job.number for job in whole} == {0, 1, 2} and app.report()["errors"] == []
    for job in whole:
        if job.number:  # the first reaches 600 m: not all of them
            assert sum(drawn[job]) == count, "none is left out, none is drawn twice"
        assert len(drawn[job]) >= 5 and max(drawn[job]) <= min(SLICE_INSTANCES, 2 * np.mean(drawn[job]))


def test_far_cascades_of_a_frame_hold_what_stands_still() -> None:
    app = scene()
    app.quality = "high"
    app.spawn_many(lw.Mesh.box(), 300, position=np.random.default_rng(2).uniform(-400, 400, (300, 3)), static=True)
    app.host.step(app, 30)
    layout = layout_of(app)
    assert layout is LAYOUTS["high"] and app.host.sink.atlas == layout.size
    near = len(layout.dynamic)
    steps = block_of(app).read("shadow_steps").reshape(-1, 4)[:, 0]
    assert (np.diff(steps) > 0).all() and steps[-1] > 10, "to the horizon"
    assert len(tiles_of(app)) == near, "nothing is drawn again"
    app.camera.position = (0, 2, 300)
    kept = [tile for tile in tiles_of(app) if tile[4] >= 6]
    assert [tile[1:4] for tile in kept] == [layout.cached_tile(3)]
    app.host.step(app, 4)
    assert len(tiles_of(app)) == near
    app.host.lose_device()
    app.host.step(app, 20)
    assert (np.diff(block_of(app).read("shadow_steps").reshape(-1, 4)[:, 0]) > 0).all(), "drawn again"
    assert not app.host.errors


@given(st.floats(0.05, 1.4), st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
@settings(deadline=None, max_examples=40)
def test_a_lamps_tile_holds_its_cone(angle: float, x: float, y: float, z: float) -> None:
    ahead = np.array((x, y, z + 1e-3))
    ahead /= np.linalg.norm(ahead)
    tile = LampTile(7, 1, 0, (4.0, 5.0, 6.0), tuple(ahead.tolist()), math.tan(angle) * border(1), 10.0)
    camera = np.array((1.0, -2.0, 3.0))
    matrix, planes = tile.matrix(camera).astype(np.float64), tile.planes(camera)
    for turn in np.linspace(0, 6, 7):
        side = np.cross(ahead, (0.3, 0.5, 0.9))
        side = side / np.linalg.norm(side)
        side = side * math.cos(turn) + np.cross(ahead, side) * math.sin(turn)
        place = np.array(tile.place) + 5 * (ahead * math.cos(angle) + side * math.sin(angle)) - camera
        u, v, depth, w = matrix @ np.append(place, 1)
        assert 0 < u / w < 1 and 0 < v / w < 1 and 0 < depth / w < 1
        assert w == pytest.approx(5 * math.cos(angle), rel=1e-3)
        assert (planes[:, :3] @ place + planes[:, 3] > 0).all()


def test_edges_are_as_wide_as_the_sun_in_near_cascades_of_high_quality() -> None:
    app = scene()
    app.spawn(lw.Mesh.box(), static=True)
    app.quality, app.sun.angular_radius = "high", 0.02
    app.host.step(app, 30)
    steps = block_of(app).read("shadow_steps").reshape(-1, 4)
    near = len(layout_of(app).dynamic)
    texels_a_metre = steps[:near, 2] * steps[:near, 3]
    assert np.allclose(texels_a_metre * steps[:near, 0], np.tan(0.02) * app.shadows.bias), "the same metres in each"
    assert not steps[near:, 2:].any() and (steps[:near, 2] > 0).all()
    app.quality = "medium"
    app.host.step(app, 2)
    assert not block_of(app).read("shadow_steps").reshape(-1, 4)[:, 2:].any()
