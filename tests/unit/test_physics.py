"""Rigid bodies on CPython: stacks rest, poses land in the table, writes move bodies, mistakes are told."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import rigid
from layerw.scene.entity import OF_BODY
from tests.unit.physics_scene import HASH, PROGRAM

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")


class Scene:
    """An app with a floor at height 0."""

    def __init__(self, **settings: Any) -> None:
        self.host = HeadlessHost()
        self.app = lw.App(host=self.host, **settings)
        self.floor = self.app.spawn(lw.Mesh.box(100, 1, 100), position=(0, -0.5, 0), body=lw.Body("static"))

    def crate(self, position: Any = (0, 0.5, 0), **settings: Any) -> lw.Entity:
        return self.app.spawn(lw.Mesh.box(), position=position, body=lw.Body(**settings))

    def run(self, steps: int) -> None:
        self.host.step(self.app, steps)
        assert self.app.report()["errors"] == []


@pytest.fixture
def scene() -> Any:
    made = Scene()
    yield made
    made.app.close()


def test_a_stack_falls_rests_and_sleeps(scene: Scene) -> None:
    stack = scene.app.spawn_many(lw.Mesh.box(), 8)
    stack.position = [(0, 0.6 + 1.05 * k, 0) for k in range(8)]
    scene.app.physics.add(stack, "dynamic", shape="box")
    scene.run(240)
    assert np.allclose(stack.position[:, 1], np.arange(8) + 0.5, atol=0.02)
    assert np.abs(stack.position[:, [0, 2]]).max() < 0.02
    assert not stack.body.awake.any()
    report = scene.app.report()["physics"]
    assert (report["bodies"], report["awake"], report["lost"]) == (9, 0, 0)


def test_the_scene_has_the_state_that_it_has_everywhere() -> None:
    found: dict[str, Any] = {}
    exec(PROGRAM, found)
    assert found["app"].physics.state_hash() == HASH
    found["app"].close()


def test_falling_is_newtons(scene: Scene) -> None:
    crate = scene.crate((0, 50, 0))
    scene.run(60)
    assert crate.position[1] == pytest.approx(50 - 9.81 / 2, abs=0.1)
    assert crate.body.velocity[1] == pytest.approx(-9.81, abs=1e-3)
    scene.app.physics.gravity = (0, 0, 0)
    scene.run(60)
    assert crate.body.velocity[1] == pytest.approx(-9.81, abs=1e-3)


def test_pushes_forces_and_turns(scene: Scene) -> None:
    scene.app.physics.gravity = (0, 0, 0)
    crate = scene.crate((0, 5, 0), mass=10.0)
    assert crate.body.mass == pytest.approx(10.0)
    crate.body.push((0, 5, 0))
    assert crate.body.velocity.tolist() == pytest.approx([0, 0.5, 0])
    crate.body.push((10, 0, 0), at=crate.position + np.array((0, 0.5, 0)))
    assert crate.body.velocity[0] == pytest.approx(1.0) and crate.body.spin[2] < -1
    crate.body.velocity, crate.body.spin = (0, 0, 0), (0, 2, 0)
    crate.body.force((60, 0, 0))
    scene.run(1)
    assert crate.body.velocity[0] == pytest.approx(0.1, rel=1e-3)
    assert crate.rotation[1] == pytest.approx(np.sin(1 / 60), rel=1e-2)
    places = [(4 * k + 8, 5, 0) for k in range(3)]
    crates = scene.app.spawn_many(lw.Mesh.box(), 3, position=places, body=lw.Body(mass=2.0))
    crates.body.push([(2, 0, 0), (4, 0, 0), (6, 0, 0)])
    assert crates.body.velocity[:, 0].tolist() == pytest.approx([1, 2, 3])


def test_writing_a_position_moves_the_body(scene: Scene) -> None:
    crate = scene.crate()
    scene.run(60)
    crate.position = (3, 4, 5)
    scene.run(1)
    assert crate.position.tolist() == pytest.approx([3, 4, 5], abs=0.01)
    scene.run(120)
    assert crate.position.tolist() == pytest.approx([3, 0.5, 5], abs=0.05)
    view = crate.position
    view[1] = 9.0  # a view, too
    del view
    scene.run(1)
    assert crate.position[1] == pytest.approx(9.0, abs=0.01)


def test_a_kinematic_body_goes_where_it_is_put_and_carries(scene: Scene) -> None:
    lift = scene.app.spawn(lw.Mesh.box(4, 0.5, 4), position=(0, 0.25, 0), body=lw.Body("kinematic"))
    crate = scene.crate((0, 1.0, 0))
    scene.run(30)

    @scene.app.fixed
    def up(dt: float) -> None:
        if lift.position[1] < 3:
            lift.move(y=dt)

    scene.run(120)
    assert crate.position[1] - lift.position[1] == pytest.approx(0.75, abs=0.02)
    scene.run(120)
    assert lift.position[1] == pytest.approx(3.0, abs=0.02) and lift.body.velocity.tolist() == [0, 0, 0]


def test_contacts_say_what_touches(scene: Scene) -> None:
    crate = scene.crate((0, 0.6, 0), mass=10.0, sleeps=False)
    began = 0
    for _ in range(60):
        scene.run(1)
        began += len(scene.app.physics.began)
    (contact,) = scene.app.physics.contacts
    assert {int(contact["a"]), int(contact["b"])} == {scene.floor.first_row, crate.first_row} and began == 1
    assert abs(contact["normal"][1]) == pytest.approx(1, abs=1e-3)
    assert contact["impulse"] == pytest.approx(10 * 9.81 / 60, rel=0.1)
    crate.position = (0, 5, 0)
    scene.run(1)
    assert len(scene.app.physics.ended) == 1 and len(scene.app.physics.contacts) == 0


def test_a_sensor_tells_who_comes_and_goes(scene: Scene) -> None:
    gate = scene.app.spawn(lw.Mesh.box(2, 2, 2), position=(0, 4, 0), body=lw.Body("static", sensor=True))
    crate = scene.crate((0, 8, 0))
    entered, left = [], []
    for _ in range(120):
        scene.run(1)
        entered += scene.app.physics.entered.tolist()
        left += scene.app.physics.left.tolist()
    pair = (gate.first_row, crate.first_row)
    assert entered == [pair] and left == [pair]
    assert crate.position[1] == pytest.approx(0.5, abs=0.02)


def test_steps_see_what_the_step_before_them_began_each_once(scene: Scene) -> None:
    app, steps, frames = scene.app, [], []
    gate = app.spawn(lw.Mesh.box(2, 2, 2), position=(0, 4, 0), body=lw.Body("static", sensor=True))
    crate = scene.crate((0, 8, 0))
    app.fixed(lambda dt: steps.extend(app.physics.entered.tolist()))
    app.frame(lambda dt: frames.extend(app.physics.entered.tolist()))
    scene.run(120)
    assert steps == frames == [(gate.first_row, crate.first_row)]


def test_rows_name_entities_while_they_live(scene: Scene) -> None:
    physics, crate = scene.app.physics, scene.crate()
    assert physics.entity(np.int32(crate.first_row)) == crate and physics.entity(-1) is None
    row = crate.first_row
    crate.despawn()
    assert physics.entity(row) is None
    for bad in (-2, 1e3, "crate", 10**9):
        with pytest.raises(lw.LayerwError):
            physics.entity(bad)  # type: ignore[arg-type]


def test_a_restore_leaves_bodies_at_rest(scene: Scene) -> None:
    crate = scene.crate((0, 30, 0))
    walker = scene.app.spawn(lw.Mesh.capsule(0.4, 1.8), position=(5, 30, 0))
    hero = lw.Character(scene.app, walker, feet=0.9)
    save = scene.app.saves.pack()
    crate.body.spin = (0, 3, 0)
    scene.run(60)
    assert crate.body.velocity[1] < -9 and hero.velocity[1] < -9
    scene.app.saves.unpack(save)
    assert crate.position.tolist() == [0, 30, 0] and hero.velocity.tolist() == [0, 0, 0]
    assert not crate.body.velocity.any() and not crate.body.spin.any()


def test_layers_decide_who_meets(scene: Scene) -> None:
    ghost = scene.crate((0, 2, 0), layer=3, hits=[5])
    solid = scene.crate((4, 2, 0), layer=3)
    scene.run(120)
    assert ghost.position[1] < -5 and solid.position[1] == pytest.approx(0.5, abs=0.02)
    down = {"origin": (4, 9, 0), "direction": (0, -1, 0)}
    assert scene.app.physics.raycast(**down).entity == solid
    assert scene.app.physics.raycast(**down, layers=[0]).entity == scene.floor


def test_rays_sweeps_and_overlaps(scene: Scene) -> None:
    crate = scene.crate((0, 0.5, 0))
    ball = scene.app.spawn(lw.Mesh.sphere(1.0), position=(5, 1, 0), body=lw.Body(shape="sphere"))
    physics = scene.app.physics
    hit = physics.raycast((0, 10, 0), (0, -3, 0))
    assert hit.entity == crate and hit.distance == pytest.approx(9.0, abs=1e-3)
    assert hit.normal.tolist() == pytest.approx([0, 1, 0], abs=1e-3)
    hits = physics.raycasts([(0, 10, 0), (5, 10, 0), (20, 10, 0)], (0, -1, 0), max_distance=9.75)
    assert hits["row"].tolist() == [crate.first_row, ball.first_row, -1]
    assert hits["distance"].tolist() == pytest.approx([9, 8, np.inf], abs=1e-3)
    swept = physics.sweep("sphere", 0.5, (-5, 0.8, 0), (10, 0, 0))
    assert swept.entity == crate and swept.distance == pytest.approx(4.0, abs=0.02)
    (near,) = physics.overlap("sphere", 2.0, (5, 3.5, 0))
    assert near == ball and not physics.overlap("box", (1, 1, 1), (9, 50, 9))


def test_bullets_do_not_tunnel(scene: Scene) -> None:
    scene.app.physics.gravity = (0, 0, 0)
    scene.app.spawn(lw.Mesh.box(0.05, 10, 10), position=(20, 5, 0), body=lw.Body("static"))
    ball = scene.app.spawn(lw.Mesh.sphere(0.1), position=(0, 5, 0), body=lw.Body(shape="sphere"))
    ball.body.velocity = (350, 0, 0)
    scene.run(60)
    assert ball.position[0] < 20


def test_a_despawned_entity_takes_its_body_with_it(scene: Scene) -> None:
    crates = scene.app.spawn_many(lw.Mesh.box(), 5, position=[(3 * k, 0.5, 0) for k in range(5)], body=lw.Body())
    crates[1:3].despawn()
    scene.run(1)
    assert scene.app.physics.count == 4
    others = scene.app.spawn_many(lw.Mesh.box(), 2000)  # into the same rows, sooner or later
    scene.run(3)
    assert (others.position == 0).all() and scene.app.physics.raycast((3, 5, 0), (0, -1, 0)).entity == scene.floor
    crates[0].body.remove()
    assert scene.app.physics.count == 3 and crates[0].alive
    with pytest.raises(lw.HandleError, match="no body"):
        _ = crates[0].body


@pytest.mark.parametrize(("settings", "says"), [
    ({"mass": 0}, "above 0"), ({"mass": float("nan")}, "mass is nan"), ({"mass": -1}, "above 0"),
    ({"density": 0}, "above 0"), ({"friction": -1}, "friction"), ({"bounce": 2}, "0 to 1"),
    ({"shape": "bok"}, "Did you mean 'box'"), ({"shape": "mesh"}, "triangles have no inside"),
    ({"size": (1, 2)}, "3 finite"), ({"size": (1, 0, 1)}, "above 0"), ({"size": "big"}, "finite"),
    ({"shape": "sphere", "size": float("inf")}, "radius"), ({"shape": "capsule", "size": (1, 1)}, "two radii"),
    ({"shape": "hull", "points": [(0, 0, 0), (1, 0, 0)]}, "4 points"), ({"points": [(0, 0, 0)] * 9}, "hull's"),
    ({"shape": "hull", "points": [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]}, "plane"),
    ({"shape": "hull", "points": [(0, 0, 0)] * 9}, "point"),
    ({"locked": ["w"]}, "locked"), ({"layer": 32}, "0 to 31"), ({"hits": [40]}, "0 to 31"), ({"hits": 0.5}, "list"),
    ({"bullet": 1}, "True or False"), ({"kind": "dinamic"}, "Did you mean 'dynamic'"),
])
def test_bad_bodies_are_refused_with_a_reason(scene: Scene, settings: dict[str, Any], says: str) -> None:
    before = scene.app.table.alive_count
    with pytest.raises(lw.LayerwError, match=says):
        scene.app.spawn(lw.Mesh.box(), body=lw.Body(**settings))
    assert scene.app.table.alive_count == before and scene.app.physics.count == 1


def test_mistakes_with_entities_are_told(scene: Scene) -> None:
    app, crate = scene.app, scene.crate()
    child = app.spawn(lw.Mesh.box(), parent=crate)
    still = app.spawn(lw.Mesh.box(), static=True)
    far = app.spawn(lw.Mesh.box(), position=(2e5, 0, 0))
    for things, says in ((child, "parent"), (still, "static=True"), (far, "farther"), (crate, "has a body"),
                         (3, "Entity"), ("x", "Entity")):  # fmt: skip
        with pytest.raises(lw.LayerwError, match=says):
            app.physics.add(things, "dynamic")
    with pytest.raises(lw.KindError, match=r"lw\.Body"):
        app.physics.add(far, 3)
    app.physics.add(still, "static")
    for write in (lambda: crate.body.push("up"), lambda: crate.body.push((1, 2)), lambda: crate.body.push((1e20, 0, 0)),
                  lambda: setattr(crate.body, "velocity", (float("nan"), 0, 0)),
                  lambda: setattr(app.physics, "gravity", 9.81), lambda: app.physics.raycast((0, 0, 0), (0, 0, 0))):
        with pytest.raises(lw.LayerwError):
            write()
    with pytest.raises(lw.AttributeMissing, match="velocity"):
        crate.body.velocty = (0, 0, 0)
    with pytest.raises(lw.AttributeMissing, match="gravity"):
        app.physics.gravty = (0, 0, 0)


def test_a_scene_that_explodes_is_bounded_and_told(scene: Scene) -> None:
    crates = scene.app.spawn_many(lw.Mesh.box(), 64, body=lw.Body())  # all in one place
    scene.host.step(scene.app, 30)
    assert np.isfinite(crates.position).all() and np.abs(crates.position).max() < 1e5
    crates[0].position[:] = np.nan
    scene.host.step(scene.app, 2)
    assert np.isfinite(crates.position).all()
    assert any("not finite" in text for text in scene.app.report()["errors"])
    away = crates[1]
    away.body.gravity = 0.0
    away.position = (99_990, 0, 0)
    away.body.velocity = (400, 0, 0)
    scene.host.step(scene.app, 10)
    assert scene.app.report()["physics"]["lost"] == 1 and np.isfinite(away.position).all()
    assert any("left the world" in text for _, text in scene.host.logs)


def test_memory_is_charged_and_refused(scene: Scene) -> None:
    ledger = scene.app._engine.heap_ledger
    before = ledger.used_bytes
    crates = scene.app.spawn_many(lw.Mesh.box(), 500, position=np.arange(1500).reshape(500, 3), body=lw.Body())
    held = scene.app.report()["physics"]["size_bytes"]
    assert ledger.used_bytes - before >= 500 * 100 and held > 500 * 100
    ledger.reserve(ledger.left_bytes - 1000, "A test")
    with pytest.raises(lw.BudgetError, match="bodies"):
        scene.app.physics.add(scene.app.spawn_many(lw.Mesh.box(), 2000), "dynamic")
    scene.run(2)
    assert crates.alive


def test_two_apps_have_two_worlds() -> None:
    one, two = Scene(), Scene()
    a, b = one.crate((0, 5, 0)), two.crate((0, 9, 0))
    one.run(30)
    assert a.position[1] < 5 and b.position[1] == 9
    two.app.close()
    one.run(30)
    used = one.app._engine.heap_ledger.used_bytes
    one.app.close()
    assert one.app._engine.heap_ledger.used_bytes < used


def test_a_kept_handle_is_never_the_body_of_another(scene: Scene) -> None:
    first = scene.crate((0, 5, 0))
    kept = first.body
    first.despawn()
    second = scene.crate((9, 5, 0))
    with pytest.raises(lw.HandleError, match="despawned"):
        kept.velocity = (0, 100, 0)
    old = second.body
    old.remove()
    assert scene.app.physics.count == 1
    for call in (old.remove, lambda: old.push((1, 0, 0)), lambda: old.mass):
        with pytest.raises(lw.HandleError, match="have no body"):
            call()
    scene.app.physics.add(second)
    old.velocity = (0, 3, 0)
    assert second.body.velocity[1] == 3 and scene.app.physics.count == 2
    scene.run(2)


def test_an_entity_that_a_group_has_twice_has_one_body(scene: Scene) -> None:
    crowd = scene.app.spawn_many(lw.Mesh.box(), 3, position=[(0, 5, 0), (3, 5, 0), (6, 5, 0)])
    twice = crowd[[0, 0, 1]]
    with pytest.raises(lw.ConfigError, match="twice"):
        scene.app.physics.add(twice)
    assert scene.app.physics.count == 1
    scene.app.physics.add(crowd)
    twice.body.remove()
    assert scene.app.physics.count == 2
    scene.app.physics.remove(crowd[[2, 2, 1]])
    assert scene.app.physics.count == 1
    scene.run(2)


def test_hulls_of_many_points_are_built(scene: Scene) -> None:
    crate = scene.app.spawn(lw.Mesh.box(), position=(0, 5, 0))
    for seed in (1162, *range(60)):  # the first of them is too much for Box3D's builder
        points = np.random.default_rng(seed).random((3000, 3))
        scene.app.physics.add(crate, lw.Body(shape="hull", points=points))
        assert 700 < crate.body.mass < 1000
        crate.body.remove()
    ball = scene.app.spawn(lw.Mesh.sphere(0.5), position=(0, 5, 0), body=lw.Body(shape="hull"))
    assert 0.75 * 523 < ball.body.mass < 523
    can = scene.app.spawn(lw.Mesh.cylinder(0.5, 1.0), position=(3, 5, 0), body=lw.Body(shape="hull"))
    assert 0.94 * 785 < can.body.mass < 785
    scene.run(2)


def test_hulls_that_are_hardly_a_volume_are_refused_at_once(scene: Scene) -> None:
    crate, turn = scene.app.spawn(lw.Mesh.box(), position=(0, 5, 0)), np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 1]])
    for seed in range(20):
        points = np.random.default_rng(seed).random((25, 3))
        for few in (points * 1e-3, points * (1e-3, 1e-3, 1e-7), points * (1, 1, 1e-5), points * (1e-5, 1, 1) @ turn):
            with pytest.raises(lw.ConfigError, match="or within 5 mm"):
                scene.app.physics.add(crate, lw.Body(shape="hull", points=few))
        scene.app.physics.add(crate, lw.Body(shape="hull", points=points * (1, 0.001, 1)))
        crate.body.remove()
    scene.app.physics.add(crate, lw.Body(shape="cylinder", size=(0.01, 0.002)))


def test_physics_of_a_closed_app_reaches_no_other() -> None:
    one = Scene()
    old = one.app.physics
    one.app.close()
    two = Scene()
    calls = (lambda: setattr(old, "gravity", (0, 0, 0)), lambda: old.contacts, old.state_hash,
             lambda: old.raycast((0, 5, 0), (0, -1, 0)), lambda: old.overlap("sphere", 1.0, (0, 0, 0)))  # fmt: skip
    for call in calls:
        with pytest.raises(lw.HandleError, match="ended with its App"):
            call()
    crate = two.crate((0, 5, 0))
    two.run(10)
    assert crate.position[1] < 5
    two.app.close()


def test_a_program_without_physics_imports_nothing_of_it() -> None:
    code = """
import sys, layerw as lw
app = lw.App()
app.spawn(lw.Mesh.box())
app.frame_step(0.0, 1 / 60, 0, 0)
print(sorted(m for m in sys.modules if m.startswith(("layerw.physics", "layerw.kernels.rigid", "wasmtime"))))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_names_of_bodies_are_told_on_entities(scene: Scene) -> None:
    crate = scene.crate()
    assert set(OF_BODY) == {name for name in dir(crate.body) if not name.startswith("_")} - {"remove"}
    for call in (lambda: crate.push((0, 1, 0)), lambda: setattr(crate, "push", 1)):
        with pytest.raises(lw.AttributeMissing, match=r"\.body\.push"):
            call()


def test_what_has_a_body_gets_no_parent(scene: Scene) -> None:
    crate, other = scene.crate(), scene.app.spawn(lw.Mesh.box())
    lw.Character(scene.app, walker := scene.app.spawn(lw.Mesh.capsule(0.4, 1.8)), feet=0.9)
    for thing in (crate, walker):
        with pytest.raises(lw.ConfigError, match="move by themselves"):
            thing.parent = other
        thing.parent = None
    crate.body.remove()
    crate.parent = other
    assert crate.parent == other
