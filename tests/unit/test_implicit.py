"""Implicit tiling: Morton order, subtree files (right, broken, arbitrary), expansion, and a real sample."""

from __future__ import annotations

import copy
import json
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerw.stream import geo
from layerw.stream.errors import TilesetError
from layerw.stream.implicit import deinterleave, interleave, level_start, parse_subtree
from layerw.stream.tileset import ImplicitSpec
from layerw.stream.tree import MODEL, SUBTREE
from tests.unit.stream_fakes import Rig, look

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "tilesets"
SPEC = ImplicitSpec(2, 2, 4, "s/{level}.{x}.{y}.subtree")


def subtree_file(document: dict[str, Any], binary: bytes = b"") -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 8)
    binary += b"\0" * (-len(binary) % 8)
    return struct.pack("<4sIQQ", b"subt", 1, len(text), len(binary)) + text + binary


def full(**change: Any) -> bytes:
    return subtree_file({"tileAvailability": {"constant": 1}, "contentAvailability": [{"constant": 1}],
                         "childSubtreeAvailability": {"constant": 0}, **change})


@given(st.integers(2, 3), st.lists(st.tuples(*[st.integers(0, 2**20 - 1)] * 3), min_size=1, max_size=20))
def test_morton_codes_return(dimensions: int, points: list[tuple[int, int, int]]) -> None:
    coordinates = np.array(points, np.int64)[:, :dimensions]
    assert (deinterleave(interleave(coordinates, dimensions), dimensions) == coordinates).all()


@given(st.integers(2, 3), st.integers(0, 6))
def test_level_starts(dimensions: int, level: int) -> None:
    assert level_start(level, dimensions) == sum((2**dimensions) ** k for k in range(level))


def test_children_follow_their_parent_in_morton_order() -> None:
    parent = interleave(np.array([[5, 9]]), 2)[0]
    children = interleave(np.array([[10, 18], [11, 18], [10, 19], [11, 19]]), 2)
    assert children.tolist() == [4 * parent, 4 * parent + 1, 4 * parent + 2, 4 * parent + 3]


def test_bitstreams_are_read_least_significant_bit_first() -> None:
    views = [{"buffer": 0, "byteOffset": 0, "byteLength": 1}, {"buffer": 0, "byteOffset": 2, "byteLength": 2}]
    data = subtree_file({"buffers": [{"byteLength": 4}], "bufferViews": views, "tileAvailability": {"bitstream": 0},
                         "contentAvailability": {"bitstream": 0}, "childSubtreeAvailability": {"bitstream": 1}},
                        bytes([0b00101, 0xFF, 0b0100_0000, 0]))
    subtree = parse_subtree(data, SPEC, 1)
    assert subtree.tiles.tolist() == [True, False, True, False, False]
    assert np.flatnonzero(subtree.children).tolist() == [6]


