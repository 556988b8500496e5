"""Navigation on CPython: bakes, ways, agents in the table's columns; mistakes are told."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import navigation
from tests.unit.navigation_scene import HASH, PROGRAM
from tests.unit.world_files import app_over, write_world

pytestmark = pytest.mark.skipif(not navigation.is_built(), reason="layerw was built without it: `make navigation`")
FLOOR = [(0, 0, 0), (0, 0, 20), (20, 0, 20), (20, 0, 0)]
TWO = [0, 1, 2, 0, 2, 3]


class Yard:
    """A floor of 20 m with a wall across it that leaves 4 m open at x > 16."""

    def __init__(self, **settings: Any) -> None:
        self.host = HeadlessHost()
        self.app = lw.App(host=self.host, **settings)
        self.floor = self.app.spawn(lw.Mesh.box(20, 1, 20), position=(10, -0.5, 10))
        self.wall = self.app.spawn(lw.Mesh.box(16, 2, 1), position=(8, 1, 10))
        self.app.navigation.bake([self.floor, self.wall])

    def warnings(self) -> str:
        return " ".join(str(one) for one in self.host.logs)


class Full:
    """Kernels without memory for a larger crowd."""

    def __init__(self, kernels: Any) -> None:
        self._kernels = kernels

    def __getattr__(self, name: str) -> Any:
        return (lambda *_: 0) if name == "lw_nav_crowd" else getattr(self._kernels, name)


@pytest.fixture
def yard() -> Any:
    made = Yard()
    yield made
    made.app.close()


def test_the_scene_has_the_state_that_it_has_everywhere() -> None:
    found: dict[str, Any] = {}
    exec(PROGRAM, found)
    assert found["app"].navigation.state_hash() == HASH
    assert found["ways"]["found"].all()
    found["app"].close()


def test_a_way_leads_around_a_wall_and_keeps_a_radius_away(yard: Yard) -> None:
    path = yard.app.navigation.path((2, 0, 5), (2, 0, 15))
    assert path.complete and len(path) >= 4 and bool(path)
    assert np.allclose(path.points[[0, -1]], [(2, 0, 5), (2, 0, 15)], atol=0.05)
    turn = path.points[1:-1]
    assert (np.hypot(turn[:, 0] - 16, np.abs(turn[:, 2] - 10) - 0.5) < 1.0).all() and (turn[:, 0] >= 16.2).all()
    shortest = 2 * math.hypot(14.4, 4.1) + 1.8
    assert shortest - 0.5 < path.length < shortest + 1.0


def test_walks_end_at_walls_and_places_are_found(yard: Yard) -> None:
    nav = yard.app.navigation
    walk = nav.raycast((5, 0, 5), (5, 0, 15))
    assert walk is not None and walk.share == pytest.approx((9.1 - 5) / 10, abs=0.03)
    assert np.allclose(walk.normal, (0, 0, -1), atol=0.01) and walk.point[2] < 9.5
    assert nav.raycast((5, 0, 5), (9, 0, 5)).share == 1
    assert nav.raycast((90, 0, 5), (9, 0, 5)) is None
    assert np.allclose(nav.nearest((3, 1.5, 3)), (3, 0, 3), atol=1e-3) and nav.nearest((3, 50, 3)) is None
    places = nav.nearests([(3, 0, 3), (99, 0, 3), (-0.5, 0, 3)])
    assert np.isfinite(places[[0, 2]]).all() and np.isnan(places[1]).all() and places[2, 0] > 0.2
    spread = nav.random(400, seed=7)
    assert len(spread) == 400 and np.array_equal(spread, nav.random(400, seed=7))
    on_floor = spread[spread[:, 1] < 1]
    assert abs((on_floor[:, 2] > 10).mean() - 0.5) < 0.06 and np.allclose(on_floor[:, 1], 0, atol=0.05)


def test_many_ways_are_the_same_as_one_by_one(yard: Yard) -> None:
    nav = yard.app.navigation
    starts, ends = nav.random(30, seed=1), nav.random(30, seed=2)
    corners, ways = nav.paths(starts, ends)
    for k in range(30):
        path = nav.path(starts[k], ends[k])
        assert ways[k]["count"] == len(path) and ways[k]["complete"] == path.complete
        assert np.array_equal(corners[k, : len(path)], path.points.astype(np.float32))
        assert np.isnan(corners[k, len(path) :]).all()
    cut, ways = nav.paths((2, 0, 5), (2, 0, 15), room=2)
    assert ways["count"][0] == 2 and ways["found"][0] and not ways["complete"][0]
    nothing, ways = nav.paths((2, 50, 5), [(2, 0, 15)] * 3)
    assert not ways["found"].any() and np.isnan(nothing).all() and nav.path((2, 50, 5), (2, 0, 5)).length == 0


def test_what_moved_is_seen_by_a_rebake(yard: Yard) -> None:
    nav = yard.app.navigation
    far = nav.path((2, 0, 5), (2, 0, 15)).length
    yard.wall.position = (12, 1, 10)
    assert nav.path((2, 0, 5), (2, 0, 15)).length == far
    assert 0 < nav.rebake((0, 9, 20, 11)) <= 4
    assert nav.path((2, 0, 5), (2, 0, 15)).length < 13
    yard.wall.despawn()
    nav.rebake((0, 9, 20, 11))
    assert nav.path((2, 0, 5), (2, 0, 15)).length == pytest.approx(10, abs=0.1)


def test_agents_walk_there_turn_and_stop(yard: Yard) -> None:
    people = yard.app.spawn_many(lw.Mesh.capsule(0.4, 1.8), 12)
    people.position = [(1 + k, 0.9, 3) for k in range(12)]
    agents = yard.app.navigation.add(people, feet=0.9, speed=4.0)
    agents.target = [(1 + k, 0, 17) for k in range(12)]
    yard.host.step(yard.app, 60)
    assert agents.going.all() and np.isfinite(agents.target).all()
    speed = np.linalg.norm(agents.velocity, axis=1)
    assert 1 < speed.mean() <= 4.01 and np.allclose(people.position[:, 1], 0.9, atol=0.02)
    forward = np.stack([-2 * people.rotation[:, 1] * people.rotation[:, 3], 2 * people.rotation[:, 1] ** 2 - 1], axis=1)
    assert (np.einsum("ij,ij->i", forward, agents.velocity[:, [0, 2]]) > 0).mean() > 0.9
    yard.host.step(yard.app, 900)
    away = np.linalg.norm(people.position[:, [0, 2]] - [(1 + k, 17) for k in range(12)], axis=1)
    assert away.max() < 1.0 and not agents.lost.any()
    apart = np.linalg.norm(people.position[:, None] - people.position[None], axis=2) + 9 * np.eye(12)
    assert apart.min() > 0.5
    assert yard.app.report()["errors"] == []


@pytest.mark.parametrize("count", [2, 20])
def test_many_who_are_sent_to_one_place_stand_around_it(yard: Yard, count: int) -> None:
    turn = np.arange(count) * 2.4
    start = np.stack([10 + 4 * np.cos(turn), np.zeros(count), 5 + 3 * np.sin(turn)], axis=1)
    people = yard.app.spawn_many(lw.Mesh.box(), count, position=start)
    agents = yard.app.navigation.add(people, speed=2.0)
    agents.target = (10, 0, 5)
    for _ in range(60):
        yard.host.step(yard.app, 30)
        if not agents.going.any():
            break
    assert not agents.going.any() and not agents.lost.any()
    far = np.linalg.norm(people.position - (10, 0, 5), axis=1)
    assert far.max() < 2.5 * 0.4 * np.sqrt(count) + 0.4


def test_a_model_goes_with_its_face_ahead(yard: Yard) -> None:
    ways = []
    for front in ("-Z", "+Z"):
        one = yard.app.spawn(lw.Mesh.box(), position=(5, 0, 5), rotation=(0, 0.6, 0, 0.8))
        agent = yard.app.navigation.add(one, front=front)
        agent.steer = (2, 0, 0)
        yard.host.step(yard.app, 1)
        x, y, z, w = one.rotation
        began = -2 * (x * z + w * y), 2 * (x * x + y * y) - 1
        assert np.allclose(began, (-0.96, -0.28), atol=0.15)  # where it looked, on its way from there
        yard.host.step(yard.app, 90)
        x, y, z, w = one.rotation
        ways.append(-2 * (x * z + w * y))
        agent.remove()
    assert np.allclose(ways, (1, -1), atol=0.02)
    with pytest.raises(lw.ConfigError, match="front is 'Z'"):
        yard.app.navigation.add(yard.app.spawn(lw.Mesh.box()), front="Z")


def test_agents_are_steered_placed_and_changed(yard: Yard) -> None:
    one = yard.app.spawn(lw.Mesh.box(), position=(5, 0, 5))
    agent = yard.app.navigation.add(one, turns=False)
    agent.steer = (2, 0, 0)
    yard.host.step(yard.app, 60)
    assert np.allclose(agent.velocity, (2, 0, 0), atol=0.1) and agent.going and one.position[0] > 6
    assert np.array_equal(one.rotation, (0, 0, 0, 1))
    agent.speed = 1.0
    yard.host.step(yard.app, 60)
    assert np.linalg.norm(agent.velocity) < 1.01 and agent.speed == 1.0
    one.position = (18, 0, 3)
    yard.host.step(yard.app, 1)
    assert np.allclose(one.position, (18, 0, 3), atol=0.1)
    agent.stop()
    yard.host.step(yard.app, 60)
    assert not agent.going and np.allclose(agent.velocity, 0, atol=0.01) and np.isnan(agent.target).all()
    agent.target = (2, 40, 2)  # nothing is there
    yard.host.step(yard.app, 2)
    assert agent.lost
    agent.target = (2, 0, 2)
    yard.host.step(yard.app, 2)
    assert agent.going and not agent.lost
    agent.remove()
    assert yard.app.report()["navigation"]["agents"] == 0
    with pytest.raises(lw.HandleError, match="no agents"):
        agent.stop()


def test_the_ground_of_a_world_is_walked_on_once_it_is_here(tmp_path: Path) -> None:
    app, host = app_over(tmp_path)
    write_world(tmp_path / "w")
    world = app.stream("w/tileset.json")
    with pytest.raises(lw.KindError, match="entities, a World"):
        app.navigation.bake(app.navigation)
    app.navigation.bake(world, area=(-20, -20, 20, 20))
    for _ in range(200):
        host.step(app, 1)
        if app.navigation.ready:
            break
    west, north, east, south = world.area
    middle = (max(west, -20) + min(east, 20)) / 2, (max(north, -20) + min(south, 20)) / 2
    place = app.navigation.nearest((middle[0], world.height(*middle), middle[1]), reach=(2, 5, 2))
    assert place is not None and place[1] == pytest.approx(world.height(place[0], place[2]), abs=0.15)
    app.close()


def test_agents_off_the_mesh_wait_for_ground(yard: Yard) -> None:
    one = yard.app.spawn(lw.Mesh.box(), position=(40, 0, 5))
    agent = yard.app.navigation.add(one)
    agent.target = (45, 0, 5)
    yard.host.step(yard.app, 5)
    assert agent.lost and np.allclose(one.position, (40, 0, 5))
    more = yard.app.spawn(lw.Mesh.box(20, 1, 20), position=(42, -0.5, 10))
    yard.app.navigation.bake([yard.floor, more], slices=True)
    assert not yard.app.navigation.ready and yard.app.navigation.progress == 0
    for _ in range(100):
        yard.host.step(yard.app, 1)
    assert yard.app.navigation.ready and yard.app.navigation.progress == 1 and one.position[0] > 41


def test_the_dead_walk_no_more(yard: Yard) -> None:
    people = yard.app.spawn_many(lw.Mesh.box(), 4)
    people.position = [(3 + 2 * k, 0, 3) for k in range(4)]
    yard.app.navigation.add(people).target = (10, 0, 5)
    people[1:3].despawn()
    new = yard.app.spawn_many(lw.Mesh.box(), 2)
    yard.host.step(yard.app, 30)
    assert yard.app.report()["navigation"]["agents"] == 2 and np.array_equal(new.position, np.zeros((2, 3)))
    assert yard.app.report()["errors"] == []


def test_bakes_that_nobody_can_walk_on_are_told(yard: Yard) -> None:
    nav = yard.app.navigation
    nav.bake((FLOOR, TWO), radius=60.0, cell=1.0)
    assert nav.path((5, 0, 5), (9, 0, 5)).points.shape == (0, 3)
    yard.host.step(yard.app, 1)
    assert "found no ground" in yard.warnings() and "60 m in radius" in yard.warnings()
    nav.bake((FLOOR, TWO[::-1]))
    assert len(nav.triangles) == 0 and nav.random(5).shape == (0, 3)
    nav.bake((FLOOR, TWO))
    assert abs(_area(nav.triangles) - 18.8**2) < 1  # a radius and a cell away from the rim
    assert nav.ready and yard.app.report()["navigation"]["polygons"] > 0


def _area(triangles: Any) -> float:
    return float(np.abs(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])[:, 1]).sum() / 2)


def test_a_failed_bake_leaves_what_was(yard: Yard) -> None:
    nav, before = yard.app.navigation, yard.app.navigation.state_hash()
    held = yard.app._engine.heap_ledger.used_bytes
    wide = [(x * 5e4, 0, z * 5e4) for x, z in ((0, 0), (0, 1), (1, 1), (1, 0))]
    huge = np.zeros((4_000_001, 3), np.int32)
    cases = [
        (lambda: nav.bake((wide, TWO)), lw.BudgetError, r"12500|tiles"),
        (lambda: nav.bake((FLOOR, huge)), lw.BudgetError, "4000001 triangles.*4000000"),
        (lambda: nav.bake((FLOOR, [0, 1, 9])), lw.ShapeError, "0 to 9.*4 positions"),
        (lambda: nav.bake((np.full((4, 3), math.nan), TWO)), lw.ShapeError, "finite"),
        (lambda: nav.bake(([(0, 0, 0), (0, 0, 3e5), (3, 0, 3e5)], [0, 1, 2])), lw.ConfigError, "farther than"),
        (lambda: nav.bake([]), lw.ConfigError, "empty list"),
        (lambda: nav.bake("ground"), lw.KindError, "entities, a World"),
        (lambda: nav.bake((FLOOR, TWO), area=(90, 90, 99, 99)), lw.ConfigError, "has nothing in area"),
        (lambda: nav.bake((FLOOR, TWO), area=(9, 9, 1, 1)), lw.ShapeError, "west, north, east, south"),
        (lambda: nav.bake((FLOOR, TWO), climb=2.0), lw.ConfigError, "lower than who climbs"),
        (lambda: nav.path((0, 0, math.nan), (0, 0, 0)), lw.ShapeError, "3 finite numbers"),
        (lambda: nav.paths(np.zeros((2, 3)), np.zeros((3, 3))), lw.ShapeError, "2 starts and 3 ends"),
        (lambda: nav.nearest((0, 0, 0), reach=0), lw.ConfigError, "reach"),
        (lambda: nav.add(yard.wall).__class__ and nav.add(yard.wall), lw.ConfigError, "is an agent"),
    ]
    for call, kind, words in cases:
        with pytest.raises(kind, match=words):
            call()
    nav.agents(yard.wall).remove()
    assert nav.state_hash() == before and yard.app._engine.heap_ledger.used_bytes == held


def test_before_a_bake_it_says_what_to_do() -> None:
    app = lw.App(host=HeadlessHost())
    with pytest.raises(lw.ConfigError, match=r"call app.navigation.bake\(ground\)"):
        app.navigation.path((0, 0, 0), (1, 0, 0))
    assert not app.navigation.ready and app.navigation.progress == 0
    with pytest.raises(lw.AttributeMissing, match="bake"):
        app.navigation.bakes  # noqa: B018
    app.close()


def test_it_ends_with_its_app(yard: Yard) -> None:
    nav = yard.app.navigation
    agents = nav.add(yard.app.spawn(lw.Mesh.box(), position=(5, 0, 5)))
    held = nav._kernels.lw_nav_bytes()
    yard.app.close()
    calls = (lambda: nav.path((0, 0, 0), (1, 0, 0)), lambda: nav.bake((FLOOR, TWO)), lambda: nav.add(yard.wall),
             agents.stop)
    for call in calls:
        with pytest.raises(lw.HandleError):
            call()
    assert nav._kernels.lw_nav_bytes() < held and not nav.ready


def test_the_mesh_is_drawn_while_debug_is_on(yard: Yard) -> None:
    yard.app.navigation.debug = True
    yard.host.step(yard.app, 2)
    assert yard.app.debug.count == 3 * len(yard.app.navigation.triangles)
    yard.app.navigation.debug = False
    yard.host.step(yard.app, 2)
    assert yard.app.debug.count == 0


def test_a_program_without_navigation_imports_nothing_of_it() -> None:
    code = """
