"""entity.interpolated: what fixed steps move is drawn evenly; programs see where it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost

STEP_M = 0.25


def make(speed: float = 1.0) -> tuple[lw.App, lw.Entity, Callable[[int], list[float]], list[float]]:
    """An app at `speed` steps a frame with a box that each step moves by STEP_M; runs frames and gives where it was
    drawn in each, and where the program saw it."""
    host = HeadlessHost()
    app = lw.App(host=host)
    app.time_scale = speed
    box = app.spawn(lw.Mesh.box())
    seen: list[float] = []

    @app.fixed
    def step(dt: float) -> None:
        box.move(x=STEP_M)

    @app.frame
    def frame(dt: float) -> None:
        seen.append(float(box.position[0]))

    def run(frames: int) -> list[float]:
        drawn, engine = [], app._engine
        place = engine._rows.upload
        engine._rows.upload = lambda columns: (drawn.append(float(columns.position[box.first_row, 0])),  # type: ignore
                                               place(columns))  # fmt: skip
        host.step(app, frames)
        engine._rows.upload = place  # type: ignore[method-assign]
        return drawn

    return app, box, run, seen


@pytest.mark.parametrize("speed", [0.4, 0.75, 1.0, 1.7])
def test_what_steps_move_is_drawn_evenly_at_any_rate(speed: float) -> None:
    app, box, run, seen = make(speed)
    plain = np.diff(run(60))
    if speed != 1.0:
        assert np.ptp(plain) > 0.9 * STEP_M, "without it, it stutters"
    box.interpolated = True
    run(3)
    drawn = run(200)
    assert np.allclose(np.diff(drawn), speed * STEP_M, atol=2e-3)
    late = (np.array(seen[-200:]) - drawn) / STEP_M
    assert (late >= -1e-3).all() and (late <= 1 + 1e-3).all(), "never ahead, at most one step late"
    assert np.allclose(np.array(seen) % STEP_M, 0, atol=1e-5), "programs see whole steps"


def test_rotation_and_scale_and_children_follow() -> None:
    app, box, run, _ = make(0.5)
    child = app.spawn(lw.Mesh.box(), position=(0, 0, 2), parent=box)
    box.interpolated = True

    @app.fixed
    def turn(dt: float) -> None:
        box.rotate(y=math.radians(20))
        box.scale = box.scale * 1.1

    places = []
    upload = app._engine._rows.upload

    def watch(columns: Any) -> None:
        places.append((columns.rotation[box.first_row].copy(), columns.scale[box.first_row, 0].copy(),
                       columns.position[child.first_row] - columns.position[box.first_row]))  # fmt: skip
        upload(columns)

    app._engine._rows.upload = watch  # type: ignore[method-assign]
    run(12)
    angles = [2 * math.atan2(rotation[1], rotation[3]) for rotation, _, _ in places]
    assert np.allclose(np.diff(angles)[3:], math.radians(10), atol=2e-3)
    for rotation, scale, way in places:
        assert float(np.linalg.norm(rotation)) == pytest.approx(1, abs=1e-5)
        assert float(np.linalg.norm(way)) == pytest.approx(2 * float(scale), rel=1e-4), "the child moves with it"


def test_a_jump_is_drawn_at_once_where_it_is_said_again() -> None:
    app, box, run, _ = make(0.5)
    box.interpolated = True
    run(10)
    box.position = (1000, 0, 0)
    box.interpolated = True
    assert min(run(2)) >= 1000
    box.interpolated = False
    assert not box.interpolated
    where = float(box.position[0])
    assert run(1)[0] in (where, where + STEP_M)


def test_groups_and_what_was_despawned() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    app.time_scale = 0.5
    crowd = app.spawn_many(lw.Mesh.box(), 100)
    crowd[::2].interpolated = True
    assert crowd[::2].interpolated and not crowd.interpolated and not crowd[1].interpolated

    @app.fixed
    def step(dt: float) -> None:
        alive = crowd[crowd.alive_mask]
        alive.position = alive.position + np.float32(1)

    host.step(app, 5)
    crowd[10:20].despawn()
    again = app.spawn_many(lw.Mesh.box(), 10)  # gets their rows
    host.step(app, 5)
    assert (again.position == 0).all() and not again.interpolated
    assert (crowd[0].position == crowd[1].position).all()
    state = app.report(state_hash=True)["state_hash"]
    for entity in crowd[crowd.alive_mask]:
        entity.interpolated = False
    assert app.report(state_hash=True)["state_hash"] == state, "it changes pictures, not the state"
    crowd[crowd.alive_mask].despawn()
    host.step(app, 3)
    assert app.report()["errors"] == []


def test_static_entities_are_refused() -> None:
    app = lw.App(host=HeadlessHost())
    rock = app.spawn(lw.Mesh.box(), static=True)
    with pytest.raises(lw.ConfigError, match="Static entities"):
        rock.interpolated = True
    with pytest.raises(lw.LayerwError, match="interpolated is 'yes'"):
        rock.interpolated = "yes"  # type: ignore[assignment]
    assert not rock.interpolated
