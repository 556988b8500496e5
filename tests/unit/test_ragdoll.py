"""Ragdolls from skins: they fall, come to rest within limits, the same to the bit, and give the pose back."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_app_contents import glb, make

import layerw as lw
from layerw.base.mathx import quat_rotate
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import rigid

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LIMIT = 0.7


class Fox:
    """The animal of examples/fox on a floor."""

    def __init__(self, folder: Path, **where: Any) -> None:
        made = runpy.run_path(str(EXAMPLES / "fox" / "animal.py"))
        (folder / "fox.glb").write_bytes(made["animal_glb"]())
        self.app, self.host = make(folder)
        self.app.spawn(lw.Mesh.box(40, 1, 40), position=(0, -0.5, 0), body=lw.Body("static"))
        self.model = self.app.load("fox.glb", **where)
        self.host.step(self.app, 20)
        assert self.model.state == "ready"

    def bends(self, doll: Any) -> dict[str, float]:
        """By bone: radians between where it points and where it would by the file, seen from the one above."""
        found = {}
        for bone in doll._bones:
            if bone.parent < 0 or not bone.length:
                continue
            back = doll.bodies[doll._bones[bone.parent].name].rotation.astype(float) * (-1, -1, -1, 1)
            axis = quat_rotate(back, quat_rotate(doll.bodies[bone.name].rotation.astype(float), bone.tip))
            rest = bone.tip  # all of the animal's nodes are unturned
            cosine = axis @ rest / np.linalg.norm(axis) / np.linalg.norm(rest)
            found[bone.name] = float(np.arccos(np.clip(cosine, -1, 1)))
        return found


def fall(folder: Path, **settings: Any) -> tuple[Fox, Any]:
    fox = Fox(folder, position=(0, 1.5, 0))
    doll = fox.app.physics.ragdoll(fox.model, **settings)
    fox.model.play("Run")
    fox.host.step(fox.app, 10)
    doll.start(velocity=(1, 0, 2))
    return fox, doll


def test_it_falls_rests_and_stays_within_limits(tmp_path: Path) -> None:
    fox, doll = fall(tmp_path, limits=LIMIT)
    assert doll.limp and doll.weight == 1 and set(doll.bodies) == set(doll.bones) and len(doll.joints) == len(
        doll.bones) - 1  # fmt: skip
    assert {"body", "neck", "head", "tail", "paw left", "thigh right"} <= set(doll.bones)
    assert "ear left" not in doll.bones
    assert sum(entity.body.mass for entity in doll.bodies.values()) == pytest.approx(20, rel=1e-3)
    worst = 0.0
    for _ in range(30):
        fox.app.physics.advance(20)
        worst = max(worst, *fox.bends(doll).values())
    fox.host.step(fox.app, 1)
    assert worst < LIMIT + 0.4  # as it hits the floor: limits give way a little
    assert max(fox.bends(doll).values()) < LIMIT + 0.03
    assert not any(entity.body.awake for entity in doll.bodies.values())
    heights = [float(entity.position[1]) for entity in doll.bodies.values()]
    assert min(heights) > 0 and max(heights) < 0.9 and doll.position[1] < 0.6
    for name, entity in doll.bodies.items():  # the nodes are where the bodies are
        assert np.allclose(fox.model[name].world_position, entity.position, atol=1e-4)
    assert fox.host.errors == []


def test_it_is_the_same_twice(tmp_path: Path) -> None:
    hashes = []
    for _ in range(2):
        fox, doll = fall(tmp_path)
        fox.app.physics.advance(90)
        fox.host.step(fox.app, 2)
        hashes.append((fox.app.physics.state_hash(), doll.position.tolist()))
        fox.app.close()
    assert hashes[0] == hashes[1]


def test_the_pose_begins_where_it_is_and_fades_back(tmp_path: Path) -> None:
    fox, doll = fall(tmp_path)
    names = [*doll.bones, "ear left"]
    before = np.array([fox.model[name].world_position for name in names])
    fox.host.step(fox.app, 1)
    now = np.array([fox.model[name].world_position for name in names])
    assert np.abs(now - before).max() < 0.1
    fox.app.physics.advance(200)
    fox.host.step(fox.app, 2)
    lying = np.array([fox.model[name].world_position for name in names])
    doll.stop(fade=0.5)
    assert not doll.limp and fox.app.physics.count == 1
    steps = [lying]
    for _ in range(40):
        fox.host.step(fox.app, 1)
        steps.append(np.array([fox.model[name].world_position for name in names]))
    assert np.abs(np.diff(steps, axis=0)).max() < 0.18 and doll.weight == 0
    twin = fox.app.load("fox.glb", position=(0, 1.5, 0))
    fox.host.step(fox.app, 20)
    twin.play("Run").time = 0
    fox.model.play("Run", fade=0).time = 0
    fox.host.step(fox.app, 2)
    assert all(np.allclose(fox.model[name].world_position, twin[name].world_position, atol=0.05) for name in names)


def test_without_clips_the_pose_comes_back(tmp_path: Path) -> None:
    fox = Fox(tmp_path, rotation=(0, 1, 0, 0), scale=2.0)
    before = {name: node.world_position for name, node in fox.model.nodes.items()}
    turned = {name: node.rotation.copy() for name, node in fox.model.nodes.items()}
    doll = fox.app.physics.ragdoll(fox.model, spring=0.0)
    doll.start()
    fox.host.step(fox.app, 1)
    assert all(np.allclose(node.world_position, before[name], atol=0.02) for name, node in fox.model.nodes.items())
    fox.app.physics.advance(60)
    fox.host.step(fox.app, 1)
    assert np.abs(fox.model["head"].world_position - before["head"]).max() > 0.3
    doll.start()  # it is limp already
    doll.stop(fade=0.0)
    fox.host.step(fox.app, 2)
    assert all(np.array_equal(node.rotation, turned[name]) for name, node in fox.model.nodes.items())
    doll.start()
    fox.host.step(fox.app, 30)
    doll.stop(0.1)
    fox.host.step(fox.app, 30)
    assert all(np.allclose(node.world_position, before[name], atol=1e-5) for name, node in fox.model.nodes.items())


def test_it_ends_with_its_model_and_its_bodies(tmp_path: Path) -> None:
    fox, doll = fall(tmp_path)
    fox.host.step(fox.app, 5)
    doll.bodies["neck"].despawn()
    fox.host.step(fox.app, 2)
    assert not doll.limp and fox.app.physics.count == 1
    doll.start()
    fox.model.close()
    fox.host.step(fox.app, 2)
    assert fox.app.physics.count == 1 and fox.host.errors == [] and not doll.limp
    with pytest.raises(lw.ConfigError, match="its model is gone"):
        doll.start()


@pytest.mark.parametrize(("settings", "words"), [
    ({"mass": 0}, "mass"), ({"thickness": 2}, "thickness"), ({"radius": {"nek": 0.1}}, "neck"),
    ({"radius": 3}, "radius"), ({"limits": 4}, "limits"), ({"limits": {"nek": 0.2}}, "neck"),
    ({"limits": {"neck": -1}}, "limits of neck"), ({"spring": -1}, "spring"), ({"friction": "x"}, "friction"),
    ({"layer": 32}, "layer")])  # fmt: skip
def test_what_it_takes_is_told(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    fox = Fox(tmp_path)
    with pytest.raises(lw.LayerwError, match=words):
        fox.app.physics.ragdoll(fox.model, **settings)


def test_models_that_can_not(tmp_path: Path) -> None:
    (tmp_path / "m.glb").write_bytes(glb())
    app, host = make(tmp_path)
    model = app.load("m.glb")
    with pytest.raises(lw.ConfigError, match="not ready"):
        app.physics.ragdoll(model)
    host.step(app, 20)
    with pytest.raises(lw.ConfigError, match="no skin"):
        app.physics.ragdoll(model)
    with pytest.raises(lw.KindError, match="Model"):
        app.physics.ragdoll(3)


def test_the_example_falls_at_the_wall_and_gets_up(monkeypatch: pytest.MonkeyPatch) -> None:
    host = HeadlessHost(EXAMPLES, size=(160, 90))
    monkeypatch.setattr("layerw.app.default_host", lambda: host)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    names = runpy.run_path(str(EXAMPLES / "ragdolls.py"))
    app, runners = names["app"], names["runners"]
    for _ in range(30):
        host.step(app, 10)
        if runners and any(runner.doll.limp for runner in runners):
            break
    fallen = next(runner for runner in runners if runner.doll.limp)
    assert fallen.doll.position[2] > 3
    host.step(app, 60)
    assert fallen.doll.position[1] < 0.6
    host.key("Space")
    host.step(app, 50)
    assert not fallen.doll.limp and fallen.doll.weight == 0 and host.errors == []
