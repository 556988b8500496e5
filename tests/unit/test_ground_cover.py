"""lw.GroundCover: the same plants in the same places, whichever way one comes, and no more rows than at first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.plants.hashed import numbers_of

REACH_M = 24.0


def hills(x: Any, z: Any) -> Any:
    return 3 * np.sin(x / 20) + 2 * np.cos(z / 30)


@pytest.fixture
def host() -> HeadlessHost:
    return HeadlessHost(size=(32, 32))


@pytest.fixture
def app(host: HeadlessHost) -> Iterator[lw.App]:
    made = lw.App(host=host)
    yield made
    made.close()


def grow(app: lw.App, **rules: Any) -> lw.GroundCover:
    return lw.GroundCover(app, hills, lw.Mesh.box(0.1), **({"per_m2": 0.5, "reach_m": REACH_M, "sink_m": 0.0} | rules))


def plants(app: lw.App) -> npt.NDArray[np.float64]:
    """(n, 10) what is drawn of it, by place: position, rotation and scale."""
    table = app._engine.table
    rows = np.flatnonzero(table.shown())
    group = lw.Entities.of_rows(table, rows)
    values = np.concatenate([group.position, group.rotation, group.scale], axis=1).astype(np.float64)
    return values[np.lexsort(values[:, ::-1].T)]


def go(host: HeadlessHost, app: lw.App, x: float, z: float, frames: int = 60) -> None:
    app.camera.position = np.array((x, 2.0, z))
    host.step(app, frames)


def test_it_stands_on_the_ground_around_the_camera_and_thins_out(host: HeadlessHost, app: lw.App) -> None:
    grow(app, per_m2=2.0)
    go(host, app, 100.0, -50.0, 1)
    found = plants(app)
    assert np.abs(found[:, 1] - hills(found[:, 0], found[:, 2])).max() < 1e-4
    away = np.abs(found[:, [0, 2]] - (100, -50)).max(axis=1)
    assert REACH_M * 0.9 < away.max() < REACH_M * 1.2
    near, far = (away < 6).sum() / 12**2, ((away > 20) & (away < 24)).sum() / (48**2 - 40**2)
    assert near == pytest.approx(2.0, rel=0.2)
    assert far == pytest.approx(0.3, rel=0.35), "15 % beyond seven tenths of the reach"


def test_a_place_has_the_same_plants_whichever_way_one_comes(host: HeadlessHost, app: lw.App) -> None:
    cover = grow(app, patches_m=10.0)
    go(host, app, 0.0, 0.0)
    first, rows = plants(app), app._engine.table.alive_count
    for x, z in ((9.0, 4.0), (-300.0, 7.0), (-310.0, 60.0), (40.0, 41.0), (0.0, 0.0)):
        go(host, app, x, z)
    assert np.array_equal(plants(app), first)
    assert app._engine.table.alive_count == rows <= cover.count
    host2 = HeadlessHost(size=(32, 32))
    other = lw.App(host=host2)
    grow(other, patches_m=10.0)
    go(host2, other, 0.0, 0.0, 1)
    assert np.array_equal(plants(other), first)
    other.close()


def test_at_any_speed_what_is_near_comes_first_and_all_comes(host: HeadlessHost, app: lw.App) -> None:
    grow(app)
    go(host, app, 0.0, 0.0, 1)
    go(host, app, 5000.0, 5000.0, 2)
    near = np.abs(plants(app)[:, [0, 2]] - 5000).max(axis=1)
    assert (near < 3).any()
    host.step(app, 60)
    assert np.abs(plants(app)[:, [0, 2]] - 5000).max() < REACH_M * 1.3, "nothing was left behind"


def test_rules_leave_out(host: HeadlessHost, app: lw.App) -> None:
    grow(app, height=(0.0, 100.0))
    go(host, app, 0.0, 0.0, 1)
    found = plants(app)
    assert len(found) > 0 and found[:, 1].min() > 0


def test_a_wide_span_of_heights_leaves_no_shore_bare(host: HeadlessHost, app: lw.App) -> None:
    lw.GroundCover(app, lambda x, z: 5.0 + 0 * x, lw.Mesh.box(0.1), per_m2=2.0, reach_m=REACH_M, height=(1.0, 900.0))
    go(host, app, 0.0, 0.0, 1)
    assert (np.abs(plants(app)[:, [0, 2]]).max(axis=1) < 6).sum() / 12**2 == pytest.approx(2.0, rel=0.2)


def test_it_is_hidden_closed_and_ends_with_its_scene(host: HeadlessHost, app: lw.App) -> None:
    cover = grow(app)
    go(host, app, 0.0, 0.0, 1)
    drawn = len(plants(app))
    cover.visible = False
    go(host, app, 30.0, 0.0, 60)
    assert len(plants(app)) == 0
    cover.visible = True
    assert drawn * 0.8 < len(plants(app)) < drawn * 1.2
    cover.close()
    cover.close()
    assert app._engine.table.alive_count == 0

    class Meadow(lw.Scene):
        def enter(self) -> None:
            grow(app)

    app.enter(Meadow())
    host.step(app, 2)
    assert app._engine.table.alive_count > 0
    app.enter(lw.Scene())
    host.step(app, 2)
    assert app._engine.table.alive_count == 0
    assert app.report()["errors"] == []


def test_heights_that_raise_are_told_and_the_program_runs_on(host: HeadlessHost, app: lw.App) -> None:
    lw.GroundCover(app, lambda x, z: x / None, lw.Mesh.box(0.1))
    frames: list[float] = []
    app.frame(frames.append)
    host.step(app, 20)
    assert len(frames) == 20
    (error,) = app.report()["errors"]
    assert "lw.GroundCover" in error


@pytest.mark.parametrize("given", [None, "high", [1.0, 2.0, 3.0]])
def test_heights_that_are_none_are_told_in_words(given: Any, host: HeadlessHost, app: lw.App) -> None:
    with pytest.raises(lw.ShapeError, match=r"scatter heights gave .* for places of shape .* one number for each"):
        lw.scatter(lambda x, z: given, 10, area=(0, 0, 9, 9))
    lw.GroundCover(app, lambda x, z: given, lw.Mesh.box(0.1))
    host.step(app, 2)
    assert any("GroundCover heights gave" in error for error in app.report()["errors"])


def test_too_many_are_refused_with_what_to_change(app: lw.App) -> None:
    with pytest.raises(lw.BudgetError, match=r"1,000,000 is the most. Give it a smaller per_m2 \(50\) or reach_m"):
        grow(app, per_m2=50.0, reach_m=500.0)
    assert app._engine.table.alive_count == 0


def test_numbers_of_places_are_even_and_independent() -> None:
    cells = np.stack(np.meshgrid(np.arange(-20, 20), np.arange(-20, 20)), axis=-1).reshape(-1, 2)
    numbers = numbers_of(cells, 8, 3, 7).reshape(3, -1)
    assert numbers.min() >= 0 and numbers.max() < 1
    assert np.histogram(numbers[0], 16)[0] == pytest.approx(numbers.shape[1] / 16, rel=0.15)
    assert np.abs(np.corrcoef(numbers) - np.eye(3)).max() < 0.03
    assert len(np.unique(numbers)) == numbers.size
    assert not np.array_equal(numbers_of(cells, 8, 3, 8).reshape(3, -1), numbers)


def test_where_heights_are_none_nothing_grows_and_one_number_is_a_plain(host: HeadlessHost, app: lw.App) -> None:
    def coast(x: Any, z: Any) -> Any:
        return np.where(x > 0, hills(x, z), np.nan)

    mesh = lw.Mesh.box(0.1)
    cover = lw.GroundCover(app, coast, mesh, per_m2=0.5, reach_m=REACH_M)
    host.step(app, 1)
    for x in (40.0, -90.0, 0.0):
        go(host, app, x, 0.0)
        found = plants(app)
        assert np.isfinite(found).all() and (found[:, 0] > 0).all() and (len(found) > 0) == (x >= 0)
    cover.close()
    lw.GroundCover(app, lambda x, z: 4.0, mesh, per_m2=0.5, reach_m=REACH_M, sink_m=0.0)
    go(host, app, 0.0, 0.0, 1)
    assert len(plants(app)) and (plants(app)[:, 1] == 4.0).all()
    assert host.errors == []