import sys, layerw as lw
from layerw.hosts.headless import HeadlessHost
host = HeadlessHost()
app = lw.App(host=host)
app.spawn(lw.Mesh.box())
host.step(app, 2)
print([name for name in sys.modules if "navigation" in name])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_bake_or_rebake_that_fails_leaves_what_there_was(yard: Yard) -> None:
    nav, before = yard.app.navigation, yard.app.navigation.state_hash()
    held = yard.app._engine.heap_ledger.used_bytes
    with pytest.raises(lw.BudgetError, match="heap budget"):
        nav.bake(yard.floor, radius=100.0, cell=0.02)
    assert nav.state_hash() == before and nav.ready
    nav.bake([yard.floor, yard.wall], slices=True)
    yard.floor.position = (1e6, 0, 0)
    with pytest.raises(lw.ConfigError, match="farther than"):
        nav.rebake((0, 0, 20, 20))
    yard.host.step(yard.app, 60)
    assert nav.ready and nav.state_hash() == before and yard.app.report()["errors"] == []
    assert yard.app._engine.heap_ledger.used_bytes == held


def test_what_slices_left_is_finished_at_once(yard: Yard) -> None:
    nav, before = yard.app.navigation, yard.app.navigation.state_hash()
    nav.bake([yard.floor, yard.wall], slices=True)
    assert not nav.ready and nav.state_hash() != before
    nav.finish()
    assert nav.ready and nav.state_hash() == before
    nav.finish()
    bare = lw.App(host=HeadlessHost())
    with pytest.raises(lw.ConfigError, match="no mesh yet"):
        bare.navigation.finish()
    bare.close()