@pytest.mark.parametrize(("data", "part"), [
    (b"subt", "its header alone takes 24"), (b"glTF" + full()[4:], "b'glTF'"), (full()[:-8], "truncated"),
    (full(tileAvailability=None), "tileAvailability is None"),
    (full(tileAvailability={"bitstream": 3}), "names the bufferView 3; there are 0"),
    (full(tileAvailability={"constant": 0}), "not available"),
    (full(buffers=[{"uri": "x.bin"}]), "1 buffers in other files; 0 came"),
    (full(buffers=[{"uri": 3}]), "buffers[0].uri is 3"), (full(buffers={"a": 1}), "array of objects"),
    (full(bufferViews=[{"buffer": 4, "byteLength": 1}]), "buffer is 4; there are 1"),
    (full(bufferViews=[{"byteOffset": 8, "byteLength": 99}]), "spans 99 bytes at 8"),
    (subtree_file({"bufferViews": [{"byteLength": 0}], "tileAvailability": {"bitstream": 0}}), "0 bits; 5 are needed"),
    (subtree_file({"bufferViews": [{"byteLength": 1}], "tileAvailability": {"bitstream": 0},
                   "childSubtreeAvailability": {"constant": 1}}, b"\x03"), "but not its parent"),
])
def test_broken_subtrees(data: bytes, part: str) -> None:
    with pytest.raises(TilesetError) as caught:
        parse_subtree(data, SPEC, 1)
    assert part in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_subtrees_are_read_or_refused(data: st.DataObject) -> None:
    sound = bytearray(full(buffers=[{"byteLength": 8}], bufferViews=[{"buffer": 0, "byteOffset": 0, "byteLength": 8}]))
    for _ in range(data.draw(st.integers(1, 6))):
        sound[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse_subtree(bytes(sound[:data.draw(st.integers(0, len(sound)))]), SPEC, 1)
    except TilesetError:
        pass


def implicit_world(scheme: str, levels: int, subtree_levels: int, volume: dict[str, Any]) -> dict[str, Any]:
    z = ".{z}" if scheme == "OCTREE" else ""
    return {"asset": {"version": "1.1"}, "geometricError": 100, "root": {
        "boundingVolume": volume, "geometricError": 64, "refine": "REPLACE",
        "content": {"uri": "c/{level}.{x}.{y}" + z + ".glb"},
        "implicitTiling": {"subdivisionScheme": scheme, "subtreeLevels": subtree_levels, "availableLevels": levels,
                           "subtrees": {"uri": "s/{level}.{x}.{y}" + z + ".subtree"}}}}


def test_an_octree_expands_to_every_tile_in_its_place() -> None:
    box = {"box": [0, 0, 8, 8, 0, 0, 0, 8, 0, 0, 0, 8]}
    rig = Rig({"w/tileset.json": implicit_world("OCTREE", 3, 3, box), "w/s/0.0.0.0.subtree": full()})
    rig.settle(look((0, 8, 30), (0, 8, 0)))
    tree = rig.streamer.tree
    assert tree.count == 1 + 8 + 64
    for row in range(1, tree.count):
        level, x, y, z = (int(v) for v in tree.address[row])
        side = 16 / 2**level
        low = np.array([-8 + x * side, -8 + y * side, z * side])
        world = geo.WORLD_FROM_TILESET[:3, :3] @ (low + side / 2)
        assert np.allclose(tree.geo[row, :3], world) and np.allclose(tree.geo[row, 12:15], side / 2)
        assert tree.geo[row, 16] == 64 / 2**level and int(tree.level[row]) == level
        assert tree.content_of(row)[0][0] == f"w/c/{level}.{x}.{y}.{z}.glb"
        parent = tree.parent[row]
        assert (tree.address[parent][1:] == tree.address[row][1:] >> 1).all()
        assert tree.first_child[parent] <= row < tree.first_child[parent] + tree.child_count[parent]


def test_regions_split_and_subtrees_load_only_where_they_are_needed() -> None:
    region = {"region": [0.10, 0.80, 0.101, 0.801, 0, 100]}
    more = full(childSubtreeAvailability={"constant": 1})
    files: dict[str, Any] = {"w/tileset.json": implicit_world("QUADTREE", 4, 2, region), "w/s/0.0.0.subtree": more}
    files |= {f"w/s/2.{x}.{y}.subtree": full() for x in range(4) for y in range(4)}
    rig = Rig(files)
    rig.step(look((0, 0, 0), (1, 0, 0)))
    rig.step(look((0, 0, 0), (1, 0, 0)))
    rig.step(look((0, 0, 0), (1, 0, 0)))
    frame = rig.streamer.local_frame()
    south_west = frame[:3, 3] - frame[:3, 0] * 2000 + frame[:3, 2] * 3000 + frame[:3, 1] * 900
    camera = look(south_west, south_west + (frame[:3, 2] * 0.6 - frame[:3, 1]) * 100, up=frame[:3, 0])
    rig.rest(camera)
    asked = {url for url in rig.transfers.asked if url.endswith("subtree")}
    assert "w/s/2.0.0.subtree" in asked and len(asked) < 17
    tree = rig.streamer.tree
    assert np.count_nonzero(tree.kind[:tree.count] == SUBTREE) == 17 - len(asked)


def test_a_missing_subtree_keeps_its_parent_showing() -> None:
    box = {"box": [0, 0, 8, 8, 0, 0, 0, 8, 0, 0, 0, 8]}
    files: dict[str, Any] = {"w/tileset.json": implicit_world("QUADTREE", 4, 2, box), "w/s/0.0.0.subtree": full(
        childSubtreeAvailability={"constant": 1})}
    files |= {f"w/s/2.{x}.{y}.subtree": full() for x in range(4) for y in range(4)}
    del files["w/s/2.1.2.subtree"]
    files["w/s/2.3.3.subtree"] = b"rubbish, not a subtree file at all"
    rig = Rig(files)
    rig.settle(look((0, 30, 30), (0, 0, 0)))
    drawn = rig.drawn_urls()
    assert {"w/c/1.0.1.glb", "w/c/1.1.1.glb"} <= drawn and "w/c/3.0.0.glb" in drawn
    errors = " ".join(rig.streamer.take_errors())
    assert "2.1.2.subtree" in errors and "2.3.3.subtree" in errors and "b'rubb'" in errors


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample tilesets are not next to the repository")
def test_the_sparse_implicit_quadtree_sample() -> None:
    folder = SAMPLES / "SparseImplicitQuadtree"
    files = {f"w/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in folder.rglob("*")
             if path.is_file()}
    rig = Rig(files, url="w")
    rig.settle(look((0.5, 1.2, -0.4), (0.5, 0.0, -0.5)))
    contents = {path for path in files if path.startswith("w/content/")}
    tree = rig.streamer.tree
    assert len(contents) == 32 == np.count_nonzero(tree.kind[:tree.count] == MODEL)
    assert rig.drawn_urls() == contents
    row = next(row for row in rig.drawn() if tree.content_of(row)[0][0].endswith("content_5__20_1.glb"))
    assert np.allclose(tree.geo[row, :3], (20.5 / 32, 0.00625, -1.5 / 32))
    assert not rig.streamer.take_errors()


def changed(value: Any, chance: random.Random) -> Any:
    """The same with one odd value somewhere."""
    if isinstance(value, (dict, list)) and value and chance.random() < 0.8:
        at = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
        value[at] = changed(value[at], chance)
        return value
    return copy.deepcopy(chance.choice((None, -1, 0, 1, 1e308, "x", [], {}, True, 1 << 40, [1], {"a": 1}, -2.5)))


def test_any_odd_value_in_a_subtree_is_a_sentence() -> None:
    """4,000 files: each is used, or refused; nothing else comes out."""
    whole: dict[str, Any] = {
        "buffers": [{"byteLength": 16}],
        "bufferViews": [{"buffer": 0, "byteOffset": at, "byteLength": 2} for at in (0, 8)],
        "tileAvailability": {"constant": 1}, "contentAvailability": [{"bitstream": 0}],
        "childSubtreeAvailability": {"bitstream": 1},
        "extensions": {"3DTILES_multiple_contents": {"contentAvailability": [{"constant": 1}]}}}  # fmt: skip
    chance, ends = random.Random(3), {"used": 0, "refused": 0}
    for _ in range(4000):
        document = copy.deepcopy(whole)
        if chance.random() < 0.5:
            del document["contentAvailability"]
        for _ in range(chance.choice((1, 1, 3))):
            document = changed(document, chance)
        try:
            parse_subtree(subtree_file(document, chance.randbytes(16)), SPEC, 1)
            ends["used"] += 1
        except TilesetError as error:
            assert 10 < len(str(error)) < 900
            ends["refused"] += 1
    assert ends["used"] > 300 and ends["refused"] > 1000, ends
