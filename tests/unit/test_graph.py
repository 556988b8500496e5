"""Graphs of animations: what states weigh, when they change, what is told; many models at once as each alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerw as lw
from layerw.animation.conditions import Columns
from layerw.animation.graph import AnimationGraph
from layerw.animation.states import around
from layerw.hosts.headless import HeadlessHost
from layerw.kernels.twins.graph import along
from layerw.scene.hierarchy import world_matrix
from tests.unit.test_animation import animal_glb, document, glb, loaded, uri
from tests.unit.test_crowd import joints

Scene = tuple[lw.App, HeadlessHost, lw.Model, AnimationGraph]


def scene(**parameters: float | bool) -> Scene:
    app, host, model = loaded(animal_glb())
    return app, host, model, app.animator(model, **parameters)


def shown(host: HeadlessHost, model: lw.Model) -> np.ndarray:
    return joints(host, model._character.parts[0][0])


def played(name: str, time: float) -> np.ndarray:
    app, host, model = loaded(animal_glb())
    model.play(name, speed=0.0).time = time
    host.step(app, 2)
    return shown(host, model)


# -- mixtures --------------------------------------------------------------------------------------------------------
@given(st.lists(st.floats(-5, 5, width=32), min_size=2, max_size=6, unique=True), st.floats(-9, 9, width=32))
@settings(deadline=None, max_examples=100)
def test_along_a_line_the_two_beside_it_weigh_as_they_are_near(points: list[float], at: float) -> None:
    line = np.array(sorted(points), np.float32)
    found = along(line, np.array([at], np.float32))[0]
    assert np.isclose(found.sum(), 1, atol=1e-5) and (found >= 0).all() and (found > 0).sum() <= 2
    assert np.isclose(found @ line, np.clip(at, line[0], line[-1]), atol=1e-3)


def test_around_the_middle_each_clip_is_whole_where_it_lies() -> None:
    points = np.array([(0, 0), (0, 1), (0, 3), (1, 0), (-1, 0), (0, -1)], np.float32)
    assert np.allclose(around(points, points), np.eye(6), atol=1e-5)
    between = around(points, np.array([(0, 2), (0.7, 0.7), (9, 0)], np.float32))
    assert np.allclose(between.sum(axis=1), 1)
    assert np.allclose(between[0, [1, 2]], 0.5, atol=0.02) and between[0, [3, 4, 5]].max() < 0.02
    assert abs(between[1, 1] - between[1, 3]) < 1e-5 and between[1, 5] < 0.01, "by direction, both sides alike"
    assert between[2].argmax() == 3 and np.isfinite(around(points, np.zeros((1, 2), np.float32))).all()


# -- states ----------------------------------------------------------------------------------------------------------
def test_a_state_shows_its_clip_and_a_mixture_keeps_its_clips_in_step() -> None:
    app, host, model, graph = scene(speed=2.0)
    graph.state("go", {1.0: "Walk", 3.0: "Run"}, by="speed", speed=0.0)
    graph["speed"] = 1.0
    host.step(app, 2)
    assert np.allclose(shown(host, model), played("Walk", 0.0), atol=1e-5)
    layer = graph._layers[0]
    layer.phase[:] = 0.5
    graph["speed"] = 3.0
    host.step(app, 2)
    run = model._character.rig.clips["Run"].duration_s
    assert np.allclose(shown(host, model), played("Run", 0.5 * run), atol=1e-5)
    graph.close()
    host.step(app, 2)
    assert np.allclose(shown(host, model), np.eye(4)[:3], atol=1e-5), "the rest pose"


def test_fades_add_up_to_one_whatever_changes_meanwhile() -> None:
    app, host, _, graph = scene(a=False, b=False, c=False)
    for name, clip in (("one", "Walk"), ("two", "Run"), ("three", "Idle")):
        graph.state(name, clip)
    for target, on in (("one", "a"), ("two", "b"), ("three", "c")):
        graph.transition("*", target, on=on, fade=0.4)
    rng, layer, before = np.random.default_rng(5), graph._layers[0], np.array([1.0, 0, 0])
    for _ in range(300):
        if rng.uniform() < 0.1:
            graph["abc"[rng.integers(0, 3)]] = True
        host.step(app)
        weights = layer.weights[0]
        assert np.isclose(weights.sum(), 1, atol=1e-5) and weights.min() >= 0
        assert np.abs(weights - before).max() <= 1 / (60 * 0.4) + 1e-5, "nothing jumps"
        before = weights.copy()
    assert app.report()["errors"] == []


def test_transitions_wait_for_what_they_say() -> None:
    app, host, _, graph = scene(speed=0.0, jump=False)
    graph.state("stand", "Idle")
    graph.state("go", "Walk")
    graph.state("jump", "Run", loop=False)
    graph.transition("stand", "go", when=lambda now: now.speed > 0.5, fade=0.1)
    graph.transition("go", "stand", when=lambda now: (now.speed <= 0.5) & (now.time > 0.2), fade=0.1)
    graph.transition("*", "jump", on="jump", fade=0.0)
    graph.transition("jump", "stand", at=1.0, fade=0.1)
    host.step(app, 5)
    assert graph.current() == ["stand"]
    graph["speed"] = 1.0
    host.step(app, 2)
    graph["speed"] = 0.0
    host.step(app, 5)
    assert graph.current() == ["go"], "not before 0.2 s"
    host.step(app, 12)
    assert graph.current() == ["stand"]
    graph["jump"] = True
    host.step(app, 2)
    assert graph.current() == ["jump"] and not graph["jump"][0]
    host.step(app, 60)
    assert graph.current() == ["stand"]
    graph.go("go", fade=0.0)
    assert graph.current() == ["go"]
    app.paused = True
    host.step(app, 2)
    before = graph._layers[0].phase.copy()
    host.step(app, 5)
    assert np.array_equal(graph._layers[0].phase, before)


def test_layers_lie_on_each_other_by_mask_and_weight() -> None:
    app, host, model, graph = scene()
    graph.state("go", "Walk", speed=0.0)
    graph.layer("head", mask=["neck"])
    graph.state("look", "Idle", speed=0.0, layer="head")
    graph._layers[1].phase[:] = 0.3
    host.step(app, 2)
    neck, leg = model.nodes["neck"].rotation.copy(), model.nodes["arm left"].rotation.copy()
    graph.weigh("head", 0.0)
    host.step(app, 2)
    assert np.array_equal(model.nodes["arm left"].rotation, leg)
    assert not np.allclose(model.nodes["neck"].rotation, neck, atol=1e-3)


def test_many_models_move_as_each_alone() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    models = [app.load(uri(animal_glb())) for _ in range(5)]
    host.step(app, 8)
    graph = app.animator(models, speed=0.0)
    speeds = np.array([0.0, 0.5, 1.5, 2.5, 4.0], np.float32)

    def build(one: AnimationGraph) -> AnimationGraph:
        one.state("stand", "Idle")
        one.state("go", {1.0: "Walk", 3.0: "Run"}, by="speed")
        one.transition("stand", "go", when=lambda now: now.speed > 0.2, fade=0.3)
        return one

    build(graph)["speed"] = speeds
    host.step(app, 30)
    assert graph.current() == ["stand", *["go"] * 4]
    for number, model in enumerate(models):
        own, own_host, alone, one = scene(speed=0.0)
        build(one)["speed"] = float(speeds[number])
        own_host.step(own, 30)
        assert np.allclose(shown(host, model), shown(own_host, alone), atol=1e-6)
    models[2].close()
    host.step(app, 3)
    assert len(graph._used) == 4 and app.report()["errors"] == []


def test_what_it_moves_in_a_kernel_call_or_two() -> None:
    from layerw.kernels.animation import ANIMATION

    host = HeadlessHost()
    app = lw.App(host=host)
    models = [app.load(uri(animal_glb())) for _ in range(40)]
    host.step(app, 8)
    graph = app.animator(models)
    graph.state("go", "Walk")
    calls: list[int] = []
    real = type(ANIMATION).lw_pose_blend
    try:
        type(ANIMATION).lw_pose_blend = staticmethod(lambda *given: (calls.append(given[2]), real(*given))[1])
        host.step(app)
    finally:
        type(ANIMATION).lw_pose_blend = staticmethod(real)
    assert [count for count in calls if count] == [40]


# -- what is told ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("call", "words"), [
    (lambda graph: graph.state("x", "Wlak"), "'Walk', 'Run', 'Idle'. Did you mean 'Walk'"),
    (lambda graph: graph.state("stand", "Walk"), "already"), (lambda graph: graph.state("*", "Walk"), "any state"),
    (lambda graph: graph.state("x", {0.0: "Walk"}, by="speed"), "2 to 64"),
    (lambda graph: graph.state("x", {0.0: "Walk", 1.0: "Run"}), "by="),
    (lambda graph: graph.state("x", {0.0: "Walk", 1.0: "Run"}, by="sped"), "Did you mean 'speed'"),
    (lambda graph: graph.state("x", {0.0: "Walk", 1.0: "Run"}, by="jump"), "True or False"),
    (lambda graph: graph.state("x", {(0, 1): "Walk", 1.0: "Run"}, by="speed"), "1 finite numbers"),
    (lambda graph: graph.state("x", dict.fromkeys((0.0, -0.0), "Walk"), by="speed"), "2 to 64"),
    (lambda graph: graph.state("x", "Walk", layer="arms"), "one of base"),
    (lambda graph: graph.state("x", "Walk", by="speed"), "'Walk' is one clip"),
    (lambda graph: graph.state("", "Walk"), "empty"), (lambda graph: graph.state("x", "Walk", speed="a"), "number"),
    (lambda graph: graph.transition("stand", "stnd", at=1.0), "Did you mean 'stand'"),
    (lambda graph: graph.transition("stand", "stand"), "says not when"),
    (lambda graph: graph.transition("stand", "stand", when=lambda: True), "called as"),
    (lambda graph: graph.transition("stand", "stand", on="speed"), "is a number"),
    (lambda graph: graph.transition("stand", "stand", on="hop"), "no parameter 'hop'"),
    (lambda graph: graph.transition("stand", "stand", at=2), "0 to 1"),
    (lambda graph: graph.transition("stand", "stand", at=1.0, fade=-1), "at least 0"),
    (lambda graph: graph.layer("base"), "already"),
    (lambda graph: graph.layer("l", mask=["nck"]), "Did you mean 'neck'"),
    (lambda graph: graph.layer("l", weight=2), "0 to 1"), (lambda graph: graph.weigh("base", 2), "0 to 1"),
    (lambda graph: graph.go("nowhere"), "one of stand"), (lambda graph: graph.go("stand", which=[0]), "mask of 1"),
    (lambda graph: graph["sped"], "Did you mean 'speed'"), (lambda graph: graph.__setitem__("speed", "a"), "finite"),
    (lambda graph: graph.__setitem__("speed", [1, 2]), "one or 1"),
    (lambda graph: graph.current("arms"), "one of base"),
    (lambda graph: graph.curent(), "Did you mean 'current'"),
])  # fmt: skip
def test_what_it_cannot_take_is_refused_and_nothing_changes(call: Callable[[Any], Any], words: str) -> None:
    app, host, _, graph = scene(speed=0.0, jump=False)
    graph.state("stand", "Idle")
    with pytest.raises(lw.LayerwError, match=words):
        call(graph)
    assert graph.states == {"base": ["stand"]} and graph._layers[0].transitions == []
    host.step(app, 2)
    assert app.report()["errors"] == []


def test_models_that_it_cannot_move_are_refused() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    early = app.load(uri(animal_glb()))
    for models, words in ((early, "on_ready"), ([], "at least one"), (None, "lw.Model"), ([1], "lw.Model"),
                          ("fox.glb", "'fox.glb'; it takes a lw.Model")):  # fmt: skip
        with pytest.raises(lw.LayerwError, match=words):
            app.animator(models)
    host.step(app, 8)
    with pytest.raises(lw.LayerwError, match="number"):
        app.animator(early, speed="fast")


def test_a_condition_that_fails_is_told_once_and_the_rest_goes_on() -> None:
    app, host, _, graph = scene(speed=1.0)
    graph.state("stand", "Idle")
    graph.state("go", "Walk")
    graph.transition("stand", "go", when=lambda now: now.sped > 0)
    graph.transition("stand", "go", when=lambda now: 3)
    host.step(app, 20)
    errors = app.report()["errors"]
    assert len(errors) == 2 and "stand -> go" in errors[0] and "Did you mean 'speed'" in errors[0]
    assert "True or False" in errors[1] and graph.current() == ["stand"] and graph._layers[0].phase[0, 0] > 0


def test_a_program_without_a_graph_imports_none() -> None:
    code = """