@pytest.mark.filterwarnings("error")
def test_places_that_no_kernel_measures_are_refused(yard: Yard) -> None:
    nav, person = yard.app.navigation, yard.app.spawn(lw.Mesh.box(), position=(5, 0, 5))
    agent, here = nav.add(person, speed=2.0), (5, 0, 5)
    for far in [(1e39, 0, 0), (0, 1e300, 0), (0, 0, 1e30)]:
        for call in [lambda p: nav.path(here, p), lambda p: nav.paths([here], p), lambda p: nav.nearest(p),
                     lambda p: nav.nearests([p]), lambda p: nav.raycast(here, p), lambda p: nav.raycasts(p, here),
                     lambda p: setattr(agent, "target", p), lambda p: setattr(agent, "steer", [p])]:  # fmt: skip
            with pytest.raises(lw.ShapeError):
                call(far)
    agent.steer = (1e6, 0, 0)
    yard.host.step(yard.app, 60)
    assert person.position[0] == pytest.approx(6.8, abs=0.3), "no faster than it can, but it walks"
    with pytest.raises(lw.BudgetError, match="corners"):
        nav.paths(np.zeros((100_000, 3)), here, room=2048)
    with pytest.raises(lw.ConfigError, match="one line"):
        nav.bake((np.zeros((3, 3)), [0, 1, 2]))


