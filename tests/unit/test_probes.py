"""Light probes, reflection probes, roofs and pools, headless: what they ask of the frame, and in which order."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import layerw as lw
from layerw.frame import probes as frame_probes
from layerw.frame.probes import SIDES, lines_of, work_bytes
from layerw.frame.roofs import MATRIX
from layerw.gpu import air
from layerw.gpu.passes import flag
from layerw.hosts.headless import HeadlessHost
from layerw.scene.probes import PROBES_MAX, grid_of


@pytest.fixture(autouse=True)
def whole_cubes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole cube a frame, however slow the machine is."""
    monkeypatch.setattr(frame_probes, "BUDGET_MS", 1e9)


def scene() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    app = lw.App(host=host)
    app.spawn(lw.Mesh.plane(20, 20))
    app.spawn(lw.Mesh.box(), position=(0, 1, 0))
    host.step(app, 1)
    return app, host


def uniform(app: lw.App, name: str) -> list[float]:
    return app._engine._view.block.read(name).tolist()


def test_a_grid_is_captured_twice_and_seen_after_the_first_time() -> None:
    app, host = scene()
    grid = app.light_probes((0, 2, 0), (4, 2, 2), 2.0)
    assert grid.counts == (2, 1, 1) and not grid.ready and grid.progress == 0
    host.step(app, 1)
    views = list(host.sink.views)
    assert len(views) == len(SIDES) + 1 and views[-1] == 0, "six sides, then the picture"
    assert all(host.sink.views[view].flags & flag("probe_face") for view in views[:-1])
    assert host.sink.views[0].flags & flag("probe_light") and uniform(app, "probe_state")[0] == 0
    host.step(app, 2)
    assert grid.ready and grid.progress == 0.75 and uniform(app, "probe_state")[0] == 1
    host.step(app, 3)
    assert grid.progress == 1 and list(host.sink.views) == [0], "then nothing looks around any more"
    assert not host.sink.views[0].flags & flag("probe_light") and app.report()["errors"] == []


def test_each_probe_has_texels_of_its_own() -> None:
    app, host = scene()
    grid = app.light_probes((0, 2, 0), (6, 4, 4), 2.0)
    app.light_probes((20, 2, 0), (2, 2, 2), 1.0)
    seen = set()
    for _ in range(3 * 2 * 2 + 8):
        host.step(app, 1)
        places = [*uniform(app, "probe_job")[2:], *uniform(app, "probe_places")]
        seen |= {(places[n], places[n + 1]) for n in (0, 2, 4)}
    assert len(seen) == 3 * (grid._grid.total + 8)
    lowest = air.AIR[1] + host.sink.probe_texels
    assert all(0 <= x < air.AIR[0] and air.AIR[1] <= y < lowest for x, y in seen)


def test_what_the_sun_lights_is_captured_again_when_it_moves() -> None:
    app, host = scene()
    grid, mirror = app.light_probes((0, 2, 0), (2, 2, 2), 2.0), app.reflection_probe((0, 2, 0), (4, 4, 4))
    host.step(app, 4)
    assert grid.progress == 1 and mirror.ready and uniform(app, "probe_state")[1] == 1
    app.sun.azimuth += 0.01
    host.step(app, 1)
    assert grid.progress == 1, "a little is not seen"
    mirror.renew_with_sun = False
    app.sun.azimuth += 0.2
    host.step(app, 1)
    assert host.sink.views[0].flags & flag("probe_light") and grid.ready, "meanwhile the old light is seen"
    host.step(app, 1)
    assert list(host.sink.views) == [0]
    app.sun.elevation = -0.5
    host.step(app, 8)
    assert grid.progress == 1 and app.report()["errors"] == [], "by night as well"
    mirror.capture()
    host.step(app, 1)
    assert host.sink.views[0].flags & flag("probe_mirror")


