"""Shadows of lamps: which have cells of the atlas, how large, and when they are drawn again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerw as lw
from layerw.frame.lamp_shadows import TILES_A_FRAME
from layerw.frame.moving import MovingRows
from layerw.frame.shadow_atlas import LAYOUTS, AtlasLayout
from layerw.frame.shadow_cells import COARSEST, LAMPS_MAX, Cells, ShadowCells, Wish, units_of
from layerw.gpu.passes import flag
from layerw.hosts.headless import HeadlessHost

ALL = LAYOUTS["low"].cells(COARSEST)


def scene() -> lw.App:
    app = lw.App(host=HeadlessHost())
    app.quality = "low"
    app.spawn(lw.Mesh.plane(50, 50))
    app.camera.position = (0, 2, 6)
    app.camera.look_at((0, 0, 0))
    return app


def layout_of(app: lw.App) -> AtlasLayout:
    return app._engine.shadows.layout


def lamps_of(app: lw.App) -> list[tuple[int, ...]]:
    """The squares of the atlas' blocks that a frame draws."""
    app.host.step(app)
    assert not app.host.errors
    return [tile[1:4] for tile in app.host.sink.tiles if tile[2] >= layout_of(app).cells_top]


def shown(app: lw.App) -> dict[int, Cells]:
    """By lamp."""
    return dict(app._engine.shadows.lamps.shown)


def codes(app: lw.App) -> list[int]:
    """Where the shaders find the shadows of each light that has some."""
    lengths = np.linalg.norm(app.host.sink.lights[0][:, 8:11].astype(np.float64), axis=1)
    return sorted(np.rint(lengths[lengths > 1.5] - 2).astype(int).tolist())


def test_lamps_draw_their_shadows_and_keep_them_while_nothing_moves() -> None:
    app = scene()
    point = app.light("point", position=(0, 3, 0))
    spot = app.light("spot", position=(2, 3, 0), direction=(0, -1, 0))
    app.host.step(app, 3)
    assert lamps_of(app) == [] and app._engine._view.block.read("shadow_cells")[0] == 0, "without shadows"
    point.shadows = spot.shadows = True
    drawn = [lamps_of(app) for _ in range(12)]
    squares = {square for some in drawn for square in some}
    assert max(map(len, drawn)) == TILES_A_FRAME and len(squares) == 7 == sum(map(len, drawn)), "each once"
    assert codes(app) == sorted(4 * cells.first + cells.level for cells in shown(app).values())
    spot.position = (2, 4, 0)
    [one] = [square for _ in range(4) for square in lamps_of(app)]
    assert one in squares, "the one that moved, and no other"
    app.sun.elevation, app.sky.zenith = -0.1, (0.1, 0.3, 0.8)
    app.host.step(app, 4)
    assert app.host.sink.views[0].flags & flag("shadows"), "they need no sun"
    app.host.lose_device()
    assert {square for _ in range(8) for square in lamps_of(app)} == squares
    point.despawn()
    spot.despawn()
    app.host.step(app, 3)
    assert app.host.sink.views[0].flags & flag("shadows") == 0 and not app.host.errors


