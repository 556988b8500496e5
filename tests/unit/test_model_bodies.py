"""Bodies that glTF files give their nodes: OMI's and KHR's names, extras.collider, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_app_contents import make
from test_packed import as_glb

import layerw as lw
from layerw.kernels import rigid

pytestmark = pytest.mark.skipif(not rigid.is_built(), reason="layerw was built without physics: `make physics`")
# a box of 2 x 1 x 4 metres about its middle
POINTS = np.array([(x, y, z) for x in (-1, 1) for y in (-0.5, 0.5) for z in (-2, 2)], "<f4")
CORNERS = np.array([0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1, 2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6, 4,
                    1, 5, 7, 1, 7, 3], "<u2")  # fmt: skip
OMI_SHAPES = [{"type": "box", "box": {"size": [2, 1, 4]}}, {"type": "sphere", "sphere": {"radius": 0.25}},
              {"type": "capsule", "capsule": {"radius": 0.5, "height": 3}}, {"type": "cylinder"},
              {"type": "convex", "convex": {"mesh": 0}}, {"type": "trimesh", "trimesh": {"mesh": 0}}]  # fmt: skip


def document(nodes: list[dict[str, Any]], **members: Any) -> bytes:
    children = {child for node in nodes for child in node.get("children", ())}
    return as_glb({
        "asset": {"version": "2.0"}, "scene": 0,
        "scenes": [{"nodes": [number for number in range(len(nodes)) if number not in children]}], "nodes": nodes,
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3", "min": [-1, -0.5, -2],
                       "max": [1, 0.5, 2]},
                      {"bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR"}],
        "bufferViews": [{"buffer": 0, "byteLength": 96}, {"buffer": 0, "byteOffset": 96, "byteLength": 72}], **members,
    }, POINTS.tobytes() + CORNERS.tobytes())  # fmt: skip


def omi(**body: Any) -> dict[str, Any]:
    return {"extensions": {"OMI_physics_body": body}}


def khr(**body: Any) -> dict[str, Any]:
    return {"extensions": {"KHR_physics_rigid_bodies": body}}


def loaded(folder: Path, nodes: list[dict[str, Any]], shapes: Any = OMI_SHAPES,
           **where: Any) -> tuple[Any, Any, lw.App]:  # fmt: skip
    extensions = {"OMI_physics_shape": {"shapes": shapes}, "KHR_implicit_shapes": {"shapes": shapes},
                  "KHR_physics_rigid_bodies": {"physicsMaterials": [{"dynamicFriction": 0.0, "restitution": 1.0},
                                                                    {"frictionCombine": "average"}]}}  # fmt: skip
    (folder / "m.glb").write_bytes(document(nodes, extensions=extensions, extensionsUsed=list(extensions)))
    app, host = make(folder)
    model = app.load("m.glb", **where)
    app.physics.add(model)
    app.physics.gravity = (0, 0, 0)
    assert app.physics.count == 0
    host.step(app, 20)
    assert model.state == "ready", model.error
    return model, host, app


def top(app: lw.App, x: float, z: float = 0.0) -> float:
    """Where a ray from above meets a body."""
    hit = app.physics.raycast((x, 50, z), (0, -1, 0))
    assert hit is not None
    return float(hit.point[1])


def test_shapes_of_omi_stand_where_their_nodes_do(tmp_path: Path) -> None:
    nodes = [{"name": f"n{k}", "translation": [10 * k, 0, 0], **omi(collider={"shape": k})} for k in range(6)]
    model, _, app = loaded(tmp_path, nodes, position=(0, 0, 3), scale=2.0)
    assert model.warnings == [] and app.physics.count == 6
    tops = [top(app, 20 * k, 3) for k in range(6)]
    assert np.allclose(tops, [1, 0.5, 3, 2, 1, 1], atol=0.02)
    assert all(model[f"n{k}"].parent is None and model[f"n{k}"].body.mass == 0 for k in range(6))
    assert np.allclose(model["n2"].position, (40, 0, 3)) and np.allclose(model["n2"].scale, 2)
    model.close()
    assert app.physics.count == 0


def test_motions_masses_and_speeds(tmp_path: Path) -> None:
    turned = [0, 0.70710678, 0, 0.70710678]  # x becomes -z
    nodes = [{"name": "falls", "rotation": turned, "mesh": 0, **omi(collider={"shape": 0}, motion={
                 "type": "dynamic", "mass": 7, "linearVelocity": [2, 0, 0], "gravityFactor": 0})},
             {"name": "rides", "translation": [20, 0, 0], **khr(collider={"geometry": {"shape": 1}},
                                                                motion={"isKinematic": True})},
             {"name": "heavy", "translation": [40, 0, 0], **khr(collider={"geometry": {"shape": 1}}, motion={})},
             {"name": "stays", "translation": [60, 0, 0], **omi(collider={"shape": 0}, motion={"type": "static"})},
             {"name": "held", "translation": [80, 0, 0], **khr(collider={"geometry": {"shape": 1}},
                                                               motion={"mass": 0})}]  # fmt: skip
    model, host, app = loaded(tmp_path, nodes)
    assert model.warnings == []
    assert model["falls"].body.mass == 7 and np.allclose(model["falls"].body.velocity, (0, 0, -2), atol=1e-5)
    assert model["heavy"].body.mass == pytest.approx(1000 * 4 / 3 * np.pi * 0.25**3, rel=0.01)
    app.physics.gravity = (0, -9.81, 0)
    app.physics.advance(60)
    host.step(app)
    assert model["falls"].position[2] < -1.9 and abs(model["falls"].position[1]) < 1e-4
    assert model["heavy"].position[1] < -4
    assert [float(model[name].position[1]) for name in ("rides", "stays", "held")] == [0, 0, 0]


def test_shapes_of_nodes_below_become_one_body(tmp_path: Path) -> None:
    nodes = [{"name": "bell", "translation": [0, 5, 0], "children": [1, 2, 3], **khr(motion={"mass": 4})},
             {"name": "left", "translation": [-2, 0, 0], "scale": [2, 2, 2],
              **khr(collider={"geometry": {"shape": 1}})},
             {"name": "right", "translation": [2, 0, 0], **khr(collider={"geometry": {"shape": 1}})},
             {"name": "apart", "translation": [0, 3, 0], **khr(motion={}, collider={"geometry": {"shape": 1}})}]
    model, host, app = loaded(tmp_path, nodes)
    assert model.warnings == [] and app.physics.count == 2 and model["bell"].body.mass == pytest.approx(4)
    assert np.allclose([top(app, -2), top(app, 2), top(app, 0)], [5.5, 5.25, 8.25], atol=0.01)
    assert model["left"].parent == model["bell"] and model["apart"].parent is None
    app.physics.gravity = (0, -9.81, 0)
    app.physics.advance(30)
    host.step(app)
    assert model["left"].world_position[1] == pytest.approx(float(model["bell"].position[1]), abs=0.5)
    with pytest.raises(lw.HandleError, match="no body"):
        model["left"].body  # noqa: B018


def test_meshes_of_nodes_triangles_and_hulls(tmp_path: Path) -> None:
    nodes = [{"name": "ground", "mesh": 0, **khr(collider={"geometry": {"node": 0}})},
             {"name": "crate", "translation": [20, 0, 0], **khr(motion={"mass": 2}, collider={
                 "geometry": {"node": 2, "convexHull": True}, "physicsMaterial": 0})},
             {"name": "shape", "translation": [40, 0, 0], "children": [3]},
             {"name": "below", "translation": [0, 1, 0], "mesh": 0},
             {"name": "moves", "translation": [60, 0, 0], **khr(motion={}, collider={"geometry": {"node": 0}})}]
    model, _, app = loaded(tmp_path, nodes)
    assert np.allclose([top(app, 0), top(app, 20), top(app, 60)], [0.5, 1.5, 0.5], atol=0.01)
    assert model.warnings == ["The node 'moves' moves and collides as triangles, which have no inside; it does as "
                              "their hull."]  # fmt: skip
    assert model["crate"].body.mass == 2


def test_triggers_notice(tmp_path: Path) -> None:
    nodes = [{"name": "gate", **omi(trigger={"shape": 0})},
             {"name": "ball", "translation": [0, 3, 0], **omi(motion={"type": "dynamic"}, collider={"shape": 1})}]
    model, host, app = loaded(tmp_path, nodes)
    seen = []
    app.physics.gravity = (0, -9.81, 0)
    app.frame(lambda dt: seen.extend(app.physics.entered.tolist()))
    host.step(app, 120)
    assert model.warnings == [] and seen == [(model["gate"].first_row, model["ball"].first_row)]
    assert model["ball"].position[1] < -1


@pytest.mark.parametrize(("collider", "tall", "kind"), [
    ("box", 0.5, 0), ("hull", 0.5, 0), ("mesh", 0.5, 0), ("convex", 0.5, 0),
    ({"shape": "sphere", "size": 3, "kind": "dynamic", "mass": 6}, 3, 6),
    ({"shape": "box", "kind": "dynamic", "density": 10, "friction": 0}, 0.5, 80)])  # fmt: skip
def test_extras_are_settings_of_a_body(tmp_path: Path, collider: Any, tall: float, kind: float) -> None:
    model, _, app = loaded(tmp_path, [{"name": "n", "mesh": 0, "extras": {"collider": collider, "hp": 3}}])
    assert model.warnings == [] and top(app, 0.2) == pytest.approx(tall, abs=0.02)
    assert model["n"].body.mass == pytest.approx(kind, rel=0.01) and model.extras["n"]["hp"] == 3


@pytest.mark.parametrize(("node", "words"), [
    (omi(collider={"shape": 9}), "OMI_physics_body.collider.shape is 9"),
    (omi(collider={"shape": "box"}), "an integer"),
    (omi(collider={}), "neither a shape nor a node"),
    (omi(collider={"shape": 0}, motion={"type": "flies"}), "'flies'; it must be one of static, kinematic, dynamic"),
    (omi(collider={"shape": 0}, motion={"type": "dynamic", "mass": -1}), "mass is -1"),
    (khr(collider={"geometry": {"node": 7}}), "nodes has 1 items"),
    (khr(collider={"geometry": {"node": 0}}), "no mesh that a body could lie around"),
    (khr(collider={"geometry": {"shape": 0}, "physicsMaterial": 5}), "physicsMaterial is 5"),
    (khr(motion={}), "moves as a body and has no collider"),
    ({"extras": {"collider": "box"}}, "without a size and no mesh"),
    ({"extras": {"collider": 7}}, "extras.collider is 7"),
    ({"mesh": 0, "extras": {"collider": "bax"}}, "'bax'"),
    ({"mesh": 0, "extras": {"collider": {"shape": "box", "weight": 2}}}, "weight"),
    ({"mesh": 0, "extras": {"collider": {"shape": "box", "mass": -2, "kind": "dynamic"}}}, "mass"),
    ({"mesh": 0, "extras": {"collider": {"shape": "mesh", "kind": "dynamic"}}}, "no inside"),
    ({"mesh": 0, "scale": [1, 0, 1], **omi(motion={"type": "dynamic"}, collider={"shape": 0})}, "scaled by 0"),
    ({}, "It says of no node"),
])  # fmt: skip
def test_what_is_wrong_is_told_and_the_rest_is_made(tmp_path: Path, node: dict[str, Any], words: str) -> None:
    model, host, app = loaded(tmp_path, [{"name": "n", **node}])
    assert any(words in text for text in model.warnings), model.warnings
    assert app.physics.count == 0 and host.errors == []


@pytest.mark.parametrize(("body", "words"), [
    ({"joint": {}}, "joint is not read"), ({"motion": {"centerOfMass": [0, 1, 0]}}, "centerOfMass is not read"),
    ({"collider": {"geometry": {"shape": 0}, "collisionFilter": 0}}, "collisionFilter is not read"),
    ({"collider": {"geometry": {"shape": 0}, "physicsMaterial": 1}}, "frictionCombine is not read"),
    ({"motion": {}, "trigger": {"geometry": {"shape": 0}}}, "has no trigger")])  # fmt: skip
def test_what_is_unknown_is_told_and_the_body_is_made(tmp_path: Path, body: dict[str, Any], words: str) -> None:
    model, _, app = loaded(tmp_path, [{"name": "n", **khr(**{"collider": {"geometry": {"shape": 0}}, **body})}])
    assert any(words in text for text in model.warnings), model.warnings
    assert app.physics.count == 1


def test_add_tells_what_it_takes(tmp_path: Path) -> None:
    model, host, app = loaded(tmp_path, [{"name": "n", **omi(collider={"shape": 0})}])
    with pytest.raises(lw.ConfigError, match="Model and a body"):
        app.physics.add(model, "static")
    app.physics.add(model)
    host.step(app)
    assert "has a body" in model.warnings[-1] and any("has a body" in text for _, text in host.logs)
    with pytest.raises(lw.ConfigError, match="that is closed"):
        model.close() or app.physics.add(model)
    with pytest.raises(lw.KindError, match="a Model, or a World"):
        app.physics.add(3)


def test_any_json_is_told_or_taken(tmp_path: Path) -> None:
    odd = [None, True, -1, 1e300, 0, "", "x", [], [1], [[]], {}, {"a": 1}, [1e9, 0, 0], ["x", 2, 3]]
    nodes = [{"mesh": 0, "extras": {"collider": {"kind": "dynamic", name: value}}} for value in odd
             for name in ("shape", "size", "parts", "points", "mass", "friction", "locked", "hits", "kind", "self")]
    for value in odd:
        nodes += [khr(motion=value, collider={"geometry": {"shape": 0}}), khr(collider=value), khr(trigger=value),
                  khr(collider={"geometry": value}), khr(motion={"mass": value}, collider={"geometry": {"shape": 0}}),
                  omi(motion={"type": value}), omi(motion={"type": "dynamic", "linearVelocity": value}),
                  {"extras": value}, {"mesh": 0, "extras": {"collider": value}}]  # fmt: skip
    model, host, app = loaded(tmp_path, [{"translation": [10 * k, 0, 0], **node} for k, node in enumerate(nodes)])
    app.physics.advance(5)
    assert host.errors == [] and 8 < app.physics.count < 40 and len(model.warnings) > 40
    for shapes in odd + [[one] for one in odd] + [[{"type": "box", "box": one}] for one in odd]:
        model, host, app = loaded(tmp_path, [omi(collider={"shape": 0})], shapes)
        assert host.errors == [] and (app.physics.count == 1) != bool(model.warnings)
        app.close()