def test_agents_take_no_parent(yard: Yard) -> None:
    person = yard.app.spawn(lw.Mesh.box(), position=(5, 0, 5))
    agent = yard.app.navigation.add(person)
    with pytest.raises(lw.ConfigError, match="an agent"):
        person.parent = yard.wall
    agent.remove()
    person.parent = yard.wall


def test_agents_walk_around_what_is_to_be_avoided(yard: Yard) -> None:
    walker = yard.app.spawn(lw.Mesh.capsule(0.4, 1.8), position=(2, 0.9, 4))
    agents = yard.app.navigation.add(walker, feet=0.9, speed=2.0)
    ball = yard.app.spawn(lw.Mesh.sphere(1.0), position=(8, 1, 4))
    near = {}
    for avoids in (False, True):
        if avoids:
            yard.app.navigation.avoid(ball)
        walker.position = (2, 0.9, 4)
        agents.target = (14, 0, 4)
        away = []
        for _ in range(500):
            yard.app.navigation.advance(1)
            away.append(float(np.hypot(*(walker.position - ball.position)[[0, 2]])))
        near[avoids] = min(away)
        assert np.allclose(walker.position[[0, 2]], (14, 4), atol=0.3)
    assert near[False] < 0.2 and near[True] > 1.3
    assert yard.app.navigation._report()["obstacles"] == 1


