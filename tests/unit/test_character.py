"""Characters: the twelve cases that users judge a controller by, and its mistakes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import rigid

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")

RADIUS, HEIGHT = 0.4, 1.8


class Walk:
    """A floor at height 0 and a character on it."""

    def __init__(self, position: Any = (0, 0, 0)) -> None:
        self.host = HeadlessHost()
        self.app = lw.App(host=self.host)
        self.block((60, 1, 60), (0, -0.5, 0))
        self.body = self.app.spawn(lw.Mesh.box(0.8, 1.8, 0.8), position=position)
        self.hero = lw.Character(self.app, self.body, height=HEIGHT, radius=RADIUS)
        self.run(1)

    def block(self, size: Any, position: Any, kind: str = "static", tilt: float = 0.0, **settings: Any) -> lw.Entity:
        turn = (0, 0, math.sin(tilt / 2), math.cos(tilt / 2))
        return self.app.spawn(lw.Mesh.box(*size), position=position, rotation=turn, body=lw.Body(kind, **settings))

    def run(self, steps: int, each: Callable[[], Any] = lambda: None) -> list[np.ndarray]:
        """The character's places after each step."""
        places = []
        for _ in range(steps):
            each()
            self.host.step(self.app, 1)
            places.append(self.body.position.astype(np.float64))
        assert self.app.report()["errors"] == []
        return places


@pytest.fixture
def walk() -> Any:
    made = Walk()
    yield made
    made.app.close()


def test_1_on_a_flat_floor_nothing_drifts(walk: Walk) -> None:
    walk.app.physics.advance(60)
    start = walk.body.position.copy()
    walk.app.physics.advance(3600)
    assert np.abs(walk.body.position - start).max() < 1e-3
    assert walk.hero.on_ground and walk.body.position[1] == pytest.approx(0, abs=0.01)
    walk.hero.move((2, 0, 0))
    places = walk.run(120)
    assert np.ptp([place[1] for place in places]) < 1e-3
    assert places[-1][0] == pytest.approx(4, abs=0.1)


def test_2_stairs_of_35_cm_up_and_down(walk: Walk) -> None:
    for k in range(6):
        walk.block((0.6, 0.35 * (k + 1), 4), (2 + 0.6 * k, 0.35 * (k + 1) / 2, 0))
    walk.block((3, 2.1, 4), (2 + 0.6 * 5 + 1.8, 1.05, 0))
    walk.hero.move((2, 0, 0))
    walk.run(170)
    assert walk.body.position[1] == pytest.approx(2.1, abs=0.02) and walk.body.position[0] > 5
    walk.hero.move((-2, 0, 0))
    air = []
    places = walk.run(200, lambda: air.append(not walk.hero.on_ground))
    assert sum(air) <= 2 and places[-1][0] < 0.5 and places[-1][1] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(("degrees", "climbs"), [(40, True), (50, False)])
def test_3_a_slope_of_40_degrees_is_climbed_and_one_of_50_is_not(walk: Walk, degrees: float, climbs: bool) -> None:
    walk.block((16, 1, 6), (8.5, 0, 0), tilt=math.radians(degrees))
    walk.hero.move((2, 0, 0))
    top = max(place[1] for place in walk.run(480))
    assert top > 1.5 if climbs else top < 0.45, top


@pytest.mark.parametrize("speed", [3.0, -3.0])
def test_4_a_lift_is_never_left(walk: Walk, speed: float) -> None:
    lift = walk.block((3, 0.5, 3), (10, 20.0, 0), "kinematic")
    walk.hero.teleport((10, 20.26, 0))
    walk.run(30)
    gaps: list[float] = []

    def go() -> None:
        gaps.append(float(walk.body.position[1] - lift.position[1]) - 0.25)

    @walk.app.fixed
    def move(dt: float) -> None:
        lift.move(y=speed * dt)

    walk.run(120, go)
    assert walk.hero.on_ground and walk.hero.ground == lift
    assert np.abs(gaps[3:]).max() < 0.01, np.abs(gaps[3:]).max()


def test_5_a_rotating_platform_turns_who_stands_on_it(walk: Walk) -> None:
    disc = walk.app.spawn(lw.Mesh.cylinder(3.0, 0.4), position=(0, 5, 0), body=lw.Body("kinematic", shape="cylinder"))
    walk.hero.teleport((1.5, 5.2, 0))
    walk.run(10)

    @walk.app.fixed
    def turn(dt: float) -> None:
        disc.rotate(y=dt)

    walk.run(94)  # a quarter of a turn
    x, y, z = walk.body.position
    assert math.hypot(x, z) == pytest.approx(1.5, abs=0.03) and y == pytest.approx(5.2, abs=0.02)
    assert abs(math.atan2(-z, x)) == pytest.approx(94 / 60, abs=0.05)


