"""What moves characters: bodies that come, pushes, explosions and seesaws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.kernels import rigid
from tests.unit.test_character import RADIUS, Walk

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")


@pytest.fixture
def walk() -> Any:
    made = Walk()
    yield made
    made.app.close()


def test_a_kinematic_body_moves_it_out_and_never_through(walk: Walk) -> None:
    for speed in (0.5, 3.0, 30.0, 120.0, 175.0):
        walk.hero.teleport((-20, 0, 0))
        wall = walk.block((0.2, 3, 3), (-20.6 - 4.3 * speed / 60, 1.5, 0), "kinematic")
        walk.run(1)
        for _ in range(16):
            wall.position += (speed / 60, 0, 0)
            walk.run(1)
            assert walk.body.position[0] > wall.position[0] + 0.1 + RADIUS - 0.03, speed
        assert walk.body.position[0] == pytest.approx(wall.position[0] + 0.5, abs=0.05)
        assert walk.hero.on_ground and not walk.hero.squeezed
        wall.despawn()


def test_a_heavy_body_takes_it_along_and_a_light_one_stops(walk: Walk) -> None:
    ice = lw.Body("static", friction=0.0)
    walk.app.spawn(lw.Mesh.box(60, 0.02, 60), position=(0, 0.0, 0), body=ice)
    walk.run(20)
    for mass, speed, goes, keeps in ((7000.0, 4.0, (0.5, 2.0), (3.8, 4.0)), (70.0, 4.0, (0.1, 0.5), (-0.1, 2.1)),
                                     (1.0, 4.0, (0.0, 0.02), (-0.5, 0.2)), (7.0, 90.0, (0.5, 10.0), (-5.0, 10.0))):
        walk.hero.teleport((0, 0.01, 0))
        walk.run(5)
        crate = walk.block((1, 1, 1), (-1.6, 0.52, 0), "dynamic", mass=mass, friction=0.0)
        crate.body.velocity = (speed, 0, 0)
        walk.run(40)
        went, left = walk.body.position[0], crate.body.velocity[0]
        assert goes[0] <= went <= goes[1] and keeps[0] <= left <= keeps[1], (mass, went, left)
        assert crate.position[0] < went - 0.8
        crate.despawn()
        walk.app.physics.advance(60)
    assert np.abs(walk.hero.velocity).max() < 1e-3


def test_a_light_body_that_comes_fast_gives_its_momentum(walk: Walk) -> None:
    crate = walk.block((1, 1, 1), (-1.6, 0.52, 0), "dynamic", mass=7.0, friction=0.0)
    crate.body.velocity = (90, 0, 0)
    momenta: list[float] = []
    walk.run(4, lambda: momenta.append(7 * crate.body.velocity[0] + 70 * walk.hero.velocity[0]))
    assert walk.hero.velocity[0] > 7
    # Feet on the ground lose 70 kg * 6 m/s2 / 60 a step, from the one after the blow on.
    assert np.allclose(momenta, (630, 630, 623, 616), atol=1)


def test_what_falls_on_its_head_rests_there_and_a_press_is_told(walk: Walk) -> None:
    board = walk.block((2, 0.2, 2), (0, 4, 0), "dynamic", mass=20.0, locked=("turn x", "turn z", "x", "z"))
    walk.app.physics.advance(240)
    walk.run(1)
    assert board.position[1] == pytest.approx(1.9, abs=0.03) and walk.hero.on_ground and not walk.hero.squeezed
    assert walk.body.position[1] == pytest.approx(0, abs=0.02)
    board.despawn()
    press = walk.block((2, 0.2, 2), (0, 2.2, 0), "kinematic")
    for _ in range(45):
        press.position -= (0, 0.01, 0)
        walk.run(1)
    assert walk.hero.squeezed and walk.body.position[1] == pytest.approx(0, abs=0.05)
    press.position = (0, 5, 0)
    walk.run(2)
    assert not walk.hero.squeezed and walk.hero.on_ground


def test_more_that_moves_around_it_than_it_can_look_at_is_left_out(walk: Walk) -> None:
    """Box3D asks a tree for each kind of body, and no only ends that tree: all kinds together are MOVING_MAX."""
    for kind in ("kinematic", "dynamic"):
        for k in range(40):
            turn = 2 * math.pi * k / 40
            place = (2.2 * math.cos(turn), 0.2 if kind == "dynamic" else 1.2, 2.2 * math.sin(turn))
            walk.block((0.2, 0.2, 0.2), place, kind)
    before = walk.body.position.copy()
    walk.run(30)
    assert walk.hero.on_ground and not walk.hero.squeezed
    assert np.abs(walk.body.position - before).max() < 0.01


def heights(walk: Walk, steps: int) -> float:
    return max(place[1] for place in walk.run(steps))


def test_a_push_upwards_throws_it_as_high_as_the_speed_says(walk: Walk) -> None:
    for speed in (3.0, 5.0, 9.0):
        walk.hero.push((0, 70 * speed, 0))
        assert heights(walk, 20 + int(speed * 6)) == pytest.approx(speed * speed / 2 / 9.81, rel=0.06)
        walk.run(60)
        assert walk.hero.on_ground and walk.body.position[1] == pytest.approx(0, abs=0.01)
    walk.hero.push((0, 70 * 1.4, 0))
    assert heights(walk, 10) < 0.01 and walk.hero.on_ground, "feet hold against less than 1.5 m/s"
    walk.hero.push((0, -700, 0))
    assert np.abs(walk.run(10)[-1]).max() < 0.01 and walk.hero.on_ground


def test_a_push_aside_moves_it_until_its_feet_hold(walk: Walk) -> None:
    walk.hero.push((70 * 3.0, 0, 0))
    walk.run(1)
    assert walk.hero.velocity[0] == pytest.approx(3, abs=0.05)
    walk.run(60)
    assert 0.6 < walk.body.position[0] < 0.9 and np.abs(walk.hero.velocity).max() < 1e-3  # 9 / 2 / 6 m
    walk.hero.push((1e9, 0, 1e9))  # bounded, and it goes on
    walk.run(3)
    assert np.linalg.norm(walk.hero.velocity) < 201


def test_a_blow_from_below_lifts_and_one_along_the_ground_does_not(walk: Walk) -> None:
    ball = walk.app.spawn(lw.Mesh.sphere(0.3), position=(-3, 0.32, 0), body=lw.Body(shape="sphere", mass=70.0))
    ball.body.velocity = (8, 0, 0)
    assert heights(walk, 30) < 0.02 and walk.body.position[0] > 0.3
    ball.despawn()
    walk.hero.teleport((0, 2.0, 0))  # in the air
    crate = walk.block((1, 1, 1), (0, 0.6, 0), "dynamic", mass=70.0, gravity=0.0)
    crate.body.velocity = (0, 12, 0)
    assert heights(walk, 40) > 3.0
    crate.despawn()


def test_a_seesaw_throws_who_stands_on_it(walk: Walk) -> None:
    walk.block((0.3, 0.6, 1), (0, 0.3, 0))
    plank = walk.block((6, 0.15, 1), (0, 0.7, 0), "dynamic", mass=40.0, friction=1.0)
    post = walk.block((0.1, 0.1, 0.1), (0, 0.7, 3))
    walk.app.physics.join("hinge", plank, post, at=(0, 0.7, 0), axis=(0, 0, 1), limits=(-0.22, 0.22))
    walk.hero.teleport((2.6, 0.9, 0))
    walk.app.physics.advance(120)
    walk.run(1)
    assert walk.hero.on_ground and walk.hero.ground == plank
    rests = walk.body.position[1]
    walk.block((0.8, 0.8, 0.8), (-2.6, 6, 0), "dynamic", mass=400.0)
    assert heights(walk, 120) > rests + 4, "its end goes up 0.6 m"


def test_explosions_throw_bodies_and_characters_and_fade_with_the_distance(walk: Walk) -> None:
    physics = walk.app.physics
    near = walk.block((0.5, 0.5, 0.5), (2, 0.25, 0), "dynamic", mass=10.0)
    far = walk.block((0.5, 0.5, 0.5), (3.5, 0.25, 0), "dynamic", mass=10.0)
    out = walk.block((0.5, 0.5, 0.5), (8, 0.25, 0), "dynamic", mass=10.0)
    walk.run(5)
    physics.explode((0.5, 0, 0), 800.0, radius=5.0)
    walk.run(1)
    assert near.body.velocity[0] > far.body.velocity[0] > 5 and np.abs(out.body.velocity).max() < 0.01
    assert walk.hero.velocity[0] < -1 and walk.hero.velocity[1] > 4 and not walk.hero.on_ground
    assert heights(walk, 60) > 1.0
    walk.run(120)
    assert walk.hero.on_ground
    before = walk.body.position.copy()
    physics.explode(before, 0.0)
    physics.explode((50, 0, 0), 1e6)
    walk.run(5)
    assert np.array_equal(walk.body.position, before)
    for bad in (lambda: physics.explode((0, 0, 0), -1), lambda: physics.explode((0, 0, 0), 1, radius=0),
                lambda: physics.explode((0, math.nan, 0), 1), lambda: walk.hero.push((math.inf, 0, 0)),
                lambda: walk.hero.push((0, 1e300, 0))):  # fmt: skip
        with pytest.raises(lw.LayerwError):
            bad()