def test_what_comes_shoves_agents_and_what_is_gone_does_not(yard: Yard) -> None:
    walker = yard.app.spawn(lw.Mesh.capsule(0.4, 1.8), position=(10, 0.9, 4))
    yard.app.navigation.add(walker, feet=0.9)
    crate = yard.app.spawn(lw.Mesh.box(1, 1, 1), position=(6, 0.5, 4.1), body=lw.Body(gravity=0.0))
    yard.app.navigation.avoid(crate, radius=0.7)
    crate.body.velocity = (2, 0, 0)
    gap = []
    for _ in range(180):
        yard.host.step(yard.app)
        gap.append(float(np.hypot(*(walker.position - crate.position)[[0, 2]])))
    assert min(gap) > 0.9 and crate.position[0] > 11
    yard.app.navigation.avoid(crate, radius=0)
    assert yard.app.navigation._report()["obstacles"] == 0
    yard.app.navigation.avoid(crate)
    crate.despawn()
    yard.app.navigation.advance(1)
    assert yard.app.navigation._report()["obstacles"] == 0
    there = walker.position.copy()
    yard.app.navigation.avoid(walker, radius=0.5)  # an agent is not in its own way
    yard.app.navigation.advance(60)
    assert np.allclose(walker.position, there, atol=1e-3)