def test_6_a_corner_is_squeezed_into_without_a_jump(walk: Walk) -> None:
    for angle in (0.6, -0.6):
        turn = (0, math.sin(angle / 2), 0, math.cos(angle / 2))
        walk.app.spawn(lw.Mesh.box(8, 3, 0.4), position=(4, 1.5, 4 * math.sin(angle) * -1), rotation=turn,
                       body=lw.Body("static"))  # fmt: skip
    walk.hero.teleport((6, 0, 0))
    walk.hero.move((-3, 0, 0.3))
    places = walk.run(180)
    steps = np.diff(places[90:], axis=0)
    assert np.abs(steps).max() < 0.01, np.abs(steps).max()
    assert abs(places[-1][1]) < 0.01


def test_7_triangle_seams_are_not_felt(walk: Walk) -> None:
    floor = walk.app.spawn(lw.Mesh.plane(40, 40, 40), position=(0, 3, 0))
    walk.app.physics.add(floor, "static", shape="mesh")
    walk.hero.teleport((-8.03, 3, 0.02))
    walk.run(20)
    walk.hero.move((4, 0, 0.37))
    places = np.array(walk.run(200))
    assert np.ptp(places[:, 1]) < 2e-3
    assert np.allclose(np.diff(places[5:, 0]), 4 / 60, atol=1e-3)


def test_8_under_a_low_ceiling_it_stays_crouched(walk: Walk) -> None:
    walk.block((4, 1, 4), (5, 1.3 + 0.5, 0))
    walk.hero.move((2, 0, 0))
    walk.run(120)
    assert walk.body.position[0] < 3
    walk.hero.height = 1.0
    walk.run(60)
    assert walk.body.position[0] > 3.5
    walk.hero.move((0, 0, 0))
    walk.hero.height = HEIGHT
    walk.run(5)
    assert walk.hero.height == 1.0
    walk.hero.move((2, 0, 0))
    walk.run(180)
    assert walk.hero.height == pytest.approx(HEIGHT) and walk.body.position[0] > 7.4


def test_9_a_crate_of_10_kg_is_pushed(walk: Walk) -> None:
    crate = walk.block((1, 1, 1), (2, 0.5, 0), "dynamic", mass=10.0)
    walk.hero.move((2, 0, 0))
    walk.run(120)
    assert crate.position[0] > 3.5 and walk.body.position[0] > 2


def test_10_one_of_a_ton_is_not(walk: Walk) -> None:
    crate = walk.block((1, 1, 1), (2, 0.5, 0), "dynamic", mass=1000.0)
    walk.hero.move((2, 0, 0))
    walk.run(120)
    assert crate.position[0] == pytest.approx(2, abs=0.01) and walk.body.position[0] == pytest.approx(1.1, abs=0.03)


def test_11_teleporting_leaves_no_trace(walk: Walk) -> None:
    lift = walk.block((3, 0.5, 3), (0, 0.25, 20), "kinematic")
    walk.hero.teleport((0, 0.5, 20))
    walk.run(10)
    assert walk.hero.ground == lift
    walk.body.position = (5, 0, 5)
    walk.run(1)
    assert walk.body.position.tolist() == pytest.approx([5, 0, 5], abs=0.01)
    lift.position = (0, 4, 20)
    walk.run(5)
    assert walk.body.position.tolist() == pytest.approx([5, 0, 5], abs=0.01)


def test_12_frames_of_any_length_come_to_the_same_place(walk: Walk) -> None:
    other = Walk()
    for one in (walk, other):
        one.block((0.6, 0.3, 4), (2, 0.15, 0))
        one.hero.move((3, 0, 0.4))
    times = {walk: [1 / 60] * 60, other: [0.02, 0.008, 0.036, 0.016] * 12 + [0.04]}
    for one, frames in times.items():
        clock = one.app.time_s
        for dt in frames:
            clock += dt
            one.app.frame_step(clock, dt, 0, 0)
    assert np.abs(walk.body.position - other.body.position).max() < 0.06  # a step more or less
    assert other.body.position[1] == pytest.approx(walk.body.position[1], abs=1e-3)


def test_it_jumps_bumps_its_head_and_lands(walk: Walk) -> None:
    walk.hero.move((0, 0, 0), jump=True)
    heights = [place[1] for place in walk.run(80)]
    assert max(heights) == pytest.approx(25 / 2 / 9.81, abs=0.06) and heights[-1] == pytest.approx(0, abs=0.01)
    walk.block((2, 0.5, 2), (0, 2.25 + 0.25, 0))
    walk.run(2)
    walk.hero.jump()
    bumped: list[bool] = []
    heights = [place[1] for place in walk.run(60, lambda: bumped.append(walk.hero.hit_ceiling))]
    assert any(bumped) and max(heights) < 0.5 and heights[-1] == pytest.approx(0, abs=0.01)