@pytest.mark.parametrize("quality", ["low", "medium", "high"])
@pytest.mark.parametrize("kind", ["point", "spot"])
def test_thirty_two_lamps_of_any_kind_have_shadows(quality: str, kind: str) -> None:
    app = scene()
    app.quality = quality
    for n in range(LAMPS_MAX):
        app.light(kind, position=(n % 8 - 4, 2, n // 8), range=5.0).shadows = True
    app.weather.rain = 0.5  # the roofs have their cell as well
    faces = 6 if kind == "point" else 1
    for _ in range(-(-LAMPS_MAX * faces // TILES_A_FRAME) + 1):
        app.host.step(app)
    found = shown(app)
    assert len(found) == LAMPS_MAX and len(set(codes(app))) == len(codes(app)) > 24 and not app.host.errors
    room = np.zeros(layout_of(app).cells(COARSEST), int)
    for cells in found.values():
        room[cells.units] += 1
    assert room.max() == 1 and room[-units_of(1, 1) :].max() == 0
    assert not any("cast shadows" in text for _, text in app.host.logs)


def test_more_lamps_than_that_are_told_once_and_the_largest_have_shadows() -> None:
    app = scene()
    lamps = [app.light("spot", position=(0, 2, -5 * n), direction=(0, -1, 0), range=4.0) for n in range(40)]
    for lamp in lamps:
        lamp.shadows = True
    app.host.step(app, 20)
    assert sum("40 lights cast shadows, and 32 of them are drawn" in text for _, text in app.host.logs) == 1
    assert sorted(shown(app)) == sorted(lamp._first for lamp in lamps[:32]), "those near the camera"
    levels = [shown(app)[lamp._first].level for lamp in lamps[:32]]
    assert levels == sorted(levels) and levels[0] < levels[-1], "the nearer, the finer"
    with pytest.raises(lw.ConfigError, match="directional lights cast none"):
        app.light("directional").shadows = True


def test_only_what_moves_in_a_lamps_reach_is_drawn_again() -> None:
    app = scene()
    near = app.spawn(lw.Mesh.box(0.5), position=(0, 1, -3))
    far = app.spawn(lw.Mesh.box(0.5), position=(200, 1, 0))
    app.light("point", position=(0, 3, 0), range=8.0).shadows = True
    app.light("spot", position=(10, 3, 0), direction=(0, -1, 0), range=5.0).shadows = True
    app.host.step(app, 12)
    assert lamps_of(app) == []
    far.move(x=0.5)
    assert [lamps_of(app) for _ in range(3)] == [[], [], []], "out of reach"
    near.move(x=0.1)
    once = lamps_of(app)
    assert 1 <= len(once) <= 3 and lamps_of(app) == [], "of a point, the sides that see it"
    near.rotate(y=0.3)
    assert lamps_of(app), "turning counts"
    app.host.step(app, 2)
    near.visible = False
    assert sorted(lamps_of(app)) == sorted(once), "hiding does"
    app.host.step(app, 2)
    new = app.spawn(lw.Mesh.box(0.5), position=(10, 1, 0))
    assert len(lamps_of(app)) == 1, "what comes into the spot"
    app.host.step(app, 2)
    new.position = (150, 1, 0)
    assert len(lamps_of(app)) == 1, "what leaves it"
    app.host.step(app, 2)
    new.despawn()
    assert lamps_of(app) == [] and not app.host.errors


def test_light_that_flickers_draws_nothing_again() -> None:
    app = scene()
    lamp = app.light("point", position=(0, 3, 0), range=8.0)
    lamp.shadows = True
    app.host.step(app, 12)
    for n in range(6):
        lamp.intensity = 90.0 + n
        assert lamps_of(app) == [] and codes(app)


def wishes(*sizes: float, faces: int = 1) -> list[Wish]:
    return [Wish(lamp, size, faces, 1.0) for lamp, size in enumerate(sizes)]


def test_ranks_and_sizes_stay_while_lamps_differ_a_little() -> None:
    cells = ShadowCells()
    cells.choose(wishes(*(50.0 + n for n in range(40))), ALL)
    first = dict(cells.of)
    assert sorted(first) == list(range(8, 40))
    rng = np.random.default_rng(3)
    for _ in range(30):
        cells.choose(wishes(*(50.0 + n + rng.uniform(-4, 4) for n in range(40))), ALL)
        assert cells.of == first
    cells.choose(wishes(*(500.0 if n == 0 else 50.0 + n for n in range(40))), ALL)
    assert 0 in cells.of and 8 not in cells.of, "one that is clearly larger takes its place"
    assert sum(cells.of.get(lamp) == has for lamp, has in first.items()) >= 30, "the others keep theirs"


@given(st.lists(st.lists(st.tuples(st.integers(0, 60), st.floats(0.01, 4000), st.booleans()), max_size=48,
                         unique_by=lambda one: one[0]), min_size=1, max_size=6),
       st.sampled_from([0, 60, 240, 256, 1024]))  # fmt: skip
@settings(deadline=None, max_examples=80)
def test_cells_never_meet_and_the_room_is_kept(frames: list[list[tuple[int, float, bool]]], room: int) -> None:
    cells = ShadowCells()
    for frame in frames:
        some = [Wish(lamp, size, 6 if lamp % 2 else 1, 1.0) for lamp, size, _ in frame]
        without = cells.choose(some, room)
        used = np.zeros(room, int)
        for has in cells.of.values():
            assert 0 <= has.level <= COARSEST and has.units.stop <= room
            used[has.units] += 1
        assert used.max(initial=0) <= 1
        assert len(cells.of) + without == min(len(some), LAMPS_MAX)
        if room >= 6 * LAMPS_MAX:
            assert without == 0, "at coarse faces all find room"


def test_cells_that_are_drawn_anew_are_not_looked_at_until_they_are_whole() -> None:
    app = scene()
    lamp = app.light("point", position=(0, 3, 0), range=8.0)
    lamp.shadows = True
    app.host.step(app, 1)
    assert codes(app) == [] and len(shown(app)) == 0, "four of its six sides are there"
    app.host.step(app, 2)
    before = shown(app)
    app.camera.position = (0, 40, 200)  # it is small now
    seen = []
    for _ in range(20):
        app.host.step(app)
        seen.append(shown(app))
    assert seen[-1][lamp._first].level > before[lamp._first].level
    assert all(lamp._first in one for one in seen), "it has its old ones so long"


def test_a_scene_of_many_rows_is_followed_as_a_whole() -> None:
    app = scene()
    crowd = app.spawn_many(lw.Mesh.box(0.1), 70_000, position=(500, 0, 0))
    app.light("spot", position=(0, 3, 0), direction=(0, -1, 0), range=5.0).shadows = True
    app.host.step(app, 4)
    assert lamps_of(app) == []
    crowd[0].move(x=1)
    assert len(lamps_of(app)) == 1


def test_rows_that_moved_are_found_with_where_they_were() -> None:
    app = scene()
    box = app.spawn(lw.Mesh.box(2.0), position=(5, 0, 0))
    rows = MovingRows(app._engine.table)

    def step() -> np.ndarray:
        moving = rows.step(app._engine.table.update(), app._engine.shown.tiles, np.zeros(0, np.intp))
        for column in app._engine.table.columns.values():
            column.take_dirty(app._engine.table.rows_used)
        return np.zeros((0, 4)) if moving.everything else moving.spheres

    step(), step()
    assert len(step()) == 0
    box.position = (7, 0, 0)
    box.scale = 2
    found = step()
    assert found[:, 0].tolist() == [5.0, 7.0] and found[:, 3] == pytest.approx([math.sqrt(1.5), 2 * math.sqrt(1.5)])
    box.despawn()
    found = step()
    assert len(found) == 1 and found[0, 3] == pytest.approx(2 * math.sqrt(1.5)), "where it was"
