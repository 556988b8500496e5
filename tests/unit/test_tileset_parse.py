"""tileset.json: what is read, what is refused, and that no bytes make the parser raise anything but TilesetError."""

from __future__ import annotations

import copy
import json
import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.base.nesting import json_nesting
from layerw.stream import geo
from layerw.stream.bounds import Volume, fit_axes, shape_of
from layerw.stream.errors import TilesetError
from layerw.stream.tileset import children_of, parse_tileset
from layerw.stream.tree import MODEL, TILESET, TileTree, resolve
from tests.unit.stream_fakes import Rig, encoded, look, quadtree, read_all

EYE = np.eye(4)


def tileset_with(**root: Any) -> dict[str, Any]:
    document = quadtree(1)
    document["root"].update(root)
    return document


def test_children_are_adjacent_and_sizes_and_hashes_read() -> None:
    document = quadtree(3, hashed=True)
    document["root"]["content"]["extras"] = {"byteLength": 1234}
    document["extras"] = {"layerw": {"version": 1}}
    parsed = parse_tileset(encoded(document))
    assert parsed.extras == {"layerw": {"version": 1}} and parsed.root.contents[0].size_bytes == 1234
    tree = TileTree(geo.WORLD_FROM_TILESET)
    assert tree.add_tileset(parsed, "w/tileset.json") == 0
    assert tree.count == 1 and tree.first_child[0] == -1 and tree.child_count[0] == 4, "read when asked for"
    read_all(tree)
    assert tree.count == 21 and tree.parent[:9].tolist() == [-1, 0, 0, 0, 0, 1, 1, 1, 1]
    assert tree.contents[20][0].sha256 == "0123456789abcdef"
    assert tree.first_child[1] == 5 and tree.child_count[1] == 4 and tree.level[20] == 2
    assert tree.content_of(0) == [("w/t/0-0-0.0123456789abcdef.glb", "0123456789abcdef", 1234)]


def test_refine_is_inherited_and_contents_are_known() -> None:
    document = tileset_with(refine="ADD", children=[
        {**quadtree(1)["root"], "content": {"uri": "more/tileset.json?v=2"}},
        {**quadtree(1)["root"], "refine": "REPLACE", "content": {"url": "old.b3dm"}}])
    del document["root"]["children"][0]["refine"]
    tree = TileTree(EYE)
    tree.add_tileset(parse_tileset(encoded(document)), "a/b/tileset.json")
    read_all(tree)
    assert tree.add[:3].tolist() == [True, True, False]
    assert tree.kind[:3].tolist() == [MODEL, TILESET, MODEL]
    assert tree.expansions_of(1)[0] == "a/b/more/tileset.json?v=2"


@pytest.mark.parametrize(("change", "part"), [
    ({"geometricError": -1}, "root.geometricError is -1"),
    ({"geometricError": "big"}, "root.geometricError is 'big'"),
    ({"geometricError": 10**400}, "root.geometricError"),
    ({"refine": "MIX"}, "root.refine is 'MIX'"),
    ({"boundingVolume": None}, "root.boundingVolume is None"),
    ({"boundingVolume": {"box": [1, 2]}}, "an array of 12 finite numbers"),
    ({"boundingVolume": {"sphere": [0, 0, 0, -5]}}, "radius -5"),
    ({"boundingVolume": {"cone": [1]}}, "box, sphere or region"),
    ({"transform": [1] * 15}, "an array of 16"),
    ({"transform": [1] * 16}, "last row"),
    ({"content": {"uri": 7}}, "the uri 7"),
    ({"content": {"uri": "a.glb", "extras": {"byteLength": -4}}}, "byteLength -4"),
    ({"children": {}}, ""), ({"children": "no"}, "root.children is str"),
    ({"children": [3]}, "root.children[0] is int"),
    ({"extensions": [1]}, "root.extensions is list; an object"), ({"extensions": 5}, "root.extensions is int"),
    ({"content": None, "extensions": {"3DTILES_multiple_contents": 5}}, "the 3DTILES_multiple_contents 5"),
    ({"extensions": {"3DTILES_implicit_tiling": [1]}}, "the 3DTILES_implicit_tiling [1]"),
    ({"implicitTiling": {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "maximumLevel": "x"}},
     "availableLevels is 'x'"),
    ({"implicitTiling": {"subdivisionScheme": "HEX"}}, "subdivisionScheme is 'HEX'"),
    ({"implicitTiling": {"subdivisionScheme": "OCTREE", "subtreeLevels": 9, "availableLevels": 9}},
     "subtreeLevels is 9; an integer from 1 to 6"),
    ({"implicitTiling": {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 3}}, "subtrees None"),
])
def test_faults_name_their_place(change: dict[str, Any], part: str) -> None:
    document = tileset_with(**change)
    if not part:  # an empty object where an array belongs counts as no children
        assert not children_of(parse_tileset(encoded(document)).root)
        return
    with pytest.raises(TilesetError) as caught:
        children_of(parse_tileset(encoded(document)).root)
    assert part in str(caught.value) and str(caught.value).endswith(".")


