"""Meshes that fly: closed forms, columns that programs write, what is drawn, and what costs nothing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost


def make(**given: object) -> tuple[lw.App, lw.MeshParticles]:
    app = lw.App(host=HeadlessHost())
    app.camera.position = (0, 2, 20)
    app.camera.look_at((0, 0, 0))
    return app, app.mesh_particles(lw.Mesh.box(0.1), count=64, **given)  # type: ignore[arg-type]


def run(app: lw.App, frames: int) -> float:
    """Seconds that passed."""
    before = app._engine.program_s
    app.host.step(app, frames)
    assert not app.host.errors and app.report()["errors"] == []
    return app._engine.program_s - before


@pytest.mark.parametrize("drag", [0.0, 0.8])
def test_they_fly_as_gravity_and_drag_say(drag: float) -> None:
    app, chips = make(gravity=9.0, drag=drag, lifetime=50.0)
    run(app, 2)
    rows = chips.burst(10, position=(1, 2, 3), velocity=(3, 6, 0), scatter=0.0)
    assert rows.tolist() == list(range(10)) and chips.flying.sum() == 10
    t = run(app, 30)
    pull, v = np.array((0.0, -9.0, 0.0)), np.array((3.0, 6.0, 0.0))
    wanted = v * t + pull * t * t / 2
    if drag:
        wanted = pull / drag * t + (v - pull / drag) * (1 - np.exp(-drag * t)) / drag
    assert np.allclose(chips.position[rows], np.array((1, 2, 3)) + wanted, atol=1e-3)
    assert np.allclose(chips.entities.position[rows], chips.position[rows]), "that is where they are drawn"
    assert np.allclose(np.linalg.norm(chips.entities.rotation, axis=1), 1, atol=1e-5)
    assert (chips.entities.scale[10:] == 0).all()


def test_sizes_follow_a_life_and_what_has_ended_is_not_drawn() -> None:
    app, chips = make(lifetime=1.0, size=(1.0, 0.0), size_variation=0.0)
    chips.burst(64)
    run(app, 30)
    share = chips.age[0]
    assert 0 < share < 1 and np.allclose(chips.entities.scale, 1 - share, atol=1e-5)
    assert app.host.sink.instances > 0
    run(app, 40)
    assert not chips.flying.any() and not chips.entities.scale.any()
    written = [app._engine.table.columns["position"].revision]
    run(app, 3)
    assert [app._engine.table.columns["position"].revision] == written, "nothing is written while none flies"


def test_columns_are_the_programs_own() -> None:
    app, chips = make(gravity=0.0, size=2.0, size_variation=0.0)
    chips.lifetime = np.inf
    chips.position = np.repeat(np.arange(64.0)[:, None], 3, axis=1)
    chips.velocity[:, 1] = 2.0
    chips.size[:32] = 0.5
    t = run(app, 12)
    assert np.allclose(chips.entities.position[:, 0], np.arange(64))
    assert np.allclose(chips.entities.position[:, 1], np.arange(64) + 2 * t, atol=1e-3)
    assert chips.entities.scale[:, 0].tolist() == [1.0] * 32 + [2.0] * 32
    chips.lifetime[5] = 0
    run(app, 1)
    assert not chips.entities.scale[5].any() and chips.flying.sum() == 63


def test_a_burst_takes_the_place_of_the_oldest_and_is_the_same_each_time() -> None:
    seen = []
    for _ in range(2):
        app, chips = make(seed=7, lifetime=(3.0, 9.0))
        chips.burst(60)
        run(app, 5)
        assert chips.burst(8, velocity=np.ones((8, 3))).tolist() == [60, 61, 62, 63, 0, 1, 2, 3]
        run(app, 20)
        seen.append(chips.position.copy())
    assert np.array_equal(*seen) and len(np.unique(seen[0][:, 0])) > 50
    chips.despawn()
    run(app, 2)
    assert not chips.alive and app._engine.effects.flying == []
    with pytest.raises(lw.AttributeMissing, match="Did you mean 'position'"):
        chips.positon = 3  # type: ignore[attr-defined]


def test_programs_without_them_import_none_of_it() -> None:
    code = ("import layerw as lw, sys; from layerw.hosts.headless import HeadlessHost; h = HeadlessHost(); "
            "a = lw.App(host=h); a.spawn(lw.Mesh.box()); h.step(a, 2); print('layerw.effects' in sys.modules)")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
