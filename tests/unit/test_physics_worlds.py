"""Bodies and characters on the ground of a streamed world, while its tiles come and go."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import rigid
from layerw.physics.terrain import KEPT_LOOKS, LOOK_STEPS
from tests.unit.world_files import app_over, write_world

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")
SAMPLES, SPACING_M = 129, 8.0


@pytest.fixture
def place(tmp_path: Path) -> Any:
    """A world of 1 km with a slope from 0 to 64 m towards +x, flat beyond x = 0; its app, host and streamed world."""
    write_world(tmp_path / "w")
    document = json.loads((tmp_path / "w" / "tileset.json").read_text())
    x = np.linspace(-512, 512, SAMPLES)
    heights = np.broadcast_to(np.clip((x + 512) / 8, 0, 64), (SAMPLES, SAMPLES))
    data = np.round((heights + 10) * 100).astype("<u2").tobytes()
    name = f"hills.{hashlib.sha256(data).hexdigest()[:16]}.bin"
    ground = {"uri": name, "samples": SAMPLES, "scale_m": 0.01, "offset_m": -10.0,
              "spacing_x_m": SPACING_M, "spacing_z_m": SPACING_M, "west_m": -512.0, "north_m": -512.0}
    (tmp_path / "w" / name).write_bytes(data)
    document["extras"]["layerw"]["ground"] = ground
    (tmp_path / "w" / "tileset.json").write_text(json.dumps(document))
    app, host = app_over(tmp_path)
    world = app.stream("w/tileset.json")
    for _ in range(200):
        host.step(app, 1)
        if world.state == "ready" and world.settled:
            break
    assert world.state == "ready", world.error
    yield app, host, world
    app.close()


def test_a_body_rests_on_the_ground_while_its_tile_streams_out_and_in_again(place: Any) -> None:
    app, host, world = place
    app.physics.add(world, "static")
    crate = app.spawn(lw.Mesh.box(), position=(100, 67, 40), body=lw.Body())
    host.step(app, 150)
    assert crate.position[1] == pytest.approx(world.height(100, 40) + 0.5, abs=0.03)
    there, drawn = crate.position.copy(), len(world._drawn.mesh)
    app.camera.position = (0.0, 1e6, 0.0)
    host.step(app, 200)
    assert len(world._drawn.mesh) < drawn, "the tiles around it are not drawn any more"
    assert np.abs(crate.position - there).max() < 1e-3 and app.report()["physics"]["patches"] > 0
    crate.body.push((0, 3000, 0))  # up and down again, while they are away
    host.step(app, 200)
    app.camera.position = (0.0, 120.0, 120.0)
    host.step(app, 200)
    assert crate.position[1] == pytest.approx(there[1], abs=0.03)
    assert app.report()["errors"] == []


def test_patches_follow_bodies(place: Any) -> None:
    app, host, world = place
    app.physics.add(world, "static", friction=1.0)
    crate = app.spawn(lw.Mesh.box(), position=(100, 65, 40), body=lw.Body())
    host.step(app, 10)
    few = app.report()["physics"]["patches"]
    assert 1 <= few <= 4
    crate.position = (-300, world.height(-300, -300) + 1, -300)
    host.step(app, 2 * LOOK_STEPS)
    assert app.report()["physics"]["patches"] > few
    host.step(app, KEPT_LOOKS * LOOK_STEPS + 10)
    assert app.report()["physics"]["patches"] <= 4
    assert crate.position[1] - world.height(*crate.position[[0, 2]]) == pytest.approx(0.5, abs=0.05)
    crate.despawn()
    host.step(app, KEPT_LOOKS * LOOK_STEPS + 10)
    assert app.report()["physics"]["patches"] == 0


def test_a_character_walks_on_the_ground_over_seams_of_patches(place: Any) -> None:
    app, host, world = place
    app.physics.add(world, "static")
    body = app.spawn(lw.Mesh.box(), position=(-300, world.height(-300, 0.5) + 0.1, 0.5))
    hero = lw.Character(app, body)
    host.step(app, 30)
    hero.move((12, 0, 0))
    for _ in range(300):
        host.step(app, 1)
        x, y, z = (float(value) for value in body.position)
        assert y == pytest.approx(world.height(x, z), abs=0.06)
    assert body.position[0] > -245 and hero.on_ground


def test_mistakes_are_told(place: Any) -> None:
    app, _, world = place
    with pytest.raises(lw.ConfigError, match="static"):
        app.physics.add(world, "dynamic")
    app.physics.add(world, "static")
    with pytest.raises(lw.ConfigError, match="already"):
        app.physics.add(world, "static")


def test_nothing_falls_before_the_ground_is_here(tmp_path: Path) -> None:
    write_world(tmp_path / "w")
    app, host = app_over(tmp_path, latency_frames=20)
    world = app.stream("w/tileset.json")
    app.physics.add(world, "static")
    crate = app.spawn(lw.Mesh.box(), position=(3, 2, 3), body=lw.Body())
    for _ in range(200):
        host.step(app, 1)
        assert world.state == "ready" or crate.position[1] == 2
    assert crate.position[1] == pytest.approx(0.5, abs=0.03)
    app.close()


def test_worlds_of_apps_that_nobody_closed_are_given_back() -> None:
    """A process has 64; programs that made one and were dropped take none."""
    for _ in range(70):
        app = lw.App(host=HeadlessHost())
        app.physics.gravity = (0, -1, 0)
        del app