def test_obstacles_that_are_none_are_refused(yard: Yard) -> None:
    thing = yard.app.spawn(lw.Mesh.box(), position=(1, 1, 1), scale=(1, 50, 1))
    with pytest.raises(lw.ConfigError, match="wider than 20 m"):
        yard.app.navigation.avoid(thing)
    for bad in (-1, math.nan, 21, "wide"):
        with pytest.raises(lw.LayerwError):
            yard.app.navigation.avoid(thing, radius=bad)
    with pytest.raises(lw.BudgetError, match="1024"):
        yard.app.navigation.avoid(yard.app.spawn_many(lw.Mesh.box(), 1025))
    yard.app.navigation.avoid(yard.app.spawn_many(lw.Mesh.box(), 1000, position=yard.app.navigation.random(1000)))
    some = yard.app.spawn_many(lw.Mesh.box(), 50, position=yard.app.navigation.random(50))
    yard.app.navigation.add(some).target = (1, 0, 1)
    yard.app.navigation.advance(5)
    assert yard.app.navigation._report()["obstacles"] == 1000


def test_what_was_despawned_makes_room_for_others(yard: Yard) -> None:
    nav = yard.app.navigation
    walker = yard.app.spawn(lw.Mesh.capsule(0.4, 1.8), position=(2, 0.9, 4))
    for agents in (0, 1):
        if agents:
            nav.add(walker, feet=0.9)
        first = yard.app.spawn_many(lw.Mesh.box(), 600, position=nav.random(600))
        nav.avoid(first)
        yard.host.step(yard.app)
        first.despawn()
        others = yard.app.spawn_many(lw.Mesh.box(), 600, position=nav.random(600))
        nav.avoid(others)
        assert nav._report()["obstacles"] == 600
        others.despawn()
        yard.host.step(yard.app)
        assert nav._report()["obstacles"] == 0, agents


def test_obstacles_that_find_no_memory_change_nothing(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    nav = yard.app.navigation
    walker = yard.app.spawn(lw.Mesh.capsule(0.01, 0.5), position=(2, 0.9, 4))
    agents = nav.add(walker, feet=0.9, radius=0.01)
    ball = yard.app.spawn(lw.Mesh.sphere(0.5), position=(8, 1, 4))
    nav.avoid(ball)
    many = yard.app.spawn_many(lw.Mesh.box(), 1023, position=nav.random(1023))
    crowd = nav._crowd
    before = crowd._room, crowd._radius_max, crowd.numbers.tolist()
    for radius, kernels in ((20.0, crowd._kernels), (0.1, Full(crowd._kernels))):
        monkeypatch.setattr(crowd, "_kernels", kernels)
        with pytest.raises(lw.BudgetError, match="no memory for 1 agents"):
            nav.avoid(many, radius=radius)
        assert (crowd._room, crowd._radius_max, crowd.numbers.tolist()) == before
        assert nav._report()["obstacles"] == 1
    with pytest.raises(lw.BudgetError, match="no memory"):
        nav.add(yard.app.spawn_many(lw.Mesh.box(), 5000, position=nav.random(5000)))
    assert nav._report()["agents"] == 1
    monkeypatch.undo()
    agents.target = (14, 0, 4)
    nav.advance(600)
    assert walker.position[0] > 12 and yard.app.report()["errors"] == []
