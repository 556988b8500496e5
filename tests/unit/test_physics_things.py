"""Compounds, water, vehicles, debug drawing, and commands while paused: what is built upon bodies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import rigid
from layerw.physics import ShallowWater, rigid_world
from tests.unit.test_physics import Scene

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")
DUMBBELL = [("sphere", 0.4, (-1, 0, 0)), ("sphere", 0.4, (1, 0, 0)), ("capsule", (0.1, 2.0), (0, 0, 0), (0, 0, 1, 1))]
WHEELS = [(x, -0.3, z) for z in (-1.4, 1.4) for x in (-0.8, 0.8)]


@pytest.fixture
def scene() -> Any:
    made = Scene()
    yield made
    made.app.close()


def test_a_body_of_parts_rests_on_them_and_weighs_them(scene: Scene) -> None:
    bell = scene.app.spawn(lw.Mesh.box(), position=(0, 2, 0), body=lw.Body(parts=DUMBBELL, density=500.0))
    ball = 500 * 4 / 3 * np.pi * 0.4**3
    rod = 500 * np.pi * 0.1**2 * (1.8 + 4 / 3 * 0.1)
    assert bell.body.mass == pytest.approx(2 * ball + rod, rel=0.01)
    scene.run(240)
    assert bell.position[1] == pytest.approx(0.4, abs=0.02) and not bell.body.awake
    hit = scene.app.physics.raycast((bell.position[0] + 0.5 * 0, 5, bell.position[2]), (0, -1, 0))
    assert hit is not None and hit.entity == bell and hit.point[1] == pytest.approx(0.5, abs=0.03)
    big = scene.app.spawn(lw.Mesh.box(), position=(0, 6, 9), scale=2.0, body=lw.Body(parts=DUMBBELL))
    scene.run(240)
    assert big.position[1] == pytest.approx(0.8, abs=0.03)


def test_parts_that_are_none_are_refused(scene: Scene) -> None:
    for parts, words in [([], "has 0"), ([("box", (1, 1, 1))], r"shape, size, position"), (DUMBBELL * 11, "has 33"),
                         ([("mesh", 1, (0, 0, 0))], "parts.0. shape"), ([("box", (1, 1), (0, 0, 0))], "sides"),
                         ([("box", (1, 1, 1), (0, 0))], "position"), ([("hull", 3, (0, 0, 0))], "points")]:
        with pytest.raises(lw.LayerwError, match=words):
            lw.Body(parts=parts)
    with pytest.raises(lw.ConfigError, match="parts are its shape"):
        lw.Body(shape="sphere", parts=DUMBBELL)


def test_bodies_float_as_deep_as_they_weigh(scene: Scene) -> None:
    scene.floor.position = (0, -30.5, 0)
    scene.app.sea.level = 0.0
    water = scene.app.physics.add_water(scene.app.sea)
    half = scene.crate((0, 1, 0), density=500.0)
    flat = scene.app.spawn(lw.Mesh.box(2, 0.4, 1), position=(5, 1, 0), rotation=(0.2, 0, 0.3, 0.9),
                           body=lw.Body(mass=200.0))  # fmt: skip
    iron = scene.crate((9, 1, 0), density=3000.0)
    scene.run(600)
    assert half.position[1] == pytest.approx(0, abs=0.03) and flat.position[1] == pytest.approx(0.1, abs=0.03)
    assert abs(2 * flat.rotation[0] * flat.rotation[3]) < 0.05 and iron.position[1] < -20
    assert not half.body.awake, "what floats at rest sleeps"
    with pytest.raises(lw.ConfigError, match="the sea twice"):
        scene.app.physics.add_water(scene.app.sea)
    water.flow = (1.0, 0, 0)
    scene.run(300)
    assert half.body.velocity[0] == pytest.approx(1, abs=0.1)
    water.remove()
    water.remove()
    scene.run(60)
    assert half.position[1] < -3
    scene.app.physics.add_water(scene.app.sea).remove()


def test_water_asks_nothing_of_what_was_despawned_in_the_same_step(scene: Scene, monkeypatch: Any) -> None:
    """Under Pyodide a slot without a body is an address outside of memory."""
    world = scene.app.physics._world
    scene.app.physics.add_water(0.0)
    boats = [scene.crate((3 * k, 1, 0), density=500.0) for k in range(3)]
    scene.run(5)
    asked: list[int] = []
    state = world.kernels.lw_rigid_state

    def checked(number: int, slots: Any, *rest: Any) -> None:
        asked.append(len(slots))
        assert set(slots.tolist()) <= set(world.bodies.living().tolist()), "a body that ended is asked for"
        state(number, slots, *rest)

    monkeypatch.setattr(world.kernels, "lw_rigid_state", checked)

    @scene.app.fixed
    def end(dt: float) -> None:
        if boats:
            boats.pop().despawn()

    scene.run(10)
    assert scene.app.report()["errors"] == [] and asked[:2] == [2, 1] and not boats


def test_other_waters(scene: Scene) -> None:
    scene.floor.position = (0, -30.5, 0)
    waves = scene.app.physics.add_water(lambda x, z: np.where(x > 0, 2.0, np.nan))
    wet, dry = scene.crate((5, 3, 0), density=500.0), scene.crate((-5, 3, 0), density=500.0)
    pool = ShallowWater(scene.app.memory, 16, 16, cell_m=1.0)
    pool.ground, pool.depth = -3.0, 2.0
    scene.app.physics.add_water(pool, at=(-8, 0, 20))
    duck = scene.crate((0, 3, 28), density=500.0)
    scene.run(600)
    assert wet.position[1] == pytest.approx(2, abs=0.05) and dry.position[1] < -20
    assert duck.position[1] == pytest.approx(-1, abs=0.05)
    with pytest.raises(lw.AttributeMissing, match="density"):
        waves.densty = 3.0
    with pytest.raises(lw.KindError, match="Entity.* or a function of x and z"):
        scene.app.physics.add_water(duck)
    for surface, kind in (("sea", lw.KindError), (None, lw.KindError), (np.nan, lw.ConfigError), (print, None)):
        if kind is not None:
            with pytest.raises(kind):
                scene.app.physics.add_water(surface)


def test_a_vehicle_stands_on_its_springs_drives_turns_and_stops(scene: Scene) -> None:
    scene.floor.scale = (5, 1, 5)
    body = scene.app.spawn(lw.Mesh.box(1.8, 0.6, 4), position=(0, 1.2, 0), body=lw.Body(mass=1000.0))
    car = scene.app.physics.vehicle(body, WHEELS, spring=1.6)
    scene.run(180)
    sag = 9.81 / (2 * np.pi * 1.6) ** 2
    assert car.grounded.all() and body.position[1] == pytest.approx(0.3 + 0.5 - sag, abs=0.01)
    middles = body.position[1] + car.wheels[:, 1]
    assert np.allclose(middles, 0.35, atol=0.01), "wheels touch the ground with their rims"
    car.throttle = 1.0
    scene.run(120)
    assert car.speed == pytest.approx(12, abs=0.5) and body.position[2] < -10 and abs(body.position[0]) < 0.05
    car.throttle, car.steer = 0.2, 1.0
    scene.run(60)
    assert body.position[0] > 1 and car.grounded.any()
    car.throttle, car.steer, car.brake = 0.0, 0.0, 1.0
    scene.run(240)
    assert abs(car.speed) < 0.05 and (car.spin >= 0).all() and (car.spin < 6.3).all()
    body.despawn()
    scene.run(2)
    with pytest.raises(lw.HandleError, match="no body"):
        car.throttle = 1.0
    with pytest.raises(lw.ConfigError, match="not dynamic"):
        scene.app.physics.vehicle(scene.floor, WHEELS)


def test_water_ends_with_its_app(scene: Scene) -> None:
    physics = scene.app.physics
    scene.app.close()
    with pytest.raises(lw.HandleError, match="which was closed"):
        physics.add_water(0.0)


def test_debug_draws_bodies_while_it_is_on(scene: Scene) -> None:
    scene.crate((0, 5, 0))
    scene.app.spawn(lw.Mesh.box(), position=(3, 5, 0), body=lw.Body(parts=DUMBBELL[:2]))
    scene.app.physics.debug = True
    scene.run(2)
    assert scene.app.debug.count == 12 + 12 + 2 * 96  # the floor, the crate, two balls of three circles
    scene.app.physics.debug = False
    scene.run(2)
    assert scene.app.debug.count == 0
    with pytest.raises(lw.KindError, match="True or False"):
        scene.app.physics.debug = "on"


def test_commands_while_paused_take_no_more_than_some_memory(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rigid_world, "QUEUE_MAX", 50)
    crate, other = scene.crate((0, 9, 0), mass=2.0), scene.crate((5, 9, 0), mass=2.0)
    for _ in range(1000):
        crate.body.push((0.01, 0, 0))
        assert scene.app.physics._world._queued <= 51
    other.body.push((10.0, 0, 0))
    assert np.allclose(crate.body.velocity, other.body.velocity, atol=1e-3) and crate.body.velocity[0] > 4.9


def test_a_character_falls_no_faster_than_it_may(scene: Scene) -> None:
    hero = lw.Character(scene.app, scene.app.spawn(lw.Mesh.capsule(0.4, 1.8), position=(0, 600, 0)), fall_speed=20.0)
    scene.run(200)
    assert -20.2 < hero.velocity[1] < -19.9
    hero.fall_speed = 5.0
    scene.run(2)
    assert -5.2 < hero.velocity[1] < -4.9


def test_hulls_that_no_body_has_are_freed(scene: Scene) -> None:
    scene.app.physics.advance(1)
    shapes, corner = scene.app.physics._shapes, np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1.0)])

    def rock(position: Any, size: float) -> lw.Entity:
        return scene.app.spawn(lw.Mesh.box(), position=position, body=lw.Body(shape="hull", points=corner * size))

    for k in range(199):
        rock((0, 5, 0), 1 + k / 50).despawn()
    rock((0, 5, 0), 9.0)
    scene.run(2)
    assert shapes.count == 65 and scene.app.physics.count == 2
    kept = [rock((3 * (k % 10) - 15, 5, 3 * (k // 10)), 1 + k / 90) for k in range(80)]
    scene.run(60)
    assert shapes.count >= 80 and min(one.position[1] for one in kept) > -0.1


def test_a_function_of_water_that_fails_or_closes_the_app_stops_nothing_else(scene: Scene) -> None:
    scene.floor.position = (0, -30.5, 0)
    scene.app.physics.add_water(lambda x, z: 1 / 0)
    scene.app.physics.add_water(lambda x, z: np.zeros(3))
    scene.app.physics.add_water(0.0)
    crate = scene.crate((0, 0, 0), density=500.0)
    scene.host.step(scene.app, 30)
    assert crate.position[1] == pytest.approx(0, abs=0.05), "the third one bears it"
    assert len(scene.app.report()["errors"]) == 2
    scene.app.physics.add_water(lambda x, z: scene.app.close())
    crate.body.velocity = (0, 1, 0)
    scene.host.step(scene.app, 2)
    assert not crate.alive


def test_what_is_too_far_or_too_fast_is_refused(scene: Scene) -> None:
    box = scene.crate((0, 1, 0))
    for call in [lambda: scene.app.physics.add_water(0.0, flow=(1e30, 0, 0)),
                 lambda: lw.Body(parts=[("sphere", 1, (1e9, 0, 0))]),
                 lambda: scene.app.physics.vehicle(box, [(1e30, 0, 0)])]:
        with pytest.raises(lw.LayerwError):
            call()
    car = scene.app.physics.vehicle(box, WHEELS, steered=np.array([0, 1]), driven=np.int64(2))
    assert car._wheels.steered.tolist() == [True, True, False, False] and car._wheels.driven.tolist()[2]


class SharedKernels:
    """Those of this process, as if they had threads, until one of them dies."""

    dead = False

    def __init__(self, kernels: Any) -> None:
        self._kernels = kernels

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kernels, name)

    def lw_rigid_threads(self) -> int:
        return 0 if self.dead else 4


class FourThreads:
    def set(self, count: int) -> int:
        return min(count, 4)


def test_threads_reads_one_after_a_thread_died_in_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = SharedKernels(rigid.load())
    monkeypatch.setattr(rigid, "try_load_shared", lambda host: (kernels, FourThreads()))
    host = HeadlessHost()
    app = lw.App(host=host)
    app.physics.threads = 8
    assert app.physics.threads == 4, "as many as there can be"
    crate = app.spawn(lw.Mesh.box(), position=(0, 5, 0), body=lw.Body())
    host.step(app, 5)
    kernels.dead = True
    host.step(app, 5)
    assert app.physics.threads == 1 and crate.position[1] < 5
    assert any("thread of physics ended" in text for _, text in host.logs)
    with pytest.raises(lw.ConfigError, match="after the first body"):
        app.physics.threads = 2
    app.close()
