"""Crowds: every member shows its own clip and time as one model would; what programs and files get wrong is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.animation.bake import bake, planned
from layerw.animation.rig import RigColumns
from layerw.hosts.headless import HeadlessHost
from layerw.kernels.animation import ANIMATION
from tests.unit.test_animation import BONES, animal_glb, document, edited, glb, loaded, mesh, uri

COUNT = 6


def crowd(data: bytes, count: int = COUNT, **more: Any) -> tuple[lw.App, HeadlessHost, lw.Crowd]:
    host = HeadlessHost()
    app = lw.App(host=host, **more)
    found = lw.crowd(app, uri(data), count)
    host.step(app, 8)
    return app, host, found


def joints(host: HeadlessHost, row: int) -> np.ndarray:
    """(n, 3, 4): what the GPU's vertex stage mixes for a row, as shaders/posed.wgsl does."""
    texels = host.sink.pose_lines.reshape(-1, 4)
    head = texels[int(texels[int(texels[0, 0]) + row // 4, row % 4])]

    def mixed(sets: np.ndarray) -> np.ndarray:
        one, two = (texels[int(at) : int(at) + 3 * len(BONES)].reshape(-1, 3, 4) for at in sets[:2])
        return one + sets[2] * (two - one)

    if head[3] >= 0:
        return mixed(head)
    fade = texels[int(-head[3])]
    return mixed(head) + fade[3] * (mixed(fade) - mixed(head))


def of_a_model(name: str, time: float) -> np.ndarray:
    app, host, model = loaded(animal_glb())
    model.play(name, speed=0.0).time = time
    host.step(app, 2)
    return joints(host, model._character.parts[0][0])


def test_members_show_their_own_clip_and_time() -> None:
    app, host, animals = crowd(animal_glb())
    assert animals.state == "ready" and animals.animations == ["Walk", "Run", "Idle"] and len(animals) == COUNT
    animals.clip[:] = np.arange(COUNT) % 3
    animals.speed[:] = 0
    for number, clip in enumerate(animals._own._herd.clips):
        animals.time[number] = animals.time[number + 3] = 4 / clip.rate  # of a baked pose
    host.step(app, 2)
    row = animals.entities.first_row
    for number, name in enumerate(animals.animations):
        expected = of_a_model(name, float(animals.time[number]))
        for member in (number, number + 3):
            assert np.allclose(joints(host, row + member), expected, atol=2e-5)
    animals.time[0] += 0.37 / animals._own._herd.clips[0].rate  # between two poses
    host.step(app)
    assert np.allclose(joints(host, row), of_a_model("Walk", float(animals.time[0])), atol=0.02)


def test_time_passes_loops_stands_and_stays_with_the_pause() -> None:
    app, host, animals = crowd(animal_glb())
    length = [clip.duration_s for clip in animals._own._herd.clips]
    animals.time[:], animals.clip[:] = 0, 1
    animals.speed[:] = (1, 2, -1, 1, 0, 1)
    animals.loop[3] = 0
    host.step(app, 61)
    passed = 61 / 60
    expected = [passed % length[1], 2 * passed % length[1], -passed % length[1], min(passed, length[1]), 0]
    assert np.allclose(animals.time[:5], expected, atol=0.02)
    app.paused = True
    host.step(app)
    before = animals.time.copy()
    host.step(app, 9)
    assert np.array_equal(animals.time, before)


def test_a_clip_fades_into_another() -> None:
    app, host, animals = crowd(animal_glb())
    animals.speed[:] = 0
    animals.clip[:], animals.time[:] = 0, 4 / animals._own._herd.clips[0].rate
    start = of_a_model("Walk", float(animals.time[0]))
    animals.play("Run", fade=1.0, which=[1, 4])
    animals.time[[1, 4]] = 4 / animals._own._herd.clips[1].rate
    host.step(app, 30)
    end = of_a_model("Run", float(animals.time[1]))
    row, share = animals.entities.first_row, float(animals.blend[1])
    assert 0.45 < share < 0.55 and animals.blend[0] == 1
    assert np.allclose(joints(host, row + 1), share * end + (1 - share) * start, atol=5e-5)
    assert np.allclose(joints(host, row), start, atol=2e-5)
    host.step(app, 40)
    assert animals.blend[4] == 1 and np.allclose(joints(host, row + 4), end, atol=2e-5)


def test_bounds_hold_every_vertex_in_every_pose() -> None:
    app, _, animals = crowd(animal_glb())
    parts, skin = mesh(), next(iter(animals._own._herd.skins.values()))
    at = np.concatenate([parts["position"], np.ones((len(parts["position"]), 1))], axis=1)
    moved = np.einsum("fvkij,vj,vk->fvi", skin.matrices.reshape(-1, len(BONES), 3, 4)[:, parts["joints"]], at,
                      parts["weights"])
    row = animals.entities.first_row
    assert np.linalg.norm(moved, axis=2).max() <= app._engine.table.radius[row] < 4


def test_one_call_a_frame_whatever_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    app, host, animals = crowd(animal_glb(), 3000)
    calls: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: (calls.append(name), call(*given))[1]

    for name in ("lw_crowd_step", "lw_crowd_heads", "lw_pose_blend"):
        monkeypatch.setattr(ANIMATION, name, counted(name, getattr(ANIMATION, name)))
    animals.clip[:] = np.arange(3000) % 3
    host.step(app)
    assert sorted(calls) == ["lw_crowd_heads", "lw_crowd_step"]


def test_members_and_crowds_end() -> None:
    app, host, animals = crowd(animal_glb())
    used = app.report()["entities"]
    animals[2].despawn()
    host.step(app, 2)
    assert app.report()["entities"] == used - 1 and animals.state == "ready"
    animals.entities[animals.entities.alive_mask].despawn()
    host.step(app, 2)
    assert animals.state == "closed" and app.report()["entities"] == 0 and app.report()["errors"] == []
    other = lw.crowd(app, uri(animal_glb()), 2)
    host.step(app, 8)
    other.close()
    host.step(app, 2)
    assert app.report()["entities"] == 0 and host.sink.pose_lines.size == 0
    with pytest.raises(lw.LayerwError, match=r"closed; lw\.crowd"):
        other.play("Run")


def test_those_that_are_left_play_on_after_one_went() -> None:
    app, host, animals = crowd(animal_glb())
    animals[2].despawn()
    animals.play("Run", fade=0.0)
    host.step(app)
    assert (animals.clip == 1).all()
    animals.play("Idle", which=3)
    animals.play("Idle", which=[-1])
    animals.play("Walk", which=np.arange(len(animals)) == 0)
    assert animals.clip[[0, 1, 3, -1]].tolist() == [0, 1, 2, 2]
    left = animals[animals.entities.alive_mask]
    left.position[:, 0] = 5.0
    host.step(app, 2)
    assert len(left) == len(animals) - 1 and app.report()["errors"] == []


def test_a_lost_device_shows_it_again() -> None:
    app, host, animals = crowd(animal_glb())
    animals.clip[:] = 1
    host.step(app)
    before = joints(host, animals.entities.first_row)
    host.lose_device()
    host.step(app, 8)
    assert animals.state == "ready" and app.report()["errors"] == []
    assert joints(host, animals.entities.first_row).shape == before.shape


def test_names_and_numbers_that_there_are_not_are_told() -> None:
    app, host, animals = crowd(animal_glb())
    with pytest.raises(lw.ConfigError, match=r"'Rnu'; the clips are 0 'Walk', 1 'Run', 2 'Idle'. Did you mean 'Run'"):
        animals.play("Rnu")
    with pytest.raises(lw.ConfigError, match="clip has 3; it takes 0 to 2"):
        animals.clip = 3
    animals.clip[4] = 7
    host.step(app, 3)
    assert len(app.report()["errors"]) == 1 and "clip[4] is 7" in app.report()["errors"][0]
    early = lw.crowd(app, uri(animal_glb()), 2)
    early.clip = "Rum"
    with pytest.raises(lw.ConfigError, match="loading; play it from @crowd.on_ready"):
        early.play("Run")
    host.step(app, 8)
    assert early.state == "ready" and any("'Rum'" in text and "'Run'" in text for text in early.warnings)
    late = lw.crowd(app, uri(animal_glb()), 2)
    late.clip = "Run"
    host.step(app, 8)
    assert late.clip.tolist() == [1, 1]
    gone = lw.crowd(app, "nothing.glb", 2)
    host.step(app, 80)
    assert gone.state == "failed" and "nothing.glb" in gone.error


@pytest.mark.parametrize("call", [
    lambda app, animals: lw.crowd(None, "a.glb", 3), lambda app, animals: lw.crowd(app, 5, 3),
    lambda app, animals: lw.crowd(app, "a.glb", 0), lambda app, animals: lw.crowd(app, "a.glb", 2.5),
    lambda app, animals: lw.crowd(app, "a.glb", 2, position=(1, 2)),
    lambda app, animals: lw.crowd(app, "a.glb", 2, max_texture_side=0),
    lambda app, animals: lw.crowd(app, "a.glb", 2, rotation=(0, 0, 0, 0)),
    lambda app, animals: lw.crowd(app, "a.glb", 2, color="no such colour"),
    lambda app, animals: lw.crowd(app, "a.glb", 2, scale=np.zeros((3, 3))),
    *(lambda app, animals, name=name, value=value: setattr(animals, name, value) for name, value in (
        ("clip", 1.5), ("clip", [1, 2]), ("clip", -1), ("clip", None), ("clip", "Wlak"), ("time", np.nan),
        ("time", "a"), ("speed", [1, 2]), ("speed", None), ("blend", 1.5), ("blend", -0.1), ("previous", 9),
        ("previous_time", np.inf),
        ("loop", 3), ("loop", "no"), ("position", "here"), ("nothing", 1), ("entities", 1), ("model", 1))),
    lambda app, animals: animals.play("Run", fade=-1), lambda app, animals: animals.play("Run", which="all"),
    lambda app, animals: animals.play("Run", which=99), lambda app, animals: animals.play("Run", which=[True]),
    lambda app, animals: animals.play("Run", speed="fast"), lambda app, animals: animals.play("Run", loop=1),
    lambda app, animals: animals.play(7), lambda app, animals: animals.play(None), lambda app, animals: animals[9],
])  # fmt: skip
def test_what_it_cannot_take_is_refused(call: Callable[[lw.App, lw.Crowd], Any]) -> None:
    app, host, animals = crowd(animal_glb())
    before, rows = animals._own.columns.copy(), app.report()["entities"]
    with pytest.raises(lw.LayerwError) as caught:
        call(app, animals)
    assert str(caught.value).endswith((".", "?"))
    assert np.array_equal(animals._own.columns, before) and app.report()["entities"] == rows
    host.step(app, 2)
    assert app.report()["errors"] == []


def test_files_that_a_crowd_cannot_show_whole() -> None:
    app, _, still = crowd(edited("animations", None))
    assert still.state == "ready" and still.animations == [] and still._own._herd is not None
    doc, body = document(animal_glb())
    doc["animations"][0]["samplers"][0]["input"] = 9999
    app, host, broken = crowd(glb(doc, body))
    assert broken.state == "ready" and broken.warnings
    host.step(app, 3)
    assert app.report()["errors"] == []


def test_poses_beyond_the_budget_are_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerw.content.members.BAKED_BYTES_MAX", 10_000)
    app, _, animals = crowd(animal_glb())
    assert animals.state == "failed" and "bytes; a crowd has at most 10000" in animals.error
    animals.close()
    assert app.report()["entities"] == 0


@pytest.mark.parametrize(("share", "rate"), [(0.99, 15.0), (0.5, 7.5)])
def test_clips_that_are_too_long_have_fewer_poses_and_say_so(share: float, rate: float,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    _, _, fine = crowd(animal_glb())
    matrices = fine._own._herd.skins[0].matrices
    monkeypatch.setattr("layerw.content.members.BAKED_BYTES_MAX", int(share * matrices.nbytes))
    app, host, animals = crowd(animal_glb())
    assert animals.state == "ready" and len(animals.animations) == 3
    assert any(f"{rate:g} times a second instead of 30" in text and str(matrices.nbytes) in text
               for text in animals.warnings)  # fmt: skip
    clip = animals._own._herd.clips[1]
    assert abs(clip.rate - rate) < 3 and clip.duration_s == fine._own._herd.clips[1].duration_s
    animals.clip, animals.speed = 1, 0.0
    animals.time[:] = 1 / clip.rate
    host.step(app, 2)
    assert np.allclose(joints(host, animals.entities.first_row), of_a_model("Run", 1 / clip.rate), atol=2e-3)


def test_a_bake_of_many_clips_is_that_of_each_alone() -> None:
    _, _, animals = crowd(animal_glb())
    content = animals.model._content
    rig = RigColumns(content.rig, content.nodes)
    clips = planned(rig)
    whole = bake(rig, clips, {0: None})[0].matrices
    assert len(whole) == sum(clip.poses for clip in clips) == clips[-1].first + clips[-1].poses
    for clip in clips:
        alone = bake(rig, [clip], {0: None})[0].matrices
        assert np.array_equal(whole[clip.first : clip.first + clip.poses], alone)