def test_a_lost_device_captures_all_of_it_again() -> None:
    app, host = scene()
    grid = app.light_probes((0, 2, 0), (2, 2, 2), 2.0)
    host.step(app, 3)
    assert grid.ready
    host.lose_device()
    host.step(app, 1)
    assert grid.progress == 0.5
    host.step(app, 3)
    assert grid.ready and host.sink.probe_texels == lines_of(grid._grid)


def test_too_many_probes_stand_wider_apart() -> None:
    grid = grid_of(np.array((1000.0, 1000.0, 1000.0)), 1.0)
    assert grid.total <= PROBES_MAX and grid.total > PROBES_MAX // 3
    app, _ = scene()
    town = app.light_probes((0, 0, 0), (1000, 100, 1000), 1.0)
    assert town._grid.total <= PROBES_MAX and (town.spacing > 5).all()


def test_what_has_no_room_is_coarser_and_told_or_refused() -> None:
    host = HeadlessHost()
    app = lw.App(host=host, budgets=lw.Budgets(gpu_mib=24))
    host.step(app, 1)
    ledger = app._engine.store.ledger
    fixed = work_bytes() + 3 * 512 * 8
    app._engine.resources.charge("rest", ledger.left_bytes - fixed, "The rest")
    grid = app.light_probes((0, 2, 0), (32, 32, 32), 2.0)
    host.step(app, 1)
    told = [text for _, text in host.logs if "apart" in text]
    assert grid._grid.total < 16**3 and len(told) == 1, "once"
    with pytest.raises(lw.BudgetError, match="gpu_mib"):
        app.reflection_probe((0, 2, 0), (4, 4, 4))
    grid.close()
    host.step(app, 1)
    assert app._engine.resources.charged("probes") == 0 and host.sink.probe_texels == 0


def test_there_are_four_of_each() -> None:
    app, host = scene()
    made = [app.light_probes((0, 2, 0), (2, 2, 2), 2.0) for _ in range(4)]
    with pytest.raises(lw.ConfigError, match="4 grids"):
        app.light_probes((0, 2, 0), (2, 2, 2), 2.0)
    made[0].close()
    host.step(app, 1)
    app.light_probes((0, 2, 0), (2, 2, 2), 2.0)
    [app.reflection_probe((0, 2, 0), (2, 2, 2)) for _ in range(4)]
    with pytest.raises(lw.ConfigError, match="4 reflection probes"):
        app.reflection_probe((0, 2, 0), (2, 2, 2))


def test_what_is_above_is_drawn_while_the_weather_asks() -> None:
    app, host = scene()
    host.step(app, 5)
    assert uniform(app, "roof")[2] == 0 and not [tile for tile in host.sink.tiles if tile[4] == MATRIX]
    app.weather.wetness = 1.0
    host.step(app, 1)
    assert [tile[4] for tile in host.sink.tiles].count(MATRIX) == 1
    assert uniform(app, "roof")[2] > 0 and host.sink.views[0].flags & flag("wet")
    host.step(app, 1)
    assert not [tile for tile in host.sink.tiles if tile[4] == MATRIX], "it is kept"
    roofs = app._engine.shadows._roofs
    first = roofs._shown
    app.camera.position[0] += 2.0
    host.step(app, 1)
    assert roofs._shown is first, "kept"
    app.camera.position[0] += 20.0
    host.step(app, 1)
    assert roofs._shown is not first
    app.quality = "low"
    host.step(app, 2)
    assert uniform(app, "roof")[2] > 0 and not host.sink.views[0].flags & flag("wet"), "roofs, but no mirrors"
    app.weather.wetness = 0.0
    host.step(app, 2)
    assert uniform(app, "roof")[2] == 0 and app.report()["errors"] == []


def test_a_program_without_probes_imports_nothing_of_them() -> None:
    code = """
import sys, layerw as lw
app = lw.App()
app.frame_step(0.0, 1 / 60, 0, 0)
print([m for m in sys.modules if "probes" in m])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