import sys
sys.path.insert(0, ".")
from tests.unit.test_animation import animal_glb, loaded
app, host, model = loaded(animal_glb())
model.play("Walk")
host.step(app, 3)
later = ("layerw.animation.graph", "layerw.animation.states", "layerw.content.crowds")
print(sorted(name for name in sys.modules if name.startswith(later)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# -- root motion, events, limbs ----------------------------------------------------------------------------------------
def striding() -> bytes:
    """The animal with a clip of half a second in which its body goes a metre ahead and turns a quarter to its left."""
    doc, body = document(animal_glb())
    turn = np.sqrt(0.5)
    parts = [np.array((0, 0.5), np.float32), np.array([(0, 0, 0), (0, 0, 1)], np.float32),
             np.array([(0, 0, 0, 1), (0, turn, 0, turn)], np.float32)]
    height = next(node for node in doc["nodes"] if node.get("name") == "body")["translation"][1]
    parts[1][:, 1] = height
    for part, kind in zip(parts, ("SCALAR", "VEC3", "VEC4"), strict=True):
        doc["bufferViews"].append({"buffer": 0, "byteOffset": len(body), "byteLength": part.nbytes})
        doc["accessors"].append({"bufferView": len(doc["bufferViews"]) - 1, "componentType": 5126, "count": 2,
                                 "type": kind, "min": [0], "max": [0.5]})  # fmt: skip
        body += part.tobytes()
    doc["buffers"][0]["byteLength"] = len(body)
    first, node = len(doc["accessors"]) - 3, [one.get("name") for one in doc["nodes"]].index("body")
    doc["animations"].append({"name": "Stride", "samplers": [{"input": first, "output": first + 1},
                                                             {"input": first, "output": first + 2}], "channels": [
        {"sampler": 0, "target": {"node": node, "path": "translation"}},
        {"sampler": 1, "target": {"node": node, "path": "rotation"}}]})
    return glb(doc, body)


def test_root_motion_moves_the_model_instead_of_its_node() -> None:
    app, host, model = loaded(striding())
    model.root.rotation = (0, np.sin(np.pi / 4), 0, np.cos(np.pi / 4))  # it looks along +X
    model.root.scale = 2.0
    graph = app.animator(model)
    graph.state("stride", "Stride", speed=0.5)
    graph.root_motion("body")
    host.step(app)
    rest = model.nodes["body"].position.copy()
    before = model.root.position.copy()
    host.step(app, 150)  # 2.5 s: two and a half strides
    assert np.allclose(model.root.position - before, (5, 0, 0), atol=0.01)
    assert np.allclose(model.nodes["body"].position, rest, atol=1e-5), "the node stays"


def test_root_motion_may_turn() -> None:
    app, host, model = loaded(striding())
    graph = app.animator(model)
    graph.state("stride", "Stride", loop=False)
    graph.root_motion("body", turn=True)
    host.step(app, 60)
    assert np.allclose(model.root.position, (0, 0, 1), atol=1e-3)
    assert np.allclose(model.root.rotation, (0, np.sqrt(0.5), 0, np.sqrt(0.5)), atol=1e-3)
    assert np.allclose(model.nodes["body"].rotation, (0, 0, 0, 1), atol=1e-3)
    with pytest.raises(lw.ConfigError, match="Did you mean 'body'"):
        graph.root_motion("bdy")


@pytest.mark.parametrize("speed", [1.0, -1.0, 0.37])
def test_events_come_once_each_time_they_pass(speed: float) -> None:
    app, host, model = loaded(animal_glb())
    length = model._character.rig.clips["Walk"].duration_s
    graph = app.animator(model)
    graph.state("go", "Walk", speed=speed)
    graph.event("begin", "Walk", 0.0)
    graph.event("step", "Walk", 0.3 * length)
    seen: list[str] = []
    for _ in range(300):
        host.step(app)
        for event in graph.events:
            assert event["model"] == 0 and event["weight"] == 1
            seen.append(str(event["name"]))
    loops = 5.0 * abs(speed) / length
    for name in ("begin", "step"):
        assert abs(seen.count(name) - loops) <= 1.01, (name, loops)
    assert all(a != b for a, b in zip(seen, seen[1:], strict=False)), "one after the other"
    for bad in (("", "Walk", 0), ("x" * 33, "Walk", 0), ("x", "Wlak", 0), ("x", "Walk", 99), ("x", "Walk", None)):
        with pytest.raises(lw.LayerwError):
            graph.event(*bad)


def test_a_limb_reaches_and_a_head_looks() -> None:
    app, host, model, graph = scene()
    graph.state("go", "Walk")
    model.root.position, model.root.scale = (3, 0, -2), 2.0
    model.root.rotate(y=0.7)
    paw, head = graph.reach("paw left"), graph.look("head", limit=3.0)
    host.step(app, 3)
    free = model.nodes["paw left"].world_position
    goal = free + np.array((0.1, 0.25, 0.15))
    far = np.array((3.0, 6.0, 4.0))
    for _ in range(20):
        paw.target, head.target = goal, far
        host.step(app)
    assert np.linalg.norm(model.nodes["paw left"].world_position - goal) < 0.002
    assert facing(app, model, far) > 0.999
    head.weight = paw.weight = 0.0
    host.step(app, 2)
    assert facing(app, model, far) < 0.9, "as the clip has it"
    assert np.linalg.norm(model.nodes["paw left"].world_position - goal) > 0.1
    limited = graph.look("head", limit=0.2)
    before = facing(app, model, far)
    limited.target = far
    host.step(app, 2)
    assert 0.1 < np.arccos(before) - np.arccos(facing(app, model, far)) < 0.25
    for target, name, value in ((paw, "target", (1, 2)), (paw, "pole", "up"), (paw, "weight", 2),
                                (head, "target", None), (head, "weight", -1), (head, "goal", 1)):  # fmt: skip
        with pytest.raises(lw.LayerwError):
            setattr(target, name, value)
    for call in (lambda: graph.reach("body"), lambda: graph.reach("pw"), lambda: graph.look("head", axis=(0, 0, 0)),
                 lambda: graph.look("head", limit=9)):  # fmt: skip
        with pytest.raises(lw.LayerwError):
            call()


def facing(app: lw.App, model: lw.Model, point: np.ndarray) -> float:
    """The cosine between the head's own +Z and the way to a point."""
    table, head = app._engine.table, model.nodes["head"]
    ahead = world_matrix(table.parent, table.position, table.rotation, table.scale, head.first_row)[0] @ (0, 0, 1)
    way = point - head.world_position
    return float(ahead @ way / np.linalg.norm(ahead) / np.linalg.norm(way))


def test_a_pole_says_where_the_middle_points() -> None:
    app, host, model, graph = scene()
    graph.state("go", "Walk", speed=0.0)
    paw = graph.reach("paw left")
    host.step(app, 2)
    paw.target = model.nodes["paw left"].world_position + np.array((0, 0.1, 0.0))
    upper = model.nodes["chest"].world_position
    for pole in ((5.0, 0.5, 0.3), (-5.0, 0.5, 0.3)):
        paw.pole = pole
        host.step(app, 2)
        assert (model.nodes["arm left"].world_position - upper)[0] * pole[0] > 0


@pytest.mark.parametrize("call", [
    lambda app, model, graph: graph.layer("x", mask=5), lambda app, model, graph: graph.transition("a", "b", on=["on"]),
    lambda app, model, graph: graph.transition(np.zeros(3), "b", at=1.0),
    lambda app, model, graph: model.play("Walk", mask=5), lambda app, model, graph: app.animator([model, model]),
    lambda app, model, graph: app.animator(model, phase=1.0), lambda app, model, graph: app.animator(model, x=1e39),
    lambda app, model, graph: graph.__setitem__("speed", 1e39),
    lambda app, model, graph: graph.state("f", "Run", speed=1e9),
    lambda app, model, graph: setattr(graph.look("head"), "target", (1e39, 0, 0))])  # fmt: skip
def test_odd_values_are_told(call: Callable[[Any, Any, Any], object]) -> None:
    app, _, model, graph = scene(speed=0.0)
    graph.state("a", "Idle")
    graph.state("b", "Run")
    with pytest.raises(lw.LayerwError):
        call(app, model, graph)


@pytest.mark.filterwarnings("error")
def test_columns_may_hold_anything_and_fades_be_shorter_than_floats_say() -> None:
    app, host, model, graph = scene(speed=0.0, x=0.0, y=0.0)
    graph.state("go", {1.0: "Walk", 3.0: "Run"}, by="speed")
    graph.state("turn", {(0, 0): "Idle", (0, 1): "Walk", (1, 0): "Run"}, by=("x", "y"))
    for value in (np.nan, np.inf, -np.inf, 3e38):
        for state in graph.states["base"]:
            for name in ("speed", "x", "y"):
                graph[name][:] = value
            graph.go(state, fade=1e-300)
            host.step(app, 2)
            assert np.isfinite(shown(host, model)).all()


def test_one_graph_moves_a_model_at_a_time() -> None:
    app, host, model, graph = scene(speed=0.0)
    with pytest.raises(lw.LayerwError, match=r"moved by a graph already.*close"):
        app.animator(model)
    graph.close()
    app.animator(model).state("go", "Run")
    host.step(app, 2)
    assert app.report()["errors"] == []


@pytest.mark.parametrize("call", [
    lambda graph: graph["speed"], lambda graph: graph.__setitem__("speed", 1.0), lambda graph: graph.state("a", "Walk"),
    lambda graph: graph.transition("stand", "stand", at=1.0), lambda graph: graph.layer("arms"),
    lambda graph: graph.weigh("base", 0.5), lambda graph: graph.go("stand"), lambda graph: graph.current(),
    lambda graph: graph.event("step", "Walk", 0.1), lambda graph: graph.root_motion("body"),
    lambda graph: graph.reach("head"), lambda graph: graph.look("head"),
    lambda graph: setattr(graph, "by_distance", False)])  # fmt: skip
def test_a_closed_graph_says_so(call: Callable[[Any], object]) -> None:
    _, _, _, graph = scene(speed=0.0)
    graph.state("stand", "Idle")
    graph.close()
    graph.close()
    with pytest.raises(lw.LayerwError, match=r"closed.*app\.animator"):
        call(graph)
    assert "closed" in repr(graph)


# -- graphs that are alike -------------------------------------------------------------------------------------------
def herd(count: int, build: Callable[[int, AnimationGraph], None], **parameters: float | bool) -> tuple[Any, ...]:
    """So many models with a graph of their own each."""
    host = HeadlessHost()
    app = lw.App(host=host)
    models = [app.load(uri(animal_glb())) for _ in range(count)]
    host.step(app, 8)
    graphs = [app.animator(model, **parameters) for model in models]
    for number, graph in enumerate(graphs):
        build(number, graph)
    return app, host, models, graphs


def walks(number: int, graph: AnimationGraph) -> None:
    graph.state("stand", "Idle")
    graph.state("go", {1.0: "Walk", 3.0: "Run"}, by="speed")
    graph.transition("stand", "go", when=lambda now: now.speed > 0.2, fade=0.3)
    graph.transition("go", "stand", on="halt", fade=0.1)
    graph.layer("head", mask=["neck"], additive=True, weight=0.5)
    graph.state("nod", "Run", layer="head")
    graph["speed"] = number / 2


def test_graphs_that_are_alike_move_as_each_alone_and_step_in_one_call() -> None:
    from layerw.kernels.animation import ANIMATION

    app, host, models, graphs = herd(6, walks, speed=0.0, halt=False)
    kept = graphs[3]["speed"]  # a view of before the first step
    host.step(app, 10)
    graphs[5]["halt"] = True
    graphs[1].weigh("head", 0.0)
    graphs[2].go("stand", fade=0.0)
    kept[:] = 3.0
    calls: list[int] = []
    real = type(ANIMATION).lw_graph_step
    try:
        type(ANIMATION).lw_graph_step = staticmethod(lambda *given: (calls.append(int(given[0][0])), real(*given))[1])
        host.step(app)
    finally:
        type(ANIMATION).lw_graph_step = staticmethod(real)
    assert calls == [6, 6] and graphs[5].current() == ["stand"] and not graphs[5]["halt"].any()
    host.step(app, 9)
    for number, model in enumerate(models):
        own, own_host, alone, one = scene(speed=0.0, halt=False)
        walks(number, one)
        own_host.step(own, 10)
        one["halt"] = number == 5
        if number == 1:
            one.weigh("head", 0.0)
        if number == 2:
            one.go("stand", fade=0.0)
        if number == 3:
            one["speed"] = 3.0
        own_host.step(own, 10)
        assert graphs[number].current() == one.current()
        assert np.array_equal(shown(host, model), shown(own_host, alone)), number
    assert app.report()["errors"] == []


def test_one_that_is_set_up_otherwise_goes_its_own_way_and_comes_back() -> None:
    app, host, models, graphs = herd(5, walks, speed=0.0, halt=False)
    host.step(app, 5)
    graphs[2].state("lie", "Idle")
    graphs[2].transition("*", "lie", when=lambda now: now.time > 0.05)
    assert len(app._engine._animations().blending._groups) == 1
    host.step(app, 20)
    assert len(app._engine._animations().blending._groups) == 2
    assert [graph.current()[0] for graph in graphs] == ["stand", "go", "lie", "go", "go"]
    graphs[0]["speed"] = 2.0  # rows 0, 1, 3 and 4 of the block are one group
    graphs[4]["halt"] = True
    graphs[3].close()
    host.step(app, 1)
    assert [graphs[0].current(), graphs[4].current()] == [["go"], ["stand"]] and not graphs[4]["halt"].any()
    models[1].close()
    host.step(app, 5)
    assert [graph.current()[0] for graph in graphs[:3]] == ["go", "go", "lie"] and app.report()["errors"] == []


@pytest.mark.parametrize(("when", "asked"), [
    (lambda now: now.speed > 0.9, 1), (lambda now: (now.speed >= 1.0) & ~(now.speed == 9), 1),
    (lambda now: now.speed[0] > 0.9, 4), (lambda now: now.speed.max() > 0.9, 4),
    (lambda now: True if now.speed > 0.9 else False, 4), (lambda now: bool(now.speed > 0.9), 4),  # noqa: SIM210
    (lambda now: [one > 0.9 for one in now.speed][-1], 4), (lambda now: np.any(now.speed > 0.9), 4)])  # fmt: skip
def test_a_condition_answers_for_each_model_however_it_is_written(when: Callable[[Any], Any], asked: int) -> None:
    calls = []

    def build(number: int, graph: AnimationGraph) -> None:
        graph.state("stand", "Idle")
        graph.state("go", "Walk")
        graph.transition("stand", "go", when=when, fade=0.0)
        graph["speed"] = number

    app, host, _, graphs = herd(4, build, speed=0.0)
    real = Columns.of
    try:
        Columns.of = lambda self, rows: (calls.append(rows), real(self, rows))[1]  # type: ignore[method-assign]
        host.step(app)
    finally:
        Columns.of = real  # type: ignore[method-assign]
    assert [graph.current()[0] for graph in graphs] == ["stand", "go", "go", "go"]
    assert len(calls) == (0 if asked == 1 else 4) and app.report()["errors"] == []


def test_one_of_many_conditions_that_fails_is_told_and_the_others_go_on() -> None:
    limits = [0.5, None, 0.5]

    def build(number: int, graph: AnimationGraph) -> None:
        limit = limits[number]
        graph.state("stand", "Idle")
        graph.state("go", "Walk")
        graph.transition("stand", "go", when=lambda now: now.speed > limit, fade=0.0)

    app, host, _, graphs = herd(3, build, speed=1.0)
    host.step(app, 3)
    assert [graph.current()[0] for graph in graphs] == ["go", "stand", "go"]
    errors = app.report()["errors"]
    assert len(errors) == 1 and "stand -> go" in errors[0]