def test_a_fault_among_children_leaves_out_these_children_alone() -> None:
    document = quadtree(3)
    document["root"]["children"][2]["children"][1]["geometricError"] = "big"
    rig = Rig({"w/tileset.json": document})
    camera = look((0, 300, 100), (0, 0, 0))
    rig.settle(camera)
    drawn = rig.drawn_urls()
    assert drawn == {"w/t/1-0-1.glb", "w/t/2-1-1.glb", "w/t/2-2-1.glb", "w/t/2-2-2.glb"}
    errors = rig.streamer.take_errors()
    assert len(errors) == 1 and "w/tileset.json: root.children[2].children[1].geometricError is 'big'" in errors[0]


@pytest.mark.parametrize("extensions", [5, [1], {"3DTILES_implicit_tiling": 5}])
def test_a_member_of_another_kind_stops_no_frame(extensions: Any) -> None:
    document = quadtree(2)
    document["root"]["children"][0]["extensions"] = extensions
    rig = Rig({"w/tileset.json": document})
    rig.settle(look((0, 300, 100), (0, 0, 0)))
    assert rig.drawn_urls() == {"w/t/0-0-0.glb"}
    assert "root.children[0].extensions" in rig.streamer.take_errors()[0]


def test_transforms_that_multiply_beyond_all_numbers_leave_their_tile_out() -> None:
    document = quadtree(2)
    grow = [1e20, 0, 0, 0, 0, 1e20, 0, 0, 0, 0, 1e20, 0, 0, 0, 0, 1]
    document["root"]["children"][0].update(transform=grow, children=[{**quadtree(1)["root"], "transform": grow}])
    tree = TileTree(geo.WORLD_FROM_TILESET)
    tree.add_tileset(parse_tileset(encoded(document)), "w/tileset.json")
    with np.errstate(all="raise"):
        read_all(tree)
    assert np.isfinite(tree.geo[: tree.count]).all() and tree.count == 6
    assert [text for _, text in tree.faults] == [
        "w/tileset.json: root.children[0].children[0].transform, with those above it, goes beyond 1e+30. "
        "The tile is left out."]
    assert not tree.content_of(5) and tree.content_of(1)


def test_tiles_that_no_view_visits_are_never_read() -> None:
    rig = Rig({"w/tileset.json": quadtree(7)})
    rig.settle(look((-1900, 60, -1900), (-2048, 0, -2048)))
    few = rig.streamer.tree.count
    assert 5 < few < 400 < sum(4**level for level in range(7))
    rig.settle(look((1900, 60, 1900), (2048, 0, 2048)))
    assert few < rig.streamer.tree.count < 800 and rig.streamer.state == "ready"


@pytest.mark.parametrize(("data", "part"), [
    (b"", "broken JSON"), (b'{"asset": {', "line 1, column"), (b"\xff\xfe{}", "not UTF-8"), (b"[1]", "list"),
    (b"[" * 100_000, "can't be read"), (b'{"asset": {"version": "9"}, "root": {}}', "'9'"), (b"{}", "asset"),
    (b'{"asset": {"version": "1.1"}}', "root"),
    (b'{"asset": {"version": "1.1"}, "root": {}, "extensionsRequired": ["X_y"]}', "X_y"),
    (b'{"asset": {"version": "1.1"}, "root": {}, "extensionsRequired": 5}', "extensionsRequired is 5"),
    (b'{"asset": {"version": "1.1"}, "root": {}, "extensionsRequired": [{}]}', "an array of texts")])
def test_broken_files(data: bytes, part: str) -> None:
    with pytest.raises(TilesetError) as caught:
        parse_tileset(data)
    assert part in str(caught.value)


def test_nesting_is_measured_before_it_is_parsed() -> None:
    """Deep nesting would end Pyodide; strings hide neither brackets nor their absence."""
    assert json_nesting(b'{"a": [1, [2, "]]]"]]}', 0) == 3
    assert json_nesting(b'["' + b"[" * 5000 + b'"]', 10) == 1 and json_nesting(b'["\\\\", "\\"[[["]', 1) == 1
    hidden = b'["]",' * 5000
    assert json_nesting(hidden, 600) == 5000
    with pytest.raises(TilesetError, match="nests 5000 levels deep; the limit is 600"):
        parse_tileset(hidden)
    with pytest.raises(TilesetError, match="JSON list"):
        parse_tileset(b"[" * 600 + b"]" * 600)
    started = time.perf_counter()
    json_nesting(b'"' + b'\\"' * 500_000 + b"\\" + b"[" * 700, 600)
    assert time.perf_counter() - started < 2.0, "linear in the worst case"


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                    max_leaves=8)


