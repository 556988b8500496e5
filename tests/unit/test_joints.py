"""Joints: hinges, sliders, balls, springs and welds hold, stop at their limits, and are driven."""

from __future__ import annotations

import math
from typing import Any

import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import rigid

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")


class Rig:
    """A post that stands and a box beside it, without gravity."""

    def __init__(self) -> None:
        self.host = HeadlessHost()
        self.app = lw.App(host=self.host)
        self.app.physics.gravity = (0, 0, 0)
        self.post = self.app.spawn(lw.Mesh.box(0.2, 2, 0.2), body=lw.Body("static"))
        self.box = self.app.spawn(lw.Mesh.box(), position=(1, 0, 0), body=lw.Body(mass=10.0, sleeps=False))

    def run(self, steps: int) -> tuple[float, float, float]:
        self.host.step(self.app, steps)
        assert self.app.report()["errors"] == []
        x, y, z = (float(value) for value in self.box.position)
        return x, y, z


@pytest.fixture
def rig() -> Any:
    made = Rig()
    yield made
    made.app.close()


def test_a_hinge_turns_about_its_axis_and_stops_at_its_limits(rig: Rig) -> None:
    door = rig.app.physics.join("hinge", rig.post, rig.box, at=(0, 0, 0), axis=(0, 1, 0), limits=(-0.5, 0.5))
    rig.box.body.push((3, 3, -20))
    x, y, z = rig.run(120)
    assert math.hypot(x, z) == pytest.approx(1, abs=0.01) and y == pytest.approx(0, abs=0.01)
    assert abs(door.value) <= 0.52 and abs(door.value) > 0.2


def test_a_motor_drives_a_hinge(rig: Rig) -> None:
    wheel = rig.app.physics.join("hinge", rig.post, rig.box, at=(0, 0, 0), motor=2.0, strength=1000.0)
    rig.run(60)
    assert wheel.value == pytest.approx(2.0, abs=0.1)
    wheel.motor = -2.0
    rig.run(60)
    assert wheel.value == pytest.approx(0.0, abs=0.15)


def test_a_slider_goes_along_its_axis(rig: Rig) -> None:
    rail = rig.app.physics.join("slider", rig.post, rig.box, axis=(0, 0, 1), limits=(-2, 2), motor=1.0, strength=500.0)
    x, y, z = rig.run(60)
    assert (x, y) == pytest.approx((1, 0), abs=0.01) and abs(z) == pytest.approx(1, abs=0.05)
    assert abs(rail.value) == pytest.approx(1, abs=0.05)
    rig.run(120)
    assert abs(rig.run(1)[2]) == pytest.approx(2, abs=0.02)


def test_balls_springs_and_welds_hold(rig: Rig) -> None:
    rig.app.physics.gravity = (0, -9.81, 0)
    rig.app.physics.join("ball", rig.post, rig.box, at=(0, 0, 0))
    x, y, z = rig.run(240)
    assert math.sqrt(x * x + y * y + z * z) == pytest.approx(1, abs=0.02) and y < 0
    other = rig.app.spawn(lw.Mesh.box(), position=(5, 0, 0), body=lw.Body(mass=1.0))
    rope = rig.app.physics.join("spring", rig.post, other, spring=3.0, limits=(0.0, 5.5))
    rig.run(240)
    assert rope.value <= 5.55
    glued = rig.app.spawn(lw.Mesh.box(), position=(0, 3, 0), body=lw.Body(mass=1.0))
    rig.app.physics.join("weld", rig.post, glued)
    rig.run(120)
    assert glued.position.tolist() == pytest.approx([0, 3, 0], abs=0.02)


def test_a_joint_ends_with_a_body_and_mistakes_are_told(rig: Rig) -> None:
    physics, post, box = rig.app.physics, rig.post, rig.box
    joint = physics.join("hinge", post, box)
    box.despawn()
    rig.host.step(rig.app, 1)
    with pytest.raises(lw.HandleError, match="has ended"):
        joint.motor = 1.0
    bare = rig.app.spawn(lw.Mesh.box())
    box = rig.app.spawn(lw.Mesh.box(), position=(4, 0, 0), body=lw.Body())
    for values, says in (({"kind": "hinj"}, "hinge"), ({"a": bare}, "no body"), ({"a": box}, "twice"),
                         ({"axis": (0, 0, 0)}, "direction"), ({"limits": (1, 0)}, "lower"), ({"at": "x"}, "at"),
                         ({"spring": -1}, "spring"), ({"strength": math.nan}, "strength"), ({"b": 3}, "Entity"),
                         ({"collide": 1}, "True")):  # fmt: skip
        given: dict[str, Any] = {"kind": "hinge", "a": post, "b": box} | values
        with pytest.raises(lw.LayerwError, match=says):
            physics.join(**given)
    weld = physics.join("weld", post, box)
    with pytest.raises(lw.ConfigError, match="hinges and sliders"):
        weld.motor = 1.0
    weld.remove()
    with pytest.raises(lw.HandleError):
        weld.remove()


def test_a_joint_that_ended_is_not_the_next_one(rig: Rig) -> None:
    other = rig.app.spawn(lw.Mesh.box(), position=(3, 0, 0), body=lw.Body())
    old = rig.app.physics.join("hinge", rig.post, rig.box)
    rig.box.despawn()
    new = rig.app.physics.join("weld", rig.post, other)
    for call in (lambda: old.value, old.remove, lambda: setattr(old, "motor", 2.0)):
        with pytest.raises(lw.HandleError, match="The hinge has ended"):
            call()
    assert new.value == 0
    with pytest.raises(lw.ConfigError, match="join limits"):
        rig.app.physics.join("hinge", rig.post, other, limits=(-1e300, 1e300))
    with pytest.raises(lw.KindError, match="join spring"):
        rig.app.physics.join("hinge", rig.post, other, spring=[])  # type: ignore[arg-type]