def test_sensors_notice_it(walk: Walk) -> None:
    app, physics = walk.app, walk.app.physics
    coins = [walk.block((0.4, 0.4, 0.4), (x, 0.5, 0), sensor=True) for x in (1.5, 3.0)]
    walk.block((0.4, 0.4, 0.4), (2.2, 1.3, 0), sensor=True, layer=3)
    walk.hero.remove()
    hero = lw.Character(app, walk.body, hits=[0])
    entered: list[Any] = []
    left: list[Any] = []

    def look() -> None:
        entered.extend(physics.entered.tolist())
        left.extend(physics.left.tolist())
        hero.move((2, 0, 0))
        if len(entered) == 2 and coins[1].alive:
            coins[1].despawn()

    pairs = [(coin.first_row, walk.body.first_row) for coin in coins]
    walk.run(150, look)
    assert walk.body.position[0] > 4
    assert entered == pairs and left == pairs[:1]


def test_mistakes_are_told(walk: Walk) -> None:
    app, hero = walk.app, walk.hero
    child = app.spawn(lw.Mesh.box(), parent=walk.body)
    embodied = walk.block((1, 1, 1), (9, 9, 9))
    for bad in (child, embodied, None, 3):
        with pytest.raises(lw.LayerwError):
            lw.Character(app, bad)
    thing = app.spawn(lw.Mesh.box())
    for values in ({"height": 0.5}, {"radius": 0}, {"radius": math.nan}, {"step": 5}, {"slope": 50}, {"strength": -1},
                   {"jump_speed": "high"}, {"hits": [99]}, {"feet": None}):  # fmt: skip
        with pytest.raises(lw.LayerwError):
            lw.Character(app, thing, **values)
    for call in (lambda: hero.move("left"), lambda: hero.move((1, 0)), lambda: hero.move((1e9, 0, 0)),
                 lambda: hero.move((0, 0, 0), jump=1), lambda: setattr(hero, "height", 0.1),
                 lambda: setattr(hero, "heigth", 1.0), lambda: hero.teleport((math.nan, 0, 0))):  # fmt: skip
        with pytest.raises(lw.LayerwError):
            call()
    walk.body.despawn()
    walk.host.step(app, 2)
    with pytest.raises(lw.HandleError):
        hero.teleport((0, 0, 0))


def test_its_weight_tips_a_plank_and_presses_a_raft_down(walk: Walk) -> None:
    walk.app.physics.add_water(3.0)  # metres: the raft floats beside the plank
    post = walk.block((0.2, 1, 2), (10, 0.5, 0))
    plank = walk.block((6, 0.1, 1), (10, 1.1, 0), "dynamic", mass=20.0)
    walk.app.physics.join("hinge", post, plank, at=(10, 1.05, 0), axis=(0, 0, 1))
    raft = walk.block((2, 0.5, 2), (-10, 3, 0), "dynamic", density=500.0, turn_damping=5.0)
    walk.run(150)
    assert abs(plank.rotation[2]) < 0.02
    floats = float(raft.position[1])
    walk.hero.teleport(np.add(raft.position, (0, 0.3, 0)))
    walk.run(150)
    assert floats - raft.position[1] == pytest.approx(70 / (4 * 1000), abs=0.006), "by what it displaces"
    assert walk.hero.on_ground and walk.hero.ground == raft
    walk.hero.teleport(np.add(plank.position, (1.5, 0.06, 0)))
    walk.run(25)
    assert plank.rotation[2] < -0.1, "down where it stands"


def test_ground_that_was_despawned_is_nobodys_else(walk: Walk) -> None:
    lift = walk.block((4, 1, 4), (20, 4.5, 0))
    walk.hero.teleport((20, 5, 0))
    walk.run(5)
    assert walk.hero.ground is not None and walk.hero.ground.first_row == lift.first_row
    lift.despawn()
    assert walk.hero.ground is None
    walk.block((1, 1, 1), (0, 50, 0))  # has its row and its slot
    assert walk.hero.ground is None
    walk.run(2)
    assert not walk.hero.on_ground


def test_an_entity_has_one_character_and_no_body_beside_it(walk: Walk) -> None:
    with pytest.raises(lw.ConfigError, match="has a Character already"):
        lw.Character(walk.app, walk.body)
    with pytest.raises(lw.ConfigError, match="of a Character"):
        walk.app.physics.add(walk.body)
    with pytest.raises(lw.KindError, match="takes the App"):
        lw.Character(None, walk.body)  # type: ignore[arg-type]
    walk.hero.remove()
    walk.app.physics.add(walk.body)