def test_a_bounding_volume_that_is_none_is_refused_also_where_tiles_are_implicit() -> None:
    document: Any = quadtree(2)
    document["root"]["implicitTiling"] = {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 4,
                                          "subtrees": {"uri": "s/{level}.{x}.{y}.subtree"}}
    document["root"]["boundingVolume"] = True
    with pytest.raises(TilesetError, match="boundingVolume"):
        TileTree(EYE).add_tileset(parse_tileset(encoded(document)), "tileset.json")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_value_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    document: Any = quadtree(2)
    document["root"]["implicitTiling"] = {"subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 4,
                                          "subtrees": {"uri": "s/{level}.{x}.{y}.subtree"}}
    if data.draw(st.booleans()):
        del document["root"]["implicitTiling"]
    document = copy.deepcopy(document)
    at: Any = document
    for _ in range(data.draw(st.integers(0, 4))):
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        inner = [key for key in keys if isinstance(at[key], (dict, list)) and at[key]]
        if not inner:
            break
        at = at[data.draw(st.sampled_from(inner))]
    keys = list(at) if isinstance(at, dict) else list(range(len(at)))
    at[data.draw(st.sampled_from(keys))] = data.draw(JSON)
    try:
        tree = TileTree(EYE)
        tree.add_tileset(parse_tileset(json.dumps(document).encode()), "tileset.json")
        read_all(tree)
    except TilesetError:
        pass


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_refused_politely(data: bytes) -> None:
    with pytest.raises(TilesetError):
        parse_tileset(data)


@pytest.mark.parametrize("uri", ["data:model/gltf-binary;base64,AAAA", "javascript:alert(1)", "file:///etc/passwd",
                                 "http://[broken/x.glb"])
def test_other_schemes_are_refused(uri: str) -> None:
    with pytest.raises(TilesetError):
        resolve("w/tileset.json", uri)
    assert resolve("https://h/w/tileset.json?x=1", "../t/a.glb") == "https://h/t/a.glb"


# -- bounding volumes --------------------------------------------------------------------------------
def test_boxes_turn_scale_and_flatten() -> None:
    turn = np.eye(4)
    turn[:3, :3] = np.array([[0, -2, 0], [2, 0, 0], [0, 0, 2]])
    turn[:3, 3] = (10, 0, 0)
    shape = shape_of(Volume("box", (1, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0)), turn, EYE)
    assert shape.center.tolist() == [10, 2, 0] and shape.half.tolist() == [6, 8, 0]
    assert np.allclose(shape.axes @ shape.axes.T, np.eye(3)), "a flat box still has three axes"
    sphere = shape_of(Volume("sphere", (0, 0, 0, 5)), turn, EYE)
    assert sphere.rounding == 10 and sphere.half.tolist() == [0, 0, 0]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=9, max_size=9))
def test_fitted_boxes_hold_their_corners(values: list[float]) -> None:
    half_axes = np.array(values).reshape(3, 3)
    axes, half = fit_axes(half_axes)
    signs = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    assert (np.abs((signs @ half_axes) @ axes.T) <= half + 0.03 * (1 + np.abs(half_axes).max())).all()


def test_regions_hold_their_surface() -> None:
    west, south, east, north = (math.radians(v) for v in (8.1, 46.2, 8.9, 46.9))
    shape = shape_of(Volume("region", (west, south, east, north, 200.0, 4500.0)), EYE, geo.WORLD_FROM_TILESET)
    rng = np.random.default_rng(1)
    points = geo.earth_point(rng.uniform(west, east, 500), rng.uniform(south, north, 500), rng.uniform(200, 4500, 500))
    local = np.abs((points @ geo.WORLD_FROM_TILESET[:3, :3].T - shape.center) @ shape.axes.T)
    assert (local <= shape.half + 1e-6).all() and (shape.half < 60_000).all()


def test_east_north_up() -> None:
    point = geo.earth_point(np.array(math.radians(-90.0)), np.array(math.radians(40.0)), np.array(100.0))
    frame = geo.east_north_up(point)
    assert np.allclose(frame[:3, 0], (1, 0, 0)) and np.allclose(frame[:3, :3] @ frame[:3, :3].T, np.eye(3))
    assert np.allclose(frame[:3, 2], (0, -math.cos(math.radians(40)), math.sin(math.radians(40))))
